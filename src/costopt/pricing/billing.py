"""Rollups of logged and rated requests to a bill, and what has to be said of it."""

import datetime as dt
from collections.abc import Iterator
from typing import Final, Literal

import polars as pl

from costopt.models.intake import StaleModel, UnpricedModel
from costopt.models.schema import PICO
from costopt.pricing.age import stale
from costopt.pricing.costing import price
from costopt.pricing.entries import Catalog
from costopt.pricing.lending import model_of
from costopt.pricing.matching import nearest
from costopt.pricing.rates import rate_key, why_unpriced
from costopt.pricing.rating import with_provider

CostBasis = Literal["auto", "logged", "computed"]
"""Which cost counts: the logged one where there is one and else the computed one; only the one; only the other."""

PRICE_KEY: Final = "price_key"
"""`rate_id` and `is_logged` in one number: grouping takes less time by one key than by two."""

_NAMED_UNPRICED: Final = 10


def packed(rated: pl.DataFrame) -> pl.DataFrame:
    """Rated requests with `PRICE_KEY`, and with `logged_cost` in pico-dollars; of a log without costs none is logged."""
    has_cost = "cost_usd" in rated.columns
    is_logged = pl.col("cost_usd").is_not_null() if has_cost else pl.lit(value=False)
    return rated.with_columns(
        (pl.col("rate_id") * 2 + is_logged.cast(pl.Int64)).alias(PRICE_KEY),
        logged_cost=pl.col("cost_usd").to_physical() if has_cost else pl.lit(None, dtype=PICO),
    )


def unpacked(rollup: pl.DataFrame) -> pl.DataFrame:
    """A rollup by `PRICE_KEY` with `rate_id` and `is_logged` in its place."""
    at, key = rollup.columns.index(PRICE_KEY), rollup[PRICE_KEY]
    columns = rollup.get_columns()
    columns[at : at + 1] = [(key // 2).alias("rate_id"), (key % 2 == 1).alias("is_logged")]
    return pl.DataFrame(columns)


def billed(rollup: pl.DataFrame, catalog: Catalog, basis: CostBasis) -> pl.DataFrame:
    """The rollup with `computed_cost` and the `cost` of the basis; a provider the log does not name is filled in."""
    named = with_provider(rollup, catalog) if "provider" in rollup.columns else rollup
    logged = pl.when("is_logged").then("logged_cost")
    computed = pl.col("computed_cost")
    cost = {
        "auto": pl.when("is_logged").then("logged_cost").otherwise(computed),
        "logged": logged,
        "computed": computed,
    }
    return named.with_columns(computed_cost=price(rollup, catalog)).with_columns(
        logged_cost=logged, cost=cost[basis]
    )


def unpriced_models(unpriced: pl.DataFrame, catalog: Catalog, basis: CostBasis) -> Iterator[UnpricedModel]:
    """The models of groups without a cost, those with most requests first."""
    reasons = {
        rate_id: "no_logged_cost" if basis == "logged" else why_unpriced(rate_id)
        for rate_id in unpriced["rate_id"].unique().to_list()
    }
    reason = pl.col("rate_id").replace_strict(reasons, default=None, return_dtype=pl.String)
    keys = ["provider", "model", "reason"]
    counted = unpriced.with_columns(reason=reason).group_by(keys).agg(pl.col("requests").sum())
    ranked = counted.sort("requests", *keys, descending=[True, False, False, False])
    for provider, model, why, requests in ranked.head(_NAMED_UNPRICED).iter_rows():
        near = nearest(catalog, provider, model) if why == "unknown_model" else None
        yield UnpricedModel(provider=provider, model=model, requests=requests, reason=why, suggestion=near)


def stale_models(
    bill: pl.DataFrame, catalog: Catalog, basis: CostBasis, end: dt.datetime | None
) -> tuple[StaleModel, ...]:
    """The models that were billed at a price that nobody has verified for long before the end of the bill."""
    if end is None or basis == "logged":
        return ()
    computed = bill.filter(pl.col("computed_cost").is_not_null(), pl.col("rate_id") >= 0)
    if basis != "computed":
        computed = computed.filter(~pl.col("is_logged"))
    keys = (rate_key(rate_id) for rate_id in computed["rate_id"].unique().sort())
    models = ((model_of(catalog, key.model), key.row) for key in keys)
    used = ((model, model.prices[row]) for model, row in models)
    found: dict[tuple[str, str], dt.date] = {}
    for model, verified in stale(catalog, used, end.date()):
        name = (model.provider, model.id)
        found[name] = min(verified, found.get(name, verified))
    return tuple(
        StaleModel(provider=provider, model=model, verified=verified)
        for (provider, model), verified in sorted(found.items())
    )
