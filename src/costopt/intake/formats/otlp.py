"""OpenTelemetry in the JSON of OTLP, as the Collector's file exporter writes it: traces and logs."""

from typing import Final

import polars as pl

from costopt.intake.formats import genai
from costopt.intake.formats.format import Fields, Format
from costopt.intake.formats.reads import count, known, label, measure, milliseconds, text, time, usd

_VALUE: Final = "value/stringValue|intValue|doubleValue|boolValue"
_FAILED: Final = ("2", "STATUS_CODE_ERROR", "ERROR", "Error")


def _attribute(key: str) -> str:
    return f"attributes[key={key}]/{_VALUE}"


def _of_resource(*keys: str) -> pl.Expr:
    return pl.coalesce(label(f"../../resource/{_attribute(key)}") for key in keys)


# Traces


def _columns(_fields: Fields) -> dict[str, pl.Expr]:
    failed = label("status/code").is_in(_FAILED) | label(_attribute("error.type")).is_not_null()
    reasons = "attributes[key=gen_ai.response.finish_reasons]/value/arrayValue/values/*/stringValue"
    return {
        **genai.columns(_attribute),
        "request_id": genai.identity(_attribute, "traceId", "spanId"),
        "timestamp": time("startTimeUnixNano"),
        "tenant": _of_resource("service.name"),
        "project": _of_resource("service.namespace", "openinference.project.name"),
        "tag": _of_resource("deployment.environment.name", "deployment.environment"),
        "adapter": label("../scope/name"),
        "status": pl.when(failed).then(pl.lit("error")).otherwise(pl.lit("ok")),
        "finish_reason": label(reasons),
        "latency_ms": milliseconds(time("startTimeUnixNano"), time("endTimeUnixNano")),
    }


TRACES: Final = Format(
    "otlp-traces",
    _columns,
    lambda fields: "spanId" in fields and "startTimeUnixNano" in fields,
    roots=(
        ("resourceSpans", "scopeSpans", "spans"),
        ("resourceSpans", "instrumentationLibrarySpans", "spans"),
        ("scopeSpans", "spans"),
        (),
    ),
    keep=genai.is_call(_attribute),
    repeats="fuller",
)
"""Spans with the attributes of OpenTelemetry's GenAI semantic conventions, now and before, of OpenInference, of
OpenLLMetry, or of Vercel's AI SDK; documents, resources of documents, or spans.
"""


# Logs


_EVENTS: Final = ("api_request", "api_error")
_EVENT: Final = pl.coalesce(
    label(place).cast(pl.String).str.strip_prefix("claude_code.")
    for place in (_attribute("event.name"), "eventName", f"body/{_VALUE.removeprefix('value/')}")
)


def _when() -> pl.Expr:
    """As a text, for both kinds of it are: whole nanoseconds, of which 0 is none, and the event's own."""
    happened, seen = text("timeUnixNano"), text("observedTimeUnixNano")
    own = text(_attribute("event.timestamp"))
    return pl.coalesce(pl.when(happened != "0").then(happened), own, seen)


def _of_events(_fields: Fields) -> dict[str, pl.Expr]:
    cached = count(_attribute("cache_read_tokens"))
    written = count(_attribute("cache_creation_tokens"))
    model = label(_attribute("model"))
    numbered = pl.concat_str(
        label(_attribute("session.id")).cast(pl.String), text(_attribute("event.sequence")), separator=":"
    )
    is_fast = label(_attribute("speed")) == "fast"
    return {
        "request_id": pl.coalesce(text(_attribute("request_id")), numbered),
        "timestamp": _when(),
        "provider": pl.when(model.cast(pl.String).str.contains("claude")).then(pl.lit("anthropic")),
        "model": model,
        "request_type": label(_attribute("query_source")),
        "tag": _of_resource("team.id", "cost_center", "department"),
        "tenant": label(_attribute("organization.id")),
        "user": pl.coalesce(label(_attribute(key)) for key in ("user.email", "user.account_uuid", "user.id")),
        "session": label(_attribute("session.id")),
        "adapter": _of_resource("service.name"),
        "status": pl.when(_EVENT == "api_error").then(pl.lit("error")).otherwise(pl.lit("ok")),
        "mode": pl.when(is_fast).then(pl.lit("fast")),
        "input_tokens": known(count(_attribute("input_tokens")), cached, written),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": count(_attribute("output_tokens")),
        "cost_usd": usd(_attribute("cost_usd")),
        "latency_ms": measure(_attribute("duration_ms")),
    }


LOGS: Final = Format(
    "otlp-logs",
    _of_events,
    lambda fields: (
        ("timeUnixNano" in fields or "observedTimeUnixNano" in fields)
        and ("body" in fields or "eventName" in fields)
    ),
    roots=(("resourceLogs", "scopeLogs", "logRecords"), ("scopeLogs", "logRecords"), ()),
    keep=_EVENT.is_in(_EVENTS),
)
"""Events of Claude Code's telemetry (`claude_code.api_request` and `claude_code.api_error` of its monitoring guide):
`input_tokens` is input without what was read from or written to the cache, as in Anthropic's API. An event of another
program, and of another kind, is no request.
"""
