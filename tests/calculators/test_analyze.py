import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from costopt.calculators.analyze import Analysis, Day, Difference, Terms, analyze, analyze_rollups
from costopt.pipeline import Loaded
from costopt.pricing.catalog import Catalog

Front = Callable[..., Analysis]


@pytest.fixture
def front(read: Callable[..., Loaded], catalog: Catalog) -> Front:
    """The front page of a log, given as CSV; options are those of `Logs`."""

    def made(csv: str, *, zone: str = "UTC", **options: Any) -> Analysis:  # noqa: ANN401 - passed on
        loaded = read(csv, *analyze_rollups(zone), **options)
        return analyze(loaded.rollups, catalog, loaded.provenance, Terms(options.get("cost", "auto")))

    return made


LOG = """timestamp,model,input_tokens,cached_input_tokens,output_tokens,reasoning_tokens,tag,tenant,endpoint,mode,status
2026-10-01T08:00:00Z,acme-large,100000,0,0,0,nightly,hooli,/a,standard,ok
2026-10-01T09:00:00Z,acme-large,100000,100000,0,0,chat,hooli,/a,standard,error
2026-10-03T09:00:00Z,acme-large,0,0,100000,40000,chat,initech,/b,standard,ok
2026-10-03T10:00:00Z,acme-large,200000,0,0,0,nightly,,/b,batch,ok
2026-10-04T08:00:00Z,acme-small,1000000,0,0,0,,,/b,,
2026-10-04T08:00:00Z,unheard-of,600000,0,0,0,,hooli,/b,,
"""


def test_the_bill_is_split_by_model_tag_tenant_and_endpoint_dearest_first(front: Front) -> None:
    bill = front(LOG).spend

    assert bill.total_usd == Decimal("5.1")
    assert [(row.provider, row.model, row.cost_usd) for row in bill.by_model] == [
        ("acme", "acme-large", Decimal("4.1")),
        ("acme", "acme-small", 1),
        (None, "unheard-of", None),
    ]
    assert [(row.tag, row.cost_usd, row.unpriced) for row in bill.by_tag] == [
        ("chat", Decimal("2.1"), 0),
        ("nightly", 2, 0),
        (None, 1, 1),
    ]
    assert [(row.tenant, row.cost_usd, row.requests) for row in bill.by_tenant] == [
        (None, 2, 2),
        ("initech", 2, 1),
        ("hooli", Decimal("1.1"), 3),
    ]
    assert [(row.endpoint, row.share_pct) for row in bill.by_endpoint] == [
        ("/b", Decimal("78.4314")),
        ("/a", Decimal("21.5686")),
    ]
    large = bill.by_model[0]
    assert (large.requests, large.input_tokens, large.cached_input_tokens) == (4, 400_000, 100_000)
    assert (large.output_tokens, large.reasoning_tokens) == (100_000, 40_000)


def test_a_day_without_requests_cost_nothing_but_is_there(front: Front) -> None:
    assert front(LOG).spend.daily == (
        Day(date=dt.date(2026, 10, 1), cost_usd=Decimal("1.1")),
        Day(date=dt.date(2026, 10, 2), cost_usd=Decimal(0)),
        Day(date=dt.date(2026, 10, 3), cost_usd=Decimal(3)),
        Day(date=dt.date(2026, 10, 4), cost_usd=Decimal(1)),
    )


def test_days_are_those_of_the_time_zone(front: Front) -> None:
    log = """timestamp,model,input_tokens,output_tokens
2026-10-24T21:59:59Z,acme-large,100000,0
2026-10-24T22:00:00Z,acme-large,200000,0
2026-10-25T22:59:59Z,acme-large,300000,0
2026-10-25T23:00:00Z,acme-large,400000,0
"""

    assert [str(day.cost_usd) for day in front(log, zone="Europe/Berlin").spend.daily] == ["1", "5", "4"]
    assert [str(day.cost_usd) for day in front(log).spend.daily] == ["3", "7"]


def test_a_day_costs_on_average_the_total_over_the_period_rounded_half_up(front: Front) -> None:
    log = """timestamp,model,input_tokens,output_tokens
2026-10-01T00:00:00Z,acme-large,1000,0
2026-10-03T00:00:00Z,acme-large,0,0
"""

    assert front(log).spend.per_day_usd == Decimal("0.01")  # half a cent a day


def test_cached_input_batch_spend_and_failed_requests_are_told(front: Front) -> None:
    bill = front(LOG).spend

    assert bill.cached_input_pct == 5
    assert bill.batch_pct == Decimal("19.6078")
    assert (bill.error_requests, bill.error_usd) == (1, Decimal("0.1"))


