"""What was recorded in the ledger, and whether it is as it was written."""

from collections.abc import Iterator
from typing import Final

from costopt.ledger.recording import BaselineSavings, Recording
from costopt.ledger.verify import Verification
from costopt.models.money import format_usd
from costopt.report.document import DOT, Again, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.gainshare import days_of, saved_line, unpriced_words
from costopt.report.views.parts import counted, model_name, short

_LONGEST: Final = 200


def view_recording(recording: Recording, again: Again) -> Document:
    """What the logs say, and what became of it."""
    head = saved_line(recording.savings_usd, recording.baseline_cost_usd, recording.actual_cost_usd)
    days = days_of(recording.first_day, recording.last_day)
    read = DOT.join((counted(recording.requests, "request"), days))
    first, *more = recording.baselines
    baseline = f"{counted(len(more) + 1, 'baseline')}" if more else f"baseline {_baseline(first)}"
    named = f"{baseline}{DOT}source {short(recording.source, _LONGEST)}"
    became = DOT.join(
        (
            f"{counted(recording.added, 'entry', 'entries')} added",
            f"{recording.unchanged:,} known already",
            f"{recording.corrected:,} corrected",
            f"{recording.refused:,} refused",
        )
    )
    lines = (head, line(read), line(named), line(became), *_cautions(recording, again), *_end(recording))
    tables = (*_by_baseline(recording), *_shrunk(recording), *_refusals(recording))
    return Document("Recorded savings", (Paragraph(lines), *tables))


def _baseline(each: BaselineSavings) -> str:
    return short(each.baseline, _LONGEST) + (" (flat rate)" if each.flat else "")


def _cautions(recording: Recording, again: Again) -> Iterator[Line]:
    asides = (recording.other_kinds, recording.no_baseline)
    if not recording.requests and not recording.unpriced and not any(aside.requests for aside in asides):
        yield line(Span(f"nothing to record{DOT}how the log is read: costopt inspect {again.read}", "warn"))
    if recording.savings_usd < 0:
        yield line(Span("the baseline would have been cheaper", "warn"))
    if recording.unpriced:
        yield line(
            Span(
                f"{unpriced_words(recording.unpriced)}{DOT}"
                f"see: costopt spend {again.bill} --by provider,model",
                "warn",
            )
        )
    if recording.rejected:
        yield line(Span(f"{counted(recording.rejected, 'line')} rejected, in no amount", "warn"))
    if recording.inputs is None:
        yield line("without a hash of the logs: they can be read only once, or were written to meanwhile")
    yield from _left_out(recording)
    for note in recording.notes:
        yield line(Span(note, "warn"))


def _left_out(recording: Recording) -> Iterator[Line]:
    for aside, why in (
        (recording.other_kinds, "that the baseline could not have served"),
        (recording.no_baseline, "for which no baseline is named"),
    ):
        if aside.requests:
            cost = format_usd(aside.actual_cost_usd)
            yield line(f"not compared: {counted(aside.requests, 'request')} {why}{DOT}actual {cost}")
    if recording.withdrawn:
        gone = counted(recording.withdrawn, "entry", "entries")
        yield line(
            Span(f"{gone} of these days that the logs no longer have: set to nothing, unless refused", "warn")
        )
    if recording.cut_days:
        days = ", ".join(str(day) for day in recording.cut_days)
        yield line(Span(f"not recorded, as the period has only a part of the day: {days}", "warn"))
    if recording.kept_days:
        days = counted(len(recording.kept_days), "day")
        yield line(
            Span(
                f"{days} left as recorded, as these logs have fewer of the requests{DOT}another log: --source NAME"
                f"{DOT}to record what is left: --replace",
                "warn",
            )
        )


def _end(recording: Recording) -> Iterator[Line]:
    entries = counted(recording.entries, "entry", "entries")
    yield line(Span(f"ledger  {entries}{DOT}{recording.hash}", "muted"))


def _by_baseline(recording: Recording) -> Iterator[Table]:
    if len(recording.baselines) > 1:
        columns = (
            Column("baseline"),
            Column("requests", "count", drop=2),
            Column("unpriced", "count", drop=3),
            Column("baseline cost", "usd", drop=1),
            Column("actual", "usd", drop=1),
            Column("savings", "usd"),
        )
        rows = tuple(
            (
                _baseline(each),
                each.requests,
                each.unpriced,
                each.baseline_cost_usd,
                each.actual_cost_usd,
                each.savings_usd,
            )
            for each in recording.baselines
            if each.requests or each.unpriced
        )
        yield Table(columns, rows, title="By baseline")


def _shrunk(recording: Recording) -> Iterator[Table]:
    if recording.shrunk:
        columns = (
            Column("day"),
            Column("tenant", drop=2),
            Column("adapter/model", drop=1),
            Column("recorded", "count"),
            Column("now", "count"),
        )
        rows = tuple(
            (
                each.period,
                short(each.tenant) or None,
                model_name(each.adapter, each.model),
                each.recorded,
                each.found,
            )
            for each in recording.shrunk
        )
        yield Table(columns, rows, title="Left as recorded")


def _refusals(recording: Recording) -> Iterator[Table]:
    if recording.refusals:
        columns = (Column("tenant"), Column("period"), Column("model"), Column("refused, as", drop=1))
        rows = tuple(
            (short(each.tenant) or None, short(each.period), short(each.model), each.reason)
            for each in recording.refusals
        )
        yield Table(columns, rows, title="Refused")


def records_recording(recording: Recording) -> Records:
    """One record; of what was left out, how many requests and days."""
    first = ("source", "first_day", "last_day", "requests", "unpriced", "rejected")
    last = (
        *("baseline_cost_usd", "actual_cost_usd", "savings_usd"),
        *("added", "unchanged", "corrected", "refused", "withdrawn", "entries", "hash"),
    )
    told: dict[str, Value] = {
        **{name: getattr(recording, name) for name in first},
        "baselines": "; ".join(_baseline(each) for each in recording.baselines),
        "other_kinds": recording.other_kinds.requests,
        "no_baseline": recording.no_baseline.requests,
        "cut_days": len(recording.cut_days),
        "kept_days": len(recording.kept_days),
        **{name: getattr(recording, name) for name in last},
    }
    return Records(tuple(told), [tuple(told.values())])


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
