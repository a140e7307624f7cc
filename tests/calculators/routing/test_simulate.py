from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from costopt.calculators.routing.policy import Escalation, Policy, Rule, Tiers, When, renamed
from costopt.calculators.routing.simulate import Simulation, Terms, plan
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog

Simulated = Callable[..., Simulation]
HEAD = "request_id,timestamp,model,input_tokens,output_tokens,request_type"
SMALL, LARGE = "acme/acme-small", "acme/acme-large"
TIERED = Policy(name="tiered", tiers=Tiers(mini=(SMALL,), premium=(LARGE,)))
EVERYTHING_SMALL = Policy(name="small", strategy="cheapest", tiers=Tiers(mini=(SMALL,)))
STEADY = Policy(name="steady", tiers=TIERED.tiers, escalation=Escalation(enabled=False))


def log(*lines: str, more: str = "") -> str:
    """A log of requests, a second apart; a line is all but its id and time."""
    rows = (
        f"r{at},2026-10-01T{8 + at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z,{line}"
        for at, line in enumerate(lines)
    )
    return "\n".join([HEAD + more, *rows])


# The plan


def test_what_is_added_up_is_planned_before_a_log_is_read(priced: Catalog) -> None:
    planned = plan(Terms((TIERED,), ("logged", "gpt-one"), by=("tag",)), priced)

    assert [rollup.name for rollup in planned.rollups] == ["routes", "attempts"]
    assert planned.columns == ("complexity", "request_type", "tag")
    assert [*planned.numbers] == [SMALL, LARGE, "gpt-one"]


def test_a_policys_model_that_is_not_in_the_catalog_is_refused(priced: Catalog) -> None:
    policy = Policy(name="p", tiers=Tiers(mini=("acme/acme-smal",)))

    with pytest.raises(ConfigError, match="acme-smal") as caught:
        plan(Terms((policy,), ()), priced)
    assert caught.value.hint == "did you mean `acme/acme-small`?"


def test_a_baseline_that_is_not_in_the_catalog_is_refused(priced: Catalog) -> None:
    with pytest.raises(ConfigError, match="unheard-of"):
        plan(Terms((TIERED,), ("logged", "unheard-of")), priced)


def test_a_column_that_cannot_make_segments_is_refused(priced: Catalog) -> None:
    with pytest.raises(ConfigError, match="not split by `model`"):
        plan(Terms((TIERED,), (), by=("model",)), priced)


# The result


def test_policies_are_compared_with_baselines_on_the_same_requests(simulated: Simulated) -> None:
    requests = log(
        "acme-large,100,100,chat", "acme-large,2000000,0,chat", "acme-new,9,9,chat", "acme-large,9,0,embed"
    )

    found = simulated(requests, [TIERED, EVERYTHING_SMALL], ["logged", "frontier", "best-single", "gpt-one"])

    assert (found.requests, found.left_out, found.other_kinds) == (2, 1, 1)
    assert found.by == ("complexity", "request_type")
    assert found.logged_usd == Decimal("20.003")
    assert [(each.name, each.model) for each in found.baselines] == [
        ("logged", None),
        ("frontier", LARGE),
        ("best-single", None),
        ("gpt-one", "openai/gpt-one"),
    ]
    assert [(each.policy, each.cost_usd) for each in found.policies] == [
        ("tiered", Decimal("20.0003")),
        ("small", Decimal("2.0003")),
    ]
    assert [each.baseline for each in found.policies[0].savings] == ["logged", "frontier", "gpt-one"]


def test_what_is_not_asked_for_is_not_there(simulated: Simulated) -> None:
    found = simulated(log("acme-large,9,9,chat"), [TIERED])

    assert (found.cascade, found.router, found.floor, found.verified) == (None, None, None, None)
    assert found.shadow_pairs == 0


def test_an_empty_log_costs_nothing(simulated: Simulated) -> None:
    found = simulated(HEAD, [TIERED, STEADY], ["logged", "frontier", "best-single"])

    assert [found.requests, found.logged_usd, found.policies[0].cost_usd] == [0, 0, 0]
    assert (found.alternatives, found.ratios, found.frontier) == ((), (), ())


