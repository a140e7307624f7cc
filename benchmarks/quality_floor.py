"""Whether the cheapest routing above a quality floor truly keeps it, and how often there is none to be had.

The world is RouterBench's training part: three sets of prompts, eleven models, of which the quality and cost of every
answer are known. Some labels are drawn per set and model, with replacement; the truth is the mean of the whole set.
Floors are parts of the way from the cheapest model's quality to the best one's, and shares of the best one's.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from costopt.calculators.routing.cells import NO_MODEL, Cell, Seen, Segment, Target
from costopt.calculators.routing.floor import cheapest_above
from costopt.calculators.routing.ladder import MILLION, THOUSAND, Policy, rungs
from costopt.models.money import PICO_PER_USD

Floats = NDArray[np.float64]

_ABSOLUTE: Final = (0.5, 0.7, 0.9)
_RELATIVE: Final = (0.9, 0.95, 0.98)
_BOUNDED: Final = 100
_MET: Final = 0.95
_REFUSED: Final = 0.5
_ROUNDING: Final = 1e-9
_COST: Final = "|total_cost"


@dataclass(frozen=True)
class World:
    """By set and model: the quality of every answer, the mean, and the mean cost in pico-dollars; and the requests."""

    answers: Mapping[Segment, Mapping[str, Floats]]
    means: Mapping[Segment, Mapping[str, float]]
    costs: Mapping[Segment, Mapping[str, int]]
    requests: Mapping[Segment, int]

    def value(self, policy: Policy) -> float:
        """The true mean quality of a policy."""
        total = sum(self.requests.values())
        return sum(
            self.requests[segment] / total * share / MILLION * self.means[segment][model]
            for segment, shares in policy.items()
            for model, share in shares.items()
        )

    def cost(self, policy: Policy) -> float:
        """What a request costs, in pico-dollars."""
        total = sum(self.requests.values())
        return sum(
            self.requests[segment] / total * share / MILLION * self.costs[segment][model]
            for segment, shares in policy.items()
            for model, share in shares.items()
        )

    def everything_to(self, model: str) -> Policy:
        """All requests to one model."""
        return {segment: {model: MILLION} for segment in self.answers}


@dataclass(frozen=True)
class Tally:
    """Of many draws: the share answered, of these the share that keeps the floor, and what they cost of the best."""

    answered: float
    met: float
    cost: float
    naive: float


def main() -> None:
    """Prints a line per floor and number of labels, and exits with 1 if a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds routerbench")
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--labels", type=int, nargs="+", default=[30, _BOUNDED, 1000])
    asked = parser.parse_args()
    world = _read(asked.data)
    models = list(next(iter(world.answers.values())))
    cheapest = min(models, key=lambda model: world.cost(world.everything_to(model)))
    best = max(models, key=lambda model: world.value(world.everything_to(model)))
    weak, strong = (world.value(world.everything_to(model)) for model in (cheapest, best))
    print(f"cheapest {cheapest} {weak:.3f}, best {best} {strong:.3f}\n")
    print(
        "labels  floor                    verified   truly kept   cost of the best   without verification, kept"
    )
    good = True
    for labels in asked.labels:
        size = (asked.replicates, labels)
        absolute = [_tally(world, weak + part * (strong - weak), best, size) for part in _ABSOLUTE]
        relative = [_tally(world, share, best, size, is_share=True) for share in _RELATIVE]
        for part, tally in zip(_ABSOLUTE, absolute, strict=True):
            _print(labels, f"{100 * part:.0f} % of the way", tally)
        for share, tally in zip(_RELATIVE, relative, strict=True):
            _print(labels, f"{100 * share:.0f} % of the best", tally)
        if labels == _BOUNDED:
            good = _is_kept(labels, absolute, relative)
    sys.exit(not good)


def _is_kept(labels: int, absolute: Sequence[Tally], relative: Sequence[Tally]) -> bool:
    """Whether the bounds are kept: of the policies given, and of the draws at every single floor."""
    every = (*absolute, *relative)
    given = sum(tally.answered for tally in every)
    kept = sum(tally.answered * tally.met for tally in every) / given
    broken = max(tally.answered * (1 - tally.met) for tally in every)
    refused = 1 - float(np.mean([tally.answered for tally in absolute]))
    print(
        f"at {labels} labels a cell: {100 * kept:.1f} % of the policies given keep their floor (at least "
        f"{100 * _MET:.0f}), at worst {100 * broken:.1f} % of the draws break one (at most {100 * (1 - _MET):.0f}), "
        f"{100 * refused:.1f} % are refused on the way (at most {100 * _REFUSED:.0f})"
    )
    return kept >= _MET and broken <= 1 - _MET and refused <= _REFUSED


