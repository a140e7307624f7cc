"""What becomes of a price list, and what all lists share: money, and who is called what."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from costopt.pricing.entries import Layer
from costopt.pricing.parsing import spelling

DEAREST: Final = 1_000_000
"""USD per million tokens, beyond which a rate is a mistake: a dollar a token."""

GATEWAYS: Final = frozenset({"openrouter"})
"""They resell at the vendor's price, so a vendor's model that they do not list is priced as the vendor's."""

NAMES: Final = {
    "aws": "bedrock aws.bedrock amazon amazon-bedrock bedrock_converse",
    "azure": "azure_openai azure.ai.openai azure.ai.inference azure_ai az.ai.openai az.ai.inference",
    "cohere": "cohere_chat",
    "fireworks": "fireworks_ai",
    "google": "vertex_ai vertexai gemini gcp.gemini gcp.gen_ai gcp.vertex_ai google-vertex google_genai google_ai_studio",
    "mistral": "mistral_ai mistralai",
    "moonshotai": "moonshot",
    "openai": "openai.responses openai.chat text-completion-openai",
    "perplexity": "perplexity_ai",
    "together": "together_ai togethercomputer",
    "voyageai": "voyage voyage_ai",
    "x-ai": "xai",
    "zai": "z-ai",
}
"""Providers' spellings in OpenTelemetry, LiteLLM and SDK logs."""

_STRIP: Final = {
    "anthropic": "publishers/anthropic/models/ models/",
    "aws": "converse/",
    "google": "publishers/google/models/ models/",
    "openai": "azure/",
}
_MILLIONTH: Final = Decimal("1e-6")
_MILLION: Final = 1_000_000


class PriceList(NamedTuple):
    """A price list as a catalog layer.

    Attributes:
        layer: Its providers and models.
        left_out: How often it says something that has no place in a catalog, or that is not safe to take over.
    """

    layer: Layer
    left_out: Mapping[str, int]


def pico_dollars(dollars: Decimal) -> int:
    """A rate in USD per million, as whole pico-dollars per one; half is rounded up, which drops float noise."""
    return int(dollars.quantize(_MILLIONTH, ROUND_HALF_UP) * _MILLION)


def names_of(provider: str, known: Iterable[str] = ()) -> tuple[str, ...]:
    """How else logs spell a provider: the known names and ours, one of those that differ in separators only."""
    names = [*known, *NAMES.get(provider, "").split()]
    by_spelling = {spelling(name): name for name in reversed(names)}
    by_spelling.pop(spelling(provider), None)
    return tuple(reversed(by_spelling.values()))


def strip_of(provider: str, names: Iterable[str]) -> tuple[str, ...]:
    """The prefixes that carry no meaning before a model's name."""
    return (*(f"{name}/" for name in (provider, *names)), *_STRIP.get(provider, "").split())
