"""What if requests were routed otherwise: every policy against every baseline, and what the answer rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

import polars as pl

from costopt.calculators.routing.alternatives import Alternative, alternatives
from costopt.calculators.routing.baselines import baseline_models, baselines
from costopt.calculators.routing.calibration import Calibration, calibration, confidence_rollup
from costopt.calculators.routing.candidates import Known
from costopt.calculators.routing.cascade import CASCADE, Cascade, cascade
from costopt.calculators.routing.cells import seen
from costopt.calculators.routing.checks import traps
from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.floor import FloorAnswer
from costopt.calculators.routing.floor_policy import FrontierPoint, answer, points, policy_of
from costopt.calculators.routing.gate import RouterCheck
from costopt.calculators.routing.outcome import Baseline, Escalating, Outcome, outcome
from costopt.calculators.routing.policy import Policy, Tiers, models_of, renamed
from costopt.calculators.routing.policy_file import check_models, find_model
from costopt.calculators.routing.providers import PERFORMANCE, SERVICE_SUMS, performance_of
from costopt.calculators.routing.sample import Sample, qualities_of, shadow_pairs, tokens_of
from costopt.calculators.routing.tokens import Counterfactual
from costopt.calculators.routing.traffic import (
    ROUTES,
    Market,
    read_traffic,
    routable,
    routes_rollup,
    segment_columns,
    served_numbers,
)
from costopt.calculators.routing.traps import Trap
from costopt.models.intake import Provenance
from costopt.models.money import usd
from costopt.models.result import Result
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of
from costopt.pricing.repricing import Repricing
from costopt.rollups.rollup import Rollup

ATTEMPTS: Final = Rollup(
    "attempts",
    PERFORMANCE.keys,
    (*CASCADE.computed, *confidence_rollup().computed),
    SERVICE_SUMS,
)
"""The rollup that tells cascades, what confidence is worth, and how models performed, but for the spread of latencies."""

MOST_ALTERNATIVES: Final = 50
ASSUMED: Final = Decimal("0.1")
"""The share of requests that are taken to escalate where nothing is known."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be simulated.

    Attributes:
        policies: To compare; models of tiers that are a log's are found once it is read.
        baselines: What to compare them with: see `baselines.baselines`.
        by: Further columns that make segments.
        escalated: The share of requests that are taken to escalate, of those that can, 0 to 1; None takes what the log
            shows, if its confidence tells good answers from bad, else a tenth.
        with_prompt: Whether complexity may be read from prompts.
        prior: Qualities that others have measured.
        floor: The least mean quality, 0 to 1, for which to find the cheapest routing; None looks for none.
    """

    policies: tuple[Policy, ...]
    baselines: tuple[str, ...]
    by: tuple[str, ...] = ()
    escalated: Decimal | None = None
    with_prompt: bool = True
    prior: Prior | None = None
    floor: float | None = None


class Simulation(Result):
    """What policies would have cost and saved.

    Attributes:
        provenance: Period, intake and catalog.
        by: The columns that make a segment.
        requests: Those with a cost; all figures are of these.
        left_out: Requests whose cost is unknown.
        other_kinds: Requests that are no chat, such as embeddings.
        shadow_pairs: How many times a prompt was served by two models.
        logged_usd: What the requests cost.
        baselines: What policies are compared with.
        policies: In the order asked for.
        cascade: What the attempts in the log cost; null where it has none beyond the first.
        calibrations: By policy, whether confidence may decide what escalates; of those with escalation.
        alternatives: Cheaper models by segment, the largest saving first.
        ratios: What costs on other models assume of their tokens.
        frontier: The cheapest routing of every quality, by the means of the scores: they flatter.
        floor: The cheapest routing above the floor, verified, or why there is none; null where none was asked for.
        verified: That routing as a policy; it is the last of the policies. Null where there is none.
        traps: What looks right in these figures and is not.
        router: Whether a router that was learned from the log's prompts may be used; null where none was asked for.
    """

    kind: ClassVar[str] = "simulation"
    provenance: Provenance
    by: tuple[str, ...]
    requests: int
    left_out: int
    other_kinds: int
    shadow_pairs: int
    logged_usd: Decimal
    baselines: tuple[Baseline, ...]
    policies: tuple[Outcome, ...]
    cascade: Cascade | None
    calibrations: dict[str, Calibration]
    alternatives: tuple[Alternative, ...]
    ratios: tuple[Counterfactual, ...]
    frontier: tuple[FrontierPoint, ...]
    floor: FloorAnswer | None
    verified: Policy | None
    traps: tuple[Trap, ...]
    router: RouterCheck | None = None


@dataclass(frozen=True)
class Plan:
    """How to simulate: which models may serve, what is to be added up.

    Attributes:
        terms: What is to be simulated.
        catalog: The prices.
        columns: That make a segment.
        repricing: The prices of all models of the catalog that may serve.
        numbers: By the name that a policy or a baseline uses, the model's number.
    """

    terms: Terms
    catalog: Catalog
    columns: tuple[str, ...]
    repricing: Repricing
    numbers: Mapping[str, int]

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """What has to be added up."""
        routes = routes_rollup(self.columns, self.repricing, with_prompt=self.terms.with_prompt)
        return routes, ATTEMPTS


def plan(terms: Terms, catalog: Catalog) -> Plan:
    """How to simulate.

    Raises:
        ConfigError: A model is not in the catalog.
    """
    names = [name for policy in terms.policies for name in models_of(policy)]
    for policy in terms.policies:
        check_models(policy, catalog)
    for name in baseline_models(terms.baselines):
        if find_model(catalog, name) is None:
            check_models(Policy(name="--baseline", tiers=Tiers(premium=(name,))), catalog)
        names.append(name)
    numbers = {
        name: number for name in dict.fromkeys(names) if (number := find_model(catalog, name)) is not None
    }
    columns = segment_columns(terms.policies, terms.by)
    return Plan(terms, catalog, columns, Repricing(catalog, list(numbers.values())), numbers)


def simulate(
    planned: Plan,
    rollups: Mapping[str, pl.DataFrame],
    provenance: Provenance,
    sample: Sample | None = None,
    router: RouterCheck | None = None,
) -> Simulation:
    """What the policies would have cost and saved.

    Args:
        planned: Made of the terms and the catalog.
        rollups: `planned.rollups`, priced.
        provenance: Period, intake and catalog.
        sample: Requests kept whole, of which those with the same prompt show how models compare.
        router: Whether a learned router may be used, if one was learned.
    """
    terms, catalog = planned.terms, planned.catalog
    named = {name: model_of(catalog, number).name for name, number in planned.numbers.items()}
    own = served_numbers(rollups[ROUTES], catalog)
    candidates = {**own, **{named[name]: number for name, number in planned.numbers.items()}}
    pairs = _pairs(planned, sample)
    shadows = None if pairs is None else tokens_of(pairs, planned.columns)
    market = Market(catalog, candidates, planned.repricing)
    chats = routable(rollups[ROUTES], catalog).groups
    traffic = read_traffic(rollups[ROUTES], planned.columns, market, shadows)
    scores = seen(chats.with_columns(model="served"), planned.columns)
    known = Known(
        seen=scores,
        pairs=None if pairs is None else qualities_of(pairs, planned.columns),
        prior=terms.prior,
        performance=performance_of(rollups[ATTEMPTS.name], catalog),
    )
    policies = tuple(renamed(policy, named) for policy in terms.policies)
    floor = None if terms.floor is None else answer(traffic, scores, terms.floor)
    verified = None if floor is None else policy_of(floor, traffic)
    policies = policies if verified is None else (*policies, verified)
    attempts = rollups[ATTEMPTS.name]
    calibrations = {
        policy.name: calibration(attempts, policy.escalation.threshold)
        for policy in policies
        if policy.escalation.enabled
    }
    compared = baselines(terms.baselines, traffic, scores, named, _strongest(policies))
    outcomes = tuple(
        outcome(policy, traffic, known, compared, _escalating(terms, calibrations.get(policy.name)))
        for policy in policies
    )
    return Simulation(
        provenance=provenance,
        by=planned.columns,
        requests=traffic.total_requests,
        left_out=traffic.left_out,
        other_kinds=traffic.other_kinds,
        shadow_pairs=0 if pairs is None else pairs.height // 2,
        logged_usd=usd(traffic.total_cost),
        baselines=compared,
        policies=outcomes,
        cascade=_cascade(attempts),
        calibrations=calibrations,
        alternatives=alternatives(traffic, known, MOST_ALTERNATIVES),
        ratios=tuple(traffic.ratios[key] for key in sorted(traffic.ratios)),
        frontier=points(traffic, scores),
        floor=floor,
        verified=verified,
        traps=traps(traffic, scores, list(zip(policies, outcomes, strict=True)), compared, calibrations),
        router=router,
    )


def _pairs(planned: Plan, sample: Sample | None) -> pl.DataFrame | None:
    if sample is None or sample.is_empty:
        return None
    return shadow_pairs(sample.requests(planned.catalog), planned.columns)


def _escalating(terms: Terms, measured: Calibration | None) -> Escalating:
    """How many of the requests that can escalate do, and how that is known."""
    if measured is None:
        return Escalating(0, "escalation is off")
    if terms.escalated is not None:
        return Escalating(round(terms.escalated * 1_000_000), "as asked for")
    if measured.is_calibrated and measured.escalated is not None:
        below = f"the log's answers with a confidence below {measured.threshold:g}"
        return Escalating(round(measured.escalated * 1_000_000), f"measured: {below}")
    return Escalating(round(ASSUMED * 1_000_000), "assumed: the log does not show it")


def _cascade(attempts: pl.DataFrame) -> Cascade | None:
    found = cascade(attempts)
    return found if len(found.attempts) > 1 else None


def _strongest(policies: Sequence[Policy]) -> str | None:
    """The first model of the strongest tier of the first policy that has one."""
    return next((models[0] for policy in policies for models in reversed(policy.ladder()) if models), None)
