from decimal import Decimal

import pytest
from pydantic import ValidationError

from costopt.calculators.routing.policy import (
    Escalation,
    Policy,
    Rule,
    Tiers,
    Weights,
    When,
    ladder_of,
    models_of,
    on_log,
    places,
    shadowed,
    with_overrides,
)
from costopt.errors import ConfigError

# Values that contradict themselves are refused


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"cost": 0.5, "quality": 0.5, "latency": 0.1}, "do not sum to 1"),
        ({"cost": 1.2, "quality": -0.2, "latency": 0.0}, "less than or equal to 1"),
    ],
)
def test_weights_sum_to_one_and_none_is_negative(weights: dict[str, float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Weights(**weights)


def test_weights_that_miss_one_by_rounding_alone_are_fine() -> None:
    assert Weights(cost=0.1, quality=0.2, latency=0.7).latency == 0.7


def test_a_model_is_in_one_tier() -> None:
    with pytest.raises(ValidationError, match="in one tier, once"):
        Tiers(mini=("a",), premium=("a",))


def test_a_rule_gives_one_answer() -> None:
    with pytest.raises(ValidationError, match="not several"):
        Rule(tier="mini", model="a")


def test_a_rule_gives_an_answer() -> None:
    with pytest.raises(ValidationError, match="or a threshold"):
        Rule(when=When(tag=("bulk",)))


# Words


# Rules that can never be reached


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (When(), When(tag=("bulk",)), (1, 0)),
        (When(tag=("bulk",)), When(), None),
        (When(tag=("bulk*",)), When(tag=("bulk-a", "bulk-b*")), (1, 0)),
        (When(tag=("bulk-a",)), When(tag=("bulk*",)), None),
        (When(tag=("a", "b")), When(tag=("B",), tenant=("acme",)), (1, 0)),
        (When(tag=("a",)), When(tag=("a", "b")), None),
        (When(tag=("*",)), When(tenant=("acme",)), None),
        (When(complexity=("simple",)), When(complexity=("simple",)), (1, 0)),
    ],
)
def test_a_rule_behind_one_that_matches_all_that_it_does_is_found(
    first: When, second: When, found: tuple[int, int] | None
) -> None:
    assert shadowed([Rule(when=first, tier="mini"), Rule(when=second, tier="premium")]) == found


# The models of a policy


def test_the_models_of_a_policy_are_those_of_its_tiers_and_its_rules_each_once() -> None:
    rules = (Rule(model="x"), Rule(tier="mini"), Rule(model="b"))
    policy = Policy(name="p", tiers=Tiers(mini=("a", "b"), premium=("c",)), rules=rules)

    assert models_of(policy) == ("a", "b", "c", "x")
    assert dict(places(policy))["rule", 2, "model"] == "b"


def test_the_models_of_a_log_are_not_known_before_it_is_read() -> None:
    policy = Policy(name="p", tiers="log", rules=(Rule(model="x"),))

    assert models_of(policy) == ("x",)
    with pytest.raises(ValueError, match="a log's"):
        policy.ladder()


@pytest.mark.parametrize(
    ("costs", "mini", "standard", "premium"),
    [
        ("", "", "", ""),
        ("1", "", "", "a"),
        ("12", "a", "", "b"),
        ("321", "c", "b", "a"),
        ("1234", "a", "bc", "d"),
        ("12345", "ab", "c", "de"),
        ("1234567", "ab", "cde", "fg"),
        ("111", "a", "b", "c"),
        ("1-2", "a", "", "c"),
    ],
)
def test_the_ladder_of_a_log_is_its_models_by_price_in_thirds_the_cheapest_first(
    costs: str, mini: str, standard: str, premium: str
) -> None:
    log = {name: None if cost == "-" else Decimal(cost) for name, cost in zip("abcdefg", costs, strict=False)}

    expected = Tiers(mini=tuple(mini), standard=tuple(standard), premium=tuple(premium))

    assert ladder_of(log) == expected
    assert ladder_of(dict(reversed(log.items()))) == expected


def test_only_a_policy_that_asks_for_it_gets_the_ladder_of_the_log() -> None:
    log = {"a": Decimal(1), "b": Decimal(2)}
    own = Policy(name="p", tiers=Tiers(mini=("x",)))

    assert on_log(own, log) == own
    assert on_log(own.model_copy(update={"tiers": "log"}), log).tiers == Tiers(mini=("a",), premium=("b",))


# What the environment may change


def test_nothing_set_changes_nothing() -> None:
    policy = Policy(name="p", strategy="balanced", escalation=Escalation(enabled=False, threshold=0.4))

    assert with_overrides(policy) == policy


def test_escalation_may_be_switched_and_its_threshold_set() -> None:
    policy = with_overrides(Policy(name="p"), threshold=0.0, escalate=False)

    assert policy.escalation == Escalation(enabled=False, threshold=0.0)


@pytest.mark.parametrize(
    ("before", "cost_optimization", "after"),
    [
        ("cost", False, "quality-first"),
        ("cheapest", False, "quality-first"),
        ("quality-first", True, "cost"),
        ("balanced", True, "balanced"),
        ("quality-first", None, "quality-first"),
    ],
)
def test_without_cost_optimization_quality_comes_first(
    before: str, *, cost_optimization: bool | None, after: str
) -> None:
    policy = Policy.model_validate({"name": "p", "strategy": before})

    assert with_overrides(policy, cost_optimization=cost_optimization).strategy == after


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_a_threshold_outside_zero_to_one_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="not from 0 to 1"):
        with_overrides(Policy(name="p"), threshold=threshold)
