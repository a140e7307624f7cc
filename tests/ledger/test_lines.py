from pathlib import Path

import polars as pl
import pytest
from recording import lines, requests, rewrite

from costopt.errors import LedgerError
from costopt.ledger.lines import TEXT, scanned
from costopt.ledger.reading import reading
from costopt.ledger.record import record

STATE = Path("state")


@pytest.mark.parametrize(
    "damaged",
    [
        b"\n",
        b" \n",
        b"{}\n",
        b'{"timestamp": 1\n',
        b"no entry at all, and longer than most of them are" * 9 + b"\n",
    ],
)
@pytest.mark.parametrize("columns", [("tokens_used",), ("tenant", "id"), ("catalog",)])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_line_that_is_no_entry_is_an_error_wherever_it_is(
    damaged: bytes, columns: tuple[str, ...], at: int
) -> None:
    record(STATE, requests(3))
    changed = lines(STATE)
    changed[at] = damaged
    (STATE / "baseline_history.head.json").unlink()
    rewrite(STATE, *changed)

    with pytest.raises(LedgerError, match="has a line that is no entry"), reading(STATE, columns) as found:
        found.collect()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (b'"tokens_used": 1000', b'"tokens_used": -1000'),
        (b'"tokens_used": 1000', b'"tokens_used": null'),
        (b'"tokens_used": 1000', b'"tokens_used": "1000"'),
        (b'"tokens_used": 1000', b'"tokens_used": 10.5'),
        (b'"timestamp": ', b'"timestamp": -'),
        (b'"timestamp": ', b'"timestamp": x'),
        (b'{"timestamp"', b'["timestamp"'),
        (b'"baseline_cost_usd": 0.03', b'"baseline_cost_usd": none'),
        (b'"tenant": "acme"', b'"tenant": null'),
        (b'"model": "', b'"model": "x", "x": "'),
        (b'"model"', b'"modem"'),
    ],
)
@pytest.mark.parametrize("only", [None, pl.col(TEXT) != ""])
def test_a_field_that_is_not_what_it_should_be_is_an_error_in_both_ways(
    said: bytes, wrong: bytes, only: pl.Expr | None
) -> None:
    record(STATE, requests(3))
    first, second, third = lines(STATE)
    assert said in second
    rewrite(STATE, first, second.replace(said, wrong), third)

    with pytest.raises(pl.exceptions.InvalidOperationError):
        scanned(
            STATE / "baseline_history.jsonl", 3, ["tokens_used", "baseline_cost_usd", "adapter"], only
        ).collect()
