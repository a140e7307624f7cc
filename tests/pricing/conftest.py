"""What the tests of the catalog share: files laid over each other, and what a model costs at some time."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from costopt.errors import CatalogError
from costopt.pricing.catalog import Catalog, load_layers
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve
from costopt.pricing.schedule import rows_in_force

HEAD = 'schema = 1\ncurrency = "USD"\n'

Stacked = Callable[..., Catalog]
Refused = Callable[..., str]
Rate = Callable[..., Decimal | None]


@pytest.fixture
def stacked(tmp_path: Path) -> Stacked:
    """Gives the catalog of files, from the lowest layer up; one that does not say its schema is in US dollars."""

    def loaded(*layers: str) -> Catalog:
        paths = [tmp_path / f"{number}.toml" for number in range(len(layers))]
        for path, toml in zip(paths, layers, strict=True):
            path.write_text(toml if toml.lstrip().startswith("schema") else HEAD + toml, encoding="utf-8")
        return load_layers(paths)

    return loaded


@pytest.fixture
def refused(stacked: Stacked, tmp_path: Path) -> Refused:
    """Gives the message and hint that files are refused with."""

    def message(*layers: str) -> str:
        with pytest.raises(CatalogError) as caught:
            stacked(*layers)
        return f"{caught.value.message}\n{caught.value.hint}".replace(f"{tmp_path}/", "")

    return message


@pytest.fixture
def rate() -> Rate:
    """Gives a rate in USD per million at some time (noon, if only the day is said), None where there is none."""

    def found(
        catalog: Catalog, name: str, at: str = "2026-10-01", mode: str = "standard", kind: str = "input"
    ) -> Decimal | None:
        number = resolve(catalog, *name.split("/", 1))
        assert number is not None, name
        rows = model_of(catalog, number).prices
        moment = dt.datetime.fromisoformat(at if "T" in at else f"{at}T12:00").replace(tzinfo=dt.UTC)
        in_force = rows_in_force(rows, moment)
        price = rows[in_force[0]].modes.get(mode) if in_force else None
        pico = getattr(price.rates, kind) if price else None
        return None if pico is None else Decimal(pico).scaleb(-6)

    return found
