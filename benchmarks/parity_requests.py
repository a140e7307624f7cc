"""Generated requests: models of the catalog under the names that logs have, in every mode, around every threshold.

The same catalog, count and seed give the same requests. They have the shape of the stored parity cases, without the
peers' prices, and with where the name comes from: `plain` is it without decoration, `entry` the catalog's provider and
id of the model.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from costopt.pricing.catalog import Catalog, Model

MODES: Final = {"standard": 45, "batch": 29, "flex": 13, "priority": 13}
PROVIDERS: Final = {
    "openai": 20,
    "anthropic": 14,
    "google": 12,
    "azure": 10,
    "aws": 9,
    "openrouter": 6,
    "mistral": 4,
    "deepseek": 4,
    "x-ai": 4,
    "groq": 3,
    "any": 24,
}
"""How often a request is to which provider; `any` is any model of the catalog."""

KINDS: Final = {"own": 60, "prefixed": 8, "dated": 12, "upper case": 4, "local": 16}
"""How often a name is as the catalog has it, or how else it is written."""

VARIANTS: Final = ("batch", "extended", "free", "thinking")
"""What OpenRouter writes after a colon; nothing comes behind it."""

DRAWS: Final = 2
"""Of so many models drawn, the one with more modes, dates and tiers is taken."""

HOSTED: Final = {"azure": ("azure", "openai"), "google": ("google", "google", "anthropic")}
"""Whose models a provider has beside its own."""

UNKNOWN_SHARE: Final = 0.02
UNKNOWN: Final = ("my-prod-deployment", "gpt-5.9-unknown", "claude-next", "default")
DAYS: Final = (
    dt.date(2025, 5, 15),
    dt.date(2026, 2, 15),
    dt.date(2026, 8, 1),
    dt.date(2026, 9, 15),
    dt.date(2026, 11, 17),
    dt.date(2026, 11, 18),
    dt.date(2026, 11, 21),
)
"""Among them a Saturday: some providers have peak hours on working days."""

HOURS: Final = (0, 2, 5, 8, 12, 17, 23)
SIZES: Final = (128_000, 200_000, 256_000, 272_000)
SHAPES: Final = ("plain", "cached", "write5m", "write1h", "mix", "reasoning", "input only", "edge", "long")


@dataclass(frozen=True, slots=True)
class Named:
    """A model as a request names it, the catalog's own name before it was written in that way, and the way."""

    provider: str
    name: str
    plain: str
    kind: str
    model: Model


