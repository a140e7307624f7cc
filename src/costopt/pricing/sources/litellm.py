"""LiteLLM's price map, which tokencostauto and others pass on: one object, an entry for each name."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter

from costopt.pricing.entries import (
    RATE_FIELDS,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
)
from costopt.pricing.parsing import spelling
from costopt.pricing.sources.price_list import GATEWAYS, NAMES, PriceList, names_of, pico_dollars, strip_of

_FIELDS: Final = {
    "input_cost_per_token": "input",
    "cache_read_input_token_cost": "cached_input",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "input_audio",
    "cache_read_input_audio_token_cost": "cached_audio",
    "input_cost_per_image_token": "input_image",
    "cache_read_input_image_token_cost": "cached_image",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "output_cost_per_audio_token": "output_audio",
    "output_cost_per_image_token": "output_image",
    "input_cost_per_request": "request",
}
_SUFFIXES: Final = {"": "standard", "_batches": "batch", "_flex": "flex", "_priority": "priority"}
_KEY: Final = re.compile(
    rf"(?P<rate>{'|'.join(_FIELDS)})(?:_above_(?P<thousands>\d+)k_tokens)?(?P<suffix>{'|'.join(_SUFFIXES)})"
)
_FEES: Final = frozenset({"request"})
_MAIN: Final = frozenset({"input", "output"})
_PER_MILLION: Final = 1_000_000
_PER_THOUSAND: Final = 1_000

_STANDS_IN: Final = {
    "reasoning": "output",
    "input_audio": "input",
    "input_image": "input",
    "output_audio": "output",
    "output_image": "output",
}
"""A rate that is always that of the whole says nothing, and need not be listed for each mode and tier."""

_MEANINGLESS: Final = frozenset({("embedding", "output"), ("rerank", "output")})
"""Rates of nothing for what these kinds of models do not make."""

_INCLUSIVE: Final = ("x-ai",)
"""Their thresholds count as passed by a prompt of just that size."""

_EXAMPLE: Final = "sample_spec"
_FINE_TUNED: Final = "ft:"

_FAMILIES: Final = {
    "azure_": "azure",
    "bedrock_": "aws",
    "fireworks_ai-": "fireworks",
    "vertex_ai-": "google",
}
"""LiteLLM has a provider for each of their interfaces, and of the vendors that they host."""

_INTERFACE: Final = "text-completion-"
_IDS: Final = {
    **{spelling(name): each for each, names in NAMES.items() for name in (each, *names.split())},
    "github-copilot": "github-copilot",
    "palm": "google",
}

_Tiers = dict[int, dict[str, int]]
"""The rates of a mode by field, above each number of tokens; the base is above 0."""


class _Rate(NamedTuple):
    """One rate, in USD per token or request, for prompts of more than so many tokens."""

    field: str
    mode: str
    above: int
    dollars: Decimal

    @property
    def pico(self) -> int:
        """Whole pico-dollars; a catalog writes fees per thousand."""
        if self.field in _FEES:
            return pico_dollars(self.dollars * _PER_THOUSAND) * _PER_THOUSAND
        return pico_dollars(self.dollars * _PER_MILLION)


class _Step(BaseModel):
    """The rates of prompts above the beginning of a range, and up to its end."""

    model_config = ConfigDict(extra="allow", frozen=True)

    range: tuple[Decimal, Decimal] | None = None


class _Entry(BaseModel):
    """An entry: what is read of it by name, and its rates among the rest."""

    model_config = ConfigDict(extra="allow", frozen=True)

    litellm_provider: str | None = None
    mode: str | None = None
    tiered_pricing: tuple[_Step, ...] = ()
    off_peak_pricing: object = None


_MAP: Final = TypeAdapter(dict[str, _Entry])


def read_litellm(content: object, layer: Layer) -> PriceList:
    """Turn the map into a layer.

    What a mode costs is taken only if the map says all of it: nothing is derived from the standard mode.

    Args:
        content: What its JSON holds, numbers as `Decimal`.
        layer: Says where the map is from; without providers and models.

    Raises:
        pydantic.ValidationError: It is not a map of that kind.
    """
    left_out: Counter[str] = Counter()
    models: dict[tuple[str, str], Model] = {}
    for name, entry in _MAP.validate_python(content).items():
        if name == _EXAMPLE or entry.litellm_provider is None:
            continue
        provider = _provider_id(entry.litellm_provider)
        modes = _modes(entry, provider, left_out)
        if modes:
            model = _model(provider, _model_id(name, provider), modes, layer.source)
            key = (model.provider, model.id)
            models[key] = _fuller(models[key], model, left_out) if key in models else model
    names = dict.fromkeys(model.provider for model in models.values())
    filled = replace(layer, providers=tuple(map(_provider, names)), models=tuple(models.values()))
    return PriceList(filled, left_out)


def _provider_id(name: str) -> str:
    """The catalog's id of a provider; its own name if the catalog has none."""
    name = name.removeprefix(_INTERFACE)
    family = next((each for prefix, each in _FAMILIES.items() if name.startswith(prefix)), None)
    return family or _IDS.get(spelling(name), name)


