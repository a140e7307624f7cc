"""Amazon Bedrock: the model invocation log, as it is delivered to S3 or CloudWatch."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, has
from costopt.intake.formats.reads import count, known, label, measure, mode, text, time

_BODY: Final = "output/outputBodyJson"
_METRICS: Final = "amazon-bedrock-invocationMetrics"


def _usages(fields: Fields) -> Iterator[str]:
    """Where bodies tell usage: of Converse and of InvokeModel in the body, of their streams in one of its chunks."""
    kinds = fields["output.outputBodyJson"].kinds if "output.outputBodyJson" in fields else frozenset()
    if kinds - {"null", "list"}:
        yield f"{_BODY}/usage"
    if "list" in kinds:
        yield from (f"{_BODY}/*/metadata/usage", f"{_BODY}/*/message/usage", f"{_BODY}/*/usage")


def _told(places: list[str], *names: str) -> pl.Expr:
    """The largest of a count in the bodies: a chunk tells what there was so far."""
    counts = [count(f"{place}/{name}") for place in places for name in names]
    return pl.max_horizontal(counts) if counts else pl.lit(None, dtype=pl.Int64)


def _in_stream(places: list[str], *names: str) -> pl.Expr:
    """The first number in the metrics of a stream's last chunk."""
    if not any("*" in place for place in places):
        return pl.lit(None, dtype=pl.Float64)
    return pl.coalesce(measure(f"{_BODY}/*/{name}") for name in names)


def _kept_an_hour(places: list[str]) -> pl.Expr:
    details = [count(f"{place}/cacheDetails[ttl=1h]/inputTokens") for place in places]
    spans = [count(f"{place}/cache_creation/ephemeral_1h_input_tokens") for place in places]
    return pl.max_horizontal(*details, *spans) if places else pl.lit(None, dtype=pl.Int64)


def _tags(fields: Fields) -> pl.Expr:
    """The request's metadata as `key:value`, in the order of the keys."""
    keys = sorted(place.steps[1] for place in fields.values() if place.steps[:-1] == ("requestMetadata",))
    if not keys:
        return pl.lit(None, dtype=pl.String)
    values = {key: label(f"requestMetadata/{key}").cast(pl.String) for key in keys}
    told = [pl.when(value != "").then(pl.format(f"{key}:{{}}", value)) for key, value in values.items()]
    return pl.concat_str(told, separator=",", ignore_nulls=True)


def _columns(fields: Fields) -> dict[str, pl.Expr]:
    bodies = list(_usages(fields))
    embedded = count(f"{_BODY}/inputTextTokenCount")
    left = pl.coalesce(count("input/inputTokenCount"), _told(bodies, "inputTokens", "input_tokens"), embedded)
    cached = pl.coalesce(
        count("input/cacheReadInputTokenCount"),
        _told(bodies, "cacheReadInputTokens", "cacheReadInputTokenCount", "cache_read_input_tokens"),
    )
    written = pl.coalesce(
        count("input/cacheWriteInputTokenCount"),
        _told(bodies, "cacheWriteInputTokens", "cacheWriteInputTokenCount", "cache_creation_input_tokens"),
    )
    model = label("modelId")
    only_input = model.cast(pl.String).str.contains(r"embed|rerank") | embedded.is_not_null()
    output = pl.coalesce(count("output/outputTokenCount"), _told(bodies, "outputTokens", "output_tokens"))
    failed = label("errorCode").is_not_null()
    return {
        "request_id": text("requestId"),
        "timestamp": time("timestamp"),
        "provider": pl.lit("aws.bedrock"),
        "model": model,
        "request_type": label("operation"),
        "tag": _tags(fields),
        "tenant": label("accountId"),
        "user": label("identity/arn"),
        "status": pl.when(failed).then(pl.lit("error")).otherwise(pl.lit("ok")),
        "finish_reason": pl.coalesce(label(f"{_BODY}/{name}") for name in ("stopReason", "stop_reason")),
        "mode": pl.coalesce(mode(f"{_BODY}/serviceTier/type"), mode("input/inputBodyJson/serviceTier/type")),
        "input_tokens": known(left, cached, written),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": _kept_an_hour(bodies),
        "output_tokens": pl.when(only_input & ~failed).then(output.fill_null(0)).otherwise(output),
        "latency_ms": pl.coalesce(
            measure(f"{_BODY}/metrics/latencyMs"),
            _in_stream(bodies, "metadata/metrics/latencyMs", f"{_METRICS}/invocationLatency"),
        ),
        "ttft_ms": _in_stream(bodies, f"{_METRICS}/firstByteLatency"),
    }


INVOCATIONS: Final = Format(
    "bedrock",
    _columns,
    has("schemaType", "modelId", "requestId"),
    keep=label("schemaType") == "ModelInvocationLog",
)
"""Records of `schemaType` `ModelInvocationLog`. Counts of input are without what was read from and written to the cache,
beside the body as in it. Identifiers of models stay as logged: with a region before them, or as the ARN of a profile.
"""
