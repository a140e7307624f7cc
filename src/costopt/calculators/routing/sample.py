"""Requests kept whole while a log is read: what cannot be added up, such as prompts and which of them came twice.

Of many, those are kept whose prompt has the smallest hash: by chance, but always the same ones, whatever the order or
the partitions; and all requests of a prompt stay together.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from costopt.calculators.routing.cells import Segment
from costopt.calculators.routing.complexity import complexity_key
from costopt.calculators.routing.pairs import COLUMNS, Pairs, read_pairs
from costopt.calculators.routing.tokens import PairSums
from costopt.calculators.routing.traffic import COMPLEXITY, Shadows
from costopt.models.schema import REQUESTS
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve

MOST: Final = 200_000
"""Different prompts that are kept."""

READS: Final = ("prompt_hash", "quality", "propensity", "session", "request_type")
"""Further columns that a sample needs."""

_KEY: Final = "prompt_key"


class Sample:
    """Requests of some prompts. State: those so far, and the largest key that is still kept."""

    def __init__(self, columns: Sequence[str], *, with_prompt: bool, most: int = MOST) -> None:
        self._texts = [name for name in columns if name != COMPLEXITY]
        self._level = complexity_key(with_prompt=with_prompt)
        self._columns = tuple(columns)
        self._kept = (
            *self._texts,
            COMPLEXITY,
            "provider",
            "model",
            "input_tokens",
            "output_tokens",
            *READS[1:4],
        )
        self._with_prompt = with_prompt
        self._most = most
        self._parts: list[pl.DataFrame] = []
        self._held = 0
        self._limit: int | None = None

    def add(self, requests: pl.DataFrame) -> None:
        """Take the requests of a partition that have a prompt, or its hash."""
        own = [name for name in ("prompt_hash", "prompt") if name in requests.columns]
        if not own:
            return
        missing = {*self._kept, *self._level.reads} - {*requests.columns, COMPLEXITY}
        key = pl.coalesce(pl.col(name).cast(pl.String) for name in own).hash(seed=21)
        known = pl.any_horizontal(pl.col(name).is_not_null() for name in own)
        keyed = (
            requests.with_columns(pl.lit(None, dtype=_dtype(name)).alias(name) for name in sorted(missing))
            .filter(
                known & (pl.col("requests").fill_null(1) == 1 if "requests" in requests.columns else True)
            )
            .with_columns(key.alias(_KEY), self._level.value.alias(COMPLEXITY))
        )
        if self._limit is not None:
            keyed = keyed.filter(pl.col(_KEY) <= self._limit)
        prompt = ["prompt"] if self._with_prompt and "prompt" in requests.columns else []
        texts = pl.col(pl.Categorical).cast(pl.String)
        part = keyed.select(_KEY, *dict.fromkeys((*self._kept, *prompt))).with_columns(texts)
        self._parts.append(part)
        self._held += part.height
        if self._held > 2 * self._most:
            self._shrink()

    def _shrink(self) -> None:
        whole = self._whole()
        keys = whole[_KEY].unique().sort()
        if keys.len() > self._most:
            self._limit = int(keys[self._most - 1])
            whole = whole.filter(pl.col(_KEY) <= self._limit)
        self._parts, self._held = [whole], whole.height

    def _whole(self) -> pl.DataFrame:
        return pl.concat(self._parts, how="diagonal_relaxed")

    @property
    def is_empty(self) -> bool:
        """Whether no request had a prompt."""
        return not any(part.height for part in self._parts)

    def requests(self, catalog: Catalog) -> pl.DataFrame:
        """All that is kept, in an order that does not depend on the log's; `model` goes by the catalog's name."""
        self._shrink()
        whole = self._parts[0]
        pairs = whole.select("provider", "model").unique().rows()
        names = {pair: _name(catalog, *pair) for pair in pairs}
        model = pl.Series("model", [names[pair] for pair in whole.select("provider", "model").iter_rows()])
        named = whole.with_columns(model)
        return named.sort([_KEY, *(name for name in named.columns if name != _KEY)], nulls_last=True)


def _dtype(name: str) -> pl.DataType | type[pl.DataType]:
    return REQUESTS.get(name, pl.String)


def _name(catalog: Catalog, provider: str | None, model: str | None) -> str:
    number = None if model is None else resolve(catalog, provider, model)
    if number is not None:
        return model_of(catalog, number).name
    return "/".join(each for each in (provider, model) if each) or "(none)"


def shadow_pairs(requests: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Prompts that two models served, each with each: once in both directions.

    Args:
        requests: Those of a sample.
        columns: That make a segment.

    Returns:
        The columns of the segment, `model_a`, `model_b`, and of both their quality and tokens.
    """
    figures = ("quality", "input_tokens", "output_tokens")
    first = requests.unique([_KEY, "model"], keep="first", maintain_order=True)
    several = first.filter(pl.len().over(_KEY) > 1)
    left = several.select(
        _KEY, *columns, pl.col("model").alias("model_a"), *(pl.col(n).alias(f"{n}_a") for n in figures)
    )
    right = several.select(
        _KEY, pl.col("model").alias("model_b"), *(pl.col(n).alias(f"{n}_b") for n in figures)
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
