"""The front page: what was spent, on what, and what would save most."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

import polars as pl

from costopt.calculators.batch import BATCH, ELIGIBLE_TAGS, advise_batch, batch_lever
from costopt.calculators.spend import Figures, figures, grouped, spend_rollup, total
from costopt.models.intake import CatalogReport, IntakeReport, Provenance
from costopt.models.money import percent, to_cents, usd
from costopt.models.period import Bucket
from costopt.models.result import Frozen, Lever, Period, Result
from costopt.pricing.catalog import Catalog
from costopt.rollups.rollup import Key, Rollup

_RETRIED: Final = Key("retried", (pl.col("attempt") > 1).fill_null(value=False), ("attempt",))
_MODELS: Final = spend_rollup(("provider", "model", "mode", "status"), name="models", more=(_RETRIED,))
_TENANTS: Final = spend_rollup(("tenant",), name="tenants")
_ENDPOINTS: Final = spend_rollup(("endpoint",), name="endpoints")


def analyze_rollups(zone: str) -> tuple[Rollup, ...]:
    """The rollups that `analyze` needs; days are those of the time zone."""
    return (_MODELS, _TENANTS, _ENDPOINTS, BATCH, spend_rollup((), Bucket("1d", zone), name="days"))


class _OfModel(Frozen):
    provider: str | None
    model: str | None


class ByModel(Figures, _OfModel):
    """One model of one provider, as logged."""


class _OfTag(Frozen):
    tag: str | None


class ByTag(Figures, _OfTag):
    """One tag; null: untagged."""


class _OfTenant(Frozen):
    tenant: str | None


class ByTenant(Figures, _OfTenant):
    """One tenant; null: the log does not say."""


class _OfEndpoint(Frozen):
    endpoint: str | None


class ByEndpoint(Figures, _OfEndpoint):
    """One endpoint; null: the log does not say."""


class Day(Frozen):
    """One day of the period, in the report's time zone; a day without requests cost 0."""

    date: dt.date
    cost_usd: Decimal


class Difference(Frozen):
    """Logged against computed cost, over the requests that have both.

    Attributes:
        requests: How many have both.
        logged_usd: What the log says they cost.
        computed_usd: What they cost at catalog prices.
        difference_pct: Computed minus logged, in percent of logged.
    """

    requests: int
    logged_usd: Decimal
    computed_usd: Decimal
    difference_pct: Decimal


class SpendOverview(Frozen):
    """The bill.

    Attributes:
        total_usd: Of all priced requests, at the cost basis asked for.
        per_day_usd: The same by day of the period, rounded to cents.
        logged_usd: The sum of the logged costs; null where the log has none.
        computed_usd: The sum of the computed costs; null where no request has a price.
        difference: Logged against computed; null where no request has both.
        cached_input_pct: Cached input, in percent of all input tokens.
        batch_pct: Spend in batch mode, in percent of the total.
        error_requests: Requests that failed.
        error_usd: What they cost.
        retry_requests: Requests that were not the first try, failed or not.
        retry_usd: What they cost.
        by_model: Dearest first; so are the others.
        by_tag: By tag.
        by_tenant: By tenant.
        by_endpoint: By endpoint.
        daily: Every day of the period, in order.
    """

    total_usd: Decimal
    per_day_usd: Decimal
    logged_usd: Decimal | None
    computed_usd: Decimal | None
    difference: Difference | None
    cached_input_pct: Decimal
    batch_pct: Decimal
    error_requests: int
    error_usd: Decimal
    retry_requests: int
    retry_usd: Decimal
    by_model: tuple[ByModel, ...]
    by_tag: tuple[ByTag, ...]
    by_tenant: tuple[ByTenant, ...]
    by_endpoint: tuple[ByEndpoint, ...]
    daily: tuple[Day, ...]


