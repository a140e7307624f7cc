import json
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]


def request(**parts: object) -> str:
    told = {
        "request_id": "q",
        "request_created_at": "2026-09-01T10:00:00Z",
        "response_status": 200,
        "provider": "OPENAI",
        "model": "gpt-4o-mini",
        "delay_ms": 900,
        "prompt_tokens": 1200,
        "completion_tokens": 300,
    }
    return json.dumps({**told, **parts})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (200, "ok"),
        (404, "error"),
        (-1, "error"),
        (-3, "error"),
        (-4, "error"),
        (-2, None),
        (0, None),
        (None, None),
    ],
)
def test_a_status(write: Write, read: Read, code: int | None, expected: str | None) -> None:
    requests, _ = read(write("log.jsonl", request(response_status=code)))

    assert requests["status"].to_list() == [expected]


@pytest.mark.parametrize("code", [0, -2, None])
def test_a_pending_request_without_tokens_is_none(write: Write, read: Read, code: int | None) -> None:
    pending = request(response_status=code, prompt_tokens=None, completion_tokens=0)

    requests, rejects = read(write("log.jsonl", f"{request()}\n{pending}\n"))

    assert rejects == []
    assert requests.height == 1


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"cost": 0.0004}, "0.0004"),
        ({"cost": 400_000}, "0.0004"),
        ({"cost": 400_000, "costUSD": 0.0005}, "0.0005"),
        ({"cost": 0}, "0"),
        ({"cost": 300, "prompt_tokens": 0, "completion_tokens": 0}, "300"),
        ({}, None),
    ],
)
def test_a_cost_in_units_of_a_billionth_is_told_by_its_size(
    write: Write, read: Read, parts: dict[str, object], expected: str | None
) -> None:
    requests, _ = read(write("log.jsonl", request(**parts)))

    assert requests["cost_usd"].to_list() == [None if expected is None else Decimal(expected)]


@pytest.mark.parametrize(
    ("claim", "parts", "expected"),
    [
        ("OpenAI counts cached tokens as input", {}, (1200, 1000, 300)),
        ("Anthropic counts them beside it", {"provider": "ANTHROPIC"}, (2200, 1000, 300)),
        ("where they do not fit they are beside it", {"prompt_tokens": 900}, (1900, 1000, 300)),
        ("the newer kind counts everything once", {"reasoning_tokens": 50}, (2200, 1000, 350)),
        ("nothing is known of reasoning", {"reasoning_tokens": None}, (1200, 1000, 300)),
    ],
)
def test_tokens(
    write: Write, read: Read, claim: str, parts: dict[str, object], expected: tuple[int, ...]
) -> None:
    requests, _ = read(write("log.jsonl", request(**{"prompt_cache_read_tokens": 1000, **parts})))

    assert requests.select("input_tokens", "cached_input_tokens", "output_tokens").rows() == [expected], claim


def test_an_answer_out_of_the_cache_of_the_gateway_has_no_tokens_to_bill(write: Write, read: Read) -> None:
    lines = [
        request(cache_reference_id="6f1ad4c8-15a4-4b9e-9a31-0a4c2f0e6f11"),
        request(cache_reference_id="00000000-0000-0000-0000-000000000000"),
        request(cache_reference_id=None),
    ]

    requests, _ = read(write("log.jsonl", "\n".join(lines)))

    assert requests["input_tokens"].to_list() == [0, 1200, 1200]


def test_properties_are_tags_whatever_holds_them(write: Write, read: Read) -> None:
    own = {"Env": "prod", "Helicone-Session-Id": "s1", "App": "x"}
    lines = [
        [request(request_properties=own)],
        [request(request_properties=json.dumps(own))],
        [request(request_properties=None, properties=own)],
        [request(request_properties={"Helicone-Session-Id": "s1"}, properties=None)],
        [request(request_properties={})],
        [request(request_properties={"Env": None})],
        [request()],
    ]

    found = [
        read(write(f"{number}.jsonl", "\n".join(each)))[0].select("tag", "session").row(0)
        for number, each in enumerate(lines)
    ]

    assert found == [
        ("Env:prod,App:x", "s1"),
        ("Env:prod,App:x", "s1"),
        ("Env:prod,App:x", "s1"),
        (None, "s1"),
        (None, None),
        (None, None),
        (None, None),
    ]
