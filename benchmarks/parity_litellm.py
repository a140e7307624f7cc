"""What LiteLLM makes of a request, from the entry of its own list and the rules in its code."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

MODE_KEYS: Final = {"batch": "_batches", "flex": "_flex", "priority": "_priority"}
INPUT: Final = "input_cost_per_token"
OUTPUT: Final = "output_cost_per_token"
READ: Final = "cache_read_input_token_cost"
WRITE: Final = "cache_creation_input_token_cost"
HOUR: Final = "cache_creation_input_token_cost_above_1hr"
REASONING: Final = "output_cost_per_reasoning_token"

INCLUSIVE: Final = ("xai",)
"""Their thresholds are reached by as many tokens, not exceeded."""

WITHOUT_MODES: Final = ("deepseek", "fireworks_ai", "perplexity", "xai")
"""It prices flex and priority requests to them like any other."""

READ_AT_HALF: Final = ("fireworks_ai",)
"""Cached input without a rate costs half of the input rate there, not all of it."""

UNCACHED: Final = ("perplexity",)
"""It bills cached and written input, and long prompts, at the plain input rate there."""

Entry = Mapping[str, Any]
Request = Mapping[str, Any]


class Billed(NamedTuple):
    """USD per token of each kind."""

    fresh: Decimal
    read: Decimal
    write: Decimal
    hour: Decimal
    output: Decimal
    reasoning: Decimal


def by_list(entry: Entry, request: Request) -> Decimal:
    """The price in USD that LiteLLM's list gives a request, in the entry that it takes."""
    if request["processing"] == "batch":
        rates = _in_batch(entry, request)
    else:
        rates = _in_tier(_in_range(entry, request), request)
    usage: Mapping[str, int] = request["usage"]
    return (
        usage["fresh_input"] * rates.fresh
        + usage["cache_read"] * rates.read
        + usage["cache_write_5m"] * rates.write
        + usage["cache_write_1h"] * rates.hour
        + (usage["output"] - usage["reasoning"]) * rates.output
        + usage["reasoning"] * rates.reasoning
    )


def _in_range(entry: Entry, request: Request) -> Entry:
    """The entry with the rates of the range that the prompt is in: the last one that begins below its size."""
    prompt = _prompt(request)
    steps = sorted(entry.get("tiered_pricing") or (), key=lambda step: float((step.get("range") or [0])[0]))
    begun = [step for step in steps if step.get("range") and step["range"][0] < max(prompt, 1)]
    return {**entry, **begun[-1]} if begun else entry


def _prompt(request: Request) -> int:
    usage = request["usage"]
    return int(sum(usage.values()) - usage["output"] - usage["reasoning"])


def _in_tier(entry: Entry, request: Request) -> Billed:
    """Standard, flex and priority: a rate that the mode lacks is the standard one."""
    provider, mode = request["litellm_provider"], request["processing"]
    suffix = "" if provider in WITHOUT_MODES else MODE_KEYS.get(mode, "")
    tiers = [] if provider in UNCACHED else _crossed(entry, request, ("", suffix))

    def rate(name: str) -> Decimal | None:
        keys = [
            *(f"{name}_above_{tier}_tokens{each}" for tier in tiers for each in (suffix, "")),
            name + suffix,
            name,
        ]
        cheap = _first(_cheap_hours(entry, request), [name])
        return _first(entry, keys) if cheap is None else cheap

    fresh = rate(INPUT) or Decimal(0)
    output = rate(OUTPUT) or _first(entry, ["output_cost_per_image_token"]) or Decimal(0)
    read = rate(READ)
    if read is None:
        read = fresh / 2 if provider in READ_AT_HALF else fresh
    write = _or(rate(WRITE), fresh)
    hour = _or(rate(HOUR), write)
    if provider in UNCACHED:
        read = write = hour = fresh
    own = [REASONING + suffix] if suffix and OUTPUT + suffix in entry else [REASONING + suffix, REASONING]
    reasoning = output if provider in INCLUSIVE else _or(_first(entry, own), output)
    return Billed(fresh, read, write, hour, output, reasoning)


def _in_batch(entry: Entry, request: Request) -> Billed:
    """Batch: half of the standard rates where none is listed, whatever the prompt; an hour's write is any write."""

    def rate(name: str) -> Decimal | None:
        tiers = _crossed(entry, request, ("_batches",), name)[:1]
        return _first(entry, [*(f"{name}_above_{tier}_tokens_batches" for tier in tiers), f"{name}_batches"])

    def half(name: str) -> Decimal:
        return _or(_first(entry, [name]), Decimal(0)) / 2

    output = _or(rate(OUTPUT), half(OUTPUT))
    fresh = rate(INPUT)
    if fresh is None:
        fresh, read, write = half(INPUT), half(READ), half(WRITE) or half(INPUT)
    else:
        read, write = _or(rate(READ), fresh), _or(rate(WRITE), fresh)
    return Billed(fresh, read, write, write, output, output)


def _crossed(entry: Entry, request: Request, suffixes: tuple[str, ...], name: str = "") -> list[str]:
    """The thresholds that the prompt is above, the highest first, as the entry spells them."""
    above = _prompt(request) + (request["litellm_provider"] in INCLUSIVE)
    found = {
        match[1]: int(match[2]) * (1000 if match[3] else 1)
        for key, value in entry.items()
        if value is not None
        and key.startswith(name)
        and (match := re.search(r"_above_((\d+)(k?))_tokens(\w*)$", key))
        and match[4] in suffixes
    }
    return [spelt for spelt in sorted(found, key=found.__getitem__, reverse=True) if found[spelt] < above]


def _cheap_hours(entry: Entry, request: Request) -> Entry:
    """The rates of the hours that it calls off-peak, if the request was made in them."""
    block: Entry = entry.get("off_peak_pricing") or {}
    moment = dt.datetime.fromisoformat(request["ts"])
    for rule in block.get("windows", ()):
        hours = rule["hours_utc"]
        for window in [hours] if isinstance(hours, str) else hours:
            start, end = window.split("-")
            inside = start == end or start <= f"{moment:%H:%M}" < (end if end > start else "24:00")
            if inside and moment.isoweekday() in rule["weekdays"]:
                return block
    return {}


def _first(entry: Entry, keys: list[str]) -> Decimal | None:
    return next((Decimal(repr(entry[key])) for key in keys if entry.get(key) is not None), None)


def _or(rate: Decimal | None, default: Decimal) -> Decimal:
    return default if rate is None else rate
