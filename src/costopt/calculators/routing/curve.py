"""How much of the gap between a weak and a strong model a router recovers, as more requests go to the strong one.

A router gives every request a score; the requests with the highest scores go to the strong model. At each share of
strong calls the *performance gap recovered* (PGR) is the quality gained over "all weak", divided by what "all strong"
gains. Its average over all shares is the APGR: 0.5 for a router that draws lots, more for one that knows. CPT(x) is the
least share of strong calls at which x of the gap is recovered. Both are of I. Ong et al. (2024), RouteLLM,
arXiv:2406.18665; here they are exact: the curve has a point for every request, and requests of equal score are in no
order, so that their part of it is a straight line.

With g the gain of the strong model on a request, and F the share of requests that score lower (ties by half), the APGR
is mean(g F) / mean(g): the ratio of a U-statistic of degree 2 to a mean. Its interval needs no resampling: both parts
are normal with the variances of their influences (W. Hoeffding 1948, Annals of Mathematical Statistics 19), and the
interval of the ratio is Fieller's (E. C. Fieller 1954, J. R. Statist. Soc. B 16). It is the set of values a for which
mean(g F) - a mean(g) is not clearly different from 0, and so has no end if the gap itself is not clear.

A score from cross-fitting (each request scored by a fit to the others) is not independent of the other labels: a pair of
like requests raises or lowers the APGR twice, once each way. Where there is nothing to learn the variance is twice what
the influences say, as that of any degenerate U-statistic of degree 2 counted both ways; the more there is, the less it
matters. `crossed` adds the variance once more, which is right for a gate, and wide for a router that knows much.

An interval holds for one look. Who looks again after every night's labels will in time see chance clear of 0.5: a gate
needs `always_above`, which holds at all looks together (I. Waudby-Smith et al. 2024, Time-uniform central limit theory
and asymptotic confidence sequences, Annals of Statistics 52: their one-sided sequence). It costs 2.8 standard errors
in place of 2.
"""

import math
from dataclasses import dataclass
from typing import Final, TypedDict

import polars as pl

from costopt.calculators.routing.intervals import CONFIDENCE, student
from costopt.models.result import Frozen

_BEST_AT: Final = 500
"""Independent requests at which `always_above` is closest; it is hardly farther from a tenth to ten times as many."""

RANDOM: Final = 0.5
"""The APGR of a router that draws lots."""

_DIGITS: Final = 6
"""Of printed figures: sums of floats are not to be had to the last digit."""

_NO_GAP: Final = "the strong model is not better than the weak one on these requests: no gap to recover"
_UNCLEAR_GAP: Final = "the strong model is not clearly better than the weak one: the interval has no end"
_FEW: Final = "fewer than 5 independent requests: no interval"


class Interval(Frozen):
    """From the least to the most that the figure may be, 95 times in 100."""

    low: float
    high: float


class Recovery(Frozen):
    """What a router recovers of the gap between two models.

    Attributes:
        labels: Requests that it was measured on.
        independent: How many of them are independent: requests of one group count once.
        weak_quality: Mean quality if the weak model serves all.
        strong_quality: The same for the strong model.
        apgr: Average share of the gap recovered; None if there is no gap.
        interval: Of the APGR, at 95 %; None if it has no end.
        always_above: What the APGR exceeds, 95 times in 100, however often one looks; None if that cannot be said.
        cpt50: Least share of strong calls that recovers half of the gap; None if there is no gap.
        cpt80: The same for 80 % of it.
        cpt95: The same for 95 % of it.
        reason: Why the APGR or its interval is None.
    """

    labels: int
    independent: int
    weak_quality: float | None
    strong_quality: float | None
    apgr: float | None = None
    interval: Interval | None = None
    always_above: float | None = None
    cpt50: float | None = None
    cpt80: float | None = None
    cpt95: float | None = None
    reason: str | None = None


class Advantage(Frozen):
    """By how much the APGR of one router exceeds another's on the same requests; fields as those of `Recovery`."""

    apgr: float | None = None
    interval: Interval | None = None
    always_above: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Sums:
    """Means of the gap recovered (`theta`) and of the gap (`tau`), with the covariances of their errors."""

    theta: float
    tau: float
    theta_theta: float
    theta_tau: float
    tau_tau: float
    independent: int


