"""Where one request would go, why, and what it is expected to cost: the decisions of the simulator, one at a time.

Nothing is called: what is known is the request, the policy, the prices and, if it is given, how models have performed.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from costopt.calculators.routing.complexity import explain_complexity
from costopt.calculators.routing.decide import Candidate, Decision, Traits, decide
from costopt.calculators.routing.expectation import Expectation, NamedRouter, expect
from costopt.calculators.routing.expected import (
    ASSUMED_OUTPUT,
    Expected,
    Tokens,
    expected_costs,
    expected_input,
    expected_output,
)
from costopt.calculators.routing.facts import Fact, Facts
from costopt.calculators.routing.policy import TIERS, Policy, models_of, on_log, renamed
from costopt.calculators.routing.policy_file import check_models, find_model
from costopt.calculators.routing.request import Request
from costopt.calculators.routing.route_result import (
    CandidateReport,
    ComplexityReport,
    Cost,
    EscalationReport,
    PolicyReport,
    RequestReport,
    Role,
    Route,
    Sign,
    SteadinessReport,
)
from costopt.calculators.routing.steadiness import escalation_basis, steadiness
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog, report_of
from costopt.pricing.lending import model_of

_UNKNOWN: Final = Fact()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known beside the request, the policy and the prices.

    Attributes:
        now: When a request is made that does not say so; UTC.
        assumed_output: Output tokens of a request that does not say how many it expects.
        facts: How models have performed.
        learned: A learned router: what it expects of its two models counts as their quality, before the facts.
    """

    now: dt.datetime
    assumed_output: int = ASSUMED_OUTPUT
    facts: Facts | None = None
    learned: NamedRouter | None = None


def route_request(request: Request, policy: Policy, catalog: Catalog, terms: Terms) -> Route:
    """Where the policy sends a request.

    Args:
        request: What is known before the call.
        policy: Its models go by any names that the catalog understands.
        catalog: The prices.
        terms: What is known beside.

    Raises:
        ConfigError: The policy has a model that the catalog does not know, or tiers of a log although there is none.
    """
    laddered = _laddered(policy, catalog, terms.facts)
    by_name, numbers = _by_catalog(laddered, catalog)
    tokens = expected_input(request), expected_output(request, terms.assumed_output)
    at = request.timestamp or terms.now
    expected = expected_costs(request, tokens, catalog, numbers, at)
    expectation = expect(terms.learned, request) if terms.learned else None
    known = {name: _known(name, terms.facts, expectation) for name in numbers}
    candidates = {name: _candidate(name, expected[name], known[name]) for name in numbers}
    complexity = _complexity(request)
    traits = Traits(complexity.level, request.request_type, request.tag, request.tenant, request.endpoint)
    decision = decide(by_name, traits, candidates)
    steady = steadiness(by_name, traits, candidates).value
    return Route(
        **decision.model_dump(exclude={"escalates_to"}),
        cost=_cost(expected[decision.model]) if decision.model else None,
        cost_basis="exact" if all(each.basis == "given" for each in tokens) else "estimated",
        escalation=_escalation(policy, decision, expected),
        complexity=complexity,
        steadiness=SteadinessReport(value=Decimal(f"{steady:.4f}").normalize()),
        policy=_policy_report(laddered),
        request=_request_report(request, tokens),
        candidates=tuple(_told(name, by_name, decision, expected[name], known[name]) for name in numbers),
        facts=terms.facts.source if terms.facts else None,
        learned=expectation,
        at=at,
        catalog=report_of(catalog),
    )


def _laddered(policy: Policy, catalog: Catalog, facts: Facts | None) -> Policy:
    """The policy with tiers of models, which may be those of the log that the facts are from."""
    if policy.tiers != "log":
        return policy
    if facts is None:
        raise ConfigError(
            f"the tiers of policy `{policy.name}` are a log's, and `costopt route` reads none",
            hint="name models in `[tiers]`, or give what a log told of them: `--facts FILE`",
        )
    costs = {
        name: fact.cost_usd for name, fact in facts.models.items() if find_model(catalog, name) is not None
    }
    if all(cost is None for cost in costs.values()):
        raise ConfigError(
            f'`tiers = "log"`: `{facts.source}` has no cost of a model of the catalog',
            hint="name models in `[tiers]`",
        )
    return on_log(policy, costs)


