"""The same generated requests in several log formats: the same bytes for the same number of requests."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import generate
import polars as pl

_CHUNK: Final = 50_000
_SPANS: Final = 10
"""Spans in a line of traces."""

Request = Mapping[str, Any]
Record = dict[str, Any]


def write(shape: str, count: int, path: Path) -> str:
    """That many requests in a format, unless they are there already."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            for first in range(0, count, _CHUNK):
                requests = _requests(first, min(_CHUNK, count - first))
                for record in SHAPES[shape](requests.iter_rows(named=True)):
                    file.write(json.dumps(record, separators=(",", ":")) + "\n")
        draft.rename(path)
    return str(path)


def _requests(first: int, count: int) -> pl.DataFrame:
    """Requests with reasoning, ids of their trace and session, and their start and end."""
    numbers = pl.select(index=pl.int_range(first, first + count, dtype=pl.Int64)).select(
        share=generate.number(15) % 100, key=generate.number(16)
    )
    start = pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms")
    return (
        generate.requests(first, count)
        .drop("quality")
        .hstack(numbers)
        .with_columns(
            reasoning_tokens=pl.col("output_tokens") * pl.col("share") // 100,
            trace=pl.format(
                "{}4c2f0e6f11aa31b4", pl.col("request_id").str.replace_all(r"\D", "").str.zfill(16)
            ),
            session=pl.format("session-{}", pl.col("key") // 4),
            start=start,
            end=start + pl.duration(milliseconds="latency_ms"),
        )
        .drop("share", "key")
    )


def _plain(requests: Iterable[Request]) -> Iterator[Record]:
    """One flat object for each request."""
    unnamed = ("start", "end", "trace")
    return ({name: value for name, value in each.items() if name not in unnamed} for each in requests)


def _spend_logs(requests: Iterable[Request]) -> Iterator[Record]:
    """Rows of `LiteLLM_SpendLogs`."""
    return map(_spend_log, requests)


def _spend_log(request: Request) -> Record:
    failed = request["status"] == "error"
    prompt = {"cached_tokens": request["cached_input_tokens"], "audio_tokens": None, "text_tokens": None}
    completion = {"reasoning_tokens": request["reasoning_tokens"], "audio_tokens": None}
    details = {"prompt_tokens_details": prompt, "completion_tokens_details": completion}
    total = request["input_tokens"] + request["output_tokens"]
    counts = {"prompt_tokens": request["input_tokens"], "completion_tokens": request["output_tokens"]}
    return {
        "request_id": request["request_id"],
        "call_type": "acompletion",
        "api_key": f"88dc28d0f030c55ed4ab77ed8faf0981{request['trace']}",
        "spend": request["cost_usd"],
        "total_tokens": total,
        **counts,
        "startTime": _iso(request["start"]),
        "endTime": _iso(request["end"]),
        "request_duration_ms": request["latency_ms"],
        "completionStartTime": _iso(request["end"]),
        "model": request["model"],
        "model_id": "e4c2f0e6f11aa31b4d9e2",
        "model_group": request["model"],
        "custom_llm_provider": request["provider"],
        "api_base": "https://api.example.com/v1/",
        "user": "",
        "metadata": {
            "user_api_key_alias": f"{request['tag']}-key",
            "user_api_key_team_alias": request["tenant"],
            "user_api_key_user_id": request["user"],
            "additional_usage_values": {"cache_read_input_tokens": prompt["cached_tokens"], **details},
            "usage_object": {**counts, "total_tokens": total, **details},
            "cost_breakdown": {"total_cost": request["cost_usd"], "service_tier": None},
            "status": "failure" if failed else "success",
        },
        "cache_hit": "False",
        "cache_key": "Cache OFF",
        "request_tags": [f"feature:{request['tag']}", "env:prod"],
        "team_id": f"team-{request['tenant']}",
        "end_user": request["user"],
        "requester_ip_address": None,
        "messages": {},
        "response": {},
        "session_id": request["session"],
        "status": "failure" if failed else "success",
    }


def _observations(requests: Iterable[Request]) -> Iterator[Record]:
    """Generations as Langfuse's API lists them, with short texts."""
    return map(_observation, requests)


def _observation(request: Request) -> Record:
    total = request["input_tokens"] + request["output_tokens"]
    return {
        "id": request["request_id"],
        "traceId": request["trace"],
        "parentObservationId": request["trace"][:16],
        "type": "GENERATION",
        "name": "ChatCompletion",
        "startTime": _iso(request["start"]),
        "endTime": _iso(request["end"]),
        "completionStartTime": None,
        "model": request["model"],
        "modelParameters": {"temperature": 0.2, "max_tokens": 1024},
        "input": [{"role": "user", "content": "Where is my order?"}],
        "output": "It left our house this morning.",
        "usageDetails": {
            "input": request["input_tokens"] - request["cached_input_tokens"],
            "input_cached_tokens": request["cached_input_tokens"],
            "output": request["output_tokens"] - request["reasoning_tokens"],
            "output_reasoning_tokens": request["reasoning_tokens"],
            "total": total,
        },
        "costDetails": {"input": 0.0, "output": request["cost_usd"], "total": request["cost_usd"]},
        "totalCost": request["cost_usd"],
        "level": "ERROR" if request["status"] == "error" else "DEFAULT",
        "statusMessage": None,
        "environment": "production",
        "promptName": request["tag"],
        "userId": request["user"],
        "sessionId": request["session"],
        "metadata": {"ls_provider": request["provider"], "tenant": request["tenant"]},
        "createdAt": _iso(request["end"]),
        "updatedAt": _iso(request["end"]),
    }


def _traces(requests: Iterable[Request]) -> Iterator[Record]:
    """OTLP traces as the Collector's file exporter writes them, some spans to a line."""
    resource = {"attributes": _attributes({"service.name": "shop", "service.version": "1.4.2"})}
    scope = {"name": "opentelemetry.instrumentation.openai", "version": "0.40.0"}
    spans: list[Record] = []
    for request in requests:
        spans.append(_span(request))
        if len(spans) == _SPANS:
            yield {
                "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]
            }
            spans = []
    if spans:
        yield {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]}


