import io
from typing import get_args

import polars as pl
import pytest
from summing import looked_at

from costopt.calculators.routing.cells import Seen, Target, everything_to
from costopt.calculators.routing.estimates import Prior, claim, claims
from costopt.calculators.routing.evidence import QualityBasis
from costopt.calculators.routing.matrix import naive_mean
from costopt.calculators.routing.pairs import Pairs, read_pairs

WEAK = everything_to("weak", [("x",), ("y",)])


def pairs_of(csv: str) -> Pairs:
    return read_pairs(pl.read_csv(io.StringIO(csv), infer_schema_length=None), ["tag"])


# The claims table, row by row

TOKENS = "tag,model,requests\nx,weak,500\nx,strong,500\n"
NO_OVERLAP = "tag,model,requests,quality\nx,weak,500,0.9\ny,strong,500,0.8\n"
OVERLAP = """tag,model,requests,quality
x,weak,400,0.9
x,strong,100,1
y,weak,100,0.3
y,strong,400,0.8
"""
EXPLORED = """tag,model,half,requests,quality,propensity
x,weak,0,200,0.9,0.8
x,weak,1,200,0.9,0.8
x,strong,0,50,1,0.2
x,strong,1,50,1,0.2
y,weak,0,50,0.3,0.2
y,weak,1,50,0.3,0.2
y,strong,0,200,0.8,0.8
y,strong,1,200,0.8,0.8
"""
PAIRS = (
    "tag,model_a,quality_a,model_b,quality_b\n"
    + "x,strong,1,weak,1\n" * 45
    + "x,strong,1,weak,0\n" * 5
    + "y,strong,1,weak,1\n" * 20
    + "y,strong,1,weak,0\n" * 20
    + "y,strong,0,weak,0\n" * 10
)
PRIOR = Prior(source="RouterBench, 2024", qualities={"weak": 0.6, "strong": 0.9})


def test_tokens_only_say_nothing_of_quality() -> None:
    found = claim(looked_at(TOKENS), WEAK)

    assert (found.basis, found.assumption, found.estimate, found.low, found.high) == (
        "unknown",
        "none",
        None,
        None,
        None,
    )
    assert found.reasons == ("no request has a quality score",)
    assert found.sensitivity is None


def test_quality_of_one_model_per_segment_is_no_overlap() -> None:
    found = claim(looked_at(NO_OVERLAP), WEAK)

    assert (found.basis, found.estimate) == ("unknown", None)
    assert found.reasons == (
        "no propensities are logged",
        "no overlap: 50 % of the requests would go to models without a score of their kind",
    )
    assert found.sensitivity == "no assumption: what was not seen counts as 0 to 1"
    assert (found.sensitivity_low, found.sensitivity_high) == pytest.approx((0.45, 0.95), abs=0.05)


def test_overlap_is_an_estimate_with_its_assumption_and_a_bound_without_it() -> None:
    found = claim(looked_at(OVERLAP), WEAK)

    assert found.basis == "overlap"
    assert found.estimate == pytest.approx(0.6)
    assert found.low is not None
    assert found.high is not None
    assert 0.53 < found.low < 0.6 < found.high < 0.67
    assert found.assumption.startswith("no hidden selection")
    assert found.reasons == ("no propensities are logged",)
    assert found.sensitivity == "no assumption: what was not seen counts as 0 to 1"
    assert (found.sensitivity_low, found.sensitivity_high) == pytest.approx((0.39, 0.89), abs=0.05)
    assert found.unseen_share == 0


def test_overlap_weighs_a_score_by_how_many_requests_it_stands_for() -> None:
    # half of all requests told by 400 scores, half by 100
    assert claim(looked_at(OVERLAP), WEAK).effective_sample_size == pytest.approx(
        1 / (0.25 / 400 + 0.25 / 100)
    )


