from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from costopt.calculators.routing.candidates import Known
from costopt.calculators.routing.cells import NOTHING, Cell, Seen, Segment
from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.outcome import (
    Baseline,
    Escalated,
    Escalating,
    Outcome,
    Routed,
    Saving,
    SegmentRoute,
    outcome,
    per_million,
)
from costopt.calculators.routing.policy import Escalation, Policy, Rule, Tiers, When
from costopt.calculators.routing.providers import Performance
from costopt.calculators.routing.traffic import Cost, Traffic

USD = 10**12
SIMPLE: Segment = ("simple", "chat")
COMPLEX: Segment = ("complex", "chat")


def usd(low: int, estimate: int, high: int) -> Cost:
    return Cost(low * USD, estimate * USD, high * USD)


TRAFFIC = Traffic(
    columns=("complexity", "request_type"),
    requests={SIMPLE: 10, COMPLEX: 5},
    logged={SIMPLE: 10 * USD, COMPLEX: 10 * USD},
    served={SIMPLE: {"large": 10}, COMPLEX: {"large": 4, "small": 1}},
    costs={
        SIMPLE: {"small": usd(1, 2, 4), "large": usd(10, 10, 10)},
        COMPLEX: {"small": usd(2, 3, 5), "large": usd(10, 11, 12)},
    },
    ratios={},
    left_out=0,
    other_kinds=0,
)
"""Ten simple requests that `large` served, and five complex ones of which `small` served one."""

TIERED = Policy(name="tiered", tiers=Tiers(mini=("small",), premium=("large",)))
NOTHING_KNOWN = Known(Seen({}), None, None, {})
NEVER = Escalating(0, "escalation is off")
LOGGED = Baseline(name="logged", meaning="", cost_usd=Decimal(20), low_usd=Decimal(20), high_usd=Decimal(20))
LARGE = Baseline(
    name="frontier",
    meaning="",
    model="large",
    cost_usd=Decimal(21),
    low_usd=Decimal(20),
    high_usd=Decimal(22),
)


def found(
    policy: Policy = TIERED,
    traffic: Traffic = TRAFFIC,
    known: Known = NOTHING_KNOWN,
    baselines: tuple[Baseline, ...] = (),
    escalating: Escalating = NEVER,
) -> Outcome:
    return outcome(policy, traffic, known, baselines, escalating)


def test_a_policy_costs_what_its_segments_cost_on_the_models_that_it_gives_them() -> None:
    result = found()

    assert [result.low_usd, result.cost_usd, result.high_usd] == [11, 13, 16]
    assert (result.policy, result.strategy, result.requests, result.stayed) == ("tiered", "cost", 15, 0)
    assert result.per_million_usd == Decimal("866666.666667")


def test_where_requests_go_most_first() -> None:
    assert found().models == (
        Routed(name="small", tier="mini", requests=10, share_pct=Decimal("66.6667"), cost_usd=Decimal(2)),
        Routed(name="large", tier="premium", requests=5, share_pct=Decimal("33.3333"), cost_usd=Decimal(11)),
    )


def test_what_happens_to_each_segment_dearest_first() -> None:
    first, second = found().segments

    assert first.segment == {"complexity": "complex", "request_type": "chat"}
    assert second == SegmentRoute(
        segment={"complexity": "simple", "request_type": "chat"},
        requests=10,
        logged_usd=Decimal(10),
        model="small",
        tier="mini",
        rule=None,
        escalates_to="large",
        cost_usd=Decimal(2),
        low_usd=Decimal(1),
        high_usd=Decimal(4),
        reasons=(
            "complexity simple: tier mini",
            "the cheapest of 1 in the tier: $0.20 a request",
            "below confidence 0.7 also asked of `large`",
        ),
    )


def test_segments_of_one_cost_are_in_the_order_of_their_names() -> None:
    names: list[Segment] = [("simple", "b"), ("simple", None), ("simple", "a")]
    traffic = replace(
        TRAFFIC,
        requests=dict.fromkeys(names, 1),
        logged=dict.fromkeys(names, USD),
        served={name: {"large": 1} for name in names},
        costs={name: {"small": usd(1, 1, 1)} for name in names},
    )

    assert [each.segment["request_type"] for each in found(traffic=traffic).segments] == [None, "a", "b"]


