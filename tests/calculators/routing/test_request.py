import datetime as dt
import hashlib
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.calculators.routing.request import Prompt, Request, read_request
from costopt.errors import ConfigError, CostoptError


def refusal(text: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        read_request(text)
    return caught.value.message, caught.value.hint


# What is a prompt, and what a request


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "{not json",
        '{"a": 1} means what?',
        "{} {}\nx",
        '{"a": 1}\n[2]',
        "42",
        '"quoted"',
        "null",
        "request.json",
        "[1, 2",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"input_tokens": ' + "9" * 5000 + "}",
        "  spaces stay\n",
    ],
)
def test_what_is_no_json_object_or_list_is_the_prompt_as_it_is(text: str) -> None:
    assert read_request(text) == Request(prompt=Prompt(text, len(text), 0))


def test_a_json_object_is_a_request_with_the_columns_of_a_log() -> None:
    request = read_request(
        """
        {"request_id": "r1", "timestamp": "2026-10-01T08:00:00+02:00", "request_type": "chat", "tag": "nightly",
         "tenant": "acme", "endpoint": "/qa", "mode": "batch", "prompt": "Why?", "input_tokens": 100,
         "cached_input_tokens": 40, "output_tokens": 20, "context_tokens": 90, "max_tokens": 50, "requests": 1}
        """
    )

    assert request == Request(
        request_id="r1",
        timestamp=dt.datetime(2026, 10, 1, 6, tzinfo=dt.UTC),
        request_type="chat",
        tag="nightly",
        tenant="acme",
        endpoint="/qa",
        mode="batch",
        prompt=Prompt("Why?", 4, 0),
        counts={"requests": 1, "input_tokens": 100, "cached_input_tokens": 40, "output_tokens": 20},
        context_tokens=90,
        most_output=50,
    )


def test_null_and_an_empty_text_say_nothing() -> None:
    assert read_request('{"prompt": "Why?", "tag": null, "tenant": "", "input_tokens": null}') == Request(
        prompt=Prompt("Why?", 4, 0)
    )


def test_how_long_it_is_is_enough_to_route_it() -> None:
    assert read_request('{"input_tokens": 0, "prompt": ""}').counts == {"input_tokens": 0}
    assert read_request('{"prompt_chars": 12}').prompt_chars == 12


def test_the_least_limit_on_the_answer_counts() -> None:
    assert read_request('{"prompt": "x", "max_tokens": 9, "max_output_tokens": 7}').most_output == 7


def test_the_body_of_an_api_call_is_a_request_and_what_is_not_read_is_named() -> None:
    body = {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "Où?"}, {"type": "image_url"}, "and"]},
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "tool"},
        ],
        "temperature": 0,
    }

    request = read_request(json.dumps(body))

    whole = json.dumps(body["messages"], ensure_ascii=False, separators=(",", ":"))
    assert request.prompt == Prompt(whole, chars=9 + 3 + 3, wide=1, unread=1)
    assert request.ignored == ("model", "temperature")


def test_a_message_that_is_only_an_image_is_something_to_route() -> None:
    request = read_request('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}')

    assert request.prompt is not None
    assert (request.prompt.chars, request.prompt.unread) == (0, 1)


def test_a_prompt_is_known_by_the_hash_of_its_utf8() -> None:
    request = read_request("Où?")

    assert request.prompt is not None
    assert request.prompt.sha256 == hashlib.sha256("Où?".encode()).hexdigest()
    assert request.prompt.wide == 1


def test_halves_of_characters_become_question_marks() -> None:
    request = read_request(r'{"prompt": "a\ud800b", "tag": "\udfff", "\ud801": 1}')

    assert (request.prompt, request.tag, request.ignored) == (Prompt("a?b", 3, 0), "?", ("?",))


# What is refused


@pytest.mark.parametrize("text", ["", "  \n\t", '{"prompt": " "}', "{}", '{"messages": [{"content": ""}]}'])
def test_there_is_nothing_to_route(text: str) -> None:
    message, hint = refusal(text)

    assert message.startswith("nothing to route: ")
    assert hint == (
        'give a prompt, or a JSON object such as `{"prompt": "...", "request_type": "chat", "output_tokens": 200}`'
    )


@pytest.mark.parametrize("text", ["[]", '[{"role": "user", "content": "hi"}]', " [1, 2]"])
def test_a_list_is_not_one_request(text: str) -> None:
    assert refusal(text) == (
        "a JSON list is not one request",
        'messages are written `{"messages": [...]}`, and a prompt that is a list `{"prompt": "[...]"}`',
    )


