"""Reads to canonical columns: the expressions of a format, record by record."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from costopt.intake.conforming import SHOWN, as_read, goes_beyond, is_said
from costopt.intake.formats.format import Derivation
from costopt.intake.formats.reads import held_before, read_of
from costopt.intake.shaping import LINE

_KINDS = {"count": "a whole number from 0 on", "usd": "a number", "measure": "a number", "time": "a time"}


@dataclass(frozen=True, slots=True)
class Derived:
    """The requests among some records.

    Attributes:
        frame: The wanted canonical columns, typed.
        lines: For each request, the line it stands in.
        reasons: By line, why a record in it is no request although it should be one.
        others: How many records are none by their format: messages, tool calls, totals of others.
        last: The carried values after the last record.
    """

    frame: pl.DataFrame
    lines: pl.Series
    reasons: Mapping[int, str]
    others: int
    last: pl.DataFrame | None


def derive(
    reads: pl.DataFrame, derivation: Derivation, columns: Mapping[str, pl.Expr], last: pl.DataFrame | None
) -> Derived:
    """The canonical columns of the records that are requests.

    Args:
        reads: The reads of each record, as found, and `LINE`.
        derivation: Says which records are requests, and what is carried.
        columns: The wanted canonical columns.
        last: The carried values after the records before these.
    """
    records, last = _carried(reads, derivation, last)
    frame = records.with_columns(as_read(records[name]) for name in records.columns if read_of(name))
    kept = records
    if derivation.keep is not None:
        mask = _made(frame, {"kept": derivation.keep.fill_null(value=False)}, derivation).to_series()
        if not mask.all():
            kept, frame = records.filter(mask), frame.filter(mask)
    broken = dict(each for name in kept.columns for each in _broken(kept[name], frame[name]))
    reasons = _worded(kept, broken)
    if reasons:
        good = ~pl.select(pl.any_horizontal(*broken.values())).to_series()
        frame = frame.filter(good)
    derived = _made(frame, columns, derivation)
    return Derived(derived, frame[LINE], reasons, records.height - kept.height, last)


def _evaluated(records: pl.DataFrame, expression: pl.Expr) -> pl.Series:
    """An expression over reads, each as what it is, and carried values."""
    roots = [records[name] for name in dict.fromkeys(expression.meta.root_names())]
    typed = pl.DataFrame([as_read(root) if read_of(root.name) else root for root in roots])
    return typed.select(expression).to_series()


def _made(frame: pl.DataFrame, columns: Mapping[str, pl.Expr], derivation: Derivation) -> pl.DataFrame:
    """Expressions over typed reads; what they have in common is worked out once, which an eager select would not do."""
    made = frame.lazy()
    for name, expression in derivation.shared_in(columns.values()).items():
        made = made.with_columns(expression.alias(name))
    made = made.with_columns(expression.alias(name) for name, expression in columns.items())
    return made.select(list(columns)).collect()


# What holds until something else is said


def _carried(
    reads: pl.DataFrame, derivation: Derivation, last: pl.DataFrame | None
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The records with what holds for each, and with what held before it; and what holds after the last."""
    records = reads
    ends: list[pl.Series] = []
    for each in derivation.carried:
        name = each.meta.output_name()
        told = records[name] if read_of(name) else _evaluated(records, each)
        start = told.clear(1) if last is None else last[name]
        both = pl.concat([start.to_frame(), told.to_frame()], how="vertical_relaxed")
        filled = both.select(pl.all().forward_fill()).to_series()
        records = records.with_columns(filled.tail(-1), filled.head(-1).alias(held_before(name)))
        ends.append(filled.tail(1))
    return records, pl.DataFrame(ends) if ends else None


# What cannot be read


def _broken(raw: pl.Series, reading: pl.Series) -> list[tuple[str, pl.Series]]:
    """Why values cannot be read as they should, if there are any, and which."""
    read = read_of(raw.name)
    if read is None or read.role not in _KINDS:
        return []
    is_whole = reading.null_count() == raw.null_count()
    if is_whole and not (read.role == "count" and goes_beyond(reading)):
        return []
    mask = is_said(raw) & reading.is_null()
    if read.role == "count":
        mask |= (reading < 0).fill_null(value=False)
    return [(raw.name, mask)] if mask.any() else []


def _worded(records: pl.DataFrame, broken: Mapping[str, pl.Series]) -> dict[int, str]:
    """By line, the first thing that is wrong with it."""
    reasons: dict[int, str] = {}
    for name, mask in broken.items():
        read = read_of(name)
        assert read is not None  # noqa: S101 - only reads are looked at
        for line, value in zip(records[LINE].filter(mask), records[name].filter(mask), strict=True):
            reasons.setdefault(line, f"{read.shown} `{str(value)[:SHOWN]}` is not {_KINDS[read.role]}")
    return dict(sorted(reasons.items()))
