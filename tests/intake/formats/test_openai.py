import json
from collections.abc import Callable

import polars as pl
import pytest

from costopt.errors import FormatError

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

DAY = 86_400
START = 1_793_491_200
RESULT = {
    "object": "organization.usage.completions.result",
    "input_tokens": 10,
    "output_tokens": 2,
    "num_model_requests": 1,
    "model": "gpt-4o-2024-08-06",
}


def page(*results: list[dict[str, object]]) -> str:
    buckets = [
        {
            "object": "bucket",
            "start_time": START + day * DAY,
            "end_time": START + (day + 1) * DAY,
            "results": each,
        }
        for day, each in enumerate(results)
    ]
    return json.dumps({"object": "page", "data": buckets, "has_more": False, "next_page": None})


def test_a_page_that_begins_with_a_month_of_empty_buckets_is_recognised(write: Write, read: Read) -> None:
    log = write("usage.json", page(*[[]] * 30, [dict(RESULT)]))

    frame, rejects = read(log)

    assert rejects == []
    assert frame.select("timestamp", "input_tokens").rows() == [
        (pl.Series([(START + 30 * DAY) * 10**6]).cast(pl.Datetime("us", "UTC"))[0], 10)
    ]


@pytest.mark.parametrize(
    ("batch", "tier", "mode"),
    [
        (True, "default", "batch"),
        (True, None, "batch"),
        (False, "default", "standard"),
        (False, None, "standard"),
        (False, "flex", "flex"),
        (None, "priority", "priority"),
        (None, None, None),
    ],
)
def test_the_batch_flag_goes_before_the_service_tier(
    write: Write, read: Read, batch: object, tier: str | None, mode: str | None
) -> None:
    log = write("usage.json", page([{**RESULT, "batch": batch, "service_tier": tier}]))

    assert read(log)[0]["mode"].to_list() == [mode]


def test_an_output_that_is_not_told_is_nothing_only_where_there_can_be_none(write: Write, read: Read) -> None:
    untold = {name: value for name, value in RESULT.items() if name != "output_tokens"}
    embedded = {**untold, "object": "organization.usage.embeddings.result"}

    assert read(write("a.json", page([untold])))[1] == [(1, "no output_tokens")]
    assert read(write("b.json", page([embedded])))[0]["output_tokens"].to_list() == [0]


def test_a_batch_without_any_time_asks_for_one(write: Write, read: Read) -> None:
    body = {
        "object": "list",
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    line = {"id": "r", "custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None}
    log = write("batch.jsonl", json.dumps(line) + "\n")

    with pytest.raises(FormatError, match="no column for `timestamp`") as caught:
        read(log)

    assert "`--set timestamp=VALUE`" in caught.value.hint
    assert read(log, constants={"timestamp": "2026-11-01"})[0]["input_tokens"].to_list() == [3]


def test_a_cost_report_is_refused_with_what_to_take_instead(write: Write, read: Read) -> None:
    log = write(
        "cost_2026-11-01.csv",
        "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,"
        "line_item,user_id,api_key_id,project_id,organization_id,project_name,organization_name,user_email,api_source\n"
        'x,x,x,x,1.25,usd,1,tokens,"gpt-4o, input",,,p,o,P,O,,api\n',
    )

    with pytest.raises(FormatError) as caught:
        read(log)

    assert caught.value.message == (
        f"`{log}` is OpenAI's cost report: dollars by line item, of no requests and no tokens; "
        "it is there to hold a bill against"
    )
    assert caught.value.hint.startswith("take the usage instead: ")


def test_the_old_names_of_the_activity_export_are_read_by_name(write: Write, read: Read) -> None:
    log = write(
        "activity.csv",
        "timestamp,model,num_requests,n_context_tokens_total,n_generated_tokens_total\n"
        "1696118400,gpt-4-0613,3,120,45\n",
    )

    assert read(log)[0].select("requests", "input_tokens", "output_tokens").rows() == [(3, 120, 45)]
