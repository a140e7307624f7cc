"""What kind of work requests are: a chat model can be compared with chat models, and not with what embeds or draws."""

from typing import Final

import polars as pl

from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of
from costopt.pricing.rates import rate_key, rates_of

_OTHER: Final = r"(?i)embed|moderat|rerank|image|audio|speech|transcri|video|(^|[^a-z])ocr($|[^a-z])"
"""Request types that a chat model does not serve."""


def are_chats(groups: pl.DataFrame, catalog: Catalog) -> pl.Series:
    """Of groups, those that a chat model could serve.

    The others have a type that says something else, or a model that writes no tokens at a price. Where nothing is
    known of either, it is a chat.

    Args:
        groups: Priced, with `request_type` and `rate_id`.
        catalog: The prices.
    """
    ids = [rate_id for rate_id in groups["rate_id"].unique().to_list() if rate_id >= 0]
    silent = [rate_id for rate_id in ids if _is_silent(catalog, rate_id)]
    other = pl.col("request_type").cast(pl.String).str.contains(_OTHER).fill_null(value=False)
    return groups.select(~(other | pl.col("rate_id").is_in(silent)).alias("is_chat")).to_series()


def _is_silent(catalog: Catalog, rate_id: int) -> bool:
    """Whether a rate has no price for output; what a mode without a price would have, its model tells."""
    rates = rates_of(catalog, rate_id)
    return rates.output is None if rates else not writes(catalog, rate_key(rate_id).model)


def writes(catalog: Catalog, number: int) -> bool:
    """Whether a model writes tokens at a price, as chat models do; `number` is for `lending.model_of`."""
    prices = (price for row in model_of(catalog, number).prices for price in row.modes.values())
    return any(price.rates.output is not None for price in prices)
