"""genai-prices' list, as the package holds it and as its project publishes it in JSON."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from costopt.pricing.entries import (
    MODES,
    Layer,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
)
from costopt.pricing.sources.clauses import Clause, match_of
from costopt.pricing.sources.price_list import DEAREST, GATEWAYS, PriceList, names_of, pico_dollars, strip_of

_KEYS: Final = {
    "input_mtok": "input",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "input_audio",
    "cache_audio_read_mtok": "cached_audio",
    "input_image_mtok": "input_image",
    "cache_image_read_mtok": "cached_image",
    "output_mtok": "output",
    "output_reasoning_mtok": "reasoning",
    "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image",
    "requests_kcount": "request",
    "web_searches_kcount": "web_search",
}
_PER_THOUSAND: Final = "_kcount"
_MODE_CONDITIONS: Final = ("processing", "service_tier")
_SIDE_MODES: Final = tuple(mode for mode in MODES if mode != "standard")
_DAY: Final = 24 * 60
_UNREAD: Final = ("extractors",)

_FREE: Final = frozenset({("google", "gemma-3"), ("google", "gemma-3n"), ("openai", "moderation")})
"""Without a price in the list because they cost nothing, by the provider's price page."""

_FREE_COMMENT: Final = re.compile("Included in the subscription|Free of charge on")

_PEAKS: Final[Mapping[tuple[str, str], dt.date | None]] = {
    ("deepseek", "deepseek-flash"): None,
    ("deepseek", "deepseek-v4-flash"): dt.date(2026, 8, 17),
    ("deepseek", "deepseek-v4-pro"): dt.date(2026, 8, 17),
}
"""Peak hours that began on a day and hold Monday to Friday: the list says so only in its comments."""

_Dollars = Annotated[Decimal, Field(ge=0, le=DEAREST)]


class _Listed(BaseModel):
    """A part of the list, as far as it is read."""

    model_config = ConfigDict(frozen=True)


class _Step(_Listed):
    start: int
    price: _Dollars


class _Tiered(_Listed):
    """Each step holds for the whole request when the prompt is above its start."""

    base: _Dollars
    tiers: tuple[_Step, ...]

    def above(self, threshold: int) -> Decimal:
        """The price of a prompt just above a threshold."""
        reached = [step for step in self.tiers if step.start <= threshold]
        return max(reached, key=lambda step: step.start).price if reached else self.base


_Prices = Mapping[str, _Dollars | _Tiered | None]


class _Constraint(_Listed):
    start_date: dt.date | None = None
    start_time: dt.time | None = None
    end_time: dt.time | None = None


class _Conditional(_Listed):
    prices: _Prices
    constraint: _Constraint = _Constraint()

    @property
    def hours(self) -> tuple[int, int] | None:
        """The minutes of the day in which it holds; None for all day."""
        start, end = self.constraint.start_time, self.constraint.end_time
        return (_minutes_utc(start), _minutes_utc(end)) if start and end else None


class _Variant(_Conditional):
    when: Mapping[str, str]

    @property
    def mode(self) -> str | None:
        """The catalog's name of what it is for."""
        if len(self.when) != 1:
            return None
        ((key, value),) = self.when.items()
        return value if key in _MODE_CONDITIONS and value in _SIDE_MODES else None


class _Model(_Listed):
    id: str
    match: Clause
    prices: _Prices | tuple[_Conditional, ...] = ()
    price_variants: tuple[_Variant, ...] = ()
    price_comments: str = ""

    @property
    def listed_prices(self) -> tuple[_Conditional, ...]:
        """Its prices, where it has one as where it has several."""
        if isinstance(self.prices, Mapping):
            return (_Conditional(prices=self.prices),)
        return self.prices or (_Conditional(prices={}),)


class _Provider(_Listed):
    id: str
    models: tuple[_Model, ...]
    provider_match: Clause | None = None
    model_match: Clause | None = None
    fallback_model_providers: tuple[str, ...] = ()


_LIST: Final = TypeAdapter(tuple[_Provider, ...])


def plain(item: object) -> object:
    """The package's objects as what its JSON is read as; whatever is not set is left out."""
    match item:
        case list() | tuple():
            return [plain(each) for each in item]
        case dict():
            return {key: plain(value) for key, value in item.items()}
        case dt.date() | dt.time():
            return item.isoformat()
        case str() | int() | Decimal() | None:
            return item
        case _:
            known = {key: value for key, value in vars(item).items() if value is not None}
            return {key.rstrip("_"): plain(value) for key, value in known.items() if key not in _UNREAD}


def read_genai(content: object, layer: Layer) -> PriceList:
    """Turn the list into a layer.

    Args:
        content: What its JSON holds, numbers as `Decimal`; or `plain` of the package's providers.
        layer: Says where the list is from; without providers and models.

    Raises:
        pydantic.ValidationError: It is not a list of that kind.
    """
    listed = _LIST.validate_python(content)
    left_out: Counter[str] = Counter()
    models = [model for provider in listed for model in _models(provider, layer.source, left_out)]
    filled = replace(layer, providers=tuple(map(_provider, listed)), models=tuple(models))
    return PriceList(filled, left_out)


def _provider(provider: _Provider) -> Provider:
    match = match_of(provider.provider_match)
    names = names_of(provider.id, (*match.exact, *match.prefix, *match.suffix, *match.contains))
    return Provider(
        id=provider.id,
        names=names,
        strip=strip_of(provider.id, names),
        fallback=provider.fallback_model_providers,
        infer=match_of(provider.model_match),
        gateway=provider.id in GATEWAYS,
    )