def test_levels_are_told_from_simple_to_unknown() -> None:
    unknown: Segment = (None, "chat")
    traffic = replace(
        TRAFFIC,
        requests={**TRAFFIC.requests, unknown: 1},
        logged={**TRAFFIC.logged, unknown: USD},
        served={**TRAFFIC.served, unknown: {"large": 1}},
        costs={**TRAFFIC.costs, unknown: {"large": usd(1, 1, 1)}},
    )

    levels = found(traffic=traffic).complexity

    assert [(each.name, each.requests) for each in levels] == [("simple", 10), ("complex", 5), ("unknown", 1)]
    assert [each.cost_usd for each in levels] == [2, 11, 1]


# Escalation


def test_both_calls_are_paid_where_requests_escalate() -> None:
    result = found(escalating=Escalating(250_000, "as asked for"))

    assert result.escalated == Escalated(
        rate=Decimal("0.25"),
        basis="as asked for",
        share_pct=Decimal("16.6667"),
        cost_usd=Decimal("15.5"),
        low_usd=Decimal("13.5"),
        high_usd=Decimal("18.5"),
        break_even_rate=Decimal("0.8"),
    )
    assert result.cost_usd == 13


def test_where_nothing_can_escalate_there_is_no_rate_at_which_it_pays() -> None:
    off = TIERED.model_copy(update={"escalation": Escalation(enabled=False)})

    escalated = found(off, escalating=Escalating(250_000, "")).escalated

    assert [escalated.break_even_rate, escalated.share_pct, escalated.cost_usd] == [None, 0, 13]


def test_a_tier_that_is_dearer_than_the_next_never_pays() -> None:
    upside_down = Policy(name="p", tiers=Tiers(mini=("large",), premium=("small",)))

    assert found(upside_down).escalated.break_even_rate == -4


# Savings


def test_what_a_policy_saves_has_a_range() -> None:
    (saving,) = found(baselines=(LOGGED,), escalating=Escalating(1_000_000, "all")).savings

    assert saving == Saving(
        baseline="logged",
        saved_usd=Decimal(7),
        low_usd=Decimal(4),
        high_usd=Decimal(9),
        pct=Decimal(35),
        low_pct=Decimal(20),
        high_pct=Decimal(45),
        escalated_usd=Decimal(-3),
        escalated_pct=Decimal(-15),
    )


def test_segments_that_both_send_to_the_same_model_save_nothing_for_certain() -> None:
    (saving,) = found(baselines=(LARGE,)).savings

    assert [saving.low_usd, saving.saved_usd, saving.high_usd] == [6, 8, 9]
    assert saving.low_pct == Decimal("27.2727")  # of 22, as the shared part may cost 12
    assert saving.pct == Decimal("38.0952")  # of 21
    assert saving.high_pct == 45  # of 20


def test_what_a_policy_may_cost_more_is_a_larger_part_of_a_cheap_baseline() -> None:
    dear = replace(
        TRAFFIC, costs={**TRAFFIC.costs, SIMPLE: {"small": usd(12, 13, 16), "large": usd(10, 10, 10)}}
    )

    (saving,) = found(traffic=dear, baselines=(LARGE,)).savings

    assert [saving.low_usd, saving.saved_usd, saving.high_usd] == [-6, -3, -2]
    assert [saving.low_pct, saving.pct, saving.high_pct] == [-30, Decimal("-14.2857"), Decimal("-9.0909")]


def test_a_policy_saves_nothing_against_itself() -> None:
    frontier = Policy(name="p", strategy="frontier-only", tiers=TIERED.tiers)

    (saving,) = found(frontier, baselines=(LARGE,)).savings

    assert {saving.saved_usd, saving.low_usd, saving.high_usd} == {0}
    assert {saving.pct, saving.low_pct, saving.high_pct} == {0}


