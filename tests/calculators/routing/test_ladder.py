import pytest

from costopt.calculators.routing.cells import Segment
from costopt.calculators.routing.ladder import MILLION, THOUSAND, believed, rungs, thousandths

X: Segment = ("x",)
Y: Segment = ("y",)
TOP = {"top": THOUSAND}


def test_routing_begins_where_it_is_and_ends_at_the_cheapest() -> None:
    costs, qualities = {X: {"mini": 1, "top": 10}}, {X: {"mini": 0.5, "top": 0.9}}

    first, *_, last = rungs({X: 100}, costs, qualities, {X: TOP})

    assert first == {X: {"top": MILLION}}
    assert last == {X: {"mini": MILLION}}


def test_a_large_step_is_taken_bit_by_bit() -> None:
    costs, qualities = {X: {"mini": 1, "top": 10}}, {X: {"mini": 0.5, "top": 0.9}}

    found = [*rungs({X: 100}, costs, qualities, {X: TOP})]

    assert len(found) == 51
    assert found[1] == {X: {"top": 980_000, "mini": 20_000}}
    assert all(sum(policy[X].values()) == MILLION for policy in found)


def test_what_loses_least_for_its_saving_is_made_cheaper_first() -> None:
    costs = {X: {"mini": 1, "top": 10}, Y: {"mini": 1, "top": 10}}
    qualities = {X: {"mini": 0.85, "top": 0.9}, Y: {"mini": 0.2, "top": 0.9}}

    found = [*rungs({X: 100, Y: 100}, costs, qualities, {X: TOP, Y: TOP})]

    turn = next(policy for policy in found if "mini" in policy[Y])
    assert turn[X] == {"mini": MILLION}


def test_a_segment_counts_by_its_requests() -> None:
    costs = {X: {"mini": 1, "top": 10}, Y: {"mini": 1, "top": 10}}
    qualities = {X: {"mini": 0.4, "top": 0.9}, Y: {"mini": 0.4, "top": 0.9}}

    found = [*rungs({X: 900, Y: 100}, costs, qualities, {X: TOP, Y: TOP})]

    assert sum("mini" in policy[X] and "top" in policy[X] for policy in found) > 40


def test_models_below_the_line_between_two_others_are_passed_over() -> None:
    costs = {X: {"mini": 1, "poor": 5, "mid": 6, "top": 10}}
    qualities = {X: {"mini": 0.5, "poor": 0.51, "mid": 0.8, "top": 0.9}}

    used = {model for policy in rungs({X: 100}, costs, qualities, {X: TOP}) for model in policy[X]}

    assert used == {"mini", "mid", "top"}


def test_dominated_and_dearer_models_are_never_used() -> None:
    costs = {X: {"mini": 1, "bad": 2, "top": 10, "luxury": 20}}
    qualities = {X: {"mini": 0.5, "bad": 0.4, "top": 0.9, "luxury": 0.99}}

    used = {model for policy in rungs({X: 100}, costs, qualities, {X: TOP}) for model in policy[X]}

    assert used == {"mini", "top"}


def test_a_cheaper_model_that_is_better_comes_first() -> None:
    costs = {X: {"good": 1, "top": 10}, Y: {"mini": 1, "top": 10}}
    qualities = {X: {"good": 0.95, "top": 0.9}, Y: {"mini": 0.89, "top": 0.9}}

    found = [*rungs({X: 100, Y: 100}, costs, qualities, {X: TOP, Y: TOP})]

    assert next(policy for policy in found if "mini" in policy[Y])[X] == {"good": MILLION}


def test_where_the_start_is_the_cheapest_nothing_is_to_be_done() -> None:
    assert [*rungs({X: 1}, {X: {"top": 1}}, {X: {"top": 0.9}}, {X: TOP})] == [{X: {"top": MILLION}}]


def test_models_that_are_equally_good_cost_nothing_to_swap() -> None:
    costs, qualities = {X: {"mini": 1, "top": 10}}, {X: {"mini": 0.9, "top": 0.9}}

    assert [*rungs({X: 1}, costs, qualities, {X: TOP})] == [{X: {"top": MILLION}}, {X: {"mini": MILLION}}]


def test_a_mixture_can_be_the_start() -> None:
    costs, qualities = {X: {"mini": 1, "top": 10}}, {X: {"mini": 0.5, "top": 0.9}}

    first, second, *_ = rungs({X: 100}, costs, qualities, {X: {"mini": 400, "top": 600}})

    assert first == {X: {"mini": 400_000, "top": 600_000}}
    assert second == {X: {"mini": 412_000, "top": 588_000}}


@pytest.mark.parametrize(
    ("shares", "rounded"),
    [
        ({"a": 1.0}, {"a": 1000}),
        ({"a": 1 / 3, "b": 2 / 3}, {"a": 333, "b": 667}),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, {"a": 334, "b": 333, "c": 333}),
        ({"a": 0.9999, "b": 0.0001}, {"a": 1000}),
    ],
)
def test_shares_are_rounded_to_thousandths_that_add_up(
    shares: dict[str, float], rounded: dict[str, int]
) -> None:
    assert thousandths(shares) == rounded


def test_means_are_drawn_towards_what_segment_and_model_have_elsewhere() -> None:
    means = {X: {"a": 0.9, "b": 0.5}, Y: {"a": 0.7, "b": 0.5}}
    known = {X: {"a": 1e-9, "b": 1e-9}, Y: {"a": 1e-9, "b": 1e-9}}
    unknown = {X: {"a": 1.0, "b": 1.0}, Y: {"a": 1.0, "b": 1.0}}

    assert believed(means, known)[X]["a"] == pytest.approx(0.9, abs=1e-6)
    # segment 0.7, model 0.15 above its segments
    assert believed(means, unknown)[X]["a"] == pytest.approx(0.85)


def test_a_single_segment_has_nothing_to_be_drawn_towards() -> None:
    assert believed({X: {"a": 0.9, "b": 0.5}}, {X: {"a": 1.0, "b": 1.0}}) == {X: {"a": 0.9, "b": 0.5}}


def test_models_may_be_missing_in_some_segments() -> None:
    found = believed({X: {"a": 0.9, "b": 0.5}, Y: {"a": 0.7}}, {X: {"a": 1.0, "b": 1.0}, Y: {"a": 1.0}})

    assert found == {X: {"a": 0.9, "b": 0.5}, Y: {"a": 0.7}}


def test_nothing_is_believed_of_nothing() -> None:
    assert believed({}, {}) == {}
