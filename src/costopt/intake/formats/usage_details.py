"""Langfuse's `usageDetails`: buckets of tokens whose names and meaning depend on who wrote them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields
from costopt.intake.formats.parts import at_most, largest, total
from costopt.intake.formats.reads import count, known

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


@dataclass(frozen=True, slots=True)
class Usage:
    """What `usageDetails` tells.

    Attributes:
        is_there: Whether it tells anything.
        columns: The canonical token columns.
    """

    is_there: pl.Expr
    columns: Mapping[str, pl.Expr]


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


def usage_of(fields: Fields, place: str) -> Usage:
    """The canonical tokens of the buckets in a place.

    By Langfuse's convention the buckets do not overlap: `input` and `output` are what no other bucket has. Many
    integrations log them as all there is, with details that are parts of them. The `total` tells: where it is the sum of
    all buckets they do not overlap; else where `input` and `output` make it up, with or without the details of one side,
    those of the other are parts. Where it fits nothing, or is missing, the convention holds. Where a side has no bucket
    at all it has what the total leaves.
    """
    buckets = _Buckets(fields, place)
    cached_audio = buckets.same(_CACHED_AUDIO)
    cached = known(buckets.same(_CACHED), cached_audio)
    written_1h = buckets.same(_WRITTEN_1H)
    written = largest(buckets.same(_WRITTEN), known(buckets.same(_WRITTEN_5M), written_1h))
    audio, images = buckets.same(_AUDIO), buckets.same(_IMAGES)
    reasoning, audio_out, images_out = map(buckets.same, (_REASONING, _AUDIO_OUT, _IMAGES_OUT))
    inputs = [
        cached,
        written,
        audio,
        images,
        buckets.same(_OTHER_INPUT),
        *buckets.others("input_", _ALL_INPUT),
    ]
    outputs = [
        *(reasoning, audio_out, images_out, buckets.same(_OTHER_OUTPUT)),
        *buckets.others("output_", _ALL_OUTPUT),
    ]
    sides = _Sides(
        buckets.same(_INPUT), total(*inputs), buckets.same(_OUTPUT), total(*outputs), buckets.one("total")
    )
    sent, received = sides.whole(known(*inputs), known(*outputs))
    plain = sent - total(cached, written)
    return Usage(
        sent.is_not_null() | buckets.one("total").is_not_null(),
        {
            "input_tokens": sent,
            "cached_input_tokens": cached,
            "cache_write_tokens": written,
            "cache_write_1h_tokens": written_1h,
            "input_audio_tokens": known(at_most(audio, plain), cached_audio),
            "cached_audio_tokens": cached_audio,
            "input_image_tokens": at_most(images, plain),
            "output_tokens": received,
            "reasoning_tokens": reasoning,
            "output_audio_tokens": audio_out,
            "output_image_tokens": images_out,
        },
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """Input and output, each as a bucket of that name and the sum of its details; and the total."""

    input: pl.Expr
    input_details: pl.Expr
    output: pl.Expr
    output_details: pl.Expr
    total: pl.Expr

    def whole(self, inputs: pl.Expr, outputs: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """All input and all output.

        Args:
            inputs: The sum of the details of the input, null where there are none.
            outputs: That of the output.
        """
        bare = total(self.input, self.output)
        overlaps = self.total != bare + self.input_details + self.output_details
        in_input = overlaps & ((self.total == bare) | (self.total == bare + self.output_details))
        in_output = overlaps & (
            (self.total == bare) | (~in_input & (self.total == bare + self.input_details))
        )
        sent = _side(self.input, self.input_details, inputs, in_input)
        received = _side(self.output, self.output_details, outputs, in_output)
        return _or_rest(sent, self.total, received), _or_rest(received, self.total, sent)


def _side(bucket: pl.Expr, details: pl.Expr, known_details: pl.Expr, inside: pl.Expr) -> pl.Expr:
    """All tokens of one side; null where it has no bucket."""
    whole = pl.when(inside.fill_null(value=False)).then(bucket).otherwise(bucket.fill_null(0) + details)
    return pl.when(bucket.is_not_null() | known_details.is_not_null()).then(whole)


def _or_rest(side: pl.Expr, whole: pl.Expr, other: pl.Expr) -> pl.Expr:
    """A side, or what the other one leaves of the total; nothing where only the other one is told."""
    rest = pl.when(other.is_not_null()).then((whole - other).clip(0).fill_null(0))
    return pl.coalesce(side, rest)
