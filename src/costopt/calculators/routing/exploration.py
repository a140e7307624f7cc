"""Whether the propensities of a log are to be believed, and whether a target's choices were ever made."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from costopt.calculators.routing.cells import NOTHING, Cell, Seen, Segment, Target, added

_FALSE_ALARMS: Final = 0.001
"""How often, at most, right propensities are refused."""


def doubt(seen: Seen) -> str | None:
    """Why the log's propensities cannot be right; None if they can.

    They must be above 0 and at most 1, and the inverse propensities of a model must add up to the number of requests
    that it could have had, in every segment and in all, within what chance does.
    """
    wrong = seen.total.wrong
    if wrong:
        return f"{wrong:,.0f} propensities are not above 0 and at most 1"
    typical = _typical(seen)
    checks = [*_segment_checks(seen), *_model_checks(seen, typical)]
    limit = -math.log(_FALSE_ALARMS / (2 * max(1, len(checks))))
    worst = max(checks, key=lambda check: check.surprise, default=None)
    if worst is None or worst.surprise <= limit:
        return None
    return (
        f"the propensities of `{worst.model}` are wrong{worst.where}: "
        f"their inverse should come to 1 a request, and comes to {worst.average:.2f}"
    )


def untried(seen: Seen, target: Target) -> dict[Segment, float]:
    """By segment, the share of the target's choices without a score, though they had chances enough to be made.

    In a small segment a rare choice may be missing by chance; those made elsewhere stand for it.
    """
    typical = _typical(seen)
    tests = sum(len(shares) for shares in target.values())
    found = {}
    for segment, shares in target.items():
        known = _known(seen, segment)
        never = [
            share
            for model, share in shares.items()
            if not _is_tried(seen.cell(segment, model), known, typical.get(model, 0.0), tests)
        ]
        found[segment] = math.fsum(never)
    return found


@dataclass(frozen=True, slots=True)
class _Check:
    """A model, where, the mean of its inverse propensities, and how surprising that is (−log of its probability)."""

    model: str
    where: str
    average: float
    surprise: float


def _segment_checks(seen: Seen) -> Iterator[_Check]:
    """Of every model in every segment; as a rare choice may be missing in one, it has what spreads most in any."""
    least: dict[str, float] = {}
    for cells in seen.cells.values():
        for model, cell in cells.items():
            least[model] = min(least.get(model, 1.0), _equal(cell))
    for segment, cells in seen.cells.items():
        known = _known(seen, segment)
        where = f" in {' · '.join(value or '(none)' for value in segment)}" if segment else ""
        for model, cell in cells.items():
            if cell.inverse_sum:
                yield _check((model, where), cell, known, least[model])


def _model_checks(seen: Seen, typical: Mapping[str, float]) -> Iterator[_Check]:
    """Of every model over all segments where it was tried, or is missing by chance."""
    for model, propensity in typical.items():
        cells, known = [], []
        for segment, models in seen.cells.items():
            cell, here = models.get(model, NOTHING), _known(seen, segment)
            if cell.inverse_sum or _may_be_missing(here, propensity, len(seen.cells)):
                cells.append(cell)
                known.append(here)
        yield _check((model, ""), added(cells), math.fsum(known), propensity)


def _check(of: tuple[str, str], cell: Cell, known: float, propensity: float) -> _Check:
    """How many requests a model had and should have had, by the bound for a binomial count.

    Source: H. Chernoff (1952), A measure of asymptotic efficiency: the probability of a share `had` or one further off
    is at most exp(−n D), with D the divergence of `had` from what was expected.
    """
    average = cell.inverse_sum / known
    had = min(1.0, average * propensity)
    return _Check(*of, average, known * (_part(had, propensity) + _part(1 - had, 1 - propensity)))


def _part(had: float, expected: float) -> float:
    if not had:
        return 0.0
    return had * math.log(had / expected) if expected > 0 else math.inf


def _is_tried(cell: Cell, known: float, typical: float, tests: int) -> bool:
    if cell.inverse_sum:
        return cell.weight_sum > 0
    return _may_be_missing(known, typical, tests)


def _may_be_missing(known: float, typical: float, tests: int) -> bool:
    """Whether a model that is typically chosen with this propensity may have had none of so many requests."""
    if not known or not 0 < typical < 1:
        return False
    return known * math.log1p(-typical) > math.log(_FALSE_ALARMS / tests)


def _typical(seen: Seen) -> dict[str, float]:
    """The propensity of every model that was ever tried."""
    models = sorted({model for cells in seen.cells.values() for model in cells})
    sums = {model: added(cells[model] for cells in seen.cells.values() if model in cells) for model in models}
    return {model: _equal(cell) for model, cell in sums.items() if cell.inverse_sum}


def _equal(cell: Cell) -> float:
    """Of equal propensities, those of which the sum of inverse ones would spread as much; 1 where there are none."""
    return min(1.0, cell.inverse_sum / cell.inverse_squares) if cell.inverse_sum else 1.0


def _known(seen: Seen, segment: Segment) -> float:
    return math.fsum(cell.known for cell in seen.cells[segment].values())
