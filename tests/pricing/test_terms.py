import datetime as dt
from decimal import Decimal

import pytest

from costopt.pricing.entries import Adjustment, Match, Model, ModePrice, PriceRow, Rates
from costopt.pricing.fields import Problem
from costopt.pricing.terms import adjusted, clipped, fits, multiplied, rounded

JAN, APR, JUL, OCT = (dt.date(2026, month, 1) for month in (1, 4, 7, 10))


def row(starts: dt.date | None = None, ends: dt.date | None = None, rate: int = 10) -> PriceRow:
    return PriceRow(starts, (), frozenset(), {"standard": ModePrice(Rates(input=rate))}, ends)


def times(factor: str, starts: dt.date | None = None, ends: dt.date | None = None) -> Adjustment:
    return Adjustment("*", "*", frozenset({"standard"}), starts, ends, Decimal(factor), {})


def paid(
    rows: tuple[PriceRow, ...], *terms: Adjustment
) -> list[tuple[dt.date | None, dt.date | None, int | None]]:
    """First day, end and input rate of each price."""
    found = adjusted(Model("acme", "large", Match(), rows), terms)
    return [(each.starts, each.ends, each.modes["standard"].rates.input) for each in found.prices]


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        (None, None, (APR, JUL)),
        (JAN, OCT, (APR, JUL)),
        (APR, JUL, (APR, JUL)),
        (dt.date(2026, 5, 1), None, (dt.date(2026, 5, 1), JUL)),
        (None, dt.date(2026, 5, 1), (APR, dt.date(2026, 5, 1))),
        (JUL, None, None),
        (None, APR, None),
    ],
)
def test_a_row_is_clipped_to_the_days_that_both_have(
    starts: dt.date | None, ends: dt.date | None, expected: tuple[dt.date, dt.date] | None
) -> None:
    found = clipped(row(APR, JUL), starts, ends)

    assert (found and (found.starts, found.ends)) == expected


def test_an_open_row_is_clipped_to_the_bounds() -> None:
    assert clipped(row(), None, None) == row()
    assert clipped(row(), APR, None) == row(APR)
    assert clipped(row(), APR, JUL) == row(APR, JUL)


def test_terms_of_all_times_leave_nothing_of_the_listed_prices() -> None:
    assert paid((row(), row(JUL, rate=8)), times("0.5")) == [(None, None, 5), (JUL, None, 4)]


def test_terms_of_some_time_come_after_the_listed_prices() -> None:
    assert paid((row(), row(JUL, rate=8)), times("0.5", APR, OCT)) == [
        (None, None, 10),
        (JUL, None, 8),
        (APR, OCT, 5),
        (JUL, OCT, 4),
    ]


def test_a_listed_price_that_terms_hide_is_left_out() -> None:
    assert paid((row(), row(JUL, rate=8)), times("0.5", APR)) == [
        (None, None, 10),
        (APR, None, 5),
        (JUL, None, 4),
    ]


def test_terms_after_the_end_of_a_price_leave_it() -> None:
    assert paid((row(None, APR),), times("0.5", JUL)) == [(None, APR, 10)]


def test_a_price_of_some_hours_hides_only_those_of_the_same_hours() -> None:
    night = PriceRow(None, ((0, 360),), frozenset(), {"standard": ModePrice(Rates(input=2))})
    found = adjusted(Model("acme", "large", Match(), (row(), night)), [times("0.5", APR)])

    assert [(each.starts, each.hours_utc) for each in found.prices] == [
        (None, ()),
        (None, ((0, 360),)),
        (APR, ()),
        (APR, ((0, 360),)),
    ]


def test_a_model_that_no_terms_fit_is_the_listed_one() -> None:
    model = Model("acme", "large", Match(), (row(),))

    assert adjusted(model, ()) is model
    assert adjusted(model, [Adjustment("other", "*", frozenset(), None, None, Decimal(2), {})]) is model


def test_only_the_modes_asked_for_are_multiplied() -> None:
    both = PriceRow(
        None, (), frozenset(), {"standard": ModePrice(Rates(input=10)), "batch": ModePrice(Rates(input=5))}
    )

    modes = multiplied(both, Decimal(2), "why", {"batch"}).modes
    assert (modes["standard"].rates.input, modes["batch"].rates.input) == (10, 10)


@pytest.mark.parametrize(("rate", "expected"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999", 2), ("0", 0)])
def test_half_a_pico_dollar_is_rounded_up(rate: str, expected: int) -> None:
    assert rounded(Decimal(rate)) == expected


def test_a_rate_beyond_all_measure_is_a_problem() -> None:
    assert rounded(Decimal(10**18)) == 10**18
    with pytest.raises(Problem, match=r"a rate becomes 1\.000E\+18 pico-dollars"):
        rounded(Decimal(10**18 + 1))


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("*", "*", True),
        ("acme", "gpt-5*", True),
        ("a?me", "*", True),
        ("acme", "gpt-5", False),
        ("ac", "*", False),
    ],
)
def test_terms_fit_a_provider_and_a_model(provider: str, model: str, expected: bool) -> None:  # noqa: FBT001
    terms = Adjustment(provider, model, frozenset(), None, None, None, {})

    assert fits(terms, "Acme", "GPT-5.5") is expected
