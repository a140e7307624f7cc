"""How logs are understood."""

from costopt.intake.inspect import FileInspection, Inspection
from costopt.report.document import Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted


def view_inspect(inspection: Inspection) -> Document:
    """For each log: a head, the mapping field by field, and what is missing."""
    blocks: list[Paragraph | Table] = []
    for file in inspection.files:
        blocks.append(Paragraph(tuple(_head(file))))
        if file.mapping:
            blocks.append(_mapping(file))
        if file.missing:
            blocks.append(_missing(file))
        if file.unused:
            blocks.append(Paragraph((line(Span("not read  ", "muted"), ", ".join(file.unused)),)))
    return Document("How the logs are understood", tuple(blocks))


def _head(file: FileInspection) -> list[Line]:
    counts = f"{file.format or 'empty'} · {counted(file.requests, 'request')} · {file.rejected:,} rejected"
    lines = [line(Span(file.path, "strong")), line(counts)]
    if not file.understood:
        lines.append(line(Span("not understood: see what is missing", "warn")))
    lines += [line(Span(f"{example.place}: {example.reason}", "warn")) for example in file.examples]
    return lines


def _mapping(file: FileInspection) -> Table:
    columns = (Column("column"), Column("read from"), Column("samples", drop=1))
    rows = tuple(
        (name, source, ", ".join(file.samples.get(name, ()))) for name, source in file.mapping.items()
    )
    return Table(columns, rows)


def _missing(file: FileInspection) -> Table:
    return Table((Column("missing"), Column("without it")), tuple(file.missing.items()))


def records_inspect(inspection: Inspection) -> Records:
    """One record for each canonical column of each log, found or missing."""
    rows = [
        (file.path, file.format, name, file.mapping.get(name), file.missing.get(name))
        for file in inspection.files
        for name in (*file.mapping, *file.missing)
    ]
    return Records(("path", "format", "column", "read_from", "without_it"), rows)
