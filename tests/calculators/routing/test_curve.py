import random

import polars as pl
import pytest

from costopt.calculators.routing.curve import (
    Interval,
    compare_routers,
    cost_quality_curve,
    measure_recovery,
)

WEAK = pl.Series([1.0, 0.0, 1.0, 0.0])
STRONG = pl.Series([1.0, 1.0, 0.0, 1.0])  # gains 0, 1, −1, 1


def drawn(size: int, seed: int, knows: float = 0.0) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Scores, and answers of a weak model that is worse where the score is high, by `knows`."""
    lots = random.Random(seed)  # noqa: S311 - to be had again
    scores = [lots.random() for _ in range(size)]
    weak = [float(lots.random() < 0.6 - knows * (score - 0.5)) for score in scores]
    strong = [float(lots.random() < 0.8) for _ in scores]
    return pl.Series(scores), pl.Series(weak), pl.Series(strong)


# The curve


def test_curve_has_a_point_for_every_request() -> None:
    curve = cost_quality_curve(pl.Series([1.0, 4.0, 2.0, 3.0]), WEAK, STRONG)

    assert curve.rows() == [
        (0.0, 0.5, 0.0),
        (0.25, 0.75, 1.0),
        (0.5, 1.0, 2.0),
        (0.75, 0.75, 1.0),
        (1.0, 0.75, 1.0),
    ]


def test_requests_of_equal_score_share_their_gain() -> None:
    curve = cost_quality_curve(pl.Series([0.0, 1.0, 1.0, 0.0]), WEAK, STRONG)

    assert curve.rows() == [(0.0, 0.5, 0.0), (0.5, 0.5, 0.0), (1.0, 0.75, 1.0)]


def test_curve_without_a_gap_has_quality_only() -> None:
    curve = cost_quality_curve(pl.Series([1.0, 2.0]), pl.Series([1.0, 0.0]), pl.Series([0.0, 1.0]))

    assert curve["quality"].to_list() == [0.5, 1.0, 0.5]
    assert curve["recovered"].to_list() == [None, None, None]


# APGR and CPT


def test_apgr_is_the_area_under_the_curve() -> None:
    found = measure_recovery(pl.Series([1.0, 4.0, 2.0, 3.0]), WEAK, STRONG)

    assert found.apgr == (0 / 2 + 1 + 2 + 1 + 1 / 2) / 4
    assert (found.labels, found.weak_quality, found.strong_quality) == (4, 0.5, 0.75)


def test_router_that_tells_nothing_apart_is_at_one_half() -> None:
    _, weak, strong = drawn(50, 1)
    found = measure_recovery(pl.repeat(7, 50, eager=True), weak, strong)

    assert (found.apgr, found.cpt50, found.cpt80, found.cpt95) == (0.5, 0.5, 0.8, 0.95)
    assert found.interval == Interval(low=0.5, high=0.5)


def test_cpt_is_where_the_curve_first_gets_there() -> None:
    weak, strong = pl.Series([0.0] * 4), pl.Series([0.4, 0.3, 0.2, 0.1])
    found = measure_recovery(pl.Series([4, 3, 2, 1]), weak, strong)

    assert found.cpt50 == pytest.approx(0.25 + 0.25 * (0.5 - 0.4) / 0.3, abs=1e-6)
    assert found.cpt80 == pytest.approx(0.5 + 0.25 * (0.8 - 0.7) / 0.2, abs=1e-6)
    assert found.cpt95 == pytest.approx(0.875)


def test_requests_with_a_value_missing_are_left_out() -> None:
    score = pl.Series([1.0, 4.0, 2.0, 3.0, None, float("nan"), 5.0])
    weak = pl.Series([*WEAK, 1.0, 1.0, None])
    strong = pl.Series([*STRONG, 0.0, 0.0, 0.0])

    assert measure_recovery(score, weak, strong) == measure_recovery(score.head(4), WEAK, STRONG)


# What has no meaning


def test_strong_model_that_is_no_better_leaves_no_gap() -> None:
    found = measure_recovery(pl.Series([1, 2, 3]), pl.Series([1, 1, 0]), pl.Series([0, 1, 1]))

    assert (found.apgr, found.interval, found.cpt50) == (None, None, None)
    assert (
        found.reason
        == "the strong model is not better than the weak one on these requests: no gap to recover"
    )


def test_without_requests_there_is_no_gap() -> None:
    empty = pl.Series([], dtype=pl.Float64)

    assert measure_recovery(empty, empty, empty).apgr is None
    assert compare_routers((empty, empty), empty, empty).apgr is None


def test_gap_that_is_not_clear_leaves_the_interval_open() -> None:
    found = measure_recovery(pl.Series(range(8)), pl.Series([0, 1] * 4), pl.Series([1, 0] * 3 + [1, 1]))

    assert found.apgr is not None
    assert (found.interval, found.always_above) == (None, None)
    assert found.reason is not None
    assert "not clearly better" in found.reason


def test_few_requests_have_no_interval() -> None:
    found = measure_recovery(pl.Series([1, 2, 3, 4]), pl.Series([0] * 4), pl.Series([1] * 4))

    assert (found.apgr, found.interval) == (0.5, None)
    assert found.reason == "fewer than 5 independent requests: no interval"


# Intervals


@pytest.mark.slow
@pytest.mark.parametrize("size", [100, 400])
@pytest.mark.parametrize("levels", [None, 3])
def test_interval_covers_the_truth_as_often_as_it_says(size: int, levels: int | None) -> None:
    """Of 300 draws with an interval, 95 % give or take 4 (three standard errors) cover; ties or none."""

    def scores(of: pl.Series) -> pl.Series:
        return of if levels is None else (of * levels).floor()

    score, weak, strong = drawn(200_000, 0, knows=0.4)
    truth = measure_recovery(scores(score), weak, strong).apgr or 0
    draws = [drawn(size, seed, knows=0.4) for seed in range(1, 301)]
    found = [measure_recovery(scores(score), weak, strong).interval for score, weak, strong in draws]
    covers = [each.low <= truth <= each.high for each in found if each is not None]

    assert truth > 0.55
    assert len(covers) > 240
    assert 0.91 <= sum(covers) / len(covers) <= 0.99


def test_same_request_twice_tells_no_more_than_once() -> None:
    score, weak, strong = drawn(100, 3, knows=0.5)
    groups = pl.Series(range(100))
    once = measure_recovery(score, weak, strong)
    twice = measure_recovery(
        score.append(score), weak.append(weak), strong.append(strong), groups.append(groups)
    )

    assert (twice.labels, twice.independent) == (200, 100)
    assert (twice.apgr, twice.interval, twice.always_above) == (once.apgr, once.interval, once.always_above)


def test_requests_without_a_group_stand_alone() -> None:
    score, weak, strong = drawn(60, 4)
    alone = pl.Series([None] * 60, dtype=pl.String)

    assert measure_recovery(score, weak, strong, alone) == measure_recovery(score, weak, strong)


def test_scores_of_cross_fitting_have_twice_the_variance() -> None:
    score, weak, strong = drawn(2000, 5, knows=0.4)
    plain = measure_recovery(score, weak, strong)
    crossed = measure_recovery(score, weak, strong, crossed=True)
    assert plain.interval is not None
    assert crossed.interval is not None
    width, wider = (each.high - each.low for each in (plain.interval, crossed.interval))

    assert crossed.apgr == plain.apgr
    assert wider / width == pytest.approx(2**0.5, rel=0.02)


@pytest.mark.slow
def test_bound_for_all_looks_holds_at_all_looks() -> None:
    """Looking twenty times at a router that knows nothing: one interval in twenty would be clear by chance each time."""
    once = always = 0
    for seed in range(60):
        score, weak, strong = drawn(1000, seed)
        looks = [measure_recovery(score.head(n), weak.head(n), strong.head(n)) for n in range(50, 1001, 50)]
        once += any(look.interval is not None and look.interval.low > 0.5 for look in looks)
        always += any(look.always_above is not None and look.always_above > 0.5 for look in looks)

    assert always <= 5
    assert once > always


def test_interval_is_that_of_resampling() -> None:
    """The middle 95 % of 300 resamples end where the interval does, give or take a tenth of its width."""
    score, weak, strong = drawn(500, 9, knows=0.6)
    lots = random.Random(10)  # noqa: S311
    draws = [pl.Series(lots.choices(range(500), k=500)) for _ in range(300)]
    found = sorted(measure_recovery(score[draw], weak[draw], strong[draw]).apgr or 0 for draw in draws)
    interval = measure_recovery(score, weak, strong).interval
    assert interval is not None

    width = interval.high - interval.low
    assert interval.low == pytest.approx(found[7], abs=width / 10)
    assert interval.high == pytest.approx(found[292], abs=width / 10)


# Two routers


def test_router_has_no_advantage_over_itself() -> None:
    score, weak, strong = drawn(300, 6)
    found = compare_routers((score, score * 2 + 1), weak, strong)

    assert (found.apgr, found.interval, found.always_above) == (0, Interval(low=0, high=0), 0)


def test_advantage_is_the_difference_of_both() -> None:
    score, weak, strong = drawn(3000, 7, knows=0.8)
    other = pl.Series(random.Random(8).sample(range(3000), 3000))  # noqa: S311
    found = compare_routers((score, other), weak, strong)
    alone = [measure_recovery(each, weak, strong).apgr or 0 for each in (score, other)]

    assert found.apgr == pytest.approx(alone[0] - alone[1], abs=2e-6)
    assert found.interval is not None
    assert found.interval.low > 0


def test_advantage_without_a_clear_gap_has_no_interval() -> None:
    weak, strong = pl.Series([0, 1] * 4), pl.Series([1, 0] * 3 + [1, 1])
    found = compare_routers((pl.Series(range(8)), pl.Series(range(8)) * -1), weak, strong)

    assert found.apgr is not None
    assert found.interval is None


def test_no_advantage_is_told_where_there_is_no_gap() -> None:
    found = compare_routers((pl.Series([1, 2]), pl.Series([2, 1])), pl.Series([1, 1]), pl.Series([0, 0]))

    assert found.apgr is None
    assert found.reason is not None
