"""Writes a log of generated requests: 15 fields, in order, the same bytes for the same number of requests.

Usage: python benchmarks/generate.py REQUESTS FILE
"""

import sys
from pathlib import Path
from typing import Final

import polars as pl

_CHUNK: Final = 500_000
_MODELS: Final = (
    ("openai", "gpt-5.5"),
    ("openai", "gpt-5.4"),
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-opus-4-8"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-flash"),
    ("groq", "llama-3.1-8b-instant"),
)
_TAGS: Final = ("chat", "search", "nightly", "bulk", "eval", "summary", "agent", "export")
_ENDPOINTS: Final = ("/chat", "/qa", "/summarize", "/stress", "/extract", "/classify")
_TENANTS: Final = tuple(f"tenant-{number:02}" for number in range(24))


def number(salt: int) -> pl.Expr:
    """A number that looks random and is the same on every run and machine."""
    mixed = (pl.col("index") + salt * 7_919) * 2_654_435_761 % 4_294_967_296
    return (mixed // 65_536 * 40_503 + mixed % 65_536 * 30_011) % 1_000_003


def _pick(values: tuple[str, ...], salt: int) -> pl.Expr:
    return pl.lit(pl.Series(values)).gather(number(salt) % len(values))


def requests(first: int, count: int) -> pl.DataFrame:
    """That many requests from that one on."""
    frame = pl.select(index=pl.int_range(first, first + count, dtype=pl.Int64))
    prompt = 50 + number(8) % 4_000
    return frame.select(
        request_id=pl.format("req-{}-{}", number(1), pl.col("index")),
        timestamp=(pl.datetime(2026, 10, 1) + pl.duration(milliseconds=pl.col("index") * 907)).dt.strftime(
            "%Y-%m-%dT%H:%M:%S%.3fZ"
        ),
        provider=_pick(tuple(provider for provider, _ in _MODELS), 2),
        model=_pick(tuple(model for _, model in _MODELS), 2),
        endpoint=_pick(_ENDPOINTS, 3),
        tag=_pick(_TAGS, 4),
        tenant=_pick(_TENANTS, 5),
        user=pl.format("user-{}", number(6) % 5_000),
        input_tokens=prompt,
        cached_input_tokens=pl.min_horizontal(prompt, number(9) % 1_500),
        output_tokens=number(10) % 900,
        cost_usd=(number(11) % 100_000).cast(pl.Float64) / 1e7,
        latency_ms=100 + number(12) % 9_000,
        status=pl.when(number(13) % 50 == 0).then(pl.lit("error")).otherwise(pl.lit("ok")),
        quality=(number(14) % 1_000).cast(pl.Float64) / 1_000,
    )


def write(count: int, path: Path) -> Path:
    """The log, unless it is there already."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        for first in range(0, count, _CHUNK):
            requests(first, min(_CHUNK, count - first)).write_ndjson(file)
    draft.rename(path)
    return path


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
