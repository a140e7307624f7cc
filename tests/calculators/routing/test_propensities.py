import pytest
from summing import looked_at

from costopt.calculators.routing.cells import everything_to
from costopt.calculators.routing.intervals import wilson
from costopt.calculators.routing.propensities import Weighted, doubly_robust, snips

# Of 1,000 easy requests (of which weak answers 0.9) and 1,000 hard ones (0.3), the router sees which is which and
# gives the hard ones to strong nine times of ten: weak looks like 0.84 and is worth 0.6.
SELECTED = """tag,model,half,requests,quality,propensity
x,weak,0,450,0.9,0.9
x,weak,1,450,0.9,0.9
x,strong,0,50,1,0.1
x,strong,1,50,1,0.1
x,weak,0,50,0.3,0.1
x,weak,1,50,0.3,0.1
x,strong,0,450,0.8,0.9
x,strong,1,450,0.8,0.9
"""
ALL_WEAK = everything_to("weak", [("x",)])


def estimated(found: Weighted | str) -> Weighted:
    assert isinstance(found, Weighted)
    return found


@pytest.mark.parametrize("estimate", [snips, doubly_robust])
def test_selection_that_is_logged_is_undone(estimate) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    seen = looked_at(SELECTED)

    found = estimated(estimate(seen, ALL_WEAK))

    assert seen.cell(("x",), "weak").quality == pytest.approx(0.84)
    assert found.mean.value == pytest.approx(0.6)
    low, high = wilson(found.mean)
    assert 0.52 < low < 0.6 < high < 0.68


def test_the_effective_sample_size_is_that_of_kish() -> None:
    # weights: 900 times 1/0.9, 100 times 1/0.1
    assert estimated(snips(looked_at(SELECTED), ALL_WEAK)).effective == pytest.approx(
        (1000 + 1000) ** 2 / (900 / 0.81 + 100 / 0.01), rel=1e-4
    )


def test_where_every_choice_was_certain_the_estimate_is_the_mean() -> None:
    seen = looked_at("tag,model,half,requests,quality,propensity\nx,a,0,100,0.7,1\nx,a,1,100,0.8,1\n")

    found = estimated(doubly_robust(seen, everything_to("a", [("x",)])))

    assert found.mean.value == pytest.approx(0.75)
    assert found.effective == pytest.approx(200)
    assert found.change is not None
    assert found.change.value == pytest.approx(0.5)


def test_a_change_is_told_from_the_same_requests() -> None:
    found = estimated(doubly_robust(looked_at(SELECTED), ALL_WEAK))

    # what was logged is (900 * 0.9 + 100 * 1 + 100 * 0.3 + 900 * 0.8) / 2000 = 0.83
    assert found.change is not None
    assert 2 * found.change.value - 1 == pytest.approx(0.6 - 0.83)


def test_a_small_change_has_a_closer_interval_than_either_value() -> None:
    even = """tag,model,half,requests,quality,propensity
x,weak,0,500,0.8,0.5
x,weak,1,500,0.8,0.5
x,strong,0,500,0.8,0.5
x,strong,1,500,0.8,0.5
"""
    found = estimated(doubly_robust(looked_at(even), ALL_WEAK))

    assert found.change is not None
    (low, high), (least, most) = wilson(found.mean), wilson(found.change)
    assert 2 * (most - least) < 0.8 * (high - low)


def test_a_change_is_not_told_where_scores_have_no_propensity() -> None:
    seen = looked_at(SELECTED + "x,weak,0,100,0.9,\n")

    assert estimated(doubly_robust(seen, ALL_WEAK)).change is None


def test_a_change_is_not_told_where_a_model_has_no_score() -> None:
    unscored = SELECTED.replace(",1,0.1", ",,0.1").replace(",0.8,0.9", ",,0.9")

    assert estimated(doubly_robust(looked_at(unscored), ALL_WEAK)).change is None


def test_requests_without_a_score_are_like_those_with_one() -> None:
    scored = looked_at(SELECTED)
    half = looked_at(
        SELECTED
        + """x,weak,0,450,,0.9
x,weak,1,450,,0.9
x,weak,0,50,,0.1
x,weak,1,50,,0.1
x,strong,0,500,,0.5
x,strong,1,500,,0.5
"""
    )

    assert estimated(doubly_robust(half, ALL_WEAK)).mean.value == pytest.approx(
        estimated(doubly_robust(scored, ALL_WEAK)).mean.value
    )


def test_segments_weigh_by_all_their_requests_not_by_those_with_a_propensity() -> None:
    seen = looked_at("""tag,model,half,requests,quality,propensity
x,a,0,50,1,0.5
x,a,1,50,1,0.5
x,b,0,50,1,0.5
x,b,1,50,1,0.5
y,a,0,50,0,0.5
y,a,1,50,0,0.5
y,b,0,50,0,0.5
y,b,1,50,0,0.5
y,b,0,400,,
""")

    assert estimated(snips(seen, everything_to("a", [("x",), ("y",)]))).mean.value == pytest.approx(0.25)


def test_without_halves_the_doubly_robust_estimate_is_the_weighted_mean() -> None:
    seen = looked_at(SELECTED.replace("half", "was"))

    assert estimated(doubly_robust(seen, ALL_WEAK)).mean.value == pytest.approx(
        estimated(snips(seen, ALL_WEAK)).mean.value
    )


def test_a_split_segment_weighs_its_models_by_their_shares() -> None:
    found = estimated(snips(looked_at(SELECTED), {("x",): {"weak": 0.5, "strong": 0.5}}))

    assert found.mean.value == pytest.approx(0.5 * 0.6 + 0.5 * 0.9)


def test_a_half_without_the_model_is_told_by_the_other_half() -> None:
    seen = looked_at("""tag,model,half,requests,quality,propensity
x,a,0,100,0.5,0.5
x,b,0,50,0.9,0.5
x,b,1,50,0.9,0.5
""")

    assert estimated(doubly_robust(seen, everything_to("a", [("x",)]))).mean.value == pytest.approx(0.5)


def test_a_share_of_a_model_that_was_never_used_has_no_part_in_the_estimate() -> None:
    found = estimated(doubly_robust(looked_at(SELECTED), {("x",): {"weak": 1.0, "other": 0.0}}))

    assert found.mean.value == pytest.approx(0.6)


def test_few_requests_are_no_evidence() -> None:
    seen = looked_at("tag,model,requests,quality,propensity\nx,a,5,1,0.5\nx,b,5,1,0.5\n")

    assert snips(seen, everything_to("a", [("x",)])) == "the effective sample size is 5.0, below 10"


def test_none_at_all_are_none() -> None:
    seen = looked_at("tag,model,requests,quality\nx,a,5,1\n")

    assert snips(seen, everything_to("a", [("x",)])) == "the effective sample size is 0.0, below 10"
