from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from costopt.calculators.routing.providers import (
    DAYS,
    PERFORMANCE,
    ModelPerformance,
    Performance,
    Performances,
    ladder_costs,
    performance_of,
    performances,
    unit_costs,
)
from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.catalog import Catalog

Performed = Callable[..., Performances]
HEAD = "timestamp,model,input_tokens,output_tokens"


@pytest.fixture
def read(priced: Catalog, tmp_path: Path) -> Callable[[str], Loaded]:
    """The rollups of a log, given as CSV."""

    def loaded(csv: str) -> Loaded:
        (tmp_path / "log.csv").write_text(csv, encoding="utf-8")
        return load(Logs(("log.csv",)), priced, [PERFORMANCE, DAYS])

    return loaded


@pytest.fixture
def performed(read: Callable[[str], Loaded], priced: Catalog) -> Performed:
    """How the models of a log have performed."""

    def found(csv: str) -> Performances:
        loaded = read(csv)
        rollups = loaded.rollups
        return performances(rollups["performance"], rollups["performance_days"], priced, loaded.provenance)

    return found


def lines(model: str, column: str, *values: object) -> str:
    """A log of requests that differ in one column."""
    rows = (f"2026-10-01T08:00:{at:02}Z,{model},9,9,{value}" for at, value in enumerate(values))
    return "\n".join([f"{HEAD},{column}", *rows])


def only(result: Performances) -> ModelPerformance:
    (model,) = result.models
    return model


def test_how_a_model_has_performed(performed: Performed) -> None:
    log = f"""{HEAD},latency_ms,quality,status
2026-10-01T08:00:00Z,acme-large,1000000,500000,100,0.5,ok
2026-10-01T09:00:00Z,acme-large,1000000,0,300,1,error
2026-10-01T10:00:00Z,acme-large,1000000,0,,,
"""

    assert only(performed(log)) == ModelPerformance(
        model="acme/acme-large",
        requests=3,
        share_pct=Decimal(100),
        cost_usd=Decimal(40),
        per_request_usd=Decimal("13.333333333333"),
        per_1k_tokens_usd=Decimal("0.011428571429"),
        latency_ms=Decimal(200),
        p50_ms=Decimal("98.13"),
        p95_ms=Decimal("301.4"),
        p99_ms=Decimal("301.4"),
        quality=Decimal("0.75"),
        scored=2,
        reliability_pct=Decimal(50),
        errors=1,
        trend_pct=None,
    )


def test_what_a_log_does_not_say_is_unknown(performed: Performed) -> None:
    found = only(performed(f"{HEAD}\n2026-10-01T08:00:00Z,unheard-of,0,0\n"))

    unknown = ("cost_usd", "per_request_usd", "per_1k_tokens_usd", "latency_ms", "p50_ms", "quality")
    assert [getattr(found, name) for name in unknown] == [None] * 6
    assert (found.model, found.reliability_pct, found.trend_pct, found.scored) == (
        "unheard-of",
        None,
        None,
        0,
    )


def test_models_are_given_by_their_number_of_requests_and_then_by_name(performed: Performed) -> None:
    log = lines("acme-large", "tag", "a") + "".join(
        f"\n2026-10-02T08:00:0{at}Z,{model},9,9,a" for at, model in enumerate(("z", "y", "z", "acme-small"))
    )

    found = performed(log).models

    assert [each.model for each in found] == ["z", "acme/acme-large", "acme/acme-small", "y"]
    assert [each.share_pct for each in found] == [40, 20, 20, 20]


def test_requests_without_tokens_have_no_price_for_a_thousand(performed: Performed) -> None:
    found = only(performed(f"{HEAD}\n2026-10-01T08:00:00Z,acme-large,0,0\n"))

    assert [found.cost_usd, found.per_request_usd, found.per_1k_tokens_usd] == [0, 0, None]


def test_the_mean_cost_is_that_of_the_requests_whose_cost_is_known(performed: Performed) -> None:
    log = f"""{HEAD},cost_usd
2026-10-01T08:00:00Z,unheard-of,1000,0,4
2026-10-01T09:00:00Z,unheard-of,5000,0,
"""

    found = only(performed(log))

    assert found.requests == 2
    assert found.cost_usd == found.per_request_usd == found.per_1k_tokens_usd == 4


# Latency


def test_percentiles_are_right_to_two_and_a_half_percent(performed: Performed) -> None:
    found = only(performed(lines("acme-large", "latency_ms", *range(1, 60))))

    for value, exact in ((found.p50_ms, 30), (found.p95_ms, 57), (found.p99_ms, 59)):
        assert value is not None
        assert abs(float(value) / exact - 1) <= 0.025
    assert found.latency_ms == 30


