"""How old prices are."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from costopt.pricing.entries import Catalog, Model, PriceRow

STALE_DAYS: Final = 180
"""A price that was last verified longer ago than this is stale."""


def verified_on(catalog: Catalog, model: Model, row: PriceRow) -> dt.date | None:
    """The day a price was last compared with its provider's page: its own, else its file's; None is unknown."""
    return row.verified or catalog.layers[model.layer].date


def stale(
    catalog: Catalog, used: Iterable[tuple[Model, PriceRow]], at: dt.date, days: int = STALE_DAYS
) -> Iterator[tuple[Model, dt.date]]:
    """The models among those used whose price was verified more than so many days before a day, and when."""
    for model, row in used:
        verified = verified_on(catalog, model, row)
        if verified and (at - verified).days > days:
            yield model, verified
