import datetime as dt

import polars as pl
import pytest

from costopt.errors import ConfigError
from costopt.models.period import Bucket, Every, check_zone, parse_age, parse_moment


def starts(every: Every, zone: str, *times: str) -> list[str]:
    """The beginnings of the buckets that UTC times fall in."""
    frame = pl.DataFrame({"timestamp": [dt.datetime.fromisoformat(f"{time}Z") for time in times]})
    found = frame.select(Bucket(every, zone).start_of()).to_series()
    assert found.name == "period"
    return [str(start) for start in found]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("1h", "2026-10-01 23:00:00"),
        ("1d", "2026-10-01"),
        ("1w", "2026-09-28"),
        ("1mo", "2026-10-01"),
    ],
)
def test_a_bucket_begins_at_a_whole_hour_day_monday_or_month(every: Every, expected: str) -> None:
    assert starts(every, "UTC", "2026-10-01T23:59:59.999999") == [expected]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("1h", ["2026-11-01 00:00:00", "2026-10-31 23:00:00"]),
        ("1d", ["2026-11-01", "2026-10-31"]),
        ("1w", ["2026-10-26", "2026-10-26"]),
        ("1mo", ["2026-11-01", "2026-10-01"]),
    ],
)
def test_a_bucket_begins_at_local_midnight(every: Every, expected: list[str]) -> None:
    assert starts(every, "Europe/Berlin", "2026-10-31T23:00:00", "2026-10-31T22:59:59.999999") == expected


def test_a_week_begins_at_midnight_on_monday_also_across_a_change_of_clocks() -> None:
    days = ["2026-10-25T22:59:59", "2026-10-25T23:00:00", "2026-03-29T21:59:59", "2026-03-29T22:00:00"]

    assert starts("1w", "Europe/Berlin", *days) == ["2026-10-19", "2026-10-26", "2026-03-23", "2026-03-30"]


def test_the_hour_that_clocks_skip_has_no_bucket_and_the_one_they_repeat_is_one() -> None:
    assert starts("1h", "Europe/Berlin", "2026-03-29T00:59:59", "2026-03-29T01:00:00") == [
        "2026-03-29 01:00:00",
        "2026-03-29 03:00:00",
    ]
    assert starts("1h", "Europe/Berlin", "2026-10-25T00:30:00", "2026-10-25T01:30:00") == [
        "2026-10-25 02:00:00",
        "2026-10-25 02:00:00",
    ]


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_a_time_zone_that_exists_is_taken(name: str) -> None:
    assert check_zone(name) == name


@pytest.mark.parametrize("name", ["", "Mars/Base", "Europe", "../etc/passwd", "posix/Europe/Berlin", "\0"])
def test_a_time_zone_that_buckets_do_not_know_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is not a time zone") as caught:
        check_zone(name)

    assert "Europe/Berlin" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-10-01", "UTC", "2026-10-01T00:00:00+00:00"),
        ("2026-10-01", "Europe/Berlin", "2026-09-30T22:00:00+00:00"),
        ("2026-12-01", "Europe/Berlin", "2026-11-30T23:00:00+00:00"),
        ("2026-10-01T08:00", "Europe/Berlin", "2026-10-01T06:00:00+00:00"),
        ("2026-10-01T08:00Z", "Europe/Berlin", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01T08:00:00.000001+05:45", "UTC", "2026-10-01T02:15:00.000001+00:00"),
    ],
)
def test_a_time_without_offset_is_local(text: str, zone: str, expected: str) -> None:
    assert parse_moment(text, zone).isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "01.10.2026", "0001-01-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a time") as caught:
        parse_moment(text, "Europe/Berlin")

    assert "2026-10-01" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "hours"), [("36h", 36), ("7d", 7 * 24), ("4w", 4 * 7 * 24), (" 1d ", 24), ("0h", 0)]
)
def test_an_age_is_hours_days_or_weeks(text: str, hours: int) -> None:
    assert parse_age(text) == dt.timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "7", "d", "7m", "-7d", "1.5d", "7 d", "999999d"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not an age") as caught:
        parse_age(text)

    assert "36h" in caught.value.hint
