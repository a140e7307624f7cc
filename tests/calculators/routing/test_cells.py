import polars as pl
import pytest
from summing import looked_at

from costopt.calculators.routing.cells import NO_MODEL, Cell, added, everything_to, seen


def test_a_rollup_is_read_by_segment_and_model() -> None:
    found = looked_at("""tag,model,requests,quality
x,a,10,0.9
x,b,30,
y,a,5,0.2
y,a,5,0.4
""")

    assert found.requests == {("x",): 40, ("y",): 10}
    assert found.cell(("x",), "a").quality == pytest.approx(0.9)
    assert found.cell(("y",), "a").quality == pytest.approx(0.3)
    assert found.cell(("x",), "b").scored == 0
    assert found.shares(("x",)) == {"a": 0.25, "b": 0.75}
    assert found.total.requests == 50


def test_what_was_never_used_is_zeros() -> None:
    assert looked_at("tag,model\nx,a\n").cell(("x",), "z") == Cell()


def test_further_keys_are_added_up() -> None:
    rollup = pl.DataFrame(
        {"tag": ["x", "x"], "provider": ["p", "q"], "model": ["a", "a"], "requests": [1, 2], "scored": [1, 0]}
    )

    assert seen(rollup, ["tag"]).cell(("x",), "a") == Cell(requests=3, scored=1)


def test_a_log_without_scores_has_requests() -> None:
    rollup = pl.DataFrame({"tag": ["x"], "model": ["a"], "requests": [3]})

    assert seen(rollup, ["tag"]).total == Cell(requests=3)


def test_requests_of_no_model_stay_in_their_segment() -> None:
    assert looked_at("tag,model,requests\nx,,2\nx,a,2\n").shares(("x",)) == {"a": 0.5, NO_MODEL: 0.5}


def test_a_log_may_be_one_segment() -> None:
    assert looked_at("model,requests\na,2\nb,3\n", by=()).requests == {(): 5}


def test_halves_are_kept_apart() -> None:
    found = looked_at("tag,model,half,requests\nx,a,0,2\nx,a,1,3\nx,b,1,4\n")

    assert [half.requests for half in found.halves["x",]["a"]] == [2, 3]
    assert [half.requests for half in found.halves["x",]["b"]] == [0, 4]
    assert found.requests == {("x",): 9}


def test_some_segments_can_be_looked_at_alone() -> None:
    found = looked_at("tag,model,requests\nx,a,2\ny,a,3\n").only([("y",)])

    assert found.requests == {("y",): 3}


def test_sums_of_nothing_are_zeros() -> None:
    assert added([]) == Cell()


def test_right_or_wrong_scores_spread_as_far_as_scores_can() -> None:
    found = looked_at("tag,model,requests,quality\nx,a,100,0.9\nx,b,50,0.2\n")

    assert found.evenness == {("x",): 1}
    assert found.mean(("x",), "a").count == 100


def test_graded_scores_are_worth_more_than_right_or_wrong_ones() -> None:
    grades = "x,a,0.8\nx,a,0.7\n" * 50
    found = looked_at("tag,model,quality\n" + grades)

    # deviations of 0.05 against a spread of 0.75 * 0.25
    assert found.evenness["x",] == pytest.approx(0.05**2 / (0.75 * 0.25))
    assert found.mean(("x",), "a").count == pytest.approx(100 / found.evenness["x",])


def test_a_segment_of_few_scores_has_the_spread_of_all() -> None:
    found = looked_at("tag,model,quality\n" + "x,a,0.8\nx,a,0.7\n" * 50 + "y,a,0.8\ny,a,0.7\n")

    assert found.evenness["y",] == pytest.approx(found.evenness["x",], rel=0.01)


def test_few_scores_in_all_count_as_right_or_wrong() -> None:
    assert looked_at("tag,model,quality\nx,a,0.8\nx,a,0.7\n").evenness == {("x",): 1}


def test_scores_that_are_all_perfect_do_not_spread() -> None:
    assert looked_at("tag,model,requests,quality\nx,a,100,1\n").evenness == {("x",): 1}


def test_everything_may_go_to_one_model() -> None:
    assert everything_to("a", [("x",), ("y",)]) == {("x",): {"a": 1.0}, ("y",): {"a": 1.0}}
