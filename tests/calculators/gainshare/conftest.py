from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from costopt.calculators.gainshare.baselines import Rule, Yardstick, yardsticks
from costopt.calculators.gainshare.recording import RECORDING, Rows, recorded_rows, recording_rollup
from costopt.calculators.routing.policy_file import find_model
from costopt.pipeline import Logs, load
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.repricing import Repricing

PRICES = """
schema = 1
currency = "USD"
source = "made for a test"
date = 2026-10-01
standalone = true
[[provider]]
id = "acme"
[[model]]
provider = "acme"
id = "grand"
[[model.price]]
input = 10
cached_input = 1
output = 40
[[model.price]]
from = 2026-10-02
input = 5
cached_input = 0.5
output = 20
[[model]]
provider = "acme"
id = "small"
[[model.price]]
input = 1
output = 2
batch_input = 0.5
batch_output = 1
[[model]]
provider = "acme"
id = "embed-large"
[[model.price]]
input = 0.2
[[model]]
provider = "acme"
id = "embed-small"
[[model.price]]
input = 0.1
"""


@pytest.fixture
def catalog() -> Catalog:
    """Two models that write, and two that embed."""
    Path("prices.toml").write_text(PRICES, encoding="utf-8")
    return load_catalog(Path("prices.toml"))


@pytest.fixture
def yardstick(catalog: Catalog) -> Callable[[str], Yardstick]:
    """A baseline by the id of a model."""
    return lambda name: Yardstick(f"acme/{name}", find_model(catalog, f"acme/{name}"))


@pytest.fixture
def flat_rate() -> Rule:
    """A flat rate for all requests."""
    return Rule(Yardstick("premium-model", rate=Decimal("0.03")))


@pytest.fixture
def recorded(catalog: Catalog, yardstick: Callable[[str], Yardstick]) -> Callable[..., Rows]:
    """What a log, given as CSV, says by these rules; without any, all is compared with `acme/grand`."""

    def read(csv: str, *given: Rule, per_request: bool = False) -> Rows:
        rules = given or (Rule(yardstick("grand")),)
        Path("log.csv").write_text(csv, encoding="utf-8")
        numbers = [each.number for each in yardsticks(rules) if each.number is not None]
        repricing = Repricing(catalog, numbers)
        rollup = recording_rollup(repricing, rules, per_request=per_request)
        loaded = load(Logs(("log.csv",)), catalog, [rollup])
        return recorded_rows(loaded.rollups[RECORDING], repricing, rules, catalog)

    return read
