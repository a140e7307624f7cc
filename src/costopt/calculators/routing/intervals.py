"""Intervals for means of scores from 0 to 1, and for weighted sums of such means.

Sources: E. B. Wilson (1927), Probable inference, JASA 22, for one mean; O. Miettinen and M. Nurminen (1985),
Comparative analysis of two rates, Statistics in Medicine 4, and A. Martín Andrés et al. (2011), Inferences about a
linear combination of proportions, Statistical Methods in Medical Research 20, for sums, of which one term alone gives
Wilson's interval; E. L. Korn and B. I. Graubard (1998), Survey Methodology 24, for the number of requests that a
weighted mean is worth; E. A. Cornish and R. A. Fisher (1938) for the quantiles of Student's t.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from costopt.models.result import Frozen

CONFIDENCE: Final = 0.95
"""How often an interval covers the truth."""

TWO_SIDED: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""Standard errors to either side."""

ONE_SIDED: Final = NormalDist().inv_cdf(CONFIDENCE)
"""Standard errors to the one side that matters."""

_HAIR: Final = 1e-9
_FINE: Final = 1e-9
_LAST_PULL: Final = 1e12


class Range(Frozen):
    """A figure with its 95 % interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of scores from 0 to 1.

    Attributes:
        value: The mean.
        count: How many independent right-or-wrong scores would know it as well.
    """

    value: float
    count: float


def wilson(mean: Mean, width: float = TWO_SIDED) -> tuple[float, float]:
    """The interval of a mean that lies from 0 to 1; never empty, and never beyond 0 or 1."""
    value = min(max(mean.value, 0.0), 1.0)
    square = width * width
    whole = mean.count + square
    middle = (mean.count * value + square / 2) / whole
    half = width * math.sqrt(mean.count * value * (1 - value) + square / 4) / whole
    return min(max(0.0, middle - half), value), max(min(1.0, middle + half), value)


def of_variance(value: float, variance: float, worth: float) -> Mean:
    """A mean from 0 to 1 of which the sampling variance was estimated from a few requests.

    Wilson's interval with Student's quantile in place of the normal one is that of fewer scores.

    Args:
        value: The mean.
        variance: Its sampling variance.
        worth: How many requests the mean and its variance rest on, at least 4: the effective sample size.
    """
    spread = value * (1 - value)
    count = spread / variance if variance > 0 and spread > 0 else worth
    return Mean(value, count * (TWO_SIDED / student(worth - 1)) ** 2)


def weighted_sum(
    terms: Iterable[tuple[float, Mean]], *, variance: float = 0.0, width: float = TWO_SIDED
) -> Range:
    """A sum of independent means, each by its weight, with its interval.

    Args:
        terms: Weights, of either sign, and means.
        variance: Of what else varies, independently of the means.
        width: How many standard errors the interval reaches to either side.
    """
    known = [(weight, mean) for weight, mean in terms if weight]
    value = math.fsum(weight * mean.value for weight, mean in known)
    more = variance * width * width
    low = value - _reach(known, more, width)
    high = value + _reach([(-weight, mean) for weight, mean in known], more, width)
    return Range(estimate=value, low=low, high=high)


def _reach(terms: Sequence[tuple[float, Mean]], more: float, width: float) -> float:
    """How far the sum may truly be below what was seen: as far as its score test does not reject.

    Of all means with the same sum those are tested that are the likeliest, given what was seen; the pull says how far
    down they are. Where even the lowest sum is not rejected, what else varies decides.
    """

    def tested(pull: float) -> tuple[float, float]:
        """How far the sum is pulled down, and how much farther that is than chance goes, by more than a hair."""
        likely = [(weight, mean, _likeliest(mean, pull * weight)) for weight, mean in terms]
        below = math.fsum(weight * (mean.value - value) for weight, mean, value in likely)
        chance = math.fsum(weight**2 * value * (1 - value) / mean.count for weight, mean, value in likely)
        return below, below - math.sqrt(chance * width**2 + more) - _HAIR

    spread = math.sqrt(math.fsum(weight**2 / mean.count for weight, mean in terms)) / 2
    if not spread:
        return math.sqrt(more)
    low, high = (0.0, tested(0.0)[1]), (width / spread, tested(width / spread)[1])
    while high[1] <= 0 and high[0] < _LAST_PULL:
        pull = high[0] * 2
        low, high = high, (pull, tested(pull)[1])
    if high[1] <= 0:
        return max(tested(high[0])[0], math.sqrt(more))
    return tested(_crossing(lambda pull: tested(pull)[1], low, high))[0]


def _crossing(of: Callable[[float], float], low: tuple[float, float], high: tuple[float, float]) -> float:
    """Where a function crosses 0 between a point below and one above, by false position (the Illinois rule)."""
    kept = 0
    while high[0] - low[0] > _FINE * high[0]:
        middle = (low[0] * high[1] - high[0] * low[1]) / (high[1] - low[1])
        value = of(middle)
        if value > 0:
            high, low = (middle, value), (low[0], low[1] / 2 if kept > 0 else low[1])
            kept = 1
        else:
            low, high = (middle, value), (high[0], high[1] / 2 if kept < 0 else high[1])
            kept = -1
        if abs(value) < _HAIR * _FINE:
            break
    return high[0] if kept > 0 else low[0]


def _likeliest(mean: Mean, pull: float) -> float:
    """The p from 0 to 1 that solves count · (value − p) = pull · p · (1 − p)."""
    half = mean.count + pull
    root = math.sqrt(max(0.0, half**2 - 4 * pull * mean.count * mean.value))
    found = 2 * mean.count * mean.value / (half + root) if half > 0 else (half - root) / (2 * pull)
    return min(max(found, 0.0), 1.0)


def student(degrees: float, width: float = TWO_SIDED) -> float:
    """The quantile of Student's t for which a normal distribution has `width`; for 3 degrees of freedom and more.

    >>> round(student(10), 3), round(student(100), 3)
    (2.228, 1.984)
    """
    z, n = width, degrees
    terms = (
        z,
        (z**3 + z) / (4 * n),
        (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2),
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3),
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4),
    )
    return math.fsum(terms)
