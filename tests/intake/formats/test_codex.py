import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from costopt.intake.formats.detect import fields_of, find_layout
from costopt.intake.formats.format import Wishes

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

LINES = (Path(__file__).parent / "codex" / "sample.jsonl").read_text().splitlines()


def event(time: str, total: int | None, last: int | None) -> dict[str, object]:
    """A count of that many input tokens, and a tenth of it output."""
    usages = {"total_token_usage": total, "last_token_usage": last}
    info = {
        name: {"input_tokens": count, "output_tokens": count // 10}
        for name, count in usages.items()
        if count is not None
    }
    return {"timestamp": time, "type": "event_msg", "payload": {"type": "token_count", "info": info}}


def turn(model: str) -> dict[str, object]:
    return {"timestamp": "2026-05-13T09:00:00Z", "type": "turn_context", "payload": {"model": model}}


def log(*records: dict[str, object]) -> str:
    return "\n".join(map(json.dumps, records))


def test_an_event_counts_when_the_total_has_changed(write: Write, read: Read) -> None:
    told = log(
        turn("gpt-5"),
        event("2026-05-13T09:00:10Z", 1000, 1000),
        event("2026-05-13T09:00:11Z", 1000, 1000),
        turn("gpt-5-mini"),
        event("2026-05-13T09:00:20Z", 1700, 700),
        event("2026-05-13T09:00:21Z", 1700, 700),
    )

    requests, _ = read(write("log.jsonl", told))

    assert requests.select("model", "input_tokens", "output_tokens").rows() == [
        ("gpt-5", 1000, 100),
        ("gpt-5-mini", 700, 70),
    ]


def test_without_the_last_usage_the_difference_of_totals_counts(write: Write, read: Read) -> None:
    told = log(
        turn("gpt-5"),
        event("2026-05-13T09:00:10Z", 1000, None),
        event("2026-05-13T09:00:20Z", 1700, None),
        event("2026-05-13T09:00:30Z", 300, None),
        event("2026-05-13T09:00:40Z", None, 50),
    )

    requests, _ = read(write("log.jsonl", told))

    assert requests["input_tokens"].to_list() == [1000, 700, 300, 50]
    assert requests["request_id"].to_list() == ["1000/0/100/0", "1700/0/170/0", "300/0/30/0", "50/0/5/0"]


def test_a_copy_of_an_event_has_its_identity_and_time(write: Write, read: Read) -> None:
    first, _ = read(write("sessions.jsonl", "\n".join(LINES)))
    second, _ = read(write("archived.jsonl", "\n".join(LINES[6:])))

    whole = first.select("request_id", "timestamp").rows()
    copies = second.select("request_id", "timestamp").rows()

    assert set(copies) <= set(whole)


@pytest.mark.parametrize("parent", [{"forked_from_id": "p"}, {"parent_thread_id": "p"}])
def test_copied_history_ends_with_the_first_pause(write: Write, read: Read, parent: dict[str, str]) -> None:
    begin = "2026-05-13T10:00:00.000Z"
    payload = {"id": "c", "model": "gpt-5", **parent}
    meta: dict[str, object] = {"timestamp": begin, "type": "session_meta", "payload": payload}
    told = log(
        meta,
        event("2026-05-13T10:00:00.990Z", 1000, 1000),
        event("2026-05-13T10:00:01.010Z", 1700, 700),
        event("2026-05-13T10:00:09.000Z", 1900, 200),
        event("2026-05-13T10:00:09.100Z", 2000, 100),
    )

    requests, _ = read(write("log.jsonl", told))

    assert requests["input_tokens"].to_list() == [200, 100]


@pytest.mark.parametrize(
    "record",
    [
        {"type": "session_meta", "payload": {"cli_version": "0.1"}},
        {"type": "turn_context", "payload": {"turn_id": "t", "cwd": "/", "model": "m"}},
        {"type": "event_msg", "payload": {"info": {"last_token_usage": None}}},
    ],
)
def test_a_rollout_is_known_by_its_fields(record: dict[str, object]) -> None:
    assert find_layout("log", fields_of([record]), Wishes()).format == "codex"


def test_other_events_are_no_rollout() -> None:
    record = {"type": "event", "payload": {"type": "token_count", "model": "m"}}

    assert find_layout("log", fields_of([record]), Wishes()).format == "generic"
