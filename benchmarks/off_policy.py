"""How often the claims about the quality of other routing cover the truth, where the truth is known.

The world is RouteLLM's MMLU and GSM8K, of which both models' answers to every prompt are known. A log reveals one of
them per request, chosen by a router, and is drawn many times with replacement: the intervals speak of requests like
these, not only of these. From each log the value of three policies is claimed.
"""

import argparse
import csv
import gzip
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from costopt.calculators.routing.cells import Seen, Segment, seen
from costopt.calculators.routing.estimates import QualityClaim, claim
from costopt.calculators.routing.evidence import Question, by_cells
from costopt.calculators.routing.matrix import naive_mean
from costopt.calculators.routing.moments import SUMS

Floats = NDArray[np.float64]
Router = Callable[["World"], Floats]
Policy = Callable[[Segment], str]

_BY: Final = ("request_type", "complexity", "tag")
_LONG: Final = 120
_MIDDLING: Final = 40
_BETWEEN: Final = (0.93, 0.97)
_COVERED: Final = 0.95


@dataclass(frozen=True)
class World:
    """Prompts with both models' scores, and what a router may see of them.

    Attributes:
        frame: The columns of the segment.
        weak: The scores of Mixtral.
        strong: The scores of GPT-4.
        length: The logarithm of the number of words, standardised.
        digits: The share of digits, standardised.
    """

    frame: pl.DataFrame
    weak: Floats
    strong: Floats
    length: Floats
    digits: Floats


def _odds(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)))


def _by_length(world: World, likely: float) -> Floats:
    return np.where(world.frame["tag"].to_numpy() == "long", likely, 1 - likely)


def _hidden(world: World) -> Floats:
    """The harder requests, of which the weak model's answer is wrong, go to the strong one."""
    return np.clip(_odds(0.8 * world.length + 1.6 * (world.weak < 1 / 2) - 1), 0.02, 0.98)


_KNOWN: Final[Mapping[str, Router]] = {
    "random 50/50": lambda world: np.full(len(world.weak), 0.5),
    "router + 10 % exploration": lambda world: _by_length(world, 0.9),
    "observed confounding": lambda world: _odds(1.2 * world.length + 0.8 * world.digits),
}
"""By router, the probability of the strong model; it is logged."""

_UNKNOWN: Final[Mapping[str, Router]] = {
    "hidden confounding": _hidden,
    "deterministic": lambda world: _by_length(world, 1.0),
}
"""The same, but not logged."""

_POLICIES: Final[Mapping[str, Policy]] = {
    "all weak": lambda _: "weak",
    "complex to strong": lambda segment: "strong" if segment[1] == "complex" else "weak",
    "long half to strong": lambda segment: "strong" if segment[2] == "long" else "weak",
}


