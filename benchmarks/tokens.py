"""How near the tokens and the cost of the same prompts on another model are guessed from a few that both have served.

RouterArena has real token counts of claude-3-haiku and gemini-2.0-flash for the same prompts. Some prompts are drawn as
shadow pairs; from these and the tokens of one model, those of the other model are guessed for all the other prompts.
"""

import argparse
import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from pathlib import Path
from random import Random
from statistics import fmean, pstdev
from typing import Final, NamedTuple

from costopt.calculators.routing.tokens import (
    Evidence,
    PairSums,
    Sums,
    counterfactual,
    ratio_from_own_traffic,
)

_FILE: Final = Path("routerarena", "pair_dev.csv.gz")
_PRICES: Final = {"claude-3-haiku-20240307": (25, 125), "gemini-2.0-flash-001": (10, 40)}
"""US cents per million tokens of input and output."""
_PAIRS: Final = (20, 30, 100)
_BOUND_AT: Final = 100
_MOST_OFF: Final = 0.05
_LEAST_COVERED: Final = 0.90
_WHAT: Final = ("input", "output", "tokens", "cost")
"""`tokens` is both together."""


class Prompt(NamedTuple):
    """Its kind, and its (input, output) tokens by model."""

    kind: str
    tokens: Mapping[str, tuple[int, int]]


@dataclass(slots=True)
class Score:
    """Relative errors of guesses, whether their ranges held the truth, and half the ranges' widths."""

    errors: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    def add(self, guess: Sequence[float], truth: float) -> None:
        """One guess: least, estimate, most."""
        low, estimate, high = guess
        self.errors.append(abs(estimate / truth - 1))
        self.covered.append(low <= truth <= high)
        self.widths.append((high - low) / 2 / estimate)

    @property
    def error(self) -> float:
        """The mean error."""
        return sum(self.errors) / len(self.errors)

    @property
    def coverage(self) -> float:
        """How often the range held the truth."""
        return sum(self.covered) / len(self.covered)

    def __str__(self) -> str:
        return f"{self.error:6.1%} {self.coverage:6.1%} {sum(self.widths) / len(self.widths):7.1%}"


def main() -> None:
    """Draws pairs many times, in both directions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds routerarena/")
    parser.add_argument("--replicates", type=int, default=500, help="how often to draw pairs")
    parser.add_argument("--seed", type=int, default=1, help="of the draws")
    options = parser.parse_args()
    prompts = _read(options.data / _FILE)
    _print_carried_over(prompts)
    print(
        "pairs  segments  direction               |  what: mean error, range held the truth, half its width"
    )
    kept = []
    for pairs in _PAIRS:
        for by_kind in (False, True):
            for source, target in (list(_PRICES), list(_PRICES)[::-1]):
                random = Random(options.seed)  # noqa: S311 -- a sample, not a secret
                scores = _scores(
                    prompts, (source, target), pairs, by_kind=by_kind, draws=(random, options.replicates)
                )
                segments = "by task" if by_kind else "one"
                named = "  ".join(f"{what} {score}" for what, score in zip(_WHAT, scores, strict=True))
                print(f"{pairs:5}  {segments:8}  {source[:8]} to {target[:8]}    |  {named}")
                if pairs == _BOUND_AT and by_kind:
                    kept.append(_holds(scores))
    print(
        f"with {_BOUND_AT} pairs by task: tokens and cost off by at most {_MOST_OFF:.0%}, every range right in at least"
        f" {_LEAST_COVERED:.0%}"
    )
    kept += _own_traffic(prompts, options.seed, options.replicates)
    sys.exit(not all(kept))


def _own_traffic(prompts: Sequence[Prompt], seed: int, replicates: int) -> list[bool]:
    """Output of one model's requests on the other, if a router has given each prompt to one of them."""
    print(
        "a router sends    direction               |  output: mean error, range held the truth, half its width"
    )
    kept = []
    for how, route in _ROUTERS.items():
        for source, target in (list(_PRICES), list(_PRICES)[::-1]):
            random = Random(seed)  # noqa: S311 -- a sample, not a secret
            score = Score()
            for _ in range(replicates):
                shares = route(prompts, random)
                is_moved = [random.random() >= share for share in shares]
                moved = [p.tokens for p, moves in zip(prompts, is_moved, strict=True) if moves]
                own = [p.tokens[target][1] for p, moves in zip(prompts, is_moved, strict=True) if not moves]
                traffic = _sums([tokens[source][1] for tokens in moved])
                found = ratio_from_own_traffic({"all": Evidence(traffic=traffic, own=_sums(own))})
                if found:
                    ranged = [ratio * traffic.tokens for ratio in (found.low, found.estimate, found.high)]
                    score.add(ranged, sum(tokens[target][1] for tokens in moved))
            print(f"{how:16}  {source[:8]} to {target[:8]}    |  {score}")
            kept.append(score.coverage >= _LEAST_COVERED)
    print(f"own traffic: every range right in at least {_LEAST_COVERED:.0%}")
    return kept


def _at_random(prompts: Sequence[Prompt], _: Random) -> list[float]:
    return [0.5] * len(prompts)


