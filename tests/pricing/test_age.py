import datetime as dt
from collections.abc import Callable

import pytest

from costopt.pricing.age import STALE_DAYS, stale, verified_on
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of

Stacked = Callable[..., Catalog]

PRICES = """
[[model]]
provider = "acme"
id = "large"
[[model.price]]
input = 10
[[model.price]]
from = 2026-07-01
verified = 2026-09-01
input = 8
"""


def days(catalog: Catalog) -> list[dt.date | None]:
    """When each price of the first model was verified."""
    model = catalog.models[0]
    return [verified_on(catalog, model, row) for row in model.prices]


def test_a_price_was_verified_on_its_own_day_or_that_of_its_file(stacked: Stacked) -> None:
    assert days(stacked("date = 2026-08-01\n" + PRICES)) == [dt.date(2026, 8, 1), dt.date(2026, 9, 1)]


def test_without_either_nobody_knows(stacked: Stacked) -> None:
    assert days(stacked(PRICES)) == [None, dt.date(2026, 9, 1)]


def test_the_file_is_that_of_the_layer_which_has_the_price(stacked: Stacked) -> None:
    assert days(stacked("date = 2026-08-01\n", "date = 2026-01-01\n" + PRICES, "date = 2026-09-09")) == [
        dt.date(2026, 1, 1),
        dt.date(2026, 9, 1),
    ]


def test_a_contract_does_not_verify_a_price(stacked: Stacked) -> None:
    catalog = stacked("date = 2026-08-01\n" + PRICES, "date = 2026-11-01\n[[adjust]]\nmultiply = 0.5")
    model = model_of(catalog, 0)

    assert {verified_on(catalog, model, row) for row in model.prices} == {
        dt.date(2026, 8, 1),
        dt.date(2026, 9, 1),
    }


@pytest.mark.parametrize(
    ("age", "days", "expected"),
    [(STALE_DAYS, STALE_DAYS, 0), (STALE_DAYS + 1, STALE_DAYS, 1), (31, 30, 1), (30, 30, 0), (-5, 30, 0)],
)
def test_a_price_is_stale_after_so_many_days(stacked: Stacked, age: int, days: int, expected: int) -> None:
    verified = dt.date(2026, 1, 1)
    catalog = stacked(f"date = {verified}\n{PRICES}")
    used = [(catalog.models[0], catalog.models[0].prices[0])]

    found = list(stale(catalog, used, verified + dt.timedelta(days=age), days))
    assert found == [(catalog.models[0], verified)] * expected


def test_a_price_of_unknown_age_is_not_called_stale(stacked: Stacked) -> None:
    catalog = stacked(PRICES)

    assert list(stale(catalog, [(catalog.models[0], catalog.models[0].prices[0])], dt.date(2099, 1, 1))) == []
