"""Nested records to flat reads: what to parse JSON to, and how to get every value out of what was parsed."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

from costopt.intake.formats.format import Fields
from costopt.intake.formats.reads import EACH, UP, Read, Role, either, keyed
from costopt.intake.walking import elements_in, parsed, value_in

Dtype: TypeAlias = pl.DataType | DataTypeClass
_Places: TypeAlias = Mapping[str, tuple[pl.Expr, Dtype]]

_OWN: Final = "\x1e"
LINE: Final = f"{_OWN}line"
"""The index of the line that a record stands in, among those that are not blank."""

_OPENS: Final = r"^\s*[{\[]"
"""How a text begins that an object or a list may stand in; any other one has nothing in it to be read."""

_RECORD: Final = "\x1erecord"
_ROW: Final = "\x1erow"
_TEXTS: Final = (pl.String, pl.Categorical)
_PARSED: Final = "\x1f"
"""Ends the name of what stands as JSON in the text of that name."""


@dataclass(slots=True)
class _Node:
    """A place in a record, and what is read in it.

    State while it is built: what it holds.
    """

    inner: "dict[str, _Node]" = field(default_factory=dict)
    elements: "_Node | None" = None
    is_record: bool = False

    def child(self, name: str) -> "_Node":
        return self.inner.setdefault(name, _Node())

    def element(self) -> "_Node":
        self.elements = self.elements or _Node()
        return self.elements

    def add(self, steps: Sequence[str]) -> None:
        """Have a value read."""
        for path in itertools.product(*map(either, steps)):
            self.down(path)

    def down(self, steps: Iterable[str]) -> "_Node":
        node = self
        for step in steps:
            of_list = keyed(step)
            if of_list:
                node = node.child(of_list.list).element()
                node.child(of_list.key)
            else:
                node = node.element() if step == EACH else node.child(step)
        return node

    @property
    def has_places(self) -> bool:
        return bool(self.inner or self.elements or self.is_record)

    def dtype(self, fields: Fields, path: tuple[str, ...]) -> Dtype:
        """What to parse to: values to texts, as any other type takes some values for others (1 for `true`).

        An object that logs write as text is parsed afterwards; one that is read as if it were a value is passed over.
        """
        name = ".".join(path)
        seen = fields[name].kinds - {"null"} if name in fields else frozenset()
        if self.has_places and seen == {"str"}:
            return pl.String
        if self.elements:
            return pl.List(self.elements.dtype(fields, (*path, "[]")))
        if self.inner or self.is_record or seen == {"object"}:
            return pl.Struct({name: node.dtype(fields, (*path, name)) for name, node in self.inner.items()})
        if seen == {"list"}:
            has_objects = any(other.startswith(f"{name}.[].") for other in fields)
            return pl.List(pl.Struct({}) if has_objects else pl.String)
        return pl.String

    def as_text(self) -> Dtype:
        """What to parse to where an object stands in a text."""
        if self.elements:
            return pl.List(self.elements.as_text())
        inner = {name: node.as_text() for name, node in self.inner.items()}
        return pl.Struct(inner) if inner or self.is_record else pl.String


@dataclass(frozen=True)
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
    _made: dict[int, tuple[Mapping[str, Dtype], Mapping[Read, pl.Expr]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def schema(self) -> Mapping[str, Dtype]:
        """What to parse a line to."""
        return {name: node.dtype(self.fields, (name,)) for name, node in self._tree.inner.items()}

    @cached_property
    def _tree(self) -> _Node:
        levels = [root := _Node()]
        for row in self.rows:
            levels.append(levels[-1].down(row.split("/")).element())
            levels[-1].is_record = True
        for read in self.reads:
            level, steps = self._placed(read)
            levels[level].add(steps)
        return root

    @cached_property
    def _at_depth(self) -> Sequence[Mapping[Read, tuple[str, ...]]]:
        """The reads that are so many lists deep, with the steps from there."""
        placed = [(read, *self._placed(read)) for read in self.reads]
        return [
            {read: steps for read, level, steps in placed if level == depth}
            for depth in range(len(self.rows) + 1)
        ]

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

        Raises:
            PolarsError: if a text should be JSON and is none.
        """
        node, level = self._tree, parsed.with_row_index(LINE)
        for depth, row in enumerate(row.split("/") for row in self.rows):
            level, taken = self._taken(level, node, depth)
            level, node = _elements(level, row, taken), node.down(row).element()
        level, taken = self._taken(level, node, len(self.rows))
        return level.lazy().select(taken).collect()

    def _taken(self, level: pl.DataFrame, node: _Node, depth: int) -> tuple[pl.DataFrame, list[pl.Expr]]:
        """Records with what stands in their texts, and what is taken of them: what was before, and their reads."""
        own = self._at_depth[depth]
        level = _with_texts_parsed(level, node)
        values = {**self._values(depth, level.schema), **_keyed_values(level, own)}
        kept = [pl.col(name) for name in level.columns if name.startswith(_OWN)]
        return level, [*kept, *(values[read].alias(read.name) for read in own)]

    def _values(self, depth: int, schema: Mapping[str, Dtype]) -> Mapping[Read, pl.Expr]:
        """The reads of records with these fields; those of a log's partitions are made once."""
        made = self._made.get(depth)
        if made is None or made[0] != schema:
            places, own = _places(schema), self._at_depth[depth].items()
            made = schema, {read: _value(places, steps, read.role) for read, steps in own}
            self._made[depth] = made
        return made[1]

    def walk(self, lines: Sequence[bytes]) -> pl.DataFrame:
        """The same, line by line, as texts: for lines that do not have one shape."""
        rows = [
            {LINE: index, **{read.name: None for read in self.reads}, **values}
            for index, line in enumerate(lines)
            for values in self._walked(parsed(line), 0)
        ]
        schema = {LINE: pl.UInt32, **{read.name: pl.String for read in self.reads}}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _walked(self, record: object, depth: int) -> Iterator[dict[str, str | None]]:
        if not isinstance(record, dict):
            return
        own = self._at_depth[depth].items()
        values = {read.name: value_in(record, steps, read.role) for read, steps in own}
        if depth == len(self.rows):
            yield values
            return
        for element in elements_in(record, self.rows[depth].split("/")):
            for inner in self._walked(element, depth + 1):
                yield {**values, **inner}


