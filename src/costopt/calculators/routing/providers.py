"""How the models of a log have performed: latency, cost, quality, reliability, volume and trend, by provider and model.

Latencies are counted in buckets that are 5 % wide, so that they can be added up: a percentile is right to 2.5 %.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import ClassVar, Final

import polars as pl

from costopt.calculators.kinds import writes
from costopt.calculators.routing.policy_file import find_model
from costopt.calculators.routing.traffic import with_served
from costopt.models.intake import Provenance
from costopt.models.money import percent, usd
from costopt.models.result import Frozen, Result
from costopt.pricing.catalog import Catalog
from costopt.rollups.rollup import Key, Rollup

_STEP: Final = math.log(1.05)
_MICRO: Final = 1_000_000
_LATENCY: Final = pl.col("latency_ms").cast(pl.Float64)
_TIMED: Final = ((_LATENCY > 0) & _LATENCY.is_finite()).fill_null(value=False)
_LONGEST: Final = 1e12
"""Milliseconds: 30 years; more is taken for as much."""
_REQUESTS: Final = pl.col("requests").cast(pl.Int128).fill_null(1)
"""What a line says is the mean of so many."""
_QUALITY: Final = pl.col("quality").cast(pl.Float64)
_CONFIDENCE: Final = pl.col("confidence").cast(pl.Float64)


def _scored(value: pl.Expr) -> pl.Expr:
    return value.is_between(0, 1).fill_null(value=False)


def _micro(value: pl.Expr, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then((value * _MICRO).round()).otherwise(0.0).cast(pl.Int128)


def _sum(name: str, value: pl.Expr, read: str) -> Key:
    return Key(name, _REQUESTS * value, ("requests", read))


_BUCKET: Final = Key(
    "latency_bucket",
    pl.when(_TIMED).then((_LATENCY.log() / _STEP).round().clip(-200, 1000)).cast(pl.Int16),
    ("latency_ms",),
)
_SUMS: Final = (
    _sum("timed", _TIMED.cast(pl.Int128), "latency_ms"),
    _sum("latency_sum", _micro(_LATENCY.clip(0, _LONGEST), _TIMED), "latency_ms"),
    _sum("rated", _scored(_QUALITY).cast(pl.Int128), "quality"),
    _sum("rating_sum", _micro(_QUALITY, _scored(_QUALITY)), "quality"),
    _sum("confident", _scored(_CONFIDENCE).cast(pl.Int128), "confidence"),
    _sum("confidence_sum", _micro(_CONFIDENCE, _scored(_CONFIDENCE)), "confidence"),
)
_DAY: Final = Key("day", pl.col("timestamp").dt.date(), ("timestamp",))

SERVICE_SUMS: Final = tuple(key for key in _SUMS if "quality" not in key.reads)
"""The sums that `performance_of` needs."""

PERFORMANCE: Final = Rollup("performance", ("provider", "model", "status"), (_BUCKET,), _SUMS)
DAYS: Final = Rollup("performance_days", ("provider", "model"), (_DAY,))
"""The rollups that `performances` needs; `DAYS` only for the trend."""


@dataclass(frozen=True, slots=True)
class Performance:
    """What a policy may know of a model: mean latency in milliseconds, reliability and mean confidence, 0 to 1."""

    latency: float | None
    reliability: float | None
    confidence: float | None


class ModelPerformance(Frozen):
    """How one model of one provider has performed.

    Attributes:
        model: As the catalog names it, else as logged.
        requests: How many.
        share_pct: Of all requests, in percent.
        cost_usd: What they cost; null where none has a price.
        per_request_usd: The mean.
        per_1k_tokens_usd: For 1,000 tokens of input and output together.
        latency_ms: The mean; null where the log has none.
        p50_ms: Half of the requests were faster; to 2.5 %.
        p95_ms: 95 % were.
        p99_ms: 99 % were.
        quality: The mean score; null where there is none.
        scored: How many requests have a score.
        reliability_pct: Of the requests with a status, how many did not fail, in percent.
        errors: How many failed.
        trend_pct: Requests a day in the second half of the period against the first, in percent; null for less than
            two days, and where the first half has none.
    """

    model: str
    requests: int
    share_pct: Decimal
    cost_usd: Decimal | None
    per_request_usd: Decimal | None
    per_1k_tokens_usd: Decimal | None
    latency_ms: Decimal | None
    p50_ms: Decimal | None
    p95_ms: Decimal | None
    p99_ms: Decimal | None
    quality: Decimal | None
    scored: int
    reliability_pct: Decimal | None
    errors: int
    trend_pct: Decimal | None


class Performances(Result):
    """How all models of a log have performed, those with most requests first."""

    kind: ClassVar[str] = "performance"
    provenance: Provenance
    models: tuple[ModelPerformance, ...]


def performance_of(rollup: pl.DataFrame, catalog: Catalog) -> dict[str, Performance]:
    """What a policy may know of the models of a log, by the catalog's name.

    Args:
        rollup: `PERFORMANCE`, or any other with its keys and `SERVICE_SUMS`, priced.
        catalog: The prices.
    """
    return {
        name: Performance(
            _quotient(sums["latency_sum"], sums["timed"]),
            1 - sums["errors"] / sums["told"] if sums["told"] else None,
            _quotient(sums["confidence_sum"], sums["confident"]),
        )
        for name, sums in _sums(rollup, catalog).items()
    }


def unit_costs(rollup: pl.DataFrame, catalog: Catalog) -> dict[str, Decimal | None]:
    """By model, by the catalog's name, the mean cost of its requests in USD; None where none has a price.

    Args:
        rollup: `PERFORMANCE`, or any other by provider and model; priced.
        catalog: The prices.
    """
    priced = pl.col("requests").filter(pl.col("cost").is_not_null()).sum()
    table = with_served(rollup, catalog).group_by("served").agg(pl.col("cost").sum(), priced).sort("served")
    return {name: usd(cost) / count if count else None for name, cost, count in table.iter_rows()}


def ladder_costs(rollup: pl.DataFrame, catalog: Catalog) -> dict[str, Decimal]:
    """The `unit_costs` of the models that tiers can be made of: those of the catalog that write text.

    Args:
        rollup: `PERFORMANCE`, or any other by provider and model; priced.
        catalog: The prices.
    """
    return {
        name: cost
        for name, cost in unit_costs(rollup, catalog).items()
        if cost is not None and (number := find_model(catalog, name)) is not None and writes(catalog, number)
    }


def performances(
    rollup: pl.DataFrame, days: pl.DataFrame, catalog: Catalog, provenance: Provenance
) -> Performances:
    """The performance of every model of a log.

    Args:
        rollup: `PERFORMANCE`, priced.
        days: `DAYS`.
        catalog: The prices.
        provenance: Period, intake and catalog.
    """
    sums = _sums(rollup, catalog)
    everything = sum(each["requests"] for each in sums.values())
    quantiles = _quantiles(rollup, catalog)
    trends = _trends(days, catalog)
    ranked = sorted(sums, key=lambda name: (-sums[name]["requests"], name))
    return Performances(
        provenance=provenance,
        models=tuple(
            _performance(name, sums[name], everything, quantiles.get(name, (None,) * 3), trends.get(name))
            for name in ranked
        ),
    )


def _sums(rollup: pl.DataFrame, catalog: Catalog) -> dict[str, dict[str, int]]:
    failed = pl.col("status").cast(pl.String) == "error"
    names = [key.name for key in _SUMS if key.name in rollup.columns]
    table = (
        with_served(rollup, catalog)
        .group_by("served")
        .agg(
            pl.col("requests", "input_tokens", "output_tokens", *names).sum(),
            pl.col("requests").filter(failed).sum().alias("errors"),
            pl.col("requests").filter(pl.col("status").is_not_null()).sum().alias("told"),
            pl.col("cost").sum(),
            pl.col("requests", "input_tokens", "output_tokens")
            .filter(pl.col("cost").is_not_null())
            .sum()
            .name.prefix("priced_"),
        )
        .sort("served")
    )
    return {row.pop("served"): row for row in table.iter_rows(named=True)}


def _quotient(total: int, count: int) -> float | None:
    return total / _MICRO / count if count else None


def _quantiles(rollup: pl.DataFrame, catalog: Catalog) -> dict[str, tuple[Decimal | None, ...]]:
    """The 50th, 95th and 99th percentile of each model's latencies."""
    table = (
        with_served(rollup, catalog)
        .filter(pl.col("latency_bucket").is_not_null())
        .group_by("served", "latency_bucket")
        .agg(pl.col("timed").sum())
        .sort("served", "latency_bucket")
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for name, bucket, count in table.iter_rows():
        found.setdefault(name, []).append((bucket, count))
    return {name: tuple(_quantile(buckets, pct) for pct in (50, 95, 99)) for name, buckets in found.items()}


def _quantile(buckets: Sequence[tuple[int, int]], pct: int) -> Decimal:
    """The bucket that holds the request of that rank."""
    rank = max(1, -(-sum(count for _, count in buckets) * pct // 100))
    passed = accumulate(count for _, count in buckets)
    found = next(bucket for (bucket, _), count in zip(buckets, passed, strict=True) if count >= rank)
    return Decimal(f"{math.exp(found * _STEP):.4g}")


def _trends(days: pl.DataFrame, catalog: Catalog) -> dict[str, Decimal]:
    table = with_served(days, catalog).group_by("served", "day").agg(pl.col("requests").sum())
    first, last = table["day"].min(), table["day"].max()
    if not isinstance(first, dt.date) or not isinstance(last, dt.date) or first == last:
        return {}
    span = (last - first).days + 1
    late = (pl.col("day") - first).dt.total_days() * 2 >= span
    halves = table.group_by("served").agg(
        pl.col("requests").filter(~late).sum().alias("before"),
        pl.col("requests").filter(late).sum().alias("after"),
    )
    before_days = -(-span // 2)
    after_days = span - before_days
    return {
        name: percent(after * before_days - before * after_days, before * after_days)
        for name, before, after in halves.sort("served").iter_rows()
        if before
    }


def _performance(
    name: str,
    sums: Mapping[str, int],
    everything: int,
    quantiles: Sequence[Decimal | None],
    trend: Decimal | None,
) -> ModelPerformance:
    priced = sums["priced_requests"]
    cost = usd(sums["cost"]) if priced else None
    tokens = sums["priced_input_tokens"] + sums["priced_output_tokens"]
    quality, latency = (
        _quotient(sums["rating_sum"], sums["rated"]),
        _quotient(sums["latency_sum"], sums["timed"]),
    )
    return ModelPerformance(
        model=name,
        requests=sums["requests"],
        share_pct=percent(sums["requests"], everything),
        cost_usd=cost,
        per_request_usd=None if cost is None else _rounded(cost / priced),
        per_1k_tokens_usd=_rounded(cost * 1000 / tokens) if cost is not None and tokens else None,
        latency_ms=None if latency is None else Decimal(f"{latency:.1f}"),
        p50_ms=quantiles[0],
        p95_ms=quantiles[1],
        p99_ms=quantiles[2],
        quality=None if quality is None else Decimal(f"{quality:.4f}"),
        scored=sums["rated"],
        reliability_pct=percent(sums["told"] - sums["errors"], sums["told"]) if sums["told"] else None,
        errors=sums["errors"],
        trend_pct=trend,
    )


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-12")).normalize()
