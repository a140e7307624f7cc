"""Nested records to flat reads: what to parse JSON to, and how to get every value out of what was parsed."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

from costopt.intake.formats.format import Fields, Kind
from costopt.intake.formats.reads import EACH, UP, Read, Role, either, keyed

Dtype: TypeAlias = pl.DataType | DataTypeClass

_OWN: Final = "\x1e"
LINE: Final = f"{_OWN}line"
"""The index of the line that a record stands in, among those that are not blank."""

_OPENS: Final = r"^\s*[{\[]"
"""How a text begins that an object or a list may stand in; any other one has nothing in it to be read."""

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
        node = self.down(steps[:-1])
        names = either(steps[-1])
        for name in names:
            node.down([name]).roles.add(role if len(names) == 1 else "text")

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
            schema = level.schema
            taken = [found.get(read, _value(schema, own[read], read.role)).alias(read.name) for read in own]
            kept = [name for name in level.columns if name.startswith(_OWN)]
            if depth == len(self.rows):
                return level.lazy().select(*kept, *taken).collect()
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
    found, dtype = _at(level.schema, row.split("/"))
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
        pl.when(pl.col(name).str.contains(_OPENS))
        .then(name)
        .str.json_decode(root.inner[name].as_text())
        .alias(name)
        for name in texts
        if level.schema[name] == pl.String
    )


def _at(level: Mapping[str, Dtype], steps: Sequence[str]) -> tuple[pl.Expr | None, Dtype | None]:
    """A value inside a row of that schema, and its type; None where there is none."""
    if steps[0] not in level:
        return None, None
    found: pl.Expr = pl.col(steps[0])
    dtype = level[steps[0]]
    for step in steps[1:]:
        inner = dict(dtype.to_schema()) if isinstance(dtype, pl.Struct) else {}
        if step not in inner:
            return None, None
        found, dtype = found.struct.field(step), inner[step]
    return found, dtype


def _value(level: Mapping[str, Dtype], steps: Sequence[str], role: Role) -> pl.Expr:
    """A value of a row of that schema; null where there is none."""
    if EACH in steps:
        return _of_elements(level, steps, role)
    several = [_at(level, (*steps[:-1], name)) for name in either(steps[-1])]
    there = [
        (found, dtype) for found, dtype in several if found is not None and not isinstance(dtype, pl.Struct)
    ]
    if not there:
        return pl.lit(None, dtype=pl.String)
    return pl.coalesce(
        found.cast(pl.List(pl.String)).list.join(",") if isinstance(dtype, pl.List) else found
        for found, dtype in there
    )


def _of_elements(level: Mapping[str, Dtype], steps: Sequence[str], role: Role) -> pl.Expr:
    """The largest count in the elements of a list, or the first of anything else."""
    place = steps.index(EACH)
    found, dtype = _at(level, steps[:place])
    if found is None or not isinstance(dtype, pl.List):
        return pl.lit(None, dtype=pl.String)
    element = pl.element()
    for inner in steps[place + 1 :]:
        element = element.struct.field(inner)
    if role == "count":
        return found.list.eval(element.cast(pl.Float64, strict=False)).list.max()
    return found.list.eval(element.drop_nulls()).list.first()


class _Entries(NamedTuple):
    """Values that stand in the elements of one list: which, what tells its elements apart, and where in each."""

    list: tuple[str, ...]
    key: str
    value: tuple[str, ...]

    def of(self, level: pl.DataFrame, keys: Iterable[str]) -> dict[str, pl.Series]:
        """By key: a column with the value that each row has for it, the last one where there are several."""
        place, dtype = _at(level.schema, self.list)
        if place is None or not isinstance(dtype, pl.List) or not isinstance(dtype.inner, pl.Struct):
            return {}
        entries = level.select(place.alias(_RECORD)).with_row_index(_ROW).explode(_RECORD).unnest(_RECORD)
        if self.key not in entries.columns:
            return {}
        value = _value(entries.schema, self.value, "text").alias(_RECORD)
        told = entries.select(_ROW, value)
        wanted = pl.Enum(sorted(keys))
        code = entries[self.key].cast(pl.String).cast(wanted, strict=False).to_physical()
        rows = pl.int_range(level.height, dtype=pl.UInt32, eager=True)
        nothing = pl.Series([None], dtype=told.schema[_RECORD]).new_from_index(0, level.height)
        found = {number: told.filter(code == number) for number in code.drop_nulls().unique().sort()}
        return {
            wanted.categories[number]: own[_RECORD]
            if own[_ROW].equals(rows)
            else nothing.clone().scatter(own[_ROW], own[_RECORD])
            for number, own in found.items()
        }


def _keyed_values(level: pl.DataFrame, places: Mapping[Read, tuple[str, ...]]) -> dict[Read, pl.Expr]:
    """The reads that stand in lists under a key; each list is gone through once."""
    lists: dict[_Entries, dict[Read, str]] = {}
    for read, steps in places.items():
        for place, step in enumerate(steps):
            of_list = keyed(step)
            if of_list:
                entries = _Entries((*steps[:place], of_list.list), of_list.key, steps[place + 1 :])
                lists.setdefault(entries, {})[read] = of_list.value
    found: dict[Read, pl.Expr] = {}
    for entries, keys in lists.items():
        values = entries.of(level, set(keys.values()))
        found |= {read: pl.lit(values[key]) for read, key in keys.items() if key in values}
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
            elements = [each for each in elements if _down(each, (of_list.key,), role) == of_list.value]
        found = [each for each in (_down(element, rest, role) for element in elements) if each is not None]
        return _of_several(found, role)
    if not isinstance(value, dict):
        return None
    several = [value[name] for name in either(step) if value.get(name) is not None]
    return _down(several[0], rest, role) if several else None


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
