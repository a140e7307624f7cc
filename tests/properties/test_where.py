"""Filters: every text is understood or refused, what is written is read again, and nothing is lost between parts."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costopt.calculators.spend import spend_rollup
from costopt.errors import ConfigError
from costopt.intake.where import Filter, parse_where
from costopt.intake.where.parsing import parse
from costopt.intake.where.syntax import (
    Absence,
    Always,
    And,
    Comparison,
    Condition,
    Membership,
    Not,
    Or,
    written,
)
from costopt.models.schema import TIMESTAMP, USD
from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.catalog import load_catalog

WORDS = st.sampled_from(
    [
        "(",
        ")",
        ",",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "~",
        "!~",
        "=",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "true",
        "false",
        "tenant",
        "cost_usd",
        "timestamp",
        "own",
        "`a",
        "b`",
        "'x'",
        '"("',
        "0.1",
        "-7",
        '"2026-10-01"',
    ]
)
NUMBERS = st.decimals(-(10**14), 10**14, places=12) | st.integers(-(10**25), 10**25).map(Decimal)
TEXTS = st.text(max_size=8) | st.sampled_from(["a", "b", "\\", '"', "\\n", "'"])
VALUES = TEXTS | NUMBERS | st.booleans()
NAMES = st.sampled_from(["tenant", "own", "and", "a b", "x.y-z", "größe", "1"]) | st.text(min_size=1).filter(
    lambda name: "`" not in name
)


def combined(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(conditions, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, conditions) | st.builds(And, several) | st.builds(Or, several)


ANYTHING: st.SearchStrategy[Condition] = st.recursive(
    st.builds(
        Comparison, NAMES, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~", "!~"]), VALUES, st.just(0)
    )
    | st.builds(
        Membership,
        NAMES,
        st.lists(VALUES | st.none(), min_size=1, max_size=3).map(tuple),
        st.booleans(),
        st.just(0),
    )
    | st.builds(Absence, NAMES, st.booleans(), st.just(0))
    | st.builds(Always, st.booleans()),
    combined,
    max_leaves=8,
)
"""Any condition there can be, whether it makes sense or not."""


@given(st.text(max_size=40) | st.lists(WORDS, max_size=12).map(" ".join))
@settings(max_examples=400)
def test_a_text_is_a_filter_or_refused(text: str) -> None:
    try:
        condition = parse(text)
        parse_where(text)
    except ConfigError:
        return
    assert parse(written(condition)) == condition


@given(ANYTHING)
def test_what_is_written_is_read_as_the_same(condition: Condition) -> None:
    assert parse(written(condition)) == condition


# What is kept

START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
SENSIBLE: st.SearchStrategy[Condition] = st.recursive(
    st.builds(Comparison, st.just("tenant"), st.sampled_from(["==", "!=", "~", "!~"]), st.sampled_from("abc"))
    | st.builds(
        Comparison,
        st.sampled_from(["cost_usd", "input_tokens", "latency_ms", "cached_input_tokens", "retries", "team"]),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.sampled_from([Decimal(0), Decimal("0.1"), Decimal(2)]),
    )
    | st.builds(
        Comparison,
        st.just("timestamp"),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.integers(0, 4).map(lambda hour: f"2026-10-01T0{hour}:00"),
    )
    | st.builds(
        Membership,
        st.sampled_from(["tenant", "retries"]),
        st.lists(st.sampled_from(["a", "2", None]), min_size=1).map(tuple),
        st.booleans(),
    )
    | st.builds(
        Absence, st.sampled_from(["tenant", "cost_usd", "latency_ms", "prompt", "retries"]), st.booleans()
    )
    | st.builds(Always, st.booleans()),
    combined,
    max_leaves=6,
)
"""Conditions that can be applied to the requests below."""

ROWS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.none() | st.sampled_from("ab"),
        st.integers(0, 3),
        st.none() | st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("0.100000000001")]),
        st.none() | st.sampled_from([0.0, 0.1, 2.0, float("nan")]),
        st.none() | st.sampled_from(["2", "0.10", "x"]),
    ),
    max_size=8,
)


def judged(condition: Condition, rows: list[tuple[object, ...]]) -> tuple[pl.Series, pl.Series]:
    frame = pl.DataFrame(
        [(START + dt.timedelta(hours=int(str(hour))), *rest) for hour, *rest in rows],
        schema={
            "timestamp": TIMESTAMP,
            "tenant": pl.Categorical,
            "input_tokens": pl.Int64,
            "cost_usd": USD,
            "latency_ms": pl.Float64,
            "retries": pl.Categorical,
        },
        orient="row",
    )
    return Filter(parse_where(written(condition))).judge(frame)


@given(SENSIBLE, ROWS)
def test_every_request_is_kept_by_a_filter_or_by_its_opposite(
    condition: Condition, rows: list[tuple[object, ...]]
) -> None:
    kept, admitted = judged(condition, rows)
    opposite, _ = judged(Not(condition), rows)

    assert kept.null_count() == 0
    assert kept.len() == len(rows)
    assert (kept ^ opposite).all()
    assert judged(Or((condition, Not(condition))), rows)[0].all()
    assert not judged(And((condition, Not(condition))), rows)[0].any()
    assert (admitted | ~kept).all()


@given(SENSIBLE, SENSIBLE, ROWS)
def test_conditions_join_as_sets_do(one: Condition, other: Condition, rows: list[tuple[object, ...]]) -> None:
    (first, _), (second, _) = judged(one, rows), judged(other, rows)

    assert judged(And((one, other)), rows)[0].equals(first & second)
    assert judged(Or((one, other)), rows)[0].equals(first | second)


# The bills of the parts

PRICES = """
schema = 1
currency = "USD"
source = "made for a test"