def test_overlap_tells_the_change_from_what_was_logged() -> None:
    found = claim(looked_at(OVERLAP), WEAK)

    # what was logged is (400 * 0.9 + 100 * 1 + 100 * 0.3 + 400 * 0.8) / 1000 = 0.81
    assert found.change == pytest.approx(0.6 - 0.81)
    assert found.change_low is not None
    assert found.change_high is not None
    assert found.change_low < 0.6 - 0.81 < found.change_high < 0


def test_a_limit_on_hidden_selection_narrows_the_bound() -> None:
    free, limited = claim(looked_at(OVERLAP), WEAK), claim(looked_at(OVERLAP), WEAK, gamma=2)

    assert limited.sensitivity == "hidden selection changes a request's odds of its model at most 2 times"
    assert free.sensitivity_low is not None
    assert limited.sensitivity_low is not None
    assert free.sensitivity_low < limited.sensitivity_low
    assert free.estimate == limited.estimate


def test_propensities_that_hold_give_an_interval_and_the_effective_sample_size() -> None:
    found = claim(looked_at(EXPLORED), WEAK)

    assert found.basis == "propensities"
    assert found.estimate == pytest.approx(0.6)
    assert found.effective_sample_size == pytest.approx(1000**2 / (400 / 0.64 + 100 / 0.04), abs=0.1)
    assert found.change == pytest.approx(0.6 - 0.81)
    assert found.sensitivity is None
    assert found.reasons == ()


def test_propensities_that_do_not_hold_are_refused_with_the_reason() -> None:
    found = claim(looked_at(EXPLORED.replace("0.2\n", "0.5\n").replace("0.8\n", "0.5\n")), WEAK)

    assert found.basis == "overlap"
    assert found.reasons == (
        "the propensities of `strong` are wrong in x: their inverse should come to 1 a request, and comes to 0.40",
    )


def test_propensities_of_a_router_that_never_explores_some_requests_are_refused() -> None:
    found = claim(
        looked_at(EXPLORED + "z,strong,0,500,0.8,1\n"), everything_to("weak", [("x",), ("y",), ("z",)])
    )

    assert found.basis == "unknown"
    assert found.reasons == (
        "no exploration: 33 % of the requests are of kinds in which the target's models were never tried",
        "no overlap: 33 % of the requests would go to models without a score of their kind",
    )


def test_a_few_requests_that_were_never_explored_count_as_0_to_1() -> None:
    target = everything_to("weak", [("x",), ("y",), ("z",)])
    whole = claim(looked_at(EXPLORED), target)
    found = claim(looked_at(EXPLORED + "z,strong,0,40,0.8,1\n"), target)

    assert found.basis == "propensities"
    assert found.unseen_share == pytest.approx(40 / 1040, abs=1e-6)
    assert found.estimate == pytest.approx(0.6)
    assert whole.low is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < whole.low
    assert found.high - found.low > 40 / 1040
    assert found.change_low is not None
    assert whole.change_low is not None
    assert found.change_low < whole.change_low - 0.02


def test_too_few_explored_requests_are_refused() -> None:
    few = "tag,model,half,requests,quality,propensity\nx,weak,0,4,1,0.5\nx,strong,1,4,1,0.5\n"

    assert claim(looked_at(few), WEAK).reasons == ("the effective sample size is 4.0, below 10",)


def test_scores_without_a_propensity_leave_the_change_with_a_wider_interval() -> None:
    whole = claim(looked_at(EXPLORED), WEAK)
    found = claim(looked_at(EXPLORED + "x,weak,0,50,0.9,\nx,strong,0,50,,\n"), WEAK)

    assert found.basis == "propensities"
    assert found.change_low is not None
    assert found.change_high is not None
    assert whole.change_low is not None
    assert whole.change_high is not None
    assert found.change_high - found.change_low > whole.change_high - whole.change_low


def test_the_change_from_a_logged_model_without_a_score_is_wider_by_its_share() -> None:
    found = claim(looked_at(EXPLORED + "x,other,0,50,,\n"), WEAK)

    assert found.basis == "propensities"
    assert found.change_high is not None
    assert found.change_low is not None
    assert found.change_high - found.change_low > 2 * 50 / 1050


