"""Where a report goes, and in which form: the last step of every command."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeVar, assert_never

from costopt.errors import OutputError
from costopt.models.result import Result
from costopt.report.document import Document
from costopt.report.markdown import draw_markdown
from costopt.report.records import Value, write_csv, write_json
from costopt.report.terminal import draw_terminal

Form = Literal["table", "json", "csv", "md"]
R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True)
class Records:
    """A result as one flat table, for CSV."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Output:
    """How and where to write: the form, and a file instead of standard output."""

    form: Form = "table"
    to: Path | None = None


def emit(result: R, view: Callable[[R], Document], records: Callable[[R], Records], output: Output) -> None:
    """Writes the result in the form asked for.

    Raises:
        OutputError: if the file cannot be written; nothing of it is left then.
    """
    if output.to is None:
        _write(result, view, records, output.form, sys.stdout)
        return
    with replacing(output.to) as file:
        _write(result, view, records, output.form, file)


def _write(
    result: R, view: Callable[[R], Document], records: Callable[[R], Records], form: Form, file: IO[str]
) -> None:
    match form:
        case "table":
            draw_terminal(view(result), file)
        case "json":
            write_json(result, file)
        case "csv":
            table = records(result)
            write_csv(table.columns, table.rows, file)
        case "md":
            draw_markdown(view(result), file)
        case _:
            assert_never(form)


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A file that takes its place only when all of it is written, and never stays by halves.

    A device or pipe is written to as it is.

    Raises:
        OutputError: if it cannot be written.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as device:
            yield device
        return
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OutputError(
            f"Cannot write `{path}`: {error.strerror}", hint="name a folder you may write to"
        ) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OutputError(
            f"Cannot write `{path}`: {error.strerror}", hint="is there space on the disk?"
        ) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
