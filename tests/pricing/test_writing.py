import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import tomli
from hypothesis import given
from hypothesis import strategies as st

from costopt.pricing.entries import (
    MODES,
    RATE_FIELDS,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
)
from costopt.pricing.rows import read_rows
from costopt.pricing.writing import fingerprint, head_text, model_text, provider_text

MATCH_KEYS = ("exact", "prefix", "suffix", "contains", "regex")


def always(modes: Mapping[str, ModePrice]) -> PriceRow:
    return PriceRow(None, (), frozenset(), modes)


def acme(*prices: PriceRow) -> Model:
    return Model("acme", "large", Match(), prices)


def standard(rates: Rates, *tiers: Tier) -> Model:
    return acme(always({"standard": ModePrice(rates, tiers)}))


def lines(text: str) -> list[str]:
    """The lines of an entry after its provider and id."""
    return text.splitlines()[3:]


def test_a_model_is_written_as_a_person_would() -> None:
    model = Model(
        provider="acme",
        id="large",
        match=Match(exact=("large", "grand"), regex=(r"^large-\d+$",)),
        prices=(
            PriceRow(
                starts=dt.date(2026, 8, 21),
                hours_utc=((60, 240), (1320, 1440)),
                weekdays=frozenset({5, 1}),
                modes={
                    "standard": ModePrice(
                        Rates(
                            input=5_000_000, cached_input=500_000, output=30_000_000, request=2_500_000_000
                        ),
                        (
                            Tier(
                                272_000, Rates(10_000_000, 500_000, output=30_000_000, request=2_500_000_000)
                            ),
                        ),
                    ),
                    "batch": ModePrice(Rates(input=2_500_000, cached_input=250_000)),
                    "flex": ModePrice(
                        Rates(input=1, output=1_000_001), (Tier(272_000, Rates(input=2, output=1_000_001)),)
                    ),
                },
                verified=dt.date(2026, 11, 1),
                sources={"batch": "a list"},
            ),
        ),
        source="the price page",
        tokenizer="o200k_base",
        extend=True,
        synced="0123456789ab",
    )

    assert model_text(model) == (
        """\
[[model]]
provider = "acme"
id = "large"
match = { exact = ["large", "grand"], regex = ['^large-\\d+$'] }
source = "the price page"
tokenizer = "o200k_base"
extend = true
synced = "0123456789ab"
[[model.price]]
from = 2026-08-21
hours_utc = ["01:00-04:00", "22:00-24:00"]
weekdays = [1, 5]
verified = 2026-11-01
source = { batch = "a list" }
input = 5.0
cached_input = 0.5
output = 30.0
request_per_1k = 2.5
batch_input = 2.5
batch_cached_input = 0.25
[[model.price.tier]]
above = 272000
input = 10.0
[model.price.mode.flex]
input = 0.000001
output = 1.000001
tier = [{ above = 272000, input = 0.000002 }]
"""
    )


def test_a_model_that_says_no_more_than_its_name_is_short() -> None:
    assert model_text(acme(always({}))) == '[[model]]\nprovider = "acme"\nid = "large"\n[[model.price]]\n'


def test_a_tier_without_a_change_still_has_a_rate() -> None:
    price = standard(Rates(output=7_000_000), Tier(100, Rates(output=7_000_000)))

    assert lines(model_text(price)) == [
        "[[model.price]]",
        "output = 7.0",
        "[[model.price.tier]]",
        "above = 100",
        "output = 7.0",
    ]


def test_a_tier_names_the_batch_rate_of_whatever_else_it_names() -> None:
    base, above = Rates(input=4, cached_input=2), Rates(input=6, cached_input=3)
    batch, batch_above = Rates(input=2, cached_input=1), Rates(input=3, cached_input=1)
    row = always(
        {
            "standard": ModePrice(base, (Tier(100, above),)),
            "batch": ModePrice(batch, (Tier(100, batch_above), Tier(200, batch))),
        }
    )

    assert lines(model_text(acme(row)))[5:] == [
        "[[model.price.tier]]",
        "above = 100",
        "input = 0.000006",
        "cached_input = 0.000003",
        "batch_input = 0.000003",
        "batch_cached_input = 0.000001",
        "[[model.price.tier]]",
        "above = 200",
        "batch_input = 0.000002",
    ]


def test_modes_and_sources_are_written_in_one_order_so_that_equal_models_have_equal_texts() -> None:
    modes = {mode: ModePrice(Rates(input=1)) for mode in MODES}
    row = replace(always(modes), sources=dict.fromkeys(MODES, "a list"))
    turned = replace(
        row, modes=dict(reversed(modes.items())), sources=dict.fromkeys(reversed(MODES), "a list")
    )

    assert model_text(acme(row)) == model_text(acme(turned))


