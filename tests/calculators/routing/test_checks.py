from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from costopt.calculators.routing.calibration import Calibration
from costopt.calculators.routing.candidates import Known
from costopt.calculators.routing.cells import Cell, Seen, Segment
from costopt.calculators.routing.checks import traps
from costopt.calculators.routing.outcome import Baseline, Escalating, outcome
from costopt.calculators.routing.policy import Policy, Tiers
from costopt.calculators.routing.traffic import Cost, Traffic
from costopt.calculators.routing.traps import Trap

USD = 10**12
SIMPLE: Segment = ("simple", "chat")
COMPLEX: Segment = ("complex", "chat")
NOTHING_SEEN = Seen({})
TIERED = Policy(name="tiered", tiers=Tiers(mini=("small",), standard=("middle",), premium=("large",)))


def same(dollars: int) -> Cost:
    return Cost(dollars * USD, dollars * USD, dollars * USD)


TRAFFIC = Traffic(
    columns=("complexity", "request_type"),
    requests={SIMPLE: 8, COMPLEX: 2},
    logged={SIMPLE: 80 * USD, COMPLEX: 20 * USD},
    served={SIMPLE: {"large": 8}, COMPLEX: {"large": 2}},
    costs={
        SIMPLE: {"small": same(8), "middle": same(16), "large": same(80)},
        COMPLEX: {"small": same(2), "middle": same(4), "large": same(20)},
    },
    ratios={},
    left_out=0,
    other_kinds=0,
)
"""Ten requests that `large` served for $100; `middle` would cost $20 and `small` $10. By tiers they cost $28."""


def found(
    traffic: Traffic = TRAFFIC,
    seen: Seen = NOTHING_SEEN,
    policy: Policy = TIERED,
    baselines: Mapping[str, int | None] | None = None,
    calibrations: Mapping[str, Calibration] | None = None,
) -> tuple[Trap, ...]:
    """Every trap; baselines by what they cost in dollars."""
    done = outcome(policy, traffic, Known(seen, None, None, {}), (), Escalating(0, "off"))
    compared = [
        Baseline(name=name, meaning="", cost_usd=None if cost is None else Decimal(cost))
        for name, cost in (baselines or {}).items()
    ]
    return traps(traffic, seen, [(policy, done)], compared, calibrations or {})


def texts(result: tuple[Trap, ...], name: str) -> list[str]:
    return [trap.text for trap in result if trap.name == name]


# Baselines


def test_a_baseline_dearer_than_the_dearest_model_used_is_named() -> None:
    told = texts(
        found(baselines={"stated": 1000, "logged": 100, "unknown": None}),
        "baseline dearer than any model used",
    )

    assert told == ["stated costs 10.0 times as much as the dearest model used, `large`"]


def test_of_a_baseline_a_little_dearer_the_percent_are_told() -> None:
    names = {"twelve": 112, "half": 101}

    assert texts(found(baselines=names), "baseline dearer than any model used") == [
        "twelve costs 12 % more than the dearest model used, `large`",
        "half costs 1.0 % more than the dearest model used, `large`",
    ]


def test_any_baseline_is_dearer_than_models_that_are_free() -> None:
    free = {segment: {"large": same(0)} for segment in TRAFFIC.costs}

    told = texts(
        found(replace(TRAFFIC, costs=free), baselines={"stated": 1}), "baseline dearer than any model used"
    )

    assert told == ["stated costs more than the dearest model used, `large`"]


def test_where_no_model_could_serve_everything_no_baseline_is_too_dear() -> None:
    costs = {SIMPLE: TRAFFIC.costs[SIMPLE], COMPLEX: {"small": same(2)}}

    assert found(replace(TRAFFIC, costs=costs), baselines={"stated": 1000}) == ()


def test_of_no_requests_there_are_no_traps() -> None:
    nothing = replace(TRAFFIC, requests={}, logged={}, served={}, costs={})

    assert found(nothing, baselines={"stated": 1000}) == ()