def test_cheaper_models_are_those_of_the_log_and_of_policies(simulated: Simulated) -> None:
    found = simulated(log("acme-large,9,9,chat", "acme-small,9,9,qa"), [Policy(name="p")], ["google/nightly"])

    assert {(each.segment["request_type"], each.model) for each in found.alternatives} == {
        ("chat", SMALL),
        ("chat", "google/nightly"),
    }


def test_what_costs_assume_of_tokens_is_told_for_each_pair_of_models(simulated: Simulated) -> None:
    found = simulated(log("acme-large,9,9,chat"), [TIERED])

    assert [(each.source, each.target, each.output.basis) for each in found.ratios] == [
        (LARGE, LARGE, "same model"),
        (LARGE, SMALL, "table"),
    ]


# Names


def test_a_model_by_any_of_its_names_is_the_catalogs(simulated: Simulated) -> None:
    tiers = Tiers(mini=("acme-small",), premium=("acme-large",))
    rule = Rule(when=When(request_type=("qa",)), model="gpt-one")

    found = simulated(
        log("acme-large,9,9,chat", "acme-large,9,9,qa"), [Policy(name="p", tiers=tiers, rules=(rule,))]
    )

    assert [each.name for each in found.policies[0].models] == [SMALL, "openai/gpt-one"]
    assert found.policies[0].segments[-1].escalates_to == LARGE


def test_of_two_names_of_one_model_the_first_stays() -> None:
    named = {"a": "acme/a", "A": "acme/a", "b": "acme/b", "alias": "acme/a"}
    rule = Rule(model="alias")
    policy = Policy(
        name="p", tiers=Tiers(mini=("a", "A"), premium=("alias", "b")), rules=(rule, Rule(tier="mini"))
    )

    found = renamed(policy, named)

    assert found.ladder() == (("acme/a",), (), ("acme/b",))
    assert [each.model for each in found.rules] == ["acme/a", None]


def test_the_frontier_is_the_first_model_of_the_strongest_tier_that_any_policy_has(
    simulated: Simulated,
) -> None:
    policies = [Policy(name="none"), EVERYTHING_SMALL, TIERED]

    (frontier,) = simulated(log("acme-large,9,9,chat"), policies, ["frontier"]).baselines

    assert frontier.model == SMALL


def test_without_tiers_there_is_no_frontier(simulated: Simulated) -> None:
    (frontier,) = simulated(log("acme-large,9,9,chat"), [Policy(name="none")], ["frontier"]).baselines

    assert (frontier.model, frontier.reason) == (None, "no policy has tiers")


# Escalation

JUDGED = [
    f"acme-small,9,9,chat,{confidence},{quality}"
    for confidence, quality in (("0.9", 1), ("0.5", 0))
    for _ in range(15 if quality else 10)
]
"""Confidence that tells the 15 good answers from the 10 bad ones."""


def test_a_policy_that_does_not_escalate_pays_once(simulated: Simulated) -> None:
    found = simulated(log("acme-large,1000000,0,classify"), [STEADY])

    escalated = found.policies[0].escalated
    assert (escalated.basis, escalated.cost_usd) == ("escalation is off", found.policies[0].cost_usd)
    assert found.calibrations == {}


def test_as_many_requests_escalate_as_are_asked_for(simulated: Simulated) -> None:
    judged = log(*JUDGED, more=",confidence,quality")

    escalated = simulated(judged, [TIERED], escalated=Decimal("0.25")).policies[0].escalated

    assert (escalated.basis, escalated.rate) == ("as asked for", Decimal("0.25"))


def test_as_many_requests_escalate_as_confidence_that_is_calibrated_says(simulated: Simulated) -> None:
    found = simulated(log(*JUDGED, more=",confidence,quality"), [TIERED])

    assert found.calibrations["tiered"].is_calibrated
    escalated = found.policies[0].escalated
    assert escalated.rate == Decimal("0.4")
    assert escalated.basis == "measured: the log's answers with a confidence below 0.7"


