import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from costopt.errors import ConfigError
from costopt.intake.formats.private import load_format

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

REQUIRED = {"timestamp": '"at"', "model": '"model"', "input_tokens": '"in"', "output_tokens": '"out"'}
RECORD = {"at": "2026-10-01T08:00:00Z", "model": "m", "in": 5, "out": 3}


def toml(top: str = "", **columns: str) -> str:
    """A format with what it takes, other keys, and further columns (or these in another way)."""
    rows = [f"{name} = {form}" for name, form in {**REQUIRED, **columns}.items()]
    return "\n".join([top, "[columns]", *rows])


@pytest.fixture
def told(write: Write, read: Read) -> Callable[..., pl.DataFrame]:
    """The requests in records, read by a format."""

    def found(format: str, *records: dict[str, Any]) -> pl.DataFrame:  # noqa: A002 - as in `Wishes`
        write("own.toml", format)
        log = write("log.jsonl", "\n".join(json.dumps({**RECORD, **record}) for record in records))
        frame, rejects = read(log, format="own.toml")
        assert rejects == []
        return frame

    return found


Told = Callable[..., pl.DataFrame]


# What can be said


def test_a_column_is_at_a_place(told: Told) -> None:
    frame = told(
        toml(tag='"meta.job"', tenant='"/meta.org"'), {"meta": {"job": "nightly"}, "meta.org": "acme"}
    )

    assert frame.select("timestamp", "model", "input_tokens", "output_tokens", "tag", "tenant").row(0) == (
        dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC),
        "m",
        5,
        3,
        "nightly",
        "acme",
    )


def test_a_column_is_at_the_first_place_that_has_a_value(told: Told) -> None:
    frame = told(
        toml(model='["answer.model", "asked.model", "model"]'),
        {"answer": {"model": "a"}, "asked": {"model": "b"}},
        {"answer": {"model": None}, "asked": {"model": "b"}},
        {"answer": None},
    )

    assert frame["model"].to_list() == ["a", "b", "m"]


def test_a_count_is_a_sum_of_those_that_are_there(told: Told) -> None:
    frame = told(
        toml(input_tokens='{ sum = ["in", "cached", "written"] }'), {"cached": 10}, {}, {"written": 1}
    )

    assert frame["input_tokens"].to_list() == [15, 5, 6]


def test_a_measurement_is_a_number_by_a_factor(told: Told) -> None:
    frame = told(
        toml(latency_ms='{ place = "took", times = 1000 }', ttft_ms='{ place = "first", times = 0.5 }'),
        {"took": 1.5, "first": "8"},
        {},
    )

    assert frame.select("latency_ms", "ttft_ms").rows() == [(1500.0, 4.0), (None, None)]


def test_dollars_are_a_number_by_a_factor_to_the_last_digit(told: Told) -> None:
    frame = told(
        toml(cost_usd='{ place = "cents", times = 0.01 }'), {"cents": 12.3456789}, {"cents": "$1,000"}, {}
    )

    assert frame["cost_usd"].to_list() == [Decimal("0.123456789"), Decimal(10), None]


def test_a_measurement_is_the_time_from_one_instant_to_another(told: Told) -> None:
    frame = told(
        toml(latency_ms='{ from = "at", to = "done" }'), {"done": "2026-10-01T08:00:01.5Z"}, {"done": None}
    )

    assert frame["latency_ms"].to_list() == [1500.0, None]


def test_a_column_is_the_same_for_all(told: Told) -> None:
    frame = told(
        toml(provider='{ value = "acme" }', mode='{ value = "batch" }', requests='{ value = "7" }'), {}
    )

    assert frame.select("provider", "mode", "requests").row(0) == ("acme", "batch", 7)


def test_keyed_elements_and_lists_are_places(told: Told) -> None:
    frame = told(
        toml(
            tag='"attributes[key=job.name].value"',
            input_tokens='"steps.*.in"',
            output_tokens='["attributes[key=out].value", "out"]',
        ),
        {
            "attributes": [{"key": "job.name", "value": "a"}, {"key": "out", "value": 9}],
            "steps": [{"in": 7}, {"in": 8}],
        },
    )

    assert frame.select("tag", "input_tokens", "output_tokens").row(0) == ("a", 8, 9)


