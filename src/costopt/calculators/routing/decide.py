"""Which model a policy gives a request, or a group of requests that are alike, and why."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from costopt.calculators.routing.policy import (
    COMPLEXITIES,
    TIERS,
    Policy,
    Rule,
    Strategy,
    TierName,
)
from costopt.calculators.routing.weighing import weigh
from costopt.models.money import format_usd
from costopt.models.result import Frozen
from costopt.models.words import matches

How = Strategy | Literal["tier", "model"]
"""What chose a model: a strategy, or a rule that names a tier or the model itself."""


class Traits(NamedTuple):
    """What a policy may ask of a request; None is what the log does not say."""

    complexity: str | None = None
    request_type: str | None = None
    tag: str | None = None
    tenant: str | None = None
    endpoint: str | None = None


class Candidate(NamedTuple):
    """What is known of a model for such a request; None is unknown, and no figure is NaN.

    Attributes:
        model: As the policy names it.
        cost_usd: What one such request is expected to cost.
        quality: 0 to 1.
        latency_ms: Of one such request, in milliseconds.
        reliability: The share of its requests that succeed, 0 to 1.
    """

    model: str
    cost_usd: Decimal | None
    quality: float | None = None
    latency_ms: float | None = None
    reliability: float | None = None


class Decision(Frozen):
    """Where a request goes.

    Attributes:
        model: Null where no candidate is left; the request then stays where it is.
        tier: Of the model; null if it is in none.
        fallbacks: The other models of the tier that are left, in the policy's order.
        escalates_to: The model that the request is also asked of if the answer's confidence is low.
        rule: The rule that matched, by its name, else as `#1` for the first.
        strategy: What chose the model.
        reasons: Each a line for people, in the order of the steps.
    """

    model: str | None
    tier: TierName | None
    fallbacks: tuple[str, ...]
    escalates_to: str | None
    rule: str | None
    strategy: How
    reasons: tuple[str, ...]


class _Case(NamedTuple):
    """A request before a policy.

    Attributes:
        policy: The policy.
        ladder: Its models by tier.
        traits: Of the request.
        candidates: By model.
        rule: That matched.
        limits: The same, if it has thresholds.
        reasons: So far.
    """

    policy: Policy
    ladder: tuple[tuple[str, ...], ...]
    traits: Traits
    candidates: Mapping[str, Candidate]
    rule: Rule | None
    limits: Rule | None
    reasons: list[str]


_Left = Sequence[Sequence[Candidate]]
"""The candidates that have a price and meet the thresholds, by tier and in the policy's order."""

_cost: Callable[[Candidate], Decimal] = attrgetter("cost_usd")


def decide(policy: Policy, traits: Traits, candidates: Mapping[str, Candidate]) -> Decision:
    """What the policy does with a request.

    The first rule that matches, or else the policy, says how to choose. Models without a price and those that miss
    a threshold are passed over; where that leaves none in a tier, the next stronger one is asked. That no model is
    left is an answer as well.

    Args:
        policy: With the models of its tiers, see `on_log`.
        traits: Of the request.
        candidates: By model, as the policy names them; those that are missing are passed over.
    """
    reasons: list[str] = []
    rule, name = _rule(policy, traits, reasons)
    limits = rule if rule is not None and rule.has_limits() else None
    case = _Case(policy, policy.ladder(), traits, candidates, rule, limits, reasons)
    left = [_remaining(case, models) for models in case.ladder]
    how, chosen = _chosen(case, left)
    if chosen is None:
        reasons.append("no candidate is left")
        return Decision(
            model=None,
            tier=None,
            fallbacks=(),
            escalates_to=None,
            rule=name,
            strategy=how,
            reasons=tuple(reasons),
        )
    tier = next((tier for tier, models in enumerate(case.ladder) if chosen.model in models), len(TIERS))
    same = [each.model for kept in left[tier : tier + 1] for each in kept if each is not chosen]
    escalates_to = _escalation(case, left[tier + 1 :], how)
    return Decision(
        model=chosen.model,
        tier=TIERS[tier] if tier < len(TIERS) else None,
        fallbacks=tuple(same),
        escalates_to=escalates_to,
        rule=name,
        strategy=how,
        reasons=tuple(reasons),
    )