# Policies


def test_a_stronger_model_for_everything_that_costs_less_than_the_mix_is_named() -> None:
    (trap,) = found()

    assert trap.name == "dominated tier"
    assert trap.text == (
        "everything to middle, of the standard tier, would cost $20.00, less than policy tiered ($28.00), "
        "which sends most requests to weaker ones"
    )
    assert trap.evidence == {"policy": "tiered", "model": "middle"}


def test_a_stronger_model_that_costs_more_than_the_mix_is_not() -> None:
    costs = {segment: {**own, "middle": own["large"]} for segment, own in TRAFFIC.costs.items()}

    assert found(replace(TRAFFIC, costs=costs)) == ()


def test_where_most_requests_get_the_strongest_tier_nothing_dominates() -> None:
    even = replace(TRAFFIC, requests={SIMPLE: 5, COMPLEX: 5})

    assert found(even) == ()


def test_a_model_without_a_price_for_everything_dominates_nothing() -> None:
    costs = {SIMPLE: TRAFFIC.costs[SIMPLE], COMPLEX: {"small": same(2), "large": same(20)}}

    assert found(replace(TRAFFIC, costs=costs)) == ()


# Thresholds


def judged(threshold: float, problem: str | None) -> Calibration:
    return Calibration(
        threshold=threshold,
        requests=0,
        judged=0,
        good=0,
        auroc=None,
        auroc_low=None,
        auroc_high=None,
        escalated=None,
        quality_kept=None,
        quality_escalated=None,
        is_calibrated=problem is None,
        verdict=f"not calibrated: {problem}" if problem else "calibrated",
    )


def test_a_threshold_that_nothing_supports_is_told_once() -> None:
    calibrations = {
        "a": judged(0.7, "no request has a confidence"),
        "b": judged(0.7, "no request has a confidence"),
        "c": judged(0.5, None),
    }

    told = texts(found(calibrations=calibrations), "threshold without calibration evidence")

    assert told == ["nothing supports 0.7: no request has a confidence"]


# Scores


def scores(**quality: float) -> dict[str, tuple[Cell, Cell]]:
    """100 scores of each model with this mean, in either half."""
    return {
        name: (
            Cell(requests=100, scored=100, quality_sum=100 * mean, quality_squares=100 * mean),
            Cell(requests=100, scored=100, quality_sum=100 * mean, quality_squares=100 * mean),
        )
        for name, mean in quality.items()
    }


def test_a_model_that_costs_more_and_scores_less_is_named_with_the_prices_of_a_request() -> None:
    seen = Seen({SIMPLE: scores(middle=0.9, large=0.6), COMPLEX: scores(middle=0.9, large=0.6)})

    dominated = [trap for trap in found(seen=seen) if "dominated_by" in trap.evidence]

    assert [trap.evidence["dominated_by"] for trap in dominated] == ["middle"]
    assert dominated[0].text.startswith("`large` costs 5.0 times as much as `middle` and scores at least ")
    assert (dominated[0].evidence["cost_pico"], dominated[0].evidence["other_cost_pico"]) == (
        10 * USD,
        2 * USD,
    )


def test_kinds_that_one_model_alone_has_scores_for_are_named() -> None:
    seen = Seen({SIMPLE: scores(large=0.9), COMPLEX: scores(large=0.9)})

    assert texts(found(seen=seen), "no overlap") == [
        "100 % of the requests are of kinds that at most one model has scores for"
    ]


def test_shares_drawn_by_lot_that_do_as_well_are_named() -> None:
    """Both models do as well on either kind, so that it does not matter that each got one of them."""
    few = {"middle": scores(middle=0.9)["middle"], "large": scores(large=0.9)["large"]}
    seen = Seen(
        {SIMPLE: few, COMPLEX: {**few, "large": (Cell(), Cell(requests=5, scored=5, quality_sum=4.5))}}
    )

    assert len(texts(found(seen=seen), "router no better than matched random")) == 1
