"""A `Condition` to an expression that is true or false for every request, never null."""

import datetime as dt
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal, assert_never

import polars as pl

from costopt.errors import ConfigError
from costopt.intake.where.parsing import wrong
from costopt.intake.where.syntax import (
    Absence,
    Always,
    And,
    Atom,
    Comparison,
    Condition,
    Membership,
    Not,
    Or,
    Sign,
    Value,
    literal,
)
from costopt.models.period import parse_moment
from costopt.models.schema import COUNTS, NUMBERS, REQUESTS, TIMESTAMP, USD

COLUMN: Final = "is:"
"""Before a column's name: its values, as the expressions find them."""

NUMBER: Final = "number:"
"""Before the name of a column of the log's own: the numbers among its texts."""

_Kind = Literal["own", "text", "time", "amount", "measure"]
_KINDS: Final[dict[str, _Kind]] = {
    **dict.fromkeys(REQUESTS, "text"),
    **dict.fromkeys((*COUNTS, "cost_usd"), "amount"),
    **dict.fromkeys(NUMBERS, "measure"),
    "timestamp": "time",
}
_NOUNS: Final[dict[_Kind, str]] = {
    "text": "a text",
    "time": "a time",
    "amount": "a number",
    "measure": "a number",
}
_POSITIVE: Final[dict[Sign, Sign]] = {"!=": "==", "!~": "~"}
_COMPARED: Final[dict[Sign, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_STATUS: Final = ("ok", "error")


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a filter is understood: its text, for messages, and the time zone of its times.

    What the log does not say equals no value, and is neither below nor above one. A negated sign is the opposite of
    the plain one, so that a condition and its `not` divide the requests into two.
    """

    text: str
    zone: str

    def of(self, condition: Condition) -> pl.Expr:
        """Which requests it keeps.

        Raises:
            ConfigError: if a column is compared with what it cannot hold.
        """
        match condition:
            case And(operands):
                return pl.all_horizontal([self.of(operand) for operand in operands])
            case Or(operands):
                return pl.any_horizontal([self.of(operand) for operand in operands])
            case Not(operand):
                return ~self.of(operand)
            case Always(value):
                return pl.lit(value)
            case _:
                return self._of_atom(condition)

    def times(self, condition: Condition, *, truth: bool = True) -> pl.Expr:
        """Which requests were made when it can be true (or false), whatever else they are."""
        match condition:
            case And(operands) | Or(operands):
                parts = [self.times(operand, truth=truth) for operand in operands]
                every = isinstance(condition, And) is truth
                return pl.all_horizontal(parts) if every else pl.any_horizontal(parts)
            case Not(operand):
                return self.times(operand, truth=not truth)
            case Always(value):
                return pl.lit(value is truth)
            case _ if condition.column == "timestamp":
                return self._of_atom(condition) if truth else ~self._of_atom(condition)
            case _:
                return pl.lit(value=True)

    def _of_atom(self, atom: Atom) -> pl.Expr:
        match atom:
            case Absence(column, negated):
                return ~_is_absent(column) if negated else _is_absent(column)
            case Membership(column, values, negated):
                among = pl.any_horizontal([self._equals(atom, value) for value in values])
                return ~among if negated else among
            case Comparison(sign=sign) if sign in _POSITIVE:
                return ~self._of_atom(replace(atom, sign=_POSITIVE[sign]))
            case Comparison(sign="~"):
                return self._matches(atom)
            case Comparison():
                return self._compares(atom)
            case _:
                assert_never(atom)

    def _equals(self, atom: Atom, value: Value) -> pl.Expr:
        if value is None:
            return _is_absent(atom.column)
        return self._compares(Comparison(atom.column, "==", value, atom.at))

    def _compares(self, atom: Comparison) -> pl.Expr:
        kind = _kind(atom.column)
        if atom.sign != "==":
            self._check_order(atom, kind)
        subject, value = self._sides(atom, kind)
        compared: pl.Expr = _COMPARED[atom.sign](subject, value)
        return compared.fill_null(value=False)

    def _check_order(self, atom: Comparison, kind: _Kind) -> None:
        rule = f"`{atom.sign}` compares numbers and times"
        if kind == "text":
            raise self._wrong(atom, f"{rule}, and `{atom.column}` is a text", "compare by `==`, `in` or `~`")
        if kind == "own" and not isinstance(atom.value, Decimal):
            hint = "a number is written without quotes; a time is compared as `timestamp`"
            raise self._wrong(atom, f"{rule}, and `{literal(atom.value)}` is none", hint)

    def _sides(self, atom: Comparison, kind: _Kind) -> tuple[pl.Expr, pl.Expr]:
        """The column and the value, as one type."""
        column = pl.col(COLUMN + atom.column)
        match kind, atom.value:
            case "amount", Decimal() as number:
                return column.cast(USD), pl.lit(number, dtype=USD)
            case "measure", Decimal() as number:
                return column.fill_nan(None), pl.lit(float(number))
            case "time", str() as text:
                return column, pl.lit(self._moment(atom, text), dtype=TIMESTAMP)
            case "text", str() as text:
                self._check_status(atom)
                return column, pl.lit(text)
            case "own", Decimal() as number:
                return pl.col(NUMBER + atom.column), pl.lit(number, dtype=USD)
            case "own", bool() as truth:
                return column.cast(pl.String).str.to_lowercase(), pl.lit(literal(truth))
            case "own", text:
                return column, pl.lit(text)
            case _:
                raise self._unlike(atom, kind)

    def _moment(self, atom: Comparison, text: str) -> dt.datetime:
        try:
            return parse_moment(text, self.zone)
        except ConfigError:
            raise self._unlike(atom, "time") from None

    def _check_status(self, atom: Comparison) -> None:
        if atom.column == "status" and atom.value not in _STATUS:
            raise self._wrong(
                atom,
                f"`status` is never `{atom.value}`",
                'whatever the log says is read as "ok" or "error", or is null',
            )

    def _unlike(self, atom: Comparison, kind: _Kind) -> ConfigError:
        """The error that a value is not of its column's kind."""
        value = literal(atom.value)
        hints = {
            "text": f'write a text in quotes: `"{value}"`',
            "time": 'write `"2026-10-01"` or `"2026-10-01T08:00"`',
        }
        hint = hints.get(kind, "write a number, without quotes")
        return self._wrong(atom, f"`{atom.column}` is {_NOUNS[kind]}, and `{value}` is none", hint)

    def _matches(self, atom: Comparison) -> pl.Expr:
        kind = _kind(atom.column)
        if kind not in ("text", "own"):
            message = f"`~` looks into texts, and `{atom.column}` is {_NOUNS[kind]}"
            raise self._wrong(atom, message, "compare by `==`, `<` or `>`")
        if not isinstance(atom.value, str):
            value = literal(atom.value)
            raise self._wrong(atom, f"`{value}` is no pattern", f'write a pattern in quotes: `"{value}"`')
        try:
            pl.Series([""]).str.contains(atom.value)
        except pl.exceptions.ComputeError as error:
            reason = str(error).partition("\n\n")[0].rpartition("error: ")[2]
            message = f"`{literal(atom.value)}` is no pattern: {reason}"
            raise self._wrong(
                atom, message, r"patterns are those of RE2; `\.` is a dot, `\\` a backslash"
            ) from error
        texts = pl.col(COLUMN + atom.column).cast(pl.String)
        return texts.str.contains(atom.value).fill_null(value=False)

    def _wrong(self, atom: Atom, message: str, hint: str) -> ConfigError:
        return wrong(self.text, atom.at, message, hint)


def _kind(column: str) -> _Kind:
    """What a column holds; the texts of one that is the log's own may be numbers."""
    return _KINDS.get(column, "own")


def _is_absent(column: str) -> pl.Expr:
    values = pl.col(COLUMN + column)
    return (values.fill_nan(None) if _kind(column) == "measure" else values).is_null()