def _rule(policy: Policy, traits: Traits, reasons: list[str]) -> tuple[Rule | None, str | None]:
    """The first rule that matches, and what it is called."""
    for number, rule in enumerate(policy.rules, 1):
        when = rule.when
        if (
            (not when.request_type or matches(when.request_type, traits.request_type))
            and (not when.complexity or matches(when.complexity, traits.complexity))
            and (not when.tag or matches(when.tag, traits.tag))
            and (not when.tenant or matches(when.tenant, traits.tenant))
            and (not when.endpoint or matches(when.endpoint, traits.endpoint))
        ):
            name = rule.name or f"#{number}"
            reasons.append(f"rule {name} matches")
            return rule, name
    return None, None


def _remaining(case: _Case, models: Sequence[str]) -> list[Candidate]:
    """Those with a price that meet the rule's thresholds; of the others, the reason to pass them over is noted."""
    kept = []
    for model in models:
        known = case.candidates.get(model)
        if known is None or known.cost_usd is None:
            case.reasons.append(f"`{model}` passed over: no price")
            continue
        misses = None if case.limits is None else _misses(case.limits, known)
        if misses is None:
            kept.append(known)
        else:
            case.reasons.append(f"`{model}` passed over: {misses}")
    return kept


def _misses(rule: Rule, known: Candidate) -> str | None:
    """Which threshold is not met, if any; what is unknown meets none."""
    least, most, often = rule.min_quality, rule.max_latency_ms, rule.min_reliability
    if least is not None and (known.quality is None or known.quality < least):
        return f"quality {_shown(known.quality)}, at least {least:g} asked"
    if most is not None and (known.latency_ms is None or known.latency_ms > most):
        return f"latency in ms {_shown(known.latency_ms)}, at most {most:g} asked"
    if often is not None and (known.reliability is None or known.reliability < often):
        return f"reliability {_shown(known.reliability)}, at least {often:g} asked"
    return None


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"


def _chosen(case: _Case, left: _Left) -> tuple[How, Candidate | None]:
    """The candidate, if any is left, and what chose it."""
    policy, rule = case.policy, case.rule
    if rule is not None and rule.model is not None:
        return "model", _named(case, rule.model, left)
    if not any(case.ladder):
        case.reasons.append("no rule names a model, and the policy has no tiers")
        return policy.strategy, None
    if rule is not None and rule.tier is not None:
        return "tier", _first_from(TIERS.index(rule.tier), case, left)
    how = policy.strategy if rule is None or rule.strategy is None else rule.strategy
    return how, _STRATEGIES[how](case, left)


def _named(case: _Case, model: str, left: _Left) -> Candidate | None:
    """The model that a rule names."""
    in_ladder = any(model in models for models in case.ladder)
    kept = _all(left) if in_ladder else _remaining(case, [model])
    return next((each for each in kept if each.model == model), None)


def _level(case: _Case) -> int:
    """The tier of the request's complexity."""
    level = case.traits.complexity
    if level not in COMPLEXITIES:
        level = "medium"
        case.reasons.append("complexity unknown, taken as medium")
    tier: TierName = getattr(case.policy.levels, level)
    case.reasons.append(f"complexity {level}: tier {tier}")
    return TIERS.index(tier)


def _from_tier(start: int, case: _Case, left: _Left) -> Sequence[Candidate]:
    """What is left in a tier, else in the next stronger one; of a ladder that ends below it, in its strongest."""
    if not any(case.ladder[start:]):
        start = max(tier for tier, models in enumerate(case.ladder) if models)
        case.reasons.append(f"no tier is as strong: tier {TIERS[start]}")
    for tier in range(start, len(TIERS)):
        if left[tier]:
            if tier > start:
                case.reasons.append(f"none is left in tier {TIERS[start]}: tier {TIERS[tier]}")
            return left[tier]
    return ()


