"""What a price catalog says."""

from typing import Final

from costopt.calculators.pricing import (
    ListedModel,
    Price,
    PricingCheck,
    PricingList,
    PricingShow,
    RateList,
    Term,
    time_of,
)
from costopt.calculators.pricing_cost import CostPart, PricingCost
from costopt.models.intake import CatalogReport
from costopt.report.document import DOT, Cell, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import counted, model_name

_RATES: Final = {
    "input": "input",
    "cached_input": "cached",
    "cache_write_5m": "write 5m",
    "cache_write_1h": "write 1h",
    "output": "output",
    "reasoning": "reasoning",
    "request_per_1k": "1k requests",
    "web_search_per_1k": "1k searches",
}
"""The titles of `RateList`'s fields."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

UNITS: Final = "USD per million tokens"

_UNLISTED: Final = "tokens without a rate of their own are billed as the input or output they are part of"


def catalog_line(catalog: CatalogReport) -> Line:
    """Which catalog: its file, what it was made from, its date and its SHA-256."""
    parts = (
        catalog.path,
        catalog.source,
        f"of {catalog.date}" if catalog.date else "",
        f"sha256 {catalog.sha256}",
    )
    return line(Span(DOT.join(part for part in parts if part), "muted"))


# One model


def view_show(show: PricingShow) -> Document:
    """What the name means, and a table for each price."""
    name = model_name(show.provider, show.model)
    asked = model_name(show.asked_provider, show.asked_model)
    head = Paragraph(
        (_resolved(name, asked), line(UNITS), line(Span(_UNLISTED, "muted")), catalog_line(show.catalog))
    )
    return Document(f"Prices of {name}", (head, *(_price(price) for price in show.prices)))


def _resolved(name: str, asked: str) -> Line:
    """A model, and what it was called where that is something else."""
    return line(Span(name, "strong"), "" if asked == name else f"   asked for as {asked}")


def _price(price: Price) -> Table:
    lists = [(mode, above, rates) for mode, above, rates in _lists(price)]
    kept = [key for key in _RATES if any(getattr(rates, key) is not None for _, _, rates in lists)]
    columns = (Column("mode"), Column("prompt"), *(Column(_RATES[key], "rate") for key in kept))
    rows = [
        (mode, f"> {above:,}" if above else "any", *(getattr(rates, key) for key in kept))
        for mode, above, rates in lists
    ]
    return Table(columns, tuple(rows), title=when(price))


def _lists(price: Price) -> list[tuple[str, int | None, RateList]]:
    """Every rate list of a price: by mode, and there by prompt size."""
    return [
        (mode, above, rates)
        for mode, listed in price.modes.items()
        for above, rates in ((None, listed.rates), *((tier.above, tier.rates) for tier in listed.tiers))
    ]


def when(term: Term) -> str:
    """`from 2026-08-17 · 01:00-04:00, 06:00-10:00 UTC · Mon, Tue`."""
    start = f"from {term.starts}" if term.starts else "from the start"
    return DOT.join(part for part in (start, hours(term)) if part)


def hours(term: Term) -> str:
    """The hours and weekdays, or nothing."""
    windows = f"{', '.join(term.hours_utc)} UTC" if term.hours_utc else ""
    days = ", ".join(_DAYS[day - 1] for day in term.weekdays)
    return DOT.join(part for part in (windows, days) if part)


def records_show(show: PricingShow) -> Records:
    """One record for each price, mode and prompt size."""
    rows: list[tuple[Value, ...]] = [
        (show.provider, show.model, *_term(price), mode, above, *(getattr(rates, key) for key in _RATES))
        for price in show.prices
        for mode, above, rates in _lists(price)
    ]
    return Records(("provider", "model", *_TERM, "mode", "above", *_RATES), rows)


_TERM: Final = ("from", "hours_utc", "weekdays")


def _term(term: Term) -> tuple[Value, ...]:
    return (term.starts, " ".join(term.hours_utc) or None, " ".join(map(str, term.weekdays)) or None)


# All models

_LISTED: Final = (
    "input",
    "cached_input",
    "output",
    "batch_input",
    "batch_cached_input",
    "batch_output",
)
_COLUMNS: Final = (
    Column("input", "rate"),
    Column("cached", "rate", drop=2),
    Column("output", "rate"),
    Column("batch in", "rate", drop=3),
    Column("batch cached", "rate", drop=4),
    Column("batch out", "rate", drop=3),
)


def view_list(listing: PricingList, again: str) -> Document:
    """The head and one table, with batch columns beside standard rates.

    On a narrow screen columns go in this order: hours, batch cached, batch out, batch in, cached, the mark of tiers.
    """
    shown = range(6 if listing.mode == "standard" else 3)
    title = f"{counted(len(listing.models), 'price')}, {listing.mode}, {time_of(listing.at)}"
    tiered = any(model.tiers_above for model in listing.models)
    rule = UNITS + (
        f"{DOT}+: other rates above a prompt size, see: costopt pricing show MODEL" if tiered else ""
    )
    head = Paragraph((line(Span(title, "strong")), line(rule), catalog_line(listing.catalog)))
    timed = any(hours(model) for model in listing.models)
    times = (Column("hours", drop=5),) if timed else ()
    rows = tuple(_listed(model, shown, timed=timed) for model in listing.models)
    columns = (Column("model"), *times, *(_COLUMNS[index] for index in shown), Column("", drop=1))
    full = f"costopt pricing list {again} -o csv".replace("  ", " ")
    blocks = (head, Table(columns, rows, full=full)) if rows else (head,)
    return Document("Model prices", blocks)


def _listed(model: ListedModel, shown: range, *, timed: bool) -> tuple[Cell, ...]:
    times = (hours(model),) if timed else ()
    rates = (getattr(model, _LISTED[index]) for index in shown)
    return (model_name(model.provider, model.model), *times, *rates, "+" if model.tiers_above else "")


def records_list(listing: PricingList) -> Records:
    """One record for each price."""
    rows: list[tuple[Value, ...]] = [
        (
            model.provider,
            model.model,
            *_term(model),
            listing.mode,
            *(getattr(model, name) for name in _LISTED),
            " ".join(map(str, model.tiers_above)) or None,
        )
        for model in listing.models
    ]
    return Records(("provider", "model", *_TERM, "mode", *_LISTED, "tiers_above"), rows)


# One request

_PARTS: Final = {
    "input": "input",
    "cached_input": "cached input",
    "cache_write_5m": "cache write",
    "cache_write_1h": "cache write, 1 h",
    "output": "output",
    "reasoning": "reasoning",
    "request": "request",
    "web_search": "web search",
}
_PER: Final = {1_000_000: "a million", 1_000: "a thousand"}


def view_cost(cost: PricingCost) -> Document:
    """What the name means, which price was taken, and a line for each part."""
    name = model_name(cost.provider, cost.model)
    tier = f"prompt above {cost.tier_above:,}" if cost.tier_above else ""
    taken = (f"{cost.mode} mode", time_of(cost.at), f"price {when(cost.price)}", tier)
    head = (
        _resolved(name, model_name(cost.asked_provider, cost.asked_model)),
        line(DOT.join(part for part in taken if part)),
        catalog_line(cost.catalog),
    )
    columns = (Column("part"), Column("count", "count"), Column("rate", "rate"), Column("per"))
    rows: list[tuple[Cell, ...]] = [
        (_PARTS[part.part], part.count, part.rate_usd, _per(part), part.cost_usd) for part in cost.parts
    ]
    rows.append(("total", "", "", "", cost.total_usd))
    table = Table((*columns, Column("cost", "rate")), tuple(rows))
    return Document(f"Cost of a request to {name}", (Paragraph(head), table))


def _per(part: CostPart) -> str:
    stands_in = "" if part.rate == part.part else f", as {_PARTS[part.rate]}"
    return _PER[part.per] + stands_in


def records_cost(cost: PricingCost) -> Records:
    """One record for each part."""
    rows = [tuple(getattr(part, name) for name in _COST) for part in cost.parts]
    return Records(_COST, rows)


_COST: Final = tuple(CostPart.model_fields)


# The catalog itself


def view_check(check: PricingCheck) -> Document:
    """That it is well-formed, and its counts."""
    counts = [
        counted(check.providers, "provider"),
        counted(check.models, "model"),
        counted(check.prices, "price"),
    ]
    modes = [f"{mode} {number:,}" for mode, number in check.modes.items()]
    lines = (
        line(Span("well-formed", "good"), f"{DOT}{DOT.join(counts)}"),
        line(
            Span("models  ", "muted"),
            DOT.join([*modes, f"dated {check.dated:,}", f"tiered {check.tiered:,}"]),
        ),
        catalog_line(check.catalog),
    )
    return Document("Price catalog", (Paragraph(lines),))


def records_check(check: PricingCheck) -> Records:
    """One record for each count."""
    rows: list[tuple[Value, ...]] = [
        *((name, getattr(check, name)) for name in ("providers", "models", "prices", "dated", "tiered")),
        *check.modes.items(),
    ]
    return Records(("what", "count"), rows)
