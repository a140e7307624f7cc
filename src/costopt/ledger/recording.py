"""Record what a log says: its rows as entries, and what takes back entries that they replace."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
from pydantic import ValidationError

from costopt.errors import ConfigError
from costopt.ledger.before import Shrunk, before, shrunk, withdrawals
from costopt.ledger.book import Book, recording_in
from costopt.ledger.entry import Entry, is_day
from costopt.ledger.record import Recorded, recorded_in
from costopt.ledger.slots import place_of
from costopt.ledger.wording import worded
from costopt.models.entry import UNCOMPARED
from costopt.models.money import difference, total
from costopt.models.result import Aside, Frozen

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows are from.

    Attributes:
        source: The name of the log, under which its days or requests are recorded once.
        baselines: Which the rows are compared with, in the order in which they are told.
        flat: Those of them that are flat rates.
        per_request: Whether each row is a request, and not a day.
        catalog: The hash of the price catalog.
        inputs: The hash of the input files' hashes; None where they could be read only once, or changed meanwhile.
        rejected: Lines of the logs that were no requests.
        other_kinds: Requests that are compared with nothing, as their baseline could not have served them.
        no_baseline: Requests that are compared with nothing, as no baseline is named for them.
        cut_days: Days that the period asked for has only a part of; they are not among the rows.
        replaces: Whether a day is recorded even if the log has fewer of its requests than the ledger.
    """

    source: str
    baselines: tuple[str, ...]
    flat: Collection[str]
    per_request: bool
    catalog: str
    inputs: str | None
    rejected: int
    other_kinds: Aside
    no_baseline: Aside
    cut_days: tuple[dt.date, ...] = ()
    replaces: bool = False


class Savings(Frozen):
    """What requests saved.

    Attributes:
        requests: How many requests are in the amounts.
        unpriced: How many more there were without a known cost or baseline cost, those compared with nothing excepted.
        baseline_cost_usd: What the baseline would have cost.
        actual_cost_usd: What was paid.
        savings_usd: The first less the second; below 0 where the baseline would have been cheaper.
    """

    requests: int
    unpriced: int
    baseline_cost_usd: Decimal
    actual_cost_usd: Decimal
    savings_usd: Decimal


class BaselineSavings(Savings):
    """What requests saved that are compared with one baseline.

    Attributes:
        baseline: Its name.
        flat: Whether at a flat rate for all tokens, and not at the catalog's rates.
    """

    baseline: str
    flat: bool


class Recording(Recorded, Savings):
    """What the logs say, and what became of it.

    Attributes:
        source: The name under which it is recorded.
        baselines: What was compared with each baseline.
        first_day: Of the entries, UTC; null where there are none.
        last_day: Of the entries.
        inputs: The hash of the list of the files' hashes; null where they can be read only once, or were written to.
        rejected: Lines of the logs that are no requests.
        other_kinds: Requests that are compared with nothing, as their baseline could not have served them.
        no_baseline: Requests that are compared with nothing, as no baseline is named for them.
        withdrawn: Entries of the same days and source that the logs no longer have: they were set to nothing, those
            that are refused excepted.
        cut_days: Days that the period asked for has only a part of: they were not recorded.
        kept_days: Days of which the logs have fewer requests than are recorded: they stay as they were recorded.
        shrunk: What is fewer on these days, at most the first 20.
    """

    source: str
    baselines: tuple[BaselineSavings, ...]
    first_day: dt.date | None
    last_day: dt.date | None
    inputs: str | None
    rejected: int
    other_kinds: Aside
    no_baseline: Aside
    withdrawn: int
    cut_days: tuple[dt.date, ...]
    kept_days: tuple[dt.date, ...]
    shrunk: tuple[Shrunk, ...]


