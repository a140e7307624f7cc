"""Requests that a log tells several times, each time more fully: exact over the whole input, in bounded memory.

A coding agent writes a line for every piece of a streamed answer, with the counts so far, and copies old lines into the
files of resumed sessions. All lines of one id are one request, of which every count is the largest that any line has.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import polars as pl

from costopt.models.schema import TOKENS

SOURCE: Final = "\x1esource"
"""The number of the log that a request is from."""

_IN_MEMORY: Final = 500_000
_BUCKETS: Final = 64
_LARGEST: Final = (*TOKENS, "requests", "web_searches", "cost_usd")


class Repeats:
    """Holds requests until all of them are known; many wait on disk, by the hash of their id.

    State: what was held so far. A context manager: leaving it removes what is on disk.
    """

    def __init__(self) -> None:
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self._files: dict[int, list[Path]] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="costopt-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def hold(self, requests: pl.DataFrame, source: int) -> None:
        """Take requests of the log of that number."""
        self._held.append(requests.with_columns(pl.lit(source, dtype=pl.Int64).alias(SOURCE)))
        self._rows += requests.height
        if self._rows > _IN_MEMORY:
            self._spill()

    def _spill(self) -> None:
        for bucket, part in _in_buckets(_together(self._held)):
            files = self._files.setdefault(bucket, [])
            file = Path(self._folder.name, f"{bucket}-{len(files)}.arrow")
            part.write_ipc(file, compression="zstd")
            files.append(file)
        self._held, self._rows = [], 0

    def told(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Every request once, and the lines that told it less fully; in parts, with `SOURCE`."""
        if not self._files:
            if self._held:
                yield _told_once(_together(self._held))
            return
        if self._held:
            self._spill()
        for files in self._files.values():
            yield _told_once(_together([pl.read_ipc(file) for file in files]))


def _together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="diagonal_relaxed")


def _in_buckets(requests: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    numbered = requests.with_columns((_identity(requests).hash(seed=3) % _BUCKETS).alias("\x1ebucket"))
    for (bucket,), part in numbered.partition_by("\x1ebucket", as_dict=True, include_key=False).items():
        yield int(bucket), part


def _identity(requests: pl.DataFrame) -> pl.Expr:
    return pl.col("request_id") if "request_id" in requests.columns else pl.lit(None, dtype=pl.String)


def _told_once(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each id once: the line with most output, its counts the largest of all lines, at the time of the first.

    Lines without an id are requests of their own. The order of the lines does not matter.
    """
    if "request_id" not in lines.columns:
        return lines, lines.clear()
    texts = [name for name in sorted(lines.columns) if lines.schema[name] in (pl.Categorical, pl.String)]
    keys = ["request_id", "output_tokens", "input_tokens", "timestamp"]
    by_text = [pl.col(name).cast(pl.String) for name in texts if name != "request_id"]
    ordered = lines.sort(
        *keys, *by_text, descending=[False, True, True, False, *[False] * len(by_text)], nulls_last=True
    )
    counts = [name for name in _LARGEST if name in lines.columns]
    fullest = ordered.select(
        pl.col(counts).max().over("request_id"), pl.col("timestamp").min().over("request_id")
    )
    named = pl.col("request_id").is_not_null()
    whole = ordered.with_columns(
        pl.when(named).then(fullest[name]).otherwise(name).alias(name) for name in fullest.columns
    )
    first = ordered.select(~named | pl.col("request_id").is_first_distinct()).to_series()
    return whole.filter(first), ordered.filter(~first)
