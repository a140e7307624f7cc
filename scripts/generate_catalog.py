"""Write `pricing.toml` from the installed genai-prices: `python scripts/generate_catalog.py [OUT]`.

The same package gives the same bytes.
"""

import datetime as dt
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import version
from pathlib import Path

from genai_prices import types as genai
from genai_prices.data import providers as genai_providers

from costopt.pricing.entries import MODES
from costopt.pricing.parsing import spelling
from costopt.pricing.rows import RATE_KEYS

RELEASED = {"0.2.3": dt.date(2026, 11, 10)}
"""When each version was published; the package itself does not say."""

KEYS = {
    "input_mtok": "input",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_mtok": "output",
    "output_reasoning_mtok": "reasoning",
    "requests_kcount": "request_per_1k",
    "web_searches_kcount": "web_search_per_1k",
}

MODE_CONDITIONS = ("processing", "service_tier")

NAMES = {
    "aws": "bedrock aws.bedrock amazon amazon-bedrock bedrock_converse",
    "azure": "azure_openai azure.ai.openai azure.ai.inference azure_ai az.ai.openai az.ai.inference",
    "cohere": "cohere_chat",
    "fireworks": "fireworks_ai",
    "google": "vertex_ai vertexai gemini gcp.gemini gcp.gen_ai gcp.vertex_ai google-vertex google_genai google_ai_studio",
    "mistral": "mistral_ai mistralai",
    "moonshotai": "moonshot",
    "openai": "openai.responses openai.chat text-completion-openai",
    "perplexity": "perplexity_ai",
    "together": "together_ai togethercomputer",
    "voyageai": "voyage voyage_ai",
    "x-ai": "xai",
    "zai": "z-ai",
}
"""Spellings in OpenTelemetry, LiteLLM and SDK logs, beside those that genai-prices knows."""

AS_REGEX = {"exact": "{}$", "prefix": "{}", "suffix": ".*{}$", "contains": ".*{}"}
KINDS = {"equals": "exact", "starts_with": "prefix", "ends_with": "suffix", "contains": "contains"}

STRIP = {
    "anthropic": "publishers/anthropic/models/ models/",
    "aws": "converse/",
    "google": "publishers/google/models/ models/",
    "openai": "azure/",
}

GATEWAYS = ("openrouter",)
"""They resell at the vendor's price, so a vendor's model that they do not list is priced as the vendor's."""

FREE = frozenset({("google", "gemma-3"), ("google", "gemma-3n"), ("openai", "moderation")})
"""Without a price in genai-prices because they cost nothing, by the provider's price page."""

PEAKS: dict[tuple[str, str], dt.date | None] = {
    ("deepseek", "deepseek-flash"): None,
    ("deepseek", "deepseek-v4-flash"): dt.date(2026, 8, 17),
    ("deepseek", "deepseek-v4-pro"): dt.date(2026, 8, 17),
}
"""Peak hours that began on a day and hold Monday to Friday: genai-prices says so only in its comments."""

Rates = dict[str, Decimal]
Prices = Mapping[str, object]


@dataclass(frozen=True)
class Row:
    """One `[[model.price]]`; `modes` are genai-prices' own prices, complete for their mode."""

    starts: dt.date | None
    hours: tuple[str, ...]
    weekdays: tuple[int, ...]
    modes: Mapping[str, Prices]


def main(arguments: Sequence[str]) -> None:
    """Write the catalog, and what was left out of it to stderr."""
    out = Path(arguments[0]) if arguments else Path(__file__).parents[1] / "pricing.toml"
    left_out: Counter[str] = Counter()
    text = "\n".join(catalog_lines(left_out))
    out.write_text(text, encoding="utf-8", newline="\n")
    print(f"{out}: {text.count('[[model]]')} models, {len(text.encode()):,} bytes", file=sys.stderr)
    for what, times in sorted(left_out.items()):
        print(f"left out: {what}: {times}", file=sys.stderr)


