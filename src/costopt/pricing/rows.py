"""Read and check one `[[model.price]]`: when it holds, and what it charges."""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from itertools import pairwise

from costopt.pricing.entries import MAX_PRICES, MAX_TIERS, RATE_FIELDS, ModePrice, PriceRow, Rates, Tier
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    shown,
    subtable,
    subtables,
    texts,
    unexpected,
    within,
)

_MILLION = 1_000_000
_DEAREST = 1_000_000
_DECIMALS = 6
_PER_1K = {"request": "request_per_1k", "web_search": "web_search_per_1k"}
_WRITTEN_OUT = ("cached_input", "cache_write_5m", "cache_write_1h")
_SIDE_MODES = ("flex", "priority")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_LAST_WEEKDAY = 7

RATE_KEYS = tuple(_PER_1K.get(field, field) for field in RATE_FIELDS)
"""The catalog's keys for `RATE_FIELDS`, in the same order."""

_PLAIN = {
    key: (field, 1000 if key.endswith("_per_1k") else 1)
    for key, field in zip(RATE_KEYS, RATE_FIELDS, strict=True)
}
_BATCH = {f"batch_{key}": slot for key, slot in _PLAIN.items()}
_INLINE = {"standard": _PLAIN, "batch": _BATCH}
_INLINE_KEYS = _PLAIN.keys() | _BATCH.keys()
_ROW_KEYS = _INLINE_KEYS | {"from", "hours_utc", "weekdays", "tier", "mode"}
_INLINE_TIER_KEYS = _INLINE_KEYS | {"above"}
_MODE_KEYS = _PLAIN.keys() | {"tier"}
_MODE_TIER_KEYS = _PLAIN.keys() | {"above"}

_Slots = Mapping[str, tuple[str, int]]


def read_rows(tables: list[Table]) -> tuple[PriceRow, ...]:
    """Read a model's prices, in file order; the last whose conditions all hold will apply."""
    if not tables:
        raise Problem("it has no price", hint="add a `[[model.price]]` with its rates")
    if len(tables) > MAX_PRICES:
        raise Problem(f"it has {len(tables)} prices", hint=f"a model can have {MAX_PRICES} at most")
    rows: list[PriceRow] = []
    newest: dict[tuple[object, object], dt.date] = {}
    for number, table in enumerate(tables, 1):
        with within(f"price {number}"):
            row = _row(table)
            window = (row.hours_utc, row.weekdays)
            starts = row.starts or dt.date.min
            if window in newest and starts <= newest[window]:
                raise Problem(
                    f"`from` is {row.starts or 'absent'}, which overlaps an earlier price",
                    hint="each price of the same hours and weekdays must start later than the one above it",
                )
            newest[window] = starts
            rows.append(row)
    return tuple(rows)


def _row(table: Table) -> PriceRow:
    if not table.keys() <= _ROW_KEYS:
        check_keys(table, _ROW_KEYS)
    modes = _inline_modes(table)
    if "mode" in table:
        modes |= _side_modes(subtable(table, "mode"))
    return PriceRow(
        starts=_starts(table),
        hours_utc=_hours(table) if "hours_utc" in table else (),
        weekdays=_weekdays(table) if "weekdays" in table else frozenset(),
        modes=modes,
    )


def _inline_modes(table: Table) -> dict[str, ModePrice]:
    """The modes whose rates stand in the row itself: standard, and batch by prefix."""
    _check_written_out(table)
    tiers = subtables(table, "tier") if "tier" in table else []
    for tier in tiers:
        _check_tier(tier, _INLINE_TIER_KEYS)
        _check_written_out(tier)
    modes = {}
    for mode, slots in _INLINE.items():
        price = _mode_price(table, tiers, slots)
        if price:
            modes[mode] = price
    _check_ascending(tiers)
    return modes


def _side_modes(table: Table) -> dict[str, ModePrice]:
    """The modes that have a table of their own."""
    check_keys(table, _SIDE_MODES)
    modes = {}
    for mode in table:
        with within(f"mode {mode}"):
            rates = subtable(table, mode)
            check_keys(rates, _MODE_KEYS)
            tiers = subtables(rates, "tier")
            for tier in tiers:
                _check_tier(tier, _MODE_TIER_KEYS)
            _check_ascending(tiers)
            price = _mode_price(rates, tiers, _PLAIN)
            if not price:
                raise Problem("it has no rate", hint="write its rates out, or delete the table")
            modes[mode] = price
    return modes


