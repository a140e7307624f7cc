"""What a log format is: a way to recognise it, and where each canonical column is found."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import polars as pl

from costopt.intake.formats.reads import Read, held_now, reads_of, shared_as

Kind = Literal["null", "bool", "int", "float", "str", "list", "object", "time"]
"""What was seen under a name; `time` is a column that is a time by its own type (Parquet)."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a record: the steps down to it, and what was seen there.

    `("usage", "prompt_tokens")` is the `prompt_tokens` inside `usage`; a flat column has one step. The elements of a
    list are under the step `[]`.
    """

    steps: tuple[str, ...]
    kinds: frozenset[Kind] = frozenset()

    @property
    def name(self) -> str:
        """The steps joined by dots, as `--map` takes them."""
        return ".".join(self.steps)

    @property
    def is_object(self) -> bool:
        """Whether nothing but objects was seen there, so that only what is in them can be read."""
        return self.kinds - {"null"} == {"object"}


Fields = Mapping[str, Field]
"""What was seen in some records, by name."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said about the log: `--map` and `--set`, by canonical name, and `--format`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None


class Refusal(NamedTuple):
    """Why nothing is read of a format: what a log of it is, after `is`, and which to take instead."""

    what: str
    instead: str


@dataclass(frozen=True, slots=True)
class Format:
    """A log format.

    Attributes:
        name: What `costopt inspect` calls it.
        columns: For the fields of a record, as far as they were seen: each canonical column as an expression over
            `costopt.intake.formats.reads`.
        sniff: Whether records with these fields are of this format.
        roots: Where the records may be: in the elements of a list, or of lists in the elements of lists; of none, in
            the lines themselves.
        keep: Which records are requests, where that depends on it, for the fields that were seen; all of them if it is
            None.
        carried: What holds until another record says otherwise, record by record down the file: a read, or a `hold`
            of an expression over reads and what is carried before it in this order.
        shared: Expressions that several columns, or `keep`, are made of, by the name for `reads.shared`; each may be
            made of those before it.
        repeats: What to do with requests that have the same id: `same` ones, at the same time, are read once; of
            `fuller` ones, whenever they are, each count is the largest.
        sums: What it lacks because its lines are sums over many requests; empty where they are requests.
        refusal: Set where it holds no requests at all; it is known only so that this can be said.
    """

    name: str
    columns: Callable[[Fields], Mapping[str, pl.Expr]]
    sniff: Callable[[Fields], bool]
    roots: tuple[tuple[str, ...], ...] = ((),)
    keep: pl.Expr | Callable[[Fields], pl.Expr] | None = None
    carried: tuple[pl.Expr, ...] = ()
    shared: Callable[[Fields], Mapping[str, pl.Expr]] = lambda _fields: {}
    repeats: Literal["same", "fuller"] = "same"
    sums: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Derivation:
    """How columns come about that are not simply read.

    Attributes:
        columns: Each canonical column as an expression.
        rows: The lists, each in the elements of the one before, whose elements are the records.
        keep: Which records are requests.
        carried: As in `Format`.
        shared: As in `Format`.
        repeats: As in `Format`.
        sums: As in `Format`.
    """

    columns: Mapping[str, pl.Expr]
    rows: tuple[str, ...] = ()
    keep: pl.Expr | None = None
    carried: tuple[pl.Expr, ...] = ()
    shared: Mapping[str, pl.Expr] = field(default_factory=dict)
    repeats: Literal["same", "fuller"] = "same"
    sums: str = ""

    def reads(self, wanted: Iterable[str]) -> list[Read]:
        """What has to be read for the wanted columns."""
        columns = [self.columns[name] for name in wanted if name in self.columns]
        kept = [self.keep] if self.keep is not None else []
        made = [*columns, *kept, *self.carried]
        return reads_of([*made, *self.shared_in(made).values()])

    def reads_in(self, made: pl.Expr) -> list[Read]:
        """What an expression reads, also by way of what is shared or carried."""
        ways = {shared_as(name): each for name, each in self.shared.items()}
        ways |= {each.meta.output_name(): each for each in self.carried}
        found = [made]
        for each in found:  # it grows on the way
            names = dict.fromkeys(map(held_now, each.meta.root_names()))
            found += [way for name in names if (way := ways.pop(name, None)) is not None]
        return reads_of(found)

    def shared_in(self, made: Iterable[pl.Expr]) -> dict[str, pl.Expr]:
        """The shared expressions that some are made of, by column, each after those that it is made of."""
        names = {name for each in made for name in each.meta.root_names()}
        found: dict[str, pl.Expr] = {}
        for name, expression in reversed(list(self.shared.items())):
            if shared_as(name) in names:
                found[shared_as(name)] = expression
                names.update(expression.meta.root_names())
        return dict(reversed(list(found.items())))


@dataclass(frozen=True, slots=True)
class Layout:
    """How one log is understood.

    Attributes:
        format: The format's name.
        columns: Where each canonical column (or extra column asked for) is found.
        constants: Values given by the user for columns the log lacks.
        derivation: How the other columns come about; None where there are none.
        fields: What was seen in the records.
        unread: Columns that the format has, but not this log; by name, where they would be.
    """

    format: str
    columns: Mapping[str, Field]
    constants: Mapping[str, str]
    derivation: Derivation | None = None
    fields: Fields = field(default_factory=dict)
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def missing(self, wanted: tuple[str, ...]) -> list[str]:
        """Those of the wanted columns that are neither in the log nor given."""
        derived = self.derivation.columns if self.derivation else {}
        there = {*self.columns, *self.constants, *(derived.keys() - self.unread.keys())}
        return [name for name in wanted if name not in there]


def has(*names: str) -> Callable[[Fields], bool]:
    """Recognises records that have all these fields, by dotted name."""
    return lambda fields: all(name in fields for name in names)
