"""LiteLLM: the proxy's SpendLogs table, and the payload that its loggers write."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Format, has
from costopt.intake.formats.parts import at_most, enclosing, largest, total
from costopt.intake.formats.reads import count, label, measure, milliseconds, mode, status, text, time, usd

_USAGES: Final = ("metadata/additional_usage_values", "metadata/usage_object")
"""Two copies of the provider's usage: of the response, and of the payload. Either may be missing, or have no details."""

_PROMPT: Final = "prompt_tokens_details"
_COMPLETION: Final = "completion_tokens_details"

_MANAGEMENT: Final = tuple(
    f"{prefix}{name}"
    for name in (
        *("create_file", "file_retrieve", "file_delete", "file_list", "file_content"),
        *("create_batch", "cancel_batch", "list_batches", "list_mcp_tools"),
        *("get_assistants", "create_assistants", "delete_assistant", "create_thread", "get_thread"),
        *("add_message", "get_messages", "list_input_items", "get_responses", "delete_responses"),
        *("create_fine_tuning_job", "cancel_fine_tuning_job", "list_fine_tuning_jobs"),
        *("create_container", "list_containers", "retrieve_container", "delete_container"),
        *("vector_store_create", "vector_store_file_create", "vector_store_file_list"),
    )
    for prefix in ("", "a")
)
"""Call types that ask no model for anything: they are no requests unless they cost something all the same."""

_BATCHES: Final = ("retrieve_batch", "aretrieve_batch")
"""The call under which the usage of a whole finished batch is logged."""

_ANSWERED: Final = count("hidden_params/batch_successful_requests")

_FROM_CACHE: Final = label("cache_hit").is_in(["True", "true"])
"""Whether LiteLLM answered out of its own cache: the tokens are those of the answer that it had kept."""


def _told(*keys: str) -> pl.Expr:
    return largest(*(count(f"{usage}/{key}") for usage in _USAGES for key in keys))


def _billed(tokens: pl.Expr) -> pl.Expr:
    """None where no provider saw the request: LiteLLM's cost is 0 there, and so is that of no tokens."""
    return pl.when(_FROM_CACHE).then(0).otherwise(tokens)


_CACHED: Final = _told("cache_read_input_tokens", f"{_PROMPT}/cached_tokens")
_WRITTEN: Final = _told(
    "cache_creation_input_tokens", f"{_PROMPT}/cache_write_tokens", f"{_PROMPT}/cache_creation_tokens"
)
_INPUT: Final = enclosing(count("prompt_tokens"), _CACHED, _WRITTEN)
_PLAIN: Final = _INPUT - total(_CACHED, _WRITTEN)

_TOKENS: Final = {
    "input_tokens": _INPUT,
    "cached_input_tokens": _CACHED,
    "cache_write_tokens": _WRITTEN,
    "cache_write_1h_tokens": _told(
        f"{_PROMPT}/cache_creation_token_details/ephemeral_1h_input_tokens",
        "cache_creation/ephemeral_1h_input_tokens",
    ),
    "input_audio_tokens": at_most(_told(f"{_PROMPT}/audio_tokens"), _PLAIN),
    "input_image_tokens": at_most(_told(f"{_PROMPT}/image_tokens"), _PLAIN),
    "output_tokens": count("completion_tokens"),
    "reasoning_tokens": _told(f"{_COMPLETION}/reasoning_tokens"),
    "output_audio_tokens": _told(f"{_COMPLETION}/audio_tokens"),
    "output_image_tokens": _told(f"{_COMPLETION}/image_tokens"),
    "web_searches": _told("server_tool_use/web_search_requests", f"{_PROMPT}/web_search_requests"),
}

_TIERS: Final = (
    "metadata/cost_breakdown/service_tier",
    "cost_breakdown/service_tier",
    *(f"{usage}/service_tier" for usage in _USAGES),
    "model_parameters/service_tier",
)
"""From what was billed to what was asked for."""

