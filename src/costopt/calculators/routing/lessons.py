"""A router learned from a log: which two models it chooses between, and what it is learned from."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import polars as pl

from costopt.calculators.routing.learning import Learned, learn_from_log, learn_from_pairs
from costopt.calculators.routing.policy import CONDITIONS
from costopt.calculators.routing.traffic import COMPLEXITY
from costopt.errors import ConfigError

MOST_PROMPTS: Final = 20_000
"""Prompts that a router is learned from; more hardly make it better, and take longer."""

_ENOUGH_PAIRS: Final = 200
"""Prompts answered by both models from which all others are set aside."""


def learn(requests: pl.DataFrame, unit_costs: Mapping[str, float]) -> Learned:
    """Learns to tell which prompts need the stronger of two models.

    The two are those that served most prompts with a score; the one that cost less a request is the weak one. Where
    enough prompts were answered by both, it is learned from these.

    Args:
        requests: Those of a sample, with prompts.
        unit_costs: By model, what a request cost on average.

    Raises:
        ConfigError: The log has no prompts with a quality of two models, one of them has no price, or scikit-learn is
            not installed.
    """
    if not requests["prompt"].count():
        raise ConfigError(
            "The log has no prompts to learn from", hint="name their column: `--map prompt=NAME`"
        )
    scored = requests.drop_nulls(["prompt", "quality"])
    counts = scored.group_by("model").len().sort("len", "model", descending=[True, False])
    models = counts["model"].head(2).to_list()
    if len(models) <= 1:
        raise ConfigError(
            "A router is learned from the scored answers of two models",
            hint="a score is read from `quality`, 0 to 1: `--map quality=NAME`",
        )
    unknown = next((name for name in models if name not in unit_costs), None)
    if unknown is not None:
        raise ConfigError(
            f"Which model is the weak one is unknown: `{unknown}` has no price",
            hint="name a file with its price: `--pricing FILE`",
        )
    weak, strong = sorted(models, key=lambda name: (unit_costs[name], name))
    both = _answered_by_both(scored, weak, strong)
    learned = (
        learn_from_pairs(both, by=_categories(both))
        if both.height >= _ENOUGH_PAIRS
        else learn_from_log(scored, weak=weak, strong=strong, by=_categories(scored))
    )
    router = learned.router and learned.router.model_copy(update={"models": (weak, strong)})
    return replace(learned, router=router)


def _answered_by_both(scored: pl.DataFrame, weak: str, strong: str) -> pl.DataFrame:
    """One row a prompt that both models answered, with the mean quality of either."""
    first = scored.unique("prompt", keep="first", maintain_order=True).drop("quality", "model")
    quality = pl.col("quality").cast(pl.Float64)
    means = scored.group_by("prompt").agg(
        quality.filter(pl.col("model") == weak).mean().alias("weak"),
        quality.filter(pl.col("model") == strong).mean().alias("strong"),
    )
    return first.join(means.drop_nulls(), on="prompt", how="inner", maintain_order="left")


def _categories(frame: pl.DataFrame) -> list[str]:
    """What a router may learn from beside the prompt, where the log says it."""
    asked = (name for name in CONDITIONS if name in frame.columns and name != COMPLEXITY)
    return [name for name in asked if frame[name].null_count() < frame.height]