def catalog_lines(left_out: Counter[str]) -> Iterator[str]:
    """The file, line by line."""
    release = version("genai-prices")
    yield "# Written by scripts/generate_catalog.py; changes made here are lost."
    yield "schema = 1"
    yield 'currency = "USD"'
    yield f'source = "genai-prices {release} (MIT)"'
    yield f"date = {RELEASED[release]}"
    for provider in genai_providers:
        yield ""
        yield from provider_lines(provider)
    for provider in genai_providers:
        taken: dict[str, str] = {}
        for model in provider.models:
            yield ""
            yield from model_lines(provider.id, model, taken, left_out)
    yield ""


def provider_lines(provider: genai.Provider) -> Iterator[str]:
    """One `[[provider]]`."""
    names = other_names(provider)
    strip = [*(f"{name}/" for name in (provider.id, *names)), *STRIP.get(provider.id, "").split()]
    yield "[[provider]]"
    yield f"id = {quoted(provider.id)}"
    if names:
        yield f"names = {listed(names)}"
    yield f"strip = {listed(strip)}"
    if provider.fallback_model_providers:
        yield f"fallback = {listed(provider.fallback_model_providers)}"
    if provider.model_match:
        yield f"infer = {match_table(names_by_kind(provider.model_match))}"
    if provider.id in GATEWAYS:
        yield "gateway = true"


def other_names(provider: genai.Provider) -> list[str]:
    """How else logs spell a provider; one spelling of those that differ in separators only."""
    kinds = names_by_kind(provider.provider_match) if provider.provider_match else {}
    known = [name for kind, names in kinds.items() if kind != "regex" for name in names]
    by_spelling = {spelling(name): name for name in reversed([*known, *NAMES.get(provider.id, "").split()])}
    by_spelling.pop(spelling(provider.id), None)
    return list(reversed(by_spelling.values()))


def model_lines(
    provider: str, model: genai.ModelInfo, taken: dict[str, str], left_out: Counter[str]
) -> Iterator[str]:
    """One `[[model]]` with its prices."""
    kinds = names_by_kind(model.match)
    for name in kinds.get("exact", []):
        if taken.setdefault(name, model.id) != model.id:
            left_out["exact names that an earlier model has"] += 1
    kinds["exact"] = [name for name in kinds.get("exact", []) if taken[name] == model.id]
    yield "[[model]]"
    yield f"provider = {quoted(provider)}"
    yield f"id = {quoted(model.id)}"
    if any(kinds.values()):
        yield f"match = {match_table(kinds)}"
    count_left_out(model, left_out)
    free = is_free(provider, model)
    for row in rows(provider, model):
        yield "[[model.price]]"
        yield from row_lines(row, free=free)
        if not free and not any(rates_above(prices, 0) for prices in row.modes.values()):
            left_out[
                "prices without any rate per token, request or search (their model stays, unpriced)"
            ] += 1


def is_free(provider: str, model: genai.ModelInfo) -> bool:
    """No price in genai-prices means free for these, and unknown for all others."""
    return (
        model.id.endswith(":free")
        or (provider, model.id) in FREE
        or bool(re.search("Included in the subscription|Free of charge on", model.price_comments or ""))
    )


def listed_prices(model: genai.ModelInfo) -> list[genai.ConditionalPrice]:
    """A model's prices, where it has one as where it has several."""
    return model.prices if isinstance(model.prices, list) else [genai.ConditionalPrice(prices=model.prices)]


def rows(provider: str, model: genai.ModelInfo) -> list[Row]:
    """A model's prices: by date, then by hours; they win in that order in genai-prices too."""
    dated = [
        each for each in listed_prices(model) if not isinstance(each.constraint, genai.TimeOfDateConstraint)
    ]
    starts = [start_of(each) for each in dated]
    result = []
    for number, each in enumerate(dated):
        end = starts[number + 1] if number + 1 < len(starts) else None
        result += period_rows(model, each.prices, starts[number], end)
    return result + peak_rows(provider, model)


