"""Price rows as look-up tables: date, hour, mode and prompt size to a `rate_id`, by a few gathers."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import polars as pl

from costopt.pricing.entries import MODES, Catalog, PriceRow
from costopt.pricing.lending import model_of
from costopt.pricing.rates import (
    NO_RATE_FOR_DATE,
    NO_RATE_FOR_TOKENS,
    NOTHING,
    OTHER_MODE,
    UNKNOWN_MODEL,
    RateKey,
    rates_of,
    thresholds_of,
)

_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY
_EPOCH_OFFSET: Final = 3 * _DAY
"""1 January 1970 was a Thursday; weeks begin on Monday."""

_NEEDED: Final = {"input": "input_tokens", "output": "output_tokens", "web_search": "web_searches"}
"""Rates that nothing stands in for, and the count that needs them."""


class Schedule:
    """The prices of some models, by time, mode and prompt size.

    The tables are small: one entry for each model and date on which any of them changes price; one for each period
    of a model and time window; and one for each price row, mode and context tier.

    Attributes:
        models: Numbers for `lending.model_of`; a request's `slot` is an index into these.
    """

    def __init__(self, catalog: Catalog, models: Sequence[int]) -> None:
        self.models = tuple(models)
        self._catalog = catalog
        rows = [row for number in models for row in model_of(catalog, number).prices]
        self._dates = sorted({day for row in rows for day in (row.starts, row.ends) if day})
        self._windows = windows_of(rows)
        self._sizes = sorted({size for row in rows for size in thresholds_of(row)})
        spans = [span for number in models for span in self._spans(number)]
        periods = {span: place for place, span in enumerate(dict.fromkeys(spans))}
        self._period_of = pl.Series([periods[span] for span in spans], dtype=pl.Int64)
        in_force = [row for number, active in periods for row in self._in_each_window(number, active)]
        prices = {row: place for place, row in enumerate(dict.fromkeys(in_force))}
        self._price_of = pl.Series([prices[row] for row in in_force], dtype=pl.Int64)
        ids = [rate_id for row in prices for rate_id in self._rate_ids(row)]
        self._rate_id_of = pl.Series(ids, dtype=pl.Int64)
        self._lacking = self._without(set(ids))

    def _spans(self, number: int) -> "Iterator[_Period]":
        """For each span between two dates: the model's price rows in force, by time window or all the time."""
        rows = model_of(self._catalog, number).prices
        is_windowed = any(row.hours_utc or row.weekdays for row in rows)
        windows = self._windows if is_windowed else self._windows[:1]
        changes = {day for row in rows for day in (row.starts, row.ends)}
        current: _Period = (number, ())
        for date in (None, *self._dates):
            if date is None or date in changes:
                current = (number, tuple(_active(rows, date, window) for window in windows))
            yield current

    def _in_each_window(self, number: int, active: tuple[int | None, ...]) -> "list[_Row | None]":
        times = len(self._windows) // len(active)
        return [None if row is None else (number, row) for row in active] * times

    def _rate_ids(self, price: "_Row | None") -> list[int]:
        """The `rate_id` for each mode and size class of one price row."""
        if price is None:
            return [NO_RATE_FOR_DATE] * ((OTHER_MODE + 1) * (len(self._sizes) + 1))
        number, row = price
        thresholds = thresholds_of(model_of(self._catalog, number).prices[row])
        tiers = [bisect_right(thresholds, exceeded) for exceeded in (-1, *self._sizes)]
        ids = [
            [RateKey(number, row, mode, tier).rate_id for tier in range(len(thresholds) + 1)]
            for mode in range(OTHER_MODE + 1)
        ]
        return [in_mode[tier] for in_mode in ids for tier in tiers]

    def _without(self, ids: Collection[int]) -> dict[str, list[int]]:
        """By name: the ids whose rates lack one that nothing stands in for."""
        found = {rate_id: rates_of(self._catalog, rate_id) for rate_id in sorted(ids)}
        known = {rate_id: rates for rate_id, rates in found.items() if rates is not None}
        return {name: [i for i, rates in known.items() if getattr(rates, name) is None] for name in _NEEDED}

    def rate_id(self, present: Sequence[str]) -> pl.Expr:
        """The `rate_id` of requests with a `slot` (negative: unknown model), as an expression.

        Args:
            present: The columns there are; without `mode` every request is a standard one.
        """
        return self._free(self._listed(present), present)

    def _listed(self, present: Sequence[str]) -> pl.Expr:
        """The `rate_id` by the price lists."""
        if not self.models:
            return pl.lit(UNKNOWN_MODEL, dtype=pl.Int64)
        span = pl.col("slot").clip(0) * (len(self._dates) + 1) + self._date_index()
        period = pl.lit(self._period_of).gather(span)
        place = pl.lit(self._price_of).gather(period * len(self._windows) + self._window_index())
        place = place * (OTHER_MODE + 1) + _mode_index(present)
        place = place * (len(self._sizes) + 1) + self._size_class(present)
        found = (
            pl.when(pl.col("slot") < 0).then(UNKNOWN_MODEL).otherwise(pl.lit(self._rate_id_of).gather(place))
        )
        return self._with_all_rates(found, present)

    def _with_all_rates(self, found: pl.Expr, present: Sequence[str]) -> pl.Expr:
        """Tokens of a kind the model has no rate for have no price; to bill them at 0 would be a lie."""
        for name, lacking in self._lacking.items():
            count = _NEEDED[name]
            if lacking and count in present:
                unpriced = found.is_in(lacking) & (pl.col(count) > 0)
                found = pl.when(unpriced).then(NO_RATE_FOR_TOKENS).otherwise(found)
        return found

    def _free(self, found: pl.Expr, present: Sequence[str]) -> pl.Expr:
        """A request that failed and used nothing costs nothing, be its model known or not."""
        if "status" not in present:
            return found
        used = [
            pl.col(name) > 0 for name in ("input_tokens", "output_tokens", "web_searches") if name in present
        ]
        failed = pl.col("status").eq("error").fill_null(value=False)
        return pl.when(failed & ~pl.any_horizontal(used)).then(NOTHING).otherwise(found)

    def _date_index(self) -> pl.Expr:
        if not self._dates:
            return pl.lit(0, dtype=pl.Int64)
        starts = [dt.datetime.combine(date, dt.time(), dt.UTC) for date in self._dates]
        breaks = pl.Series(starts, dtype=pl.Datetime("us", "UTC")).to_physical()
        moment = pl.col("timestamp").to_physical()
        return pl.lit(breaks).search_sorted(moment, side="right").cast(pl.Int64)

    def _window_index(self) -> pl.Expr:
        if len(self._windows) == 1:
            return pl.lit(0, dtype=pl.Int64)
        breaks = pl.lit(pl.Series(self._windows, dtype=pl.Int64))
        return breaks.search_sorted(week_minute(), side="right").cast(pl.Int64) - 1

    def _size_class(self, present: Sequence[str]) -> pl.Expr:
        """How many of the thresholds the prompt exceeds.

        The size of a prompt is what the log says decides it; where it says nothing, all of the input, and of a line
        for many requests the mean, rounded up.
        """
        if not self._sizes:
            return pl.lit(0, dtype=pl.Int64)
        prompt = pl.col("input_tokens")
        if "requests" in present:
            prompt = -(-prompt // pl.col("requests").clip(1))
        if "context_tokens" in present:
            prompt = pl.coalesce("context_tokens", prompt)
        sizes = pl.lit(pl.Series(self._sizes, dtype=pl.Int64))
        return sizes.search_sorted(prompt, side="left").cast(pl.Int64)


def rows_in_force(rows: Sequence[PriceRow], at: dt.date) -> list[int]:
    """The indices of the rows that apply at a moment in UTC, or, given a day, at some time of it."""
    midnight = at.weekday() * _DAY
    if isinstance(at, dt.datetime):
        day, minutes = at.date(), [midnight + at.hour * 60 + at.minute]
    else:
        day = at
        minutes = [midnight, *(start for start in windows_of(rows) if start // _DAY == at.weekday())]
    found = {_active(rows, day, minute) for minute in minutes}
    return sorted(row for row in found if row is not None)


_Row = tuple[int, int]
"""A price row: the index of its model, and its own."""

_Period = tuple[int, tuple[int | None, ...]]
"""A model, and its price rows in force: one for each time window, or one for all of them."""


def _mode_index(present: Sequence[str]) -> pl.Expr:
    if "mode" not in present:
        return pl.lit(0, dtype=pl.Int64)
    numbers = {mode: index for index, mode in enumerate(MODES)}
    named = pl.col("mode").cast(pl.String).replace_strict(numbers, default=OTHER_MODE, return_dtype=pl.Int64)
    return pl.when(pl.col("mode").is_null()).then(0).otherwise(named)


def week_minute() -> pl.Expr:
    """The minute of the week of a `timestamp` in UTC, from Monday on."""
    return (pl.col("timestamp").to_physical() // 60_000_000 + _EPOCH_OFFSET) % _WEEK


def windows_of(rows: Sequence[PriceRow]) -> list[int]:
    """The minutes of the week at which some row's conditions may change, from 0."""
    starts = {0}
    for row in rows:
        if not (row.hours_utc or row.weekdays):
            continue
        minutes = {minute for window in row.hours_utc for minute in window} | {0}
        starts |= {day * _DAY + minute % _DAY for day in range(7) for minute in minutes}
    return sorted(starts)


def _active(rows: Sequence[PriceRow], date: dt.date | None, minute: int) -> int | None:
    """The last row whose conditions all hold."""
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        begun = row.starts is None or (date is not None and row.starts <= date)
        ended = row.ends is not None and date is not None and row.ends <= date
        if begun and not ended and _in_weekdays(row, minute) and _in_hours(row, minute % _DAY):
            return index
    return None


def _in_weekdays(row: PriceRow, minute: int) -> bool:
    return not row.weekdays or minute // _DAY + 1 in row.weekdays


def _in_hours(row: PriceRow, minute: int) -> bool:
    if not row.hours_utc:
        return True
    return any(a <= minute < b if a < b else minute >= a or minute < b for a, b in row.hours_utc)
