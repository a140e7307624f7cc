"""What is said of the decision on one request."""

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from costopt.calculators.routing.decide import How
from costopt.calculators.routing.expectation import Expectation
from costopt.calculators.routing.expected import Tokens
from costopt.calculators.routing.policy import TierName
from costopt.calculators.routing.steadiness import MEANING
from costopt.models.intake import CatalogReport
from costopt.models.result import Basis, Frozen, Result

Role = Literal["chosen", "fallback", "escalation"]


class PolicyReport(Frozen):
    """Which policy decided.

    Attributes:
        name: As it calls itself.
        strategy: How it chooses where no rule says it.
        sha256: Of all that it says, with the settings that were changed from outside; in hex.
    """

    name: str
    strategy: str
    sha256: str


class RequestReport(Frozen):
    """The request, without what it asks.

    Attributes:
        request_id: Its own name.
        request_type: The kind of call.
        tag: Its label.
        tenant: The customer it is made for.
        endpoint: The application's own route.
        mode: How it is processed.
        prompt_chars: How long it is; null where only its tokens are known.
        prompt_sha256: Of the prompt, or of the JSON text of its messages, in hex.
        input: All of its input tokens.
        output: The output tokens expected.
        unread_parts: Parts of its messages that are no text; their tokens are in no estimate.
        ignored: Keys that nothing read.
    """

    request_id: str | None
    request_type: str | None
    tag: str | None
    tenant: str | None
    endpoint: str | None
    mode: str
    prompt_chars: int | None
    prompt_sha256: str | None
    input: Tokens
    output: Tokens
    unread_parts: int
    ignored: tuple[str, ...]


class Sign(Frozen):
    """A sign of how demanding a request is, and its points."""

    meaning: str
    points: int


class ComplexityReport(Frozen):
    """How demanding the request is, by a rule of thumb.

    Attributes:
        level: `simple`, `medium` or `complex`.
        points: The sum of its signs.
        signs: What the rule goes by.
    """

    level: str | None
    points: int
    signs: tuple[Sign, ...]


class Cost(Frozen):
    """US dollars: what is expected, the least and the most."""

    cost_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal


class EscalationReport(Frozen):
    """When a stronger model is asked as well.

    Attributes:
        enabled: Whether the policy escalates at all.
        to: Which is asked; null for none.
        threshold: The confidence below which it is asked.
        basis: What the threshold rests on.
        both: What both calls cost.
        break_even_rate: The share of such requests from which it is cheaper to ask the stronger model alone:
            1 − cheap / strong.
    """

    enabled: bool
    to: str | None
    threshold: Decimal
    basis: str
    both: Cost | None
    break_even_rate: Decimal | None


class SteadinessReport(Frozen):
    """How much of the decision hangs on the guess of complexity: 0 to 1, and what that means."""

    value: Decimal
    meaning: str = MEANING


class CandidateReport(Frozen):
    """What is known of a model for this request.

    Attributes:
        model: By the catalog's name.
        tier: Where the policy has it; null if only a rule names it.
        role: What the decision makes of it; null for nothing.
        cost_usd: What is expected; null where it has no price.
        low_usd: The least.
        high_usd: The most.
        unpriced: Why it has no price.
        quality: What a learned router expects of its answer, else the mean score of its answers in a log, whatever
            was asked, 0 to 1; null where that is unknown.
        latency_ms: The mean of a log, in milliseconds.
        reliability: The share of its requests in a log that did not fail, 0 to 1.
    """

    model: str
    tier: TierName | None
    role: Role | None
    cost_usd: Decimal | None
    low_usd: Decimal | None
    high_usd: Decimal | None
    unpriced: str | None
    quality: Decimal | None
    latency_ms: Decimal | None
    reliability: Decimal | None


class Route(Result):
    """Where one request goes.

    Attributes:
        model: Null where no candidate is left.
        tier: Of the model; null if it is in none.
        fallbacks: The other models of the tier that are left, in the policy's order.
        rule: The rule that matched, by its name, else as `#1` for the first.
        strategy: What chose the model.
        reasons: Why, in the order of the steps.
        cost: What the request is expected to cost there, without escalation; null where there is no model.
        cost_basis: `exact` for the tokens that the request gives, `estimated` where it does not give them all.
        escalation: When a stronger model is asked as well.
        complexity: How demanding it is.
        steadiness: How much of the decision hangs on that.
        policy: Which policy decided.
        request: What it decided on.
        candidates: The models of its tiers, from the weakest up, then those of its rules.
        facts: The file that quality, latency and reliability are from; null without one.
        learned: What a learned router expects of two models, which counts as their quality; null without one, and
            where the prompt is not known.
        at: When the request is made: prices are those of that time, UTC.
        catalog: Which prices.
    """

    kind: ClassVar[str] = "route"

    model: str | None
    tier: TierName | None
    fallbacks: tuple[str, ...]
    rule: str | None
    strategy: How
    reasons: tuple[str, ...]
    cost: Cost | None
    cost_basis: Basis
    escalation: EscalationReport
    complexity: ComplexityReport
    steadiness: SteadinessReport
    policy: PolicyReport
    request: RequestReport
    candidates: tuple[CandidateReport, ...]
    facts: str | None
    learned: Expectation | None
    at: dt.datetime
    catalog: CatalogReport
