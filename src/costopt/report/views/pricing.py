"""What a price catalog says."""

from typing import Final

from costopt.calculators.pricing import (
    ListedModel,
    Price,
    PricingList,
    PricingShow,
    RateList,
    Term,
    time_of,
)
from costopt.calculators.pricing_check import PricingCheck
from costopt.calculators.pricing_cost import CostPart, PricingCost
from costopt.models.intake import CatalogReport, LayerReport
from costopt.report.document import DOT, Cell, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import counted, model_name

RATES: Final = {
    "input": "input",
    "cached_input": "cached",
    "cache_write_5m": "write 5m",
    "cache_write_1h": "write 1h",
    "input_audio": "audio in",
    "cached_audio": "audio cached",
    "input_image": "image in",
    "cached_image": "image cached",
    "output": "output",
    "reasoning": "reasoning",
    "output_audio": "audio out",
    "output_image": "image out",
    "request_per_1k": "1k requests",
    "web_search_per_1k": "1k searches",
}
"""The titles of `RateList`'s fields."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

UNITS: Final = "USD per million tokens"

_UNLISTED: Final = "tokens without a rate of their own are billed as the input or output they are part of"


def catalog_lines(catalog: CatalogReport) -> tuple[Line, ...]:
    """Which catalog: its files, what they were made from, their dates, and what stands for all their bytes."""
    told = [_layer(layer) for layer in catalog.layers]
    told[-1] = f"{told[-1]}{DOT}sha256 {catalog.sha256}"
    return tuple(line(Span(text, "muted")) for text in told)


def _layer(layer: LayerReport) -> str:
    parts = (layer.path, layer.source, f"of {layer.date}" if layer.date else "")
    return DOT.join(part for part in parts if part)


# One model


def view_show(show: PricingShow) -> Document:
    """What the name means, and a table for each price."""
    name = model_name(show.provider, show.model)
    asked = model_name(show.asked_provider, show.asked_model)
    origin = DOT.join(part for part in (show.source, f"in {show.file}") if part)
    single = len(show.catalog.layers) == 1
    told = (
        _resolved(name, asked, show.resolved),
        *_lent(show.lender),
        line(UNITS + (f"{DOT}tokens of {show.tokenizer}" if show.tokenizer else "")),
        line(Span(_UNLISTED, "muted")),
        *(() if single and show.source == show.catalog.source else (line(f"from {origin}"),)),
        *catalog_lines(show.catalog),
    )
    head = Paragraph(told)
    return Document(f"Prices of {name}", (head, *(_price(price) for price in show.prices)))


def _resolved(name: str, asked: str, how: str) -> Line:
    """A model, and what it was called where that is something else."""
    return line(Span(name, "strong"), "" if asked == name else f"   asked for as {asked}, found {how}")


def _lent(lender: str | None) -> tuple[Line, ...]:
    """That a model is billed by another provider's list."""
    return (line(f"billed by the standard prices of {lender}"),) if lender else ()


def _price(price: Price) -> Table:
    lists = [(mode, above, rates) for mode, above, rates in _lists(price)]
    kept = [key for key in RATES if any(getattr(rates, key) is not None for _, _, rates in lists)]
    columns = (Column("mode"), Column("prompt"), *(Column(RATES[key], "rate") for key in kept))
    rows = [
        (mode, f"> {above:,}" if above else "any", *(getattr(rates, key) for key in kept))
        for mode, above, rates in lists
    ]
    return Table(columns, tuple(rows), title=_title(price))


def _title(price: Price) -> str:
    """When a price holds, when it was verified, and what it is made from."""
    verified = f"verified {price.verified}" if price.verified else "not known when verified"
    sources = (f"{mode} from {source}" for mode, source in price.sources.items())
    return DOT.join((when(price), verified, *sources, *price.basis))


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
    start += f" until {term.ends}" if term.ends else ""
    return DOT.join(part for part in (start, hours(term)) if part)


def hours(term: Term) -> str:
    """The hours and weekdays, or nothing."""
    windows = f"{', '.join(term.hours_utc)} UTC" if term.hours_utc else ""
    days = ", ".join(_DAYS[day - 1] for day in term.weekdays)
    return DOT.join(part for part in (windows, days) if part)


