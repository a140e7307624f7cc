import json
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from costopt.models.schema import REQUIRED

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]


def row(**parts: object) -> str:
    told = {
        "request_id": "r",
        "call_type": "acompletion",
        "spend": 0.01,
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "startTime": "2026-09-25T10:00:00Z",
        "endTime": "2026-09-25T10:00:02Z",
        "model": "gpt-5.4-mini",
        "custom_llm_provider": "openai",
        "metadata": {},
    }
    return json.dumps({**told, **parts})


def payload(**parts: object) -> str:
    told = {
        "id": "r",
        "call_type": "acompletion",
        "response_cost": 0.01,
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "startTime": 1795322097.5,
        "endTime": 1795322099.5,
        "model": "gpt-5.4-mini",
        "request_tags": [],
        "metadata": {},
    }
    return json.dumps({**told, **parts})


@pytest.mark.parametrize("hit", ["True", "true", True])
def test_an_answer_out_of_the_cache_of_the_proxy_has_no_tokens_to_bill(
    write: Write, read: Read, hit: object
) -> None:
    metadata = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 64}}}

    requests, rejects = read(write("log.jsonl", row(cache_hit=hit, spend=0, metadata=metadata)))

    assert rejects == []
    assert requests.select("input_tokens", "cached_input_tokens", "output_tokens").rows() == [(0, 0, 0)]
    assert requests["cost_usd"].to_list() == [Decimal(0)]
    assert requests["status"].to_list() == [None]


@pytest.mark.parametrize("miss", ["False", "None", "", None, False])
def test_any_other_answer_is_billed(write: Write, read: Read, miss: object) -> None:
    requests, _ = read(write("log.jsonl", row(cache_hit=miss)))

    assert requests.select("input_tokens", "output_tokens").rows() == [(100, 10)]


def test_input_without_its_cached_tokens_is_completed(write: Write, read: Read) -> None:
    usage = {"cache_read_input_tokens": 900, "cache_creation_input_tokens": 50}

    requests, _ = read(write("log.jsonl", row(metadata={"additional_usage_values": usage})))

    assert requests.select("input_tokens", "cached_input_tokens", "cache_write_tokens").rows() == [
        (1050, 900, 50)
    ]


def test_a_copy_of_a_count_that_is_0_does_not_hide_the_other(write: Write, read: Read) -> None:
    metadata = {
        "additional_usage_values": {"cache_read_input_tokens": 0},
        "usage_object": {"prompt_tokens_details": {"cached_tokens": 64}},
    }

    requests, _ = read(write("log.jsonl", row(metadata=metadata)))

    assert requests["cached_input_tokens"].to_list() == [64]


def test_audio_that_was_cached_as_well_is_told_once(write: Write, read: Read) -> None:
    details = {"audio_tokens": 90, "cached_tokens": 40}

    requests, rejects = read(
        write("log.jsonl", row(metadata={"usage_object": {"prompt_tokens_details": details}}))
    )

    assert rejects == []
    assert requests.select("cached_input_tokens", "input_audio_tokens").rows() == [(40, 60)]


@pytest.mark.parametrize(
    ("first", "expected"), [("2026-09-25T10:00:00.5Z", 500.0), ("2026-09-25T10:00:02Z", None), (None, None)]
)
def test_when_the_first_token_came_is_unknown_unless_it_came_before_the_end(
    write: Write, read: Read, first: str | None, expected: float | None
) -> None:
    requests, _ = read(write("log.jsonl", row(completionStartTime=first)))

    assert requests["ttft_ms"].to_list() == [expected]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"spend": 0, "prompt_tokens": 0, "completion_tokens": 0}, 0),
        ({"spend": 0.2, "prompt_tokens": 0, "completion_tokens": 0}, 1),
        ({"spend": 0, "prompt_tokens": 8, "completion_tokens": 0}, 1),
    ],
)
def test_managing_files_is_no_request_unless_it_costs_something(
    write: Write, read: Read, parts: dict[str, object], expected: int
) -> None:
    requests, rejects = read(write("log.jsonl", f"{row()}\n{row(call_type='acreate_file', **parts)}\n"))

    assert rejects == []
    assert requests.height == 1 + expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"cost_breakdown": {"service_tier": "flex"}, "usage_object": {"service_tier": "default"}}, "flex"),
        ({"cost_breakdown": None, "additional_usage_values": {"service_tier": "priority"}}, "priority"),
        ({"usage_object": {"service_tier": "default"}}, "standard"),
        ({}, None),
    ],
)
def test_the_tier_that_was_billed_counts(
    write: Write, read: Read, metadata: dict[str, object], expected: str | None
) -> None:
    requests, _ = read(write("log.jsonl", row(metadata=metadata)))

    assert requests["mode"].to_list() == [expected]


def test_a_finished_batch_counts_the_requests_it_answered(write: Write, read: Read) -> None:
    requests, _ = read(
        write(
            "log.jsonl",
            "\n".join(
                [
                    payload(call_type="aretrieve_batch", hidden_params={"batch_successful_requests": 250}),
                    payload(id="s", hidden_params={"batch_successful_requests": None}),
                ]
            ),
        )
    )

    assert requests.select("mode", "requests").rows() == [("batch", 250), (None, 1)]


def test_all_prompts_of_a_batch_together_are_no_long_prompt(write: Write, read: Read) -> None:
    batch = row(call_type="aretrieve_batch", prompt_tokens=900_000)
    counted = payload(call_type="aretrieve_batch", hidden_params={"batch_successful_requests": 250})

    asked = (*REQUIRED, "context_tokens")
    found = [
        read(write(f"{number}.jsonl", log), wanted=asked)[0]["context_tokens"].to_list()
        for number, log in enumerate((batch, row(), counted))
    ]

    assert found == [[0], [None], [None]]


def test_a_payload_says_who_asked_in_the_first_place_that_has_it(write: Write, read: Read) -> None:
    lines = [
        payload(end_user="e", model_parameters={"user": "p"}),
        payload(end_user="", metadata={"user_api_key_end_user_id": "k"}, model_parameters={"user": "p"}),
        payload(end_user=None, model_parameters={"user": "p"}, metadata={"user_api_key_user_id": "u"}),
        payload(end_user=None, metadata={"user_api_key_user_id": "u"}),
    ]

    requests, _ = read(write("log.jsonl", "\n".join(lines)))

    assert requests["user"].to_list() == ["e", "k", "p", "u"]


def test_a_payload_is_of_its_session_else_of_its_trace(write: Write, read: Read) -> None:
    lines = [payload(session_id="s", trace_id="t"), payload(trace_id="t")]

    requests, _ = read(write("log.jsonl", "\n".join(lines)))

    assert requests["session"].to_list() == ["s", "t"]
    assert requests["latency_ms"].to_list() == [2000.0, 2000.0]
