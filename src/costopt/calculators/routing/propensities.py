"""The value of a target from known propensities: the probabilities with which the router chose as it did.

SNIPS (A. Swaminathan and T. Joachims, 2015, The self-normalized estimator for counterfactual learning) weighs every
request by how much more often the target would have chosen its model. Doubly robust (M. Dudik, J. Langford and L. Li,
2011, Doubly robust policy evaluation and learning) takes the means of the cells, which are biased where requests were
selected, and adds the weighted mean of what they miss. The means come from the other half of the requests, so that no
request is compared with a mean it is part of. They are drawn towards the model's own mean, which does no harm here:
what is missed by it is added again.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from costopt.calculators.routing.cells import NOTHING, Cell, Seen, Segment, Target, added
from costopt.calculators.routing.intervals import Mean, of_variance

LEAST_EFFECTIVE: Final = 10
"""Below this effective sample size there is no estimate."""

_DRAWN: Final = 5
"""How many requests the model's own mean weighs in the mean of a cell."""

_NEARLY: Final = 0.999
"""The share of the scores that must have a propensity for a change to be told from the same requests."""

_Means = Mapping[tuple[Segment, str], float]
_Modelled = Callable[[Seen, Target, int], _Means]


@dataclass(frozen=True, slots=True)
class Weighted:
    """An estimate from propensities.

    Attributes:
        mean: The value, from 0 to 1.
        change: (1 + value − what was logged) / 2; None if many scores have no propensity, or a model no score.
        effective: Kish's effective sample size, (sum of weights)² / sum of squared weights.
    """

    mean: Mean
    change: Mean | None
    effective: float


@dataclass(frozen=True, slots=True)
class _Part:
    """The requests of one half of a segment that one model served.

    Attributes:
        cell: Their sums.
        stands: What a request with a propensity stands for, as others of its segment may have none.
        scale: By how much the weight of a scored one, 1 / p, is to be multiplied; 0 if the target shuns the model.
        mean: The model's mean score in the other half.
        predicted: The target's mean score for the segment by the other half.
        logged: The model's mean score in both halves; 0 where it has none.
        rate: How many requests with a propensity a scored one stands for.
    """

    cell: Cell
    stands: float
    scale: float
    mean: float
    predicted: float
    logged: float
    rate: float


def snips(seen: Seen, target: Target) -> Weighted | str:
    """The weighted mean over the segments that the target names; or why there is none."""
    return _weigh(_parts(seen, target, _no_means))


def doubly_robust(seen: Seen, target: Target) -> Weighted | str:
    """The means of the cells and the weighted mean of what they miss, over the segments that the target names."""
    return _weigh(_parts(seen, target, _means))


def _weigh(parts: Sequence[_Part]) -> Weighted | str:
    weight = math.fsum(part.scale * part.cell.weight_sum for part in parts)
    squares = math.fsum(part.scale**2 * part.cell.weight_squares for part in parts)
    effective = weight**2 / squares if squares else 0.0
    if effective < LEAST_EFFECTIVE:
        return f"the effective sample size is {effective:.1f}, below {LEAST_EFFECTIVE}"
    known = math.fsum(part.stands * part.cell.known for part in parts)
    predicted = math.fsum(part.stands * part.cell.known * part.predicted for part in parts) / known
    missed = math.fsum(part.scale * _above(part.cell, part.mean) for part in parts) / weight
    value = min(max(predicted + missed, 0.0), 1.0)
    unit = known / weight
    own = [
        _squares(part, part.stands * (part.predicted - predicted), part.scale * unit, part.mean + missed)
        for part in parts
    ]
    variance = max(0.0, math.fsum(own)) / known**2
    change = _change(parts, (predicted, missed), known, unit, effective) if _is_told(parts) else None
    return Weighted(of_variance(value, variance, effective), change, effective)