def test_against_a_baseline_whose_cost_is_unknown_nothing_is_said() -> None:
    unknown = Baseline(name="best-single", meaning="", reason="no quality")

    assert [each.baseline for each in found(baselines=(unknown, LOGGED)).savings] == ["logged"]


# Requests that stay


def test_requests_for_which_no_model_is_left_stay_where_they_are() -> None:
    rule = Rule(when=When(complexity=("complex",)), model="unheard-of")
    policy = TIERED.model_copy(update={"rules": (rule,)})

    result = found(policy)

    assert result.stayed == 5
    assert [result.low_usd, result.cost_usd, result.high_usd] == [11, 12, 14]
    assert [(each.name, each.tier, each.requests) for each in result.models] == [
        ("small", "mini", 10),
        ("(as logged)", None, 5),
    ]
    stays = result.segments[0]
    assert (stays.model, stays.rule, stays.reasons[-1]) == (None, "#1", "no candidate is left")
    assert stays.cost_usd == stays.logged_usd == 10


def test_what_stays_saves_nothing_for_certain_against_the_log() -> None:
    nobody = Policy(name="p")

    (saving,) = found(nobody, baselines=(LOGGED,)).savings

    assert {saving.saved_usd, saving.low_usd, saving.high_usd, saving.low_pct} == {0}


# Latency, confidence, quality


def performance(**figures: float | None) -> Mapping[str, Performance]:
    """By model its latency; its confidence is a thousandth of that."""
    return {
        name: Performance(figure, None, None if figure is None else figure / 1000)
        for name, figure in figures.items()
    }


def test_latency_and_confidence_are_means_over_the_requests_of_the_models_that_serve_them() -> None:
    result = found(known=replace(NOTHING_KNOWN, performance=performance(small=100, large=400)))

    assert [result.latency_ms, result.confidence] == [200, Decimal("0.2")]


def test_what_stays_is_as_fast_as_the_models_that_served_it() -> None:
    known = replace(NOTHING_KNOWN, performance=performance(small=100, large=400))

    assert found(Policy(name="p"), known=known).latency_ms == 380


@pytest.mark.parametrize("known", [performance(small=100), performance(small=100, large=None)])
def test_a_model_whose_latency_is_unknown_makes_the_mean_unknown(known: Mapping[str, Performance]) -> None:
    assert found(known=replace(NOTHING_KNOWN, performance=known)).latency_ms is None


def test_quality_is_claimed_for_the_models_that_serve_each_segment() -> None:
    cells = {segment: {"large": (Cell(requests=1), NOTHING)} for segment in TRAFFIC.requests}
    prior = Prior(source="somebody", qualities={"small": 0.5, "large": 0.8})

    claim = found(known=Known(Seen(cells), None, prior, {})).quality

    assert (claim.basis, claim.estimate, claim.change) == ("prior", 0.65, -0.15)


def test_a_policy_chooses_by_the_quality_that_is_known() -> None:
    prior = Prior(source="somebody", qualities={"small": 0.9, "large": 0.8})
    best = Policy(name="p", strategy="quality-first", tiers=TIERED.tiers)

    assert [each.name for each in found(best, known=replace(NOTHING_KNOWN, prior=prior)).models] == ["small"]


def test_without_requests_nothing_costs_anything() -> None:
    empty = Traffic(("complexity",), {}, {}, {}, {}, {}, 0, 0)

    result = found(traffic=empty, baselines=(replace_cost(LOGGED, 0),), escalating=Escalating(100_000, ""))

    assert [result.requests, result.cost_usd, result.per_million_usd, result.latency_ms] == [0, 0, 0, None]
    assert (result.models, result.complexity, result.segments) == ((), (), ())
    assert result.savings[0].saved_usd == result.savings[0].pct == 0


def replace_cost(baseline: Baseline, cost: int) -> Baseline:
    return baseline.model_copy(update=dict.fromkeys(("cost_usd", "low_usd", "high_usd"), Decimal(cost)))


def test_a_million_requests_cost_a_million_times_as_much() -> None:
    assert per_million(Decimal("0.33"), 1000) == 330
    assert per_million(Decimal(1), 3) == Decimal("333333.333333")
    assert per_million(Decimal(0), 0) == 0
