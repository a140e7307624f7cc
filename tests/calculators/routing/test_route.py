import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from costopt.calculators.routing.complexity import (
    COMPLEX_FROM,
    LEVELS,
    MEDIUM_FROM,
    complexity_key,
    complexity_of,
    explain_complexity,
)
from costopt.calculators.routing.decide import Candidate, Traits, decide
from costopt.calculators.routing.expectation import NamedRouter
from costopt.calculators.routing.facts import Fact, Facts
from costopt.calculators.routing.features import looks
from costopt.calculators.routing.policy import Escalation, Policy, Rule, Tiers, When
from costopt.calculators.routing.request import read_request
from costopt.calculators.routing.route import Terms, route_request
from costopt.calculators.routing.route_result import Cost, Route, Sign
from costopt.calculators.routing.router import Router, Side
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog

NOW = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
SIMPLE = "What is the capital of France?"
COMPLEX = '{"prompt": "Prove it step by step", "input_tokens": 3000, "output_tokens": 100}'


def policy(**fields: Any) -> Policy:  # noqa: ANN401 - passed on
    return Policy(
        **{"name": "p", "tiers": Tiers(mini=("acme-small",), premium=("acme/acme-large",)), **fields}
    )


def routed(catalog: Catalog, text: str, chosen: Policy | None = None, **terms: Any) -> Route:  # noqa: ANN401
    return route_request(read_request(text), chosen or policy(), catalog, Terms(NOW, **terms))


# The decision


def test_a_request_goes_where_its_complexity_leads_by_the_policy(catalog: Catalog) -> None:
    simple, complex_ = routed(catalog, SIMPLE), routed(catalog, COMPLEX)

    assert (simple.model, simple.tier, simple.strategy) == ("acme/acme-small", "mini", "cost")
    assert (complex_.model, complex_.tier) == ("acme/acme-large", "premium")
    assert complex_.reasons == (
        "complexity complex: tier premium",
        "the cheapest of 1 in the tier: $0.03 a request",
    )


def test_it_decides_as_the_simulator_does_on_what_it_expects(catalog: Catalog) -> None:
    route = routed(catalog, COMPLEX, policy(strategy="cheapest"))

    candidates = {each.model: Candidate(each.model, each.cost_usd) for each in route.candidates}
    named = policy(strategy="cheapest", tiers=Tiers(mini=("acme/acme-small",), premium=("acme/acme-large",)))
    decision = decide(named, Traits("complex"), candidates)
    assert route.reasons == decision.reasons
    assert (route.model, route.fallbacks, route.escalation.to) == (
        decision.model,
        decision.fallbacks,
        decision.escalates_to,
    )


def test_rules_ask_for_all_that_a_request_says(catalog: Catalog) -> None:
    rule = Rule(
        when=When(request_type=("chat",), tag=("night*",), tenant=("acme",), endpoint=("/qa",)),
        model="acme-large",
    )
    text = '{"prompt": "Hi", "request_type": "chat", "tag": "nightly", "tenant": "Acme", "endpoint": "/qa"}'

    route = routed(catalog, text, policy(rules=(rule,)))

    assert (route.model, route.rule, route.strategy) == ("acme/acme-large", "#1", "model")
    assert route.steadiness.value == 1


def test_candidates_stand_in_the_order_of_the_policy_with_their_roles(catalog: Catalog) -> None:
    chosen = policy(
        tiers=Tiers(mini=("acme-small",)),
        rules=(Rule(when=When(tag=("x",)), model="acme-large"),),
    )

    route = routed(catalog, SIMPLE, chosen)

    assert [(each.model, each.tier, each.role) for each in route.candidates] == [
        ("acme/acme-small", "mini", "chosen"),
        ("acme/acme-large", None, None),
    ]


