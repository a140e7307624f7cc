"""Read the ledger: its current entries or all there were, as a lazy frame that never holds the whole file."""

import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

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

_FIELDS: Final = (*COLUMNS, Column("prev", "text"), Column("hash", "text"))
"""Every field of a line in its order, the seal included."""

ENTRIES: Final = {column.name: _TYPES[column.kind] for column in _FIELDS}
"""Every column with its type: `timestamp` in Unix seconds, money in US dollars."""

REQUIRED: Final = ("timestamp",)
"""Read whether it is asked for or not: what is no entry has none."""

LINE: Final = "line"
"""The number of an entry's line, from 1, by which `rows` finds it again: for columns that few entries need."""

CORRECTED_BY: Final = "corrected_by"
"""In a history, the id of the entry that corrects this one; null where none does."""

_NO_ENTRY: Final = (
    pl.exceptions.InvalidOperationError,
    pl.exceptions.ComputeError,
    UnicodeDecodeError,
)
"""What reading a line raises that has no number, a broken text, or bytes that are no text."""

_CORRECTION: Final = ', "corrects": "'
_TEXT: Final = "text"
_LINE_END: Final = re.compile(rb"\n")
_AT_ONCE: Final = 10_000
"""So many entries are whole in memory: some tens of megabytes."""


@contextmanager
def reading(
    state: Path, columns: Sequence[str] = tuple(ENTRIES), *, history: bool = False
) -> Iterator[pl.LazyFrame]:
    """The current entries, or all there were, to be collected within the block.

    Args:
        state: The state folder.
        columns: Which columns, of `ENTRIES` and `LINE`; the fewer, the faster. `timestamp` is always there.
        history: Whether corrected entries are there as well, and a column `CORRECTED_BY`.

    Raises:
        LedgerError: if the ledger cannot be read, lacks entries that it had, or has a line that is no entry.
    """
    with _only_entries(state / LEDGER):
        yield history_of(state, columns) if history else entries(state, columns)


@contextmanager
def _only_entries(path: Path) -> Iterator[None]:
    """A line that is no entry, in the words of the user."""
    try:
        yield
    except _NO_ENTRY as error:
        raise LedgerError(
            f"`{path}` has a line that is no entry",
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
    with told(path, "read"):
        lines, size = _extent(state)
        corrected = _corrected(path, size) if lines else []
    if not lines:
        return pl.LazyFrame(schema=_schema(columns))
    if not corrected:
        return _scanned(path, lines, columns)
    gone = pl.LazyFrame({"id": corrected}, schema={"id": pl.String})
    current = _scanned(path, lines, [*columns, "id"]).join(gone, on="id", how="anti")
    return current.select(*_schema(columns))


def history_of(state: Path, columns: Sequence[str] = tuple(ENTRIES)) -> pl.LazyFrame:
    """Every entry that is recorded when this is called, corrected ones too, as `entries` has them.

    Args:
        state: The state folder; without a ledger in it there are no entries.
        columns: Which columns; `CORRECTED_BY` is there as well.

    Raises:
        LedgerError: if the ledger cannot be read, or lacks entries that it had.
    """
    path = state / LEDGER
    with told(path, "read"):
        lines, _ = _extent(state)
    schema = _schema(columns)
    if not lines:
        return pl.LazyFrame(schema={**schema, CORRECTED_BY: pl.String})
    is_correction = pl.col(_TEXT).str.contains(_CORRECTION, literal=True)
    corrections = _scanned(path, lines, ["id", "corrects"], is_correction)
    by = corrections.group_by("corrects").agg(pl.col("id").min().alias(CORRECTED_BY))
    every = _scanned(path, lines, [*columns, "id"]).join(by, left_on="id", right_on="corrects", how="left")
    return every.select(*schema, CORRECTED_BY)


def rows(state: Path, known: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """What is known of some entries, with every column of theirs beside it: in the same order, some rows at a time.

    Each line is looked up where it is in the file, for lines of any order, and more than memory holds.

    Args:
        state: The state folder.
        known: With `LINE`, of entries that were read from the same ledger.

    Raises:
        LedgerError: if the ledger cannot be read, or a line is no entry.
    """
    if known.is_empty():
        return
    path = state / LEDGER
    with told(path, "read"), _only_entries(path), path.open("rb") as file:
        starts = _starts(file, max(known[LINE]))
        for some in known.iter_slices(_AT_ONCE):
            texts = [_line(file, starts[number - 1]) for number in some[LINE]]
            yield some.hstack(_parsed(pl.LazyFrame({_TEXT: texts}), tuple(ENTRIES)).collect())


def rows_from(state: Path, starts: Sequence[int], columns: Sequence[str]) -> pl.DataFrame:
    """The entries whose lines begin at these bytes of the ledger, in this order.

    Args:
        state: The state folder.
        starts: Where lines begin.
        columns: Which columns, of `ENTRIES`. `timestamp` is always there.

    Raises:
        LedgerError: if the ledger cannot be read, or has no entry there.
    """
    path = state / LEDGER
    found = [pl.DataFrame(schema=_schema(columns))]
    with told(path, "read"), _only_entries(path), path.open("rb") as file:
        for at in range(0, len(starts), _AT_ONCE):
            texts = [_line(file, start) for start in starts[at : at + _AT_ONCE]]
            found.append(_parsed(pl.LazyFrame({_TEXT: texts}), columns).collect())
    return pl.concat(found)


def _starts(file: IO[bytes], count: int) -> "array[int]":
    """Where each of the first lines begins; where one would that is there no longer, at the end."""
    starts = array("Q", [0])
    size = 0
    while len(starts) < count and (block := file.read(_BLOCK)):
        starts.extend(size + end.end() for end in _LINE_END.finditer(block))
        size += len(block)
    starts.extend([size] * (count - len(starts)))
    return starts


def _line(file: IO[bytes], start: int) -> str:
    file.seek(start)
    return file.readline().decode()


def _columns(names: Sequence[str]) -> list[Column]:
    """The columns of these names, and those that are always read, in their order."""
    return [column for column in _FIELDS if column.name in {*names, *REQUIRED}]


def _schema(names: Sequence[str]) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The columns of a frame of which these are asked for, with their types."""
    return {
        **{column.name: _TYPES[column.kind] for column in _columns(names)},
        **({LINE: pl.get_index_type()} if LINE in names else {}),
    }


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


def _scanned(path: Path, lines: int, names: Sequence[str], only: pl.Expr | None = None) -> pl.LazyFrame:
    """The entries of the first lines of a file, or of those that are like this."""
    text = pl.scan_lines(
        path,
        name=_TEXT,
        n_rows=lines,
        glob=False,
        row_index_name=LINE if LINE in names else None,
        row_index_offset=1,
    )
    return _parsed(text if only is None else text.filter(only), names)


def _parsed(text: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """The columns of lines that are texts."""
    columns = _columns(names)
    number = [LINE] if LINE in names else []
    fields = text.select(pl.col(_TEXT).str.extract_groups(_pattern(columns)).alias("fields"), *number)
    values = fields.unnest("fields").select(*(_value(column) for column in columns), *number)
    return values.filter(
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
