"""The value of a target from mean scores by segment and model, as if nothing but the segment had chosen the model."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from costopt.calculators.routing.cells import Cell, Seen, Segment, Target, added
from costopt.calculators.routing.intervals import Mean, Range, weighted_sum

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Term:
    """A mean score, its weight in a sum, and the number of scores that it is the mean of."""

    weight: float
    mean: Mean
    scores: float


@dataclass(frozen=True, slots=True)
class Known:
    """The mean score of a segment, or of several together, as far as it is known.

    Attributes:
        terms: What is known; the weights are shares of all requests.
        unseen: The share of all requests of which nothing is known.
    """

    terms: tuple[Term, ...]
    unseen: float


def routed(seen: Seen, target: Mapping[Segment, Shares], requests: float) -> list[Known]:
    """What the segments of a target would score by the means of their cells, of so many requests in all."""
    return [_routed(seen, segment, shares, requests) for segment, shares in target.items()]


def _routed(seen: Seen, segment: Segment, shares: Shares, requests: float) -> Known:
    weight = seen.requests[segment] / requests
    scored = {model: seen.cell(segment, model).scored for model in shares}
    terms = tuple(
        Term(weight * share, seen.mean(segment, model), scored[model])
        for model, share in shares.items()
        if share and scored[model]
    )
    return Known(terms, math.fsum(weight * share for model, share in shares.items() if not scored[model]))


def unseen(parts: Iterable[Known]) -> float:
    """The share of all requests of which nothing is known."""
    return math.fsum(part.unseen for part in parts)


def effective(parts: Iterable[Known]) -> float:
    """Kish's effective sample size, (sum of the scores' weights)² / sum of their squares; there must be a score."""
    terms = [term for part in parts for term in part.terms]
    return math.fsum(term.weight for term in terms) ** 2 / math.fsum(
        term.weight**2 / term.scores for term in terms
    )


def value(parts: Iterable[Known], requests: float) -> Range:
    """The mean score of all parts, with its interval, in which what is not known counts as 0 to 1.

    Args:
        parts: All requests; of some, something must be known.
        requests: How many they are: other ones would be spread a little differently over the parts.
    """
    known = [part for part in parts if part.terms]
    gap = max(0.0, 1 - math.fsum(term.weight for part in known for term in part.terms))
    shares = [math.fsum(term.weight for term in part.terms) for part in known]
    sums = [math.fsum(term.weight * term.mean.value for term in part.terms) for part in known]
    middle = math.fsum(sums) / (1 - gap)
    between = math.fsum(
        share * (total / share - middle) ** 2 for share, total in zip(shares, sums, strict=True)
    )
    terms = [(term.weight, term.mean) for part in known for term in part.terms]
    found = weighted_sum(terms, variance=between / requests)
    return Range(
        estimate=min(1.0, found.estimate / (1 - gap)),
        low=max(0.0, found.low),
        high=min(1.0, found.high + gap),
    )


def change(seen: Seen, moved: Target, requests: float) -> Range:
    """By how much the mean score of all requests would change if some segments were routed otherwise.

    A segment with a model that has no score could change by anything from −1 to 1.
    """
    terms: list[tuple[float, Mean]] = []
    unknown = 0.0
    for segment, shares in moved.items():
        weight, moves = seen.requests[segment] / requests, _moves(shares, seen.shares(segment))
        if all(seen.cell(segment, model).scored for model in moves):
            terms += [(weight * move, seen.mean(segment, model)) for model, move in moves.items()]
        else:
            unknown += weight
    return widened(weighted_sum(terms), unknown)


def _moves(shares: Shares, logged: Shares) -> dict[str, float]:
    moves = {model: shares.get(model, 0.0) - logged.get(model, 0.0) for model in sorted({*shares, *logged})}
    return {model: move for model, move in moves.items() if move}


def widened(found: Range, by: float) -> Range:
    """A change that may also be so much less or more."""
    return Range(estimate=found.estimate, low=max(-1.0, found.low - by), high=min(1.0, found.high + by))


def naive_mean(seen: Seen, target: Target) -> float | None:
    """What the target's models score on the requests they were given, whatever these were; None if one has no score.

    It is there to show how far off it is: every model was given other requests.
    """
    whole = math.fsum(seen.requests.values())
    sums: dict[str, Cell] = {}
    for cells in seen.cells.values():
        for model, cell in cells.items():
            sums[model] = added((sums[model], cell)) if model in sums else cell
    shares = [
        (seen.requests[segment] / whole * share, sums.get(model))
        for segment in seen.cells
        for model, share in target.get(segment, seen.shares(segment)).items()
        if share
    ]
    scored = [(share, cell.quality) for share, cell in shares if cell and cell.scored]
    return math.fsum(share * quality for share, quality in scored) if len(scored) == len(shares) else None
