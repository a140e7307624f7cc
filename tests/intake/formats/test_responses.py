"""What one usage object or another means; the records are as bare as their vendors make them."""

import json
from collections.abc import Callable

import polars as pl
import pytest

from costopt.intake.formats.detect import fields_of, find_layout
from costopt.intake.formats.format import Wishes
from costopt.models.schema import TOKENS

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

BESIDE = {"ts": "2026-11-01T00:00:00Z", "request_model": "m"}


def counted(frame: pl.DataFrame) -> dict[str, int]:
    """The counts of the only request that are not 0."""
    [row] = frame.select(*TOKENS, "web_searches").rows(named=True)
    return {name: value for name, value in row.items() if value}


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        # realtime: details in the singular
        (
            {
                "total_tokens": 250,
                "input_tokens": 120,
                "output_tokens": 130,
                "input_token_details": {
                    "text_tokens": 40,
                    "audio_tokens": 80,
                    "cached_tokens": 60,
                    "cached_tokens_details": {"text_tokens": 10, "audio_tokens": 50},
                },
                "output_token_details": {"text_tokens": 30, "audio_tokens": 100},
            },
            {
                "input_tokens": 120,
                "cached_input_tokens": 60,
                "input_audio_tokens": 80,
                "cached_audio_tokens": 50,
                "output_tokens": 130,
                "output_audio_tokens": 100,
            },
        ),
        # images: no cached tokens are told
        (
            {
                "total_tokens": 1100,
                "input_tokens": 50,
                "output_tokens": 1050,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
                "output_tokens_details": {"text_tokens": 0, "image_tokens": 1050},
            },
            {
                "input_tokens": 50,
                "input_image_tokens": 40,
                "output_tokens": 1050,
                "output_image_tokens": 1050,
            },
        ),
        # the total shows whether reasoning is in the output
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 50,
                "total_tokens": 60,
                "completion_tokens_details": {"reasoning_tokens": 40},
            },
            {"input_tokens": 10, "output_tokens": 50, "reasoning_tokens": 40},
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 50,
                "total_tokens": 100,
                "completion_tokens_details": {"reasoning_tokens": 40},
            },
            {"input_tokens": 10, "output_tokens": 90, "reasoning_tokens": 40},
        ),
        # what Anthropic wrote to its cache, by lifetime only
        (
            {
                "input_tokens": 1,
                "output_tokens": 2,
                "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 400},
            },
            {
                "input_tokens": 431,
                "cache_write_tokens": 430,
                "cache_write_1h_tokens": 400,
                "output_tokens": 2,
            },
        ),
        # a live session of Gemini
        (
            {
                "promptTokenCount": 100,
                "responseTokenCount": 70,
                "totalTokenCount": 170,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 90}],
                "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 60}],
            },
            {"input_tokens": 100, "input_audio_tokens": 90, "output_tokens": 70, "output_audio_tokens": 60},
        ),
        # an interaction with Google: tools and thoughts apart, or not
        (
            {
                "total_input_tokens": 10,
                "total_cached_tokens": 4,
                "total_tool_use_tokens": 3,
                "total_output_tokens": 20,
                "total_thought_tokens": 7,
                "total_tokens": 40,
            },
            {"input_tokens": 13, "cached_input_tokens": 4, "output_tokens": 27, "reasoning_tokens": 7},
        ),
        (
            {
                "total_input_tokens": 10,
                "total_output_tokens": 20,
                "total_thought_tokens": 7,
                "total_tokens": 30,
            },
            {"input_tokens": 10, "output_tokens": 20, "reasoning_tokens": 7},
        ),
        # the total of Bedrock has what was read and written
        (
            {
                "inputTokens": 3,
                "cacheReadInputTokens": 5,
                "cacheWriteInputTokens": 7,
                "totalTokens": 26,
            },
            {"input_tokens": 15, "cached_input_tokens": 5, "cache_write_tokens": 7, "output_tokens": 11},
        ),
    ],
)
def test_a_usage_object_is_counted_by_its_providers_rule(
    write: Write, read: Read, usage: dict[str, object], counts: dict[str, int]
) -> None:
    log = write("log.jsonl", json.dumps({**BESIDE, "usage": usage}) + "\n")

    frame, rejects = read(log)

    assert rejects == []
    assert counted(frame) == counts


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"prompt_tokens": 5, "completion_tokens": None}, "no output_tokens"),
        ({"input_tokens": 5}, "no output_tokens"),
        ({"inputTokens": 5}, "no output_tokens"),
        ({"prompt_tokens": None, "units": 3}, "no input_tokens"),
        ({"total_tokens": 5}, "no input_tokens"),
    ],
)
def test_what_a_usage_object_does_not_say_is_not_made_up(
    write: Write, read: Read, usage: dict[str, object], reason: str
) -> None:
    log = write("log.jsonl", json.dumps({**BESIDE, "usage": usage}) + "\n")

    assert read(log)[1] == [(1, reason)]


