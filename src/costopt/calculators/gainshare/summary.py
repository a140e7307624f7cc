"""What was saved against the baseline: in all, over time, and by tenant, model, adapter, month and baseline."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal, get_args

import polars as pl

from costopt.calculators.gainshare.settling import share_of
from costopt.calculators.gainshare.sums import Sums, added_by, dated, merged, sums
from costopt.models.entry import FIGURES
from costopt.models.money import difference, total
from costopt.models.result import Frozen, Result

Dimension = Literal["tenant", "model", "adapter", "month", "baseline"]
Every = Literal["1d", "1w", "1mo"]

DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
"""What a summary is split by."""


class GroupSums(Sums):
    """The sums of one group: its value of the dimension, empty where the ledger does not say; a month is `2026-10`."""

    key: str


class TrendSums(Sums):
    """The sums of a day, week or month: the first day of it, and of a week that is a Monday."""

    start: dt.date


class GainshareSummary(Result):
    """What was saved.

    Attributes:
        tenant: The only tenant in it; null for all.
        baseline: The only baseline in it; null for all.
        since: The first moment; null where there is no bound.
        until: The moment before which it ends; null where there is no bound.
        first_day: Of the entries; null where there are none.
        last_day: Of the entries.
        total: Of all entries.
        by_tenant: Largest savings first, as the others; empty where it was not asked for.
        by_model: By the model that served the requests.
        by_adapter: By the adapter.
        by_month: Earliest first.
        by_baseline: Where these are several, requests that were compared with each of them count once for each.
        every: What the trend is by.
        trend: Earliest first; a day, week or month without entries is not in it.
    """

    kind: ClassVar[str] = "gainshare_summary"
    tenant: str | None
    baseline: str | None
    since: dt.datetime | None
    until: dt.datetime | None
    first_day: dt.date | None
    last_day: dt.date | None
    total: Sums
    by_tenant: tuple[GroupSums, ...] = ()
    by_model: tuple[GroupSums, ...] = ()
    by_adapter: tuple[GroupSums, ...] = ()
    by_month: tuple[GroupSums, ...] = ()
    by_baseline: tuple[GroupSums, ...] = ()
    every: Every | None = None
    trend: tuple[TrendSums, ...] = ()


class TenantShare(Frozen):
    """A tenant's savings, and how they are divided; there is no share of savings below 0."""

    tenant: str
    savings_usd: Decimal
    provider_usd: Decimal
    customer_usd: Decimal


class GainshareReport(GainshareSummary):
    """What was saved, and what a percentage of it is.

    Attributes:
        gain_share_pct: The provider's percentage.
        gain_share_usd: The sum of the tenants' shares, not rounded.
        customer_usd: What the customers keep.
        shares: Largest savings first.
    """

    kind: ClassVar[str] = "gainshare_report"
    gain_share_pct: Decimal
    gain_share_usd: Decimal
    customer_usd: Decimal
    shares: tuple[TenantShare, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries count.

    Attributes:
        tenant: Only this one; None for all.
        baseline: Only what was compared with this one; None for all.
        since: Leave out what was before.
        until: Leave out what was then or later.
    """

    tenant: str | None = None
    baseline: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


ALL: Final = Selection()


def columns_of(selection: Selection = ALL, by: Sequence[Dimension] = DIMENSIONS) -> tuple[str, ...]:
    """The columns that `summarize` needs of the entries; a ledger is read the faster the fewer they are."""
    selected = [
        *(["tenant"] if selection.tenant is not None else []),
        *(["baseline"] if selection.baseline is not None else []),
    ]
    return tuple(dict.fromkeys(["timestamp", *FIGURES, *selected, *(name for name in by if name != "month")]))


def summarize(
    entries: pl.DataFrame | pl.LazyFrame,
    selection: Selection = ALL,
    by: Sequence[Dimension] = DIMENSIONS,
    every: Every | None = "1mo",
) -> GainshareSummary:
    """What the entries say was saved; they are read once, and only the columns that are needed.

    Args:
        entries: With the columns of `columns_of`; each counts once.
        selection: Which of them count.
        by: What to split by.
        every: What the trend is by; null for no trend.
    """
    return GainshareSummary(**_summary(entries, selection, by, every))


def report(
    entries: pl.DataFrame | pl.LazyFrame,
    percentage: Decimal,
    selection: Selection = ALL,
    every: Every | None = "1mo",
) -> GainshareReport:
    """What the entries say was saved, and a percentage of each tenant's savings in the whole period.

    An invoice settles month by month and knows the contract's other terms; this does not.

    Args:
        entries: With the columns of `columns_of`; each counts once.
        percentage: From 0 to 100.
        selection: Which of the entries count.
        every: What the trend is by; null for no trend.
    """
    values = _summary(entries, selection, DIMENSIONS, every)
    shares = tuple(_share(group, percentage) for group in values["by_tenant"])
    return GainshareReport(
        **values,
        gain_share_pct=percentage,
        gain_share_usd=total(share.provider_usd for share in shares),
        customer_usd=total(share.customer_usd for share in shares),
        shares=shares,
    )


def _share(group: GroupSums, percentage: Decimal) -> TenantShare:
    share = share_of(group.savings_usd, percentage)
    return TenantShare(
        tenant=group.key,
        savings_usd=group.savings_usd,
        provider_usd=share,
        customer_usd=difference(group.savings_usd, share),
    )


def _summary(
    entries: pl.DataFrame | pl.LazyFrame,
    selection: Selection,
    by: Sequence[Dimension],
    every: Every | None,
) -> dict[str, Any]:
    kept = selected(dated(entries.lazy()), selection)
    tables = added_by(kept, ["day", *(name for name in by if name != "month")])
    days = tables["day"]
    tables["month"] = merged(days, pl.col("key").dt.strftime("%Y-%m"))
    return {
        "tenant": selection.tenant,
        "baseline": selection.baseline,
        "since": selection.since,
        "until": selection.until,
        "first_day": days["key"].min(),
        "last_day": days["key"].max(),
        "total": Sums(**sums(days.select(pl.exclude("key").sum()).row(0, named=True))),
        "every": every,
        "trend": _trend(merged(days, pl.col("key").dt.truncate(every))) if every else (),
        **{f"by_{name}": _groups(name, tables[name]) for name in by},
    }


def selected(entries: pl.LazyFrame, selection: Selection) -> pl.LazyFrame:
    """The entries that a selection is of; it needs the columns that it selects by, and the time."""
    if selection.tenant is not None:
        entries = entries.filter(pl.col("tenant") == selection.tenant)
    if selection.baseline is not None:
        entries = entries.filter(pl.col("baseline") == selection.baseline)
    if selection.since is not None:
        entries = entries.filter(pl.col("timestamp") >= selection.since.timestamp())
    if selection.until is not None:
        entries = entries.filter(pl.col("timestamp") < selection.until.timestamp())
    return entries


def _groups(name: Dimension, table: pl.DataFrame) -> tuple[GroupSums, ...]:
    rows = table.sort("key").iter_rows(named=True)
    groups = [GroupSums(key=row["key"], **sums(row)) for row in rows]
    return tuple(
        groups if name == "month" else sorted(groups, key=lambda group: group.savings_usd, reverse=True)
    )


def _trend(table: pl.DataFrame) -> tuple[TrendSums, ...]:
    return tuple(TrendSums(start=row["key"], **sums(row)) for row in table.sort("key").iter_rows(named=True))
