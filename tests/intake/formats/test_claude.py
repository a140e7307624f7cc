import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from costopt.intake.formats.detect import fields_of, find_layout
from costopt.intake.formats.format import Wishes

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

LINES = (Path(__file__).parent / "claude-code" / "sample.jsonl").read_text().splitlines()


def spaced(line: str) -> str:
    return json.dumps(json.loads(line), indent=None, separators=(" , ", " : "))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("spaced.jsonl", "\n".join(map(spaced, LINES))),
        ("windows.jsonl", "\r\n".join(LINES) + "\r\n\r\n"),
        ("array.json", f"[{','.join(LINES)}]"),
        ("pretty.json", json.dumps([json.loads(line) for line in LINES], indent=4)),
        ("packed.jsonl.gz", gzip.compress("\n".join(LINES).encode())),
    ],
)
def test_a_transcript_reads_the_same_however_it_is_written(
    write: Write, read: Read, name: str, content: str | bytes
) -> None:
    expected, _ = read(write("plain.jsonl", "\n".join(LINES)))

    found, rejects = read(write(name, content))

    assert found.equals(expected)
    assert [reason for _, reason in rejects] == ["no output_tokens"]


def test_every_telling_of_a_response_has_one_identity(write: Write, read: Read) -> None:
    requests, _ = read(write("log.jsonl", "\n".join(LINES)))

    told = requests.group_by("request_id").agg(pl.len(), pl.col("output_tokens").max())

    assert told.sort("len").row(-1) == ("msg_01AAaaBBbbCCccDDddEEeeF1:claude-opus-4-5-20251101", 4, 412)
    assert told.height == requests.height - 3


@pytest.mark.parametrize(
    "record",
    [
        {"message": {"usage": {"input_tokens": 1}}, "sessionId": "s"},
        {"message": {"usage": {"input_tokens": 1}}, "costUSD": 0.1},
        {"type": "user", "sessionId": "s", "message": {"role": "user"}},
        {"type": "system", "sessionId": "s", "parentUuid": None},
        {"type": "queue-operation", "sessionId": "s", "operation": "enqueue"},
        {"type": "summary", "summary": "", "leafUuid": "u"},
        {"type": "file-history-snapshot", "isSnapshotUpdate": True},
    ],
)
def test_a_transcript_is_known_by_its_fields(record: dict[str, object]) -> None:
    assert find_layout("log", fields_of([record]), Wishes()).format == "claude-code"


@pytest.mark.parametrize(
    "record",
    [
        {"message": {"usage": {"input_tokens": 1}}},
        {"message": '{"usage":{"input_tokens":1}}', "sessionId": "s"},
        {"type": "user", "sessionId": "s", "uuid": "u"},
        {"type": "llm", "sessionId": "s", "operation": "chat", "model": "gpt-5", "input_tokens": 1},
    ],
)
def test_what_only_looks_like_a_transcript_is_none(record: dict[str, object]) -> None:
    assert find_layout("log", fields_of([record]), Wishes()).format == "generic"