def test_records_are_the_elements_of_lists_and_read_what_is_around_them(write: Write, read: Read) -> None:
    write(
        "own.toml",
        toml('rows = ["result.days", "calls"]', timestamp='"../day"', project='"../../org.name"').replace(
            "org.name", "org/name"
        ),
    )
    calls = [{"model": "m", "in": 1, "out": 2}, {"model": "n", "in": 3, "out": 4}]
    line = {"org": {"name": "acme"}, "result": {"days": [{"day": "2026-10-01", "calls": calls}]}}

    frame, _ = read(write("log.jsonl", json.dumps(line)), format="own.toml")

    assert frame.select("project", "model", "input_tokens").rows() == [("acme", "m", 1), ("acme", "n", 3)]


def test_requests_are_the_records_with_one_of_some_texts_in_every_place_named(
    write: Write, read: Read
) -> None:
    write("own.toml", toml('keep = { kind = ["call", "embedding"], "done.well" = ["true"] }'))
    records: list[dict[str, Any]] = [
        {"kind": "call", "done": {"well": True}},
        {"kind": "call", "done": {"well": False}},
        {"kind": "note", "done": {"well": True}},
        {"kind": "embedding", "done": {"well": "true"}},
        {"done": {"well": True}},
        {},
    ]
    lines = [json.dumps({**RECORD, **record, "in": number}) for number, record in enumerate(records)]

    frame, rejects = read(write("log.jsonl", "\n".join(lines)), format="own.toml")

    assert frame["input_tokens"].to_list() == [0, 3]
    assert rejects == []


def test_a_record_that_is_no_request_need_not_be_one(write: Write, read: Read) -> None:
    write("own.toml", toml('keep = { kind = ["call"] }'))

    frame, rejects = read(write("log.jsonl", '{"kind":"note","at":"soon","in":-1}\n'), format="own.toml")

    assert (frame.height, rejects) == (0, [])


def test_a_format_has_the_name_of_its_file_unless_it_says_another(write: Write) -> None:
    assert load_format(Path(write("own.toml", toml()))).name == "own"
    assert load_format(Path(write("own.toml", toml('name = "gateway"')))).name == "gateway"


def test_repeats_and_sums_are_told(write: Write) -> None:
    plain = load_format(Path(write("plain.toml", toml())))
    full = load_format(Path(write("full.toml", toml('repeats = "fuller"\nsums = "single requests"'))))

    assert (plain.repeats, plain.sums) == ("same", "")
    assert (full.repeats, full.sums) == ("fuller", "single requests")


def test_a_format_of_ones_own_is_never_recognised(write: Write) -> None:
    assert not load_format(Path(write("own.toml", toml()))).sniff({})


# Mistakes

