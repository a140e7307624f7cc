"""Laws of the frontier between cost and quality, over random small traffic, against every policy there is."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.calculators.routing.frontier import Frontier, Option, Policy, Segment, frontier
from costopt.models.money import PICO_PER_USD

SLACK = 1e-12
MODELS = "abcd"
COSTS = st.one_of(st.none(), st.integers(0, 20), st.integers(0, 10**15))
QUALITIES = st.one_of(st.none(), st.integers(0, 20).map(lambda twentieths: twentieths / 20), st.floats(0, 1))
OPTIONS = st.lists(st.tuples(COSTS, QUALITIES), max_size=4)


@st.composite
def traffics(draw: st.DrawFn) -> list[Segment]:
    """Up to four segments of up to four models, some of unknown cost or quality."""
    rows = draw(st.lists(st.tuples(st.integers(1, 50), OPTIONS), max_size=4))
    return [
        Segment(str(place), requests, [Option(*each) for each in _named(options)])
        for place, (requests, options) in enumerate(rows)
    ]


def _named(options: Sequence[tuple[int | None, float | None]]) -> list[tuple[str, int | None, float | None]]:
    return [(model, *option) for model, option in zip(MODELS, options, strict=False)]


class Total(NamedTuple):
    """What a policy without a split costs, in pico-dollars, and its mean quality."""

    cost: int
    quality: float


def every_policy(segments: Sequence[Segment]) -> list[Total]:
    """All there are, by trying."""
    known = [(segment.requests, _known(segment).values()) for segment in segments]
    counted = [(requests, own) for requests, own in known if own]
    total = sum(requests for requests, _ in counted)
    weighted = [[(cost, requests * quality) for cost, quality in own] for requests, own in counted]
    return [
        Total(sum(cost for cost, _ in each), sum(quality for _, quality in each) / total)
        for each in product(*weighted)
        if each
    ]


def pico(amount: Decimal) -> int:
    return int(amount * PICO_PER_USD)


def cost_at(totals: Sequence[Total], floor: float) -> Fraction | None:
    """The least cost of any mixture of two policies above the floor: what the linear program's optimum is."""
    below = [each for each in totals if each.quality < floor]
    above = [each for each in totals if each.quality >= floor]
    mixed = [
        low.cost
        + (Fraction(floor) - Fraction(low.quality))
        * (high.cost - low.cost)
        / (Fraction(high.quality) - Fraction(low.quality))
        for low, high in product(below, above)
    ]
    return min([*mixed, *(Fraction(each.cost) for each in above)], default=None)


@given(traffics())
def test_the_frontier_is_rising_and_concave_from_the_cheapest_policy_to_the_best(
    segments: list[Segment],
) -> None:
    found, totals = frontier(segments), every_policy(segments)

    points = list(zip(found.costs, found.qualities, strict=True))
    steps = [(high[0] - low[0], high[1] - low[1]) for low, high in pairwise(points)]
    assert all(cost > 0 and quality > 0 for cost, quality in steps)
    assert all(one[1] * two[0] >= two[1] * one[0] for one, two in pairwise(steps))
    assert bool(points) == bool(totals)
    if totals:
        cheapest = min(each.cost for each in totals)
        assert found.costs[0] == cheapest
        assert found.vertices[0].quality == pytest.approx(
            max(e.quality for e in totals if e.cost == cheapest)
        )
        best = max(each.quality for each in totals)
        assert found.vertices[-1].quality == pytest.approx(best)
        assert found.costs[-1] <= min(each.cost for each in totals if each.quality >= best)


@given(traffics(), st.floats(0, 1))
def test_a_policy_meets_its_floor_at_the_cost_of_the_cheapest_mixture(
    segments: list[Segment], at: float
) -> None:
    found, totals = frontier(segments), every_policy(segments)
    floor = _between([each.quality for each in totals], at)

    policy = found.policy_at(floor)

    if policy is None:
        assert cost_at(totals, floor + SLACK) is None
        return
    least, most = cost_at(totals, floor - SLACK), cost_at(totals, floor + SLACK)
    assert policy.quality >= floor - SLACK
    assert least is not None
    assert pico(policy.cost_usd) >= least - 1
    assert most is None or pico(policy.cost_usd) <= most + 1
    _check_choices(policy, segments, splits=1)


@given(traffics(), st.floats(0, 1))
def test_a_policy_without_a_split_is_the_cheapest_of_all(segments: list[Segment], at: float) -> None:
    found, totals = frontier(segments), every_policy(segments)
    floor = _between([each.quality for each in totals], at)

    policy, split = found.whole_policy_at(floor), found.policy_at(floor)

    assert (policy is None) == (split is None)
    if policy is None or split is None:
        return
    assert policy.quality >= floor - SLACK
    assert policy.is_cheapest
    assert pico(policy.cost_usd) >= min(each.cost for each in totals if each.quality >= floor - SLACK)
    above = [each.cost for each in totals if each.quality >= floor + SLACK]
    assert not above or pico(policy.cost_usd) <= min(above)
    assert policy.least_usd == split.cost_usd <= policy.cost_usd
    _check_choices(policy, segments, splits=0)


@given(traffics(), st.floats(0, 1))
def test_the_best_within_what_a_policy_costs_is_as_good(segments: list[Segment], at: float) -> None:
    found = frontier(segments)
    policy = found.policy_at(_between([each.quality for each in found.vertices], at))
    if policy is None:
        assert not found.vertices
        return

    best = found.best_within(policy.cost_usd)

    assert best is not None
    assert best.cost_usd <= policy.cost_usd
    assert best.quality >= policy.quality - SLACK
    _check_choices(best, segments, splits=1)


@given(traffics(), st.randoms(use_true_random=False))
def test_the_order_of_models_changes_nothing(segments: list[Segment], random: object) -> None:
    def shuffled(segment: Segment) -> Segment:
        options = list(segment.options)
        random.shuffle(options)  # type: ignore[attr-defined]
        return segment._replace(options=options)

    assert _without_options(frontier(segments)) == _without_options(
        frontier([shuffled(each) for each in segments])
    )


def _without_options(found: Frontier) -> tuple[object, ...]:
    return found.left_out, found.hulls, found.steps, found.costs, found.qualities


def _known(segment: Segment) -> dict[str, tuple[int, float]]:
    """Of every model whose cost and quality are known."""
    return {
        model: (cost, quality)
        for model, cost, quality in segment.options
        if cost is not None and quality is not None
    }


def _between(values: Sequence[float], at: float) -> float:
    low, high = min(values, default=0), max(values, default=1)
    return low + at * (high - low)


def _check_choices(policy: Policy, segments: Sequence[Segment], splits: int) -> None:
    """Every segment with a candidate is served, by models that no other beats, and the parts are the whole."""
    options = {segment.name: _known(segment) for segment in segments}
    served = [choice.segment for choice in policy.choices]
    assert len(served) - len(set(served)) <= splits
    assert sum(choice.cost_usd for choice in policy.choices) == policy.cost_usd
    for name in set(served):
        assert sum(choice.share for choice in policy.choices if choice.segment == name) == pytest.approx(1)
    for choice in policy.choices:
        cost, quality = options[choice.segment][choice.model]
        assert not any(
            (each[0] <= cost and each[1] > quality + SLACK) or (each[0] < cost and each[1] >= quality)
            for each in options[choice.segment].values()
        )
