"""Read and check one `[[model.price]]`: when it holds, and what it charges."""

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from costopt.pricing.entries import RATE_FIELDS, ModePrice, PriceRow, Rates, Tier
from costopt.pricing.fields import Problem, Table, check_keys, shown, subtable, subtables, texts, unexpected

_DEAREST = 1_000_000
_DECIMALS = 6
_PER_1K = {"request": "request_per_1k", "web_search": "web_search_per_1k"}
_WRITTEN_OUT = ("cached_input", "cache_write_5m", "cache_write_1h")
_SIDE_MODES = ("flex", "priority")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_LAST_WEEKDAY = 7

RATE_KEYS = tuple(_PER_1K.get(field, field) for field in RATE_FIELDS)
"""The catalog's keys for `RATE_FIELDS`, in the same order."""

_PLAIN = {key: (field, 1000 if key.endswith("_per_1k") else 1) for key, field in zip(RATE_KEYS, RATE_FIELDS, strict=True)}
_BATCH = {f"batch_{key}": slot for key, slot in _PLAIN.items()}
_INLINE = {"standard": _PLAIN, "batch": _BATCH}
_INLINE_KEYS = _PLAIN.keys() | _BATCH.keys()
_ROW_KEYS = _INLINE_KEYS | {"from", "hours_utc", "weekdays", "tier", "mode"}
_INLINE_TIER_KEYS = _INLINE_KEYS | {"above"}
_MODE_KEYS = _PLAIN.keys() | {"tier"}
_MODE_TIER_KEYS = _PLAIN.keys() | {"above"}

type _Slots = Mapping[str, tuple[str, int]]
