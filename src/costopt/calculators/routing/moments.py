"""The sums over requests that every statement about quality is made of.

Each is a sum of whole numbers, so that rollups of parts of a log add up to those of the whole, whatever the order.
Qualities and inverse propensities are counted in millionths, their products in millionths of millionths.

A line may stand for several requests. Its quality is then their mean, and the sums of squares take the largest
spread that scores from 0 to 1 with that mean can have: an interval may become too wide by it, never too narrow.
"""

from typing import Final

import polars as pl

from costopt.rollups.rollup import Key

MICRO: Final = 1_000_000
"""Millionths in one."""

LEAST_PROPENSITY: Final = 1e-6
"""Below it, a propensity is taken for an error of the log."""

_READS: Final = ("requests", "quality", "propensity", "status")

# The largest product of a line is requests * 1e12 * 1e12. An Int128 holds 1.7e38, so that a log of single requests
# has room for 1e14 of the worst lines, and one whose lines stand for a million requests each for 1e8.
_requests = pl.col("requests").cast(pl.Int128).fill_null(1)
_quality = pl.col("quality").cast(pl.Float64)
_propensity = pl.col("propensity").cast(pl.Float64)
_is_scored = _quality.is_between(0, 1).fill_null(value=False)
_is_known = _propensity.is_between(LEAST_PROPENSITY, 1).fill_null(value=False)
_is_both = _is_scored & _is_known


def _count(what: pl.Expr) -> pl.Expr:
    return what.fill_null(value=False).cast(pl.Int128)


def _micro(value: pl.Expr, where: pl.Expr) -> pl.Expr:
    """A number in millionths; 0 where it does not count."""
    return pl.when(where).then((value * MICRO).round()).otherwise(0.0).cast(pl.Int128)


def _squared(value: pl.Expr, largest: pl.Expr) -> pl.Expr:
    """The square of what lies between 0 and `largest`; on average at most, where a line is the mean of several."""
    return value * pl.when(_requests == 1).then(value).otherwise(largest)


_score = _micro(_quality, _is_scored)
_inverse = _micro(1 / _propensity, _is_known)
_weight = _micro(1 / _propensity, _is_both)
_weighted = _micro(_quality / _propensity, _is_both)


def _sum(name: str, value: pl.Expr) -> Key:
    return Key(name, _requests * value, _READS)


SUMS: Final = (
    _sum("failed", _count(pl.col("status") == "error")),
    _sum("scored", _count(_is_scored)),
    _sum("quality_sum", _score),
    _sum("quality_squares", _squared(_score, pl.lit(MICRO, dtype=pl.Int128))),
    _sum("known", _count(_is_known)),
    _sum("wrong", _count(_propensity.is_not_null() & ~_is_known)),
    _sum("inverse_sum", _inverse),
    _sum("inverse_squares", _inverse * _inverse),
    _sum("both", _count(_is_both)),
    _sum("weight_sum", _weight),
    _sum("weight_squares", _weight * _weight),
    _sum("weighted_sum", _weighted),
    _sum("weighted_cross", _weight * _weighted),
    _sum("weighted_squares", _squared(_weighted, _weight)),
    _sum("weighted_product", _weighted * pl.when(_requests == 1).then(_score).otherwise(MICRO)),
)
"""What a rollup adds up, per request `q` its quality (0 to 1) and `p` its propensity, where the log has them:

- `failed`, `scored`, `known`, `wrong`: requests that failed, that have a `q`, that have a `p`, and that have a `p`
  which is not above 0 and at most 1;
- `quality_sum`, `quality_squares`: of `q` and `q²`;
- `inverse_sum`, `inverse_squares`: of `1/p` and `1/p²`;
- `both`: requests that have both, and of these
- `weight_sum`, `weight_squares`, `weighted_sum`, `weighted_cross`, `weighted_squares`, `weighted_product`: of `1/p`,
  `1/p²`, `q/p`, `q/p²`, `q²/p²` and `q²/p`.

A score that is not from 0 to 1 is none.
"""

HALF: Final = Key(
    "half",
    ((pl.col("request_id").hash(seed=11) ^ pl.col("timestamp").hash(seed=12)) % 2).cast(pl.Int8),
    ("request_id", "timestamp"),
)
"""A key that halves the requests, 0 or 1, as if by lot, yet the same with one Polars release: by their ids and times.

What was chosen on one half can be tried on the other.
"""
