from collections.abc import Mapping
from dataclasses import replace

import pytest

from costopt.calculators.routing.cells import Cell, Seen, Segment
from costopt.calculators.routing.floor import FloorAnswer, Route
from costopt.calculators.routing.floor_policy import answer, points, policy_of
from costopt.calculators.routing.policy import Escalation, Policy, Rule, When
from costopt.calculators.routing.traffic import Cost, Traffic

USD = 10**12
MILLION = 1_000_000


def traffic(
    *columns: str, requests: int = 100, costs: Mapping[Segment, Mapping[str, int]] | None = None
) -> Traffic:
    """As many requests of each segment, and what all of them would cost, in dollars."""
    each = costs or {}
    return Traffic(
        columns=columns,
        requests=dict.fromkeys(each, requests),
        logged=dict.fromkeys(each, USD),
        served={segment: {"large": requests} for segment in each},
        costs={
            segment: {name: Cost(cost * USD, cost * USD, cost * USD) for name, cost in own.items()}
            for segment, own in each.items()
        },
        ratios={},
        left_out=0,
        other_kinds=0,
    )


def scores(count: int, **quality: float) -> dict[str, tuple[Cell, Cell]]:
    """As many scores of each model with this mean, in either half."""
    return {
        name: (Cell(requests=count, scored=count, quality_sum=count * mean, quality_squares=count * mean),)
        * 2
        for name, mean in quality.items()
    }


def found(*routes: tuple[Segment, Mapping[str, int]], floor: float = 0.8) -> FloorAnswer:
    return FloorAnswer(
        routes=tuple(Route(segment=segment, millionths=dict(shares)) for segment, shares in routes),
        floor=floor,
        assumption="",
    )


# The answer


def test_the_cheapest_model_that_keeps_the_floor_is_found() -> None:
    routed = traffic("complexity", costs={("simple",): {"small": 1, "large": 10}})

    kept = answer(routed, Seen({("simple",): scores(500, small=0.9, large=0.95)}), 0.8)

    assert kept.routes == (Route(segment=("simple",), millionths={"small": MILLION}),)
    assert kept.cost_pico == USD // 100


@pytest.mark.parametrize("seen", [Seen({}), Seen({("simple",): {"small": (Cell(requests=5), Cell())}})])
def test_without_scores_nothing_is_verified_and_the_reason_is_said(seen: Seen) -> None:
    refused = answer(traffic("complexity", costs={("simple",): {"small": 1}}), seen, 0.8)

    assert refused == FloorAnswer(
        floor=0.8, unrouted_share=1, assumption="none", reason="no request has a quality score"
    )


def test_with_few_scores_nothing_is_verified_either() -> None:
    seen = Seen({("simple",): scores(1, small=1.0)})

    refused = answer(traffic("complexity", costs={("simple",): {"small": 1}}), seen, 0.8)

    assert refused.routes is None
    assert refused.reason == (
        "100 % of the requests are of kinds for which no priced model has 5 scores in each half"
    )


# The frontier


def test_the_frontier_goes_from_the_cheapest_models_to_the_best() -> None:
    routed = traffic(
        "complexity",
        costs={("simple",): {"small": 1, "large": 10}, ("complex",): {"small": 1, "large": 10}},
    )
    seen = Seen(
        {("simple",): scores(50, small=0.9, large=0.95), ("complex",): scores(50, small=0.5, large=0.9)}
    )

    ends = [(float(each.cost_usd), round(each.quality, 3)) for each in points(routed, seen)]

    assert ends == [(2, 0.7), (11, 0.9), (20, 0.925)]


def test_models_with_few_scores_and_kinds_without_any_are_on_no_frontier() -> None:
    routed = traffic(
        "complexity",
        costs={("simple",): {"small": 1, "large": 10}, ("complex",): {"small": 1, "large": 10}},
    )
    seen = Seen({("simple",): {**scores(50, small=0.9), **scores(4, large=1.0)}})

    assert [(float(each.cost_usd), each.quality) for each in points(routed, seen)] == [(1, 0.9)]


def test_a_segment_without_requests_is_on_no_frontier() -> None:
    assert points(traffic("complexity", requests=0, costs={("simple",): {"small": 1}}), Seen({})) == ()


# The policy


def test_no_routes_are_no_policy() -> None:
    assert policy_of(FloorAnswer(floor=0.8, assumption=""), traffic("complexity")) is None


def test_a_route_is_a_rule_and_those_with_more_conditions_come_first() -> None:
    costs: dict[Segment, dict[str, int]] = {
        (None, "chat"): {"small": 1},
        ("simple", "chat"): {"small": 1},
        ("simple", None): {"small": 1},
    }
    answered = found(*((segment, {"small": MILLION}) for segment in costs))

    made = policy_of(answered, traffic("complexity", "request_type", costs=costs))

    assert made == Policy(
        name="floor 0.8",
        rules=(
            Rule(when=When(complexity=("simple",), request_type=("chat",)), model="small"),
            Rule(when=When(request_type=("chat",)), model="small"),
            Rule(when=When(complexity=("simple",)), model="small"),
        ),
        escalation=Escalation(enabled=False),
    )


def test_a_segment_that_is_split_goes_to_the_dearer_model() -> None:
    costs: dict[Segment, dict[str, int]] = {("simple",): {"small": 1, "large": 10}}

    made = policy_of(
        found((("simple",), {"small": 900_000, "large": 100_000})), traffic("complexity", costs=costs)
    )

    assert made is not None
    assert [rule.model for rule in made.rules] == ["large"]


def test_of_segments_that_a_policy_cannot_tell_apart_the_model_counts_that_costs_most_a_request() -> None:
    """A rule cannot ask for a user; one asks little, and needs the large model."""
    costs: dict[Segment, dict[str, int]] = {
        ("simple", "ada"): {"small": 100, "large": 1000},
        ("simple", "bob"): {"small": 1, "large": 10},
    }
    routed = replace(
        traffic("complexity", "user", costs=costs), requests={("simple", "ada"): 1000, ("simple", "bob"): 10}
    )
    models = ({"small": MILLION}, {"large": MILLION})

    made = policy_of(found(*zip(costs, models, strict=True)), routed)

    assert made is not None
    assert made.rules == (Rule(when=When(complexity=("simple",)), model="large"),)
