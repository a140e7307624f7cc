"""A small catalog, and logs read into priced rollups."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.catalog import Catalog, load_catalog

TOML = """
schema = 1
currency = "USD"
source = "made for a test"
date = 2026-10-01

[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }

[[model]]
provider = "acme"
id = "acme-large"
[[model.price]]
input = 10
cached_input = 1
output = 20
batch_input = 5
batch_cached_input = 1
batch_output = 10

[[model]]
provider = "acme"
id = "acme-small"
[[model.price]]
input = 1
output = 2
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """`acme-large` at 10 / 1 cached / 20 USD a million, half of it in batch mode; `acme-small` at 1 / 2."""
    file = tmp_path / "prices.toml"
    file.write_text(TOML, encoding="utf-8")
    return load_catalog(file)


@pytest.fixture
def read(catalog: Catalog, tmp_path: Path) -> Callable[..., Loaded]:
    """Reads a log, given as CSV, into rollups; options are those of `Logs`."""

    def loaded(csv: str, *rollups: Any, **options: Any) -> Loaded:  # noqa: ANN401 - passed on
        (tmp_path / "log.csv").write_text(csv, encoding="utf-8")
        return load(Logs(("log.csv",), **options), catalog, rollups)

    return loaded
