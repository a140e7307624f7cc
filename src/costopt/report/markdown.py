"""Documents as Markdown."""

import re
from typing import IO, Final

from costopt.report.document import Document, Line, Table, printable, texts

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#&~])")
_LIST: Final = re.compile(r"^(\d*)([-+=.)])(?=[\s=-]|$)")


def draw_markdown(document: Document, file: IO[str]) -> None:
    """Writes the document: a heading, paragraphs of lines, pipe tables. Text from a log stays text."""
    file.write(f"# {escaped(document.title)}\n")
    for block in document.blocks:
        file.write("\n")
        if isinstance(block, Table):
            _draw_table(block, file)
        else:
            file.write("  \n".join(_line(line) for line in block.lines if line) + "\n")


def escaped(text: str) -> str:
    """Text in which nothing is Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def _line(line: Line) -> str:
    parts = [f"**{escaped(span.text)}**" if span.tone == "strong" else escaped(span.text) for span in line]
    return _LIST.sub(r"\1\\\2", "".join(parts).strip())


def _draw_table(table: Table, file: IO[str]) -> None:
    columns = [column for column in table.columns if column.kind != "bar"]
    kept = [index for index, column in enumerate(table.columns) if column.kind != "bar"]
    if table.title:
        file.write(f"## {escaped(table.title)}\n\n")
    file.write(_row([escaped(column.title) for column in columns]))
    file.write(_row(["---:" if column.is_number else "---" for column in columns]))
    for row in texts(table):
        file.write(_row([escaped(row[index]) for index in kept]))
    if table.more:
        file.write(f"\n{escaped(table.more)}\n")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
