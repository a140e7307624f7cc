import json
from collections.abc import Callable

import polars as pl
import pytest

from costopt.errors import ConfigError, FormatError
from costopt.intake.formats.catalogue import FORMATS
from costopt.intake.formats.detect import fields_of, find_layout, kind_of, layout_of
from costopt.intake.formats.format import Field, Kind, Wishes
from costopt.intake.formats.generic import GENERIC
from costopt.intake.formats.reads import Read as Place
from costopt.intake.formats.responses import RESPONSES
from costopt.models.schema import REQUIRED

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

RECORD: dict[str, object] = {
    "ts": "2026-10-01",
    "model": "m",
    "region": "eu",
    "usage": {"input": 7, "output": 3, "details": {"cached": 2}},
}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "bool"),
        (1, "int"),
        (1.5, "float"),
        ("x", "str"),
        ([], "list"),
        ({}, "object"),
    ],
)
def test_every_value_has_a_kind(value: object, kind: Kind) -> None:
    assert kind_of(value) == kind


def test_fields_are_listed_in_order_with_all_their_kinds() -> None:
    found = fields_of([{"b": 1, "a": {"c": None, "d": {}}}, {"a": "x", "e": [{"f": 1}], "b": 1.5}])

    assert found == {
        "b": Field(("b",), frozenset({"int", "float"})),
        "a": Field(("a",), frozenset({"object", "str"})),
        "a.c": Field(("a", "c"), frozenset({"null"})),
        "a.d": Field(("a", "d"), frozenset({"object"})),
        "e": Field(("e",), frozenset({"list"})),
        "e.[].f": Field(("e", "[]", "f"), frozenset({"int"})),
    }
    assert found["a.c"].name == "a.c"


def test_a_column_may_be_mapped_to_a_nested_one(write: Write, read: Read) -> None:
    log = write(
        "log.jsonl", '{"ts":"2026-10-01","m":{"name":"x"},"u":{"in":7,"d":{"c":2}},"output_tokens":1}'
    )

    frame, rejects = read(
        log, columns={"model": "m.name", "input_tokens": "u.in", "cached_input_tokens": "u.d.c"}
    )

    assert rejects == []
    assert frame.select("model", "input_tokens", "cached_input_tokens").rows() == [("x", 7, 2)]


def test_a_mapped_column_wins_over_the_found_one(write: Write, read: Read) -> None:
    log = write("log.csv", "ts,model,alias,input_tokens,output_tokens\n2026-10-01,m,x,1,1\n")

    assert read(log, columns={"model": "alias"})[0]["model"].to_list() == ["x"]


def test_a_constant_stands_in_for_a_missing_column(write: Write, read: Read) -> None:
    log = write("log.csv", "ts,input_tokens,output_tokens\n2026-10-01,1,1\n")

    assert read(log, constants={"model": "m"})[0]["model"].to_list() == ["m"]


def test_a_constant_stands_in_for_a_missing_value(write: Write, read: Read) -> None:
    log = write("log.csv", "ts,model,input_tokens,output_tokens\n2026-10-01,,1,1\n2026-10-01,x,1,\n")

    frame, rejects = read(log, constants={"model": "m", "output_tokens": "0"})

    assert rejects == []
    assert frame.select("model", "output_tokens").rows() == [("m", 1), ("x", 0)]


def test_every_required_column_may_be_constant(write: Write, read: Read) -> None:
    log = write("log.csv", "user\nana\nbob\n")

    frame, _ = read(
        log, constants={"timestamp": "2026-10-01", "model": "m", "input_tokens": "1", "output_tokens": "2"}
    )

    assert frame.select("user", "model", "input_tokens", "output_tokens").rows() == [
        ("ana", "m", 1, 2),
        ("bob", "m", 1, 2),
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("usage.inptu", "did you mean `usage.input`?"),
        (
            "zzz",
            "it has `ts`, `model`, `region`, `usage`, `usage.input`, `usage.output`, `usage.details`, `usage.details.cached`",
        ),
    ],
)
def test_a_mapped_column_must_be_in_the_log(name: str, hint: str) -> None:
    with pytest.raises(FormatError) as caught:
        find_layout("log", fields_of([RECORD]), Wishes({"input_tokens": name}))

    assert caught.value.message == f"`log` has no column `{name}` to read input_tokens from"
    assert caught.value.hint == hint


