"""Records of any shape: read all at once or one by one, whole or in parts, they say the same."""

import itertools
import json
from collections.abc import Sequence
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from costopt.intake.formats.detect import fields_of
from costopt.intake.formats.reads import Read, Role, either, keyed
from costopt.intake.nested import decode_nested
from costopt.intake.partitions import Partition
from costopt.intake.shaping import LINE, Shape, one_value
from costopt.intake.sources import Source

Values = st.SearchStrategy[Any]
Sample = tuple[tuple[str, ...], list[Read], list[dict[str, Any]]]

NAMES = "abk"
TEXTS = st.sampled_from(["", "x", "7", "12", "true", "é", "a,b", "[1]", "null", "\U0001f600", '"', "{}"])
BETWEEN = st.builds(lambda odd: 2.0**49 + (2 * odd + 1) / 4, st.integers(0, 20))
"""Doubles that are as near to one shortest decimal as to another."""

NUMBERS = (
    st.integers(-(2**100), 2**100)
    | st.integers(0, 20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | BETWEEN
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS

ROLES: st.SearchStrategy[Role] = st.sampled_from(("count", "usd", "label"))
STEP = st.sampled_from([*NAMES, *NAMES, "a|b", "z|a", "*", "*", "b[k=x]", "a[k=7]", "b[k=true]"])
FIRST = st.sampled_from([*NAMES, "a|b", "z|a", "b[k=x]", "a[k=7]"])
LAST = st.sampled_from([*NAMES, *NAMES, "a|b"])
STEPS = FIRST.map(lambda step: (step,)) | st.builds(
    lambda first, middle, last: (first, *middle, last), FIRST, st.lists(STEP, max_size=2), LAST
)
PLACES = st.lists(st.tuples(ROLES, STEPS), min_size=1, max_size=5, unique=True)
ROWS: st.SearchStrategy[tuple[str, ...]] = st.sampled_from(
    [(), (), ("a",), ("a", "b"), ("a/b",), ("k/a", "b")]
)


def objects_of(inner: Values) -> Values:
    return st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)


ANYTHING: Values = st.recursive(
    SCALARS,
    lambda inner: (
        objects_of(inner)
        | st.lists(inner, max_size=3)
        | (objects_of(inner) | st.lists(objects_of(inner), max_size=2)).map(json.dumps)
    ),
    max_leaves=8,
)

CELLS = (SCALARS | objects_of(ANYTHING) | st.lists(objects_of(ANYTHING), max_size=3)).map(json.dumps) | TEXTS
"""JSON as it stands in the cells of a table, and other texts."""

BROKEN = st.sampled_from(
    [
        "{",
        "null",
        "5",
        '"a"',
        '[{"a":1}]',
        '{"a":1} {"a":2}',
        '{"a":1},{"a":2}',
        '{"a":1},null',
        '{"a":1',
        '{"a":"x',
        'y"}',
        '{"a":[{"b":1}',
        '{"a":2}]}',
        '{"a":[[1',
        "2]]}",
        '{"a":NaN}',
        '{"a":1}]',
        "",
        " ",
        "\t",
        "\u00a0",
    ]
)
"""Lines that are no objects, some of which would be with others, and blank ones."""

# Shapes


def insert(tree: dict[str, Any], steps: Sequence[str]) -> None:
    """The place in a shape: an object has its names, a list `*`."""
    for step in steps:
        of_list = keyed(step)
        if of_list:
            tree = tree.setdefault(of_list.list, {}).setdefault("*", {})
            tree.setdefault(of_list.key, {})
        else:
            tree = tree.setdefault(step, {})


def records_of(draw: st.DrawFn, tree: dict[str, Any]) -> Values:
    """What makes objects of the shape, some of whose fields may be missing."""
    inner = {name: values_of(draw, each) for name, each in tree.items()}
    given = {name: each for name, each in inner.items() if draw(st.integers(0, 3))}
    return st.fixed_dictionaries(given, optional={name: inner[name] for name in inner.keys() - given.keys()})


def values_of(draw: st.DrawFn, tree: dict[str, Any]) -> Values:
    """What makes values of the shape: some are null, and some objects and lists are texts."""
    if "*" in tree:
        values: Values = st.lists(values_of(draw, tree["*"]), min_size=draw(st.integers(0, 1)), max_size=3)
    elif tree:
        values = records_of(draw, tree)
    else:
        return draw(
            st.sampled_from(
                [SCALARS, NUMBERS, TEXTS, st.sampled_from(["x", 7, True]), st.lists(TEXTS, max_size=2)]
            )
        )
    is_text, may_be_null = draw(
        st.sampled_from([(False, False), (False, False), (True, False), (False, True)])
    )
    values = values.map(json.dumps) if is_text else values
    return values | st.none() if may_be_null else values


@st.composite
def alike(draw: st.DrawFn) -> Sample:
    """Lists of records, places in them, and records of one shape that has the places."""
    rows = draw(ROWS)
    reads = []
    tree: dict[str, Any] = {}
    insert(tree, [*(step for row in rows for step in (*row.split("/"), "*")), "k"])
    for role, steps in draw(PLACES):
        up = draw(st.integers(0, len(rows) + 1))
        out = rows[: max(len(rows) - up, 0)]
        for path in itertools.product(*map(either, steps)):
            insert(tree, [step for row in out for step in (*row.split("/"), "*")] + [*path])
        reads.append(Read(role, (*[".."] * up, *steps)))
    return rows, reads, draw(st.lists(records_of(draw, tree), min_size=1, max_size=6))


def lines_of(records: Sequence[object]) -> list[str]:
    return [json.dumps(record) for record in records]


def texts_of(frame: pl.DataFrame, shape: Shape) -> list[tuple[object, ...]]:
    return frame.select(LINE, *(pl.col(read.name).cast(pl.String) for read in shape.reads)).rows()


def walked(lines: Sequence[str], shape: Shape) -> list[tuple[object, ...]]:
    return texts_of(shape.walk([line.encode() for line in lines]), shape)


def at_once(lines: Sequence[str], shape: Shape) -> pl.DataFrame:
    """Raises where the lines have not one shape."""
    record = one_value(pl.col("line"), pl.Struct(shape.schema)).alias("whole")
    whole = pl.Series("line", lines).to_frame().select(record)
    return shape.extract(whole.with_columns(pl.col("whole").struct.unnest()))


def decoded(lines: Sequence[str], shape: Shape) -> tuple[list[tuple[object, ...]], list[int | None]]:
    """What is read in lines of a log, and the numbers of those that are rejected."""
    data = "\n".join(lines).encode()
    found = decode_nested(Partition(Source("log"), "lines", data), shape)
    return texts_of(found.frame, shape), [reject.line for reject in found.rejects]


@given(alike())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_lines_of_one_shape_say_the_same_all_at_once_and_one_by_one(sample: Sample) -> None:
    rows, reads, records = sample
    shape = Shape(rows, reads, fields_of(records))
    lines = lines_of(records)

    try:
        texts = texts_of(at_once(lines, shape), shape)
    except pl.exceptions.PolarsError:
        event("not of one shape")
        return
    event(f"{sum(value is not None for row in texts for value in row[1:]) > 1} of {len(rows)} lists")
    assert texts == walked(lines, shape)


@given(alike(), st.lists(objects_of(ANYTHING), max_size=3), st.randoms(), st.integers(1, 4))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_lines_of_other_shapes_change_nothing_of_the_others(
    sample: Sample, others: list[object], random: Random, block: int
) -> None:
    rows, reads, records = sample
    shape = Shape(rows, reads, fields_of(records))
    lines = lines_of([*records, *others])
    random.shuffle(lines)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("costopt.intake.nested._BLOCK", block)
        assert decoded(lines, shape) == (walked(lines, shape), [])


@given(alike(), st.lists(BROKEN, max_size=6), st.randoms())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_broken_and_blank_lines_cost_no_good_one(sample: Sample, broken: list[str], random: Random) -> None:
    rows, reads, records = sample
    shape = Shape(rows, reads, fields_of(records))
    lines = [*lines_of(records), *broken]
    random.shuffle(lines)
    said = [line for line in lines if line.strip(" \t")]

    texts, rejected = decoded(lines, shape)

    assert rejected == [number for number, line in enumerate(lines, 1) if line in said and line in broken]
    assert texts == walked(["null" if line in broken else line for line in said], shape)


@given(
    st.lists(st.fixed_dictionaries({name: st.none() | CELLS for name in NAMES}), min_size=1, max_size=6),
    ROWS,
    PLACES,
    st.integers(1, 3),
)
@settings(max_examples=200)
def test_json_in_the_columns_of_a_table_reads_as_in_lines(
    records: list[dict[str, str | None]],
    rows: tuple[str, ...],
    places: list[tuple[Role, tuple[str, ...]]],
    block: int,
) -> None:
    shape = Shape(rows, [Read(role, steps) for role, steps in places], {})
    table = pl.DataFrame(records, schema=dict.fromkeys(NAMES, pl.String))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("costopt.intake.nested._BLOCK", block)
        frame = decode_nested(Partition(Source("log.parquet"), "rows", table), shape).frame

    assert texts_of(frame, shape) == walked(lines_of(records), shape)
