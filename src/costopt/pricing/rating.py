"""Requests to rates: exact, without a row of Python."""

from collections.abc import Sequence

import polars as pl

from costopt.pricing.entries import Catalog
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve
from costopt.pricing.rates import rate_key
from costopt.pricing.schedule import Schedule


class Rater:
    """Adds `rate_id` to requests.

    State: which raw names mean which models, and the look-up tables for the models met so far.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._slot_of: dict[int, int] = {}
        self._names: list[tuple[str | None, str | None, int]] = []
        self._slots = _table(self._names)
        self._schedule = Schedule(catalog, ())

    def rate(self, requests: pl.DataFrame) -> pl.DataFrame:
        """The requests with `rate_id`, negative where there is no price: see `why_unpriced`."""
        named = requests if "provider" in requests.columns else requests.with_columns(provider=_nothing())
        found = self._with_slots(named)
        if found["slot"].null_count():
            self._meet(found.filter(pl.col("slot").is_null()))
            found = self._with_slots(named)
        return found.with_columns(rate_id=self._schedule.rate_id(found.columns)).drop("slot")

    def _with_slots(self, named: pl.DataFrame) -> pl.DataFrame:
        """With `slot`: the model's place in the schedule, negative for an unknown one, null for a name not yet met."""
        return named.join(
            self._slots, on=["provider", "model"], how="left", nulls_equal=True, maintain_order="left"
        )

    def _meet(self, named: pl.DataFrame) -> None:
        """Looks up new names, and widens the tables if they mean new models."""
        for provider, model in sorted(
            named.select("provider", "model").unique().cast(pl.String).rows(), key=str
        ):
            number = None if model is None else resolve(self._catalog, provider, model)
            slot = -1 if number is None else self._slot_of.setdefault(number, len(self._slot_of))
            self._names.append((provider, model, slot))
        self._slots = _table(self._names)
        if len(self._slot_of) > len(self._schedule.models):
            self._schedule = Schedule(self._catalog, tuple(self._slot_of))


def with_provider(rated: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Requests, or groups of them, with the provider of their rate where the log names none."""
    known = [rate_id for rate_id in rated["rate_id"].unique().to_list() if rate_id >= 0]
    owners = {rate_id: model_of(catalog, rate_key(rate_id).model).provider for rate_id in known}
    owner = pl.col("rate_id").replace_strict(owners, default=None, return_dtype=pl.String)
    return rated.with_columns(pl.coalesce(pl.col("provider").cast(pl.String), owner).alias("provider"))


def _table(names: Sequence[tuple[str | None, str | None, int]]) -> pl.DataFrame:
    """Raw names with the slot of what they mean."""
    schema = {"provider": pl.Categorical, "model": pl.Categorical, "slot": pl.Int64}
    return pl.DataFrame(names, schema=schema, orient="row")


def _nothing() -> pl.Expr:
    return pl.lit(None, dtype=pl.Categorical)
