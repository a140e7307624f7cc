"""The text of a filter to a `Condition`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Final, Literal, get_args

from costopt.errors import ConfigError
from costopt.intake.where.syntax import (
    ESCAPES,
    KEYWORDS,
    WORD,
    Absence,
    Always,
    And,
    Comparison,
    Condition,
    Membership,
    Not,
    Or,
    Sign,
    Value,
)

EXAMPLE: Final = 'tenant == "acme" and cost_usd > 0.1'

_DEEPEST: Final = 50
_DIGITS: Final = 26
_DECIMALS: Final = Decimal("1e-12")
_EXACTLY: Final = Context(prec=_DIGITS + 12)
_SIGNS: Final[tuple[Sign, ...]] = get_args(Sign)
_TOKEN: Final = re.compile(
    rf"""
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | `(?P<name>[^`]+)`
    | (?P<number>-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>{WORD})
    | (?P<sign>[=!<>]=|!~|[<>~(),])
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE: Final = re.compile(r"\s*")
_FOREIGN: Final = {"=": "==", "&": "and", "|": "or", "!": "not"}
_QUOTES: Final = ('"', "'", "`")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of the text: what it is, how it reads, where it begins; `value` is that of a text or number."""

    kind: Literal["text", "number", "name", "key", "sign", "end"]
    text: str
    at: int
    value: str | Decimal = ""

    @property
    def shown(self) -> str:
        return f"`{self.text}`" if self.text else "the end"


def parse(text: str) -> Condition:
    """The condition that a text says.

    Raises:
        ConfigError: if it says none, with the place where it goes wrong.
    """
    return _Parser(text).whole()


def wrong(text: str, at: int, message: str, hint: str) -> ConfigError:
    """The error about a place in the text of a filter."""
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    place = f"line {line}, column {column}" if "\n" in text else f"column {column}"
    return ConfigError(f"`where`, {place}: {message}", hint=hint)


# Words


def _tokens(text: str) -> Iterator[_Token]:
    at = _after_space(text, 0)
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise _unreadable(text, at)
        yield _token(text, found)
        at = _after_space(text, found.end())
    yield _Token("end", "", len(text))


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _token(text: str, found: re.Match[str]) -> _Token:
    read, at = found[0], found.start()
    match found.lastgroup:
        case "text":
            return _Token("text", read, at, _unescaped(read[1:-1]))
        case "number":
            return _Token("number", read, at, _number(text, read, at))
        case "name":
            return _Token("name", found["name"], at)
        case "word" if read.lower() in KEYWORDS:
            return _Token("key", read.lower(), at)
        case "word":
            return _Token("name", read, at)
        case _:
            return _Token("sign", read, at)


def _unreadable(text: str, at: int) -> ConfigError:
    if text[at] in _QUOTES:
        return wrong(text, at, "the quote is not closed", f"end it with another {text[at]}")
    meant = _FOREIGN.get(text[at])
    return wrong(
        text,
        at,
        f"`{text[at]}` is not understood",
        f"write `{meant}`" if meant else f"a filter is like `{EXAMPLE}`",
    )


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[0]), text, flags=re.DOTALL)


def _number(text: str, read: str, at: int) -> Decimal:
    """The number exactly; what does not fit into pico-dollars is none."""
    try:
        number = Decimal(read)
        exact = number.quantize(_DECIMALS, context=_EXACTLY)
    except InvalidOperation:
        raise wrong(
            text, at, f"`{read}` is out of range", f"a number has at most {_DIGITS} digits before the point"
        ) from None
    if exact != number:
        raise wrong(text, at, f"`{read}` is too fine", "a number has at most 12 decimals")
    return exact


# Sentences


