"""Two price histories of one model: what holds when, whether they agree, and one brought into the other."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from costopt.pricing.comparing import RateChange, changes
from costopt.pricing.entries import MODES, RATE_FIELDS, WRITTEN_OUT, Model, ModePrice, PriceRow, Rates

Day = dt.date | None
"""A UTC day; None is before all days."""

Window = tuple[tuple[tuple[int, int], ...], frozenset[int]]

ALL_DAY: Window = ((), frozenset())


def is_dated(model: Model) -> bool:
    """Whether its prices say when they began."""
    return any(row.starts for row in model.prices)


def in_force(rows: Sequence[PriceRow], day: Day) -> Mapping[Window, PriceRow]:
    """The prices of a day by their hours, in order; one for all day ends those before it."""
    return {_window(rows[index]): rows[index] for index in _held(rows, day)}


def _held(rows: Sequence[PriceRow], day: Day) -> list[int]:
    held: dict[Window, int] = {}
    for index, row in enumerate(rows):
        if _has_begun(row, day) and not (row.ends and day and row.ends <= day):
            if _window(row) == ALL_DAY:
                held.clear()
            held[_window(row)] = index
    return sorted(held.values())


def source_of(rows: Sequence[PriceRow], rates: Sequence[RateChange]) -> str:
    """Where the first price of those that are not the same is from, if it says so itself."""
    place = next((change.place for change in rates if change.before is not None), None)
    if place is None:
        return ""
    row = in_force(rows, place.starts).get((place.hours_utc, frozenset(place.weekdays)))
    return row.sources.get(place.mode, "") if row else ""


def _has_begun(row: PriceRow, day: Day) -> bool:
    return row.starts is None or (day is not None and row.starts <= day)


def _window(row: PriceRow) -> Window:
    return row.hours_utc, row.weekdays


# Whether they agree


def agree(one: ModePrice | None, other: ModePrice | None) -> bool:
    """Whether two prices of a mode are the same, as far as both list rates; output may be free in one only."""
    return _match(one, other) and all(
        one_rate is None or other_rate is None or one_rate == other_rate
        for card, other_card in zip(_cards(one), _cards(other), strict=True)
        for one_rate, other_rate in ((getattr(card, name), getattr(other_card, name)) for name in RATE_FIELDS)
    )


def _is_same(one: ModePrice | None, other: ModePrice | None) -> bool:
    """Whether two prices of a mode list the same rates; output that is free may be left out."""
    return _match(one, other) and [_without_free(card) for card in _cards(one)] == [
        _without_free(card) for card in _cards(other)
    ]


def _without_free(rates: Rates) -> Rates:
    return replace(rates, output=rates.output or None)


def _match(one: ModePrice | None, other: ModePrice | None) -> bool:
    """Whether two prices of a mode have the same prompt sizes, input and output rates."""
    if one is None or other is None or _sizes(one) != _sizes(other):
        return False
    pairs = zip(_cards(one), _cards(other), strict=True)
    return all(a.input == b.input and (a.output or 0) == (b.output or 0) for a, b in pairs)


def _cards(price: ModePrice | None) -> list[Rates]:
    return [price.rates, *(tier.rates for tier in price.tiers)] if price else []


def _sizes(price: ModePrice) -> list[int]:
    return [tier.above for tier in price.tiers]


class Dispute(NamedTuple):
    """What two histories say otherwise of one time, in the standard mode or in others; or they share no time."""

    day: Day
    about: str
    rates: tuple[RateChange, ...]


def disputed(base: Model, model: Model, day: dt.date) -> Dispute | None:
    """What a list says otherwise: on a day, else at any time if it has dates, the last one; None is nothing."""
    now = _disputes(base, model, day)
    if now is not None and (now or not is_dated(model)):
        return next(iter(now), None)
    starts = {row.starts or dt.date.min for row in (*base.prices, *model.prices)}
    days = [None if start == dt.date.min else start for start in sorted(starts, reverse=True)]
    found = [_disputes(base, model, each) for each in days]
    if now is None and not any(each is not None for each in found):
        return Dispute(day, "times", changes(base.prices, model.prices))
    return next((each for dispute in found for each in dispute or ()), None)


def _disputes(base: Model, model: Model, day: Day) -> list[Dispute] | None:
    """What is said otherwise of one day, the standard mode first; None if one of the two has no price then.

    Prices of certain hours are compared where the list has any.
    """
    ours, theirs = in_force(base.prices, day), in_force(model.prices, day)
    if ALL_DAY not in ours or ALL_DAY not in theirs:
        return None
    windows = dict.fromkeys([*ours, *theirs]) if len(theirs) > 1 else (ALL_DAY,)
    pairs = [(ours.get(each), theirs.get(each)) for each in windows]
    standard = [change for pair in pairs for change in _otherwise(*pair, ("standard",))]
    modes = [change for pair in pairs for change in _otherwise(*pair, _shared(*pair))]
    return [
        Dispute(day, about, tuple(found))
        for about, found in (("standard", standard), ("mode", modes))
        if found
    ]


def _shared(one: PriceRow | None, other: PriceRow | None) -> list[str]:
    """The modes beside standard that both have, at the same standard price."""
    if one is None or other is None or not agree(one.modes.get("standard"), other.modes.get("standard")):
        return []
    return [mode for mode in MODES[1:] if mode in one.modes and mode in other.modes]


def _otherwise(one: PriceRow | None, other: PriceRow | None, modes: Sequence[str]) -> Iterator[RateChange]:
    """The rates of those modes that are not the same, from when both hold; where both list some, only those."""
    terms = _both_terms(one, other)
    for mode in modes:
        ours, theirs = (row.modes.get(mode) if row else None for row in (one, other))
        if (ours or theirs) and not agree(ours, theirs):
            found = changes(_alone(one, terms, mode), _alone(other, terms, mode))
            both = [change for change in found if change.before is not None and change.after is not None]
            yield from both or found


def _both_terms(one: PriceRow | None, other: PriceRow | None) -> PriceRow | None:
    """The terms of the one, else of the other, from when both hold."""
    terms = one or other
    starts = max((row.starts for row in (one, other) if row and row.starts), default=None)
    return replace(terms, starts=starts) if terms else None


def _alone(row: PriceRow | None, terms: PriceRow | None, mode: str) -> tuple[PriceRow, ...]:
    """One mode of a row, under the terms of another."""
    if row is None or terms is None or mode not in row.modes:
        return ()
    return (replace(terms, modes={mode: row.modes[mode]}),)


# What becomes of a history


def compared(before: Sequence[PriceRow], after: Sequence[PriceRow]) -> tuple[RateChange, ...]:
    """Every rate that is not the same, at the beginning of each time in which it is not."""
    found = (
        change
        for start, old, new in _times(before, after)
        for change in changes(_at(start, old), _at(start, new))
    )
    return tuple(found)


def only_adds(before: Sequence[PriceRow], after: Sequence[PriceRow]) -> bool:
    """Whether every mode keeps its rates at all times."""
    return all(
        new is not None and new.modes.get(mode) == price
        for _, old, new in _times(before, after)
        if old
        for mode, price in old.modes.items()
    )


def _times(
    before: Sequence[PriceRow], after: Sequence[PriceRow]
) -> Iterator[tuple[Day, PriceRow | None, PriceRow | None]]:
    """The prices of both on each day when one of them changes, by hours."""
    bounds = {day for row in (*before, *after) for day in (row.starts, row.ends)}
    for day in (None, *sorted(day for day in bounds if day)):
        ours, theirs = in_force(before, day), in_force(after, day)
        for hours in dict.fromkeys([*ours, *theirs]):
            yield day, ours.get(hours), theirs.get(hours)


def _at(start: Day, row: PriceRow | None) -> tuple[PriceRow, ...]:
    return (replace(row, starts=start, ends=None),) if row else ()


# Modes that are missing


def filled(base: Model, model: Model) -> Model | None:
    """A model with modes that another has; None if the two never have the same standard price.

    A mode is taken for the time in which both have the same standard price, and for no other: what a mode cost under
    another standard price is not known. Before the other's first price its modes hold too, if the standard one does.
    """
    listed = [row for row in model.prices if _window(row) == ALL_DAY]
    rows: list[PriceRow] = []
    is_met = False
    for index, row in enumerate(base.prices):
        later = (each.starts for each in base.prices[index + 1 :] if _window(each) == ALL_DAY)
        pieces: list[PriceRow] = []
        for start, theirs in _spans(row, next(later, row.ends), listed):
            meets = theirs is not None and agree(row.modes.get("standard"), theirs.modes.get("standard"))
            piece = _with_modes(row, theirs, model.source) if theirs and meets else row
            is_met = is_met or meets
            if not pieces or (piece.modes, piece.sources) != (pieces[-1].modes, pieces[-1].sources):
                pieces.append(replace(piece, starts=start))
        rows += pieces
    return replace(base, prices=tuple(rows)) if is_met else None


def _spans(row: PriceRow, end: Day, listed: Sequence[PriceRow]) -> Iterator[tuple[Day, PriceRow | None]]:
    """A row's time, divided where a list has another price; with that price, if there is one for all day."""
    if _window(row) != ALL_DAY:
        return iter([(row.starts, None)])
    within = (each.starts for each in listed if not _has_begun(each, row.starts))
    starts = [row.starts, *(start for start in within if start and not (end and start >= end))]
    prices = [in_force(listed, start).get(ALL_DAY) for start in starts]
    return zip(starts, [prices[0] or prices[min(1, len(prices) - 1)], *prices[1:]], strict=True)


