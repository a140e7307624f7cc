"""Where a report goes, and in which form: the last step of every command."""

import errno
import io
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal, TypeVar, assert_never

from costopt.errors import OutputError
from costopt.models.result import Result
from costopt.report.document import Document
from costopt.report.markdown import draw_markdown
from costopt.report.records import Value, write_csv, write_json

_LOOKS: Final = 5
_BETWEEN_LOOKS: Final = 0.01

Form = Literal["table", "json", "csv", "md", "html"]
R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True)
class Records:
    """A result as one flat table, for CSV."""

    columns: tuple[str, ...]
    rows: Iterable[Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Output:
    """How and where to write: the form, and a file instead of standard output."""

    form: Form = "table"
    to: Path | None = None


def emit(result: R, view: Callable[[R], Document], records: Callable[[R], Records], output: Output) -> None:
    """Writes the result in the form asked for.

    Raises:
        OutputError: if it cannot be written; nothing is left of a file then.
    """
    with replacing(output.to) if output.to else _standard_output() as file:
        _write(result, view, records, output.form, file)


def emit_text(text: str, to: Path | None) -> None:
    """Writes a text that is no report, such as a configuration, to a file or to standard output.

    Raises:
        OutputError: if it cannot be written; nothing is left of a file then.
    """
    with replacing(to) if to else _standard_output() as file:
        file.write(text)


@contextmanager
def _standard_output() -> Iterator[IO[str]]:
    """Standard output; whoever reads it may have had enough of it, and that is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for terminals and pipes that are not UTF-8
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):  # what is left in the buffer must not fail once more at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            message = f"Cannot write to standard output: {error.strerror}"
            raise OutputError(message, hint=_remedy(error)) from error


def _write(
    result: R, view: Callable[[R], Document], records: Callable[[R], Records], form: Form, file: IO[str]
) -> None:
    match form:
        case "table":
            from costopt.report.terminal import draw_terminal  # Rich takes longer to load than JSON to write

            draw_terminal(view(result), file)
        case "json":
            write_json(result, file)
        case "csv":
            table = records(result)
            write_csv(table.columns, table.rows, file)
        case "md":
            draw_markdown(view(result), file)
        case "html":
            from costopt.report.webpage import draw_webpage

            draw_webpage(view(result), file)
        case _:
            assert_never(form)


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A file that takes its place only when all of it is written, and never stays by halves.

    It keeps the permissions of the file it replaces. A device or pipe is written to as it is; a link is followed.

    Raises:
        OutputError: if it cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        in_place = path.exists() and not path.is_file()
        with _device(path) if in_place else _draft(target) as file:
            yield file
    except OSError as error:
        raise OutputError(f"Cannot write `{path}`: {error.strerror}", hint=_remedy(error)) from error


def append_line(path: Path, line: str) -> None:
    """Adds a line to a file, which is made if there is none, in one write: lines of several programs do not mix.

    Where the file ends in the middle of a line, as after a crash, the new one begins on its own.

    Raises:
        OutputError: if it cannot be written.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            content = (line if _ends_a_line(handle) else f"\n{line}").encode()
            if os.write(handle, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(handle)
    except OSError as error:
        raise OutputError(f"Cannot write `{path}`: {error.strerror}", hint=_remedy(error)) from error


def _ends_a_line(handle: int) -> bool:
    """Whether a file is empty, or ends with a line's end; a device has no end.

    What is in the middle of a line may be another program's write that has just begun: it is given a little time.
    """
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode) or not state.st_size:
        return True
    for _ in range(_LOOKS):
        os.lseek(handle, -1, os.SEEK_END)
        if os.read(handle, 1) == b"\n":
            return True
        time.sleep(_BETWEEN_LOOKS)
    return False


def _device(path: Path) -> IO[str]:
    return path.open("w", encoding="utf-8", newline="")


@contextmanager
def _draft(target: Path) -> Iterator[IO[str]]:
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _remedy(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "make room on the disk" if full else "name a file in a folder you may write to"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
