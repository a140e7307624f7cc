"""The one place where the stages meet: logs and the rollups asked for, in one pass, to priced rollups."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Final

import polars as pl

from costopt.errors import ConfigError, FormatError
from costopt.intake.conforming import check_constants
from costopt.intake.converted import is_one_conversion
from costopt.intake.duplicates import Duplicates
from costopt.intake.formats.format import Wishes
from costopt.intake.partitions import PARTITION_BYTES
from costopt.intake.reading import Batch, read_all
from costopt.intake.rejects import Rejects
from costopt.intake.repeats import SOURCE, Repeats
from costopt.intake.sources import Source, find_sources
from costopt.intake.where import Filter, Where
from costopt.models.intake import (
    Converted,
    Example,
    FileReport,
    IntakeReport,
    Provenance,
)
from costopt.models.money import usd
from costopt.models.result import Period
from costopt.models.schema import COUNTS, PICO, REQUESTS, SIZES, TOKENS
from costopt.pricing.billing import (
    PRICE_KEY,
    CostBasis,
    billed,
    packed,
    stale_models,
    unpacked,
    unpriced_models,
)
from costopt.pricing.catalog import Catalog, report_of
from costopt.pricing.rating import Rater, with_provider
from costopt.rollups.local import Condensed, read_ahead
from costopt.rollups.rollup import Measure, Rollup, build, merge

MEASURES: Final = (
    *(Measure(name, pl.Int64, absent=1 if name == "requests" else 0) for name in COUNTS),
    Measure("logged_cost", PICO),
)
"""What every rollup adds up: `COUNTS`, and the logged cost in pico-dollars."""

_INTERNAL: Final = (
    *(PRICE_KEY, "rate_id", "is_logged"),
    *("logged_cost", "computed_cost", "cost", "unpriced", "period", "slot"),
)
"""Names of a priced rollup, and on the way to it: a log's column of that name is no key."""
_ALWAYS: Final = (
    *TOKENS,
    "timestamp",
    "provider",
    "model",
    "mode",
    "status",
    "requests",
    "web_searches",
    "cost_usd",
    *SIZES,
)
_UNPRICED: Final = Rollup("unpriced", ("provider", "model", PRICE_KEY))
_REMOVED: Final = Rollup("removed", (PRICE_KEY,))