def test_fallbacks_and_the_escalation_are_candidates_too(catalog: Catalog) -> None:
    by_tier = Tiers(mini=("acme-small", "acme-large"))

    assert [each.role for each in routed(catalog, SIMPLE, policy(tiers=by_tier)).candidates] == [
        "chosen",
        "fallback",
    ]
    assert [each.role for each in routed(catalog, SIMPLE).candidates] == ["chosen", "escalation"]


def test_two_names_of_one_model_are_one_candidate(catalog: Catalog) -> None:
    route = routed(catalog, SIMPLE, policy(tiers=Tiers(mini=("acme-small",), premium=("acme/acme-small",))))

    assert [(each.model, each.tier) for each in route.candidates] == [("acme/acme-small", "mini")]


def test_where_no_candidate_is_left_there_is_no_model_and_the_reasons_say_why(catalog: Catalog) -> None:
    route = routed(catalog, SIMPLE, policy(rules=(Rule(min_quality=0.9),)))

    assert (route.model, route.tier, route.fallbacks, route.cost) == (None, None, (), None)
    assert route.reasons == (
        "rule #1 matches",
        "`acme/acme-small` passed over: quality unknown, at least 0.9 asked",
        "`acme/acme-large` passed over: quality unknown, at least 0.9 asked",
        "complexity simple: tier mini",
        "no candidate is left",
    )
    assert (route.escalation.to, route.escalation.both) == (None, None)


def test_a_policy_without_models_decides_nothing(catalog: Catalog) -> None:
    route = routed(catalog, SIMPLE, policy(tiers=Tiers()))

    assert (route.model, route.candidates) == (None, ())
    assert "no rule names a model, and the policy has no tiers" in route.reasons


def test_a_model_without_a_price_for_the_request_is_passed_over(catalog: Catalog) -> None:
    route = routed(catalog, '{"prompt": "Hi", "mode": "batch"}')

    assert route.model == "acme/acme-large"
    assert [(each.cost_usd is None, each.unpriced) for each in route.candidates] == [
        (True, "no_rate_for_mode"),
        (False, None),
    ]


def test_an_unknown_model_is_a_mistake(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="`p`: the catalog has no model `acme-smal`"):
        routed(catalog, SIMPLE, policy(tiers=Tiers(mini=("acme-smal",))))


# Cost


def test_the_cost_is_exact_for_the_tokens_given(catalog: Catalog) -> None:
    route = routed(catalog, COMPLEX)

    exact = Decimal("0.032")
    assert route.cost == Cost(cost_usd=exact, low_usd=exact, high_usd=exact)
    assert route.cost_basis == "exact"


@pytest.mark.parametrize("given", ['"input_tokens": 40', '"prompt": "Hi", "output_tokens": 40'])
def test_it_is_estimated_where_either_count_is(catalog: Catalog, given: str) -> None:
    assert routed(catalog, f"{{{given}}}").cost_basis == "estimated"


def test_the_answer_that_is_assumed_can_be_told(catalog: Catalog) -> None:
    route = routed(catalog, '{"input_tokens": 0}', assumed_output=1000)

    assert route.cost == Cost(cost_usd=Decimal("0.002"), low_usd=Decimal("0.0002"), high_usd=Decimal("0.02"))


def test_escalation_says_what_both_calls_cost_and_from_when_one_would_be_cheaper(catalog: Catalog) -> None:
    route = routed(catalog, '{"prompt": "Hi", "input_tokens": 100, "output_tokens": 100}')

    both = Decimal("0.0033")
    assert route.escalation.both == Cost(cost_usd=both, low_usd=both, high_usd=both)
    assert (route.escalation.to, route.escalation.threshold) == ("acme/acme-large", Decimal("0.7"))
    assert route.escalation.break_even_rate == Decimal("0.9")
    assert route.escalation.basis == (
        "the escalation threshold 0.7 has no calibration evidence: no log with both confidence and quality"
    )


def test_a_free_model_has_no_break_even(catalog: Catalog) -> None:
    route = routed(catalog, '{"prompt": "Hi", "input_tokens": 0, "output_tokens": 0}')

    assert route.escalation.to == "acme/acme-large"
    assert route.escalation.break_even_rate is None


