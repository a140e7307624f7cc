import datetime as dt
from decimal import Decimal

import pytest
from savings import entries

from costopt.calculators.gainshare.summary import (
    DIMENSIONS,
    Dimension,
    GroupSums,
    Selection,
    columns_of,
    report,
    summarize,
)

LOG = """
day,tenant,adapter,model,baseline,requests,unpriced,baseline_cost,actual_cost
2026-08-31,acme,a,small,p,1,0,10,4
2026-10-01,acme,a,large,p,2,1,10,11
2026-10-04,globex,b,small,p,3,0,10,1
2026-10-05,,,small,q,4,0,10,40
"""


def told(groups: tuple[GroupSums, ...]) -> list[tuple[str, int, str]]:
    return [(each.key, each.requests, str(each.savings_usd)) for each in groups]


def test_a_summary_adds_up_all_entries() -> None:
    found = summarize(entries(LOG))

    assert (found.first_day, found.last_day) == (dt.date(2026, 8, 31), dt.date(2026, 10, 5))
    assert (found.total.entries, found.total.requests, found.total.unpriced, found.total.tokens) == (
        4,
        10,
        1,
        4000,
    )
    assert [str(found.total.baseline_usd), str(found.total.actual_usd), str(found.total.savings_usd)] == [
        "40",
        "56",
        "-16",
    ]
    assert str(found.total.savings_pct) == "-40"


def test_groups_are_by_savings_with_losses_last_and_shown() -> None:
    found = summarize(entries(LOG).lazy())

    assert told(found.by_tenant) == [("globex", 3, "9"), ("acme", 3, "5"), ("", 4, "-30")]
    assert told(found.by_model) == [("large", 2, "-1"), ("small", 8, "-15")]
    assert told(found.by_adapter) == [("b", 3, "9"), ("a", 3, "5"), ("", 4, "-30")]
    assert told(found.by_baseline) == [("p", 6, "14"), ("q", 4, "-30")]
    assert told(found.by_month) == [("2026-08", 1, "6"), ("2026-10", 9, "-22")]


def test_what_was_withdrawn_is_no_entry_and_no_group() -> None:
    log = "day,tenant,requests,tokens_used,baseline_cost\n2026-10-04,acme,1,5,10\n"
    withdrawn = "2026-01-01,acmee,0,0,0\n"

    found = summarize(entries(log + withdrawn))

    assert found == summarize(entries(log))
    assert (found.total.entries, found.first_day) == (1, dt.date(2026, 10, 4))


def test_requests_without_tokens_and_cost_are_an_entry() -> None:
    found = summarize(entries("tenant,requests,tokens_used,baseline_cost\nacme,1,0,0\nglobex,0,0,0\n"))

    assert (found.total.entries, told(found.by_tenant)) == (1, [("acme", 1, "0")])


def test_of_equal_savings_the_first_name_is_first() -> None:
    log = "tenant,baseline_cost\nb,5\na,5\nc,5\n"

    assert [each.key for each in summarize(entries(log)).by_tenant] == ["a", "b", "c"]


def test_a_trend_is_by_months_by_days_or_by_weeks_that_begin_on_monday() -> None:
    months, weeks, days = (summarize(entries(LOG), every=every).trend for every in ("1mo", "1w", "1d"))

    assert [(str(each.start), str(each.savings_usd)) for each in months] == [
        ("2026-08-01", "6"),
        ("2026-10-01", "-22"),
    ]
    assert [str(each.start) for each in days] == ["2026-08-31", "2026-10-01", "2026-10-04", "2026-10-05"]
    assert [(str(each.start), str(each.savings_usd)) for each in weeks] == [
        ("2026-08-31", "6"),
        ("2026-09-28", "8"),
        ("2026-10-05", "-30"),
    ]
    assert summarize(entries(LOG), every=None).trend == ()


def test_only_what_is_asked_for_is_split() -> None:
    found = summarize(entries(LOG), by=("model",))

    assert told(found.by_model) == [("large", 2, "-1"), ("small", 8, "-15")]
    assert (found.by_tenant, found.by_adapter, found.by_month, found.by_baseline) == ((), (), (), ())


@pytest.mark.parametrize(
    ("selection", "requests"),
    [
        (Selection(tenant="acme"), 3),
        (Selection(tenant=""), 4),
        (Selection(tenant="unheard of"), 0),
        (Selection(baseline="q"), 4),
        (Selection(since=dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)), 9),
        (Selection(since=dt.datetime(2026, 10, 1, 12, 0, 1, tzinfo=dt.UTC)), 7),
        (Selection(until=dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)), 1),
        (
            Selection(
                "acme", "p", dt.datetime(2026, 9, 1, tzinfo=dt.UTC), dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
            ),
            2,
        ),
    ],
)
def test_a_selection_counts_only_its_entries(selection: Selection, requests: int) -> None:
    found = summarize(entries(LOG), selection)

    assert found.total.requests == requests
    assert (found.tenant, found.baseline, found.since, found.until) == (
        selection.tenant,
        selection.baseline,
        selection.since,
        selection.until,
    )


@pytest.mark.parametrize("by", [(), ("tenant",), ("month", "model"), DIMENSIONS])
@pytest.mark.parametrize("selection", [Selection(), Selection("acme", "p")])
def test_only_the_columns_that_are_told_are_needed(by: tuple[Dimension, ...], selection: Selection) -> None:
    columns = columns_of(selection, by)

    assert summarize(entries(LOG).select(columns), selection, by) == summarize(entries(LOG), selection, by)
    assert len(columns) == len(set(columns))


def test_no_entries_are_no_savings() -> None:
    found = summarize(entries())

    assert (found.first_day, found.last_day, found.by_tenant, found.trend) == (None, None, (), ())
    assert (found.total.entries, str(found.total.savings_usd), str(found.total.savings_pct)) == (0, "0", "0")


def test_a_report_shares_each_tenants_savings_and_no_loss() -> None:
    found = report(entries(LOG), Decimal(30))

    assert [
        (each.tenant, str(each.savings_usd), str(each.provider_usd), str(each.customer_usd))
        for each in found.shares
    ] == [("globex", "9", "2.7", "6.3"), ("acme", "5", "1.5", "3.5"), ("", "-30", "0", "-30")]
    assert [str(found.gain_share_pct), str(found.gain_share_usd), str(found.customer_usd)] == [
        "30",
        "4.2",
        "-20.2",
    ]
    assert str(found.total.savings_usd) == "-16"
    assert report(entries(LOG), Decimal(30), Selection(tenant="acme")).gain_share_usd == Decimal("1.5")
