import datetime as dt
import io
from pathlib import Path

import polars as pl
import pytest

from costopt.pricing.catalog import (
    MODES,
    Catalog,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Rates,
    load_catalog,
)
from costopt.pricing.layers import stack
from costopt.pricing.rates import NOTHING, OTHER_MODE, rate_key, why_unpriced
from costopt.pricing.schedule import Schedule, rows_in_force

HEAD = 'schema = 1\ncurrency = "USD"\n[[provider]]\nid = "acme"\n'


def catalog_of(folder: Path, *models: str) -> Catalog:
    """A catalog of models, each with the `[[model.price]]` tables given."""
    texts = [f'[[model]]\nprovider = "acme"\nid = "m{i}"\n{prices}' for i, prices in enumerate(models)]
    file = folder / "prices.toml"
    file.write_text(HEAD + "\n".join(texts), encoding="utf-8")
    return load_catalog(file)


def table(csv: str) -> pl.DataFrame:
    """Requests from a CSV; `slot` is 0 unless it says otherwise."""
    text = pl.read_csv(io.StringIO(csv), infer_schema=False)
    times = [pl.col("timestamp").str.to_datetime(time_unit="us", time_zone="UTC")]
    texts = ("timestamp", "mode", "status")
    counts = [pl.col(name).cast(pl.Int64) for name in text.columns if name not in texts]
    frame = text.with_columns(*times, *counts)
    frame = frame if "slot" in frame.columns else frame.with_columns(slot=0)
    return frame if "input_tokens" in frame.columns else frame.with_columns(input_tokens=1, output_tokens=0)


def found(catalog: Catalog, csv: str) -> list[str]:
    """For each request the price row, mode and tier it gets, or why it has no price."""
    requests = table(csv)
    schedule = Schedule(catalog, range(len(catalog.models)))
    ids = requests.with_columns(id=schedule.rate_id(requests.columns))["id"]
    return [_named(rate_id) for rate_id in ids]


def _named(rate_id: int) -> str:
    if rate_id == NOTHING:
        return "free"
    if rate_id < 0:
        return why_unpriced(rate_id)
    key = rate_key(rate_id)
    mode = MODES[key.mode] if key.mode < OTHER_MODE else "other"
    return f"m{key.model} row {key.row} {mode} tier {key.tier}"


def rows(names: list[str]) -> list[str]:
    """Only the row of each."""
    return [name.split()[2] if " row " in name else name for name in names]


DATED = """
[[model.price]]
input = 1
[[model.price]]
from = 2026-10-01
input = 2
[[model.price]]
from = 2026-11-01
input = 3
"""


def test_a_price_holds_from_the_first_microsecond_of_its_day(tmp_path: Path) -> None:
    requests = """timestamp
2025-01-01T00:00:00Z
2026-09-30T23:59:59.999999Z
2026-10-01T00:00:00Z
2026-10-31T23:59:59.999999Z
2026-11-01T00:00:00Z
2099-01-01T00:00:00Z
"""

    assert rows(found(catalog_of(tmp_path, DATED), requests)) == ["0", "0", "1", "1", "2", "2"]


def test_before_the_first_price_there_is_none(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "[[model.price]]\nfrom = 2026-10-01\ninput = 2\n")

    assert found(catalog, "timestamp\n2026-09-30T23:59:59.999999Z\n2026-10-01T00:00:00Z\n") == [
        "no_rate_for_date",
        "m0 row 0 standard tier 0",
    ]


def test_the_dates_of_one_model_do_not_touch_another(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path, DATED, "[[model.price]]\ninput = 1\n[[model.price]]\nfrom = 2026-10-15\ninput = 2\n"
    )
    requests = """timestamp,slot
2026-10-14T12:00:00Z,0
2026-10-14T12:00:00Z,1
2026-10-15T00:00:00Z,0
2026-10-15T00:00:00Z,1
"""

    assert [name[:8] for name in found(catalog, requests)] == ["m0 row 1", "m1 row 0", "m0 row 1", "m1 row 1"]


HOURS = """
[[model.price]]
input = 2
[[model.price]]
hours_utc = ["16:30-00:30"]
input = 1
"""


def test_hours_that_wrap_midnight_begin_and_end_to_the_microsecond(tmp_path: Path) -> None:
    requests = """timestamp
2026-10-01T16:29:59.999999Z
2026-10-01T16:30:00Z
2026-10-01T23:59:59.999999Z
2026-10-02T00:00:00Z
2026-10-02T00:29:59.999999Z
2026-10-02T00:30:00Z
"""

    assert rows(found(catalog_of(tmp_path, HOURS), requests)) == ["0", "1", "1", "1", "1", "0"]


