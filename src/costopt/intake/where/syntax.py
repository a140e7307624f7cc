"""What a filter is made of, and how it is written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias, assert_never

Value: TypeAlias = str | Decimal | bool | None
Sign = Literal["==", "!=", "<", "<=", ">", ">=", "~", "!~"]

KEYWORDS: Final = ("and", "or", "not", "in", "is", "null", "true", "false")
"""Words that are no columns, in any case; a column of such a name is written in backticks."""

WORD: Final = r"[^\W\d](?:[\w.-]*\w)?"
"""The name of a column that needs no backticks."""

ESCAPES: Final = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t"}
"""What stands for what after a backslash; before anything else a backslash is itself, as patterns have many."""

_ESCAPED: Final = {char: f"\\{letter}" for letter, char in ESCAPES.items() if char != "'"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column beside one value; `at` is where it stands in the text, from 0."""

    column: str
    sign: Sign
    value: str | Decimal | bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a column is one of some values, or none of them."""

    column: str
    values: tuple[Value, ...]
    negated: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Absence:
    """Whether the log does not say, or does."""

    column: str
    negated: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Always:
    """`true` or `false`, whatever the request."""

    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more."""

    operands: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more."""

    operands: tuple["Condition", ...]


Atom: TypeAlias = Comparison | Membership | Absence
Condition: TypeAlias = Atom | Always | Not | And | Or


def atoms(condition: Condition) -> Iterator[Atom]:
    """The parts that read a column, from left to right."""
    match condition:
        case And(operands) | Or(operands):
            for operand in operands:
                yield from atoms(operand)
        case Not(operand):
            yield from atoms(operand)
        case Always():
            return
        case _:
            yield condition


def written(condition: Condition) -> str:
    """The condition as text: what is parsed from it is the same condition."""
    match condition:
        case Comparison(column, sign, value):
            return f"{_name(column)} {sign} {literal(value)}"
        case Membership(column, values, negated):
            listed = ", ".join(map(literal, values))
            return f"{_name(column)} {'not in' if negated else 'in'} ({listed})"
        case Absence(column, negated):
            return f"{_name(column)} {'is not' if negated else 'is'} null"
        case Always(value):
            return literal(value)
        case Not(operand):
            return f"not {_inside(operand)}"
        case And(operands):
            return " and ".join(map(_inside, operands))
        case Or(operands):
            return " or ".join(written(each) if isinstance(each, And) else _inside(each) for each in operands)
        case _:
            assert_never(condition)


def _inside(condition: Condition) -> str:
    return f"({written(condition)})" if isinstance(condition, And | Or) else written(condition)


def _name(column: str) -> str:
    plain = re.fullmatch(WORD, column) and column.lower() not in KEYWORDS
    return column if plain else f"`{column}`"


def literal(value: Value) -> str:
    """A value as it is written."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Decimal():
            digits = f"{value:f}"
            return digits.rstrip("0").rstrip(".") if "." in digits else digits
        case str():
            return f'"{"".join(_ESCAPED.get(char, char) for char in value)}"'
        case _:
            assert_never(value)
