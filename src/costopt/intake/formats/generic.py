"""Any flat log whose columns have the names people give them."""

import re
from typing import Final

from costopt.intake.formats.format import Field, Fields, Format

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "request_id": ("request_id", "requestId", "generation_id", "response_id", "call_id", "id"),
    "timestamp": (
        "timestamp",
        "ts",
        "time",
        "created",
        "created_at",
        "createdAt",
        "start_time",
        "startTime",
        "request_created_at",
        "date",
        "datetime",
    ),
    "provider": ("provider", "vendor", "provider_name", "llm_provider", "custom_llm_provider"),
    "model": (
        "model",
        "model_name",
        "model_id",
        "modelId",
        "deployment",
        "engine",
        "model_slug",
        "model_permaslug",
        "model_group",
    ),
    "endpoint": ("endpoint", "path", "request_path", "route"),
    "request_type": ("request_type", "type", "call_type", "operation"),
    "tag": ("tag", "tags", "label"),
    "tenant": ("tenant", "tenant_id", "customer", "customer_id", "organization", "org_id"),
    "project": ("project", "project_id", "workspace", "team", "team_id", "app_name"),
    "user": ("user", "user_id", "userId", "end_user"),
    "session": ("session", "session_id", "sessionId", "conversation_id"),
    "adapter": ("adapter", "adapter_id", "api_key", "api_key_id", "api_key_name", "key_alias"),
    "qos": ("qos",),
    "requests": ("requests", "num_requests", "num_model_requests", "calls"),
    "input_tokens": (
        "input_tokens",
        "prompt_tokens",
        "tokens_in",
        "tokens_prompt",
        "native_tokens_prompt",
        "n_context_tokens_total",
        "inputTokens",
        "promptTokens",
        "request_tokens",
    ),
    "cached_input_tokens": (
        "cached_input_tokens",
        "cached_tokens",
        "cache_read_input_tokens",
        "cache_read_tokens",
        "input_cached_tokens",
        "tokens_cached",
        "cache_hit_tokens",
        "prompt_cache_hit_tokens",
    ),
    "cache_write_tokens": (
        "cache_write_tokens",
        "cache_creation_input_tokens",
        "cache_creation_tokens",
        "input_cache_write_tokens",
    ),
    "cache_write_1h_tokens": ("cache_write_1h_tokens",),
    "input_audio_tokens": ("input_audio_tokens", "audio_input_tokens", "prompt_audio_tokens"),
    "cached_audio_tokens": ("cached_audio_tokens", "cache_audio_read_tokens"),
    "input_image_tokens": ("input_image_tokens", "image_input_tokens", "prompt_image_tokens"),
    "cached_image_tokens": ("cached_image_tokens", "cache_image_read_tokens"),
    "output_tokens": (
        "output_tokens",
        "completion_tokens",
        "tokens_out",
        "tokens_completion",
        "native_tokens_completion",
        "n_generated_tokens_total",
        "outputTokens",
        "completionTokens",
        "response_tokens",
    ),
    "reasoning_tokens": ("reasoning_tokens", "tokens_reasoning", "output_reasoning_tokens"),
    "output_audio_tokens": ("output_audio_tokens", "audio_output_tokens", "completion_audio_tokens"),
    "output_image_tokens": ("output_image_tokens", "image_output_tokens", "completion_image_tokens"),
    "web_searches": ("web_searches", "web_search_count", "web_search_requests"),
    "context_tokens": ("context_tokens",),
    "cost_usd": (
        "cost_usd",
        "cost",
        "amount",
        "amount_usd",
        "spend",
        "total_cost",
        "totalCost",
        "response_cost",
        "cost_total",
        "costUSD",
        "usd",
    ),
    "latency_ms": (
        "latency_ms",
        "duration_ms",
        "response_time_ms",
        "request_duration_ms",
        "generation_time_ms",
    ),
    "ttft_ms": ("ttft_ms", "time_to_first_token_ms"),
    "attempt": ("attempt", "attempt_number"),
    "status": ("status", "status_code", "response_status", "success"),
    "finish_reason": ("finish_reason", "stop_reason"),
    "mode": ("mode", "processing", "service_tier", "batch", "is_batch"),
    "quality": ("quality", "quality_score"),
    "feedback": ("feedback",),
    "confidence": ("confidence", "confidence_score"),
    "variant": ("variant", "arm"),
    "propensity": ("propensity",),
    "prompt_chars": ("prompt_chars",),
    "prompt_hash": ("prompt_hash",),
    "prompt": ("prompt",),
}
"""Names under which each canonical column is looked for, the first that is there wins."""

WATCHED: Final[dict[str, tuple[str, ...]]] = {
    "cached_input_tokens": ("cached_input_tokens", "cached_tokens", "cache_read_input_tokens"),
    "cache_write_tokens": ("cache_write_tokens", "cache_creation_input_tokens"),
    "mode": ("service_tier", "batch"),
    "cost_usd": ("cost_usd", "cost"),
    "quality": ("quality",),
    "propensity": ("propensity",),
    "attempt": ("attempt",),
    "prompt_hash": ("prompt_hash",),
}
"""Names that may stand in a few lines only, and change the bill or what is claimed: where they are asked for, they are
looked for in every line of a log that seems to have none. Each takes 1 or 2 % of the time of reading, so these are the
most usual ones; a rare field of another name is found where the sample has it."""

_BETWEEN_WORDS: Final = re.compile(r"[\s\-.]+")


def _plain(name: str) -> str:
    return _BETWEEN_WORDS.sub("_", name.strip().lower())


def generic_columns(fields: Fields) -> dict[str, Field]:
    """The canonical columns among the fields: by exact name, else ignoring case, spaces and dashes."""
    flat = {name: place for name, place in fields.items() if len(place.steps) == 1}
    plain = {_plain(name): place for name, place in reversed(flat.items())}
    found: dict[str, Field] = {}
    for canonical, aliases in ALIASES.items():
        exact = next((flat[alias] for alias in aliases if alias in flat), None)
        place = exact or next((plain[_plain(alias)] for alias in aliases if _plain(alias) in plain), None)
        if place is not None and not place.is_object:
            found[canonical] = place
    return found


GENERIC: Final = Format("generic", lambda _fields: {}, lambda _fields: True)
"""Any other flat log, its columns found by the names people give them. Each is read from one place: `generic_columns`."""
