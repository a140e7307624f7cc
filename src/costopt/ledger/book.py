"""The ledger for whoever records in it, with its index: nobody else can, from the first look to the last line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from costopt.ledger.files import PATIENCE, writing
from costopt.ledger.head import Head
from costopt.ledger.index import Index, indexed
from costopt.ledger.opening import opened


@dataclass(slots=True)
class Book:
    """A ledger that is being recorded in.

    Attributes:
        state: The state folder.
        file: The ledger, unbuffered.
        head: Its end.
        index: Which entries it has up to there, and where.
        notes: What had to be mended, in words.
    """

    state: Path
    file: BinaryIO
    head: Head
    index: Index
    notes: tuple[str, ...]


@contextmanager
def recording_in(state: Path, timeout: float = PATIENCE) -> Iterator[Book]:
    """The ledger of a state folder, which is made if there is none; nobody else records while the block runs.

    Args:
        state: The state folder.
        timeout: Seconds to wait for another writer.

    Raises:
        LedgerError: if another process keeps writing, the ledger is damaged, or a file cannot be read or written.
    """
    with (
        writing(state, timeout=timeout),
        opened(state) as ledger,
        indexed(state, ledger.head) as index,
    ):
        yield Book(state, ledger.file, ledger.head, index, ledger.notes)
