import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import polars as pl
import pytest

from costopt.errors import ConfigError
from costopt.intake.conforming import MAX_TOKENS, Conformed, check_constants, conform
from costopt.models.schema import REQUESTS

RAW: dict[str, list[object]] = {
    "timestamp": ["2026-10-01T08:00:00Z"],
    "model": ["gpt-4o"],
    "input_tokens": [10],
    "output_tokens": [5],
}


def conformed(columns: Mapping[str, object], constants: dict[str, str] | None = None) -> Conformed:
    """One request with these raw values beside, or in place of, what it takes."""
    raw = {**RAW, **{name: value if isinstance(value, list) else [value] for name, value in columns.items()}}
    rows = max(len(values) for values in raw.values())
    full = {name: values * (rows if len(values) == 1 else 1) for name, values in raw.items()}
    return conform(pl.DataFrame(full, strict=False), constants or {}, tuple(REQUESTS))


def value(name: str, raw: object, constants: dict[str, str] | None = None) -> object:
    frame = conformed({name: [raw]}, constants).frame
    return frame[name][0]


def reason(columns: Mapping[str, object]) -> str:
    return conformed(columns).reasons[0]


def test_columns_have_the_types_of_requests() -> None:
    frame = conformed(
        {
            "provider": "openai",
            "requests": "2",
            "cost_usd": "$0.10",
            "latency_ms": "12.5",
            "request_id": 7,
            "prompt": "Hi",
        }
    ).frame

    assert frame.rows(named=True) == [
        {
            "timestamp": dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC),
            "model": "gpt-4o",
            "input_tokens": 10,
            "output_tokens": 5,
            "provider": "openai",
            "requests": 2,
            "cost_usd": Decimal("0.1"),
            "latency_ms": 12.5,
            "request_id": "7",
            "prompt": "Hi",
        }
    ]
    assert {name: dtype for name, dtype in frame.schema.items() if dtype != REQUESTS[name]} == {}


def test_all_rows_kept_need_no_list_of_them() -> None:
    kept = conformed({})

    assert kept.reasons == {}
    assert kept.rows is None


def test_rejected_rows_are_gone_and_the_kept_ones_known() -> None:
    found = conformed({"input_tokens": [1, -1, 3, 1.5], "model": ["a", "b", "", "d"]})

    assert found.frame["input_tokens"].to_list() == [1]
    assert found.reasons == {
        1: "input_tokens is negative: -1.0",
        2: "no model",
        3: "input_tokens `1.5` is not a whole number",
    }
    assert found.rows is not None
    assert found.rows.to_list() == [0]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"timestamp": None}, "no time"),
        ({"timestamp": ""}, "no time"),
        ({"timestamp": " "}, "no time"),
        ({"timestamp": "soon"}, "unreadable time `soon`"),
        ({"timestamp": 12}, "unreadable time `12`"),
        ({"timestamp": "x" * 100}, f"unreadable time `{'x' * 60}`"),
        ({"timestamp": "{model}"}, "unreadable time `{model}`"),
        ({"model": None}, "no model"),
        ({"input_tokens": None}, "no input_tokens"),
        ({"output_tokens": "-"}, "no output_tokens"),
        ({"input_tokens": "many"}, "input_tokens `many` is not a whole number"),
        ({"input_tokens": -1}, "input_tokens is negative: -1"),
        ({"input_tokens": MAX_TOKENS + 1}, "input_tokens is absurd: 1000000000001"),
        ({"requests": -1}, "requests is negative: -1"),
        ({"context_tokens": -1}, "context_tokens is negative: -1"),
        ({"context_tokens": "many"}, "context_tokens `many` is not a whole number"),
        ({"web_searches": "1.5"}, "web_searches `1.5` is not a whole number"),
        ({"cost_usd": "free"}, "cost_usd `free` is not a number"),
        (
            {"cached_input_tokens": 11},
            "more cached than input tokens (is input counted without the cached ones?)",
        ),
        (
            {"cached_input_tokens": 6, "cache_write_tokens": 5},
            "more cached than input tokens (is input counted without the cached ones?)",
        ),
        (
            {"cache_write_tokens": 11},
            "more cached than input tokens (is input counted without the cached ones?)",
        ),
        ({"cache_write_1h_tokens": 1}, "more 1-hour cache writes than cache writes"),
        ({"cache_write_tokens": 1, "cache_write_1h_tokens": 2}, "more 1-hour cache writes than cache writes"),
        ({"reasoning_tokens": 6}, "more reasoning than output tokens"),
        ({"cached_audio_tokens": 1}, "more cached audio than input audio"),
        (
            {"cached_audio_tokens": 2, "input_audio_tokens": 1, "cached_input_tokens": 5},
            "more cached audio than input audio",
        ),
        (
            {"cached_image_tokens": 2, "input_image_tokens": 1, "cached_input_tokens": 5},
            "more cached images than input images",
        ),
        (
            {"cached_audio_tokens": 1, "input_audio_tokens": 1},
            "more cached audio and images than cached input",
        ),
        (
            {
                "cached_audio_tokens": 2,
                "input_audio_tokens": 2,
                "cached_image_tokens": 2,
                "input_image_tokens": 2,
                "cached_input_tokens": 3,
            },
            "more cached audio and images than cached input",
        ),
        (
            {"input_audio_tokens": 11},
            "more audio and images than input tokens that are neither cached nor written",
        ),
        (
            {"input_image_tokens": 6, "input_audio_tokens": 5},
            "more audio and images than input tokens that are neither cached nor written",
        ),
        (
            {"input_image_tokens": 5, "cached_input_tokens": 3, "cache_write_tokens": 3},
            "more audio and images than input tokens that are neither cached nor written",
        ),
        (
            {
                "input_audio_tokens": 8,
                "cached_audio_tokens": 2,
                "cached_input_tokens": 5,
            },
            "more audio and images than input tokens that are neither cached nor written",
        ),
        ({"output_audio_tokens": 6}, "more reasoning, audio and images than output tokens"),
        ({"output_image_tokens": 6}, "more reasoning, audio and images than output tokens"),
        (
            {"output_image_tokens": 2, "output_audio_tokens": 2, "reasoning_tokens": 2},
            "more reasoning, audio and images than output tokens",
        ),
        ({"input_audio_tokens": -1}, "input_audio_tokens is negative: -1"),
        ({"output_image_tokens": "some"}, "output_image_tokens `some` is not a whole number"),
        ({"model": None, "input_tokens": -1, "timestamp": "soon"}, "unreadable time `soon`"),
    ],
)
def test_a_row_is_rejected_for_its_first_reason(columns: dict[str, object], expected: str) -> None:
    assert reason(columns) == expected


