"""The cheapest routing above a quality floor: chosen on one half of the scores, verified on the other.

The means of a half flatter what is chosen by them: a policy picked because its cells look good keeps its floor far
less often than it seems. So one half says in which order routing is to be made cheaper, from the baseline or the best
model downwards, and the other is asked, policy by policy, whether a 95 % lower bound is still above the floor. Tested
in an order that was fixed beforehand, up to the first that fails, the last to pass is truly above the floor with 95 %
certainty, however many are tried (fixed-sequence testing: W. Maurer, L. A. Hothorn and W. Lehmacher, 1995; for the
control of risks A. N. Angelopoulos et al., 2021, Learn then test).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from costopt.calculators.routing.cells import NOTHING, Cell, Seen, Segment, Target
from costopt.calculators.routing.evidence import UNSEEN
from costopt.calculators.routing.exploration import doubt
from costopt.calculators.routing.intervals import ONE_SIDED, Mean, Range, weighted_sum
from costopt.calculators.routing.ladder import (
    MILLION,
    THOUSAND,
    Costs,
    Policy,
    Qualities,
    believed,
    rungs,
    thousandths,
)
from costopt.errors import ConfigError
from costopt.models.result import Frozen

LEAST_SCORES: Final = 5
"""Scores that a model needs in each half of a segment to be considered there."""

CLEARLY: Final = 2
"""Standard errors by which a model must be ahead of the best one over all to take its place in a segment."""

_NEARLY: Final = 0.999
"""The share of the scores that must have a propensity for the means to be weighted."""

_DIGITS: Final = 6

_Half = Mapping[Segment, Mapping[str, Mean]]


class Route(Frozen):
    """Where the requests of a segment go: models, and their shares in millionths."""

    segment: tuple[str | None, ...]
    millionths: dict[str, int]


class FloorAnswer(Frozen):
    """A verified policy, or why there is none.

    Attributes:
        routes: The policy; null where none is verified. Segments without a route stay as they are.
        cost_pico: What a request of the routed segments costs, in pico-dollars on average, rounded down.
        floor: What was asked for: a quality, or the share of the baseline's that is to be kept.
        estimate: The policy's mean quality on the half that verifies; where none is verified, that of the first tried.
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
        costs: What the models that may be chosen would cost.
        floor: The least mean quality, 0 to 1; with a baseline, the least share of its quality.
        baseline: Where the requests would go otherwise, every segment named; routing starts from it.
        at_random: Whether what was scored was drawn by lot, as shadow requests are, and not chosen by a router.

    Raises:
        ConfigError: if the floor is not from 0 to 1.
    """
    if not 0 <= floor <= 1:
        raise ConfigError(f"A quality floor is from 0 to 1, and is {floor:g}", hint="95 % is `0.95`")
    task = _task(seen, costs, floor, baseline)
    assumption = _assumption(task, at_random=at_random)
    refused = _refused(task)
    if refused:
        return FloorAnswer(floor=floor, unrouted_share=task.unrouted, assumption=assumption, reason=refused)
    policies = _candidates(task)
    best = next(policies)
    verdict = task.margin(best)
    passed = verdict.low >= 0
    if passed:
        for policy in policies:
            margin = task.margin(policy)
            if margin.low < 0:
                break
            best, verdict = policy, margin
    routes = tuple(Route(segment=segment, millionths=shares) for segment, shares in best.items())
    return FloorAnswer(
        routes=routes if passed else None,
        cost_pico=task.cost(best) if passed else None,
        floor=floor,
        estimate=round(task.value(best), _DIGITS),
        margin=round(verdict.estimate, _DIGITS),
        margin_low=round(verdict.low, _DIGITS),
        unrouted_share=round(task.unrouted, _DIGITS),
        assumption=assumption,
        reason=None if passed else _not_verified(verdict),
    )


@dataclass(frozen=True)
class _Task:
    """What is asked.

    Attributes:
        requests: Of every segment that has a choice.
        total: Of all segments.
        costs: Of every model.
        scores: What is believed of every model with enough scores, by the half to choose by.
        means: The mean scores of the half to verify by.
        start: Where routing starts, in thousandths.
        floor: A quality, or a share of the baseline's.
        is_share: Whether it is a share; then the start is the baseline.
        is_weighted: Whether means are weighted by propensities.
    """

    requests: Mapping[Segment, int]
    total: int
    costs: Costs
    scores: Qualities
    means: _Half
    start: Mapping[Segment, Mapping[str, int]]
    floor: float
    is_share: bool
    is_weighted: bool

    @property
    def unrouted(self) -> float:
        """The share of the requests that have no choice."""
        return 1 - sum(self.requests.values()) / self.total if self.total else 1.0

    def value(self, policy: Policy) -> float:
        """The mean quality of all requests on the half to verify by."""
        return math.fsum(
            self._weight(segment) * share / MILLION * self.means[segment][model].value
            for segment, shares in policy.items()
            for model, share in shares.items()
        )

    def hope(self, policy: Policy) -> float:
        """By how much the policy is believed to be above the floor."""
        return (
            math.fsum(
                weight * self.scores[segment][model] for segment, model, weight in self._weights(policy)
            )
            - self._least
        )

    def margin(self, policy: Policy) -> Range:
        """By how much the policy is above the floor on the half to verify by; the baseline is told by the same scores."""
        terms = [(weight, self.means[segment][model]) for segment, model, weight in self._weights(policy)]
        found = weighted_sum(terms, width=ONE_SIDED)
        low, estimate, high = (each - self._least for each in (found.low, found.estimate, found.high))
        return Range(estimate=estimate, low=low, high=high)

    def cost(self, policy: Policy) -> int:
        """What a request costs on average, in pico-dollars."""
        whole = sum(
            self.requests[segment] * share * self.costs[segment][model]
            for segment, shares in policy.items()
            for model, share in shares.items()
        )
        return whole // (MILLION * sum(self.requests.values()))

    @property
    def _least(self) -> float:
        """What the policy, less the kept share of the baseline, must come to."""
        return self.floor * self.unrouted if self.is_share else self.floor

    def _weights(self, policy: Policy) -> Iterator[tuple[Segment, str, float]]:
        for segment, shares in policy.items():
            kept = self.start[segment] if self.is_share else {}
            for model in sorted({*shares, *kept}):
                weight = shares.get(model, 0) / MILLION - self.floor * kept.get(model, 0) / THOUSAND
                yield segment, model, self._weight(segment) * weight

    def _weight(self, segment: Segment) -> float:
        return self.requests[segment] / self.total


def _candidates(task: _Task) -> Iterator[Policy]:
    """Policies from the start to the cheapest that is believed to keep the floor."""
    policies = rungs(task.requests, task.costs, task.scores, task.start)
    yield next(policies)
    for policy in policies:
        if task.hope(policy) < 0:
            return
        yield policy


def _task(seen: Seen, costs: Costs, floor: float, baseline: Target | None) -> _Task:
    total = seen.total
    is_weighted = bool(total.known) and total.both >= _NEARLY * total.scored and doubt(seen) is None
    choosing, verifying = (_half(seen, costs, half, is_weighted=is_weighted) for half in (0, 1))
    shared = {
        segment: sorted(models.keys() & verifying[segment].keys()) for segment, models in choosing.items()
    }
    means = {
        segment: {model: choosing[segment][model] for model in models}
        for segment, models in shared.items()
        if models
    }
    requests = {segment: int(seen.requests[segment]) for segment in means}
    scores = believed(
        {segment: {model: mean.value for model, mean in models.items()} for segment, models in means.items()},
        {
            segment: {model: _variance(mean) for model, mean in models.items()}
            for segment, models in means.items()
        },
    )
    start = (
        _best(means, scores, requests)
        if baseline is None
        else {segment: thousandths(baseline.get(segment, {})) for segment in means}
    )
    return _Task(
        requests=requests,
        total=int(total.requests),
        costs=costs,
        scores=scores,
        means=verifying,
        start=start,
        floor=floor,
        is_share=baseline is not None,
        is_weighted=is_weighted,
    )


def _half(seen: Seen, costs: Costs, half: int, *, is_weighted: bool) -> _Half:
    """The mean scores of one half, of priced models that have enough of them."""
    alone = Seen(
        {
            segment: {model: (pair[half], NOTHING) for model, pair in models.items()}
            for segment, models in seen.halves.items()
        }
    )
    return {
        segment: {
            model: _weighted(cell, alone.evenness[segment]) if is_weighted else alone.mean(segment, model)
            for model, cell in models.items()
            if cell.scored >= LEAST_SCORES and model in costs.get(segment, {})
        }
        for segment, models in alone.cells.items()
    }


def _weighted(cell: Cell, evenness: float) -> Mean:
    """The mean of a cell, each score weighted by its inverse propensity."""
    worth = cell.weight_sum**2 / cell.weight_squares
    return Mean(min(1.0, cell.weighted_sum / cell.weight_sum), worth / evenness)


def _variance(mean: Mean) -> float:
    """Of the mean, as if one right and one wrong score more had been seen."""
    value = (mean.value * mean.count + 1) / (mean.count + 2)
    return value * (1 - value) / mean.count


def _best(means: _Half, scores: Qualities, requests: Mapping[Segment, int]) -> dict[Segment, dict[str, int]]:
    """Every segment to the model that is best over all, unless another one is clearly ahead there."""
    ahead: dict[str, float] = {}
    for segment, found in scores.items():
        middle = math.fsum(found.values()) / len(found)
        for model, score in found.items():
            ahead[model] = ahead.get(model, 0.0) + requests[segment] * (score - middle)
    overall = max(sorted(ahead), key=lambda model: ahead[model], default="")
    return {segment: {_leader(found, scores[segment], overall): THOUSAND} for segment, found in means.items()}


def _leader(means: Mapping[str, Mean], scores: Mapping[str, float], overall: str) -> str:
    leader = max(sorted(scores), key=lambda model: scores[model])
    if overall not in means:
        return leader
    error = math.sqrt(_variance(means[leader]) + _variance(means[overall]))
    return leader if means[leader].value - means[overall].value > CLEARLY * error else overall


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
            f"{100 * task.unrouted:.0f} % of the requests are of kinds for which no priced model has {LEAST_SCORES} "
            "scores in each half"
        )
    for segment, shares in task.start.items():
        lacking = sorted(shares.keys() - task.scores[segment].keys())
        if lacking or not shares:
            return (
                f"the baseline has too few scores or no price: {', '.join(lacking) or 'a segment is missing'}"
            )
    return None


def _not_verified(verdict: Range) -> str:
    """Why the first policy, the safest there is, is not verified."""
    if verdict.estimate <= 0:
        return f"where routing starts, the quality is {-verdict.estimate:.3f} below the floor"
    times = ((verdict.estimate - verdict.low) / verdict.estimate) ** 2
    return (
        f"where routing starts, the quality is {verdict.estimate:.3f} above the floor, but there are too few scores to "
        f"be sure: about {times:.1f} times as many would do"
    )
