"""Laws of routing policies, over random ladders, rules and candidates."""

import string
from collections.abc import Mapping
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from costopt.calculators.routing.decide import Candidate, Traits, decide
from costopt.calculators.routing.policy import (
    COMPLEXITIES,
    STRATEGIES,
    TIERS,
    Escalation,
    Levels,
    Policy,
    Rule,
    Tiers,
    Weights,
    When,
    ladder_of,
    models_of,
    shadowed,
)
from costopt.calculators.routing.policy_file import read_policy
from costopt.calculators.routing.policy_text import write_policy
from costopt.calculators.routing.steadiness import steadiness
from costopt.calculators.routing.weighing import weigh
from costopt.models.words import matches

MODELS = tuple(string.ascii_lowercase[:7])
SHARES = st.floats(0, 1)
WORDS = st.text(st.sampled_from("ab*"), min_size=1, max_size=3)


def thirds(parts: tuple[int, int, int]) -> Weights:
    whole = sum(parts)
    return Weights(cost=parts[0] / whole, quality=parts[1] / whole, latency=parts[2] / whole)


PARTS = st.tuples(*[st.integers(0, 10)] * 3).filter(any)
WEIGHTS = PARTS.map(thirds)
LADDERS = st.tuples(st.permutations(MODELS), st.lists(st.integers(0, 6), min_size=3, max_size=3)).map(
    lambda drawn: Tiers(
        mini=tuple(drawn[0][: min(drawn[1])]),
        standard=tuple(drawn[0][min(drawn[1]) : max(drawn[1])]),
        premium=tuple(drawn[0][max(drawn[1]) :]),
    )
)
"""The last tier always has a model; the others may have none."""

WHENS = st.builds(
    When,
    request_type=st.lists(WORDS, max_size=2).map(tuple),
    complexity=st.lists(st.sampled_from((*COMPLEXITIES, "*", "s*")), max_size=2).map(tuple),
    tag=st.lists(WORDS, max_size=2).map(tuple),
)
LIMITS = {
    "min_quality": st.none() | SHARES,
    "max_latency_ms": st.none() | st.floats(0, 1e6, exclude_min=True),
    "min_reliability": st.none() | SHARES,
}
RULES = st.one_of(
    st.builds(Rule, when=WHENS, strategy=st.sampled_from(STRATEGIES), **LIMITS),
    st.builds(Rule, when=WHENS, tier=st.sampled_from(TIERS), **LIMITS),
    st.builds(Rule, when=WHENS, model=st.sampled_from((*MODELS, "elsewhere")), **LIMITS),
    st.builds(Rule, name=st.text(), when=WHENS, min_quality=SHARES),
).filter(lambda rule: rule.name == "" or rule.name.strip() != "")
POLICIES = st.builds(
    Policy,
    name=st.text(min_size=1).filter(str.strip),
    tiers=LADDERS,
    rules=st.lists(RULES, max_size=3).map(tuple),
    strategy=st.sampled_from(STRATEGIES),
    levels=st.builds(Levels, *[])
    | st.builds(Levels, simple=st.sampled_from(TIERS), medium=st.just("premium")),
    task_types=st.dictionaries(st.text(min_size=1), st.just("premium"), max_size=2),
    weights=WEIGHTS,
    escalation=st.builds(Escalation, enabled=st.booleans(), threshold=SHARES),
)
TRAITS = st.builds(
    Traits,
    complexity=st.none() | st.sampled_from(COMPLEXITIES),
    request_type=st.none() | st.text("ab", max_size=3),
    tag=st.none() | st.text("ab", max_size=3),
)
KNOWN = st.tuples(
    st.none() | st.integers(0, 1000).map(lambda cents: Decimal(cents).scaleb(-2)),
    st.none() | SHARES,
    st.none() | st.floats(0, 1e6),
    st.none() | SHARES,
)
CANDIDATES = st.dictionaries(st.sampled_from((*MODELS, "elsewhere")), KNOWN).map(
    lambda found: {model: Candidate(model, *known) for model, known in found.items()}
)


def sayable(policy: Policy) -> bool:
    """Whether a file may say it: a rule that is never reached, or a tier without models, would be refused."""
    tiers = policy.tiers
    assert isinstance(tiers, Tiers)
    named = [
        getattr(policy.levels, level)
        for level in COMPLEXITIES
        if getattr(policy.levels, level) != getattr(Levels(), level)
    ]
    named += [rule.tier for rule in policy.rules if rule.tier]
    return shadowed(policy.rules) is None and all(getattr(tiers, tier) for tier in named)


@given(POLICIES)
def test_a_written_policy_reads_as_the_same(policy: Policy) -> None:
    assume(sayable(policy))

    assert read_policy(write_policy(policy), "p") == policy


def priced(candidates: Mapping[str, Candidate]) -> set[str]:
    return {model for model, known in candidates.items() if known.cost_usd is not None}


@given(POLICIES, TRAITS, CANDIDATES)
def test_a_decision_is_for_priced_candidates_of_the_policy_alone(
    policy: Policy, traits: Traits, candidates: Mapping[str, Candidate]
) -> None:
    decision = decide(policy, traits, candidates)

    named = {decision.model, decision.escalates_to, *decision.fallbacks} - {None}
    assert named <= priced(candidates) & set(models_of(policy))
    assert len(decision.fallbacks) == len(set(decision.fallbacks) - {decision.model})
    assert decision.escalates_to not in {decision.model, *decision.fallbacks} or decision.escalates_to is None
    if decision.model is None:
        assert not named
        assert decision.reasons[-1] == "no candidate is left"


