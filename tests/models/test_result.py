import datetime as dt
from decimal import Decimal

import pytest
from pydantic import ValidationError

from costopt.models.intake import Example
from costopt.models.result import OnDemand, Period

NOON = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (None, None, "1"),
        (NOON, NOON, "1"),
        (NOON, NOON + dt.timedelta(hours=1), "1"),
        (NOON, NOON + dt.timedelta(hours=36), "1.5"),
        (NOON, NOON + dt.timedelta(days=30), "30"),
    ],
)
def test_a_period_is_at_least_a_day_long(
    start: dt.datetime | None, end: dt.datetime | None, days: str
) -> None:
    assert Period(start=start, end=end).days == Decimal(days)


def test_what_is_made_on_demand_is_made_again_each_time() -> None:
    letters = OnDemand(2, lambda: iter("ab"))

    assert len(letters) == 2
    assert [*letters] == [*letters] == ["a", "b"]


def test_a_result_is_never_changed_and_has_no_other_fields() -> None:
    example = Example(place="log.jsonl:1", reason="no model")

    with pytest.raises(ValidationError, match="frozen"):
        example.place = "elsewhere"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Example.model_validate({"place": "a", "reason": "b", "colour": "red"})