@pytest.mark.parametrize(
    "columns",
    [
        {"input_tokens": 0, "output_tokens": 0},
        {"input_tokens": MAX_TOKENS},
        {"cached_input_tokens": 6, "cache_write_tokens": 4, "cache_write_1h_tokens": 4},
        {"cached_input_tokens": None, "reasoning_tokens": 5},
        {"input_audio_tokens": 4, "input_image_tokens": 6},
        {"input_audio_tokens": 3, "cached_audio_tokens": 3, "cached_input_tokens": 10},
        {
            "input_audio_tokens": 5,
            "cached_audio_tokens": 2,
            "input_image_tokens": 3,
            "cached_image_tokens": 1,
            "cached_input_tokens": 4,
            "cache_write_tokens": 1,
        },
        {"output_audio_tokens": 2, "output_image_tokens": 2, "reasoning_tokens": 1},
        {"input_audio_tokens": None, "output_audio_tokens": 5},
        {"cost_usd": "-0.5"},
        {"cost_usd": "n/a"},
        {"requests": 0},
        {"latency_ms": "fast"},
    ],
)
def test_a_row_at_the_limit_is_kept(columns: dict[str, object]) -> None:
    assert conformed(columns).reasons == {}


@pytest.mark.parametrize("status", ["error", "500", "failed"])
def test_a_failed_request_may_lack_its_counts(status: str) -> None:
    found = conformed({"input_tokens": None, "output_tokens": None, "status": status})

    assert found.reasons == {}
    assert found.frame.select("input_tokens", "output_tokens").rows() == [(0, 0)]


