"""The usage object in a provider's response, whoever's it is, to canonical counts.

Which provider's it is, is told by the names in it, request by request; each has its own rule for what is counted in
what.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from costopt.intake.formats.reads import count, known, label, mode
from costopt.models.schema import TOKENS

USAGES: Final = ("usage", "usageMetadata", "meta", "x_groq/usage", "amazon-bedrock-invocationMetrics")
"""Where providers put a usage object into the body of a response."""

RECORDED: Final = ("usage_events/*", "usage_metadata")
"""Where those do who record responses: each event's of a streamed answer; Google's as its Python library has it."""

_PLAIN: Final = ("usage", "usage_events/*")
_GOOGLES: Final = (*_PLAIN, "usageMetadata", "usage_metadata")

LEAVES: Final = (
    "prompt_tokens",
    "input_tokens",
    "inputTokens",
    "inputTokenCount",
    "promptTokenCount",
    "prompt_token_count",
    "billed_units.input_tokens",
    "billed_units.search_units",
    "total_input_tokens",
    "total_tokens",
)
"""Fields of a usage object, one of which each provider's has."""

BODY_LEAVES: Final = ("inputTextTokenCount", "generation_token_count")
"""Counts that models on Bedrock put into the body itself."""

_First = Callable[[str], pl.Expr]

_PROMPT: Final = "prompt_tokens_details|prompt_token_details"
_ANSWER: Final = "completion_tokens_details|completion_token_details"
_INPUT: Final = "input_tokens_details|input_token_details"
_OUTPUT: Final = "output_tokens_details|output_token_details"
_NOTHING: Final = pl.lit(0, dtype=pl.Int64)
_COMPACTION: Final = "iterations[type=compaction]"
_MODALITIES: Final = {"audio": ("AUDIO", "4"), "image": ("IMAGE", "2")}
"""By kind, how Google's lists name it: by word, or by the number it has in the protocol."""

