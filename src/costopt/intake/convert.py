"""Requests to Parquet files, one for each day, that are read again without parsing."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self, TypeAlias

import polars as pl

from costopt.errors import OutputError
from costopt.models.intake import CatalogReport, IntakeReport
from costopt.models.result import Frozen, Period, Result

_SUFFIX: Final = ".parquet"
_OTHERS: Final = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".gz", ".zst")
_DAY: Final = "\x1eday"
_HELD: Final = 500_000
_ROWS: Final = 250_000
"""Rows in a group: what a reader takes at once."""

_Days: TypeAlias = Mapping[dt.date, pl.LazyFrame]
_Metadata: TypeAlias = Callable[[dt.date | None], dict[str, str]]


class ConvertedFile(Frozen):
    """One file that was written: its path, its day in UTC (null: all days), its requests and its bytes."""

    path: str
    day: dt.date | None
    requests: int
    bytes: int


class Conversion(Result):
    """What was written.

    Attributes:
        period: First to last request.
        intake: What was read.
        catalog: The prices that the intake's dollars are at.
        to: The file or directory.
        columns: The columns that the files have.
        files: Each of them.
    """

    kind: ClassVar[str] = "convert"
    period: Period
    intake: IntakeReport
    catalog: CatalogReport
    to: str
    columns: tuple[str, ...]
    files: tuple[ConvertedFile, ...]


class Spool:
    """Holds requests by day until all are known; most of them wait on disk, beside where they will be.

    State: what was added so far. A context manager: leaving it removes what is on disk.
    """

    def __init__(self, target: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self._parts: dict[dt.date, list[Path]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def add(self, requests: pl.DataFrame) -> None:
        """Take some requests; their order stays."""
        self._held.append(requests)
        self._rows += requests.height
        if self._rows >= _HELD:
            self._spill()

    def _spill(self) -> None:
        if self._rows:
            whole = pl.concat(self._held, how="diagonal_relaxed")
            days = whole.with_columns(pl.col("timestamp").dt.date().alias(_DAY)).partition_by(
                _DAY, as_dict=True, include_key=False
            )
            for (day,), part in days.items():
                parts = self._parts.setdefault(day, [])
                path = Path(self._folder.name, f"{day}-{len(parts)}.arrow")
                part.write_ipc(path)
                parts.append(path)
        self._held, self._rows = [], 0

    def days(self) -> dict[dt.date, pl.LazyFrame]:
        """All requests of each day, earliest day first."""
        self._spill()
        return {
            day: pl.concat([pl.scan_ipc(path) for path in self._parts[day]], how="diagonal_relaxed")
            for day in sorted(self._parts)
        }


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a place where something is, before anything is read.

    Raises:
        OutputError: if it exists and is not to be overwritten, or holds anything but converted files.
    """
    if not target.parent.is_dir():
        raise OutputError(
            f"There is no folder `{target.parent}`", hint="make it first, or name another place"
        )
    if target.suffix in _OTHERS:
        raise OutputError(
            f"`{target}` ends in `{target.suffix}`",
            hint="name a directory, or a file that ends in `.parquet`",
        )
    if target.suffix == _SUFFIX and target.is_dir():
        raise OutputError(f"`{target}` is a directory", hint="name a file, or a directory without `.parquet`")
    if target.suffix != _SUFFIX and target.exists() and not target.is_dir():
        raise OutputError(
            f"`{target}` is a file that does not end in `.parquet`",
            hint="name a directory, or a file `….parquet`",
        )
    there = [target] if target.is_file() else sorted(target.iterdir()) if target.is_dir() else []
    if there and not overwrite:
        raise OutputError(f"`{target}` is there already", hint="name another place, or add `--overwrite`")
    strange = next((path for path in there if path.suffix != _SUFFIX), None)
    if strange:
        raise OutputError(
            f"`{target}` also holds `{strange.name}`, which is no converted file",
            hint="name a directory of its own",
        )


def write(spool: Spool, target: Path, metadata: _Metadata) -> tuple[list[ConvertedFile], tuple[str, ...]]:
    """The files, each whole or not at all, and their columns: a directory's by day, or one of all days.

    Args:
        spool: The requests.
        target: A directory, or a file that ends in `.parquet`.
        metadata: What a file of a day, or of all days, says of itself.

    Raises:
        OutputError: if there is no request, or they cannot be written; what was there before is still there then.
    """
    days = spool.days()
    if not days:
        raise OutputError("No request to convert", hint="`costopt inspect LOGS` shows how the logs are read")
    try:
        files = (
            _one_file(days, target, metadata) if target.suffix == _SUFFIX else _by_day(days, target, metadata)
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(
            f"Cannot write `{target}`: {reason}", hint="is there room, and may you write there?"
        ) from error
    return files, tuple(dict.fromkeys(name for frame in days.values() for name in frame.collect_schema()))


def _by_day(days: _Days, target: Path, metadata: _Metadata) -> list[ConvertedFile]:
    with _new_directory(target) as folder:
        written = [
            (day, _written(frame, folder / f"{day}{_SUFFIX}", metadata(day))) for day, frame in days.items()
        ]
    return [
        ConvertedFile(path=str(target / f"{day}{_SUFFIX}"), day=day, requests=count, bytes=size)
        for day, (count, size) in written
    ]


def _one_file(days: _Days, target: Path, metadata: _Metadata) -> list[ConvertedFile]:
    whole = pl.concat(days.values(), how="diagonal_relaxed")
    draft = target.with_name(f".{target.name}.draft")
    try:
        count, size = _written(whole, draft, metadata(None))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return [ConvertedFile(path=str(target), day=None, requests=count, bytes=size)]


def _written(frame: pl.LazyFrame, path: Path, metadata: dict[str, str]) -> tuple[int, int]:
    """How many requests a new file holds, and its size."""
    frame.sink_parquet(path, compression="zstd", row_group_size=_ROWS, metadata=metadata, maintain_order=True)
    count = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    return count, path.stat().st_size


@contextmanager
def _new_directory(target: Path) -> Iterator[Path]:
    """A directory that takes its place only when all of it is written."""
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        draft.replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
