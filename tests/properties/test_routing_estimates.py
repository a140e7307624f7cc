"""Laws of what is claimed about the quality of other routing, over random small logs."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from summing import summed

from costopt.calculators.routing.bounds import bound
from costopt.calculators.routing.cells import Seen, Segment, everything_to, seen
from costopt.calculators.routing.estimates import claim, claims
from costopt.calculators.routing.floor import cheapest_above
from costopt.calculators.routing.intervals import Mean, weighted_sum, wilson
from costopt.calculators.routing.ladder import MILLION, rungs, thousandths
from costopt.calculators.routing.moments import SUMS
from costopt.calculators.routing.propensities import Weighted, doubly_robust, snips

KEYS = ("tag", "model", "half")
MODELS = ("a", "b", "c")
TAGS = ("x", "y", None)
QUALITIES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
PROPENSITIES = st.sampled_from([0.05, 0.3, 0.5, 0.9, 1.0])


def logs(
    quality: st.SearchStrategy[float | None], propensity: st.SearchStrategy[float | None]
) -> st.SearchStrategy[pl.DataFrame]:
    """Requests with a segment, a model and a half, and what else is asked for."""
    rows = st.tuples(
        st.sampled_from(TAGS),
        st.sampled_from(MODELS),
        st.integers(0, 1),
        quality,
        propensity,
        st.integers(1, 40),
    )
    schema = {
        "tag": pl.String,
        "model": pl.String,
        "half": pl.Int8,
        "quality": pl.Float64,
        "propensity": pl.Float64,
        "requests": pl.Int64,
    }
    return st.lists(rows, min_size=1, max_size=30).map(
        lambda found: pl.DataFrame(found, schema=schema, orient="row")
    )


ANY = logs(st.none() | QUALITIES, st.none() | PROPENSITIES)
SCORED = logs(QUALITIES, st.none())
SHARES = st.lists(st.integers(1, 9), min_size=3, max_size=3).map(
    lambda parts: {model: part / sum(parts) for model, part in zip(MODELS, parts, strict=True)}
)


def looked_at(requests: pl.DataFrame) -> Seen:
    return seen(summed(requests, KEYS), ["tag"])


@settings(max_examples=50)
@given(ANY, st.integers(0, 30), st.randoms())
def test_sums_of_parts_in_any_order_are_those_of_the_whole(requests: pl.DataFrame, cut: int, random) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    order = random.sample(range(requests.height), requests.height)
    mixed = requests[order]
    parts = pl.concat([summed(mixed[:cut], KEYS), summed(mixed[cut:], KEYS)])
    names = ["requests", *(key.name for key in SUMS)]
    merged = parts.group_by(KEYS).agg(pl.col(names).sum()).sort(KEYS, nulls_last=True)

    assert_frame_equal(merged, summed(requests, KEYS))
    assert seen(parts, ["tag"]) == looked_at(requests)


@settings(max_examples=50)
@given(SCORED)
def test_a_log_routed_as_it_was_has_its_own_mean_and_does_not_change(requests: pl.DataFrame) -> None:
    log = looked_at(requests)
    rows = requests.select("quality", "requests").rows()
    mean = sum(quality * count for quality, count in rows) / sum(count for _, count in rows)

    found = claim(log, {segment: log.shares(segment) for segment in log.cells})

    assert found.estimate == pytest.approx(mean, abs=2e-6)
    assert (found.change, found.basis) == (0, "as_logged")


@settings(max_examples=50)
@given(SCORED)
def test_the_chosen_model_with_certainty_everywhere_gives_the_mean(requests: pl.DataFrame) -> None:
    certain = requests.with_columns(
        model=pl.lit("a"), propensity=pl.lit(1.0), requests=pl.col("requests") + 10
    )
    log = looked_at(certain)
    mean = log.total.quality

    for estimate in (snips, doubly_robust):
        found = estimate(log, everything_to("a", log.cells))
        assert isinstance(found, Weighted)
        assert found.mean.value == pytest.approx(mean)
        assert found.effective == pytest.approx(log.total.requests)


@settings(max_examples=50)
@given(ANY, SHARES, st.sampled_from([None, 1.0, 2.0, 10.0]))
def test_an_estimate_is_within_its_interval_and_both_are_from_0_to_1(
    requests: pl.DataFrame, shares: dict[str, float], gamma: float | None
) -> None:
    log = looked_at(requests)

    found = claim(log, dict.fromkeys(log.cells, shares), gamma=gamma)

    if found.estimate is not None:
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= found.estimate <= found.high <= 1
        assert found.change is not None
        assert found.change_low is not None
        assert found.change_high is not None
        assert -1 <= found.change_low <= found.change + 1e-6
        assert found.change - 1e-6 <= found.change_high <= 1


@settings(max_examples=50)
@given(ANY, SHARES)
def test_a_claim_has_an_estimate_or_a_reason(requests: pl.DataFrame, shares: dict[str, float]) -> None:
    log = looked_at(requests)

    for found in [
        claim(log, dict.fromkeys(log.cells, shares)),
        *claims(log, dict.fromkeys(log.cells, shares)).values(),
    ]:
        assert (found.basis == "unknown") == (found.estimate is None)
        assert found.estimate is not None or found.reasons


@settings(max_examples=50)
@given(ANY, SHARES, st.floats(1, 20), st.floats(1, 20))
def test_the_more_may_be_hidden_the_wider_the_bound(
    requests: pl.DataFrame, shares: dict[str, float], one: float, other: float
) -> None:
    log = looked_at(
        requests.with_columns(pl.col("requests") * 10**6)
    )  # so many that chance has no part in it
    target = dict.fromkeys(log.cells, shares)

    narrow, wide, free = (bound(log, target, gamma) for gamma in (min(one, other), max(one, other), None))

    assert free.low - 0.002 <= wide.low <= narrow.low + 0.002
    assert narrow.high - 0.002 <= wide.high <= free.high + 0.002


@given(
    st.lists(
        st.tuples(st.sampled_from(TAGS), QUALITIES, QUALITIES, st.booleans(), st.integers(1, 9)), min_size=1
    ),
    st.sampled_from(["a", "b"]),
)
def test_the_bound_without_assumption_holds_whatever_chose_the_model(
    requests: list[tuple[str | None, float, float, bool, int]], model: str
) -> None:
    """Both models' scores are known, and the log shows one of them, chosen in any way at all."""
    rows = [
        (tag, "a" if is_a else "b", 0, a if is_a else b, None, count) for tag, a, b, is_a, count in requests
    ]
    schema = {
        "tag": pl.String,
        "model": pl.String,
        "half": pl.Int8,
        "quality": pl.Float64,
        "propensity": pl.Float64,
    }
    frame = pl.DataFrame(rows, schema={**schema, "requests": pl.Int64}, orient="row")
    whole = sum(count for *_, count in requests)
    truth = sum((a if model == "a" else b) * count for _, a, b, _, count in requests) / whole

    found = bound(looked_at(frame), everything_to(model, looked_at(frame).cells))

    assert found.low - 1e-9 <= truth <= found.high + 1e-9


