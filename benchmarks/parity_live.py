"""Requests priced by the installed genai-prices and LiteLLM: in the shape of the stored parity cases.

LiteLLM is asked as of the request's own time, so that the hours it knows count and this machine's clock does not; it
reads the copy of its list that is installed with it.
"""

import datetime as dt
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any, Final

import genai_prices
from genai_prices.data import providers as genai_providers
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    PriceCalculation,
    PriceVariant,
    Provider,
    StartDateConstraint,
)

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
litellm: Any = import_module("litellm")
litellm_types: Any = import_module("litellm.types.utils")
fireworks: Any = import_module("litellm.llms.fireworks_ai.cost_calculator")
pinned_billing_time: Any = import_module("litellm._internal_context").pinned_billing_time

LITELLM_PROVIDERS: Final = {
    "aws": "bedrock",
    "fireworks": "fireworks_ai",
    "google": "gemini",
    "moonshotai": "moonshot",
    "together": "together_ai",
    "voyageai": "voyage",
    "x-ai": "xai",
}
"""Where LiteLLM's name is another one than costopt's."""

Request = Mapping[str, Any]


def asked(requests: Iterable[Request]) -> Iterator[dict[str, Any]]:
    """Each request with the prices of both peers, in USD."""
    litellm.suppress_debug_info = True
    logging.disable(logging.CRITICAL)
    for request in requests:
        provider = _litellm_provider(request)
        yield {
            **request,
            "litellm_provider": provider,
            "genai": _genai(request),
            "litellm": _litellm(request, provider),
        }


def price_list() -> Mapping[str, Mapping[str, Any]]:
    """LiteLLM's list, as it is installed."""
    entries: Mapping[str, Mapping[str, Any]] = litellm.model_cost
    return entries


def _genai(request: Request) -> dict[str, Any]:
    """Its price; for a name that it does not know, also under the plain name, and at the vendor in the name."""
    try:
        return _answer(request, _calculated(request, request["provider"], request["model"]))
    except LookupError as error:
        return {
            "cost": None,
            "error": f"{type(error).__name__}: {error}",
            "plain": _genai_plain(request),
            "at_vendor": _genai_at_vendor(request),
        }


def _genai_plain(request: Request) -> dict[str, Any] | None:
    """Under the plain name, else by the catalog's entry: it does not know all of its own ids as names."""
    if request["plain"] is None:
        return None
    with suppress(LookupError):
        return _answer(request, _calculated(request, request["provider"], request["plain"]))
    entry = tuple(request["entry"] or (request["provider"], request["plain"]))
    if entry not in _genai_entries():
        return None
    provider, model = _genai_entries()[entry]
    found = model.calc_price(
        _genai_usage(request["usage"]),
        provider,
        genai_request_timestamp=dt.datetime.fromisoformat(request["ts"]),
        price_context=_genai_context(request["processing"]),
    )
    return _answer(request, found)


def _genai_at_vendor(request: Request) -> dict[str, Any] | None:
    """At the vendor that `vendor/model` names, else at those whose models the provider hosts."""
    names = [request["model"].removeprefix(f"{request['provider']}/"), request["plain"] or ""]
    tries = [name.split("/", 1) for name in names if "/" in name]
    hosts = (each for each in genai_providers if each.id == request["provider"])
    hosted = next((each.fallback_model_providers for each in hosts), None)
    tries += [[vendor, name] for vendor in hosted or () for name in names]
    for vendor, name in tries:
        with suppress(LookupError):
            return _answer(request, _calculated(request, vendor, name))
    return None


def _calculated(request: Request, provider: str, model: str) -> PriceCalculation:
    return genai_prices.calc_price(
        _genai_usage(request["usage"]),
        model,
        provider_id=provider,
        genai_request_timestamp=dt.datetime.fromisoformat(request["ts"]),
        price_context=_genai_context(request["processing"]),
    )


def _answer(request: Request, found: PriceCalculation) -> dict[str, Any]:
    """A price; `hosted` says that the model is another provider's, which has no modes here.

    In `in_mode` are the prices by those rates of the mode that it verified while the standard ones were the same.
    """
    context = _genai_context(request["processing"]) or {}
    standard = found.model.get_prices(dt.datetime.fromisoformat(request["ts"]))
    in_mode = [
        ModelPrice(**{**vars(standard), **vars(variant.prices)}).calc_price(_genai_usage(request["usage"]))
        for variant in found.model.price_variants or ()
        if variant.when.items() <= context.items()
        and _standard_at(found.model, variant, standard) == standard
    ]
    return {
        "cost": str(found.total_price),
        "model_id": f"{found.provider.id}:{found.model.id}",
        "variant_applied": bool(found.model_price != standard) if context else None,
        "hosted": all(found.model is not model for model in found.provider.models),
        "in_mode": [str(each["total_price"]) for each in in_mode],
    }


