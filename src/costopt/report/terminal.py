"""Documents on a screen, with Rich; in a pipe the same as plain text, as wide as it needs to be."""

import shutil
from collections.abc import Sequence
from typing import IO, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from costopt.report.document import DOT, Column, Document, Line, Span, Table, Tone, printable, texts

_STYLES: Final[dict[Tone, str]] = {
    "plain": "",
    "strong": "bold",
    "muted": "dim",
    "warn": "yellow",
    "good": "green",
}
_MARGIN: Final = " "
_GAP: Final = "  "
_INDENT: Final = 2
_SHORTEST: Final = 12
_LEGIBLE: Final = 32
_SCREENFUL: Final = 25
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
        width=width or (_UNBOUND if piped else shutil.get_terminal_size().columns),
        height=_SCREENFUL,
        force_terminal=False if piped else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    # Drawn as a whole and written by ourselves: Rich would end the program if the reader has gone.
    with console.capture() as drawing:
        for block in document.blocks:
            console.print()
            rows = (
                _table(block, console, None if piped else _SCREENFUL)
                if isinstance(block, Table)
                else [row for line in block.lines for row in _wrapped(line, console)]
            )
            for row in rows:
                row.rstrip()
                console.print(row, overflow="ignore", no_wrap=True, crop=False)
    file.write(drawing.get())


def _wrapped(line: Line, console: Console) -> list[Text]:
    """The line, broken between its items where it is too long, and within one only if that alone is too long.

    What follows the first row is set in a little, or below the first item if there is a label before it.
    """
    labelled = bool(line) and line[0].tone == "muted" and line[0].text.endswith(" ")
    label = _joined(line[:1]) if labelled else Text()
    indent = label.cell_len if labelled else _INDENT
    room = console.width - len(_MARGIN)
    rows: list[Text] = []
    for item in _joined(line[1:] if labelled else line).split(DOT):
        joined = Text(DOT).join([rows[-1], item]) if rows else label + item
        if joined.cell_len <= room:
            rows[-1:] = [joined]
            continue
        pieces = item.wrap(console, max(1, room - indent))
        blank = Text(" " * indent)
        rows += [(blank if rows or number else label) + piece for number, piece in enumerate(pieces)]
    return [Text(_MARGIN) + row for row in rows]


def _joined(line: Line) -> Text:
    text = Text()
    for span in line:
        text.append(printable(span.text), style=_STYLES[span.tone])
    return text


def _table(table: Table, console: Console, most: int | None) -> list[Text]:
    cells = texts(table)
    more = [table.more] if table.more else []
    if table.full and most is not None and len(cells) > most:
        more.append(f"{len(cells) - most:,} more rows: {table.full}")
        cells = cells[:most]
    head = [printable(column.title) for column in table.columns]
    widths = [
        max(cell_len(text) for text in [head[index], *(row[index] for row in cells)])
        for index in range(len(head))
    ]
    shown = fitting(table.columns, widths, console.width)
    widths = _narrowed(table.columns, widths, shown, console.width)
    rows = _wrapped((Span(table.title, "strong"),), console) if table.title else []
    rows.append(Text(_MARGIN + _row(head, table.columns, widths, shown), style="dim"))
    rows += [Text(_MARGIN + _row(row, table.columns, widths, shown)) for row in cells]
    return rows + [row for text in more for row in _wrapped((Span(text, "muted"),), console)]


def _row(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int], shown: Sequence[int]) -> str:
    return _GAP.join(_padded(cells[index], columns[index], widths[index]) for index in shown)


def _padded(text: str, column: Column, width: int) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    blank = " " * (width - cell_len(text))
    return blank + text if column.is_number else text + blank


def fitting(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The columns that fit the width: those with the highest `drop` go first.

    A text needs no more room than it takes to tell it from others: it is cut before a number goes.
    """
    shown = list(range(len(columns)))
    needed = [
        min(size, _LEGIBLE) if column.kind == "text" else size
        for column, size in zip(columns, widths, strict=True)
    ]
    while _needed(needed, shown) > width and (droppable := [index for index in shown if columns[index].drop]):
        shown.remove(max(droppable, key=lambda index: (columns[index].drop, index)))
    return shown


def _needed(widths: Sequence[int], shown: Sequence[int]) -> int:
    return len(_MARGIN) + sum(widths[index] for index in shown) + len(_GAP) * (len(shown) - 1)


def _narrowed(columns: Sequence[Column], widths: list[int], shown: Sequence[int], width: int) -> list[int]:
    """The widths with the widest texts cut until the row fits, numbers never."""
    narrowed = list(widths)
    cuttable = [index for index in shown if columns[index].kind == "text"]
    while cuttable and _needed(narrowed, shown) > width:
        widest = max(cuttable, key=lambda index: narrowed[index])
        if narrowed[widest] <= _SHORTEST:
            break
        narrowed[widest] -= 1
    return narrowed
