"""What a log lets one claim about the quality of other routing, and how sure that is.

| the log has | what is claimed |
|---|---|
| tokens only | quality unknown |
| quality, but not of the target's models on such requests | no overlap: unknown |
| quality and overlap | means by segment and model, assuming no hidden selection, and a bound without the assumption |
| propensities that hold | doubly robust, with the effective sample size |
| shadow pairs | what the pairs show |
| a table of others' measurements | a prior, with its source |
"""

import math
from collections.abc import Sequence
from typing import Final

from costopt.calculators.routing.bounds import bound
from costopt.calculators.routing.cells import Seen, Segment, Target
from costopt.calculators.routing.evidence import Estimate, QualityBasis, Question, attempts
from costopt.calculators.routing.pairs import Pairs
from costopt.models.result import Frozen

_DIGITS: Final = 6
_ASSUMPTIONS: Final[dict[QualityBasis, str]] = {
    "overlap": "no hidden selection: within a segment, the choice of the model had nothing to do with the request",
    "propensities": "the logged propensities are those with which the router chose",
    "pairs": "the requests that were answered twice are typical of their segment and model",
    "as_logged": "the scored requests are typical of their segment and model",
}


class QualityClaim(Frozen):
    """The mean quality of all requests under some routing, as far as it can be said.

    Attributes:
        estimate: The mean score, 0 to 1; null where it is unknown.
        low: The lower end of the 95 % interval, if the assumption holds; null for a prior.
        high: The upper end.
        change: The difference from the routing that was logged.
        change_low: The lower end of its 95 % interval.
        change_high: The upper end.
        basis: What the claim rests on.
        assumption: What has to be true for the interval to hold, in words; of a prior, whose it is.
        effective_sample_size: How many equally weighted scores would say as much (Kish).
        unseen_share: Of the requests, of which nothing is known; they count as 0 to 1 in the interval.
        sensitivity: What the bound beside the estimate assumes, in words; null where no selection can be hidden.
        sensitivity_low: The lower end of that bound.
        sensitivity_high: The upper end.
        reasons: Why nothing better can be claimed.
    """

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    basis: QualityBasis
    assumption: str
    effective_sample_size: float | None = None
    unseen_share: float | None = None
    sensitivity: str | None = None
    sensitivity_low: float | None = None
    sensitivity_high: float | None = None
    reasons: tuple[str, ...] = ()


class Prior(Frozen):
    """Qualities that others have measured.

    Attributes:
        source: Whose table it is, and of when.
        qualities: By model, 0 to 1.
    """

    source: str
    qualities: dict[str, float]


def claim(
    seen: Seen,
    target: Target,
    pairs: Pairs | None = None,
    prior: Prior | None = None,
    gamma: float | None = None,
) -> QualityClaim:
    """The best claim that the log allows.

    Args:
        seen: The log, or the segments in question (`Seen.only`).
        target: Where requests would go; segments that the log lacks are left out.
        pairs: Shadow pairs, if there are any.
        prior: Others' measurements, taken where nothing else can be said.
        gamma: The limit on hidden selection for the bound beside an estimate; None for no limit (`bounds.bound`).
    """
    question = Question(seen, target)
    reasons: list[str] = []
    for attempt in attempts(question, pairs):
        if isinstance(attempt, Estimate):
            return _claimed(question, attempt, reasons, gamma)
        reasons.append(attempt)
    return _unproven(question, prior, reasons, gamma)


def claims(
    seen: Seen,
    target: Target,
    pairs: Pairs | None = None,
    prior: Prior | None = None,
    gamma: float | None = None,
) -> dict[Segment, QualityClaim]:
    """The best claim for each segment of the target that the log has, by itself."""
    return {
        segment: claim(seen.only([segment]), {segment: shares}, pairs, prior, gamma)
        for segment, shares in target.items()
        if segment in seen.cells
    }


def _claimed(
    question: Question, found: Estimate, reasons: Sequence[str], gamma: float | None
) -> QualityClaim:
    claimed = QualityClaim(
        estimate=_rounded(found.value.estimate),
        low=_rounded(found.value.low),
        high=_rounded(found.value.high),
        change=_rounded(found.change.estimate),
        change_low=_rounded(found.change.low),
        change_high=_rounded(found.change.high),
        basis=found.basis,
        assumption=_ASSUMPTIONS[found.basis],
        effective_sample_size=round(found.effective, 1),
        unseen_share=_rounded(found.unseen),
        reasons=tuple(reasons),
    )
    return claimed if found.basis in ("pairs", "propensities") else _bounded(claimed, question, gamma)


def _unproven(
    question: Question, prior: Prior | None, reasons: Sequence[str], gamma: float | None
) -> QualityClaim:
    table = prior.qualities if prior else {}
    lacking = sorted(_models(question) - table.keys())
    if prior and not lacking:
        found = _by_table(question, prior, reasons)
    else:
        told = [f"the table of {prior.source} has no {', '.join(lacking)}"] if prior else []
        found = QualityClaim(basis="unknown", assumption="none", reasons=(*reasons, *told))
    return _bounded(found, question, gamma) if question.seen.total.scored else found


def _models(question: Question) -> set[str]:
    """All that a request may go to."""
    kept = (segment for segment in question.seen.cells if segment not in question.moved)
    staying = {model for segment in kept for model in question.seen.cells[segment]}
    return staying | {model for shares in question.moved.values() for model in shares}


def _by_table(question: Question, prior: Prior, reasons: Sequence[str]) -> QualityClaim:
    """What the table says of the target; of the change, only if it knows the logged models as well."""
    value, logged = [], []
    for segment in question.seen.cells:
        weight, shares = question.weight([segment]), question.seen.shares(segment)
        routed = question.moved.get(segment, shares)
        value += [weight * share * prior.qualities[model] for model, share in routed.items()]
        logged += [(weight * share, prior.qualities.get(model)) for model, share in shares.items()]
    before = [weight * quality for weight, quality in logged if quality is not None]
    estimate = math.fsum(value)
    return QualityClaim(
        estimate=_rounded(estimate),
        change=_rounded(estimate - math.fsum(before)) if len(before) == len(logged) else None,
        basis="prior",
        assumption=f"{prior.source} holds for these requests; it was not measured on them",
        reasons=tuple(reasons),
    )


def _bounded(found: QualityClaim, question: Question, gamma: float | None) -> QualityClaim:
    limits = bound(question.seen, question.moved, gamma)
    return found.model_copy(
        update={
            "sensitivity": limits.assumption,
            "sensitivity_low": _rounded(limits.low),
            "sensitivity_high": _rounded(limits.high),
        }
    )


def _rounded(value: float) -> float:
    return round(value, _DIGITS)