def records_show(show: PricingShow) -> Records:
    """One record for each price, mode and prompt size."""
    rows: list[tuple[Value, ...]] = [
        (show.provider, show.model, *_term(price), mode, above, *(getattr(rates, key) for key in RATES))
        for price in show.prices
        for mode, above, rates in _lists(price)
    ]
    return Records(("provider", "model", *_TERM, "mode", "above", *RATES), rows)


_TERM: Final = ("from", "until", "hours_utc", "weekdays")


def _term(term: Term) -> tuple[Value, ...]:
    return (
        term.starts,
        term.ends,
        " ".join(term.hours_utc) or None,
        " ".join(map(str, term.weekdays)) or None,
    )


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
    told = (line(Span(title, "strong")), line(rule), *_without_price(listing))
    head = Paragraph((*told, *catalog_lines(listing.catalog)))
    timed = any(hours(model) for model in listing.models)
    times = (Column("hours", drop=5),) if timed else ()
    rows = tuple(_listed(model, shown, timed=timed) for model in listing.models)
    columns = (Column("model"), *times, *(_COLUMNS[index] for index in shown), Column("", drop=1))
    full = f"costopt pricing list {again} -o csv".replace("  ", " ")
    blocks = (head, Table(columns, rows, full=full)) if rows else (head,)
    return Document("Model prices", blocks)


def _without_price(listing: PricingList) -> tuple[Line, ...]:
    """That models are not listed, if some are not."""
    if not listing.without_price:
        return ()
    unpriced = counted(listing.without_price, "model has", "models have")
    return (line(Span(f"{unpriced} no price then{DOT}see: costopt pricing show MODEL", "warn")),)


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
    "input_audio": "audio",
    "cached_audio": "cached audio",
    "input_image": "images",
    "cached_image": "cached images",
    "output": "output",
    "reasoning": "reasoning",
    "output_audio": "audio output",
    "output_image": "image output",
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
        _resolved(name, model_name(cost.asked_provider, cost.asked_model), cost.resolved),
        *_lent(cost.lender),
        line(DOT.join(part for part in taken if part)),
        *catalog_lines(cost.catalog),
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

_STALE: Final = 8


def view_check(check: PricingCheck) -> Document:
    """That it is well-formed, its counts, its files, and what is stale in it."""
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
        _age(check),
    )
    files = Table(
        (
            Column("file"),
            Column("of"),
            Column("models", "count"),
            Column("terms", "count"),
            Column("aliases", "count"),
        ),
        tuple(
            (layer.path, layer.date or "", layer.models, layer.adjustments, layer.aliases)
            for layer in check.layers
        ),
    )
    return Document(
        "Price catalog", (Paragraph(lines), files, *_oldest(check), Paragraph(catalog_lines(check.catalog)))
    )


def _age(check: PricingCheck) -> Line:
    """How many prices are stale."""
    ago = f"more than {check.stale_days} days before {check.at}"
    if not check.stale:
        return line(Span(f"no price was last verified {ago}", "muted"))
    return line(Span(f"{counted(len(check.stale), 'model')} with a price last verified {ago}", "warn"))


def _oldest(check: PricingCheck) -> tuple[Table, ...]:
    rows = tuple((model_name(model.provider, model.model), str(model.verified)) for model in check.stale)
    rest = len(rows) - _STALE
    more = f"and {rest:,} more{DOT}see: -o csv" if rest > 0 else ""
    return (Table((Column("model"), Column("verified")), rows[:_STALE], more=more),) if rows else ()


def records_check(check: PricingCheck) -> Records:
    """One record for each count, then for each stale model the day its price was verified."""
    rows: list[tuple[Value, ...]] = [
        *((name, getattr(check, name)) for name in ("providers", "models", "prices", "dated", "tiered")),
        *check.modes.items(),
        ("stale", len(check.stale)),
        *((f"stale {model_name(model.provider, model.model)}", model.verified) for model in check.stale),
    ]
    return Records(("what", "count"), rows)
