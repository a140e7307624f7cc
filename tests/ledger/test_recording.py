from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from recording import entry

from costopt.errors import ConfigError, LedgerError
from costopt.ledger.before import Shrunk, shrunk
from costopt.ledger.entry import Entry
from costopt.ledger.record import record
from costopt.ledger.recording import Origin, Recording, record_rows
from costopt.models.result import Aside

STATE = Path("state")
NONE = Aside(requests=0, actual_cost_usd=Decimal(0))


def recorded(*entries: Entry, per_request: bool = False) -> Recording:
    """Records what a log says."""
    rows = pl.DataFrame([entry.model_dump(exclude_none=True, exclude={"source"}) for entry in entries])
    return record_rows(
        STATE, rows, Origin("prod", ("premium-model",), (), per_request, "c0", None, 0, NONE, NONE)
    )


def test_nobody_records_between_the_look_at_the_ledger_and_the_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited = []

    def meanwhile(*looked: Any) -> Sequence[Shrunk]:  # noqa: ANN401 - passed on
        with pytest.raises(LedgerError, match="Another process") as raised:
            record(STATE, [entry(tenant="globex")], timeout=0)
        waited.append(raised)
        return shrunk(*looked)

    monkeypatch.setattr("costopt.ledger.recording.shrunk", meanwhile)

    assert recorded(entry()).added == 1
    assert len(waited) == 1


def test_a_request_with_a_day_for_an_id_is_not_taken_for_the_day() -> None:
    with pytest.raises(ConfigError, match="`2026-10-01` has a day for an id"):
        recorded(entry("r-1"), entry("2026-10-01"), per_request=True)


@pytest.mark.parametrize("figures", [{}, {"requests": 0, "unpriced": 1}])
@pytest.mark.parametrize(("per_request", "now"), [(True, "day"), (False, "request")])
def test_what_was_set_to_nothing_does_not_keep_a_source_from_being_recorded_otherwise(
    *, per_request: bool, now: str, figures: dict[str, Any]
) -> None:
    day, request = entry(**figures), entry("r-1", **figures)
    said, other = (request, day) if per_request else (day, request)
    recorded(said, per_request=per_request)

    with pytest.raises(ConfigError, match=f"by {now} as well, its requests would count twice"):
        recorded(other, per_request=not per_request)

    nothing = dict.fromkeys(
        ("requests", "unpriced", "tokens_used", "baseline_cost_usd", "actual_cost_usd"), 0
    )
    record(STATE, [Entry(**{**said.model_dump(), **nothing})])
    assert recorded(other, per_request=not per_request).added == 1