def _with_modes(row: PriceRow, theirs: PriceRow, source: str) -> PriceRow:
    """A row with the modes it lacks, as far as they say all that its standard mode does."""
    standard = row.modes["standard"]
    taken = {
        mode: price
        for mode, price in theirs.modes.items()
        if mode not in row.modes and _is_complete(standard, price)
    }
    modes = {**row.modes, **taken}
    sources = {**row.sources, **{mode: theirs.sources.get(mode, source) for mode in taken}}
    return replace(row, modes={mode: modes[mode] for mode in MODES if mode in modes}, sources=sources)


def _is_complete(standard: ModePrice, price: ModePrice) -> bool:
    """Whether a mode says all that the standard mode does: nothing of it is derived."""
    return _sizes(standard) == _sizes(price) and all(
        getattr(price.rates, name) is not None
        for name in ("input", "output", *WRITTEN_OUT)
        if getattr(standard.rates, name) is not None
    )


# Newer prices


def updated(base: Model, model: Model, day: dt.date) -> Model | None:
    """A model as a newer list of the same source has it; None if the two tell another past, or a later price.

    Prices without dates hold from the day on where they are not those of that day already.
    """
    if is_dated(model):
        newer = filled(model, base) or model
        if not changes(base.prices, newer.prices):
            return base
        is_told = all(_is_told(row, newer) for row in base.prices)
        return replace(base, prices=newer.prices, source=model.source) if is_told else None
    grown = filled(base, model) or base
    return grown if _has_all(grown, model, day) else from_day(grown, model, day, keeps_hours=False)


