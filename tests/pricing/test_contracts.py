import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from costopt.errors import CatalogError
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of

Stacked = Callable[..., Catalog]
Refused = Callable[..., str]
Rate = Callable[..., Decimal | None]

LISTED = """
[[provider]]
id = "acme"
[[provider]]
id = "cloud"
fallback = ["acme"]
[[provider]]
id = "cloud-2"
fallback = ["cloud"]
[[provider]]
id = "router"
gateway = true
[[provider]]
id = "other"

[[model]]
provider = "acme"
id = "large"
[[model.price]]
input = 10
cached_input = 1
output = 20
batch_input = 5
batch_cached_input = 1
batch_output = 10
tier = [{ above = 1000, input = 12, output = 25 }]
[model.price.mode.flex]
input = 6
cached_input = 1
output = 12

[[model]]
provider = "other"
id = "plain"
[[model.price]]
input = 3
"""


def rates(rate: Rate, catalog: Catalog, name: str = "acme/large", at: str = "2026-10-01") -> str:
    """Input, cached input and output in standard mode, then in batch mode, in USD per million."""
    found = [
        rate(catalog, name, at, mode, kind)
        for mode in ("standard", "batch")
        for kind in ("input", "cached_input", "output")
    ]
    return " ".join(str(value) if value is None else f"{value.normalize():f}" for value in found)


@pytest.mark.parametrize(
    ("claim", "terms", "expected"),
    [
        ("a factor is for every rate of every mode", "multiply = 0.5", "5 0.5 10 2.5 0.5 5"),
        ("it may be for some modes", 'match = { modes = ["batch"] }\nmultiply = 0.5', "10 1 20 2.5 0.5 5"),
        ("it may make them dearer", "multiply = 1.1", "11 1.1 22 5.5 1.1 11"),
        ("it may be a whole number", "multiply = 2", "20 2 40 10 2 20"),
        ("it may be nothing", "multiply = 0", "0 0 0 0 0 0"),
        ("a rate takes the place of the listed one", "input = 4.0", "4 1 20 5 1 10"),
        ("so does a rate of batch mode", "batch_input = 2\nbatch_output = 3", "10 1 20 2 1 3"),
        ("terms apply in their order", "multiply = 0.5\n[[adjust]]\ninput = 4", "4 0.5 10 2.5 0.5 5"),
        ("in the other order as well", "input = 4\n[[adjust]]\nmultiply = 0.5", "2 0.5 10 2.5 0.5 5"),
        ("upon each other", "multiply = 0.5\n[[adjust]]\nmultiply = 0.5", "2.5 0.25 5 1.25 0.25 2.5"),
        ("they may be for one provider", 'match = { provider = "acme" }\nmultiply = 2', "20 2 40 10 2 20"),
        ("or for one model", 'match = { model = "plain" }\nmultiply = 2', "10 1 20 5 1 10"),
        (
            "case does not count",
            'match = { provider = "ACME", model = "Large" }\nmultiply = 2',
            "20 2 40 10 2 20",
        ),
        ("a star stands for any text", 'match = { model = "lar*" }\nmultiply = 2', "20 2 40 10 2 20"),
    ],
)
def test_what_is_paid_under_contract(
    stacked: Stacked, rate: Rate, claim: str, terms: str, expected: str
) -> None:
    assert rates(rate, stacked(LISTED, f"[[adjust]]\n{terms}")) == expected, claim


def test_terms_of_all_files_apply_from_the_lowest_up(stacked: Stacked, rate: Rate) -> None:
    files = ("[[adjust]]\nmultiply = 0.5", "[[adjust]]\ninput = 4", "[[adjust]]\nmultiply = 3")

    assert rates(rate, stacked(LISTED, *files)) == "12 1.5 30 7.5 1.5 15"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-30T23:59", "10 1 20 5 1 10"),
        ("2026-07-01T00:00", "5 0.5 10 2.5 0.5 5"),
        ("2026-12-31T23:59", "5 0.5 10 2.5 0.5 5"),
        ("2027-01-01T00:00", "10 1 20 5 1 10"),
    ],
)
def test_terms_hold_from_their_first_day_until_the_first_on_which_they_do_not(
    stacked: Stacked, rate: Rate, at: str, expected: str
) -> None:
    catalog = stacked(LISTED, "[[adjust]]\nfrom = 2026-07-01\nuntil = 2027-01-01\nmultiply = 0.5")

    assert rates(rate, catalog, at=at) == expected


