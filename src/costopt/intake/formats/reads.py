"""What a format's column expressions read: a place in a record, and what its value is.

An expression names its reads as Polars columns, so that a format is nothing but expressions:

    columns = {"input_tokens": count("usage/input_tokens") + count("usage/cache_read_input_tokens").fill_null(0)}

A place is the steps down to a value, with slashes between them. Beside names there are these steps:

- `..` at the start: the record around the list that this record is an element of;
- `*`: the elements of a list, of which the largest count counts, or the first text;
- `attributes[key=user.id]`: the element of a list of objects whose `key` is `user.id`;
- `stringValue|intValue`: the first of several that is there.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, get_args

import polars as pl

from costopt.models.schema import COUNTS, DIMENSIONS, NUMBERS, REQUESTS, SIZES

Role = Literal["count", "usd", "measure", "time", "text", "label", "status", "mode"]
"""How a value is read: a whole number, dollars, a real number, an instant, a text, one of few texts, a word for
`ok` or `error`, a word for a mode."""

_MARK: Final = "\x1e"
_STEP: Final = "\x1f"
_BEFORE: Final = f"{_MARK}before"
_HELD: Final = f"{_MARK}held{_MARK}"
_ROLES: Final = get_args(Role)
_KEYED: Final = re.compile(r"(?P<list>[^\[]+)\[(?P<key>[^=]+)=(?P<value>.+)\]")

_OUTSIDE: Final = re.compile(r"/(?![^\[]*\])")
"""A slash that is not inside brackets."""
_DOTS_OUTSIDE: Final = re.compile(r"\.(?![^\[]*\])")

UP: Final = ".."
EACH: Final = "*"


class Keyed(NamedTuple):
    """A step into the element of a list whose `key` has a value."""

    list: str
    key: str
    value: str


class Read(NamedTuple):
    """A value of a record: how it is read, and the steps down to it."""

    role: Role
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        """The column that stands for it in an expression."""
        return f"{_MARK}{self.role}{_MARK}{_STEP.join(self.steps)}"

    @property
    def shown(self) -> str:
        """The steps joined by dots, as messages name it; of a list of keyed elements, the key alone."""
        for step in self.steps:
            found = keyed(step)
            if found:
                return found.value
        return ".".join(step for step in self.steps if step not in (UP, EACH))


def read_of(name: str) -> Read | None:
    """What a column of an expression stands for, or None if it is no read."""
    _, mark, rest = held_now(name).partition(_MARK)
    role, _, steps = rest.partition(_MARK)
    known: dict[str, Role] = {each: each for each in _ROLES}
    return Read(known[role], tuple(steps.split(_STEP))) if mark and role in known else None


def role_of(canonical: str) -> Role:
    """How a canonical column, or another one that a bill is split by, is read."""
    roles: dict[str, Role] = {"timestamp": "time", "cost_usd": "usd", "status": "status", "mode": "mode"}
    if canonical in roles:
        return roles[canonical]
    if canonical in (*COUNTS, *SIZES):
        return "count"
    if canonical in NUMBERS:
        return "measure"
    return "label" if canonical in DIMENSIONS or canonical not in REQUESTS else "text"


def reads_of(expressions: Iterable[pl.Expr]) -> list[Read]:
    """All that some expressions read, each once."""
    names = (name for each in expressions for name in each.meta.root_names())
    return list(dict.fromkeys(read for read in map(read_of, names) if read is not None))


def either(step: str) -> list[str]:
    """The names that a step may have."""
    return [step] if keyed(step) else step.split("|")


def keyed(step: str) -> Keyed | None:
    """A step into a list of keyed elements, or None if it is another one."""
    found = _KEYED.fullmatch(step)
    return Keyed(found["list"], found["key"], found["value"]) if found else None


def steps_of(place: str) -> tuple[str, ...]:
    """The steps of a place as users write it: with dots between them, or slashes where there are some.

    One that begins with a slash is for names with dots in them: `/gen_ai.usage.input_tokens` is one step.
    """
    if place.startswith("/"):
        return tuple(_OUTSIDE.split(place[1:]))
    return tuple((_OUTSIDE if _OUTSIDE.search(place) else _DOTS_OUTSIDE).split(place))


def is_step(step: str) -> bool:
    """Whether it is one that goes into a record."""
    return bool(step) and step != UP and (keyed(step) is not None or not {*"[]"} & {*step})


def _read(role: Role, place: str) -> pl.Expr:
    return pl.col(Read(role, tuple(_OUTSIDE.split(place))).name)


def count(place: str) -> pl.Expr:
    """A whole number."""
    return _read("count", place)


def usd(place: str) -> pl.Expr:
    """US dollars."""
    return _read("usd", place)


def measure(place: str) -> pl.Expr:
    """A real number."""
    return _read("measure", place)


def time(place: str) -> pl.Expr:
    """An instant: a text, or seconds to nanoseconds since 1970."""
    return _read("time", place)


def text(place: str) -> pl.Expr:
    """A text of which nearly every request has another one."""
    return _read("text", place)


def label(place: str) -> pl.Expr:
    """A text of which many requests have the same."""
    return _read("label", place)


def status(place: str) -> pl.Expr:
    """`ok` or `error`, from a word, a truth value or an HTTP status."""
    return _read("status", place)


def mode(place: str) -> pl.Expr:
    """`standard`, `batch`, `flex` or `priority`, from a word or a truth value."""
    return _read("mode", place)


def hold(name: str, value: pl.Expr) -> pl.Expr:
    """A carried value with a name of its own: what the expression gave when it last gave something."""
    return value.alias(f"{_HELD}{name}")


def held(name: str) -> pl.Expr:
    """The carried value of that name."""
    return pl.col(f"{_HELD}{name}")


def before(value: pl.Expr) -> pl.Expr:
    """What a carried read, or a held value, was before this record; null at the start of a log."""
    return pl.col(held_before(value.meta.output_name()))


def held_before(name: str) -> str:
    """The column that stands for what a carried value was before."""
    return f"{name}{_BEFORE}"


def held_now(name: str) -> str:
    """The column that stands for a carried value, from that for what it was before."""
    return name.removesuffix(_BEFORE)


def shared(name: str) -> pl.Expr:
    """An expression that several columns are made of: see `Format.shared`."""
    return pl.col(shared_as(name))


def shared_as(name: str) -> str:
    """The column that stands for it."""
    return f"{_MARK}{name}"


def known(*counts: pl.Expr) -> pl.Expr:
    """The sum of counts; one that is not there adds nothing, and without any there is none."""
    total = pl.sum_horizontal(each.fill_null(0) for each in counts)
    return pl.when(pl.any_horizontal(each.is_not_null() for each in counts)).then(total)


def milliseconds(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """From one instant to another."""
    return (end - start).dt.total_microseconds() / 1000
