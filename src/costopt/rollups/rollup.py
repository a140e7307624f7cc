"""What a rollup is, and how it is built from a frame and merged with others."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

_ABSENT: Final = {"requests": 1}
"""What a column is that a frame lacks, where it is not null."""

_CODED: Final = (pl.Categorical, pl.Null)
_NO_KEY: Final = "\x1enone"
"""The key of rows that are grouped by nothing."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """A declaration: sums over groups.

    Attributes:
        name: What its owner calls it.
        keys: The columns to group by; one the frame lacks is null.
        computed: Further keys as expressions, by name, with the columns they need.
        sums: Whole numbers that only this rollup adds up, as `Int128`. One that is null adds nothing; nor does one
            that is made of a column, other than `requests`, which the log lacks.
    """

    name: str
    keys: tuple[str, ...]
    computed: tuple["Key", ...] = ()
    sums: tuple["Key", ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all keys."""
        return (*self.keys, *(key.name for key in self.computed))

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that keys and sums are made of."""
        made = (*self.computed, *self.sums)
        return tuple(dict.fromkeys((*self.keys, *(name for each in made for name in each.reads))))


@dataclass(frozen=True, slots=True)
class Key:
    """What is computed of a request; of the columns that it reads, those a log lacks are null, and requests are 1.

    Attributes:
        name: What it is called.
        value: Its expression.
        reads: The columns that it reads.
        without: A column, and an expression that says the same with less work where a log lacks it.
    """

    name: str
    value: pl.Expr = field(compare=False)
    reads: tuple[str, ...]
    without: tuple[str, pl.Expr] | None = field(default=None, compare=False)

    def value_of(self, present: Sequence[str]) -> pl.Expr:
        """Its expression for a frame with these columns."""
        if self.without is None or self.without[0] in present:
            return self.value
        return self.without[1]


@dataclass(frozen=True, slots=True)
class Measure:
    """A sum: the column, its total's type, and what a frame without that column counts per row."""

    column: str
    dtype: pl.DataType | type[pl.DataType]
    absent: int = 0


def build(frame: pl.DataFrame, rollups: Sequence[Rollup], measures: Sequence[Measure]) -> list[pl.DataFrame]:
    """Every rollup of the frame, in one pass over it."""
    sums = [_sum(measure, frame.columns) for measure in measures]
    read = {name for rollup in rollups for made in (*rollup.computed, *rollup.sums) for name in made.reads}
    lacking = sorted(read - {*frame.columns})
    lazy = frame.lazy().with_columns(pl.lit(_ABSENT.get(name)).alias(name) for name in lacking)
    return pl.collect_all([_grouped(lazy, rollup, sums, frame.columns) for rollup in rollups])


def _grouped(
    frame: pl.LazyFrame, rollup: Rollup, sums: Sequence[pl.Expr], present: Sequence[str]
) -> pl.LazyFrame:
    """One rollup; what is the same for all rows is no key to group by, as each key takes time, but added afterwards."""
    constant = [*_absent(rollup, present)]
    named = {each.meta.output_name() for each in constant}
    keys = [pl.col(name) for name in rollup.keys if name not in named]
    keys += [key.value_of(present).alias(key.name) for key in rollup.computed if key.name not in named]
    own = [_own_sum(made, present) for made in rollup.sums]
    groups = frame.group_by(keys or [pl.lit(0).alias(_NO_KEY)]).agg(*sums, *own)
    return groups.with_columns(constant).select(*rollup.columns, pl.exclude(*rollup.columns, _NO_KEY))


def _absent(rollup: Rollup, present: Sequence[str]) -> Iterator[pl.Expr]:
    """The keys of columns that the frame lacks, and what is computed of nothing but such columns."""
    yield from (pl.lit(None, dtype=pl.String).alias(name) for name in rollup.keys if name not in present)
    for key in rollup.computed:
        if not {*key.reads} & {*present}:
            made = pl.DataFrame({name: [None] for name in key.reads}).select(key.value).to_series()
            yield pl.lit(made.first(), dtype=made.dtype).alias(key.name)


def _sum(measure: Measure, present: Sequence[str]) -> pl.Expr:
    if measure.column in present:
        return pl.col(measure.column).sum().cast(measure.dtype)
    constant = pl.lit(measure.absent, dtype=pl.Int64)
    return (pl.len().cast(pl.Int64) * constant).cast(measure.dtype).alias(measure.column)


def _own_sum(made: Key, present: Sequence[str]) -> pl.Expr:
    lacking = {*made.value.meta.root_names()} - {*present, "requests"}
    value = pl.lit(0, dtype=pl.Int128) if lacking else made.value.cast(pl.Int128).sum()
    return value.alias(made.name)


def merge(parts: Iterable[pl.DataFrame], rollup: Rollup, measures: Sequence[Measure]) -> pl.DataFrame:
    """One table of all parts, at least one: groups of the same key added up, in the order of the keys."""
    frames = [_plain(part, rollup) for part in parts]
    keys = list(rollup.columns)
    totals = [pl.col(name).sum() for name in (*(m.column for m in measures), *(s.name for s in rollup.sums))]
    whole = pl.concat(frames, how="vertical_relaxed").group_by(keys).agg(totals)
    return whole.sort(keys, nulls_last=True)


def _plain(part: pl.DataFrame, rollup: Rollup) -> pl.DataFrame:
    texts = [
        name
        for name in rollup.columns
        if isinstance(part.schema[name], pl.Enum) or (name in rollup.keys and part.schema[name] in _CODED)
    ]
    return part.with_columns(pl.col(texts).cast(pl.String))