def test_shadow_pairs_are_taken_first() -> None:
    found = claim(looked_at(EXPLORED), WEAK, pairs_of(PAIRS))

    assert found.basis == "pairs"
    # x: 400 of 500 stay with weak at 0.9, and strong's are answered by weak at 0.9; y: 100 at 0.3, 400 at 0.4
    assert found.estimate == pytest.approx(0.5 * 0.9 + 0.1 * 0.3 + 0.4 * 0.4)
    # x: strong's 100 lose 0.1; y: strong's 400 lose 0.4
    assert found.change == pytest.approx(-0.1 * 0.1 - 0.4 * 0.4)
    assert found.assumption == "the requests that were answered twice are typical of their segment and model"
    assert found.sensitivity is None


def test_pairs_of_some_kinds_of_requests_only_are_refused() -> None:
    found = claim(looked_at(OVERLAP), WEAK, pairs_of(PAIRS.partition("y,")[0]))

    assert found.basis == "overlap"
    assert found.reasons == (
        "no pairs: 40 % of the requests were never answered by the target's models beside their own",
        "no propensities are logged",
    )


def test_pairs_tell_of_a_log_without_scores() -> None:
    found = claim(
        looked_at(TOKENS),
        {("x",): {"weak": 0.25, "strong": 0.75}},
        pairs_of(PAIRS + "x,weak,0.5,strong,1\n" * 20),
    )

    # weak's half: 0.5 itself, 1 with strong; strong's half: 1 itself, 0.9 with weak
    assert found.basis == "pairs"
    assert found.estimate == pytest.approx(0.5 * (0.25 * 0.5 + 0.75 * 1) + 0.5 * (0.75 * 1 + 0.25 * 0.9))


def test_pairs_do_not_tell_of_models_that_served_none_of_them() -> None:
    found = claim(looked_at(TOKENS), {("x",): {"weak": 1.0}}, pairs_of(PAIRS))

    assert found.reasons == (
        "no pairs: 50 % of the requests were never answered by the target's models beside their own",
        "no request has a quality score",
    )


def test_pairs_without_both_scores_are_left_out() -> None:
    blank = "x,strong,,weak,1\nx,strong,1,weak,2\n" * 50

    assert claim(looked_at(OVERLAP), WEAK, pairs_of(PAIRS + blank)) == claim(
        looked_at(OVERLAP), WEAK, pairs_of(PAIRS)
    )


def test_an_imported_table_is_a_prior_with_its_source() -> None:
    found = claim(looked_at(TOKENS), WEAK, prior=PRIOR)

    assert (found.basis, found.estimate, found.low, found.high) == ("prior", 0.6, None, None)
    assert found.change == pytest.approx(-0.15)
    assert found.assumption == "RouterBench, 2024 holds for these requests; it was not measured on them"
    assert found.reasons == ("no request has a quality score",)


def test_a_prior_gives_way_to_what_was_measured() -> None:
    assert claim(looked_at(OVERLAP), WEAK, prior=PRIOR).basis == "overlap"


def test_a_prior_without_the_target_says_nothing() -> None:
    found = claim(looked_at(TOKENS), everything_to("mini", [("x",)]), prior=PRIOR)

    assert found.basis == "unknown"
    assert found.reasons[-1] == "the table of RouterBench, 2024 has no mini"


def test_a_prior_without_a_logged_model_tells_no_change() -> None:
    found = claim(looked_at(TOKENS), WEAK, prior=Prior(source="a table", qualities={"weak": 0.6}))

    assert (found.estimate, found.change) == (0.6, None)


def test_a_prior_must_know_the_models_of_segments_that_stay() -> None:
    found = claim(
        looked_at(NO_OVERLAP), everything_to("mini", [("x",)]), prior=Prior(source="t", qualities={"mini": 1})
    )

    assert found.reasons[-1] == "the table of t has no strong"


# What is not routed otherwise