def _models(provider: _Provider, source: str, left_out: Counter[str]) -> Iterator[Model]:
    """A provider's models; an exact name belongs to the first that has it."""
    taken: dict[str, str] = {}
    for model in provider.models:
        match = match_of(model.match)
        for name in match.exact:
            if taken.setdefault(name, model.id) != model.id:
                left_out["exact names that an earlier model has"] += 1
        own = tuple(name for name in match.exact if taken[name] == model.id)
        _count_left_out(model, left_out)
        prices = tuple(_rows(provider.id, model, left_out))
        yield Model(provider.id, model.id, replace(match, exact=own), prices, source)


def _rows(provider: str, model: _Model, left_out: Counter[str]) -> Iterator[PriceRow]:
    """A model's prices: by date, then by hours; they win in that order in genai-prices too."""
    dated = [each for each in model.listed_prices if not each.hours]
    starts = [each.constraint.start_date for each in dated]
    free = _is_free(provider, model)
    for each, start, end in zip(dated, starts, [*starts[1:], None], strict=True):
        for row in _period_rows(model, each.prices, start, end):
            if row.modes:
                yield row
            elif free:
                yield replace(row, modes={"standard": ModePrice(Rates(input=0, output=0))})
            else:
                left_out["prices without any rate the catalog has (their model stays, unpriced)"] += 1
                yield row
    yield from _peak_rows(provider, model, left_out)


def _is_free(provider: str, model: _Model) -> bool:
    """No price in the list means free for these, and unknown for all others."""
    return (
        model.id.endswith(":free")
        or (provider, model.id) in _FREE
        or bool(_FREE_COMMENT.search(model.price_comments))
    )


def _period_rows(
    model: _Model, standard: _Prices, start: dt.date | None, end: dt.date | None
) -> list[PriceRow]:
    """One standard price from `start` until before `end`, divided where a mode's price changes within it.

    A mode's price was verified on some day; it holds from the beginning of the period that day is in.
    """
    changes = {variant.constraint.start_date for variant in model.price_variants if variant.mode}
    later = {day for day in changes if day and (not start or day > start) and (not end or day < end)}
    rows: list[PriceRow] = []
    for day in (start, *sorted(later)):
        prices: dict[str, _Prices] = {"standard": standard}
        for mode in _SIDE_MODES:
            known = (_active(model, mode, each) for each in (day, *sorted(later)))
            overrides = next((each for each in known if each is not None), None)
            if overrides is not None:
                prices[mode] = {**standard, **overrides}
        modes = _mode_prices(prices)
        if not rows or rows[-1].modes != modes:
            rows.append(PriceRow(day, (), frozenset(), modes))
    return rows


def _active(model: _Model, mode: str, day: dt.date | None) -> _Prices | None:
    """A mode's own prices on a day (None: at the beginning), if known; of several, the first listed wins.

    An empty answer means that the mode costs what the standard one does.
    """
    found: _Prices | None = None
    for variant in model.price_variants:
        start = variant.constraint.start_date
        if variant.mode == mode and (start is None or (day is not None and start <= day)):
            found = {**variant.prices, **(found or {})}
    return found


def _peak_rows(provider: str, model: _Model, left_out: Counter[str]) -> Iterator[PriceRow]:
    """Prices of certain hours, in the standard mode; windows with the same price become one row."""
    windows: list[tuple[_Prices, list[tuple[int, int]]]] = []
    for each in model.listed_prices:
        if each.hours and windows and windows[-1][0] == each.prices:
            windows[-1][1].append(each.hours)
        elif each.hours:
            windows.append((each.prices, [each.hours]))
    if windows:
        left_out.update(f"mode {variant.mode} in certain hours" for variant in model.price_variants)
    start = _PEAKS.get((provider, model.id))
    weekdays = frozenset({1, 2, 3, 4, 5} if (provider, model.id) in _PEAKS else ())
    for prices, hours in windows:
        yield PriceRow(start, tuple(hours), weekdays, _mode_prices({"standard": prices}))


def _mode_prices(prices: Mapping[str, _Prices]) -> dict[str, ModePrice]:
    """The modes that have a rate, each complete."""
    modes = {}
    for mode, listed in prices.items():
        known = {key: price for key, price in listed.items() if key in _KEYS and price is not None}
        tiered = [price for price in known.values() if isinstance(price, _Tiered)]
        thresholds = sorted({step.start for price in tiered for step in price.tiers if step.start > 0})
        tiers = tuple(Tier(threshold, _rates(known, threshold)) for threshold in thresholds)
        if known:
            modes[mode] = ModePrice(_rates(known, 0), tiers)
    return modes


def _rates(prices: Mapping[str, _Dollars | _Tiered], threshold: int) -> Rates:
    """The rates of a prompt just above a threshold."""
    rates = {}
    for key, price in prices.items():
        dollars = price.above(threshold) if isinstance(price, _Tiered) else price
        rates[_KEYS[key]] = pico_dollars(dollars) * (1000 if key.endswith(_PER_THOUSAND) else 1)
    return Rates(**rates)


def _minutes_utc(time: dt.time) -> int:
    """A time as the minute of its day in UTC, which it is in unless it says otherwise."""
    offset = time.utcoffset() or dt.timedelta()
    return (time.hour * 60 + time.minute - offset // dt.timedelta(minutes=1)) % _DAY


def _count_left_out(model: _Model, left_out: Counter[str]) -> None:
    """Count prices of kinds and modes that the catalog does not have."""
    for each in model.listed_prices:
        left_out.update(f"rate {key}" for key in each.prices if key not in _KEYS)
    for variant in model.price_variants:
        if not variant.mode and variant.prices:
            left_out["mode " + ", ".join(f"{key}={value}" for key, value in variant.when.items())] += 1
