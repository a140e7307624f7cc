"""Values got out of records: parsed all at once, and walked one by one, they are the same."""

import json

import polars as pl
import pytest

from costopt.intake.formats.detect import fields_of
from costopt.intake.formats.format import Field
from costopt.intake.formats.reads import Read, count, read_of, text
from costopt.intake.shaping import Shape


def found(read: pl.Expr, *records: dict[str, object]) -> list[str | None]:
    """What is read in each record, as text, whichever way it is read."""
    wanted = read_of(read.meta.root_names()[0])
    assert wanted
    shape = Shape((), [wanted], fields_of(records))
    lines = [json.dumps(record) for record in records]
    schema = pl.Struct(shape.schema)
    parsed = pl.Series(lines).str.json_decode(schema).alias("line").to_frame().unnest("line")
    columns = (
        _texts(shape.extract(parsed), wanted),
        _texts(shape.walk([each.encode() for each in lines]), wanted),
    )
    assert columns[0] == columns[1]
    return columns[0]


def _texts(frame: pl.DataFrame, read: Read) -> list[str | None]:
    texts = frame[read.name].cast(pl.String)
    return [each and each.removesuffix(".0") for each in texts]


EVENTS: dict[str, object] = {
    "events": [
        {"in": 7, "details": {"cached": 3}, "by": [{"kind": "AUDIO", "n": 2}, {"kind": "TEXT", "n": 5}]},
        {"out": 9, "details": {"cached": 4}, "by": [{"kind": "AUDIO", "n": 6}]},
        {"out": 11, "by": None},
    ]
}


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (count("events/*/in"), "7"),
        (count("events/*/out"), "11"),
        (count("events/*/details/cached"), "4"),
        (count("events/*/in|out"), "11"),
        (count("events/*/detail|details/cached"), "4"),
        (count("events/*/by[kind=AUDIO]/n"), "6"),
        (count("events/*/by[kind=TEXT]/n"), "5"),
        (count("events/*/by[kind=VIDEO]/n"), None),
        (count("events/*/by[sort=AUDIO]/n"), None),
        (count("events/*/by/*/n"), "6"),
        (text("events/*/by/*/kind"), "AUDIO"),
        (count("other/*/in"), None),
        (count("other[kind=AUDIO]/in"), None),
    ],
)
def test_values_in_the_elements_of_lists_are_found(read: pl.Expr, value: str | None) -> None:
    assert found(read, EVENTS) == [value]


@pytest.mark.parametrize(
    ("place", "values"),
    [
        ("a|b/n", ["1", "2", "3", None]),
        ("b|a/n", ["1", "2", "4", None]),
        ("a/n|m", ["1", None, "3", "5"]),
        ("c/n", [None, None, None, None]),
    ],
)
def test_the_first_of_several_places_that_has_a_value_is_taken(place: str, values: list[str | None]) -> None:
    records: list[dict[str, object]] = [
        {"a": {"n": 1}},
        {"b": {"n": 2}},
        {"a": {"n": 3}, "b": {"n": 4}},
        {"a": {"m": 5}},
    ]

    assert found(count(place), *records) == values


@pytest.mark.parametrize("kind", ["AUDIO", 4])
def test_the_key_of_an_element_may_be_a_text_or_a_number(kind: str | int) -> None:
    record: dict[str, object] = {"by": [{"kind": "TEXT", "n": 1}, {"kind": kind, "n": 8}]}

    assert found(count(f"by[kind={kind}]/n"), record) == ["8"]
    assert found(count(f"events/*/by[kind={kind}]/n"), {"events": [record]}) == ["8"]


@pytest.mark.parametrize(
    "read",
    [
        count("events/in"),
        count("events/*/in/deeper"),
        count("events/*/details"),
        count("events/*/details/*/cached"),
        count("events/*/by[sort=AUDIO]/n"),
        count("events[sort=AUDIO]/in"),
        count("total/deeper"),
        count("total/*/deeper"),
        count("total[kind=AUDIO]/n"),
    ],
)
def test_what_is_of_another_type_than_the_steps_say_is_not_there(read: pl.Expr) -> None:
    wanted = read_of(read.meta.root_names()[0])
    assert wanted
    rows = pl.DataFrame([{**EVENTS, "total": 12}])

    assert _texts(Shape((), [wanted], {}).extract(rows), wanted) == [None]


def test_a_key_with_a_bar_in_it_is_one_key() -> None:
    assert found(text("by[kind=a|b]/n"), {"by": [{"kind": "a|b", "n": "x"}, {"kind": "a", "n": "y"}]}) == [
        "x"
    ]


def test_texts_that_are_json_only_together_are_none_of_them() -> None:
    wanted = read_of(text("a/b").meta.root_names()[0])
    assert wanted
    texts = pl.DataFrame({"a": ['{"zzz": [[1', "[2]]]}"]})
    shape = Shape((), [wanted], {"a": Field(("a",), frozenset({"str"}))})

    with pytest.raises(pl.exceptions.PolarsError, match="only together"):
        shape.extract(texts)
