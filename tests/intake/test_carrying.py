from collections.abc import Mapping

import polars as pl
import pytest

from costopt.intake.deriving import Derived, derive
from costopt.intake.formats.format import Derivation
from costopt.intake.formats.reads import before, count, held, hold, label, text
from costopt.intake.shaping import LINE


def records(rows: list[tuple[str | None, ...]], *reads: pl.Expr) -> pl.DataFrame:
    """Records as they were found: a column for each read, a row for each record."""
    names = [read.meta.output_name() for read in reads]
    schema: Mapping[str, type[pl.DataType]] = dict.fromkeys(names, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").with_row_index(LINE)


def in_parts(
    found: pl.DataFrame, derivation: Derivation, columns: Mapping[str, pl.Expr], size: int
) -> list[tuple[object, ...]]:
    """What is derived if the records come in partitions of that size."""
    last: pl.DataFrame | None = None
    rows: list[tuple[object, ...]] = []
    for start in range(0, found.height, size):
        part: Derived = derive(found[start : start + size], derivation, columns, last)
        last = part.last
        rows += part.frame.rows()
    return rows


KIND, NAME, TOTAL = label("kind"), text("name"), count("total")


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_held_value_is_what_its_expression_last_gave(size: int) -> None:
    found = records(
        [("say", "a"), ("open", "b"), ("say", "c"), ("open", None), ("say", "d"), ("open", "e")], KIND, NAME
    )
    derivation = Derivation({}, carried=(hold("opened", pl.when(KIND == "open").then(NAME)),))

    columns = {"name": NAME, "opened": held("opened"), "before": before(held("opened"))}

    assert in_parts(found, derivation, columns, size) == [
        ("a", None, None),
        ("b", "b", None),
        ("c", "b", "b"),
        (None, "b", "b"),
        ("d", "b", "b"),
        ("e", "e", "b"),
    ]


@pytest.mark.parametrize("size", [1, 3])
def test_a_held_value_may_depend_on_what_is_carried_before_it(size: int) -> None:
    found = records([("1",), ("3",), (None,), ("4",), ("9",)], TOTAL)
    jumped = held("total") - before(held("total")) > 1
    derivation = Derivation(
        {}, carried=(hold("total", TOTAL), hold("jump", pl.when(jumped).then(held("total"))))
    )

    assert in_parts(found, derivation, {"jump": held("jump")}, size) == [(None,), (3,), (3,), (3,), (9,)]


@pytest.mark.parametrize("size", [1, 3])
def test_a_carried_read_holds_itself(size: int) -> None:
    found = records([("a", "x"), (None, "y"), ("b", "z")], KIND, NAME)
    derivation = Derivation({}, carried=(KIND,), keep=KIND == "a")

    assert in_parts(found, derivation, {"kind": KIND, "name": NAME}, size) == [("a", "x"), ("a", "y")]


def test_which_records_are_requests_may_depend_on_what_is_held() -> None:
    found = records([("asleep", "1"), (None, "2"), ("awake", "3"), (None, "4")], KIND, TOTAL)
    derivation = Derivation({}, carried=(hold("state", KIND),), keep=held("state") == "awake")

    assert in_parts(found, derivation, {"input_tokens": TOTAL}, 2) == [(3,), (4,)]


def test_without_anything_carried_nothing_is_remembered() -> None:
    assert derive(records([("a",)], KIND), Derivation({}), {"kind": KIND}, None).last is None
