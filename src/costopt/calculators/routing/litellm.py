"""A routing policy as the configuration of a LiteLLM proxy, as far as LiteLLM has settings for it.

Keys and values are those of LiteLLM's documentation of October and November 2026: `model_list` with `order`,
`router_settings` with `routing_strategy` and `fallbacks` (docs.litellm.ai/docs/routing, /docs/proxy/reliability), and
its own complexity router (docs.litellm.ai/docs/proxy/auto_routing), which is in beta.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from costopt.calculators.routing.policy import COMPLEXITIES, TIERS, Policy
from costopt.calculators.routing.policy_file import check_models, find_model
from costopt.calculators.routing.policy_text import quoted
from costopt.errors import ConfigError
from costopt.pricing.entries import Catalog
from costopt.pricing.lending import listed_model
from costopt.pricing.matching import find_provider

AUTO: Final = "auto"
"""The model to ask for where LiteLLM is to choose the tier."""

_PREFIXES: Final = {
    "aws": "bedrock",
    "fireworks": "fireworks_ai",
    "github-copilot": "github_copilot",
    "google": "gemini",
    "meta": "meta_llama",
    "moonshotai": "moonshot",
    "together": "together_ai",
    "voyageai": "voyage",
    "x-ai": "xai",
}
"""LiteLLM's names of providers that the catalog calls otherwise."""

_KEPT: Final = frozenset({*_PREFIXES.values(), "vertex_ai", "azure_ai"})
"""A policy that writes one of these means it."""

_KEYS: Final = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
_UNORDERED: Final = {
    "cost": "cost-based-routing",
    "cheapest": "cost-based-routing",
    "fastest": "latency-based-routing",
}
"""Strategies that choose within a tier by themselves; the others take its models in their order."""

_LITELLM_LEVELS: Final = {
    "SIMPLE": "simple",
    "MEDIUM": "medium",
    "COMPLEX": "complex",
    "REASONING": "complex",
}


def litellm_config(policy: Policy, catalog: Catalog) -> str:
    """The YAML of a `config.yaml` for LiteLLM's proxy.

    Each tier becomes a model that callers ask for by the tier's name. Of the strategy `cost`, LiteLLM's complexity
    router becomes one more, `auto`. What LiteLLM has no setting for is named in a comment: rules, thresholds,
    escalation by confidence.

    Args:
        policy: With the models of its tiers, see `on_log`.
        catalog: Says whose the models are.

    Raises:
        ConfigError: The policy has no tiers, or a model that the catalog does not know.
    """
    tiers = [(tier, models) for tier, models in zip(TIERS, policy.ladder(), strict=True) if models]
    if not tiers:
        raise ConfigError(
            f"policy `{policy.name}` has no tiers, which LiteLLM's configuration is made of",
            hint='add `[tiers]`, or `tiers = "log"`',
        )
    check_models(policy, catalog)
    ordered = policy.strategy not in _UNORDERED
    lines = [*_head(policy), "model_list:"]
    for tier, models in tiers:
        for order, model in enumerate(models, 1):
            lines += _deployment(tier, _name(model, catalog), order if ordered else None)
    names = [tier for tier, _ in tiers]
    lines += _auto(policy, names) if policy.strategy == "cost" else []
    return "\n".join([*lines, *_settings(policy, names), ""])


def _name(model: str, catalog: Catalog) -> str:
    """What LiteLLM calls a model of the catalog: `gemini/gemini-2.5-flash` for `google/gemini-2.5-flash`."""
    number = find_model(catalog, model)
    assert number is not None, model  # noqa: S101 - checked
    found = listed_model(catalog, number)
    prefix, slash, rest = model.strip().partition("/")
    written = bool(slash) and find_provider(catalog, prefix) is not None
    name = rest if written else model.strip()
    if any(alias.raw == each.lower() for alias in catalog.aliases for each in (name, model.strip())):
        name = found.id
    if written and prefix.lower() in _KEPT:
        return f"{prefix.lower()}/{name}"
    if found.provider == "google" and not name.lower().startswith(("gemini", "gemma")):
        return f"vertex_ai/{name}"  # the vendors that Google hosts
    if found.provider.startswith("huggingface_"):
        return f"huggingface/{found.provider.removeprefix('huggingface_')}/{name}"
    return f"{_PREFIXES.get(found.provider, found.provider)}/{name}"


def _head(policy: Policy) -> Iterator[str]:
    yield f"# LiteLLM proxy configuration of the routing policy {quoted(policy.name)}, written by costopt."
    yield "# Keys that are not named here are read from the environment variables that LiteLLM expects for a provider."
    lost = list(_lost(policy))
    if lost:
        yield "# Not carried over, for LiteLLM has no setting for it:"
        yield from (f"#   {line}" for line in lost)


def _lost(policy: Policy) -> Iterator[str]:
    for number, rule in enumerate(policy.rules, 1):
        yield f"rule {number}" + (f" {quoted(rule.name)}" if rule.name else "")
    if policy.escalation.enabled:
        yield f"escalation below confidence {policy.escalation.threshold:g}; `fallbacks` are for errors only"
    if policy.strategy == "balanced":
        yield "weights of cost, quality and latency; the tier is the caller's choice"
    elif policy.strategy != "cost":
        yield f"the choice of a tier by strategy `{policy.strategy}`; the tier is the caller's choice"


def _deployment(tier: str, name: str, order: int | None) -> Iterator[str]:
    yield f"  - model_name: {quoted(tier)}"
    yield "    litellm_params:"
    yield f"      model: {quoted(name)}"
    key = _KEYS.get(name.partition("/")[0])
    if key:
        yield f"      api_key: {quoted(f'os.environ/{key}')}"
    if order is not None:
        yield f"      order: {order}"


def _auto(policy: Policy, tiers: Sequence[str]) -> Iterator[str]:
    yield "  # LiteLLM guesses the complexity in its own way, which is not costopt's (beta, from v1.94)."
    yield f"  - model_name: {quoted(AUTO)}"
    yield "    litellm_params:"
    yield '      model: "auto_router/complexity_router"'
    yield "      complexity_router_config:"
    yield "        tiers:"
    by_level: dict[str, str] = {
        level: _serving(getattr(policy.levels, level), tiers) for level in COMPLEXITIES
    }
    for name, level in _LITELLM_LEVELS.items():
        yield f"          {name}: {quoted(by_level[level])}"
    yield f"      complexity_router_default_model: {quoted(by_level['medium'])}"


def _serving(tier: str, tiers: Sequence[str]) -> str:
    """The tier itself, else the next stronger one that has models, else the strongest."""
    names: Sequence[str] = TIERS
    return next((each for each in tiers if names.index(each) >= names.index(tier)), tiers[-1])


def _settings(policy: Policy, tiers: Sequence[str]) -> Iterator[str]:
    strategy = _UNORDERED.get(policy.strategy)
    yield "router_settings:"
    yield f"  routing_strategy: {quoted(strategy or 'simple-shuffle')}"
    if strategy is None:
        yield "  enable_pre_call_checks: true  # older versions heed `order` only with it"
    if len(tiers) > 1:
        yield "  fallbacks:"
    for index, tier in enumerate(tiers[:-1], 1):
        yield f"    - {quoted(tier)}: [{', '.join(map(quoted, tiers[index:]))}]"