def _span(request: Request) -> Record:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": request["provider"],
        "gen_ai.request.model": request["model"],
        "gen_ai.response.id": request["request_id"],
        "gen_ai.conversation.id": request["session"],
        "user.id": request["user"],
        "gen_ai.request.temperature": 0.2,
        "gen_ai.usage.input_tokens": request["input_tokens"],
        "gen_ai.usage.output_tokens": request["output_tokens"],
        "gen_ai.usage.cache_read.input_tokens": request["cached_input_tokens"],
        "gen_ai.usage.reasoning.output_tokens": request["reasoning_tokens"],
    }
    return {
        "traceId": request["trace"],
        "spanId": request["trace"][:16],
        "parentSpanId": "00f067aa0ba902b7",
        "name": f"chat {request['model']}",
        "kind": 3,
        "startTimeUnixNano": f"{_micros(request['start'])}000",
        "endTimeUnixNano": f"{_micros(request['end'])}000",
        "attributes": _attributes(attributes),
        "status": {"code": 2 if request["status"] == "error" else 1},
    }


def _attributes(values: Mapping[str, str | int | float]) -> list[Record]:
    return [{"key": key, "value": _any_value(value)} for key, value in values.items()]


def _any_value(value: str | float) -> Record:
    """A value as OTLP writes it: whole numbers as texts."""
    if isinstance(value, str):
        return {"stringValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def _iso(moment: dt.datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)  # noqa: DTZ001 - both are naive


SHAPES: Final[Mapping[str, Callable[[Iterable[Request]], Iterator[Record]]]] = {
    "generic": _plain,
    "litellm": _spend_logs,
    "langfuse": _observations,
    "otlp-traces": _traces,
}
