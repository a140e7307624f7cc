"""Which format a log is in, and where its columns are, from a sample of its records."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

from costopt.errors import ConfigError, FormatError
from costopt.intake.formats.format import Field, Format, Kind, Layout, Wishes
from costopt.intake.formats.generic import GENERIC
from costopt.models.schema import REQUESTS, REQUIRED

FORMATS: Final[tuple[Format, ...]] = (GENERIC,)
_SHOWN: Final = 24


def kind_of(value: object) -> Kind:
    """What a decoded JSON value is."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "str"
        case list():
            return "list"
        case _:
            return "object"


def fields_of(records: Iterable[Mapping[str, object]]) -> dict[str, Field]:
    """Every field of the records, nested ones by dotted name, with the kinds of values seen there."""
    steps: dict[str, tuple[str, ...]] = {}
    kinds: dict[str, set[Kind]] = {}
    for record in records:
        pending: list[tuple[tuple[str, ...], object]] = [
            ((name,), value) for name, value in reversed(list(record.items()))
        ]
        while pending:
            path, value = pending.pop()
            name = ".".join(path)
            steps.setdefault(name, path)
            kinds.setdefault(name, set()).add(kind_of(value))
            if isinstance(value, dict):
                pending.extend(((*path, key), inner) for key, inner in reversed(list(value.items())))
    return {name: Field(path, frozenset(kinds[name])) for name, path in steps.items()}


def layout_of(path: str, fields: Mapping[str, Field], wishes: Wishes, extras: Iterable[str] = ()) -> Layout:
    """How a log with these fields is understood; raises `FormatError` where it is not."""
    layout = find_layout(path, fields, wishes, extras)
    lacking = layout.missing(REQUIRED)
    if not layout.columns:
        lacking = list(REQUIRED)
    if lacking:
        raise FormatError(
            f"`{path}` is not understood: no column for {_listed(lacking)}; it has {_listed(fields)}",
            hint=f"name the column with `--map {lacking[0]}=COLUMN`, or give a constant with `--set {lacking[0]}=VALUE`",
        )
    return layout


def find_layout(path: str, fields: Mapping[str, Field], wishes: Wishes, extras: Iterable[str] = ()) -> Layout:
    """As `layout_of`, but columns may be missing.

    Args:
        path: The log, for messages.
        fields: What its records hold.
        wishes: The user's `--map` and `--set`.
        extras: Further columns asked for, by the log's own names; absent ones are left out.

    Raises:
        FormatError: if a mapped column is not in the log.
        ConfigError: if a wish names no canonical column.
    """
    for name in (*wishes.columns, *wishes.constants):
        if name not in REQUESTS:
            near = difflib.get_close_matches(name, REQUESTS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"the columns are {_listed(REQUESTS)}"
            raise ConfigError(f"`{name}` is not a column of a request", hint=hint)
    chosen = FORMATS[0]
    columns = chosen.columns(fields)
    for canonical, name in wishes.columns.items():
        columns[canonical] = _mapped(path, fields, canonical, name)
    columns |= {name: fields[name] for name in extras if name not in columns and name in fields}
    return Layout(chosen.name, columns, wishes.constants)


def _mapped(path: str, fields: Mapping[str, Field], canonical: str, name: str) -> Field:
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"it has {_listed(fields)}"
        raise FormatError(f"`{path}` has no column `{name}` to read {canonical} from", hint=hint)
    if fields[name].is_object:
        inside = _listed(inner for inner in fields if inner.startswith(f"{name}."))
        raise FormatError(
            f"`{path}`: `{name}` is an object, nothing to read {canonical} from", hint=f"in it are {inside}"
        )
    return fields[name]


def _listed(names: Iterable[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > _SHOWN:
        quoted = [*quoted[:_SHOWN], f"{len(quoted) - _SHOWN} more"]
    return ", ".join(quoted) or "no columns"
