"""Read the ledger: its current entries, as a lazy frame that never holds the whole file."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from costopt.errors import LedgerError
from costopt.ledger.entry import COLUMNS, Column, Kind
from costopt.ledger.files import LEDGER, told
from costopt.ledger.head import count_lines, load_head
from costopt.models.schema import USD

_BLOCK: Final = 1 << 22
_CORRECTS: Final = re.compile(rb', "corrects": "([^"]*)"')

_PATTERNS: Final[dict[Kind, str]] = {"count": "[0-9]+", "money": "-?[0-9.]+", "text": '[^"]*'}
_TYPES: Final[dict[Kind, pl.DataType | type[pl.DataType]]] = {
    "count": pl.Int64,
    "money": USD,
    "text": pl.String,
}

_LINE: Final = (*COLUMNS, Column("prev", "text"), Column("hash", "text"))

ENTRIES: Final = {column.name: _TYPES[column.kind] for column in _LINE}
"""Every column with its type: `timestamp` in Unix seconds, money in US dollars."""

REQUIRED: Final = ("timestamp",)
"""Read whether it is asked for or not: what is no entry has none."""


@contextmanager
def reading(state: Path, columns: Sequence[str] = tuple(ENTRIES)) -> Iterator[pl.LazyFrame]:
    """The current entries, to be collected within the block.

    Args:
        state: The state folder.
        columns: Which columns, of `ENTRIES`; the fewer, the faster. `timestamp` is always there.

    Raises:
        LedgerError: if the ledger cannot be read, lacks entries that it had, or has a line that is no entry.
    """
    try:
        yield entries(state, columns)
    except pl.exceptions.InvalidOperationError as error:
        raise LedgerError(
            f"`{state / LEDGER}` has a line that is no entry",
            hint="`costopt gainshare verify` says which; restore the file from a backup",
        ) from error


def entries(state: Path, columns: Sequence[str] = tuple(ENTRIES)) -> pl.LazyFrame:
    """The entries that are recorded when this is called, without those that were corrected.

    A line is not parsed as JSON, which would make floats of money: the ledger is written so that one regular
    expression finds the fields. Collecting raises an `InvalidOperationError` where a line is no entry.

    Args:
        state: The state folder; without a ledger in it there are no entries.
        columns: Which columns, of `ENTRIES`; the fewer, the faster. `timestamp` is always there.

    Raises:
        LedgerError: if the ledger cannot be read, or lacks entries that it had.
    """
    path = state / LEDGER
    wanted = [column for column in _LINE if column.name in {*columns, *REQUIRED}]
    with told(path, "read"):
        lines, size = _extent(state)
        corrected = _corrected(path, size) if lines else []
    if not lines:
        return pl.LazyFrame(schema={column.name: _TYPES[column.kind] for column in wanted})
    if not corrected:
        return _scanned(path, lines, wanted)
    with_id = [column for column in _LINE if column in wanted or column.name == "id"]
    gone = pl.LazyFrame({"id": corrected}, schema={"id": pl.String})
    current = _scanned(path, lines, with_id).join(gone, on="id", how="anti")
    return current.select(column.name for column in wanted)


def _extent(state: Path) -> tuple[int, int]:
    """How many whole lines the ledger has now, and how many bytes."""
    path = state / LEDGER
    head = load_head(state)  # before the size: a recording that is under way writes it after the lines
    size = path.stat().st_size if path.exists() else 0
    if head and head.bytes > size:
        raise LedgerError(
            f"`{path}` is shorter than it was: it had {head.entries:,} entries",
            hint="`costopt gainshare verify` says what is missing; restore the file from a backup",
        )
    if not size:
        return 0, 0
    entries, start = (head.entries, head.bytes) if head else (0, 0)
    more, end = count_lines(path, start, size)
    return entries + more, end


def _corrected(path: Path, size: int) -> list[str]:
    """The ids of entries that others correct: few, and found faster than lines can be parsed."""
    found = []
    with path.open("rb", buffering=0) as file:
        at, length = 0, _BLOCK
        while at < size:
            file.seek(at)
            block = file.read(min(length, size - at))
            whole = block.rfind(b"\n") + 1
            if not whole and len(block) < length:
                break  # it has become shorter
            found += _CORRECTS.findall(block, 0, whole)
            at += whole
            length = _BLOCK if whole else length * 2
    return [identity.decode() for identity in found]


def _scanned(path: Path, lines: int, columns: Sequence[Column]) -> pl.LazyFrame:
    line = pl.scan_lines(path, name="line", n_rows=lines, glob=False)
    fields = line.select(fields=pl.col("line").str.extract_groups(_pattern(columns))).unnest("fields")
    values = fields.select(_value(column) for column in columns)
    return values.filter(
        pl.col("timestamp") >= 0
    )  # so that it is always read, and with it whether there is one


def _pattern(columns: Sequence[Column]) -> str:
    """The line up to the last of the columns, with a group for each of them."""
    wanted = {column.name for column in columns}
    last = max(number for number, column in enumerate(_LINE) if column.name in wanted)
    parts = [_part(column, wanted, first=not number) for number, column in enumerate(_LINE[: last + 1])]
    return r"^\{" + "".join(parts)


def _part(column: Column, wanted: set[str], *, first: bool) -> str:
    value = _PATTERNS[column.kind]
    group = f"(?P<{column.name}>{value})" if column.name in wanted else value
    quoted = f'"{group}"' if column.kind == "text" else group
    part = f'{"" if first else ", "}"{column.name}": {quoted}'
    return f"(?:{part})?" if column.optional else part


def _value(column: Column) -> pl.Expr:
    text = pl.col(column.name)
    if column.name in REQUIRED:
        text = text.fill_null("none")  # no number: the cast says so
    if column.kind != "text":
        return text.cast(_TYPES[column.kind])
    plain = ~text.str.contains("\\", literal=True)
    return (
        pl.when(plain).then(text).otherwise(('"' + text + '"').str.json_decode(pl.String)).alias(column.name)
    )
