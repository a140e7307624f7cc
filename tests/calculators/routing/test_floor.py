import pytest
from summing import looked_at

from costopt.calculators.routing.cells import Seen, Segment, Target, everything_to
from costopt.calculators.routing.floor import FloorAnswer, Route, cheapest_above
from costopt.calculators.routing.ladder import Costs
from costopt.errors import ConfigError

X: Segment = ("x",)
Y: Segment = ("y",)
COSTS: Costs = {X: {"mini": 100, "top": 1000}, Y: {"mini": 100, "top": 1000}}

# In x, mini is nearly as good as top; in y it is not.
LOG = """tag,model,half,requests,quality
x,mini,0,500,0.88
x,mini,1,500,0.88
x,top,0,500,0.9
x,top,1,500,0.9
y,mini,0,500,0.4
y,mini,1,500,0.4
y,top,0,500,0.9
y,top,1,500,0.9
"""


def routes(answer: FloorAnswer) -> dict[Segment, dict[str, int]]:
    assert answer.routes is not None
    return {route.segment: route.millionths for route in answer.routes}


def test_what_hardly_loses_is_routed_to_the_cheaper_model() -> None:
    found = cheapest_above(looked_at(LOG), COSTS, 0.85)

    assert routes(found)[X] == {"mini": 1_000_000}
    assert routes(found)[Y]["top"] > 900_000
    assert found.reason is None
    assert found.estimate is not None
    assert found.margin is not None
    assert found.margin_low is not None
    assert found.estimate - 0.85 == pytest.approx(found.margin, abs=1e-5)
    assert 0 <= found.margin_low < found.margin


def test_the_cost_is_that_of_the_routes() -> None:
    found = cheapest_above(looked_at(LOG), COSTS, 0.85)
    y = routes(found)[Y]

    assert found.cost_pico == (100 * 10**6 + 100 * y.get("mini", 0) + 1000 * y["top"]) // (2 * 10**6)


def test_a_low_floor_takes_the_cheapest() -> None:
    found = cheapest_above(looked_at(LOG), COSTS, 0.5)

    assert routes(found) == {X: {"mini": 1_000_000}, Y: {"mini": 1_000_000}}
    assert found.cost_pico == 100


def test_what_one_half_promises_and_the_other_does_not_keep_is_not_routed() -> None:
    flattered = LOG.replace("x,mini,1,500,0.88", "x,mini,1,500,0.5").replace(
        "y,mini,0,500,0.4", "y,mini,0,500,0.3"
    )

    found = cheapest_above(looked_at(flattered), COSTS, 0.85)

    assert routes(found)[X].get("mini", 0) < 150_000


def test_a_floor_that_nothing_meets_is_refused() -> None:
    found = cheapest_above(looked_at(LOG), COSTS, 0.95)

    assert found == FloorAnswer(
        floor=0.95,
        estimate=0.9,
        margin=-0.05,
        margin_low=found.margin_low,
        assumption="no hidden selection: within a segment, the choice of the model had nothing to do with the request",
        reason="where routing starts, the quality is 0.050 below the floor",
    )


def test_too_few_scores_are_refused_with_how_many_would_do() -> None:
    found = cheapest_above(looked_at(LOG.replace("500", "50")), COSTS, 0.88)

    assert found.routes is None
    assert found.reason == (
        "where routing starts, the quality is 0.020 above the floor, but there are too few scores to be sure: "
        "about 9.1 times as many would do"
    )


def test_a_share_of_a_baseline_is_told_by_the_same_scores() -> None:
    few = looked_at(LOG.replace("500", "50"))

    found = cheapest_above(few, COSTS, 0.95, everything_to("top", [X, Y]))

    assert routes(found)[X]["mini"] > 0
    assert found.floor == 0.95


def test_the_whole_of_a_baseline_is_kept_by_itself() -> None:
    worse = LOG.replace("0.88", "0.7")

    found = cheapest_above(looked_at(worse), COSTS, 1.0, everything_to("top", [X, Y]))

    assert routes(found) == {X: {"top": 1_000_000}, Y: {"top": 1_000_000}}


def test_a_baseline_may_be_what_was_logged() -> None:
    seen = looked_at(LOG)

    found = cheapest_above(seen, COSTS, 0.97, {segment: seen.shares(segment) for segment in seen.cells})

    assert routes(found)[X]["mini"] > 500_000
    assert found.cost_pico is not None
    assert found.cost_pico < 550


