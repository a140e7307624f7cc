"""OpenAI: what the usage API and the console export, sums over many requests; and the answers of a batch."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, Refusal, has
from costopt.intake.formats.reads import count, known, label, mode, status, text, time
from costopt.intake.formats.responses import response_columns

_EMBEDDED: Final = ("organization.usage.embeddings.result", "organization.usage.moderations.result")
"""Results without an output to count."""

_SUMS: Final = (
    "latency, status and ids of single requests; the context tier is that of the mean prompt of each line"
)

_PAGE: Final = (("data", "results"), ("results",), ())
"""A page of buckets, a bucket, or the results themselves."""


def _usage_columns(fields: Fields) -> dict[str, pl.Expr]:
    """`input_tokens` is all input, but that of audio, images and text is each without what was cached.

    Source: `openai/types/admin/organization/usage_completions_response.py`.
    """
    no_output = label("object").cast(pl.String).is_in(_EMBEDDED).fill_null(value=False)
    if not fields.keys() & {"object", "output_tokens"}:  # the console's export of embeddings
        no_output = pl.lit(value=True)
    return {
        "timestamp": time("../start_time"),
        "provider": pl.lit("openai"),
        "model": label("model"),
        "project": label("project_name|project_id"),
        "user": label("user_email|user_id"),
        "adapter": label("api_key_name|api_key_id"),
        "mode": pl.when(mode("batch") == "batch")
        .then(pl.lit("batch"))
        .otherwise(pl.coalesce(mode("service_tier"), mode("batch")).cast(pl.String)),
        "requests": count("num_model_requests"),
        "input_tokens": count("input_tokens"),
        "cached_input_tokens": count("input_cached_tokens"),
        "cache_write_tokens": count("input_cache_write_tokens"),
        "input_audio_tokens": known(count("input_audio_tokens"), count("input_cached_audio_tokens")),
        "cached_audio_tokens": count("input_cached_audio_tokens"),
        "input_image_tokens": known(count("input_image_tokens"), count("input_cached_image_tokens")),
        "cached_image_tokens": count("input_cached_image_tokens"),
        "output_tokens": pl.coalesce(
            count("output_tokens"), pl.when(no_output).then(pl.lit(0, dtype=pl.Int64))
        ),
        "output_audio_tokens": count("output_audio_tokens"),
        "output_image_tokens": count("output_image_tokens"),
    }


_COUNTED: Final = (
    count("num_model_requests").is_not_null()
    | count("input_tokens").is_not_null()
    | label("model").is_not_null()
)
"""An empty bucket of the console's export has nothing but its times; stored bytes are no requests."""

USAGE: Final = Format(
    "openai-usage",
    _usage_columns,
    has("num_model_requests", "object"),
    roots=_PAGE,
    keep=_COUNTED,
    sums=_SUMS,
)
"""`GET /v1/organization/usage/completions`, and the same for embeddings and moderations."""

USAGE_CSV: Final = Format(
    "openai-usage-csv",
    _usage_columns,
    has("num_model_requests", "start_time_iso"),
    keep=_COUNTED,
    sums=_SUMS,
)
"""The console's export of usage, `completions_usage_….csv`."""

_ONLY_COSTS: Final = Refusal(
    "OpenAI's cost report: dollars by line item, of no requests and no tokens; it is there to hold a bill against",
    "take the usage instead: `GET /v1/organization/usage/completions` grouped by model, or the console's usage export",
)


def _is_cost(fields: Fields) -> bool:
    return has("amount.value", "amount.currency")(fields) or has("amount_value", "start_time_iso")(fields)


COSTS: Final = Format("openai-costs", lambda _fields: {}, _is_cost, roots=_PAGE, refusal=_ONLY_COSTS)
"""`GET /v1/organization/costs`, and the console's export of costs."""


def _batch_columns(fields: Fields) -> dict[str, pl.Expr]:
    """A request that failed has no time: it is placed at that of the answer before it.

    Source: `BatchRequestOutput` in OpenAI's OpenAPI document.
    """
    found = response_columns(fields, ["response/body/"], usages=["usage"])
    failed = label("error/code|message").is_not_null() | (status("response/status_code") == "error")
    columns = {
        **found,
        "request_id": text("id"),
        "provider": pl.lit("openai"),
        "mode": pl.lit("batch"),
        "status": pl.when(failed).then(pl.lit("error")).otherwise(found["status"]),
        "timestamp": _MADE,
    }
    is_timed = fields.keys() & {"response.body.created", "response.body.created_at"}
    return columns if is_timed else {name: each for name, each in columns.items() if name != "timestamp"}


_MADE: Final = time("response/body/created|created_at")

BATCH: Final = Format(
    "openai-batch",
    _batch_columns,
    has("custom_id", "response", "error"),
    carried=(_MADE,),
)
"""The output file of a batch, or its error file."""
