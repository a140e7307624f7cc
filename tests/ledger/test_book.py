from pathlib import Path

import pytest
from recording import entry, requests

from costopt.errors import LedgerError
from costopt.ledger.book import recording_in
from costopt.ledger.record import record, recorded_in

STATE = Path("state")


def test_nobody_else_records_while_a_ledger_is_looked_at_to_record_in_it() -> None:
    with recording_in(STATE), pytest.raises(LedgerError, match="Another process"):
        record(STATE, [entry()], timeout=0)

    assert record(STATE, [entry()], timeout=0).added == 1


def test_what_was_just_recorded_is_known_and_can_be_corrected() -> None:
    with recording_in(STATE) as book:
        recorded_in(book, requests(3))
        again = recorded_in(book, [entry("request-2", "0.006"), *requests(4)[3:]])

    assert (again.added, again.corrected, again.entries) == (1, 1, 5)
    assert record(STATE, [entry("request-2", "0.006")]).unchanged == 1
