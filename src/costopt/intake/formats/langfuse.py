"""Langfuse: observations as the API lists them, the trace that its page exports, and the blob storage export."""

import re
from collections.abc import Callable
from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, has
from costopt.intake.formats.parts import total
from costopt.intake.formats.reads import (
    count,
    known,
    label,
    measure,
    milliseconds,
    mode,
    shared,
    text,
    time,
    usd,
)
from costopt.intake.formats.usage_details import HAS_USAGE, USAGE, shared_usage

Spelling = Callable[[str], str]
"""How the API's name of a field is spelt in an export."""

_GENERATIONS: Final = ("GENERATION", "EMBEDDING")
_TOKENS: Final = ("TOKENS", "tokens")
_TRACE: Final = ("", "../trace/", "../")
"""Where what a trace says may stand: in the observation, beside the list of observations, or around it."""


def _as_is(name: str) -> str:
    return name


def _snake(name: str) -> str:
    names = {"model": "provided_model_name"}
    return names.get(name, re.sub("([A-Z])", r"_\1", name).lower())


def _of_trace(spelt: Spelling, own: str, trace: str | None = None) -> pl.Expr:
    """What the observation says itself, else its trace."""
    names = (own, trace or own, trace or own)
    return pl.coalesce(
        label(f"{place}{spelt(name)}") for place, name in zip(_TRACE, names, strict=True) if name
    )


# Tokens


_OLD: Final = (
    ("usage/input", "usage/output", "usage/total"),
    ("usage/promptTokens", "usage/completionTokens", "usage/totalTokens"),
    ("promptTokens", "completionTokens", "totalTokens"),
    ("inputUsage", "outputUsage", "totalUsage"),
)
"""How input, output and their sum were logged before there were details; where nothing was counted they are 0."""


def _old_sums() -> dict[str, pl.Expr]:
    """What `_before` is made of."""
    found: dict[str, pl.Expr] = {}
    for number, places in enumerate(_OLD):
        sent, received, both = (shared(f"{each} {number}") for each in ("in", "out", "both"))
        found |= dict(
            zip((f"in {number}", f"out {number}", f"both {number}"), map(count, places), strict=True)
        )
        told = total(sent, received) > 0
        found[f"old input {number}"] = pl.when(told).then(pl.coalesce(sent, (both - received).clip(0), 0))
        found[f"old output {number}"] = pl.when(told).then(pl.coalesce(received, (both - sent).clip(0), 0))
    return found


def _before(side: str) -> pl.Expr:
    """All input or output as it was logged before there were details; unknown where it was not counted in tokens."""
    in_tokens = label("usage/unit").is_null() | label("usage/unit").is_in(_TOKENS)
    return pl.when(in_tokens).then(pl.coalesce(shared(f"old {side} {number}") for number in range(len(_OLD))))


def _tokens() -> dict[str, pl.Expr]:
    return {
        **USAGE,
        "input_tokens": pl.when(HAS_USAGE).then(USAGE["input_tokens"]).otherwise(_before("input")),
        "output_tokens": pl.when(HAS_USAGE).then(USAGE["output_tokens"]).otherwise(_before("output")),
    }


_SINCE: Final = label("type").is_in(_GENERATIONS) & (HAS_USAGE | (label("level") == "ERROR"))
_EVER: Final = _SINCE | (
    label("type").is_in(_GENERATIONS) & (total(*(count(place) for places in _OLD for place in places)) > 0)
)
"""Generations and embeddings that carry usage, or failed; other observations may repeat those inside them."""


# Everything else


def _cost(fields: Fields, spelt: Spelling) -> pl.Expr:
    """The logged cost; a `totalCost` of 0 says no more than that Langfuse has no price."""
    details = spelt("costDetails")
    inside = {
        place.steps[1] for place in fields.values() if place.steps[:1] == (details,) and place.steps[1:]
    }
    parts = [usd(f"{details}/{name}") for name in sorted({"input", "output", *inside} - {"total"})]
    totals = [usd(name) for name in (spelt("totalCost"), "calculatedTotalCost", "usage/totalCost")]
    return pl.coalesce(
        usd(f"{details}/total"), known(*parts), *(pl.when(each != 0).then(each) for each in totals)
    )


def _columns(fields: Fields, spelt: Spelling, *, old: bool) -> dict[str, pl.Expr]:
    start, end, first = (time(spelt(name)) for name in ("startTime", "endTime", "completionStartTime"))
    metadata = "metadata/attributes"
    parameters = spelt("modelParameters")
    seconds = {name: measure(name) * 1000 for name in ("latency", "timeToFirstToken")} if old else {}
    return {
        "request_id": text("id"),
        "timestamp": start,
        "provider": pl.coalesce(
            label("metadata/ls_provider"),
            label(f"{metadata}/gen_ai.provider.name"),
            label(f"{metadata}/gen_ai.system"),
        ),
        "model": label(spelt("model")),
        "endpoint": _of_trace(spelt, "traceName", "name"),
        "request_type": pl.when(label("type") == "EMBEDDING")
        .then(pl.lit("embedding"))
        .otherwise(pl.lit("generation")),
        "tag": pl.coalesce(_of_trace(spelt, "tags"), label(spelt("promptName"))),
        "tenant": _of_trace(spelt, "environment"),
        "project": _of_trace(spelt, "projectId"),
        "user": _of_trace(spelt, "userId"),
        "session": _of_trace(spelt, "sessionId"),
        "status": pl.when(label("level") == "ERROR").then(pl.lit("error")).otherwise(pl.lit("ok")),
        "mode": _mode(parameters, spelt("usagePricingTierName")),
        **(_tokens() if old else USAGE),
        "cost_usd": _cost(fields, spelt),
        "latency_ms": pl.coalesce(milliseconds(start, end), *seconds.values()),
        "ttft_ms": milliseconds(start, first),
    }


def _mode(parameters: str, tier: str) -> pl.Expr:
    """The tier that was asked for, else the one that Langfuse has priced; parameters may be the text `null`."""
    asked = pl.coalesce(mode(f"{parameters}/service_tier"), mode(f"{parameters}/speed")).cast(pl.String)
    flex = pl.when(label(tier).cast(pl.String).str.starts_with("Flex")).then(pl.lit("flex"))
    return pl.coalesce(pl.when(~asked.is_in(["null", "none"])).then(asked), flex)


API: Final = Format(
    "langfuse",
    lambda fields: _columns(fields, _as_is, old=True),
    lambda fields: (
        {"type", "startTime"} <= fields.keys() and not {"usageDetails", "traceId"}.isdisjoint(fields)
    ),
    roots=((), ("data",), ("observations",)),
    keep=_EVER,
    shared=lambda fields: {**shared_usage(fields, "usageDetails"), **_old_sums()},
)
"""Observations as `GET /api/public/observations` lists them (`langfuse/api/commons/types/observation_v2.py`), a trace
with its observations, and the export of a trace's page, where user, session, tags and environment are the trace's.

Tokens are those of `usageDetails` (see `shared_usage`), else of the older `usage`, `promptTokens` and the like. Generations
and embeddings count as requests; agents, spans and chains may carry the sum of what is inside them.
"""

BLOB: Final = Format(
    "langfuse-blob",
    lambda fields: _columns(fields, _snake, old=False),
    has("provided_model_name", "usage_details"),
    keep=_SINCE,
    shared=lambda fields: shared_usage(fields, "usage_details"),
)
"""The blob storage export `observations_v2/` (field list of Langfuse's documentation), as JSON lines, CSV or Parquet.

Its `latency` and `time_to_first_token` are seconds or milliseconds by the age of the integration, so that both are taken
from the times.
"""
