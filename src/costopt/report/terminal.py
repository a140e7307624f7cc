"""Documents on a screen, with Rich; in a pipe the same as plain text, as wide as it needs to be."""

from collections.abc import Sequence
from typing import IO, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from costopt.report.document import Column, Document, Paragraph, Table, Tone, printable, written

_STYLES: Final[dict[Tone, str]] = {
    "plain": "",
    "strong": "bold",
    "muted": "dim",
    "warn": "yellow",
    "good": "green",
}
_MARGIN: Final = " "
_GAP: Final = "  "
_SHORTEST: Final = 12
_UNBOUND: Final = 1_000_000


def draw_terminal(document: Document, file: IO[str], *, width: int | None = None) -> None:
    """Prints the document; what is not a terminal gets plain text that is never cut.

    Args:
        document: What to print.
        file: Where to.
        width: Columns; that of the terminal, or no bound, where not given.
    """
    piped = not file.isatty()
    console = Console(
        file=file,
        width=width or (_UNBOUND if piped else None),
        force_terminal=False if piped else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for block in document.blocks:
        console.print()
        rows = _table(block, console.width) if isinstance(block, Table) else _paragraph(block, console)
        for row in rows:
            row.rstrip()
            console.print(row, overflow="ignore", no_wrap=True, crop=False)


def _paragraph(paragraph: Paragraph, console: Console) -> list[Text]:
    rows = []
    for line in paragraph.lines:
        text = Text()
        for span in line:
            text.append(printable(span.text), style=_STYLES[span.tone])
        rows += [Text(_MARGIN) + row for row in text.wrap(console, console.width - len(_MARGIN))] or [Text()]
    return rows


def _table(table: Table, width: int) -> list[Text]:
    cells = [
        [written(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    widths = [
        max(cell_len(text) for text in [column.title, *(row[index] for row in cells)])
        for index, column in enumerate(table.columns)
    ]
    shown = fitting(table.columns, widths, width)
    widths = _narrowed(table.columns, widths, shown, width)
    head = [column.title for column in table.columns]
    rows = [Text(_MARGIN + printable(table.title), style="bold")] if table.title else []
    rows.append(Text(_MARGIN + _row(head, table.columns, widths, shown), style="dim"))
    rows += [Text(_MARGIN + _row(row, table.columns, widths, shown)) for row in cells]
    if table.more:
        rows.append(Text(_MARGIN + printable(table.more), style="dim"))
    return rows


def _row(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int], shown: Sequence[int]) -> str:
    return _GAP.join(_padded(cells[index], columns[index], widths[index]) for index in shown)


def _padded(text: str, column: Column, width: int) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    blank = " " * (width - cell_len(text))
    return blank + text if column.is_number else text + blank


def fitting(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The columns that fit the width: those with the highest `drop` go first."""
    shown = list(range(len(columns)))
    while _needed(widths, shown) > width and (droppable := [index for index in shown if columns[index].drop]):
        shown.remove(max(droppable, key=lambda index: (columns[index].drop, index)))
    return shown


def _needed(widths: Sequence[int], shown: Sequence[int]) -> int:
    return len(_MARGIN) + sum(widths[index] for index in shown) + len(_GAP) * (len(shown) - 1)


def _narrowed(columns: Sequence[Column], widths: list[int], shown: Sequence[int], width: int) -> list[int]:
    """The widths with the widest texts cut until the row fits, numbers never."""
    narrowed = list(widths)
    texts = [index for index in shown if columns[index].kind == "text"]
    while texts and _needed(narrowed, shown) > width:
        widest = max(texts, key=lambda index: narrowed[index])
        if narrowed[widest] <= _SHORTEST:
            break
        narrowed[widest] -= 1
    return narrowed
