"""CPU time of deciding 5,000 groups of requests by three policies, each with rules and eight candidates a group."""

import random
import statistics
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from measure import options, verdict

from costopt.calculators.routing.decide import Candidate, Traits, decide
from costopt.calculators.routing.policy import COMPLEXITIES, Policy, Rule, When, models_of
from costopt.calculators.routing.ready import ready_policy

BOUND: Final = 0.3
GROUPS: Final = 5_000
RULES: Final = (
    Rule(when=When(tag=("nightly", "bulk-*")), tier="mini", min_quality=0.5),
    Rule(when=When(tenant=("acme",), endpoint=("/v1/*",)), strategy="fastest"),
)

Group = tuple[Traits, Mapping[str, Candidate]]


def main() -> None:
    """Prints the median of each policy, and that of the three together."""
    asked = options(__doc__ or "", runs=9)
    policies = [
        ready_policy(name).model_copy(update={"rules": RULES})
        for name in ("cost", "quality-first", "balanced")
    ]
    groups = made(policies[0])
    rounds = [[seconds(policy, groups) for policy in policies] for _ in range(asked.runs + 1)][1:]
    for policy, times in zip(policies, zip(*rounds, strict=True), strict=True):
        print(f"{policy.name:<14} {statistics.median(times):.3f} s")
    verdict("CPU seconds of the three, median", statistics.median(map(sum, rounds)), BOUND)


def made(policy: Policy) -> list[Group]:
    """Groups of requests at random, some of which a rule matches."""
    draw = random.Random(1)  # noqa: S311 - not for secrets
    return [
        (
            Traits(
                complexity=draw.choice(COMPLEXITIES),
                request_type=draw.choice(("chat", "code", None)),
                tag=draw.choice(("bulk-7", "nightly", "live", None)),
                tenant=draw.choice(("acme", "globex")),
                endpoint=draw.choice(("/v1/chat", "/v2/chat")),
            ),
            {
                model: Candidate(
                    model,
                    Decimal(draw.randint(1, 10**6)).scaleb(-8),
                    draw.random(),
                    draw.random() * 1000,
                    0.99,
                )
                for model in models_of(policy)
            },
        )
        for _ in range(GROUPS)
    ]


def seconds(policy: Policy, groups: list[Group]) -> float:
    """CPU time of deciding all groups."""
    begun = time.process_time()
    for traits, candidates in groups:
        decide(policy, traits, candidates)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
