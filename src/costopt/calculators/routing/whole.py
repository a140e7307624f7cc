"""The cheapest set of whole changes that gains a missing quality: what is left when no segment may be split.

A multiple-choice knapsack in whole numbers. The linear program's price of quality gives every change a waste: what it
costs above that price. No set of changes whose waste exceeds what the best set found so far wastes can be better, which
leaves few changes, and of those only the sets that no other set of the same segments beats (Sinha and Zoltners,
Operations Research 27, 1979; Dyer, Kayal and Walker, European Journal of Operational Research 15, 1984).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Change(NamedTuple):
    """One segment moved to another model: what that adds to cost and quality (less than 0: takes from them)."""

    cost: int
    quality: int


_Taken = tuple[int, int, "_Taken | None"]
"""A segment and the place among its changes, and those taken before."""


class _Set(NamedTuple):
    """Changes taken together, and which."""

    cost: int
    quality: int
    taken: _Taken | None


@dataclass(slots=True)
class _Search:
    """What is known so far. State: the best set that gains enough, and the effort that is left."""

    missing: int
    rate: Change
    best: _Set
    effort: int
    sets: list[_Set] = field(default_factory=lambda: [_Set(0, 0, None)])

    def may_help(self, cost: int, quality: int) -> bool:
        """Whether what changes cost above the price of quality, their waste, leaves room to be better than the best."""
        waste = self.rate.quality * cost - self.rate.cost * quality
        return waste < self.rate.quality * self.best.cost - self.rate.cost * self.missing


def cheapest_changes(
    changes: Sequence[Sequence[Change]], missing: int, rate: Change, effort: int
) -> tuple[Mapping[int, int], bool]:
    """The cheapest set of changes, at most one a segment, that gains the missing quality.

    Args:
        changes: Per segment its possible changes; none is cheaper than the rate for what it gains.
        missing: How much quality must be gained, above 0; some single change gains it.
        rate: A cost, and the quality that it buys: the price of quality in the linear program's optimum.
        effort: How many sets to look at; after that the best so far is taken.

    Returns:
        By segment the place of its change, and whether the set is proven to be the cheapest. Of equally cheap sets,
        the one that was found first, which depends on nothing but the arguments.
    """
    search = _Search(missing, rate, _cheapest_single(changes, missing), effort)
    rows = []
    for segment, own in enumerate(changes):
        row = [
            (*change, place) for place, change in enumerate(own) if search.may_help(*change) and any(change)
        ]
        if row:
            rows.append((max(0, *(quality for _, quality, _ in row)), segment, row))
    to_gain = sum(gain for gain, _, _ in rows)
    for gain, segment, row in sorted(rows, key=lambda each: (-each[0], each[1])):
        to_gain -= gain
        if not _widen(search, segment, row, to_gain):
            break
    return dict(_taken(search.best)), search.effort >= 0


def _cheapest_single(changes: Sequence[Sequence[Change]], missing: int) -> _Set:
    enough = (
        (change.cost, segment, place, change.quality)
        for segment, own in enumerate(changes)
        for place, change in enumerate(own)
        if change.quality >= missing
    )
    cost, segment, place, quality = min(enough)
    return _Set(cost, quality, (segment, place, None))


def _widen(search: _Search, segment: int, row: Sequence[tuple[int, int, int]], to_gain: int) -> bool:
    """Adds each change of a segment to each set, and keeps what may still become the best; False if out of effort."""
    search.effort -= len(search.sets) * len(row)
    if search.effort < 0:
        return False
    wider = search.sets + [
        _Set(cost + more_cost, quality + more_quality, (segment, place, taken))
        for cost, quality, taken in search.sets
        for more_cost, more_quality, place in row
    ]
    enough = [each for each in wider if each.quality >= search.missing]
    search.best = min([search.best, *enough], key=lambda each: each.cost)
    search.sets = _unbeaten(search, [each for each in wider if each.quality + to_gain >= search.missing])
    return True


def _unbeaten(search: _Search, sets: list[_Set]) -> list[_Set]:
    """Sets that may become the best, without those for which another costs no more and gains no less."""
    kept: list[_Set] = []
    for each in sorted(sets, key=lambda each: (each.cost, -each.quality)):
        if (not kept or each.quality > kept[-1].quality) and search.may_help(each.cost, each.quality):
            kept.append(each)
    return kept


def _taken(found: _Set) -> list[tuple[int, int]]:
    places = []
    link = found.taken
    while link is not None:
        segment, place, link = link
        places.append((segment, place))
    return places