def test_a_mode_of_its_own_and_a_mode_that_is_not_listed_have_contract_rates(
    stacked: Stacked, rate: Rate
) -> None:
    terms = """
[[adjust]]
match = { model = "*" }
batch_input = 1
request_per_1k = 5
[adjust.mode.flex]
input = 2
[adjust.mode.priority]
"""
    catalog = stacked(LISTED, terms)

    modes = ("standard", "batch", "flex", "priority")
    assert [rate(catalog, "acme/large", mode=mode) for mode in modes] == [10, 1, 2, None]
    assert [rate(catalog, "other/plain", mode=mode) for mode in modes] == [3, 1, 2, None]
    assert rate(catalog, "acme/large", mode="flex", kind="output") == 12
    assert rate(catalog, "acme/large", kind="request") == 5000


def test_contract_rates_hold_for_prompts_of_every_size_and_factors_for_each_its_own(stacked: Stacked) -> None:
    def above(terms: str) -> tuple[int, int | None, int | None]:
        (row,) = model_of(stacked(LISTED, f"[[adjust]]\n{terms}"), 0).prices
        (tier,) = row.modes["standard"].tiers
        return tier.above, tier.rates.input, tier.rates.output

    assert above("input = 4") == (1000, 4_000_000, 25_000_000)
    assert above("multiply = 0.5") == (1000, 6_000_000, 12_500_000)


def test_a_price_says_which_terms_it_is_from(stacked: Stacked) -> None:
    terms = "[[adjust]]\nmultiply = 0.88\n[[adjust]]\nfrom = 2026-07-01\ninput = 4.0"
    rows = model_of(stacked(LISTED, terms), 0).prices

    places = [
        [line.replace(line[line.index("(") : line.rindex("/") + 1], "(") for line in row.basis]
        for row in rows
    ]
    assert places == [
        ["listed x 0.88 (1.toml, adjust 1)"],
        ["listed x 0.88 (1.toml, adjust 1)", "contract (1.toml, adjust 2)"],
    ]


# Whose models


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ('provider = "acme"', {"acme/large": 20, "cloud/large": 10, "router/acme/large": 10}),
        ('provider = "cloud"', {"acme/large": 10, "cloud/large": 20, "router/acme/large": 10}),
        ('provider = "cloud*"', {"acme/large": 10, "cloud/large": 20, "router/acme/large": 10}),
        (
            'provider = "router", model = "acme/*"',
            {"acme/large": 10, "cloud/large": 10, "router/acme/large": 20},
        ),
        ('model = "large"', {"acme/large": 20, "cloud/large": 20, "router/acme/large": 10}),
        ('model = "*large"', {"acme/large": 20, "cloud/large": 20, "router/acme/large": 20}),
    ],
)
def test_terms_are_with_the_provider_that_bills(
    stacked: Stacked, rate: Rate, terms: str, expected: Mapping[str, int]
) -> None:
    catalog = stacked(LISTED, f"[[adjust]]\nmatch = {{ {terms} }}\nmultiply = 2")

    assert {name: rate(catalog, name) for name in expected} == expected


