import json
from collections.abc import Callable

import polars as pl
import pytest

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]


def record(**parts: object) -> str:
    told = {
        "schemaType": "ModelInvocationLog",
        "timestamp": "2026-10-12T09:00:00Z",
        "requestId": "r",
        "modelId": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    }
    return json.dumps({**told, **parts})


def test_counts_beside_a_body_that_is_elsewhere_are_enough(write: Write, read: Read) -> None:
    counted = {"inputTokenCount": 7, "cacheReadInputTokenCount": 90, "cacheWriteInputTokenCount": 3}

    requests, _ = read(
        write(
            "log.jsonl", record(input=counted, output={"outputTokenCount": 2, "outputBodyS3Path": "s3://b/k"})
        )
    )

    assert requests.select(
        "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"
    ).rows() == [(100, 90, 3, 2)]


@pytest.mark.parametrize("kept", ["5m", "1h"])
def test_only_what_is_kept_for_an_hour_is_written_for_an_hour(write: Write, read: Read, kept: str) -> None:
    details = [{"ttl": kept, "inputTokens": 40}]
    usage = {"inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokens": 40, "cacheDetails": details}

    whole, _ = read(write("whole.jsonl", record(output={"outputBodyJson": {"usage": usage}})))
    stream, _ = read(
        write("stream.jsonl", record(output={"outputBodyJson": [{"metadata": {"usage": usage}}]}))
    )

    expected = 40 if kept == "1h" else 0
    assert whole["cache_write_1h_tokens"].to_list() == stream["cache_write_1h_tokens"].to_list() == [expected]


def test_metadata_are_tags_in_the_order_of_their_keys(write: Write, read: Read) -> None:
    output = {"outputTokenCount": 1}
    lines = [
        record(input={"inputTokenCount": 1}, output=output, requestMetadata={"team": "ads", "env": ""}),
        record(
            input={"inputTokenCount": 1}, output=output, requestMetadata={"env": "prod", "team": "search"}
        ),
        record(input={"inputTokenCount": 1}, output=output),
    ]

    requests, _ = read(write("log.jsonl", "\n".join(lines)))

    assert requests["tag"].to_list() == ["team:ads", "env:prod,team:search", None]
