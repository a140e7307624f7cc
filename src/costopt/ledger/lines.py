"""What the lines of the ledger say, as columns.

They are not parsed as JSON, which would make floats of money: the ledger is written so that every quote in a line is
one of its own. So one regular expression finds all fields, and those that no line lacks are found by cutting the line
at its quotes, in two thirds of the time.
"""

from collections.abc import Sequence
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Final

import polars as pl

from costopt.ledger.entry import COLUMNS, Column, Kind
from costopt.models.schema import USD

_PATTERNS: Final[dict[Kind, str]] = {"count": "[0-9]+", "money": "-?[0-9.]+", "text": '[^"]*'}
_TYPES: Final[dict[Kind, pl.DataType | type[pl.DataType]]] = {
    "count": pl.Int64,
    "money": USD,
    "text": pl.String,
}

_FIELDS: Final = (*COLUMNS, Column("prev", "text"), Column("hash", "text"))
"""Every field of a line in its order, the seal included."""

ENTRIES: Final = {column.name: _TYPES[column.kind] for column in _FIELDS}
"""Every column with its type: `timestamp` in Unix seconds, money in US dollars."""

REQUIRED: Final = ("timestamp",)
"""Read whether it is asked for or not: what is no entry has none."""

LINE: Final = "line"
"""The number of an entry's line, from 1, by which `rows` finds it again: for columns that few entries need."""

TEXT: Final = "text"
"""The name of a column of whole lines."""

_ALWAYS: Final = tuple(takewhile(lambda column: not column.optional, COLUMNS))
_PIECES: Final[dict[Kind, int]] = {"count": 2, "money": 2, "text": 4}
"""Into how many pieces a field is cut at its quotes: its name, the rest, and of a text also its value, and the rest."""
_PLACES: Final = dict(
    zip(
        (column.name for column in _ALWAYS),
        accumulate((_PIECES[column.kind] for column in _ALWAYS), initial=1),
        strict=False,
    )
)
"""The fields that no line lacks, and which piece of a line is the name of each, counted from 0."""


def _columns(names: Sequence[str]) -> list[Column]:
    """The columns of these names, and those that are always read, in their order."""
    return [column for column in _FIELDS if column.name in {*names, *REQUIRED}]


def schema_of(names: Sequence[str]) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The columns of a frame of which these are asked for, with their types."""
    return {
        **{column.name: _TYPES[column.kind] for column in _columns(names)},
        **({LINE: pl.get_index_type()} if LINE in names else {}),
    }


def scanned(path: Path, lines: int, names: Sequence[str], only: pl.Expr | None = None) -> pl.LazyFrame:
    """The entries of the first lines of a file, or of those whose `TEXT` is like this."""
    if only is None and all(column.name in _PLACES for column in _columns(names)):
        return _cut(path, lines, names)
    text = pl.scan_lines(
        path,
        name=TEXT,
        n_rows=lines,
        glob=False,
        row_index_name=LINE if LINE in names else None,
        row_index_offset=1,
    )
    return parsed(text if only is None else text.filter(only), names)


def parsed(text: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """The columns of lines that are texts."""
    columns = _columns(names)
    number = [LINE] if LINE in names else []
    fields = text.select(pl.col(TEXT).str.extract_groups(_pattern(columns)).alias("fields"), *number)
    return _typed(fields.unnest("fields"), names, [pl.col(column.name) for column in columns])


def _cut(path: Path, lines: int, names: Sequence[str]) -> pl.LazyFrame:
    """The columns that no line lacks, of the first lines of a file: rows of a table that quotes separate.

    The name of every field up to the last of them has to be in its place.
    """
    columns = _columns(names)
    last = _PLACES[columns[-1].name]
    pieces = pl.scan_csv(
        path,
        separator='"',
        quote_char=None,
        has_header=False,
        schema={str(place): pl.String for place in range(last + _PIECES["text"])},
        extra_columns="ignore",
        missing_columns="insert",
        empty_string_is_null=False,
        n_rows=lines,
        glob=False,
        row_index_name=LINE if LINE in names else None,
        row_index_offset=1,
    )
    names_are_there = [pl.col(str(place)) == name for name, place in _PLACES.items() if place <= last]
    is_entry = pl.all_horizontal(pl.col("0") == "{", *names_are_there)
    fields = [
        pl.when(is_entry).then(_piece(column)) if column.name in REQUIRED else _piece(column)
        for column in columns
    ]
    return _typed(pieces, names, fields)


def _piece(column: Column) -> pl.Expr:
    """The text of a field that no line lacks."""
    place = _PLACES[column.name]
    if column.kind == "text":
        return pl.col(str(place + 2))
    return pl.col(str(place + 1)).str.strip_prefix(": ").str.strip_suffix(", ")


def _typed(frame: pl.LazyFrame, names: Sequence[str], fields: Sequence[pl.Expr]) -> pl.LazyFrame:
    """The columns of these names, made of their texts."""
    number = [LINE] if LINE in names else []
    values = [_value(column, text) for column, text in zip(_columns(names), fields, strict=True)]
    return frame.select(*values, *number).filter(
        pl.col("timestamp") >= 0
    )  # so that it is always read, and with it whether there is one


def _pattern(columns: Sequence[Column]) -> str:
    """The line up to the last of the columns, with a group for each of them."""
    wanted = {column.name for column in columns}
    last = max(number for number, column in enumerate(_FIELDS) if column.name in wanted)
    parts = [_part(column, wanted, first=not number) for number, column in enumerate(_FIELDS[: last + 1])]
    return r"^\{" + "".join(parts)


def _part(column: Column, wanted: set[str], *, first: bool) -> str:
    value = _PATTERNS[column.kind]
    group = f"(?P<{column.name}>{value})" if column.name in wanted else value
    quoted = f'"{group}"' if column.kind == "text" else group
    part = f'{"" if first else ", "}"{column.name}": {quoted}'
    return f"(?:{part})?" if column.optional else part


def _value(column: Column, text: pl.Expr) -> pl.Expr:
    if column.name in REQUIRED:
        text = text.fill_null("none")  # no number: the cast says so
    if column.kind == "text":
        plain = ~text.str.contains("\\", literal=True)
        text = pl.when(plain).then(text).otherwise(('"' + text + '"').str.json_decode(pl.String))
    elif column.kind == "count":
        text = text.cast(pl.UInt64)  # no count is negative
    return text.cast(_TYPES[column.kind]).alias(column.name)