def test_where_nothing_is_known_a_tenth_is_taken_to_escalate(simulated: Simulated) -> None:
    found = simulated(log("acme-large,9,9,chat"), [TIERED])

    escalated = found.policies[0].escalated
    assert (escalated.rate, escalated.basis) == (Decimal("0.1"), "assumed: the log does not show it")


def test_what_later_attempts_cost_is_told(simulated: Simulated) -> None:
    attempts = log("acme-small,1000000,0,chat,1", "acme-large,1000000,0,chat,2", more=",attempt")

    cascade = simulated(attempts, [TIERED]).cascade

    assert cascade is not None
    assert [each.cost_usd for each in cascade.attempts] == [1, 10]


# Quality


def scored(*qualities: tuple[str, float], count: int = 60, more: Sequence[str] = ()) -> str:
    """A log of so many requests to each model with a score, half of them 0.1 above and half below its mean."""
    lines = [
        f"{model},9,9,chat,{quality + (0.1 if at % 2 else -0.1):.2f}"
        for model, quality in qualities
        for at in range(count)
    ]
    return log(*lines, *more, more=",quality")


def test_quality_is_claimed_of_the_requests_that_costs_are_of(simulated: Simulated) -> None:
    alone = scored(("acme-large", 0.8), ("acme-small", 0.6))
    others = ["unheard-of,9,9,chat,"] * 99 + ["acme-large,9,9,embedding,"] * 99

    claims = [
        simulated(text, [EVERYTHING_SMALL]).policies[0].quality
        for text in (alone, scored(("acme-large", 0.8), ("acme-small", 0.6), more=others))
    ]

    assert claims[0] == claims[1]
    assert (claims[0].basis, claims[0].estimate, claims[0].unseen_share) == ("overlap", 0.6, 0)


def test_the_best_single_model_is_that_of_the_best_scores(simulated: Simulated) -> None:
    (best,) = simulated(scored(("acme-large", 0.8), ("acme-small", 0.6)), [TIERED], ["best-single"]).baselines

    assert best.model == LARGE


def both(prompts: int, prompt: str = "") -> str:
    """A log of prompts that both models served: the small one writes half as much, and is as good."""
    lines = [
        f"{model},100,{tokens + at % 3 * 10},chat,0.{5 + at % 2},{at},{prompt}"
        for at in range(prompts)
        for model, tokens in (("acme-large", 200), ("acme-small", 90))
    ]
    return log(*lines, more=",quality,prompt_hash,prompt")


@pytest.mark.parametrize("prompt", ["", '"Prove the theorem step by step: \\frac{a}{b}"'])
def test_prompts_that_both_models_served_tell_tokens_and_quality(simulated: Simulated, prompt: str) -> None:
    found = simulated(both(40, prompt), [EVERYTHING_SMALL])

    assert found.shadow_pairs == 40
    ratio = next(each for each in found.ratios if (each.source, each.target) == (LARGE, SMALL))
    assert (ratio.output.basis, ratio.output.count, round(ratio.output.estimate, 2)) == ("pairs", 40, 0.48)
    (outcome,) = found.policies
    assert (outcome.quality.basis, outcome.quality.change) == ("pairs", 0)


def test_without_a_sample_there_are_no_pairs(simulated: Simulated) -> None:
    found = simulated(both(40), [EVERYTHING_SMALL], sampling=False)

    assert found.shadow_pairs == 0
    assert found.policies[0].quality.basis == "overlap"


def test_the_cheapest_routing_above_a_floor_is_one_more_policy(simulated: Simulated) -> None:
    requests = scored(("acme-large", 0.8), ("acme-small", 0.6), count=400)

    reached = simulated(requests, [TIERED], floor=0.5)
    missed = simulated(requests, [TIERED], floor=0.95)

    assert [each.policy for each in reached.policies] == ["tiered", "floor 0.5"]
    assert reached.policies[1].models[0].name == SMALL
    assert reached.verified is not None
    assert [each.policy for each in missed.policies] == ["tiered"]
    assert missed.floor is not None
    assert missed.verified is None


def test_what_looks_right_and_is_not_is_told(simulated: Simulated) -> None:
    found = simulated(log("acme-large,9,9,chat"), [TIERED], ["9/request"])

    assert "baseline dearer than any model used" in [each.name for each in found.traps]
