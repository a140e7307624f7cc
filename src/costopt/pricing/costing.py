"""Rollups to costs: integer tokens times integer pico-dollars, after the sum."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from costopt.models.schema import COUNTS, PICO
from costopt.pricing.entries import RATE_FIELDS, Catalog
from costopt.pricing.rates import rates_of


def price(rollup: pl.DataFrame, catalog: Catalog, mode: str | None = None) -> pl.Series:
    """What each group costs, in pico-dollars (`Int128`); null where there is no price.

    Args:
        rollup: Sums of `COUNTS` by `rate_id` and whatever else.
        catalog: The one the requests were rated with.
        mode: Price the same requests in this mode instead of their own.
    """
    return _with_rates(rollup, catalog, mode).select(cost=_cost()).to_series()


def explain(rollup: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """The parts that `price` adds up: for each group and part its `count`, `rate`, and `cost` in pico-dollars.

    `part` is a field of `Rates`, and `rate_name` the one whose rate is taken: another one where it stands in.
    """
    rated = _with_rates(rollup, catalog, None)
    return pl.concat(
        rated.select(
            part=pl.lit(part.name),
            count=part.count,
            rate_name=_name_of(part.rates),
            rate=part.rate,
            cost=pl.when("priced").then(part.cost),
        )
        for part in _parts()
    )


def _with_rates(rollup: pl.DataFrame, catalog: Catalog, mode: str | None) -> pl.DataFrame:
    ids: Sequence[int] = rollup["rate_id"].unique().sort().to_list()
    card = _card(catalog, ids, mode)
    return rollup.join(card, on="rate_id", how="left", maintain_order="left")


def _card(catalog: Catalog, ids: Sequence[int], mode: str | None) -> pl.DataFrame:
    rates = [rates_of(catalog, rate_id, mode) for rate_id in ids]
    columns = {f"rate_{name}": [rate and getattr(rate, name) for rate in rates] for name in RATE_FIELDS}
    return pl.DataFrame(
        {"rate_id": ids, "priced": [rate is not None for rate in rates], **columns},
        schema={"rate_id": pl.Int64, "priced": pl.Boolean, **dict.fromkeys(columns, PICO)},
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What is billed at one rate.

    Attributes:
        count: How many tokens or pieces, none of them in another part.
        rates: Its own rate, then those that stand in for it where it is not listed.
        free: Whether it costs nothing without any of them.
    """

    count: pl.Expr
    rates: tuple[str, ...]
    free: bool = False

    @property
    def name(self) -> str:
        return self.rates[0]

    @property
    def rate(self) -> pl.Expr:
        listed = pl.coalesce(f"rate_{name}" for name in self.rates)
        return listed.fill_null(0) if self.free else listed

    @property
    def cost(self) -> pl.Expr:
        """Nothing costs nothing, even where there is no rate for it."""
        return pl.when(self.count == 0).then(pl.lit(0, dtype=PICO)).otherwise(self.count * self.rate)


def _parts() -> list[_Part]:
    """The one place where overlapping counts are taken apart, so that no token is billed twice.

    A rate that is not listed is that of the whole the tokens are part of: cached and written input is input,
    an hour's cache write is a cache write, reasoning, audio and images are input or output; audio and images that
    are read from the cache have no discount unless one is listed. No request fee is a fee of nothing.
    """
    count = {name: pl.col(name).cast(PICO) for name in COUNTS}
    audio = count["input_audio_tokens"] - count["cached_audio_tokens"]
    image = count["input_image_tokens"] - count["cached_image_tokens"]
    plain = count["input_tokens"] - count["cached_input_tokens"] - count["cache_write_tokens"] - audio - image
    cached = count["cached_input_tokens"] - count["cached_audio_tokens"] - count["cached_image_tokens"]
    short = count["cache_write_tokens"] - count["cache_write_1h_tokens"]
    media = count["output_audio_tokens"] + count["output_image_tokens"]
    return [
        _Part(plain, ("input",)),
        _Part(cached, ("cached_input", "input")),
        _Part(short, ("cache_write_5m", "input")),
        _Part(count["cache_write_1h_tokens"], ("cache_write_1h", "cache_write_5m", "input")),
        _Part(audio, ("input_audio", "input")),
        _Part(count["cached_audio_tokens"], ("cached_audio", "input_audio", "cached_input", "input")),
        _Part(image, ("input_image", "input")),
        _Part(count["cached_image_tokens"], ("cached_image", "input_image", "cached_input", "input")),
        _Part(count["output_tokens"] - count["reasoning_tokens"] - media, ("output",)),
        _Part(count["reasoning_tokens"], ("reasoning", "output")),
        _Part(count["output_audio_tokens"], ("output_audio", "output")),
        _Part(count["output_image_tokens"], ("output_image", "output")),
        _Part(count["requests"], ("request",), free=True),
        _Part(count["web_searches"], ("web_search",)),
    ]


def _cost() -> pl.Expr:
    first, *rest = (part.cost for part in _parts())
    total = first
    for cost in rest:
        total = total + cost
    return pl.when("priced").then(total)


def _name_of(rates: Sequence[str]) -> pl.Expr:
    """The name of the first rate that is listed."""
    return pl.coalesce(pl.when(pl.col(f"rate_{name}").is_not_null()).then(pl.lit(name)) for name in rates)
