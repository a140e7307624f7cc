from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from costopt.calculators.spend import Spend, spend, spend_rollup
from costopt.models.period import Bucket, Every
from costopt.pipeline import Loaded

Bill = Callable[..., Spend]


@pytest.fixture
def bill(read: Callable[..., Loaded]) -> Bill:
    """The bill of a log, given as CSV."""

    def made(csv: str, *by: str, bucket: Bucket | None = None, top: int | None = None) -> Spend:
        loaded = read(csv, spend_rollup(by, bucket))
        return spend(loaded.rollups["spend"], loaded.provenance, by, bucket, top)

    return made


def lines(result: Spend) -> list[str]:
    """Each row as `period group: cost of requests (share)`."""
    found = []
    for row in result.rows:
        names: Sequence[str] = [str(name) for name in row.group.values()]
        head = " ".join([*([str(row.period)] if row.period else []), *names])
        found.append(f"{head}: {row.cost_usd} of {row.requests} ({row.share_pct} %)")
    return found


TEAMS = """timestamp,model,input_tokens,output_tokens,team
2026-10-01T08:00:00Z,acme-large,100000,0,red
2026-10-01T09:00:00Z,acme-large,0,100000,blue
2026-10-02T08:00:00Z,acme-small,1000000,0,red
2026-10-02T09:00:00Z,acme-small,1000000,0,
2026-10-04T08:00:00Z,unheard-of,1000,0,red
2026-10-04T09:00:00Z,unheard-of,1000,0,green
"""


def test_the_dearest_group_is_first_and_one_without_a_price_last(bill: Bill) -> None:
    assert lines(bill(TEAMS, "team")) == [
        "red: 2 of 3 (40 %)",
        "blue: 2 of 1 (40 %)",
        "None: 1 of 1 (20 %)",
        "green: None of 1 (None %)",
    ]


def test_unpriced_requests_are_counted_in_their_group_and_in_all_but_cost_nothing(bill: Bill) -> None:
    result = bill(TEAMS, "team")

    assert [(row.group["team"], row.unpriced) for row in result.rows] == [
        ("red", 1),
        ("blue", 0),
        (None, 0),
        ("green", 1),
    ]
    assert (result.total_usd, result.unpriced) == (Decimal(5), 2)


def test_without_keys_there_is_one_row(bill: Bill) -> None:
    result = bill(TEAMS)

    assert lines(result) == [": 5 of 6 (100 %)"]
    assert (result.by, result.every, result.left_out) == ((), None, None)


def test_two_keys_split_by_both(bill: Bill) -> None:
    assert lines(bill(TEAMS, "model", "team"))[:3] == [
        "acme-large blue: 2 of 1 (40 %)",
        "acme-large red: 1 of 1 (20 %)",
        "acme-small red: 1 of 1 (20 %)",
    ]


def test_the_tokens_of_a_group_are_summed(bill: Bill) -> None:
    log = """timestamp,model,input_tokens,cached_input_tokens,output_tokens,reasoning_tokens
2026-10-01T08:00:00Z,acme-large,100,40,7,5
2026-10-01T08:00:01Z,acme-large,10,4,2,1
"""
    (row,) = bill(log, "model").rows

    assert (row.input_tokens, row.cached_input_tokens, row.output_tokens, row.reasoning_tokens) == (
        110,
        44,
        9,
        6,
    )
    assert row.cost_usd == Decimal("0.000884")  # 66 x 10 + 44 x 1 + 9 x 20, a million


def test_what_is_beyond_the_top_is_added_up(bill: Bill) -> None:
    result = bill(TEAMS, "team", top=1)
    assert result.left_out is not None

    assert lines(result) == ["red: 2 of 3 (40 %)"]
    assert result.left_out.cost_usd == 3
    assert (result.left_out.requests, result.left_out.unpriced) == (3, 1)
    assert (result.left_out.group, result.left_out.share_pct) == ({}, Decimal(60))
    assert result.total_usd == 5


