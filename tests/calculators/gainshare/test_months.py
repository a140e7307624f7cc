import datetime as dt

import pytest

from costopt.calculators.gainshare.months import Month, month_of, parse_month
from costopt.errors import ConfigError


def test_a_month_knows_its_days_and_its_follower() -> None:
    october, december, february = Month(2026, 10), Month(2026, 12), Month(2028, 2)

    assert (october.first, october.last, october.days) == (dt.date(2026, 10, 1), dt.date(2026, 10, 31), 31)
    assert (february.days, december.following, october.following) == (29, Month(2027, 1), Month(2026, 11))
    assert month_of(dt.date(2026, 10, 31)) == october
    assert sorted([december, february, october]) == [october, december, february]


def test_a_month_is_written_as_it_is_read() -> None:
    assert str(parse_month(" 2026-03 ")) == "2026-03"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "2026-1",
        "0000-01",
        "9999-12",
        "2026-10-01",
        "\uff12\uff10\uff12\uff16-10",
    ],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a month") as caught:
        parse_month(text)
    assert caught.value.hint == "write `2026-10`"
