from decimal import Decimal

import pytest

from costopt.calculators.routing.decide import Candidate, Traits, decide
from costopt.calculators.routing.policy import Escalation, Levels, Policy, Rule, Tiers, Weights, When
from costopt.calculators.routing.steadiness import MEANING, escalation_basis, steadiness
from costopt.calculators.routing.weighing import weigh

LADDER = Tiers(mini=("m1", "m2"), standard=("s1", "s2"), premium=("p1", "p2"))


def known(table: str) -> dict[str, Candidate]:
    """Candidates from rows of model, cost in USD, quality, latency in ms, reliability; `-` is unknown."""
    found = {}
    for row in table.strip().splitlines():
        model, cost, *rest = [None if cell == "-" else cell for cell in row.split()]
        assert model is not None
        quality, latency, reliability = [
            None if cell is None else float(cell) for cell in [*rest, None, None, None][:3]
        ]
        found[model] = Candidate(
            model, None if cost is None else Decimal(cost), quality, latency, reliability
        )
    return found


ALL = known(
    """
    m1 0.002 0.60  900 0.99
    m2 0.001 0.50  300 0.90
    s1 0.010 0.80  800 0.99
    s2 0.012 0.85  700 0.95
    p1 0.050 0.90 1500 0.99
    p2 0.040 0.95 2500 0.97
    """
)
UNMEASURED = known("m1 2\nm2 1\ns1 10\ns2 12\np1 50\np2 40")


def policy(strategy: str = "cost", *rules: Rule, **fields: object) -> Policy:
    return Policy.model_validate(
        {"name": "p", "tiers": LADDER, "strategy": strategy, "rules": rules, **fields}
    )


# By cost


@pytest.mark.parametrize(
    ("complexity", "tier", "model", "fallbacks", "stronger"),
    [
        ("simple", "mini", "m2", ("m1",), "s1"),
        ("medium", "standard", "s1", ("s2",), "p2"),
        ("complex", "premium", "p2", ("p1",), None),
    ],
)
def test_by_cost_the_tier_follows_complexity_and_the_model_is_the_cheapest_of_it(
    complexity: str, tier: str, model: str, fallbacks: tuple[str, ...], stronger: str | None
) -> None:
    decision = decide(policy(), Traits(complexity), ALL)

    assert (decision.tier, decision.model, decision.fallbacks) == (tier, model, fallbacks)
    assert decision.escalates_to == stronger
    assert (decision.strategy, decision.rule) == ("cost", None)


def test_a_decision_says_how_it_came_about() -> None:
    decision = decide(policy(), Traits("simple"), ALL | known("m2 -"))

    assert decision.reasons == (
        "`m2` passed over: no price",
        "complexity simple: tier mini",
        "the cheapest of 1 in the tier: $0.002000 a request",
        "below confidence 0.7 also asked of `s1`",
    )


def test_of_models_that_cost_the_same_the_first_of_the_policy_is_chosen() -> None:
    assert decide(policy(), Traits("simple"), known("m1 1\nm2 1.0")).model == "m1"


def test_the_tier_of_a_level_may_be_another() -> None:
    assert decide(policy(levels=Levels(simple="premium")), Traits("simple"), ALL).tier == "premium"


@pytest.mark.parametrize("complexity", [None, "enormous"])
def test_a_complexity_that_is_not_known_is_taken_as_medium(complexity: str | None) -> None:
    decision = decide(policy(), Traits(complexity), ALL)

    assert decision.tier == "standard"
    assert decision.reasons[0] == "complexity unknown, taken as medium"


# What is passed over


def test_where_a_tier_has_no_price_the_next_stronger_one_is_asked() -> None:
    decision = decide(policy(), Traits("simple"), known("s1 -\np1 5"))

    assert (decision.tier, decision.model) == ("premium", "p1")
    assert "none is left in tier mini: tier premium" in decision.reasons


def test_no_weaker_tier_than_the_asked_one_is_chosen() -> None:
    decision = decide(policy(), Traits("complex"), known("m1 1\ns1 5"))

    assert (decision.model, decision.tier, decision.fallbacks, decision.escalates_to) == (
        None,
        None,
        (),
        None,
    )
    assert decision.reasons[-1] == "no candidate is left"


