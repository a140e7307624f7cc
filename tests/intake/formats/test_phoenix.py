import io
from collections.abc import Callable

import polars as pl

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]


def test_a_data_frame_of_spans_may_have_no_number_where_a_span_has_no_tokens(
    write: Write, read: Read
) -> None:
    nan = float("nan")
    spans = pl.DataFrame(
        {
            "context.span_id": ["a", "b"],
            "span_kind": ["LLM", "LLM"],
            "start_time": ["2026-10-12T09:00:00Z", "2026-10-12T09:00:01Z"],
            "status_code": ["OK", "ERROR"],
            "attributes.llm.model_name": ["gpt-5", "gpt-5"],
            "attributes.llm.token_count.prompt": [20.0, nan],
            "attributes.llm.token_count.completion": [3.0, nan],
        }
    )
    file = io.BytesIO()
    spans.write_parquet(file)

    requests, rejects = read(write("spans.parquet", file.getvalue()))

    assert rejects == []
    assert requests.select("request_id", "status", "input_tokens", "output_tokens").rows() == [
        ("a", "ok", 20, 3),
        ("b", "error", 0, 0),
    ]


def test_a_span_of_a_kind_that_nobody_knows_is_judged_by_what_it_tells(write: Write, read: Read) -> None:
    span = '{"context":{"span_id":"%s"},"span_kind":"UNKNOWN","start_time":"2026-10-12T09:00:00Z","attributes":%s}'
    tells = '{"gen_ai.request.model":"m","gen_ai.usage.input_tokens":2,"gen_ai.usage.output_tokens":1}'

    requests, _ = read(write("log.jsonl", "\n".join([span % ("a", tells), span % ("b", "{}")])))

    assert requests["request_id"].to_list() == ["a"]
