"""The single entries of the ledger, and what they come to."""

from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Final

from costopt.calculators.gainshare.entries import GainshareEntries, LedgerEntry
from costopt.report.document import DOT, Cell, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.gainshare import (
    baseline_limit,
    caution_lines,
    digest_words,
    limit_lines,
    nothing_line,
    saved_lines,
    tenant_limit,
)
from costopt.report.views.parts import counted, model_name, short

_DIGITS: Final = 12
_COLUMNS: Final = (
    Column("time", "time"),
    Column("request", drop=9),
    Column("tenant"),
    Column("adapter/model", drop=1),
    Column("baseline", drop=8),
    Column("source", drop=7),
    Column("requests", "count", drop=4),
    Column("tokens", "tokens", drop=6),
    Column("unpriced", "count", drop=3),
    Column("baseline cost", "usd", drop=5),
    Column("actual", "usd", drop=2),
    Column("savings", "usd"),
    Column("id"),
    Column("corrects", drop=10),
    Column("corrected by"),
)


def view_gainshare_entries(result: GainshareEntries) -> Document:
    """What the entries come to, their digest, and the first of them."""
    limits = [
        *([tenant_limit(result.tenant)] if result.tenant is not None else []),
        *(baseline_limit(each) for each in result.baselines),
        *([f"source {short(result.source)}"] if result.source is not None else []),
        *([f"id {result.id}"] if result.id is not None else []),
    ]
    lines = (
        *saved_lines(result.total, result.first_day, result.last_day),
        *limit_lines(limits, result.since, result.until),
        line(Span("digest  ", "muted"), digest_words(result.entries_sha256)),
        *_history(result),
        *_nothing(result, is_limited=bool(limits or result.since or result.until)),
        *caution_lines(result.total),
    )
    table = (_table(result),) if result.entries else ()
    return Document("Entries", (Paragraph(lines), *table))


def _history(result: GainshareEntries) -> Iterator[Line]:
    if result.history:
        told = f"{result.corrected:,} corrected since{DOT}{result.withdrawn:,} withdrawn{DOT}in no figure"
        yield line(Span("beside  ", "muted"), told)


def _nothing(result: GainshareEntries, *, is_limited: bool) -> Iterator[Line]:
    if not result.entries:
        yield nothing_line(is_limited=is_limited)


def _table(result: GainshareEntries) -> Table:
    """The columns that say something of these entries."""
    entries = [*result.entries]
    rows = [_cells(each) for each in entries]
    is_idle = {
        "request": not any(row[1] for row in rows),
        "unpriced": not any(each.unpriced for each in entries),
        "corrects": not any(each.corrects for each in entries),
        "corrected by": not result.history,
    }
    kept = [index for index, column in enumerate(_COLUMNS) if not is_idle.get(column.title)]
    first = replace(_COLUMNS[0], title="day") if is_idle["request"] else _COLUMNS[0]
    columns = (first, *(_COLUMNS[index] for index in kept[1:]))
    more = ""
    if result.more:
        everything = len(entries) + result.more
        more = f"{counted(result.more, 'more entry', 'more entries')}: --top {everything}, or -o csv"
    return Table(columns, tuple(tuple(row[index] for index in kept) for row in rows), more=more)


def _cells(each: LedgerEntry) -> tuple[Cell, ...]:
    day = each.time.date()
    by_day = each.period == f"{day}"
    return (
        day if by_day else each.time,
        "" if by_day else short(each.period),
        short(each.tenant) or None,
        model_name(short(each.adapter), short(each.model)),
        short(each.baseline) or None,
        short(each.source),
        each.requests,
        each.tokens_used,
        each.unpriced,
        each.baseline_cost_usd,
        each.actual_cost_usd,
        each.savings_usd,
        _cut(each.id),
        _cut(each.corrects),
        "withdrawn" if each.corrected_by is None and each.withdrawn else _cut(each.corrected_by),
    )


def _cut(identity: str | None) -> str:
    """The first digits of an id, with the number of a correction, as `--id` takes them."""
    key, dash, number = (identity or "").partition("-")
    return f"{key[:_DIGITS]}{dash}{number}"


def records_gainshare_entries(result: GainshareEntries) -> Records:
    """One record an entry."""
    names = tuple(LedgerEntry.model_fields)
    return Records(names, map(attrgetter(*names), result.entries))