def test_a_ladder_that_ends_below_the_asked_tier_is_asked_for_its_strongest() -> None:
    decision = decide(policy(tiers=Tiers(mini=("m1",), standard=("s1",))), Traits("complex"), ALL)

    assert (decision.tier, decision.model) == ("standard", "s1")
    assert "no tier is as strong: tier standard" in decision.reasons


@pytest.mark.parametrize(
    "strategy",
    ["cost", "quality-first", "balanced", "fastest", "task-type", "frontier-only", "cheapest"],
)
def test_without_a_candidate_every_strategy_chooses_none(strategy: str) -> None:
    decision = decide(policy(strategy), Traits("simple", "chat"), {})

    assert (decision.model, decision.strategy) == (None, strategy)
    assert decision.reasons[-1] == "no candidate is left"


# Rules


@pytest.mark.parametrize(
    ("when", "matched"),
    [
        (When(), True),
        (When(request_type=("chat",)), True),
        (When(request_type=("code",)), False),
        (When(complexity=("complex", "medium")), False),
        (When(complexity=("simple",), tag=("BULK-*",), tenant=("acme",), endpoint=("/v1/*",)), True),
        (When(complexity=("simple",), tag=("nightly",), tenant=("acme",)), False),
        (When(tenant=("globex",)), False),
        (When(endpoint=("/v2/*",)), False),
    ],
)
def test_a_rule_holds_where_all_that_it_asks_for_is_so(when: When, *, matched: bool) -> None:
    traits = Traits("simple", "chat", "bulk-7", "acme", "/v1/chat")

    decision = decide(policy("cost", Rule(name="r", when=when, tier="premium")), traits, ALL)

    assert (decision.rule == "r") is matched
    assert (decision.tier == "premium") is matched


def test_the_first_rule_that_matches_decides_and_is_named_by_its_number() -> None:
    rules = (
        Rule(when=When(tag=("x",)), tier="mini"),
        Rule(when=When(tag=("*",)), tier="premium"),
        Rule(model="m1"),
    )

    assert decide(policy("cost", *rules), Traits(tag="bulk"), ALL).rule == "#2"
    assert decide(policy("cost", *rules), Traits(), ALL).rule == "#3"


def test_a_rule_s_tier_gives_its_first_model_that_is_left() -> None:
    rule = Rule(tier="standard")

    assert decide(policy("cost", rule), Traits("simple"), ALL).model == "s1"
    decision = decide(policy("cost", rule), Traits("simple"), ALL | known("s1 -"))
    assert (decision.model, decision.strategy, decision.escalates_to) == ("s2", "tier", "p1")


def test_a_rule_s_strategy_takes_the_place_of_the_policy_s() -> None:
    decision = decide(policy("frontier-only", Rule(strategy="fastest")), Traits(), ALL)

    assert (decision.model, decision.strategy) == ("m2", "fastest")


def test_a_rule_s_model_is_chosen_whatever_its_tier() -> None:
    decision = decide(policy("cost", Rule(model="s2")), Traits("simple"), ALL)

    assert (decision.model, decision.tier, decision.strategy) == ("s2", "standard", "model")
    assert (decision.fallbacks, decision.escalates_to) == (("s1",), "p1")


def test_a_rule_s_model_may_be_in_no_tier() -> None:
    decision = decide(policy("cost", Rule(model="x")), Traits(), known("x 1"))

    assert (decision.model, decision.tier, decision.fallbacks, decision.escalates_to) == ("x", None, (), None)


@pytest.mark.parametrize("model", ["s2", "x"])
def test_a_rule_s_model_without_a_price_is_no_model(model: str) -> None:
    decision = decide(policy("cost", Rule(model=model)), Traits(), known("s1 1"))

    assert decision.model is None
    assert f"`{model}` passed over: no price" in decision.reasons


def test_what_no_rule_names_is_left_alone_by_a_policy_without_tiers() -> None:
    only = policy("cost", Rule(when=When(tag=("bulk",)), model="m1"), tiers=Tiers())

    assert decide(only, Traits(tag="bulk"), ALL).model == "m1"
    decision = decide(only, Traits(tag="chat"), ALL)
    assert decision.model is None
    assert decision.reasons == (
        "no rule names a model, and the policy has no tiers",
        "no candidate is left",
    )


# Thresholds


