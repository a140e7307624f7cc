"""Record what a log says: its rows as entries, and what takes back entries that they replace."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import polars as pl
from pydantic import ValidationError

from costopt.errors import ConfigError
from costopt.ledger.entry import Entry
from costopt.ledger.reading import reading
from costopt.ledger.record import Recorded, record
from costopt.ledger.withdrawing import withdrawals
from costopt.ledger.wording import worded
from costopt.models.money import EXACT, trimmed

_DAY: Final = r"^\d{4}-\d\d-\d\d$"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows are from.

    Attributes:
        source: The name of the log, under which its days or requests are recorded once.
        baseline: What the rows are compared with.
        flat: Whether that is a flat rate.
        per_request: Whether each row is a request, and not a day.
        catalog: The hash of the price catalog.
        inputs: The hash of the input files' hashes; None where they could be read only once.
        rejected: Lines of the logs that were no requests.
        cut_days: Days that the period asked for has only a part of; they are not among the rows.
    """

    source: str
    baseline: str
    flat: bool
    per_request: bool
    catalog: str
    inputs: str | None
    rejected: int
    cut_days: tuple[dt.date, ...] = ()


class Recording(Recorded):
    """What the logs say, and what became of it.

    Attributes:
        source: The name under which it is recorded.
        baseline: What was compared with.
        flat: Whether at a flat rate for all tokens, and not at the catalog's rates.
        first_day: Of the entries, UTC; null where there are none.
        last_day: Of the entries.
        requests: How many requests are in the amounts.
        unpriced: How many more there were without a known cost or baseline.
        rejected: Lines of the logs that are no requests.
        withdrawn: Entries of the same days and source that the logs no longer have: they were set to nothing.
        cut_days: Days that the period asked for has only a part of: they were not recorded.
        baseline_cost_usd: What the baseline would have cost.
        actual_cost_usd: What was paid.
        savings_usd: The first less the second; below 0 where the baseline would have been cheaper.
    """

    source: str
    baseline: str
    flat: bool
    first_day: dt.date | None
    last_day: dt.date | None
    requests: int
    unpriced: int
    rejected: int
    withdrawn: int
    cut_days: tuple[dt.date, ...]
    baseline_cost_usd: Decimal
    actual_cost_usd: Decimal
    savings_usd: Decimal


def record_rows(state: Path, rows: pl.DataFrame, origin: Origin) -> Recording:
    """Records the rows of a log; what the ledger has of the same source and days, and they have not, is withdrawn.

    Args:
        state: The state folder.
        rows: With the fields of an `Entry`, those of the origin excepted.
        origin: Where they are from.

    Raises:
        ConfigError: if a row is beyond all measure, or the source was recorded otherwise, by day or by request.
        LedgerError: if the ledger cannot be read or written.
    """
    entries = _entries(rows, origin)
    _check_grain(state, entries, origin)
    gone = withdrawals(state, entries)
    recorded = record(state, [*entries, *gone])
    baseline = _total(entry.baseline_cost_usd for entry in entries)
    actual = _total(entry.actual_cost_usd for entry in entries)
    days = [dt.date.fromisoformat(entry.day) for entry in entries]
    return Recording(
        **recorded.model_dump(),
        source=origin.source,
        baseline=origin.baseline,
        flat=origin.flat,
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        requests=sum(entry.requests for entry in entries),
        unpriced=sum(entry.unpriced for entry in entries),
        rejected=origin.rejected,
        withdrawn=len(gone),
        cut_days=origin.cut_days,
        baseline_cost_usd=baseline,
        actual_cost_usd=actual,
        savings_usd=trimmed(EXACT.subtract(baseline, actual)),
    )


def _entries(rows: pl.DataFrame, origin: Origin) -> list[Entry]:
    evidence = {"catalog": origin.catalog, "inputs": origin.inputs, "rejected": origin.rejected}
    try:
        return [Entry(**row, source=origin.source, **evidence) for row in rows.iter_rows(named=True)]
    except ValidationError as error:
        raise ConfigError(
            f"The logs cannot be recorded: {worded(error)}",
            hint="`costopt spend LOGS --every 1d` shows their figures",
        ) from error


def _check_grain(state: Path, entries: list[Entry], origin: Origin) -> None:
    """A source is recorded by day or by request: by both, its requests would count twice."""
    with reading(state, ("source", "period", "requests")) as recorded:
        by_day = pl.col("period").str.contains(_DAY)
        others = recorded.filter(
            pl.col("source") == origin.source,
            pl.col("requests") > 0,
            by_day if origin.per_request else ~by_day,
        )
        found = others.head(1).collect(engine="streaming").height
    if found and entries:
        before, now = ("day", "request") if origin.per_request else ("request", "day")
        raise ConfigError(
            f"`{origin.source}` is recorded by {before} already: by {now} as well, its requests would count twice",
            hint=f"record it by {before}, or name another log: `--source NAME`",
        )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    whole = Decimal(0)
    for amount in amounts:
        whole = EXACT.add(whole, amount)
    return trimmed(whole)