class Analysis(Result):
    """The front page.

    Attributes:
        period: First to last request.
        intake: What was read.
        catalog: Which prices were used.
        cost: Which cost counts: `auto`, `logged` or `computed`.
        timezone: In which days begin and end.
        spend: The bill.
        levers: What would save, largest first.
    """

    kind: ClassVar[str] = "analyze"
    period: Period
    intake: IntakeReport
    catalog: CatalogReport
    cost: str
    timezone: str
    spend: SpendOverview
    levers: tuple[Lever, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """The cost basis and the time zone that the rollups were made with, and the tags of requests that can wait."""

    cost: str = "auto"
    zone: str = "UTC"
    tags: tuple[str, ...] = ELIGIBLE_TAGS


def analyze(
    rollups: Mapping[str, pl.DataFrame],
    catalog: Catalog,
    provenance: Provenance,
    terms: Terms = Terms(),
) -> Analysis:
    """The front page from the rollups of `analyze_rollups`, priced.

    Args:
        rollups: By name.
        catalog: The one they were priced with.
        provenance: Period, intake and catalog.
        terms: How they were made, and what may be advised.
    """
    batch = advise_batch(rollups["batch"], catalog, provenance, terms.tags)
    levers = [lever for lever in (batch_lever(batch),) if lever]
    return Analysis(
        period=provenance.period,
        intake=provenance.intake,
        catalog=provenance.catalog,
        cost=terms.cost,
        timezone=terms.zone,
        spend=_overview(rollups, provenance.period),
        levers=tuple(sorted(levers, key=lambda lever: (-lever.saving_usd, lever.lever))),
    )


def _overview(rollups: Mapping[str, pl.DataFrame], period: Period) -> SpendOverview:
    models = rollups["models"]
    amount, _ = total(models)
    failed = models.filter(pl.col("status") == "error")
    retried = models.filter("retried")
    logged = models.filter("is_logged")
    computed = models["computed_cost"]
    batched = models.filter(pl.col("mode") == "batch")["cost"].sum()
    return SpendOverview(
        total_usd=amount,
        per_day_usd=to_cents(amount / period.days),
        logged_usd=usd(int(logged["logged_cost"].sum())) if logged.height else None,
        computed_usd=usd(int(computed.sum())) if computed.count() else None,
        difference=_difference(models),
        cached_input_pct=percent(int(models["cached_input_tokens"].sum()), int(models["input_tokens"].sum())),
        batch_pct=percent(usd(int(batched or 0)), amount),
        error_requests=int(failed["requests"].sum()),
        error_usd=usd(int(failed["cost"].sum() or 0)),
        retry_requests=int(retried["requests"].sum()),
        retry_usd=usd(int(retried["cost"].sum() or 0)),
        by_model=tuple(ByModel.model_validate(row) for row in _groups(models, ["provider", "model"], amount)),
        by_tag=tuple(ByTag.model_validate(row) for row in _groups(rollups["batch"], ["tag"], amount)),
        by_tenant=tuple(
            ByTenant.model_validate(row) for row in _groups(rollups["tenants"], ["tenant"], amount)
        ),
        by_endpoint=tuple(
            ByEndpoint.model_validate(row) for row in _groups(rollups["endpoints"], ["endpoint"], amount)
        ),
        daily=tuple(_days(rollups["days"])),
    )


def _difference(models: pl.DataFrame) -> Difference | None:
    both = models.filter(pl.col("is_logged") & pl.col("computed_cost").is_not_null())
    if not both.height:
        return None
    logged, computed = usd(int(both["logged_cost"].sum())), usd(int(both["computed_cost"].sum()))
    return Difference(
        requests=int(both["requests"].sum()),
        logged_usd=logged,
        computed_usd=computed,
        difference_pct=percent(computed - logged, logged),
    )


def _groups(rollup: pl.DataFrame, keys: list[str], amount: Decimal) -> list[dict[str, object]]:
    descending = [True, True, *(False for _ in keys)]
    ranked = grouped(rollup, keys).sort("cost", "requests", *keys, descending=descending, nulls_last=True)
    return [
        {**{name: row[name] for name in keys}, **figures(row, amount)} for row in ranked.iter_rows(named=True)
    ]


def _days(rollup: pl.DataFrame) -> list[Day]:
    costs = {
        row["period"]: usd(row["cost"] or 0) for row in grouped(rollup, ["period"]).iter_rows(named=True)
    }
    if not costs:
        return []
    first, last = min(costs), max(costs)
    dates = [first + dt.timedelta(days=day) for day in range((last - first).days + 1)]
    return [Day(date=date, cost_usd=costs.get(date, Decimal(0))) for date in dates]