@pytest.mark.parametrize(
    ("rule", "model"),
    [
        (Rule(min_quality=0.5), "m2"),
        (Rule(min_quality=0.51), "m1"),
        (Rule(min_quality=0.82), "s2"),
        (Rule(min_quality=0.99), None),
        (Rule(max_latency_ms=300), "m2"),
        (Rule(max_latency_ms=299), None),
        (Rule(min_reliability=0.95), "m1"),
        (Rule(min_quality=0.7, max_latency_ms=750), "s2"),
    ],
)
def test_models_that_miss_a_threshold_are_passed_over_up_the_ladder(rule: Rule, model: str | None) -> None:
    assert decide(policy("cost", rule), Traits("simple"), ALL).model == model


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule(model="m1", min_quality=0.1), "`m1` passed over: quality unknown, at least 0.1 asked"),
        (
            Rule(model="m1", max_latency_ms=9000),
            "`m1` passed over: latency in ms unknown, at most 9000 asked",
        ),
        (Rule(model="m1", min_reliability=0), "`m1` passed over: reliability unknown, at least 0 asked"),
    ],
)
def test_what_is_not_known_meets_no_threshold(rule: Rule, reason: str) -> None:
    decision = decide(policy("cost", rule), Traits(), UNMEASURED)

    assert decision.model is None
    assert reason in decision.reasons


def test_a_model_to_escalate_to_meets_the_thresholds_too() -> None:
    decision = decide(policy("cost", Rule(max_latency_ms=1000)), Traits("simple"), ALL)
    assert decision.escalates_to == "s1"

    decision = decide(policy("cost", Rule(max_latency_ms=750)), Traits("simple"), ALL)
    assert decision.escalates_to == "s2"


# Escalation


def test_escalation_may_be_off() -> None:
    off = Escalation(enabled=False)

    assert decide(policy(escalation=off), Traits("simple"), ALL).escalates_to is None


def test_a_tier_with_nothing_left_is_stepped_over_when_escalating() -> None:
    assert decide(policy(), Traits("simple"), known("m1 1\np1 9")).escalates_to == "p1"


def test_the_best_known_quality_escalates_to_nothing_worse() -> None:
    best_is_mini = ALL | known("m1 1 0.99")

    assert decide(policy("quality-first"), Traits(), best_is_mini).escalates_to is None


# The other strategies


def test_quality_first_takes_the_best_known_quality_of_all_tiers() -> None:
    decision = decide(policy("quality-first"), Traits("simple"), ALL | known("p2 1 -"))

    assert (decision.model, decision.reasons) == ("p1", ("the best known quality of 5: 0.9",))


def test_of_the_same_quality_the_cheaper_model_comes_first() -> None:
    assert decide(policy("quality-first"), Traits(), known("m1 3 0.9\ns1 2 0.9\np1 5 0.9")).model == "s1"


def test_quality_first_without_any_quality_is_the_first_of_the_strongest_tier_and_says_so() -> None:
    decision = decide(policy("quality-first"), Traits("simple"), UNMEASURED)

    assert decision.model == "p1"
    assert decision.reasons[0] == "quality of no candidate known: the strongest tier instead"


def test_quality_first_without_any_quality_stays_with_what_has_a_price() -> None:
    assert decide(policy("quality-first"), Traits(), known("m1 3\ns2 2")).model == "s2"


def test_fastest_takes_the_lowest_known_latency() -> None:
    decision = decide(policy("fastest"), Traits("complex"), ALL | known("m2 1 1 -"))

    assert (decision.model, decision.reasons[0]) == ("s2", "the lowest known latency of 5: 700 ms")


def test_fastest_without_any_latency_goes_by_cost_and_says_so() -> None:
    decision = decide(policy("fastest"), Traits("medium"), UNMEASURED)

    assert decision.model == "s1"
    assert decision.reasons[0] == "latency of no candidate known: by cost instead"


TASKS = {"classif*": "mini", "code": "premium"}


@pytest.mark.parametrize(
    ("request_type", "model"), [("classification", "m1"), ("Code", "p1"), ("chat", "s1"), (None, "s1")]
)
def test_by_task_type_the_tier_is_that_of_the_request_type_else_that_of_complexity(
    request_type: str | None, model: str
) -> None:
    decision = decide(policy("task-type", task_types=TASKS), Traits("medium", request_type), ALL)

    assert decision.model == model


