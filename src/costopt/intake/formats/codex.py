"""Codex CLI: the rollout files below `~/.codex/sessions` and `archived_sessions`, one a session."""

import datetime as dt
from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, has
from costopt.intake.formats.reads import before, count, held, hold, known, label, mode, text, time

_KIND: Final = label("type")
_EVENT: Final = label("payload/type")
_CLOCK: Final = time("timestamp")
_COUNTS: Final = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")
_PAUSE: Final = dt.timedelta(seconds=1)
_BORN: Final = len("01a00602-7c3e")
"""Characters of a UUIDv7 that tell the millisecond it was made in."""


def _total(name: str) -> pl.Expr:
    return count(f"payload/info/total_token_usage/{name}")


def _last(name: str) -> pl.Expr:
    return count(f"payload/info/last_token_usage/{name}")


def _session_begins() -> pl.Expr:
    """A fork's own `session_meta`, which comes before the copies of its ancestors'."""
    return (_KIND == "session_meta") & before(held("kind")).ne_missing(pl.lit("session_meta"))


def _born(identity: pl.Expr) -> pl.Expr:
    """When a UUIDv7 was made, as a text that can be compared."""
    return pl.when(identity.str.contains(r"^[0-9a-f]{8}-[0-9a-f]{4}-7")).then(identity.str.head(_BORN))


def _whose() -> pl.Expr:
    """Whether what follows is a copy of the parent's history, or the session's own.

    A fork, and a subagent that is given its parent's history, begins with all of its lines, written in one go with the
    time of the fork, or with their old times. It ends with the first turn whose id was made after the session's, or,
    where ids do not tell, with the first pause of a second since the session began.
    """
    spawned = "payload/source/subagent/thread_spawn/parent_thread_id"
    parent = pl.coalesce(text("payload/forked_from_id"), text("payload/parent_thread_id"), text(spawned))
    turn, session = _born(text("payload/turn_id")), _born(held("session"))
    pause = held("clock") - pl.max_horizontal(before(held("clock")), held("begun"))
    is_meta = _KIND == "session_meta"
    return (
        pl.when((is_meta & parent.is_not_null()) | (turn < session))
        .then(pl.lit("copied"))
        .when(~is_meta & ((turn >= session) | (pause >= _PAUSE)).fill_null(value=False))
        .then(pl.lit("own"))
    )


def _carried() -> tuple[pl.Expr, ...]:
    begins = _session_begins()
    is_other = begins & held("session").ne_missing(before(held("session")))
    unknown = pl.when(is_other).then(pl.lit(""))
    tells_context = _KIND.is_in(["session_meta", "turn_context"])
    model = pl.when(tells_context).then(label("payload/model").cast(pl.String))
    is_setting = _EVENT == "thread_settings_applied"
    tier = pl.when(is_setting).then(mode("payload/thread_settings/service_tier").cast(pl.String))
    return (
        hold("kind", _KIND),
        hold("clock", _CLOCK),
        hold("session", pl.when(begins).then(text("payload/id"))),
        hold("begun", pl.when(begins).then(_CLOCK)),
        hold("whose", _whose()),
        hold("model", pl.coalesce(model, unknown)),
        hold("folder", pl.when(tells_context).then(label("payload/cwd"))),
        hold("provider", pl.when(begins).then(label("payload/model_provider"))),
        hold("tier", pl.coalesce(tier, unknown)),
        *(hold(name, pl.coalesce(_total(name), pl.when(is_other).then(0))) for name in _COUNTS),
    )


def _used(name: str) -> pl.Expr:
    """What the last response used; where that is not told, by how much the session's total grew."""
    total, old = _total(name), before(held(name)).fill_null(0)
    return pl.coalesce(_last(name), pl.when(total < old).then(total).otherwise(total - old))


def _is_request() -> pl.Expr:
    """An event with usage that is the session's own, and no second telling of the one before."""
    totals = [_total(name) for name in _COUNTS]
    is_new = pl.any_horizontal(held(name).ne_missing(before(held(name))) for name in _COUNTS)
    return (
        (_EVENT == "token_count")
        & held("whose").ne_missing(pl.lit("copied"))
        & (known(_used("input_tokens"), _used("output_tokens")) > 0)
        & (is_new | pl.all_horizontal(each.is_null() for each in totals))
    )


def _identity() -> pl.Expr:
    """The session's totals, which with the time tell an event from every other, in copies of its file as well."""
    used = known(*map(_total, _COUNTS)).is_null()
    return pl.concat_str(
        [pl.when(used).then(_last(name)).otherwise(held(name)).fill_null(0) for name in _COUNTS],
        separator="/",
    )


def _columns(_fields: Fields) -> dict[str, pl.Expr]:
    return {
        "request_id": _identity(),
        "timestamp": _CLOCK,
        "provider": held("provider"),
        "model": pl.coalesce(
            label("payload/info/model").cast(pl.String), label("payload/model").cast(pl.String), held("model")
        ),
        "tag": held("folder"),
        "tenant": held("folder"),
        "project": held("folder"),
        "session": held("session"),
        "mode": pl.when(held("tier") == "fast").then(pl.lit("priority")).otherwise(held("tier")),
        "input_tokens": _used("input_tokens"),
        "cached_input_tokens": pl.min_horizontal(_used("cached_input_tokens"), _used("input_tokens")),
        "output_tokens": _used("output_tokens"),
        "reasoning_tokens": pl.min_horizontal(_used("reasoning_output_tokens"), _used("output_tokens")),
    }


def _is_rollout(fields: Fields) -> bool:
    """A session may end before its first answer: its lines are known by what else they have."""
    usage = ("payload.info.last_token_usage", "payload.info.total_token_usage", "payload.cli_version")
    return has("type", "payload")(fields) and (
        any(name in fields for name in usage)
        or has("payload.turn_id", "payload.cwd", "payload.model")(fields)
    )


ROLLOUT: Final = Format(
    "codex",
    _columns,
    _is_rollout,
    keep=_is_request(),
    carried=_carried(),
)
"""Events `token_count`, by `TokenUsageInfo` of the Codex CLI: `total_token_usage` adds up over the session and
`last_token_usage` is the last response's; input includes cached tokens, output those of reasoning. An event is told
again whenever something else changes, with the same totals. The model is that of the turn.
"""
