"""Laws of contracts, currencies and layers, over random price histories, against a slow and plain reference."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from costopt.pricing.currency import Exchange, in_dollars
from costopt.pricing.entries import (
    MODES,
    Adjustment,
    Catalog,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Rates,
    Tier,
)
from costopt.pricing.layers import stack
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve
from costopt.pricing.schedule import rows_in_force
from costopt.pricing.terms import adjusted

# Random prices: the input and output rates of some modes, by day and hour

DAYS = tuple(dt.date(2026, 10, day) for day in (1, 2, 3, 4, 5))
HOURS: tuple[tuple[tuple[int, int], ...], ...] = ((), (), ((60, 120),), ((1380, 60),))
WEEKDAYS = (frozenset[int](), frozenset[int](), frozenset({4, 6}))
TIMES = st.builds(
    lambda day, minute: dt.datetime(2026, 9, 30, tzinfo=dt.UTC) + dt.timedelta(days=day, minutes=minute),
    st.integers(0, 7),
    st.sampled_from((0, 59, 60, 119, 120, 1379, 1380, 1439)),
)
DAY = st.sampled_from((None, *DAYS))
PICO = st.integers(0, 10**8)
RATES = st.builds(Rates, input=st.one_of(st.none(), PICO), output=st.one_of(st.none(), PICO))
MODE_PRICES = st.builds(
    lambda rates, above: ModePrice(rates, tuple(Tier(size, above[size]) for size in sorted(above))),
    RATES,
    st.dictionaries(st.sampled_from((10, 100)), RATES, max_size=2),
)
ROWS = st.builds(
    PriceRow,
    starts=DAY,
    hours_utc=st.sampled_from(HOURS),
    weekdays=st.sampled_from(WEEKDAYS),
    modes=st.dictionaries(st.sampled_from(MODES), MODE_PRICES, min_size=1, max_size=2),
)
HISTORIES = st.lists(ROWS, min_size=1, max_size=4).map(tuple)


def listed_rows(rows: Sequence[PriceRow]) -> tuple[PriceRow, ...]:
    """As a file has them: of the same hours, each later than the one before."""
    by_listing = {(row.hours_utc, row.weekdays, row.starts or dt.date.min): row for row in rows}
    ordered = sorted(by_listing, key=lambda key: key[2])
    places = [by_listing[key] for key in by_listing]
    return tuple(
        sorted(
            places, key=lambda row: ordered.index((row.hours_utc, row.weekdays, row.starts or dt.date.min))
        )
    )


FILES = HISTORIES.map(listed_rows)

Price = Mapping[str, tuple[tuple[int, int | None, int | None], ...]]
"""By mode, for each prompt size from 0 up: the size it is above, and the input and output rates."""


def price_of(row: PriceRow | None) -> Price | None:
    if row is None:
        return None
    sizes = {
        mode: ((0, price.rates), *((tier.above, tier.rates) for tier in price.tiers))
        for mode, price in row.modes.items()
    }
    return {
        mode: tuple((above, rates.input, rates.output) for above, rates in each)
        for mode, each in sizes.items()
    }


def price_at(rows: Sequence[PriceRow], time: dt.datetime) -> Price | None:
    """What the code under test says."""
    in_force = rows_in_force(rows, time)
    return price_of(rows[in_force[0]]) if in_force else None


# The reference: all conditions of all rows, one after the other


def slow_row(rows: Sequence[PriceRow], time: dt.datetime) -> PriceRow | None:
    """The last row whose conditions all hold."""
    holding = [row for row in rows if _holds(row, time)]
    return holding[-1] if holding else None


def _holds(row: PriceRow, time: dt.datetime) -> bool:
    minute = time.hour * 60 + time.minute
    in_hours = [
        start <= minute < end if start < end else not end <= minute < start for start, end in row.hours_utc
    ]
    return (
        in_days(time, row.starts, row.ends)
        and (not row.weekdays or time.isoweekday() in row.weekdays)
        and (not in_hours or any(in_hours))
    )


def in_days(time: dt.datetime, starts: dt.date | None, ends: dt.date | None) -> bool:
    return (starts is None or starts <= time.date()) and (ends is None or time.date() < ends)


def half_up(rate: int | None, factor: Decimal) -> int | None:
    """Rounded in fractions, which have no precision to run out of."""
    return None if rate is None else (Fraction(rate) * Fraction(factor) + Fraction(1, 2)).__floor__()


def each_rate(price: Price, change: Callable[[str, str, int | None], int | None]) -> Price:
    """A price with every rate changed, given its mode, its name and itself."""
    return {
        mode: tuple(
            (above, change(mode, "input", input_rate), change(mode, "output", output_rate))
            for above, input_rate, output_rate in sizes
        )
        for mode, sizes in price.items()
    }


# Contracts

FACTORS = st.decimals(0, 3, places=4)
DATES = st.tuples(DAY, DAY).filter(lambda days: days[0] is None or days[1] is None or days[0] < days[1])
FACTOR_TERMS = st.builds(
    lambda days, factor, modes: Adjustment("*", "*", modes, days[0], days[1], factor, {}),
    DATES,
    FACTORS,
    st.frozensets(st.sampled_from(MODES), min_size=1),
)
RATE_TERMS = st.builds(
    lambda days, rates: Adjustment("*", "*", frozenset(MODES), days[0], days[1], None, rates),
    DATES,
    st.dictionaries(
        st.sampled_from(MODES),
        st.dictionaries(st.sampled_from(("input", "output")), PICO, min_size=1),
        min_size=1,
        max_size=2,
    ),
)
TERMS = st.lists(st.one_of(FACTOR_TERMS, RATE_TERMS), max_size=4)
OTHERS = Adjustment("other", "*", frozenset(MODES), None, None, Decimal(0), {})


def slow_price(rows: Sequence[PriceRow], terms: Sequence[Adjustment], time: dt.datetime) -> Price | None:
    """The listed price, changed by all terms in force, one after the other."""
    price = price_of(slow_row(rows, time))
    for each in terms:
        if price is not None and in_days(time, each.starts, each.ends):
            price = _under(each, price)
    return price


def _under(terms: Adjustment, price: Price) -> Price:
    factor = terms.multiply
    if factor is not None:
        return each_rate(price, lambda mode, _, rate: half_up(rate, factor) if mode in terms.modes else rate)
    added = {mode: ((0, None, None),) for mode in terms.rates if mode not in price}
    return each_rate({**price, **added}, lambda mode, name, rate: terms.rates.get(mode, {}).get(name, rate))


@settings(deadline=None)
@given(HISTORIES, TERMS, TIMES)
def test_the_price_under_contract_is_the_listed_one_changed_by_all_terms_in_force_in_order(
    rows: tuple[PriceRow, ...], terms: list[Adjustment], time: dt.datetime
) -> None:
    model = adjusted(Model("acme", "large", Match(), rows), [*terms, OTHERS])

    assert price_at(model.prices, time) == slow_price(rows, terms, time)


@settings(deadline=None)
@given(HISTORIES, TERMS, TIMES)
def test_outside_of_all_terms_the_price_is_the_listed_one(
    rows: tuple[PriceRow, ...], terms: list[Adjustment], time: dt.datetime
) -> None:
    past = [each for each in terms if not in_days(time, each.starts, each.ends)]
    model = adjusted(Model("acme", "large", Match(), rows), past)

    assert price_at(model.prices, time) == price_of(slow_row(rows, time))


@settings(deadline=None)
@given(HISTORIES, TERMS, st.integers(0, 4))
def test_terms_at_once_are_those_one_after_the_other(
    rows: tuple[PriceRow, ...], terms: list[Adjustment], at: int
) -> None:
    model = Model("acme", "large", Match(), rows)

    assert adjusted(adjusted(model, terms[:at]), terms[at:]) == adjusted(model, terms)


# Currencies

EXCHANGES = st.dictionaries(DAY, st.decimals(Decimal("0.00001"), 3, places=5), min_size=1, max_size=4).map(
    lambda rates: tuple(
        Exchange(day, rates[day]) for day in sorted(rates, key=lambda day: day or dt.date.min)
    )
)


def slow_exchange(exchange: Sequence[Exchange], time: dt.datetime) -> Decimal | None:
    begun = [each.usd for each in exchange if in_days(time, each.starts, None)]
    return begun[-1] if begun else None


@settings(deadline=None)
@given(FILES, EXCHANGES, TIMES)
def test_a_price_in_dollars_is_the_listed_one_times_the_exchange_of_its_day(
    rows: tuple[PriceRow, ...], exchange: tuple[Exchange, ...], time: dt.datetime
) -> None:
    model = in_dollars(Model("acme", "large", Match(), rows), "EUR", exchange)

    usd = slow_exchange(exchange, time)
    listed = price_of(slow_row(rows, time))
    expected = listed and usd and each_rate(listed, lambda _mode, _name, rate: half_up(rate, usd))
    assert price_at(model.prices, time) == (expected or None)


# Layers


def layer_of(models: Mapping[str, tuple[PriceRow, ...]], *, extend: bool = False, **rest: object) -> Layer:
    listed = (Model("acme", name, Match(), rows, extend=extend) for name, rows in models.items())
    return Layer("file", "digest", models=tuple(listed), **rest)  # type: ignore[arg-type]


def at_all_times(catalog: Catalog, name: str) -> list[Price | None]:
    """The price at every time that makes a difference here."""
    number = resolve(catalog, "acme", name)
    if number is None:
        return []
    rows = model_of(catalog, number).prices
    start = dt.datetime(2026, 9, 30, tzinfo=dt.UTC)
    minutes = (0, 59, 60, 119, 120, 1379, 1380, 1439)
    times = (start + dt.timedelta(days=day, minutes=minute) for day in range(8) for minute in minutes)
    return [price_at(rows, time) for time in times]


MODELS = st.dictionaries(st.sampled_from(("a", "b", "c")), FILES, max_size=3)
LAYERS = st.builds(
    lambda models, extend, standalone: layer_of(models, extend=extend, standalone=standalone),
    MODELS,
    st.booleans(),
    st.sampled_from((False, False, False, True)),
)


@settings(deadline=None)
@given(FILES)
def test_an_extension_that_repeats_a_model_changes_nothing(rows: tuple[PriceRow, ...]) -> None:
    lower = layer_of({"a": rows})

    assert stack([lower, layer_of({"a": rows}, extend=True)]).models[0].prices == rows


@settings(deadline=None)
@given(FILES, EXCHANGES)
def test_an_extension_that_repeats_a_model_in_another_currency_changes_nothing(
    rows: tuple[PriceRow, ...], exchange: tuple[Exchange, ...]
) -> None:
    (model,) = layer_of({"a": rows}).models
    prices = in_dollars(model, "EUR", exchange).prices

    stacked = stack([layer_of({"a": prices}), layer_of({"a": prices}, extend=True)])
    assert stacked.models[0].prices == prices


@settings(deadline=None, max_examples=50)
@given(MODELS)
def test_a_file_without_models_changes_no_price(models: dict[str, tuple[PriceRow, ...]]) -> None:
    alone, below = stack([layer_of(models)]), stack([layer_of(models), layer_of({})])

    assert [at_all_times(alone, name) for name in "abc"] == [at_all_times(below, name) for name in "abc"]


@settings(deadline=None, max_examples=50)
@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_the_uppermost_file_that_has_a_model_and_does_not_extend_it_hides_all_below(
    layers: list[Layer],
) -> None:
    catalog = stack(layers)

    for name in "abc":
        own = [
            number
            for number, layer in enumerate(layers)
            if layer.standalone or any(model.id == name and not model.extend for model in layer.models)
        ]
        above = [replace(layer, standalone=False) for layer in layers[max(own, default=0) :]]
        assert at_all_times(catalog, name) == at_all_times(stack(above), name)


@settings(deadline=None, max_examples=50)
@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_an_empty_file_between_others_changes_no_price(layers: list[Layer]) -> None:
    spread = [each for layer in layers for each in (layer, layer_of({}))]

    catalogs = stack(layers), stack(spread)
    assert [at_all_times(catalogs[0], name) for name in "abc"] == [
        at_all_times(catalogs[1], name) for name in "abc"
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(LAYERS, min_size=2, max_size=4), st.integers(1, 3))
def test_files_at_once_are_files_one_after_the_other(layers: list[Layer], at: int) -> None:
    below = stack(layers[:at])
    merged = replace(layers[0], models=below.models, standalone=False)

    catalogs = stack(layers), stack([merged, *layers[at:]])
    assert [at_all_times(catalogs[0], name) for name in "abc"] == [
        at_all_times(catalogs[1], name) for name in "abc"
    ]


@settings(deadline=None)
@given(FILES, FILES, TIMES)
def test_an_extension_is_a_file_with_the_prices_of_both_in_the_order_of_their_days(
    lower: tuple[PriceRow, ...], upper: tuple[PriceRow, ...], time: dt.datetime
) -> None:
    hours = ((), frozenset[int]())
    plain = [[row for row in rows if (row.hours_utc, row.weekdays) == hours] for rows in (lower, upper)]
    by_day = {row.starts or dt.date.min: row for rows in plain for row in rows}
    together = [by_day[day] for day in sorted(by_day)]
    stacked = stack([layer_of({"a": tuple(plain[0])}), layer_of({"a": tuple(plain[1])}, extend=True)])

    assert price_at(stacked.models[0].prices, time) == price_of(slow_row(together, time))