def test_frontier_only_is_the_first_of_the_strongest_tier() -> None:
    assert decide(policy("frontier-only"), Traits("simple"), ALL).model == "p1"
    assert decide(policy("frontier-only", tiers=Tiers(mini=("m1",))), Traits("simple"), ALL).model == "m1"


def test_cheapest_is_the_cheapest_of_all_tiers() -> None:
    decision = decide(policy("cheapest"), Traits("complex"), ALL | known("s2 0.0001"))

    assert (decision.model, decision.tier, decision.escalates_to) == ("s2", "standard", "p2")


# Weights


@pytest.mark.parametrize(
    ("weights", "model"),
    [
        ((1, 0, 0), "m2"),
        ((0, 1, 0), "p2"),
        ((0, 0, 1), "m2"),
        ((0.4, 0.4, 0.2), "s2"),
    ],
)
def test_balanced_goes_by_the_weights(weights: tuple[float, float, float], model: str) -> None:
    cost, quality, latency = weights
    balanced = policy("balanced", weights=Weights(cost=cost, quality=quality, latency=latency))

    assert decide(balanced, Traits("simple"), ALL).model == model


def test_an_unknown_quality_counts_as_the_worst() -> None:
    candidates = known("m1 1 -\ns1 1 0.2\np1 1 0.9")

    weighed = weigh(Weights(cost=0, quality=1, latency=0), *_columns(candidates))

    assert weighed.distances == [1, 1, 0]


def test_an_unknown_latency_is_worse_than_known_ones_that_are_all_equal() -> None:
    candidates = known("m1 1 1 -\ns1 1 1 500\np1 1 1 500")

    weighed = weigh(Weights(cost=0, quality=0, latency=1), *_columns(candidates))

    assert weighed.distances == [1, 0, 0]


def test_what_no_candidate_has_is_set_aside_and_the_decision_says_so() -> None:
    decision = decide(policy("balanced"), Traits(), known("m1 3 0.5\ns1 1 0.5"))

    assert decision.model == "s1"
    assert "latency of no candidate known: its weight is set aside" in decision.reasons


def test_the_other_weights_share_that_of_what_is_set_aside() -> None:
    candidates = known("m1 1 0.5\ns1 2 1")

    assert weigh(Weights(), *_columns(candidates)) == ([0.5, 0.5], ("latency",))


def test_without_anything_to_weigh_the_cheapest_is_chosen() -> None:
    only_quality = policy("balanced", weights=Weights(cost=0, quality=1, latency=0))

    assert decide(only_quality, Traits(), UNMEASURED).model == "m2"


def _columns(
    candidates: dict[str, Candidate],
) -> tuple[list[Decimal], list[float | None], list[float | None]]:
    rows = list(candidates.values())
    costs = [row.cost_usd for row in rows if row.cost_usd is not None]
    return costs, [row.quality for row in rows], [row.latency_ms for row in rows]


# Steadiness


@pytest.mark.parametrize(
    ("strategy", "complexity", "expected"),
    [("cost", "simple", 1 / 3), ("cheapest", "simple", 1), ("fastest", None, 1)],
)
def test_a_decision_is_as_steady_as_complexity_does_not_matter(
    strategy: str, complexity: str | None, expected: float
) -> None:
    steady = steadiness(policy(strategy), Traits(complexity), ALL)

    assert steady.value == pytest.approx(expected)
    assert steady.meaning == MEANING


def test_the_chances_of_the_levels_weigh_in_steadiness() -> None:
    two_tiers = policy(levels=Levels(simple="mini", medium="mini", complex="premium"))

    steady = steadiness(two_tiers, Traits("simple"), ALL, {"simple": 0.5, "medium": 0.3, "complex": 0.2})

    assert steady.value == pytest.approx(0.8)


def test_chances_of_no_level_make_nothing_steady() -> None:
    assert steadiness(policy(), Traits("simple"), ALL, {"simple": 0.0}).value == 0


# What the escalation threshold rests on


@pytest.mark.parametrize(
    ("escalation", "expected"),
    [
        (Escalation(enabled=False), "escalation is off"),
        (
            Escalation(threshold=0.8),
            "the escalation threshold 0.8 has no calibration evidence: no log with both confidence and quality",
        ),
    ],
)
def test_a_threshold_without_calibration_evidence_is_called_so(escalation: Escalation, expected: str) -> None:
    assert escalation_basis(policy(escalation=escalation)) == expected
