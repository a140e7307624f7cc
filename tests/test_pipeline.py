import datetime as dt
import gzip
import io
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from costopt.calculators.spend import spend_rollup
from costopt.errors import ConfigError, CostoptError, FormatError, RejectedError, SourceError
from costopt.intake.formats.format import Wishes
from costopt.intake.reading import Batch, read_all
from costopt.intake.where import parse_where
from costopt.models.money import usd
from costopt.models.period import Bucket
from costopt.models.schema import PICO
from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.rollups.rollup import Rollup

TOML = """
schema = 1
currency = "USD"
source = "made for a test"
date = 2026-10-01

[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }

[[model]]
provider = "acme"
id = "acme-large"
[[model.price]]
input = 10
cached_input = 1
output = 20
batch_input = 5
batch_cached_input = 1
batch_output = 10
request_per_1k = 1
web_search_per_1k = 10
[[model.price.tier]]
above = 200_000
input = 20
output = 30

[[model]]
provider = "acme"
id = "acme-embed"
[[model.price]]
from = 2026-10-01
input = 1
[[model.price]]
from = 2026-10-03
input = 2
"""
HEAD = "timestamp,model,input_tokens,output_tokens"
MODELS = spend_rollup(("model",))

Write = Callable[[str, str | bytes], str]
Read = Callable[..., Loaded]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """`acme-large` with a long-context tier, fees and batch rates; `acme-embed` priced since October, no output."""
    file = tmp_path / "prices.toml"
    file.write_text(TOML, encoding="utf-8")
    return load_catalog(file)


@pytest.fixture
def read(write: Write, catalog: Catalog) -> Read:
    """Reads logs, given as CSV texts, into a bill by some keys; options are those of `Logs`."""

    def loaded(*csvs: str, by: tuple[str, ...] = ("model",), **options: Any) -> Loaded:  # noqa: ANN401 - passed on
        paths = tuple(write(f"log{i}.csv", csv) for i, csv in enumerate(csvs))
        return load(Logs(paths, **options), catalog, [spend_rollup(by)])

    return loaded


def costs(loaded: Loaded, *keys: str) -> dict[str, Decimal | None]:
    """What each group cost, by the values of its keys; None where none of it is priced."""
    table = loaded.rollups["spend"].group_by(keys or ["model"])
    sums = table.agg(pl.when(pl.col("cost").count() > 0).then(pl.col("cost").sum()))
    return {
        " ".join(str(value) for value in row[:-1]): None if row[-1] is None else usd(row[-1])
        for row in sums.iter_rows()
    }


# What a request costs


@pytest.mark.parametrize(
    ("claim", "columns", "values", "expected"),
    [
        ("input and output, and a fee for the request", "", "", "0.301"),
        ("cached input is billed once", ",cached_input_tokens", ",4000", "0.265"),
        ("reasoning is billed once", ",reasoning_tokens", ",4000", "0.301"),
        ("a cache write without a rate is input", ",cache_write_tokens", ",4000", "0.301"),
        ("searches", ",web_searches", ",3", "0.331"),
        ("a fee for each request", ",requests", ",7", "0.307"),
        ("batch mode has no fee here", ",mode", ",batch", "0.15"),
    ],
)
def test_a_request_costs(read: Read, claim: str, columns: str, values: str, expected: str) -> None:
    log = f"{HEAD}{columns}\n2026-10-01T00:00:00Z,acme-large,10000,10000{values}\n"

    assert costs(read(log)) == {"acme-large": Decimal(expected)}, claim


def test_a_prompt_beyond_the_threshold_reprices_the_whole_request(read: Read) -> None:
    log = f"""{HEAD},tag
2026-10-01T00:00:00Z,acme-large,200000,1000,at
2026-10-01T00:00:00Z,acme-large,200001,1000,above
"""

    assert costs(read(log, by=("tag",)), "tag") == {"at": Decimal("2.021"), "above": Decimal("4.03102")}


def test_a_price_holds_from_the_first_microsecond_of_its_day(read: Read) -> None:
    log = f"""{HEAD},tag
2026-09-30T23:59:59.999999Z,acme-embed,1000000,0,before
2026-10-01T00:00:00Z,acme-embed,1000000,0,first
2026-10-02T23:59:59.999999Z,acme-embed,1000000,0,last
2026-10-03T00:00:00Z,acme-embed,1000000,0,next
"""

    assert costs(read(log, by=("tag",)), "tag") == {"before": None, "first": 1, "last": 1, "next": 2}


