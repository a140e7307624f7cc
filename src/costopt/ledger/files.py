"""The files of a state folder: their names, one writer at a time, and files that are written as a whole."""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from costopt.errors import LedgerError

LEDGER: Final = "baseline_history.jsonl"
"""The ledger itself: the only file of the entries that cannot be made anew from another one."""
HEAD: Final = "baseline_history.head.json"
"""How far the ledger went after the last recording."""
INDEX: Final = "baseline_history.index"
"""Which entries it has; made anew where it is missing or behind."""
TORN: Final = "baseline_history.torn"
"""Half-written lines that were cut off the ledger."""
CLOSED: Final = "closed_months.json"
"""The months that have an invoice."""
FRONTIER: Final = "frontier_models.json"
"""The frontier models and their flat rates."""

PATIENCE: Final = 60.0
"""How many seconds a writer waits for another one, unless told otherwise."""


def default_state() -> Path:
    """Where state lives unless the user names a folder: the platform's folder for a program's data."""
    return user_data_path("costopt", appauthor=False)


@contextmanager
def writing(state: Path, name: str = LEDGER, timeout: float = PATIENCE) -> Iterator[None]:
    """The right to write one file of the state folder, which is made if there is none.

    The right is a lock of the operating system on a file beside it; it ends with the process that holds it.

    Args:
        state: The folder.
        name: The file.
        timeout: Seconds to wait for another process.

    Raises:
        LedgerError: if another process still has it, or the folder cannot be written.
    """
    path = state / name
    with told(state):
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"), timeout=timeout)
        try:
            lock.acquire()
        except Timeout as error:
            raise LedgerError(
                f"Another process has been writing `{path}` for {timeout:g} s",
                hint="run this again when it has finished",
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def told(path: Path, verb: str = "write") -> Iterator[None]:
    """Errors of the operating system about a file, in the words of the user.

    Raises:
        LedgerError: instead of any `OSError`.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "make room on the disk, then run this again" if full else "check the path and its permissions"
        raise LedgerError(f"Cannot {verb} `{path}`: {error.strerror}", hint=hint) from error


def replace(path: Path, content: bytes) -> None:
    """A file with this content instead of what there was; never a half of it, whatever happens.

    It has the permissions of the old one. A computer that fails right after it may find the old one; `sync_folder` is
    for where that would matter.

    Raises:
        OSError: if it cannot be written; then the old one is still there.
    """
    with _draft(path, content) as draft:
        if path.exists():
            draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)


def add(path: Path, content: bytes) -> None:
    """A file with this content, unless there is one, which stays; never a half of it, whatever happens.

    Raises:
        OSError: if it cannot be written; then there is none.
    """
    with _draft(path, content) as draft, suppress(FileExistsError):
        path.hardlink_to(draft)  # unlike a renaming, this never replaces a file


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A new file beside that one, which is on the disk with all its content, and gone after the block."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """The names in a folder, down to the disk, where the operating system can do that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
