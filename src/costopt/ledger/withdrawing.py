"""Take back what a recording no longer says: entries that stand in the way of a sum, and would be counted twice."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl

from costopt.ledger.entry import KEY, Entry
from costopt.ledger.reading import reading

_ABOUT = ("source", "period")


def withdrawals(state: Path, entries: Sequence[Entry]) -> list[Entry]:
    """Entries of nothing, which correct what the ledger has of the same sources and periods under other keys.

    Recorded again with another baseline, or with a tenant's name mended, a day has other keys than before: without
    these, its old entries would stay beside the new ones. Record them together with the new ones.

    Args:
        state: The state folder.
        entries: All that their sources now say of their periods.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    said = pl.LazyFrame(
        [tuple(getattr(entry, name) for name in KEY) for entry in entries],
        schema=dict.fromkeys(KEY, pl.String),
        orient="row",
    )
    figures = ("requests", "unpriced", "tokens_used", "baseline_cost_usd", "actual_cost_usd")
    with reading(state, [*KEY, *figures]) as recorded:
        something = pl.any_horizontal(pl.col(figures) > 0)
        others = recorded.join(said, on=_ABOUT, how="semi").join(said, on=KEY, how="anti").filter(something)
        found = others.select("timestamp", *KEY).collect(engine="streaming").sort("timestamp", *KEY)
    nothing = {
        "tokens_used": 0,
        "requests": 0,
        "baseline_cost_usd": Decimal(0),
        "actual_cost_usd": Decimal(0),
    }
    return [Entry(**row, **nothing) for row in found.iter_rows(named=True)]
