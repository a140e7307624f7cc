"""Requests that were read before: exact over the whole input, whatever the partitions, in bounded memory."""

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import polars as pl

_IN_MEMORY: Final = 500_000
"""Keys held in memory; older runs wait on disk."""

_GROWTH: Final = 4


@dataclass(slots=True)
class _Run:
    """The keys of some requests that lie between two times; sorted, 8 bytes each."""

    start: dt.datetime
    end: dt.datetime
    size: int
    keys: pl.Series | None
    file: Path

    def load(self) -> pl.Series:
        return self.keys if self.keys is not None else pl.read_ipc(self.file)["key"]

    def spill(self) -> None:
        if self.keys is not None:
            self.keys.alias("key").to_frame().write_ipc(self.file, compression="uncompressed")
            self.keys = None

    def mingles_with(self, other: "_Run") -> bool:
        """Whether the two cover half of the shorter one's time together."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return 2 * shared >= min(self.end - self.start, other.end - other.start) and shared >= dt.timedelta(0)


class Duplicates:
    """Knows every request by a 64-bit hash of its id and time: a repeated one has both.

    As a log is more or less in order, the requests of a partition are looked for only in the runs of keys whose
    times overlap theirs, and runs that no partition asks for lie on disk: memory does not grow with the log.
    Runs that mingle in time (a log in no order) are merged, so that there are few.

    State: the runs. A context manager: leaving it removes what is on disk.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._folder = tempfile.TemporaryDirectory(prefix="costopt-")
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def repeated(self, requests: pl.DataFrame) -> pl.Series | None:
        """True for each row that was read before, in this frame or an earlier one; `None` where none was.

        A request without an id is never a duplicate.
        """
        if "request_id" not in requests.columns or requests.is_empty():
            return None
        identity = pl.col("request_id")
        keyed = requests.select(
            key=pl.when(identity.is_not_null()).then(
                identity.hash(seed=1) ^ pl.col("timestamp").hash(seed=2)
            ),
            time=pl.col("timestamp"),
        )
        ordered = keyed["key"].sort()
        twice = bool((ordered == ordered.shift(1)).any())
        mask = ~keyed["key"].is_first_distinct() & keyed["key"].is_not_null() if twice else None
        mask = self._seen_before(keyed, mask)
        fresh = ordered if mask is None else keyed.filter(~mask)["key"].sort()
        self._remember(fresh.drop_nulls(), keyed["time"])
        return mask

    def _seen_before(self, keyed: pl.DataFrame, mask: pl.Series | None) -> pl.Series | None:
        start, end = _span(keyed["time"])
        for run in self._runs:
            if run.end < start or run.start > end:
                continue
            near = keyed["time"].is_between(run.start, run.end)
            known = run.load()
            at = known.search_sorted(keyed.filter(near)["key"], side="left").clip(upper_bound=run.size - 1)
            found = known.gather(at) == keyed.filter(near)["key"]
            if found.any():
                mask = mask if mask is not None else pl.Series([False]).new_from_index(0, keyed.height)
                mask = mask.scatter(near.arg_true().filter(found), values=True)
        return mask

    def _remember(self, keys: pl.Series, times: pl.Series) -> None:
        if keys.is_empty():
            return
        run = self._made_run(*_span(times), keys)
        while self._runs and self._runs[-1].size < _GROWTH * run.size and self._runs[-1].mingles_with(run):
            last = self._runs.pop()
            merged = pl.concat([last.load().alias("key"), run.load().alias("key")]).sort()
            last.file.unlink(missing_ok=True)
            run = self._made_run(min(last.start, run.start), max(last.end, run.end), merged)
        self._runs.append(run)
        self._spill()

    def _made_run(self, start: dt.datetime, end: dt.datetime, keys: pl.Series) -> _Run:
        self._made += 1
        return _Run(start, end, keys.len(), keys, Path(self._folder.name, f"{self._made}.arrow"))

    def _spill(self) -> None:
        held = 0
        for run in reversed(self._runs):
            held += run.size if run.keys is not None else 0
            if held > _IN_MEMORY and run is not self._runs[-1]:
                run.spill()


def _span(times: pl.Series) -> tuple[dt.datetime, dt.datetime]:
    """The first and the last of some times."""
    return cast("dt.datetime", times.min()), cast("dt.datetime", times.max())
