"""Fits a router to labels, with scikit-learn; the only module that needs it.

Two logistic regressions, one of each model's quality, on TF-IDF of words and word pairs, looks of the text and
categories. Their difference ranks better than a regression of the gain itself, since a gain is likeliest where the weak
model's answer is in doubt. The settings below were chosen on one half of public data sets and are not tuned to a log:
labels that a router is checked with have had no other use.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from costopt.calculators.routing.features import weigh_terms
from costopt.calculators.routing.router import CATEGORY_WEIGHT, Router, Seen, Side, standardised
from costopt.errors import ConfigError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

C: Final = 1.0
"""Inverse strength of the penalty on weights."""

VOCABULARY: Final = 20_000
"""At most so many terms, those in most prompts."""

RARE: Final = 2
"""A term or category must be in so many prompts."""

_ROUNDS: Final = 1000


def need_sklearn() -> None:
    """Raises ConfigError where scikit-learn is not installed."""
    try:
        import sklearn  # type: ignore[import-untyped]  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "Learning a router needs scikit-learn", hint="pip install 'llm-costopt[learn]'"
        ) from error


def fit_router(seen: Seen, weak: pl.Series, strong: pl.Series, by: Sequence[str]) -> Router:
    """A router for prompts like those seen.

    Args:
        seen: The prompts, labelled or not: all give their words.
        weak: Quality, 0 to 1, of the weak model's answer to each; null where not known.
        strong: The same of the strong model.
        by: The category columns that were seen.
    """
    terms = _vocabulary(seen)
    known = _categories(seen)
    means = tuple(float(seen.looks[name].mean()) for name in seen.looks.columns)  # type: ignore[arg-type]
    deviations = tuple(float(seen.looks[name].std(ddof=0)) or 1.0 for name in seen.looks.columns)  # type: ignore[arg-type]
    matrix = _matrix(seen, terms, known, standardised(seen.looks, means, deviations))
    widths = (terms.height, len(means), known.height)
    return Router(
        by=tuple(by),
        terms=tuple(terms["term"]),
        idf=tuple(terms["idf"]),
        looks=tuple(seen.looks.columns),
        means=means,
        deviations=deviations,
        categories=tuple(known.select("column", "value").iter_rows()),
        weak=_side(matrix, weak, widths),
        strong=_side(matrix, strong, widths),
    )


def _vocabulary(seen: Seen) -> pl.DataFrame:
    """The terms known, with their smoothed inverse document frequency, as scikit-learn has it."""
    texts = seen.looks.height
    found = seen.counts.group_by("term").agg(pl.len().alias("texts")).filter(pl.col("texts") >= RARE)
    most = found.sort("texts", "term", descending=[True, False]).head(VOCABULARY).sort("term")
    return most.select("term", idf=((1 + texts) / (1 + pl.col("texts"))).log() + 1)


def _categories(seen: Seen) -> pl.DataFrame:
    found = seen.categories.group_by("column", "value").agg(pl.len().alias("texts"))
    return found.filter(pl.col("texts") >= RARE).sort("column", "value").select("column", "value")


def _matrix(seen: Seen, terms: pl.DataFrame, known: pl.DataFrame, standard: pl.DataFrame) -> "csr_matrix":
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - an extra

    height = seen.looks.height
    weighed = weigh_terms(seen.counts, terms.with_row_index("place"))
    marks = seen.categories.join(
        known.with_row_index("place"), on=["column", "value"], how="inner", maintain_order="left"
    ).with_columns(weight=pl.lit(CATEGORY_WEIGHT))
    blocks = [
        csr_matrix(
            (long["weight"].to_numpy(), (long["row"].to_numpy(), long["place"].to_numpy())),
            shape=(height, width),
        )
        for long, width in ((weighed, terms.height), (marks, known.height))
    ]
    return hstack([blocks[0], csr_matrix(standard.to_numpy()), blocks[1]]).tocsr()


def _side(matrix: "csr_matrix", quality: pl.Series, widths: tuple[int, int, int]) -> Side:
    """Weights of one model; where its quality is all the same, nothing but that."""
    weights, intercept = _logistic(matrix, quality)
    terms, looks, _ = widths
    return Side(
        intercept=intercept,
        terms=tuple(weights[:terms]),
        looks=tuple(weights[terms : terms + looks]),
        categories=tuple(weights[terms + looks :]),
    )


def _logistic(matrix: "csr_matrix", quality: pl.Series) -> tuple[list[float], float]:
    """A quality between 0 and 1 is a part of a success and the rest of a failure."""
    import numpy as np  # noqa: PLC0415 - an extra
    from scipy.sparse import vstack  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # noqa: PLC0415

    labelled = quality.is_not_null().arg_true()
    share = quality.drop_nulls().to_numpy()
    if not share.size or share.min() == share.max():
        value = float(np.clip(share.mean() if share.size else 0.5, 0.001, 0.999))
        return [0.0] * matrix.shape[1], float(np.log(value / (1 - value)))
    rows = matrix[labelled.to_numpy()]
    good, bad = share > 0, share < 1
    model: Any = LogisticRegression(C=C, max_iter=_ROUNDS)
    model.fit(
        vstack([rows[good], rows[bad]]),
        np.r_[np.ones(good.sum()), np.zeros(bad.sum())],
        sample_weight=np.r_[share[good], 1 - share[bad]],
    )
    return [float(weight) for weight in model.coef_[0]], float(model.intercept_[0])