# Out of what was parsed


def one_value(text: pl.Expr, dtype: Dtype) -> pl.Expr:
    """A value in JSON for each text.

    Polars parses many texts as one list. So that two broken texts are not taken for one value, nor a text with two
    values for two, each is put in brackets and has to be a list of one; and whoever asks has to compare the numbers of
    texts and values.
    """
    return (pl.lit("[") + text + pl.lit("]")).str.json_decode(pl.List(dtype)).list.to_array(1).arr.first()


def _elements(level: pl.DataFrame, row: Sequence[str], kept: Sequence[pl.Expr]) -> pl.DataFrame:
    """A row for each element of a list, with its fields as columns."""
    found, dtype = _at(level, row)
    if found is None or not isinstance(dtype, pl.List) or not isinstance(dtype.inner, pl.Struct):
        return level.select(*kept).clear()
    exploded = level.select(*kept, found.alias(_RECORD)).explode(_RECORD)
    return exploded.filter(pl.col(_RECORD).is_not_null()).unnest(_RECORD)


def _with_texts_parsed(level: pl.DataFrame, node: _Node) -> pl.DataFrame:
    """With the objects and lists that stand in texts beside these."""
    found = []
    for name, dtype in level.schema.items():
        inner = node.inner.get(name)
        if inner and dtype in _TEXTS and inner.has_places:
            texts = level[name].cast(pl.String).alias(name + _PARSED)
            found.append(_decoded(texts, inner.as_text()))
        elif inner and _has_texts(dtype, inner):
            found.append(_with_texts_parsed(level[name].struct.unnest(), inner).to_struct(name))
    return level.with_columns(found) if found else level


def _has_texts(dtype: Dtype, node: _Node) -> bool:
    """Whether there is a text where there should be something with places in it."""
    if dtype in _TEXTS:
        return node.has_places
    inner = _schema_of(dtype)
    return any(_has_texts(inner[name], child) for name, child in node.inner.items() if name in inner)


def _decoded(texts: pl.Series, dtype: Dtype) -> pl.Series:
    """What texts say in JSON; nothing if they are no object or list."""
    text = pl.col(texts.name)
    said = pl.when(text.str.contains(_OPENS)).then(text)
    found = texts.to_frame().select(one_value(said, dtype).alias(texts.name)).to_series()
    if found.len() != texts.len():
        raise pl.exceptions.ShapeError("texts that are JSON only together")
    return found


def _at(level: pl.DataFrame, steps: Sequence[str]) -> tuple[pl.Expr | None, Dtype | None]:
    """A value inside a row, and its type; None where there is none."""
    inner = _places(level.schema)
    found, dtype = None, None
    for step in steps:
        if step not in inner:
            return None, None
        found, dtype = _gone_into(inner, step)
        inner = _places_in(found, dtype)
    return found, dtype


def _places(schema: Mapping[str, Dtype]) -> _Places:
    return {name: (pl.col(name), dtype) for name, dtype in schema.items()}


def _places_in(found: pl.Expr, dtype: Dtype) -> _Places:
    return {name: (found.struct.field(name), each) for name, each in _schema_of(dtype).items()}


def _gone_into(inner: _Places, name: str) -> tuple[pl.Expr, Dtype]:
    """A place that is not a value itself: of a text what it says."""
    return inner.get(name + _PARSED, inner[name])


def _value(places: _Places, steps: Sequence[str], role: Role) -> pl.Expr:
    """A value of a row; null where there is none."""
    found = _first_of(places, steps, role)
    return pl.lit(None, dtype=pl.String) if found is None else found


def _first_of(inner: _Places, steps: Sequence[str], role: Role) -> pl.Expr | None:
    """The first value that is there down the steps, of which the first may name several places."""
    of_list = keyed(steps[0])
    if of_list:
        found = [_below(*_gone_into(inner, of_list.list), steps, role)] if of_list.list in inner else []
    else:
        there = [name for name in either(steps[0]) if name in inner]
        rest = steps[1:]
        found = [_below(*(_gone_into(inner, name) if rest else inner[name]), rest, role) for name in there]
    values = [each for each in found if each is not None]
    return pl.coalesce(values) if values else None


