"""Record entries: each once, and what has changed as a correction."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final, Literal, NamedTuple

from costopt.ledger.chain import seal
from costopt.ledger.closed import closed_months
from costopt.ledger.entry import Entry, content_of, key_of, line_of, month_of
from costopt.ledger.files import LEDGER, PATIENCE, writing
from costopt.ledger.head import Head, save_head
from costopt.ledger.index import Index, Known, indexed
from costopt.ledger.opening import Opened, append, opened
from costopt.models.result import Frozen, Result

BATCH: Final = 5_000
"""How many entries go to the disk together."""
_SHOWN: Final = 20

_Outcome = Literal["added", "unchanged", "corrected", "refused"]


class Refusal(Frozen):
    """An entry that was not recorded, because it would have changed a closed month."""

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
        refused: How many would have changed a closed month.
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
    state: Path,
    entries: Iterable[Entry],
    *,
    timeout: float = PATIENCE,
    batch: int = BATCH,
    keeps_time: bool = False,
) -> Recorded:
    """Records the entries that the ledger does not have, in their order.

    What is recorded when this is killed stays; the same recording once more adds the rest, and leaves the ledger as
    if nothing had happened. Nobody else can record before all entries are taken, so they should be ready.

    Args:
        state: The state folder, which is made if there is none.
        entries: For each key one; a second one corrects the first.
        timeout: Seconds to wait for another writer.
        batch: How many entries are written at a time.
        keeps_time: Whether an entry that the ledger has already keeps its time there: for who knows only when it is
            recorded.

    Raises:
        LedgerError: if another process keeps writing, the ledger is damaged, or it cannot be written. What was
            recorded before stays.
    """
    with writing(state, timeout=timeout), opened(state) as ledger, indexed(state, ledger.head) as index:
        head, tally, closed = ledger.head, _Tally(), closed_months(state)
        rest = iter(entries)
        while some := list(islice(rest, batch)):
            new = _judged(some, index, closed, tally, keeps_time=keeps_time)
            head = _written(state, ledger, head, new)
            index.add({key: known for key, known, _ in new}, head)
    counts = tally.counts
    return Recorded(
        added=counts["added"],
        unchanged=counts["unchanged"],
        corrected=counts["corrected"],
        refused=counts["refused"],
        corrections=tuple(tally.corrections),
        refusals=tuple(tally.refusals),
        entries=head.entries,
        hash=head.hash,
        notes=ledger.notes,
    )


@dataclass(slots=True)
class _Tally:
    """What became of the entries so far."""

    counts: Counter[_Outcome] = field(default_factory=Counter)
    corrections: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class _New(NamedTuple):
    """An entry to be written: its key, what is to be known of it, and its line without the seal."""

    key: str
    known: Known
    line: str


def _judged(
    entries: Sequence[Entry],
    index: Index,
    closed: Collection[tuple[str, str]],
    tally: _Tally,
    *,
    keeps_time: bool,
) -> list[_New]:
    """Those of the entries that are to be written."""
    keys = [key_of(entry.__dict__) for entry in entries]
    known = index.find(keys)
    new = []
    for key, said in zip(keys, entries, strict=True):
        before = known.get(key)
        entry = said.model_copy(update={"timestamp": before.timestamp}) if keeps_time and before else said
        now = Known(content_of(entry.__dict__), before.revision + 1 if before else 1, entry.timestamp)
        months = _closed(entry, before, closed) if closed else []
        outcome = _outcome(before, now, months)
        tally.counts[outcome] += 1
        if outcome == "refused" and len(tally.refusals) < _SHOWN:
            tally.refusals.append(_refusal(entry, months))
        if outcome in ("added", "corrected"):
            corrects = _identity(key, before) if before else None
            new.append(_New(key, now, line_of(entry, _identity(key, now), corrects)))
            known[key] = now
            if before and len(tally.corrections) < _SHOWN:
                tally.corrections.append(_identity(key, now))
    return new


def _outcome(before: Known | None, now: Known, months: Collection[str]) -> _Outcome:
    if before and before.content == now.content:
        return "unchanged"
    if months:
        return "refused"
    return "corrected" if before else "added"


def _closed(entry: Entry, before: Known | None, closed: Collection[tuple[str, str]]) -> list[str]:
    """The closed months that recording an entry would change: its own, or that of the entry before it."""
    months = {entry.month, *([month_of(before.timestamp)] if before else [])}
    return [month for month in sorted(months) if (entry.tenant, month) in closed]


def _refusal(entry: Entry, months: Sequence[str]) -> Refusal:
    return Refusal(
        tenant=entry.tenant,
        period=entry.period,
        model=entry.model,
        reason=f"{months[0]} of this tenant is closed: it has an invoice",
    )


def _identity(key: str, known: Known) -> str:
    """The id of an entry: that of its key, and for a correction which one it is."""
    return key if known.revision == 1 else f"{key}-{known.revision}"


def _written(state: Path, ledger: Opened, head: Head, new: Sequence[_New]) -> Head:
    """The new end of the ledger, after these lines."""
    if not new:
        return head
    data = bytearray()
    last = head.hash
    for _, _, content in new:
        line, last = seal(content, last)
        data += line
    append(state / LEDGER, ledger.file, head.bytes, bytes(data))
    after = Head(entries=head.entries + len(new), bytes=head.bytes + len(data), hash=last)
    save_head(state, after)
    return after
