"""How models have performed, as `costopt simulate --providers -o json` wrote it: what a policy may know of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from costopt.calculators.routing.candidates import ENOUGH_SCORES
from costopt.calculators.routing.policy_file import find_model
from costopt.calculators.routing.providers import Performances
from costopt.errors import ConfigError
from costopt.models.result import FORMAT_VERSION
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of

_MOST: Final = 10**15
"""No count, cost or latency is more."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a log tells of a model; None is what it does not.

    Attributes:
        quality: The mean score of its answers, 0 to 1, whatever was asked; None where fewer than 30 have one.
        latency_ms: The mean, in milliseconds.
        reliability: The share of its requests that did not fail, 0 to 1.
        cost_usd: The mean cost of its requests.
    """

    quality: Decimal | None = None
    latency_ms: Decimal | None = None
    reliability: Decimal | None = None
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """How models have performed.

    Attributes:
        source: The file that says it.
        models: By the catalog's name of each model it knows, else by the name that the file has.
    """

    source: str
    models: Mapping[str, Fact]


def read_facts(content: str, label: str, catalog: Catalog) -> Facts:
    """How models have performed.

    Args:
        content: JSON of kind `performance`; keys that nothing reads are left alone.
        label: What to call the file in messages.
        catalog: Whose names models get.

    Raises:
        ConfigError: It is something else.
    """
    try:
        value = json.loads(content, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise _refused(label, "it is not JSON") from error
    if not isinstance(value, Mapping) or value.get("kind") != Performances.kind:
        raise _refused(label, f'it is not of `"kind": "{Performances.kind}"`')
    if value.get("format_version") != FORMAT_VERSION:
        raise _refused(label, f"its `format_version` is not {FORMAT_VERSION}")
    models = value.get("models")
    if not isinstance(models, list):
        raise _refused(label, "it has no list of `models`")
    told = dict(_fact(model, number, label, catalog) for number, model in enumerate(models))
    return Facts(label, told)


def _refused(label: str, why: str) -> ConfigError:
    return ConfigError(
        f"`{label}` does not tell how models have performed: {why}",
        hint="make it with `costopt simulate LOGS --providers -o json --to FILE`",
    )


def _fact(model: object, number: int, label: str, catalog: Catalog) -> tuple[str, Fact]:
    if not isinstance(model, Mapping) or not isinstance(model.get("model"), str):
        raise _refused(label, f"`models[{number}]` does not say its `model`")
    place = f"`models[{number}]`"
    scored = _number(model, "scored", place, label)
    enough = scored is not None and scored >= ENOUGH_SCORES
    quality = _number(model, "quality", place, label, most=1)
    percent = _number(model, "reliability_pct", place, label, most=100)
    fact = Fact(
        quality=quality if enough else None,
        latency_ms=_number(model, "latency_ms", place, label),
        reliability=None if percent is None else percent / 100,
        cost_usd=_number(model, "per_request_usd", place, label),
    )
    found = find_model(catalog, model["model"])
    return model["model"] if found is None else model_of(catalog, found).name, fact


def _number(
    model: Mapping[str, object], key: str, place: str, label: str, most: int = _MOST
) -> Decimal | None:
    """A number from 0 on; absent is None."""
    value = model.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= most:
        raise _refused(label, f"`{key}` of {place} is not a number from 0 to {most:,}")
    return Decimal(value)
