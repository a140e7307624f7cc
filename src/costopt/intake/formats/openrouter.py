"""OpenRouter: its activity by generation, and summed up by day."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, has
from costopt.intake.formats.reads import count, known, label, measure, text, time, usd

_PROVIDER: Final = pl.lit("openrouter")
_STANDARD: Final = "standard"
_TRUE: Final = ("true", "True", "TRUE", "1")


def _model(name: str, variant: str) -> pl.Expr:
    """The model with its variant (`:free`), which has a price of its own."""
    bare, kind = (label(each).cast(pl.String) for each in (name, variant))
    has_variant = (kind != _STANDARD) & ~bare.str.contains(":", literal=True)
    return pl.when(has_variant).then(pl.concat_str(bare, kind, separator=":")).otherwise(bare)


GENERATIONS: Final = Format(
    "openrouter",
    lambda _fields: {
        "request_id": text("generation_id"),
        "timestamp": time("created_at"),
        "provider": _PROVIDER,
        "model": _model("model_permaslug", "variant"),
        "endpoint": label("provider_name"),
        "tag": label("app_name"),
        "tenant": label("api_key_name"),
        "user": label("user"),
        "status": pl.when(label("cancelled").is_in(_TRUE) | (label("finish_reason_normalized") == "error"))
        .then(pl.lit("error"))
        .otherwise(pl.lit("ok")),
        "finish_reason": pl.coalesce(label("finish_reason_normalized"), label("finish_reason_raw")),
        "input_tokens": count("tokens_prompt"),
        "cached_input_tokens": count("tokens_cached"),
        "output_tokens": count("tokens_completion"),
        "reasoning_tokens": count("tokens_reasoning"),
        "cost_usd": known(usd("cost_total"), usd("byok_usage_inference")),
        "latency_ms": measure("generation_time_ms"),
        "ttft_ms": measure("time_to_first_token_ms"),
    },
    has("generation_id", "cost_total"),
)
"""The activity page's CSV, a line for each generation. Times are UTC.

The provider is OpenRouter, whose prices hold; who served it upstream is the `endpoint`. The cost is what OpenRouter
charged, and for a key of one's own (`byok`) what that provider charged as well. A cancelled generation is an error that
cost what it cost.
"""

_DAILY_CSV: Final = {
    "date": "Date",
    "model_permaslug": "Slug",
    "usage": "Usage",
    "byok_usage_inference": "BYOK Usage",
    "requests": "Requests",
    "prompt_tokens": "Prompt Tokens",
    "completion_tokens": "Completion Tokens",
    "reasoning_tokens": "Reasoning Tokens",
}


def _daily(fields: Fields) -> dict[str, pl.Expr]:
    names = _DAILY_CSV if "Slug" in fields else {}
    name = {each: names.get(each, each) for each in _DAILY_CSV}
    return {
        "timestamp": time(name["date"]),
        "provider": _PROVIDER,
        "model": pl.coalesce(label(name["model_permaslug"]), label("model")),
        "endpoint": label("provider_name"),
        "requests": count(name["requests"]),
        "input_tokens": count(name["prompt_tokens"]),
        "output_tokens": count(name["completion_tokens"]),
        "reasoning_tokens": count(name["reasoning_tokens"]),
        "cost_usd": known(usd(name["usage"]), usd(name["byok_usage_inference"])),
    }


DAILY: Final = Format(
    "openrouter-activity",
    _daily,
    lambda fields: (
        {"date", "byok_usage_inference", "requests"} <= fields.keys()
        or {"Slug", "BYOK Usage", "Requests"} <= fields.keys()
    ),
    roots=((), ("data",)),
    sums="latency, status, ids and times of single requests, and cached tokens: what was cached is computed at the full price; the context tier is that of the mean prompt of each line",
)
"""`GET /api/v1/activity`, and the CSV of the same sums by day that the activity page exports.

The cost is what OpenRouter charged, and for a key of one's own what that provider charged as well.
"""