def test_a_log_that_stays_as_it_is_has_the_mean_of_its_scores() -> None:
    found = claim(looked_at(OVERLAP), {})

    assert found.basis == "as_logged"
    assert found.estimate == pytest.approx(0.81)
    assert (found.change, found.change_low, found.change_high) == (0, 0, 0)
    assert found.reasons == ()


def test_a_target_that_is_what_was_logged_changes_nothing() -> None:
    same: Target = {("x",): {"weak": 0.8, "strong": 0.2}, ("y",): {"weak": 0.2, "strong": 0.8}}

    assert claim(looked_at(OVERLAP), same) == claim(looked_at(OVERLAP), {})


def test_a_log_that_stays_but_is_hardly_scored_is_unknown() -> None:
    found = claim(looked_at("tag,model,requests,quality\nx,weak,500,0.9\nx,strong,500,\n"), {})

    assert found.basis == "unknown"
    assert found.reasons == ("50 % of the requests went to models without a score of their kind",)


def test_segments_that_stay_are_told_by_their_scores() -> None:
    found = claim(looked_at(NO_OVERLAP), everything_to("weak", [("x",)]))

    assert found.basis == "as_logged"
    assert found.estimate == pytest.approx(0.85)


def test_segments_that_the_log_lacks_are_left_out() -> None:
    assert claim(looked_at(OVERLAP), {**WEAK, ("z",): {"weak": 1.0}}) == claim(looked_at(OVERLAP), WEAK)


def test_a_small_segment_without_overlap_counts_as_0_to_1() -> None:
    found = claim(looked_at(OVERLAP + "z,strong,40,0.9\n"), {**WEAK, ("z",): {"weak": 1.0}})

    assert found.basis == "overlap"
    assert found.unseen_share == pytest.approx(40 / 1040, abs=1e-6)
    assert found.estimate == pytest.approx(0.6)
    assert found.change_low is not None
    assert found.change is not None
    assert found.change - found.change_low > 40 / 1040


# Segment by segment


def test_each_segment_has_a_claim_of_its_own() -> None:
    found = claims(looked_at(NO_OVERLAP), {**WEAK, ("z",): {"weak": 1.0}})

    assert {segment: each.basis for segment, each in found.items()} == {
        ("x",): "as_logged",
        ("y",): "unknown",
    }


def test_claims_by_segment_average_to_the_whole() -> None:
    seen = looked_at(OVERLAP)
    x, y = claims(seen, WEAK).values()
    whole = claim(seen, WEAK)

    assert x.estimate is not None
    assert y.estimate is not None
    assert whole.estimate == pytest.approx((x.estimate + y.estimate) / 2)


# The naive mean


def test_the_naive_mean_takes_a_model_for_what_it_was_given() -> None:
    seen = looked_at(OVERLAP)

    assert naive_mean(seen, WEAK) == pytest.approx(0.8 * 0.9 + 0.2 * 0.3)
    assert naive_mean(seen, {}) == pytest.approx((500 * 0.78 + 500 * 0.84) / 1000)


@pytest.mark.parametrize("model", ["other", "unscored"])
def test_there_is_no_naive_mean_of_a_model_without_a_score(model: str) -> None:
    assert naive_mean(looked_at(OVERLAP + "x,unscored,1,\n"), everything_to(model, [("x",)])) is None


def test_every_basis_can_be_claimed() -> None:
    bases = {
        claim(looked_at(TOKENS), WEAK).basis,
        claim(looked_at(TOKENS), WEAK, prior=PRIOR).basis,
        claim(looked_at(OVERLAP), WEAK).basis,
        claim(looked_at(EXPLORED), WEAK).basis,
        claim(looked_at(OVERLAP), WEAK, pairs_of(PAIRS)).basis,
        claim(looked_at(OVERLAP), {}).basis,
    }

    assert bases == {*get_args(QualityBasis)}


def test_an_empty_log_says_nothing() -> None:
    assert claim(Seen({}), WEAK).basis == "unknown"