_TRAFFIC: Final = {
    "PROVISIONED_THROUGHPUT": "provisioned",
    "2": "provisioned",
    "ON_DEMAND_FLEX": "flex",
    "ON_DEMAND_PRIORITY": "priority",
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """One provider's usage object.

    Attributes:
        there: Whether a request has it.
        counts: By canonical column; of the others it says nothing.
    """

    there: pl.Expr
    counts: Mapping[str, pl.Expr]


def counts_in(
    bodies: Sequence[str], usages: Sequence[str], is_list: pl.Expr | None = None
) -> dict[str, pl.Expr]:
    """Every token count, and the searches, that responses say.

    Args:
        bodies: Where the body of a response may be, each with a slash at its end; empty for the record itself.
        usages: Where in it a usage object may be.
        is_list: Whether a response has no output but a list: of embeddings, of what was reranked.
    """

    def first(places: Sequence[str]) -> _First:
        return lambda name: pl.coalesce(count(f"{place}{name}") for place in places)

    in_usage = [(shape, _within(bodies, usages, places)) for shape, places in _SHAPES]
    shapes = [
        *(shape(first(places)) for shape, places in in_usage if places),
        *(shape(first(bodies)) for shape in (_titan, _llama)),
        _total(first(_within(bodies, usages, _PLAIN)), pl.lit(value=False) if is_list is None else is_list),
    ]
    return {name: _by_shape(shapes, name) for name in (*TOKENS, "web_searches")}


def mode_in(bodies: Sequence[str], usages: Sequence[str]) -> pl.Expr:
    """The mode that a response says it was served in."""
    plain, googles = (_within(bodies, usages, places) for places in (_PLAIN, _GOOGLES))
    fast = pl.coalesce(label(f"{usage}speed") for usage in plain).cast(pl.String) == "fast"
    traffic = pl.coalesce(label(f"{usage}trafficType|traffic_type") for usage in googles)
    return pl.coalesce(
        pl.when(fast).then(pl.lit("fast")),
        *(mode(f"{body}service_tier").cast(pl.String) for body in bodies),
        *(mode(f"{usage}service_tier|serviceTier").cast(pl.String) for usage in googles),
        traffic.cast(pl.String).replace_strict(_TRAFFIC, default=None),
    )


def _within(bodies: Sequence[str], usages: Sequence[str], places: Sequence[str]) -> list[str]:
    """Those of the places that are among the usage objects, in each body."""
    return [f"{body}{usage}/" for body in bodies for usage in usages if usage in places]


def _by_shape(shapes: Sequence[_Shape], name: str) -> pl.Expr:
    """What the first shape that a request has says."""
    found = pl.lit(None, dtype=pl.Int64)
    for shape in reversed(shapes):
        found = pl.when(shape.there).then(shape.counts.get(name)).otherwise(found)
    return found


def _chat(first: _First) -> _Shape:
    """OpenAI's chat completions, completions and embeddings, and those of all that answer like them.

    Input includes cached and output reasoning. At xAI output is without reasoning, which its total shows. Without
    completion tokens, as of embeddings, output is what the total has beyond the prompt.
    Source: `openai/types/completion_usage.py`; DeepSeek, Mistral, Moonshot: their own names for cached tokens.
    """
    prompt, answer, total = first("prompt_tokens"), first("completion_tokens"), first("total_tokens")
    reasoning = first(f"{_ANSWER}/reasoning_tokens")
    output = pl.coalesce(answer, total - prompt)
    apart = (reasoning > 0) & (total == prompt + answer + reasoning)
    return _Shape(
        prompt.is_not_null(),
        {
            "input_tokens": prompt,
            "cached_input_tokens": pl.coalesce(
                first(f"{_PROMPT}/cached_tokens"),
                first("prompt_cache_hit_tokens|cached_tokens|num_cached_tokens|cache_read_input_tokens"),
            ),
            "cache_write_tokens": pl.coalesce(
                first(f"{_PROMPT}/cache_write_tokens|cache_creation_tokens"),
                first("cache_creation_input_tokens"),
            ),
            "output_tokens": pl.when(apart).then(answer + reasoning).otherwise(output),
            "reasoning_tokens": reasoning,
            **_media(first, _PROMPT, _ANSWER),
            "web_searches": first("server_tool_use/web_search_requests"),
        },
    )


def _messages(first: _First) -> _Shape:
    """OpenAI's responses, images, transcriptions and realtime; and Anthropic's messages.

    OpenAI's input includes cached, which its details say. Anthropic's is without cache reads and writes; what it took
    to compact a conversation is counted apart, at the same model's price.
    Source: `openai/types/responses/response_usage.py`, `anthropic/types/usage.py`.
    """
    own, cached = first("input_tokens"), first(f"{_INPUT}/cached_tokens")
    cache = "cache_creation/ephemeral_{}_input_tokens"
    short, long = (first(cache.format(ttl)) for ttl in ("5m", "1h"))
    read = known(first("cache_read_input_tokens"), first(f"{_COMPACTION}/cache_read_input_tokens"))
    written = known(
        pl.coalesce(first("cache_creation_input_tokens"), known(short, long)),
        first(f"{_COMPACTION}/cache_creation_input_tokens"),
    )
    exclusive = known(own, first(f"{_COMPACTION}/input_tokens"), read, written)
    output = pl.coalesce(first("output_tokens"), first("total_tokens") - own)
    return _Shape(
        own.is_not_null(),
        {
            "input_tokens": pl.when(cached.is_null()).then(exclusive).otherwise(own),
            "cached_input_tokens": pl.coalesce(cached, read),
            "cache_write_tokens": pl.coalesce(first(f"{_INPUT}/cache_write_tokens"), written),
            "cache_write_1h_tokens": long,
            "output_tokens": output + first(f"{_COMPACTION}/output_tokens").fill_null(0),
            "reasoning_tokens": first(f"{_OUTPUT}/reasoning_tokens|thinking_tokens"),
            **_media(first, _INPUT, _OUTPUT),
            "web_searches": first("server_tool_use/web_search_requests"),
        },
    )


def _media(first: _First, prompt: str, answer: str) -> dict[str, pl.Expr]:
    """Audio and images, as OpenAI counts them: the input's include the cached ones."""
    return {
        "input_audio_tokens": first(f"{prompt}/audio_tokens"),
        "cached_audio_tokens": first(f"{prompt}/cached_tokens_details/audio_tokens"),
        "input_image_tokens": first(f"{prompt}/image_tokens"),
        "cached_image_tokens": first(f"{prompt}/cached_tokens_details/image_tokens"),
        "output_audio_tokens": first(f"{answer}/audio_tokens"),
        "output_image_tokens": first(f"{answer}/image_tokens"),
    }


def _converse(first: _First) -> _Shape:
    """Bedrock's Converse, and Nova's own responses: input is without cache reads and writes.

    Source: Bedrock API reference, `TokenUsage`.
    """
    own = first("inputTokens")
    read = first("cacheReadInputTokens|cacheReadInputTokenCount")
    written = first("cacheWriteInputTokens|cacheWriteInputTokenCount")
    whole = known(own, read, written)
    return _Shape(
        own.is_not_null(),
        {
            "input_tokens": whole,
            "cached_input_tokens": read,
            "cache_write_tokens": written,
            "cache_write_1h_tokens": first("cacheDetails[ttl=1h]/inputTokens"),
            "output_tokens": pl.coalesce(first("outputTokens"), first("totalTokens") - whole),
        },
    )


def _invocation(first: _First) -> _Shape:
    """What Bedrock adds to the last piece of a streamed InvokeModel response; counted as in Converse."""
    own, read, written = (
        first(name) for name in ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
    )
    return _Shape(
        own.is_not_null(),
        {
            "input_tokens": known(own, read, written),
            "cached_input_tokens": read,
            "cache_write_tokens": written,
            "output_tokens": first("outputTokenCount"),
        },
    )


def _gemini(first: _First) -> _Shape:
    """Google's Gemini API and Vertex AI: the prompt includes cached content, but not what tools put into it.

    Output is candidates and thoughts; a count of nothing is left out.
    Source: `google.genai.types.GenerateContentResponseUsageMetadata`.
    """
    prompt = first("promptTokenCount|prompt_token_count")
    tools = first("toolUsePromptTokenCount|tool_use_prompt_token_count")
    thoughts = first("thoughtsTokenCount|thoughts_token_count")
    answer = first("candidatesTokenCount|candidates_token_count|responseTokenCount|response_token_count")
    return _Shape(
        prompt.is_not_null(),
        {
            "input_tokens": known(prompt, tools),
            "cached_input_tokens": first("cachedContentTokenCount|cached_content_token_count"),
            "output_tokens": known(answer, thoughts).fill_null(0),
            "reasoning_tokens": thoughts,
            **{
                f"{whole}_{kind}_tokens": _of_modality(first, kind, *lists)
                for kind in _MODALITIES
                for whole, lists in {
                    "input": ("promptTokensDetails", "toolUsePromptTokensDetails"),
                    "cached": ("cacheTokensDetails",),
                    "output": ("candidatesTokensDetails", "responseTokensDetails"),
                }.items()
            },
        },
    )


def _of_modality(first: _First, kind: str, *lists: str) -> pl.Expr:
    """The tokens of one kind, in lists of an entry for each."""
    return known(
        *(
            first(f"{each}[modality={name}]/tokenCount|token_count")
            for each in lists
            for name in _MODALITIES[kind]
        )
    )


def _cohere(first: _First) -> _Shape:
    """Cohere: what is billed is told apart from what was counted, cached tokens among it; the rest costs nothing.

    Source: Cohere API reference, `meta.billed_units` and `usage.billed_units`.
    """
    tokens, images, searches = (
        first(f"billed_units/{name}") for name in ("input_tokens", "image_tokens", "search_units")
    )
    answer = first("billed_units/output_tokens")
    billed = pl.any_horizontal(each.is_not_null() for each in (tokens, images, searches, answer))
    return _Shape(
        billed,
        {
            "input_tokens": known(tokens, images).fill_null(0),
            "input_image_tokens": images,
            "output_tokens": answer.fill_null(0),
            "web_searches": searches,
        },
    )


def _titan(first: _First) -> _Shape:
    """Amazon Titan on Bedrock; an embedding has no results.

    Source: Bedrock user guide, inference parameters of Amazon Titan models.
    """
    answer = pl.coalesce(first("results/*/tokenCount"), first("totalOutputTextTokenCount"))
    own = first("inputTextTokenCount")
    return _Shape(own.is_not_null(), {"input_tokens": own, "output_tokens": answer.fill_null(0)})


def _llama(first: _First) -> _Shape:
    """Meta Llama on Bedrock. Source: Bedrock user guide, inference parameters of Meta Llama models."""
    answer = first("generation_token_count")
    return _Shape(
        answer.is_not_null(), {"input_tokens": first("prompt_token_count"), "output_tokens": answer}
    )


def _interaction(first: _First) -> _Shape:
    """Google's interactions: whatever of thoughts and tools the parts include, the total has all of it once.

    Source: Gemini API reference, `Interaction.usage`.
    """
    own, tools, answer, thoughts = (
        first(f"total_{name}_tokens") for name in ("input", "tool_use", "output", "thought")
    )
    total = first("total_tokens")
    parts = pl.sum_horizontal(own, tools, answer, thoughts)
    prompt = pl.when(parts == total).then(known(own, tools)).otherwise(own)
    return _Shape(
        own.is_not_null(),
        {
            "input_tokens": prompt,
            "cached_input_tokens": first("total_cached_tokens"),
            "output_tokens": total - prompt,
            "reasoning_tokens": thoughts,
        },
    )


def _total(first: _First, is_list: pl.Expr) -> _Shape:
    """Nothing but a total, as Voyage has for embeddings and reranking: it is all input."""
    total = first("total_tokens")
    return _Shape(total.is_not_null() & is_list, {"input_tokens": total, "output_tokens": _NOTHING})


_SHAPES: Final = (
    (_chat, (*_PLAIN, "x_groq/usage")),
    (_messages, _PLAIN),
    (_converse, _PLAIN),
    (_invocation, ("amazon-bedrock-invocationMetrics",)),
    (_gemini, _GOOGLES),
    (_cohere, (*_PLAIN, "meta")),
    (_interaction, _PLAIN),
)
"""Each shape with the places that it may have."""
