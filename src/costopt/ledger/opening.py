"""Open the ledger for writing: mend what an interrupted run left behind, and refuse what nobody should write after."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from costopt.errors import LedgerError
from costopt.ledger.chain import GENESIS, Seal, seal_of
from costopt.ledger.closed import closings
from costopt.ledger.files import LEDGER, TORN, sync_folder, told
from costopt.ledger.head import Head, count_lines, fits, load_head, save_head
from costopt.ledger.index import last_indexed

_BLOCK: Final = 1 << 16
_VERIFY: Final = "run `costopt gainshare verify`, and restore the file from a backup"


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger that ends in a whole line.

    Attributes:
        file: The file, unbuffered.
        head: Its end.
        notes: What had to be mended, in words.
    """

    file: BinaryIO
    head: Head
    notes: tuple[str, ...]


@contextmanager
def opened(state: Path) -> Iterator[Opened]:
    """The ledger of a state folder, to write to; there must be no other writer.

    A half-written last line is appended to the file of torn lines and cut off; one that only lacks its line end
    gets it.

    Raises:
        LedgerError: if the file cannot be read, its last line is damaged, or it does not go on from where it was.
    """
    path = state / LEDGER
    with told(path):
        new = not path.exists()
        file = path.open("x+b" if new else "r+b", buffering=0)
        if new:
            sync_folder(state)
    remembered = load_head(state)
    with file:
        with told(path):
            mended = _heal(state, file, remembered or Head())
        with told(path, "read"):
            head, lost = _head(state, file, remembered)
        if head != remembered:
            save_head(state, head)
        yield Opened(file, head, (*mended, *lost))


def append(path: Path, file: BinaryIO, size: int, data: bytes) -> None:
    """Writes whole lines behind the last one, down to the disk; all of them or, where that fails, none.

    Raises:
        LedgerError: if they cannot be written.
    """
    with told(path):
        file.seek(size)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):  # the next one to open it does the same
                file.truncate(size)
                os.fsync(file.fileno())
            raise


def _heal(state: Path, file: BinaryIO, remembered: Head) -> list[str]:
    size = file.seek(0, os.SEEK_END)
    end = _line_start(file, size)
    if end == size:
        return []
    file.seek(end)
    rest = file.read(size - end)
    whole = seal_of(rest + b"\n")
    before = _last_seal(file, end)
    if whole and whole.hash == whole.computed and whole.prev == (before.hash if before else GENESIS):
        file.seek(size)
        file.write(b"\n")
        os.fsync(file.fileno())
        return ["the last entry lacked its line end, which was added"]
    if remembered.bytes > end:
        raise _other(state, remembered)  # it was whole once: that is no interrupted recording
    with (state / TORN).open("ab") as torn:
        torn.write(rest + b"\n")
        torn.flush()
        os.fsync(torn.fileno())
    file.truncate(end)
    os.fsync(file.fileno())
    return [f"a half-written line of {len(rest):,} bytes was moved from the end of the ledger to `{TORN}`"]


def _line_start(file: BinaryIO, end: int) -> int:
    """Where the line begins that a byte before `end` is in: behind the last line end before it."""
    while end:
        start = max(0, end - _BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _last_seal(file: BinaryIO, end: int) -> Seal | None:
    """The seal of the whole line that ends there; None where there is no line, or it has none."""
    start = _line_start(file, max(0, end - 1))
    file.seek(start)
    return seal_of(file.read(end - start))


def _head(state: Path, file: BinaryIO, remembered: Head | None) -> tuple[Head, list[str]]:
    path = state / LEDGER
    size = file.seek(0, os.SEEK_END)
    seal = _last_seal(file, size)
    if size and (seal is None or seal.hash != seal.computed):
        raise LedgerError(f"The last line of `{path}` is damaged", hint=_VERIFY)
    for witness in [remembered] if remembered else _witnesses(state):
        if witness.bytes > size or not fits(path, witness):
            raise _other(state, witness)
    known = remembered or Head()
    lines, _ = count_lines(path, known.bytes, size)
    head = Head(entries=known.entries + lines, bytes=size, hash=seal.hash if seal else GENESIS)
    lost = not remembered and head.entries
    return head, ["what was remembered of the ledger's end was lost, and is made anew"] if lost else []


def _other(state: Path, witness: Head) -> LedgerError:
    return LedgerError(
        f"`{state / LEDGER}` is not what it was: it had {witness.bytes:,} bytes, and ended in the hash {witness.hash}",
        hint=_VERIFY,
    )


def _witnesses(state: Path) -> list[Head]:
    """Who else has seen the ledger."""
    indexed = last_indexed(state)
    return [*([indexed] if indexed else []), *(closing.head for closing in closings(state))]
