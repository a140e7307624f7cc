"""Intervals for means of scores from 0 to 1, and for weighted sums of such means.

Sources: E. B. Wilson (1927), Probable inference, JASA 22, for one mean; G. Y. Zou and A. Donner (2008), Construction
of confidence intervals about effect measures, Statistics in Medicine 27 ("MOVER"), for sums; E. L. Korn and B. I.
Graubard (1998), Survey Methodology 24, for the number of requests that a weighted mean is worth; A. Cornish and
R. A. Fisher (1938) for the quantiles of Student's t.
"""

import math
from collections.abc import Iterable
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
    pairs = [(weight, mean.value, *wilson(mean, width)) for weight, mean in terms]
    value = math.fsum(weight * middle for weight, middle, _, _ in pairs)
    more = variance * width * width
    down = (weight * (middle - (low if weight > 0 else high)) for weight, middle, low, high in pairs)
    up = (weight * ((high if weight > 0 else low) - middle) for weight, middle, low, high in pairs)
    below, above = (math.sqrt(math.fsum((more, *(side * side for side in sides)))) for sides in (down, up))
    return Range(estimate=value, low=value - below, high=value + above)


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
