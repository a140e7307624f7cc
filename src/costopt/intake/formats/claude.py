"""Claude Code: the session transcripts below `~/.claude/projects`, one file a session or subagent."""

from typing import Final

import polars as pl

from costopt.intake.formats.format import Fields, Format, has
from costopt.intake.formats.reads import count, known, label, measure, mode, text, time, usd

_USAGE: Final = "message/usage"
_MODEL: Final = label("message/model")
_OF_A_LINE: Final = ("sessionId", "requestId", "uuid", "costUSD")
_LINES_WITHOUT_USAGE: Final = (
    has("type", "sessionId", "message.role"),
    has("type", "sessionId", "parentUuid"),
    has("type", "sessionId", "operation"),
    has("type", "leafUuid"),
    has("type", "isSnapshotUpdate"),
)


def _is_transcript(fields: Fields) -> bool:
    """A session may end before its first answer: its lines are known by what else they have."""
    if "message.usage.input_tokens" in fields:
        return any(name in fields for name in _OF_A_LINE)
    return "model" not in fields and any(each(fields) for each in _LINES_WITHOUT_USAGE)


def _identity() -> pl.Expr:
    """One text for each response of the API, whichever lines and files tell it.

    A response is a line for every block of its content, copied into the files of resumed and forked sessions, and
    replayed in sidechains under another request id: what they share is the id of the message, which the API never
    gives twice. A gateway may, where it gives no request ids either; its responses are told apart by session and time.
    """
    own = text("message/id")
    by_the_api = text("requestId").is_not_null() | own.str.starts_with("msg")
    spoken = pl.concat_str(own, _MODEL.cast(pl.String), separator=":", ignore_nulls=True)
    relayed = [own, label("sessionId").cast(pl.String), time("timestamp").cast(pl.String)]
    return (
        pl.when(own.is_null())
        .then(text("requestId"))
        .when(by_the_api)
        .then(spoken)
        .otherwise(pl.concat_str(relayed, separator=":", ignore_nulls=True))
    )


def _columns(_fields: Fields) -> dict[str, pl.Expr]:
    hour = count(f"{_USAGE}/cache_creation/ephemeral_1h_input_tokens")
    minutes = count(f"{_USAGE}/cache_creation/ephemeral_5m_input_tokens")
    written = pl.max_horizontal(count(f"{_USAGE}/cache_creation_input_tokens"), known(minutes, hour))
    cached = count(f"{_USAGE}/cache_read_input_tokens")
    is_fast = label(f"{_USAGE}/speed") == "fast"
    return {
        "request_id": _identity(),
        "timestamp": time("timestamp"),
        "provider": pl.when(_MODEL.cast(pl.String).str.contains("claude")).then(pl.lit("anthropic")),
        "model": _MODEL,
        "request_type": pl.when(label("isSidechain") == "true")
        .then(pl.lit("sidechain"))
        .otherwise(pl.lit("main")),
        "tag": label("cwd"),
        "tenant": label("cwd"),
        "project": label("cwd"),
        "session": label("sessionId"),
        "finish_reason": label("message/stop_reason"),
        "mode": pl.when(is_fast)
        .then(pl.lit("fast"))
        .otherwise(mode(f"{_USAGE}/service_tier").cast(pl.String)),
        "input_tokens": known(count(f"{_USAGE}/input_tokens"), cached, written),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": hour,
        "output_tokens": count(f"{_USAGE}/output_tokens"),
        "web_searches": count(f"{_USAGE}/server_tool_use/web_search_requests"),
        "cost_usd": usd("costUSD"),
        "latency_ms": measure("durationMs"),
    }


TRANSCRIPT: Final = Format(
    "claude-code",
    _columns,
    _is_transcript,
    keep=known(count(f"{_USAGE}/input_tokens"), count(f"{_USAGE}/output_tokens")).is_not_null()
    & _MODEL.ne_missing(pl.lit("<synthetic>")),
    repeats="fuller",
)
"""Lines with `message.usage`, by the fields of Anthropic's Messages API: `input_tokens` is input without what was read
from or written to the cache. Answers of the model `<synthetic>` are made up by Claude Code itself: messages on errors.
"""
