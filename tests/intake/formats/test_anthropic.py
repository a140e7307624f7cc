import json
from collections.abc import Callable

import polars as pl
import pytest

from costopt.errors import FormatError
from costopt.pricing.catalog import load_catalog, shipped
from costopt.pricing.rates import rate_key
from costopt.pricing.rating import Rater

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]


def report(**result: object) -> str:
    row = {
        "uncached_input_tokens": 500_000,
        "output_tokens": 2,
        "model": "claude-sonnet-4-5-20250929",
        **result,
    }
    return json.dumps(
        {"data": [{"starting_at": "2026-11-01T00:00:00Z", "results": [row]}], "has_more": False}
    )


@pytest.mark.parametrize(
    ("window", "requests", "least"),
    [
        ("0-200k", None, 0),
        ("≤ 200k", None, 0),
        ("200k-1M", None, 200_001),
        ("200K–1M", None, 200_001),
        ("> 200k", None, 200_001),
        (">1M", None, 1_000_001),
        ("200k+", None, 200_001),
        ("no window", None, 0),
        (None, None, 0),
        (None, 3, None),
        ("200k-1M", 3, 200_001),
    ],
)
def test_the_context_window_says_how_large_prompts_were_at_least(
    write: Write, read: Read, window: str | None, requests: int | None, least: int | None
) -> None:
    log = write("usage.json", report(context_window=window, requests=requests))

    assert read(log)[0]["context_tokens"].to_list() == [least]


def test_a_sum_of_many_prompts_is_not_billed_as_one_long_prompt(write: Write, read: Read) -> None:
    logs = [
        write(f"{number}.json", report(context_window=each))
        for number, each in enumerate(("0-200k", "200k-1M"))
    ]
    rater = Rater(load_catalog(shipped()))

    tiers = [rate_key(rater.rate(read(log)[0])["rate_id"][0]).tier for log in logs]

    assert tiers == [0, 1]


def test_the_results_of_a_batch_ask_for_a_time(write: Write, read: Read) -> None:
    message = {"id": "m", "model": "claude-haiku-4-5", "usage": {"input_tokens": 1, "output_tokens": 2}}
    log = write(
        "results.jsonl",
        json.dumps({"custom_id": "a", "result": {"type": "succeeded", "message": message}}) + "\n",
    )

    with pytest.raises(FormatError, match="no column for `timestamp`") as caught:
        read(log)

    assert "`--set timestamp=VALUE`" in caught.value.hint


@pytest.mark.parametrize(
    ("newer", "values"), [(",inference_geo,speed", ",global,"), ("", "")], ids=["newer", "older"]
)
def test_a_cost_report_is_refused_with_what_to_take_instead(
    write: Write, read: Read, newer: str, values: str
) -> None:
    log = write(
        "costs.csv",
        f"usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,cost_type{newer}\n"
        f"2026-11-01,Claude Haiku 4.5,Default,--,standard,--,output,0.42,token{values}\n",
    )

    with pytest.raises(FormatError, match="Anthropic's cost report") as caught:
        read(log)

    assert "usage_report/messages" in caught.value.hint