UNPRICED = f"""{HEAD},provider,mode
2026-10-01T00:00:00Z,acme-large,1000000,0,acme,flex
2026-10-01T00:00:00Z,acme-large,1000000,0,acme,overnight
2026-09-01T00:00:00Z,acme-embed,1000000,0,acme,
2026-10-01T00:00:00Z,acme-embed,1000000,1,acme,
2026-10-01T00:00:00Z,acme-embed,1000000,0,acme,
2026-10-01T00:00:00Z,acme-larg,1000000,0,acme,
2026-10-01T00:00:00Z,acme-larg,1000000,0,,
2026-10-01T00:00:00Z,zzz,1000000,0,,
2026-10-01T00:00:00Z,acme-larg,250000,0,acme,
"""


def test_what_has_no_price_is_counted_with_its_reason_and_a_near_miss(read: Read) -> None:
    loaded = read(UNPRICED)

    assert loaded.provenance.intake.unpriced == 8
    assert [tuple(model.model_dump().values()) for model in loaded.provenance.intake.unpriced_models] == [
        ("acme", "acme-larg", 2, "unknown_model", "acme-large"),
        ("acme", "acme-large", 2, "no_rate_for_mode", None),
        (None, "acme-larg", 1, "unknown_model", "acme-large"),
        (None, "zzz", 1, "unknown_model", None),
        ("acme", "acme-embed", 1, "no_rate_for_date", None),
        ("acme", "acme-embed", 1, "no_rate_for_tokens", None),
    ]


def test_a_model_without_a_price_is_named_once_for_each_reason(read: Read) -> None:
    log = f"""{HEAD},mode
2026-10-01T00:00:00Z,acme-large,1,0,flex
2026-10-01T00:00:00Z,acme-large,1000000,0,flex
2026-10-01T00:00:00Z,acme-large,1,0,overnight
"""

    (named,) = read(log).provenance.intake.unpriced_models

    assert (named.model, named.requests, named.reason) == ("acme-large", 3, "no_rate_for_mode")


def test_what_has_no_price_is_null_and_in_no_total(read: Read) -> None:
    assert costs(read(UNPRICED)) == {"acme-large": None, "acme-embed": 1, "acme-larg": None, "zzz": None}


def test_ten_models_without_a_price_are_named_the_most_frequent_first(read: Read) -> None:
    rows = [
        f"2026-10-01T00:00:00Z,model{n:02},1,1,{20 if n == 11 else 1}\n"  # the last one has the most requests
        for n in range(12)
    ]
    intake = read(f"{HEAD},requests\n" + "".join(rows)).provenance.intake

    assert [model.model for model in intake.unpriced_models] == [
        "model11",
        *(f"model{n:02}" for n in range(9)),
    ]
    assert intake.unpriced == 31


def test_the_provider_is_inferred_where_the_log_names_none(read: Read) -> None:
    log = f"""{HEAD},provider
2026-10-01T00:00:00Z,acme-embed,1000000,0,
2026-10-01T00:00:00Z,acme-embed,1000000,0,acme
2026-10-01T00:00:00Z,acme-embed,1000000,0,Acme
2026-10-01T00:00:00Z,other,1000000,0,
"""

    assert costs(read(log, by=("provider",)), "provider") == {"acme": 2, "Acme": 1, "None": None}
    unnamed = log.replace(",provider", ",tag")
    assert costs(read(unnamed, by=("provider",)), "provider") == {"acme": 3, "None": None}


# Which cost counts

LOGGED = f"""{HEAD},cost_usd,tag
2026-10-01T00:00:00Z,acme-embed,1000000,0,0.5,both
2026-10-01T00:00:00Z,acme-embed,1000000,0,,computed
2026-10-01T00:00:00Z,unheard-of,1000000,0,3,logged
2026-10-01T00:00:00Z,unheard-of,1000000,0,nan,neither
2026-10-01T00:00:00Z,acme-embed,1000000,0,0,free
"""


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("auto", {"both": "0.5", "computed": "1", "logged": "3", "neither": None, "free": "0"}),
        ("logged", {"both": "0.5", "computed": None, "logged": "3", "neither": None, "free": "0"}),
        ("computed", {"both": "1", "computed": "1", "logged": None, "neither": None, "free": "1"}),
    ],
)
def test_the_basis_says_which_cost_counts(read: Read, basis: str, expected: dict[str, str | None]) -> None:
    loaded = read(LOGGED, by=("tag",), cost=basis)

    found = {tag: None if cost is None else str(cost) for tag, cost in costs(loaded, "tag").items()}
    assert found == expected
    assert loaded.provenance.intake.unpriced == list(expected.values()).count(None)


@pytest.mark.parametrize("basis", ["auto", "logged", "computed"])
def test_on_any_basis_both_costs_are_there_and_null_where_unknown(read: Read, basis: str) -> None:
    table = read(LOGGED, by=("tag",), cost=basis).rollups["spend"]

    assert table.select("tag", "logged_cost", "computed_cost").sort("tag").rows() == [
        ("both", 500_000_000_000, 1_000_000_000_000),
        ("computed", None, 1_000_000_000_000),
        ("free", 0, 1_000_000_000_000),
        ("logged", 3_000_000_000_000, None),
        ("neither", None, None),
    ]
    assert [table.schema[name] for name in ("logged_cost", "computed_cost", "cost")] == [PICO] * 3


