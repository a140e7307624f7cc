"""A learned router: for each prompt, how good the weak and the strong model's answers are likely to be.

It is plain data (a vocabulary with weights), is written as JSON and read again, and needs no scikit-learn to be applied.
"""

from dataclasses import dataclass
from typing import Final, Literal, Self

import polars as pl

from costopt.calculators.routing.features import categories, count_terms, looks, texts, weigh_terms
from costopt.models.result import Frozen

LOOK_WEIGHT: Final = 0.1
"""Of a standardised look, against rows of terms of length 1: how much the fit trusts it beforehand."""

CATEGORY_WEIGHT: Final = 0.7
"""The same of a category."""

_FARTHEST: Final = 4.0
"""Standard deviations beyond which a look counts no more: new traffic may be far from all that was learned."""

_DIGITS: Final = 9
"""Of a score, so that prompts that look the same to the router tie."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a router sees of a frame: `count_terms`, `looks`, `categories`, by row."""

    counts: pl.DataFrame
    looks: pl.DataFrame
    categories: pl.DataFrame

    def only(self, rows: pl.Series) -> Self:
        """Some of the rows, by number, numbered anew in the order given."""
        kept = rows.cast(pl.UInt32).alias("row").to_frame().with_row_index("new")
        counts, marks = (
            frame.join(kept, on="row", how="inner", maintain_order="right_left")
            .drop("row")
            .rename({"new": "row"})
            for frame in (self.counts, self.categories)
        )
        return type(self)(counts, self.looks[rows], marks)


def see(frame: pl.DataFrame, by: tuple[str, ...]) -> Seen:
    """What a router sees of prompts (`prompt`) and of their categories, the columns `by`."""
    text = texts(frame["prompt"])
    return Seen(count_terms(text), looks(text), categories(frame, by))


class Side(Frozen):
    """The weights of one model, in the order of the router's terms, looks and categories; their sum is a log-odds."""

    intercept: float
    terms: tuple[float, ...]
    looks: tuple[float, ...]
    categories: tuple[float, ...]


class Router(Frozen):
    """A fitted router.

    Attributes:
        version: Of this layout.
        by: Columns that it reads beside `prompt`, where there are any.
        terms: Words and word pairs that it knows.
        idf: How rare each of them is.
        looks: Names of the looks.
        means: Of the looks, where it was fitted.
        deviations: Their standard deviations.
        categories: Column and value of each category.
        weak: Weights for the quality of the weak model.
        strong: Weights for that of the strong one.
        models: The weak and the strong model that it was fitted to; null where labels did not say.
    """

    version: Literal[1] = 1
    by: tuple[str, ...]
    terms: tuple[str, ...]
    idf: tuple[float, ...]
    looks: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    categories: tuple[tuple[str, str], ...]
    weak: Side
    strong: Side
    models: tuple[str, str] | None = None

    def score(self, requests: pl.DataFrame) -> pl.Series:
        """By how much the strong model's answer is likely to be better: −1 to 1, higher for the strong model.

        Args:
            requests: `prompt`, and the columns `by`; one that is absent is unknown.
        """
        absent = [
            pl.lit(None, dtype=pl.String).alias(name) for name in self.by if name not in requests.columns
        ]
        return self.expect(see(requests.with_columns(absent), self.by))["score"]

    def expect(self, seen: Seen) -> pl.DataFrame:
        """The likely quality of both models, `weak` and `strong`, and the difference, `score`."""
        sides = {"weak": self.weak, "strong": self.strong}
        vocabulary = pl.DataFrame(
            {"term": self.terms, "idf": self.idf, **{name: side.terms for name, side in sides.items()}},
            schema={"term": pl.String, "idf": pl.Float64, "weak": pl.Float64, "strong": pl.Float64},
        )
        known = pl.DataFrame(
            {
                "column": [column for column, _ in self.categories],
                "value": [value for _, value in self.categories],
                **{name: side.categories for name, side in sides.items()},
            },
            schema={"column": pl.String, "value": pl.String, "weak": pl.Float64, "strong": pl.Float64},
        )
        by_term = _added(weigh_terms(seen.counts, vocabulary), pl.col("weight"), seen.looks.height)
        marks = seen.categories.join(known, on=["column", "value"], how="inner", maintain_order="left")
        by_category = _added(marks, pl.lit(CATEGORY_WEIGHT), seen.looks.height)
        standard = standardised(seen.looks, self.means, self.deviations)
        odds = {
            name: by_term[name]
            + by_category[name]
            + standard.select(_dot(self.looks, side.looks, side.intercept)).to_series()
            for name, side in sides.items()
        }
        chance = pl.DataFrame(odds).with_columns((1 / (1 + (-pl.all()).exp())).name.keep().round(_DIGITS))
        return chance.with_columns(score=(pl.col("strong") - pl.col("weak")).round(_DIGITS))


def standardised(
    table: pl.DataFrame, means: tuple[float, ...], deviations: tuple[float, ...]
) -> pl.DataFrame:
    """Looks as the fit weighs them: standardised, cut off far out, and times `LOOK_WEIGHT`."""
    scaled = (
        ((pl.col(name) - mean) / deviation).clip(-_FARTHEST, _FARTHEST) * LOOK_WEIGHT
        for name, mean, deviation in zip(table.columns, means, deviations, strict=True)
    )
    return table.select(scaled)


def _added(long: pl.DataFrame, weight: pl.Expr, height: int) -> pl.DataFrame:
    """Weighted sums of `weak` and `strong` for every row from 0, 0 where there is nothing."""
    sums = long.group_by("row", maintain_order=True).agg((pl.col("weak", "strong") * weight).sum())
    rows = pl.int_range(height, dtype=pl.UInt32, eager=True).alias("row").to_frame()
    return rows.join(sums, on="row", how="left", maintain_order="left").fill_null(0.0)


def _dot(names: tuple[str, ...], weights: tuple[float, ...], intercept: float) -> pl.Expr:
    total = pl.lit(intercept)
    for name, weight in zip(names, weights, strict=True):
        total = total + pl.col(name) * weight
    return total
