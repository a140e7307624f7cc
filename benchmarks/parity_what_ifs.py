"""What costopt charges for the parity cases, and what it would charge if it made a peer's mistake."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import polars as pl

from costopt.models.schema import COUNTS
from costopt.pricing.catalog import Catalog
from costopt.pricing.costing import price
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve
from costopt.pricing.rates import rate_key
from costopt.pricing.rating import Rater

TODAY: Final = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)
"""When the peers were asked; a Wednesday, outside all peak hours."""

NOTHING: Final = pl.lit(0, dtype=pl.Int64)
WHAT_IFS: Final = (
    "standard",
    "two days later",
    "today",
    "this week",
    "today at that hour",
    "no 1 h writes",
    "no writes",
    "no context tier",
    "cached at the input rate",
    "cached at the standard rate",
    "cached at half the standard rate",
    "cached at the input rate, no context tier",
    "no output",
    "standard, two days later",
    "standard, today",
    "standard, today at that hour",
    "standard, no output",
    "other model",
    "standard, other model",
)
CORRECTED: Final = r"(?i)-?(distill|cyber).*"
"""What tells a model from the one that genai-prices takes it for, by `scripts/corrections.toml`."""


Costs = list[Decimal | None]


@dataclass(frozen=True, slots=True)
class Prices:
    """costopt's price of one request in USD, and what it comes from.

    Attributes:
        cost: None without a price.
        what_if: By the names in `WHAT_IFS`.
        borrowed: The price is another provider's, which this one falls back to.
        entry: Provider and id of the catalog's model; None if the name means none.
        source: Where the mode's rates came from; empty: from genai-prices, like those of most models.
        is_own: The whole model came from there, not this mode alone.
    """

    cost: Decimal | None
    what_if: Mapping[str, Decimal | None]
    borrowed: bool = False
    entry: tuple[str, str] | None = None
    source: str = ""
    is_own: bool = False


def priced(cases: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[Prices]:
    """Every case, in one frame."""
    frame = _requests(cases)
    rater = Rater(catalog)
    rated = rater.rate(frame)
    columns = {
        "standard": _costs(rated, catalog, "standard"),
        **_at_other_times(frame, rater, catalog),
        **_of_other_tokens(rated, catalog),
        **_without_answers(frame, rater, catalog),
        **_of_other_model(frame, rater, catalog),
    }
    what_ifs = zip(*(columns[name] for name in WHAT_IFS), strict=True)
    found = zip(cases, rated["rate_id"], _costs(rated, catalog), what_ifs, strict=True)
    return [
        _origin(catalog, case, rate_id, Prices(cost, dict(zip(WHAT_IFS, what_if, strict=True))))
        for case, rate_id, cost, what_if in found
    ]


def _origin(catalog: Catalog, case: Mapping[str, Any], rate_id: int, prices: Prices) -> Prices:
    """The prices, with what they come from."""
    number = resolve(catalog, case["provider"], case["model"])
    if number is None:
        return prices
    model = model_of(catalog, number)
    row = model.prices[rate_key(rate_id).row] if rate_id >= 0 else None
    source = row.sources.get(case["processing"], model.source) if row else model.source
    own = catalog.models[number % len(catalog.models)]
    return replace(
        prices,
        borrowed=bool(model.lender),
        entry=(own.provider, own.id),
        source=source,
        is_own=bool(model.source),
    )


def _at_other_times(frame: pl.DataFrame, rater: Rater, catalog: Catalog) -> dict[str, Costs]:
    monday = TODAY.date() - dt.timedelta(days=TODAY.weekday())
    later = rater.rate(frame.with_columns(pl.col("timestamp") + dt.timedelta(days=2)))
    today = rater.rate(frame.with_columns(timestamp=_moment(TODAY)))
    this_week = rater.rate(frame.with_columns(timestamp=_midnight(monday) + _since("1w")))
    at_that_hour = rater.rate(frame.with_columns(timestamp=_midnight(TODAY.date()) + _since("1d")))
    return {
        "two days later": _costs(later, catalog),
        "today": _costs(today, catalog),
        "this week": _costs(this_week, catalog),
        "today at that hour": _costs(at_that_hour, catalog),
        "standard, two days later": _costs(later, catalog, "standard"),
        "standard, today": _costs(today, catalog, "standard"),
        "standard, today at that hour": _costs(at_that_hour, catalog, "standard"),
    }


def _of_other_tokens(rated: pl.DataFrame, catalog: Catalog) -> dict[str, Costs]:
    """The rates are those of the request as it was made."""
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
    plain_no_tier = no_tier.with_columns(cached_input_tokens=NOTHING)
    return {
        "no 1 h writes": _costs(rated.with_columns(cache_write_1h_tokens=NOTHING), catalog),
        "no writes": _costs(no_writes, catalog),
        "no context tier": _costs(no_tier, catalog),
        "cached at the input rate": _costs(plain, catalog),
        "cached at the standard rate": _sums(uncached, cached, 1),
        "cached at half the standard rate": _sums(uncached, cached, 2),
        "cached at the input rate, no context tier": _costs(plain_no_tier, catalog),
    }


def _without_answers(frame: pl.DataFrame, rater: Rater, catalog: Catalog) -> dict[str, Costs]:
    rated = rater.rate(frame.with_columns(output_tokens=NOTHING, reasoning_tokens=NOTHING))
    return {
        "no output": _costs(rated, catalog),
        "standard, no output": _costs(rated, catalog, "standard"),
    }


def _of_other_model(frame: pl.DataFrame, rater: Rater, catalog: Catalog) -> dict[str, Costs]:
    rated = rater.rate(to_other_model(frame))
    return {
        "other model": _costs(rated, catalog),
        "standard, other model": _costs(rated, catalog, "standard"),
    }


def to_other_model(requests: pl.DataFrame) -> pl.DataFrame:
    """The requests, to the model that genai-prices takes a corrected one for."""
    name = pl.col("model").cast(pl.String).str.replace(CORRECTED, "")
    return requests.with_columns(name.cast(pl.Categorical).alias("model"))


def below_tiers(rate_id: int) -> int:
    """The `rate_id` of the same request with a prompt below every context tier."""
    return rate_key(rate_id)._replace(tier=0).rate_id if rate_id >= 0 else rate_id


def _moment(moment: dt.datetime) -> pl.Expr:
    return pl.lit(moment, dtype=pl.Datetime("us", "UTC"))


def _midnight(day: dt.date) -> pl.Expr:
    return _moment(dt.datetime.combine(day, dt.time(), dt.UTC))


def _since(period: str) -> pl.Expr:
    """The time since the day or the week began."""
    return pl.col("timestamp") - pl.col("timestamp").dt.truncate(period)


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
    frame = frame.with_columns(NOTHING.alias(name) for name in COUNTS if name not in frame.columns)
    return frame.with_columns(pl.col("provider", "model", "mode").cast(pl.Categorical))


def _costs(rated: pl.DataFrame, catalog: Catalog, mode: str | None = None) -> Costs:
    return [
        None if cost is None else Decimal(cost).scaleb(-12) for cost in price(rated, catalog, mode).to_list()
    ]


def _sums(one: Costs, other: Costs, divisor: int) -> Costs:
    return [None if a is None or b is None else a + b / divisor for a, b in zip(one, other, strict=True)]
