"""Load a price catalog from `pricing.toml`."""

import hashlib
from decimal import Decimal
from pathlib import Path

import tomli

from costopt.errors import CatalogError
from costopt.models.intake import CatalogReport
from costopt.pricing.entries import (
    MODES,
    RATE_FIELDS,
    Catalog,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
)
from costopt.pricing.fields import Problem
from costopt.pricing.parsing import read_catalog

__all__ = [
    "MODES",
    "RATE_FIELDS",
    "Catalog",
    "Match",
    "ModePrice",
    "Model",
    "PriceRow",
    "Provider",
    "Rates",
    "Tier",
    "load_catalog",
    "report_of",
]

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = Path(__file__).parents[3]


def load_catalog(path: Path | None = None) -> Catalog:
    """Read and check a catalog.

    Args:
        path: The file; None is the catalog that costopt ships.

    Raises:
        CatalogError: The file is missing, is not TOML, or says something that is not allowed.
    """
    file = path or _shipped()
    content = _content(file)
    try:
        tables = tomli.loads(content.decode(), parse_float=Decimal)
        return read_catalog(tables, path=str(file), digest=hashlib.sha256(content).hexdigest())
    except UnicodeDecodeError as error:
        raise CatalogError(f"`{file}` is not UTF-8: {error.reason}", hint="save it as UTF-8") from error
    except tomli.TOMLDecodeError as error:
        raise CatalogError(f"`{file}` is not valid TOML: {error}", hint="mend the syntax there") from error
    except Problem as problem:
        raise CatalogError(f"`{file}`: {problem}", hint=problem.hint) from problem


def report_of(catalog: Catalog) -> CatalogReport:
    """What every report says of the catalog it used."""
    return CatalogReport(
        path=catalog.path,
        source=catalog.source,
        date=catalog.date.isoformat() if catalog.date else None,
        sha256=catalog.digest,
    )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CatalogError(
            f"Cannot read the price catalog `{file}`: {error.strerror}",
            hint="check the path and its permissions",
        ) from error


def _shipped() -> Path:
    """The catalog inside the installed package, else the one at the root of a source checkout."""
    installed = _PACKAGE / "pricing.toml"
    return installed if installed.is_file() else _CHECKOUT / "pricing.toml"
