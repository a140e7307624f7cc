"""Read and check one `[[model.price]]`: when it holds, and what it charges."""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from costopt.pricing.entries import (
    MAX_PRICES,
    MAX_TIERS,
    MODES,
    RATE_FIELDS,
    WRITTEN_OUT,
    ModePrice,
    PriceRow,
    Rates,
    Tier,
)
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    date,
    shown,
    subtable,
    subtables,
    text,
    texts,
    unexpected,
    within,
)
from costopt.pricing.hourly import HOURLY_KEYS, hourly_rates

_MILLION = 1_000_000
_DEAREST = 100_000_000
_DECIMALS = 6
_PER_1K = {"request": "request_per_1k", "web_search": "web_search_per_1k"}
_SIDE_MODES = ("flex", "priority")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_LAST_WEEKDAY = 7
_NO_SOURCES: Mapping[str, str] = {}
_NO_BASIS: tuple[str, ...] = ()

RATE_KEYS = tuple(_PER_1K.get(field, field) for field in RATE_FIELDS)
"""The catalog's keys for `RATE_FIELDS`, in the same order."""

_PLAIN = {
    key: (field, 1000 if key.endswith("_per_1k") else 1)
    for key, field in zip(RATE_KEYS, RATE_FIELDS, strict=True)
}
_BATCH = {f"batch_{key}": slot for key, slot in _PLAIN.items()}
_INLINE = {"standard": _PLAIN, "batch": _BATCH}
_INLINE_KEYS = _PLAIN.keys() | _BATCH.keys()
_CONDITIONS = {"from", "hours_utc", "weekdays", "verified", "source"}
ROW_KEYS = _INLINE_KEYS | _CONDITIONS | HOURLY_KEYS | {"tier", "mode"}
_THRESHOLDS = {"above", "at_least"}
_INLINE_TIER_KEYS = _INLINE_KEYS | _THRESHOLDS
_MODE_KEYS = _PLAIN.keys() | {"tier"}
_MODE_TIER_KEYS = _PLAIN.keys() | _THRESHOLDS

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
        try:
            row = _row(table)
            _check_later(row, newest)
        except Problem as problem:
            raise problem.within(f"price {number}", "price", number - 1) from None
        rows.append(row)
    return tuple(rows)


def _check_later(row: PriceRow, newest: dict[tuple[object, object], dt.date]) -> None:
    """A price starts after those above it for the same hours and weekdays, of which the newest is kept."""
    window = (row.hours_utc, row.weekdays)
    starts = row.starts or dt.date.min
    if window in newest and starts <= newest[window]:
        raise Problem(
            f"`from` is {row.starts or 'absent'}, which overlaps an earlier price",
            hint="each price of the same hours and weekdays must start later than the one above it",
            path=("from",),
        )
    newest[window] = starts


def _row(table: Table) -> PriceRow:
    if table.keys() <= _PLAIN.keys():
        return _plain_row(tuple(_rates(table, _PLAIN).items()))
    if not table.keys() <= ROW_KEYS:
        check_keys(table, ROW_KEYS)
    by_the_hour = not HOURLY_KEYS.isdisjoint(table)
    modes, basis = _hourly_modes(table) if by_the_hour else (_inline_modes(table), _NO_BASIS)
    if "mode" in table:
        with within("", "mode"):
            modes |= _side_modes(subtable(table, "mode"))
    if len(modes) > 1:
        _check_written_out(modes)
    return PriceRow(
        starts=date(table, "from"),
        hours_utc=_hours(table) if "hours_utc" in table else (),
        weekdays=_weekdays(table) if "weekdays" in table else frozenset(),
        modes=modes,
        verified=date(table, "verified"),
        sources=_sources(table) if "source" in table else _NO_SOURCES,
        basis=basis,
    )


@lru_cache(maxsize=4096)
def _plain_row(rates: tuple[tuple[str, int], ...]) -> PriceRow:
    """The row that has nothing but standard rates, which most are and many share."""
    modes = {"standard": ModePrice(Rates(**dict(rates)))} if rates else {}
    return PriceRow(starts=None, hours_utc=(), weekdays=frozenset(), modes=modes)


def _hourly_modes(table: Table) -> tuple[dict[str, ModePrice], tuple[str, ...]]:
    """The modes whose rates stand in the row, the standard one at the rates of a machine by the hour; and how."""
    rates, basis = hourly_rates(table)
    modes = _inline_modes(table)
    given = modes.get("standard", ModePrice(Rates()))
    return {**modes, "standard": replace(given, rates=replace(given.rates, **rates))}, (basis,)


def _sources(table: Table) -> Mapping[str, str]:
    sources = subtable(table, "source")
    with within("`source`", "source"):
        check_keys(sources, MODES)
        return {mode: text(sources, mode) for mode in sources}


def _inline_modes(table: Table) -> dict[str, ModePrice]:
    """The modes whose rates stand in the row itself: standard, and batch by prefix."""
    tiers = _tiers(table, _INLINE_TIER_KEYS) if "tier" in table else []
    modes = {}
    for mode, slots in _INLINE.items():
        price = _mode_price(table, tiers, slots)
        if price:
            modes[mode] = price
    return modes


