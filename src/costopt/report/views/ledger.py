"""What was recorded in the ledger, and whether it is as it was written."""

from collections.abc import Iterator
from typing import Final

from costopt.ledger.recording import Recording
from costopt.ledger.verify import Verification
from costopt.models.money import format_usd, percent
from costopt.report.document import DOT, Again, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted, short

_LONGEST: Final = 200


def view_recording(recording: Recording, again: Again) -> Document:
    """What the logs say, and what became of it."""
    saved = percent(recording.savings_usd, recording.baseline_cost_usd)
    head = line(
        Span(f"Savings  {format_usd(recording.savings_usd)}", "strong"),
        f"   {saved:.1f} % of {format_usd(recording.baseline_cost_usd)} (baseline){DOT}"
        f"actual {format_usd(recording.actual_cost_usd)}",
    )
    days = [str(day) for day in (recording.first_day, recording.last_day) if day]
    read = DOT.join((counted(recording.requests, "request"), " – ".join(dict.fromkeys(days)) or "no period"))
    rate = " (flat rate)" if recording.flat else ""
    named = (
        f"baseline {short(recording.baseline, _LONGEST)}{rate}{DOT}source {short(recording.source, _LONGEST)}"
    )
    became = DOT.join(
        (
            f"{counted(recording.added, 'entry', 'entries')} added",
            f"{recording.unchanged:,} known already",
            f"{recording.corrected:,} corrected",
            f"{recording.refused:,} refused",
        )
    )
    lines = (head, line(read), line(named), line(became), *_cautions(recording, again), *_end(recording))
    return Document("Recorded savings", (Paragraph(lines), *_refusals(recording)))


def _cautions(recording: Recording, again: Again) -> Iterator[Line]:
    if not recording.requests and not recording.unpriced:
        yield line(Span(f"nothing to record{DOT}how the log is read: costopt inspect {again.read}", "warn"))
    if recording.savings_usd < 0:
        yield line(Span("the baseline would have been cheaper", "warn"))
    if recording.unpriced:
        yield line(
            Span(
                f"{counted(recording.unpriced, 'more request')} without a cost or a baseline, in no amount{DOT}"
                f"see: costopt spend {again.bill} --by provider,model",
                "warn",
            )
        )
    if recording.rejected:
        yield line(Span(f"{counted(recording.rejected, 'line')} rejected, in no amount", "warn"))
    if recording.withdrawn:
        gone = counted(recording.withdrawn, "entry", "entries")
        yield line(
            Span(f"{gone} of these days that the logs no longer have: set to nothing, unless refused", "warn")
        )
    if recording.cut_days:
        days = ", ".join(str(day) for day in recording.cut_days)
        yield line(Span(f"not recorded, as the period has only a part of the day: {days}", "warn"))
    for note in recording.notes:
        yield line(Span(note, "warn"))


def _end(recording: Recording) -> Iterator[Line]:
    entries = counted(recording.entries, "entry", "entries")
    yield line(Span(f"ledger  {entries}{DOT}{recording.hash}", "muted"))


def _refusals(recording: Recording) -> Iterator[Table]:
    if recording.refusals:
        columns = (Column("tenant"), Column("period"), Column("model"), Column("refused, as", drop=1))
        rows = tuple(
            (short(each.tenant) or None, short(each.period), short(each.model), each.reason)
            for each in recording.refusals
        )
        yield Table(columns, rows, title="Refused")


def records_recording(recording: Recording) -> Records:
    """One record."""
    names = (
        *("source", "baseline", "flat", "first_day", "last_day", "requests", "unpriced", "rejected"),
        *("baseline_cost_usd", "actual_cost_usd", "savings_usd"),
        *("added", "unchanged", "corrected", "refused", "withdrawn", "entries", "hash"),
    )
    row = tuple(
        str(value).lower() if isinstance(value := getattr(recording, name), bool) else value for name in names
    )
    return Records(names, [row])


def view_verify(found: Verification) -> Document:
    """Whether the ledger is as it was written, and where it is not."""
    entries = counted(found.entries, "entry", "entries")
    verdict = (
        Span(f"The ledger was changed: {counted(len(found.damages) + found.more, 'place')}", "strong")
        if found.damages
        else Span("The ledger is as it was written", "strong")
    )
    heads = f"compared with {counted(found.witnesses, 'remembered end')}"
    lines = [
        line(verdict),
        line(f"{entries}{DOT}{found.bytes:,} bytes{DOT}{heads}"),
        line(Span(found.hash, "muted")),
    ]
    if not found.witnesses and found.entries:
        lines.append(
            line(Span("no end of it was remembered: whether lines are missing there, nobody can say", "warn"))
        )
    if not found.damages:
        return Document("Ledger", (Paragraph(tuple(lines)),))
    rows = tuple(("–" if each.line is None else str(each.line), each.reason) for each in found.damages)
    more = (Paragraph((line(f"{found.more:,} more"),)),) if found.more else ()
    table = Table((Column("line"), Column("what is wrong")), rows)
    return Document("Ledger", (Paragraph(tuple(lines)), table, *more))


def records_verify(found: Verification) -> Records:
    """One record for each place that was changed."""
    return Records(("line", "reason"), [(each.line, each.reason) for each in found.damages])