def test_hours_of_one_day_and_hours_until_midnight(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        '[[model.price]]\ninput = 2\n[[model.price]]\nhours_utc = ["06:00-08:00", "22:00-24:00"]\ninput = 1\n',
    )
    requests = """timestamp
2026-10-01T05:59:59Z
2026-10-01T06:00:00Z
2026-10-01T08:00:00Z
2026-10-01T21:59:59Z
2026-10-01T23:59:59Z
2026-10-02T00:00:00Z
"""

    assert rows(found(catalog, requests)) == ["0", "1", "0", "0", "1", "0"]


WEEKDAYS = """
[[model.price]]
input = 2
[[model.price]]
weekdays = [6, 7]
input = 1
"""


def test_weekdays_are_those_in_utc(tmp_path: Path) -> None:
    requests = """timestamp
2026-10-02T23:59:59.999999Z
2026-10-03T00:00:00Z
2026-10-04T23:59:59.999999Z
2026-10-05T00:00:00Z
"""

    assert rows(found(catalog_of(tmp_path, WEEKDAYS), requests)) == ["0", "1", "1", "0"]


def test_the_hours_of_a_weekday_end_with_it(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        '[[model.price]]\ninput = 2\n[[model.price]]\nhours_utc = ["22:00-02:00"]\nweekdays = [5]\ninput = 1\n',
    )
    friday, saturday, thursday = "2026-10-02", "2026-10-03", "2026-10-01"
    requests = f"""timestamp
{friday}T01:59:00Z
{friday}T12:00:00Z
{friday}T22:00:00Z
{saturday}T01:00:00Z
{thursday}T23:00:00Z
"""

    assert rows(found(catalog, requests)) == ["1", "0", "1", "0", "0"]


def test_of_the_rows_whose_conditions_hold_the_last_one_applies(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        """
[[model.price]]
input = 4
[[model.price]]
hours_utc = ["16:00-20:00"]
input = 1
[[model.price]]
from = 2026-10-01
input = 3
[[model.price]]
from = 2026-10-01
hours_utc = ["17:00-18:00"]
input = 2
""",
    )
    requests = """timestamp
2026-09-30T17:30:00Z
2026-09-30T12:00:00Z
2026-10-01T17:30:00Z
2026-10-01T16:30:00Z
"""

    assert rows(found(catalog, requests)) == ["1", "0", "3", "2"]


def test_hours_alone_leave_the_rest_of_the_day_without_a_price(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, '[[model.price]]\nhours_utc = ["06:00-08:00"]\ninput = 1\n')

    assert rows(found(catalog, "timestamp\n2026-10-01T07:00:00Z\n2026-10-01T08:00:00Z\n")) == [
        "0",
        "no_rate_for_date",
    ]


TIERED = """
[[model.price]]
input = 2
output = 4
batch_input = 1
batch_output = 2
tier = [{ above = 200, input = 4, output = 8 }, { above = 500, input = 8, output = 16 }]
"""


def test_a_prompt_of_just_the_threshold_is_below_it(tmp_path: Path) -> None:
    requests = """timestamp,input_tokens
2026-10-01T00:00:00Z,0
2026-10-01T00:00:00Z,200
2026-10-01T00:00:00Z,201
2026-10-01T00:00:00Z,500
2026-10-01T00:00:00Z,501
"""

    tiers = [name[-1] for name in found(catalog_of(tmp_path, TIERED), requests)]

    assert tiers == ["0", "0", "1", "1", "2"]


def test_the_thresholds_of_one_model_do_not_touch_another(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        TIERED,
        "[[model.price]]\ninput = 1\n",
        "[[model.price]]\ninput = 1\ntier = [{ above = 300, input = 2 }]\n",
    )
    requests = """timestamp,slot,input_tokens
2026-10-01T00:00:00Z,0,300
2026-10-01T00:00:00Z,1,1000
2026-10-01T00:00:00Z,2,300
2026-10-01T00:00:00Z,2,301
"""

    assert [name[-1] for name in found(catalog, requests)] == ["1", "0", "0", "1"]