_LATENCY: Final = milliseconds(time("startTime"), time("endTime"))

_COLUMNS: Final = {
    "timestamp": time("startTime"),
    "provider": label("custom_llm_provider"),
    "model": pl.coalesce(label("model"), label("model_group")),
    "endpoint": label("call_type"),
    "request_type": label("call_type"),
    "tag": label("request_tags"),
    "tenant": pl.coalesce(
        label("metadata/user_api_key_team_alias"), label("team_id"), label("metadata/user_api_key_team_id")
    ),
    "project": pl.coalesce(
        label("metadata/user_api_key_project_alias"), label("metadata/user_api_key_project_id")
    ),
    "user": pl.coalesce(
        label("end_user"),
        label("metadata/user_api_key_end_user_id"),
        label("model_parameters/user"),
        label("user"),
        label("metadata/user_api_key_user_id"),
    ),
    "adapter": pl.coalesce(
        label("metadata/user_api_key_alias"), label("api_key"), label("metadata/user_api_key_hash")
    ),
    "status": pl.coalesce(status("status"), status("metadata/status")),
    "finish_reason": label("response/choices/*/finish_reason"),
    "mode": pl.when(label("call_type").is_in(_BATCHES))
    .then(pl.lit("batch"))
    .otherwise(pl.coalesce(mode(tier) for tier in _TIERS).cast(pl.String)),
    **{name: _billed(tokens) for name, tokens in _TOKENS.items()},
    "context_tokens": pl.when(
        label("call_type").is_in(_BATCHES) & ~(_ANSWERED > 0).fill_null(value=False)
    ).then(pl.lit(0, dtype=pl.Int64)),
    "ttft_ms": pl.when(time("completionStartTime") != time("endTime")).then(
        milliseconds(time("startTime"), time("completionStartTime"))
    ),
}
"""What both have in common. `completionStartTime` is the end of an answer that was not streamed: when its first token
came is unknown. The prompts of a batch are many, of a number that SpendLogs does not tell: that all of them together are
long says nothing about the context tier of any."""


def _is_request(cost: str) -> pl.Expr:
    """Whether a model was asked, or at least something was paid."""
    paid = (usd(cost) > 0) | (total(count("prompt_tokens"), count("completion_tokens")) > 0)
    return ~label("call_type").is_in(_MANAGEMENT) | paid


SPEND_LOGS: Final = Format(
    "litellm",
    lambda _fields: {
        **_COLUMNS,
        "request_id": text("request_id"),
        "session": label("session_id"),
        "cost_usd": usd("spend"),
        "latency_ms": pl.coalesce(measure("request_duration_ms"), _LATENCY),
    },
    has("spend", "call_type", "startTime"),
    roots=((), ("data",)),
    keep=_is_request("spend"),
)
"""Rows of the proxy's table `LiteLLM_SpendLogs` (`litellm/proxy/schema.prisma`), out of the database or as
`/spend/logs?summarize=false` and `/spend/logs/v2` list them.

A row that LiteLLM answered out of its own cache (`cache_hit`) is a request that cost nothing: it has no tokens, for no
provider counted any. `prompt_tokens` is all input; where cached and written tokens do not fit into it, as early
versions log it for Anthropic, they are added.
"""

PAYLOAD: Final = Format(
    "litellm-payload",
    lambda _fields: {
        **_COLUMNS,
        "request_id": text("id"),
        "requests": pl.when(_ANSWERED > 0).then(_ANSWERED),
        "session": pl.coalesce(label("session_id"), label("trace_id")),
        "cost_usd": usd("response_cost"),
        "latency_ms": pl.coalesce(measure("response_time") * 1000, _LATENCY),
    },
    has("response_cost", "request_tags", "startTime"),
    keep=_is_request("response_cost"),
)
"""`StandardLoggingPayload` (`litellm/types/utils.py`), as the loggers `s3_v2`, `gcs_bucket` and `generic_api` write it.
Times are epoch seconds. See `SPEND_LOGS`."""
