import json
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO

import polars as pl
import pytest

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]


def observation(**parts: object) -> dict[str, object]:
    told = {
        "id": "o",
        "traceId": "t",
        "type": "GENERATION",
        "startTime": "2026-10-09T12:00:00Z",
        "endTime": "2026-10-09T12:00:01Z",
        "model": "gpt-5",
        "level": "DEFAULT",
        "usageDetails": {"input": 10, "output": 5, "total": 15},
    }
    return {**told, **parts}


def lines(*observations: dict[str, object]) -> str:
    return "\n".join(map(json.dumps, observations))


@pytest.mark.parametrize(
    ("claim", "usage", "expected"),
    [
        ("no details", {"input": 10, "output": 5, "total": 15}, (10, 0, 0, 5, 0)),
        (
            "buckets that do not overlap",
            {"input": 10, "input_cached_tokens": 90, "output": 5, "output_reasoning": 3, "total": 108},
            (100, 90, 0, 8, 3),
        ),
        (
            "details inside both sides",
            {"input": 100, "input_cache_read": 90, "output": 8, "output_reasoning_tokens": 3, "total": 108},
            (100, 90, 0, 8, 3),
        ),
        (
            "details inside the input",
            {"input": 100, "cached_tokens": 90, "output": 5, "reasoning_tokens": 3, "total": 108},
            (100, 90, 0, 8, 3),
        ),
        (
            "details inside the output",
            {"input": 10, "cache_read_input_tokens": 90, "output": 8, "output_reasoning": 3, "total": 108},
            (100, 90, 0, 8, 3),
        ),
        (
            "details of equal size: those of the input are inside",
            {"input": 10, "input_cached_tokens": 3, "output": 8, "output_reasoning": 3, "total": 21},
            (10, 3, 0, 11, 3),
        ),
        (
            "a total that fits nothing",
            {"input": 10, "input_cached_tokens": 90, "output": 5, "total": 7777},
            (100, 90, 0, 5, 0),
        ),
        ("no total", {"input": 10, "input_cached_tokens": 90, "output": 5}, (100, 90, 0, 5, 0)),
        ("no input", {"input_cached_tokens": 90, "output": 5, "total": 95}, (90, 90, 0, 5, 0)),
        ("input is what is left", {"output": 5, "total": 95}, (90, 0, 0, 5, 0)),
        ("output is what is left", {"input": 90, "total": 95}, (90, 0, 0, 5, 0)),
        ("nothing is left", {"input": 90}, (90, 0, 0, 0, 0)),
        (
            "writes by how long they are kept",
            {
                "input": 10,
                "input_cache_creation_5m": 4,
                "input_cache_creation_1h": 6,
                "output": 5,
                "total": 25,
            },
            (20, 0, 10, 5, 0),
        ),
        (
            "writes and parts of them",
            {"input": 10, "input_cache_creation": 10, "input_cache_creation_1h": 6, "output": 5, "total": 25},
            (20, 0, 10, 5, 0),
        ),
        (
            "Gemini's own names",
            {"prompt_token_count": 10, "candidates_token_count": 5, "thoughts_token_count": 3, "total": 18},
            (10, 0, 0, 8, 3),
        ),
        (
            "a bucket nobody has heard of",
            {"input": 10, "input_video": 30, "output": 5, "output_svg": 2, "total": 47},
            (40, 0, 0, 7, 0),
        ),
    ],
)
def test_usage_details(
    write: Write, read: Read, claim: str, usage: dict[str, int], expected: tuple[int, ...]
) -> None:
    requests, rejects = read(write("log.jsonl", lines(observation(usageDetails=usage))))

    assert rejects == [], claim
    columns = (
        "input_tokens",
        "cached_input_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
    )
    assert [requests[name][0] if name in requests.columns else 0 for name in columns] == [*expected], claim


def test_a_sum_alone_is_not_enough(write: Write, read: Read) -> None:
    _, rejects = read(write("log.jsonl", lines(observation(usageDetails={"total": 900}))))

    assert rejects == [(1, "no input_tokens")]


def test_characters_are_no_tokens(write: Write, read: Read) -> None:
    usage = {"input": 900, "output": 100, "unit": "CHARACTERS"}

    _, rejects = read(write("log.jsonl", lines(observation(usageDetails={}, usage=usage))))

    assert rejects == [(1, "no input_tokens")]


