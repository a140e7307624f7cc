import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from costopt.intake.times import to_timestamps
from costopt.models.schema import TIMESTAMP


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-01T08:00:00Z", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01T08:00:00+00:00", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01T08:00:00", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01 08:00:00", "2026-10-01T08:00:00+00:00"),
        ("2026/10/01 08:00:00", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01T08:00", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01 08:00Z", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01T08:00+02", "2026-10-01T06:00:00+00:00"),
        ("2026-10-01T08:00:00+0230", "2026-10-01T05:30:00+00:00"),
        ("2026-10-01T08:00:00-07:00", "2026-10-01T15:00:00+00:00"),
        ("2026-10-01 08:00:00 +02:00", "2026-10-01T06:00:00+00:00"),
        ("2026-10-01 08:00:00 UTC", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01 08:00:00.5 UTC", "2026-10-01T08:00:00.500000+00:00"),
        ("2026-10-01 08:00:00,123", "2026-10-01T08:00:00.123000+00:00"),
        ("2026-10-01T08:00:00.123456Z", "2026-10-01T08:00:00.123456+00:00"),
        ("2026-10-01T08:00:00.1234567Z", "2026-10-01T08:00:00.123456+00:00"),
        ("2026-10-01T08:00:59.999999999Z", "2026-10-01T08:00:59.999999+00:00"),
        (" 2026-10-01T08:00:00Z ", "2026-10-01T08:00:00+00:00"),
        ("2026-10-01", "2026-10-01T00:00:00+00:00"),
        ("2026/10/01", "2026-10-01T00:00:00+00:00"),
        ("Thu, 01 Oct 2026 08:00:00 GMT", "2026-10-01T08:00:00+00:00"),
        ("1790841600", "2026-10-01T08:00:00+00:00"),
        ("1790841600.25", "2026-10-01T08:00:00.250000+00:00"),
        ("1790841600123", "2026-10-01T08:00:00.123000+00:00"),
        ("1790841600123456", "2026-10-01T08:00:00.123456+00:00"),
        ("1790841600123457001", "2026-10-01T08:00:00.123457+00:00"),
        ("1790841600123457999", "2026-10-01T08:00:00.123457+00:00"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00+00:00"),
        ("2099-12-31T23:59:59.999999Z", "2099-12-31T23:59:59.999999+00:00"),
        ("2028-02-29", "2028-02-29T00:00:00+00:00"),
    ],
)
def test_a_time_is_read_however_it_is_written(text: str, instant: str) -> None:
    assert to_timestamps(pl.Series([text])).to_list() == [utc(instant)]


@pytest.mark.parametrize(
    "beside", ["2026-10-01T08:00:00Z", "2026-10-01T08:00:00", "1790841600", "soon", None]
)
@pytest.mark.parametrize(
    "text", ["2026-10-01T08:00:30.1234567Z", "2026-10-01T08:00:30.1234567", "1790841630123456789"]
)
def test_a_time_reads_the_same_beside_any_other(text: str, beside: str | None) -> None:
    expected = utc("2026-10-01T08:00:30.123456+00:00")

    assert to_timestamps(pl.Series([beside, text]))[1] == expected
    assert to_timestamps(pl.Series([text, beside]))[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "2026-02-29T08:00:00Z",
        "2026-10-01T24:30:00Z",
        "2026-10-01T08:61:00Z",
        "2026-10-01T08:00:61Z",
        "2026-10-01T08:00:infZ",
        "2026-10-01T08:00:00.1234567xZ",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "01/10/2026",
        "0",
        "12345678",
        "946684799",
        "4102444800",
        "9" * 25,
        "9" * 40,
        "-1790841600",
        "08:00:00",
    ],
)
def test_what_is_no_time_of_this_century_is_null(text: str) -> None:
    assert to_timestamps(pl.Series([text])).to_list() == [None]
    assert to_timestamps(pl.Series(["2026-10-01T08:00:00Z", text]))[1] is None


INSTANT = dt.datetime(2026, 10, 1, 8, 0, 0, 123456, dt.UTC)


@pytest.mark.parametrize(
    ("values", "instant"),
    [
        (pl.Series([1_790_841_600]), INSTANT.replace(microsecond=0)),
        (pl.Series([1_790_841_600], dtype=pl.UInt32), INSTANT.replace(microsecond=0)),
        (pl.Series([1_790_841_600_123]), INSTANT.replace(microsecond=123_000)),
        (pl.Series([1_790_841_600_123_456]), INSTANT),
        (pl.Series([1_790_841_600_123_456_999]), INSTANT),
        (pl.Series([1_790_841_600.123456]), INSTANT),
        (pl.Series([1_790_841_600_123.456]), INSTANT),
        (pl.Series([Decimal("1790841600.123456")]), INSTANT),
        (pl.Series([INSTANT.replace(tzinfo=None)]), INSTANT),
        (pl.Series([INSTANT]), INSTANT),
        (pl.Series([INSTANT]).dt.convert_time_zone("Asia/Tokyo"), INSTANT),
        (pl.Series([INSTANT]).cast(pl.Datetime("ns", "UTC")), INSTANT),
        (pl.Series([INSTANT]).cast(pl.Datetime("ms", "UTC")), INSTANT.replace(microsecond=123_000)),
        (pl.Series([INSTANT.date()]), dt.datetime(2026, 10, 1, tzinfo=dt.UTC)),
        (pl.Series([None], dtype=pl.Null), None),
        (pl.Series([float("nan")]), None),
        (pl.Series([float("inf")]), None),
        (pl.Series([-1]), None),
        (pl.Series([2**63 - 1]), None),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), None),
        (pl.Series([dt.datetime(1970, 1, 1)]), None),  # noqa: DTZ001 - as Parquet has them
        (pl.Series([dt.time(8)]), None),
    ],
)
def test_a_time_is_read_whatever_its_type(values: pl.Series, instant: dt.datetime | None) -> None:
    found = to_timestamps(values)

    assert found.dtype == TIMESTAMP
    assert found.to_list() == [instant]


def test_no_times_are_none() -> None:
    assert to_timestamps(pl.Series([], dtype=pl.String)).to_list() == []
    assert to_timestamps(pl.Series([], dtype=pl.Int64)).dtype == TIMESTAMP


def test_times_of_one_shape_in_order_are_all_read() -> None:
    start = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)
    instants = [start + dt.timedelta(seconds=0.7) * number for number in range(1000)]

    for shape in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f+00:00"):
        texts = pl.Series([instant.strftime(shape) for instant in instants])

        assert to_timestamps(texts).to_list() == instants


def test_times_in_no_order_are_all_read() -> None:
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    instants = [start + dt.timedelta(minutes=number * 7919 % 100_003) for number in range(1000)]

    assert to_timestamps(pl.Series([instant.isoformat() for instant in instants])).to_list() == instants


def test_odd_times_among_regular_ones_are_read() -> None:
    texts = ["2026-10-01T08:00:00Z"] * 100
    texts[50] = "Thu, 01 Oct 2026 08:00:00 GMT"
    texts[51] = "1790841600"
    texts[52] = "soon"

    found = to_timestamps(pl.Series(texts))

    assert found.null_count() == 1
    assert found[52] is None
    assert found.drop_nulls().unique().to_list() == [dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)]
