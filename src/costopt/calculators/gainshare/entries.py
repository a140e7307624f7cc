"""The single entries of a ledger: those that count, and with their history those that no longer do."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final, NamedTuple

import polars as pl
from pydantic import InstanceOf

from costopt.calculators.gainshare.digest import DIGESTED, ORDER, digest_of
from costopt.calculators.gainshare.summary import ALL, Selection, selected
from costopt.calculators.gainshare.sums import COSTS, Sums, together
from costopt.errors import ConfigError
from costopt.models.entry import SOMETHING
from costopt.models.money import trimmed
from costopt.models.result import Frozen, OnDemand, Result

_ID: Final = re.compile(r"([0-9a-f]{6,32})(?:-([0-9]{1,9}))?")
_NUMBER: Final = r"-[0-9]+$"
_IS_CURRENT: Final = pl.col("corrected_by").is_null() & SOMETHING
_MONEY: Final = (*COSTS, "savings_usd")

Read = Callable[[pl.DataFrame], Iterator[pl.DataFrame]]
"""Gives the rows of a frame that has `line`, with every column of these entries, some rows at a time."""


class LedgerEntry(Frozen):
    """An entry as its line in the ledger has it, and what became of it.

    Attributes:
        line: The number of the line, from 1.
        time: The `timestamp` as a time, UTC.
        timestamp: When, in Unix seconds.
        model: The model that served it.
        tokens_used: All tokens, input and output.
        baseline_cost_usd: What the baseline would have cost.
        actual_cost_usd: What was paid.
        savings_usd: The first less the second.
        tenant: The customer; empty where nobody says.
        adapter: What served it; empty where nobody says.
        requests: How many requests are in the costs.
        unpriced: How many more there were without a known cost or baseline.
        id: Of the entry; that of a correction ends in its number, from 2.
        period: The UTC day, or the id of the request.
        source: The name of the log.
        baseline: What the baseline cost is of.
        catalog: The digest of the prices, or null.
        inputs: The digest of the logs it was made from, or null.
        rejected: Lines of those logs that are no requests, or null.
        corrects: The id of the entry that this one corrects, or null.
        prev: The hash of the line before.
        hash: Of this line.
        corrected_by: The id of the entry that corrects this one: it counts no longer. Null where none does.
        withdrawn: Whether it says nothing any more: its figures are 0, and it is no entry in any sum.
    """

    line: int
    time: dt.datetime
    timestamp: int
    model: str
    tokens_used: int
    baseline_cost_usd: Decimal
    actual_cost_usd: Decimal
    savings_usd: Decimal
    tenant: str
    adapter: str
    requests: int
    unpriced: int
    id: str
    period: str
    source: str
    baseline: str
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    cache_write_1h_tokens: int | None
    input_audio_tokens: int | None
    cached_audio_tokens: int | None
    input_image_tokens: int | None
    cached_image_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    output_audio_tokens: int | None
    output_image_tokens: int | None
    web_searches: int | None
    catalog: str | None
    inputs: str | None
    rejected: int | None
    corrects: str | None
    prev: str
    hash: str
    corrected_by: str | None
    withdrawn: bool


class GainshareEntries(Result):
    """The entries of a selection.

    Attributes:
        tenant: The only tenant in it; null for all.
        baselines: The only baselines in it; none for all.
        source: The only source in it; null for all.
        id: The beginning of the ids in it; null for all.
        since: The first moment; null where there is no bound.
        until: The moment before which it ends; null where there is no bound.
        history: Whether entries that count no longer are listed as well.
        first_day: Of the entries that count; null where there are none.
        last_day: Of the entries that count.
        total: Of all entries that count, listed or not.
        entries_sha256: The digest of these, as an invoice has it.
        corrected: How many others were corrected since; null without the history.
        withdrawn: How many others say nothing any more; null without the history.
        more: How many are not listed.
        entries: By time, then by id; corrections after what they correct. They are read when one goes through them.
    """

    kind: ClassVar[str] = "gainshare_entries"
    tenant: str | None
    baselines: tuple[str, ...]
    source: str | None
    id: str | None
    since: dt.datetime | None
    until: dt.datetime | None
    history: bool
    first_day: dt.date | None
    last_day: dt.date | None
    total: Sums
    entries_sha256: str
    corrected: int | None
    withdrawn: int | None
    more: int
    entries: InstanceOf[OnDemand[LedgerEntry]]


class EntryId(NamedTuple):
    """An id, or its beginning: the digits of the key, and which correction; None for any."""

    key: str
    correction: str | None = None

    def __str__(self) -> str:
        return self.key if self.correction is None else f"{self.key}-{self.correction}"


def parse_id(text: str) -> EntryId:
    """An id such as `0274b84f2707`, or `0274b84f2707-2` of a correction.

    Raises:
        ConfigError: It is none.
    """
    found = _ID.fullmatch(text.strip().lower())
    if not found:
        raise ConfigError(
            f"`{text}` is not the id of an entry",
            hint="write it as the ledger has it, or its first digits, at least 6",
        )
    return EntryId(found[1], found[2])


@dataclass(frozen=True, slots=True)
class Listed:
    """Which entries are listed.

    Attributes:
        selection: Of which tenant and time.
        baselines: Only what was compared with one of these; all where there is none.
        source: Only of this one; None for all.
        id: Only those whose id is this one, or begins with it; None for all.
        history: Whether also those that count no longer; of an `id`, all that were corrected or correct it.
    """

    selection: Selection = ALL
    baselines: tuple[str, ...] = ()
    source: str | None = None
    id: EntryId | None = None
    history: bool = False

    @property
    def needs_history(self) -> bool:
        """Whether it takes corrected entries, if only to say that an entry is one."""
        return self.history or self.id is not None


def columns_of(listed: Listed) -> tuple[str, ...]:
    """The columns that `list_entries` needs of all entries."""
    selection = listed.selection
    selected_by = (
        ("tenant", selection.tenant is not None),
        ("baseline", selection.baseline is not None or bool(listed.baselines)),
        ("source", listed.source is not None),
    )
    return ("line", *DIGESTED, *(name for name, is_needed in selected_by if is_needed))


def list_entries(
    entries: pl.DataFrame | pl.LazyFrame,
    read: Read,
    listed: Listed,
    top: int | None = None,
) -> GainshareEntries:
    """The entries of a selection: what all of them come to, their digest, and the first of them one by one.

    Args:
        entries: With the columns of `columns_of`, and `corrected_by` where the history is needed.
        read: Reads whole entries: those that are shown, whenever one goes through them.
        listed: Which entries.
        top: How many of them to show; None for all.

    Raises:
        ConfigError: There is no entry of the id that is asked for.
    """
    found = _found(entries.lazy(), listed)
    current = found.filter(_IS_CURRENT).sort(ORDER)
    shown = _in_order(found) if listed.history else current
    days = current.select(pl.from_epoch("timestamp", time_unit="s").dt.date()).to_series()
    gone = found.filter(~_IS_CURRENT)["corrected_by"]
    return GainshareEntries(
        tenant=listed.selection.tenant,
        baselines=listed.baselines,
        source=listed.source,
        id=None if listed.id is None else str(listed.id),
        since=listed.selection.since,
        until=listed.selection.until,
        history=listed.history,
        first_day=days.first(ignore_nulls=True),
        last_day=days.last(ignore_nulls=True),
        total=together(current.lazy()),
        entries_sha256=digest_of(current),
        corrected=gone.count() if listed.history else None,
        withdrawn=gone.null_count() if listed.history else None,
        more=0 if top is None else max(0, shown.height - top),
        entries=_on_demand(shown if top is None else shown.head(top), read),
    )


def _found(entries: pl.LazyFrame, listed: Listed) -> pl.DataFrame:
    """The entries of a selection, with their history if that is asked for."""
    if not listed.needs_history:
        entries = entries.with_columns(corrected_by=pl.lit(None, pl.String))
    if listed.id is not None:
        return _of_id(entries, listed, listed.id)
    kept = _limited(entries, listed)
    return (kept if listed.history else kept.filter(_IS_CURRENT)).collect(engine="streaming")


def _limited(entries: pl.LazyFrame, listed: Listed) -> pl.LazyFrame:
    kept = selected(entries, listed.selection)
    if listed.baselines:
        kept = kept.filter(pl.col("baseline").is_in(listed.baselines))
    if listed.source is not None:
        kept = kept.filter(pl.col("source") == listed.source)
    return kept


def _of_id(entries: pl.LazyFrame, listed: Listed, identity: EntryId) -> pl.DataFrame:
    chain = entries.filter(pl.col("id").str.starts_with(identity.key)).collect(engine="streaming")
    is_meant = pl.lit(value=True)
    if identity.correction is not None:
        is_meant = pl.col("id").str.ends_with(f"-{identity.correction}")
    meant = chain.filter(is_meant)
    if meant.is_empty():
        raise ConfigError(
            f"The ledger has no entry `{identity}`", hint="`costopt gainshare entries` lists those it has"
        )
    limited = _limited((chain if listed.history else meant).lazy(), listed).collect()
    kept = limited if listed.history else limited.filter(_IS_CURRENT)
    if kept.is_empty():
        raise _hidden(identity, limited)
    return kept


def _hidden(identity: EntryId, limited: pl.DataFrame) -> ConfigError:
    """Why an entry that there is cannot be listed."""
    if limited.is_empty():
        return ConfigError(f"`{identity}` is not among these entries", hint="leave out the other limits")
    by = limited["corrected_by"].drop_nulls()
    became = f"was corrected by `{by[-1]}`" if len(by) == limited.height else "was withdrawn"
    return ConfigError(f"`{identity}` {became}", hint="show what there was: `--history`")


def _in_order(found: pl.DataFrame) -> pl.DataFrame:
    """By time and key, and corrections after what they correct."""
    return found.sort("timestamp", pl.col("id").str.replace(_NUMBER, ""), "line")


def _on_demand(shown: pl.DataFrame, read: Read) -> OnDemand[LedgerEntry]:
    marked = shown.select("line", "corrected_by", withdrawn=~SOMETHING)
    return OnDemand(marked.height, lambda: _entries(read(marked)))


def _entries(whole: Iterator[pl.DataFrame]) -> Iterator[LedgerEntry]:
    time = pl.from_epoch("timestamp", time_unit="s").dt.replace_time_zone("UTC").alias("time")
    for some in whole:
        for row in some.with_columns(time).iter_rows(named=True):
            yield LedgerEntry(**row | {name: trimmed(row[name]) for name in _MONEY})