FORMS = (
    'it is one of "PLACE", ["PLACE", …], { sum = [..] }, { place = .., times = N },'
    " { from = .., to = .. }, { value = .. }"
)
KEYS = "the keys are `name`, `rows`, `keep`, `repeats`, `sums`, `columns`"
ROWS = 'it is a list of the places of lists, each in the elements of the one before: rows = ["data"]'
KEEP = 'it is a table of places with the texts that requests have there: keep = { type = ["call"] }'
NO_PLACE = "write the names down to the value with dots between them, such as `usage.input_tokens`"
MEASURED = "`times` makes a measurement, such as `latency_ms`, or `cost_usd`"
SPANNED = "`from` and `to` make a measurement, such as `latency_ms`"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "",
            "`columns` is missing",
            f"it is a table of columns, each of them {FORMS.removeprefix('it is ')}",
        ),
        (
            "columns = 5",
            "`columns` is not understood",
            f"it is a table of columns, each of them {FORMS.removeprefix('it is ')}",
        ),
        (toml("colums = 5"), "`colums` is not understood", KEYS),
        (toml("name = 5"), "`name` is not understood", "it is a text"),
        (toml('rows = "data"'), "`rows` is not understood", ROWS),
        (toml("rows = [5]"), "`rows` is not understood", ROWS),
        (toml('keep = "call"'), "`keep` is not understood", KEEP),
        (toml('keep = { kind = "call" }'), "`keep` is not understood", KEEP),
        (toml("keep = { kind = [] }"), "`keep` is not understood", KEEP),
        (toml("keep = { kind = [true] }"), "`keep` is not understood", KEEP),
        (toml('repeats = "often"'), "`repeats` is not understood", 'it is "same" or "fuller"'),
        (
            toml("sums = true"),
            "`sums` is not understood",
            "it is a text: what cannot be known as the lines are sums",
        ),
        (toml(tag="5"), "`columns.tag` is not understood", FORMS),
        (toml(tag="[]"), "`columns.tag` is not understood", FORMS),
        (toml(tag="{ sum = [] }"), "`columns.tag` is not understood", FORMS),
        (toml(tag="{ value = 5 }"), "`columns.tag` is not understood", FORMS),
        (toml(tag='{ place = "a" }'), "`columns.tag` is not understood", FORMS),
        (toml(tag='{ place = "a", times = "2" }'), "`columns.tag` is not understood", FORMS),
        (toml(tag='{ from = "a" }'), "`columns.tag` is not understood", FORMS),
        (toml(tag='{ value = "a", sum = ["b"] }'), "`columns.tag` is not understood", FORMS),
        (toml(modell='"m"'), "`modell` is not a column of a request", "did you mean `model`?"),
        (toml(zzz='"m"'), "`zzz` is not a column of a request", "docs/columns.md lists them"),
        (
            "[columns]\nmodel = 'm'\ninput_tokens = 'i'",
            "`columns` lacks `timestamp`, `output_tokens`",
            'say where it is, or give a constant: `timestamp = { value = "…" }`',
        ),
        (
            toml(tag='{ sum = ["a"] }'),
            "`columns.tag` cannot be made so",
            "`sum` makes a count, such as `input_tokens`",
        ),
        (
            toml(cost_usd='{ sum = ["a"] }'),
            "`columns.cost_usd` cannot be made so",
            "`sum` makes a count, such as `input_tokens`",
        ),
        (toml(tag='{ place = "a", times = 2 }'), "`columns.tag` cannot be made so", MEASURED),
        (toml(requests='{ place = "a", times = 2 }'), "`columns.requests` cannot be made so", MEASURED),
        (toml(cost_usd='{ from = "a", to = "b" }'), "`columns.cost_usd` cannot be made so", SPANNED),
        (
            toml(timestamp='{ value = "soon" }'),
            "`columns.timestamp`: `soon` is no value for timestamp",
            "timestamp is a time, such as `2026-10-01T08:00:00Z`",
        ),
        (
            toml(requests='{ value = "many" }'),
            "`columns.requests`: `many` is no value for requests",
            "requests is a number",
        ),
        (toml(tag='""'), "`columns.tag`: `` is no place", NO_PLACE),
        (toml(tag='".."'), "`columns.tag`: `..` is no place", NO_PLACE),
        (toml(tag='"a..b"'), "`columns.tag`: `a..b` is no place", NO_PLACE),
        (toml(tag='["a", "a/../b"]'), "`columns.tag`: `a/../b` is no place", NO_PLACE),
        (toml(tag='"*.a"'), "`columns.tag`: `*.a` is no place", NO_PLACE),
        (toml(tag='"a.*"'), "`columns.tag`: `a.*` is no place", NO_PLACE),
        (toml(tag='"a[key].b"'), "`columns.tag`: `a[key].b` is no place", NO_PLACE),
        (toml('rows = ["a."]'), "`rows`: `a.` is no place", NO_PLACE),
        (toml('keep = { "a." = ["x"] }'), "`keep.a.`: `a.` is no place", NO_PLACE),
    ],
)
def test_a_mistake_is_told_with_the_file_the_key_and_what_to_write(
    write: Write, text: str, message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_format(Path(write("own.toml", text)))

    assert (caught.value.message, caught.value.hint) == (f"`own.toml`: {message}", hint)


@pytest.mark.parametrize("text", [b"columns = ", b"[columns", b'name = "\xff"'])
def test_what_is_no_toml_is_refused(write: Write, text: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^`own\.toml` is not valid TOML: ") as caught:
        load_format(Path(write("own.toml", text)))

    assert caught.value.hint == "mend the syntax there"


def test_the_file_must_be_there() -> None:
    with pytest.raises(
        ConfigError, match=r"^Cannot read the log format `nowhere\.toml`: No such file"
    ) as caught:
        load_format(Path("nowhere.toml"))

    assert caught.value.hint == "check the path"
