"""What holds of every curve and every APGR, whatever the answers."""

from collections.abc import Callable
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from costopt.calculators.routing.curve import Recovery, cost_quality_curve, measure_recovery

QUALITY = st.sampled_from([0.0, 0.25, 0.5, 1.0])
ROWS = st.lists(st.tuples(st.integers(-3, 3), QUALITY, QUALITY), min_size=1, max_size=30)
CLEAR = st.lists(
    st.tuples(st.integers(-3, 3), st.sampled_from([0.0, 0.25]), st.sampled_from([0.5, 1.0])),
    min_size=10,
    max_size=30,
)
"""The strong model is better throughout, so that every interval has an end."""

Rows = list[tuple[int, float, float]]


def measured(rows: Rows, change: Callable[[float], float] = float) -> Recovery:
    score, weak, strong = zip(*rows, strict=True)
    return measure_recovery(pl.Series([change(each) for each in score]), pl.Series(weak), pl.Series(strong))


@given(ROWS)
def test_turning_the_scores_round_mirrors_the_apgr_at_one_half(rows: Rows) -> None:
    found = measured(rows)
    assume(found.apgr is not None)

    assert (measured(rows, lambda score: -score).apgr or 0) == pytest.approx(1 - (found.apgr or 0), abs=2e-6)


@given(ROWS)
def test_only_the_order_of_the_scores_counts(rows: Rows) -> None:
    assert measured(rows, lambda score: score**3 + 10.0) == measured(rows)


@given(ROWS, st.randoms())
def test_order_of_the_requests_does_not_count(rows: Rows, lots: object) -> None:
    mixed = sorted(rows, key=lambda _: lots.random())  # type: ignore[attr-defined]

    assert measured(mixed) == measured(rows)


@given(ROWS)
def test_apgr_is_the_area_under_the_recovered_share(rows: Rows) -> None:
    found = measured(rows)
    assume(found.apgr is not None)
    score, weak, strong = (pl.Series(column) for column in zip(*rows, strict=True))
    points = cost_quality_curve(score, weak, strong).select("share", "recovered").rows()

    area = sum((right - left) * (low + high) / 2 for (left, low), (right, high) in pairwise(points))
    assert found.apgr == pytest.approx(area, abs=1e-6)
    assert points[-1] == pytest.approx((1, 1))


@given(CLEAR)
def test_interval_contains_the_apgr_and_the_bound_for_all_looks_is_below_it(rows: Rows) -> None:
    found = measured(rows * 4)
    assert found.interval is not None
    assert found.always_above is not None

    assert found.always_above <= found.interval.low <= (found.apgr or 0) <= found.interval.high
