import pytest
from summing import looked_at

from costopt.calculators.routing.ladder import Costs
from costopt.calculators.routing.traps import (
    Trap,
    dear_baseline,
    dominated_tiers,
    no_better_than_random,
    no_overlap,
    simpson_reversals,
)

USD = 10**12

# No overlap


def test_segments_of_one_scored_model_do_not_overlap() -> None:
    found = no_overlap(looked_at("tag,model,requests,quality\nx,a,60,0.9\nx,b,10,\ny,a,20,0.9\ny,b,10,0.8\n"))

    assert found == Trap(
        name="no overlap",
        text="70 % of the requests are of kinds that at most one model has scores for",
        evidence={"share": 0.7, "segments": 1},
    )


@pytest.mark.parametrize(
    "csv",
    [
        "tag,model,requests,quality\nx,a,60,0.9\nx,b,10,0.5\ny,a,3,0.9\n",
        "tag,model,requests\nx,a,60\n",
    ],
    ids=["a small one", "no scores"],
)
def test_there_may_be_nothing_to_say_of_overlap(csv: str) -> None:
    assert no_overlap(looked_at(csv)) is None


# Simpson reversal

SIMPSON = """tag,model,requests,quality
easy,weak,900,0.9
easy,strong,100,0.98
hard,weak,100,0.3
hard,strong,900,0.6
"""


def test_a_weak_model_that_was_given_the_easy_requests_looks_ahead() -> None:
    (found,) = simpson_reversals(looked_at(SIMPSON))

    assert found.name == "Simpson reversal"
    assert found.text == (
        "`weak` scores 20.2 points more than `strong` over all requests, and 19.0 less on requests of the same kind: "
        "it was given the easier ones"
    )
    assert found.evidence["ahead"] == "weak"
    assert found.evidence["difference_over_all"] == pytest.approx(0.202)
    assert found.evidence["difference_within_segments"] == pytest.approx(-0.19)


def test_it_is_found_whichever_is_named_first() -> None:
    (found,) = simpson_reversals(looked_at(SIMPSON.replace("weak", "basic")))

    assert (found.evidence["ahead"], found.evidence["behind"]) == ("basic", "strong")


@pytest.mark.parametrize(
    "csv",
    [
        SIMPSON.replace("00", ""),
        "tag,model,requests,quality\nx,a,500,0.9\nx,b,500,0.6\ny,a,500,0.5\ny,b,500,0.2\n",
        "tag,model,requests,quality\nx,a,500,0.9\ny,b,500,0.6\n",
    ],
    ids=["too few to be sure", "ahead everywhere", "no common segment"],
)
def test_no_reversal_is_claimed_without_evidence(csv: str) -> None:
    assert simpson_reversals(looked_at(csv)) == ()


# Dominated tier