MEANS = st.builds(Mean, st.floats(0, 1), st.floats(0.5, 1e6))


@given(MEANS, st.floats(0.01, 1))
def test_the_interval_of_one_mean_is_wilsons(mean: Mean, weight: float) -> None:
    found = weighted_sum([(weight, mean)])
    low, high = wilson(mean)

    assert (found.low, found.high) == pytest.approx((weight * low, weight * high), abs=1e-6)


@given(st.lists(st.tuples(st.floats(-1, 1), MEANS), max_size=6), st.floats(0, 0.1))
def test_a_sum_lies_within_its_interval(terms: list[tuple[float, Mean]], variance: float) -> None:
    found = weighted_sum(terms, variance=variance)
    mirrored = weighted_sum([(-weight, mean) for weight, mean in terms], variance=variance)

    assert found.low - 1e-9 <= found.estimate <= found.high + 1e-9
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


COSTS = st.fixed_dictionaries({model: st.integers(0, 1000) for model in MODELS})
SCORES = st.fixed_dictionaries({model: st.floats(0, 1) for model in MODELS})


@given(st.lists(st.tuples(st.integers(1, 1000), COSTS, SCORES, SHARES), min_size=1, max_size=4))
def test_every_rung_costs_less_than_the_one_before(
    segments: list[tuple[int, dict[str, int], dict[str, float], dict[str, float]]],
) -> None:
    keys: list[Segment] = [(str(number),) for number in range(len(segments))]
    requests, costs, scores, starts = (
        dict(zip(keys, each, strict=True)) for each in zip(*segments, strict=True)
    )
    start = {key: thousandths(shares) for key, shares in starts.items()}

    found = [*rungs(requests, costs, scores, start)]

    spent = [
        sum(
            requests[key] * share * costs[key][model]
            for key, shares in policy.items()
            for model, share in shares.items()
        )
        for policy in found
    ]
    assert all(sum(shares.values()) == MILLION for policy in found for shares in policy.values())
    assert all(later < earlier for earlier, later in pairwise(spent))


@settings(max_examples=50)
@given(SCORED, COSTS, st.sampled_from([0.0, 0.3, 0.6, 0.9, 1.0]))
def test_a_verified_policy_is_above_its_floor_with_its_bound(
    requests: pl.DataFrame, costs: dict[str, int], floor: float
) -> None:
    log = looked_at(requests)

    found = cheapest_above(log, dict.fromkeys(log.cells, costs), floor)

    assert (found.routes is None) == (found.reason is not None)
    if found.routes is not None:
        assert found.margin_low is not None
        assert found.margin_low >= 0
        assert found.cost_pico is not None
        assert min(costs.values()) <= found.cost_pico <= max(costs.values())
