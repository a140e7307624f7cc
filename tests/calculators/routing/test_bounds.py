import pytest
from summing import looked_at

from costopt.calculators.routing.bounds import bound
from costopt.errors import ConfigError

MANY = """tag,model,requests,quality
x,weak,600000,0.8
x,strong,400000,0.9
"""


def test_what_was_not_seen_counts_as_0_to_1() -> None:
    found = bound(looked_at(MANY), {("x",): {"weak": 1.0}})

    assert (found.low, found.high) == pytest.approx((0.48, 0.88), abs=0.003)
    assert found.assumption == "no assumption: what was not seen counts as 0 to 1"


def test_limited_selection_gives_a_closer_bound() -> None:
    found = bound(looked_at(MANY), {("x",): {"weak": 1.0}}, gamma=2)

    # unseen: max(0.8 / 2, 1 - 2 * 0.2) = 0.6 to min(2 * 0.8, 1 - 0.2 / 2) = 0.9
    assert (found.low, found.high) == pytest.approx((0.48 + 0.4 * 0.6, 0.48 + 0.4 * 0.9), abs=0.003)
    assert found.assumption == "hidden selection changes a request's odds of its model at most 2 times"


def test_no_selection_leaves_what_chance_does() -> None:
    found = bound(looked_at(MANY), {("x",): {"weak": 1.0}}, gamma=1)

    assert (found.low, found.high) == pytest.approx((0.8, 0.8), abs=0.003)


def test_few_requests_widen_it() -> None:
    few = bound(
        looked_at("tag,model,requests,quality\nx,weak,6,0.8\nx,strong,4,0.9\n"), {("x",): {"weak": 1.0}}
    )

    assert few.low < 0.4
    assert few.high > 0.9


def test_a_segment_that_stays_was_seen() -> None:
    found = bound(looked_at(MANY), {})

    assert (found.low, found.high) == pytest.approx((0.84, 0.84), abs=0.003)


def test_requests_without_a_score_were_not_seen_even_where_they_stay() -> None:
    found = bound(looked_at("tag,model,requests,quality\nx,a,500000,0.8\nx,a,500000,\n"), {})

    assert (found.low, found.high) == pytest.approx((0.4, 0.9), abs=0.003)


@pytest.mark.parametrize("gamma", [None, 3])
def test_a_model_without_a_score_may_be_anything(gamma: float | None) -> None:
    found = bound(looked_at(MANY), {("x",): {"other": 1.0}}, gamma)

    assert (found.low, found.high) == (0, 1)


def test_a_split_segment_is_in_between() -> None:
    found = bound(looked_at(MANY), {("x",): {"weak": 0.5, "strong": 0.5}})

    assert (found.low, found.high) == pytest.approx(
        (0.5 * 0.48 + 0.5 * 0.36, 0.5 * 0.88 + 0.5 * 0.96), abs=0.003
    )


def test_selection_below_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cannot be below 1, and is 0\.5"):
        bound(looked_at(MANY), {}, gamma=0.5)