def test_escalation_may_be_off(catalog: Catalog) -> None:
    route = routed(catalog, SIMPLE, policy(escalation=Escalation(enabled=False)))

    assert (route.escalation.enabled, route.escalation.to, route.escalation.basis) == (
        False,
        None,
        "escalation is off",
    )


def test_the_time_is_that_of_the_request_else_now(catalog: Catalog) -> None:
    told = routed(catalog, '{"prompt": "Hi", "timestamp": "2026-01-02"}')

    assert told.at == dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    assert routed(catalog, "Hi").at == NOW


# Complexity and steadiness


def test_complexity_says_the_signs_that_make_it(catalog: Catalog) -> None:
    route = routed(catalog, COMPLEX)

    assert route.complexity.level == "complex"
    assert route.complexity.points == 3
    assert route.complexity.signs == (
        Sign(meaning="150 tokens or more", points=1),
        Sign(meaning="2,000 tokens or more", points=1),
        Sign(meaning="asks for reasoning", points=1),
    )


def test_of_messages_the_last_is_what_is_asked_and_their_text_is_what_is_counted(catalog: Catalog) -> None:
    chat = '{"messages": [{"role": "system", "content": "Prove all."}, {"role": "user", "content": "Hello"}]}'

    route = routed(catalog, chat)

    assert [sign.points for sign in route.complexity.signs] == [-1]
    assert route.request.prompt_chars == 15
    assert route.request.input.estimate == 4


@pytest.mark.parametrize("text", [None, "", "Hello", "Prove the theorem: x = 1", "a" * 700, "```\nx\n```"])
@pytest.mark.parametrize("tokens", [None, 10, 150, 2000])
@pytest.mark.parametrize("kind", [None, "embedding", "coding"])
def test_the_points_make_the_level_that_a_log_would_have(
    text: str | None, tokens: int | None, kind: str | None
) -> None:
    guess = explain_complexity(text, tokens, kind)

    known = text is not None or tokens is not None or kind is not None
    by_points = LEVELS[(guess.points >= MEDIUM_FROM) + (guess.points >= COMPLEX_FROM)]
    assert guess.level == complexity_of(text, tokens, kind) == (by_points if known else None)
    size_known = text is not None or tokens is not None
    assert guess.points == sum(sign.points for sign in guess.signs) + (not size_known)


def test_the_length_of_a_prompt_stands_in_for_the_prompt() -> None:
    key = complexity_key(with_prompt=True)
    row: dict[str, Any] = {"request_type": None, "input_tokens": None, "requests": None, "prompt": "Hello"}
    log = pl.DataFrame({**{name: [value] for name, value in row.items()}, "prompt_chars": [9000.0]})

    guess = explain_complexity("Hello", None, None, 9000)

    assert guess.level == log.select(key.value).item() == "medium"
    assert [sign.points for sign in guess.signs] == [1, 1, -1]


def test_steadiness_says_how_much_hangs_on_the_guess(catalog: Catalog) -> None:
    hanging, steady = routed(catalog, SIMPLE), routed(catalog, SIMPLE, policy(strategy="cheapest"))

    assert hanging.steadiness.value == Decimal("0.3333")
    assert steady.steadiness.value == 1
    assert "nothing of the answer's quality" in steady.steadiness.meaning


# Facts and a router

FACTS = Facts(
    "facts.json",
    {
        "acme/acme-small": Fact(Decimal("0.6"), Decimal(200), Decimal("0.99"), Decimal("0.001")),
        "acme/acme-large": Fact(Decimal("0.9"), Decimal(900), None, Decimal("0.02")),
        "own/model": Fact(cost_usd=Decimal(1)),
    },
)


