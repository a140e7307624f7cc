"""The whole frontier between cost and quality: the cheapest policy above any floor, the best within any budget.

A policy gives every segment of the traffic one of the models whose cost and quality are known there. To find the
cheapest above a floor is a linear program, the multiple-choice knapsack; its optima for all floors are found at once
and without a solver: per segment only the upper hull of (cost, quality) matters, and climbing all hulls in the order of
quality gained per dollar passes every optimum (Sinha and Zoltners, The Multiple-Choice Knapsack Problem, Operations
Research 27, 1979). Between two neighbouring ones, a single segment is split between two models.

Costs are whole pico-dollars, and quality is counted in whole units of 1e-15, so that sums are exact and a floor that a
policy just meets is met.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil
from typing import Final, NamedTuple

from costopt.calculators.routing.whole import Change, cheapest_changes
from costopt.models.money import PICO_PER_USD, usd
from costopt.models.result import Frozen

_UNITS: Final = 10**15
_SLACK: Final = 2
"""By how many units a floor and the quality that just meets it may differ through rounding."""


class Option(NamedTuple):
    """A model that could serve a segment.

    Attributes:
        model: Its name; of two alike, the first in the alphabet is taken.
        cost: What all requests of the segment cost with it, in pico-dollars; None if unknown: it is no candidate.
        quality: The mean quality of its answers there; None if unknown: it is no candidate.
    """

    model: str
    cost: int | None
    quality: float | None


class Segment(NamedTuple):
    """Requests that a policy treats alike.

    Attributes:
        name: What it is called.
        requests: How many, at least one; its weight in the mean quality.
        options: The models that could serve it.
    """

    name: str
    requests: int
    options: Sequence[Option]


class Point(NamedTuple):
    """A candidate for a segment: pico-dollars and units of quality of all its requests together."""

    cost: int
    quality: int
    model: str


class Step(NamedTuple):
    """From one point of a segment's hull to the next; steps sort by quality gained per dollar, most first.

    Attributes:
        order: The gain in quality for a pico-dollar, negative, in units of 2 to the power of -192: exact for costs
            below 2 to the power of 96.
        segment: Its place among the segments.
        place: That of the point stepped to, on its hull.
        cost: What it adds.
        quality: What it gains.
    """

    order: int
    segment: int
    place: int
    cost: int
    quality: int


class Choice(Frozen):
    """The model for a segment, or for a share of it.

    Attributes:
        segment: Its name.
        model: The model's.
        share: Of the segment's requests; below 1 only where a segment is split.
        cost_usd: What that share of them costs.
        quality: The mean quality of the answers.
    """

    segment: str
    model: str
    share: float
    cost_usd: Decimal
    quality: float


class Policy(Frozen):
    """A model for every segment that has a candidate.

    Attributes:
        cost_usd: What all of it costs.
        quality: The mean over all requests.
        choices: In the order of the segments. At most one segment is split: it has two, the cheaper model first.
        least_usd: What the cheapest policy above the same floor costs if one segment may be split.
        is_cheapest: Whether it is proven that no cheaper policy of its kind (one segment split, or none) is above the
            floor; for a budget, that none within it is better.
    """

    cost_usd: Decimal
    quality: float
    choices: tuple[Choice, ...]
    least_usd: Decimal
    is_cheapest: bool = True


class Vertex(Frozen):
    """What a policy costs that splits no segment and is on the frontier, and its mean quality."""

    cost_usd: Decimal
    quality: float


@dataclass(frozen=True, slots=True)
class Frontier:
    """Every policy worth having; made by `frontier`.

    Attributes:
        segments: Those with a candidate, in the order given.
        left_out: Names of those without one: their cost and quality are in no figure.
        requests: How many the segments with a candidate have.
        hulls: Per segment the points of its upper hull, cheapest first.
        steps: Of all hulls, most quality per dollar first; equals in the order of the segments.
        costs: Of the vertices, in pico-dollars, rising.
        qualities: Of the vertices, in units over all requests, rising.
    """

    segments: tuple[Segment, ...]
    left_out: tuple[str, ...]
    requests: int
    hulls: tuple[list[Point], ...]
    steps: tuple[Step, ...]
    costs: tuple[int, ...]
    qualities: tuple[int, ...]

    @property
    def vertices(self) -> tuple[Vertex, ...]:
        """From the cheapest policy to the best; none if no segment has a candidate."""
        pairs = zip(self.costs, self.qualities, strict=True)
        return tuple(Vertex(cost_usd=usd(cost), quality=self._mean(quality)) for cost, quality in pairs)

    def policy_at(self, floor: float) -> Policy | None:
        """The cheapest policy whose mean quality is at least the floor; None if there is none.

        At most one segment is split between two models, in the share that just meets the floor.
        """
        start = self._start(floor)
        if start is None:
            return None
        place, missing = start
        return (
            self._split(place, Fraction(missing, self.steps[place].quality))
            if missing
            else self._whole(place)
        )

    def best_within(self, budget_usd: Decimal) -> Policy | None:
        """The policy of the highest mean quality that costs at most the budget; None if none is so cheap.

        At most one segment is split between two models, in the share that just exhausts the budget.
        """
        budget = int((budget_usd * PICO_PER_USD).to_integral_value(ROUND_FLOOR))
        place = bisect_right(self.costs, budget) - 1
        if place < 0:
            return None
        rest = budget - self.costs[place] if place < len(self.steps) else 0
        return self._split(place, Fraction(rest, self.steps[place].cost)) if rest else self._whole(place)

    def whole_policy_at(self, floor: float, effort: int = 200_000) -> Policy | None:
        """A policy of one model per segment whose mean quality is at least the floor; None if there is none.

        It is the cheapest, if the search ends within the effort; else the best that was found, and `is_cheapest` is
        false. No other saves more against it than the difference between `cost_usd` and `least_usd`.

        Args:
            floor: The least mean quality.
            effort: How many sets of changes to look at, before the best so far is taken.
        """
        start = self._start(floor)
        if start is None:
            return None
        place, missing = start
        if not missing:
            return self._whole(place)
        step = self.steps[place]
        points = self._points(place)
        others = [_staircase(segment) for segment in self.segments]
        changes = [
            [Change(other.cost - point.cost, other.quality - point.quality) for other in own]
            for point, own in zip(points, others, strict=True)
        ]
        price = Change(step.cost, step.quality)
        taken, is_cheapest = cheapest_changes(changes, missing, price, effort)
        for segment, change in taken.items():
            points[segment] = others[segment][change]
        least = self.costs[place] + ceil(Fraction(missing * step.cost, step.quality))
        return self._policy(points, least=least, is_cheapest=is_cheapest)

    # Parts

    def _start(self, floor: float) -> tuple[int, int] | None:
        """The dearest vertex that is no better than the floor asks for, and the quality that it lacks."""
        need = round(floor * _UNITS) * self.requests
        slack = _SLACK * self.requests
        place = bisect_left(self.qualities, need - slack)
        if place == len(self.qualities):
            return None
        if place == 0 or self.qualities[place] <= need + slack:
            return place, 0
        return place - 1, need - self.qualities[place - 1]

    def _points(self, place: int) -> list[Point]:
        """What the policy of a vertex chooses."""
        points = [hull[0] for hull in self.hulls]
        for step in self.steps[:place]:
            points[step.segment] = self.hulls[step.segment][step.place]
        return points

    def _whole(self, place: int) -> Policy:
        """The policy of a vertex."""
        return self._policy(self._points(place), least=self.costs[place], is_cheapest=True)

    def _policy(self, points: Sequence[Point], *, least: int, is_cheapest: bool) -> Policy:
        chosen = zip(self.segments, points, strict=True)
        return Policy(
            cost_usd=usd(sum(point.cost for point in points)),
            quality=self._mean(sum(point.quality for point in points)),
            choices=tuple(_choice(segment, point, point.cost) for segment, point in chosen),
            least_usd=usd(least),
            is_cheapest=is_cheapest,
        )

    def _split(self, place: int, share: Fraction) -> Policy:
        """The policy of a vertex with a share of the next step, the cost rounded up to whole pico-dollars."""
        step = self.steps[place]
        points = self._points(place)
        segment, low = self.segments[step.segment], points[step.segment]
        high = self.hulls[step.segment][step.place]
        added, upper = ceil(share * step.cost), ceil(share * high.cost)
        cost = usd(self.costs[place] + added)
        parts = (
            _choice(segment, low, low.cost + added - upper, 1 - share),
            _choice(segment, high, upper, share),
        )
        choices = [_choice(*each, each[1].cost) for each in zip(self.segments, points, strict=True)]
        return Policy(
            cost_usd=cost,
            quality=self._mean(self.qualities[place] + share * step.quality),
            choices=(*choices[: step.segment], *parts, *choices[step.segment + 1 :]),
            least_usd=cost,
        )

    def _mean(self, quality: int | Fraction) -> float:
        return float(Fraction(quality, self.requests * _UNITS))


def frontier(segments: Sequence[Segment]) -> Frontier:
    """The frontier of all policies over some segments.

    Raises:
        ValueError: if a segment has no requests, or a quality is no number.
    """
    stairs = [_staircase(segment) for segment in segments]
    kept = tuple(segment for segment, own in zip(segments, stairs, strict=True) if own)
    hulls = tuple(_hull(own) for own in stairs if own)
    steps = tuple(sorted(step for segment, hull in enumerate(hulls) for step in _steps(segment, hull)))
    costs = accumulate((step.cost for step in steps), initial=sum(hull[0].cost for hull in hulls))
    qualities = accumulate((step.quality for step in steps), initial=sum(hull[0].quality for hull in hulls))
    return Frontier(
        segments=kept,
        left_out=tuple(segment.name for segment, own in zip(segments, stairs, strict=True) if not own),
        requests=sum(segment.requests for segment in kept),
        hulls=hulls,
        steps=steps,
        costs=tuple(costs) if kept else (),
        qualities=tuple(qualities) if kept else (),
    )


def _staircase(segment: Segment) -> list[Point]:
    """The candidates than which none is both as cheap and as good, cheapest first."""
    name, requests, options = segment
    if requests < 1:
        raise ValueError(f"segment `{name}` has no requests")
    candidates = sorted(
        (cost, -round(quality * _UNITS) * requests, model)
        for model, cost, quality in options
        if cost is not None and quality is not None
    )
    stairs: list[Point] = []
    for cost, quality, model in candidates:
        if not stairs or -quality > stairs[-1].quality:
            stairs.append(Point(cost, -quality, model))
    return stairs


def _hull(stairs: Sequence[Point]) -> list[Point]:
    """The points below no line between two others; those on a line stay, so that less is split."""
    hull: list[Point] = []
    for point in stairs:
        cost, quality, _ = point
        while len(hull) > 1:
            (cost_1, quality_1, _), (cost_2, quality_2, _) = hull[-2:]
            if (quality_2 - quality_1) * (cost - cost_2) >= (quality - quality_2) * (cost_2 - cost_1):
                break
            hull.pop()
        hull.append(point)
    return hull


def _steps(segment: int, hull: Sequence[Point]) -> list[Step]:
    steps = []
    for place, (low, high) in enumerate(pairwise(hull), 1):
        cost, quality = high.cost - low.cost, high.quality - low.quality
        steps.append(Step(-((quality << 192) // cost), segment, place, cost, quality))
    return steps


def _choice(segment: Segment, point: Point, cost: int, share: Fraction | int = 1) -> Choice:
    return Choice(
        segment=segment.name,
        model=point.model,
        share=float(share),
        cost_usd=usd(cost),
        quality=point.quality / (segment.requests * _UNITS),
    )