def test_on_the_logged_basis_a_request_is_unpriced_because_the_log_has_no_cost(read: Read) -> None:
    intake = read(LOGGED, cost="logged").provenance.intake

    assert [(model.model, model.reason, model.suggestion) for model in intake.unpriced_models] == [
        ("unheard-of", "no_logged_cost", None),
        ("acme-embed", "no_logged_cost", None),
    ]


def test_a_logged_cost_keeps_every_digit(read: Read) -> None:
    row = "2026-10-01T00:00:00Z,acme-embed,1,0,0.000000000001\n"

    assert costs(read(f"{HEAD},cost_usd\n{row}{row}{row}")) == {"acme-embed": Decimal("0.000000000003")}


# Prices that are old, of media, or lent

OLD = """
schema = 1
currency = "USD"
date = 2026-01-01

[[provider]]
id = "acme"
[[provider]]
id = "cloud"
fallback = ["acme"]

[[model]]
provider = "acme"
id = "old"
[[model.price]]
input = 1
batch_input = 1
[[model.price]]
from = 2026-10-01
verified = 2026-02-01
input = 1
batch_input = 1

[[model]]
provider = "acme"
id = "fresh"
[[model.price]]
verified = 2026-09-30
input = 1

[[model]]
provider = "acme"
id = "media"
[[model.price]]
verified = 2026-09-30
input = 1
cached_input = 0.5
input_audio = 32
cached_audio = 2
input_image = 5
cached_image = 3
output = 4
reasoning = 6
output_audio = 64
output_image = 40
"""


@pytest.fixture
def billed(write: Write) -> Callable[..., Loaded]:
    """Reads a log, given as a CSV text, at the prices of `OLD`."""

    def loaded(csv: str, **options: Any) -> Loaded:  # noqa: ANN401 - passed on
        catalog = load_catalog(Path(write("old.toml", OLD)))
        return load(Logs((write("log.csv", csv),), **options), catalog, [MODELS])

    return loaded


def stale(loaded: Loaded) -> list[tuple[str, str, str]]:
    return [
        (model.provider, model.model, model.verified.isoformat()) for model in loaded.provenance.catalog.stale
    ]


USED = f"""{HEAD},provider,mode,cost_usd
2026-09-01T00:00:00Z,old,1,0,acme,,
2026-10-01T00:00:00Z,old,1,0,cloud,,
2026-10-01T00:00:00Z,fresh,1,0,acme,,
2026-10-01T00:00:00Z,media,1,0,acme,,7
"""


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("auto", [("acme", "old", "2026-01-01"), ("cloud", "old", "2026-02-01")]),
        ("computed", [("acme", "old", "2026-01-01"), ("cloud", "old", "2026-02-01")]),
        ("logged", []),
    ],
)
def test_models_billed_at_prices_verified_long_ago_are_named(
    billed: Read, basis: str, expected: list[tuple[str, str, str]]
) -> None:
    assert stale(billed(USED, cost=basis)) == expected


def test_of_several_old_prices_of_a_model_the_oldest_is_named(billed: Read) -> None:
    log = f"{HEAD},provider\n2026-10-01,old,1,0,acme\n2026-09-01,old,1,0,acme\n"

    assert stale(billed(log)) == [("acme", "old", "2026-01-01")]


def test_prices_are_as_old_as_they_were_at_the_end_of_the_log(billed: Read) -> None:
    log = f"{HEAD},provider\n{{}},old,1,0,acme\n"

    assert stale(billed(log.format("2026-06-30"))) == []
    assert stale(billed(log.format("2026-07-01"))) == [("acme", "old", "2026-01-01")]


@pytest.mark.parametrize(("basis", "expected"), [("auto", []), ("computed", ["old"])])
def test_a_price_in_whose_place_a_logged_cost_counts_was_not_used(
    billed: Read, basis: str, expected: list[str]
) -> None:
    log = f"{HEAD},provider,cost_usd\n2026-10-01,old,1,0,acme,7\n"

    assert [model for _, model, _ in stale(billed(log, cost=basis))] == expected


def test_a_request_without_a_price_was_billed_at_no_old_one(billed: Read) -> None:
    loaded = billed(f"{HEAD},provider,mode\n2026-10-01,old,1,0,acme,flex\n2026-10-01,old,1,1,acme,\n")

    assert loaded.provenance.intake.unpriced == 2
    assert stale(loaded) == []


def test_an_empty_log_used_no_old_price(billed: Read) -> None:
    assert stale(billed(f"{HEAD}\n")) == []


