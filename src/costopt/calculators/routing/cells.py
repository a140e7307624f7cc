"""What a log has seen: the sums of `moments`, by segment and model, as plain numbers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import polars as pl

from costopt.calculators.routing.intervals import Mean
from costopt.calculators.routing.moments import MICRO

Segment = tuple[str | None, ...]
"""The values of the segment's columns; null where the log does not say."""

Target = Mapping[Segment, Mapping[str, float]]
"""Where the requests of a segment would go: models, and their shares, which add up to 1.

A segment that is not named stays as it is logged.
"""

NO_MODEL: Final = "(none)"
"""The model of requests of which the log names none."""

_ENOUGH: Final = 30
"""Scores from which a segment's own spread is believed."""


class Cell(NamedTuple):
    """Sums over requests, as `moments.SUMS` explains them, in ones."""

    requests: float = 0
    failed: float = 0
    scored: float = 0
    quality_sum: float = 0
    quality_squares: float = 0
    known: float = 0
    wrong: float = 0
    inverse_sum: float = 0
    inverse_squares: float = 0
    both: float = 0
    weight_sum: float = 0
    weight_squares: float = 0
    weighted_sum: float = 0
    weighted_cross: float = 0
    weighted_squares: float = 0
    weighted_product: float = 0

    @property
    def quality(self) -> float:
        """The mean score; there must be one."""
        return self.quality_sum / self.scored

    @property
    def spread(self) -> float:
        """The sum of squared deviations from the mean score."""
        return max(0.0, self.quality_squares - self.quality_sum**2 / self.scored) if self.scored else 0.0

    @property
    def widest(self) -> float:
        """What `spread` would be, were all scores right or wrong."""
        return self.quality_sum * (1 - self.quality) if self.scored else 0.0


def added(cells: Iterable[Cell]) -> Cell:
    """The sums of all."""
    return Cell(*(math.fsum(column) for column in zip(*cells, strict=True)))


NOTHING: Final = Cell()


@dataclass(frozen=True)
class Seen:
    """What was seen of every segment and model.

    Attributes:
        halves: By segment and model, the sums of the one half of the requests and of the other.
    """

    halves: Mapping[Segment, Mapping[str, tuple[Cell, Cell]]]

    @cached_property
    def cells(self) -> dict[Segment, dict[str, Cell]]:
        """The sums of both halves."""
        return {
            segment: {model: added(pair) for model, pair in models.items()}
            for segment, models in self.halves.items()
        }

    @cached_property
    def requests(self) -> dict[Segment, float]:
        """How many requests every segment has."""
        return {
            segment: math.fsum(cell.requests for cell in models.values())
            for segment, models in self.cells.items()
        }

    @cached_property
    def total(self) -> Cell:
        """The sums of everything."""
        return added(cell for models in self.cells.values() for cell in models.values())

    @cached_property
    def evenness(self) -> dict[Segment, float]:
        """How far the scores of a segment spread, against right-or-wrong ones of the same means: 1 where they are such."""
        whole = [cell for models in self.cells.values() for cell in models.values()]
        common = _evenness(whole, otherwise=1.0)
        return {segment: _evenness([*models.values()], common) for segment, models in self.cells.items()}

    def cell(self, segment: Segment, model: str) -> Cell:
        """The sums of one model in one segment; zeros where it was never used there."""
        return self.cells[segment].get(model, NOTHING)

    def mean(self, segment: Segment, model: str) -> Mean:
        """The mean score of one model in one segment; there must be a score."""
        cell = self.cell(segment, model)
        return Mean(cell.quality, cell.scored / self.evenness[segment])

    def shares(self, segment: Segment) -> dict[str, float]:
        """Where the segment's requests went."""
        whole = self.requests[segment]
        return {model: cell.requests / whole for model, cell in self.cells[segment].items()}

    def only(self, segments: Iterable[Segment]) -> "Seen":
        """The same of some segments."""
        return Seen({segment: self.halves[segment] for segment in segments})


def _evenness(cells: Sequence[Cell], otherwise: float) -> float:
    free = math.fsum(cell.scored - 1 for cell in cells if cell.scored > 1)
    widest = math.fsum(cell.widest for cell in cells)
    if free < _ENOUGH or not widest:
        return otherwise
    return min(1.0, max(_LEAST, math.fsum(cell.spread for cell in cells) / widest))


_LEAST: Final = 0.001
_SQUARED: Final = frozenset(
    (
        "quality_squares",
        "inverse_squares",
        "weight_squares",
        "weighted_cross",
        "weighted_squares",
        "weighted_product",
    )
)
_PLAIN: Final = frozenset(("requests", "failed", "scored", "known", "wrong", "both"))


def seen(rollup: pl.DataFrame, by: Sequence[str]) -> Seen:
    """Reads a rollup.

    Args:
        rollup: With the columns `by`, `model`, `requests` and those of `moments.SUMS`; one that is absent counts 0.
            With `half`, too, estimates are cross-fitted and floors can be verified. Further keys are added up.
        by: The columns that make a segment.
    """
    present = [name for name in Cell._fields if name in rollup.columns]
    keys = [*by, "model"]
    half = pl.col("half") if "half" in rollup.columns else pl.lit(0)
    table = (
        rollup.with_columns(pl.col(keys).cast(pl.String), half=half.cast(pl.Int8))
        .with_columns(pl.col("model").fill_null(NO_MODEL))
        .group_by([*keys, "half"])
        .agg(pl.col(present).sum())
        .filter(pl.col("requests") > 0)
        .sort([*keys, "half"], nulls_last=True)
    )
    found: dict[Segment, dict[str, list[Cell]]] = {}
    units = [_unit(name) for name in present]
    for row in table.iter_rows():
        *segment, model, side = row[: len(keys) + 1]
        sums = zip(present, units, row[len(keys) + 1 :], strict=True)
        pair = found.setdefault(tuple(segment), {}).setdefault(model, [NOTHING, NOTHING])
        pair[side] = Cell(**{name: value / unit for name, unit, value in sums})
    return Seen(
        {key: {model: (one, other) for model, (one, other) in cells.items()} for key, cells in found.items()}
    )


def _unit(name: str) -> int:
    if name in _PLAIN:
        return 1
    return MICRO * MICRO if name in _SQUARED else MICRO


def everything_to(model: str, segments: Iterable[Segment]) -> Target:
    """The target that sends all requests of some segments to one model."""
    return {segment: {model: 1.0} for segment in segments}
