"""Counts of which one may be a part of another: what formats, their exporters and their versions disagree on."""

import polars as pl

_NOTHING = pl.lit(0, dtype=pl.Int64)


def total(*parts: pl.Expr) -> pl.Expr:
    """The sum of counts, of which one that is not there is 0."""
    return pl.sum_horizontal(_NOTHING, *(each.fill_null(0) for each in parts))


def largest(*same: pl.Expr) -> pl.Expr:
    """One count that is told in several places, in some of them perhaps as 0."""
    return pl.max_horizontal(*same)


def enclosing(whole: pl.Expr, *parts: pl.Expr) -> pl.Expr:
    """The whole; where its parts do not fit into it they stand beside it, and it is all of them together."""
    beside = total(*parts)
    return pl.when(beside > whole).then(whole + beside).otherwise(whole)


def at_most(part: pl.Expr, room: pl.Expr) -> pl.Expr:
    """A part, no larger than the room there is: audio that was cached as well is told once, as cached."""
    return pl.when(part > room).then(room.clip(0)).otherwise(part)
