import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from savings import OCTOBER, contract

from costopt.calculators.gainshare.contracts import Baseline, ExchangeRate, contracts_in
from costopt.calculators.gainshare.months import Month
from costopt.errors import ConfigError

DAY = dt.date
JULY = DAY(2026, 7, 1)


def test_both_its_first_and_its_last_day_are_in_a_contract() -> None:
    terms = contract(start=DAY(2026, 10, 10), end=DAY(2026, 11, 5))

    assert terms.days_in(OCTOBER) == (DAY(2026, 10, 10), DAY(2026, 10, 31))
    assert terms.days_in(Month(2026, 11)) == (DAY(2026, 11, 1), DAY(2026, 11, 5))
    assert terms.days_in(Month(2026, 9)) is None
    assert terms.days_in(Month(2026, 12)) is None


def test_a_contract_without_an_end_goes_on() -> None:
    assert contract().days_in(Month(2999, 2)) == (DAY(2999, 2, 1), DAY(2999, 2, 28))


def test_the_digest_is_of_the_terms() -> None:
    assert contract().sha256 == contract().sha256 == contract(losing_month="nothing").sha256
    assert len({contract().sha256, contract("26").sha256, contract(tenant="other").sha256}) == 3


def test_a_rate_of_exchange_holds_until_the_next() -> None:
    first = ExchangeRate(starts=None, usd=Decimal("1.1"))
    second = ExchangeRate(starts=DAY(2026, 10, 15), usd=Decimal("1.2"))
    terms = contract(currency="EUR", exchange=(first, second))

    assert terms.exchange_on(DAY(2026, 10, 14)) == first
    assert terms.exchange_on(DAY(2026, 10, 15)) == second
    assert contract().exchange_on(DAY(2026, 10, 15)) is None


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (Baseline(model="a/b"), "a/b"),
        (Baseline(model="premium", flat=True), "premium (flat rate)"),
        (Baseline(model="a/b", capability="code", tag="x"), "a/b for capability code, tag x"),
        (Baseline(model="a/b", tag="x", start=JULY, end=JULY), "a/b for tag x from 2026-07-01 to 2026-07-01"),
    ],
)
def test_a_baseline_is_told_in_words(baseline: Baseline, words: str) -> None:
    assert baseline.words == words


def test_the_contracts_of_a_month_are_in_the_order_of_their_days() -> None:
    old = contract(end=DAY(2026, 10, 15))
    new = contract(start=DAY(2026, 10, 16))
    others = contract(tenant="other")

    assert contracts_in([new, others, old], "acme", OCTOBER) == (old, new)
    assert contracts_in([new, others, old], "acme", Month(2026, 9)) == (old,)


def test_a_tenant_without_a_contract_is_an_error() -> None:
    with pytest.raises(ConfigError, match="There is no contract with `acme`") as caught:
        contracts_in([contract(tenant="Acme")], "acme", OCTOBER)
    assert caught.value.hint == "add a `[[contract]]` with this `tenant`, spelled the same"


def test_a_month_without_a_contract_is_an_error_that_says_when_there_is_one() -> None:
    known = [contract(start=DAY(2027, 1, 1)), contract(end=DAY(2026, 9, 30))]

    with pytest.raises(ConfigError, match="No contract with `acme` holds in 2026-10") as caught:
        contracts_in(known, "acme", OCTOBER)
    assert caught.value.hint == "its contracts hold in: 2026-01-01 – 2026-09-30, 2027-01-01 – on"


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ({}, {"tag": "code", "start": JULY}, True),
        ({"tag": "co*"}, {"tag": "Code"}, True),
        ({"tag": "code"}, {}, False),
        ({"capability": "vision"}, {"capability": "audio"}, False),
        ({"start": JULY}, {"start": JULY}, True),
        ({"start": JULY}, {}, False),
        ({"start": JULY}, {"start": JULY - dt.timedelta(1)}, False),
        ({"end": JULY}, {"end": JULY}, True),
        ({"end": JULY}, {}, False),
        ({"end": JULY}, {"end": JULY + dt.timedelta(1)}, False),
    ],
)
def test_a_baseline_covers_another_that_fits_nothing_else(
    wide: dict[str, Any], narrow: dict[str, Any], *, covers: bool
) -> None:
    assert Baseline(model="a", **wide).covers(Baseline(model="b", **narrow)) is covers