def test_every_request_is_counted_by_its_own_providers_rule(write: Write, read: Read) -> None:
    usages = [
        {"prompt_tokens": 5, "completion_tokens": 6, "prompt_tokens_details": {"cached_tokens": 3}},
        {"input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": 3},
        {"inputTokens": 5, "outputTokens": 6, "cacheReadInputTokens": 3},
        {"promptTokenCount": 5, "candidatesTokenCount": 6, "cachedContentTokenCount": 3},
        {"billed_units": {"input_tokens": 5, "output_tokens": 6}, "cached_tokens": 3},
    ]
    log = write("log.jsonl", "".join(json.dumps({**BESIDE, "usage": each}) + "\n" for each in usages))

    frame, _ = read(log)

    assert frame.select("input_tokens", "cached_input_tokens", "output_tokens").rows() == [
        (5, 3, 6),
        (8, 3, 6),
        (8, 3, 6),
        (5, 3, 6),
        (5, 0, 6),
    ]


@pytest.mark.parametrize(
    "beside",
    [
        {"object": "list"},
        {"path": "/v1/rerank"},
        {"url": "https://api.voyageai.com/v1/embeddings"},
        {"request_model": "text-embedding-v4"},
    ],
)
def test_a_total_alone_is_all_input_of_embeddings_and_reranking(
    write: Write, read: Read, beside: dict[str, object]
) -> None:
    log = write("log.jsonl", json.dumps({**BESIDE, **beside, "usage": {"total_tokens": 5}}) + "\n")

    assert read(log)[0].select("input_tokens", "output_tokens").rows() == [(5, 0)]


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("api.openai.com", "openai"),
        ("acme.openai.azure.com:443", "azure"),
        ("https://openrouter.ai/api/v1/chat/completions", "openrouter"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "aws"),
        ("localhost:8000", "vllm"),
        (None, "vllm"),
    ],
)
def test_the_host_tells_the_provider_before_anything_else(
    write: Write, read: Read, host: str | None, provider: str
) -> None:
    record = {**BESIDE, "host": host, "provider": "vllm", "usage": {"prompt_tokens": 1, "total_tokens": 1}}

    assert read(write("log.jsonl", json.dumps(record) + "\n"))[0]["provider"].to_list() == [provider]


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": 0.25}, "0.25"),
        ({"cost": {"total_cost": 0.25}}, None),
        ({}, None),
    ],
)
def test_a_cost_in_the_usage_is_the_logged_one_if_it_is_a_number(
    write: Write, read: Read, usage: dict[str, object], cost: str | None
) -> None:
    log = write(
        "log.jsonl", json.dumps({**BESIDE, "usage": {"prompt_tokens": 1, "total_tokens": 1, **usage}}) + "\n"
    )

    frame, rejects = read(log)

    assert rejects == []
    found = [each and f"{each:.2f}" for each in frame["cost_usd"]] if "cost_usd" in frame.columns else [None]
    assert found == [cost]


@pytest.mark.parametrize(
    "record",
    [
        {"usage": {"input": 1, "output": 2}},
        {"usage": 0.25, "prompt_tokens": 1},
        {"usage": None, "response": "a text", "body": []},
        {"message": {"usage": {"input_tokens": 1}}},
    ],
)
def test_other_records_are_no_responses(record: dict[str, object]) -> None:
    assert find_layout("log.jsonl", fields_of([record]), Wishes()).format == "generic"


def test_a_column_named_by_the_user_is_read_instead(write: Write, read: Read) -> None:
    record = {
        **BESIDE,
        "usage": {"prompt_tokens": 5, "completion_tokens": 6},
        "billed": {"in": 9},
        "team": "red",
    }
    log = write("log.jsonl", json.dumps(record) + "\n")

    frame, _ = read(log, columns={"input_tokens": "billed.in"})

    assert frame.select("input_tokens", "output_tokens", "project").rows() == [(9, 6, "red")]


def test_rows_of_parquet_are_read_like_lines(write: Write, read: Read) -> None:
    events = [{"input_tokens": 4, "cache_read_input_tokens": 6, "output_tokens": 1}, {"output_tokens": 9}]
    table = pl.DataFrame([{**BESIDE, "usage_events": events}])
    table.write_parquet(write("log.parquet", ""))

    assert counted(read("log.parquet")[0]) == {
        "input_tokens": 10,
        "cached_input_tokens": 6,
        "output_tokens": 9,
    }
