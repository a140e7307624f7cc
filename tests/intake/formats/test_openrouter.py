from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

HEADER = "generation_id,created_at,cost_total,byok_usage_inference,tokens_prompt,tokens_completion,model_permaslug,variant,cancelled"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0.1,,10,5,openai/gpt-5,standard,false", ("openai/gpt-5", "ok", Decimal("0.1"))),
        ("0.1,,10,5,openai/gpt-5,,false", ("openai/gpt-5", "ok", Decimal("0.1"))),
        ("0,0,10,5,openai/gpt-oss-120b,free,false", ("openai/gpt-oss-120b:free", "ok", Decimal(0))),
        ("0,0,10,5,openai/gpt-oss-120b:free,free,false", ("openai/gpt-oss-120b:free", "ok", Decimal(0))),
        ("0.01,0.2,10,5,openai/gpt-5,standard,TRUE", ("openai/gpt-5", "error", Decimal("0.21"))),
        (",,10,5,openai/gpt-5,standard,", ("openai/gpt-5", "ok", None)),
    ],
)
def test_a_generation(write: Write, read: Read, fields: str, expected: tuple[object, ...]) -> None:
    requests, rejects = read(write("log.csv", f"{HEADER}\ngen-1,2026-06-28 03:46:57.713,{fields}\n"))

    assert rejects == []
    assert requests["provider"].to_list() == ["openrouter"]
    assert requests.select("model", "status", "cost_usd").row(0) == expected


def test_activity_is_summed_up_by_day_and_says_so(write: Write, read: Read) -> None:
    log = write(
        "log.json",
        '{"data": [{"date": "2026-09-24", "model": "openai/gpt-5", "usage": 1, "byok_usage_inference": 0.5,'
        ' "requests": 20, "prompt_tokens": 100, "completion_tokens": 10, "reasoning_tokens": 4}]}',
    )

    requests, _ = read(log)

    assert requests.select("model", "requests", "input_tokens", "output_tokens").rows() == [
        ("openai/gpt-5", 20, 100, 10)
    ]
    assert requests["cost_usd"].to_list() == [Decimal("1.5")]