def test_a_line_that_stands_for_many_requests_is_in_the_tier_of_their_mean_prompt(tmp_path: Path) -> None:
    requests = """timestamp,input_tokens,requests
2026-10-01T00:00:00Z,2000,10
2026-10-01T00:00:00Z,2001,10
2026-10-01T00:00:00Z,5010,10
2026-10-01T00:00:00Z,201,1
2026-10-01T00:00:00Z,201,0
"""

    tiers = [name[-1] for name in found(catalog_of(tmp_path, TIERED), requests)]

    assert tiers == ["0", "1", "2", "1", "1"]


def test_a_logged_prompt_size_decides_the_tier_instead_of_the_mean_prompt(tmp_path: Path) -> None:
    requests = """timestamp,input_tokens,requests,context_tokens
2026-10-01T00:00:00Z,90000,1,0
2026-10-01T00:00:00Z,90000,1,201
2026-10-01T00:00:00Z,90000,900,501
2026-10-01T00:00:00Z,90000,900,
2026-10-01T00:00:00Z,90000,1,
"""

    tiers = [name[-1] for name in found(catalog_of(tmp_path, TIERED), requests)]

    assert tiers == ["0", "1", "2", "0", "2"]


def test_the_mode_is_standard_where_the_log_does_not_say(tmp_path: Path) -> None:
    requests = """timestamp,mode
2026-10-01T00:00:00Z,
2026-10-01T00:00:00Z,standard
2026-10-01T00:00:00Z,batch
2026-10-01T00:00:00Z,flex
2026-10-01T00:00:00Z,overnight
"""
    catalog = catalog_of(tmp_path, TIERED)

    assert [name.split()[3] for name in found(catalog, requests)] == [
        "standard",
        "standard",
        "batch",
        "flex",
        "other",
    ]
    assert found(catalog, "timestamp\n2026-10-01T00:00:00Z\n") == ["m0 row 0 standard tier 0"]


def test_an_unknown_model_has_no_rate(tmp_path: Path) -> None:
    requests = "timestamp,slot\n2026-10-01T00:00:00Z,-1\n2026-10-01T00:00:00Z,0\n"

    assert found(catalog_of(tmp_path, TIERED), requests) == ["unknown_model", "m0 row 0 standard tier 0"]
    assert found(catalog_of(tmp_path), requests) == ["unknown_model", "unknown_model"]


@pytest.mark.parametrize(
    ("price", "counts", "expected"),
    [
        ("input = 1", "5,0,0", "m0"),
        ("input = 1", "5,1,0", "no_rate_for_tokens"),
        ("input = 1", "5,0,1", "no_rate_for_tokens"),
        ("output = 1", "0,5,0", "m0"),
        ("output = 1", "1,5,0", "no_rate_for_tokens"),
        ("web_search_per_1k = 1", "0,0,3", "m0"),
        ("request_per_1k = 1", "0,0,0", "m0"),
        ("input = 1\noutput = 1\nweb_search_per_1k = 1", "1,1,1", "m0"),
    ],
)
def test_tokens_of_a_kind_without_a_rate_have_no_price_but_none_of_them_need_none(
    tmp_path: Path, price: str, counts: str, expected: str
) -> None:
    requests = f"timestamp,input_tokens,output_tokens,web_searches\n2026-10-01T00:00:00Z,{counts}\n"

    names = found(catalog_of(tmp_path, f"[[model.price]]\n{price}\n"), requests)

    assert [name.split()[0] for name in names] == [expected]


@pytest.mark.parametrize(
    ("status", "counts", "slot", "expected"),
    [
        ("error", "0,0,0", 0, "free"),
        ("error", "0,0,0", -1, "free"),
        ("error", "1,0,0", 0, "m0"),
        ("error", "0,1,0", 0, "m0"),
        ("error", "0,0,1", 0, "no_rate_for_tokens"),
        ("error", "1,0,0", -1, "unknown_model"),
        ("ok", "0,0,0", 0, "m0"),
        ("ok", "0,0,0", -1, "unknown_model"),
        ("", "0,0,0", -1, "unknown_model"),
    ],
)
def test_a_request_that_failed_and_used_nothing_is_free_whatever_its_model(
    tmp_path: Path, status: str, counts: str, slot: int, expected: str
) -> None:
    head = "timestamp,slot,status,input_tokens,output_tokens,web_searches"
    row = f"2026-10-01T00:00:00Z,{slot},{status},{counts}"
    catalog = catalog_of(tmp_path, "[[model.price]]\ninput = 1\noutput = 1\nrequest_per_1k = 5\n")

    assert [name.split()[0] for name in found(catalog, f"{head}\n{row}\n")] == [expected]


