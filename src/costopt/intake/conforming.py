"""Raw columns to canonical requests: types, meanings, and the checks that a request must pass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

import polars as pl

from costopt.errors import ConfigError
from costopt.intake.formats.reads import Role, read_of
from costopt.intake.numbers import clean, to_counts, to_dollars, to_measures
from costopt.intake.times import to_timestamps
from costopt.intake.walking import parsed, value_in
from costopt.models.parts import EXCEEDED
from costopt.models.schema import COUNTS, DIMENSIONS, NUMBERS, REQUESTS, SIZES, TOKENS

MAX_TOKENS: Final = 10**12
"""A line that claims more is rejected: no request, and no day of one model, has a trillion tokens."""

_OK: Final = (
    "ok",
    "success",
    "succeeded",
    "successful",
    "completed",
    "complete",
    "done",
    "finished",
    "true",
    "1",
)
_ERROR: Final = (
    "error",
    "failure",
    "failed",
    "fail",
    "timeout",
    "cancelled",
    "canceled",
    "false",
    "0",
    "exception",
)
_MODES: Final = {
    "default": "standard",
    "auto": "standard",
    "on_demand": "standard",
    "false": "standard",
    "true": "batch",
}
_HTTP_OK: Final = range(100, 400)
_HTTP_ERROR: Final = range(400, 600)
SHOWN: Final = 60
"""Characters of a value that a message shows."""


@dataclass(frozen=True, slots=True)
class Conformed:
    """A partition's requests, and which rows are none.

    Attributes:
        frame: Canonical columns (`REQUESTS`) and extra ones as text; the rejected rows are gone.
        reasons: By row of the raw frame, why it was rejected.
        rows: For each row kept, its row in the raw frame; `None` where all were kept.
    """

    frame: pl.DataFrame
    reasons: Mapping[int, str]
    rows: pl.Series | None = None


def conform(raw: pl.DataFrame, constants: Mapping[str, str], wanted: tuple[str, ...]) -> Conformed:
    """The canonical requests among the raw rows.

    Args:
        raw: Columns as decoded, under canonical names (or extra names, which stay text).
        constants: Values for columns the log lacks, or where it has none.
        wanted: The columns to give; those neither in the log nor constant are left out.
    """
    filled = _with_constants(raw, constants, wanted)
    typed = pl.DataFrame([as_read(filled[name]) for name in filled.columns])
    masks = {reason: mask for reason, mask in _checks(filled, typed) if mask.any()}
    if not masks:
        return Conformed(finished(typed), {})
    reasons = _worded(filled, masks)
    kept = ~pl.select(
        pl.any_horizontal(pl.lit(mask).fill_null(value=False) for mask in masks.values())
    ).to_series()
    return Conformed(finished(typed.filter(kept)), reasons, kept.arg_true())


def _with_constants(raw: pl.DataFrame, constants: Mapping[str, str], wanted: tuple[str, ...]) -> pl.DataFrame:
    given = {name: value for name, value in constants.items() if name in wanted}
    present = [
        _flat(raw[name]).cast(pl.String).fill_null(value)
        for name, value in given.items()
        if name in raw.columns
    ]
    absent = [pl.lit(value).alias(name) for name, value in given.items() if name not in raw.columns]
    return raw.with_columns(*present, *absent) if given else raw


def check_constants(constants: Mapping[str, str]) -> None:
    """Raises `ConfigError` for a `--set` whose value its column cannot hold."""
    for name, value in constants.items():
        if as_read(pl.Series(name, [value])).null_count():
            raise ConfigError(f"`{value}` is no value for {name}", hint=f"{name} is {_expected(name)}")


def _expected(name: str) -> str:
    if name == "timestamp":
        return "a time, such as `2026-10-01T08:00:00Z`"
    return "a number" if name in {*COUNTS, *SIZES, *NUMBERS, "cost_usd"} else "a text"


# Types


def as_read(raw: pl.Series) -> pl.Series:
    """A raw column, or a read, as what it is; null where a value cannot be read as that."""
    if raw.dtype == pl.String and raw.null_count() == raw.len():
        return _nothing(raw.name).new_from_index(0, raw.len())
    return _converter(raw.name)(raw).alias(raw.name)


@cache
def _nothing(name: str) -> pl.Series:
    """One null of a column's type: a format names many columns that a log does not have."""
    return _converter(name)(pl.Series(name, [None], dtype=pl.String)).alias(name)