def cost_quality_curve(score: pl.Series, weak: pl.Series, strong: pl.Series) -> pl.DataFrame:
    """The curve, from "all weak" to "all strong", with a point wherever the score changes.

    Columns are `share` of requests that the strong model serves, mean `quality`, and `recovered`, the share of the gap
    (null if there is no gap). Between its points the curve is straight. Rows in which a value is null are left out.

    Args:
        score: The higher, the sooner a request goes to the strong model.
        weak: Quality of the weak model's answer to each request.
        strong: Quality of the strong model's answer.
    """
    frame = _frame(score, weak, strong, None)
    base = frame["weak"].mean()
    start = pl.DataFrame({"share": [0.0], "gain": [0.0]})
    steps = _blocks(frame).select(
        share=pl.col("until") / frame.height, gain=(pl.col("above") + pl.col("gain")) / frame.height
    )
    whole = pl.concat([start, steps])
    gap = pl.col("gain").last()
    return whole.select(
        "share",
        quality=pl.lit(base, dtype=pl.Float64) + pl.col("gain"),
        recovered=pl.when(gap > 0).then(pl.col("gain") / gap),
    )


def measure_recovery(
    score: pl.Series,
    weak: pl.Series,
    strong: pl.Series,
    groups: pl.Series | None = None,
    *,
    crossed: bool = False,
) -> Recovery:
    """APGR with its interval, and CPT, of scores that were given to each request without its labels.

    Args:
        score: The higher, the sooner a request goes to the strong model.
        weak: Quality of the weak model's answer to each request.
        strong: Quality of the strong model's answer.
        groups: Requests of the same group (a prompt that comes again, a session) are not independent of each other,
            which widens the interval. Without it, all are independent.
        crossed: Whether each request was scored by a fit to others of these requests (cross-fitting).
    """
    frame = _frame(score, weak, strong, groups)
    if frame.is_empty():
        return Recovery(labels=0, independent=0, weak_quality=None, strong_quality=None, reason=_NO_GAP)
    sums = _sums(frame, _influence(frame), crossed=crossed)
    known = {
        "labels": frame.height,
        "independent": sums.independent,
        "weak_quality": _rounded(_mean(frame["weak"])),
        "strong_quality": _rounded(_mean(frame["strong"])),
    }
    if sums.tau <= 0:
        return Recovery(**known, reason=_NO_GAP)
    points = cost_quality_curve(frame["score"], frame["weak"], frame["strong"])
    return Recovery(
        **known,
        **_bounds(sums),
        cpt50=_share_for(points, 0.5),
        cpt80=_share_for(points, 0.8),
        cpt95=_share_for(points, 0.95),
    )


def compare_routers(
    scores: tuple[pl.Series, pl.Series],
    weak: pl.Series,
    strong: pl.Series,
    groups: pl.Series | None = None,
    *,
    crossed: bool = False,
) -> Advantage:
    """The APGR of the first scores less that of the second, request by request.

    Arguments are those of `measure_recovery`; `crossed` if either scores are.
    """
    columns = {"score": scores[0], "other": scores[1], "weak": weak, "strong": strong}
    whole = _complete(columns, groups)
    if whole.is_empty():
        return Advantage(reason=_NO_GAP)
    one, two = (_influence(whole.with_columns(score=pl.col(name))) for name in ("score", "other"))
    sums = _sums(whole, one - two, crossed=crossed)
    if sums.tau <= 0:
        return Advantage(reason=_NO_GAP)
    return Advantage(**_bounds(sums))


def _frame(score: pl.Series, weak: pl.Series, strong: pl.Series, groups: pl.Series | None) -> pl.DataFrame:
    return _complete({"score": score, "weak": weak, "strong": strong}, groups)


def _complete(columns: dict[str, pl.Series], groups: pl.Series | None) -> pl.DataFrame:
    """Rows without a null or a NaN, with the gain and a group: its own for a request without one."""
    frame = pl.DataFrame(
        [column.cast(pl.Float64).fill_nan(None).alias(name) for name, column in columns.items()]
    ).with_row_index("group")
    if groups is not None:
        named = pl.struct(groups.alias("named"), pl.when(groups.is_null()).then(pl.col("group")).alias("own"))
        frame = frame.with_columns(group=named.rank("dense"))
    return frame.drop_nulls().with_columns(gain=pl.col("strong") - pl.col("weak"))