def main() -> None:
    """Prints a table per router and exits with 1 if a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds routellm")
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--requests", type=int, default=4000)
    asked = parser.parse_args()
    world = _read(asked.data)
    size = (asked.replicates, asked.requests)
    covers = [cover for name, router in _KNOWN.items() for cover in _known(world, name, router(world), size)]
    hidden = [
        cover for name, router in _UNKNOWN.items() for cover in _unknown(world, name, router(world), size)
    ]
    believed = _wrong(world, size)
    average = float(np.mean(covers))
    low, high = _BETWEEN
    print(
        f"\nknown propensities: {100 * average:.1f} % covered on average ({100 * low:.0f} to {100 * high:.0f})"
    )
    print(
        f"none logged: at least {100 * min(hidden):.1f} % unknown or within the bound ({100 * _COVERED:.0f})"
    )
    print(f"wrong ones: {believed} of {asked.replicates} logs believed (0)")
    sys.exit(not low <= average <= high or min(hidden) < _COVERED or believed > 0)


def _known(world: World, name: str, strong: Floats, size: tuple[int, int]) -> list[float]:
    """How often the claims from propensities cover, by policy."""
    print(f"\n{name}: bias in points / share covered / width in points")
    covers = []
    logs = [_log(world, strong, size[1], seed, logged=strong) for seed in _seeds(name, size[0])]
    for policy, chooses in _POLICIES.items():
        truth, change = _truth(world, strong, chooses)
        claims = [_claim(log, chooses) for log in logs]
        held = [each for each in claims if each.basis == "propensities"]
        covers.append(_print(policy, "claim", [(each.estimate, each.low, each.high) for each in held], truth))
        _print("", "its change", [(each.change, each.change_low, each.change_high) for each in held], change)
        _print("", "cells", [_cells(log, chooses) for log in logs], truth)
        naive = [naive_mean(log, _target(log, chooses)) for log in logs]
        print(f"{'':22}{'naive mean':12}{100 * (np.mean(np.array(naive, dtype=float)) - truth):+6.1f}")
        effective = np.mean([each.effective_sample_size or 0 for each in held])
        print(
            f"{'':22}effective sample size {effective:,.0f}; refused {len(claims) - len(held)} of {len(claims)}"
        )
    return covers


def _unknown(world: World, name: str, strong: Floats, size: tuple[int, int]) -> list[float]:
    """How often a claim without propensities is unknown or has a bound that covers, by policy."""
    print(f"\n{name}, no propensities: bias in points / share covered / width in points")
    good = []
    logs = [_log(world, strong, size[1], seed, logged=None) for seed in _seeds(name, size[0])]
    for policy, chooses in _POLICIES.items():
        truth, _ = _truth(world, strong, chooses)
        claims = [_claim(log, chooses) for log in logs]
        told = [each for each in claims if each.basis != "unknown"]
        print(f"{policy:22}unknown {len(claims) - len(told)} of {len(claims)}")
        _print("", "claim", [(each.estimate, each.low, each.high) for each in told], truth)
        ends = [(each.estimate, each.sensitivity_low, each.sensitivity_high) for each in told]
        bounded = _print("", "its bound", ends, truth)
        good.append(1 - (1 - bounded) * len(told) / len(claims) if told else 1.0)
        if told and all(each.basis == "as_logged" for each in told):
            good[-1] = 1.0  # nothing is routed otherwise: nothing can be hidden
    return good


def _wrong(world: World, size: tuple[int, int]) -> int:
    """How many logs of the hidden router are believed that say it was 50/50."""
    even = np.full(len(world.weak), 0.5)
    logs = (_log(world, _hidden(world), size[1], seed, logged=even) for seed in _seeds("wrong", size[0]))
    return sum(_claim(log, _POLICIES["all weak"]).basis == "propensities" for log in logs)


def _print(policy: str, what: str, found: Sequence[tuple[float | None, ...]], truth: float) -> float:
    """A line of the table; gives the share that covers the truth, of those that say anything."""
    found = [each for each in found if each[0] is not None]
    if not found:
        return 0.0
    estimate, low, high = np.array(found, dtype=float).T
    cover = float(np.mean((low <= truth) & (truth <= high)))
    bias, width = 100 * (np.mean(estimate) - truth), 100 * np.mean(high - low)
    print(f"{policy:22}{what:12}{bias:+6.1f}{100 * cover:8.1f} %{width:8.1f}")
    return cover


def _cells(log: Seen, chooses: Policy) -> tuple[float | None, ...]:
    found = by_cells(Question(log, _target(log, chooses)), "overlap")
    return (
        (None,) * 3 if isinstance(found, str) else (found.value.estimate, found.value.low, found.value.high)
    )


def _claim(log: Seen, chooses: Policy) -> QualityClaim:
    return claim(log, _target(log, chooses))


def _target(log: Seen, chooses: Policy) -> dict[Segment, dict[str, float]]:
    return {segment: {chooses(segment): 1.0} for segment in log.cells}


def _truth(world: World, strong: Floats, chooses: Policy) -> tuple[float, float]:
    """The mean score under the policy, and its difference from the router's."""
    chosen = np.array([chooses(segment) == "strong" for segment in world.frame.iter_rows()])
    value = np.where(chosen, world.strong, world.weak)
    logged = strong * world.strong + (1 - strong) * world.weak
    return float(value.mean()), float((value - logged).mean())


def _seeds(name: str, replicates: int) -> list[list[int]]:
    return [[number, *name.encode()] for number in range(replicates)]


def _log(world: World, strong: Floats, requests: int, seed: list[int], logged: Floats | None) -> Seen:
    """One log, read as a rollup by segment, model and half."""
    chance = np.random.default_rng(seed)
    drawn = chance.integers(0, len(world.weak), requests)
    is_strong = chance.random(requests) < strong[drawn]
    said = None if logged is None else np.where(is_strong, logged[drawn], 1 - logged[drawn])
    log = world.frame[drawn].with_columns(
        model=pl.Series(np.where(is_strong, "strong", "weak")),
        quality=pl.Series(np.where(is_strong, world.strong[drawn], world.weak[drawn])),
        propensity=pl.lit(None, dtype=pl.Float64) if said is None else pl.Series(said),
        half=pl.Series(chance.integers(0, 2, requests)),
        status=pl.lit("ok"),
        requests=pl.lit(1),
    )
    sums = (key.value.sum().alias(key.name) for key in SUMS)
    return seen(log.group_by([*_BY, "model", "half"]).agg(pl.col("requests").sum(), *sums), _BY)


def _read(folder: Path) -> World:
    files = [folder / "routellm" / name for name in ("mmlu.csv.gz", "gsm8k.csv.gz")]
    if not all(file.is_file() for file in files):
        sys.exit(
            f"{folder / 'routellm'} lacks mmlu.csv.gz or gsm8k.csv.gz: get RouteLLM's results per prompt"
        )
    rows = [row for file in files for row in _rows(file)]
    prompts = [row["prompt"] for row in rows]
    words = np.array([len(prompt.split()) for prompt in prompts], dtype=float)
    frame = pl.DataFrame(
        {
            "request_type": [row.get("domain", "gsm8k").partition("_")[0] for row in rows],
            "complexity": [_complexity(prompt) for prompt in prompts],
            "tag": np.where(words > np.median(words), "long", "short"),
        }
    )
    return World(
        frame,
        weak=np.array([float(row["weak_correct"]) for row in rows]),
        strong=np.array([float(row["strong_correct"]) for row in rows]),
        length=_standard(np.log(words)),
        digits=_standard(np.array([sum(map(str.isdigit, prompt)) / len(prompt) for prompt in prompts])),
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _standard(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) / values.std())


def _complexity(prompt: str) -> str:
    words = len(prompt.split())
    if words > _LONG or re.search(r"[=^√∫]|\bproof\b|def ", prompt):
        return "complex"
    return "medium" if words > _MIDDLING else "simple"


if __name__ == "__main__":
    main()
