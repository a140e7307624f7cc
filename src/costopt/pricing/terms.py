"""What a price row becomes under a rate of exchange or a contract."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase

from costopt.pricing.entries import (
    MAX_PRICES,
    MODES,
    RATE_FIELDS,
    Adjustment,
    Model,
    ModePrice,
    PriceRow,
    Rates,
    Tier,
)
from costopt.pricing.fields import Problem

_Hours = tuple[tuple[tuple[int, int], ...], frozenset[int]]

_ALL_HOURS: _Hours = ((), frozenset())
_DEAREST = Decimal(10**18)


def adjusted(model: Model, adjustments: Sequence[Adjustment]) -> Model:
    """The model at what its buyer pays: every adjustment that fits is applied, in order.

    For the time of an adjustment each row is there once more, changed; as the last row that holds applies, it takes
    the place of the listed one then, and only then.
    """
    for adjustment in adjustments:
        if fits(adjustment, model.provider, model.id):
            model = replace(model, prices=_with(adjustment, model.prices))
    return model


def fits(adjustment: Adjustment, provider: str, model: str) -> bool:
    """Whether an adjustment is for a provider's model."""
    return fnmatchcase(provider.lower(), adjustment.provider) and fnmatchcase(model.lower(), adjustment.model)


def _with(adjustment: Adjustment, rows: Sequence[PriceRow]) -> tuple[PriceRow, ...]:
    within = (clipped(row, adjustment.starts, adjustment.ends) for row in rows)
    changed = [_changed(row, adjustment) for row in _reached([row for row in within if row])]
    result = _reached([*rows, *changed])
    check_room(result)
    return result


def _reached(rows: Sequence[PriceRow]) -> tuple[PriceRow, ...]:
    """Without rows that a later one hides at all times; terms upon terms would double their number each time."""
    kept: list[PriceRow] = []
    periods: dict[_Hours, list[tuple[dt.date, dt.date]]] = {}
    for row in reversed(rows):
        hours = (row.hours_utc, row.weekdays)
        first, end = row.starts or dt.date.min, row.ends or dt.date.max
        above = (*periods.get(_ALL_HOURS, ()), *periods.get(hours, ()))
        if not any(start <= first and end <= stop for start, stop in above):
            kept.append(row)
            periods.setdefault(hours, []).append((first, end))
    return tuple(reversed(kept))


def _changed(row: PriceRow, adjustment: Adjustment) -> PriceRow:
    if adjustment.multiply is not None:
        basis = f"listed x {adjustment.multiply} ({adjustment.place})"
        return multiplied(row, adjustment.multiply, basis, adjustment.modes)
    modes = {
        mode: row.modes.get(mode, ModePrice(Rates()))
        for mode in MODES
        if mode in {*row.modes, *adjustment.rates}
    }
    changed = {mode: _replaced(price, adjustment.rates.get(mode, {})) for mode, price in modes.items()}
    return replace(row, modes=changed, basis=(*row.basis, f"contract ({adjustment.place})"))


def _replaced(price: ModePrice, rates: Mapping[str, int]) -> ModePrice:
    """Contract rates hold for prompts of every size."""
    tiers = tuple(replace(tier, rates=replace(tier.rates, **rates)) for tier in price.tiers)
    return ModePrice(replace(price.rates, **rates), tiers) if rates else price


def clipped(row: PriceRow, starts: dt.date | None, ends: dt.date | None) -> PriceRow | None:
    """The row from one day until before another (None: no bound), or None if nothing of it is left."""
    first, end = later(row.starts, starts), earlier(row.ends, ends)
    if first and end and first >= end:
        return None
    return replace(row, starts=first, ends=end)


def later(one: dt.date | None, other: dt.date | None) -> dt.date | None:
    """The later of two first days; None is "always"."""
    return max((day for day in (one, other) if day), default=None)


def earlier(one: dt.date | None, other: dt.date | None) -> dt.date | None:
    """The earlier of two days that end something; None is "never"."""
    return min((day for day in (one, other) if day), default=None)


def multiplied(
    row: PriceRow, factor: Decimal, basis: str, modes: Collection[str] = frozenset(MODES)
) -> PriceRow:
    """The row with the rates of some modes multiplied, to whole pico-dollars, half up."""
    changed = {
        mode: _multiplied(price, factor) if mode in modes else price for mode, price in row.modes.items()
    }
    return replace(row, modes=changed, basis=(*row.basis, basis))


def _multiplied(price: ModePrice, factor: Decimal) -> ModePrice:
    tiers = tuple(Tier(tier.above, _times(tier.rates, factor)) for tier in price.tiers)
    return ModePrice(_times(price.rates, factor), tiers)


def _times(rates: Rates, factor: Decimal) -> Rates:
    listed = {field: getattr(rates, field) for field in RATE_FIELDS}
    return Rates(**{field: rounded(rate * factor) for field, rate in listed.items() if rate is not None})


def rounded(rate: Decimal) -> int:
    """Whole pico-dollars, half up."""
    if rate > _DEAREST:
        raise Problem(
            f"a rate becomes {rate:.3E} pico-dollars", hint=f"no token costs more than {_DEAREST:.0E} of them"
        )
    return int(rate.to_integral_value(ROUND_HALF_UP))


def check_room(rows: Sequence[PriceRow]) -> None:
    """Refuse more rows than a model has room for."""
    if len(rows) > MAX_PRICES:
        raise Problem(
            f"it has {len(rows)} prices, counting each exchange and contract period",
            hint=f"a model can have {MAX_PRICES} at most",
        )
