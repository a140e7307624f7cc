"""What groups of requests would cost on other models: the same tokens, on their days, in their hours and sizes.

Which models a log will turn out to have is not known before it is read. So requests are split by everything that a
price of any model may hang on: by the days on which some price changes, and by the prompt sizes from which some price
is another. Few of these lie within one log. A group is then priced as a single request of that day and size would be.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from costopt.models.schema import COUNTS, PICO
from costopt.pricing.catalog import Catalog
from costopt.pricing.costing import price
from costopt.pricing.lending import model_of
from costopt.pricing.rates import thresholds_of
from costopt.pricing.schedule import Schedule, week_minute, windows_of

CONDITION_READS: Final = ("timestamp", "input_tokens", "requests", "context_tokens")
"""What `Repricing.conditions` are made of."""

_DATE, _WINDOW, _SIZE = "price_date", "price_window", "price_size"
CONDITION_NAMES: Final = (_DATE, _WINDOW, _SIZE)
"""What they are called; a catalog may have no use for one."""

_OUTPUT: Final = tuple(name for name in COUNTS if name.startswith(("output", "reasoning")))
_INPUT: Final = tuple(name for name in COUNTS if name.endswith("_tokens") and name not in _OUTPUT)
COSTS: Final = ("input_cost", "output_cost", "other_cost")
"""What `Repricing.costs` tells apart: input and output tokens, and what is billed by the piece."""
_DAWN: Final = dt.datetime(1970, 1, 5, tzinfo=dt.UTC)
"""A Monday before all prices."""


class Repricing:
    """The prices of a catalog for requests that other models served.

    It is made for some models by their numbers: of others, prices that hang on the hour are taken to be unknown.

    Attributes:
        conditions: By name, as expressions over `CONDITION_READS`, what requests have to be split by, beside `mode`,
            so that each group has one rate on each of them.
    """

    def __init__(self, catalog: Catalog, models: Sequence[int]) -> None:
        self._catalog = catalog
        rows = [row for number in models for row in model_of(catalog, number).prices]
        self._windows = windows_of(rows)
        every = [row for model in catalog.models for row in model.prices]
        days = {day for row in (*every, *rows) for day in (row.starts, row.ends) if day}
        days |= {day for each in catalog.adjustments for day in (each.starts, each.ends) if day}
        self._dates = sorted(days)
        self._sizes = sorted({size for row in (*every, *rows) for size in thresholds_of(row)})
        self.conditions = dict(self._conditions())

    def _conditions(self) -> Iterator[tuple[str, pl.Expr]]:
        starts = [dt.datetime.combine(date, dt.time(), dt.UTC) for date in self._dates]
        breaks = pl.Series(starts, dtype=pl.Datetime("us", "UTC"))
        yield _DATE, pl.lit(breaks).search_sorted(pl.col("timestamp"), side="right").cast(pl.Int32)
        if len(self._windows) > 1:
            windows = pl.lit(pl.Series(self._windows, dtype=pl.Int64))
            yield _WINDOW, windows.search_sorted(week_minute(), side="right").cast(pl.Int32) - 1
        mean = -(-pl.col("input_tokens") // pl.col("requests").fill_null(1).clip(1))
        sizes = pl.lit(pl.Series(self._sizes, dtype=pl.Int64))
        yield _SIZE, sizes.search_sorted(pl.coalesce("context_tokens", mean), side="left").cast(pl.Int32)

    def costs(self, rollup: pl.DataFrame, model: int) -> pl.DataFrame:
        """What each group would cost on a model, in pico-dollars.

        Args:
            rollup: Sums of `COUNTS` by `mode`, `conditions` and whatever else; with `status`, requests that failed and
                used nothing are free.
            model: Its number, for `lending.model_of`.

        Returns:
            `COSTS`: for input tokens, for output tokens, and for searches and each request's fee; all null where there
            is no price.
        """
        rows = model_of(self._catalog, model).prices
        if not {*windows_of(rows)} <= {*self._windows}:
            nothing = pl.Series([None], dtype=PICO).new_from_index(0, rollup.height)
            return pl.DataFrame([nothing.alias(name) for name in COSTS])
        groups = self._typical(rollup).with_columns(slot=pl.lit(0, dtype=pl.Int64))
        rated = groups.with_columns(rate_id=Schedule(self._catalog, (model,)).rate_id(groups.columns))
        whole, without_input, other = (
            price(
                rated.with_columns(pl.lit(0, dtype=pl.Int64).alias(name) for name in left_out), self._catalog
            )
            for left_out in ((), _INPUT, (*_INPUT, *_OUTPUT))
        )
        parts = (whole - without_input, without_input - other, other)
        return pl.DataFrame([part.alias(name) for part, name in zip(parts, COSTS, strict=True)])

    def _typical(self, rollup: pl.DataFrame) -> pl.DataFrame:
        """Groups with the time and the prompt size of one of their requests."""
        window = pl.col(_WINDOW) if _WINDOW in rollup.columns else pl.lit(0)
        places = rollup.select(_DATE, window.alias(_WINDOW))
        moments = {key: self._moment(*key) for key in places.unique().iter_rows()}
        above = pl.Series([0, *(size + 1 for size in self._sizes)], dtype=pl.Int64)
        return rollup.drop("rate_id", strict=False).with_columns(
            pl.Series(
                "timestamp", [moments[key] for key in places.iter_rows()], dtype=pl.Datetime("us", "UTC")
            ),
            context_tokens=pl.lit(above).gather(pl.col(_SIZE)),
        )

    def _moment(self, date: int, window: int) -> dt.datetime:
        """The first time from a day on that lies in a window of the week.

        No window reaches beyond midnight, so that it comes no later than any request of that window.
        """
        day = dt.datetime.combine(self._dates[date - 1], dt.time(), dt.UTC) if date else _DAWN
        if len(self._windows) == 1:
            return day
        weekday, minute = divmod(self._windows[window], 24 * 60)
        return day + dt.timedelta(days=(weekday - day.weekday()) % 7, minutes=minute)
