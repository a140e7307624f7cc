import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from costopt.calculators.pricing import RateList, list_prices, show_prices
from costopt.errors import CatalogError
from costopt.pricing.catalog import Catalog, load_catalog

TOML = """
schema = 1
currency = "USD"
source = "made for a test"
date = 2026-10-01

[[provider]]
id = "acme"
names = ["acme_cloud"]
infer = { prefix = ["acme-"] }

[[model]]
provider = "acme"
id = "acme-large"
match = { regex = ['^acme-large-\\d+$'] }
[[model.price]]
input = 5
cached_input = 0.125
cache_write_5m = 6.25
cache_write_1h = 10
output = 30
reasoning = 40
request_per_1k = 2
web_search_per_1k = 10.5
batch_input = 2.5
batch_cached_input = 0.13
batch_cache_write_5m = 3
batch_cache_write_1h = 5
tier = [{ above = 200, input = 9, batch_input = 4 }, { above = 500, input = 18 }]
[model.price.mode.priority]
input = 11
cached_input = 1
cache_write_5m = 12
cache_write_1h = 20

[[model]]
provider = "acme"
id = "acme-dated"
[[model.price]]
from = 2026-08-01
input = 1
[[model.price]]
from = 2026-10-01
input = 2
[[model.price]]
from = 2026-10-01
hours_utc = ["22:00-02:00", "12:00-24:00"]
weekdays = [5, 1]
input = 4
batch_input = 3

[[model]]
provider = "globex"
id = "Grand"
[[model.price]]
batch_input = 1
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "prices.toml").write_text(TOML, encoding="utf-8")
    return load_catalog(tmp_path / "prices.toml")


def rates(**known: str) -> dict[str, Decimal | None]:
    """All rates, those not given unknown."""
    empty = dict.fromkeys(RateList.model_fields)
    return {**empty, **{name: Decimal(rate) for name, rate in known.items()}}


# One model


def test_every_rate_is_shown_as_the_catalog_writes_it(catalog: Catalog) -> None:
    (price,) = show_prices(catalog, None, "ACME-Large-7").prices

    standard = {
        "input": "5",
        "cached_input": "0.125",
        "cache_write_5m": "6.25",
        "cache_write_1h": "10",
        "output": "30",
        "reasoning": "40",
        "request_per_1k": "2",
        "web_search_per_1k": "10.5",
    }
    batch = {"input": "2.5", "cached_input": "0.13", "cache_write_5m": "3", "cache_write_1h": "5"}
    assert price.model_dump() == {
        "from": None,
        "until": None,
        "verified": dt.date(2026, 10, 1),
        "sources": {},
        "basis": (),
        "hours_utc": (),
        "weekdays": (),
        "modes": {
            "standard": {
                "rates": rates(**standard),
                "tiers": (
                    {"above": 200, "rates": rates(**{**standard, "input": "9"})},
                    {"above": 500, "rates": rates(**{**standard, "input": "18"})},
                ),
            },
            "batch": {
                "rates": rates(**batch),
                "tiers": ({"above": 200, "rates": rates(**{**batch, "input": "4"})},),
            },
            "priority": {
                "rates": rates(input="11", cached_input="1", cache_write_5m="12", cache_write_1h="20"),
                "tiers": (),
            },
        },
    }


def test_a_raw_name_is_resolved_as_in_a_log(catalog: Catalog) -> None:
    shown = show_prices(catalog, "Acme Cloud", "acme-large-2026")

    assert (shown.provider, shown.model) == ("acme", "acme-large")
    assert (shown.asked_provider, shown.asked_model) == ("Acme Cloud", "acme-large-2026")
    assert shown.resolved == r"by the pattern `^acme-large-\d+$`"
    (layer,) = catalog.layers
    told = {"path": layer.path, "source": "made for a test", "date": "2026-10-01", "sha256": catalog.digest}
    assert shown.catalog.model_dump() == {**told, "layers": (told,), "stale": ()}
    assert (shown.source, shown.file, shown.lender, shown.tokenizer) == (
        "made for a test",
        layer.path,
        None,
        None,
    )


def test_all_prices_are_shown_with_when_they_hold(catalog: Catalog) -> None:
    terms = [
        (price.starts, price.hours_utc, price.weekdays)
        for price in show_prices(catalog, None, "acme-dated").prices
    ]

    october = dt.date(2026, 10, 1)
    assert terms == [
        (dt.date(2026, 8, 1), (), ()),
        (october, (), ()),
        (october, ("22:00-02:00", "12:00-24:00"), (1, 5)),
    ]


@pytest.mark.parametrize(
    ("at", "inputs"),
    [
        (dt.date(2026, 8, 1), [1]),
        (dt.date(2026, 9, 30), [1]),
        (dt.date(2026, 10, 1), [2]),
        (dt.date(2026, 10, 2), [2, 4]),
        (dt.datetime(2026, 10, 2, 1, 59, tzinfo=dt.UTC), [4]),
        (dt.datetime(2026, 10, 2, 2, 0, tzinfo=dt.UTC), [2]),
    ],
)
def test_the_prices_of_a_day_or_moment_are_those_in_force(
    catalog: Catalog, at: dt.date, inputs: list[int]
) -> None:
    shown = show_prices(catalog, None, "acme-dated", at)

    assert [price.modes["standard"].rates.input for price in shown.prices] == inputs
    assert shown.at == at


def test_one_mode_leaves_out_the_others_and_the_prices_without_it(catalog: Catalog) -> None:
    (price,) = show_prices(catalog, None, "acme-dated", mode="batch").prices

    assert price.weekdays == (1, 5)
    assert list(price.modes) == ["batch"]


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        (("acme-larg", None, None), "No price for model `acme-larg`", "did you mean `acme-large`?"),
        (("xyz", None, None), "No price for model `xyz`", "`costopt pricing list` names all there are"),
        (
            ("acme-dated", dt.date(2026, 7, 31), None),
            "`acme/acme-dated` has no price on 2026-07-31",
            "leave out `--at` to see all there are",
        ),
        (
            ("acme-dated", dt.datetime(2026, 7, 31, 8, tzinfo=dt.UTC), None),
            "`acme/acme-dated` has no price at 2026-07-31 08:00 UTC",
            "leave out `--at` to see all there are",
        ),
        (
            ("acme-large", None, "flex"),
            "`acme/acme-large` has no flex rates",
            "it has standard, batch, priority",
        ),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    catalog: Catalog, asked: tuple[str, dt.date | None, str | None], message: str, hint: str
) -> None:
    with pytest.raises(CatalogError) as raised:
        show_prices(catalog, None, *asked)

    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_a_price_without_a_rate_has_no_modes(tmp_path: Path) -> None:
    text = 'schema = 1\ncurrency = "USD"\n[[model]]\nprovider = "acme"\nid = "m"\n[[model.price]]\n'
    (tmp_path / "none.toml").write_text(text, encoding="utf-8")
    catalog = load_catalog(tmp_path / "none.toml")

    assert show_prices(catalog, "acme", "m").prices[0].modes == {}
    with pytest.raises(CatalogError) as raised:
        show_prices(catalog, "acme", "m", mode="batch")
    assert raised.value.hint == "it has no rates"


# All models


FRIDAY = dt.date(2026, 10, 2)


def listed(catalog: Catalog, at: dt.date = FRIDAY, **chosen: str) -> list[tuple[str, object]]:
    """Name and input rate of each price."""
    return [(f"{m.provider}/{m.model}", m.input) for m in list_prices(catalog, at, **chosen).models]


def test_the_prices_in_force_on_a_day_are_listed_by_name(catalog: Catalog) -> None:
    rest = [("acme/acme-large", 5), ("globex/Grand", None)]

    assert listed(catalog) == [("acme/acme-dated", 2), ("acme/acme-dated", 4), *rest]
    assert listed(catalog, dt.date(2026, 10, 3)) == [("acme/acme-dated", 2), *rest]
    assert listed(catalog, dt.date(2026, 7, 1)) == rest


def test_models_are_chosen_by_provider_text_and_mode(catalog: Catalog) -> None:
    assert listed(catalog, provider="GLOBEX") == [("globex/Grand", None)]
    assert listed(catalog, match="acme/ACME-l") == [("acme/acme-large", 5)]
    assert listed(catalog, mode="batch", match=" gran ") == [("globex/Grand", 1)]
    assert listed(catalog, mode="priority") == [("acme/acme-large", 11)]
    assert listed(catalog, match="nothing") == []


def test_a_listed_model_has_its_batch_rates_beside_it(catalog: Catalog) -> None:
    (model,) = list_prices(catalog, FRIDAY, match="large").models

    assert (model.input, model.cached_input, model.output) == (Decimal(5), Decimal("0.125"), Decimal(30))
    assert (model.batch_input, model.batch_cached_input) == (Decimal("2.5"), Decimal("0.13"))
    assert model.batch_output is None
    assert model.tiers_above == (200, 500)


def test_a_provider_that_the_catalog_lacks_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(CatalogError) as raised:
        list_prices(catalog, FRIDAY, provider="acne")

    assert raised.value.message == "The catalog has no provider `acne`"
    assert raised.value.hint == "it has `acme`, `globex`"


def test_models_without_a_price_on_the_day_are_counted(catalog: Catalog) -> None:
    july = dt.date(2026, 7, 1)

    assert list_prices(catalog, FRIDAY).without_price == 0
    assert list_prices(catalog, july).without_price == 1
    assert list_prices(catalog, july, provider="globex").without_price == 0
    assert list_prices(catalog, july, match="dated", mode="flex").without_price == 1
