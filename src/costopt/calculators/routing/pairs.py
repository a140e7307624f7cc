"""Shadow pairs: requests that were answered by the model that served them and, unseen by the user, by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from costopt.calculators.routing.cells import NO_MODEL, NOTHING, Cell, Seen, Segment, added
from costopt.calculators.routing.intervals import Mean
from costopt.calculators.routing.moments import MICRO

COLUMNS: Final = ("model_a", "quality_a", "model_b", "quality_b")
"""Of a frame of pairs, beside the segment's: what served the request and what was tried beside it, scores 0 to 1."""


@dataclass(frozen=True)
class Pairs:
    """What pairs have shown, by segment and serving model, of the model tried beside it.

    Attributes:
        served: The scores of the serving model.
        tried: The scores of the other.
        change: (1 + score of the other − score of the serving one) / 2.
    """

    served: Seen
    tried: Seen
    change: Seen

    def count(self, segment: Segment, served: str, tried: str) -> float:
        """How many pairs there are."""
        cells = self.tried.cells.get((*segment, served), {})
        return cells.get(tried, NOTHING).scored

    def own(self, segment: Segment, served: str) -> tuple[Mean, float] | None:
        """The mean score of a serving model over all of its pairs, and how many; None if it has none."""
        cells = self.served.cells.get((*segment, served))
        if cells is None:
            return None
        total = added(cells.values())
        return Mean(total.quality, total.scored), total.scored

    def quality(self, segment: Segment, served: str, tried: str) -> Mean:
        """The mean score of the model tried beside another; there must be a pair."""
        return self.tried.mean((*segment, served), tried)

    def difference(self, segment: Segment, served: str, tried: str) -> Mean:
        """Half of one more than the mean difference; there must be a pair."""
        return self.change.mean((*segment, served), tried)


def read_pairs(frame: pl.DataFrame, by: Sequence[str]) -> Pairs:
    """Reads pairs.

    Args:
        frame: The columns `by` and `COLUMNS`; pairs without both scores from 0 to 1 are left out.
        by: The columns that make a segment.
    """
    scores = frame.filter(pl.col("quality_a").is_between(0, 1) & pl.col("quality_b").is_between(0, 1))
    served, tried = pl.col("quality_a").cast(pl.Float64), pl.col("quality_b").cast(pl.Float64)
    keys = [*by, "model_a"]
    return Pairs(
        _summed(scores, keys, served),
        _summed(scores, keys, tried),
        _summed(scores, keys, (1 + tried - served) / 2),
    )


def _summed(frame: pl.DataFrame, keys: Sequence[str], value: pl.Expr) -> Seen:
    micro = (value * MICRO).round().cast(pl.Int128)
    sums = (
        frame.with_columns(pl.col([*keys, "model_b"]).cast(pl.String))
        .with_columns(pl.col("model_a", "model_b").fill_null(NO_MODEL))
        .group_by([*keys, "model_b"])
        .agg(pl.len().alias("count"), micro.sum().alias("sum"), (micro * micro).sum().alias("squares"))
        .sort([*keys, "model_b"], nulls_last=True)
    )
    found: dict[Segment, dict[str, tuple[Cell, Cell]]] = {}
    for *key, tried, count, total, squares in sums.iter_rows():
        cell = Cell(
            requests=count, scored=count, quality_sum=total / MICRO, quality_squares=squares / MICRO / MICRO
        )
        found.setdefault(tuple(key), {})[tried] = (cell, NOTHING)
    return Seen(found)
