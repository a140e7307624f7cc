"""Documents as a web page that needs nothing else: to be opened, sent, or printed."""

import html
import re
from collections.abc import Sequence
from typing import IO, Final

from costopt.report.document import Document, Line, Paragraph, Span, Table, printable, texts

_SPACES: Final = re.compile(r" {2,}")

_STYLE: Final = """\
@page { size: A4; margin: 18mm 16mm; }
* { box-sizing: border-box; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a; background: #fff;
  font: 0.9rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 0.4rem; break-after: avoid; }
p { margin: 0.7rem 0; overflow-wrap: anywhere; }
p span { white-space: pre-wrap; }
.label { display: inline-block; min-width: 8rem; }
.strong { font-weight: 600; }
.muted { color: #5f6368; }
.warn { color: #8a4b00; }
.good { color: #176639; }
.wide { overflow-x: auto; }
table { width: 100%; margin: 0.4rem 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-weight: 600; color: #5f6368; border-bottom: 1.5px solid #5f6368; }
th, td { padding: 0.25rem 0.6rem 0.25rem 0; vertical-align: top; }
td { border-bottom: 1px solid #e3e3e3; overflow-wrap: anywhere; }
.number { text-align: right; overflow-wrap: normal; white-space: nowrap; }
.bar { white-space: pre; letter-spacing: 0; color: #3b6ea5; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 9pt; }
  .wide { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""What the page may do: have the style that is in it, and nothing else; a browser holds it to that."""


def draw_webpage(document: Document, file: IO[str]) -> None:
    """Writes the document as one HTML file: no script, nothing from elsewhere, and every text is only text."""
    title = escaped(document.title)
    file.write(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )
    for block in document.blocks:
        file.write(_table(block) if isinstance(block, Table) else _paragraph(block))
    file.write("</body>\n</html>\n")


def escaped(text: str) -> str:
    """Text in which nothing is HTML, nor steers how the rest is written."""
    return html.escape(printable(text), quote=True)


def _paragraph(block: Paragraph) -> str:
    lines = "<br>\n".join(_line(line) for line in block.lines if line)
    return f"<p>{lines}</p>\n" if lines else ""


def _line(line: Line) -> str:
    label = line[0].tone == "muted" and line[0].text.endswith(" ")
    return "".join(
        _plain(span.text) if span.tone == "plain" else _toned(span, label=label and span is line[0])
        for span in line
    )


def _toned(span: Span, *, label: bool) -> str:
    """A span with its tone; a label before a line is as wide as the others."""
    if label:
        return f'<span class="label muted">{escaped(span.text.rstrip())}</span>'
    return f'<span class="{span.tone}">{escaped(span.text)}</span>'


def _plain(text: str) -> str:
    """Text between spans; where its spaces set something apart, they are kept."""
    shown = escaped(text)
    return f"<span>{shown}</span>" if _SPACES.search(text) else shown


def _table(table: Table) -> str:
    head = [
        f"<th{_class(table, index)}>{escaped(column.title)}</th>"
        for index, column in enumerate(table.columns)
    ]
    rows = "".join(_row(table, row) for row in texts(table))
    title = f"<h2>{escaped(table.title)}</h2>\n" if table.title else ""
    more = f'<p><span class="muted">{escaped(table.more)}</span></p>\n' if table.more else ""
    return (
        f'{title}<div class="wide"><table>\n<thead>\n<tr>{"".join(head)}</tr>\n</thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table></div>\n{more}"
    )


def _row(table: Table, cells: Sequence[str]) -> str:
    drawn = (f"<td{_class(table, index)}>{escaped(cell)}</td>" for index, cell in enumerate(cells))
    return f"<tr>{''.join(drawn)}</tr>\n"


def _class(table: Table, index: int) -> str:
    column = table.columns[index]
    if column.is_number:
        return ' class="number"'
    return ' class="bar"' if column.kind == "bar" else ""
