"""The requests that a filter keeps."""

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import polars as pl

from costopt.errors import ConfigError
from costopt.intake.numbers import clean, to_dollars
from costopt.intake.where.meaning import COLUMN, NUMBER, Meaning
from costopt.intake.where.parsing import parse, wrong
from costopt.intake.where.syntax import Atom, Comparison, Membership, atoms
from costopt.models.schema import COUNTS, REQUESTS

_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Where:
    """A filter.

    Attributes:
        text: As it was given.
        atoms: The comparisons in it.
        keeps: Which requests it keeps: an expression over the columns that `Filter` prepares.
        admits: Which requests were made when it could have kept one.
    """

    text: str
    atoms: tuple[Atom, ...]
    keeps: pl.Expr = field(compare=False)
    admits: pl.Expr = field(compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys(atom.column for atom in self.atoms))


def parse_where(text: str, zone: str = "UTC") -> Where:
    """The filter that a text says; times without an offset are local to `zone`.

    Raises:
        ConfigError: if it says none, or compares a column with what it cannot hold.
    """
    condition = parse(text)
    meaning = Meaning(text, zone)
    return Where(text, tuple(atoms(condition)), meaning.of(condition), meaning.times(condition))


class Filter:
    """Applies a filter to one part of the logs after the other.

    State: which of the logs' own columns held a number, of those that are compared with one, and a text of the others.
    """

    def __init__(self, where: Where) -> None:
        self._where = where
        self._amounts = tuple(dict.fromkeys(atom.column for atom in _with_numbers(where.atoms)))
        self._numeric: set[str] = set()
        self._texts: dict[str, str] = {}

    def judge(self, requests: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """For each request, whether it is kept, and whether it was made when one could have been."""
        columns = [_column(requests, name) for name in self._where.columns]
        amounts = [self._numbers(requests, name) for name in self._amounts]
        judged = (
            requests.select(pl.col("timestamp").alias(f"{COLUMN}timestamp"))
            .with_columns(*columns, *amounts)
            .with_columns(kept=self._where.keeps, admitted=self._where.admits)
        )
        return judged["kept"], judged["admitted"]

    def _numbers(self, requests: pl.DataFrame, name: str) -> pl.Series:
        texts = _column(requests, name).cast(pl.String)
        amounts = to_dollars(texts)
        if amounts.count():
            self._numeric.add(name)
        elif (said := clean(texts).drop_nulls()).len():
            self._texts.setdefault(name, said[0])
        return amounts.alias(NUMBER + name)

    def check(self, fields: Collection[str]) -> None:
        """Whether the logs, whose fields these are, have the columns, and numbers where numbers are compared.

        Raises:
            ConfigError: if they do not.
        """
        for atom in self._where.atoms:
            if atom.column not in REQUESTS and atom.column not in fields and fields:
                raise self._unknown(atom, fields)
        for atom in _with_numbers(self._where.atoms):
            text = self._texts.get(atom.column)
            if text is not None and atom.column not in self._numeric:
                message = f"no log has a number in `{atom.column}`, but texts such as `{text[:_SHOWN]}`"
                raise wrong(self._where.text, atom.at, message, "compare it with a text, in quotes")

    def _unknown(self, atom: Atom, fields: Collection[str]) -> ConfigError:
        near = difflib.get_close_matches(atom.column, [*REQUESTS, *sorted(fields)], n=1)
        hint = "`costopt inspect LOGS` lists the columns that a log has"
        return wrong(
            self._where.text,
            atom.at,
            f"no log has a column `{atom.column}`",
            f"did you mean `{near[0]}`?" if near else hint,
        )


def _column(requests: pl.DataFrame, name: str) -> pl.Series:
    """A column as the expressions find it; one that the log lacks is null, or a count of 0 (of requests: 1)."""
    if name in requests.columns:
        return requests[name].alias(COLUMN + name)
    value = int(name == "requests") if name in COUNTS else None
    dtype = REQUESTS.get(name, pl.String)
    return pl.Series(COLUMN + name, [value], dtype=dtype).new_from_index(0, requests.height)


def _with_numbers(found: tuple[Atom, ...]) -> Iterator[Atom]:
    """Those that compare a column of the log's own with a number."""
    for atom in found:
        if atom.column not in REQUESTS:
            match atom:
                case Comparison(value=Decimal()):
                    yield atom
                case Membership(values=values) if any(isinstance(value, Decimal) for value in values):
                    yield atom
