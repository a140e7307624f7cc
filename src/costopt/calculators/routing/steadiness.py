"""How much of a decision hangs on the guess of the request's complexity, and what its escalation rests on.

Neither says how good the answer will be: before the call, nothing in a log does.
"""

from collections.abc import Mapping
from typing import Final

from costopt.calculators.routing.decide import Candidate, Traits, decide
from costopt.calculators.routing.policy import COMPLEXITIES, Policy
from costopt.models.result import Frozen

MEANING: Final = (
    "the share of the complexity levels, by their chances, for which the same model would be chosen;"
    " it says nothing of the answer's quality"
)


class Steadiness(Frozen):
    """How steady a decision is.

    Attributes:
        value: 0 to 1; 1 where complexity does not matter, or is certain.
        meaning: What that is.
    """

    value: float
    meaning: str = MEANING


def steadiness(
    policy: Policy,
    traits: Traits,
    candidates: Mapping[str, Candidate],
    chances: Mapping[str, float] | None = None,
) -> Steadiness:
    """How steady the policy's decision on a request is.

    Args:
        policy: As for `decide`.
        traits: As for `decide`.
        candidates: As for `decide`.
        chances: By complexity level, how likely it is, as a classifier says; None is the same for all levels, since
            rules of thumb do not know how often they are wrong.
    """
    model = decide(policy, traits, candidates).model
    likely = chances or dict.fromkeys(COMPLEXITIES, 1.0)
    whole = sum(likely.get(level, 0.0) for level in COMPLEXITIES)
    if not whole > 0:
        return Steadiness(value=0.0)
    same = sum(
        likely.get(level, 0.0)
        for level in COMPLEXITIES
        if decide(policy, traits._replace(complexity=level), candidates).model == model
    )
    return Steadiness(value=same / whole)


def escalation_basis(policy: Policy) -> str:
    """What the escalation threshold rests on, in a line; `costopt simulate` tells whether a log supports it."""
    if not policy.escalation.enabled:
        return "escalation is off"
    threshold = f"the escalation threshold {policy.escalation.threshold:g}"
    return f"{threshold} has no calibration evidence: no log with both confidence and quality"
