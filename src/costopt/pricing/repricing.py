"""What groups of requests would cost on other models: the same tokens, on their days, in their hours and sizes."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from costopt.models.schema import COUNTS
from costopt.pricing.catalog import Catalog
from costopt.pricing.costing import price
from costopt.pricing.schedule import CONDITIONS, Schedule

CONDITION_READS: Final = ("timestamp", "input_tokens", "requests", "context_tokens")
"""What `Repricing.conditions` are made of."""

_OUTPUT: Final = tuple(name for name in COUNTS if name.startswith(("output", "reasoning")))
_INPUT: Final = tuple(name for name in COUNTS if name.endswith("_tokens") and name not in _OUTPUT)


class Repricing:
    """The prices of some models for requests that others served.

    Attributes:
        conditions: By name what such requests have to be split by, beside `mode`, so that each group has one rate on
            each of the models.
    """

    def __init__(self, catalog: Catalog, models: Sequence[int]) -> None:
        self._catalog = catalog
        self._schedule = Schedule(catalog, tuple(dict.fromkeys(models)))
        self.conditions = self._schedule.conditions(CONDITION_READS)

    def costs(self, rollup: pl.DataFrame, model: int) -> pl.DataFrame:
        """What each group would cost on a model, in pico-dollars: for its input, and for all else.

        Args:
            rollup: Sums of `COUNTS` by `mode`, `conditions` and whatever else.
            model: The number of one of the models, for `lending.model_of`.

        Returns:
            `input_cost` and `output_cost` (with fees and searches), both null where there is no price.
        """
        rated = self._rated(rollup, model)
        output = price(rated.with_columns(pl.lit(0, dtype=pl.Int64).alias(name) for name in _INPUT), self._catalog)
        whole = price(rated, self._catalog)
        return pl.DataFrame([(whole - output).alias("input_cost"), output.alias("output_cost")])

    def _rated(self, rollup: pl.DataFrame, model: int) -> pl.DataFrame:
        missing = [pl.lit(0, dtype=pl.Int64).alias(name) for name in CONDITIONS if name not in rollup.columns]
        slot = pl.lit(self._schedule.models.index(model), dtype=pl.Int64).alias("slot")
        groups = rollup.drop("rate_id", strict=False).with_columns(slot, *missing)
        return groups.with_columns(rate_id=self._schedule.rate_id(groups.columns))