def _blocks(frame: pl.DataFrame) -> pl.DataFrame:
    """Per score, highest first: requests and gain, requests down to here (`until`), and gain of those `above`."""
    ranked = frame.select("score", "gain").sort("score", descending=True, maintain_order=True)
    ends = ranked.with_row_index("until", offset=1).with_columns(total=pl.col("gain").cum_sum())
    last = ends.filter((pl.col("score") != pl.col("score").shift(-1)).fill_null(value=True))
    return last.select(
        "score",
        pl.col("until").cast(pl.Float64),
        count=pl.col("until").cast(pl.Float64).diff().fill_null(pl.col("until")),
        above=pl.col("total").shift(1, fill_value=0.0),
        gain=pl.col("total").diff().fill_null(pl.col("total")),
    )


def _influence(frame: pl.DataFrame) -> pl.Series:
    """What each request adds to mean(g F), as g F and as a rival that lets others gain; its mean is twice theirs."""
    size = frame.height
    blocks = _blocks(frame).select(
        "score",
        lower=(size - pl.col("until") + pl.col("count") / 2) / size,
        passed=(pl.col("above") + pl.col("gain") / 2) / size,
    )
    joined = frame.select("score", own="gain").join(blocks, on="score", how="left", maintain_order="left")
    return joined.select(pl.col("own") * pl.col("lower") + pl.col("passed")).to_series()


def _sums(frame: pl.DataFrame, influence: pl.Series, *, crossed: bool) -> _Sums:
    size = frame.height
    theta, tau = _mean(influence) / 2, _mean(frame["gain"])
    errors = (
        frame.select("group", one=influence - 2 * theta, two=pl.col("gain") - tau)
        .group_by("group", maintain_order=True)
        .agg(pl.col("one", "two").sum())
    )
    independent = errors.height
    scale = independent / max(1, independent - 1) / size**2
    one, two = pl.col("one"), pl.col("two")
    squares = errors.select((one * one).sum(), one.dot(two).alias("both"), (two * two).sum()).row(0)
    theta_theta, theta_tau, tau_tau = (scale * square for square in squares)
    if crossed and tau > 0:
        ratio = theta / tau
        theta_theta += theta_theta - 2 * ratio * theta_tau + ratio**2 * tau_tau
    return _Sums(theta, tau, theta_theta, theta_tau, tau_tau, independent)


class _Bounds(TypedDict):
    apgr: float
    interval: Interval | None
    always_above: float | None
    reason: str | None


def _bounds(sums: _Sums) -> _Bounds:
    """The ratio, its interval for one look, and its bound for all looks."""
    few = sums.independent < 5  # noqa: PLR2004 - Student's quantile is not to be trusted below
    interval = None if few else _fieller(sums, student(sums.independent - 1))
    always = None if few else _fieller(sums, _always(sums.independent))
    reason = _FEW if few else _UNCLEAR_GAP if interval is None else None
    low = None if always is None else always.low
    return _Bounds(apgr=_rounded(sums.theta / sums.tau), interval=interval, always_above=low, reason=reason)


def _fieller(sums: _Sums, width: float) -> Interval | None:
    """The values of theta / tau within so many standard errors; None if that set has no end."""
    a = sums.tau**2 - width**2 * sums.tau_tau
    b = sums.theta * sums.tau - width**2 * sums.theta_tau
    c = sums.theta**2 - width**2 * sums.theta_theta
    if a <= 0:
        return None
    half = math.sqrt(max(0.0, b * b - a * c))
    return Interval(low=_rounded((b - half) / a), high=_rounded((b + half) / a))


def _always(independent: int) -> float:
    """Standard errors of a lower bound that holds at every number of requests."""
    alpha = 1 - CONFIDENCE
    once = -2 * math.log(2 * alpha)
    spread = independent * (once + math.log(once) + 1) / _BEST_AT
    return math.sqrt(2 * (spread + 1) / spread * math.log(1 + math.sqrt(spread + 1) / (2 * alpha)))


def _share_for(points: pl.DataFrame, target: float) -> float:
    """Where the curve first recovers as much; it ends at the whole gap, so it does."""
    before, after = pl.col("recovered").shift(1), pl.col("recovered")
    from_share = pl.col("share").shift(1)
    along = from_share + (pl.col("share") - from_share) * (target - before) / (after - before)
    return _rounded(points.with_columns(along=along).filter(after >= target)["along"][0])


def _mean(values: pl.Series) -> float:
    return math.fsum(values) / len(values)


def _rounded(value: float) -> float:
    return round(value, _DIGITS)
