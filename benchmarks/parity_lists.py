"""Lists in LiteLLM's form: what they have for a model of the catalog, whatever they call it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from parity_litellm import INCLUSIVE, by_list

from costopt.pricing.catalog import Catalog
from costopt.pricing.matching import find_provider, resolve

NAMES: Final = {
    "azure": "azure",
    "bedrock": "aws",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "github_copilot": "github-copilot",
    "moonshot": "moonshotai",
    "palm": "google",
    "together_ai": "together",
    "vertex_ai": "google",
    "voyage": "voyageai",
    "xai": "x-ai",
}
"""How their names of providers begin, where costopt has another one."""

FEE: Final = "input_cost_per_request"

Entry = Mapping[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PriceMaps:
    """Some lists as one.

    Attributes:
        named: The entries of the first, by name.
        of_model: The entries of all that mean a model, by the catalog's provider and id.
    """

    named: Mapping[str, Entry]
    of_model: Mapping[Key, list[Entry]]

    def figures(self, model: Key, request: Mapping[str, Any]) -> Iterator[Decimal]:
        """What a request costs by each entry of a model, at any hour and without LiteLLM's rules for providers."""
        is_reached = model[0] == "x-ai" and request["processing"] in ("standard", "batch")
        plain = {**request, "litellm_provider": INCLUSIVE[0] if is_reached else ""}
        for entry in self.of_model.get(model, ()):
            yield by_list(always(entry), plain) + fee(entry)


def fee(entry: Entry) -> Decimal:
    """USD for each request, which LiteLLM leaves out."""
    return Decimal(repr(entry.get(FEE) or 0))


def always(entry: Entry) -> Entry:
    """An entry without its off-peak hours."""
    return {**entry, "off_peak_pricing": None}


def price_maps(catalog: Catalog, maps: Iterable[Mapping[str, Entry]]) -> PriceMaps:
    """The lists, with what their entries mean to costopt."""
    every = list(maps)
    of_model: dict[Key, list[Entry]] = {}
    for entries in every:
        for name, entry in entries.items():
            provider = _provider(entry.get("litellm_provider", ""))
            spelt = [name, name.partition("/")[2]] if find_provider(catalog, provider) else []
            meant = {resolve(catalog, provider, each) for each in spelt if each}
            for number in (each for each in meant if each is not None):
                model = catalog.models[number % len(catalog.models)]
                of_model.setdefault((model.provider, model.id), []).append(entry)
    return PriceMaps(every[0], of_model)


def kept_by_tokencostauto() -> Iterator[Mapping[str, Entry]]:
    """LiteLLM's list with the models that it has removed, if that package is there; it is not imported."""
    spec = find_spec("tokencostauto")
    if spec and spec.origin:
        yield json.loads(Path(spec.origin).with_name("model_prices.json").read_text(encoding="utf-8"))


def _provider(name: str) -> str:
    return next((ours for theirs, ours in NAMES.items() if name.startswith(theirs)), name)
