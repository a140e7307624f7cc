import datetime as dt
from pathlib import Path

import pytest

from costopt.calculators.pricing_check import check_catalog
from costopt.pricing.catalog import Catalog, load_catalog

TOML = """
schema = 1
currency = "USD"
date = 2026-10-01

[[model]]
provider = "acme"
id = "large"
[[model.price]]
input = 5
batch_input = 2.5
tier = [{ above = 200, input = 9 }]
[model.price.mode.priority]
input = 11

[[model]]
provider = "acme"
id = "dated"
[[model.price]]
from = 2026-08-01
input = 1
[[model.price]]
from = 2026-10-01
input = 2
batch_input = 1

[[model]]
provider = "globex"
id = "Grand"
[[model.price]]
batch_input = 1

[[adjust]]
match = { provider = "acme" }
multiply = 0.9

[[alias]]
raw = "x"
model = "acme/large"
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "prices.toml").write_text(TOML, encoding="utf-8")
    return load_catalog(tmp_path / "prices.toml")


def test_a_catalog_is_counted(catalog: Catalog) -> None:
    checked = check_catalog(catalog, dt.date(2026, 10, 5))

    assert (checked.providers, checked.models, checked.prices) == (2, 3, 4)
    assert (checked.dated, checked.tiered) == (1, 1)
    assert checked.modes == {"standard": 2, "batch": 3, "flex": 0, "priority": 1}
    assert [(layer.models, layer.adjustments, layer.aliases) for layer in checked.layers] == [(3, 1, 1)]


def test_prices_that_nobody_has_verified_for_long_are_stale(catalog: Catalog) -> None:
    on_the_day = check_catalog(catalog, dt.date(2026, 10, 8), stale_days=7)
    later = check_catalog(catalog, dt.date(2026, 10, 9), stale_days=7)

    assert (on_the_day.stale, later.stale_days) == ((), 7)
    assert [(model.provider, model.model, model.verified) for model in later.stale] == [
        ("acme", "dated", dt.date(2026, 10, 1)),
        ("acme", "large", dt.date(2026, 10, 1)),
        ("globex", "Grand", dt.date(2026, 10, 1)),
    ]