@pytest.mark.parametrize("status", ["ok", None, "what?"])
def test_another_request_may_not_lack_its_counts(status: str | None) -> None:
    assert reason({"input_tokens": None, "status": status}) == "no input_tokens"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("ok", "ok"),
        (" Success ", "ok"),
        ("COMPLETED", "ok"),
        ("true", "ok"),
        (True, "ok"),
        (1, "ok"),
        (200, "ok"),
        ("200.0", "ok"),
        (200.0, "ok"),
        ("304", "ok"),
        ("error", "error"),
        ("timeout", "error"),
        (False, "error"),
        (0, "error"),
        ("429", "error"),
        (503, "error"),
        (500.0, "error"),
        ("what?", None),
        ("600", None),
        ("20", None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_a_status_is_ok_or_error(raw: object, status: str | None) -> None:
    assert value("status", raw) == status


@pytest.mark.parametrize(
    ("raw", "mode"),
    [
        ("standard", "standard"),
        ("default", "standard"),
        ("Auto", "standard"),
        ("on_demand", "standard"),
        (True, "batch"),
        ("false", "standard"),
        ("BATCH", "batch"),
        ("flex", "flex"),
        ("priority", "priority"),
        ("turbo", "turbo"),
        ("", None),
        (None, None),
    ],
)
def test_a_mode_is_named_as_prices_are(raw: object, mode: str | None) -> None:
    assert value("mode", raw) == mode


def test_few_different_words_are_read_in_every_row() -> None:
    found = conformed({"status": ["200", None, "500", "what?", "200", ""]})

    assert found.frame["status"].to_list() == ["ok", None, "error", None, "ok", None]


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        ("nightly", "nightly"),
        ("", None),
        (None, None),
        (7, "7"),
        (["a", "b"], "a,b"),
        ([1, 2], "1,2"),
        ([], None),
        (True, "true"),
    ],
)
def test_a_dimension_is_a_text(raw: object, tag: str | None) -> None:
    assert value("tag", raw) == tag


def test_absent_counts_are_none_and_an_absent_number_of_requests_is_one() -> None:
    frame = conformed(
        {
            "requests": [None, 2],
            "cached_input_tokens": [None, 3],
            "web_searches": [None, 1],
            "cost_usd": [None, "1"],
        }
    ).frame

    assert frame["requests"].to_list() == [1, 2]
    assert frame["cached_input_tokens"].to_list() == [0, 3]
    assert frame["web_searches"].to_list() == [0, 1]
    assert frame["cost_usd"].to_list() == [None, Decimal(1)]


def test_columns_the_log_lacks_are_left_out() -> None:
    assert conformed({}).frame.columns == list(RAW)


def test_no_rows_are_no_requests() -> None:
    found = conform(pl.DataFrame(schema=dict.fromkeys(RAW, pl.String)), {}, tuple(REQUESTS))

    assert found.frame.height == 0
    assert found.frame.schema["timestamp"] == REQUESTS["timestamp"]


# Constants


def test_a_constant_stands_in_where_the_log_has_no_column() -> None:
    frame = conformed({"input_tokens": [1, 2]}, {"provider": "openai", "requests": "1,000"}).frame

    assert frame["provider"].to_list() == ["openai", "openai"]
    assert frame["requests"].to_list() == [1000, 1000]


@pytest.mark.parametrize(
    ("name", "raw", "constant", "expected"),
    [
        ("model", [None, "b"], "a", ["a", "b"]),
        ("tag", [None, ["x", "y"]], "a", ["a", "x,y"]),
        ("output_tokens", [None, 7], "5", [5, 7]),
        ("output_tokens", [None, 7.0], "5", [5, 7]),
        ("status", [None, 500], "ok", ["ok", "error"]),
        ("cost_usd", [None, 0.25], "$0.50", [Decimal("0.5"), Decimal("0.25")]),
        (
            "timestamp",
            [None, dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)],
            "2026-10-02",
            [dt.datetime(2026, 10, 2, tzinfo=dt.UTC), dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)],
        ),
    ],
)
def test_a_constant_stands_in_where_the_log_has_no_value(
    name: str, raw: list[object], constant: str, expected: list[object]
) -> None:
    found = conformed({name: raw}, {name: constant})

    assert found.reasons == {}
    assert found.frame[name].to_list() == expected


def test_a_constant_that_is_not_asked_for_is_left_out() -> None:
    raw = pl.DataFrame(RAW, strict=False)

    assert conform(raw, {"provider": "openai"}, tuple(RAW)).frame.columns == list(RAW)


@pytest.mark.parametrize(
    "constants",
    [
        {},
        {"timestamp": "2026-10-01", "requests": "1,000", "cost_usd": "$0.50", "model": "m", "mode": "batch"},
        {"status": "200", "latency_ms": "1.5"},
    ],
)
def test_good_constants_pass(constants: dict[str, str]) -> None:
    check_constants(constants)


@pytest.mark.parametrize(
    ("name", "constant", "hint"),
    [
        ("timestamp", "soon", "timestamp is a time, such as `2026-10-01T08:00:00Z`"),
        ("requests", "many", "requests is a number"),
        ("input_tokens", "1.5", "input_tokens is a number"),
        ("cost_usd", "free", "cost_usd is a number"),
        ("quality", "high", "quality is a number"),
        ("model", "", "model is a text"),
        ("status", "what?", "status is a text"),
    ],
)
def test_a_constant_its_column_cannot_hold_is_an_error(name: str, constant: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_constants({name: constant})

    assert caught.value.message == f"`{constant}` is no value for {name}"
    assert caught.value.hint == hint
