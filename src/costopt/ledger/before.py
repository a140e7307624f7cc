"""What the ledger has of days that are recorded again: what has to be taken back of it, and what has to stay."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import polars as pl

from costopt.ledger.book import Book
from costopt.ledger.entry import KEY, Entry, month_of
from costopt.ledger.reading import rows_from
from costopt.ledger.slots import place_of
from costopt.models.entry import FIGURES, SOMETHING
from costopt.models.result import Frozen

_ABOUT: Final = ("source", "period")
_SERVED: Final = ("source", "period", "tenant", "adapter", "model")
_NOTHING: Final = {
    "tokens_used": 0,
    "requests": 0,
    "baseline_cost_usd": Decimal(0),
    "actual_cost_usd": Decimal(0),
}


class Shrunk(Frozen):
    """A model's requests of a period, of which the logs have fewer than the ledger.

    Attributes:
        period: The day, or the id of the request.
        month: Of their times, UTC, as `2026-10`.
        tenant: For whom.
        adapter: Through what.
        model: Which one answered.
        recorded: How many requests the ledger has, with a price or without.
        found: How many the logs have.
    """

    period: str
    month: str
    tenant: str
    adapter: str
    model: str
    recorded: int
    found: int


def before(book: Book, entries: Sequence[Entry], left_out: pl.DataFrame | None = None) -> pl.DataFrame:
    """The current entries of the same sources and periods, those that were set to nothing excepted.

    Only their lines are read, however many others there are.

    Args:
        book: The ledger.
        entries: All that their sources now say of their periods.
        left_out: Requests in none of them, as no contract is about them: how many `requests` of each `source`,
            `period`, `tenant`, `adapter` and `model`.

    Returns:
        `timestamp`, `KEY` and the figures.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    columns = ("timestamp", *KEY, *FIGURES)
    about = _told(entries, left_out).select(_ABOUT).unique()
    starts = book.index.starts(place_of(*each) for each in about.iter_rows())
    found = rows_from(book.state, starts, columns)
    return found.join(about, on=_ABOUT, how="semi").filter(SOMETHING).select(columns)


def withdrawals(recorded: pl.DataFrame, entries: Sequence[Entry]) -> list[Entry]:
    """Entries of nothing, which correct what the ledger has under keys that the new entries have not.

    Recorded again with another baseline, or with a tenant's name mended, a day has other keys than before: without
    these, its old entries would stay beside the new ones. Record them together with the new ones.

    Args:
        recorded: What `before` gives for the entries.
        entries: All that their sources now say of their periods.
    """
    gone = recorded.join(_keys(entries), on=KEY, how="anti").sort("timestamp", *KEY)
    return [Entry(**row, **_NOTHING) for row in gone.select("timestamp", *KEY).iter_rows(named=True)]


def shrunk(
    recorded: pl.DataFrame, entries: Sequence[Entry], left_out: pl.DataFrame | None = None
) -> list[Shrunk]:
    """Whatever model served more requests of a day than its logs have now, in the order of days and names.

    A log only grows. So where it has less of a day than the ledger, a part of it was rotated away, or it is another
    log: what is recorded is the better word. Requests are counted with a price or without, at whatever baseline or none.

    Args:
        recorded: What `before` gives for the entries.
        entries: All that their sources now say of their periods.
        left_out: Likewise, as `before` takes it.
    """
    counted = pl.col("requests").cast(pl.Int128) + pl.col("unpriced")
    known = recorded.group_by(_SERVED).agg(counted.sum().alias("recorded"), pl.col("timestamp").first())
    now = _told(entries, left_out).group_by(_SERVED).agg(pl.col("requests").sum().alias("found"))
    both = known.join(now, on=_SERVED, how="left").with_columns(pl.col("found").fill_null(0))
    fewer = both.filter(pl.col("found") < pl.col("recorded")).sort(_SERVED)
    return [_shrunk(**row) for row in fewer.drop("source").iter_rows(named=True)]


def _shrunk(timestamp: int, **fields: Any) -> Shrunk:  # noqa: ANN401 - of any type
    return Shrunk(month=month_of(timestamp), **fields)


def _told(entries: Sequence[Entry], left_out: pl.DataFrame | None) -> pl.DataFrame:
    """How many requests there are now, with a price or without, of what was served."""
    counted = pl.col("requests").cast(pl.Int128)
    compared = _keys(entries, "requests", "unpriced").select(*_SERVED, counted + pl.col("unpriced"))
    if left_out is None:
        return compared
    return pl.concat([compared, left_out.select(*_SERVED, counted)])


def _keys(entries: Sequence[Entry], *counts: str) -> pl.DataFrame:
    names = (*KEY, *counts)
    schema = {**dict.fromkeys(KEY, pl.String), **dict.fromkeys(counts, pl.Int64)}
    return pl.DataFrame(
        [tuple(getattr(entry, name) for name in names) for entry in entries], schema=schema, orient="row"
    )
