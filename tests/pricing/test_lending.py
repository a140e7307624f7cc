from collections.abc import Callable
from decimal import Decimal

import pytest

from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import lent, listed_model, model_of
from costopt.pricing.matching import resolve

Stacked = Callable[..., Catalog]
Rate = Callable[..., Decimal | None]

TOML = """
[[provider]]
id = "vendor"
[[provider]]
id = "cloud"
fallback = ["vendor"]
[[provider]]
id = "router"
gateway = true

[[model]]
provider = "vendor"
id = "large"
[[model.price]]
input = 10
batch_input = 5
[model.price.mode.priority]
input = 20
[[model.price]]
from = 2026-11-01
input = 9

[[model]]
provider = "cloud"
id = "own"
[[model.price]]
input = 3
batch_input = 1
"""


@pytest.fixture
def catalog(stacked: Stacked) -> Catalog:
    """A vendor, a cloud that sells its models at its standard prices, and a router that does so with all vendors'."""
    return stacked(TOML)


@pytest.mark.parametrize(
    ("provider", "model", "name", "lender"),
    [
        ("vendor", "large", "vendor/large", ""),
        ("cloud", "large", "cloud/large", "vendor"),
        ("router", "vendor/large", "router/vendor/large", "vendor"),
        ("router", "cloud/large", "router/vendor/large", "vendor"),
        ("router", "cloud/own", "router/cloud/own", "cloud"),
        ("cloud", "own", "cloud/own", ""),
    ],
)
def test_a_model_is_its_own_providers_or_lent(
    catalog: Catalog, provider: str, model: str, name: str, lender: str
) -> None:
    number = resolve(catalog, provider, model)
    assert number is not None

    found = listed_model(catalog, number)
    assert (found.name, found.lender) == (name, lender)


def test_only_standard_prices_are_lent(catalog: Catalog, rate: Rate) -> None:
    for name in ("cloud/large", "router/vendor/large"):
        assert [rate(catalog, name, mode=mode) for mode in ("standard", "batch", "priority")] == [
            10,
            None,
            None,
        ]
        assert rate(catalog, name, "2026-11-01") == 9
    assert rate(catalog, "vendor/large", mode="batch") == 5
    assert rate(catalog, "cloud/own", mode="batch") == 1


def test_a_loan_of_a_loan_is_the_lenders(catalog: Catalog) -> None:
    at_cloud = lent(catalog, "cloud", 0)

    assert lent(catalog, "vendor", at_cloud) == 0
    assert lent(catalog, "router", at_cloud) == lent(catalog, "router", 0)
    assert len({0, at_cloud, lent(catalog, "router", 0)}) == 3


def test_without_a_contract_what_is_paid_is_what_is_listed(catalog: Catalog) -> None:
    assert model_of(catalog, 0) == listed_model(catalog, 0) == catalog.models[0]


def test_a_borrower_may_have_a_mode_by_contract(stacked: Stacked, rate: Rate) -> None:
    terms = '[[adjust]]\nmatch = { provider = "cloud", model = "large" }\nbatch_input = 6\nbatch_output = 7'

    assert rate(stacked(TOML, terms), "cloud/large", mode="batch") == 6
    assert rate(stacked(TOML, terms), "vendor/large", mode="batch") == 5