def _mode_price(table: Table, tiers: list[Table], slots: _Slots) -> ModePrice | None:
    """One mode's rates; None if the table names none of them."""
    if not tiers and slots.keys().isdisjoint(table):
        return None
    base = _rates(table, slots)
    steps = []
    for tier in tiers:
        own = _rates(tier, slots)
        if own and not base:
            key = next(key for key in tier if key in slots)
            raise Problem(f"`{key}` stands in a tier only", hint="write the rate below the threshold as well")
        if own:
            steps.append(Tier(_above(tier), Rates(**(base | own))))
    return ModePrice(Rates(**base), tuple(steps)) if base else None


def _rates(table: Table, slots: _Slots) -> dict[str, int]:
    return {
        slots[key][0]: _pico_dollars(key, value) * slots[key][1]
        for key, value in table.items()
        if key in slots
    }


def _pico_dollars(key: str, value: object) -> int:
    """A rate in USD per million, as whole pico-dollars per one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise unexpected(key, value, "a number of USD")
    if not value.is_finite() or not 0 <= value <= _DEAREST:
        raise unexpected(key, value, f"between 0 and {_DEAREST:,} USD")
    if value.adjusted() >= -_DECIMALS or not value:
        numerator, denominator = value.as_integer_ratio()
        millionths = numerator * _MILLION
        if not millionths % denominator:
            return millionths // denominator
    raise Problem(
        f"`{key}` is {shown(value)}, which has more than six decimals", hint="round it to six decimals"
    )


def _check_written_out(table: Table) -> None:
    """A batch price says what cached and written tokens cost; nothing is derived from the standard price."""
    if "batch_input" not in table:
        return
    for key in _WRITTEN_OUT:
        if key in table and f"batch_{key}" not in table:
            raise Problem(
                f"`batch_{key}` is missing beside `batch_input` and `{key}`",
                hint="write out what the provider bills: providers differ, so it is not derived",
            )


def _check_tier(tier: Table, allowed: Collection[str]) -> None:
    check_keys(tier, allowed)
    if len(tier) == ("above" in tier):
        raise Problem("a tier has no rate", hint="write the rates above its threshold")


def _check_ascending(tiers: list[Table]) -> None:
    thresholds = [_above(tier) for tier in tiers]
    if len(tiers) > MAX_TIERS:
        raise Problem(f"it has {len(tiers)} tiers", hint=f"a price can have {MAX_TIERS} at most")
    for lower, upper in pairwise(thresholds):
        if upper <= lower:
            raise Problem(
                f"`above` is `{upper}` after `{lower}`",
                hint="order the tiers by threshold, each threshold once",
            )


def _above(tier: Table) -> int:
    value = tier.get("above")
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if value is None:
        raise Problem("`above` is missing in a tier", hint="add the number of prompt tokens it starts above")
    raise unexpected("above", value, "a whole number of tokens above 0")


def _starts(table: Table) -> dt.date | None:
    value = table.get("from")
    if value is None or type(value) is dt.date:
        return value
    raise unexpected("from", value, "a date such as 2026-08-21")


def _hours(table: Table) -> tuple[tuple[int, int], ...]:
    windows = []
    for window in texts(table, "hours_utc"):
        found = _WINDOW.fullmatch(window)
        start, end = _minutes(*found.groups()) if found else (0, 0)
        if start == end:
            raise unexpected(
                "hours_utc", window, 'a window such as "22:00-06:00", within one day or over midnight'
            )
        windows.append((start, end))
    if not windows:
        raise unexpected("hours_utc", [], "at least one window")
    return tuple(windows)


def _minutes(hour: str, minute: str, end_hour: str | None, end_minute: str | None) -> tuple[int, int]:
    """A window in minutes of the day; one that ends at 24:00 has no end hour."""
    return int(hour) * 60 + int(minute), int(end_hour or 24) * 60 + int(end_minute or 0)


def _weekdays(table: Table) -> frozenset[int]:
    value = table["weekdays"]
    if isinstance(value, list) and value:
        days = frozenset(day for day in value if type(day) is int and 1 <= day <= _LAST_WEEKDAY)
        if len(days) == len(value):
            return days
    raise unexpected("weekdays", value, "a list of different numbers from 1 (Monday) to 7 (Sunday)")