def test_a_mapped_column_must_hold_values() -> None:
    with pytest.raises(FormatError) as caught:
        find_layout("log", fields_of([RECORD]), Wishes({"input_tokens": "usage"}))

    assert caught.value.message == "`log`: `usage` is an object, nothing to read input_tokens from"
    assert caught.value.hint == (
        "in it are `usage.input`, `usage.output`, `usage.details`, `usage.details.cached`"
    )


@pytest.mark.parametrize("wishes", [Wishes({"modell": "region"}), Wishes({}, {"modell": "m"})])
def test_a_wish_must_name_a_column_of_requests(wishes: Wishes) -> None:
    with pytest.raises(ConfigError, match="`modell` is not a column of a request") as caught:
        find_layout("log", fields_of([RECORD]), wishes)

    assert caught.value.hint == "did you mean `model`?"


def test_a_wish_far_from_any_column_is_told_them() -> None:
    with pytest.raises(ConfigError) as caught:
        find_layout("log", {}, Wishes({}, {"zzz": "m"}))

    assert caught.value.hint.startswith("the columns are `request_id`, `timestamp`, `provider`, ")
    assert caught.value.hint.endswith(" more`") or " more" in caught.value.hint


def test_columns_may_be_missing_where_that_is_allowed() -> None:
    found = find_layout("log", fields_of([RECORD]), Wishes())

    assert found.format == "generic"
    assert {name: place.name for name, place in found.columns.items()} == {
        "timestamp": "ts",
        "model": "model",
    }
    assert found.missing(("timestamp", "input_tokens", "tag")) == ["input_tokens", "tag"]


def test_extra_columns_go_by_the_logs_names() -> None:
    found = find_layout(
        "log", fields_of([RECORD]), Wishes(), ["region", "usage.details.cached", "absent", "model"]
    )

    assert found.columns["region"].name == "region"
    assert found.columns["usage.details.cached"].steps == ("usage", "details", "cached")
    assert found.columns["model"].name == "model"
    assert "absent" not in found.columns


def test_a_log_with_all_it_takes_is_understood() -> None:
    wishes = Wishes({"input_tokens": "usage.input"}, {"output_tokens": "0"})

    assert layout_of("log", fields_of([RECORD]), wishes).missing(("output_tokens",)) == []


def test_a_log_that_lacks_columns_is_not_understood() -> None:
    with pytest.raises(FormatError) as caught:
        layout_of("log", fields_of([{"model": "m", "output_tokens": 1, "when": 1}]), Wishes())

    assert caught.value.message == (
        "`log` is not understood: no column for `timestamp`, `input_tokens`; it has `model`, `output_tokens`, `when`"
    )
    assert caught.value.hint == (
        "name the column with `--map timestamp=COLUMN`, or give a constant with `--set timestamp=VALUE`"
    )


def test_a_log_in_which_no_column_is_known_is_not_understood_by_constants_alone() -> None:
    wishes = Wishes({}, {"timestamp": "2026-10-01", "model": "m", "input_tokens": "1", "output_tokens": "1"})

    with pytest.raises(
        FormatError, match=r"no column for `timestamp`, `model`, `input_tokens`, `output_tokens`"
    ):
        layout_of("log", fields_of([{"x": 1}]), wishes)


def test_a_log_of_many_columns_is_not_listed_in_full() -> None:
    with pytest.raises(FormatError, match=r"`x23`, 6 more$"):
        layout_of("log", fields_of([{f"x{number}": 1 for number in range(30)}]), Wishes())


def test_a_log_without_columns_says_so() -> None:
    with pytest.raises(FormatError, match=r"it has no columns$"):
        layout_of("log", {}, Wishes())


# Formats that are named


GENERIC_LOG: dict[str, object] = {"ts": "2026-10-01", "model": "m", "input_tokens": 1, "output_tokens": 1}
READABLE = [each for each in FORMATS if each is not GENERIC and not each.refusal]


