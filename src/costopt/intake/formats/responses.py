"""Raw responses of all providers, mixed, bare or as somebody recorded them."""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, Kind
from costopt.intake.formats.generic import generic_columns
from costopt.intake.formats.reads import Read, count, label, role_of, status, text, time, usd
from costopt.intake.formats.usages import BODY_LEAVES, LEAVES, counts_in, mode_in

_ENVELOPES: Final = ("response/body/", "response/", "body/", "")
"""Where the body may be, the innermost first; bare at last."""

_USAGES: Final = (
    "usage",
    "usage_events/*",
    "usageMetadata",
    "usage_metadata",
    "meta",
    "x_groq/usage",
    "amazon-bedrock-invocationMetrics",
)
"""Where in a body a usage object may be; `usage_events` are those of a streamed answer."""

_OWN: Final = (
    "endpoint",
    "tag",
    "tenant",
    "project",
    "user",
    "session",
    "adapter",
    "qos",
    "cost_usd",
    "latency_ms",
    "ttft_ms",
    "quality",
    "feedback",
    "confidence",
    "variant",
    "propensity",
    "prompt_chars",
    "prompt_hash",
    "prompt",
)
"""Columns that a recorder may have added under any of their usual names."""

_HOSTS: Final = {
    "api.openai.com": "openai",
    "azure.com": "azure",
    "anthropic.com": "anthropic",
    "aiplatform.googleapis.com": "google",
    "generativelanguage.googleapis.com": "google",
    "bedrock": "aws",
    "cohere.": "cohere",
    "api.groq.com": "groq",
    "mistral.ai": "mistral",
    "together.": "together",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x-ai",
    "openrouter.ai": "openrouter",
    "voyageai.com": "voyageai",
    "writer.com": "writer",
    "perplexity.ai": "perplexity",
    "fireworks.ai": "fireworks",
    "cerebras.ai": "cerebras",
    "moonshot.": "moonshotai",
}
"""By a part of the host: whose it is."""

_IN_PATH: Final = (
    r"/model/(.+)/(?:invoke|converse)",
    r"/models/([^/:]+):\w+",
    r"/deployments/([^/]+)/",
)
"""How Bedrock, Google and Azure name the model in the path of a request."""


def _places(fields: Fields) -> tuple[list[str], list[str]]:
    """The bodies and the usage objects that there are."""
    bodies = [body for body in _ENVELOPES if not body or _holds(fields, body.removesuffix("/"), "object")]
    usages = [
        f"{body}{usage}"
        for body in bodies
        for usage in _USAGES
        if _holds(fields, f"{body}{usage}".removesuffix("/*"), "list" if usage.endswith("/*") else "object")
    ]
    return bodies, usages or [_USAGES[0]]


def _holds(fields: Fields, place: str, kind: Kind) -> bool:
    name = place.replace("/", ".")
    return name in fields and kind in fields[name].kinds


def _is_response(fields: Fields) -> bool:
    bodies, usages = _places(fields)
    leaves = [f"{usage}/{leaf}" for usage in usages for leaf in LEAVES]
    leaves += [f"{body}{leaf}" for body in bodies for leaf in BODY_LEAVES]
    return any(leaf.replace("*", "[]").replace("/", ".") in fields for leaf in leaves)


def response_columns(fields: Fields, bodies: Sequence[str], usages: Sequence[str]) -> dict[str, pl.Expr]:
    """What a response itself says.

    Args:
        fields: What was seen.
        bodies: Where its body may be, each with a slash at its end; empty for the record itself.
        usages: Where its usage object may be.
    """
    counts = counts_in(usages, bodies)
    failed = pl.any_horizontal(_error(fields, f"{body}error") for body in bodies)
    failed |= pl.any_horizontal(label(f"{body}object").cast(pl.String) == "error" for body in bodies)
    told = _first(status(f"{body}status") for body in bodies)
    served = pl.when(counts["input_tokens"].is_not_null()).then(pl.lit("ok"))
    return {
        **counts,
        "request_id": pl.coalesce(text(f"{body}id|responseId|response_id|request_id") for body in bodies),
        "timestamp": pl.coalesce(time(f"{body}created|created_at|createTime|create_time") for body in bodies),
        "model": _first(label(f"{body}model|modelVersion|model_version") for body in bodies),
        "mode": mode_in(usages, bodies),
        "status": pl.when(failed.fill_null(value=False))
        .then(pl.lit("error"))
        .otherwise(_first([told, served])),
        "finish_reason": _first(
            label(f"{body}{place}")
            for body in bodies
            for place in (
                "choices/*/finish_reason",
                "stop_reason|stopReason|finish_reason",
                "candidates/*/finishReason|finish_reason",
                "incomplete_details/reason",
            )
        ),
    }


