from collections.abc import Callable
from decimal import Decimal

import pytest

from costopt.pricing.catalog import Catalog

Stacked = Callable[..., Catalog]
Refused = Callable[..., str]
Rate = Callable[..., Decimal | None]

EURO = 'schema = 1\ncurrency = "EUR"\n'
EXCHANGE = """
[[exchange]]
from = 2026-01-01
usd = 1.1
[[exchange]]
from = 2026-07-01
usd = 1.25
"""
MODEL = """
[[model]]
provider = "acme"
id = "large"
"""
PRICED = MODEL + "[[model.price]]\ninput = 10\noutput = 20\n"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-12-31T23:59", None),
        ("2026-01-01T00:00", "11"),
        ("2026-06-30T23:59", "11"),
        ("2026-07-01T00:00", "12.5"),
        ("2099-01-01T00:00", "12.5"),
    ],
)
def test_a_price_is_turned_into_dollars_at_the_exchange_of_its_day_and_before_the_first_there_is_none(
    stacked: Stacked, rate: Rate, at: str, expected: str | None
) -> None:
    found = rate(stacked(EURO + EXCHANGE + PRICED), "acme/large", at)

    assert found == (expected and Decimal(expected))


def test_an_exchange_without_a_day_holds_from_the_beginning(stacked: Stacked, rate: Rate) -> None:
    catalog = stacked(EURO + "[[exchange]]\nusd = 2\n[[exchange]]\nfrom = 2026-07-01\nusd = 3" + PRICED)

    assert [rate(catalog, "acme/large", at) for at in ("1999-01-01", "2026-07-01")] == [20, 30]


def test_a_price_changes_on_its_own_days_and_on_those_of_the_exchange(stacked: Stacked, rate: Rate) -> None:
    catalog = stacked(EURO + EXCHANGE + PRICED + "[[model.price]]\nfrom = 2026-04-01\ninput = 8\n")

    days = ("2026-03-31", "2026-04-01", "2026-07-01")
    assert [rate(catalog, "acme/large", day) for day in days] == [11, Decimal("8.8"), 10]


def test_the_prices_of_some_hours_stay_those_of_their_hours(stacked: Stacked, rate: Rate) -> None:
    night = '[[model.price]]\nhours_utc = ["22:00-06:00"]\ninput = 1\n'
    catalog = stacked(EURO + EXCHANGE + PRICED + night)

    times = ("2026-02-01T23:00", "2026-02-01T12:00", "2026-08-01T23:00", "2026-08-01T12:00")
    assert [str(rate(catalog, "acme/large", at)) for at in times] == [
        "1.100000",
        "11.000000",
        "1.250000",
        "12.500000",
    ]


@pytest.mark.parametrize(
    ("rate", "usd", "pico"),
    [
        ("0.000001", "0.5", 1),
        ("0.000001", "0.499999", 0),
        ("0.000003", "0.5", 2),
        ("0.000005", "0.3", 2),
        ("2.5", "1.0837", 2_709_250),
    ],
)
def test_a_rate_is_rounded_to_whole_pico_dollars_a_token_half_up(
    stacked: Stacked, rate: str, usd: str, pico: int
) -> None:
    catalog = stacked(f"{EURO}[[exchange]]\nusd = {usd}\n{MODEL}[[model.price]]\ninput = {rate}")

    assert catalog.models[0].prices[0].modes["standard"].rates.input == pico


def test_every_mode_and_tier_is_turned_into_dollars(stacked: Stacked, rate: Rate) -> None:
    prices = """
batch_input = 5
batch_output = 7
tier = [{ above = 1000, input = 30 }]
"""
    catalog = stacked(EURO + "[[exchange]]\nusd = 2" + PRICED + prices)

    assert rate(catalog, "acme/large", mode="batch", kind="output") == 14
    (tier,) = catalog.models[0].prices[0].modes["standard"].tiers
    assert (tier.above, tier.rates.input) == (1000, 60_000_000)


def test_a_price_says_at_what_exchange_it_was_turned_into_dollars(stacked: Stacked) -> None:
    assert [row.basis for row in stacked(EURO + EXCHANGE + PRICED).models[0].prices] == [
        ("1 EUR = 1.1 USD from 2026-01-01",),
        ("1 EUR = 1.25 USD from 2026-07-01",),
    ]
    assert stacked(EURO + "[[exchange]]\nusd = 2" + PRICED).models[0].prices[0].basis == ("1 EUR = 2 USD",)