def test_a_log_that_counts_no_searches_needs_no_rate_for_them(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "[[model.price]]\ninput = 1\noutput = 1\n")

    assert found(catalog, "timestamp\n2026-10-01T00:00:00Z\n") == ["m0 row 0 standard tier 0"]


def found_in(prices: tuple[PriceRow, ...], csv: str) -> list[str]:
    """For each request the price row it gets, or why it has no price."""
    catalog = stack([Layer("file", "digest", models=(Model("acme", "m0", Match(), prices),))])
    return rows(found(catalog, csv))


def row(
    starts: dt.date | None = None,
    ends: dt.date | None = None,
    hours: tuple[tuple[int, int], ...] = (),
    weekdays: frozenset[int] = frozenset(),
) -> PriceRow:
    return PriceRow(starts, hours, weekdays, {"standard": ModePrice(Rates(input=1, output=1))}, ends)


OCT_1, OCT_3 = dt.date(2026, 10, 1), dt.date(2026, 10, 3)


def test_a_price_ends_with_the_last_microsecond_before_its_end() -> None:
    requests = """timestamp
2026-09-30T23:59:59.999999Z
2026-10-01T00:00:00Z
2026-10-02T23:59:59.999999Z
2026-10-03T00:00:00Z
"""

    assert found_in((row(), row(OCT_1, OCT_3)), requests) == ["0", "1", "1", "0"]
    assert found_in((row(OCT_1, OCT_3),), requests) == ["no_rate_for_date", "0", "0", "no_rate_for_date"]
    assert found_in((row(None, OCT_1),), requests) == ["0", *["no_rate_for_date"] * 3]


def test_a_price_that_ends_leaves_the_one_before_it_in_its_hours() -> None:
    requests = """timestamp
2026-10-02T01:00:00Z
2026-10-02T07:00:00Z
2026-10-03T01:00:00Z
"""

    assert found_in((row(), row(None, OCT_3, ((0, 360),))), requests) == ["1", "0", "0"]
    assert found_in((row(), row(OCT_1, OCT_3, weekdays=frozenset({6}))), requests) == ["0", "0", "0"]


def test_prices_that_end_are_not_in_force_after_it() -> None:
    prices = (row(), row(OCT_1, OCT_3), row(OCT_1, OCT_3, ((0, 360),)))

    days = [OCT_1 - dt.timedelta(days=1), OCT_1, OCT_3 - dt.timedelta(days=1), OCT_3]
    assert [rows_in_force(prices, day) for day in days] == [[0], [1, 2], [1, 2], [0]]
    assert rows_in_force(prices, dt.datetime(2026, 10, 2, 23, 59, tzinfo=dt.UTC)) == [1]


def test_contract_terms_begin_and_end_to_the_microsecond(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path,
        "[[model.price]]\ninput = 1\n[[adjust]]\nfrom = 2026-10-01\nuntil = 2026-10-03\nmultiply = 0.5\n",
    )
    requests = """timestamp
2026-09-30T23:59:59.999999Z
2026-10-01T00:00:00Z
2026-10-02T23:59:59.999999Z
2026-10-03T00:00:00Z
"""

    assert rows(found(catalog, requests)) == ["0", "1", "1", "0"]


WEEKEND_HOURS = """
[[model.price]]
from = 2026-10-01
input = 1
[[model.price]]
from = 2026-10-01
hours_utc = ["22:00-02:00"]
weekdays = [5, 6]
input = 2
[[model.price]]
from = 2026-10-03
hours_utc = ["10:30-24:00"]
input = 3
"""


def test_the_row_in_force_at_a_moment_is_the_one_a_request_gets(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, WEEKEND_HOURS)
    start = dt.datetime(2026, 9, 30, tzinfo=dt.UTC)
    moments = [start + dt.timedelta(minutes=30 * number) for number in range(5 * 48)]
    requests = "\n".join(["timestamp", *(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments)])

    in_force = [rows_in_force(catalog.models[0].prices, moment) for moment in moments]

    given = rows(found(catalog, requests))
    assert [[] if row == "no_rate_for_date" else [int(row)] for row in given] == in_force


def test_the_rows_in_force_on_a_day_are_those_of_all_its_moments(tmp_path: Path) -> None:
    prices = catalog_of(tmp_path, WEEKEND_HOURS).models[0].prices

    days = [dt.date(2026, 9, 30) + dt.timedelta(days=number) for number in range(5)]

    assert [rows_in_force(prices, day) for day in days] == [[], [0], [0, 1], [0, 1, 2], [0, 2]]
