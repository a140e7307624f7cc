"""How much a catalog holds, and how old it is."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import ClassVar

from costopt.models.intake import CatalogReport, LayerReport, StaleModel
from costopt.models.result import Result
from costopt.pricing.age import STALE_DAYS, stale
from costopt.pricing.catalog import MODES, Catalog, PriceRow, report_of
from costopt.pricing.schedule import rows_in_force


class LayerCheck(LayerReport):
    """What one file of the catalog says."""

    models: int
    adjustments: int
    aliases: int


class PricingCheck(Result):
    """How much a catalog holds, and how old it is.

    Attributes:
        at: The day of the check.
        catalog: Which one.
        layers: What each file of it says, from the lowest up.
        providers: How many.
        models: How many.
        prices: How many price rows.
        dated: Models with more than one price.
        tiered: Models with context tiers.
        modes: By mode, how many models have rates in it.
        stale_days: A price that was last verified longer ago than this is stale.
        stale: Models whose price in force is stale, the oldest first.
    """

    kind: ClassVar[str] = "pricing_check"

    at: dt.date
    catalog: CatalogReport
    layers: tuple[LayerCheck, ...]
    providers: int
    models: int
    prices: int
    dated: int
    tiered: int
    modes: Mapping[str, int]
    stale_days: int
    stale: tuple[StaleModel, ...]


def check_catalog(catalog: Catalog, at: dt.date, stale_days: int = STALE_DAYS) -> PricingCheck:
    """What there is in a catalog, which was checked as it was read, and which of its prices are stale on a day."""
    models = catalog.models
    report = report_of(catalog)
    return PricingCheck(
        at=at,
        catalog=report,
        layers=tuple(
            LayerCheck(
                **told.model_dump(),
                models=len(layer.models),
                adjustments=len(layer.adjustments),
                aliases=len(layer.aliases),
            )
            for told, layer in zip(report.layers, catalog.layers, strict=True)
        ),
        providers=len(catalog.providers),
        models=len(models),
        prices=sum(len(model.prices) for model in models),
        dated=sum(len(model.prices) > 1 for model in models),
        tiered=sum(_is_tiered(model.prices) for model in models),
        modes={
            mode: sum(any(mode in row.modes for row in model.prices) for model in models) for mode in MODES
        },
        stale_days=stale_days,
        stale=_stale(catalog, at, stale_days),
    )


def _stale(catalog: Catalog, at: dt.date, days: int) -> tuple[StaleModel, ...]:
    in_force = (
        (model, model.prices[number])
        for model in catalog.models
        for number in rows_in_force(model.prices, at)
    )
    oldest: dict[tuple[str, str], dt.date] = {}
    for model, verified in stale(catalog, in_force, at, days):
        key = (model.provider, model.id)
        oldest[key] = min(verified, oldest.get(key, verified))
    ranked = sorted((verified, *key) for key, verified in oldest.items())
    return tuple(
        StaleModel(provider=provider, model=model, verified=verified) for verified, provider, model in ranked
    )


def _is_tiered(rows: Sequence[PriceRow]) -> bool:
    return any(price.tiers for row in rows for price in row.modes.values())
