"""Open a price list by the name of the package that holds it, or by its file."""

import datetime as dt
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from costopt.errors import CatalogError
from costopt.pricing.catalog import load_catalog
from costopt.pricing.entries import Layer
from costopt.pricing.sources.genai import plain, read_genai
from costopt.pricing.sources.litellm import read_litellm
from costopt.pricing.sources.price_list import PriceList

_GENAI: Final = "genai-prices"
_FILES: Final = {
    "litellm": ("model_prices_and_context_window_backup.json", "MIT"),
    "tokencostauto": ("model_prices.json", "MIT; LiteLLM's list"),
}
"""Where packages keep LiteLLM's map, and its licence. They are never imported: LiteLLM takes many seconds."""

SOURCES: Final = (_GENAI, *_FILES)
"""The packages that hold a price list."""

_RELEASED: Final = {f"{_GENAI} 0.2.3": dt.date(2026, 11, 10)}
"""When each release was published; the packages themselves do not say."""

_EXPECTED: Final = (
    "it should be the JSON of genai-prices (a list of providers) or of LiteLLM (an object of models)"
)
_UNPACK_ERRORS: Final = (EOFError, OSError, zlib.error)


def read_price_list(name_or_path: str) -> PriceList:
    """Read one of `SOURCES`, a `.json` or `.json.gz` file in the form of one of them, or a catalog's `.toml`.

    Raises:
        CatalogError: The package is not installed, the file cannot be read, or it is no price list.
    """
    if name_or_path == _GENAI:
        return _from_genai()
    if name_or_path in _FILES:
        return _from_package(name_or_path)
    path = Path(name_or_path)
    return _from_catalog(path) if path.suffix == ".toml" else _from_file(path, Layer(name_or_path, ""))


def _from_catalog(path: Path) -> PriceList:
    """A catalog file; models of which it does not say where they came from are from it."""
    (layer,) = load_catalog(path).layers
    source = layer.source or path.name
    models = tuple(replace(model, source=model.source or source, extend=False) for model in layer.models)
    return PriceList(replace(layer, models=models), {})


def _from_genai() -> PriceList:
    try:
        providers = import_module("genai_prices.data").providers
    except ImportError as error:
        raise _not_installed(_GENAI, "'llm-costopt[sync]'") from error
    content = plain(providers)
    digest = hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()
    return _read(read_genai, content, replace(_origin(_GENAI, "MIT", path=_GENAI), digest=digest))


def _from_package(name: str) -> PriceList:
    file, licence = _FILES[name]
    spec = find_spec(name)
    if not spec or not spec.origin:
        raise _not_installed(name, f"--no-deps {name}")
    path = Path(spec.origin).with_name(file)
    return _from_file(path, _origin(name, licence, path=str(path)))


def _not_installed(name: str, what: str) -> CatalogError:
    return CatalogError(f"The package `{name}` is not installed", hint=f"run `pip install {what}`")


def _origin(name: str, licence: str, path: str) -> Layer:
    """Which release of a package a list is from."""
    release = f"{name} {version(name)}"
    return Layer(path, "", _RELEASED.get(release), f"{release} ({licence})")


def _from_file(path: Path, origin: Layer) -> PriceList:
    """A file in either form, told apart by what its JSON is."""
    content = _bytes(path)
    layer = replace(origin, digest=hashlib.sha256(content).hexdigest())
    listed = _json(path, content)
    if isinstance(listed, list) and listed:
        return _read(read_genai, listed, _named(layer, _GENAI))
    if isinstance(listed, dict) and any(_has_provider(entry) for entry in listed.values()):
        return _read(read_litellm, listed, _named(layer, "litellm"))
    raise CatalogError(f"`{path}` is not a price list", hint=_EXPECTED)


def _named(layer: Layer, form: str) -> Layer:
    """A file that is no package's is called after its form and itself: `litellm (prices.json)`."""
    return layer if layer.source else replace(layer, source=f"{form} ({Path(layer.path).name})")


def _read(reader: Callable[[object, Layer], PriceList], content: object, layer: Layer) -> PriceList:
    try:
        return reader(content, layer)
    except ValidationError as error:
        place, message = _mistake(error, content)
        raise CatalogError(f"`{layer.path}`: `{place}`: {message}", hint=_EXPECTED) from error


def _mistake(error: ValidationError, content: object) -> tuple[str, str]:
    """Where the deepest mistake is, and what: a value that may have several forms is meant to have the one it fits furthest."""
    found = [
        (
            [*_place(each["loc"], content), *(each["loc"][-1:] if each["type"] == "missing" else ())],
            each["msg"],
        )
        for each in error.errors()
    ]
    place, message = max(found, key=lambda each: len(each[0]))
    return ".".join(map(str, place)), message


def _place(loc: Sequence[str | int], content: object) -> list[str | int]:
    """The keys and numbers of `loc` that lead into the content; others name the forms that were tried."""
    place = []
    for part in loc:
        inner = dict(enumerate(content)) if isinstance(content, list) else content
        if isinstance(inner, dict) and part in inner:
            content = inner[part]
            place.append(part)
    return place


def _has_provider(entry: object) -> bool:
    return isinstance(entry, dict) and "litellm_provider" in entry


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CatalogError(
            f"Cannot read the price list `{path}`: {error.strerror}",
            hint=f"name a file, or one of the packages {', '.join(SOURCES)}",
        ) from error


def _json(path: Path, content: bytes) -> object:
    """What a file holds, numbers exact."""
    try:
        text = gzip.decompress(content) if path.suffix == ".gz" else content
        return json.loads(text, parse_float=Decimal, parse_constant=Decimal)
    except _UNPACK_ERRORS as error:
        raise CatalogError(f"`{path}` cannot be unpacked: {error}", hint="is it complete?") from error
    except (ArithmeticError, RecursionError) as error:
        raise CatalogError(
            f"`{path}` has a number or nesting beyond all measure", hint="no price is that long"
        ) from error
    except ValueError as error:
        raise CatalogError(f"`{path}` is not JSON: {error}", hint=_EXPECTED) from error
