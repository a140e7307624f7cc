"""Estimates of the quality of other routing from what a log has: shadow pairs, propensities, or cells that overlap."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from costopt.calculators.routing.cells import Seen, Segment, Target
from costopt.calculators.routing.exploration import doubt, untried
from costopt.calculators.routing.intervals import Mean, Range, weighted_sum
from costopt.calculators.routing.matrix import (
    Known,
    Shares,
    Term,
    change,
    effective,
    routed,
    unseen,
    value,
    widened,
)
from costopt.calculators.routing.pairs import Pairs
from costopt.calculators.routing.propensities import doubly_robust

QualityBasis = Literal["unknown", "prior", "overlap", "propensities", "pairs", "as_logged"]
"""What a claim rests on, from the weakest; `as_logged` where nothing is routed otherwise."""

UNSEEN: Final = 0.05
"""The share of the requests of which nothing need be known; it counts as 0 to 1 in the interval."""

_SAME: Final = 1e-9
_REFUSALS: Final[dict[QualityBasis, str]] = {
    "as_logged": "{} of the requests went to models without a score of their kind",
    "overlap": "no overlap: {} of the requests would go to models without a score of their kind",
    "propensities": "no exploration: {} of the requests are of kinds in which the target's models were never tried",
    "pairs": "no pairs: {} of the requests were never answered by the target's models beside their own",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of a target and what it rests on; `estimates.QualityClaim` explains the fields."""

    basis: QualityBasis
    value: Range
    change: Range
    effective: float
    unseen: float


@dataclass(frozen=True)
class Question:
    """A log, and where its requests would go.

    Attributes:
        seen: The log.
        target: Where they would go.
        everything: Whether a segment is routed anew even if its shares remain: other requests may go to each model.
    """

    seen: Seen
    target: Target
    everything: bool = False

    @cached_property
    def requests(self) -> float:
        """How many there are."""
        return math.fsum(self.seen.requests.values())

    @cached_property
    def moved(self) -> dict[Segment, Shares]:
        """The segments that are routed otherwise, and how."""
        return {
            segment: self.target[segment]
            for segment in self.seen.cells
            if segment in self.target
            and (self.everything or _differ(self.target[segment], self.seen.shares(segment)))
        }

    @property
    def kept(self) -> list[Known]:
        """What the other segments score."""
        return self.logged([segment for segment in self.seen.cells if segment not in self.moved])

    def logged(self, segments: Collection[Segment]) -> list[Known]:
        """What some segments score as they were routed."""
        return routed(self.seen, {segment: self.seen.shares(segment) for segment in segments}, self.requests)

    def weight(self, segments: Collection[Segment]) -> float:
        """The share of some segments of all requests."""
        return math.fsum(self.seen.requests[segment] for segment in segments) / self.requests


def _differ(one: Shares, other: Shares) -> bool:
    return any(abs(one.get(model, 0.0) - other.get(model, 0.0)) > _SAME for model in {*one, *other})


def attempts(question: Question, pairs: Pairs | None) -> Iterator[Estimate | str]:
    """Estimates, the best basis first, each only when it is asked for; or why there is none."""
    if pairs is not None and question.moved:
        yield by_pairs(question, pairs)
    if not question.seen.total.scored:
        yield "no request has a quality score"
    elif not question.moved:
        yield by_cells(question, "as_logged")
    else:
        yield by_propensities(question)
        yield by_cells(question, "overlap")


def by_cells(question: Question, basis: QualityBasis) -> Estimate | str:
    """By the mean scores of segment and model."""
    seen, requests = question.seen, question.requests
    parts = [*question.kept, *routed(seen, question.moved, requests)]
    return _estimate(question, basis, parts, change(seen, question.moved, requests))


def by_propensities(question: Question) -> Estimate | str:
    """The moved segments by their propensities, the others by their cells."""
    if not question.seen.total.known:
        return "no propensities are logged"
    wrong = doubt(question.seen)
    if wrong is not None:
        return wrong
    never = untried(question.seen, question.moved)
    tried = {segment: shares for segment, shares in question.moved.items() if not never[segment]}
    missing = question.weight(question.moved.keys() - tried.keys())
    if missing > UNSEEN:
        return _refusal("propensities", missing)
    found = doubly_robust(question.seen, tried)
    if isinstance(found, str):
        return found
    whole = Term(question.weight(tried), found.mean, found.effective)
    if found.change is None:
        difference = _against(whole, question.logged(tried))
    else:
        difference = _from_halves([(whole.weight, found.change)])
    parts = [*question.kept, Known((whole,), missing)]
    return _estimate(question, "propensities", parts, widened(difference, missing))


def _against(whole: Term, logged: Sequence[Known]) -> Range:
    """The difference from what was logged.

    The two are taken as independent; as they share requests, the interval is rather too wide.
    """
    gap = unseen(logged)
    scale = whole.weight / (whole.weight - gap)
    minus = [(-term.weight * scale, term.mean) for part in logged for term in part.terms]
    return widened(weighted_sum([(whole.weight, whole.mean), *minus]), gap)


def by_pairs(question: Question, pairs: Pairs) -> Estimate | str:
    """The moved segments by what was tried beside the models that served them, the others by their cells."""
    parts: list[Known] = []
    moves: list[tuple[float, Mean]] = []
    for segment, shares in question.moved.items():
        here = [
            (question.weight([segment]) * part * share, served, tried)
            for served, part in question.seen.shares(segment).items()
            for tried, share in shares.items()
            if share
        ]
        terms = [
            (weight, _tried(question.seen, pairs, (segment, served, tried))) for weight, served, tried in here
        ]
        known = tuple(Term(weight, *found) for weight, found in terms if found)
        parts.append(Known(known, math.fsum(weight for weight, found in terms if not found)))
        moves += [
            (weight, pairs.difference(segment, served, tried))
            for weight, served, tried in here
            if served != tried and pairs.count(segment, served, tried)
        ]
    difference = widened(_from_halves(moves), unseen(parts))
    return _estimate(question, "pairs", [*question.kept, *parts], difference)


def _from_halves(moves: Sequence[tuple[float, Mean]]) -> Range:
    """The weighted sum of differences d that are given as (1 + d) / 2."""
    doubled = weighted_sum([(2 * weight, half) for weight, half in moves])
    shift = math.fsum(weight for weight, _ in moves)
    return Range(estimate=doubled.estimate - shift, low=doubled.low - shift, high=doubled.high - shift)


def _tried(seen: Seen, pairs: Pairs, of: tuple[Segment, str, str]) -> tuple[Mean, float] | None:
    """The mean score of a model on requests that another has served, and of how many; None if there is none."""
    segment, served, tried = of
    if served != tried:
        count = pairs.count(*of)
        return (pairs.quality(*of), count) if count else None
    cell = seen.cell(segment, served)
    return (seen.mean(segment, served), cell.scored) if cell.scored else pairs.own(segment, served)


def _estimate(
    question: Question, basis: QualityBasis, parts: Sequence[Known], difference: Range
) -> Estimate | str:
    missing = unseen(parts)
    if missing > UNSEEN:
        return _refusal(basis, missing)
    return Estimate(basis, value(parts, question.requests), difference, effective(parts), missing)


def _refusal(basis: QualityBasis, missing: float) -> str:
    return _REFUSALS[basis].format(f"{100 * missing:.0f} %")
