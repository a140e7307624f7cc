"""Routing made cheaper rung by rung, what costs least quality for its saving first.

In every segment, the models below the one it starts with form an upper hull of cost and quality; the steps down all
hulls are merged by what they lose for what they save. That is the frontier of cost and quality, walked from above.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from costopt.calculators.routing.cells import Segment

Costs = Mapping[Segment, Mapping[str, int]]
"""By segment and model, what a request would cost, in pico-dollars on average."""

Qualities = Mapping[Segment, Mapping[str, float]]
"""By segment and model, the mean score that is believed, 0 to 1."""

Policy = dict[Segment, dict[str, int]]
"""By segment, the shares of models in millionths."""

THOUSAND: Final = 1000
MILLION: Final = THOUSAND * THOUSAND

_RUNGS: Final = 50
"""How many rungs there are at most, but for one more per segment that is split."""

_ALMOST: Final = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class _Option:
    """A model or a mixture: shares in thousandths, what a thousand requests cost, and the mean score."""

    shares: Mapping[str, int]
    cost: int
    quality: float


@dataclass(frozen=True, slots=True)
class _Step:
    """In one segment from an option to a cheaper one: how much all requests lose and save."""

    segment: Segment
    dearer: _Option
    cheaper: _Option
    lost: float
    saved: int


def rungs(
    requests: Mapping[Segment, int],
    costs: Costs,
    qualities: Qualities,
    start: Mapping[Segment, Mapping[str, int]],
) -> Iterator[Policy]:
    """Policies from the start to the cheapest, large steps taken bit by bit.

    Args:
        requests: By segment.
        costs: Of every model that may be chosen.
        qualities: Of the same models and segments.
        start: By segment, the shares of models in thousandths.
    """
    options = {
        segment: _option(shares, costs[segment], qualities[segment]) for segment, shares in start.items()
    }
    policy = {segment: _mixed(option, option, 0) for segment, option in options.items()}
    yield dict(policy)
    steps = [
        step
        for segment, option in options.items()
        for step in _steps(segment, requests[segment], _hull(option, costs[segment], qualities[segment]))
    ]
    steps.sort(key=lambda step: (step.lost / step.saved, str(step.segment), step.saved))
    size = math.fsum(abs(step.lost) for step in steps) / _RUNGS
    since = 0.0
    for step in steps:
        pieces = max(1, round(abs(step.lost) / size)) if size else 1
        for piece in range(1, pieces + 1):
            policy[step.segment] = _mixed(step.dearer, step.cheaper, THOUSAND * piece // pieces)
            since += abs(step.lost) / pieces
            if since >= size * _ALMOST or step is steps[-1]:
                yield dict(policy)
                since = 0.0


def _mixed(dearer: _Option, cheaper: _Option, part: int) -> dict[str, int]:
    """So many thousandths of the cheaper option and the rest of the dearer, in millionths."""
    shares: dict[str, int] = {}
    for option, weight in ((dearer, THOUSAND - part), (cheaper, part)):
        for model, share in option.shares.items():
            shares[model] = shares.get(model, 0) + share * weight
    return {model: share for model, share in shares.items() if share}


def _steps(segment: Segment, requests: int, hull: Sequence[_Option]) -> Iterator[_Step]:
    for cheaper, dearer in pairwise(hull):
        lost, saved = dearer.quality - cheaper.quality, dearer.cost - cheaper.cost
        yield _Step(segment, dearer, cheaper, lost * requests, saved * requests)


def _option(shares: Mapping[str, int], costs: Mapping[str, int], qualities: Mapping[str, float]) -> _Option:
    return _Option(
        shares,
        sum(share * costs[model] for model, share in shares.items()),
        math.fsum(share / THOUSAND * qualities[model] for model, share in shares.items()),
    )


def _hull(start: _Option, costs: Mapping[str, int], qualities: Mapping[str, float]) -> list[_Option]:
    """The options below the start, cheapest first, each of which gains less for its cost than the one before."""
    models = (_option({model: THOUSAND}, costs, qualities) for model in sorted(qualities))
    cheaper = sorted(
        (option for option in models if option.cost < start.cost),
        key=lambda option: (option.cost, -option.quality),
    )
    hull: list[_Option] = []
    for option in [*cheaper, start]:
        if hull and option is not start and option.quality <= hull[-1].quality:
            continue
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], option):
            hull.pop()
        hull.append(option)
    return hull


def _slope(cheaper: _Option, dearer: _Option) -> float:
    return (dearer.quality - cheaper.quality) / (dearer.cost - cheaper.cost)


def thousandths(shares: Mapping[str, float]) -> dict[str, int]:
    """Shares as whole thousandths that add up to a thousand; the largest remainders are rounded up."""
    floors = {model: math.floor(share * THOUSAND) for model, share in sorted(shares.items())}
    rest = sorted(floors, key=lambda model: (floors[model] - shares[model] * THOUSAND, model))
    for model in rest[: THOUSAND - sum(floors.values())]:
        floors[model] += 1
    return {model: share for model, share in floors.items() if share}


# What is believed of a model


def believed(means: Qualities, variances: Qualities) -> dict[Segment, dict[str, float]]:
    """Mean scores drawn towards what the segment and the model have elsewhere, the more the less is known.

    The best of many means is flattered by chance; so the scores that a choice is made by are empirical Bayes estimates
    around segment + model (C. Morris, 1983, Parametric empirical Bayes inference, JASA 78).

    Args:
        means: The mean scores.
        variances: Their sampling variances, above 0.
    """
    middles = {segment: _mean(found.values()) for segment, found in means.items()}
    effects = _effects(means, middles)
    expected = {
        (segment, model): middles[segment] + effects[model]
        for segment, found in means.items()
        for model in found
    }
    free = len(expected) - len(means) - len(effects) + 1
    if free <= 0 or not expected:
        return {segment: dict(found) for segment, found in means.items()}
    off = math.fsum((means[segment][model] - middle) ** 2 for (segment, model), middle in expected.items())
    differ = max(0.0, off / free - _mean(variances[segment][model] for segment, model in expected))
    return {
        segment: {
            model: expected[segment, model]
            + (mean - expected[segment, model]) * differ / (differ + variances[segment][model])
            for model, mean in found.items()
        }
        for segment, found in means.items()
    }


def _effects(means: Qualities, middles: Mapping[Segment, float]) -> dict[str, float]:
    """By how much every model is above the mean of its segments."""
    models = sorted({model for found in means.values() for model in found})
    return {
        model: _mean(found[model] - middles[segment] for segment, found in means.items() if model in found)
        for model in models
    }


def _mean(values: Iterable[float]) -> float:
    listed = [*values]
    return math.fsum(listed) / len(listed)
