"""Spans as flat JSON: Arize Phoenix's export, and what OpenTelemetry's console exporters print."""

from typing import Final

import polars as pl

from costopt.intake.formats import genai
from costopt.intake.formats.format import Fields, Format
from costopt.intake.formats.reads import label, milliseconds, time


def _attribute(key: str) -> str:
    return f"attributes/{key}"


def _placed(fields: Fields) -> genai.Place:
    """Where attributes are: in an object by their whole names, or by each part of it, or in columns of their own."""

    def place(key: str) -> str:
        own = ["span_kind"] if key in genai.KIND else []
        return _first(fields, *own, f"attributes.{key}", absent=_attribute(key))

    return place


def _first(fields: Fields, *names: str, absent: str = "") -> str:
    """The place of the first field that is there, by dotted name."""
    return next(("/".join(fields[name].steps) for name in names if name in fields), absent or names[0])


def _columns(fields: Fields) -> dict[str, pl.Expr]:
    place = _placed(fields)
    status = label(_first(fields, "status_code", "status.status_code"))
    failed = (status == "ERROR") | label(place("error.type")).is_not_null()
    start, end = time("start_time"), time("end_time")
    trace, span = _first(fields, "context.trace_id"), _first(fields, "context.span_id")
    return {
        **genai.columns(place),
        "request_id": genai.identity(place, trace, span),
        "timestamp": start,
        "tenant": label(_first(fields, "resource.attributes.service.name")),
        "status": pl.when(failed).then(pl.lit("error")).otherwise(pl.lit("ok")),
        "latency_ms": milliseconds(start, end),
    }


SPANS: Final = Format(
    "phoenix",
    _columns,
    lambda fields: "context.span_id" in fields and "start_time" in fields,
    roots=((), ("data",)),
    keep=lambda fields: genai.is_call(_placed(fields)),
    repeats="fuller",
)
"""Spans with `context.span_id`, as Phoenix's REST API, its client and its data frames (in columns) give them, with the
attributes of OpenInference or of OpenTelemetry's GenAI conventions.
"""
