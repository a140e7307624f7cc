"""Anthropic: what the usage API and the console export, sums over many requests; and the results of a batch."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, Refusal, has
from costopt.intake.formats.reads import count, known, label, mode, text, time
from costopt.intake.formats.usages import counts_in

_SUMS: Final = (
    "how many requests there were, and latency, status and ids of each; where the log does not tell the context window, "
    "prompts are taken to be in the smallest one"
)

_PAGE: Final = (("data", "results"), ("results",), ())
"""A page of buckets, a bucket, or the results themselves."""

_LEAST: Final = (r"(?i)^(\d+[km]?)\s*[-–+]", r"(?i)[>≥]=?\s*(\d+[km]?)")
"""The lower end of a context window: `200k-1M`, `> 200k`; `0-200k` begins at 0, `≤ 200k` has none."""


def _context_tokens(window: pl.Expr, requests: pl.Expr) -> pl.Expr:
    """The smallest prompt in a context window, beyond its lower end, which is in the window below."""
    found = pl.coalesce(window.cast(pl.String).str.extract(pattern) for pattern in _LEAST).str.to_lowercase()
    least = found.str.replace("k", "000").str.replace("m", "000000").cast(pl.Int64)
    unknown = window.is_null() & requests.is_not_null()
    return pl.when(least > 0).then(least + 1).when(~unknown).then(pl.lit(0, dtype=pl.Int64))


def _mode(tier: pl.Expr) -> pl.Expr:
    """What was served fast, at a higher price, is a mode of its own."""
    fast = label("speed").cast(pl.String) == "fast"
    return pl.when(fast).then(pl.lit("fast")).otherwise(tier.cast(pl.String))


def _usage_columns(_fields: Fields) -> dict[str, pl.Expr]:
    """`uncached_input_tokens` is what was neither read from the cache nor written to it.

    Source: `GET /v1/organizations/usage_report/messages`.
    """
    read, long = (
        count(name) for name in ("cache_read_input_tokens", "cache_creation/ephemeral_1h_input_tokens")
    )
    written = known(count("cache_creation/ephemeral_5m_input_tokens"), long)
    return {
        "timestamp": time("../starting_at"),
        "provider": pl.lit("anthropic"),
        "model": label("model"),
        "project": label("workspace_id"),
        "user": label("account_id|service_account_id"),
        "adapter": label("api_key_id"),
        "mode": _mode(mode("service_tier")),
        "requests": count("requests"),
        "input_tokens": known(count("uncached_input_tokens"), read, written),
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": long,
        "output_tokens": count("output_tokens"),
        "web_searches": count("server_tool_use/web_search_requests"),
        "context_tokens": _context_tokens(label("context_window"), count("requests")),
    }


USAGE: Final = Format(
    "anthropic-usage", _usage_columns, has("uncached_input_tokens"), roots=_PAGE, sums=_SUMS
)
"""The usage report of the Admin API."""


def _csv_columns(_fields: Fields) -> dict[str, pl.Expr]:
    """Older exports have one column for all cache writes."""
    place = "usage_input_tokens_{}"
    read, short, long = (
        count(place.format(name)) for name in ("cache_read", "cache_write_5m", "cache_write_1h")
    )
    written = pl.coalesce(known(short, long), count(place.format("cache_write")))
    return {
        "timestamp": _hour(label("usage_date_utc")),
        "provider": pl.lit("anthropic"),
        "model": label("model_version"),
        "project": label("workspace"),
        "adapter": label("api_key"),
        "mode": _mode(mode("usage_type")),
        "input_tokens": known(count(place.format("no_cache")), read, written),
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": long,
        "output_tokens": count("usage_output_tokens"),
        "web_searches": count("web_search_count"),
        "context_tokens": _context_tokens(label("context_window"), pl.lit(None)),
    }


def _hour(stamp: pl.Expr) -> pl.Expr:
    """A day, or a day and an hour with nothing after it."""
    return stamp.cast(pl.String).str.replace(r"^(\d{4}-\d\d-\d\d)[ T](\d\d)$", "${1}T$2:00")


USAGE_CSV: Final = Format(
    "anthropic-usage-csv", _csv_columns, has("usage_date_utc", "usage_input_tokens_no_cache"), sums=_SUMS
)
"""The console's export of tokens."""

_ONLY_COSTS: Final = Refusal(
    "Anthropic's cost report: dollars by line item, of no requests and no tokens; it is there to hold a bill against",
    "take the usage instead: `GET /v1/organizations/usage_report/messages` grouped by model, "
    "or the console's export of tokens",
)


def _is_cost(fields: Fields) -> bool:
    return has("amount", "cost_type")(fields) or has("usage_date_utc", "cost_usd")(fields)


COSTS: Final = Format("anthropic-costs", lambda _fields: {}, _is_cost, roots=_PAGE, refusal=_ONLY_COSTS)
"""The cost report of the Admin API, and the console's export of costs."""


def _batch_columns(_fields: Fields) -> dict[str, pl.Expr]:
    """No record has a time: it has to be given.

    Source: `anthropic/types/messages/message_batch_individual_response.py`.
    """
    message = "result/message"
    is_answer = label("result/type").cast(pl.String) == "succeeded"
    return {
        **counts_in([f"{message}/"], ["usage"]),
        "request_id": pl.coalesce(text(f"{message}/id"), text("custom_id")),
        "provider": pl.lit("anthropic"),
        "model": label(f"{message}/model"),
        "mode": pl.lit("batch"),
        "status": pl.when(is_answer).then(pl.lit("ok")).otherwise(pl.lit("error")),
        "finish_reason": label(f"{message}/stop_reason"),
    }


BATCH: Final = Format("anthropic-batch", _batch_columns, has("custom_id", "result.type"))
"""The results of a message batch; errored, canceled and expired requests are failed ones."""
