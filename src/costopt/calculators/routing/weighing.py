"""Cost, quality and latency made one figure, by weights."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from costopt.calculators.routing.policy import Weights

_Measure = TypeVar("_Measure", Decimal, float)


class Weighed(NamedTuple):
    """A weighing.

    Attributes:
        distances: Of each candidate from the best in all measures, from 0 (best) to 1 (worst).
        set_aside: What is known of no candidate although it has a weight.
    """

    distances: list[float]
    set_aside: tuple[str, ...]


def weigh(
    weights: Weights,
    costs: Sequence[Decimal],
    qualities: Sequence[float | None],
    latencies: Sequence[float | None],
) -> Weighed:
    """How far each candidate is from the best one in cost, quality and latency, weighted.

    Each measure is scaled over the candidates, 0 for the best and 1 for the worst (min-max normalisation); where all
    are equal it is 0. An unknown quality or latency counts as the worst, even where all that are known are equal. A
    measure that is known of no candidate is set aside: the other weights share its part in their proportion, and if
    they are 0, all candidates are equal.

    Args:
        weights: Of the three.
        costs: Of each candidate; lower is better.
        qualities: Of each candidate; higher is better.
        latencies: Of each candidate; lower is better.
    """
    measures = (
        ("cost", weights.cost, _scaled(costs)),
        ("quality", weights.quality, _scaled([None if each is None else -each for each in qualities])),
        ("latency", weights.latency, _scaled(latencies)),
    )
    counted = [(weight, scaled) for _, weight, scaled in measures if weight and scaled]
    whole = sum(weight for weight, _ in counted)
    rows = zip(*(scaled for _, scaled in counted), strict=True) if counted else ((),) * len(costs)
    shares = [weight / whole for weight, _ in counted]
    return Weighed(
        [sum(map(float.__mul__, shares, row)) for row in rows],
        tuple(name for name, weight, scaled in measures if weight and not scaled),
    )


def _scaled(values: Sequence[_Measure | None]) -> list[float]:
    """Each from 0 for the least to 1 for the greatest and the unknown ones; empty if none is known."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    return [_share(value, low, high) for value in values]


def _share(value: _Measure | None, low: _Measure, high: _Measure) -> float:
    if value is None:
        return 1.0
    return float((value - low) / (high - low)) if high > low else 0.0
