"""What a catalog says of a model, and of all of them on a day."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from costopt.errors import CatalogError
from costopt.models.intake import CatalogReport
from costopt.models.money import usd
from costopt.models.result import Frozen, Result
from costopt.pricing.age import verified_on
from costopt.pricing.catalog import MODES, RATE_FIELDS, Catalog, Model, PriceRow, Rates, report_of
from costopt.pricing.lending import model_of
from costopt.pricing.matching import Meaning, find_provider, meaning_of, nearest
from costopt.pricing.rows import RATE_KEYS
from costopt.pricing.schedule import rows_in_force


class RateList(Frozen):
    """Rates as a catalog file writes them: USD per million tokens, fees per thousand; null is not listed."""

    input: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    input_audio: Decimal | None = None
    cached_audio: Decimal | None = None
    input_image: Decimal | None = None
    cached_image: Decimal | None = None
    output: Decimal | None = None
    reasoning: Decimal | None = None
    output_audio: Decimal | None = None
    output_image: Decimal | None = None
    request_per_1k: Decimal | None = None
    web_search_per_1k: Decimal | None = None


class TierRates(Frozen):
    """The rates of a whole request whose prompt has more than `above` tokens."""

    above: int
    rates: RateList


class ModeRates(Frozen):
    """The rates of one mode, and those above each prompt size."""

    rates: RateList
    tiers: tuple[TierRates, ...]


class Term(Frozen):
    """When a price holds, in UTC.

    Attributes:
        starts: Its first day, `from` in JSON; null is from the start.
        ends: The first day on which it no longer holds, `until` in JSON; null is never.
        hours_utc: Windows such as `22:00-06:00`; none is all day.
        weekdays: 1 is Monday; none is every day.
    """

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    starts: dt.date | None = Field(alias="from")
    ends: dt.date | None = Field(alias="until")
    hours_utc: tuple[str, ...]
    weekdays: tuple[int, ...]


class Price(Term):
    """One price of a model.

    Attributes:
        verified: The day it was last compared with the provider's page; null is unknown.
        sources: By mode, where its rates came from, if not from where the model's did.
        basis: What the rates are made from where no file writes them out: a contract, a currency, hours.
        modes: A mode that the catalog does not list is absent.
    """

    verified: dt.date | None
    sources: Mapping[str, str]
    basis: tuple[str, ...]
    modes: Mapping[str, ModeRates]


class PricingShow(Result):
    """One model's prices.

    Attributes:
        provider: Whose model the name means.
        model: Which one.
        asked_provider: As it was asked for.
        asked_model: As it was asked for.
        resolved: By what the name was found.
        lender: The provider whose standard prices hold, if the model is billed by another's list.
        source: Where the prices came from.
        file: Where they stand.
        tokenizer: What counts the model's tokens, if that is known.
        at: The day or moment whose prices these are; null for all.
        catalog: All files of it.
        prices: In the catalog's order: of those whose conditions all hold, the last one applies.
    """

    kind: ClassVar[str] = "pricing_show"

    provider: str
    model: str
    asked_provider: str | None
    asked_model: str
    resolved: str
    lender: str | None
    source: str | None
    file: str
    tokenizer: str | None
    at: dt.datetime | dt.date | None
    catalog: CatalogReport
    prices: tuple[Price, ...]


def show_prices(
    catalog: Catalog, provider: str | None, model: str, at: dt.date | None = None, mode: str | None = None
) -> PricingShow:
    """A model's prices: those of one day or moment, or all; in one mode, or in all.

    Raises:
        CatalogError: There are none.
    """
    meaning = find_meaning(catalog, provider, model)
    found = model_of(catalog, meaning.number)
    name = found.name
    numbers = range(len(found.prices)) if at is None else rows_in_force(found.prices, at)
    if at is not None and not numbers:
        raise CatalogError(
            f"`{name}` has no price {time_of(at)}", hint="leave out `--at` to see all there are"
        )
    rows = [found.prices[number] for number in numbers]
    kept = [row for row in rows if mode is None or mode in row.modes]
    if not kept:
        modes = [each for each in MODES if any(each in row.modes for row in rows)]
        raise CatalogError(f"`{name}` has no {mode} rates", hint=f"it has {', '.join(modes) or 'no rates'}")
    return PricingShow(
        provider=found.provider,
        model=found.id,
        asked_provider=provider,
        asked_model=model,
        resolved=meaning.how,
        lender=found.lender or None,
        source=found.source or catalog.layers[found.layer].source or None,
        file=catalog.layers[found.layer].path,
        tokenizer=found.tokenizer or None,
        at=at,
        catalog=report_of(catalog),
        prices=tuple(_price(row, mode, verified_on(catalog, found, row)) for row in kept),
    )


def time_of(at: dt.date) -> str:
    """`on 2026-10-01`, `at 2026-10-01 08:00 UTC`."""
    return f"at {at:%Y-%m-%d %H:%M} UTC" if isinstance(at, dt.datetime) else f"on {at}"


def find_meaning(catalog: Catalog, provider: str | None, model: str) -> Meaning:
    """What a raw name means, and how that was found.

    Raises:
        CatalogError: It means nothing.
    """
    meaning = meaning_of(catalog, provider, model)
    if meaning is None:
        near = nearest(catalog, provider, model)
        hint = f"did you mean `{near}`?" if near else "`costopt pricing list` names all there are"
        raise CatalogError(f"No price for model `{model}`", hint=hint)
    return meaning


def _price(row: PriceRow, mode: str | None, verified: dt.date | None) -> Price:
    modes = {
        each: ModeRates(
            rates=rate_list(row.modes[each].rates),
            tiers=tuple(
                TierRates(above=tier.above, rates=rate_list(tier.rates)) for tier in row.modes[each].tiers
            ),
        )
        for each in MODES
        if each in row.modes and mode in (None, each)
    }
    sources = {each: source for each, source in row.sources.items() if each in modes}
    return Price(**_term(row), verified=verified, sources=sources, basis=row.basis, modes=modes)


def term_of(row: PriceRow) -> Term:
    """When a price holds."""
    return Term(**_term(row))


def _term(row: PriceRow) -> Mapping[str, Any]:
    return term(row.starts, row.ends, row.hours_utc, sorted(row.weekdays))


def term(
    starts: dt.date | None,
    ends: dt.date | None,
    hours_utc: Iterable[tuple[int, int]],
    weekdays: Iterable[int],
) -> Mapping[str, Any]:
    """When a price holds: the fields of `Term`."""
    hours = tuple(f"{_clock(start)}-{_clock(end)}" for start, end in hours_utc)
    return {"starts": starts, "ends": ends, "hours_utc": hours, "weekdays": tuple(weekdays)}


def rate_list(rates: Rates) -> RateList:
    """Rates in dollars: of tokens per million, of requests and searches per thousand."""
    listed = {}
    for name, key in zip(RATE_FIELDS, RATE_KEYS, strict=True):
        rate = getattr(rates, name)
        listed[key] = None if rate is None else usd(rate * per(name))
    return RateList(**listed)


def per(rate: str) -> int:
    """What a rate is quoted for: a million tokens, a thousand requests or searches."""
    return 1_000 if rate in ("request", "web_search") else 1_000_000


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# All models


class ListedModel(Term):
    """One price of a model.

    Attributes:
        provider: Whose it is.
        model: Its name in the catalog.
        input: USD per million tokens in the mode asked for, as all without `batch_`; null is not listed.
        cached_input: Of what is read from the cache.
        output: Of output.
        batch_input: In batch mode, as all with `batch_`.
        batch_cached_input: Of what is read from the cache.
        batch_output: Of output.
        tiers_above: Prompt sizes above which the mode has other rates.
    """

    provider: str
    model: str
    input: Decimal | None = None
    cached_input: Decimal | None = None
    output: Decimal | None = None
    batch_input: Decimal | None = None
    batch_cached_input: Decimal | None = None
    batch_output: Decimal | None = None
    tiers_above: tuple[int, ...] = ()


class PricingList(Result):
    """The prices in force on a day.

    Attributes:
        at: The day or moment.
        mode: Whose rates are listed.
        catalog: Where they stand.
        models: By provider and name; one entry for each price that holds at some time of the day.
        without_price: How many of the models asked for have no price then, and are not listed.
    """

    kind: ClassVar[str] = "pricing_list"

    at: dt.datetime | dt.date
    mode: str
    catalog: CatalogReport
    models: tuple[ListedModel, ...]
    without_price: int


def list_prices(
    catalog: Catalog,
    at: dt.date,
    *,
    provider: str | None = None,
    match: str | None = None,
    mode: str | None = None,
) -> PricingList:
    """The models of a provider, with a text in their names, that have rates in a mode.

    Raises:
        CatalogError: The catalog does not know the provider.
    """
    owner = _known(catalog, provider) if provider else None
    text = (match or "").strip().lower()
    chosen = [
        model
        for model in sorted(catalog.models, key=lambda model: (model.provider, model.id))
        if owner in (None, model.provider) and text in f"{model.provider}/{model.id}".lower()
    ]
    listed = (_listed(model, row, mode or "standard") for model in chosen for row in _rows(model, at, mode))
    return PricingList(
        at=at,
        mode=mode or "standard",
        catalog=report_of(catalog),
        models=tuple(listed),
        without_price=sum(not rows_in_force(model.prices, at) for model in chosen),
    )


def _known(catalog: Catalog, name: str) -> str:
    found = find_provider(catalog, name)
    if found is None:
        ids = ", ".join(f"`{each}`" for each in sorted(catalog.providers))
        raise CatalogError(f"The catalog has no provider `{name}`", hint=f"it has {ids}")
    return found.id


def _rows(model: Model, at: dt.date, mode: str | None) -> list[PriceRow]:
    rows = [model.prices[number] for number in rows_in_force(model.prices, at)]
    return [row for row in rows if mode is None or mode in row.modes]


def _listed(model: Model, row: PriceRow, mode: str) -> ListedModel:
    price = row.modes.get(mode)
    batch = row.modes.get("batch")
    own = rate_list(price.rates) if price else RateList()
    batched = rate_list(batch.rates) if batch else RateList()
    return ListedModel(
        provider=model.provider,
        model=model.id,
        **_term(row),
        input=own.input,
        cached_input=own.cached_input,
        output=own.output,
        batch_input=batched.input,
        batch_cached_input=batched.cached_input,
        batch_output=batched.output,
        tiers_above=tuple(tier.above for tier in price.tiers) if price else (),
    )
