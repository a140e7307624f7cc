"""The attributes of spans and events that tell of a model's call, in the spellings that instrumentations use."""

from collections.abc import Callable
from typing import Final

import polars as pl

from costopt.intake.formats.reads import count, known, label, measure, mode, text, usd

Place = Callable[[str], str]
"""Gives the place of an attribute in a record."""

_CALLS: Final = (
    "chat",
    "text_completion",
    "generate_content",
    "embeddings",
    "chat.completions",
    "text.completions",
    "completion",
    "responses",
    "embedding",
)
_EMBEDDINGS: Final = ("embeddings", "embedding", "EMBEDDING")
_OF_CALLS: Final = ("LLM", "EMBEDDING")

OPERATION: Final = ("gen_ai.operation.name",)
KIND: Final = ("openinference.span.kind",)
COMPONENT: Final = ("traceloop.span.kind", "ai.operationId")
RESPONSE: Final = ("gen_ai.response.id", "ai.response.id")
PROVIDER: Final = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
MODEL: Final = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "llm.response.model",
    "llm.request.model",
    "embedding.model_name",
    "ai.response.model",
    "ai.model.id",
)
INPUT: Final = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
)
CACHED: Final = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input",
    "llm.usage.cache_read_input_tokens",
    "ai.usage.cachedInputTokens",
)
WRITTEN: Final = (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
    "llm.usage.cache_creation_input_tokens",
)
OUTPUT: Final = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
)
REASONING: Final = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "llm.usage.reasoning_tokens",
    "ai.usage.reasoningTokens",
)
COST: Final = (
    "gen_ai.usage.cost",
    "gen_ai.usage.total_cost",
    "llm.cost.total",
    "llm.usage.cost",
    "cost.amount",
    "operation.cost",
)
TIER: Final = (
    "openai.response.service_tier",
    "openai.request.service_tier",
    "gen_ai.openai.response.service_tier",
    "gen_ai.openai.request.service_tier",
)
SESSION: Final = ("gen_ai.conversation.id", "session.id", "langfuse.session.id")
USER: Final = ("user.id", "enduser.id", "langfuse.user.id")
INPUT_AUDIO: Final = "llm.token_count.prompt_details.audio"
OUTPUT_AUDIO: Final = "llm.token_count.completion_details.audio"
FIRST_CHUNK_S: Final = "gen_ai.response.time_to_first_chunk"
FIRST_CHUNK_MS: Final = "ai.response.msToFirstChunk"


def labels(place: Place, keys: tuple[str, ...]) -> pl.Expr:
    """The first attribute that is there, as one of few texts."""
    return pl.coalesce(label(place(key)) for key in keys)


def _counts(place: Place, keys: tuple[str, ...]) -> pl.Expr:
    return pl.coalesce(count(place(key)) for key in keys)


def is_call(place: Place) -> pl.Expr:
    """Whether a span is one call of a model, and not of something that adds up the tokens of several.

    By what the span says it is; where it says nothing, by its having both a model and tokens.
    """
    operation, kind = labels(place, OPERATION), labels(place, KIND).cast(pl.String)
    component = labels(place, COMPONENT)
    tells_model = labels(place, MODEL).is_not_null()
    tells_tokens = known(_counts(place, INPUT), _counts(place, OUTPUT)).is_not_null()
    is_inner = component.is_null() | component.cast(pl.String).str.contains(r"\.do[A-Z]")
    return (
        pl.when(operation.is_not_null())
        .then(operation.is_in(_CALLS))
        .when(kind != "UNKNOWN")
        .then(kind.is_in(_OF_CALLS))
        .otherwise(tells_model & tells_tokens & is_inner)
    )


def identity(place: Place, trace: str, span: str) -> pl.Expr:
    """One text for each response, whichever spans tell of it.

    Two instrumentations, of a framework and of the client that it uses, make two spans of one response, in one trace
    and with its id. In another trace the id may be another response's: some servers number theirs from few.
    """
    response = pl.coalesce(text(place(key)) for key in RESPONSE)
    return (
        pl.when(response.is_not_null())
        .then(pl.concat_str(text(trace), response, separator=":", ignore_nulls=True))
        .otherwise(text(span))
    )


def columns(place: Place) -> dict[str, pl.Expr]:
    """What attributes tell.

    Input includes what was read from and written to the cache; an exporter that leaves it out gives itself away where
    the parts are more than the whole, and there they are added.
    """
    told, cached, written = (_counts(place, keys) for keys in (INPUT, CACHED, WRITTEN))
    is_left_out = cached.fill_null(0) + written.fill_null(0) > told
    is_embedding = labels(place, OPERATION + KIND).is_in(_EMBEDDINGS)
    output = _counts(place, OUTPUT)
    return {
        "provider": labels(place, PROVIDER),
        "model": labels(place, MODEL),
        "request_type": labels(place, OPERATION + KIND),
        "user": labels(place, USER),
        "session": labels(place, SESSION),
        "mode": pl.coalesce(mode(place(key)) for key in TIER),
        "input_tokens": pl.when(is_left_out).then(known(told, cached, written)).otherwise(told),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "input_audio_tokens": count(place(INPUT_AUDIO)),
        "output_tokens": pl.when(is_embedding).then(output.fill_null(0)).otherwise(output),
        "reasoning_tokens": _counts(place, REASONING),
        "output_audio_tokens": count(place(OUTPUT_AUDIO)),
        "cost_usd": pl.coalesce(usd(place(key)) for key in COST),
        "ttft_ms": pl.coalesce(measure(place(FIRST_CHUNK_S)) * 1000, measure(place(FIRST_CHUNK_MS))),
    }
