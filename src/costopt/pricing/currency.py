"""Catalog files in another currency: their rates in US dollars, at the rates of exchange that they state."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

from costopt.pricing.entries import Adjustment, Model, PriceRow
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    date,
    positive,
    subtables,
    text,
    unexpected,
    within,
)
from costopt.pricing.terms import check_room, clipped, earlier, later, multiplied, rounded

USD: Final = "USD"
_CODE_LENGTH: Final = 3


@dataclass(frozen=True, slots=True)
class Exchange:
    """From a UTC day on (None: always), what one unit of the file's currency is in US dollars."""

    starts: dt.date | None
    usd: Decimal


def read_exchange(tables: Table) -> tuple[str, tuple[Exchange, ...]]:
    """The file's currency and its rates of exchange, in the order of their days; none for US dollars."""
    currency = text(tables, "currency")
    if len(currency) != _CODE_LENGTH or not currency.isalpha() or not currency.isupper():
        raise unexpected("currency", currency, 'a code of three capitals such as "USD" or "EUR"')
    entries = subtables(tables, "exchange")
    if currency == USD:
        if entries:
            raise Problem(
                "`exchange` stands in a file in USD",
                hint="delete it, or name its currency",
                path=("exchange",),
            )
        return currency, ()
    if not entries:
        raise Problem(
            f"`exchange` is missing: rates are in {currency}",
            hint=f"add `[[exchange]]` with `usd`, what one {currency} is in US dollars, and `from`, its first day",
            path=("currency",),
        )
    found: list[Exchange] = []
    for number, table in enumerate(entries):
        with within(f"exchange {number + 1}", "exchange", number):
            found.append(_exchange(table, found))
    return currency, tuple(found)


def _exchange(table: Table, earlier: Sequence[Exchange]) -> Exchange:
    check_keys(table, ("from", "usd"))
    entry = Exchange(
        date(table, "from"), positive(table, "usd", "what one unit of the currency is in US dollars")
    )
    if earlier and (entry.starts or dt.date.min) <= (earlier[-1].starts or dt.date.min):
        raise Problem(
            f"`from` is {entry.starts or 'absent'}, which is not after the one above it",
            hint="order the rates of exchange by day",
            path=("from",),
        )
    return entry


def in_dollars(model: Model, currency: str, exchange: Sequence[Exchange]) -> Model:
    """The model with its prices in US dollars: each once for every rate of exchange that it meets.

    A rate becomes whole pico-dollars a token, half up. Before the first day of exchange there is no price.
    """
    rows = [part for row in model.prices for part in _parts(row, currency, exchange)]
    check_room(rows)
    return replace(model, prices=tuple(rows))


def _parts(row: PriceRow, currency: str, exchange: Sequence[Exchange]) -> Iterator[PriceRow]:
    """A price in US dollars, for each rate of exchange that it meets; all know the day that the file says."""
    listed = replace(row, listed=row.starts or dt.date.min)
    for entry, end in _periods(exchange):
        part = clipped(listed, entry.starts, end)
        if part:
            yield multiplied(part, entry.usd, _basis(entry, currency))


def terms_in_dollars(
    terms: Adjustment, currency: str, exchange: Sequence[Exchange]
) -> tuple[Adjustment, ...]:
    """Contract terms with their rates in US dollars: once for every rate of exchange that they meet.

    Raises:
        Problem: They begin before the first day of exchange: the listed prices would hold until then.
    """
    if not terms.rates:
        return (terms,)
    first = exchange[0].starts
    if first and (terms.starts is None or terms.starts < first):
        raise Problem(
            f"its rates are in {currency}, which has no rate of exchange before {first}",
            hint="add a `from` that is not earlier, or an `[[exchange]]` without one",
            path=("from",),
        )
    return tuple(_terms_parts(terms, currency, exchange))


def _terms_parts(terms: Adjustment, currency: str, exchange: Sequence[Exchange]) -> Iterator[Adjustment]:
    for entry, end in _periods(exchange):
        starts, ends = later(terms.starts, entry.starts), earlier(terms.ends, end)
        if starts and ends and starts >= ends:
            continue
        rates = {
            mode: {field: rounded(rate * entry.usd) for field, rate in listed.items()}
            for mode, listed in terms.rates.items()
        }
        place = f"{terms.place}, {_basis(entry, currency)}"
        yield replace(terms, starts=starts, ends=ends, rates=rates, place=place)


def _periods(exchange: Sequence[Exchange]) -> Iterator[tuple[Exchange, dt.date | None]]:
    """Each rate of exchange, and the first day on which it holds no more."""
    ends = (*(following.starts for _, following in pairwise(exchange)), None)
    return zip(exchange, ends, strict=True)


def _basis(entry: Exchange, currency: str) -> str:
    return f"1 {currency} = {entry.usd} USD" + (f" from {entry.starts}" if entry.starts else "")