def period_rows(
    model: genai.ModelInfo, standard: genai.ModelPrice, start: dt.date | None, end: dt.date | None
) -> list[Row]:
    """One standard price from `start` until before `end`, divided where a mode's price changes within it.

    A mode's price was verified on some day; it holds from the beginning of the period that day is in.
    """
    changes = {start_of(variant) for variant in model.price_variants or () if mode_of(variant)}
    later = {day for day in changes if day and (not start or day > start) and (not end or day < end)}
    result: list[Row] = []
    for day in (start, *sorted(later)):
        modes: dict[str, Prices] = {"standard": prices_of(standard)}
        for mode in MODES[1:]:
            known = (active(model, mode, each) for each in (day, *sorted(later)))
            overrides = next((each for each in known if each is not None), None)
            if overrides is not None:
                modes[mode] = {**prices_of(standard), **overrides}
        if not result or result[-1].modes != modes:
            result.append(Row(day, (), (), modes))
    return result


def peak_rows(provider: str, model: genai.ModelInfo) -> list[Row]:
    """Prices of certain hours; windows with the same price become one row."""
    windows: list[tuple[genai.ModelPrice, list[str]]] = []
    for each in listed_prices(model):
        if isinstance(each.constraint, genai.TimeOfDateConstraint):
            window = f"{each.constraint.start_time:%H:%M}-{each.constraint.end_time:%H:%M}"
            if windows and windows[-1][0] == each.prices:
                windows[-1][1].append(window)
            else:
                windows.append((each.prices, [window]))
    if windows and model.price_variants:
        raise SystemExit(f"{provider}/{model.id} has hours and modes: not provided for")
    start = PEAKS.get((provider, model.id))
    weekdays = (1, 2, 3, 4, 5) if (provider, model.id) in PEAKS else ()
    return [Row(start, tuple(hours), weekdays, {"standard": prices_of(prices)}) for prices, hours in windows]


def start_of(item: genai.ConditionalPrice | genai.PriceVariant) -> dt.date | None:
    """The first day a price holds; None for always."""
    return item.constraint.start_date if isinstance(item.constraint, genai.StartDateConstraint) else None


def mode_of(variant: genai.PriceVariant) -> str | None:
    """The catalog's name of what a variant is for."""
    ((key, value),) = variant.when.items()
    return value if key in MODE_CONDITIONS and value in MODES[1:] else None


def active(model: genai.ModelInfo, mode: str, day: dt.date | None) -> dict[str, object] | None:
    """A mode's own prices on a day (None: at the beginning), if known; of several, the first listed wins.

    An empty answer means that the mode costs what the standard one does.
    """
    found: dict[str, object] | None = None
    for variant in model.price_variants or ():
        start = start_of(variant)
        if mode_of(variant) == mode and (start is None or (day is not None and start <= day)):
            found = {**prices_of(variant.prices), **(found or {})}
    return found


def prices_of(prices: genai.ModelPrice) -> dict[str, object]:
    """The prices that the catalog has a key for."""
    return {key: value for key, value in vars(prices).items() if key in KEYS and value is not None}


def count_left_out(model: genai.ModelInfo, left_out: Counter[str]) -> None:
    """Count prices of kinds and modes that the catalog does not have."""
    for each in listed_prices(model):
        left_out.update(f"rate {key}" for key in vars(each.prices) if key not in KEYS)
    for variant in model.price_variants or ():
        if not mode_of(variant) and vars(variant.prices):
            left_out["mode " + ", ".join(f"{key}={value}" for key, value in variant.when.items())] += 1


def rates_above(prices: Prices, threshold: int) -> Rates:
    """The rates of a prompt just above a threshold, by the catalog's keys and in its order."""
    rates = {}
    for key, price in prices.items():
        if isinstance(price, genai.TieredPrices):
            steps = [tier.price for tier in price.tiers if tier.start <= threshold]
            rates[KEYS[key]] = steps[-1] if steps else price.base
        else:
            rates[KEYS[key]] = Decimal(str(price))
    return {key: rates[key] for key in RATE_KEYS if key in rates}


def thresholds(prices: Prices) -> list[int]:
    """Where a mode's prices change; genai-prices compares as the catalog does: the prompt is above."""
    tiered = [price for price in prices.values() if isinstance(price, genai.TieredPrices)]
    return sorted({tier.start for price in tiered for tier in price.tiers})


