"""Load the price catalog: the one that costopt ships, and the files laid over it."""

import datetime as dt
import gc
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import tomli

from costopt.errors import CatalogError
from costopt.models.intake import CatalogReport, LayerReport
from costopt.pricing.entries import (
    MODES,
    RATE_FIELDS,
    Catalog,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
)
from costopt.pricing.fields import Problem
from costopt.pricing.layers import stack
from costopt.pricing.lines import line_of
from costopt.pricing.matching import check_aliases
from costopt.pricing.parsing import read_layer

__all__ = [
    "MODES",
    "RATE_FIELDS",
    "Catalog",
    "Layer",
    "Match",
    "ModePrice",
    "Model",
    "PriceRow",
    "Provider",
    "Rates",
    "Tier",
    "load_catalog",
    "load_layers",
    "report_of",
    "shipped",
]

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = Path(__file__).parents[3]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python's search for unreachable cycles off, and put it back as it was.

    A catalog is tens of thousands of objects that have no cycles and stay. While they are made, each would be
    looked through several times, together with all that the program already has.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_catalog(path: Path | None = None) -> Catalog:
    """One file as the whole catalog.

    Args:
        path: The file; None is the catalog that costopt ships.

    Raises:
        CatalogError: The file is missing, is not TOML, or says something that is not allowed.
    """
    return load_layers([path or shipped()])


@_uncollected()
def load_layers(paths: Sequence[Path]) -> Catalog:
    """Several files as one catalog.

    Args:
        paths: From the lowest layer up, at least one; each is checked with those below it.

    Raises:
        CatalogError: A file is missing, is not TOML, or says something that is not allowed.
    """
    files: list[_File] = []
    for path in reversed(paths):
        files.insert(0, _read(path))
        if files[0].tables.get("standalone") is True:
            break  # whatever is below does not count, and takes time to read
    layers: list[Layer] = []
    catalog: Catalog | None = None
    for file in files:
        catalog = _with_layer(layers, file)
    assert catalog is not None  # noqa: S101 - at least one path
    return catalog


@dataclass(frozen=True, slots=True)
class _File:
    """A catalog file: where it is, its text, what that says, and its digest."""

    path: Path
    text: str
    tables: Mapping[str, object]
    digest: str


def _read(path: Path) -> _File:
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
        tables = tomli.loads(text, parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise CatalogError(f"`{path}` is not UTF-8: {error.reason}", hint="save it as UTF-8") from error
    except tomli.TOMLDecodeError as error:
        raise CatalogError(f"`{path}` is not valid TOML: {error}", hint="mend the syntax there") from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise CatalogError(
            f"`{path}` has a number or nesting beyond all measure", hint="no price is that long"
        ) from error
    return _File(path, text, tables, hashlib.sha256(content).hexdigest())


def _with_layer(layers: list[Layer], file: _File) -> Catalog:
    """Add a file to the layers below it."""
    try:
        layers.append(read_layer(file.tables, path=str(file.path), digest=file.digest))
        catalog = stack(layers)
        check_aliases(catalog, layers[-1])
    except Problem as problem:
        place = f"`{file.path}`, line {line_of(file.text, problem.path)}"
        raise CatalogError(f"{place}: {problem}", hint=problem.hint) from problem
    return catalog


def report_of(catalog: Catalog) -> CatalogReport:
    """What every report says of the catalog it used."""
    base = catalog.layers[0]
    return CatalogReport(
        path=base.path,
        source=base.source,
        date=_day(base.date),
        sha256=catalog.digest,
        layers=tuple(
            LayerReport(path=layer.path, source=layer.source, date=_day(layer.date), sha256=layer.digest)
            for layer in catalog.layers
        ),
    )


def _day(date: dt.date | None) -> str | None:
    return date.isoformat() if date else None


def shipped() -> Path:
    """The catalog inside the installed package, else the one at the root of a source checkout."""
    installed = _PACKAGE / "pricing.toml"
    return installed if installed.is_file() else _CHECKOUT / "pricing.toml"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CatalogError(
            f"Cannot read the price catalog `{file}`: {error.strerror}",
            hint="check the path and its permissions",
        ) from error
