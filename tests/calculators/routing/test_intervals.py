from itertools import product
from math import comb, prod

import pytest

from costopt.calculators.routing.intervals import (
    ONE_SIDED,
    TWO_SIDED,
    Mean,
    of_variance,
    student,
    weighted_sum,
    wilson,
)


@pytest.mark.parametrize(
    ("value", "count", "low", "high"),
    # by the method "wilson" of SciPy's `binomtest`
    [(0.5, 100, 0.4038315, 0.5961685), (0.95, 20, 0.7638688, 0.9911186), (1.0, 10, 0.7224672, 1.0)],
)
def test_one_mean_has_wilsons_interval(value: float, count: float, low: float, high: float) -> None:
    assert wilson(Mean(value, count)) == pytest.approx((low, high), abs=1e-6)
    found = weighted_sum([(1.0, Mean(value, count))])
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


def test_nothing_seen_may_be_anything() -> None:
    assert wilson(Mean(0.0, 0.0)) == (0.0, 1.0)


def test_a_difference_of_means_has_the_interval_of_a_score_test() -> None:
    found = weighted_sum([(1.0, Mean(56 / 70, 70)), (-1.0, Mean(48 / 80, 80))])

    # Mee's interval in R. G. Newcombe (1998), Statistics in Medicine 17, table II
    assert (found.low, found.high) == pytest.approx((0.0533, 0.3377), abs=5e-4)
    assert found.estimate == pytest.approx(0.2)


def test_weights_scale_the_interval() -> None:
    one, half = weighted_sum([(1.0, Mean(0.8, 50))]), weighted_sum([(0.5, Mean(0.8, 50))])

    assert (half.low, half.high) == pytest.approx((one.low / 2, one.high / 2), abs=1e-8)


def test_a_term_without_weight_says_nothing() -> None:
    assert weighted_sum([(1.0, Mean(0.8, 50)), (0.0, Mean(0.1, 2))]) == weighted_sum([(1.0, Mean(0.8, 50))])


def test_no_terms_are_exactly_nothing() -> None:
    found = weighted_sum([])

    assert (found.estimate, found.low, found.high) == (0.0, 0.0, 0.0)


def test_what_else_varies_widens_the_interval_to_either_side() -> None:
    found = weighted_sum([], variance=0.01)

    assert (found.low, found.high) == pytest.approx((-0.1 * TWO_SIDED, 0.1 * TWO_SIDED))


def test_all_right_answers_can_be_no_better_but_all_else_may_still_vary() -> None:
    found = weighted_sum([(1.0, Mean(1.0, 50))], variance=0.0001)

    assert found.high == pytest.approx(1 + 0.01 * TWO_SIDED)
    assert found.low < wilson(Mean(1.0, 50))[0]


def test_a_one_sided_bound_is_closer() -> None:
    terms = [(0.4, Mean(0.9, 40)), (0.6, Mean(0.7, 60))]

    assert weighted_sum(terms, width=ONE_SIDED).low > weighted_sum(terms).low


@pytest.mark.parametrize("shares", [(0.95, 0.6), (0.5, 0.5), (0.99, 0.97)])
def test_a_bound_fails_about_as_often_as_it_says(shares: tuple[float, float]) -> None:
    weights, count = (0.6, 0.4), 20
    truth = sum(weight * share for weight, share in zip(weights, shares, strict=True))
    failed = 0.0
    for right in product(range(count + 1), repeat=2):
        terms = [(weight, Mean(n / count, count)) for weight, n in zip(weights, right, strict=True)]
        if weighted_sum(terms, width=ONE_SIDED).low > truth:
            failed += prod(
                comb(count, n) * p**n * (1 - p) ** (count - n) for n, p in zip(right, shares, strict=True)
            )

    assert failed < 0.065


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(3, 3.1824), (5, 2.5706), (9, 2.2622), (19, 2.0930), (30, 2.0423), (400, 1.9659)],
)
def test_quantiles_of_student(degrees: int, quantile: float) -> None:
    assert student(degrees) == pytest.approx(quantile, rel=0.003)


def test_a_mean_known_by_its_variance_is_worth_as_many_right_or_wrong_scores() -> None:
    assert of_variance(0.5, 0.25 / 1000, 1e9).count == pytest.approx(1000)


def test_a_mean_known_by_few_requests_has_students_interval() -> None:
    mean = of_variance(0.5, 0.25 / 20, 20)

    assert mean.count == pytest.approx(20 * (TWO_SIDED / 2.0930) ** 2, rel=1e-4)


@pytest.mark.parametrize(("value", "variance"), [(1.0, 0.0), (0.7, 0.0), (0.0, 0.001)])
def test_without_spread_a_mean_is_worth_its_effective_sample(value: float, variance: float) -> None:
    assert of_variance(value, variance, 1e6).count == pytest.approx(1e6, rel=1e-4)