def test_a_provider_has_the_keys_that_it_needs() -> None:
    assert provider_text(Provider("acme")) == '[[provider]]\nid = "acme"\n'
    assert (
        provider_text(
            Provider(
                id="acme",
                names=("acme inc",),
                strip=("acme/",),
                fallback=("other",),
                infer=Match(prefix=("large",), suffix=("-a",)),
                gateway=True,
            )
        )
        == """\
[[provider]]
id = "acme"
names = ["acme inc"]
strip = ["acme/"]
fallback = ["other"]
infer = { prefix = ["large"], suffix = ["-a"] }
gateway = true
"""
    )


def test_a_head_says_where_the_prices_are_from_and_of_which_day() -> None:
    assert head_text(Layer("", "")) == 'schema = 1\ncurrency = "USD"\n'
    assert head_text(Layer("", "", dt.date(2026, 11, 10), 'the "list"')) == (
        'schema = 1\ncurrency = "USD"\nsource = "the \\"list\\""\ndate = 2026-11-10\n'
    )


def test_a_fingerprint_changes_with_the_entry_but_not_with_the_note_of_it() -> None:
    model = standard(Rates(input=1))
    print_of_it = fingerprint(model)

    assert len(print_of_it) == 12
    assert fingerprint(replace(model, synced=print_of_it)) == print_of_it
    assert fingerprint(standard(Rates(input=2))) != print_of_it
    assert fingerprint(replace(model, tokenizer="o200k_base")) != print_of_it


# Whatever is written is read again as it was

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    ["a'b\\c", "\\", "'''", '"""', "#", "\x7f\x00\x1f", "\r\n", "\x85\u2028", "]]", "é𝄞"]
)
DATES = st.dates()
PICO = st.integers(0, 10**12)
WINDOWS = st.tuples(st.integers(0, 1439), st.integers(0, 1440)).filter(lambda window: window[0] != window[1])


@st.composite
def rates(draw: st.DrawFn, fields: frozenset[str]) -> Rates:
    fees = {"request", "web_search"}
    return Rates(**{field: draw(PICO) * (1000 if field in fees else 1) for field in sorted(fields)})


@st.composite
def rows(draw: st.DrawFn, starts: dt.date | None) -> PriceRow:
    """A price whose other modes list what the standard one does, and more."""
    some = st.frozensets(st.sampled_from(RATE_FIELDS), min_size=1)
    fields = draw(some)
    modes = {}
    for mode in draw(st.lists(st.sampled_from(MODES), unique=True)):
        own = fields if mode == "standard" else fields | draw(some)
        thresholds = draw(st.lists(st.integers(1, 10**9), unique=True, max_size=3))
        tiers = tuple(Tier(above, draw(rates(own))) for above in sorted(thresholds))
        modes[mode] = ModePrice(draw(rates(own)), tiers)
    return PriceRow(
        starts=starts,
        hours_utc=tuple(draw(st.lists(WINDOWS, max_size=2))),
        weekdays=draw(st.frozensets(st.integers(1, 7))),
        modes=modes,
        verified=draw(st.none() | DATES),
        sources=draw(st.dictionaries(st.sampled_from(MODES), TEXTS)),
    )


@st.composite
def models(draw: st.DrawFn) -> Model:
    days = sorted(draw(st.frozensets(DATES, max_size=2)))
    names = st.lists(TEXTS, max_size=2).map(tuple)
    return Model(
        provider=draw(TEXTS),
        id=draw(TEXTS),
        match=Match(**{kind: draw(names) for kind in MATCH_KEYS}),
        prices=tuple(draw(rows(day)) for day in (None, *days)),
        source=draw(st.just("") | TEXTS),
        tokenizer=draw(st.just("") | TEXTS),
        extend=draw(st.booleans()),
        synced=draw(st.just("") | TEXTS),
    )


def as_table(model: Model) -> dict[str, Any]:
    """What the file says of a model beside its prices."""
    match = {kind: list(getattr(model.match, kind)) for kind in MATCH_KEYS if getattr(model.match, kind)}
    every = {
        "provider": model.provider,
        "id": model.id,
        "match": match,
        "source": model.source,
        "tokenizer": model.tokenizer,
        "extend": model.extend,
        "synced": model.synced,
    }
    return {key: value for key, value in every.items() if value}


@given(models())
def test_a_written_model_is_read_again_as_it_was(model: Model) -> None:
    table = tomli.loads(model_text(model), parse_float=Decimal)["model"][0]
    prices = table.pop("price")
    notes = [(price.pop("verified", None), price.pop("source", {})) for price in prices]

    assert table == as_table(model)
    assert notes == [(row.verified, row.sources) for row in model.prices]
    assert read_rows(prices) == tuple(replace(row, verified=None, sources={}) for row in model.prices)
