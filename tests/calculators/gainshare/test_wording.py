from decimal import Decimal

import pytest
from savings import contract

from costopt.calculators.gainshare.contracts import Contract, ExchangeRate
from costopt.calculators.gainshare.settling import Days, settle
from costopt.calculators.gainshare.wording import in_words, money, rounding_in_words

WHOLE = Days(30, 30)


def told(
    terms: Contract, baseline: str, actual: str, carried: str = "0", days: Days = WHOLE
) -> tuple[str, ...]:
    exchange = terms.exchange[0] if terms.exchange else None
    costs = (Decimal(baseline), Decimal(actual))
    settlement = settle(
        terms, costs[0] - costs[1], Decimal(carried), days, exchange.usd if exchange else Decimal(1)
    )
    return in_words(terms, settlement, costs, days, exchange)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1234.5", "USD", "$1,234.50"),
        ("-0.125", "USD", "-$0.125"),
        ("1234.5678", "EUR", "1,234.5678 EUR"),
        ("-2", "JPY", "-2.00 JPY"),
    ],
)
def test_an_amount_has_every_digit_and_its_currency(amount: str, currency: str, shown: str) -> None:
    assert money(Decimal(amount), currency) == shown


def test_a_plain_share_is_one_subtraction_and_one_multiplication() -> None:
    assert told(contract(), "100", "60") == (
        "Savings: $100.00 (baseline) less $60.00 (actual) = $40.00",
        "Share: 25 % of the $40.00 = $10.00",
    )


def test_tiers_that_take_something_are_named() -> None:
    tiers = [("0", "20"), ("1000", "25"), ("5000", "30")]

    assert told(contract(tiers=tiers), "2000", "0")[1:] == (
        (
            "Share: 20 % of the $1,000.00 between $0.00 and $1,000.00"
            " + 25 % of the $1,000.00 between $1,000.00 and $5,000.00 = $450.00"
        ),
    )
    assert told(contract(tiers=tiers), "6000", "0")[1].endswith(
        "+ 30 % of the $1,000.00 above $5,000.00 = $1,500.00"
    )
    assert told(contract(tiers=[("100", "20")]), "100", "10")[1:] == (
        "Share: no tier begins below $90.00 = $0.00",
    )


def test_a_loss_says_what_becomes_of_it() -> None:
    assert told(contract(), "60", "100")[1:] == (
        "Nothing is shared of a loss, and it is not carried into later months",
        "Share: $0.00",
    )
    assert told(contract(losing_month="carry_forward"), "60", "100", carried="5")[1:] == (
        "Earlier losses: -$40.00 less $5.00 carried into this month = -$45.00",
        "Nothing is left to share; losses of $45.00 are carried into later months",
        "Share: $0.00",
    )
    assert told(contract(losing_month="carry_forward"), "100", "60", carried="5")[1:] == (
        "Earlier losses: $40.00 less $5.00 carried into this month = $35.00",
        "Share: 25 % of the $35.00 = $8.75",
    )


def test_a_floor_is_named_where_it_keeps_savings_from_being_shared() -> None:
    floored = contract(floor="50")

    assert told(floored, "100", "60")[1:] == (
        "Floor: nothing is shared of savings below $50.00",
        "Share: $0.00",
    )
    assert told(floored, "100", "50")[1:] == ("Share: 25 % of the $50.00 = $12.50",)
    assert told(floored, "60", "100")[1].startswith("Nothing is shared of a loss")


def test_fee_minimum_and_cap_are_told_with_their_days() -> None:
    assert told(contract(base_fee="30"), "100", "60", days=Days(10, 30))[2:] == (
        "Base fee: $10.00 + $10.00 (10 of 30 days of the month's amount) = $20.00",
    )
    assert told(contract(minimum="30"), "100", "60")[2:] == ("Minimum: raised by $20.00 to $30.00",)
    assert told(contract(cap="6"), "100", "60", days=Days(15, 30))[2:] == (
        "Cap: cut by $7.00 to $3.00 (15 of 30 days of the month's amount)",
    )


def test_an_exchange_names_its_rate() -> None:
    rate = ExchangeRate(starts=None, usd=Decimal("1.25"))
    dated = ExchangeRate(starts=contract().start, usd=Decimal("1.25"))

    assert told(contract(currency="EUR", exchange=(rate,)), "100", "60")[2:] == (
        "In EUR: $10.00 at 1 EUR = $1.25 (the rate of the last day) = 8.00 EUR",
    )
    assert told(contract(currency="EUR", exchange=(dated,), minimum="9"), "100", "60")[2:] == (
        "In EUR: $10.00 at 1 EUR = $1.25 (the rate of the last day, in force since 2026-01-01) = 8.00 EUR",
        "Minimum: raised by 1.00 EUR to 9.00 EUR",
    )


def test_parts_are_added_and_rounded_once() -> None:
    assert rounding_in_words([Decimal("1.005")], Decimal("1.01"), contract()) == (
        "Amount due: $1.005 rounded half up to 2 decimals, once = $1.01",
    )
    assert rounding_in_words(
        [Decimal("1.2"), Decimal("2.3")], Decimal(4), contract(rounding="half_even", decimals=1)
    ) == (
        "Together: $1.20 + $2.30 = $3.50",
        "Amount due: $3.50 rounded half to even to 1 decimal, once = $4.00",
    )
