"""Conclusions about routing that look right and are not, each found by name."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from costopt.calculators.routing.cells import Seen, Segment, Target, added
from costopt.calculators.routing.evidence import UNSEEN, Question, by_cells, by_propensities
from costopt.calculators.routing.intervals import Mean, weighted_sum
from costopt.calculators.routing.ladder import Costs
from costopt.models.result import Frozen

TrapName = Literal[
    "no overlap",
    "Simpson reversal",
    "dominated tier",
    "baseline dearer than any model used",
    "threshold without calibration evidence",
    "router no better than matched random",
]

LEAST_BETTER: Final = 0.01
"""A dearer model that is at most this much better, with 95 % certainty, is dominated."""


class Trap(Frozen):
    """One trap.

    Attributes:
        name: What it is called.
        text: What was found, in one sentence.
        evidence: The figures behind it, by name; qualities and shares from 0 to 1.
    """

    name: TrapName
    text: str
    evidence: dict[str, int | float | str]


def no_overlap(seen: Seen) -> Trap | None:
    """Whether many requests are of segments where at most one model has a score: nothing is known of the others there."""
    if not seen.total.scored:
        return None
    alone = [segment for segment in seen.cells if len(_scored(seen, segment)) < 2]  # noqa: PLR2004 - one against another
    share = math.fsum(seen.requests[segment] for segment in alone) / math.fsum(seen.requests.values())
    if share <= UNSEEN:
        return None
    return Trap(
        name="no overlap",
        text=f"{_percent(share)} of the requests are of kinds that at most one model has scores for",
        evidence={"share": share, "segments": len(alone)},
    )


def simpson_reversals(seen: Seen) -> tuple[Trap, ...]:
    """Pairs of models of which one is ahead in all and the other is within the segments, both with 95 % certainty."""
    models = _models(seen)
    pairs = [(one, other) for i, one in enumerate(models) for other in models[i + 1 :]]
    found = (_simpson(seen, one, other) for one, other in pairs)
    return tuple(trap for trap in found if trap)


def _simpson(seen: Seen, one: str, other: str) -> Trap | None:
    overall = [(1.0, _whole(seen, one)), (-1.0, _whole(seen, other))]
    shared = _within(seen, one, other)
    if _middle(overall) * _middle(shared) >= 0:
        return None
    whole, within = weighted_sum(overall), weighted_sum(shared)
    if whole.low > 0 > within.high:
        ahead, behind, sign = one, other, 1.0
    elif whole.high < 0 < within.low:
        ahead, behind, sign = other, one, -1.0
    else:
        return None
    return Trap(
        name="Simpson reversal",
        text=f"`{ahead}` scores {_points(sign * whole.estimate)} points more than `{behind}` over all requests, and "
        f"{_points(-sign * within.estimate)} less on requests of the same kind: it was given the easier ones",
        evidence={
            "ahead": ahead,
            "behind": behind,
            "difference_over_all": sign * whole.estimate,
            "difference_within_segments": sign * within.estimate,
        },
    )


def _within(seen: Seen, one: str, other: str) -> list[tuple[float, Mean]]:
    """The difference of two models' means over the segments where both have scores, as a sum; empty if there are none.

    Segments weigh by their requests.
    """
    shared = [segment for segment in seen.cells if {one, other} <= _scored(seen, segment)]
    requests = math.fsum(seen.requests[segment] for segment in shared)
    return [
        (sign * seen.requests[segment] / requests, seen.mean(segment, model))
        for segment in shared
        for sign, model in ((1, one), (-1, other))
    ]


def _middle(terms: Sequence[tuple[float, Mean]]) -> float:
    return math.fsum(weight * mean.value for weight, mean in terms)


def dominated_tiers(seen: Seen, costs: Costs, least: float = LEAST_BETTER) -> tuple[Trap, ...]:
    """Models that cost more than another and are no better on requests of the same kind.

    Args:
        seen: The log.
        costs: By segment and model, what a request would cost, in pico-dollars on average.
        least: How much better a dearer model must possibly be not to be named.
    """
    models = _models(seen)
    found = (
        _dominated(seen, costs, model, [other for other in models if other != model], least)
        for model in models
    )
    return tuple(trap for trap in found if trap)


def _dominated(seen: Seen, costs: Costs, model: str, others: list[str], least: float) -> Trap | None:
    """The cheapest of the models that dominate this one."""
    worse = []
    for other in others:
        dear = _costs_within(seen, costs, model, other)
        shared = _within(seen, model, other)
        if dear and dear[0] > dear[1] and _middle(shared) < least:
            better = weighted_sum(shared)
            if better.high < least:
                worse.append((dear[1] / dear[0], other, dear, better))
    if not worse:
        return None
    _, other, (cost, cheaper), better = min(worse, key=lambda each: each[:2])
    verdict = (
        f"scores at least {_points(-better.high)} points less"
        if better.high < 0
        else f"is at most {_points(better.high)} points better"
    )
    return Trap(
        name="dominated tier",
        text=f"`{model}` costs {_more(cost, cheaper)} `{other}` and {verdict}",
        evidence={
            "model": model,
            "dominated_by": other,
            "cost_pico": cost,
            "other_cost_pico": cheaper,
            "difference": better.estimate,
            "difference_low": better.low,
            "difference_high": better.high,
        },
    )


def _more(cost: int, cheaper: int) -> str:
    """`0.4 % more than`, `12 % more than`, `3.5 times as much as`."""
    if not cheaper:
        return "more than"
    if cost >= 2 * cheaper:
        return f"{cost / cheaper:,.1f} times as much as"
    percent = 100 * (cost / cheaper - 1)
    return f"{percent:.{0 if percent >= 10 else 1}f} % more than"  # noqa: PLR2004 - two digits


def _costs_within(seen: Seen, costs: Costs, one: str, other: str) -> tuple[int, int] | None:
    """The mean costs of two models over the segments where both have scores and costs."""
    shared = [
        (int(seen.requests[segment]), costs[segment][one], costs[segment][other])
        for segment in seen.cells
        if {one, other} <= _scored(seen, segment) & costs.get(segment, {}).keys()
    ]
    requests = sum(count for count, _, _ in shared)
    if not requests:
        return None
    return (
        sum(count * cost for count, cost, _ in shared) // requests,
        sum(count * cost for count, _, cost in shared) // requests,
    )


def dear_baseline(name: str, cost: int, used: Mapping[str, int]) -> Trap | None:
    """Whether a baseline costs more than any model that is used: a saving against it was never there to be had.

    Args:
        name: What the baseline is called.
        cost: What a request costs by it, in pico-dollars on average.
        used: By model, what a request costs.
    """
    dearest = max(used, key=lambda model: (used[model], model), default=None)
    if dearest is None or cost <= used[dearest]:
        return None
    return Trap(
        name="baseline dearer than any model used",
        text=f"{name} costs {_more(cost, used[dearest])} the dearest model used, `{dearest}`",
        evidence={"baseline": name, "baseline_pico": cost, "dearest": dearest, "dearest_pico": used[dearest]},
    )


def no_better_than_random(seen: Seen) -> Trap | None:
    """Whether the log's own routing is not shown to be better than the same shares of the models drawn by lot.

    Told from propensities where they hold, and else from the segments: skill within a segment does not show there.
    None, too, where it cannot be told.
    """
    target = _by_lot(seen)
    found = by_propensities(Question(seen, target, everything=True))
    if isinstance(found, str) and Question(seen, target).moved:
        found = by_cells(Question(seen, target), "overlap")
    if isinstance(found, str) or found.change.high < 0:
        return None
    change = found.change
    return Trap(
        name="router no better than matched random",
        text=f"the same shares of the models drawn by lot would change the mean score by {_points(change.estimate)} "
        f"points ({_points(change.low)} to {_points(change.high)})",
        evidence={
            "basis": found.basis,
            "change": change.estimate,
            "change_low": change.low,
            "change_high": change.high,
        },
    )


def _by_lot(seen: Seen) -> Target:
    """Every segment with the shares that the models have of all requests."""
    whole = math.fsum(seen.requests.values())
    sums: dict[str, float] = {}
    for cells in seen.cells.values():
        for model, cell in cells.items():
            sums[model] = sums.get(model, 0.0) + cell.requests
    shares = {model: requests / whole for model, requests in sorted(sums.items())}
    return dict.fromkeys(seen.cells, shares)


# What all share


def _models(seen: Seen) -> list[str]:
    return sorted({model for segment in seen.cells for model in _scored(seen, segment)})


def _scored(seen: Seen, segment: Segment) -> set[str]:
    return {model for model, cell in seen.cells[segment].items() if cell.scored}


def _whole(seen: Seen, model: str) -> Mean:
    cell = added(cells[model] for cells in seen.cells.values() if model in cells)
    return Mean(cell.quality, cell.scored)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _points(difference: float) -> str:
    return f"{round(100 * difference, 1) + 0.0:.1f}".replace("-", "−")  # no negative zero
