"""Which prompts are too much alike to be checked on each other: variants of one text, questions about one document.

A router that has learned from one of them knows the other, and would seem to know more than it does of new traffic.
"""

from typing import Final

import polars as pl

SHARED: Final = 4
"""Rare words that two prompts must share to be alike."""

MOST: Final = 0.4
"""They must be more than this share of the rare words of the prompt that has fewer."""

RARE: Final = 50
"""A word in more prompts than this is not rare; nor is one in more than a tenth of them."""


def group_alike(counts: pl.DataFrame, groups: pl.Series) -> pl.Series:
    """Groups, as numbers, joined wherever prompts of two of them are alike.

    Args:
        counts: `row`, `term`, as of `costopt.calculators.routing.features.count_terms`.
        groups: Of every row, what is known to belong together.
    """
    own = groups.rank("dense").cast(pl.Int64) - 1
    parents = list(range(own.n_unique()))
    for one, two in _alike(counts, min(RARE, len(groups) // 10)).iter_rows():
        first, second = _root(parents, own[one]), _root(parents, own[two])
        parents[max(first, second)] = min(first, second)
    roots = [_root(parents, number) for number in range(len(parents))]
    return own.replace_strict(range(len(roots)), roots, return_dtype=pl.Int64)


def _alike(counts: pl.DataFrame, most: int) -> pl.DataFrame:
    """Pairs of rows that are alike, the lower one first, in order."""
    words = counts.filter(~pl.col("term").str.contains(" ", literal=True)).select("row", "term")
    rare = words.filter(pl.len().over("term").is_between(2, most)).with_columns(rare=pl.len().over("row"))
    pairs = rare.join(rare, on="term").filter(pl.col("row") < pl.col("row_right"))
    shared = pairs.group_by("row", "row_right").agg(
        pl.len().alias("shared"),
        pl.min_horizontal(pl.col("rare").first(), pl.col("rare_right").first()).alias("fewer"),
    )
    close = shared.filter((pl.col("shared") >= SHARED) & (pl.col("shared") > MOST * pl.col("fewer")))
    return close.select("row", "row_right").sort("row", "row_right")


def _root(parents: list[int], number: int) -> int:
    """The first of those joined with it; the way there is halved for the next time."""
    while parents[number] != number:
        parents[number] = number = parents[parents[number]]
    return number
