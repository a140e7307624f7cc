"""Small catalogs and price lists for tests of bringing one into the other, and what comes of it in words."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import tomli

from costopt.pricing.entries import Catalog, Layer, Model, ModePrice
from costopt.pricing.layers import stack
from costopt.pricing.parsing import read_layer
from costopt.pricing.sync import Plan, Step, Wishes, carried_out, plan

HEAD = 'schema = 1\ncurrency = "USD"\n'
TODAY = dt.date(2026, 11, 22)
STANDARD = "input = 5, output = 30"
PEAK = 'hours_utc = ["01:00-02:00"]'
BATCH = "batch_input = 2.5, batch_output = 15"


def entry(name: str, *prices: str, more: str = "") -> str:
    """A model of a catalog file: its prices as inline tables."""
    provider, _, own = name.partition("/")
    listed = ", ".join(f"{{ {price} }}" for price in prices)
    return f'[[model]]\nprovider = "{provider}"\nid = "{own}"\n{more}\nprice = [{listed}]\n'


def layer(*texts: str, source: str = "", path: str = "own.toml") -> Layer:
    tables = tomli.loads(HEAD + "\n".join(texts), parse_float=Decimal)
    return replace(read_layer(tables, path=path, digest="0"), source=source)


def catalog(*texts: str, source: str = "first 1.0") -> Catalog:
    return stack([layer(*texts, source=source)])


def price_list(*texts: str, source: str = "second 2.0") -> Layer:
    read = layer(*texts, source=source)
    return replace(read, models=tuple(replace(model, source=source) for model in read.models))


def sync(here: Catalog, there: Layer, **wishes: object) -> Plan:
    return plan(here, there, Wishes(**{"effective": TODAY, **wishes}))  # type: ignore[arg-type]


def after(here: Catalog, todo: Plan) -> Catalog:
    """The catalog with the file that a plan writes on top."""
    text = carried_out("", todo) if todo.models else HEAD
    written = read_layer(tomli.loads(text, parse_float=Decimal), path="written.toml", digest="1")
    return stack([*here.layers, written])


def outcome(todo: Plan) -> list[tuple[str, str, str]]:
    return [(step.kind, step.model.name, step.reason) for step in todo.steps]


def history(model: Model) -> list[str]:
    """Each price in words: `from the start: standard 5/30, batch 2.5/15`."""
    return [
        f"{row.starts or 'from the start'}{' in some hours' if row.hours_utc else ''}: "
        + ", ".join(f"{mode} {_shown(price)}" for mode, price in row.modes.items())
        for row in model.prices
    ]


def _shown(price: ModePrice) -> str:
    cards = [price.rates, *(tier.rates for tier in price.tiers)]
    return " > ".join(f"{_usd(card.input)}/{_usd(card.output)}" for card in cards)


def _usd(pico: int | None) -> str:
    return "-" if pico is None else f"{Decimal(pico) / 1_000_000:f}"


def changed(step: Step) -> list[str]:
    """Each change in words: `from the start batch input - to 2.5`."""
    return [
        f"{place.starts or 'from the start'} {place.mode} {place.rate} {_usd(before)} to {_usd(after)}"
        for place, before, after in step.rates
    ]


def only(todo: Plan) -> Step:
    (step,) = todo.steps
    return step