@pytest.mark.parametrize(
    ("claim", "columns", "values", "expected"),
    [
        ("text alone", "", "", "5"),
        ("heard", ",input_audio_tokens", ",400000", "17.4"),
        ("seen", ",input_image_tokens", ",400000", "6.6"),
        (
            "heard, some of it from the cache",
            ",cached_input_tokens,input_audio_tokens,cached_audio_tokens",
            ",500000,400000,100000",
            "14.2",
        ),
        (
            "seen, all of it from the cache",
            ",cached_input_tokens,input_image_tokens,cached_image_tokens",
            ",100000,100000,100000",
            "5.2",
        ),
        ("spoken", ",output_audio_tokens", ",250000", "20"),
        ("drawn, after reasoning", ",output_image_tokens,reasoning_tokens", ",500000,250000", "23.5"),
    ],
)
def test_audio_and_images_are_billed_once_at_their_own_rates(
    billed: Read, claim: str, columns: str, values: str, expected: str
) -> None:
    log = f"{HEAD},provider{columns}\n2026-10-01T00:00:00Z,media,1000000,1000000,acme{values}\n"

    assert costs(billed(log)) == {"media": Decimal(expected)}, claim


def test_a_lent_model_is_billed_in_standard_mode_only(billed: Read) -> None:
    log = f"""{HEAD},provider,mode
2026-10-01T00:00:00Z,old,1000000,0,cloud,
2026-10-01T00:00:00Z,old,1000000,0,cloud,batch
2026-10-01T00:00:00Z,old,1000000,0,acme,batch
"""
    loaded = billed(log)

    assert costs(loaded) == {"old": 2}
    assert [tuple(model.model_dump().values()) for model in loaded.provenance.intake.unpriced_models] == [
        ("cloud", "old", 1, "no_rate_for_mode", None)
    ]


# Duplicates

TWICE = f"""{HEAD},request_id
2026-10-01T00:00:00Z,acme-embed,1000000,0,a
2026-10-01T00:00:00Z,acme-embed,1000000,0,a
2026-10-01T00:00:01Z,acme-embed,1000000,0,a
2026-10-01T00:00:00Z,unheard-of,1000000,0,b
2026-10-01T00:00:00Z,unheard-of,1000000,0,b
2026-10-01T00:00:00Z,acme-embed,1000000,0,
2026-10-01T00:00:00Z,acme-embed,1000000,0,
"""


def test_a_request_read_before_is_removed_and_what_it_cost_is_told(read: Read) -> None:
    loaded = read(TWICE, TWICE)
    intake = loaded.provenance.intake

    assert costs(loaded) == {"acme-embed": 6, "unheard-of": None}
    assert (intake.requests, intake.duplicates, intake.duplicates_usd) == (7, 7, Decimal(4))
    assert [(file.requests, file.duplicates) for file in intake.by_file] == [(5, 2), (2, 5)]


def test_duplicates_are_kept_where_that_is_asked_for(read: Read) -> None:
    intake = read(TWICE, dedupe=False).provenance.intake

    assert (intake.requests, intake.duplicates, intake.duplicates_usd) == (7, 0, Decimal(0))


def test_a_repeated_line_for_many_requests_is_as_many_duplicates(read: Read) -> None:
    row = "2026-10-01T00:00:00Z,acme-embed,1000000,0,a,5\n"
    intake = read(f"{HEAD},request_id,requests\n{row}{row}").provenance.intake

    assert (intake.requests, intake.duplicates, intake.duplicates_usd) == (5, 5, Decimal(1))


# Periods

HOURLY = f"""{HEAD},tag
2026-10-01T00:00:00Z,acme-embed,1000000,0,a
2026-10-01T12:00:00Z,acme-embed,1000000,0,b
2026-10-02T00:00:00Z,acme-embed,1000000,0,c
2026-10-02T12:00:00Z,acme-embed,1000000,0,d
"""


@pytest.mark.parametrize(
    ("since", "until", "kept"),
    [
        (None, None, "abcd"),
        ("2026-10-01T12:00:00", None, "bcd"),
        ("2026-10-01T12:00:00.000001", None, "cd"),
        (None, "2026-10-02T00:00:00", "ab"),
        ("2026-10-01T06:00:00", "2026-10-02T06:00:00", "bc"),
        ("2027-01-01T00:00:00", None, ""),
    ],
)
def test_since_is_included_and_until_is_not(
    read: Read, since: str | None, until: str | None, kept: str
) -> None:
    limits = {
        name: dt.datetime.fromisoformat(f"{text}+00:00")
        for name, text in [("since", since), ("until", until)]
        if text
    }
    loaded = read(HOURLY, by=("tag",), **limits)

    assert "".join(sorted(costs(loaded, "tag"))) == kept
    assert loaded.provenance.intake.requests == len(kept)