def test_a_dear_model_in_a_currency_of_small_units_has_a_price(stacked: Stacked, rate: Rate) -> None:
    catalog = stacked(
        f'schema = 1\ncurrency = "IDR"\n[[exchange]]\nusd = 0.00006\n{MODEL}[[model.price]]\ninput = 1_237_500'
    )

    assert rate(catalog, "acme/large") == Decimal("74.25")


def test_a_machine_may_be_paid_in_another_currency(stacked: Stacked, rate: Rate) -> None:
    machine = MODEL + "[[model.price]]\nper_hour = 3.6\ntokens_per_second = 1000"
    catalog = stacked(EURO + "[[exchange]]\nusd = 1.5\n" + machine)

    assert rate(catalog, "acme/large") == Decimal("1.5")
    assert catalog.models[0].prices[0].basis == (
        "3.6 an hour, 1,000 tokens a second",
        "1 EUR = 1.5 USD",
    )


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            'schema = 1\ncurrency = "EUR"',
            (
                "`0.toml`, line 2: `exchange` is missing: rates are in EUR\n"
                "add `[[exchange]]` with `usd`, what one EUR is in US dollars, and `from`, its first day"
            ),
        ),
        (
            'schema = 1\ncurrency = "USD"\n[[exchange]]\nusd = 1',
            "`0.toml`, line 3: `exchange` stands in a file in USD\ndelete it, or name its currency",
        ),
        (
            'schema = 1\ncurrency = "eur"',
            'line 2: `currency` is `"eur"`, not a code of three capitals such as "USD" or "EUR"',
        ),
        ('schema = 1\ncurrency = "E1R"', 'line 2: `currency` is `"E1R"`'),
        (
            EURO + "exchange = 1.1",
            "line 3: `exchange` is `1.1`, not a list of tables, written `[[exchange]]`",
        ),
        (EURO + "[[exchange]]\nfrom = 2026-01-01", "line 3: exchange 1: `usd` is missing"),
        (EURO + "[[exchange]]\nusd = 0", "line 4: exchange 1: `usd` is `0`, not what one unit"),
        (EURO + "[[exchange]]\nusd = -1.1", "line 4: exchange 1: `usd` is `-1.1`, not what one unit"),
        (EURO + "[[exchange]]\nusd = nan", "line 4: exchange 1: `usd` is `NaN`, not what one unit"),
        (EURO + "[[exchange]]\nusd = 1e999999", "`usd` is `1E+999999`, not what one unit"),
        (EURO + "[[exchange]]\nusd = 1e-999999", "`usd` is `1E-999999`, not what one unit"),
        (EURO + "[[exchange]]\nusd = true", "line 4: exchange 1: `usd` is `true`, not what one unit"),
        (EURO + "[[exchange]]\nusd = 1\nuntil = 2", "line 5: exchange 1: unknown key `until`"),
        (
            EURO + "[[exchange]]\nusd = 1\n[[exchange]]\nusd = 2",
            "line 5: exchange 2: `from` is absent, which is not after the one above it",
        ),
        (
            EURO + EXCHANGE + "[[exchange]]\nfrom = 2026-07-01\nusd = 2",
            (
                "line 11: exchange 3: `from` is 2026-07-01, which is not after the one above it\n"
                "order the rates of exchange by day"
            ),
        ),
    ],
)
def test_an_exchange_that_could_be_misread_is_refused_with_its_line(
    refused: Refused, toml: str, message: str
) -> None:
    assert message in refused(toml)


def test_more_prices_than_there_is_room_for_are_told_of_their_model(refused: Refused) -> None:
    days = "".join(
        f"[[exchange]]\nfrom = {2000 + number // 336}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}\nusd = 1.1\n"
        for number in range(1001)
    )

    assert refused(EURO + PRICED + days).startswith(
        "`0.toml`, line 4: model `acme/large`: it has 1001 prices, counting each exchange"
    )


def test_a_rate_that_becomes_absurd_in_dollars_is_refused(refused: Refused) -> None:
    dear = EURO + "[[exchange]]\nusd = 1_000_000\n" + MODEL + "[[model.price]]\ninput = 100_000_000"

    assert refused(dear).startswith(
        "`0.toml`, line 6: model `acme/large`: a rate becomes 1.000E+20 pico-dollars"
    )
