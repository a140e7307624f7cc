"""Nested records to flat reads: what to parse JSON to, and how to get every value out of what was parsed."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

from costopt.intake.formats.format import Fields, Kind
from costopt.intake.formats.reads import EACH, UP, Read, Role, either, keyed

Dtype: TypeAlias = pl.DataType | DataTypeClass
_Places: TypeAlias = Mapping[str, tuple[pl.Expr, Dtype]]

_OWN: Final = "\x1e"
LINE: Final = f"{_OWN}line"
"""The index of the line that a record stands in, among those that are not blank."""

_RECORD: Final = "\x1erecord"
_ROW: Final = "\x1erow"
_NUMBERS: Final[frozenset[Kind]] = frozenset({"int", "float"})


@dataclass(slots=True)
class _Node:
    """A place in a record, and what of it is read.

    State while it is built: what it holds.
    """

    inner: "dict[str, _Node]" = field(default_factory=dict)
    elements: "_Node | None" = None
    roles: set[Role] = field(default_factory=set)

    def child(self, name: str) -> "_Node":
        return self.inner.setdefault(name, _Node())

    def element(self) -> "_Node":
        self.elements = self.elements or _Node()
        return self.elements

    def add(self, steps: Sequence[str], role: Role) -> None:
        """Have a value read."""
        paths = list(itertools.product(*map(either, steps)))
        for path in paths:
            self.down(path).roles.add(role if len(paths) == 1 else "text")

    def down(self, steps: Iterable[str]) -> "_Node":
        node = self
        for step in steps:
            of_list = keyed(step)
            if of_list:
                node = node.child(of_list.list).element()
                node.child(of_list.key).roles.add("text")
            else:
                node = node.element() if step == EACH else node.child(step)
        return node

    def dtype(self, fields: Fields, path: tuple[str, ...]) -> Dtype:
        """What to parse to; an object that logs write as text is parsed afterwards."""
        seen = fields[".".join(path)].kinds - {"null"} if ".".join(path) in fields else frozenset()
        if self.elements:
            return pl.List(self.elements.dtype(fields, (*path, "[]")))
        if self.inner and seen != {"str"}:
            return pl.Struct({name: node.dtype(fields, (*path, name)) for name, node in self.inner.items()})
        if seen == {"list"}:
            return pl.List(pl.String)
        numeric = self.roles and self.roles <= {"count", "measure", "usd"}
        return pl.Float64 if numeric and seen <= _NUMBERS else pl.String

    def as_text(self) -> Dtype:
        """What to parse to where an object stands in a text."""
        if self.elements:
            return pl.List(self.elements.as_text())
        inner = {name: node.as_text() for name, node in self.inner.items()}
        return pl.Struct(inner) if inner else pl.String


@dataclass(frozen=True, slots=True)
class Shape:
    """Which values to get out of records.

    Attributes:
        rows: The lists, each in the elements of the one before, whose elements are the records.
        reads: The values.
        fields: What was seen, by name.
    """

    rows: tuple[str, ...]
    reads: Sequence[Read]
    fields: Fields

    def schema(self) -> Mapping[str, Dtype]:
        """What to parse a line to."""
        root = _Node()
        for read in self.reads:
            level, steps = self._placed(read)
            node = root
            for row in self.rows[:level]:
                node = node.down(row.split("/")).element()
            node.add(steps, read.role)
        return {name: node.dtype(self.fields, (name,)) for name, node in root.inner.items()}

    def _placed(self, read: Read) -> tuple[int, tuple[str, ...]]:
        """How many lists deep a value is, and the steps from there."""
        steps = read.steps
        level = len(self.rows)
        while steps[0] == UP:
            level, steps = level - 1, steps[1:]
        return max(level, 0), steps

    def extract(self, parsed: pl.DataFrame) -> pl.DataFrame:
        """The reads of every record, under their names, and `LINE`.

        Args:
            parsed: A row for each line, with fields of any types; what is not there is null.
        """
        level = parsed.with_row_index(LINE)
        for depth in range(len(self.rows) + 1):
            own = {read: self._placed(read)[1] for read in self.reads if self._placed(read)[0] == depth}
            level = _with_texts_parsed(level, own)
            found = _keyed_values(level, own)
            places = _places(level)
            taken = [
                (found[read] if read in found else _value(places, steps, read.role)).alias(read.name)
                for read, steps in own.items()
            ]
            kept = [name for name in level.columns if name.startswith(_OWN)]
            if depth == len(self.rows):
                return level.select(*kept, *taken)
            level = _elements(level, self.rows[depth], [*map(pl.col, kept), *taken])
        return level

    def walk(self, lines: Sequence[bytes]) -> pl.DataFrame:
        """The same, line by line, as texts: for lines that do not have one shape."""
        rows = [
            {LINE: index, **{read.name: None for read in self.reads}, **values}
            for index, line in enumerate(lines)
            for values in self._walked(json.loads(line), 0)
        ]
        schema = {LINE: pl.UInt32, **{read.name: pl.String for read in self.reads}}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _walked(self, record: object, depth: int) -> Iterator[dict[str, str | None]]:
        if not isinstance(record, dict):
            return
        own = [
            (read, steps) for read in self.reads for level, steps in [self._placed(read)] if level == depth
        ]
        values = {read.name: _said(_down(record, steps, read.role)) for read, steps in own}
        if depth == len(self.rows):
            yield values
            return
        elements = _down(record, tuple(self.rows[depth].split("/")), "text")
        for element in elements if isinstance(elements, list) else []:
            for inner in self._walked(element, depth + 1):
                yield {**values, **inner}


# Out of what was parsed


def _elements(level: pl.DataFrame, row: str, kept: Sequence[pl.Expr]) -> pl.DataFrame:
    """A row for each element of a list, with its fields as columns."""
    found, dtype = _at(level, row.split("/"))
    if found is None or not isinstance(dtype, pl.List):
        return level.select(*kept).clear()
    exploded = (
        level.select(*kept, found.alias(_RECORD)).explode(_RECORD).filter(pl.col(_RECORD).is_not_null())
    )
    return exploded.unnest(_RECORD) if isinstance(dtype.inner, pl.Struct) else exploded.drop(_RECORD).clear()


def _with_texts_parsed(level: pl.DataFrame, places: Mapping[Read, tuple[str, ...]]) -> pl.DataFrame:
    """With the objects that stand in texts as objects."""
    root = _Node()
    for read, steps in places.items():
        root.add(steps, read.role)
    texts = [
        name for name, node in root.inner.items() if name in level.columns and (node.inner or node.elements)
    ]
    return level.with_columns(
        pl.col(name).str.json_decode(root.inner[name].as_text())
        for name in texts
        if level.schema[name] == pl.String
    )


def _at(level: pl.DataFrame, steps: Sequence[str]) -> tuple[pl.Expr | None, Dtype | None]:
    """A value inside a row, and its type; None where there is none."""
    if steps[0] not in level.columns:
        return None, None
    found: pl.Expr = pl.col(steps[0])
    dtype: Dtype = level.schema[steps[0]]
    for step in steps[1:]:
        inner = _schema_of(dtype)
        if step not in inner:
            return None, None
        found, dtype = found.struct.field(step), inner[step]
    return found, dtype


def _places(level: pl.DataFrame) -> _Places:
    return {name: (pl.col(name), dtype) for name, dtype in level.schema.items()}


def _value(places: _Places, steps: Sequence[str], role: Role) -> pl.Expr:
    """A value of a row; null where there is none."""
    found = _first_of(places, steps, role)
    return pl.lit(None, dtype=pl.String) if found is None else found


def _first_of(inner: _Places, steps: Sequence[str], role: Role) -> pl.Expr | None:
    """The first value that is there down the steps, of which the first may name several places."""
    of_list = keyed(steps[0])
    if of_list:
        found = [_below(*inner[of_list.list], steps, role)] if of_list.list in inner else []
    else:
        found = [_below(*inner[name], steps[1:], role) for name in either(steps[0]) if name in inner]
    there = [each for each in found if each is not None]
    return pl.coalesce(there) if there else None


def _below(found: pl.Expr, dtype: Dtype, steps: Sequence[str], role: Role) -> pl.Expr | None:
    """What is down the steps of a value; None where its type has no such place."""
    if isinstance(dtype, pl.List) and steps:
        return _of_elements(found, dtype, steps, role)
    if isinstance(dtype, pl.Struct):
        inner = {name: (found.struct.field(name), each) for name, each in dtype.to_schema().items()}
        return _first_of(inner, steps, role) if steps else None
    if steps:
        return None
    return found.cast(pl.List(pl.String)).list.join(",") if isinstance(dtype, pl.List) else found


def _of_elements(found: pl.Expr, dtype: pl.List, steps: Sequence[str], role: Role) -> pl.Expr | None:
    """The largest count in the elements of a list, all or those with a key, or the first of anything else."""
    element, of_list = pl.element(), keyed(steps[0])
    if of_list and of_list.key in _schema_of(dtype.inner):
        element = element.filter(element.struct.field(of_list.key).cast(pl.String) == of_list.value)
    elif steps[0] != EACH:
        return None
    value = _below(element, dtype.inner, steps[1:], role)
    if value is None:
        return None
    if role == "count":
        return found.list.eval(value.cast(pl.Float64, strict=False)).list.max()
    return found.list.eval(value.drop_nulls()).list.first()


def _schema_of(dtype: Dtype) -> Mapping[str, Dtype]:
    return dtype.to_schema() if isinstance(dtype, pl.Struct) else {}


class _Entries(NamedTuple):
    """Values that stand in the elements of one list: which, what tells its elements apart, and where in each."""

    list: tuple[str, ...]
    key: str
    value: tuple[str, ...]

    def of(self, level: pl.DataFrame, keys: Iterable[str]) -> dict[str, pl.Series]:
        """By key: a column with the value that each row has for it, the last one where there are several."""
        found, dtype = _at(level, self.list)
        if found is None or not isinstance(dtype, pl.List) or not isinstance(dtype.inner, pl.Struct):
            return {}
        entries = level.select(found.alias(_RECORD)).with_row_index(_ROW).explode(_RECORD).unnest(_RECORD)
        if self.key not in entries.columns:
            return {}
        key = pl.col(self.key).cast(pl.String)
        value = _value(_places(entries), self.value, "text").alias(_RECORD)
        told = entries.lazy().select(_ROW, key, value).filter(pl.col(self.key).is_in(list(keys))).collect()
        nothing = pl.Series([None], dtype=told.schema[_RECORD]).new_from_index(0, level.height)
        by_key = told.partition_by(self.key, as_dict=True)
        return {
            str(each): nothing.clone().scatter(own[_ROW], own[_RECORD]) for (each,), own in by_key.items()
        }


def _keyed_values(level: pl.DataFrame, places: Mapping[Read, tuple[str, ...]]) -> dict[Read, pl.Expr]:
    """The reads that stand in lists under a key; each list is gone through once.

    Lists in the elements of others are left to `_value`.
    """
    lists: dict[_Entries, dict[Read, str]] = {}
    for read, steps in places.items():
        before = list(itertools.takewhile(lambda step: step != EACH, steps))
        for place, step in enumerate(before):
            of_list = keyed(step)
            if of_list:
                entries = _Entries((*steps[:place], of_list.list), of_list.key, steps[place + 1 :])
                lists.setdefault(entries, {})[read] = of_list.value
    nothing = pl.lit(None, dtype=pl.String)
    found: dict[Read, pl.Expr] = {}
    for entries, keys in lists.items():
        values = entries.of(level, set(keys.values()))
        found |= {read: pl.lit(values[key]) if key in values else nothing for read, key in keys.items()}
    return found


# Out of what Python parsed


def _down(value: object, steps: tuple[str, ...], role: Role) -> object:
    if not steps:
        return value
    if isinstance(value, str):
        value = _parsed(value)
    step, rest = steps[0], steps[1:]
    of_list = keyed(step)
    if step == EACH or of_list:
        elements = value if of_list is None else _down(value, (of_list.list,), role)
        if not isinstance(elements, list):
            return None
        if of_list:
            elements = [
                each for each in elements if _said(_down(each, (of_list.key,), role)) == of_list.value
            ]
        found = [each for each in (_down(element, rest, role) for element in elements) if each is not None]
        return _of_several(found, role)
    if not isinstance(value, dict):
        return None
    several = (_down(value.get(name), rest, role) for name in either(step))
    return next((each for each in several if each is not None), None)


def _of_several(found: Sequence[object], role: Role) -> object:
    """The largest count, or the first of anything else; of an element by its key, the last."""
    numbers = [each for each in found if isinstance(each, int | float)]
    return max(numbers) if role == "count" and numbers else next(iter(found), None)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _said(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ",".join(text for each in value if (text := _said(each)) is not None)
    return json.dumps(value)