@pytest.mark.parametrize(
    ("baseline", "reason"),
    [
        (everything_to("other", [X, Y]), "the baseline has too few scores or no price: other"),
        (everything_to("top", [X]), "the baseline has too few scores or no price: a segment is missing"),
    ],
)
def test_a_baseline_that_is_not_known_is_refused(baseline: Target, reason: str) -> None:
    assert cheapest_above(looked_at(LOG), COSTS, 0.9, baseline).reason == reason


def test_segments_without_scores_are_refused() -> None:
    found = cheapest_above(looked_at(LOG + "z,mini,0,1000,\n"), COSTS, 0.5)

    assert found.routes is None
    assert found.unrouted_share == pytest.approx(0.2)
    assert (
        found.reason
        == "20 % of the requests are of kinds for which no priced model has 5 scores in each half"
    )


def test_a_small_segment_without_scores_stays_and_counts_as_0() -> None:
    seen = looked_at(LOG + "z,mini,0,100,\n")

    whole, found = cheapest_above(looked_at(LOG), COSTS, 0.5), cheapest_above(seen, COSTS, 0.5)

    assert routes(found).keys() == {X, Y}
    assert whole.estimate is not None
    assert found.estimate == pytest.approx(whole.estimate * 4000 / 4100, abs=1e-6)


def test_a_small_segment_without_scores_may_have_been_perfect_with_the_baseline() -> None:
    seen = looked_at(LOG.replace("0.88", "0.7") + "z,mini,0,100,\n")

    found = cheapest_above(seen, COSTS, 1.0, everything_to("top", [X, Y]))

    assert found.margin == pytest.approx(-100 / 4100, abs=1e-6)


def test_a_model_that_is_clearly_better_in_one_segment_starts_there() -> None:
    special = LOG.replace("y,top,0,500,0.9", "y,top,0,500,0.2").replace("y,top,1,500,0.9", "y,top,1,500,0.2")

    found = cheapest_above(looked_at(special), COSTS, 0.6)

    assert routes(found)[Y] == {"mini": 1_000_000}


def test_a_segment_without_the_best_model_has_its_own() -> None:
    lacking = LOG.replace("y,top", "y,extra")

    found = cheapest_above(looked_at(lacking), {**COSTS, Y: {"mini": 100, "extra": 900}}, 0.85)

    assert routes(found)[Y]["extra"] > 900_000


def test_few_scores_in_a_half_are_none() -> None:
    found = cheapest_above(
        looked_at(LOG + "x,new,0,100,1\nx,new,1,4,1\n"), {**COSTS, X: {**COSTS[X], "new": 1}}, 0.5
    )

    assert "new" not in routes(found)[X]


def test_models_without_a_price_are_not_chosen() -> None:
    assert "mini" not in routes(cheapest_above(looked_at(LOG), {X: {"top": 1}, Y: {"top": 1}}, 0.5))[X]


WEIGHTED = """tag,model,half,requests,quality,propensity
x,mini,0,450,0.9,0.9
x,mini,1,450,0.9,0.9
x,top,0,50,0.95,0.1
x,top,1,50,0.95,0.1
x,mini,0,50,0.3,0.1
x,mini,1,50,0.3,0.1
x,top,0,450,0.95,0.9
x,top,1,450,0.95,0.9
"""


def test_known_propensities_undo_what_flatters_the_cheaper_model() -> None:
    weighted = cheapest_above(looked_at(WEIGHTED), COSTS, 0.8)
    plain = cheapest_above(looked_at(WEIGHTED.replace("propensity", "was")), COSTS, 0.8)

    assert routes(plain)[X] == {"mini": 1_000_000}
    assert routes(weighted)[X]["mini"] < 500_000
    assert weighted.assumption == "the logged propensities are those with which the router chose"


def test_scores_drawn_by_lot_need_no_assumption_about_the_router() -> None:
    assert (
        cheapest_above(looked_at(LOG), COSTS, 0.85, at_random=True).assumption
        == "what was scored was drawn by lot"
    )


@pytest.mark.parametrize("floor", [-0.1, 95])
def test_a_floor_that_is_no_share_is_an_error(floor: float) -> None:
    with pytest.raises(ConfigError, match="A quality floor is from 0 to 1"):
        cheapest_above(looked_at(LOG), COSTS, floor)


def test_an_empty_log_has_no_policy() -> None:
    assert cheapest_above(Seen({}), COSTS, 0.5).reason is not None


def test_routes_are_in_millionths() -> None:
    assert sum(Route(segment=X, millionths={"mini": 250_000, "top": 750_000}).millionths.values()) == 10**6