def _has_all(base: Model, model: Model, day: dt.date) -> bool:
    """Whether a model has all that a list says of a day, and no prices of other hours."""
    ours, theirs = in_force(base.prices, day), in_force(model.prices, day)
    return ours.keys() == theirs.keys() and all(
        _is_same(ours[hours].modes.get(mode), price)
        for hours, row in theirs.items()
        for mode, price in row.modes.items()
    )


def _is_told(row: PriceRow, newer: Model) -> bool:
    """Whether a newer history says the same of the time when a row begins to hold."""
    theirs = in_force(newer.prices, row.starts).get(_window(row))
    return theirs is not None and all(
        agree(price, theirs.modes.get(mode)) for mode, price in row.modes.items()
    )


def from_day(base: Model, model: Model, day: dt.date, *, keeps_hours: bool = True) -> Model | None:
    """A model with another's prices from a day on; None if it has a price of that day or later, or the other none.

    Modes that only the model itself has stay where the standard price does; so do its prices of certain hours, if the
    other has none and `keeps_hours`.
    """
    theirs = _since(model.prices, day)
    if ALL_DAY not in in_force(theirs, day) or any(row.starts and row.starts >= day for row in base.prices):
        return None
    sourced = [
        replace(row, sources={mode: row.sources.get(mode, model.source) for mode in row.modes})
        for row in theirs
    ]
    listed = replace(model, prices=tuple(sourced))
    new = (filled(listed, base) or listed).prices
    hours = [row for row in in_force(base.prices, day).values() if _window(row) != ALL_DAY]
    stay = keeps_hours and all(_window(row) == ALL_DAY for row in new)
    again = (replace(row, starts=day) for row in hours) if stay else ()
    return replace(base, prices=(*base.prices, *new, *again))


def _since(rows: Sequence[PriceRow], day: dt.date) -> tuple[PriceRow, ...]:
    """The prices of a day, as if they began then, and later ones."""
    held = _held(rows, day)
    return tuple(
        replace(row, starts=day) if index in held else row
        for index, row in enumerate(rows)
        if index in held or (row.starts and row.starts > day)
    )
