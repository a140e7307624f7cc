"""Read the ledger: its current entries or all there were, as a lazy frame that never holds the whole file."""

import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import polars as pl

from costopt.errors import LedgerError
from costopt.ledger.files import LEDGER, told
from costopt.ledger.head import count_lines, load_head
from costopt.ledger.lines import ENTRIES, LINE, TEXT, parsed, scanned, schema_of

_BLOCK: Final = 1 << 22
_CORRECTS: Final = re.compile(rb', "corrects": "([^"]*)"')

CORRECTED_BY: Final = "corrected_by"
"""In a history, the id of the entry that corrects this one; null where none does."""

_NO_ENTRY: Final = (
    pl.exceptions.InvalidOperationError,
    pl.exceptions.ComputeError,
    UnicodeDecodeError,
)
"""What reading a line raises that has no number, a broken text, or bytes that are no text."""

_CORRECTION: Final = ', "corrects": "'
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

    Collecting raises an `InvalidOperationError` where a line is no entry.

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
        return pl.LazyFrame(schema=schema_of(columns))
    if not corrected:
        return scanned(path, lines, columns)
    gone = pl.LazyFrame({"id": corrected}, schema={"id": pl.String})
    current = scanned(path, lines, [*columns, "id"]).join(gone, on="id", how="anti")
    return current.select(*schema_of(columns))


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
    schema = schema_of(columns)
    if not lines:
        return pl.LazyFrame(schema={**schema, CORRECTED_BY: pl.String})
    is_correction = pl.col(TEXT).str.contains(_CORRECTION, literal=True)
    corrections = scanned(path, lines, ["id", "corrects"], is_correction)
    by = corrections.group_by("corrects").agg(pl.col("id").min().alias(CORRECTED_BY))
    every = scanned(path, lines, [*columns, "id"]).join(by, left_on="id", right_on="corrects", how="left")
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
            yield some.hstack(parsed(pl.LazyFrame({TEXT: texts}), tuple(ENTRIES)).collect())


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
    found = [pl.DataFrame(schema=schema_of(columns))]
    with told(path, "read"), _only_entries(path), path.open("rb") as file:
        for at in range(0, len(starts), _AT_ONCE):
            texts = [_line(file, start) for start in starts[at : at + _AT_ONCE]]
            found.append(parsed(pl.LazyFrame({TEXT: texts}), columns).collect())
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