def record_rows(
    state: Path, rows: pl.DataFrame, origin: Origin, left_out: pl.DataFrame | None = None
) -> Recording:
    """Records the rows of a log; what the ledger has of the same source and days, and they have not, is withdrawn.

    A day of which the ledger has more requests stays as it is recorded, unless the origin says that it is replaced. If
    those requests are in a closed month, it stays in any case, and so does a request that had another tenant there.

    Args:
        state: The state folder.
        rows: With the fields of an `Entry`, those of the origin excepted.
        origin: Where they are from.
        left_out: How many `requests` of each `period`, `tenant`, `adapter` and `model` are in no row.

    Raises:
        ConfigError: if a row is beyond all measure, a request's id looks like a day, or the source was recorded
            otherwise, by day or by request.
        LedgerError: if the ledger cannot be read or written.
    """
    if origin.per_request:
        check_ids(rows["period"])
    said = _entries(rows, origin)
    others = None if left_out is None else left_out.with_columns(source=pl.lit(origin.source))
    with recording_in(state) as book:
        _check_grain(book, said, origin)
        recorded = before(book, said, others)
        fewer = shrunk(recorded, said, others)
        kept = set() if origin.per_request or origin.replaces else {each.period for each in fewer}
        entries = [entry for entry in said if entry.period not in kept]
        gone = withdrawals(recorded.filter(~pl.col("period").is_in(kept)), entries)
        # What is gone comes first: killed in between, the ledger has too little, and the next run adds the rest.
        became = recorded_in(book, [*gone, *entries], fewer=fewer)
    days = [dt.date.fromisoformat(entry.day) for entry in entries]
    return Recording(
        **became.model_dump(),
        **_savings([entry for entry in entries if entry.baseline != UNCOMPARED]),
        source=origin.source,
        baselines=tuple(_against(name, entries, origin) for name in origin.baselines),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        inputs=origin.inputs,
        rejected=origin.rejected,
        other_kinds=origin.other_kinds,
        no_baseline=origin.no_baseline,
        withdrawn=len(gone),
        cut_days=origin.cut_days,
        kept_days=tuple(sorted(map(dt.date.fromisoformat, kept))),
        shrunk=tuple(fewer[:_SHOWN] if kept else ()),
    )


def record_request(state: Path, entry: Entry) -> Recorded:
    """Records a request that a program tells of, perhaps not for the first time.

    What the program told of it before under another tenant, adapter, model or baseline is withdrawn; the time stays that
    of the first word, as the program knows only when it tells.

    Args:
        state: The state folder.
        entry: The request, with its id as the `period`.

    Raises:
        LedgerError: if the ledger cannot be read or written.
    """
    with recording_in(state) as book:
        if not book.index.starts([place_of(entry.source, entry.period)]):
            return recorded_in(book, [entry])
        known = before(book, [entry])
        first = min(known["timestamp"], default=entry.timestamp)
        again = entry.model_copy(update={"timestamp": first})
        return recorded_in(book, [*withdrawals(known, [again]), again], fewer=shrunk(known, [again]))


def _against(name: str, entries: Iterable[Entry], origin: Origin) -> BaselineSavings:
    own = [entry for entry in entries if entry.baseline == name]
    return BaselineSavings(baseline=name, flat=name in origin.flat, **_savings(own))


def _savings(entries: Sequence[Entry]) -> dict[str, Any]:
    baseline = total(entry.baseline_cost_usd for entry in entries)
    actual = total(entry.actual_cost_usd for entry in entries)
    return {
        "requests": sum(entry.requests for entry in entries),
        "unpriced": sum(entry.unpriced for entry in entries),
        "baseline_cost_usd": baseline,
        "actual_cost_usd": actual,
        "savings_usd": difference(baseline, actual),
    }


def _entries(rows: pl.DataFrame, origin: Origin) -> list[Entry]:
    evidence = {"catalog": origin.catalog, "inputs": origin.inputs, "rejected": origin.rejected}
    try:
        return [Entry(**row, source=origin.source, **evidence) for row in rows.iter_rows(named=True)]
    except ValidationError as error:
        raise ConfigError(
            f"The logs cannot be recorded: {worded(error)}",
            hint="`costopt spend LOGS --every 1d` shows their figures",
        ) from error


def check_ids(ids: Iterable[str]) -> None:
    """Checks that no request has an id by which the ledger would take it for a day.

    Raises:
        ConfigError: if one has.
    """
    for each in ids:
        if is_day(each):
            raise ConfigError(
                f"The request `{each}` has a day for an id: the ledger would take it for the day",
                hint="give it another id; of logs, name another column: `--map request_id=NAME`, or record by day",
            )


def _check_grain(book: Book, entries: list[Entry], origin: Origin) -> None:
    """A source is recorded by day or by request: by both, its requests would count twice."""
    if entries and book.index.counts(origin.source, by_day=origin.per_request):
        before, now = ("day", "request") if origin.per_request else ("request", "day")
        raise ConfigError(
            f"`{origin.source}` is recorded by {before} already: by {now} as well, its requests would count twice",
            hint=f"record it by {before}, or name another log: `--source NAME`",
        )