def generated(catalog: Catalog, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """That many requests; `plain` and `entry` are None for a name that is nobody's."""
    rng = Random(seed)  # noqa: S311 -- a sample, not a secret
    by_provider: dict[str, list[Model]] = {}
    for model in catalog.models:
        by_provider.setdefault(model.provider, []).append(model)
        by_provider.setdefault("any", []).append(model)
    for number in range(count):
        named = _named(rng, by_provider)
        is_known = rng.random() >= UNKNOWN_SHARE
        shape = rng.choice(SHAPES)
        yield {
            "id": number,
            "provider": named.provider,
            "model": named.name if is_known else rng.choice(UNKNOWN),
            "plain": named.plain if is_known else None,
            "entry": [named.model.provider, named.model.id] if is_known else None,
            "alias_kind": named.kind if is_known else "unknown",
            "shape": shape,
            "processing": _weighted(rng, MODES),
            "ts": _when(rng, named.model).isoformat(),
            "usage": _usage(rng, shape, named.model),
        }


def _named(rng: Random, by_provider: Mapping[str, Sequence[Model]]) -> Named:
    chosen = _weighted(rng, PROVIDERS)
    owner = rng.choice(HOSTED.get(chosen, (chosen,)))
    model = max((rng.choice(by_provider[owner]) for _ in range(DRAWS)), key=_variety)
    provider = model.provider if chosen == "any" else chosen
    name = rng.choice((model.id, model.id, *model.match.exact, *model.match.prefix))
    kind = "own" if name.rpartition(":")[2] in VARIANTS else _weighted(rng, KINDS)
    return Named(provider, _spelling(rng, kind, provider, name), name, kind, model)


def _variety(model: Model) -> int:
    """How much there is to get wrong: modes, dates and tiers."""
    modes = [mode for row in model.prices for mode in row.modes.values()]
    return len(modes) + sum(len(mode.tiers) for mode in modes)


def _spelling(rng: Random, kind: str, provider: str, name: str) -> str:
    day = rng.choice(DAYS)
    match kind:
        case "prefixed":
            return f"{provider}/{name}"
        case "dated":
            return name + rng.choice((f"-{day:%Y%m%d}", f"-{day}", f"@{day:%Y%m%d}", "-latest"))
        case "upper case":
            return name.upper()
        case "local":
            return _local(rng, provider, name)
        case _:
            return name


def _local(rng: Random, provider: str, name: str) -> str:
    """A name as a provider's own logs have it."""
    patterns = {
        "aws": (
            "us.{}",
            "eu.{}",
            "global.{}",
            "bedrock/{}",
            "converse/{}",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{}",
        ),
        "google": ("models/{}", "publishers/google/models/{}", "vertex_ai/{}", "gemini/{}", "{}@default"),
        "azure": ("azure/{}", "azure/eu/{}", "azure_ai/{}", "prod-{}"),
        "openai": ("openai/{}", "ft:{}:acme::a1b2c3", "azure/{}"),
        "anthropic": ("anthropic/{}", "models/{}", "{}@default"),
        "openrouter": ("openrouter/{}", "{}:nitro", "{}:floor", "{}:online"),
        "fireworks": ("accounts/fireworks/models/{}", "fireworks_ai/{}"),
        "mistral": ("mistralai/{}", "{}-latest"),
        "x-ai": ("xai/{}", "{}-latest"),
    }
    return rng.choice(patterns.get(provider, ("{}",))).format(name)


def _when(rng: Random, model: Model) -> dt.datetime:
    """A moment before, on or after a price change of the model, or any other."""
    changes = [row.starts for row in model.prices if row.starts]
    day = (
        rng.choice(changes) + dt.timedelta(days=rng.randint(-3, 2))
        if changes and rng.getrandbits(1)
        else rng.choice(DAYS)
    )
    return dt.datetime.combine(day, dt.time(rng.choice(HOURS), rng.randrange(60)), dt.UTC)


def _usage(rng: Random, shape: str, model: Model) -> dict[str, int]:
    """Token counts; `reasoning` is a part of `output`, the others add up."""
    prompt = _prompt(rng, shape, model)
    cached = shape in {"cached", "mix"} or (shape in {"edge", "long"} and rng.getrandbits(1))
    read = rng.randint(1, prompt) if cached else 0
    short = rng.randint(0, prompt - read) if shape in {"write5m", "mix"} else 0
    hour = rng.randint(0, prompt - read - short) if shape in {"write1h", "mix"} else 0
    output = 0 if _is_input_only(rng, shape, model) else int(rng.lognormvariate(6, 1)) + 1
    return {
        "fresh_input": prompt - read - short - hour,
        "cache_read": read,
        "cache_write_5m": short,
        "cache_write_1h": hour,
        "output": output,
        "reasoning": rng.randint(1, output) if shape == "reasoning" and output else 0,
    }


def _is_input_only(rng: Random, shape: str, model: Model) -> bool:
    """Whether nothing is answered: sometimes, and nearly always where answers have no rate, as in embeddings."""
    answers = any(mode.rates.output is not None for row in model.prices for mode in row.modes.values())
    return shape == "input only" or (not answers and rng.randrange(10) > 0)


def _prompt(rng: Random, shape: str, model: Model) -> int:
    """Prompt tokens: around a threshold of the model's own, if it has one, far above it, or few."""
    if shape not in {"edge", "long"}:
        return int(rng.lognormvariate(8, 1.2)) + 1
    tiers = {tier.above for row in model.prices for mode in row.modes.values() for tier in mode.tiers}
    size = rng.choice(sorted(tiers) or SIZES)
    return size + rng.choice((-1, 0, 1, 2)) if shape == "edge" else rng.randint(size, 2 * size)


def _weighted(rng: Random, weights: Mapping[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
