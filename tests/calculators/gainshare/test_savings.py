import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from costopt.calculators.gainshare.savings import (
    columns_of,
    dearest,
    flat_cost,
    gain_share,
    of_period,
    realize,
    total_savings,
)
from costopt.errors import ConfigError
from costopt.models.schema import USD

OCTOBER = 1_790_812_800
DAY = 86_400


def entries(*rows: tuple[int, str, str, object, object]) -> pl.LazyFrame:
    """Entries by day of October, tenant, model, baseline and actual cost; each of 1,000 tokens and one request."""
    return pl.LazyFrame(
        [
            (OCTOBER + day * DAY, tenant, model, 1000, Decimal(str(baseline)), Decimal(str(actual)), 1, 0)
            for day, tenant, model, baseline, actual in rows
        ],
        schema={
            "timestamp": pl.Int64,
            "tenant": pl.String,
            "model": pl.String,
            "tokens_used": pl.Int64,
            "baseline_cost_usd": USD,
            "actual_cost_usd": USD,
            "requests": pl.Int64,
            "unpriced": pl.Int64,
        },
        orient="row",
    )


SOME = entries(
    (0, "acme", "cheap", "0.03", "0.005"),
    (1, "acme", "cheap", "0.03", "0.01"),
    (1, "globex", "dear", "0.03", "0.05"),
    (31, "acme", "dear", "0.03", "0.03"),
)


# One request


def test_the_documented_example() -> None:
    baseline = flat_cost(1000, Decimal("0.03"))

    realized = realize(baseline, Decimal("0.005"))

    assert realized.baseline_cost_usd == Decimal("0.03")
    assert realized.savings_usd == Decimal("0.025")
    assert f"{realized.savings_pct:.1f}" == "83.3"


@pytest.mark.parametrize(
    ("tokens", "rate", "cost"),
    [
        (0, "0.03", "0"),
        (1, "0.03", "0.00003"),
        (1500, "0.03", "0.045"),
        (10**15, "0.03", "30000000000"),
        (10**15 + 1, "0.123456789012345", "123456789012.345123456789"),
        (1, "0.0000000005", "0.000000000001"),
        (1, "0.0000000004", "0"),
    ],
)
def test_a_flat_cost_is_rounded_half_up_to_a_pico_dollar(tokens: int, rate: str, cost: str) -> None:
    assert flat_cost(tokens, Decimal(rate)) == Decimal(cost)


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
    realized = realize(Decimal(baseline), Decimal(actual))

    assert (f"{realized.savings_usd:f}", f"{realized.savings_pct:f}") == (savings, pct)


# Which baseline


def test_the_baseline_is_the_dearest_frontier_model() -> None:
    assert dearest({"a": Decimal("0.015"), "b": Decimal("0.03"), "c": Decimal("0.002")}) == "b"


def test_of_equally_dear_ones_it_is_the_first_by_name() -> None:
    assert dearest({"b": Decimal("0.03"), "a": Decimal("0.030"), "c": Decimal("0.002")}) == "a"


def test_without_a_frontier_model_there_is_no_baseline() -> None:
    with pytest.raises(ConfigError, match="There is no frontier model to compare with") as raised:
        dearest({})
    assert raised.value.hint == "set one: its name, and what a thousand tokens cost"


# The share


@pytest.mark.parametrize(
    ("savings", "pct", "share"),
    [
        ("100", "30", "30"),
        ("100", "0", "0"),
        ("100", "100", "100"),
        ("0.000000000001", "12.5", "0.000000000000125"),
        ("0", "30", "0"),
        ("-5", "30", "0"),
    ],
)
def test_a_share_is_of_what_was_saved_and_never_of_a_loss(savings: str, pct: str, share: str) -> None:
    assert gain_share(Decimal(savings), Decimal(pct)) == Decimal(share)


@pytest.mark.parametrize("pct", ["-0.1", "100.1", "NaN", "Infinity"])
def test_a_share_is_between_0_and_100_percent(pct: str) -> None:
    with pytest.raises(ConfigError, match="is none") as raised:
        gain_share(Decimal(100), Decimal(pct))
    assert raised.value.hint == "give a percentage from 0 to 100"


# Many entries


def test_the_total_of_all_entries() -> None:
    total = total_savings(SOME)

    assert (total.entries, total.losses, total.requests, total.unpriced, total.tokens_used) == (
        4,
        1,
        4,
        0,
        4000,
    )
    assert (total.baseline_cost_usd, total.actual_cost_usd) == (Decimal("0.12"), Decimal("0.095"))
    assert (total.savings_usd, total.savings_pct) == (Decimal("0.025"), Decimal("20.8333"))
    assert total.oldest == dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    assert total.newest == dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def test_without_entries_nothing_was_saved() -> None:
    total = total_savings(entries())

    assert total.entries == 0
    assert (total.savings_usd, total.savings_pct) == (Decimal(0), Decimal(0))
    assert (total.oldest, total.newest) == (None, None)


def test_what_was_withdrawn_counts_nowhere_and_a_request_without_tokens_does() -> None:
    nothing = pl.col("model") == "gone"
    some = entries((0, "acme", "gone", 0, 0), (1, "acme", "free", 0, 0), (2, "acme", "gone", 0, 0))

    total = total_savings(
        some.with_columns(tokens_used=0, requests=pl.when(nothing).then(0).otherwise("requests"))
    )

    assert (total.entries, total.requests) == (1, 1)
    assert total.oldest == total.newest == dt.datetime(2026, 10, 2, tzinfo=dt.UTC)


def test_a_period_is_from_a_time_up_to_another_one() -> None:
    def count(tenant: str | None = None, since: int | None = None, until: int | None = None) -> int:
        return total_savings(of_period(SOME, tenant, since, until)).entries

    assert count() == 4
    assert count("acme") == 3
    assert count("nobody") == 0
    assert count(since=OCTOBER + DAY) == 3
    assert count(until=OCTOBER + DAY) == 1
    assert count("acme", OCTOBER + DAY, OCTOBER + 31 * DAY) == 1


def test_sums_are_exact_where_64_bits_and_28_digits_are_not_enough() -> None:
    most = entries(*[(0, "acme", "m", "999999999999999.999999999999", "0.000000000001")] * 20)

    total = total_savings(most.with_columns(tokens_used=pl.lit(10**18 - 1, pl.Int64)))

    assert total.tokens_used == 20 * (10**18 - 1)
    assert f"{total.savings_usd:f}" == "19999999999999999.99999999996"


def test_only_the_columns_that_are_needed_are_named() -> None:
    assert columns_of() == (
        "timestamp",
        "requests",
        "unpriced",
        "tokens_used",
        "baseline_cost_usd",
        "actual_cost_usd",
    )