def _by_catalog(policy: Policy, catalog: Catalog) -> tuple[Policy, dict[str, int]]:
    """The policy with its models by the catalog's names, and their numbers by these."""
    check_models(policy, catalog)
    found = {name: find_model(catalog, name) for name in models_of(policy)}
    numbers = {name: number for name, number in found.items() if number is not None}
    named = {name: model_of(catalog, number).name for name, number in numbers.items()}
    return renamed(policy, named), {named[name]: number for name, number in numbers.items()}


def _known(name: str, facts: Facts | None, expectation: Expectation | None) -> Fact:
    fact = facts.models.get(name, _UNKNOWN) if facts else _UNKNOWN
    expected = expectation.qualities if expectation else {}
    return replace(fact, quality=expected.get(name, fact.quality))


def _candidate(name: str, expected: Expected, fact: Fact) -> Candidate:
    quality, latency, reliability = (
        None if value is None else float(value) for value in (fact.quality, fact.latency_ms, fact.reliability)
    )
    return Candidate(name, expected.estimate, quality, latency, reliability)


def _complexity(request: Request) -> ComplexityReport:
    prompt = request.prompt
    guess = explain_complexity(
        prompt.text if prompt else None,
        request.counts.get("input_tokens"),
        request.request_type,
        prompt.chars if prompt else request.prompt_chars,
    )
    return ComplexityReport(
        level=guess.level,
        points=guess.points,
        signs=tuple(Sign(meaning=sign.meaning, points=sign.points) for sign in guess.signs),
    )


def _cost(expected: Expected) -> Cost:
    estimate, low, high, reason = expected
    assert estimate is not None and low is not None and high is not None, reason  # noqa: PT018, S101 - what is chosen has a price
    return Cost(cost_usd=estimate, low_usd=low, high_usd=high)


def _escalation(policy: Policy, decision: Decision, expected: Mapping[str, Expected]) -> EscalationReport:
    to = decision.escalates_to
    both = rate = None
    if to is not None and decision.model is not None:
        cheap, strong = _cost(expected[decision.model]), _cost(expected[to])
        both = Cost(
            cost_usd=cheap.cost_usd + strong.cost_usd,
            low_usd=cheap.low_usd + strong.low_usd,
            high_usd=cheap.high_usd + strong.high_usd,
        )
        rate = _break_even(cheap.cost_usd, strong.cost_usd)
    return EscalationReport(
        enabled=policy.escalation.enabled,
        to=to,
        threshold=Decimal(str(policy.escalation.threshold)),
        basis=escalation_basis(policy),
        both=both,
        break_even_rate=rate,
    )


def _break_even(cheap: Decimal, strong: Decimal) -> Decimal | None:
    """None where the stronger model is free."""
    return Decimal(f"{1 - cheap / strong:.4f}").normalize() if strong else None


def _policy_report(policy: Policy) -> PolicyReport:
    digest = hashlib.sha256(policy.model_dump_json().encode()).hexdigest()
    return PolicyReport(name=policy.name, strategy=policy.strategy, sha256=digest)


def _request_report(request: Request, tokens: tuple[Tokens, Tokens]) -> RequestReport:
    prompt = request.prompt
    return RequestReport(
        request_id=request.request_id,
        request_type=request.request_type,
        tag=request.tag,
        tenant=request.tenant,
        endpoint=request.endpoint,
        mode=request.mode or "standard",
        prompt_chars=prompt.chars if prompt else request.prompt_chars,
        prompt_sha256=prompt.sha256 if prompt else None,
        input=tokens[0],
        output=tokens[1],
        unread_parts=prompt.unread if prompt else 0,
        ignored=request.ignored,
    )


def _told(name: str, policy: Policy, decision: Decision, expected: Expected, fact: Fact) -> CandidateReport:
    tiers = (tier for tier, models in zip(TIERS, policy.ladder(), strict=True) if name in models)
    return CandidateReport(
        model=name,
        tier=next(tiers, None),
        role=_role(name, decision),
        cost_usd=expected.estimate,
        low_usd=expected.low,
        high_usd=expected.high,
        unpriced=expected.unpriced,
        quality=fact.quality,
        latency_ms=fact.latency_ms,
        reliability=fact.reliability,
    )


def _role(name: str, decision: Decision) -> Role | None:
    if name == decision.model:
        return "chosen"
    if name == decision.escalates_to:
        return "escalation"
    return "fallback" if name in decision.fallbacks else None