def _standard_at(model: ModelInfo, variant: PriceVariant, always: ModelPrice) -> ModelPrice:
    """The standard rates of the day that a mode's rates were verified."""
    if not isinstance(variant.constraint, StartDateConstraint):
        return always
    return model.get_prices(dt.datetime.combine(variant.constraint.start_date, dt.time(12), dt.UTC))


@cache
def _genai_entries() -> dict[tuple[str, ...], tuple[Provider, ModelInfo]]:
    return {
        (provider.id, model.id): (provider, model)
        for provider in genai_providers
        for model in provider.models
    }


def _genai_usage(usage: Mapping[str, int]) -> genai_prices.Usage:
    written = usage["cache_write_5m"] + usage["cache_write_1h"]
    return genai_prices.Usage(
        input_tokens=usage["fresh_input"] + usage["cache_read"] + written,
        cache_read_tokens=usage["cache_read"],
        cache_write_tokens=written,
        cache_write_1h_tokens=usage["cache_write_1h"],
        output_tokens=usage["output"],
        output_reasoning_tokens=usage["reasoning"],
    )


def _genai_context(mode: str) -> dict[str, str] | None:
    """It has batch under one key and the service tiers under another."""
    return None if mode == "standard" else {"processing": mode, "service_tier": mode}


def _litellm_provider(request: Request) -> str:
    """Google's Claude models are on Vertex AI alone; its others on both."""
    name: str = request["provider"]
    if name == "google" and ("claude" in request["model"].lower() or request["id"] % 2):
        return "vertex_ai"
    return LITELLM_PROVIDERS.get(name, name)


def _litellm(request: Request, provider: str) -> dict[str, Any]:
    """Its price, and the entry of its list that this is of."""
    mode = request["processing"]
    try:
        with pinned_billing_time(dt.datetime.fromisoformat(request["ts"])):
            costs = litellm.cost_per_token(
                model=request["model"],
                custom_llm_provider=provider,
                usage_object=_litellm_usage(request["usage"]),
                call_type="retrieve_batch" if mode == "batch" else "completion",
                service_tier=mode if mode in {"flex", "priority"} else None,
            )
    except Exception as error:  # noqa: BLE001 -- all of its own; the reasons look at which
        return {"cost": None, "error": f"{type(error).__name__}: {error}"}
    key = _litellm_key(request["model"], provider, is_batch=mode == "batch")
    return {
        "cost": repr(sum(costs)),
        "key": key,
        "in_map": key in litellm.model_cost,
        "batch_rate": litellm.model_cost.get(key, {}).get("input_cost_per_token_batches") is not None,
    }


def _litellm_key(model: str, provider: str, *, is_batch: bool) -> str | None:
    """The entry of its list that it takes: found as `cost_per_token` finds it; None without one."""
    prefix = f"{provider}/"
    while model.startswith(prefix + prefix):
        model = model.removeprefix(prefix)
    bare = model.partition("/")[2] or model
    spellings = (prefix + model.removeprefix(prefix), model, bare)
    name = next((each for each in spellings if each in litellm.model_cost), model)
    if provider == "vertex_ai" and not is_batch:
        name = bare
    routed = litellm.get_llm_provider(model=name, custom_llm_provider=provider)[1]
    tries = [(name, routed)] if is_batch else [(name, provider), (name, routed)]
    if provider == "fireworks_ai" and not is_batch:
        tries += [
            (name.removeprefix(prefix), None),
            (fireworks.get_base_model_for_pricing(name), provider),
        ]
    for known_as, at in tries:
        with suppress(Exception):  # where it has no entry
            info: Mapping[str, str] = litellm.get_model_info(model=known_as, custom_llm_provider=at)
            return info["key"]
    return None


def _litellm_usage(usage: Mapping[str, int]) -> Any:  # noqa: ANN401 -- a type of a package that may be missing
    written = usage["cache_write_5m"] + usage["cache_write_1h"]
    prompt = usage["fresh_input"] + usage["cache_read"] + written
    by_duration = litellm_types.CacheCreationTokenDetails(
        ephemeral_5m_input_tokens=usage["cache_write_5m"], ephemeral_1h_input_tokens=usage["cache_write_1h"]
    )
    reasoning = litellm_types.CompletionTokensDetailsWrapper(reasoning_tokens=usage["reasoning"])
    return litellm_types.Usage(
        prompt_tokens=prompt,
        completion_tokens=usage["output"],
        total_tokens=prompt + usage["output"],
        prompt_tokens_details=litellm_types.PromptTokensDetailsWrapper(
            cached_tokens=usage["cache_read"],
            cache_creation_tokens=written,
            cache_creation_token_details=by_duration if written else None,
        ),
        completion_tokens_details=reasoning if usage["reasoning"] else None,
    )