def _provider(name: str) -> Provider:
    names = names_of(name)
    return Provider(name, names, strip_of(name, names), gateway=name in GATEWAYS)


def _model_id(name: str, provider: str) -> str:
    """A name without its provider, in lower case as names are compared."""
    prefix, _, rest = name.partition("/")
    own = rest and spelling(_provider_id(prefix)) == spelling(provider)
    return (rest if own else name).lower()


def _model(provider: str, name: str, modes: Mapping[str, ModePrice], source: str) -> Model:
    """A model with one price; one that is fine-tuned stands for all that a customer makes of it."""
    match = Match(prefix=(f"{name}:",)) if name.startswith(_FINE_TUNED) else Match()
    return Model(provider, name, match, (PriceRow(None, (), frozenset(), modes),), source)


def _fuller(first: Model, second: Model, left_out: Counter[str]) -> Model:
    """Of two entries that become the same, the one with more rates, else the first."""
    if first.prices == second.prices:
        return first
    left_out["entries of a model that another one prices differently"] += 1
    return second if _count(second) > _count(first) else first


def _count(model: Model) -> int:
    """How many rates a model has."""
    cards = [
        rates
        for row in model.prices
        for price in row.modes.values()
        for rates in (price.rates, *(tier.rates for tier in price.tiers))
    ]
    return sum(getattr(rates, field) is not None for rates in cards for field in RATE_FIELDS)


def _modes(entry: _Entry, provider: str, left_out: Counter[str]) -> dict[str, ModePrice]:
    """The modes that an entry prices completely; none if it does not price the standard one."""
    if entry.off_peak_pricing:
        left_out["models: other rates at certain hours"] += 1
        return {}
    rates = [rate for rate in _rates(entry) if rate.dollars or (entry.mode, rate.field) not in _MEANINGLESS]
    if not all(rate.dollars.is_finite() and 0 <= rate.dollars <= 1 for rate in rates):
        left_out["models: a rate that is not between 0 and 1 USD"] += 1
        return {}
    listed = _listed(rates, inclusive=provider in _INCLUSIVE)
    standard = listed.pop("standard", {})
    gap = _gap(standard, standard)
    if gap:
        left_out[f"models: {gap}"] += 1
        return {}
    modes = {"standard": _price(standard)}
    for mode, tiers in listed.items():
        gap = _gap(tiers, standard)
        if gap:
            left_out[f"mode {mode}: {gap}"] += 1
        else:
            modes[mode] = _price(tiers)
    others = (entry.model_extra or {}).items()
    left_out.update(
        f"rate {key}" for key, value in others if "cost" in key and value and not _KEY.fullmatch(key)
    )
    return modes


def _gap(tiers: _Tiers, standard: _Tiers) -> str | None:
    """What a mode lacks to be priced by itself: a rate that it, or the standard mode, has elsewhere."""
    base = tiers.get(0, {})
    if not base.keys() - _FEES:
        return "no rate per token"
    if base.keys() & _MAIN and not any(base.get(field) for field in _MAIN):
        return "input and output cost nothing"
    missing = standard.get(0, {}).keys() - base.keys()
    if missing:
        return f"no rate for {_fields(missing)}"
    for above in sorted(standard.keys() | tiers.keys()):
        if above not in tiers:
            return f"no rate above {above:,}"
        missing = (base.keys() | standard.get(above, {}).keys()) - tiers[above].keys() - _FEES
        if missing:
            return f"no rate for {_fields(missing)} above {above:,}"
    return None


def _fields(names: AbstractSet[str]) -> str:
    return ", ".join(field for field in RATE_FIELDS if field in names)


def _price(tiers: _Tiers) -> ModePrice:
    """A complete mode; fees do not depend on the size of the prompt."""
    base = tiers[0]
    steps = (Tier(above, Rates(**(base | tiers[above]))) for above in sorted(tiers) if above)
    return ModePrice(Rates(**base), tuple(steps))


def _listed(rates: Iterable[_Rate], *, inclusive: bool) -> dict[str, _Tiers]:
    """Rates by mode and tier, without those that say nothing of their own."""
    modes: dict[str, _Tiers] = {}
    for rate in rates:
        above = rate.above - 1 if rate.above and inclusive else rate.above
        modes.setdefault(rate.mode, {}).setdefault(above, {})[rate.field] = rate.pico
    for field, whole in _STANDS_IN.items():
        cards = [card for tiers in modes.values() for card in tiers.values() if field in card]
        if all(card[field] == card.get(whole) for card in cards):
            for card in cards:
                del card[field]
    return modes


def _rates(entry: _Entry) -> Iterator[_Rate]:
    for key, value in (entry.model_extra or {}).items():
        found = _KEY.fullmatch(key)
        if found and isinstance(value, int | Decimal):
            above = int(found["thousands"] or 0) * 1000
            yield _Rate(_FIELDS[found["rate"]], _SUFFIXES[found["suffix"]], above, Decimal(value))
    for step in entry.tiered_pricing:
        for key, value in (step.model_extra or {}).items():
            if step.range and key in _FIELDS and isinstance(value, int | Decimal):
                yield _Rate(_FIELDS[key], "standard", int(step.range[0]), Decimal(value))
