"""Results as JSON, and tables of records as CSV."""

import csv
import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import IO, Any, Final

from pydantic import BaseModel

from costopt.models.result import FORMAT_VERSION, OnDemand, Result
from costopt.report.document import UNSEEN, spelled

Value = str | int | float | Decimal | dt.datetime | dt.date | None

_UNSEEN: Final = re.compile(f"[{UNSEEN}]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "|", "%", *"\uff1d\uff0b\uff0d\uff20")


def write_json(result: Result, file: IO[str]) -> None:
    """The result itself, with `format_version` and `kind`; money is a plain number with all its digits.

    It is written value by value, so that a result may have more `OnDemand` than memory holds.
    """
    head = {"format_version": FORMAT_VERSION, "kind": result.kind}
    _write({**head, **result.model_dump()}, file.write, "")
    file.write("\n")


def json_line(values: Mapping[str, object]) -> str:
    """An object of what a result may hold, on one line with its end."""
    parts: list[str] = []
    _write(values, parts.append, None)
    return "".join(parts) + "\n"


def _write(value: object, write: Callable[[str], object], indent: str | None) -> None:
    """A value in JSON, piece by piece: indented, or on one line where `indent` is None."""
    if text := _JSON.get(_KINDS[type(value)]):
        write(text(value))
        return
    match value:
        case Mapping():
            members = ((_name(str(name)), inner) for name, inner in value.items())
            _write_all("{", members, "}", write, indent)
        case Sequence() | OnDemand():
            _write_all("[", (("", inner) for inner in value), "]", write, indent)
        case BaseModel():
            _write(value.model_dump(), write, indent)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a result")


def _write_all(
    opening: str,
    members: Iterable[tuple[str, object]],
    closing: str,
    write: Callable[[str], object],
    indent: str | None,
) -> None:
    """The members of an object with their names, or those of an array without."""
    deeper, start, between, end = None, "", ", ", ""
    if indent is not None:
        deeper = f"{indent}  "
        start, between, end = f"\n{deeper}", f",\n{deeper}", f"\n{indent}"
    before, after = opening + start, opening + closing
    for name, inner in members:
        write(before + name)
        _write(inner, write, deeper)
        before, after = between, end + closing
    write(after)


@lru_cache
def _name(text: str) -> str:
    return f"{_quoted(text)}: "


def _quoted(text: str) -> str:
    """A JSON string in which no character can steer a terminal."""
    quoted = encode_basestring(text)
    if quoted.isascii() and quoted.isprintable():
        return quoted
    return _UNSEEN.sub(lambda found: _escaped(found[0]), quoted)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _spelled(value: bool) -> str:  # noqa: FBT001 - it is the value
    return "true" if value else "false"


_JSON: Final[Mapping[type, Callable[[Any], str]]] = {
    str: _quoted,
    int: str,
    bool: _spelled,
    type(None): lambda _: "null",
    float: json.JSONEncoder(allow_nan=False).encode,  # a statistic; money is Decimal
    Decimal: "{:f}".format,
    dt.datetime: lambda value: f'"{value.isoformat().replace("+00:00", "Z")}"',
    dt.date: lambda value: f'"{value.isoformat()}"',
}
"""How each kind of value is written that has no others in it."""


class _Kinds(dict[type, type]):
    """Which of these kinds each type is, or is derived from."""

    def __missing__(self, kind: type) -> type:
        self[kind] = next((each for each in kind.__mro__ if each in _JSON), kind)
        return self[kind]


_KINDS: Final = _Kinds()


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Value]], file: IO[str]) -> None:
    """A table of records; an unknown value is empty, and no text can be taken for a formula by a spreadsheet."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_harmless(name) for name in columns])
    writer.writerows([_CSV[_KINDS[type(value)]](value) for value in row] for row in rows)


def _harmless(text: str) -> str:
    """A text with an apostrophe before what a spreadsheet would run, and without control characters."""
    seen = (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() else spelled(char) for char in text)
    )
    return f"'{seen}" if text.lstrip(" ").startswith(_FORMULA) else seen


_CSV: Final[Mapping[type, Callable[[Any], str]]] = {
    str: _harmless,
    int: str,
    bool: _spelled,
    type(None): lambda _: "",
    float: str,
    Decimal: "{:f}".format,
    dt.datetime: dt.datetime.isoformat,
    dt.date: dt.date.isoformat,
}
"""How each kind of value is written."""
