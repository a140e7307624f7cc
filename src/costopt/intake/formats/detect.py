"""Which format a log is in, and where its columns are, from a sample of its records."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from costopt.errors import ConfigError, FormatError
from costopt.intake.formats.catalogue import all_formats, named
from costopt.intake.formats.format import Derivation, Field, Fields, Format, Kind, Layout, Wishes
from costopt.intake.formats.generic import GENERIC, generic_columns
from costopt.intake.formats.places import is_empty, is_told, may_be_told, steps_to
from costopt.intake.formats.reads import EACH, Read, role_of
from costopt.models.schema import REQUESTS, REQUIRED

_SHOWN: Final = 24
_PLACES: Final = 3
SOME_ELEMENTS: Final = 20
"""How many elements of a list in a sample are looked at."""


_KINDS: Final[Mapping[type, Kind]] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    list: "list",
}


def kind_of(value: object) -> Kind:
    """What a decoded JSON value is."""
    return _KINDS.get(type(value), "object")


@dataclass(slots=True)
class _Seen:
    """A place in some records. State: what was seen there, and the places inside it and inside its elements."""

    types: set[type] = field(default_factory=set)
    inner: "dict[str, _Seen]" = field(default_factory=dict)
    elements: "_Seen | None" = None

    def element(self) -> "_Seen":
        self.elements = self.elements or _Seen()
        return self.elements

    def fields(self, steps: tuple[str, ...] = ()) -> Iterator[Field]:
        """Every place inside it, those inside of which follow it."""
        pending = [(steps, self, False)]
        while pending:
            path, place, is_field = pending.pop()
            if is_field:
                yield Field(path, frozenset(_KINDS.get(each, "object") for each in place.types))
            if place.elements:
                pending.append(((*path, "[]"), place.elements, False))
            pending += [((*path, name), each, True) for name, each in reversed(place.inner.items())]


def fields_of(
    records: Iterable[Mapping[str, object]], elements: int | None = SOME_ELEMENTS
) -> dict[str, Field]:
    """Every field of the records with the kinds of values seen there: nested ones by dotted name, of lists `[]`.

    Args:
        records: Where to look.
        elements: How many elements of a list are looked at; None for all.
    """
    top = _Seen()
    for record in records:
        _see(record, top, elements)
    found: dict[str, Field] = {}
    for each in top.fields():
        found.setdefault(each.name, each)
    return found


def _see(record: Mapping[str, object], top: _Seen, elements: int | None) -> None:
    """Adds what is in a record."""
    pending: list[tuple[_Seen, Mapping[str, object]]] = [(top, record)]
    while pending:
        outer, values = pending.pop()
        for name, value in values.items():
            place = outer.inner.get(name)
            if place is None:
                place = outer.inner[name] = _Seen()
            place.types.add(type(value))
            if isinstance(value, dict):
                pending.append((place, value))
            elif isinstance(value, list):
                objects = [each for each in value[:elements] if isinstance(each, dict)]
                pending += [(place.element(), each) for each in reversed(objects)]


def layout_of(path: str, fields: Fields, wishes: Wishes, extras: Iterable[str] = ()) -> Layout:
    """How a log with these fields is understood; raises `FormatError` where it is not."""
    layout = find_layout(path, fields, wishes, extras)
    lacking = layout.missing(REQUIRED)
    if not layout.columns and not layout.derivation:
        lacking = list(REQUIRED)
    unread = [name for name in lacking if name in layout.unread]
    if lacking:
        known_as = f" as `{layout.format}`" if unread else ""
        cure = f"name the column with `--map {lacking[0]}=COLUMN`, or give a constant with `--set {lacking[0]}=VALUE`"
        if unread:
            places = _listed(layout.unread[unread[0]], _PLACES)
            cure = f"`{layout.format}` reads {unread[0]} from {places}; without `--format` it is found out what the log is"
        raise FormatError(
            f"`{path}` is not understood{known_as}: no column for {_listed(lacking)}; it has {_listed(_plain(fields))}",
            hint=cure,
        )
    return layout


def find_layout(path: str, fields: Fields, wishes: Wishes, extras: Iterable[str] = ()) -> Layout:
    """As `layout_of`, but columns may be missing.

    Args:
        path: The log, for messages.
        fields: What its records hold.
        wishes: The user's `--map`, `--set` and `--format`.
        extras: Further columns asked for, by the log's own names; absent ones are left out.

    Raises:
        FormatError: if a mapped column is not in the log, or it holds no requests by its format.
        ConfigError: if a wish names no canonical column, or no format.
    """
    for name in (*wishes.columns, *wishes.constants):
        if name not in REQUESTS:
            near = difflib.get_close_matches(name, REQUESTS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"the columns are {_listed(REQUESTS)}"
            raise ConfigError(f"`{name}` is not a column of a request", hint=hint)
    found, root, is_sure = _recognised(fields, wishes.format)
    if found.refusal:
        raise FormatError(f"`{path}` is {found.refusal.what}", hint=found.refusal.instead)
    inside = fields_inside(fields, root)
    own = {name: inside[name] for name in extras if name not in REQUESTS and name in inside}
    own |= {canonical: _mapped(path, inside, canonical, name) for canonical, name in wishes.columns.items()}
    if found is GENERIC:
        return Layout(found.name, {**generic_columns(fields), **own}, wishes.constants)
    columns = {**found.columns(inside), **{name: _read(name, place) for name, place in own.items()}}
    keep = found.keep(inside) if callable(found.keep) else found.keep
    derivation = Derivation(
        columns, root, keep, found.carried, found.shared(inside), found.repeats, found.sums
    )
    unread = {} if is_sure else _unread(derivation, fields)
    return Layout(found.name, {}, wishes.constants, derivation, fields, unread)


def _recognised(fields: Fields, name: str | None) -> tuple[Format, tuple[str, ...], bool]:
    """The format of records with these fields, or the one named, where in a line they are, and whether that is sure."""
    formats = (named(name),) if name else all_formats()
    for each in formats:
        for root in each.roots:
            if each.sniff(fields_inside(fields, root)):
                return each, root, True
    return (formats[0], formats[0].roots[0], False) if name else (GENERIC, (), True)


def _unread(derivation: Derivation, fields: Fields) -> dict[str, tuple[str, ...]]:
    """The required columns of a format that was not recognised for which there is nothing, and where that would be.

    There need be nothing where there are no records, or where what tells requests from other records is there.
    """
    keep = derivation.keep
    if is_empty(derivation.rows, fields) or (keep is not None and is_told(keep, derivation, fields)):
        return {}
    columns = {name: derivation.columns[name] for name in REQUIRED if name in derivation.columns}
    return {
        name: tuple(dict.fromkeys(read.shown for read in derivation.reads_in(column)))
        for name, column in columns.items()
        if not may_be_told(column, derivation, fields)
    }


def fields_inside(fields: Fields, root: tuple[str, ...]) -> Fields:
    """The fields of the records, where these are elements of lists."""
    steps = steps_to(root)
    found = {}
    for place in fields.values():
        if len(place.steps) > len(steps) and place.steps[: len(steps)] == steps:
            own = Field(place.steps[len(steps) :], place.kinds)
            found[own.name] = own
    return found


def _read(canonical: str, place: Field) -> pl.Expr:
    """A column as it stands in the records."""
    steps = tuple(EACH if step == "[]" else step for step in place.steps)
    return pl.col(Read(role_of(canonical), steps).name)


def _mapped(path: str, fields: Fields, canonical: str, name: str) -> Field:
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"it has {_listed(_plain(fields))}"
        raise FormatError(f"`{path}` has no column `{name}` to read {canonical} from", hint=hint)
    if fields[name].is_object:
        inside = _listed(inner for inner in fields if inner.startswith(f"{name}."))
        raise FormatError(
            f"`{path}`: `{name}` is an object, nothing to read {canonical} from", hint=f"in it are {inside}"
        )
    return fields[name]


def _plain(fields: Fields) -> Iterator[str]:
    """The fields that are not inside a list."""
    return (name for name, place in fields.items() if "[]" not in place.steps)


def _listed(names: Iterable[str], most: int = _SHOWN) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > most:
        quoted = [*quoted[:most], f"{len(quoted) - most} more"]
    return ", ".join(quoted) or "no columns"
