"""Bring a price list into a catalog file, and say what that did."""

import os
from pathlib import Path

from costopt.calculators.pricing_sync import PricingSync, tell_sync
from costopt.cli.loading import catalog_files, clock, day, user_catalog
from costopt.config import Config
from costopt.errors import CatalogError, OutputError
from costopt.pricing.admitting import Key
from costopt.pricing.catalog import Catalog, load_layers, shipped
from costopt.pricing.currency import USD
from costopt.pricing.fields import Problem
from costopt.pricing.sources import read_price_list
from costopt.pricing.sync import Plan, Wishes, by_hand, carried_out, plan
from costopt.report.emit import replacing


def synchronize(
    source: str, into: Path | None, config: Config, effective: str | None, *, dry_run: bool, prefer_list: bool
) -> PricingSync:
    """Plan what a price list does to the catalog up to a file, and write that file unless it is a dry run.

    Raises:
        CatalogError: A catalog file or the list cannot be read, or the file cannot be changed.
        ConfigError: `effective` is no day.
    """
    file = into or user_catalog()
    if _resolved(file) == _resolved(shipped()):
        raise CatalogError(f"`{file}` is the catalog that costopt ships", hint="name a file of your own")
    price_list = read_price_list(source)
    catalog = load_layers(_up_to(file, config))
    _check_currency(file, catalog)
    first = day(effective) if effective else price_list.layer.date or clock().date()
    todo = plan(catalog, price_list.layer, Wishes(first, _by_hand(catalog), prefer_list))
    is_written = bool(todo.models) and not dry_run
    if todo.models:
        text = _text(file, todo)
        if is_written:
            _write(file, text)
    return tell_sync(todo, catalog, price_list, file=str(file), written=is_written, effective=first)


def _up_to(file: Path, config: Config) -> list[Path]:
    """The layers of the catalog up to a file; one that is none of them goes on top, one that is not there is left out."""
    files = catalog_files(config)
    resolved = [_resolved(each) for each in files]
    if _resolved(file) in resolved:
        files = files[: resolved.index(_resolved(file))]
    return [*files, *([file] if file.is_file() or file.is_dir() else [])]


def _resolved(file: Path) -> str:
    """Where a file is, also where links lead in a circle."""
    return os.path.realpath(file)


def _check_currency(file: Path, catalog: Catalog) -> None:
    for layer in catalog.layers:
        if layer.path == str(file) and layer.currency != USD:
            raise CatalogError(
                f"`{file}` is in {layer.currency}, and price lists are in {USD}",
                hint="name another file: `--into FILE`",
            )


def _by_hand(catalog: Catalog) -> frozenset[Key]:
    """The models whose prices a person wrote: in any file but the one that costopt ships."""
    written = [
        by_hand(layer, _content(Path(layer.path))[0]) if Path(layer.path) != shipped() else frozenset()
        for layer in catalog.layers
    ]
    keys = ((model, (model.provider, model.id)) for model in catalog.models)
    return frozenset(key for model, key in keys if key in written[model.layer])


def _content(file: Path) -> tuple[str, str]:
    """A file's text, with its own line ends, and the byte order mark before it."""
    text = file.read_bytes().decode() if file.is_file() else ""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return text.removeprefix(mark), mark


def _text(file: Path, todo: Plan) -> str:
    content, mark = _content(file)
    try:
        return mark + carried_out(content, todo)
    except Problem as problem:
        raise CatalogError(f"`{file}`: {problem}", hint=problem.hint) from problem


def _write(file: Path, text: str) -> None:
    if not file.parent.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot make the folder of `{file}`: {error.strerror}",
                hint="name another file: `--into FILE`",
            ) from error
    with replacing(file) as out:
        out.write(text)
