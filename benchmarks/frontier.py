"""How long the frontier between cost and quality takes, and how far its policies are from a solver's (HiGHS, in SciPy).

The traffic is made: models whose quality rises with the logarithm of their price, segments of lognormal sizes and of
different difficulty. What is timed is the whole frontier and one policy of it, against one solution of the linear
program for one floor.
"""

import importlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from math import log
from random import Random
from typing import Any, Final

from costopt.calculators.routing.frontier import Option, Segment, frontier

_SIZES: Final = ((1_000, 10), (10_000, 12))
_FLOORS: Final = {1_000: 41, 10_000: 5}
_MOST_MS: Final = 50.0
_MOST_APART: Final = 1e-9
_WHOLE: Final = (12, 50, 200, 1_000)
_PICO: Final = 10**12

Solve = Callable[[float], float]


def main() -> None:
    """Times both sizes and compares costs over many floors."""
    print("segments x models  frontier  policy  HiGHS, one floor  times faster  largest difference  floors")
    kept = [_measure(*size) for size in _SIZES]
    print(f"at most {_MOST_MS:.0f} ms for 1,000 x 10, as long as HiGHS, and {_MOST_APART:.0e} apart")
    for count in _WHOLE:
        _measure_whole(count)
    sys.exit(not all(kept))


def _measure(count: int, models: int) -> bool:
    segments = _made(count, models, Random(1))  # noqa: S311 -- a sample, not a secret
    of_frontier = statistics.median(_seconds(lambda: frontier(segments)) for _ in range(7))
    found = frontier(segments)
    low, high = found.vertices[0].quality, found.vertices[-1].quality
    floors = [low + (high - low) * (place + 1) / (_FLOORS[count] + 1) for place in range(_FLOORS[count])]
    of_policy = statistics.median(_seconds(lambda: found.policy_at(floors[-2])) for _ in range(7))
    solve = _program(segments, models)
    solving, apart = [], []
    for floor in floors:
        begun = time.perf_counter()
        least = solve(floor)
        solving.append(time.perf_counter() - begun)
        policy = found.policy_at(floor)
        apart.append(abs(float(policy.cost_usd) / least - 1) if policy else float("inf"))
    of_solver, ours = statistics.median(solving), of_frontier + of_policy
    print(
        f"{f'{count:,} x {models}':>17} {of_frontier * 1e3:6.1f} ms {of_policy * 1e3:4.1f} ms {of_solver * 1e3:14.1f} ms"
        f" {of_solver / ours:13.1f} {max(apart):19.1e} {len(floors):7}"
    )
    in_time = ours * 1e3 <= _MOST_MS if (count, models) == _SIZES[0] else True
    return in_time and ours <= of_solver and max(apart) <= _MOST_APART


def _measure_whole(count: int) -> None:
    """What it costs to split no segment: no bound, it depends on the traffic."""
    found = frontier(_made(count, 10, Random(1)))  # noqa: S311 -- a sample, not a secret
    low, high = found.vertices[0].quality, found.vertices[-1].quality
    floors = [low + (high - low) * place / 10 for place in range(1, 10)]
    begun = time.perf_counter()
    policies = [policy for floor in floors if (policy := found.whole_policy_at(floor))]
    took = (time.perf_counter() - begun) / len(floors)
    dearer = max(float(policy.cost_usd / policy.least_usd) - 1 for policy in policies)
    proven = sum(policy.is_cheapest for policy in policies)
    print(
        f"{count:,} x 10 without a split: {took * 1e3:.0f} ms, at most {dearer:.2%} dearer,"
        f" {proven} of {len(policies)} proven to be the cheapest"
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _made(count: int, models: int, random: Random) -> list[Segment]:
    prices = sorted(random.lognormvariate(0, 1.3) * 1e-4 for _ in range(models))
    worth = [0.55 + 0.09 * log(price / prices[0]) + random.gauss(0, 0.03) for price in prices]
    segments = []
    for place in range(count):
        requests = 1 + int(random.expovariate(0.001))
        size, hardness = random.lognormvariate(0, 0.6), 0.4 * random.betavariate(2, 4)
        options = [
            Option(
                f"model-{model}",
                round(price * size * random.lognormvariate(0, 0.2) * _PICO) * requests,
                min(1.0, max(0.0, quality - hardness + random.gauss(0, 0.05))),
            )
            for model, (price, quality) in enumerate(zip(prices, worth, strict=True))
        ]
        segments.append(Segment(f"segment-{place}", requests, options))
    return segments


def _program(segments: Sequence[Segment], models: int) -> Solve:
    """The linear program of these segments: for a floor, the least cost in dollars."""
    numpy: Any = importlib.import_module("numpy")
    sparse: Any = importlib.import_module("scipy.sparse")
    optimize: Any = importlib.import_module("scipy.optimize")
    requests = sum(segment.requests for segment in segments)
    costs = numpy.array([(option.cost or 0) / _PICO for each in segments for option in each.options])
    worth = numpy.array(
        [(option.quality or 0) * each.requests / requests for each in segments for option in each.options]
    )
    one_each = sparse.kron(sparse.eye(len(segments)), numpy.ones((1, models)), format="csr")
    scale = costs.mean()

    def solve(floor: float) -> float:
        answer = optimize.linprog(
            costs / scale,
            A_ub=-worth[None] * len(segments),
            b_ub=[-floor * len(segments)],
            A_eq=one_each,
            b_eq=numpy.ones(len(segments)),
            bounds=(0, 1),
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        return float(answer.fun * scale)

    return solve


if __name__ == "__main__":
    main()