def test_a_log_is_not_one_request() -> None:
    assert refusal('{"prompt": "a"}\n\n{"prompt": "b"}\n') == (
        "there is more than one request, one on each line",
        "`costopt route` decides on one; `costopt simulate` takes a log",
    )
    assert refusal('{"input_tokens": 9, "requests": 1200}') == (
        "the request stands for 1,200 requests",
        "`costopt route` decides on one; `costopt simulate` takes a log",
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('{"prompt": 5}', "the request's `prompt` is `5`", "expected: a text"),
        ('{"prompt": ["a"]}', "the request's `prompt` is a list", "expected: a text"),
        ('{"prompt": "a", "tag": {}}', "the request's `tag` is an object", "expected: a text"),
        ('{"prompt": "a", "tag": true}', "the request's `tag` is `true`", "expected: a text"),
        (
            '{"input_tokens": "12"}',
            'the request\'s `input_tokens` is `"12"`',
            "expected: a whole number from 0 to 1,000,000,000,000",
        ),
        (
            '{"input_tokens": true}',
            "the request's `input_tokens` is `true`",
            "expected: a whole number from 0 to 1,000,000,000,000",
        ),
        (
            '{"input_tokens": -1}',
            "the request's `input_tokens` is `-1`",
            "expected: a whole number from 0 to 1,000,000,000,000",
        ),
        (
            '{"input_tokens": NaN}',
            "the request's `input_tokens` is `NaN`",
            "expected: a whole number from 0 to 1,000,000,000,000",
        ),
        (
            '{"input_tokens": 1000000000001}',
            "the request's `input_tokens` is `1000000000001`",
            "expected: a whole number from 0 to 1,000,000,000,000",
        ),
        (
            '{"prompt": "a", "max_tokens": 0}',
            "the request's `max_tokens` is `0`",
            "expected: a whole number from 1 to 1,000,000,000,000",
        ),
        (
            '{"prompt": "a", "mode": "fast"}',
            'the request\'s `mode` is `"fast"`',
            "expected: one of standard, batch, flex, priority",
        ),
        (
            '{"prompt": "a", "timestamp": 1700000000}',
            "the request's `timestamp` is `1700000000`",
            "expected: a time such as `2026-10-01T08:00`",
        ),
        (
            '{"prompt": "a", "timestamp": "noon"}',
            "`noon` is not a time",
            "write `2026-10-01` or `2026-10-01T08:00`",
        ),
        (
            '{"prompt": "a", "messages": []}',
            "the request has `prompt` and `messages`",
            "keep the one that is sent",
        ),
        (
            '{"messages": []}',
            "the request's `messages` is an empty list",
            'expected: a list such as `[{"role": "user", "content": "..."}]`',
        ),
        (
            '{"messages": "hi"}',
            'the request\'s `messages` is `"hi"`',
            'expected: a list such as `[{"role": "user", "content": "..."}]`',
        ),
        (
            '{"messages": [{"content": "a"}, "b"]}',
            'the request\'s `messages[1]` is `"b"`',
            "expected: an object whose `content` is a text or a list of parts",
        ),
        (
            '{"messages": [{"content": 5}]}',
            "the request's `messages[0]` is `5`",
            "expected: an object whose `content` is a text or a list of parts",
        ),
        (
            '{"prompt": "a", "cached_input_tokens": 5}',
            "the request's `cached_input_tokens` is a part of `input_tokens`, which it does not say",
            "add `input_tokens`, which counts all of them",
        ),
        (
            '{"prompt": "a", "input_tokens": 5, "reasoning_tokens": 5}',
            "the request's `reasoning_tokens` is a part of `output_tokens`, which it does not say",
            "add `output_tokens`, which counts all of them",
        ),
        (
            '{"input_tokens": 5, "cached_input_tokens": 6}',
            "the request has more cached than input tokens (is input counted without the cached ones?)",
            "`input_tokens` counts all input, `output_tokens` all output",
        ),
    ],
)
def test_a_value_that_is_not_understood_is_named(text: str, message: str, hint: str) -> None:
    assert refusal(text) == (message, hint)


def test_a_long_value_is_cut_in_a_message() -> None:
    message, _ = refusal(json.dumps({"prompt": "a", "mode": "x" * 1000}))

    assert len(message) < 100
    assert message.endswith("…`")


@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["prompt", "messages", "content", "tag"]), inner)
        ),
    ).map(json.dumps)
)
def test_every_text_is_a_request_or_a_mistake_that_is_named(text: str) -> None:
    with suppress(CostoptError):  # and no other exception
        assert read_request(text).prompt is not None