def _error(fields: Fields, place: str) -> pl.Expr:
    """Whether there is an error: an object, or a text."""
    name = place.replace("/", ".")
    if name in fields and fields[name].kinds <= {"str", "null"}:
        return label(place).is_not_null()
    return label(f"{place}/message|type|code|status").is_not_null()


def _first(labels: Iterable[pl.Expr]) -> pl.Expr:
    return pl.coalesce(each.cast(pl.String) for each in labels)


def _columns(fields: Fields) -> dict[str, pl.Expr]:
    bodies, usages = _places(fields)
    found = response_columns(fields, bodies, usages)
    codes = _first(status(f"{body}status_code|status|http_status") for body in ("", "response/"))
    return {
        **_recorded(fields),
        **found,
        "timestamp": pl.coalesce(
            time("ts|timestamp|time|datetime|date|start_time|started_at"), found["timestamp"]
        ),
        "model": _first(
            [
                found["model"],
                label("response_model"),
                label("request_model"),
                label("request/model"),
                label("request/body/model"),
                _model_in_path(),
            ]
        ),
        "provider": _first([_provider_of_host(), label("provider")]),
        "status": pl.when(codes == "error").then(codes).otherwise(found["status"]),
        **_logged_cost(fields, usages),
    }


def _recorded(fields: Fields) -> dict[str, pl.Expr]:
    """What somebody wrote beside the response."""
    own = generic_columns(fields)
    return {
        name: pl.col(Read(role_of(name), own[name].steps).name)
        for name in _OWN
        if name in own and own[name].name != "path"
    }


def _logged_cost(fields: Fields, usages: Sequence[str]) -> dict[str, pl.Expr]:
    """What OpenRouter says in the usage."""
    costs = [usage for usage in usages if f"{usage}/cost".replace("/", ".") in fields]
    plain = [usage for usage in costs if "object" not in fields[f"{usage}/cost".replace("/", ".")].kinds]
    return {"cost_usd": pl.coalesce(usd(f"{usage}/cost") for usage in plain)} if plain else {}


def _provider_of_host() -> pl.Expr:
    host = label("host|url|base_url|api_base").cast(pl.String)
    return pl.coalesce(
        pl.when(host.str.contains(part, literal=True)).then(pl.lit(provider))
        for part, provider in _HOSTS.items()
    )


def _model_in_path() -> pl.Expr:
    path = label("path|url").cast(pl.String)
    found = pl.coalesce(path.str.extract(pattern) for pattern in _IN_PATH)
    return found.str.replace_all("(?i)%3a", ":").str.replace_all("(?i)%2f", "/")


_PIECE: Final = (label("object").cast(pl.String) == "chat.completion.chunk") & pl.all_horizontal(
    count(f"{usage}/total_tokens").is_null() for usage in ("usage", "x_groq/usage")
)
"""A piece of a streamed answer, without its usage."""

_VECTOR_QUERY: Final = count("usage/readUnits").is_not_null()
"""Pinecone counts what it read; no model had to do with it."""

RESPONSES: Final = Format(
    "responses",
    _columns,
    _is_response,
    keep=~(_PIECE | _VECTOR_QUERY).fill_null(value=False),
)
"""A response body in each line, of any provider, or in `response`, `body` or `response.body` of a recorder's line."""