def _print(labels: int, floor: str, tally: Tally) -> None:
    shares = (tally.answered, tally.met, tally.cost, tally.naive)
    answered, met, cost, naive = (f"{100 * share:.1f} %" for share in shares)
    print(f"{labels:6}  {floor:22}{answered:>11}{met:>13}{cost:>19}{naive:>29}")


def _tally(world: World, floor: float, best: str, size: tuple[int, int], *, is_share: bool = False) -> Tally:
    """What becomes of one floor over many draws of labels."""
    replicates, labels = size
    dearest = world.everything_to(best)
    least = floor * world.value(dearest) if is_share else floor
    baseline: Target | None = {segment: {best: 1.0} for segment in world.answers} if is_share else None
    met, costs, naive = [], [], []
    for number in range(replicates):
        drawn = _draw(world, labels, np.random.default_rng([number, labels, int(1000 * floor)]))
        answer = cheapest_above(drawn, world.costs, floor, baseline, at_random=True)
        naive.append(world.value(_unverified(world, drawn, least)) >= least)
        if answer.routes is not None:
            policy = {route.segment: route.millionths for route in answer.routes}
            met.append(world.value(policy) >= least - _ROUNDING)
            costs.append(world.cost(policy) / world.cost(dearest))
    return Tally(
        answered=len(met) / replicates,
        met=float(np.mean(met)) if met else 1.0,
        cost=float(np.mean(costs)) if costs else np.nan,
        naive=float(np.mean(naive)),
    )


def _unverified(world: World, drawn: Seen, least: float) -> Policy:
    """The cheapest policy that keeps the floor by the very means it is chosen by."""
    means = {
        segment: {model: cell.quality for model, cell in cells.items() if cell.scored}
        for segment, cells in drawn.cells.items()
    }
    start = {
        segment: {max(found, key=lambda model: found[model]): THOUSAND} for segment, found in means.items()
    }
    total = sum(world.requests.values())
    chosen: Policy = {}
    for policy in rungs(world.requests, world.costs, means, start):
        hoped = sum(
            world.requests[segment] / total * share / MILLION * means[segment][model]
            for segment, shares in policy.items()
            for model, share in shares.items()
        )
        if chosen and hoped < least:
            break
        chosen = policy
    return chosen


def _draw(world: World, labels: int, chance: np.random.Generator) -> Seen:
    """Labels drawn per set and model, half of them to choose by; the requests themselves have no model yet."""
    drawn: dict[Segment, dict[str, tuple[Cell, Cell]]] = {}
    for segment, models in world.answers.items():
        drawn[segment] = {NO_MODEL: (Cell(requests=world.requests[segment]), Cell())}
        for model, answers in models.items():
            first, second = np.split(chance.choice(answers, labels), [labels // 2])
            drawn[segment][model] = (_cell(first), _cell(second))
    return Seen(drawn)


def _cell(scores: Floats) -> Cell:
    squares = float((scores * scores).sum())
    return Cell(scored=len(scores), quality_sum=float(scores.sum()), quality_squares=squares)


def _read(folder: Path) -> World:
    files = sorted((folder / "routerbench").glob("*_train.csv.gz"))
    if not files:
        sys.exit(f"{folder / 'routerbench'} has no *_train.csv.gz: get RouterBench's results per prompt")
    answers: dict[Segment, dict[str, Floats]] = {}
    costs: dict[Segment, dict[str, int]] = {}
    requests: dict[Segment, int] = {}
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        segment = (rows[0]["eval_name"],)
        models = [name.removesuffix(_COST) for name in rows[0] if name.endswith(_COST)]
        answers[segment] = {
            model: np.array([float(row[model]) for row in rows if row[model]]) for model in models
        }
        costs[segment] = {
            model: round(PICO_PER_USD * np.mean([float(row[model + _COST]) for row in rows]))
            for model in models
        }
        requests[segment] = len(rows)
    means = {
        segment: {model: float(found.mean()) for model, found in models.items()}
        for segment, models in answers.items()
    }
    return World(answers, means, costs, requests)


if __name__ == "__main__":
    main()
