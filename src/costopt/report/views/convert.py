"""What was converted."""

import shlex

from costopt.intake.convert import Conversion
from costopt.report.document import DOT, Again, Document, Paragraph, Span, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted, head, in_bytes


def view_convert(conversion: Conversion, again: Again) -> Document:
    """The head, what was written, and how to go on."""
    size = sum(file.bytes for file in conversion.files)
    written = (
        counted(sum(file.requests for file in conversion.files), "request"),
        counted(len(conversion.files), "file"),
        f"{in_bytes(conversion.intake.bytes)} of logs, {in_bytes(size)} converted",
    )
    columns = DOT.join(conversion.columns)
    analyze = f"costopt analyze {shlex.quote(conversion.to)}"
    return Document(
        "Converted logs",
        (
            head(conversion.intake, conversion.period, conversion.catalog, again),
            Paragraph(
                (
                    line(Span(f"Converted to {conversion.to}", "strong")),
                    line(DOT.join(written)),
                    line(Span("columns  ", "muted"), columns),
                )
            ),
            Paragraph((line(Span("next  ", "muted"), analyze),)),
        ),
    )


def records_convert(conversion: Conversion) -> Records:
    """One record a file."""
    rows = [(file.path, file.day, file.requests, file.bytes) for file in conversion.files]
    return Records(("path", "day", "requests", "bytes"), rows)