def test_the_period_is_from_the_first_to_the_last_request_of_all_files(read: Read) -> None:
    later = HOURLY.replace("2026-10-0", "2026-11-0")
    period = read(later, HOURLY, f"{HEAD}\n").provenance.period

    assert period.start == dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    assert period.end == dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


def test_buckets_are_a_key_like_any_other(write: Write, catalog: Catalog) -> None:
    loaded = load(
        Logs((write("log.csv", HOURLY),)), catalog, [spend_rollup((), Bucket("1d", "Europe/Berlin"))]
    )

    assert costs(loaded, "period") == {"2026-10-01": 2, "2026-10-02": 2}


# Filters

WHO = f"""{HEAD},tenant,tag,request_id
2026-10-01T00:00:00Z,acme-embed,1000000,0,a,x,1
2026-10-01T12:00:00Z,acme-embed,1000000,0,b,x,2
2026-10-02T00:00:00Z,acme-embed,1000000,0,,y,3
2026-10-02T12:00:00Z,acme-embed,1000000,0,a,y,4
yesterday,acme-embed,1000000,0,a,y,5
"""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('tenant == "a"', {"x": 1, "y": 1}),
        ('tenant != "a"', {"x": 1, "y": 1}),
        ('tenant == "a" and tag == "y"', {"y": 1}),
        ('timestamp < "2026-10-02T12:00"', {"x": 2, "y": 1}),
        ('request_id in ("1", "2")', {"x": 2}),
        ("true", {"x": 2, "y": 2}),
        ("false", {}),
    ],
)
def test_a_filter_bills_what_it_keeps(read: Read, text: str, kept: dict[str, int]) -> None:
    loaded = read(WHO, by=("tag",), where=parse_where(text))
    intake = loaded.provenance.intake

    assert costs(loaded, "tag") == kept
    assert (intake.where, intake.requests, intake.filtered_out) == (
        text,
        sum(kept.values()),
        4 - sum(kept.values()),
    )
    assert (intake.rejected, loaded.lines) == (1, 4)
    loaded.check()


def test_without_a_filter_nothing_is_left_out(read: Read) -> None:
    intake = read(WHO).provenance.intake

    assert (intake.where, intake.filtered_out) == (None, 0)


def test_what_is_left_out_is_counted_for_each_file_as_the_requests_it_stands_for(read: Read) -> None:
    log = f"{HEAD},tag,requests\n2026-10-01,acme-embed,1000000,0,a,5\n2026-10-01,acme-embed,1000000,0,b,7\n"
    intake = read(log, log, where=parse_where('tag == "a"')).provenance.intake

    assert [(file.requests, file.filtered_out) for file in intake.by_file] == [(5, 7), (5, 7)]
    assert (intake.requests, intake.filtered_out) == (10, 14)


COPIES = f"""{HEAD},tenant,request_id
2026-10-01T00:00:00Z,acme-embed,1000000,0,a,1
2026-10-01T00:00:00Z,acme-embed,1000000,0,b,1
2026-10-01T00:00:00Z,acme-embed,1000000,0,a,2
2026-10-01T00:00:00Z,acme-embed,1000000,0,a,2
"""


@pytest.mark.parametrize(
    ("text", "requests", "filtered_out", "duplicates"),
    [("true", 2, 0, 2), ('tenant == "a"', 2, 0, 1), ('tenant != "a"', 0, 2, 1), ('tenant == "b"', 0, 2, 1)],
)
def test_whether_a_request_is_a_duplicate_does_not_depend_on_the_filter(
    read: Read, text: str, requests: int, filtered_out: int, duplicates: int
) -> None:
    intake = read(COPIES, where=parse_where(text)).provenance.intake

    assert (intake.requests, intake.filtered_out, intake.duplicates) == (requests, filtered_out, duplicates)
    assert intake.duplicates_usd == duplicates


def test_duplicates_are_kept_in_a_filtered_bill_where_that_is_asked_for(read: Read) -> None:
    intake = read(COPIES, where=parse_where('tenant == "a"'), dedupe=False).provenance.intake

    assert (intake.requests, intake.filtered_out, intake.duplicates) == (3, 1, 0)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ('tag == "x"', "2026-10-01T00:00", "2026-10-02T12:00"),
        ("false", None, None),
        ('timestamp >= "2026-10-01T12:00"', "2026-10-01T12:00", "2026-10-02T12:00"),
        ('tag == "x" and timestamp < "2026-10-02T12:00"', "2026-10-01T00:00", "2026-10-02T00:00"),
    ],
)
def test_a_part_of_the_requests_has_the_period_of_all_at_the_times_it_asks_for(
    read: Read, text: str, start: str | None, end: str | None
) -> None:
    period = read(WHO, where=parse_where(text)).provenance.period

    assert [moment and f"{moment:%Y-%m-%dT%H:%M}" for moment in (period.start, period.end)] == [start, end]


