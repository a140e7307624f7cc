"""OpenTelemetry traces with GenAI attributes, in the JSON of the Collector's file exporter; and OpenInference's."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format
from costopt.intake.formats.reads import count, label, milliseconds, mode, text, time, usd

_CALLS: Final = ("chat", "text_completion", "generate_content", "embeddings")
_SPAN: Final = "attributes[key={}]/value/stringValue|intValue|doubleValue|boolValue"
_RESOURCE: Final = f"../../resource/{_SPAN}"


def _counts(*keys: str) -> pl.Expr:
    return pl.coalesce(count(_SPAN.format(key)) for key in keys)


def _labels(*keys: str, of: str = _SPAN) -> pl.Expr:
    return pl.coalesce(label(of.format(key)) for key in keys)


def _columns(_fields: Fields) -> dict[str, pl.Expr]:
    failed = label("status/code").is_in(["2", "STATUS_CODE_ERROR"]) | _labels("error.type").is_not_null()
    return {
        "request_id": pl.coalesce(text(_SPAN.format("gen_ai.response.id")), text("spanId")),
        "timestamp": time("startTimeUnixNano"),
        "provider": _labels("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"),
        "model": _labels("gen_ai.response.model", "gen_ai.request.model", "llm.model_name"),
        "request_type": _labels("gen_ai.operation.name"),
        "tenant": _labels("service.name", of=_RESOURCE),
        "user": _labels("user.id", "enduser.id"),
        "session": _labels("gen_ai.conversation.id", "session.id"),
        "status": pl.when(failed).then(pl.lit("error")).otherwise(pl.lit("ok")),
        "mode": pl.coalesce(
            mode(_SPAN.format(key)) for key in ("openai.response.service_tier", "openai.request.service_tier")
        ),
        "input_tokens": _counts(
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.usage.prompt_tokens",
            "llm.token_count.prompt",
        ),
        "cached_input_tokens": _counts(
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "llm.token_count.prompt_details.cache_read",
        ),
        "cache_write_tokens": _counts(
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "llm.token_count.prompt_details.cache_write",
        ),
        "output_tokens": _counts(
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.usage.completion_tokens",
            "llm.token_count.completion",
        ),
        "reasoning_tokens": _counts(
            "gen_ai.usage.reasoning.output_tokens", "llm.token_count.completion_details.reasoning"
        ),
        "cost_usd": pl.coalesce(
            usd(_SPAN.format(key))
            for key in ("gen_ai.usage.cost", "llm.usage.cost", "cost.amount", "llm.cost.total")
        ),
        "latency_ms": milliseconds(time("startTimeUnixNano"), time("endTimeUnixNano")),
    }


TRACES: Final = Format(
    "otlp-traces",
    _columns,
    lambda fields: "spanId" in fields and "startTimeUnixNano" in fields,
    roots=(("resourceSpans", "scopeSpans", "spans"), ()),
    keep=_labels("gen_ai.operation.name").is_in(_CALLS)
    | _labels("openinference.span.kind").is_in(["LLM", "EMBEDDING"]),
)
