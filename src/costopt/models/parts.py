"""Counts that are part of others, and cannot be more than those."""

from collections.abc import Callable, Mapping
from typing import Any, Final

EXCEEDED: Final[tuple[tuple[str, tuple[str, ...], Callable[[Mapping[str, Any]], Any]], ...]] = (
    (
        "more cached than input tokens (is input counted without the cached ones?)",
        ("cached_input_tokens", "cache_write_tokens"),
        lambda part: part["cached_input_tokens"] + part["cache_write_tokens"] > part["input_tokens"],
    ),
    (
        "more 1-hour cache writes than cache writes",
        ("cache_write_1h_tokens",),
        lambda part: part["cache_write_1h_tokens"] > part["cache_write_tokens"],
    ),
    (
        "more cached audio than input audio",
        ("cached_audio_tokens",),
        lambda part: part["cached_audio_tokens"] > part["input_audio_tokens"],
    ),
    (
        "more cached images than input images",
        ("cached_image_tokens",),
        lambda part: part["cached_image_tokens"] > part["input_image_tokens"],
    ),
    (
        "more cached audio and images than cached input",
        ("cached_audio_tokens", "cached_image_tokens"),
        lambda part: part["cached_audio_tokens"] + part["cached_image_tokens"] > part["cached_input_tokens"],
    ),
    (
        "more audio and images than input tokens that are neither cached nor written",
        ("input_audio_tokens", "input_image_tokens"),
        lambda part: (
            part["input_audio_tokens"]
            - part["cached_audio_tokens"]
            + part["input_image_tokens"]
            - part["cached_image_tokens"]
            > part["input_tokens"] - part["cached_input_tokens"] - part["cache_write_tokens"]
        ),
    ),
    (
        "more reasoning than output tokens",
        ("reasoning_tokens",),
        lambda part: part["reasoning_tokens"] > part["output_tokens"],
    ),
    (
        "more reasoning, audio and images than output tokens",
        ("output_audio_tokens", "output_image_tokens"),
        lambda part: (
            part["reasoning_tokens"] + part["output_audio_tokens"] + part["output_image_tokens"]
            > part["output_tokens"]
        ),
    ),
)
"""What can be wrong: in words, the columns of which one must be there, and how to tell.

The last works on all token counts by name: on numbers it gives a truth value, on Polars expressions an expression.
"""