def test_facts_tell_quality_latency_and_reliability(catalog: Catalog) -> None:
    best, fastest = (
        routed(catalog, SIMPLE, policy(strategy=strategy), facts=FACTS)
        for strategy in ("quality-first", "fastest")
    )

    assert (best.model, best.reasons) == ("acme/acme-large", ("the best known quality of 2: 0.9",))
    assert (fastest.model, fastest.facts) == ("acme/acme-small", "facts.json")
    small = fastest.candidates[0]
    assert (small.quality, small.latency_ms, small.reliability) == (
        Decimal("0.6"),
        Decimal(200),
        Decimal("0.99"),
    )


def test_what_no_log_has_told_of_a_model_is_unknown(catalog: Catalog) -> None:
    route = routed(catalog, SIMPLE, facts=Facts("facts.json", {}))

    assert all(each.quality is None and each.latency_ms is None for each in route.candidates)


def test_tiers_of_a_log_are_made_of_the_facts(catalog: Catalog) -> None:
    route = routed(catalog, SIMPLE, policy(tiers="log"), facts=FACTS)

    assert [(each.model, each.tier) for each in route.candidates] == [
        ("acme/acme-small", "mini"),
        ("acme/acme-large", "premium"),
    ]


def test_tiers_of_a_log_need_one_with_costs(catalog: Catalog) -> None:
    with pytest.raises(
        ConfigError, match="the tiers of policy `p` are a log's, and `costopt route` reads none"
    ):
        routed(catalog, SIMPLE, policy(tiers="log"))
    with pytest.raises(ConfigError, match=r"`none\.json` has no cost of a model of the catalog"):
        routed(catalog, SIMPLE, policy(tiers="log"), facts=Facts("none.json", {"acme/acme-small": Fact()}))


def side(intercept: float) -> Side:
    names = looks(pl.Series([""])).columns
    return Side(intercept=intercept, terms=(), looks=(0.0,) * len(names), categories=())


def test_what_a_router_expects_of_this_very_prompt_comes_before_the_means_of_a_log(catalog: Catalog) -> None:
    names = tuple(looks(pl.Series([""])).columns)
    router = Router(
        by=(),
        terms=(),
        idf=(),
        looks=names,
        means=(0.0,) * len(names),
        deviations=(1.0,) * len(names),
        categories=(),
        weak=side(2.0),
        strong=side(1.0),
    )
    learned = NamedRouter("router.json", router, "acme/acme-small", "acme/acme-large")

    told = routed(catalog, SIMPLE, policy(strategy="quality-first"), facts=FACTS, learned=learned)
    untold = routed(
        catalog, '{"input_tokens": 9}', policy(strategy="quality-first"), facts=FACTS, learned=learned
    )

    assert told.model == "acme/acme-small"
    assert [each.quality for each in told.candidates] == [Decimal("0.8808"), Decimal("0.7311")]
    assert told.learned is not None
    assert told.learned.score == Decimal("-0.1497")
    assert (untold.model, untold.learned) == ("acme/acme-large", None)


# What is kept of the policy and the request


def test_a_policy_is_known_by_all_that_it_says(catalog: Catalog) -> None:
    one, same, other = (
        routed(catalog, SIMPLE, each).policy
        for each in (policy(), policy(), policy(escalation=Escalation(threshold=0.6)))
    )

    assert one == same
    assert one.sha256 != other.sha256
    assert (one.name, one.strategy, len(one.sha256)) == ("p", "cost", 64)


def test_the_report_holds_no_prompt(catalog: Catalog) -> None:
    route = routed(catalog, '{"prompt": "my secret", "request_id": "r1", "user": "u", "mode": "batch"}')

    assert "secret" not in route.model_dump_json()
    assert (route.request.request_id, route.request.prompt_chars, route.request.mode) == ("r1", 9, "batch")
    assert route.request.ignored == ("user",)


def test_of_a_request_without_a_prompt_only_its_length_is_known(catalog: Catalog) -> None:
    request = routed(catalog, '{"prompt_chars": 40}').request

    assert (request.prompt_chars, request.prompt_sha256, request.unread_parts) == (40, None, 0)