@given(POLICIES, TRAITS, CANDIDATES)
def test_a_policy_without_rules_finds_a_model_if_the_strongest_tier_has_one(
    policy: Policy, traits: Traits, candidates: Mapping[str, Candidate]
) -> None:
    alone = policy.model_copy(update={"rules": ()})
    assume(priced(candidates) & set(alone.ladder()[2]))

    assert decide(alone, traits, candidates).model is not None


@given(LADDERS, TRAITS, CANDIDATES)
def test_weights_of_cost_alone_are_the_cheapest(
    tiers: Tiers, traits: Traits, candidates: Mapping[str, Candidate]
) -> None:
    only_cost = Policy(
        name="p", tiers=tiers, strategy="balanced", weights=Weights(cost=1, quality=0, latency=0)
    )
    cheapest = only_cost.model_copy(update={"strategy": "cheapest"})

    assert decide(only_cost, traits, candidates).model == decide(cheapest, traits, candidates).model


@given(LADDERS, TRAITS, CANDIDATES, st.sampled_from(STRATEGIES))
def test_no_strategy_is_cheaper_than_the_cheapest_or_better_than_quality_first(
    tiers: Tiers, traits: Traits, candidates: Mapping[str, Candidate], strategy: str
) -> None:
    def chosen(name: str) -> Candidate | None:
        policy = Policy.model_validate({"name": "p", "tiers": tiers, "strategy": name})
        model = decide(policy, traits, candidates).model
        return None if model is None else candidates[model]

    other, cheapest, best = chosen(strategy), chosen("cheapest"), chosen("quality-first")

    assume(other is not None)
    assert other is not None
    assert cheapest is not None
    assert best is not None
    assert cheapest.cost_usd is not None
    assert other.cost_usd is not None
    assert cheapest.cost_usd <= other.cost_usd
    assert other.quality is None or (best.quality is not None and best.quality >= other.quality)


@given(LADDERS, TRAITS, CANDIDATES, st.tuples(SHARES, SHARES).map(sorted), st.sampled_from(STRATEGIES))
def test_raising_a_threshold_never_adds_candidates(
    tiers: Tiers,
    traits: Traits,
    candidates: Mapping[str, Candidate],
    thresholds: list[float],
    strategy: str,
) -> None:
    def passed_over(least: float) -> tuple[set[str], bool]:
        rule = {"strategy": strategy, "min_quality": least}
        policy = Policy.model_validate({"name": "p", "tiers": tiers, "rules": [rule]})
        decision = decide(policy, traits, candidates)
        lines = [line.split("`")[1] for line in decision.reasons if "passed over" in line]
        return set(lines), decision.model is None

    (few, none), (more, none_either) = map(passed_over, thresholds)

    assert few <= more
    assert none_either or not none


@given(WEIGHTS, st.lists(KNOWN, min_size=1))
def test_a_distance_is_from_zero_to_one_and_what_is_better_in_all_is_nearer(
    weights: Weights, rows: list[tuple[Decimal | None, float | None, float | None, float | None]]
) -> None:
    costs = [row[0] or Decimal(0) for row in rows]
    qualities, latencies = [row[1] for row in rows], [row[2] for row in rows]

    distances, set_aside = weigh(weights, costs, qualities, latencies)

    assert all(0 <= each <= 1 + 1e-9 for each in distances)
    assert ("quality" in set_aside) == (weights.quality > 0 and set(qualities) == {None})
    best = (
        min(costs),
        max(filter(None, qualities), default=0.0),
        min((each for each in latencies if each is not None), default=None),
    )
    with_best = weigh(weights, [*costs, best[0]], [*qualities, best[1]], [*latencies, best[2]])
    assert with_best.distances[-1] == min(with_best.distances)


@given(st.dictionaries(st.text(), st.none() | st.decimals(0, 100, places=3)))
def test_the_ladder_of_a_log_has_each_priced_model_once_and_no_cheaper_one_in_a_stronger_tier(
    costs: dict[str, Decimal | None],
) -> None:
    mini, standard, premium = ladder_of(costs).ladder()

    assert sorted((*mini, *standard, *premium)) == sorted(
        each for each, cost in costs.items() if cost is not None
    )
    ordered = [costs[model] or Decimal(0) for model in (*mini, *standard, *premium)]
    assert ordered == sorted(ordered)
    assert len(mini) == len(premium) or (len(mini), len(standard), len(premium)) == (0, 0, 1)
    assert abs(len(standard) - len(premium)) <= 1


@given(st.lists(RULES, max_size=4), TRAITS)
def test_a_rule_that_is_called_unreachable_matches_nothing_that_the_earlier_one_does_not(
    rules: list[Rule], traits: Traits
) -> None:
    found = shadowed(rules)
    if found is None:
        return
    later, earlier = (rules[index].when for index in found)

    def holds(when: When) -> bool:
        values = (traits.request_type, traits.complexity, traits.tag, traits.tenant, traits.endpoint)
        return all(
            not words or matches(words, value) for words, value in zip(when.words(), values, strict=True)
        )

    assert holds(earlier) or not holds(later)


@given(POLICIES, TRAITS, CANDIDATES, st.none() | st.dictionaries(st.sampled_from(COMPLEXITIES), SHARES))
def test_steadiness_is_a_share(
    policy: Policy, traits: Traits, candidates: Mapping[str, Candidate], chances: dict[str, float] | None
) -> None:
    assert 0 <= steadiness(policy, traits, candidates, chances).value <= 1 + 1e-9