def condition_lines(row: Row) -> Iterator[str]:
    """When a price holds."""
    if row.starts:
        yield f"from = {row.starts}"
    if row.hours:
        yield f"hours_utc = {listed(row.hours)}"
    if row.weekdays:
        yield f"weekdays = {list(row.weekdays)}"


def row_lines(row: Row, *, free: bool) -> Iterator[str]:
    """One `[[model.price]]` after its heading."""
    yield from condition_lines(row)
    standard, batch = row.modes["standard"], row.modes.get("batch", {})
    rates = rates_above(standard, 0)
    yield from assignments(rates or ({"input": Decimal(0), "output": Decimal(0)} if free else {}))
    yield from assignments(rates_above(batch, 0), "batch_")
    for threshold in sorted({*thresholds(standard), *thresholds(batch)}):
        yield "[[model.price.tier]]"
        yield f"above = {threshold}"
        if threshold in thresholds(standard):
            yield from assignments(rates_above(standard, threshold))
        if batch:
            yield from assignments(rates_above(batch, threshold), "batch_")
    for mode in MODES[2:]:
        if rates_above(row.modes.get(mode, {}), 0):
            yield from side_mode_lines(mode, row.modes[mode])


def side_mode_lines(mode: str, prices: Prices) -> Iterator[str]:
    """A mode with a table of its own."""
    yield f"[model.price.mode.{mode}]"
    yield from assignments(rates_above(prices, 0))
    tiers = [
        "{ " + ", ".join([f"above = {threshold}", *assignments(rates_above(prices, threshold))]) + " }"
        for threshold in thresholds(prices)
    ]
    if tiers:
        yield f"tier = [{', '.join(tiers)}]"


def assignments(rates: Rates, prefix: str = "") -> list[str]:
    """One `key = rate` each."""
    return [f"{prefix}{key} = {decimal_text(rate)}" for key, rate in rates.items()]


def decimal_text(rate: Decimal) -> str:
    """A rate with a point and at most six decimals, which drops float noise such as 0.18000000000000002."""
    text = f"{rate.quantize(Decimal('1e-6'), ROUND_HALF_UP):f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def names_by_kind(clause: genai.MatchLogic) -> dict[str, list[str]]:
    """The names that a clause matches, as the catalog's `exact`, `prefix`, `suffix`, `contains`, `regex`."""
    kinds: dict[str, list[str]] = {}
    for kind, name in dict.fromkeys(flattened(clause)):
        kinds.setdefault(kind, []).append(name)
    return kinds


def flattened(clause: genai.MatchLogic) -> Iterator[tuple[str, str]]:
    """Alternatives, one by one; conditions that must all hold become one regular expression."""
    if isinstance(clause, genai.ClauseOr):
        for each in clause.or_:
            yield from flattened(each)
    elif isinstance(clause, genai.ClauseAnd):
        yield "regex", "^" + "".join(f"(?={as_regex(each)})" for each in clause.and_)
    else:
        ((field, name),) = vars(clause).items()
        yield KINDS.get(field, "regex"), name.lower() if field in KINDS else name


def as_regex(clause: genai.MatchLogic) -> str:
    """A clause as a regular expression to be matched from the beginning."""
    alternatives = []
    for kind, name in flattened(clause):
        if kind == "regex":
            alternatives.append(name if name.startswith("^") else f".*(?:{name})")
        else:
            literal = re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", name)
            alternatives.append(AS_REGEX[kind].format(literal))
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


def match_table(kinds: Mapping[str, Sequence[str]]) -> str:
    """An inline `match` or `infer` table."""
    fields = [f"{kind} = {listed(kinds[kind])}" for kind in (*KINDS.values(), "regex") if kinds.get(kind)]
    return "{ " + ", ".join(fields) + " }"


def listed(names: Sequence[str]) -> str:
    """A TOML list of strings."""
    return f"[{', '.join(map(quoted, names))}]"


def quoted(text: str) -> str:
    """A TOML string; a literal one where there are backslashes."""
    return f"'{text}'" if "\\" in text and "'" not in text else json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main(sys.argv[1:])