@pytest.mark.parametrize("name", [each.name for each in READABLE if each is not RESPONSES])
def test_a_log_of_another_format_than_named_is_an_error(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        layout_of("log", fields_of([GENERIC_LOG]), Wishes(format=name))

    assert caught.value.message.startswith(f"`log` is not understood as `{name}`: no column for ")
    assert caught.value.message.endswith("; it has `ts`, `model`, `input_tokens`, `output_tokens`")
    assert caught.value.hint.startswith(f"`{name}` reads ")


def test_a_log_of_another_format_than_a_lenient_one_is_all_rejects(write: Write, read: Read) -> None:
    frame, rejects = read(write("log.jsonl", json.dumps(GENERIC_LOG)), format="responses")

    assert (frame.height, rejects) == (0, [(1, "no input_tokens")])


def test_what_a_named_format_lacks_is_told_with_where_it_would_be(write: Write) -> None:
    own = write(
        "own.toml",
        "[columns]\nmodel='model'\ntimestamp='ts'\ninput_tokens=['a','b.c','d','e','f']\noutput_tokens='o'",
    )

    with pytest.raises(FormatError) as caught:
        layout_of("log", fields_of([GENERIC_LOG]), Wishes(format=own))

    assert caught.value.message == (
        "`log` is not understood as `own`: no column for `input_tokens`, `output_tokens`;"
        " it has `ts`, `model`, `input_tokens`, `output_tokens`"
    )
    assert caught.value.hint == (
        "`own` reads input_tokens from `a`, `b.c`, `d`, 2 more; without `--format` it is found out what the log is"
    )


def test_what_a_named_format_lacks_may_be_mapped_or_given() -> None:
    wishes = Wishes(
        {"input_tokens": "input_tokens", "timestamp": "ts"}, {"output_tokens": "0"}, format="litellm"
    )

    assert layout_of("log", fields_of([GENERIC_LOG]), wishes).missing(REQUIRED) == []


def test_a_column_that_the_named_format_does_not_have_at_all_is_given(write: Write) -> None:
    own = write(
        "own.toml", "[columns]\nmodel='m'\ntimestamp='t'\ninput_tokens='i'\noutput_tokens={value='0'}"
    )
    record: dict[str, object] = {"m": "x", "t": 1, "i": 1}

    assert layout_of("log", fields_of([record]), Wishes(format=own)).missing(REQUIRED) == []


def test_a_log_of_the_named_format_is_read_where_its_records_are() -> None:
    record = {"spend": 1, "call_type": "x", "startTime": "2026-10-01", "prompt_tokens": 1}
    page: dict[str, object] = {"data": [record]}

    found = layout_of("log", fields_of([page]), Wishes(format="litellm"))

    assert found.derivation
    assert found.derivation.rows == ("data",)


def test_a_quiet_log_of_a_format_of_ones_own_is_no_mistake(write: Write, read: Read) -> None:
    own = write(
        "own.toml",
        "keep={kind=['call']}\n[columns]\nmodel='m'\ntimestamp='t'\ninput_tokens='i'\noutput_tokens='o'",
    )

    frame, rejects = read(write("log.jsonl", '{"kind":"note","text":"nothing happened"}\n'), format=own)

    assert (frame.height, rejects) == (0, [])


def test_the_generic_format_may_be_named() -> None:
    found = layout_of(
        "log", fields_of([{**GENERIC_LOG, "spanId": "x", "startTimeUnixNano": 1}]), Wishes(format="generic")
    )

    assert (found.format, found.derivation) == ("generic", None)


def test_columns_by_the_logs_own_names_are_read_in_any_format() -> None:
    record = {"spend": 1, "call_type": "x", "startTime": "1", "metadata": {"job": "a"}, "parts": [{"n": 1}]}
    page: dict[str, object] = {"data": [record]}

    found = layout_of(
        "log", fields_of([page]), Wishes({"tag": "metadata.job"}), ["metadata.job", "parts.[].n", "absent"]
    )

    assert found.derivation
    assert [
        found.derivation.columns[name].meta.root_names() for name in ("tag", "metadata.job", "parts.[].n")
    ] == [
        [Place("label", ("metadata", "job")).name],
        [Place("label", ("metadata", "job")).name],
        [Place("label", ("parts", "*", "n")).name],
    ]
    assert "absent" not in found.derivation.columns
