"""What one request costs, part by part: rated and priced as the requests of a log are."""

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Final

import polars as pl

from costopt.calculators.pricing import Term, find_meaning, per, term_of, time_of
from costopt.errors import CatalogError, ConfigError
from costopt.models.intake import CatalogReport
from costopt.models.money import usd
from costopt.models.parts import EXCEEDED
from costopt.models.result import Frozen, Result
from costopt.models.schema import COUNTS, REQUESTS
from costopt.pricing.catalog import MODES, Catalog, report_of
from costopt.pricing.costing import explain, price
from costopt.pricing.lending import model_of
from costopt.pricing.rates import RateKey, rate_key, rates_of, why_unpriced
from costopt.pricing.rating import Rater

_NAMES: Final = ("timestamp", "provider", "model", "mode")


class Request(Frozen):
    """One request, as a log has it: `input_tokens` is ALL input, `output_tokens` ALL output.

    Attributes:
        timestamp: When it was made, UTC.
        provider: As a log spells it; null is inferred from the model.
        model: As a log spells it.
        mode: Null is standard.
    """

    timestamp: dt.datetime
    provider: str | None
    model: str
    mode: str | None
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    cached_audio_tokens: int = 0
    input_image_tokens: int = 0
    cached_image_tokens: int = 0
    reasoning_tokens: int = 0
    output_audio_tokens: int = 0
    output_image_tokens: int = 0
    web_searches: int = 0


class CostPart(Frozen):
    """What is billed at one rate.

    Attributes:
        part: What it is.
        count: How many tokens, requests or searches, none of them in another part.
        rate: Whose rate is taken: another one's where its own is not listed.
        rate_usd: US dollars per `per`.
        per: A million tokens, a thousand requests or searches.
        cost_usd: `count` times `rate_usd` over `per`.
    """

    part: str
    count: int
    rate: str
    rate_usd: Decimal
    per: int
    cost_usd: Decimal


class PricingCost(Result):
    """One request, explained.

    Attributes:
        provider: Whose model the name means.
        model: Which one.
        asked_provider: As it was asked for.
        asked_model: As it was asked for.
        resolved: By what the name was found.
        lender: The provider whose standard prices hold, if the model is billed by another's list.
        mode: Of the request.
        at: When it is made, UTC.
        price: When the price that was taken holds.
        tier_above: The prompt size that this request is above and that decides its rates; null for none.
        catalog: Where the rates stand.
        parts: Those with a cost.
        total_usd: Their sum, exact.
    """

    kind: ClassVar[str] = "pricing_cost"

    provider: str
    model: str
    asked_provider: str | None
    asked_model: str
    resolved: str
    lender: str | None
    mode: str
    at: dt.datetime
    price: Term
    tier_above: int | None
    catalog: CatalogReport
    parts: tuple[CostPart, ...]
    total_usd: Decimal


def cost_request(catalog: Catalog, request: Request) -> PricingCost:
    """What a request costs and how that comes about.

    Raises:
        ConfigError: A part is larger than its whole.
        CatalogError: It has no price.
    """
    _check(request)
    meaning = find_meaning(catalog, request.provider, request.model)
    found = model_of(catalog, meaning.number)
    rated = Rater(catalog).rate(_frame(request))
    rate_id: int = rated["rate_id"][0]
    total: int | None = price(rated, catalog)[0]
    if total is None:
        raise _unpriced(catalog, request, f"{found.provider}/{found.id}", rate_id)
    key = rate_key(rate_id)
    return PricingCost(
        provider=found.provider,
        model=found.id,
        asked_provider=request.provider,
        asked_model=request.model,
        resolved=meaning.how,
        lender=found.lender or None,
        mode=MODES[key.mode],
        at=request.timestamp,
        price=term_of(found.prices[key.row]),
        tier_above=_tier_above(catalog, key),
        catalog=report_of(catalog),
        parts=_parts(explain(rated, catalog)),
        total_usd=usd(total),
    )


def _check(request: Request) -> None:
    """The rules for lines of a log: a part cannot exceed its whole."""
    counts = request.model_dump()
    for reason, _, exceeds in EXCEEDED:
        if exceeds(counts):
            whole = "`--input` counts all input, `--output` all output, `--cache-write` all cache writes"
            raise ConfigError(reason, hint=f"{whole}, and so on")


def _frame(request: Request) -> pl.DataFrame:
    given = {**request.model_dump(), "requests": 1}
    kept = (*_NAMES, *COUNTS)
    return pl.DataFrame(
        {name: [given[name]] for name in kept}, schema={name: REQUESTS[name] for name in kept}
    )


def _unpriced(catalog: Catalog, request: Request, name: str, rate_id: int) -> CatalogError:
    reason = why_unpriced(rate_id)
    shown = "`costopt pricing show` names every rate it has, and when it holds"
    match reason:
        case "no_rate_for_mode":
            row = model_of(catalog, rate_key(rate_id).model).prices[rate_key(rate_id).row]
            message = f"`{name}` has no {request.mode or 'standard'} rates"
            shown = f"it has {', '.join(mode for mode in MODES if mode in row.modes) or 'no rates'}"
        case "no_rate_for_date":
            message = f"`{name}` has no price {time_of(request.timestamp)}"
        case _:
            message = f"`{name}` has no rate for a kind of token that the request uses"
    return CatalogError(f"{message} ({reason})", hint=shown)


def _tier_above(catalog: Catalog, key: RateKey) -> int | None:
    """The threshold of the tier whose rates are taken."""
    rates = rates_of(catalog, key.rate_id)
    tiers = model_of(catalog, key.model).prices[key.row].modes[MODES[key.mode]].tiers
    return next((tier.above for tier in tiers if tier.rates is rates), None)


def _parts(explained: pl.DataFrame) -> tuple[CostPart, ...]:
    billed = explained.filter((pl.col("count") > 0) & pl.col("rate_name").is_not_null())
    return tuple(
        CostPart(
            part=part,
            count=count,
            rate=rate_name,
            rate_usd=usd(rate * per(rate_name)),
            per=per(rate_name),
            cost_usd=usd(cost),
        )
        for part, count, rate_name, rate, cost in billed.select(
            "part", "count", "rate_name", "rate", "cost"
        ).iter_rows()
    )