def test_each_older_count_is_taken_with_its_own_others(write: Write, read: Read) -> None:
    nothing = {"promptTokens": 0, "completionTokens": 0, "totalTokens": 0}
    told = [
        observation(usageDetails=None, usage={"input": 7, "total": 9}, **nothing),
        observation(usageDetails=None, usage={"completionTokens": 4, "totalTokens": 10}, **nothing),
        observation(usageDetails=None, usage=None, promptTokens=7, completionTokens=2),
        observation(usageDetails={}, inputUsage=7, outputUsage=2, totalUsage=9),
        observation(usage={"input": 99, "output": 99}, promptTokens=99),
    ]

    requests, rejects = read(write("log.jsonl", lines(*told)))

    assert rejects == []
    assert requests.select("input_tokens", "output_tokens").rows() == [
        (7, 2),
        (6, 4),
        (7, 2),
        (7, 2),
        (10, 5),
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"costDetails": {"input": 0.1, "output": 0.2, "total": 0.25}, "totalCost": 9}, "0.25"),
        ({"costDetails": {"input": 0.1, "input_cached_tokens": 0.05, "output": 0.2}, "totalCost": 9}, "0.35"),
        ({"costDetails": {}, "totalCost": 0.4}, "0.4"),
        ({"costDetails": {}, "totalCost": 0}, None),
        ({"costDetails": {"total": 0}, "totalCost": 0}, "0"),
        ({"calculatedTotalCost": 0.3}, "0.3"),
        ({"usage": {"totalCost": 0.2}}, "0.2"),
        ({}, None),
    ],
)
def test_the_logged_cost(write: Write, read: Read, parts: dict[str, object], expected: str | None) -> None:
    requests, _ = read(write("log.jsonl", lines(observation(**parts))))

    assert requests["cost_usd"].to_list() == [None if expected is None else Decimal(expected)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"modelParameters": {"service_tier": "priority"}, "usagePricingTierName": "Standard"}, "priority"),
        ({"modelParameters": {"service_tier": "null"}, "usagePricingTierName": "Flex"}, "flex"),
        ({"modelParameters": {"speed": "fast"}}, "fast"),
        ({"modelParameters": None, "usagePricingTierName": "Standard"}, None),
    ],
)
def test_the_mode(write: Write, read: Read, parts: dict[str, object], expected: str | None) -> None:
    requests, _ = read(write("log.jsonl", lines(observation(**parts))))

    assert requests["mode"].to_list() == [expected]


def test_only_generations_and_embeddings_are_requests(write: Write, read: Read) -> None:
    told = [observation(type=each) for each in ("GENERATION", "EMBEDDING", "AGENT", "SPAN", "TOOL", "CHAIN")]

    requests, _ = read(write("log.jsonl", lines(*told)))

    assert requests["request_type"].to_list() == ["generation", "embedding"]


def test_metadata_that_are_no_object_are_passed_over(write: Write, read: Read) -> None:
    told = [
        observation(metadata={"ls_provider": "azure"}),
        observation(metadata='{"ls_provider": "openai"}'),
        observation(metadata="free text"),
        observation(metadata=["a", "list"]),
    ]

    requests, rejects = read(write("log.jsonl", lines(*told)))

    assert rejects == []
    assert requests["provider"].to_list() == ["azure", "openai", None, None]


def parquet(usage: pl.Series) -> bytes:
    """A blob export of one generation."""
    frame = pl.DataFrame(
        {
            "id": ["b"],
            "type": ["GENERATION"],
            "start_time": ["2026-10-09 12:00:00.000000"],
            "end_time": ["2026-10-09 12:00:01.500000"],
            "latency": [99.0],
            "provided_model_name": ["gpt-5"],
            "tags": [["a", "b"]],
        }
    ).with_columns(usage.alias("usage_details"))
    file = BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "usage",
    [
        pl.Series(['{"input": 10, "input_cached_tokens": 90, "output": 5, "total": 105}']),
        pl.Series([{"input": 10, "input_cached_tokens": 90, "output": 5, "total": 105}]),
        pl.Series(
            [
                [
                    {"key": "input", "value": 10},
                    {"key": "input_cached_tokens", "value": 90},
                    {"key": "output", "value": 5},
                    {"key": "total", "value": 105},
                ]
            ]
        ),
    ],
    ids=["text", "object", "map"],
)
def test_a_blob_export_may_be_parquet(write: Write, read: Read, usage: pl.Series) -> None:
    requests, rejects = read(write("log.parquet", parquet(usage)))

    assert rejects == []
    assert requests.select(
        "input_tokens", "cached_input_tokens", "output_tokens", "latency_ms", "tag"
    ).rows() == [(100, 90, 5, 1500.0, "a,b")]
