"""Logs of a few models with round prices, as traffic that could go elsewhere and as a whole simulation."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from costopt.calculators.routing.policy import Policy
from costopt.calculators.routing.policy_file import find_model
from costopt.calculators.routing.sample import READS, Sample
from costopt.calculators.routing.simulate import Simulation, Terms, plan, simulate
from costopt.calculators.routing.tokens import PairSums
from costopt.calculators.routing.traffic import Market, Traffic, read_traffic, routes_rollup
from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.repricing import Repricing

PRICES = """
schema = 1
currency = "USD"
standalone = true

[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }
[[provider]]
id = "openai"
infer = { prefix = ["gpt-"] }
[[provider]]
id = "google"

[[model]]
provider = "acme"
id = "acme-large"
[[model.price]]
input = 10
output = 20
batch_input = 5
batch_output = 10

[[model]]
provider = "acme"
id = "acme-small"
[[model.price]]
input = 1
output = 2

[[model]]
provider = "openai"
id = "gpt-one"
[[model.price]]
input = 10
output = 20

[[model]]
provider = "openai"
id = "gpt-two"
[[model.price]]
input = 2
output = 4
request_per_1k = 1000

[[model]]
provider = "openai"
id = "embedder"
[[model.price]]
input = 1

[[model]]
provider = "google"
id = "nightly"
[[model.price]]
input = 2
output = 2
[[model.price]]
hours_utc = ["22:00-06:00"]
input = 1
output = 1
"""
"""In US dollars a million tokens; `gpt-two` costs a dollar a request besides."""

Routed = Callable[..., Traffic]
Simulated = Callable[..., Simulation]
Shadows = Mapping[tuple[tuple[str | None, ...], str, str], tuple[PairSums, PairSums]]
BY = ("complexity", "request_type")


@pytest.fixture
def priced(tmp_path: Path) -> Catalog:
    """The catalog of `PRICES`."""
    (tmp_path / "prices.toml").write_text(PRICES, encoding="utf-8")
    return load_catalog(tmp_path / "prices.toml")


@pytest.fixture
def routed(priced: Catalog, tmp_path: Path) -> Routed:
    """The traffic of a log, given as CSV, and what it would cost on the models named."""

    def read(
        csv: str,
        *models: str,
        by: tuple[str, ...] = BY,
        shadows: Shadows | None = None,
        **options: Any,  # noqa: ANN401 - those of `Logs`
    ) -> Traffic:
        (tmp_path / "log.csv").write_text(csv, encoding="utf-8")
        numbers = {name: number for name in models if (number := find_model(priced, name)) is not None}
        repricing = Repricing(priced, list(numbers.values()))
        rollup = routes_rollup(by, repricing, with_prompt=True)
        loaded = load(Logs(("log.csv",), **options), priced, [rollup])
        return read_traffic(loaded.rollups["routes"], by, Market(priced, numbers, repricing), shadows)

    return read


@pytest.fixture
def simulated(priced: Catalog, tmp_path: Path) -> Simulated:
    """The simulation of a log, given as CSV; options are those of `Terms` and `Logs`."""

    def run(
        csv: str,
        policies: Sequence[Policy],
        baselines: Sequence[str] = ("logged",),
        logs: Mapping[str, Any] | None = None,
        *,
        sampling: bool = True,
        **terms: Any,  # noqa: ANN401 - those of `Terms`
    ) -> Simulation:
        (tmp_path / "log.csv").write_text(csv, encoding="utf-8")
        planned = plan(Terms(tuple(policies), tuple(baselines), **terms), priced)
        sample = Sample(planned.columns, with_prompt=False)
        reading = Logs(("log.csv",), columns=READS, sink=sample.add, **(logs or {}))
        loaded: Loaded = load(reading, priced, planned.rollups)
        return simulate(planned, loaded.rollups, loaded.provenance, sample if sampling else None)

    return run
