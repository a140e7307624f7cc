from pathlib import Path

import pytest
from pydantic import ValidationError
from recording import requests

from costopt.errors import LedgerError
from costopt.ledger.closed import Closing, closed_months, closings
from costopt.ledger.closing import closing
from costopt.ledger.head import Head
from costopt.ledger.record import record

STATE = Path("state")


def test_at_first_no_month_is_closed() -> None:
    assert closings(STATE) == ()
    assert closed_months(STATE) == frozenset()


def test_a_closing_says_what_the_invoice_is_about() -> None:
    recorded = record(STATE, requests(3))

    with closing(STATE, "acme", "2026-10", "A-1") as closed:
        assert closed.head.entries == 3
    record(STATE, [one.model_copy(update={"tenant": "globex"}) for one in requests(5)])

    (found,) = closings(STATE)
    assert found == closed
    assert (found.tenant, found.month, found.invoice) == ("acme", "2026-10", "A-1")
    assert found.head.hash == recorded.hash
    assert closed_months(STATE) == {("acme", "2026-10")}


def test_tenants_and_months_are_closed_one_by_one() -> None:
    for tenant, month in (("acme", "2026-10"), ("globex", "2026-10"), ("acme", "2026-11")):
        with closing(STATE, tenant, month, f"{tenant}-{month}"):
            pass

    assert closed_months(STATE) == {("acme", "2026-10"), ("globex", "2026-10"), ("acme", "2026-11")}


def test_closing_for_the_same_invoice_once_more_changes_nothing() -> None:
    record(STATE, requests(3))
    with closing(STATE, "Zürich", "2026-10", "Z-1") as first:
        pass
    before = (STATE / "closed_months.json").read_bytes()
    record(STATE, requests(5))

    with closing(STATE, "Zürich", "2026-10", "Z-1") as second:
        assert second == first
    assert (STATE / "closed_months.json").read_bytes() == before


def test_closing_for_another_invoice_is_an_error() -> None:
    with closing(STATE, "acme", "2026-10", "A-1"):
        pass

    with (
        pytest.raises(LedgerError, match="2026-10 of `acme` is closed: its invoice is A-1"),
        closing(STATE, "acme", "2026-10", "A-2"),
    ):
        pass


def test_where_the_invoice_fails_the_month_stays_open() -> None:
    with pytest.raises(ZeroDivisionError), closing(STATE, "acme", "2026-10", "A-1"):
        _ = 1 / 0

    assert ("acme", "2026-10") not in closed_months(STATE)


def test_while_an_invoice_is_made_nobody_records() -> None:
    with (
        closing(STATE, "acme", "2026-10", "A-1"),
        pytest.raises(LedgerError, match="Another process has been writing"),
    ):
        record(STATE, requests(1), timeout=0)


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "October", "2026-10-01"])
def test_a_month_is_a_month(month: str) -> None:
    with pytest.raises(ValidationError):
        Closing(tenant="acme", month=month, invoice="A-1", head=Head())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON"),
        ("{}", "it is not a list"),
        ("[1]", "month 1: it is not an object"),
        ('[{"tenant": "acme"}]', "month 1: `month` is missing"),
    ],
)
def test_where_nobody_knows_what_is_closed_nothing_is_recorded(text: str, reason: str) -> None:
    STATE.mkdir()
    (STATE / "closed_months.json").write_text(text, encoding="utf-8")

    with pytest.raises(
        LedgerError, match=r"`state/closed_months.json` is not a list of closed months: "
    ) as raised:
        record(STATE, requests(1))
    assert raised.value.message.endswith(reason)
    assert raised.value.hint.startswith("restore it from a backup")
