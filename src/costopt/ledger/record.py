"""Record entries: each once, and what has changed as a correction."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final, Literal, NamedTuple

from costopt.ledger.before import Shrunk
from costopt.ledger.book import Book, recording_in
from costopt.ledger.chain import seal
from costopt.ledger.closed import closed_months
from costopt.ledger.entry import Entry, content_of, key_of, line_of, month_of
from costopt.ledger.files import LEDGER, PATIENCE
from costopt.ledger.head import Head, save_head
from costopt.ledger.index import Index, Known
from costopt.ledger.opening import append
from costopt.ledger.slots import slot_of
from costopt.models.result import Frozen, Result

BATCH: Final = 5_000
"""How many entries go to the disk together."""
_SHOWN: Final = 20

_Outcome = Literal["added", "unchanged", "corrected", "refused"]


class Refusal(Frozen):
    """An entry that was not recorded, because of a closed month: its own, or one that has its requests already."""

    tenant: str
    period: str
    model: str
    reason: str


class Recorded(Result):
    """What became of the entries.

    Attributes:
        added: How many the ledger did not have.
        unchanged: How many it had with the same figures: they were not recorded again.
        corrected: How many it had with other figures: the new ones were recorded, and name the old ones.
        refused: How many would have changed a closed month, or are about requests that another tenant's has.
        corrections: The ids of the corrections, at most the first 20.
        refusals: What was refused, at most the first 20.
        entries: How many lines the ledger has now.
        hash: Of the last one; it stands for all of them.
        notes: What an interrupted run had left behind and was mended, in words.
    """

    kind: ClassVar[str] = "gainshare_record"
    added: int
    unchanged: int
    corrected: int
    refused: int
    corrections: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    entries: int
    hash: str
    notes: tuple[str, ...]


def record(
    state: Path, entries: Iterable[Entry], *, timeout: float = PATIENCE, batch: int = BATCH
) -> Recorded:
    """Records the entries that the ledger does not have, in their order.

    What is recorded when this is killed stays; the same recording once more adds the rest, and leaves the ledger as
    if nothing had happened. Nobody else can record before all entries are taken, so they should be ready.

    Args:
        state: The state folder, which is made if there is none.
        entries: For each key one; a second one corrects the first.
        timeout: Seconds to wait for another writer.
        batch: How many entries are written at a time.

    Raises:
        LedgerError: if another process keeps writing, the ledger is damaged, or it cannot be written. What was
            recorded before stays.
    """
    with recording_in(state, timeout) as book:
        return recorded_in(book, entries, batch=batch)


def recorded_in(
    book: Book, entries: Iterable[Entry], *, batch: int = BATCH, fewer: Iterable[Shrunk] = ()
) -> Recorded:
    """The same as `record`, in a ledger that was opened before: for whoever has to look at it first.

    Args:
        book: The ledger.
        entries: For each key one.
        batch: How many entries are written at a time.
        fewer: Of what the entries have fewer requests than the ledger. Where these are in a closed month, nothing of
            their period is recorded: under another tenant's name, they would be in two invoices.

    Raises:
        LedgerError: if it cannot be written. What was recorded before stays.
    """
    tally, closed = _Tally(), _closed(book.state, fewer)
    rest = iter(entries)
    while some := list(islice(rest, batch)):
        _write(book, _judged(some, book.index, closed, tally))
    counts = tally.counts
    return Recorded(
        added=counts["added"],
        unchanged=counts["unchanged"],
        corrected=counts["corrected"],
        refused=counts["refused"],
        corrections=tuple(tally.corrections),
        refusals=tuple(tally.refusals),
        entries=book.head.entries,
        hash=book.head.hash,
        notes=book.notes,
    )


@dataclass(slots=True)
class _Tally:
    """What became of the entries so far."""

    counts: Counter[_Outcome] = field(default_factory=Counter)
    corrections: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class _Closed(NamedTuple):
    """What does not change any more: the months of tenants, and of each period of a log whose requests are in them."""

    months: Collection[tuple[str, str]]
    taken: Mapping[str, str]

    def reason(self, entry: Entry, before: Known | None) -> str | None:
        """Why an entry that says something new is refused; None where it is not."""
        for month in sorted({entry.month, *([month_of(before.timestamp)] if before else [])}):
            if (entry.tenant, month) in self.months:
                return f"{month} of this tenant is closed: it has an invoice"
        if entry.period in self.taken:
            return (
                f"the logs lack requests of it that `{self.taken[entry.period]}` has in a closed month:"
                " under another name they would count twice"
            )
        return None


def _closed(state: Path, fewer: Iterable[Shrunk]) -> _Closed:
    months = closed_months(state)
    return _Closed(
        months, {each.period: each.tenant for each in fewer if (each.tenant, each.month) in months}
    )


class _New(NamedTuple):
    """An entry to be written: its slot, what is to be known of it, and its line without the seal."""

    slot: bytes
    known: Known
    line: str


def _judged(entries: Sequence[Entry], index: Index, closed: _Closed, tally: _Tally) -> list[_New]:
    """Those of the entries that are to be written."""
    keys = [key_of(entry.__dict__) for entry in entries]
    slots = [slot_of(entry.source, entry.period, key) for key, entry in zip(keys, entries, strict=True)]
    known = index.find(slots)
    new = []
    for key, slot, entry in zip(keys, slots, entries, strict=True):
        before = known.get(slot)
        now = _known(entry, before)
        reason = closed.reason(entry, before) if closed.months else None
        outcome = _outcome(before, now, reason)
        tally.counts[outcome] += 1
        if reason and outcome == "refused" and len(tally.refusals) < _SHOWN:
            tally.refusals.append(_refusal(entry, reason))
        if outcome in ("added", "corrected"):
            corrects = _identity(key, before) if before else None
            new.append(_New(slot, now, line_of(entry, _identity(key, now), corrects)))
            known[slot] = now
            if before and len(tally.corrections) < _SHOWN:
                tally.corrections.append(_identity(key, now))
    return new


def _known(entry: Entry, before: Known | None) -> Known:
    """What is to be known of an entry that follows another one; where its line begins is not said yet."""
    revision = before.revision + 1 if before else 1
    counts = entry.requests + entry.unpriced > 0
    return Known(content_of(entry.__dict__), revision, entry.timestamp, counts, 0)


def _outcome(before: Known | None, now: Known, reason: str | None) -> _Outcome:
    if before and before.content == now.content:
        return "unchanged"
    if reason:
        return "refused"
    return "corrected" if before else "added"


def _refusal(entry: Entry, reason: str) -> Refusal:
    return Refusal(tenant=entry.tenant, period=entry.period, model=entry.model, reason=reason)


def _identity(key: str, known: Known) -> str:
    """The id of an entry: that of its key, and for a correction which one it is."""
    return key if known.revision == 1 else f"{key}-{known.revision}"


def _write(book: Book, new: Sequence[_New]) -> None:
    """Writes these lines at the end of the ledger, and into its index."""
    if not new:
        return
    data, last = bytearray(), book.head.hash
    known = {}
    for slot, each, content in new:
        known[slot] = each._replace(start=book.head.bytes + len(data))
        line, last = seal(content, last)
        data += line
    append(book.state / LEDGER, book.file, book.head.bytes, bytes(data))
    book.head = Head(entries=book.head.entries + len(new), bytes=book.head.bytes + len(data), hash=last)
    save_head(book.state, book.head)
    book.index.add(known, book.head)
