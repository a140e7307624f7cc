"""Entries of the ledger as columns, and what groups of them add up to."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import polars as pl

from costopt.models.entry import SOMETHING
from costopt.models.money import difference, percent, trimmed
from costopt.models.result import Frozen

ENTRY_COLUMNS: Final[Mapping[str, str]] = {
    "id": "the entry's own id in the ledger",
    "timestamp": "when its requests were made, in seconds since 1970; it says the day and the month, in UTC",
    "tenant": "the customer; empty where nobody says",
    "adapter": "the adapter or gateway that served it; empty where nobody says",
    "model": "the model that served it",
    "tokens_used": "all tokens, input and output",
    "requests": "how many requests are in the costs",
    "unpriced": "how many more there were without a known cost or baseline",
    "baseline_cost_usd": "what the baseline would have cost, in US dollars, as a decimal with 12 places",
    "actual_cost_usd": "what was paid, likewise",
    "baseline": "what the baseline cost is of; empty for requests that are compared with nothing, which are unpriced",
    "catalog": "the digest of the prices it was reckoned with, or null",
    "inputs": "the digest of the logs it was made from, or null",
    "rejected": "lines of those logs that are no requests: the same on all entries of one recording, or null",
}
"""The columns of entries that an invoice is made from; only the last three may be null. Others do no harm."""

COSTS: Final = ("baseline_cost_usd", "actual_cost_usd")
_AT_ONCE: Final = 100_000


class Sums(Frozen):
    """What a group of entries adds up to.

    Attributes:
        entries: How many entries.
        requests: How many requests are in the amounts.
        tokens: Input and output.
        baseline_usd: What the baseline would have cost.
        actual_usd: What was paid.
        savings_usd: The first less the second; below 0 where the baseline would have been cheaper.
        savings_pct: In percent of the baseline; 0 where that is 0.
        unpriced: How many more there were without a known cost or baseline.
    """

    entries: int
    requests: int
    tokens: int
    baseline_usd: Decimal
    actual_usd: Decimal
    savings_usd: Decimal
    savings_pct: Decimal
    unpriced: int


def dated(entries: pl.LazyFrame) -> pl.LazyFrame:
    """The entries that say something, with their `day`, in UTC; those that were withdrawn are none."""
    return entries.filter(SOMETHING).with_columns(day=pl.from_epoch("timestamp", time_unit="s").dt.date())


def added(entries: pl.LazyFrame, by: Sequence[str | pl.Expr]) -> pl.LazyFrame:
    """The sums of dated entries by some keys; `sums` makes results of the rows.

    Counts are added as 128-bit integers: 10,000 entries of 10 ** 15 tokens exceed 64 bits.
    """
    counted = [pl.col(name).cast(pl.Int128).sum() for name in ("requests", "unpriced", "tokens_used")]
    columns = [pl.len().alias("entries"), *counted, pl.col(COSTS).sum()]
    return entries.group_by(by).agg(columns) if by else entries.select(columns)


def added_by(entries: pl.LazyFrame, names: Sequence[str]) -> dict[str, pl.DataFrame]:
    """The sums of dated entries by each of some columns, which is named `key`; the entries are read once.

    They are grouped a part at a time: grouping all of them by several columns at once, Polars keeps every row until the
    last column's turn.
    """
    keys = {name: pl.col(name).alias("key") for name in names}
    none = pl.LazyFrame(schema=entries.collect_schema())
    tables = {name: added(none, [key]).collect() for name, key in keys.items()}
    for some in entries.collect_batches(chunk_size=_AT_ONCE, maintain_order=False, engine="streaming"):
        parts = pl.collect_all(added(some.lazy(), [key]) for key in keys.values())
        for name, part in zip(keys, parts, strict=True):
            tables[name] = merged(pl.concat([tables[name], part]), pl.col("key"))
    return tables


def merged(groups: pl.DataFrame, key: pl.Expr) -> pl.DataFrame:
    """The sums of groups that `added_by` gave, by a key that follows from theirs."""
    return groups.group_by(key).agg(pl.exclude("key").sum())


def sums(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `Sums` for a row of `added`."""
    baseline, actual = row["baseline_cost_usd"], row["actual_cost_usd"]
    savings = savings_of(baseline, actual)
    return {
        "entries": row["entries"],
        "requests": row["requests"],
        "tokens": row["tokens_used"],
        "baseline_usd": trimmed(baseline),
        "actual_usd": trimmed(actual),
        "savings_usd": savings,
        "savings_pct": percent(savings, baseline),
        "unpriced": row["unpriced"],
    }


def together(entries: pl.LazyFrame) -> Sums:
    """What entries come to together, without holding them; those that were withdrawn count nowhere.

    Args:
        entries: With the columns of `costopt.models.entry.FIGURES`.
    """
    return Sums(**sums(added(entries.filter(SOMETHING), []).collect(engine="streaming").row(0, named=True)))


def savings_of(baseline: Decimal, actual: Decimal) -> Decimal:
    """The baseline cost less the actual cost."""
    return difference(baseline, actual)


def between(first: dt.date, last: dt.date) -> pl.Expr:
    """Whether a dated entry is about one of these days."""
    return pl.col("day").is_between(first, last)
