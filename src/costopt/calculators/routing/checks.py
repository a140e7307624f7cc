"""All that looks right in a simulation and is not, by the names of `traps`."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from costopt.calculators.routing.calibration import Calibration
from costopt.calculators.routing.cells import Seen
from costopt.calculators.routing.outcome import Baseline, Outcome
from costopt.calculators.routing.policy import TIERS, Policy
from costopt.calculators.routing.traffic import Cost, Traffic, total
from costopt.calculators.routing.traps import (
    Trap,
    dear_baseline,
    dominated_tiers,
    no_better_than_random,
    no_overlap,
    simpson_reversals,
)
from costopt.models.money import PICO_PER_USD, format_usd, usd


def traps(
    traffic: Traffic,
    seen: Seen,
    policies: Sequence[tuple[Policy, Outcome]],
    baselines: Sequence[Baseline],
    calibrations: Mapping[str, Calibration],
) -> tuple[Trap, ...]:
    """Every trap that the figures hold.

    Args:
        traffic: What was served, and what it would cost elsewhere.
        seen: The log's quality scores.
        policies: With what they would have done.
        baselines: What they are compared with.
        calibrations: By policy, whether confidence may decide what escalates.
    """
    single = [trap for trap in (no_overlap(seen), no_better_than_random(seen)) if trap] if seen.cells else []
    costs = {
        segment: {model: round(cost.estimate / traffic.requests[segment]) for model, cost in own.items()}
        for segment, own in traffic.costs.items()
    }
    of_log = (*simpson_reversals(seen), *dominated_tiers(seen, costs))
    return (
        *_dear(traffic, baselines),
        *(trap for policy, found in policies for trap in _beaten(policy, found, traffic)),
        *_thresholds(calibrations),
        *of_log,
        *single,
    )


def _dear(traffic: Traffic, baselines: Sequence[Baseline]) -> Iterator[Trap]:
    """Baselines that cost more than each of the log's models would for everything."""
    used = {
        model: cost.estimate // traffic.total_requests
        for model in sorted({name for own in traffic.served.values() for name in own})
        if (cost := _everything_to(model, traffic)) is not None
    }
    for baseline in baselines:
        if baseline.cost_usd is not None and used:
            each = int(baseline.cost_usd * PICO_PER_USD) // traffic.total_requests
            trap = dear_baseline(baseline.name, each, used)
            if trap:
                yield trap


def _everything_to(model: str, traffic: Traffic) -> Cost | None:
    costs = [own.get(model) for own in traffic.costs.values()]
    known = [cost for cost in costs if cost is not None]
    return total(iter(known)) if known and len(known) == len(costs) else None


def _beaten(policy: Policy, found: Outcome, traffic: Traffic) -> Iterator[Trap]:
    """A model that would serve everything for less, of a stronger tier than most of the requests get."""
    for place, models in enumerate(policy.ladder()):
        weaker = sum(each.requests for each in found.models if each.tier in TIERS[:place])
        if 2 * weaker <= found.requests:
            continue
        for model in models:
            cost = _everything_to(model, traffic)
            if cost is not None and usd(cost.estimate) < found.cost_usd:
                yield _dominated(model, TIERS[place], usd(cost.estimate), found)
                return


def _dominated(model: str, tier: str, cost: Decimal, found: Outcome) -> Trap:
    mix = f"policy {found.policy} ({format_usd(found.cost_usd)}), which sends most requests to weaker ones"
    return Trap(
        name="dominated tier",
        text=f"everything to {model}, of the {tier} tier, would cost {format_usd(cost)}, less than {mix}",
        evidence={"policy": found.policy, "model": model},
    )


def _thresholds(calibrations: Mapping[str, Calibration]) -> Iterator[Trap]:
    """Thresholds of confidence that nothing supports; those of one value are told once."""
    told: set[float] = set()
    for found in calibrations.values():
        if not found.is_calibrated and found.threshold not in told:
            told.add(found.threshold)
            yield Trap(
                name="threshold without calibration evidence",
                text=f"nothing supports {found.threshold:g}: {found.verdict.removeprefix('not calibrated: ')}",
                evidence={},
            )
