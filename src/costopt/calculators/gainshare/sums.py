"""Entries of the ledger as columns, and what groups of them add up to."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import polars as pl

from costopt.models.money import percent, usd
from costopt.models.result import Frozen
from costopt.models.schema import PICO

ENTRY_COLUMNS: Final[Mapping[str, str]] = {
    "id": "the entry's own id",
    "hash": "its link in the ledger's chain",
    "timestamp": "when its requests were made, in seconds since 1970; it says the day and the month, in UTC",
    "tenant": "the customer; empty where nobody says",
    "adapter": "the adapter or gateway that served it; empty where nobody says",
    "model": "the model that served it",
    "tokens_used": "all tokens, input and output",
    "requests": "how many requests are in the costs",
    "unpriced": "how many more there were without a known cost or baseline",
    "baseline_cost": "what the baseline would have cost, in whole pico-dollars",
    "actual_cost": "what was paid, in whole pico-dollars",
    "baseline": "what the baseline cost is of",
    "catalog": "the digest of the prices it was reckoned with, or null",
    "inputs": "the digest of the logs it was made from, or null",
    "rejected": "lines of those logs that are no requests: the same on all entries of one recording, or null",
}
"""The columns of entries that this package reads; further ones do no harm. Only the last three may be null."""


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
    """The entries with their `day`, in UTC."""
    return entries.with_columns(day=pl.from_epoch("timestamp", time_unit="s").dt.date())


def added(entries: pl.LazyFrame, by: Sequence[str | pl.Expr]) -> pl.LazyFrame:
    """The sums of dated entries by some keys; `sums` makes results of the rows.

    Tokens and amounts are added as 128-bit integers: 10,000 entries of 10 ** 15 tokens exceed 64 bits.
    """
    summed = [pl.col(name).cast(PICO).sum() for name in ("tokens_used", "baseline_cost", "actual_cost")]
    counted = [pl.col(name).cast(pl.Int64).sum() for name in ("requests", "unpriced")]
    columns = [pl.len().alias("entries"), *counted, *summed]
    return entries.group_by(by).agg(columns) if by else entries.select(columns)


def sums(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `Sums` for a row of `added`."""
    baseline, actual = row["baseline_cost"], row["actual_cost"]
    return {
        "entries": row["entries"],
        "requests": row["requests"],
        "tokens": row["tokens_used"],
        "baseline_usd": usd(baseline),
        "actual_usd": usd(actual),
        "savings_usd": usd(baseline - actual),
        "savings_pct": percent(baseline - actual, baseline),
        "unpriced": row["unpriced"],
    }


def between(first: dt.date, last: dt.date) -> pl.Expr:
    """Whether a dated entry is about one of these days."""
    return pl.col("day").is_between(first, last)