def _converter(name: str) -> Callable[[pl.Series], pl.Series]:
    read = read_of(name)
    if read:
        return _OF_ROLE[read.role]
    special: dict[str, Callable[[pl.Series], pl.Series]] = {
        "timestamp": to_timestamps,
        "cost_usd": to_dollars,
        "status": lambda raw: _each(raw, _status),
        "mode": lambda raw: _each(raw, _mode),
    }
    if name in special:
        return special[name]
    if name in (*COUNTS, *SIZES):
        return to_counts
    return to_measures if name in NUMBERS else _to_text


def _to_text(raw: pl.Series) -> pl.Series:
    raw = _flat(raw)
    if raw.name not in DIMENSIONS and raw.name in REQUESTS:
        return raw.cast(pl.String)
    return _said(_coded(raw))


def _joined(text: pl.Series) -> pl.Series:
    """A JSON list that stands in a text as its items joined by commas."""
    texts = text.unique().drop_nulls().cast(pl.String)
    lists = texts.filter(texts.str.starts_with("["))
    return text if lists.is_empty() else text.cast(pl.String).replace(_items(lists)).cast(pl.Categorical)


def _items(lists: pl.Series) -> dict[str, str]:
    """By text: the items of the list that it is; a list of objects stays a text."""
    found = {text: parsed(text) for text in lists}
    return {
        text: value_in(items, (), "label") or ""
        for text, items in found.items()
        if isinstance(items, list) and not any(isinstance(item, dict | list) for item in items)
    }


def _said(text: pl.Series) -> pl.Series:
    """Without empty texts."""
    empty = (text == "").any()
    return text.to_frame("v").select(pl.when(pl.col("v") != "").then("v")).to_series() if empty else text


def _flat(raw: pl.Series) -> pl.Series:
    """A list as its items joined by commas."""
    return raw.cast(pl.List(pl.String)).list.join(",") if isinstance(raw.dtype, pl.List) else raw


def _coded(raw: pl.Series) -> pl.Series:
    return raw if raw.dtype == pl.Categorical else raw.cast(pl.String).cast(pl.Categorical)


def _each(raw: pl.Series, reading: Callable[[str], str | None]) -> pl.Series:
    """A column of few different texts, each read once."""
    coded = _coded(raw)
    codes = coded.to_physical()
    texts = coded.unique().drop_nulls()
    if texts.is_empty():
        return coded
    known = dict(zip(texts.to_physical().to_list(), texts.cast(pl.String).to_list(), strict=True))
    readings = [reading(known.get(code, "").strip().lower()) for code in range(max(known) + 1)]
    return pl.Series(readings, dtype=pl.Categorical).gather(codes)


def _mode(text: str) -> str | None:
    """`standard`, `batch`, `flex`, `priority`; another text stays: it has no price."""
    return _MODES.get(text, text) or None


def _status(text: str) -> str | None:
    """`ok` or `error` from a word, a truth value or an HTTP status; null for anything else."""
    if text in _OK or _is_code(text, _HTTP_OK):
        return "ok"
    return "error" if text in _ERROR or _is_code(text, _HTTP_ERROR) else None


def _is_code(text: str, codes: range) -> bool:
    code = text.removesuffix(".0")  # as a column with nulls is often written
    return len(code) == len("200") and code.isdecimal() and int(code) in codes


def finished(typed: pl.DataFrame) -> pl.DataFrame:
    """With 0 where a count of tokens or searches is not told, and 1 where the number of requests is not."""
    counts = [name for name in TOKENS if name in typed.columns and typed[name].null_count()]
    ones = ["requests"] if "requests" in typed.columns and typed["requests"].null_count() else []
    searches = ["web_searches"] if "web_searches" in typed.columns else []
    if not (counts or ones or searches):
        return typed
    return typed.with_columns(pl.col([*counts, *searches]).fill_null(0), pl.col(ones).fill_null(1))


