"""What two price lists say differently."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from costopt.pricing.entries import MODES, RATE_FIELDS, PriceRow


class Place(NamedTuple):
    """Where a rate stands: the terms of its price row, the mode, the prompt size it is above (0: any), its name."""

    starts: dt.date | None
    ends: dt.date | None
    hours_utc: tuple[tuple[int, int], ...]
    weekdays: tuple[int, ...]
    mode: str
    above: int
    rate: str


class RateChange(NamedTuple):
    """A rate in pico-dollars before and after; None is not listed."""

    place: Place
    before: int | None
    after: int | None


def changes(before: Sequence[PriceRow], after: Sequence[PriceRow]) -> tuple[RateChange, ...]:
    """Every rate that is not the same in two price histories, by time, mode, prompt size and name."""
    old, new = dict(_rates(before)), dict(_rates(after))
    places = (place for place in {**old, **new} if old.get(place) != new.get(place))
    return tuple(RateChange(place, old.get(place), new.get(place)) for place in sorted(places, key=_rank))


def _rates(rows: Sequence[PriceRow]) -> Iterator[tuple[Place, int]]:
    for row in rows:
        terms = (row.starts, row.ends, row.hours_utc, tuple(sorted(row.weekdays)))
        for mode, price in row.modes.items():
            for above, rates in ((0, price.rates), *((tier.above, tier.rates) for tier in price.tiers)):
                listed: Mapping[str, int | None] = {name: getattr(rates, name) for name in RATE_FIELDS}
                for name, rate in listed.items():
                    if rate is not None:
                        yield Place(*terms, mode, above, name), rate


def _rank(place: Place) -> tuple[object, ...]:
    return (
        place.starts or dt.date.min,
        place.ends or dt.date.max,
        place.hours_utc,
        place.weekdays,
        MODES.index(place.mode),
        place.above,
        RATE_FIELDS.index(place.rate),
    )
