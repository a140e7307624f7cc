"""What `costopt gainshare entries` does with its options."""

import datetime as dt
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from costopt.calculators.gainshare.entries import (
    GainshareEntries,
    Listed,
    columns_of,
    list_entries,
    parse_id,
)
from costopt.calculators.gainshare.months import parse_month
from costopt.calculators.gainshare.summary import Selection
from costopt.cli.loading import encodable, listed
from costopt.ledger.reading import reading, rows
from costopt.models.entry import UNCOMPARED
from costopt.report.emit import Form

_MOST: Final = 50
"""How many entries are for the eye."""

_MIDNIGHT: Final = dt.time(tzinfo=dt.UTC)


def listed_of(
    selection: Selection,
    baselines: str | None,
    source: str | None,
    month: str | None,
    identity: str | None,
    *,
    history: bool,
) -> Listed:
    """Which entries are listed: those that are within every limit.

    Raises:
        ConfigError: if the month or the id is none.
    """
    return Listed(
        selection=selection if month is None else _within(selection, month),
        baselines=() if baselines is None else listed(baselines) or (UNCOMPARED,),
        source=None if source is None else encodable(source),
        id=None if identity is None else parse_id(identity),
        history=history,
    )


def _within(selection: Selection, month: str) -> Selection:
    """The part of a selection that is in a month."""
    found = parse_month(month)
    first, end = (dt.datetime.combine(day, _MIDNIGHT) for day in (found.first, found.following.first))
    return replace(
        selection,
        since=max(first, selection.since or first),
        until=min(end, selection.until or end),
    )


def most_of(top: int | None, form: Form) -> int | None:
    """How many entries are shown: as many as are asked for, else all to programs, and the first ones to people."""
    return top if top or form in ("json", "csv") else _MOST


def entries_of(state: Path, asked: Listed, top: int | None) -> GainshareEntries:
    """The entries as the ledger has them now.

    Raises:
        ConfigError: if there is no entry of the id that is asked for.
        LedgerError: if the ledger cannot be read.
    """
    with reading(state, columns_of(asked), history=asked.needs_history) as entries:
        return list_entries(entries, partial(rows, state), asked, top)
