"""Whether a model's own confidence tells good answers from bad ones, so that a threshold may decide what escalates.

A threshold on raw confidence may never fire, or fire without any gain. What shows it is how well confidence ranks good
answers above bad ones (AUROC: 0.5 is no better than chance) and that there are answers on both sides of the threshold.
"""

from collections.abc import Mapping
from math import exp, log, sqrt
from typing import Final, NamedTuple

import polars as pl

from costopt.calculators.routing.intervals import TWO_SIDED
from costopt.errors import ConfigError
from costopt.models.result import Frozen
from costopt.rollups.rollup import Key, Rollup

BINS: Final = 100
GOOD: Final = 0.5
"""The quality from which an answer is good."""

_ROUNDING: Final = 1e-9
"""What 100 times a hundredth may lack of a whole number."""
_LEAST: Final = 10
"""Fewer answers of a kind say nothing."""

_BIN: Final = Key(
    "confidence_bin",
    (pl.col("confidence") * BINS + _ROUNDING).floor().clip(0, BINS - 1).cast(pl.Int64, strict=False),
    ("confidence",),
)
_IS_GOOD: Final = Key("is_good", pl.col("quality") >= GOOD, ("quality",))


def confidence_rollup(*by: str) -> Rollup:
    """The rollup that `calibration` needs, by any further keys; filter it to one group before."""
    return Rollup("confidence", by, (_BIN, _IS_GOOD))


class Calibration(Frozen):
    """What confidence says of quality.

    Attributes:
        threshold: Answers of less confidence escalate.
        requests: With a confidence.
        judged: Of these, with a quality too.
        good: Of the judged, with a quality of at least 0.5.
        auroc: How often a good answer has more confidence than a bad one, ties half; null if either is lacking.
        auroc_low: The least it may be: a 95 % interval (DeLong's, on the logit scale).
        auroc_high: The most.
        escalated: The share of requests below the threshold; null without any.
        quality_kept: The share of good answers among the judged at or above the threshold; null without any.
        quality_escalated: The same below it.
        is_calibrated: Whether the threshold may be used.
        verdict: `calibrated`, or `not calibrated: ` and why.
    """

    threshold: float
    requests: int
    judged: int
    good: int
    auroc: float | None
    auroc_low: float | None
    auroc_high: float | None
    escalated: float | None
    quality_kept: float | None
    quality_escalated: float | None
    is_calibrated: bool
    verdict: str


class _Side(NamedTuple):
    """Answers on one side of the threshold."""

    requests: int
    good: int
    bad: int

    @property
    def quality(self) -> float | None:
        return self.good / (self.good + self.bad) if self.good + self.bad else None


def calibration(rollup: pl.DataFrame, threshold: float) -> Calibration:
    """Whether confidence may decide what escalates at this threshold.

    Args:
        rollup: That of `confidence_rollup`: requests by `confidence_bin` and `is_good`.
        threshold: Answers of less confidence escalate; from 0 to 1, in hundredths.

    Raises:
        ConfigError: if the threshold is none.
    """
    if not 0 <= threshold <= 1 or abs(round(threshold * BINS) - threshold * BINS) > _ROUNDING:
        raise ConfigError(
            f"A confidence threshold of {threshold} cannot be judged",
            hint="give it in hundredths, from 0 to 1, like 0.7",
        )
    counts, place = _counts(rollup), round(threshold * BINS)
    below = _side({at: each for at, each in counts.items() if at < place})
    above = _side({at: each for at, each in counts.items() if at >= place})
    requests = below.requests + above.requests
    good, bad = below.good + above.good, below.bad + above.bad
    ranked = _auroc(counts, good, bad) if good and bad else None
    problem = _problem(below, above, ranked)
    return Calibration(
        threshold=threshold,
        requests=requests,
        judged=good + bad,
        good=good,
        auroc=ranked and ranked.value,
        auroc_low=ranked and ranked.low,
        auroc_high=ranked and ranked.high,
        escalated=below.requests / requests if requests else None,
        quality_kept=above.quality,
        quality_escalated=below.quality,
        is_calibrated=problem is None,
        verdict=f"not calibrated: {problem}" if problem else "calibrated",
    )


def _counts(rollup: pl.DataFrame) -> dict[int, _Side]:
    """By bin."""
    number, good = pl.col("requests"), pl.col("is_good")
    sums = (
        rollup.drop_nulls("confidence_bin")
        .group_by("confidence_bin")
        .agg(number.sum(), number.filter(good).sum().alias("good"), number.filter(~good).sum().alias("bad"))
        .sort("confidence_bin")
    )
    return {at: _Side(*each) for at, *each in sums.iter_rows()}


def _side(counts: Mapping[int, _Side]) -> _Side:
    return _Side(*(sum(each) for each in zip(*counts.values(), strict=True))) if counts else _Side(0, 0, 0)


class _Auroc(NamedTuple):
    value: float
    low: float
    high: float


def _auroc(counts: Mapping[int, _Side], good: int, bad: int) -> _Auroc:
    """The area under the ROC curve with its interval, both exact for binned confidence.

    DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988. Where it gives no variance at all (confidence parts good
    from bad completely, or not at all), the greatest that any could have is taken: A (1 - A) / the smaller group.
    """
    before_good = before_bad = 0
    of_good, of_bad = [], []
    for each in counts.values():
        of_good.append((each.good, (before_bad + each.bad / 2) / bad))
        of_bad.append((each.bad, (good - before_good - each.good / 2) / good))
        before_good, before_bad = before_good + each.good, before_bad + each.bad
    area = sum(number * place for number, place in of_good) / good
    edge = 1 / (2 * min(good, bad) + 1)
    held = min(max(area, edge), 1 - edge)
    variance = _variance_of_mean(of_good, area, good) + _variance_of_mean(of_bad, area, bad)
    variance = variance or held * (1 - held) / min(good, bad)
    width = TWO_SIDED * sqrt(variance) / (held * (1 - held))
    logit = log(held / (1 - held))
    return _Auroc(area, 1 / (1 + exp(width - logit)), 1 / (1 + exp(-width - logit)))


def _variance_of_mean(places: list[tuple[int, float]], mean: float, number: int) -> float:
    squares = sum(count * (place - mean) ** 2 for count, place in places)
    return squares / max(number - 1, 1) / number


def _problem(below: _Side, above: _Side, ranked: _Auroc | None) -> str | None:
    """Why the threshold may not be used, if anything forbids it."""
    good, bad = below.good + above.good, below.bad + above.bad
    if not below.requests + above.requests:
        return "no request has a confidence"
    if ranked is None or min(good, bad) < _LEAST:
        return f"{good:,} good and {bad:,} bad answers have a confidence, {_LEAST} of each are needed"
    judged = {"below": below.good + below.bad, "at or above": above.good + above.bad}
    side, number = min(judged.items(), key=lambda item: item[1])
    if number < _LEAST:
        return f"of {good + bad:,} judged answers {number:,} are {side} the threshold, {_LEAST} are needed"
    if ranked.high < 0.5:  # noqa: PLR2004 -- chance
        return f"bad answers have more confidence than good ones (AUROC {ranked.value:.2f})"
    if ranked.low <= 0.5:  # noqa: PLR2004 -- chance
        return f"confidence tells good from bad no better than chance (AUROC {ranked.low:.2f} to {ranked.high:.2f})"
    return None
