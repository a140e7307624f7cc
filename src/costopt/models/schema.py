"""The canonical request: the columns every log is read into, and what may be summed over them."""

from typing import Final

import polars as pl

TIMESTAMP: Final = pl.Datetime("us", "UTC")
USD: Final = pl.Decimal(38, 12)
"""US dollars with pico-dollar digits: sums are exact whatever the order."""
PICO: Final = pl.Int128
"""Whole pico-dollars (1e-12 USD)."""

DIMENSIONS: Final = (
    "provider",
    "model",
    "endpoint",
    "request_type",
    "tag",
    "tenant",
    "project",
    "user",
    "session",
    "adapter",
    "qos",
    "status",
    "finish_reason",
    "mode",
    "feedback",
    "variant",
)
"""Text columns a bill can be split by; null where the log does not say."""

TOKENS: Final = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "input_audio_tokens",
    "cached_audio_tokens",
    "input_image_tokens",
    "cached_image_tokens",
    "output_tokens",
    "reasoning_tokens",
    "output_audio_tokens",
    "output_image_tokens",
)
"""Token counts. `input_tokens` is ALL input, cached included; `output_tokens` ALL output, reasoning included."""

COUNTS: Final = ("requests", *TOKENS, "web_searches")
"""What rollups add up; a column the log lacks counts 1 request and 0 of the rest."""

SIZES: Final = ("context_tokens",)
"""Whole numbers that say how large something is; never summed, null where the log does not say."""

NUMBERS: Final = ("latency_ms", "ttft_ms", "attempt", "quality", "confidence", "propensity", "prompt_chars")
"""Measurements of a single request; never summed into a bill."""

TEXTS: Final = ("request_id", "prompt", "prompt_hash")

REQUIRED: Final = ("timestamp", "model", "input_tokens", "output_tokens")
"""Without these a log is not understood."""

REQUESTS: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "request_id": pl.String,
    "timestamp": TIMESTAMP,
    **dict.fromkeys(DIMENSIONS, pl.Categorical),
    **dict.fromkeys((*COUNTS, *SIZES), pl.Int64),
    "cost_usd": USD,
    **dict.fromkeys(NUMBERS, pl.Float64),
    "prompt_hash": pl.String,
    "prompt": pl.String,
}
"""Every canonical column with its type."""

COLUMN_MEANINGS: Final[dict[str, str]] = {
    "request_id": "the log's own id of the request; a repeated id is a duplicate",
    "timestamp": "when the request was made, UTC",
    "provider": "who served it (`openai`, `anthropic`, ...); inferred from the model where the log is silent",
    "model": "the model's name as logged",
    "endpoint": "the application's own route (`/chat`)",
    "request_type": "the kind of call (`chat`, `embedding`, ...)",
    "tag": "the label the application gave the request",
    "tenant": "the customer it was made for",
    "project": "the project, workspace or team",
    "user": "the end user",
    "session": "the conversation or session",
    "adapter": "the adapter or gateway that sent it",
    "qos": "the quality-of-service class",
    "status": "`ok` or `error`; null where the log does not say",
    "finish_reason": "why the answer ended",
    "mode": "`standard`, `batch`, `flex` or `priority`; standard where the log does not say",
    "feedback": "a user's verdict",
    "variant": "the arm of an experiment",
    "requests": "how many requests the line stands for; 1 where the log does not say",
    "input_tokens": "ALL input tokens, cached ones included",
    "cached_input_tokens": "input tokens read from the provider's cache; a part of `input_tokens`",
    "cache_write_tokens": "input tokens written to the provider's cache; a part of `input_tokens`",
    "cache_write_1h_tokens": "cache writes kept for an hour; a part of `cache_write_tokens`",
    "input_audio_tokens": "audio in the input; a part of `input_tokens`",
    "cached_audio_tokens": "audio read from the provider's cache; a part of both input audio and cached input",
    "input_image_tokens": "images in the input; a part of `input_tokens`",
    "cached_image_tokens": "images read from the provider's cache; a part of both input images and cached input",
    "output_tokens": "ALL output tokens, reasoning included",
    "reasoning_tokens": "output tokens spent on reasoning; a part of `output_tokens`",
    "output_audio_tokens": "audio in the output; a part of `output_tokens`",
    "output_image_tokens": "images in the output; a part of `output_tokens`",
    "web_searches": "searches the provider bills for by the piece",
    "context_tokens": "the prompt size that decides the context tier, where it is not `input_tokens` by `requests`",
    "cost_usd": "the cost as logged, in US dollars",
    "latency_ms": "time to the whole answer, in milliseconds",
    "ttft_ms": "time to the first token, in milliseconds",
    "attempt": "which try of the same request this is; above 1 it is a retry",
    "quality": "a score of the answer, 0 to 1",
    "confidence": "the model's own confidence, 0 to 1",
    "propensity": "the probability with which the router chose this model, 0 to 1",
    "prompt_chars": "length of the prompt, in characters",
    "prompt_hash": "a hash of the prompt",
    "prompt": "the prompt itself; read only when a command asks for it",
}
"""One line of meaning for each canonical column; the generated reference prints it."""