RETRIED = """timestamp,model,input_tokens,output_tokens,status,attempt
2026-10-01T08:00:00Z,acme-small,1000000,0,error,1
2026-10-01T08:00:01Z,acme-small,2000000,0,error,2
2026-10-01T08:00:02Z,acme-small,3000000,0,ok,3
2026-10-01T08:00:03Z,acme-small,4000000,0,ok,1
2026-10-01T08:00:04Z,acme-small,5000000,0,ok,
2026-10-01T08:00:05Z,,,,error,2
"""


def test_retries_are_requests_that_were_not_the_first_try_failed_or_not(front: Front) -> None:
    bill = front(RETRIED).spend

    assert (bill.retry_requests, bill.retry_usd) == (3, Decimal(5))
    assert (bill.error_requests, bill.error_usd) == (3, Decimal(3))
    assert bill.total_usd == 15


def test_without_attempts_in_the_log_no_retry_is_known(front: Front) -> None:
    bill = front(LOG).spend

    assert (bill.retry_requests, bill.retry_usd) == (0, Decimal(0))


def test_failed_requests_that_used_nothing_cost_nothing_and_are_not_unpriced(front: Front) -> None:
    found = front(RETRIED)

    assert [(row.model, row.requests, row.cost_usd, row.unpriced) for row in found.spend.by_model] == [
        ("acme-small", 5, Decimal(15), 0),
        (None, 1, Decimal(0), 0),
    ]
    assert found.intake.unpriced == 0


def test_unpriced_requests_are_in_the_intake_and_in_no_total(front: Front) -> None:
    result = front(LOG)

    assert result.intake.unpriced == 1
    assert [model.model for model in result.intake.unpriced_models] == ["unheard-of"]
    assert (result.intake.requests, result.spend.computed_usd) == (6, Decimal("5.1"))


LOGGED = """timestamp,model,input_tokens,output_tokens,cost_usd
2026-10-01T08:00:00Z,acme-large,100000,0,1.10
2026-10-01T09:00:00Z,acme-large,100000,0,
2026-10-01T10:00:00Z,unheard-of,100000,0,5
2026-10-01T11:00:00Z,unheard-of,100000,0,
"""


@pytest.mark.parametrize(
    ("basis", "expected", "unpriced"), [("auto", "7.1", 1), ("logged", "6.1", 2), ("computed", "2", 2)]
)
def test_the_basis_says_which_cost_counts(front: Front, basis: str, expected: str, unpriced: int) -> None:
    result = front(LOGGED, cost=basis)

    assert (result.cost, result.spend.total_usd) == (basis, Decimal(expected))
    assert result.intake.unpriced == unpriced


@pytest.mark.parametrize("basis", ["auto", "logged", "computed"])
def test_logged_and_computed_are_compared_where_both_are_known_on_any_basis(front: Front, basis: str) -> None:
    bill = front(LOGGED, cost=basis).spend

    assert (bill.logged_usd, bill.computed_usd) == (Decimal("6.1"), Decimal(2))
    assert bill.difference == Difference(
        requests=1, logged_usd=Decimal("1.1"), computed_usd=Decimal(1), difference_pct=Decimal("-9.0909")
    )


def test_without_logged_costs_there_is_nothing_to_compare(front: Front) -> None:
    bill = front(LOG).spend

    assert (bill.logged_usd, bill.difference) == (None, None)


def test_without_any_price_the_computed_cost_is_unknown(front: Front) -> None:
    bill = front("timestamp,model,input_tokens,output_tokens\n2026-10-01T08:00:00Z,unheard-of,100,5\n").spend

    assert (bill.computed_usd, bill.total_usd, bill.per_day_usd) == (None, Decimal(0), Decimal(0))


def test_what_could_wait_is_a_lever(front: Front) -> None:
    (lever,) = front(LOG).levers

    assert (lever.lever, lever.basis, lever.summary) == ("batch", "exact", "nightly to the batch API")
    assert (lever.saving_usd, lever.low_usd, lever.high_usd) == (
        Decimal("0.5"),
        Decimal("0.5"),
        Decimal("0.5"),
    )
    assert lever.monthly_usd == Decimal("5.07")  # three days to 365.25 / 12


def test_without_a_saving_there_is_no_lever(front: Front) -> None:
    log = "timestamp,model,input_tokens,output_tokens,tag\n2026-10-01T08:00:00Z,acme-small,100,5,nightly\n"

    assert front(log).levers == ()


def test_no_requests_make_an_empty_front_page(front: Front) -> None:
    result = front("timestamp,model,input_tokens,output_tokens\n")

    assert (result.period.start, result.period.end, result.intake.requests) == (None, None, 0)
    assert (result.spend.total_usd, result.spend.daily, result.spend.by_tag) == (Decimal(0), (), ())
    assert [result.spend.cached_input_pct, result.spend.batch_pct, result.spend.error_usd] == [Decimal(0)] * 3
    assert result.levers == ()
