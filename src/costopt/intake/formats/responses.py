"""Raw responses of all providers, mixed, bare or as somebody recorded them."""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, Kind
from costopt.intake.formats.generic import generic_columns
from costopt.intake.formats.reads import Read, count, label, role_of, status, text, time, usd
from costopt.intake.formats.usages import BODY_LEAVES, LEAVES, RECORDED, USAGES, counts_in, mode_in

_ENVELOPES: Final = ("response/body/", "response/", "body/", "")
"""Where the body may be, the innermost first; bare at last."""

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
    "attempt",
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


def _bodies(fields: Fields) -> list[str]:
    """Where bodies are."""
    return [body for body in _ENVELOPES if not body or _holds(fields, body.removesuffix("/"), "object")]


def _counting(fields: Fields) -> tuple[list[str], list[str]]:
    """The bodies in which counts were seen, and where in them usage objects may be.

    Of the recorders' own ways, those that were seen; a provider's may be in any line.
    """
    seen = [body for body in _bodies(fields) if any(_named(f"{body}{place}") in fields for place in _COUNTS)]
    ways = [
        way for way in RECORDED if any(_named(f"{body}{way}").removesuffix(".[]") in fields for body in seen)
    ]
    return seen, [*USAGES, *ways]


_COUNTS: Final = (
    *BODY_LEAVES,
    *(f"{usage}/{leaf}" for usage in (*USAGES, *RECORDED) for leaf in LEAVES),
)
"""Where there are counts, this is a response."""


def _named(place: str) -> str:
    return place.replace("*", "[]").replace("/", ".")


def _holds(fields: Fields, place: str, kind: Kind) -> bool:
    name = _named(place)
    return name in fields and kind in fields[name].kinds


def _is_response(fields: Fields) -> bool:
    return bool(_counting(fields)[0])


def response_columns(
    fields: Fields, bodies: Sequence[str], counting: Sequence[str] = (), usages: Sequence[str] = USAGES
) -> dict[str, pl.Expr]:
    """What a response itself says.

    Args:
        fields: What was seen.
        bodies: Where its body may be, each with a slash at its end; empty for the record itself.
        counting: Those in which there may be counts; all of them if empty.
        usages: Where in a body a usage object may be.
    """
    counts = counts_in(counting or bodies, usages, _is_list(bodies))
    failed = pl.any_horizontal(_error(fields, f"{body}error") for body in bodies)
    failed |= pl.any_horizontal(label(f"{body}object").cast(pl.String) == "error" for body in bodies)
    told = _first(status(f"{body}status") for body in bodies)
    served = pl.when(counts["input_tokens"].is_not_null()).then(pl.lit("ok"))
    return {
        **counts,
        "request_id": pl.coalesce(text(f"{body}id|responseId|response_id|request_id") for body in bodies),
        "timestamp": pl.coalesce(time(f"{body}created|created_at|createTime|create_time") for body in bodies),
        "model": _first(label(f"{body}model|modelVersion|model_version") for body in bodies),
        "mode": mode_in(bodies, usages),
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


def _is_list(bodies: Sequence[str]) -> pl.Expr:
    """Whether it is of embeddings, or of what was reranked; what was asked, or of whom, may tell it."""
    objects = [label(f"{body}object").cast(pl.String) == "list" for body in bodies]
    names = [label(f"{body}model") for body in bodies]
    names += [label(name) for name in ("response_model", "request_model", "path|url")]
    told = [each.cast(pl.String).str.contains("(?i)embed|rerank") for each in names]
    return pl.any_horizontal(*objects, *told).fill_null(value=False)


def _error(fields: Fields, place: str) -> pl.Expr:
    """Whether there is an error: an object, or a text."""
    if _holds(fields, place, "str") and not _holds(fields, place, "object"):
        return label(place).is_not_null()
    return label(f"{place}/message|type|code|status").is_not_null()


def _first(labels: Iterable[pl.Expr]) -> pl.Expr:
    return pl.coalesce(each.cast(pl.String) for each in labels)


def _columns(fields: Fields) -> dict[str, pl.Expr]:
    counting, usages = _counting(fields)
    found = response_columns(fields, _bodies(fields), counting, usages)
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
        **_logged_cost(fields, counting),
    }


def _recorded(fields: Fields) -> dict[str, pl.Expr]:
    """What somebody wrote beside the response."""
    own = generic_columns(fields)
    return {
        name: pl.col(Read(role_of(name), own[name].steps).name)
        for name in _OWN
        if name in own and own[name].name != "path"
    }


def _logged_cost(fields: Fields, bodies: Sequence[str]) -> dict[str, pl.Expr]:
    """What OpenRouter says in the usage."""
    costs = [f"{body}usage/cost" for body in bodies if _named(f"{body}usage/cost") in fields]
    plain = [cost for cost in costs if not _holds(fields, cost, "object")]
    return {"cost_usd": pl.coalesce(map(usd, plain))} if plain else {}


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