_OF_ROLE: Final[Mapping[Role, Callable[[pl.Series], pl.Series]]] = {
    "count": to_counts,
    "usd": to_dollars,
    "measure": to_measures,
    "time": to_timestamps,
    "text": lambda raw: _said(raw.cast(pl.String)),
    "label": lambda raw: _said(_joined(_coded(raw))),
    "status": lambda raw: _each(raw, _status),
    "mode": lambda raw: _each(raw, _mode),
}
"""How a format's read becomes what it is."""

# Checks


def _checks(raw: pl.DataFrame, typed: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    """What can be wrong with a row, in words (`{name}` stands for the value), with the rows where it is."""
    checks = []
    if typed["timestamp"].null_count():
        checks.append(("no time", ~is_said(raw["timestamp"]) & typed["timestamp"].is_null()))
        checks.append(("unreadable time `{timestamp}`", typed["timestamp"].is_null()))
    if typed["model"].null_count():
        checks.append(
            ("no model", typed.select(pl.col("model").is_null() & ~_came_to_nothing(typed)).to_series())
        )
    for name in (*COUNTS, *SIZES, "cost_usd"):
        if name in typed.columns:
            checks += _number_checks(name, raw[name], typed[name])
    checks += _token_checks(typed)
    return checks


def _number_checks(name: str, raw: pl.Series, typed: pl.Series) -> list[tuple[str, pl.Series]]:
    kind = "a number" if name == "cost_usd" else "a whole number"
    checks = []
    if typed.null_count() != raw.null_count():
        checks.append((f"{name} `{{{name}}}` is not {kind}", typed.is_null() & is_said(raw)))
    if name != "cost_usd" and goes_beyond(typed):
        checks.append((f"{name} is negative: {{{name}}}", typed < 0))
        checks.append((f"{name} is absurd: {{{name}}}", typed > MAX_TOKENS))
    return checks


def goes_beyond(counts: pl.Series) -> bool:
    """Whether any count is negative or absurd: asked of all at once, as hardly ever one is."""
    low, high = counts.min(), counts.max()
    return (isinstance(low, int) and low < 0) or (isinstance(high, int) and high > MAX_TOKENS)


def is_said(raw: pl.Series) -> pl.Series:
    """Where there is a value, be it of the wrong kind."""
    return clean(raw).is_not_null() if raw.dtype == pl.String else raw.is_not_null()


def _failed(typed: pl.DataFrame) -> pl.Expr:
    told = "status" in typed.columns
    return pl.col("status").eq("error").fill_null(value=False) if told else pl.lit(value=False)


def _came_to_nothing(typed: pl.DataFrame) -> pl.Expr:
    """Whether a request failed before any model had to do with it."""
    used = [name for name in ("input_tokens", "output_tokens", "web_searches") if name in typed.columns]
    return _failed(typed) & (pl.sum_horizontal(used) == 0)


def _token_checks(typed: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    """The counts that must be there, and the parts that cannot exceed their whole."""
    failed = _failed(typed)
    zero = pl.lit(0, dtype=pl.Int64)
    part = {name: pl.col(name).fill_null(0) if name in typed.columns else zero for name in TOKENS}
    rules = {
        "no input_tokens": pl.col("input_tokens").is_null() & ~failed,
        "no output_tokens": pl.col("output_tokens").is_null() & ~failed,
    }
    rules |= {
        reason: exceeds(part)
        for reason, names, exceeds in EXCEEDED
        if any(name in typed.columns for name in names)
    }
    masks = typed.select(mask.alias(str(index)) for index, mask in enumerate(rules.values()))
    return [(reason, masks[str(index)]) for index, reason in enumerate(rules)]


def _worded(raw: pl.DataFrame, masks: Mapping[str, pl.Series]) -> dict[int, str]:
    """The first reason of each rejected row, with its value in it."""
    reasons: dict[int, str] = {}
    for template, mask in masks.items():
        for row in mask.fill_null(value=False).arg_true():
            if row not in reasons:
                reasons[row] = _filled_in(template, raw, row)
    return dict(sorted(reasons.items()))


def _filled_in(template: str, raw: pl.DataFrame, row: int) -> str:
    before, brace, rest = template.partition("{")
    if not brace:
        return template
    name, _, after = rest.partition("}")
    value = raw[name][row]
    text = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
    return f"{before}{text[:SHOWN]}{after}"
