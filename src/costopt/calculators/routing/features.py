"""What the learned router sees of a prompt: its words and word pairs, its looks, and its categories.

All of it is Polars, so that a router is fitted and applied by the same code, and applied without scikit-learn.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from costopt.calculators.routing.complexity import RULE, asked

HEAD: Final = 4000
"""Characters at the start of a text that are read."""

TAIL: Final = 1000
"""Characters at the end of a longer text that are read as well: the question often stands there."""

_SIGNS: Final = {sign.meaning: sign.test for sign in RULE if sign.source == "prompt"}

_WORD: Final = r"\w\w+"


def texts(prompts: pl.Series) -> pl.Series:
    """What is read of each prompt; empty where there is none."""
    text = asked(pl.col("text"))
    ends = pl.concat_str(text.str.head(HEAD), text.str.slice(HEAD).str.tail(TAIL), separator=" ")
    both = pl.when(text.str.len_chars() > HEAD).then(ends).otherwise(text)
    return prompts.alias("text").to_frame().select(both.fill_null("")).to_series()


def count_terms(text: pl.Series) -> pl.DataFrame:
    """How often each word and each pair of neighbouring words is in each text: `row`, `term`, `count`."""
    words = (
        text.alias("term")
        .to_frame()
        .with_row_index("row")
        .with_columns(pl.col("term").str.to_lowercase().str.extract_all(_WORD))
        .explode("term", empty_as_null=False)
    )
    following = pl.when(pl.col("row") == pl.col("row").shift(-1)).then(pl.col("term").shift(-1))
    pairs = words.with_columns(term=pl.col("term") + " " + following).drop_nulls("term")
    return pl.concat([words, pairs]).group_by("row", "term").agg(pl.len().alias("count")).sort("row", "term")


def weigh_terms(counts: pl.DataFrame, idf: pl.DataFrame) -> pl.DataFrame:
    """TF-IDF of the terms that are in `idf` (`term`, `idf`): 1 + ln(count) times idf, every row of length 1.

    Further columns of `idf` are kept; `weight` is added.
    """
    weight = (1 + pl.col("count").cast(pl.Float64).log()) * pl.col("idf")
    known = counts.join(idf, on="term", how="inner", maintain_order="left").with_columns(weight=weight)
    return known.with_columns(pl.col("weight") / (pl.col("weight") ** 2).sum().sqrt().over("row"))


def looks(text: pl.Series) -> pl.DataFrame:
    """Measures of each text, one column each; none is null."""
    body = pl.col("text")
    chars = body.str.len_chars().cast(pl.Float64)
    words = body.str.count_matches(r"\S+").cast(pl.Float64)
    counted = {
        "lines": r"\n",
        "digits": r"\d",
        "numbers": r"\d+(?:\.\d+)?",
        "questions": r"\?",
        "choices": r"\n ?\(?[A-E][.):]",
        "negations": r"(?i)(?-u:\b)(?:not|except|never|without)(?-u:\b)",
        "quantities": r"(?i)(?-u:\b)(?:how (?:many|much|long|far|old)|percent|total|average|each)(?-u:\b)",
    }
    shares = {"capitals": r"[A-Z]", "symbols": r"[{}()\[\]<>=+*/\\^_$]", "foreign": r"[^\x00-\x7f]"}
    return (
        text.alias("text")
        .to_frame()
        .select(
            chars.log1p().alias("chars"),
            words.log1p().alias("words"),
            (chars / words.clip(lower_bound=1)).clip(upper_bound=20).alias("word length"),
            *(_times(regex).log1p().alias(name) for name, regex in counted.items()),
            *((_times(regex) / chars.clip(lower_bound=1)).alias(name) for name, regex in shares.items()),
            *(body.str.contains(str(test)).cast(pl.Float64).alias(name) for name, test in _SIGNS.items()),
        )
    )


def _times(regex: str) -> pl.Expr:
    return pl.col("text").str.count_matches(regex).cast(pl.Float64)


def categories(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The categories of every row: `row`, `column`, `value`, one line for each that is known."""
    none = pl.DataFrame(schema={"row": pl.UInt32, "column": pl.String, "value": pl.String})
    rows = frame.with_row_index("row")
    parts = (
        rows.select("row", pl.lit(name).alias("column"), pl.col(name).cast(pl.String).alias("value"))
        for name in by
    )
    return pl.concat([none, *parts]).drop_nulls("value").sort("row", "column")
