"""Requests kept whole while a log is read: what cannot be added up, such as prompts and which of them came twice.

Of many, those are kept whose prompt has the smallest hash: by chance, but always the same ones, whatever the order or
the partitions; and all requests of a prompt stay together. Of a prompt that a model served over and over, some requests
are kept, by chance too: else a prompt that a monitor sends every minute would fill the memory.
"""

from collections.abc import Sequence
from functools import reduce
from operator import xor
from typing import Final

import polars as pl

from costopt.calculators.routing.cells import Segment
from costopt.calculators.routing.complexity import complexity_key
from costopt.calculators.routing.pairs import COLUMNS, Pairs, read_pairs
from costopt.calculators.routing.tokens import PairSums
from costopt.calculators.routing.traffic import COMPLEXITY, Shadows, named_by
from costopt.models.schema import REQUESTS
from costopt.pricing.catalog import Catalog

MOST: Final = 200_000
"""Different prompts that are kept."""

MOST_OF_ONE: Final = 8
"""Requests of one prompt to one model that are kept."""

READS: Final = ("prompt_hash", "quality", "propensity", "session", "request_type", "attempt")
"""Further columns that a sample needs."""

_FIGURES: Final = ("quality", "input_tokens", "output_tokens")
_OWN: Final = ("provider", "model", "status", "attempt", *_FIGURES, "propensity", "session")
_READ: Final = ("request_id", "timestamp", "requests", "prompt_hash", "prompt")
_KEY: Final = "\x1eprompt"
_ORDER: Final = "\x1edrawn"
"""Names that no log has."""

_DRAWN: Final = ("request_id", "timestamp", "input_tokens", "output_tokens")
"""What tells requests of a prompt apart, so that chance may choose among them."""


class Sample:
    """Requests of some prompts. State: those so far, and the largest key that is still kept."""

    def __init__(
        self, columns: Sequence[str], *, with_prompt: bool, reads_prompt: bool = True, most: int = MOST
    ) -> None:
        """Begin without any.

        Args:
            columns: That make a segment.
            with_prompt: Whether to keep the prompts themselves.
            reads_prompt: Whether complexity may be read from prompts, as for the rollups.
            most: How many different prompts to keep.
        """
        texts = (name for name in columns if name != COMPLEXITY)
        self._level = complexity_key(with_prompt=reads_prompt)
        self._read = {*texts, *_OWN, *_READ, *self._level.reads}
        kept = (_KEY, _ORDER, *columns, *_OWN, *(["prompt"] if with_prompt else []))
        self._kept = list(dict.fromkeys(kept))
        self._most = most
        self._parts: list[pl.DataFrame] = []
        self._fresh = 0
        self._limit: int | None = None
        self.add(pl.DataFrame(schema=REQUESTS))  # no requests: it gives every column its type

    def add(self, requests: pl.DataFrame) -> None:
        """Take the requests of a partition that have a prompt, or its hash."""
        lacking = sorted(self._read - {*requests.columns})
        told = requests.with_columns(pl.lit(None, dtype=REQUESTS.get(n, pl.String)).alias(n) for n in lacking)
        text = pl.coalesce(pl.col("prompt_hash", "prompt").cast(pl.String))
        drawn = reduce(xor, (pl.col(name).hash(seed=seed) for seed, name in enumerate(_DRAWN, 22)))
        keyed = told.filter(text.is_not_null() & (pl.col("requests").fill_null(1) == 1)).with_columns(
            text.hash(seed=21).alias(_KEY), drawn.alias(_ORDER), self._level.value.alias(COMPLEXITY)
        )
        if self._limit is not None:
            keyed = keyed.filter(pl.col(_KEY) <= self._limit)
        part = keyed.select(self._kept).with_columns(pl.col(pl.Categorical).cast(pl.String))
        self._parts.append(part)
        self._fresh += part.height
        if self._fresh > 2 * self._most:
            self._shrink()

    def _shrink(self) -> None:
        whole = pl.concat(self._parts, how="vertical_relaxed")
        keys = whole[_KEY].unique().sort()
        if keys.len() > self._most:
            self._limit = int(keys[self._most - 1])
            whole = whole.filter(pl.col(_KEY) <= self._limit)
        order = [_KEY, _ORDER, *(name for name in self._kept if name not in {_KEY, _ORDER, "prompt"})]
        place = pl.int_range(pl.len()).over(_KEY, "provider", "model")
        self._parts = [whole.sort(order, nulls_last=True).filter(place < MOST_OF_ONE)]
        self._fresh = 0

    @property
    def is_empty(self) -> bool:
        """Whether no request had a prompt."""
        return not any(part.height for part in self._parts)

    def requests(self, catalog: Catalog) -> pl.DataFrame:
        """All that is kept, in an order that depends on chance but not on the log's.

        `model` goes by the catalog's name; a provider that the log does not name is filled in.
        """
        self._shrink()
        (whole,) = self._parts
        raw = whole.select("provider", "model")
        names = {pair: named_by(catalog, *pair) for pair in raw.unique().iter_rows()}
        named = [names[pair] for pair in raw.iter_rows()]
        schema = {"provider": pl.String, "model": pl.String}
        return whole.with_columns(pl.DataFrame(named, schema=schema, orient="row")).drop(_ORDER)