@dataclass(frozen=True, slots=True)
class Logs:
    """Which logs to read, and how.

    Attributes:
        paths: Files, globs, directories, URLs, or `-`; or the sources that were found for them.
        wishes: The user's `--map` and `--set`.
        since: Leave out what was before.
        until: Leave out what was then or later.
        where: Leave out what it does not keep.
        cost: Which cost counts.
        dedupe: Whether to remove requests that were read before.
        strict: Whether a rejected line is an error.
        rejects: Where to write rejected lines, if anywhere.
        partition_bytes: How much to work on at once.
        progress: Called with the bytes (on disk) and requests done so far.
        columns: Further columns to read.
        sink: Called with the requests that are billed: all columns read, as they were logged.
    """

    paths: tuple[str, ...] | tuple[Source, ...]
    wishes: Wishes = field(default_factory=Wishes)
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    where: Where | None = None
    cost: CostBasis = "auto"
    dedupe: bool = True
    strict: bool = False
    rejects: IO[str] | None = None
    partition_bytes: int = PARTITION_BYTES
    progress: Callable[[int, int], None] = lambda _bytes, _requests: None
    columns: tuple[str, ...] = ()
    sink: Callable[[pl.DataFrame], None] | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rollups asked for, priced, and the report on what was read.

    Attributes:
        rollups: By name: the rollup's keys, `rate_id`, `is_logged`, `COUNTS`, `logged_cost`, `computed_cost` and
            `cost` (that of the basis asked for), all three in pico-dollars, null where unknown.
        provenance: Period, intake and catalog.
        lines: How many lines were read as requests, in the period or not.
    """

    rollups: Mapping[str, pl.DataFrame]
    provenance: Provenance
    lines: int

    def check(self) -> None:
        """A bill of nothing but rejected lines would be an import of zeros.

        Raises:
            FormatError: if lines were rejected, and no other was read.
        """
        intake = self.provenance.intake
        if intake.rejected and not self.lines:
            first = intake.examples[0]
            lines = (
                "the line is no request"
                if intake.rejected == 1
                else f"none of {intake.rejected:,} lines is a request"
            )
            raise FormatError(
                f"Nothing to bill: {lines}; {first.place}: {first.reason}",
                hint="`costopt inspect LOGS` shows how a log is understood",
            )


def load(logs: Logs, catalog: Catalog, rollups: Sequence[Rollup]) -> Loaded:
    """Reads the logs once and gives every rollup.

    Raises:
        ConfigError: if a key is a number or a time, has a name that is taken, or is in no log; if a filter reads a
            column that is in no log.
        SourceError: if a log cannot be found or opened.
        FormatError: if a log is not understood.
        RejectedError: with `strict`, if a line is rejected.
    """
    check_constants(logs.wishes.constants)
    _check_keys(rollups)
    texts = [path for path in logs.paths if isinstance(path, str)]
    sources = find_sources(texts) if texts else [path for path in logs.paths if isinstance(path, Source)]
    if logs.dedupe and is_one_conversion([source.path for source in sources]):
        logs = replace(logs, dedupe=False)
    keyed = [replace(r, keys=(*r.keys, PRICE_KEY)) for r in rollups]
    with Duplicates() as duplicates, Repeats() as repeats:
        run = _Run(logs, catalog, keyed if _bill_of(keyed) else [*keyed, _UNPRICED], duplicates, repeats)
        run.read(sources)
    return run.loaded()


@dataclass(slots=True)
class _Tally:
    """What was counted for one file."""

    source: Source
    format: str = ""
    sums: str = ""
    requests: int = 0
    filtered_out: int = 0
    duplicates: int = 0
    others: int = 0


class _Run:
    """One pass over the logs. State: what was gathered so far."""

    def __init__(
        self,
        logs: Logs,
        catalog: Catalog,
        rollups: Sequence[Rollup],
        duplicates: Duplicates,
        repeats: Repeats,
    ) -> None:
        self._logs = logs
        self._catalog = catalog
        self._rollups = rollups
        self._duplicates = duplicates
        self._repeats = repeats
        self._filter = Filter(logs.where) if logs.where else None
        self._billed = tuple(dict.fromkeys((*_wanted(rollups, dedupe=logs.dedupe), *logs.columns)))
        self._wanted = tuple(dict.fromkeys((*self._billed, *(logs.where.columns if logs.where else ()))))
        self._rater = Rater(catalog)
        self._rejects = Rejects(logs.rejects, strict=logs.strict)
        self._parts = Condensed(lambda parts: _merge_all(parts, rollups))
        self._parts.add(tuple(build(_no_requests(), rollups, MEASURES)))
        self._removed = Condensed(lambda parts: _merge_all(parts, (_REMOVED,)))
        self._removed.add(tuple(build(_no_requests(), (_REMOVED,), MEASURES)))
        self._tallies: list[_Tally] = []
        self._fields: set[str] = set()
        self._converted: dict[str, Converted] = {}
        self._start: dt.datetime | None = None
        self._end: dt.datetime | None = None
        self._bytes = 0
        self._lines = 0
        self._requests = 0

    def read(self, sources: Sequence[Source]) -> None:
        """Works through the sources; the next partition is read while one is added up."""
        logs = self._logs
        batches = read_all(sources, logs.wishes, self._wanted, logs.partition_bytes)
        for batch in read_ahead(batches):
            if batch.number == len(self._tallies):
                self._bytes += self._tallies[-1].source.size if self._tallies else 0
                self._tallies.append(_Tally(batch.source))
            tally = self._tallies[-1]
            tally.format, tally.sums = batch.format, batch.sums
            tally.others += batch.requests.others
            self._fields |= batch.fields
            if batch.converted:
                self._converted[batch.converted.id] = batch.converted
            self._rejects.add(batch.requests.rejects)
            if batch.requests.frame is not None:
                self._take(batch.requests.frame, batch)
            logs.progress(self._bytes + batch.position, self._requests)
        self._check_columns()
        self._take_held()

    def _take(self, read: pl.DataFrame, batch: Batch) -> None:
        self._lines += read.height
        is_held = batch.repeats == "fuller" and self._logs.dedupe
        frame = self._in_period(self._repeats.hold(read, batch.number) if is_held else read)
        repeated = self._duplicates.repeated(frame) if self._logs.dedupe else None
        self._settle(frame, repeated, self._tallies[batch.number])

    def _take_held(self) -> None:
        """The requests that were told several times, and the lines that told them less fully."""
        for requests, lines in self._repeats.told():
            for (number,), own in self._in_period(requests).partition_by(SOURCE, as_dict=True).items():
                self._settle(own, None, self._tallies[int(number)])
            for (number,), own in self._in_period(lines).partition_by(SOURCE, as_dict=True).items():
                again = pl.Series([True]).new_from_index(0, own.height)
                self._settle(own, again, self._tallies[int(number)])

    def _settle(self, frame: pl.DataFrame, repeated: pl.Series | None, tally: _Tally) -> None:
        """Rate requests, and add them to the bill or to what is left out of it."""
        rated = self._rater.rate(frame.select(name for name in frame.columns if name in self._billed))
        if self._filter is None:
            self._widen_period(frame["timestamp"])
        else:  # whether a request is a duplicate does not depend on the filter
            kept = self._kept(self._filter, frame, rated)
            tally.filtered_out += _counted(rated.filter(~kept if repeated is None else ~(kept | repeated)))
            rated = rated.filter(kept)
            repeated = None if repeated is None else repeated.filter(kept)
        rated = packed(rated)
        if repeated is not None:
            self._remove(rated.filter(repeated), tally)
            rated = rated.filter(~repeated)
        self._bill(rated, tally)

    def _remove(self, rated: pl.DataFrame, tally: _Tally) -> None:
        """Leave requests out that are in the bill already."""
        self._removed.add(tuple(build(rated, (_REMOVED,), MEASURES)))
        tally.duplicates += _counted(rated)

    def _bill(self, rated: pl.DataFrame, tally: _Tally) -> None:
        """Add requests up."""
        if self._logs.sink:
            self._logs.sink(rated.drop("rate_id", PRICE_KEY, "logged_cost"))
        self._parts.add(tuple(build(rated, self._rollups, MEASURES)))
        count = _counted(rated)
        tally.requests += count
        self._requests += count

    def _in_period(self, frame: pl.DataFrame) -> pl.DataFrame:
        time = pl.col("timestamp")
        if self._logs.since is not None:
            frame = frame.filter(time >= self._logs.since)
        return frame if self._logs.until is None else frame.filter(time < self._logs.until)

    def _kept(self, where: Filter, frame: pl.DataFrame, rated: pl.DataFrame) -> pl.Series:
        """Which requests the filter keeps; it finds a provider as the bill does, where the log names none."""
        kept, admitted = where.judge(frame.with_columns(with_provider(rated, self._catalog)["provider"]))
        self._widen_period(frame["timestamp"].filter(admitted))
        return kept

    def _widen_period(self, times: pl.Series) -> None:
        first, last = times.min(), times.max()
        if isinstance(first, dt.datetime) and isinstance(last, dt.datetime):
            self._start = first if self._start is None else min(first, self._start)
            self._end = last if self._end is None else max(last, self._end)

    def _check_columns(self) -> None:
        """A key that is no canonical column must at least be a column of some log."""
        for rollup in self._rollups:
            for name in rollup.keys:
                if name not in {*REQUESTS, PRICE_KEY} and name not in self._fields:
                    raise ConfigError(
                        f"No log has a column `{name}`",
                        hint="`costopt inspect LOGS` lists the columns that a log has",
                    )
        if self._filter is not None:
            self._filter.check(self._fields)

    # The end

    def loaded(self) -> Loaded:
        """Everything priced."""
        merged = dict(zip((r.name for r in self._rollups), self._parts.total(), strict=True))
        priced = {
            name: billed(unpacked(part), self._catalog, self._logs.cost) for name, part in merged.items()
        }
        bill = priced[(_bill_of(self._rollups) or _UNPRICED).name]
        period = Period(start=self._start, end=self._end)
        priced.pop(_UNPRICED.name, None)
        stale = stale_models(bill, self._catalog, self._logs.cost, self._end)
        catalog = report_of(self._catalog).model_copy(update={"stale": stale})
        provenance = Provenance(period=period, intake=self._intake(bill), catalog=catalog)
        return Loaded(priced, provenance, self._lines)

    def _intake(self, bill: pl.DataFrame) -> IntakeReport:
        removed = billed(unpacked(self._removed.total()[0]), self._catalog, self._logs.cost)
        unpriced = bill.filter(pl.col("cost").is_null())
        return IntakeReport(
            files=len(self._tallies),
            bytes=sum(tally.source.size for tally in self._tallies),
            requests=self._requests,
            where=self._logs.where.text if self._logs.where else None,
            filtered_out=sum(tally.filtered_out for tally in self._tallies),
            rejected=self._rejects.count,
            duplicates=sum(tally.duplicates for tally in self._tallies),
            duplicates_usd=None
            if removed.height and not removed["cost"].count()
            else usd(int(removed["cost"].sum() or 0)),
            others=sum(tally.others for tally in self._tallies),
            unpriced=int(unpriced["requests"].sum()),
            unpriced_models=tuple(unpriced_models(unpriced, self._catalog, self._logs.cost)),
            examples=tuple(Example(place=r.place, reason=r.reason) for r in self._rejects.first),
            by_file=tuple(self._file_report(tally) for tally in self._tallies),
            converted=tuple(self._converted.values()),
        )

    def _file_report(self, tally: _Tally) -> FileReport:
        return FileReport(
            path=tally.source.path,
            format=tally.format,
            requests=tally.requests,
            filtered_out=tally.filtered_out,
            rejected=self._rejects.by_file[tally.source.path],
            duplicates=tally.duplicates,
            others=tally.others,
            sums=tally.sums,
        )


def _bill_of(rollups: Sequence[Rollup]) -> Rollup | None:
    """A rollup that tells the unpriced models, if there is one."""
    return next((rollup for rollup in rollups if {*_UNPRICED.keys} <= {*rollup.keys}), None)


def _check_keys(rollups: Sequence[Rollup]) -> None:
    """Requests are split by texts: by a number or a time, nearly every request would be a group."""
    for name in (name for rollup in rollups for name in rollup.keys):
        if name in _INTERNAL or REQUESTS.get(name, pl.String) not in (pl.String, pl.Categorical):
            raise ConfigError(
                f"Requests cannot be split by `{name}`",
                hint=f"if it is a text in the log, read it as another column: `--map tag={name} --by tag`",
            )


def _counted(requests: pl.DataFrame) -> int:
    return int(requests["requests"].sum()) if "requests" in requests.columns else requests.height


def _wanted(rollups: Sequence[Rollup], *, dedupe: bool) -> tuple[str, ...]:
    asked = [*_ALWAYS, *(["request_id"] if dedupe else []), *(name for r in rollups for name in r.reads)]
    return tuple(name for name in dict.fromkeys(asked) if name != PRICE_KEY)


def _merge_all(
    parts: Sequence[Sequence[pl.DataFrame]], rollups: Sequence[Rollup]
) -> tuple[pl.DataFrame, ...]:
    return tuple(merge([part[i] for part in parts], rollup, MEASURES) for i, rollup in enumerate(rollups))


def _no_requests() -> pl.DataFrame:
    """Rated requests, none of them: it gives every rollup its types."""
    return pl.DataFrame(schema={**REQUESTS, PRICE_KEY: pl.Int64, "logged_cost": PICO})
