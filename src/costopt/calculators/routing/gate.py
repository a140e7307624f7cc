"""Whether a router may be used: only one that is shown to beat drawing lots, on requests that it has not learned from.

The bounds used here hold however often the check is made (`Recovery.always_above`), so that a nightly check does not in
the end let chance through.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from costopt.calculators.routing.curve import RANDOM, Advantage, Recovery
from costopt.models.result import Basis, Result

Choice = Literal["learned", "rule", "none"]

NEEDED: Final = 100
"""Independent labelled requests below which nothing is learned."""

UNKNOWN_CHOICE: Final = (
    "the log does not say with what propensity its models were chosen: the figures assume that the choice hides nothing"
    " about the requests, and no router is chosen on an assumption"
)
"""What an estimate assumes of a log without propensities."""


class RouterCheck(Result):
    """What routing by rule and by a learned router recover, out of sample, and which of them may be used.

    Attributes:
        choose: The router that may be used.
        summary: Why, in one line for people.
        basis: `measured` on paired answers of both models; `estimated` where each request has one model's answer.
        assumption: What an estimate rests on beyond the log; None if on nothing.
        random: The APGR of drawing lots: 0.5.
        rule: What the complexity level recovers (`costopt.calculators.routing.complexity`).
        learned: What the learned router recovers, each request scored by a fit without it and its group.
        advantage: The APGR of the learned router less that of the rule, request by request.
        left_out: Labelled requests that say nothing: without a prompt, or where the other model was never possible.
    """

    kind: ClassVar[str] = "router_check"
    choose: Choice
    summary: str
    basis: Basis
    assumption: str | None
    random: float
    rule: Recovery
    learned: Recovery
    advantage: Advantage
    left_out: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a check rests on; fields as those of `RouterCheck`."""

    basis: Basis
    assumption: str | None = None
    left_out: int = 0


def decide(rule: Recovery, learned: Recovery, advantage: Advantage, grounds: Grounds) -> RouterCheck:
    """The learned router if it clearly beats drawing lots and the rule; else the rule if that clearly beats drawing lots.

    That a router beats drawing lots must hold however often it is checked; for what is better than the rule besides,
    the interval of one look is enough.
    """
    choose, why = _judge(rule, learned, advantage)
    if grounds.assumption is not None and learned.reason is None:
        choose, why = "none", grounds.assumption
    figures = f"APGR learned {_figure(learned)}, by rule {_figure(rule)}, at random {RANDOM:.2f}"
    return RouterCheck(
        choose=choose,
        summary=why if learned.apgr is None else f"{why}: {figures}",
        basis=grounds.basis,
        assumption=grounds.assumption,
        random=RANDOM,
        rule=rule,
        learned=learned,
        advantage=advantage,
        left_out=grounds.left_out,
    )


def _judge(rule: Recovery, learned: Recovery, advantage: Advantage) -> tuple[Choice, str]:
    if learned.reason is not None:
        return "none", learned.reason
    by_rule, by_learning = _beats_random(rule), _beats_random(learned)
    if by_learning and advantage.interval is not None and advantage.interval.low > 0:
        return "learned", "the learned router beats drawing lots and the rule"
    if by_rule:
        return (
            "rule",
            "the complexity rule beats drawing lots, and the learned router does not clearly beat the rule",
        )
    if by_learning:
        return "none", "the learned router beats drawing lots, but not clearly the rule, which does not"
    return "none", "not better than random on this log"


def _beats_random(recovery: Recovery) -> bool:
    return recovery.always_above is not None and recovery.always_above > RANDOM


def _figure(recovery: Recovery) -> str:
    if recovery.apgr is None:
        return "unknown"
    if recovery.interval is None:
        return f"{recovery.apgr:.2f}"
    return f"{recovery.apgr:.2f} ({recovery.interval.low:.2f} – {recovery.interval.high:.2f})"
