"""Content: what a report says, apart from how it is drawn."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, assert_never

from costopt.models.money import exact_usd, format_usd

Kind = Literal["text", "count", "tokens", "usd", "range", "percent", "bar", "time", "rate"]
Tone = Literal["plain", "strong", "muted", "warn", "good"]
Cell = str | int | Decimal | dt.datetime | dt.date | None

NONE: Final = "(none)"
"""How a key is shown where the log does not say."""

DOT: Final = " · "
"""Between the items of a line; where a line is too long for the screen, it is broken there."""

_ABSENT: Final[dict[Kind, str]] = {"text": NONE, "time": NONE, "bar": "", "rate": "–"}
_CENT: Final = Decimal("0.01")
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_UNITS: Final = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))

UNSEEN: Final = (
    r"\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e0fff"
)
"""Beyond ASCII's control characters: what steers a terminal, turns the direction of writing, or has no width."""

_UNPRINTABLE: Final = re.compile(rf"[\x00-\x1f{UNSEEN}]")


@dataclass(frozen=True, slots=True)
class Again:
    """How the logs were named, for the commands that a report tells of.

    Attributes:
        read: The logs and how to read them, as `costopt inspect` takes them.
        bill: The same with period, prices and cost, as every other command takes them.
    """

    read: str
    bill: str


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text with a tone; colour carries no meaning of its own."""

    text: str
    tone: Tone = "plain"


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what its cells are, and when it goes.

    Attributes:
        title: In the head.
        kind: What the cells are, which decides how they are written and aligned.
        drop: On a screen that is too narrow, columns go in falling order of this; 0 stays.
    """

    title: str
    kind: Kind = "text"
    drop: int = 0

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers, which are aligned on the right."""
        return self.kind in ("count", "tokens", "usd", "range", "percent", "rate")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells.

    Attributes:
        columns: What they are.
        rows: A cell for each column.
        title: Above them.
        more: What was left out and how to see it.
        full: The command that gives every row; where there is one, a screen shows only the first rows.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    more: str = ""
    full: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A report: paragraphs and tables, top to bottom."""

    title: str
    blocks: tuple[Paragraph | Table, ...]


def line(*parts: str | Span) -> Line:
    """A line of texts and spans."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def printable(text: str) -> str:
    r"""Text from a log that cannot steer a terminal: control, direction and zero-width characters are spelled out.

    >>> printable("a\\x1b[31mb\\u202e")
    'a\\\\x1b[31mb\\\\u202e'
    """
    return _UNPRINTABLE.sub(lambda found: spelled(found[0]), text)


def spelled(char: str) -> str:
    r"""A character as an escape sequence: `\n`, `\x1b`, `\u202e`, `\U000e0041`."""
    return char.encode("unicode_escape").decode()


def texts(table: Table) -> list[list[str]]:
    """Every cell in words, row by row; a column's numbers have the unit and the digits that suit its largest."""
    columns = [
        _column([row[index] for row in table.rows], column.kind) for index, column in enumerate(table.columns)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(cells: Sequence[Cell], kind: Kind) -> list[str]:
    numbers = [abs(Decimal(cell)) for cell in cells if isinstance(cell, int | Decimal)]
    largest = max(numbers, default=Decimal(0))
    return [_beside(cell, kind, largest) for cell in cells]


def _beside(cell: Cell, kind: Kind, largest: Decimal) -> str:
    if kind == "tokens" and isinstance(cell, int):
        return quantity(cell, int(largest))
    if kind == "usd" and isinstance(cell, Decimal) and 0 < cell < _CENT and largest >= 1:
        return f"<{format_usd(_CENT)}"
    return written(cell, kind)


def written(cell: Cell, kind: Kind) -> str:
    """A cell in words; unknown is a question mark where a number was expected."""
    match cell:
        case None:
            return _ABSENT.get(kind, "?")
        case str():
            return printable(cell)
        case dt.datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case dt.date():
            return f"{cell:%Y-%m-%d}"
        case Decimal():
            return _amount(cell, kind)
        case int():
            return quantity(cell) if kind == "tokens" else f"{cell:,}"
        case _:
            assert_never(cell)


def _amount(value: Decimal, kind: Kind) -> str:
    match kind:
        case "bar":
            return bar(value)
        case "usd":
            return format_usd(value)
        case "rate":
            return exact_usd(value)
        case _:
            return f"{value:.1f} %"


def quantity(number: int, largest: int | None = None) -> str:
    """A large whole number in three digits and a unit: its own, or that of the largest number beside it.

    >>> quantity(999), quantity(22_361_870), quantity(1_250)
    ('999', '22.4 M', '1.25 k')
    >>> quantity(634_000, largest=22_361_870), quantity(12, largest=22_361_870), quantity(0, largest=22_361_870)
    ('0.6 M', '<0.1 M', '0')
    """
    top = Decimal(f"{Decimal(number if largest is None else largest):.2e}")
    for size, unit in _UNITS:
        if number and abs(top) >= size:
            step = Decimal(1).scaleb(min(0, top.adjusted() - Decimal(size).adjusted() - 2))
            shown = (Decimal(number) / size).quantize(step, rounding=ROUND_HALF_UP)
            return f"{shown} {unit}" if shown else f"<{step} {unit}"
    return str(number)


def sparkline(values: Sequence[Decimal], width: int = 40) -> str:
    """Values as blocks, the largest full; neighbours are averaged where there are more than `width`."""
    if not values:
        return ""
    size = -(-len(values) // width)
    groups = [values[start : start + size] for start in range(0, len(values), size)]
    means = [sum(group, Decimal(0)) / len(group) for group in groups]
    top = max(means)
    if top <= 0:
        return _BLOCKS[0] * len(means)
    return "".join(_BLOCKS[min(7, max(0, int(mean * 8 / top)))] for mean in means)


def bar(percent: Decimal, width: int = 20) -> str:
    """A share as a bar of eighths, `width` cells for 100 percent."""
    eighths = max(0, min(width * 8, int(percent * width * 8 / 100)))
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")
