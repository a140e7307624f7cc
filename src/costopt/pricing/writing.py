"""Catalog values as the TOML of a catalog file; read again, they are the same."""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from costopt.pricing.entries import (
    MODES,
    RATE_FIELDS,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
)
from costopt.pricing.rows import RATE_KEYS

_KEYS: Final = dict(zip(RATE_FIELDS, RATE_KEYS, strict=True))
_INLINE: Final = {"standard": "", "batch": "batch_"}
_MATCH_KEYS: Final = ("exact", "prefix", "suffix", "contains", "regex")
_FINGERPRINT: Final = 12
_HOUR: Final = 60
_PER_1K: Final = -9
_PER_MILLION: Final = -6


def head_text(layer: Layer) -> str:
    """The top of a file: what it is, where its prices come from, and of which day."""
    return _joined(
        [
            "schema = 1",
            'currency = "USD"',
            *_string("source", layer.source),
            *_date("date", layer.date),
        ]
    )


def provider_text(provider: Provider) -> str:
    """A `[[provider]]`."""
    return _joined(
        [
            "[[provider]]",
            f"id = {_quoted(provider.id)}",
            *_strings("names", provider.names),
            *_strings("strip", provider.strip),
            *_strings("fallback", provider.fallback),
            *_names("infer", provider.infer),
            *_flag("gateway", flag=provider.gateway),
        ]
    )


def model_text(model: Model) -> str:
    """A `[[model]]` with its prices."""
    return _joined(
        [
            "[[model]]",
            f"provider = {_quoted(model.provider)}",
            f"id = {_quoted(model.id)}",
            *_names("match", model.match),
            *_string("source", model.source),
            *_string("tokenizer", model.tokenizer),
            *_flag("extend", flag=model.extend),
            *_string("synced", model.synced),
            *(line for row in model.prices for line in _row_lines(row)),
        ]
    )


def fingerprint(model: Model) -> str:
    """Stands for the entry as it is written, without its `synced`: a person's change shows as another one."""
    text = model_text(replace(model, synced=""))
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT]


def _row_lines(row: PriceRow) -> Iterator[str]:
    """One `[[model.price]]`."""
    yield "[[model.price]]"
    yield from _date("from", row.starts)
    if row.hours_utc:
        yield f"hours_utc = {_listed(f'{_clock(start)}-{_clock(end)}' for start, end in row.hours_utc)}"
    if row.weekdays:
        yield f"weekdays = {sorted(row.weekdays)}"
    yield from _date("verified", row.verified)
    if row.sources:
        sources = [f"{mode} = {_quoted(row.sources[mode])}" for mode in MODES if mode in row.sources]
        yield f"source = {_inline(sources)}"
    for mode, prefix in _INLINE.items():
        if mode in row.modes:
            yield from _rates(row.modes[mode].rates, prefix)
    yield from _tier_lines({mode: row.modes[mode] for mode in _INLINE if mode in row.modes})
    for mode in MODES:
        if mode in row.modes and mode not in _INLINE:
            yield from _side_mode_lines(mode, row.modes[mode])


def _tier_lines(modes: Mapping[str, ModePrice]) -> Iterator[str]:
    """The `[[model.price.tier]]` that the inline modes share.

    Of a mode, a tier names what the modes before it name too: one that charges for batch input and for cached
    input has to say what cached batch input costs.
    """
    tiers = {mode: {tier.above: tier.rates for tier in price.tiers} for mode, price in modes.items()}
    for above in sorted({above for rates in tiers.values() for above in rates}):
        yield "[[model.price.tier]]"
        yield f"above = {above}"
        named: set[str] = set()
        for mode, price in modes.items():
            if above in tiers[mode]:
                named |= _changed(price.rates, tiers[mode][above])
                yield from _rates(tiers[mode][above], _INLINE[mode], named)


def _side_mode_lines(mode: str, price: ModePrice) -> Iterator[str]:
    """A mode with a table of its own."""
    yield f"[model.price.mode.{mode}]"
    yield from _rates(price.rates)
    tiers = [
        _inline([f"above = {tier.above}", *_rates(tier.rates, only=_changed(price.rates, tier.rates))])
        for tier in price.tiers
    ]
    if tiers:
        yield f"tier = [{', '.join(tiers)}]"


def _changed(base: Rates, rates: Rates) -> set[str]:
    """The fields to write of a tier: those that its base has otherwise, and one at least."""
    listed = [field for field in RATE_FIELDS if getattr(rates, field) is not None]
    return {field for field in listed if getattr(rates, field) != getattr(base, field)} or set(listed[:1])


def _rates(rates: Rates, prefix: str = "", only: Collection[str] = RATE_FIELDS) -> Iterator[str]:
    """One `key = rate` each."""
    for field, key in _KEYS.items():
        pico: int | None = getattr(rates, field)
        if pico is not None and field in only:
            yield f"{prefix}{key} = {_dollars(pico, _PER_1K if key.endswith('_per_1k') else _PER_MILLION)}"


def _dollars(pico: int, exponent: int) -> str:
    """Whole pico-dollars per one as USD per thousand or per million, with a point."""
    text = f"{Decimal(pico).scaleb(exponent):f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def _clock(minutes: int) -> str:
    return f"{minutes // _HOUR:02}:{minutes % _HOUR:02}"


def _names(key: str, match: Match) -> Iterator[str]:
    """An inline `match` or `infer` table."""
    fields = [line for kind in _MATCH_KEYS for line in _strings(kind, getattr(match, kind))]
    if fields:
        yield f"{key} = {_inline(fields)}"


def _date(key: str, day: dt.date | None) -> Iterator[str]:
    if day:
        yield f"{key} = {day.isoformat()}"


def _string(key: str, text: str) -> Iterator[str]:
    if text:
        yield f"{key} = {_quoted(text)}"


def _strings(key: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"{key} = {_listed(texts)}"


def _flag(key: str, *, flag: bool) -> Iterator[str]:
    if flag:
        yield f"{key} = true"


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _inline(fields: Iterable[str]) -> str:
    return f"{{ {', '.join(fields)} }}"


def _quoted(text: str) -> str:
    """A TOML string on one line; a literal one where there are backslashes, as regular expressions have."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _joined(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])