def _side_modes(table: Table) -> dict[str, ModePrice]:
    """The modes that have a table of their own."""
    check_keys(table, _SIDE_MODES)
    modes = {}
    for mode in table:
        with within(f"mode {mode}", mode):
            rates = subtable(table, mode)
            check_keys(rates, _MODE_KEYS)
            price = _mode_price(rates, _tiers(rates, _MODE_TIER_KEYS), _PLAIN)
            if not price:
                raise Problem("it has no rate", hint="write its rates out, or delete the table")
            modes[mode] = price
    return modes


def _mode_price(table: Table, tiers: list[tuple[int, Table]], slots: _Slots) -> ModePrice | None:
    """One mode's rates; None if the table names none of them."""
    if not tiers and slots.keys().isdisjoint(table):
        return None
    base = _rates(table, slots)
    steps = []
    for number, (above, tier) in enumerate(tiers):
        with within("", "tier", number):
            own = _rates(tier, slots)
            if own and not base:
                key = next(key for key in tier if key in slots)
                raise Problem(
                    f"`{key}` stands in a tier only",
                    hint="write the rate below the threshold as well",
                    path=(key,),
                )
        if own:
            steps.append(Tier(above, Rates(**(base | own))))
    return ModePrice(Rates(**base), tuple(steps)) if base else None


def rates_in(table: Table, mode: str) -> dict[str, int]:
    """The rates that a table writes for one mode as a price row does, in pico-dollars by field of `Rates`."""
    return _rates(table, _INLINE.get(mode, _PLAIN))


def _rates(table: Table, slots: _Slots) -> dict[str, int]:
    return {
        slots[key][0]: _pico_dollars(key, value) * slots[key][1]
        for key, value in table.items()
        if key in slots
    }


def _pico_dollars(key: str, value: object) -> int:
    """A rate per million, as whole pico-dollars (or as much of the file's currency) per one."""
    if type(value) is int:  # which a bool is not
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise unexpected(key, value, "a number")
    millionths = _millionths(value)
    if millionths is None:
        raise _refused(key, value)
    return millionths


@lru_cache(maxsize=4096)
def _millionths(value: Decimal) -> int | None:
    """A rate in whole millionths, or None for a number that is none; the same few recur in a catalog."""
    if not _in_range(value) or (value.adjusted() < -_DECIMALS and value):
        return None
    numerator, denominator = value.as_integer_ratio()
    whole, rest = divmod(numerator * _MILLION, denominator)
    return None if rest else whole


def _in_range(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= _DEAREST


def _refused(key: str, value: Decimal) -> Problem:
    """Why a number is no rate."""
    if not _in_range(value):
        return unexpected(key, value, f"between 0 and {_DEAREST:,}")
    return Problem(
        f"`{key}` is {shown(value)}, which has more than six decimals",
        hint="round it to six decimals",
        path=(key,),
    )


def _check_written_out(modes: Mapping[str, ModePrice]) -> None:
    """A mode's price says what cached, written, heard and seen tokens cost; nothing is derived from the standard."""
    standard = modes.get("standard")
    for mode, price in modes.items():
        if standard is None or price is standard or price.rates.input is None:
            continue
        for key in WRITTEN_OUT:
            if getattr(standard.rates, key) is not None and getattr(price.rates, key) is None:
                prefix, where = ("batch_", ()) if mode == "batch" else ("", ("mode", mode))
                place = "" if mode == "batch" else f"mode {mode}: "
                raise Problem(
                    f"{place}`{prefix}{key}` is missing beside `{prefix}input` and the standard `{key}`",
                    hint="write out what the provider bills: providers differ, so it is not derived",
                    path=(*where, f"{prefix}input"),
                )


def _check_tier_written_out(tier: Table) -> None:
    for key in WRITTEN_OUT if "batch_input" in tier else ():
        if key in tier and f"batch_{key}" not in tier:
            raise Problem(
                f"`batch_{key}` is missing beside `batch_input` and `{key}`",
                hint="write out what the provider bills: providers differ, so it is not derived",
                path=("batch_input",),
            )


def _tiers(table: Table, allowed: Collection[str]) -> list[tuple[int, Table]]:
    """The tiers with the prompt size each is above, in ascending order."""
    tiers = subtables(table, "tier")
    if len(tiers) > MAX_TIERS:
        raise Problem(
            f"it has {len(tiers)} tiers", hint=f"a price can have {MAX_TIERS} at most", path=("tier",)
        )
    found: list[tuple[int, Table]] = []
    for number, tier in enumerate(tiers):
        with within("", "tier", number):
            check_keys(tier, allowed)
            above = _above(tier)
            _check_tier_written_out(tier)
            if len(tier) == 1:
                raise Problem("a tier has no rate", hint="write the rates above its threshold")
            if found and above <= found[-1][0]:
                raise Problem(
                    f"a tier starts above {above:,} tokens after one above {found[-1][0]:,}",
                    hint="order the tiers by threshold, each threshold once",
                )
        found.append((above, tier))
    return found


def _above(tier: Table) -> int:
    """The prompt size that a tier is above; `at_least` includes its threshold."""
    given = sorted(_THRESHOLDS & tier.keys())
    if len(given) != 1:
        raise Problem(
            "a tier needs one threshold",
            hint="add the prompt size: `above = N`, or `at_least = N` with N included",
        )
    value = tier[given[0]]
    if isinstance(value, int) and not isinstance(value, bool) and value > (given[0] == "at_least"):
        return value - (given[0] == "at_least")
    raise unexpected(given[0], value, f"a whole number of tokens above {int(given[0] == 'at_least')}")


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