@pytest.mark.parametrize("name", ["slot", "rate_id", "is_logged", "logged_cost", "period", "label"])
def test_a_filter_reads_columns_of_any_name_and_disturbs_no_price(read: Read, name: str) -> None:
    log = f"{HEAD},{name}\n2026-10-01,acme-embed,1000000,0,7\n2026-10-01,acme-large,1000000,0,8\n"

    assert costs(read(log, where=parse_where(f"{name} == 7"))) == {"acme-embed": 1}
    assert costs(read(log, where=parse_where(f'{name} != "7"'))) == {"acme-large": Decimal("20.001")}


def test_a_filter_by_provider_finds_those_that_the_bill_names(read: Read) -> None:
    log = f"""{HEAD},provider
2026-10-01,acme-embed,1000000,0,acme
2026-10-01,acme-embed,1000000,0,
2026-10-01,other,1000000,0,
2026-10-01,acme-embed,1000000,0,cloud
"""
    bare = f"{HEAD}\n2026-10-01,acme-embed,1000000,0\n2026-10-01,other,1000000,0\n"

    assert read(log, where=parse_where('provider == "acme"')).provenance.intake.requests == 2
    assert read(log, where=parse_where("provider is null")).provenance.intake.requests == 1
    assert read(bare, where=parse_where('provider ~ "^acme$"')).provenance.intake.requests == 1


def test_the_logged_cost_is_compared_to_the_last_digit(read: Read) -> None:
    log = f"{HEAD},cost,tag\n2026-10-01,m,1,0,0.1,a\n2026-10-01,m,1,0,0.100000000001,b\n2026-10-01,m,1,0,,c\n"

    assert costs(read(log, by=("tag",), where=parse_where("cost_usd > 0.1")), "tag") == {
        "b": Decimal("0.100000000001")
    }


