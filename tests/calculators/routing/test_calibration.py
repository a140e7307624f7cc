from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.calculators.routing.calibration import Calibration, calibration, confidence_rollup
from costopt.errors import ConfigError
from costopt.pipeline import Logs, load
from costopt.pricing.catalog import load_catalog

Counts = Mapping[int, tuple[int, int, int]]
"""By bin: good, bad and unjudged answers."""


def rollup(counts: Counts) -> pl.DataFrame:
    rows = [
        (at, is_good, number)
        for at, numbers in counts.items()
        for is_good, number in zip((True, False, None), numbers, strict=True)
        if number
    ]
    schema = {"confidence_bin": pl.Int64, "is_good": pl.Boolean, "requests": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def judged(counts: Counts, threshold: float = 0.7) -> Calibration:
    return calibration(rollup(counts), threshold)


# The verdict


def test_confidence_that_ranks_good_answers_above_bad_ones_is_calibrated() -> None:
    found = judged({50: (20, 80, 0), 90: (180, 20, 0)})

    assert (found.is_calibrated, found.verdict) == (True, "calibrated")
    assert found.auroc == pytest.approx((0.9 * 0.8) + (0.9 * 0.2 + 0.1 * 0.8) / 2)
    assert (found.requests, found.judged, found.good) == (300, 300, 200)
    assert found.escalated == pytest.approx(1 / 3)
    assert (found.quality_kept, found.quality_escalated) == (0.9, 0.2)


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ({}, "no request has a confidence"),
        ({90: (9, 500, 0)}, "9 good and 500 bad answers have a confidence, 10 of each are needed"),
        ({90: (500, 0, 7)}, "500 good and 0 bad answers have a confidence, 10 of each are needed"),
        ({80: (90, 50, 0), 90: (90, 5, 0)}, "of 235 judged answers 0 are below the threshold, 10 are needed"),
        (
            {20: (50, 90, 0), 30: (90, 5, 0)},
            "of 235 judged answers 0 are at or above the threshold, 10 are needed",
        ),
        (
            {20: (100, 99, 0), 80: (100, 101, 0)},
            "confidence tells good from bad no better than chance (AUROC 0.45 to 0.55)",
        ),
        ({20: (90, 10, 0), 80: (10, 90, 0)}, "bad answers have more confidence than good ones (AUROC 0.10)"),
    ],
)
def test_a_threshold_without_evidence_is_refused_with_the_reason(counts: Counts, why: str) -> None:
    found = judged(counts)

    assert (found.is_calibrated, found.verdict) == (False, f"not calibrated: {why}")


def test_what_is_not_known_is_null() -> None:
    found = judged({})

    assert (found.auroc, found.auroc_low, found.auroc_high) == (None, None, None)
    assert (found.escalated, found.quality_kept, found.quality_escalated) == (None, None, None)


def test_answers_without_a_quality_escalate_too() -> None:
    found = judged({50: (20, 80, 100), 90: (180, 20, 0)})

    assert found.escalated == 0.5
    assert found.quality_escalated == 0.2


def test_a_threshold_keeps_what_just_reaches_it() -> None:
    assert judged({69: (10, 10, 0), 70: (10, 10, 0)}).escalated == 0.5


@pytest.mark.parametrize("threshold", [0, 0.29, 0.57, 1])
def test_a_threshold_in_hundredths_is_taken(threshold: float) -> None:
    assert judged({50: (10, 10, 0)}, threshold).threshold == threshold


@pytest.mark.parametrize("threshold", [-0.01, 1.01, 0.705, float("nan")])
def test_a_threshold_between_bins_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match=f"A confidence threshold of {threshold} cannot be judged"):
        judged({}, threshold)


# The interval


def test_confidence_that_parts_all_good_from_all_bad_has_an_interval_all_the_same() -> None:
    found = judged({20: (0, 15, 0), 90: (15, 0, 0)})

    assert found.auroc == 1
    assert found.auroc_low is not None
    assert found.auroc_high is not None
    assert 0.6 < found.auroc_low < 0.9
    assert 0.99 < found.auroc_high < 1


def test_the_interval_is_that_of_delong() -> None:
    counts = {30: (5, 12, 0), 55: (9, 8, 0), 80: (16, 3, 0)}
    good = [30] * 5 + [55] * 9 + [80] * 16
    bad = [30] * 12 + [55] * 8 + [80] * 3
    found = judged(counts)

    auroc, deviation = delong(good, bad)
    assert found.auroc == pytest.approx(auroc)
    assert found.auroc_low is not None
    assert found.auroc_high is not None
    # on the logit scale its width is that of the normal interval, but for the curve
    assert found.auroc_high - found.auroc_low == pytest.approx(2 * 1.96 * deviation, rel=0.05)


def delong(good: Sequence[int], bad: Sequence[int]) -> tuple[float, float]:
    """By its definition, pair by pair."""
    wins = [[1.0 if x > y else 0.5 if x == y else 0.0 for y in bad] for x in good]
    of_good = [sum(row) / len(bad) for row in wins]
    of_bad = [sum(column) / len(good) for column in zip(*wins, strict=True)]
    mean = sum(of_good) / len(good)
    parts = [
        sum((each - mean) ** 2 for each in places) / (len(places) - 1) / len(places)
        for places in (of_good, of_bad)
    ]
    return mean, sum(parts) ** 0.5


BINS = st.dictionaries(
    st.integers(0, 99), st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 9)), max_size=6
)


@given(BINS, st.integers(0, 100))
def test_a_reversed_confidence_has_the_opposite_area_and_no_two_are_both_calibrated(
    counts: Counts, at: int
) -> None:
    found = judged(counts, at / 100)
    mirrored = judged({99 - place: numbers for place, numbers in counts.items()}, at / 100)

    if found.auroc is None:
        assert not found.is_calibrated
        return
    assert mirrored.auroc == pytest.approx(1 - found.auroc)
    assert found.auroc_low is not None
    assert found.auroc_high is not None
    assert 0 <= found.auroc_low <= found.auroc_high <= 1
    assert found.auroc_low - 0.4 <= found.auroc <= found.auroc_high + 0.4
    assert not (found.is_calibrated and mirrored.is_calibrated)


# What a log says


def test_confidence_and_quality_are_counted_in_hundredths_and_halves(tmp_path: Path) -> None:
    log = """timestamp,model,tag,input_tokens,output_tokens,confidence,quality
2026-10-01T00:00:00Z,m,qa,1,1,0.29,0.5
2026-10-01T00:00:01Z,m,qa,1,1,0.299,0.49
2026-10-01T00:00:02Z,m,qa,1,1,1,
2026-10-01T00:00:03Z,m,chat,1,1,,1
2026-10-01T00:00:04Z,m,chat,1,1,0,0
"""
    (tmp_path / "log.csv").write_text(log, encoding="utf-8")
    loaded = load(Logs(("log.csv",)), load_catalog(), [confidence_rollup("tag")])
    counted = loaded.rollups["confidence"]

    rows = (
        counted.select("tag", "confidence_bin", "is_good", "requests").sort(pl.all(), nulls_last=True).rows()
    )
    assert rows == [
        ("chat", 0, False, 1),
        ("chat", None, True, 1),
        ("qa", 29, False, 1),
        ("qa", 29, True, 1),
        ("qa", 99, None, 1),
    ]
    found = calibration(counted.filter(pl.col("tag") == "qa"), 0.7)
    assert (found.requests, found.judged, found.good) == (3, 2, 1)
    assert found.escalated == pytest.approx(2 / 3)