def _below(found: pl.Expr, dtype: Dtype, steps: Sequence[str], role: Role) -> pl.Expr | None:
    """What is down the steps of a value; None where its type has no such place."""
    if not steps:
        return _plain(found, dtype)
    if isinstance(dtype, pl.List):
        return _of_elements(found, dtype, steps, role)
    if isinstance(dtype, pl.Struct):
        return _first_of(_places_in(found, dtype), steps, role)
    if dtype in _TEXTS:
        raise pl.exceptions.SchemaError("a text inside a list that may be JSON")
    return None


def _plain(found: pl.Expr, dtype: Dtype) -> pl.Expr | None:
    """A value, or a list of values as a text; an object is none."""
    if isinstance(dtype, pl.List):
        if dtype.inner.is_nested():
            return None
        texts = found.cast(pl.List(pl.String)).list.drop_nulls()
        return pl.when(texts.list.len() > 0).then(texts.list.join(","))
    return None if isinstance(dtype, pl.Struct) else found


def _of_elements(found: pl.Expr, dtype: pl.List, steps: Sequence[str], role: Role) -> pl.Expr | None:
    """The largest count in the elements of a list, or the first of anything else; of those with a key, the last."""
    element, of_list = pl.element(), keyed(steps[0])
    if of_list and of_list.key in _schema_of(dtype.inner):
        element = element.filter(element.struct.field(of_list.key).cast(pl.String) == of_list.value)
    elif steps[0] != EACH:
        return None
    value = _below(element, dtype.inner, steps[1:], role)
    if value is None:
        return None
    texts = found.list.eval(value.cast(pl.String).drop_nulls())
    if of_list or role != "count":
        return texts.list.last() if of_list else texts.list.first()
    number = pl.element().cast(pl.Float64, strict=False)
    return texts.list.eval(pl.element().sort_by(number, nulls_last=False, maintain_order=True)).list.last()


def _schema_of(dtype: Dtype) -> Mapping[str, Dtype]:
    return dtype.to_schema() if isinstance(dtype, pl.Struct) else {}


class _Entries(NamedTuple):
    """Values that stand in the elements of one list: which, what tells its elements apart, and where in each."""

    list: tuple[str, ...]
    key: str
    value: tuple[str, ...]

    def of(self, level: pl.DataFrame, keys: Iterable[str]) -> dict[str, pl.Series]:
        """By key: a column with the value that each row has for it, the last one where there are several."""
        place, dtype = _at(level, self.list)
        if place is None or not isinstance(dtype, pl.List) or not isinstance(dtype.inner, pl.Struct):
            return {}
        entries = level.select(place.alias(_RECORD)).with_row_index(_ROW).explode(_RECORD).unnest(_RECORD)
        if self.key not in entries.columns:
            return {}
        value = _value(_places(entries.schema), self.value, "text").alias(_RECORD)
        told = entries.select(_ROW, value)
        wanted = pl.Enum(sorted(keys))
        code = entries[self.key].cast(pl.String).cast(wanted, strict=False).to_physical()
        rows = pl.int_range(level.height, dtype=pl.UInt32, eager=True)
        is_told = told[_RECORD].is_not_null()
        found = {
            wanted.categories[number]: told.filter((code == number) & is_told)
            for number in code.drop_nulls().unique().sort()
        }
        return {name: _scattered(own, rows) for name, own in found.items() if own.height}


def _scattered(told: pl.DataFrame, rows: pl.Series) -> pl.Series:
    """A value for each row: the last one told for it, or none."""
    if told[_ROW].equals(rows):
        return told[_RECORD]
    nothing = pl.Series([None], dtype=told.schema[_RECORD]).new_from_index(0, rows.len())
    return nothing.scatter(told[_ROW], told[_RECORD])


def _keyed_values(level: pl.DataFrame, places: Mapping[Read, tuple[str, ...]]) -> dict[Read, pl.Expr]:
    """The reads that stand in lists under a key; each list is gone through once.

    Lists in the elements of others are left to `_value`, and so is what may stand in several places.
    """
    lists: dict[_Entries, dict[Read, str]] = {}
    for read, steps in places.items():
        lists_down = [(at, keyed(step)) for at, step in enumerate(steps) if keyed(step) or step == EACH]
        if len(lists_down) != 1 or "|" in "".join(steps[: lists_down[0][0]]):
            continue
        ((at, of_list),) = lists_down
        if of_list and steps[at + 1 :]:
            entries = _Entries((*steps[:at], of_list.list), of_list.key, steps[at + 1 :])
            lists.setdefault(entries, {})[read] = of_list.value
    nothing = pl.lit(None, dtype=pl.String)
    found: dict[Read, pl.Expr] = {}
    for entries, keys in lists.items():
        values = entries.of(level, set(keys.values()))
        found |= {read: pl.lit(values[key]) if key in values else nothing for read, key in keys.items()}
    return found
