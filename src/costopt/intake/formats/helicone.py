"""Helicone: requests as its API and its exporter write them, with 40 keys as JSON and 12 columns as CSV."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format
from costopt.intake.formats.parts import at_most, enclosing, total
from costopt.intake.formats.reads import count, label, measure, status, text, time, usd

_NO_CACHE: Final = "00000000-0000-0000-0000-000000000000"
_PENDING: Final = ("0", "-2")
_ENDED: Final = ("-1", "-3", "-4")
"""Helicone's own answers: -1 for a timeout, -3 for a cancelled request, -4 for a threat it has blocked."""

_SCALE: Final = 10**9
_DEAREST: Final = 1
"""USD a token that nothing costs. Costs in units of 1e-9 USD, as Helicone keeps them, are all above it."""

_SESSION: Final = "Helicone-Session-Id"
_OWN: Final = "Helicone-"
_PROPERTIES: Final = ("request_properties", "properties")

_FROM_CACHE: Final = (label("cache_reference_id") != _NO_CACHE).fill_null(value=False)
_STATUS: Final = label("response_status").cast(pl.String).str.strip_suffix(".0")
_CLAUDE: Final = label("provider").cast(pl.String).str.to_uppercase() == "ANTHROPIC"
_PARTS: Final = (count("prompt_cache_read_tokens"), count("prompt_cache_write_tokens"))


def _billed(tokens: pl.Expr) -> pl.Expr:
    """None where Helicone answered out of its own cache."""
    return pl.when(_FROM_CACHE).then(0).otherwise(tokens)


def _tokens() -> dict[str, pl.Expr]:
    prompt, completion, reasoning = (
        count(name) for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens")
    )
    beside = _CLAUDE.fill_null(value=False) | reasoning.is_not_null()
    sent = pl.when(beside).then(prompt + total(*_PARTS)).otherwise(enclosing(prompt, *_PARTS))
    columns = {
        "input_tokens": sent,
        "cached_input_tokens": _PARTS[0],
        "cache_write_tokens": _PARTS[1],
        "input_audio_tokens": at_most(count("prompt_audio_tokens"), sent - total(*_PARTS)),
        "output_tokens": completion + reasoning.fill_null(0),
        "reasoning_tokens": reasoning,
        "output_audio_tokens": count("completion_audio_tokens"),
    }
    return {name: _billed(tokens) for name, tokens in columns.items()}


def _cost() -> pl.Expr:
    """`costUSD`, else `cost`, which may be in units of 1e-9 USD."""
    cost = usd("cost")
    dearest = total(count("prompt_tokens"), count("completion_tokens"), *_PARTS) * _DEAREST
    scaled = (dearest > 0) & (cost > dearest)
    return pl.coalesce(usd("costUSD"), pl.when(scaled).then(cost / _SCALE).otherwise(cost))


def _properties(fields: Fields) -> list[pl.Expr]:
    """The application's own properties as `name:value,name:value`, out of either place."""
    return [
        _of_object(names, place) if _is_object(fields, place) else _of_text(place)
        for place in _PROPERTIES
        for names in [_names(fields, place)]
    ]


def _names(fields: Fields, place: str) -> list[str]:
    inside = (each.steps for each in fields.values() if each.steps[0] == place)
    return [steps[1] for steps in inside if len(steps) == len((place, "name"))]


def _is_object(fields: Fields, place: str) -> bool:
    return place in fields and fields[place].is_object


def _of_object(names: list[str], place: str) -> pl.Expr:
    """Helicone's own properties, which tell the session, are left out."""
    pairs = [
        pl.format("{}:{}", pl.lit(name), label(f"{place}/{name}").cast(pl.String))
        for name in names
        if not name.startswith(_OWN)
    ]
    joined = pl.concat_str(pl.lit(None, dtype=pl.String), *pairs, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _of_text(place: str) -> pl.Expr:
    """The same of an object that stands in a text, be its quotes escaped once or, as the exporter does, twice."""
    pairs = label(place).cast(pl.String).str.replace_all(r'[{}"]', "").str.replace_all(r"([:,])\s+", "$1")
    joined = pairs.str.replace_all(rf"{_OWN}[^,]*(,|$)", "").str.strip_chars_end(",")
    return pl.when(joined != "").then(joined)


def _session(fields: Fields) -> pl.Expr:
    in_text = rf'{_SESSION}"+:\s*"+([^"]+)'
    return pl.coalesce(
        label(f"{place}/{_SESSION}").cast(pl.String)
        if _is_object(fields, place)
        else label(place).cast(pl.String).str.extract(in_text)
        for place in _PROPERTIES
    )


def _columns(fields: Fields) -> dict[str, pl.Expr]:
    first = measure("time_to_first_token")
    return {
        "request_id": pl.coalesce(text("request_id"), text("response_id")),
        "timestamp": time("request_created_at"),
        "provider": label("provider"),
        "model": pl.coalesce(label("response_model"), label("model"), label("request_model")),
        "endpoint": label("request_path"),
        "tag": pl.coalesce(_properties(fields)),
        "user": pl.coalesce(label("request_user_id"), label("helicone_user")),
        "session": _session(fields),
        "status": pl.when(_STATUS.is_in(_ENDED))
        .then(pl.lit("error"))
        .when(~_STATUS.is_in(_PENDING))
        .then(status("response_status").cast(pl.String)),
        **_tokens(),
        "cost_usd": _cost(),
        "latency_ms": pl.coalesce(measure("delay_ms"), measure("latency")),
        "ttft_ms": pl.when(first > 0).then(first),
    }


HELICONE: Final = Format(
    "helicone",
    _columns,
    lambda fields: "request_created_at" in fields and not {"response_status", "delay_ms"}.isdisjoint(fields),
    roots=((), ("data",)),
    keep=~(_STATUS.is_null() | _STATUS.is_in(_PENDING))
    | (total(count("prompt_tokens"), count("completion_tokens")) > 0),
)
"""`HeliconeRequest` (`packages/llm-mapper/types.ts`), as the API lists it and `@helicone/export` writes it.

A request that is still pending (status 0, -2, or none) is left out as long as no tokens are counted; its outcome is in a
later export. A timeout (-1), a cancelled request (-3) and a blocked one (-4) are errors, with the tokens that were
counted. Where Helicone answered out of its own cache (`cache_reference_id`) there are no tokens, as Helicone itself counts
none.

`prompt_tokens` is all input, but for Anthropic, and where the log is of the newer kind that has `reasoning_tokens`: there
cached, written and reasoning tokens stand beside it, as they do wherever they do not fit into it.
"""
