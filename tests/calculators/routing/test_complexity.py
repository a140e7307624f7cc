import json

import polars as pl
import pytest

from costopt.calculators.routing.complexity import (
    COMPLEX_FROM,
    LEVELS,
    MEDIUM_FROM,
    RULE,
    asked,
    complexity_key,
    complexity_of,
)
from costopt.models.schema import REQUESTS
from costopt.rollups.rollup import Measure, Rollup, build, merge

# One request


@pytest.mark.parametrize(
    ("text", "tokens", "kind", "level"),
    [
        ("What is the capital of France?", None, None, "simple"),
        ("Translate to German: good morning", 9, None, "simple"),
        ("Write a limerick about a cat", None, None, "simple"),
        ("Write a python script that renames files", None, None, "medium"),
        ("Compare the two designs step by step", None, None, "medium"),
        ("Refactor this and justify it: ```def f(x): return x```", None, None, "complex"),
        ("Prove that $a^2 + b^2 = c^2$ holds", None, None, "complex"),
        ("Is the sky blue? Answer yes or no. " + "The sky is above us. " * 40, None, None, "simple"),
        (None, 149, None, "simple"),
        (None, 150, None, "medium"),
        (None, 2000, None, "complex"),
        (None, 5000, "embedding", "simple"),
        (None, 200, "classification", "simple"),
        (None, 50, "code-review", "medium"),
        (None, 200, "deep-research", "complex"),
        (None, 200, "chat", "medium"),
    ],
)
def test_level_of_a_request(text: str | None, tokens: int | None, kind: str | None, level: str) -> None:
    assert complexity_of(text, tokens, kind) == level


def test_level_is_unknown_only_if_nothing_is_known() -> None:
    assert complexity_of(None, None, None) is None
    assert complexity_of("", None, None) == "simple"
    assert complexity_of(None, 0, None) == "simple"


def test_size_that_is_not_known_is_neither_small_nor_large() -> None:
    assert complexity_of(None, None, "chat") == "medium"


def test_logged_tokens_count_and_not_the_length_of_the_text() -> None:
    assert complexity_of("ab " * 1000, 20, None) == "simple"
    assert complexity_of("ab " * 1000, None, None) == "medium"


# A log


def levels(log: pl.DataFrame, *, with_prompt: bool = True) -> list[str | None]:
    key = complexity_key(with_prompt=with_prompt)
    whole = log.with_columns(pl.lit(None).alias(name) for name in key.reads if name not in log.columns)
    return whole.select(key.value).to_series().to_list()


def test_log_and_single_requests_have_the_same_levels() -> None:
    requests = [
        ("Hello", 3, "chat"),
        ("Derive the integral", None, None),
        (None, 900, "summary"),
        ("x" * 9000, None, "agent"),
        (None, None, None),
    ]
    log = pl.DataFrame(requests, schema=["prompt", "input_tokens", "request_type"], orient="row")

    assert levels(log) == [complexity_of(*request) for request in requests]


def test_tokens_of_a_line_are_shared_among_its_requests() -> None:
    log = pl.DataFrame({"input_tokens": [3000, 3000, 3000, 3000], "requests": [1, 100, 0, None]})

    assert levels(log) == ["complex", "simple", "complex", "complex"]


def test_characters_stand_in_for_tokens() -> None:
    assert levels(pl.DataFrame({"prompt_chars": [100.0, 600.0, 8000.0]})) == ["simple", "medium", "complex"]


def test_without_prompt_the_text_is_not_read() -> None:
    log = pl.DataFrame({"prompt": ["Prove the theorem"], "input_tokens": [10]})

    assert levels(log, with_prompt=False) == ["simple"]
    assert levels(log, with_prompt=True) == ["complex"]
    assert "prompt" not in complexity_key(with_prompt=False).reads


def test_output_is_never_read() -> None:
    reads = complexity_key(with_prompt=True).reads

    assert set(reads) <= set(REQUESTS)
    assert not [name for name in reads if "output" in name or "reasoning" in name]


def test_level_is_a_key_of_a_rollup() -> None:
    log = pl.DataFrame(
        {"model": ["a", "a", "b"], "input_tokens": [10, 20, 5000], "request_type": ["chat", None, "chat"]},
        schema_overrides={"request_type": pl.Categorical},
    )
    rollup = Rollup("routing", ("model",), (complexity_key(with_prompt=True),))
    requests = [Measure("requests", pl.Int64, absent=1)]

    parts = [*build(log.head(1), [rollup], requests), *build(log.tail(2), [rollup], requests)]

    assert merge(parts, rollup, requests).rows() == [("a", "simple", 2), ("b", "complex", 1)]


def test_rule_names_every_sign_once_and_uses_every_level() -> None:
    meanings = [sign.meaning for sign in RULE]
    points = [sign.points for sign in RULE]

    assert len(set(meanings)) == len(meanings)
    assert sum(number for number in points if number < 0) < MEDIUM_FROM < COMPLEX_FROM
    assert sum(number for number in points if number > 0) >= COMPLEX_FROM
    assert LEVELS == ("simple", "medium", "complex")


# Chats


def text_of(prompt: str) -> str:
    return str(pl.DataFrame({"prompt": [prompt]}).select(asked(pl.col("prompt"))).item())


def test_last_message_is_what_is_asked() -> None:
    chat = [
        {"role": "system", "content": "Prove the theorem"},
        {"role": "user", "content": 'Say "hi"\n\\neq'},
    ]

    assert text_of(json.dumps(chat)) == 'Say "hi"\n\\neq'
    assert text_of(json.dumps({"messages": chat}, indent=1)) == 'Say "hi"\n\\neq'


def test_text_parts_of_a_message_are_read() -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url"}]}]

    assert text_of(json.dumps(parts)) == "What is it?"


def test_end_of_a_message_too_long_to_be_searched_is_read() -> None:
    chat = json.dumps([{"role": "user", "content": "a" * 9000 + "the end"}])

    assert text_of(chat).endswith('the end"}]')
    assert len(text_of(chat)) == 6000


def test_text_that_only_looks_like_a_chat_is_taken_as_it_is() -> None:
    assert text_of("[1] What is the title?") == "[1] What is the title?"
    assert text_of('{"a": 1}') == '{"a": 1}'