def test_terms_may_be_for_models_that_a_provider_is_lent_through_another(stacked: Stacked) -> None:
    terms = '[[adjust]]\nmatch = { provider = "cloud-2", model = "large" }\nmultiply = 2'

    assert len(stacked(LISTED, terms).adjustments) == 1


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (
            'match = { provider = "acm" }\nmultiply = 1',
            "`1.toml`, line 4: adjust 1: no provider fits `acm`",
        ),
        (
            'multiply = 1\nmatch = { model = "largest" }',
            "`1.toml`, line 5: adjust 1: no model fits `largest`",
        ),
        (
            'multiply = 1\n[adjust.match]\nprovider = "acme"\nmodel = "plain"',
            "`1.toml`, line 7: adjust 1: no model of a provider that fits `acme` fits `plain`",
        ),
        (
            'match = { provider = "router", model = "large" }\nmultiply = 1',
            "no model of a provider that fits `router` fits `large`",
        ),
        (
            'multiply = 1\n[[adjust]]\nmatch = { provider = "[" }\nmultiply = 1',
            "`1.toml`, line 6: adjust 2: no provider fits `[`",
        ),
    ],
)
def test_terms_that_fit_nothing_are_refused(refused: Refused, terms: str, message: str) -> None:
    text = refused(LISTED, f"[[adjust]]\n{terms}")

    assert message in text
    assert text.endswith("\n`costopt pricing list` names them; `*` stands for any text")


# What cannot be read


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("", "`0.toml`, line 3: adjust 1: it needs either `multiply` or rates"),
        ("multiply = 1\ninput = 1", "line 3: adjust 1: it needs either `multiply` or rates"),
        ("[adjust.mode.flex]", "line 3: adjust 1: it needs either `multiply` or rates"),
        ("mutliply = 1", "line 4: adjust 1: unknown key `mutliply`\ndid you mean `multiply`?"),
        ("multiply = -0.1", "line 4: adjust 1: `multiply` is `-0.1`, not a number from 0 to 1,000"),
        ("multiply = 1001", "`multiply` is `1001`, not a number from 0 to 1,000"),
        ("multiply = nan", "`multiply` is `NaN`, not a number from 0 to 1,000"),
        ("multiply = true", "`multiply` is `true`, not a number from 0 to 1,000"),
        ('multiply = "0.5"', '`multiply` is `"0.5"`, not a number from 0 to 1,000'),
        ("input = -1", "line 4: adjust 1: `input` is `-1`, not between 0 and 100,000,000"),
        (
            "from = 2026-07-01\nuntil = 2026-07-01\nmultiply = 1",
            "line 5: adjust 1: `until` is 2026-07-01, which is not after `from`",
        ),
        ('multiply = 1\nfrom = "2026-07-01"', 'line 5: adjust 1: `from` is `"2026-07-01"`, not a date'),
        ("multiply = 1\nmatch = 1", "line 5: adjust 1: `match` is `1`, not a table"),
        (
            "multiply = 1\n[adjust.match]\nmodle = 1",
            "line 6: adjust 1: `match`: unknown key `modle`\ndid you mean `modes`?",
        ),
        (
            'input = 1\nmatch = { modes = ["batch"] }',
            "line 5: adjust 1: `match`: `modes` stands beside rates\nrates name their mode themselves",
        ),
        (
            'multiply = 1\nmatch = { modes = ["btach"] }',
            'line 5: adjust 1: `match`: `modes` is `"btach"`, not a list of standard, batch, flex, priority',
        ),
        ("mode = { batch = { input = 1 } }", "line 4: adjust 1: mode: unknown key `batch`"),
        ("mode = { flex = { inptu = 1 } }", "line 4: adjust 1: mode flex: unknown key `inptu`"),
        ("mode = { flex = 1 }", "line 4: adjust 1: mode flex: `flex` is `1`, not a table"),
        ("mode = { flex = { input = nan } }", "line 4: adjust 1: mode flex: `input` is `NaN`, not between"),
    ],
)
def test_terms_that_could_be_misread_are_refused_with_their_line(
    refused: Refused, terms: str, message: str
) -> None:
    assert message in refused(f"[[adjust]]\n{terms}")


def test_terms_for_each_year_upon_each_other_are_not_too_many(stacked: Stacked, rate: Rate) -> None:
    years = "".join(f"[[adjust]]\nfrom = {year}-01-01\nmultiply = 0.5\n" for year in range(2010, 2030))
    catalog = stacked(LISTED, years)

    assert len(model_of(catalog, 0).prices) == 21
    assert rate(catalog, "acme/large", "2012-12-31") == Decimal("1.25")