def _first_from(start: int, case: _Case, left: _Left) -> Candidate | None:
    kept = _from_tier(start, case, left)
    if not kept:
        return None
    case.reasons.append("the first of the tier that is left")
    return kept[0]


def _by_cost(case: _Case, left: _Left) -> Candidate | None:
    return _least(_from_tier(_level(case), case, left), "the tier", case)


def _cheapest(case: _Case, left: _Left) -> Candidate | None:
    return _least(_all(left), "all tiers", case)


def _least(kept: Sequence[Candidate], where: str, case: _Case) -> Candidate | None:
    """The cheapest, and of the same cost the first."""
    if not kept:
        return None
    chosen = min(kept, key=_cost)
    case.reasons.append(f"the cheapest of {len(kept)} in {where}: {format_usd(_cost(chosen))} a request")
    return chosen


def _all(left: _Left) -> list[Candidate]:
    return [each for kept in left for each in kept]


def _by_quality(case: _Case, left: _Left) -> Candidate | None:
    rated = [each for each in _all(left) if each.quality is not None]
    if not rated:
        case.reasons.append("quality of no candidate known: the strongest tier instead")
        return _first_from(max((tier for tier, kept in enumerate(left) if kept), default=0), case, left)
    best = min(rated, key=lambda each: (-(each.quality or 0), _cost(each)))
    case.reasons.append(f"the best known quality of {len(rated)}: {_shown(best.quality)}")
    return best


def _by_latency(case: _Case, left: _Left) -> Candidate | None:
    timed = [each for each in _all(left) if each.latency_ms is not None]
    if not timed:
        case.reasons.append("latency of no candidate known: by cost instead")
        return _by_cost(case, left)
    best = min(timed, key=attrgetter("latency_ms", "cost_usd"))
    case.reasons.append(f"the lowest known latency of {len(timed)}: {_shown(best.latency_ms)} ms")
    return best


def _by_task(case: _Case, left: _Left) -> Candidate | None:
    for word, tier in case.policy.task_types.items():
        if matches((word,), case.traits.request_type):
            case.reasons.append(f"request type {case.traits.request_type}: tier {tier}")
            return _first_from(TIERS.index(tier), case, left)
    case.reasons.append("request type unknown to the policy: by complexity instead")
    return _first_from(_level(case), case, left)


def _frontier(case: _Case, left: _Left) -> Candidate | None:
    return _first_from(TIERS.index("premium"), case, left)


def _balanced(case: _Case, left: _Left) -> Candidate | None:
    kept = _all(left)
    if not kept:
        return None
    costs = [_cost(each) for each in kept]
    qualities, latencies = [each.quality for each in kept], [each.latency_ms for each in kept]
    distances, set_aside = weigh(case.policy.weights, costs, qualities, latencies)
    case.reasons.extend([f"{name} of no candidate known: its weight is set aside" for name in set_aside])
    distance, _, place = min(zip(distances, costs, range(len(kept)), strict=True))
    case.reasons.append(f"the least weighted distance from the best of {len(kept)}: {distance:.3g}")
    return kept[place]


_STRATEGIES: Final[Mapping[Strategy, Callable[[_Case, _Left], Candidate | None]]] = {
    "cost": _by_cost,
    "quality-first": _by_quality,
    "balanced": _balanced,
    "fastest": _by_latency,
    "task-type": _by_task,
    "frontier-only": _frontier,
    "cheapest": _cheapest,
}


def _escalation(case: _Case, stronger: _Left, how: How) -> str | None:
    """The model of the next stronger tier; none above the best known quality, which would only be worse."""
    if not case.policy.escalation.enabled or how == "quality-first":
        return None
    kept = next(filter(None, stronger), None)
    if kept is None:
        return None
    model = (min(kept, key=_cost) if how in {"cost", "cheapest"} else kept[0]).model
    case.reasons.append(f"below confidence {case.policy.escalation.threshold:g} also asked of `{model}`")
    return model
