from pathlib import Path

from recording import DAY, OCTOBER, entry

from costopt.calculators.gainshare.savings import columns_of, total_savings
from costopt.ledger.entry import Entry
from costopt.ledger.reading import entries
from costopt.ledger.record import record
from costopt.ledger.withdrawing import withdrawals

STATE = Path("state")


def totals() -> tuple[int, str]:
    """How many requests there are, and what was saved."""
    total = total_savings(entries(STATE, columns_of()))
    return total.requests, str(total.savings_usd)


def test_a_day_recorded_with_another_baseline_is_not_counted_twice() -> None:
    record(STATE, [entry(baseline="premium-model")])
    new = [entry(baseline="cheaper-premium-model", cost="0.01")]

    recorded = record(STATE, [*new, *withdrawals(STATE, new)])

    assert (recorded.added, recorded.corrected) == (1, 1)
    assert totals() == (1, "0.02")


def test_recording_it_once_more_withdraws_nothing() -> None:
    record(STATE, [entry(tenant="acme"), entry(tenant="acmee")])
    new = [entry(tenant="acme")]
    record(STATE, [*new, *withdrawals(STATE, new)])

    assert withdrawals(STATE, new) == []
    assert totals() == (1, "0.025")


def test_what_was_withdrawn_can_come_back() -> None:
    for new in ([entry(tenant="acme")], [entry(tenant="globex")], [entry(tenant="acme")]):
        record(STATE, [*new, *withdrawals(STATE, new)])

    assert totals() == (1, "0.025")


def test_other_sources_and_periods_stay_as_they_are() -> None:
    record(
        STATE, [entry(source="other"), entry("2026-10-02", timestamp=OCTOBER + DAY), entry(tenant="globex")]
    )
    new = [entry(tenant="acme")]

    (withdrawn,) = withdrawals(STATE, new)

    assert (withdrawn.source, withdrawn.period, withdrawn.tenant) == ("prod", "2026-10-01", "globex")
    assert (withdrawn.requests, withdrawn.tokens_used) == (0, 0)
    assert withdrawn.savings_usd == 0


def test_nothing_is_withdrawn_from_an_empty_ledger_or_for_no_entries() -> None:
    nothing: list[Entry] = []

    assert withdrawals(STATE, [entry()]) == []
    record(STATE, [entry()])
    assert withdrawals(STATE, nothing) == []
