"""What costopt charges for the parity cases, and what it would charge if it made a peer's mistake."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl

from costopt.models.schema import COUNTS
from costopt.pricing.catalog import Catalog
from costopt.pricing.costing import price
from costopt.pricing.rates import rate_key
from costopt.pricing.rating import Rater

TODAY: Final = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)
"""When the peers were asked; a Wednesday, outside all peak hours."""

NOTHING: Final = pl.lit(0, dtype=pl.Int64)
WHAT_IFS: Final = (
    "standard",
    "two days later",
    "today",
    "no 1 h writes",
    "no writes",
    "no context tier",
    "cached at the input rate",
    "cached at the standard rate",
    "cached at half the standard rate",
    "cached at the input rate, no context tier",
)

Costs = list[Decimal | None]


@dataclass(frozen=True, slots=True)
class Prices:
    """costopt's price of one request in USD, and what it comes from.

    Attributes:
        cost: None without a price.
        what_if: By the names in `WHAT_IFS`.
        borrowed: The price is another provider's, which this one falls back to.
    """

    cost: Decimal | None
    what_if: Mapping[str, Decimal | None]
    borrowed: bool


def priced(cases: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[Prices]:
    """Every case, in one frame."""
    frame = _requests(cases)
    rater = Rater(catalog)
    rated = rater.rate(frame)
    costs = _costs(rated, catalog)
    today = pl.lit(TODAY, dtype=frame.schema["timestamp"])
    plain = rated.with_columns(cached_input_tokens=NOTHING)
    fresh = plain.with_columns(input_tokens=pl.col("input_tokens") - rated["cached_input_tokens"])
    only_cached = rated.with_columns(
        **{name: NOTHING for name in COUNTS if name != "cached_input_tokens"},
    ).with_columns(input_tokens=pl.col("cached_input_tokens"))
    uncached = _costs(fresh, catalog)
    cached = _costs(only_cached, catalog, "standard")
    no_writes = rated.with_columns(
        cache_write_tokens=NOTHING,
        cache_write_1h_tokens=NOTHING,
        input_tokens=pl.col("input_tokens") - pl.col("cache_write_tokens"),
    )
    no_tier = rated.with_columns(rate_id=pl.Series(list(map(below_tiers, rated["rate_id"])), dtype=pl.Int64))
    columns = {
        "standard": _costs(rated, catalog, "standard"),
        "two days later": _costs(
            rater.rate(frame.with_columns(pl.col("timestamp") + dt.timedelta(days=2))), catalog
        ),
        "today": _costs(rater.rate(frame.with_columns(timestamp=today)), catalog),
        "no 1 h writes": _costs(rated.with_columns(cache_write_1h_tokens=NOTHING), catalog),
        "no writes": _costs(no_writes, catalog),
        "no context tier": _costs(no_tier, catalog),
        "cached at the input rate": _costs(plain, catalog),
        "cached at the standard rate": _sums(uncached, cached, 1),
        "cached at half the standard rate": _sums(uncached, cached, 2),
        "cached at the input rate, no context tier": _costs(
            no_tier.with_columns(cached_input_tokens=NOTHING), catalog
        ),
    }
    return [
        Prices(
            cost,
            dict(zip(columns, what_if, strict=True)),
            borrowed=rate_id >= 0 and catalog.models[rate_key(rate_id).model].provider != case["provider"],
        )
        for case, rate_id, cost, what_if in zip(
            cases, rated["rate_id"], costs, zip(*columns.values(), strict=True), strict=True
        )
    ]


def below_tiers(rate_id: int) -> int:
    """The `rate_id` of the same request with a prompt below every context tier."""
    return rate_key(rate_id)._replace(tier=0).rate_id if rate_id >= 0 else rate_id


def _requests(cases: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    usages = [case["usage"] for case in cases]
    rows = [
        {
            "timestamp": dt.datetime.fromisoformat(case["ts"]),
            "provider": case["provider"],
            "model": case["model"],
            "mode": case["processing"],
            "requests": 1,
            "input_tokens": sum(usage.values()) - usage["output"] - usage["reasoning"],
            "cached_input_tokens": usage["cache_read"],
            "cache_write_tokens": usage["cache_write_5m"] + usage["cache_write_1h"],
            "cache_write_1h_tokens": usage["cache_write_1h"],
            "output_tokens": usage["output"],
            "reasoning_tokens": usage["reasoning"],
            "web_searches": 0,
        }
        for case, usage in zip(cases, usages, strict=True)
    ]
    frame = pl.DataFrame(rows, schema_overrides={"timestamp": pl.Datetime("us", "UTC")})
    return frame.with_columns(pl.col("provider", "model", "mode").cast(pl.Categorical))


def _costs(rated: pl.DataFrame, catalog: Catalog, mode: str | None = None) -> Costs:
    return [
        None if cost is None else Decimal(cost).scaleb(-12) for cost in price(rated, catalog, mode).to_list()
    ]


def _sums(one: Costs, other: Costs, divisor: int) -> Costs:
    return [None if a is None or b is None else a + b / divisor for a, b in zip(one, other, strict=True)]