TIERS = """tag,model,requests,quality
x,mini,1000,0.8
x,mid,1000,0.7
x,top,1000,0.95
"""
COSTS: Costs = {("x",): {"mini": USD // 1000, "mid": USD // 200, "top": USD // 100}}


def test_a_dearer_model_that_is_worse_is_dominated() -> None:
    (found,) = dominated_tiers(looked_at(TIERS), COSTS)

    assert found.name == "dominated tier"
    assert found.text == "`mid` costs 5.0 times as much as `mini` and scores at least 6.2 points less"
    assert (found.evidence["model"], found.evidence["dominated_by"]) == ("mid", "mini")
    assert (found.evidence["cost_pico"], found.evidence["other_cost_pico"]) == (USD // 200, USD // 1000)


def test_a_dearer_model_that_is_hardly_better_is_dominated() -> None:
    same = "tag,model,requests,quality\nx,mini,100000,0.8\nx,top,100000,0.803\n"

    (found,) = dominated_tiers(looked_at(same), COSTS)

    assert found.text.endswith("and is at most 0.6 points better")


def test_the_cheapest_of_those_that_dominate_is_named() -> None:
    costs: Costs = {("x",): {**COSTS["x",], "mid": USD}}
    (found,) = dominated_tiers(looked_at(TIERS), costs)

    assert found.evidence["dominated_by"] == "mini"


def test_few_scores_dominate_nothing() -> None:
    assert dominated_tiers(looked_at(TIERS.replace("1000", "10")), COSTS) == ()


@pytest.mark.parametrize("costs", [{}, {("x",): {"mini": 1}}], ids=["none", "of one"])
def test_models_without_a_cost_are_not_compared(costs: Costs) -> None:
    assert dominated_tiers(looked_at(TIERS), costs) == ()


def test_models_are_compared_only_where_both_were_used() -> None:
    seen = looked_at("tag,model,requests,quality\nx,mini,900,0.9\nx,top,900,0.6\ny,top,900,0.99\n")
    costs: Costs = {("x",): {"mini": 1, "top": 2}, ("y",): {"mini": 1, "top": 2}}

    (found,) = dominated_tiers(seen, costs)

    assert found.evidence["difference"] == pytest.approx(-0.3)


def test_models_that_share_no_segment_are_not_compared() -> None:
    costs: Costs = {("x",): {"a": 2, "b": 1}, ("y",): {"a": 2, "b": 1}}

    assert dominated_tiers(looked_at("tag,model,requests,quality\nx,a,500,0.1\ny,b,500,0.9\n"), costs) == ()


# Baseline dearer than any model used


def test_a_baseline_that_nobody_pays_is_named() -> None:
    used = {"mini": 150_000_000, "standard": 300_000_000, "premium": 1_500_000_000}

    found = dear_baseline("the stated baseline", 15_000_000_000, used)

    assert found is not None
    assert found.name == "baseline dearer than any model used"
    assert found.text == "the stated baseline costs 10.0 times as much as the dearest model used, `premium`"


def test_a_baseline_above_free_models_has_no_ratio() -> None:
    found = dear_baseline("frontier", 10_000_000, {"free": 0})

    assert found is not None
    assert found.text == "frontier costs more than the dearest model used, `free`"


@pytest.mark.parametrize("used", [{"premium": 15}, {"mini": 1, "premium": 20}, {}])
def test_a_baseline_that_is_used_is_fair(used: dict[str, int]) -> None:
    assert dear_baseline("frontier", 15, used) is None


# Router no better than matched random

USELESS = """tag,model,requests,quality
x,weak,900,0.8
x,strong,100,0.9
y,weak,100,0.8
y,strong,900,0.9
"""
USEFUL = USELESS.replace("y,weak,100,0.8", "y,weak,100,0.3")


def test_routing_that_gains_nothing_over_a_lot_is_named() -> None:
    found = no_better_than_random(looked_at(USELESS))

    assert found is not None
    assert found.name == "router no better than matched random"
    assert found.text.startswith(
        "the same shares of the models drawn by lot would change the mean score by 0.0 points (−"
    )
    assert found.evidence["basis"] == "overlap"


def test_routing_that_is_better_than_a_lot_is_not() -> None:
    assert no_better_than_random(looked_at(USEFUL)) is None


def test_routing_by_something_that_is_no_segment_cannot_be_told_without_propensities() -> None:
    assert (
        no_better_than_random(looked_at("tag,model,requests,quality\nx,weak,500,0.8\nx,strong,500,0.9\n"))
        is None
    )


def test_routing_is_not_told_without_overlap() -> None:
    assert (
        no_better_than_random(looked_at("tag,model,requests,quality\nx,weak,500,0.8\ny,strong,500,0.9\n"))
        is None
    )


def test_with_propensities_skill_within_a_segment_shows() -> None:
    skilled = """tag,model,half,requests,quality,propensity
x,weak,0,450,0.9,0.9
x,weak,1,450,0.9,0.9
x,strong,0,50,1,0.1
x,strong,1,50,1,0.1
x,weak,0,50,0.3,0.1
x,weak,1,50,0.3,0.1
x,strong,0,450,0.9,0.9
x,strong,1,450,0.9,0.9
"""
    unskilled = skilled.replace("50,0.3", "50,0.9")

    assert no_better_than_random(looked_at(skilled)) is None
    found = no_better_than_random(looked_at(unskilled))
    assert found is not None
    assert found.evidence["basis"] == "propensities"
