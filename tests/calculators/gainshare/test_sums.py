from decimal import Decimal

import polars as pl
import pytest
from savings import entries

from costopt.calculators.gainshare.sums import Sums, together


def sums(csv: str = "") -> Sums:
    """What entries come to together."""
    return together(entries(csv).lazy())


def test_all_entries_are_added_those_with_a_loss_too() -> None:
    found = sums("""
        requests,unpriced,baseline_cost,actual_cost
        1,0,0.03,0.005
        2,1,0.03,0.01
        1,0,0.03,0.05
        1,0,0.03,0.03
    """)

    assert (found.entries, found.requests, found.unpriced, found.tokens) == (4, 5, 1, 4000)
    assert (found.baseline_usd, found.actual_usd) == (Decimal("0.12"), Decimal("0.095"))
    assert (found.savings_usd, found.savings_pct) == (Decimal("0.025"), Decimal("20.8333"))


def test_without_entries_nothing_was_saved() -> None:
    found = sums()

    assert (found.entries, found.savings_usd, found.savings_pct) == (0, Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("baseline", "actual", "savings", "pct"),
    [
        ("0.03", "0.05", "-0.02", "-66.6667"),
        ("0.03", "0.03", "0", "0"),
        ("0", "0", "0", "0"),
        ("0", "0.01", "-0.01", "0"),
        ("0.03", "0", "0.03", "100"),
        (
            "0.000000000001",
            "999999999999999",
            "-999999999999998.999999999999",
            "-99999999999999899999999999900",
        ),
    ],
)
def test_savings_are_the_baseline_less_the_actual_cost(
    baseline: str, actual: str, savings: str, pct: str
) -> None:
    found = sums(f"baseline_cost,actual_cost\n{baseline},{actual}")

    assert (f"{found.savings_usd:f}", f"{found.savings_pct:f}") == (savings, pct)


def test_what_was_withdrawn_counts_nowhere_and_a_request_without_tokens_does() -> None:
    found = sums("requests,tokens_used\n0,0\n1,0\n0,0")

    assert (found.entries, found.requests) == (1, 1)


def test_sums_are_exact_where_64_bits_and_28_digits_are_not_enough() -> None:
    most = "999999999999999.999999999999,0.000000000001\n" * 20
    some = entries(f"baseline_cost,actual_cost\n{most}")

    found = together(some.lazy().with_columns(tokens_used=pl.lit(10**18 - 1, pl.Int64)))

    assert found.tokens == 20 * (10**18 - 1)
    assert f"{found.savings_usd:f}" == "19999999999999999.99999999996"