@pytest.mark.parametrize("value", ["0", "-5", "nan", "inf", ""])
def test_a_latency_that_is_none_does_not_count(performed: Performed, value: str) -> None:
    found = only(performed(lines("acme-large", "latency_ms", "100", value)))

    assert found.latency_ms == 100


def test_an_absurd_latency_is_no_error(performed: Performed) -> None:
    found = only(performed(lines("acme-large", "latency_ms", "1e308", "1e-300")))

    assert found.latency_ms == Decimal("500000000000.0")


def test_a_line_for_many_requests_counts_as_so_many(performed: Performed) -> None:
    log = f"""{HEAD},requests,latency_ms,quality
2026-10-01T08:00:00Z,acme-large,9,9,99,100,1
2026-10-01T09:00:00Z,acme-large,9,9,1,5000,0
"""

    found = only(performed(log))

    assert (found.requests, found.scored, found.quality) == (100, 100, Decimal("0.99"))
    assert found.latency_ms == 149
    assert found.p99_ms == found.p50_ms == Decimal("98.13")


# Quality, confidence, reliability


@pytest.mark.parametrize("value", ["-0.1", "1.5", "nan", ""])
def test_a_score_that_is_not_from_0_to_1_is_none(performed: Performed, value: str) -> None:
    found = only(performed(lines("acme-large", "quality", "0.5", value)))

    assert (found.quality, found.scored) == (Decimal("0.5"), 1)


def test_what_a_policy_may_know_of_a_model(read: Callable[[str], Loaded], priced: Catalog) -> None:
    log = f"""{HEAD},latency_ms,confidence,status
2026-10-01T08:00:00Z,acme-large,9,9,100,0.5,ok
2026-10-01T09:00:00Z,acme-large,9,9,200,0.9,error
2026-10-01T10:00:00Z,acme-small,9,9,,2,
"""

    known = performance_of(read(log).rollups["performance"], priced)

    assert known == {
        "acme/acme-large": Performance(150.0, 0.5, 0.7),
        "acme/acme-small": Performance(None, None, None),
    }


def test_requests_that_failed_before_they_used_anything_count_for_their_model(performed: Performed) -> None:
    log = f"""{HEAD},status
2026-10-01T08:00:00Z,acme-large,9,9,ok
2026-10-01T09:00:00Z,acme-large,0,0,error
"""

    found = only(performed(log))

    assert (found.model, found.errors) == ("acme/acme-large", 1)
    assert found.reliability_pct == 50


# Trend


def by_day(*days: int) -> str:
    """A log with as many requests on each day of October."""
    rows = [
        f"2026-10-{day:02}T08:00:{at:02}Z,acme-large,9,9"
        for day, count in enumerate(days, 1)
        for at in range(count)
    ]
    return "\n".join([HEAD, *rows])


@pytest.mark.parametrize(
    ("days", "trend"),
    [
        ((2, 3), 50),
        ((4, 0, 2), 0),  # 4 in two days, 2 in one
        ((1, 1, 1, 3), 100),
        ((2, 2, 1, 0, 1), -70),  # 5 in three days, 1 in two
        ((3,), None),
    ],
)
def test_the_trend_is_of_requests_a_day_in_the_second_half_against_the_first(
    performed: Performed, days: tuple[int, ...], trend: Decimal | None
) -> None:
    assert only(performed(by_day(*days))).trend_pct == trend


def test_a_model_that_is_new_in_the_second_half_has_no_trend(performed: Performed) -> None:
    found = {
        each.model: each.trend_pct
        for each in performed(by_day(1, 1) + "\n2026-10-02T09:00:00Z,new,9,9").models
    }

    assert found == {"acme/acme-large": 0, "new": None}


def test_no_log_has_no_models(performed: Performed) -> None:
    assert performed(HEAD).models == ()


# Unit costs


def test_what_a_models_requests_cost_on_average(read: Callable[[str], Loaded], priced: Catalog) -> None:
    log = f"""{HEAD},requests
2026-10-01T08:00:00Z,acme-large,3000000,0,3
2026-10-01T09:00:00Z,unheard-of,9,9,1
"""

    costs = unit_costs(read(log).rollups["performance"], priced)

    assert costs == {"acme/acme-large": Decimal(10), "unheard-of": None}


def test_tiers_are_made_of_models_of_the_catalog_that_write_at_a_price(
    read: Callable[[str], Loaded], priced: Catalog
) -> None:
    log = f"""{HEAD},provider,cost_usd,mode
2026-10-01T08:00:00Z,acme-large,1000000,0,acme,,
2026-10-01T09:00:00Z,embedder,1000000,0,openai,,
2026-10-01T10:00:00Z,unheard-of,9,9,acme,5,
2026-10-01T11:00:00Z,acme-small,9,9,acme,,flex
"""

    assert ladder_costs(read(log).rollups["performance"], priced) == {"acme/acme-large": Decimal(10)}