def test_a_top_that_all_are_in_leaves_nothing_out(bill: Bill) -> None:
    assert bill(TEAMS, "team", top=4).left_out is None
    assert bill(TEAMS, top=1).left_out is None


@pytest.mark.parametrize("top", [1, 2, 3])
def test_the_top_are_the_first_of_all(bill: Bill, top: int) -> None:
    assert bill(TEAMS, "team", top=top).rows == bill(TEAMS, "team").rows[:top]


def test_a_group_without_any_name_may_be_among_the_top(bill: Bill) -> None:
    assert [row.group["team"] for row in bill(TEAMS, "team", top=3).rows] == ["red", "blue", None]


def test_over_time_the_earliest_bucket_is_first_and_the_dearest_in_it(bill: Bill) -> None:
    assert lines(bill(TEAMS, "team", bucket=Bucket("1d"))) == [
        "2026-10-01 blue: 2 of 1 (40 %)",
        "2026-10-01 red: 1 of 1 (20 %)",
        "2026-10-02 red: 1 of 1 (20 %)",
        "2026-10-02 None: 1 of 1 (20 %)",
        "2026-10-04 green: None of 1 (None %)",
        "2026-10-04 red: None of 1 (None %)",
    ]


def test_over_time_the_top_are_those_dearest_in_all(bill: Bill) -> None:
    log = """timestamp,model,input_tokens,output_tokens,team
2026-10-01T08:00:00Z,acme-large,100000,0,red
2026-10-01T08:00:00Z,acme-large,150000,0,blue
2026-10-02T08:00:00Z,acme-large,100000,0,red
2026-10-02T08:00:00Z,acme-large,10000,0,blue
"""

    assert lines(bill(log, "team", bucket=Bucket("1d"), top=1)) == [
        "2026-10-01 red: 1 of 1 (27.7778 %)",
        "2026-10-02 red: 1 of 1 (27.7778 %)",
    ]


CLOCKS = """timestamp,model,input_tokens,output_tokens
2026-10-24T21:59:59Z,acme-large,100000,0
2026-10-24T22:00:00Z,acme-large,200000,0
2026-10-25T22:59:59Z,acme-large,300000,0
2026-10-25T23:00:00Z,acme-large,400000,0
2026-10-31T22:59:59Z,acme-large,500000,0
2026-10-31T23:00:00Z,acme-large,600000,0
"""


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (
            "1d",
            [
                "2026-10-24: 1",
                "2026-10-25: 5",
                "2026-10-26: 4",
                "2026-10-31: 5",
                "2026-11-01: 6",
            ],
        ),
        ("1w", ["2026-10-19: 6", "2026-10-26: 15"]),
        ("1mo", ["2026-10-01: 15", "2026-11-01: 6"]),
        (
            "1h",
            [
                "2026-10-24 23:00:00: 1",
                "2026-10-25 00:00:00: 2",
                "2026-10-25 23:00:00: 3",
                "2026-10-26 00:00:00: 4",
                "2026-10-31 23:00:00: 5",
                "2026-11-01 00:00:00: 6",
            ],
        ),
    ],
)
def test_buckets_are_local_also_across_a_change_of_clocks(
    bill: Bill, every: Every, expected: list[str]
) -> None:
    result = bill(CLOCKS, bucket=Bucket(every, "Europe/Berlin"))

    assert [f"{row.period}: {row.cost_usd}" for row in result.rows] == expected
    assert result.every == every


def test_a_log_without_requests_has_an_empty_bill(bill: Bill) -> None:
    result = bill("timestamp,model,input_tokens,output_tokens\n", "model")

    assert (result.rows, result.total_usd, result.unpriced) == ((), Decimal(0), 0)


def test_free_requests_are_not_unpriced_ones(bill: Bill) -> None:
    log = "timestamp,model,input_tokens,output_tokens\n2026-10-01T08:00:00Z,acme-large,0,0\n"

    assert lines(bill(log, "model")) == ["acme-large: 0 of 1 (0 %)"]
