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

from costopt.models.parts import EXCEEDED
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

    def hold(self, requests: pl.DataFrame, source: int) -> pl.DataFrame:
        """Take requests of the log of that number; those without an id are given back, as nothing can repeat them."""
        if "request_id" not in requests.columns:
            return requests
        named = requests.filter(pl.col("request_id").is_not_null())
        if named.height:
            self._held.append(named.with_columns(pl.lit(source, dtype=pl.Int64).alias(SOURCE)))
            self._rows += named.height
        if self._rows > _IN_MEMORY:
            self._spill()
        return requests.filter(pl.col("request_id").is_null())

    def _spill(self) -> None:
        for bucket, part in _in_buckets(_together(self._held)):
            files = self._files.setdefault(bucket, [])
            file = Path(self._folder.name, f"{bucket}-{len(files)}.arrow")
            part.write_ipc(file, compression="zstd")
            files.append(file)
        self._held, self._rows = [], 0

    def told(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Every request once, and the lines that told it less fully, at its time; in parts, with `SOURCE`."""
        if not self._files:
            if self._held:
                yield _told_once(_together(self._held))
            return
        if self._held:
            self._spill()
        for files in self._files.values():
            yield _told_once(_together([pl.read_ipc(file) for file in files]))


def _together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Requests of several logs, of which some may not say how many requests a line stands for."""
    whole = pl.concat(frames, how="diagonal_relaxed")
    return whole.with_columns(pl.col("requests").fill_null(1)) if "requests" in whole.columns else whole


def _in_buckets(requests: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    bucket = (pl.col("request_id").hash(seed=3) % _BUCKETS).alias("\x1ebucket")
    parts = requests.with_columns(bucket).partition_by("\x1ebucket", as_dict=True, include_key=False)
    for (number,), part in parts.items():
        yield int(number), part


def _told_once(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each id once: the line with most output, its counts the largest of all lines, at the time of the first.

    Where that cannot be, as parts would be more than their whole, the counts are those of the line. The order of the
    lines does not matter.
    """
    is_repeated = lines["request_id"].is_duplicated()
    if not is_repeated.any():
        return lines, lines.clear()
    once, again = _merged(lines.filter(is_repeated))
    return pl.concat([lines.filter(~is_repeated), once]).sort("request_id"), again


def _merged(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """As `_told_once`: it costs far more than to see which lines need it."""
    ordered = _fullest_first(lines)
    largest = [name for name in _LARGEST if name in lines.columns]
    every = ordered.with_columns(pl.col("timestamp").min().over("request_id"))
    whole = every.with_columns(pl.col(largest).max().over("request_id"))
    whole = whole.with_columns(
        pl.when(_is_possible(lines.columns)).then(pl.col(name)).otherwise(every[name]).alias(name)
        for name in largest
    )
    first = pl.col("request_id").is_first_distinct()
    return whole.filter(first), every.filter(~first)


def _fullest_first(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of each id in an order that depends on nothing but what they say."""
    by = ["request_id", "output_tokens", "input_tokens", "timestamp"]
    by += [*sorted(name for name in lines.columns if name not in {*by, SOURCE}), SOURCE]
    texts = {name for name, dtype in lines.schema.items() if dtype == pl.Categorical}
    falling = [name in _LARGEST for name in by]
    keys = [pl.col(name).cast(pl.String) if name in texts else pl.col(name) for name in by]
    return lines.sort(keys, descending=falling, nulls_last=True)


def _is_possible(columns: Sequence[str]) -> pl.Expr:
    """Whether no count is more than what it is a part of."""
    zero = pl.lit(0, dtype=pl.Int64)
    part = {name: pl.col(name).fill_null(0) if name in columns else zero for name in TOKENS}
    return ~pl.any_horizontal(exceeds(part) for _, _, exceeds in EXCEEDED)
