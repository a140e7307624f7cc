"""Langfuse's `usageDetails`: buckets of tokens whose names and meaning depend on who wrote them."""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields
from costopt.intake.formats.parts import at_most, largest, total
from costopt.intake.formats.reads import count, known, shared

_INPUT: Final = (
    *("input", "input_tokens", "prompt_tokens", "promptTokens", "prompt_token_count", "promptTokenCount"),
)
_CACHED: Final = (
    *("input_cached_tokens", "input_cache_read", "cache_read_input_tokens", "input_cached_text_tokens"),
    *("cached_tokens", "cached_content_token_count", "prompt_details.cache_read"),
)
_CACHED_AUDIO: Final = ("input_cached_audio_tokens",)
_WRITTEN: Final = (
    *("input_cache_creation", "cache_creation_input_tokens", "cache_write_tokens"),
    *("input_cache_write", "prompt_details.cache_write"),
)
_WRITTEN_5M: Final = ("input_cache_creation_5m", "input_ephemeral_5m_input_tokens")
_WRITTEN_1H: Final = ("input_cache_creation_1h", "input_ephemeral_1h_input_tokens")
_AUDIO: Final = ("input_audio_tokens", "input_audio", "prompt_details.audio")
_IMAGES: Final = ("input_image_tokens", "input_image")
_OTHER_INPUT: Final = ("input_text", "input_text_tokens", "input_modality_1", "input_modality_TEXT")

_OUTPUT: Final = (
    *("output", "output_tokens", "completion_tokens", "completionTokens"),
    *("candidates_token_count", "candidatesTokenCount"),
)
_REASONING: Final = (
    *("output_reasoning_tokens", "output_reasoning", "reasoning_tokens", "completion_details.reasoning"),
    *("thoughts_token_count", "thoughtsTokenCount"),
)
_AUDIO_OUT: Final = ("output_audio_tokens", "output_audio", "completion_details.audio")
_IMAGES_OUT: Final = ("output_image_tokens", "output_image")
_OTHER_OUTPUT: Final = ("output_text", "output_text_tokens", "output_modality_1", "output_modality_TEXT")

_ALL_INPUT: Final = (
    *(_INPUT + _CACHED + _CACHED_AUDIO + _WRITTEN + _WRITTEN_5M + _WRITTEN_1H),
    *(_AUDIO + _IMAGES + _OTHER_INPUT),
)
_ALL_OUTPUT: Final = _OUTPUT + _REASONING + _AUDIO_OUT + _IMAGES_OUT + _OTHER_OUTPUT


class _Buckets:
    """The reads of one `usageDetails`, an object or (in Parquet) a list of keys with values."""

    def __init__(self, fields: Fields, place: str) -> None:
        self._place = place
        self._is_map = place in fields and fields[place].kinds == {"list"}
        self.names = [
            each.steps[1] for each in fields.values() if each.steps[0] == place and len(each.steps) > 1
        ]

    def one(self, name: str) -> pl.Expr:
        return count(f"{self._place}[key={name}]/value" if self._is_map else f"{self._place}/{name}")

    def same(self, names: Iterable[str]) -> pl.Expr:
        """A bucket that has several names."""
        return largest(*map(self.one, names))

    def others(self, prefix: str, names: Iterable[str]) -> list[pl.Expr]:
        """Buckets that only this log has."""
        return [
            self.one(name) for name in self.names if name.startswith(prefix) and name not in {*names, "[]"}
        ]


def shared_usage(fields: Fields, place: str) -> dict[str, pl.Expr]:
    """What `USAGE` and `HAS_USAGE` are made of, out of the buckets in a place.

    By Langfuse's convention the buckets do not overlap: `input` and `output` are what no other bucket has. Many
    integrations log them as all there is, with details that are parts of them. The `total` tells: where it is the sum of
    all buckets they do not overlap; else where `input` and `output` make it up, with or without the details of one side,
    those of the other are parts. Where it fits nothing, or is missing, the convention holds. Where a side has no bucket
    at all it has what the total leaves.
    """
    buckets = _Buckets(fields, place)
    return {**_told(buckets), **_added_up(), "usage total": buckets.one("total"), **_whole()}