def _change(
    parts: Sequence[_Part], value: tuple[float, float], known: float, unit: float, effective: float
) -> Mean:
    """The value less what was logged, of which the same requests tell; kept as (1 + difference) / 2."""
    predicted, missed = value
    logged = math.fsum(part.stands * part.cell.known * part.logged for part in parts) / known
    own = [
        _squares(
            part,
            part.stands * (part.predicted - predicted - part.logged + logged),
            part.scale * unit,
            part.mean + missed,
            part.stands * part.rate,
        )
        for part in parts
    ]
    variance = max(0.0, math.fsum(own)) / known**2
    return of_variance((1 + predicted + missed - logged) / 2, variance / 4, effective)


def _is_told(parts: Sequence[_Part]) -> bool:
    scored = math.fsum(part.cell.scored for part in parts)
    both = math.fsum(part.cell.both for part in parts)
    return both >= _NEARLY * scored and all(part.rate for part in parts if part.cell.requests)


def _above(cell: Cell, centre: float) -> float:
    """The weighted sum of the scores less a centre."""
    return cell.weighted_sum - centre * cell.weight_sum


def _squares(part: _Part, own: float, scale: float, centre: float, minus: float = 0.0) -> float:
    """The sum, over the requests of a part, of the square of what each adds to an estimate.

    A request with a propensity p adds `own`, and if it has a score q also
    `scale` / p · (q − `centre`) − `minus` · (q − the model's logged mean).
    """
    cell, logged = part.cell, part.logged
    deviations = cell.quality_sum - logged * cell.both
    added_up = scale * _above(cell, centre) - minus * deviations
    weighted = cell.weighted_squares - 2 * centre * cell.weighted_cross + centre**2 * cell.weight_squares
    product = (
        cell.weighted_product - (centre + logged) * cell.weighted_sum + centre * logged * cell.weight_sum
    )
    plain = cell.quality_squares - 2 * logged * cell.quality_sum + logged**2 * cell.both
    return math.fsum(
        (
            cell.known * own**2,
            2 * own * added_up,
            scale**2 * weighted,
            -2 * scale * minus * product,
            minus**2 * plain,
        )
    )


def _parts(seen: Seen, target: Target, modelled: _Modelled) -> list[_Part]:
    """Both halves of every segment and model.

    Where many requests have no propensity or no score, those that have one are taken as typical of their segment and
    model: they stand for the others.
    """
    means = (modelled(seen, target, 1), modelled(seen, target, 0))
    known = {segment: math.fsum(cell.known for cell in seen.cells[segment].values()) for segment in target}
    total, requests = math.fsum(known.values()), math.fsum(seen.requests[segment] for segment in target)
    parts = []
    for segment, shares in target.items():
        stands = seen.requests[segment] / requests * total / known[segment] if known[segment] else 0.0
        for half in (0, 1):
            predicted = math.fsum(share * means[half][segment, model] for model, share in shares.items())
            for model, cell in seen.cells[segment].items():
                scored = cell.inverse_sum / cell.weight_sum if cell.weight_sum else 0.0
                parts.append(
                    _Part(
                        cell=seen.halves[segment][model][half],
                        stands=stands,
                        scale=stands * shares.get(model, 0.0) * scored,
                        mean=means[half].get((segment, model), 0.0),
                        predicted=predicted,
                        logged=cell.quality if cell.scored else 0.0,
                        rate=cell.known / cell.both if cell.both else 0.0,
                    )
                )
    return parts


def _no_means(_seen: Seen, target: Target, _half: int) -> _Means:
    return {(segment, model): 0.0 for segment, shares in target.items() for model in shares}


def _means(seen: Seen, target: Target, half: int) -> _Means:
    """The mean of every cell in one half, drawn towards the model's own there, or in both where it has none there."""
    own: dict[str, float] = {}
    for model in {model for shares in target.values() for model in shares}:
        pairs = [seen.halves[segment][model] for segment in target if model in seen.halves[segment]]
        here, whole = added(pair[half] for pair in pairs), added(cell for pair in pairs for cell in pair)
        told = here if here.scored else whole
        own[model] = told.quality if told.scored else 0.0
    found = {}
    for segment, shares in target.items():
        for model in shares:
            cell = seen.halves[segment].get(model, (NOTHING, NOTHING))[half]
            found[segment, model] = (cell.quality_sum + _DRAWN * own[model]) / (cell.scored + _DRAWN)
    return found
