"""Rollups to costs: integer tokens times integer pico-dollars, after the sum."""

from collections.abc import Sequence

import polars as pl

from costopt.models.schema import COUNTS, PICO
from costopt.pricing.catalog import RATE_FIELDS, Catalog
from costopt.pricing.rates import rates_of


def price(rollup: pl.DataFrame, catalog: Catalog, mode: str | None = None) -> pl.Series:
    """What each group costs, in pico-dollars (`Int128`); null where there is no price.

    Args:
        rollup: Sums of `COUNTS` by `rate_id` and whatever else.
        catalog: The one the requests were rated with.
        mode: Price the same requests in this mode instead of their own.
    """
    ids: Sequence[int] = rollup["rate_id"].unique().sort().to_list()
    card = _card(catalog, ids, mode)
    return rollup.join(card, on="rate_id", how="left", maintain_order="left").select(cost=_cost()).to_series()


def _card(catalog: Catalog, ids: Sequence[int], mode: str | None) -> pl.DataFrame:
    rates = [rates_of(catalog, rate_id, mode) for rate_id in ids]
    columns = {f"rate_{name}": [rate and getattr(rate, name) for rate in rates] for name in RATE_FIELDS}
    return pl.DataFrame(
        {"rate_id": ids, "priced": [rate is not None for rate in rates], **columns},
        schema={"rate_id": pl.Int64, "priced": pl.Boolean, **dict.fromkeys(columns, PICO)},
    )


def _cost() -> pl.Expr:
    """The one place where overlapping counts are taken apart, so that no token is billed twice.

    A rate that is not listed is that of the whole the tokens are part of: cached and written input is input,
    an hour's cache write is a cache write, reasoning is output. No request fee is a fee of nothing.
    """
    count = {name: pl.col(name).cast(PICO) for name in COUNTS}
    rate = {name: pl.col(f"rate_{name}") for name in ("input", "output", "web_search")}
    write = pl.coalesce("rate_cache_write_5m", "rate_input")
    parts = [
        _at(
            count["input_tokens"] - count["cached_input_tokens"] - count["cache_write_tokens"],
            rate["input"],
        ),
        _at(count["cached_input_tokens"], pl.coalesce("rate_cached_input", "rate_input")),
        _at(count["cache_write_tokens"] - count["cache_write_1h_tokens"], write),
        _at(count["cache_write_1h_tokens"], pl.coalesce(pl.col("rate_cache_write_1h"), write)),
        _at(count["output_tokens"] - count["reasoning_tokens"], rate["output"]),
        _at(count["reasoning_tokens"], pl.coalesce("rate_reasoning", "rate_output")),
        _at(count["requests"], pl.col("rate_request").fill_null(0)),
        _at(count["web_searches"], rate["web_search"]),
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return pl.when("priced").then(total)


def _at(count: pl.Expr, rate: pl.Expr) -> pl.Expr:
    """Nothing costs nothing, even where there is no rate for it."""
    return pl.when(count == 0).then(pl.lit(0, dtype=PICO)).otherwise(count * rate)