def _told(buckets: _Buckets) -> dict[str, pl.Expr]:
    """Every bucket that is known."""
    return {
        "bare input": buckets.same(_INPUT),
        "bare output": buckets.same(_OUTPUT),
        "cached audio": buckets.same(_CACHED_AUDIO),
        "cached": known(buckets.same(_CACHED), shared("cached audio")),
        "written 1h": buckets.same(_WRITTEN_1H),
        "written": largest(buckets.same(_WRITTEN), known(buckets.same(_WRITTEN_5M), shared("written 1h"))),
        "audio": buckets.same(_AUDIO),
        "images": buckets.same(_IMAGES),
        "other input": known(buckets.same(_OTHER_INPUT), *buckets.others("input_", _ALL_INPUT)),
        "reasoning": buckets.same(_REASONING),
        "audio out": buckets.same(_AUDIO_OUT),
        "images out": buckets.same(_IMAGES_OUT),
        "other output": known(buckets.same(_OTHER_OUTPUT), *buckets.others("output_", _ALL_OUTPUT)),
    }


def _added_up() -> dict[str, pl.Expr]:
    """The details of each side."""
    return {
        "input details": known(*map(shared, ("cached", "written", "audio", "images", "other input"))),
        "output details": known(*map(shared, ("reasoning", "audio out", "images out", "other output"))),
    }


def _whole() -> dict[str, pl.Expr]:
    """All input and all output."""
    inputs, outputs = total(shared("input details")), total(shared("output details"))
    rest = shared("rest")
    overlap = rest != inputs + outputs
    in_input = overlap & ((rest == 0) | (rest == outputs))
    in_output = overlap & ((rest == 0) | ((rest == inputs) & (rest != outputs)))
    return {
        "rest": shared("usage total") - total(shared("bare input"), shared("bare output")),
        "own input": _side("bare input", "input details", in_input),
        "own output": _side("bare output", "output details", in_output),
        "all input": _or_rest("own input", "own output"),
        "all output": _or_rest("own output", "own input"),
    }


def _side(bucket: str, details: str, inside: pl.Expr) -> pl.Expr:
    """The tokens of the buckets of one side; null where it has none."""
    both = known(shared(bucket), shared(details))
    return pl.when(inside.fill_null(value=False)).then(shared(bucket)).otherwise(both)


def _or_rest(side: str, other: str) -> pl.Expr:
    """A side, or what the other one leaves of the total; nothing where only the other one is told."""
    rest = (shared("usage total") - shared(other)).clip(0).fill_null(0)
    return pl.coalesce(shared(side), pl.when(shared(other).is_not_null()).then(rest))


_PLAIN: Final = shared("all input") - total(shared("cached"), shared("written"))

HAS_USAGE: Final = shared("all input").is_not_null() | shared("usage total").is_not_null()
"""Whether `usageDetails` tells anything."""

USAGE: Final[Mapping[str, pl.Expr]] = {
    "input_tokens": shared("all input"),
    "cached_input_tokens": shared("cached"),
    "cache_write_tokens": shared("written"),
    "cache_write_1h_tokens": shared("written 1h"),
    "input_audio_tokens": known(at_most(shared("audio"), _PLAIN), shared("cached audio")),
    "cached_audio_tokens": shared("cached audio"),
    "input_image_tokens": at_most(shared("images"), _PLAIN),
    "output_tokens": shared("all output"),
    "reasoning_tokens": shared("reasoning"),
    "output_audio_tokens": shared("audio out"),
    "output_image_tokens": shared("images out"),
}
"""The canonical token columns, out of `shared_usage`."""