def test_more_contract_periods_than_there_is_room_for_are_refused_without_a_traceback(
    stacked: Stacked,
) -> None:
    first = dt.date(2024, 1, 1)
    days = [first + dt.timedelta(days=number) for number in range(601)]
    prices = "".join(f"[[model.price]]\nfrom = {day}\ninput = 1\n" for day in days)
    terms = f"[[adjust]]\nuntil = {days[400]}\nmultiply = 0.5\n"
    catalog = stacked(f'[[model]]\nprovider = "acme"\nid = "daily"\n{prices}{terms}')

    with pytest.raises(CatalogError, match="Contract terms of model `acme/daily`: it has 1001 prices"):
        model_of(catalog, 0)


def test_factors_that_make_a_price_absurd_are_refused_without_a_traceback(stacked: Stacked) -> None:
    catalog = stacked(LISTED, "[[adjust]]\nmultiply = 1000\n" * 12)

    with pytest.raises(CatalogError, match=r"Contract terms of model `acme/large`: a rate becomes .*E\+1\d"):
        model_of(catalog, 0)


# In another currency

EURO = """
schema = 1
currency = "EUR"
[[exchange]]
from = 2026-01-01
usd = 1.1
[[exchange]]
from = 2026-07-01
usd = 1.2
"""


def test_contract_rates_are_in_the_currency_of_their_file(stacked: Stacked, rate: Rate) -> None:
    catalog = stacked(LISTED, EURO + "[[adjust]]\nfrom = 2026-02-01\nuntil = 2026-08-01\ninput = 4.0")

    days = ("2026-01-31", "2026-02-01", "2026-06-30", "2026-07-01", "2026-07-31", "2026-08-01")
    assert [str(rate(catalog, "acme/large", day)) for day in days] == [
        "10.000000",
        "4.400000",
        "4.400000",
        "4.800000",
        "4.800000",
        "10.000000",
    ]


def test_contract_rates_of_one_period_of_exchange_are_there_once(stacked: Stacked) -> None:
    catalog = stacked(
        LISTED,
        EURO + "[[adjust]]\nmultiply = 0.5\n[[adjust]]\nfrom = 2026-02-01\nuntil = 2026-03-01\ninput = 4.0",
    )

    assert [(terms.number, terms.place.split("/")[-1]) for terms in catalog.adjustments] == [
        (0, "1.toml, adjust 1"),
        (1, "1.toml, adjust 2, 1 EUR = 1.1 USD from 2026-01-01"),
    ]


def test_contract_rates_of_a_time_without_exchange_are_refused(refused: Refused) -> None:
    assert refused(
        LISTED, EURO + "[[adjust]]\nmultiply = 1\n[[adjust]]\nuntil = 2026-03-01\ninput = 4.0"
    ) == (
        "`1.toml`, line 12: adjust 2: its rates are in EUR, which has no rate of exchange before 2026-01-01\n"
        "add a `from` that is not earlier, or an `[[exchange]]` without one"
    )
    assert "line 11: adjust 1: its rates are in EUR" in refused(
        LISTED, EURO + "[[adjust]]\nfrom = 2025-12-31\ninput = 4.0"
    )


def test_a_factor_needs_no_exchange(stacked: Stacked, rate: Rate) -> None:
    catalog = stacked(LISTED, EURO + "[[adjust]]\nmultiply = 0.5")

    assert rate(catalog, "acme/large", "2020-01-01") == 5


def test_the_place_of_terms_counts_those_of_the_file_not_those_that_exchange_makes(refused: Refused) -> None:
    terms = "[[adjust]]\nfrom = 2026-02-01\ninput = 4.0\n[[adjust]]\nmatch = { model = 'x' }\nmultiply = 1"

    assert refused(LISTED, EURO + terms).startswith("`1.toml`, line 14: adjust 2: no model fits `x`")