def _by_task(prompts: Sequence[Prompt], random: Random) -> list[float]:
    shares = {kind: random.random() for kind in sorted({prompt.kind for prompt in prompts})}
    return [shares[prompt.kind] for prompt in prompts]


def _by_length(prompts: Sequence[Prompt], random: Random) -> list[float]:
    """Longer prompts more often, or shorter ones: a logistic curve of a random slope."""
    lengths = [log(sum(sent for sent, _ in prompt.tokens.values())) for prompt in prompts]
    mean, deviation, slope = fmean(lengths), pstdev(lengths), random.gauss(0, 1)
    return [1 / (1 + exp(slope * (mean - length) / deviation)) for length in lengths]


_ROUTERS: Final = {"at random": _at_random, "by task": _by_task, "by length": _by_length}


def _sums(tokens: Sequence[int]) -> Sums:
    return Sums(len(tokens), sum(tokens), sum(x * x for x in tokens))


def _holds(scores: Sequence[Score]) -> bool:
    together = scores[2:]
    return all(each.error <= _MOST_OFF for each in together) and all(
        each.coverage >= _LEAST_COVERED for each in scores
    )


def _read(path: Path) -> list[Prompt]:
    if not path.is_file():
        sys.exit(f"{path} is not there: get RouterArena's results of claude-3-haiku and gemini-2.0-flash")
    tokens: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tokens[row["global_index"]][row["model"]] = int(row["input_tokens"]), int(row["output_tokens"])
    return [
        Prompt(name.split("_")[0].split("-")[0], tokens[name])
        for name in sorted(tokens)
        if len(tokens[name]) == len(_PRICES)
    ]


def _print_carried_over(prompts: Sequence[Prompt]) -> None:
    """What is wrong if the tokens of one model are taken for those of the other."""
    for source, target in (list(_PRICES), list(_PRICES)[::-1]):
        carried, real = (_cost(_sum(prompts, model), target) for model in (source, target))
        print(
            f"{source} carried over to {target}: cost off by {carried / real - 1:+.1%} ({len(prompts)} prompts)"
        )


def _scores(
    prompts: Sequence[Prompt],
    models: tuple[str, str],
    pairs: int,
    *,
    by_kind: bool,
    draws: tuple[Random, int],
) -> list[Score]:
    random, replicates = draws
    scores = [Score() for _ in _WHAT]
    for _ in range(replicates):
        shuffled = random.sample(prompts, len(prompts))
        drawn, others = shuffled[:pairs], shuffled[pairs:]
        guess = _guess(drawn, others, models, by_kind=by_kind)
        truth = _sum(others, models[1])
        figures = [_figures(each, models[1]) for each in (*guess, truth)]
        for score, *ranged, real in zip(scores, *figures, strict=True):
            score.add(ranged, real)
    return scores


def _figures(tokens: tuple[int, int], model: str) -> tuple[int, ...]:
    """What is scored, in the order of `_WHAT`."""
    return (*tokens, sum(tokens), _cost(tokens, model))


def _guess(
    drawn: Sequence[Prompt], others: Sequence[Prompt], models: tuple[str, str], *, by_kind: bool
) -> list[tuple[int, int]]:
    """(input, output) on the other model: least, estimate, most."""
    evidence = [_evidence(drawn, others, models, place, by_kind=by_kind) for place in (0, 1)]
    found = counterfactual(*models, *evidence)
    sent, received = _sum(others, models[0])
    ranges = found.tokens({"input_tokens": sent, "output_tokens": received})
    return [
        (each["input_tokens"], each["output_tokens"]) for each in (ranges.low, ranges.estimate, ranges.high)
    ]


def _evidence(
    drawn: Sequence[Prompt], others: Sequence[Prompt], models: tuple[str, str], place: int, *, by_kind: bool
) -> dict[str, Evidence]:
    segments: dict[str, tuple[list[Prompt], list[Prompt]]] = defaultdict(lambda: ([], []))
    for number, prompts in enumerate((drawn, others)):
        for prompt in prompts:
            segments[prompt.kind if by_kind else "all"][number].append(prompt)
    evidence = {}
    for name, (paired, moved) in segments.items():
        counts = [[prompt.tokens[model][place] for model in models] for prompt in paired]
        traffic = [prompt.tokens[models[0]][place] for prompt in moved]
        evidence[name] = Evidence(
            traffic=_sums(traffic),
            pairs=_pair_sums(counts),
        )
    return evidence


def _pair_sums(counts: Iterable[Sequence[int]]) -> PairSums:
    rows = [(1, x, y, x * x, y * y, x * y) for x, y in counts]
    return PairSums(*map(sum, zip(*rows, strict=True))) if rows else PairSums()


def _sum(prompts: Sequence[Prompt], model: str) -> tuple[int, int]:
    return sum(prompt.tokens[model][0] for prompt in prompts), sum(
        prompt.tokens[model][1] for prompt in prompts
    )


def _cost(tokens: tuple[int, int], model: str) -> int:
    """In units of a cent over a million."""
    return sum(count * price for count, price in zip(tokens, _PRICES[model], strict=True))


if __name__ == "__main__":
    main()
