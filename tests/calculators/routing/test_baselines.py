from dataclasses import replace
from decimal import Decimal

import pytest

from costopt.calculators.routing.baselines import (
    baseline_models,
    baselines,
    check_baselines,
    flat_price,
)
from costopt.calculators.routing.cells import NOTHING, Cell, Seen, Segment
from costopt.calculators.routing.outcome import Baseline
from costopt.calculators.routing.traffic import Cost, Traffic
from costopt.errors import ConfigError

USD = 10**12
CHAT: Segment = ("simple", "chat")
QA: Segment = ("simple", "qa")
TRAFFIC = Traffic(
    columns=("complexity", "request_type"),
    requests={CHAT: 3, QA: 1},
    logged={CHAT: 6 * USD, QA: 2 * USD},
    served={CHAT: {"large": 2, "small": 1}, QA: {"large": 1}},
    costs={
        CHAT: {"small": Cost(1 * USD, 2 * USD, 3 * USD), "large": Cost(7 * USD, 7 * USD, 8 * USD)},
        QA: {"large": Cost(2 * USD, 2 * USD, 2 * USD)},
    },
    ratios={},
    left_out=0,
    other_kinds=0,
)
UNSEEN = Seen({})


def found(
    name: str, seen: Seen = UNSEEN, frontier: str | None = None, traffic: Traffic = TRAFFIC
) -> Baseline:
    (baseline,) = baselines([name], traffic, seen, {"big": "large", "mini": "small"}, frontier)
    return baseline


def test_the_log_as_it_is() -> None:
    assert found("logged") == Baseline(
        name="logged",
        meaning="what was paid",
        cost_usd=Decimal(8),
        low_usd=Decimal(8),
        high_usd=Decimal(8),
        per_million_usd=Decimal(2_000_000),
    )


@pytest.mark.parametrize(
    ("name", "price"),
    [("0.015/request", "0.015"), ("$0.015/request", "0.015"), (".5/request", "0.5"), ("2/request", "2")],
)
def test_a_flat_price_for_each_request(name: str, price: str) -> None:
    baseline = found(name)

    assert flat_price(name) == Decimal(price)
    assert baseline.name == name
    assert baseline.cost_usd == baseline.low_usd == baseline.high_usd == 4 * Decimal(price)


def test_a_flat_price_is_told_with_all_its_digits() -> None:
    assert found("0.015/request").meaning == "a stated $0.015 a request"
    assert found("2/request").meaning == "a stated $2.00 a request"


def test_everything_to_one_model() -> None:
    assert found("big") == Baseline(
        name="big",
        meaning="everything to one model",
        model="large",
        cost_usd=Decimal(9),
        low_usd=Decimal(9),
        high_usd=Decimal(10),
        per_million_usd=Decimal(2_250_000),
    )


def test_a_model_without_a_price_for_all_requests_is_no_baseline_and_says_why() -> None:
    assert found("mini") == Baseline(
        name="mini",
        meaning="everything to one model",
        model="small",
        reason="it has no price for some requests of 1 of 2 segments",
    )


def test_everything_to_the_strongest_tier() -> None:
    baseline = found("frontier", frontier="large")

    assert (baseline.meaning, baseline.model) == ("everything to the strongest tier", "large")
    assert baseline.cost_usd == 9


def test_without_tiers_there_is_no_strongest_one() -> None:
    baseline = found("frontier")

    assert (baseline.cost_usd, baseline.reason) == (None, "no policy has tiers")


def scored(quality: float, count: int = 100) -> tuple[Cell, Cell]:
    """So many requests with a score, of that mean."""
    cell = Cell(requests=count, scored=count, quality_sum=quality * count, quality_squares=quality * count)
    return cell, NOTHING


def test_everything_to_the_best_single_model() -> None:
    qualities = {"large": scored(0.9), "small": scored(0.6)}

    baseline = found("best-single", Seen({CHAT: qualities, QA: qualities}))

    assert (baseline.meaning, baseline.model) == ("everything to the best single model", "large")
    assert baseline.cost_usd == 9


def test_of_two_best_models_the_first_by_name_is_taken() -> None:
    qualities = {"large": scored(0.5), "small": scored(0.5)}

    assert found("best-single", Seen({CHAT: qualities, QA: qualities})).model == "large"


def test_the_best_model_is_unknown_without_quality_of_all_that_it_would_serve() -> None:
    baseline = found("best-single")

    assert (baseline.model, baseline.cost_usd) == (None, None)
    assert baseline.reason == "which model is best is unknown: no quality with overlap"


def test_each_baseline_is_given_once() -> None:
    names = [each.name for each in baselines(["logged", "1/request", "logged"], TRAFFIC, UNSEEN, {}, None)]

    assert names == ["logged", "1/request"]


def test_of_no_requests_everything_costs_nothing() -> None:
    empty = replace(TRAFFIC, requests={}, logged={}, served={}, costs={})

    assert [found(name, traffic=empty).cost_usd for name in ("logged", "big", "1/request")] == [0, 0, 0]
    assert found("logged", traffic=empty).per_million_usd == 0


def test_what_is_no_name_and_no_price_is_a_model() -> None:
    names = ("logged", "frontier", "best-single", "1/request", "openai/gpt-4o", "gpt-4o")

    assert baseline_models(names) == ("openai/gpt-4o", "gpt-4o")


@pytest.mark.parametrize("name", ["x/request", "1,5/request", "-1/request", "1e3/request", "0.015/requests"])
def test_what_looks_like_a_price_and_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is no price for each request") as caught:
        check_baselines(["logged", name])
    assert caught.value.hint == "write it like `0.015/request`"


def test_names_and_prices_are_accepted() -> None:
    check_baselines(["logged", "openai/gpt-4o", "0.015/request"])