def test_only_the_columns_that_a_filter_needs_are_read_as_well(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []

    def spy(sources: object, wishes: object, wanted: tuple[str, ...], size: object) -> Iterator[Batch]:
        asked.append({*wanted})
        return read_all(sources, wishes, wanted, size)  # type: ignore[arg-type]

    monkeypatch.setattr("costopt.pipeline.read_all", spy)
    read(WHO)
    read(WHO, where=parse_where('tenant != "x" and (latency_ms > 5 or timestamp > "2026-10-01")'))

    assert asked[1] - asked[0] == {"tenant", "latency_ms"}


@pytest.mark.parametrize("size", [150, 1 << 20])
def test_a_count_that_the_log_lacks_at_first_is_zero_throughout(
    write: Write, catalog: Catalog, size: int
) -> None:
    plain = '{"timestamp":"2026-10-01","model":"acme-embed","input_tokens":1000000,"output_tokens":0}\n'
    late = plain.replace("}", ',"reasoning_tokens":0}')
    path = write("log.jsonl", plain * 9 + late)

    logs = Logs((path,), where=parse_where("reasoning_tokens == 0"), partition_bytes=size)

    assert load(logs, catalog, [MODELS]).provenance.intake.requests == 10


def test_a_filter_by_a_column_that_no_log_has_is_refused(read: Read) -> None:
    with pytest.raises(ConfigError, match="`where`, column 1: no log has a column `team`"):
        read(WHO, where=parse_where('team == "red"'))


def test_a_filter_by_a_column_that_one_log_has_leaves_out_the_others(read: Read) -> None:
    with_team = f"{HEAD},team\n2026-10-01T00:00:00Z,acme-embed,1000000,0,red\n"
    intake = read(HOURLY, with_team, where=parse_where('team == "red"')).provenance.intake

    assert (intake.requests, intake.filtered_out) == (1, 4)


def test_an_empty_log_is_an_empty_bill_also_with_a_filter(read: Read) -> None:
    assert read("", where=parse_where('team == "red"')).provenance.intake.requests == 0
    assert read(f"{HEAD}\n", where=parse_where("true")).provenance.intake.requests == 0


# What is read


def test_rejected_lines_are_counted_with_file_line_and_reason(read: Read) -> None:
    broken = f"{HEAD}\nyesterday,acme-embed,1,0\n2026-10-01T00:00:00Z,acme-embed,1000000,0\n2026-10-01,,1,0\n"
    intake = read(HOURLY, broken).provenance.intake

    assert (intake.requests, intake.rejected) == (5, 2)
    assert [(example.place, example.reason) for example in intake.examples] == [
        ("log1.csv:2", "unreadable time `yesterday`"),
        ("log1.csv:4", "no model"),
    ]
    assert [(file.path, file.requests, file.rejected) for file in intake.by_file] == [
        ("log0.csv", 4, 0),
        ("log1.csv", 1, 2),
    ]


def test_rejected_lines_are_written_where_that_is_asked_for(read: Read) -> None:
    sink = io.StringIO()
    read(f"{HEAD}\nyesterday,acme-embed,1,0\n", rejects=sink)

    assert "yesterday,acme-embed,1,0" in sink.getvalue()


def test_strictly_a_rejected_line_is_an_error(read: Read) -> None:
    with pytest.raises(RejectedError, match=r"log0\.csv:2"):
        read(f"{HEAD}\nyesterday,acme-embed,1,0\n", strict=True)

    assert read(HOURLY, strict=True).provenance.intake.requests == 4


def test_a_file_cut_off_on_the_way_is_told_and_what_came_before_is_read(
    write: Write, catalog: Catalog
) -> None:
    rows = "".join(f"2026-10-01T00:00:{n % 60:02}Z,acme-embed,{n},0\n" for n in range(20_000))
    packed = gzip.compress(f"{HEAD}\n{rows}".encode())
    path = write("log.csv.gz", packed[: len(packed) // 2])

    intake = load(Logs((path,)), catalog, [MODELS]).provenance.intake

    assert 0 < intake.requests < 20_000
    assert intake.rejected >= 1
    assert intake.bytes == len(packed) // 2


def test_a_key_that_no_log_has_is_refused(read: Read) -> None:
    with pytest.raises(ConfigError, match="No log has a column `team`") as caught:
        read(HOURLY, by=("team",))

    assert "costopt inspect" in caught.value.hint


def test_a_canonical_key_that_no_log_has_is_null(read: Read) -> None:
    assert costs(read(HOURLY, by=("tenant",)), "tenant") == {"None": 4}


@pytest.mark.parametrize(
    "key",
    ["timestamp", "requests", "input_tokens", "latency_ms", "cost_usd", "cost", "rate_id", "period", "slot"],
)
def test_requests_are_not_split_by_a_number_a_time_or_a_name_that_is_taken(read: Read, key: str) -> None:
    log = f"{HEAD},{key}\n2026-10-01T00:00:00Z,acme-embed,1000000,0,7\n"
    with pytest.raises(ConfigError, match=f"Requests cannot be split by `{key}`") as caught:
        read(log, by=(key,))

    assert f"--map tag={key}" in caught.value.hint


def test_a_column_with_a_name_that_is_taken_is_read_as_another(read: Read) -> None:
    log = f"{HEAD},slot\n2026-10-01T00:00:00Z,acme-embed,1000000,0,left\n"

    assert costs(read(log, by=("tag",), wishes=Wishes({"tag": "slot"})), "tag") == {"left": 1}


def test_a_further_column_of_the_log_is_a_key_also_where_only_one_file_has_it(read: Read) -> None:
    with_team = f"{HEAD},team\n2026-10-01T00:00:00Z,acme-embed,1000000,0,red\n"
    loaded = read(HOURLY, with_team, by=("model", "team"))

    assert costs(loaded, "model", "team") == {"acme-embed None": 4, "acme-embed red": 1}


def test_files_of_different_columns_and_kinds_are_one_bill(write: Write, catalog: Catalog) -> None:
    paths = (
        write("a.csv", f"{HEAD},tag\n2026-10-01T00:00:00Z,acme-embed,1000000,0,a\n"),
        write("b.tsv", "Time\tprompt-tokens\tCompletion Tokens\tMODEL\n2026-10-01\t1000000\t0\tacme-embed\n"),
        write(
            "c.jsonl",
            '{"ts":1790812800,"model":"acme-embed","tokens_in":1000000,"tokens_out":0,"label":"a","cost":7}\n',
        ),
    )

    loaded = load(Logs(paths), catalog, [spend_rollup(("tag",))])

    assert costs(loaded, "tag") == {"None": 1, "a": 8}
    assert loaded.provenance.intake.files == 3


def test_a_column_that_begins_further_down_is_read_from_there(write: Write, catalog: Catalog) -> None:
    plain = '{"timestamp":"2026-10-01","model":"acme-embed","input_tokens":1000000,"output_tokens":0}\n'
    tagged = plain.replace("}", ',"tag":"late"}')

    loaded = load(
        Logs((write("log.jsonl", plain * 20 + tagged * 20),), partition_bytes=500),
        catalog,
        [spend_rollup(("tag",))],
    )

    assert costs(loaded, "tag") == {"None": 20, "late": 20}


def test_constants_stand_in_for_columns_the_log_lacks(read: Read) -> None:
    loaded = read(HOURLY, by=("tenant",), wishes=Wishes({}, {"tenant": "hooli"}))

    assert costs(loaded, "tenant") == {"hooli": 4}


def test_a_constant_that_its_column_cannot_hold_is_refused_before_anything_is_read(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="`many` is no value for requests"):
        load(Logs(("missing.csv",), wishes=Wishes({}, {"requests": "many"})), catalog, [MODELS])


@pytest.mark.parametrize(
    ("text", "error"), [("a,b\n1,2\n", FormatError), (b"PAR1 but no Parquet", SourceError)]
)
def test_a_log_that_is_not_understood_is_an_error_and_leaves_no_thread(
    write: Write, catalog: Catalog, text: str | bytes, error: type[CostoptError]
) -> None:
    good = write("a.csv", HOURLY)
    with pytest.raises(error):
        load(Logs((good, write("b.csv", text), good)), catalog, [MODELS])

    assert "read-ahead" not in {thread.name for thread in threading.enumerate()}


def test_a_path_that_names_nothing_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(SourceError, match=r"No such file: `missing\.csv`"):
        load(Logs(("missing.csv",)), catalog, [MODELS])


@pytest.mark.parametrize("text", ["", f"{HEAD}\n"])
def test_an_empty_log_is_an_empty_bill(read: Read, text: str) -> None:
    loaded = read(text)

    assert loaded.rollups["spend"].height == 0
    assert (loaded.provenance.intake.files, loaded.provenance.intake.requests) == (1, 0)
    assert loaded.provenance.intake.by_file[0].path == "log0.csv"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "yesterday,acme-embed,1,0\n",
            "Nothing to bill: the line is no request; log0.csv:2: unreadable time",
        ),
        (
            "yesterday,acme-embed,1,0\n2026-10-01,,1,0\n",
            "Nothing to bill: none of 2 lines is a request; log0.csv:2: unreadable time",
        ),
    ],
)
def test_a_log_of_rejected_lines_only_is_no_bill(read: Read, rows: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(f"{HEAD}\n{rows}").check()

    assert caught.value.message == f"{message} `yesterday`"
    assert "costopt inspect" in caught.value.hint


def test_a_log_without_lines_or_with_some_out_of_the_period_is_a_bill_of_nothing(read: Read) -> None:
    since = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    broken = f"{HEAD}\nyesterday,acme-embed,1,0\n"

    read(f"{HEAD}\n").check()
    read(HOURLY, broken, since=since).check()
    assert read(HOURLY, broken, since=since).lines == 4


def test_unpriced_models_are_the_same_whatever_the_bill_is_split_by(read: Read) -> None:
    plain = read(UNPRICED).provenance.intake
    split = read(UNPRICED, by=("provider", "model", "mode")).provenance.intake

    assert split.unpriced_models == plain.unpriced_models
    assert split.unpriced == plain.unpriced


def test_progress_counts_bytes_and_requests_up_to_all(write: Write, catalog: Catalog) -> None:
    told: list[tuple[int, int]] = []
    paths = (write("a.csv", HOURLY), write("b.csv", HOURLY))

    load(
        Logs(paths, partition_bytes=60, dedupe=False, progress=lambda *done: told.append(done)),
        catalog,
        [MODELS],
    )

    assert told == sorted(told)
    assert told[-1] == (2 * len(HOURLY), 8)
    assert len(told) > 2


def test_the_catalog_that_was_used_is_named(read: Read, catalog: Catalog) -> None:
    report = read(HOURLY).provenance.catalog

    assert (report.path, report.source, report.date) == (
        catalog.layers[0].path,
        "made for a test",
        "2026-10-01",
    )
    assert report.sha256 == catalog.digest


def test_a_catalog_without_a_date_has_none(write: Write) -> None:
    plain = load_catalog(Path(write("plain.toml", 'schema = 1\ncurrency = "USD"')))

    assert load(Logs((write("log.csv", HOURLY),)), plain, [MODELS]).provenance.catalog.date is None


# The same input, the same rollups


@pytest.mark.parametrize("size", [40, 100, 1000, 1 << 20])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_rollups_do_not_depend_on_partitions_or_the_order_of_files(
    write: Write, catalog: Catalog, size: int, order: tuple[int, ...]
) -> None:
    rows = [
        f"2026-10-0{n % 7 + 1}T00:00:{n:02}Z,{'acme-large' if n % 3 else 'acme-embed'},{n * 9999},{n % 2},t{n % 4}"
        for n in range(60)
    ]
    paths = [write(f"{i}.csv", "\n".join([f"{HEAD},tag", *rows[i::3], ""])) for i in range(3)]
    rollups = [Rollup("tags", ("tag",)), Rollup("models", ("provider", "model"))]

    whole = load(Logs(tuple(paths)), catalog, rollups)
    cut = load(Logs(tuple(paths[i] for i in order), partition_bytes=size), catalog, rollups)

    assert_frame_equal(whole.rollups["tags"], cut.rollups["tags"])
    assert_frame_equal(whole.rollups["models"], cut.rollups["models"])
    assert whole.provenance.period == cut.provenance.period
    assert whole.provenance.intake.unpriced_models == cut.provenance.intake.unpriced_models
