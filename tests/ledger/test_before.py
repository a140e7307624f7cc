from pathlib import Path
from typing import Any

import polars as pl
import pytest
from recording import DAY, OCTOBER, entry, recorded_before

from costopt.calculators.gainshare.sums import together
from costopt.ledger import slots
from costopt.ledger.before import shrunk, withdrawals
from costopt.ledger.entry import Entry
from costopt.ledger.reading import entries
from costopt.ledger.record import record
from costopt.models.entry import FIGURES

STATE = Path("state")


def totals() -> tuple[int, str]:
    """How many requests there are, and what was saved."""
    total = together(entries(STATE, FIGURES))
    return total.requests, str(total.savings_usd)


def gone(new: list[Entry]) -> list[Entry]:
    return withdrawals(recorded_before(STATE, new), new)


def fewer(*new: Entry, uncompared: pl.DataFrame | None = None) -> list[tuple[str, str, int, int]]:
    found = shrunk(recorded_before(STATE, new, uncompared), new, uncompared)
    return [(each.period, each.tenant, each.recorded, each.found) for each in found]


def not_compared(period: str, requests: int) -> pl.DataFrame:
    """As many requests of what `entry` is about."""
    about = {
        "source": "prod",
        "period": period,
        "tenant": "acme",
        "adapter": "openai",
        "model": "cheap-model",
    }
    return pl.DataFrame([{**about, "requests": requests}])


def test_a_day_recorded_with_another_baseline_is_not_counted_twice() -> None:
    record(STATE, [entry(baseline="premium-model")])
    new = [entry(baseline="cheaper-premium-model", cost="0.01")]

    recorded = record(STATE, [*new, *gone(new)])

    assert (recorded.added, recorded.corrected) == (1, 1)
    assert totals() == (1, "0.02")


def test_recording_it_once_more_withdraws_nothing() -> None:
    record(STATE, [entry(tenant="acme"), entry(tenant="acmee")])
    new = [entry(tenant="acme")]
    record(STATE, [*new, *gone(new)])

    assert gone(new) == []
    assert totals() == (1, "0.025")


def test_what_was_withdrawn_can_come_back() -> None:
    for new in ([entry(tenant="acme")], [entry(tenant="globex")], [entry(tenant="acme")]):
        record(STATE, [*new, *gone(new)])

    assert totals() == (1, "0.025")


def test_other_sources_and_periods_stay_as_they_are() -> None:
    record(
        STATE, [entry(source="other"), entry("2026-10-02", timestamp=OCTOBER + DAY), entry(tenant="globex")]
    )
    new = [entry(tenant="acme")]

    (withdrawn,) = gone(new)

    assert (withdrawn.source, withdrawn.period, withdrawn.tenant) == ("prod", "2026-10-01", "globex")
    assert (withdrawn.requests, withdrawn.tokens_used) == (0, 0)
    assert withdrawn.savings_usd == 0


def test_nothing_is_withdrawn_from_an_empty_ledger_or_for_no_entries() -> None:
    nothing: list[Entry] = []

    assert gone([entry()]) == []
    record(STATE, [entry()])
    assert gone(nothing) == []


def test_sources_and_periods_that_have_one_place_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_digest", lambda _: bytes(32))
    record(STATE, [entry(source="other"), entry("2026-10-02", timestamp=OCTOBER + DAY), entry(requests=7)])

    assert recorded_before(STATE, [entry()])["requests"].to_list() == [7]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"requests": 10, "unpriced": 2}, []),
        ({"requests": 13, "unpriced": 0}, []),
        ({"requests": 12, "unpriced": 0, "baseline": "another"}, []),
        ({"requests": 9, "unpriced": 2}, [("2026-10-01", "acme", 12, 11)]),
        ({"requests": 99, "tenant": "globex"}, [("2026-10-01", "acme", 12, 0)]),
        ({"requests": 99, "model": "another"}, [("2026-10-01", "acme", 12, 0)]),
        ({"requests": 1, "source": "another"}, []),
        ({"requests": 1, "period": "2026-10-02", "timestamp": OCTOBER + DAY}, []),
    ],
)
def test_a_model_with_fewer_requests_of_a_day_than_are_recorded_is_told(
    now: dict[str, Any], told: list[tuple[str, str, int, int]]
) -> None:
    record(STATE, [entry(requests=10, unpriced=2)])

    assert fewer(entry(**now)) == told


def test_the_requests_of_all_baselines_count_together() -> None:
    record(STATE, [entry(baseline="one", requests=3), entry(baseline="two", requests=4)])

    assert fewer(entry(baseline="two", requests=7)) == []
    assert fewer(entry(baseline="two", requests=6)) == [("2026-10-01", "acme", 7, 6)]


def test_what_was_set_to_nothing_cannot_become_fewer() -> None:
    record(STATE, [entry(tenant="acmee")])
    new = [entry(tenant="acme")]
    record(STATE, [*new, *gone(new)])

    assert fewer(*new) == []


def test_requests_that_are_compared_with_nothing_now_are_not_gone() -> None:
    record(STATE, [entry(requests=3)])

    assert fewer(entry(requests=1), uncompared=not_compared("2026-10-01", 2)) == []
    assert fewer(entry(requests=1), uncompared=not_compared("2026-10-01", 1)) == [
        ("2026-10-01", "acme", 3, 2)
    ]


def test_a_day_that_is_compared_with_nothing_now_is_withdrawn() -> None:
    record(STATE, [entry(requests=3)])

    recorded = recorded_before(STATE, [], not_compared("2026-10-01", 3))

    assert [each.period for each in withdrawals(recorded, [])] == ["2026-10-01"]
    assert recorded_before(STATE, [], not_compared("2026-10-02", 3)).is_empty()
