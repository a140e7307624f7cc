"""How logs are understood."""

import shlex
from typing import Final

from costopt.intake.inspect import FileInspection, Inspection
from costopt.report.document import DOT, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted, short

_UNUSED: Final = 20


def view_inspect(inspection: Inspection) -> Document:
    """For each log: a head, the mapping field by field, and what is missing."""
    blocks: list[Paragraph | Table] = []
    for file in inspection.files:
        blocks.append(Paragraph(tuple(_head(file))))
        if file.mapping:
            blocks.append(_mapping(file))
        if file.format and file.missing:
            blocks.append(_missing(file))
        if file.unused:
            blocks.append(Paragraph((_unused(file),)))
    return Document("How the logs are understood", tuple(blocks))


def _head(file: FileInspection) -> list[Line]:
    kind = file.format or ("not readable" if file.rejected else "empty")
    counts = [kind, counted(file.requests, "request"), f"{file.rejected:,} rejected"]
    if file.others:
        counts.append(f"{counted(file.others, 'other record')}, no requests by the format")
    lines = [line(Span(file.path, "strong")), line(DOT.join(counts))]
    if file.sums:
        lines.append(line(Span(f"sums over many requests: {file.sums}", "warn")))
    log = shlex.quote(file.path)
    if file.format and not file.understood:
        name = next(iter(file.missing))
        cure = f"name what is missing: costopt inspect {log} --map {name}=COLUMN"
        lines.append(line(Span(f"not understood{DOT}{cure}", "warn")))
    lines += [line(Span(f"{example.place}: {example.reason}", "warn")) for example in file.examples]
    more = file.rejected - len(file.examples)
    if more > 0:
        lines.append(line(Span(f"{more:,} more: costopt inspect {log} --rejects FILE", "warn")))
    return lines


def _mapping(file: FileInspection) -> Table:
    columns = (Column("column"), Column("read from"), Column("samples"))
    rows = tuple(
        (name, _source(source), ", ".join(file.samples.get(name, ())))
        for name, source in file.mapping.items()
    )
    return Table(columns, rows)


def _source(places: str) -> str:
    """The first places that a column is read from."""
    first, *rest = places.split(", ")
    return f"{first}, {rest[0]}" if len(rest) == 1 else first + (f" and {len(rest)} more" if rest else "")


def _missing(file: FileInspection) -> Table:
    return Table((Column("missing"), Column("without it")), tuple(file.missing.items()))


def _unused(file: FileInspection) -> Line:
    more = len(file.unused) - _UNUSED
    rest = f"{DOT}{more:,} more: costopt inspect {shlex.quote(file.path)} -o json" if more > 0 else ""
    return line(Span("not read  ", "muted"), DOT.join(short(name) for name in file.unused[:_UNUSED]), rest)


def records_inspect(inspection: Inspection) -> Records:
    """One record for each canonical column of each log, found or missing."""
    rows = [
        (file.path, file.format, name, file.mapping.get(name), file.missing.get(name))
        for file in inspection.files
        for name in (*file.mapping, *file.missing)
    ]
    return Records(("path", "format", "column", "read_from", "without_it"), rows)
