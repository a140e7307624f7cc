"""Requests to rates: exact, without a row of Python."""

import polars as pl

from costopt.pricing.catalog import Catalog
from costopt.pricing.matching import resolve
from costopt.pricing.schedule import Schedule


class Rater:
    """Adds `rate_id` to requests.

    State: which raw names mean which models, and the look-up tables for the models met so far.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._slots: dict[tuple[str | None, str], int | None] = {}
        self._schedule = Schedule(catalog, [])

    def rate(self, requests: pl.DataFrame) -> pl.DataFrame:
        """The requests with `rate_id`, negative where there is no price: see `why_unpriced`."""
        named = requests if "provider" in requests.columns else requests.with_columns(provider=_nothing())
        self._meet(named)
        slots = pl.DataFrame(
            [(provider, model, slot) for (provider, model), slot in self._slots.items()],
            schema={"provider": pl.Categorical, "model": pl.Categorical, "slot": pl.Int64},
            orient="row",
        )
        found = named.join(slots, on=["provider", "model"], how="left", nulls_equal=True, maintain_order="left")
        return found.with_columns(rate_id=self._schedule.rate_id(found.columns)).drop("slot")

    def _meet(self, named: pl.DataFrame) -> None:
        """Looks up the names that are new and widens the tables if they mean new models."""
        pairs = named.select("provider", "model").unique().cast(pl.String).rows()
        new = sorted((pair for pair in pairs if pair not in self._slots), key=str)
        if not new:
            return
        models = list(self._schedule.models)
        for provider, model in new:
            number = resolve(self._catalog, provider, model)
            if number is not None and number not in models:
                models.append(number)
            self._slots[provider, model] = None if number is None else models.index(number)
        if len(models) > len(self._schedule.models):
            self._schedule = Schedule(self._catalog, models)


def _nothing() -> pl.Expr:
    return pl.lit(None, dtype=pl.Categorical)