def shadow_pairs(requests: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Prompts that two models served, each with each: once in both directions.

    Requests that failed are no answers. Later attempts were made because of what the first ones answered: their prompts
    are not like the others, so that they are no shadows.

    Args:
        requests: Those of a sample.
        columns: That make a segment.

    Returns:
        The columns of the segment, `model_a`, `model_b`, and of both their quality and tokens.
    """
    answered = pl.col("status").ne_missing("error") & (pl.col("attempt").fill_null(1) <= 1)
    first = requests.filter(answered).unique([_KEY, "model"], keep="first", maintain_order=True)
    several = first.filter(pl.len().over(_KEY) > 1)
    left = several.select(
        _KEY, *columns, pl.col("model").alias("model_a"), *(pl.col(n).alias(f"{n}_a") for n in _FIGURES)
    )
    right = several.select(
        _KEY, pl.col("model").alias("model_b"), *(pl.col(n).alias(f"{n}_b") for n in _FIGURES)
    )
    both = left.join(right, on=_KEY, how="inner", maintain_order="left_right")
    return both.filter(pl.col("model_a") != pl.col("model_b")).drop(_KEY)


def qualities_of(pairs: pl.DataFrame, columns: tuple[str, ...]) -> Pairs | None:
    """What the pairs show of quality; None where none has both scores."""
    scored = pairs.drop_nulls(["quality_a", "quality_b"])
    return read_pairs(scored.select(*columns, *COLUMNS), columns) if scored.height else None


def tokens_of(pairs: pl.DataFrame, columns: tuple[str, ...]) -> Shadows:
    """What the pairs show of tokens."""
    keys = [*columns, "model_a", "model_b"]
    sums = [
        expression.alias(f"{kind}_{name}")
        for kind in ("input", "output")
        for name, expression in _pair_sums(pl.col(f"{kind}_tokens_a"), pl.col(f"{kind}_tokens_b"))
    ]
    told = pairs.drop_nulls(["input_tokens_a", "input_tokens_b", "output_tokens_a", "output_tokens_b"])
    table = told.group_by(keys).agg(pl.len().alias("pairs"), *sums).sort(keys, nulls_last=True)
    found: dict[tuple[Segment, str, str], tuple[PairSums, PairSums]] = {}
    width = len(columns)
    for row in table.iter_rows():
        count, *figures = row[width + 2 :]
        found[row[:width], row[width], row[width + 1]] = (
            PairSums(count, *figures[:5]),
            PairSums(count, *figures[5:]),
        )
    return found


def _pair_sums(source: pl.Expr, target: pl.Expr) -> list[tuple[str, pl.Expr]]:
    first, second = source.cast(pl.Int128), target.cast(pl.Int128)
    return [
        ("source", first.sum()),
        ("target", second.sum()),
        ("source_squares", (first * first).sum()),
        ("target_squares", (second * second).sum()),
        ("products", (first * second).sum()),
    ]