class _Parser:
    """Recursive descent, the loosest first. State: which token is next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def whole(self) -> Condition:
        if self._next.kind == "end":
            raise ConfigError("`where` is empty", hint=f"write a filter like `{EXAMPLE}`")
        condition = self._any(0)
        if self._took(")"):
            self._at -= 1
            raise self._wrong("`)` closes nothing", "take it away, or open it with `(`")
        if self._at < len(self._tokens) - 1:
            raise self._wrong(
                f"`and` or `or` is expected before {self._next.shown}", "join two comparisons by one of them"
            )
        return condition

    def _any(self, depth: int) -> Condition:
        operands = [self._all(depth)]
        while self._took("or"):
            operands.append(self._all(depth))
        return Or(tuple(operands)) if len(operands) > 1 else operands[0]

    def _all(self, depth: int) -> Condition:
        operands = [self._one(depth)]
        while self._took("and"):
            operands.append(self._one(depth))
        return And(tuple(operands)) if len(operands) > 1 else operands[0]

    def _one(self, depth: int) -> Condition:
        """A comparison, or what is in parentheses, or the opposite of either."""
        if depth > _DEEPEST:
            raise self._wrong("nested too deeply", f"at most {_DEEPEST} levels are understood")
        opening = self._next
        if self._took("not"):
            return Not(self._one(depth + 1))
        if self._took("("):
            inner = self._any(depth + 1)
            if not self._took(")"):
                raise self._unclosed(opening)
            return inner
        constant = self._took("true", "false")
        return Always(constant == "true") if constant else self._comparison()

    def _unclosed(self, opening: _Token) -> ConfigError:
        before = "" if self._next.kind == "end" else f" before {self._next.shown}"
        return wrong(self._text, opening.at, f"the parenthesis is not closed{before}", "close it with `)`")

    def _comparison(self) -> Condition:
        column = self._next
        if column.kind != "name":
            hint = f"a comparison begins with a column, as in `{EXAMPLE}`"
            raise self._wrong(f"a column is expected, not {column.shown}", hint)
        self._at += 1
        for sign in _SIGNS:
            if self._took(sign):
                return self._compared(column, sign)
        if self._took("is"):
            negated = bool(self._took("not"))
            self._need("null", "`is` goes with `null` or `not null`; a value is compared by `==`")
            return Absence(column.text, negated, column.at)
        if self._took("in"):
            return Membership(column.text, self._values(), negated=False, at=column.at)
        if self._took("not"):
            self._need("in", "`not` stands before a comparison, or in `not in`")
            return Membership(column.text, self._values(), negated=True, at=column.at)
        raise self._wrong(
            f"a comparison is expected after `{column.text}`, not {self._next.shown}",
            'compare by `==`, `!=`, `<`, `<=`, `>`, `>=`, `in (...)`, `~ "pattern"` or `is null`',
        )

    def _compared(self, column: _Token, sign: Sign) -> Condition:
        value_at = self._at
        value = self._value()
        if value is not None:
            return Comparison(column.text, sign, value, column.at)
        if sign not in ("==", "!="):
            self._at = value_at
            raise self._wrong(f"`{sign}` does not compare with null", "write `is null` or `is not null`")
        return Absence(column.text, sign == "!=", column.at)

    def _values(self) -> tuple[Value, ...]:
        opening = self._next
        self._need("(", 'values are listed as in `model in ("gpt-5.5", "gpt-4o-mini")`')
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        if not self._took(")"):
            raise self._unclosed(opening)
        return tuple(values)

    def _value(self) -> Value:
        token = self._next
        if self._took("null"):
            return None
        constant = self._took("true", "false")
        if constant:
            return constant == "true"
        if token.kind not in ("text", "number"):
            hint = "write a text in quotes, a number, true, false or null"
            if token.kind == "name":
                hint = f'a text is written in quotes: `"{token.text}"`'
            raise self._wrong(f"a value is expected, not {token.shown}", hint)
        self._at += 1
        return token.value

    def _took(self, *texts: str) -> str:
        """The next word, if it is one of these; then it is behind us."""
        if self._next.kind not in ("key", "sign") or self._next.text not in texts:
            return ""
        self._at += 1
        return self._tokens[self._at - 1].text

    def _need(self, text: str, hint: str) -> None:
        if not self._took(text):
            raise self._wrong(f"`{text}` is expected, not {self._next.shown}", hint)

    def _wrong(self, message: str, hint: str) -> ConfigError:
        return wrong(self._text, self._next.at, message, hint)
