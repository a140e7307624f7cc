from decimal import Decimal

import polars as pl
import pytest

from costopt.intake.numbers import clean, to_counts, to_dollars, to_measures


@pytest.mark.parametrize(
    ("spelling", "count"),
    [
        ("1200", 1200),
        ("1,200", 1200),
        ("1_200", 1200),
        ("1 200", 1200),
        (" 1200 ", 1200),
        ("59200.0", 59200),
        ("59200.", 59200),
        ("1,059,200.00", 1_059_200),
        ("1.2e3", 1200),
        ("-5", -5),
        ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("1" * 50, None),
        ("1.5", None),
        ("0.0000001", None),
        ("5.0000000001", None),
        ("1200 tokens", None),
        ("many", None),
        ("true", None),
        ("", None),
        ("-", None),
        ("--", None),
        ("null", None),
        ("None", None),
        ("NaN", None),
        ("N/A", None),
    ],
)
def test_a_count_is_read_however_it_is_written(spelling: str, count: int | None) -> None:
    assert to_counts(pl.Series([spelling])).to_list() == [count]
    assert to_counts(pl.Series(["7", spelling, None])).to_list() == [7, count, None]


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (pl.Series([1, None, -3], dtype=pl.Int8), [1, None, -3]),
        (pl.Series([1, 2**64 - 1], dtype=pl.UInt64), [1, None]),
        (pl.Series([True, False, None]), [1, 0, None]),
        (pl.Series([1.0, 1.5, None, float("nan"), float("inf"), 1e300]), [1, None, None, None, None, None]),
        (pl.Series([Decimal("3.00"), Decimal("3.01")]), [3, None]),
        (pl.Series([None, None], dtype=pl.Null), [None, None]),
        (pl.Series([], dtype=pl.String), []),
    ],
)
def test_a_count_is_read_whatever_its_type(values: pl.Series, counts: list[int | None]) -> None:
    found = to_counts(values)

    assert found.dtype == pl.Int64
    assert found.to_list() == counts


@pytest.mark.parametrize(
    ("spelling", "dollars"),
    [
        ("0.12", "0.12"),
        ("$0.12", "0.12"),
        ("-$0.12", "-0.12"),
        ("$1,234.56", "1234.56"),
        ("0.12 USD", "0.12"),
        ("USD 0.12", "0.12"),
        ("7.5e-07", "0.00000075"),
        ("1E-3", "0.001"),
        ("0.000000000001", "0.000000000001"),
        ("12", "12"),
        ("free", None),
        ("€0.12", None),
        ("1e40", None),
        ("", None),
        ("n/a", None),
    ],
)
def test_a_cost_is_read_however_it_is_written(spelling: str, dollars: str | None) -> None:
    expected = None if dollars is None else Decimal(dollars)

    assert to_dollars(pl.Series([spelling])).to_list() == [expected]
    assert to_dollars(pl.Series(["1", spelling, None])).to_list() == [Decimal(1), expected, None]


@pytest.mark.parametrize(
    ("values", "dollars"),
    [
        (pl.Series([0.1, 7.5e-07, None]), [Decimal("0.1"), Decimal("7.5e-7"), None]),
        (pl.Series([3], dtype=pl.UInt8), [Decimal(3)]),
        (pl.Series([Decimal("0.10"), None]), [Decimal("0.1"), None]),
        (pl.Series([], dtype=pl.String), []),
    ],
)
def test_a_cost_is_exact_whatever_its_type(values: pl.Series, dollars: list[Decimal | None]) -> None:
    found = to_dollars(values)

    assert found.dtype == pl.Decimal(38, 12)
    assert found.to_list() == dollars


@pytest.mark.parametrize(
    ("values", "measures"),
    [
        (pl.Series(["1.5", "1,200", "2 ", None, "-", "fast"]), [1.5, 1200.0, 2.0, None, None, None]),
        (pl.Series(["1.5", "2"]), [1.5, 2.0]),
        (pl.Series([1, None]), [1.0, None]),
        (pl.Series([Decimal("1.5")]), [1.5]),
        (pl.Series([0.5]), [0.5]),
    ],
)
def test_a_measure_is_read_however_it_is_written(values: pl.Series, measures: list[float | None]) -> None:
    assert to_measures(values).to_list() == measures


def test_cleaning_takes_off_ornament_and_says_nothing_for_nothing() -> None:
    assert clean(pl.Series([" $1,2_3 ", "none", "", None, "x"])).to_list() == ["123", None, None, None, "x"]
