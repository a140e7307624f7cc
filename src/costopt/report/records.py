"""Results as JSON, and tables of records as CSV."""

import csv
import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import IO, Final

from costopt.models.result import FORMAT_VERSION, Result
from costopt.report.document import UNSEEN, spelled

Value = str | int | float | Decimal | dt.datetime | dt.date | None

_ENCODED: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_UNSEEN: Final = re.compile(f"[{UNSEEN}]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "|", "%", *"\uff1d\uff0b\uff0d\uff20")


def write_json(result: Result, file: IO[str]) -> None:
    """The result itself, with `format_version` and `kind`; money is a plain number with all its digits."""
    head = {"format_version": FORMAT_VERSION, "kind": result.kind}
    file.write(_json({**head, **result.model_dump()}, "") + "\n")


def json_line(values: Mapping[str, object]) -> str:
    """An object of what a result may hold, on one line with its end."""
    return _json(values, None) + "\n"


def _json(value: object, indent: str | None) -> str:
    """Indented, or on one line where `indent` is None."""
    deeper = None if indent is None else indent + "  "
    match value:
        case bool() | None | int() | float():  # a float is a statistic; money is Decimal
            return _ENCODED(value)
        case Decimal():
            return f"{value:f}"
        case dt.datetime():
            return json.dumps(value.isoformat().replace("+00:00", "Z"))
        case dt.date():
            return json.dumps(value.isoformat())
        case str():
            return _quoted(value)
        case Mapping():
            parts = [f"{_quoted(str(name))}: {_json(inner, deeper)}" for name, inner in value.items()]
            return _wrapped("{", parts, "}", indent)
        case Sequence():
            return _wrapped("[", [_json(inner, deeper) for inner in value], "]", indent)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a result")


def _quoted(text: str) -> str:
    """A JSON string in which no character can steer a terminal."""
    return _UNSEEN.sub(lambda found: _escaped(found[0]), _ENCODED(text))


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _wrapped(opening: str, parts: list[str], closing: str, indent: str | None) -> str:
    if not parts or indent is None:
        return opening + ", ".join(parts) + closing
    inner = f",\n{indent}  ".join(parts)
    return f"{opening}\n{indent}  {inner}\n{indent}{closing}"


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Value]], file: IO[str]) -> None:
    """A table of records; an unknown value is empty, and no text can be taken for a formula by a spreadsheet."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_harmless(name) for name in columns)
    for row in rows:
        writer.writerow(_csv(value) for value in row)


def _csv(value: Value) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case dt.datetime() | dt.date():
            return value.isoformat()
        case str():
            return _harmless(value)
        case _:
            return str(value)


def _harmless(text: str) -> str:
    """A text with an apostrophe before what a spreadsheet would run, and without control characters."""
    seen = (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() else spelled(char) for char in text)
    )
    return f"'{seen}" if text.lstrip(" ").startswith(_FORMULA) else seen
