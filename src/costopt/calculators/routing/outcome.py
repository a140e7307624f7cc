"""What a policy would have done with a log's traffic: where requests go, what that costs, and what it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from costopt.calculators.routing.candidates import Known, candidates_of, traits_of
from costopt.calculators.routing.cells import Segment
from costopt.calculators.routing.decide import Decision, decide
from costopt.calculators.routing.estimates import QualityClaim, claim
from costopt.calculators.routing.policy import Policy, TierName
from costopt.calculators.routing.traffic import COMPLEXITY, Cost, Traffic, total
from costopt.models.money import percent, usd
from costopt.models.result import Frozen


class Escalated(Frozen):
    """What asking a stronger model as well, where confidence is low, would add; both calls are paid.

    Attributes:
        rate: The share of the requests that can escalate which do.
        basis: Whether the rate is measured or assumed, in words.
        share_pct: Escalated requests in percent of all.
        cost_usd: The whole bill with them.
        low_usd: The least it may be.
        high_usd: The most.
        break_even_rate: The rate from which asking the stronger model alone is cheaper: 1 − cheap / strong. Null
            where nothing can escalate.
    """

    rate: Decimal
    basis: str
    share_pct: Decimal
    cost_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    break_even_rate: Decimal | None


class Routed(Frozen):
    """Requests of one kind and where they go: how many, their share in percent, and what they cost before escalation."""

    name: str
    tier: TierName | None
    requests: int
    share_pct: Decimal
    cost_usd: Decimal


class SegmentRoute(Frozen):
    """What happens to one segment.

    Attributes:
        segment: The values of its columns; null where the log does not say.
        requests: How many.
        logged_usd: What they cost.
        model: Where they go; null where the policy leaves them with the models that served them.
        tier: Of the model.
        rule: The rule that matched, if one did.
        escalates_to: The model that is asked as well where confidence is low.
        cost_usd: What they would cost, without escalation.
        low_usd: The least.
        high_usd: The most.
        reasons: Why, in the order of the steps.
    """

    segment: dict[str, str | None]
    requests: int
    logged_usd: Decimal
    model: str | None
    tier: TierName | None
    rule: str | None
    escalates_to: str | None
    cost_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    reasons: tuple[str, ...]


class Saving(Frozen):
    """What a policy saves against a baseline; negative where it costs more.

    Attributes:
        baseline: Its name.
        saved_usd: Without escalation.
        low_usd: The least.
        high_usd: The most.
        pct: In percent of the baseline.
        low_pct: The least.
        high_pct: The most.
        escalated_usd: With escalation.
        escalated_pct: In percent of the baseline.
    """

    baseline: str
    saved_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    pct: Decimal
    low_pct: Decimal
    high_pct: Decimal
    escalated_usd: Decimal
    escalated_pct: Decimal


class Outcome(Frozen):
    """What a policy would have done.

    Attributes:
        policy: Its name.
        strategy: How it chooses where no rule says it.
        requests: All that have a cost.
        stayed: Those it leaves with the models that served them, as no candidate is left.
        cost_usd: What they would have cost, without escalation.
        low_usd: The least, given what is not known of the other models' tokens.
        high_usd: The most.
        per_million_usd: For a million such requests.
        escalated: With escalation.
        savings: Against each baseline.
        quality: What can be said of the answers' quality.
        latency_ms: The mean; null where a model's is unknown.
        confidence: The mean confidence of the chosen models' own answers in the log; null where one has none.
        models: Where requests go, most first.
        complexity: The same by complexity level.
        segments: Each by itself, dearest first.
    """

    policy: str
    strategy: str
    requests: int
    stayed: int
    cost_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    per_million_usd: Decimal
    escalated: Escalated
    savings: tuple[Saving, ...]
    quality: QualityClaim
    latency_ms: Decimal | None
    confidence: Decimal | None
    models: tuple[Routed, ...]
    complexity: tuple[Routed, ...]
    segments: tuple[SegmentRoute, ...]


class Baseline(Frozen):
    """What a policy is compared with.

    Attributes:
        name: `logged`, `frontier`, `best-single`, a model, or a flat price for each request.
        meaning: In words.
        model: That serves everything; null where it is not one model.
        cost_usd: What it costs; null where that is unknown.
        low_usd: The least.
        high_usd: The most.
        per_million_usd: For a million such requests.
        reason: Why it is unknown.
    """

    name: str
    meaning: str
    model: str | None = None
    cost_usd: Decimal | None = None
    low_usd: Decimal | None = None
    high_usd: Decimal | None = None
    per_million_usd: Decimal | None = None
    reason: str = ""


def per_million(cost: Decimal, requests: int) -> Decimal:
    """US dollars for a million requests as these cost, to pico-dollars a request; 0 for none."""
    return usd(round(cost * 10**12 / requests) * 1_000_000) if requests else Decimal(0)


class Escalating(NamedTuple):
    """The share of requests that escalate, of those that can, in millionths, and what that rests on."""

    millionths: int
    basis: str


class _Move(NamedTuple):
    """A segment, what was decided on it, and what that costs without escalation and on the stronger model."""

    segment: Segment
    decision: Decision
    cost: Cost
    stronger: Cost | None


def outcome(
    policy: Policy,
    traffic: Traffic,
    known: Known,
    baselines: Sequence[Baseline],
    escalating: Escalating,
) -> Outcome:
    """What a policy would have done with the traffic.

    Args:
        policy: With the models of its tiers, all of them candidates of the traffic.
        traffic: What was served, and what it would cost elsewhere.
        known: What the log tells beside costs.
        baselines: What to compare with.
        escalating: How many requests escalate.
    """
    moves = [_move(policy, traffic, known, segment) for segment in traffic.requests]
    cost = total(move.cost for move in moves)
    escalated = _escalated(moves, traffic, escalating)
    target = {move.segment: {move.decision.model: 1.0} for move in moves if move.decision.model}
    return Outcome(
        policy=policy.name,
        strategy=policy.strategy,
        requests=traffic.total_requests,
        stayed=sum(traffic.requests[move.segment] for move in moves if move.decision.model is None),
        cost_usd=usd(cost.estimate),
        low_usd=usd(cost.low),
        high_usd=usd(cost.high),
        per_million_usd=per_million(usd(cost.estimate), traffic.total_requests),
        escalated=escalated,
        savings=tuple(_savings(baselines, moves, escalated)),
        quality=claim(known.seen, target, known.pairs, known.prior),
        latency_ms=_mean(moves, traffic, {name: each.latency for name, each in known.performance.items()}, 1),
        confidence=_mean(
            moves, traffic, {name: each.confidence for name, each in known.performance.items()}, 4
        ),
        models=_by_model(moves, traffic),
        complexity=_by_complexity(moves, traffic),
        segments=tuple(_segment_route(move, traffic) for move in sorted(moves, key=_dearest)),
    )


def _move(policy: Policy, traffic: Traffic, known: Known, segment: Segment) -> _Move:
    decision = decide(policy, traits_of(traffic.columns, segment), candidates_of(traffic, known, segment))
    logged = traffic.logged[segment]
    if decision.model is None:
        return _Move(segment, decision, Cost(logged, logged, logged), None)
    costs = traffic.costs[segment]
    stronger = costs[decision.escalates_to] if decision.escalates_to else None
    return _Move(segment, decision, costs[decision.model], stronger)


def _dearest(move: _Move) -> tuple[int, tuple[str, ...]]:
    return -move.cost.estimate, tuple(str(each) for each in move.segment)


def _escalated(moves: Sequence[_Move], traffic: Traffic, escalating: Escalating) -> Escalated:
    able = [move for move in moves if move.stronger is not None]
    again = total(move.stronger.times(escalating.millionths) for move in able if move.stronger)
    whole = total(move.cost for move in moves).plus(again)
    cheap = sum(move.cost.estimate for move in able)
    strong = sum(move.stronger.estimate for move in able if move.stronger)
    requests = sum(traffic.requests[move.segment] for move in able)
    rate = Decimal(escalating.millionths) / 1_000_000
    return Escalated(
        rate=rate,
        basis=escalating.basis,
        share_pct=percent(requests * rate, traffic.total_requests),
        cost_usd=usd(whole.estimate),
        low_usd=usd(whole.low),
        high_usd=usd(whole.high),
        break_even_rate=1 - percent(cheap, strong, 6) / 100 if strong else None,
    )


def _savings(baselines: Sequence[Baseline], moves: Sequence[_Move], escalated: Escalated) -> Iterator[Saving]:
    """Against each baseline whose cost is known.

    Segments that both send to the same model save nothing, however little is known of what they would cost there.
    """
    for baseline in baselines:
        whole, least, most = baseline.cost_usd, baseline.low_usd, baseline.high_usd
        if whole is None or least is None or most is None:
            continue
        shared = total(move.cost for move in moves if move.decision.model == baseline.model)
        moved = total(move.cost for move in moves if move.decision.model != baseline.model)
        low, high = least - usd(shared.low + moved.high), most - usd(shared.high + moved.low)
        unsure = usd(shared.high - shared.low)  # a saving is a smaller part of what costs more
        saved = whole - usd(shared.estimate + moved.estimate)
        yield Saving(
            baseline=baseline.name,
            saved_usd=saved,
            low_usd=low,
            high_usd=high,
            pct=percent(saved, whole),
            low_pct=percent(low, least + unsure if low > 0 else least),
            high_pct=percent(high, most - unsure if high > 0 else most),
            escalated_usd=whole - escalated.cost_usd,
            escalated_pct=percent(whole - escalated.cost_usd, whole),
        )


def _mean(
    moves: Sequence[_Move], traffic: Traffic, values: Mapping[str, float | None], digits: int
) -> Decimal | None:
    """The mean over all requests of a figure of the models that serve them; None where one is unknown."""
    whole = 0.0
    for move in moves:
        for model, requests in _serving(move, traffic):
            value = values.get(model)
            if value is None:
                return None
            whole += value * requests
    count = traffic.total_requests
    return Decimal(f"{whole / count:.{digits}f}") if count else None


def _serving(move: _Move, traffic: Traffic) -> list[tuple[str, int]]:
    """The models that serve a segment, and how many requests each."""
    if move.decision.model is None:
        return list(traffic.served[move.segment].items())
    return [(move.decision.model, traffic.requests[move.segment])]


def _by_model(moves: Sequence[_Move], traffic: Traffic) -> tuple[Routed, ...]:
    counts: dict[str, int] = {}
    costs: dict[str, int] = {}
    tiers: dict[str, TierName | None] = {}
    for move in moves:
        name = move.decision.model or "(as logged)"
        tiers.setdefault(name, move.decision.tier)
        counts[name] = counts.get(name, 0) + traffic.requests[move.segment]
        costs[name] = costs.get(name, 0) + move.cost.estimate
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return tuple(_routed(name, tiers[name], counts[name], costs[name], traffic) for name in ranked)


def _by_complexity(moves: Sequence[_Move], traffic: Traffic) -> tuple[Routed, ...]:
    place = traffic.columns.index(COMPLEXITY)
    counts: dict[str, int] = {}
    costs: dict[str, int] = {}
    for move in moves:
        level = move.segment[place] or "unknown"
        counts[level] = counts.get(level, 0) + traffic.requests[move.segment]
        costs[level] = costs.get(level, 0) + move.cost.estimate
    levels = [level for level in ("simple", "medium", "complex", "unknown") if level in counts]
    return tuple(_routed(level, None, counts[level], costs[level], traffic) for level in levels)


def _routed(name: str, tier: TierName | None, requests: int, cost: int, traffic: Traffic) -> Routed:
    share = percent(requests, traffic.total_requests)
    return Routed(name=name, tier=tier, requests=requests, share_pct=share, cost_usd=usd(cost))


def _segment_route(move: _Move, traffic: Traffic) -> SegmentRoute:
    decision = move.decision
    return SegmentRoute(
        segment=dict(zip(traffic.columns, move.segment, strict=True)),
        requests=traffic.requests[move.segment],
        logged_usd=usd(traffic.logged[move.segment]),
        model=decision.model,
        tier=decision.tier,
        rule=decision.rule,
        escalates_to=decision.escalates_to,
        cost_usd=usd(move.cost.estimate),
        low_usd=usd(move.cost.low),
        high_usd=usd(move.cost.high),
        reasons=decision.reasons,
    )
