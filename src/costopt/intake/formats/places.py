"""Whether there is something in a log where a format reads: its places held against the fields that were seen."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import polars as pl

from costopt.intake.formats.format import Derivation, Field, Fields
from costopt.intake.formats.reads import EACH, UP, Read, either, keyed

Path: TypeAlias = Sequence[Sequence[str]]
"""The names that each step from the line down to a value may have; of the elements of a list `[]`."""

_ELEMENT = "[]"


def path_to(read: Read, rows: Sequence[str]) -> Path:
    """Where a read is, in the elements of lists."""
    steps = read.steps
    while steps[0] == UP:
        rows, steps = rows[:-1], steps[1:]
    path: list[Sequence[str]] = [[step] for step in steps_to(rows)]
    for step in steps:
        of_list = keyed(step)
        path += [[of_list.list], [_ELEMENT]] if of_list else [[_ELEMENT] if step == EACH else either(step)]
    return path


def steps_to(rows: Iterable[str]) -> tuple[str, ...]:
    """The steps from a line down to the records, where these are elements of lists."""
    return tuple(step for row in rows for step in (*row.split("/"), _ELEMENT))


def is_on_the_way(place: Field, path: Path) -> bool:
    """Whether a field is what is read, or holds it."""
    near = zip(place.steps, path, strict=False)
    return len(place.steps) <= len(path) and all(step in names for step, names in near)


def may_be_told(column: pl.Expr, derivation: Derivation, fields: Fields) -> bool:
    """Whether an expression reads something that is there; one that reads nothing is told by the format."""
    there = [is_there(path, fields) for path in _paths(column, derivation)]
    return any(there) or not there


def is_told(column: pl.Expr, derivation: Derivation, fields: Fields) -> bool:
    """Whether all that an expression reads is there."""
    return all(is_there(path, fields) for path in _paths(column, derivation))


def _paths(column: pl.Expr, derivation: Derivation) -> list[Path]:
    return [path_to(read, derivation.rows) for read in derivation.reads_in(column)]


def is_there(path: Path, fields: Fields) -> bool:
    """Whether something was seen there, or may be in a text that was seen."""
    on_the_way = (place for place in fields.values() if is_on_the_way(place, path))
    return any(len(place.steps) == len(path) or "str" in place.kinds for place in on_the_way)


def is_empty(rows: Sequence[str], fields: Fields) -> bool:
    """Whether a list of records was seen, but no record."""
    for depth in range(1, len(rows) + 1):
        *above, _ = steps_to(rows[:depth])
        there = [place for place in fields.values() if place.steps[: len(above)] == tuple(above)]
        if there and all(len(place.steps) == len(above) and "list" in place.kinds for place in there):
            return True
    return False