[[model]]
provider = "acme"
id = "m"
[[model.price]]
input = 3
output = 1
"""

LINES = st.lists(
    st.builds(
        lambda hour, identity, tenant, tokens, cost, model: (
            f"2026-10-01T0{hour}:00:00Z,{identity},{tenant},{tokens},{cost},{model}"
        ),
        st.integers(0, 4),
        st.sampled_from(["", "1", "2", "3"]),
        st.sampled_from(["", "a", "b"]),
        st.integers(0, 3),
        st.sampled_from(["", "0", "0.1", "0.100000000001"]),
        st.sampled_from(["m", "unheard-of"]),
    ),
    max_size=12,
)
"""Requests, some of them twice, and some of those with another tenant, cost or model."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("where")
    (folder / "prices.toml").write_text(PRICES, encoding="utf-8")
    return folder


def sums(loaded: Loaded) -> list[Decimal | int]:
    """What adds up: costs, requests, tokens, duplicates, unpriced requests."""
    bill, intake = loaded.rollups["spend"], loaded.provenance.intake
    totals = bill.select(pl.col("cost", "requests", "input_tokens").sum()).row(0)
    return [*totals, intake.requests, intake.duplicates, intake.duplicates_usd or 0, intake.unpriced]


@given(SENSIBLE, LINES, st.integers(60, 400))
@settings(max_examples=25)
def test_the_bills_of_a_filter_and_its_opposite_add_up_to_the_whole(
    folder: Path, condition: Condition, lines: list[str], size: int
) -> None:
    path = folder / "log.csv"
    head = "timestamp,request_id,tenant,input_tokens,cost_usd,model,output_tokens,retries,team"
    path.write_text("\n".join([head, *(f"{line},0,2,2" for line in lines), ""]), encoding="utf-8")
    catalog = load_catalog(folder / "prices.toml")

    def bill(text: str) -> Loaded:
        logs = Logs((str(path),), where=parse_where(text), partition_bytes=size)
        return load(logs, catalog, [spend_rollup(("tenant", "model"))])

    whole = bill("true")
    part, rest = bill(written(condition)), bill(written(Not(condition)))

    assert [one + other for one, other in zip(sums(part), sums(rest), strict=True)] == sums(whole)
    assert part.provenance.intake.filtered_out == rest.provenance.intake.requests
    assert rest.provenance.intake.filtered_out == part.provenance.intake.requests
