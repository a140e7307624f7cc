from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.models.money import (
    EXACT,
    PICO_PER_USD,
    difference,
    exact_usd,
    format_usd,
    percent,
    to_cents,
    total,
    usd,
)

PICO = st.integers(-(2**127), 2**127 - 1)
AMOUNTS = st.decimals(-(10**9), 10**9, places=12)


@pytest.mark.parametrize(
    ("pico", "expected"),
    [
        (0, "0"),
        (1, "0.000000000001"),
        (-1, "-0.000000000001"),
        (150_000, "0.00000015"),
        (10**12, "1"),
        (1_230_000_000_000, "1.23"),
        (10**15, "1000"),
        (123_456_789_012_345_678_901, "123456789.012345678901"),
    ],
)
def test_pico_dollars_become_dollars_with_every_digit_and_no_trailing_zero(pico: int, expected: str) -> None:
    assert f"{usd(pico):f}" == expected


@given(PICO)
def test_dollars_are_exact(pico: int) -> None:
    assert EXACT.multiply(usd(pico), PICO_PER_USD) == pico


def test_amounts_of_any_size_keep_every_digit() -> None:
    most = usd(2**127 - 1)

    assert exact_usd(most) == "$170,141,183,460,469,231,731,687,303.715884105727"
    assert format_usd(most.copy_negate()) == "-$170,141,183,460,469,231,731,687,303.72"
    assert percent(2**127 - 1, 1) == (2**127 - 1) * 100


def test_sums_and_differences_are_exact() -> None:
    huge, tiny = Decimal("1e30"), Decimal("1e-12")

    assert total([huge, tiny, -huge]) == tiny
    assert str(total([])) == "0"
    assert f"{difference(huge, tiny):f}" == "999999999999999999999999999999.999999999999"


def test_money_that_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="money is finite"):
        percent(Decimal("NaN"), 1)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("5", "$5.00"),
        ("0", "$0.00"),
        ("0.1250", "$0.125"),
        ("1234567.5", "$1,234,567.50"),
        ("1E+3", "$1,000.00"),
        ("0.000000000001", "$0.000000000001"),
        ("-0.125", "-$0.125"),
    ],
)
def test_a_rate_keeps_every_digit(amount: str, expected: str) -> None:
    assert exact_usd(Decimal(amount)) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.125", "0.13"),
        ("0.135", "0.14"),
        ("0.124999999999", "0.12"),
        ("-0.125", "-0.13"),
        ("2.5", "2.50"),
        ("0", "0.00"),
        ("1.005", "1.01"),
    ],
)
def test_an_invoice_rounds_half_up(amount: str, expected: str) -> None:
    assert f"{to_cents(Decimal(amount))}" == expected


@given(AMOUNTS)
def test_cents_are_off_by_half_a_cent_at_most(amount: Decimal) -> None:
    assert abs(to_cents(amount) - amount) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (1, 2, "50"),
        (1, 3, "33.3333"),
        (2, 3, "66.6667"),
        (1, 800_000, "0.0001"),
        (1, 2_000_000, "0.0001"),
        (1, 2_000_001, "0"),
        (10, 1, "1000"),
        (-1, 8, "-12.5"),
        (5, 0, "0"),
        (0, 0, "0"),
    ],
)
def test_a_percentage_has_four_digits_at_most_and_nothing_of_nothing_is_0(
    part: int, whole: int, expected: str
) -> None:
    assert f"{percent(part, whole)}" == expected
    assert f"{percent(Decimal(part), Decimal(whole))}" == expected


def test_a_percentage_has_the_digits_asked_for() -> None:
    assert percent(1, 8, digits=1) == Decimal("12.5")
    assert percent(1, 16, digits=1) == Decimal("6.3")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0", "$0.00"),
        ("0.01", "$0.01"),
        ("0.015", "$0.02"),
        ("1234.565", "$1,234.57"),
        ("-1234567", "-$1,234,567.00"),
        ("0.00123456", "$0.001235"),
        ("-0.00123456", "-$0.001235"),
        ("0.0099999", "$0.01"),
        ("0.00999949", "$0.009999"),
        ("0.00000015", "$0.0000001500"),
        ("0.000000000001", "$0.000000000001"),
        ("0.000000001234", "$0.000000001234"),
    ],
)
def test_people_see_cents_and_four_digits_below_a_cent(amount: str, expected: str) -> None:
    assert format_usd(Decimal(amount)) == expected


@given(PICO, PICO)
def test_no_money_is_a_float(one: int, other: int) -> None:
    share = percent(usd(one), usd(other), digits=0) if abs(one) <= abs(other) else percent(one, one)

    assert {type(usd(one)), type(to_cents(usd(one))), type(share)} == {Decimal}
