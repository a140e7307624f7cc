"""The cheapest routing above a quality floor: chosen on one half of the scores, verified on the other.

The means of a half flatter what is chosen by them: a policy picked because its cells look good keeps its floor far
less often than it seems. So the frontier of cost and quality is drawn from one half, and walked on the other, from
the best routing down to the cheapest that still should keep the floor, as long as a 95 % lower bound stays above it.
Tested in an order that was fixed beforehand, and stopped at the first that fails, the last to pass is truly above the
floor with 95 % certainty, however many are tried (fixed-sequence testing: W. Maurer, L. A. Hothorn and W. Lehmacher,
1995; for risk control A. N. Angelopoulos et al., 2021, Learn then test).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from costopt.calculators.routing.cells import NOTHING, Cell, Seen, Segment, Target
from costopt.calculators.routing.evidence import UNSEEN
from costopt.calculators.routing.exploration import doubt
from costopt.calculators.routing.intervals import ONE_SIDED, Mean, Range, weighted_sum
from costopt.models.result import Frozen

LEAST_SCORES: Final = 5
"""Scores that a model needs in each half of a segment to be considered there."""

_POINTS: Final = 50
"""How many points of the frontier are tried."""

_ALMOST: Final = 1 - 1e-9
_DIGITS: Final = 6

_NEARLY: Final = 0.999
"""The share of the scores that must have a propensity for the means to be weighted."""

_THOUSAND: Final = 1000
"""Shares of a segment that is split are whole thousandths."""

Costs = Mapping[Segment, Mapping[str, int]]
"""By segment and model, what a request would cost, in pico-dollars on average."""


class Route(Frozen):
    """Where the requests of a segment go: models, and their shares in thousandths."""

    segment: tuple[str | None, ...]
    thousandths: dict[str, int]


class FloorAnswer(Frozen):
    """A verified policy, or why there is none.

    Attributes:
        routes: The policy; null where none is verified. Segments without a route stay as they are.
        cost_pico: What a request of the routed segments costs, in pico-dollars on average, rounded down.
        floor: What was asked for: a quality, or the share of the baseline's that is to be kept.
        estimate: The mean quality on the half that verifies; of the best policy where none is verified.
        margin: By how much that is above the floor, in quality.
        margin_low: Its lower bound, one-sided, 95 %; a policy is verified if it is not below 0.
        unrouted_share: Of the requests, in segments with too few scores; they count as 0.
        assumption: What has to be true for the bound to hold, in words.
        reason: Why there is no policy.
    """

    routes: tuple[Route, ...] | None = None
    cost_pico: int | None = None
    floor: float
    estimate: float | None = None
    margin: float | None = None
    margin_low: float | None = None
    unrouted_share: float = 0.0
    assumption: str
    reason: str | None = None


def cheapest_above(
    seen: Seen, costs: Costs, floor: float, baseline: Target | None = None, *, at_random: bool = False
) -> FloorAnswer:
    """The cheapest policy that keeps a floor, verified.

    Args:
        seen: The log, by halves.
        costs: What every model that may be chosen would cost.
        floor: The least mean quality, 0 to 1; with a baseline, the least share of its quality.
        baseline: Where every segment would go without routing.
        at_random: Whether what was scored was drawn by lot, as shadow requests are, and not chosen by a router.
    """
    task = _task(seen, costs, floor, baseline)
    assumption = _assumption(task, at_random=at_random)
    refused = _refused(task)
    if refused:
        return FloorAnswer(floor=floor, unrouted_share=task.unrouted, assumption=assumption, reason=refused)
    policies = _walk(task)
    best = next(policies)
    verdict = task.margin(best, 1)
    told = {"floor": floor, "unrouted_share": task.unrouted, "assumption": assumption}
    if verdict.low < 0:
        return FloorAnswer(**told, **_figures(task, best, verdict), reason=_too_close(verdict))
    for policy in policies:
        margin = task.margin(policy, 1)
        if margin.low < 0:
            break
        best, verdict = policy, margin
    routes = tuple(Route(segment=segment, thousandths=shares) for segment, shares in best.items())
    return FloorAnswer(**told, **_figures(task, best, verdict), routes=routes, cost_pico=task.cost(best))


_Policy = dict[Segment, dict[str, int]]
_Half = Mapping[tuple[Segment, str], Mean]


@dataclass(frozen=True)
class _Task:
    """What is asked.

    Attributes:
        requests: Of every segment with a choice.
        total: Of all segments.
        costs: Of every model.
        hulls: Of every segment, the models worth choosing, from the cheapest to the best.
        halves: The mean scores in the half to choose by and the half to verify by.
        floor: A quality, or a share of the baseline's.
        baseline: Of every segment with a choice; none for a floor that is a quality.
        is_weighted: Whether the means are weighted by propensities.
    """

    requests: Mapping[Segment, int]
    total: int
    costs: Costs
    hulls: Mapping[Segment, Sequence[str]]
    halves: tuple[_Half, _Half]
    floor: float
    baseline: Target | None
    is_weighted: bool

    @property
    def unrouted(self) -> float:
        """The share of the requests that have no choice."""
        return 1 - sum(self.requests.values()) / self.total

    def value(self, policy: _Policy, half: int) -> float:
        """The mean quality of all requests."""
        return math.fsum(
            self._weight(segment) * share / _THOUSAND * self.halves[half][segment, model].value
            for segment, shares in policy.items()
            for model, share in shares.items()
        )

    def margin(self, policy: _Policy, half: int) -> Range:
        """By how much the policy is above the floor: the same scores tell of it and of the baseline."""
        terms: list[tuple[float, Mean]] = []
        for segment, shares in policy.items():
            kept = self.baseline[segment] if self.baseline else {}
            for model in sorted({*shares, *kept}):
                weight = shares.get(model, 0) / _THOUSAND - self.floor * kept.get(model, 0.0)
                terms.append((self._weight(segment) * weight, self.halves[half][segment, model]))
        found = weighted_sum(terms, width=ONE_SIDED)
        floor = self.floor * self.unrouted if self.baseline else self.floor
        return Range(estimate=found.estimate - floor, low=found.low - floor, high=found.high - floor)

    def cost(self, policy: _Policy) -> int:
        """What a request costs on average, in pico-dollars."""
        whole = sum(
            self.requests[segment] * share * self.costs[segment][model]
            for segment, shares in policy.items()
            for model, share in shares.items()
        )
        return whole // (_THOUSAND * sum(self.requests.values()))

    def _weight(self, segment: Segment) -> float:
        return self.requests[segment] / self.total


def _task(seen: Seen, costs: Costs, floor: float, baseline: Target | None) -> _Task:
    total = seen.total
    is_weighted = bool(total.known) and total.both >= _NEARLY * total.scored and doubt(seen) is None
    halves = (_half(seen, 0, is_weighted=is_weighted), _half(seen, 1, is_weighted=is_weighted))
    both = halves[0].keys() & halves[1].keys()
    quality = {
        segment: {
            model: halves[0][segment, model].value
            for model in costs.get(segment, {})
            if (segment, model) in both
        }
        for segment in seen.cells
    }
    hulls = {segment: _hull(costs[segment], models) for segment, models in quality.items() if models}
    return _Task(
        requests={segment: int(seen.requests[segment]) for segment in hulls},
        total=int(total.requests),
        costs=costs,
        hulls=hulls,
        halves=halves,
        floor=floor,
        baseline=baseline,
        is_weighted=is_weighted,
    )


def _half(seen: Seen, half: int, *, is_weighted: bool) -> _Half:
    """The mean scores of one half, where there are enough."""
    alone = Seen(
        {
            segment: {model: (pair[half], NOTHING) for model, pair in models.items()}
            for segment, models in seen.halves.items()
        }
    )
    return {
        (segment, model): _weighted(cell, alone.evenness[segment])
        if is_weighted
        else alone.mean(segment, model)
        for segment, models in alone.cells.items()
        for model, cell in models.items()
        if cell.scored >= LEAST_SCORES
    }


def _weighted(cell: Cell, evenness: float) -> Mean:
    """The mean of a cell, each score weighted by its inverse propensity."""
    worth = cell.weight_sum**2 / cell.weight_squares
    return Mean(min(1.0, cell.weighted_sum / cell.weight_sum), worth / evenness)


def _assumption(task: _Task, *, at_random: bool) -> str:
    if at_random:
        return "what was scored was drawn by lot"
    if task.is_weighted:
        return "the logged propensities are those with which the router chose"
    return "no hidden selection: within a segment, the choice of the model had nothing to do with the request"


def _refused(task: _Task) -> str | None:
    """Why nothing can be chosen."""
    if task.unrouted > UNSEEN:
        return (
            f"{100 * task.unrouted:.0f} % of the requests are of kinds without a priced model that has "
            f"{LEAST_SCORES} scores in each half"
        )
    if task.baseline and not all(
        (segment, model) in half
        for segment in task.hulls
        for model in task.baseline.get(segment, {"": 1.0})
        for half in task.halves
    ):
        return "the baseline has too few scores for some kinds of requests"
    best = _best(task)
    margin = task.margin(best, 0).estimate
    if margin < 0:
        return f"the best routing is {-margin:.3f} below the floor already on the half it is chosen by"
    return None


def _too_close(verdict: Range) -> str:
    if verdict.estimate <= 0:
        return f"on the other half of the scores, the best routing is {-verdict.estimate:.3f} below the floor"
    times = ((verdict.estimate - verdict.low) / verdict.estimate) ** 2
    return (
        f"the best routing is {verdict.estimate:.3f} above the floor on the other half of the scores, which are too few "
        f"to be sure: about {times:.1f} times as many would do"
    )


def _figures(task: _Task, policy: _Policy, verdict: Range) -> dict[str, float]:
    return {
        "estimate": round(task.value(policy, 1), _DIGITS),
        "margin": round(verdict.estimate, _DIGITS),
        "margin_low": round(verdict.low, _DIGITS),
    }


# The frontier


@dataclass(frozen=True, slots=True)
class _Step:
    """From one model of a segment to a better and dearer one: what all requests gain, and what they cost more."""

    segment: Segment
    worse: str
    better: str
    gain: float
    dearer: int


def _best(task: _Task) -> _Policy:
    """Every segment to the model that is best in the half to choose by."""
    return {segment: {hull[-1]: _THOUSAND} for segment, hull in task.hulls.items()}


def _walk(task: _Task) -> Iterator[_Policy]:
    """Policies of the frontier that keep the floor in the half to choose by, from the best to the cheapest.

    The frontier merges the hulls of all segments by what their steps gain for their cost. Here the steps are undone,
    the least worthwhile first, large ones bit by bit.
    """
    policy = _best(task)
    yield dict(policy)
    steps = [step for segment in task.hulls for step in _steps(task, segment)]
    steps.sort(key=lambda step: (step.gain / step.dearer, str(step.segment), step.better))
    width = math.fsum(step.gain for step in steps) / _POINTS
    since = 0.0
    for step in steps:
        pieces = max(1, round(step.gain / width))
        for piece in range(1, pieces + 1):
            back = _THOUSAND * piece // pieces
            shares = {step.better: _THOUSAND - back, step.worse: back}
            policy[step.segment] = {model: share for model, share in shares.items() if share}
            since += step.gain / pieces
            if since > width * _ALMOST or step is steps[-1]:
                if task.margin(policy, 0).estimate < 0:
                    return
                yield dict(policy)
                since = 0.0


def _steps(task: _Task, segment: Segment) -> Iterator[_Step]:
    hull, requests = task.hulls[segment], task.requests[segment]
    for worse, better in pairwise(hull):
        gain = task.halves[0][segment, better].value - task.halves[0][segment, worse].value
        dearer = task.costs[segment][better] - task.costs[segment][worse]
        yield _Step(segment, worse, better, gain * requests / task.total, dearer * requests)


def _hull(costs: Mapping[str, int], quality: Mapping[str, float]) -> tuple[str, ...]:
    """The models, cheapest first, each of which gains less for its cost than the one before; the last is the best."""
    hull: list[str] = []
    for model in sorted(quality, key=lambda model: (costs[model], -quality[model], model)):
        if hull and quality[model] <= quality[hull[-1]]:
            continue
        while len(hull) > 1 and _slope(costs, quality, hull[-2:]) <= _slope(
            costs, quality, (hull[-1], model)
        ):
            hull.pop()
        hull.append(model)
    return tuple(hull)


def _slope(costs: Mapping[str, int], quality: Mapping[str, float], step: Sequence[str]) -> float:
    worse, better = step
    return (quality[better] - quality[worse]) / (costs[better] - costs[worse])
