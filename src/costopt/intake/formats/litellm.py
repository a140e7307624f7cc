"""LiteLLM: the proxy's SpendLogs table, and the payload that its loggers write."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Format, has
from costopt.intake.formats.reads import count, label, measure, milliseconds, status, text, time, usd

_VALUES: Final = "metadata/additional_usage_values"
_USAGE: Final = "metadata/usage_object"


def _first(*places: str) -> pl.Expr:
    return pl.coalesce(count(place) for place in places)


_COLUMNS: Final = {
    "provider": label("custom_llm_provider"),
    "model": label("model"),
    "endpoint": label("call_type"),
    "tag": label("request_tags"),
    "tenant": pl.coalesce(label("metadata/user_api_key_team_alias"), label("team_id")),
    "user": pl.coalesce(label("end_user"), label("user")),
    "adapter": label("metadata/user_api_key_alias"),
    "status": status("status"),
    "input_tokens": count("prompt_tokens"),
    "output_tokens": count("completion_tokens"),
    "cached_input_tokens": _first(
        f"{_VALUES}/cache_read_input_tokens",
        f"{_VALUES}/prompt_tokens_details/cached_tokens",
        f"{_USAGE}/prompt_tokens_details/cached_tokens",
    ),
    "cache_write_tokens": _first(
        f"{_VALUES}/cache_creation_input_tokens",
        f"{_VALUES}/prompt_tokens_details/cache_write_tokens",
        f"{_USAGE}/prompt_tokens_details/cache_write_tokens",
        f"{_USAGE}/prompt_tokens_details/cache_creation_tokens",
    ),
    "cache_write_1h_tokens": _first(
        f"{_USAGE}/prompt_tokens_details/cache_creation_token_details/ephemeral_1h_input_tokens"
    ),
    "reasoning_tokens": _first(
        f"{_VALUES}/completion_tokens_details/reasoning_tokens",
        f"{_USAGE}/completion_tokens_details/reasoning_tokens",
    ),
    "timestamp": time("startTime"),
    "ttft_ms": milliseconds(time("startTime"), time("completionStartTime")),
}

SPEND_LOGS: Final = Format(
    "litellm",
    lambda _fields: {
        **_COLUMNS,
        "request_id": text("request_id"),
        "session": label("session_id"),
        "cost_usd": usd("spend"),
        "latency_ms": pl.coalesce(
            measure("request_duration_ms"), milliseconds(time("startTime"), time("endTime"))
        ),
    },
    has("spend", "call_type", "startTime"),
    roots=((), ("data",)),
)

PAYLOAD: Final = Format(
    "litellm-payload",
    lambda _fields: {
        **_COLUMNS,
        "request_id": text("id"),
        "session": label("trace_id"),
        "cost_usd": usd("response_cost"),
        "latency_ms": measure("response_time") * 1000,
    },
    has("response_cost", "request_tags", "startTime"),
)
