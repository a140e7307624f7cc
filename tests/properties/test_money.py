"""Laws of the bill, over random small catalogs and logs, against a slow and plain reference."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from costopt.calculators.analyze import analyze, analyze_rollups
from costopt.calculators.batch import BATCH, advise_batch
from costopt.calculators.spend import grouped, spend, spend_rollup
from costopt.errors import CatalogError
from costopt.models.money import usd
from costopt.models.schema import COUNTS, PICO
from costopt.pipeline import MEASURES, Logs, load
from costopt.pricing.catalog import (
    MODES,
    Catalog,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
    load_catalog,
)
from costopt.pricing.costing import price
from costopt.pricing.layers import stack
from costopt.pricing.rates import RateKey
from costopt.rollups.rollup import Rollup, build, merge

# Random catalogs

FIELDS = tuple(field.name for field in fields(Rates))
SIZES = (10, 100, 1000)
DATES = (dt.date(2026, 10, 1), dt.date(2026, 10, 3))
HOURS: tuple[tuple[tuple[int, int], ...], ...] = ((), ((60, 120),), ((1380, 60), (600, 660)))
WEEKDAYS = (frozenset[int](), frozenset({4, 6}))


def rates_from(base: int, missing: frozenset[str]) -> Rates:
    """Rates that differ from each other, some of them missing."""
    return Rates(**{name: base // n for n, name in enumerate(FIELDS, 1) if name not in missing})


RATES = st.builds(rates_from, st.integers(0, 10**8), st.frozensets(st.sampled_from(FIELDS), max_size=3))
MODE_PRICES = st.builds(
    lambda rates, tiers: ModePrice(rates, tuple(Tier(size, tiers[size]) for size in sorted(tiers))),
    RATES,
    st.dictionaries(st.sampled_from(SIZES), RATES, max_size=2),
)
ROWS = st.builds(
    PriceRow,
    starts=st.sampled_from((None, *DATES)),
    hours_utc=st.sampled_from(HOURS),
    weekdays=st.sampled_from(WEEKDAYS),
    modes=st.dictionaries(st.sampled_from(MODES), MODE_PRICES, min_size=1, max_size=2),
    ends=st.sampled_from((None, None, *DATES)),
)
NAMES = ("m0", "m1")


PRICES = st.lists(ROWS, min_size=1, max_size=3).map(tuple)


def catalog_of(*prices: tuple[PriceRow, ...]) -> Catalog:
    models = tuple(Model("acme", f"m{n}", Match(), rows) for n, rows in enumerate(prices))
    providers = (Provider("acme", infer=Match(prefix=("m",))),)
    return stack([Layer("random", "", source="random", providers=providers, models=models)])


CATALOGS = st.builds(catalog_of, PRICES, PRICES)


# Random requests


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a log has it; the counts are disjoint here, and made whole where it is written."""

    time: dt.datetime
    model: str
    mode: str | None
    tag: str | None
    tenant: str | None
    endpoint: str | None
    status: str | None
    cost: Decimal | None
    requests: int
    plain: int
    cached: int
    written: int
    written_1h: int
    answered: int
    reasoned: int
    heard: int
    heard_cached: int
    seen: int
    seen_cached: int
    spoken: int
    drawn: int
    searches: int

    @property
    def counts(self) -> dict[str, int]:
        """The canonical counts."""
        return {
            "requests": self.requests,
            "input_tokens": self.plain
            + self.cached
            + self.written
            + self.written_1h
            + self.heard
            + self.heard_cached
            + self.seen
            + self.seen_cached,
            "cached_input_tokens": self.cached + self.heard_cached + self.seen_cached,
            "cache_write_tokens": self.written + self.written_1h,
            "cache_write_1h_tokens": self.written_1h,
            "input_audio_tokens": self.heard + self.heard_cached,
            "cached_audio_tokens": self.heard_cached,
            "input_image_tokens": self.seen + self.seen_cached,
            "cached_image_tokens": self.seen_cached,
            "output_tokens": self.answered + self.reasoned + self.spoken + self.drawn,
            "reasoning_tokens": self.reasoned,
            "output_audio_tokens": self.spoken,
            "output_image_tokens": self.drawn,
            "web_searches": self.searches,
        }

    @property
    def line(self) -> str:
        """The line of the log."""
        rest = {
            name: getattr(self, name) for name in ("model", "mode", "tag", "tenant", "endpoint", "status")
        }
        cost = None if self.cost is None else f"{self.cost:f}"
        return json.dumps({"timestamp": self.time.isoformat(), **rest, **self.counts, "cost_usd": cost})


TOKENS = st.sampled_from((0, 0, 1, 9, 10, 11, 100, 1001, 10**9))
TIMES = st.sampled_from((0, 59, 60, 119, 120, 600, 1379, 1380, 1439)).flatmap(
    lambda minute: st.builds(
        lambda day, micro: (
            dt.datetime(2026, 9, 30, tzinfo=dt.UTC)
            + dt.timedelta(days=day, minutes=minute, microseconds=micro)
        ),
        day=st.integers(0, 5),
        micro=st.sampled_from((0, 1, 59_999_999)),
    )
)
REQUESTS = st.builds(
    Request,
    time=TIMES,
    model=st.sampled_from((*NAMES, *NAMES, "unheard-of")),
    mode=st.sampled_from((None, None, *MODES, "overnight")),
    tag=st.sampled_from((None, "nightly", "chat")),
    tenant=st.sampled_from((None, "hooli", "initech")),
    endpoint=st.sampled_from((None, "/a")),
    status=st.sampled_from((None, "ok", "error")),
    cost=st.one_of(st.none(), st.decimals(0, 1000, places=12)),
    requests=st.sampled_from((1, 1, 2, 7)),
    plain=TOKENS,
    cached=TOKENS,
    written=TOKENS,
    written_1h=TOKENS,
    answered=TOKENS,
    reasoned=TOKENS,
    heard=TOKENS,
    heard_cached=TOKENS,
    seen=TOKENS,
    seen_cached=TOKENS,
    spoken=TOKENS,
    drawn=TOKENS,
    searches=st.integers(0, 3),
)
LOGS = st.lists(REQUESTS, min_size=1, max_size=12)


def write(requests: Sequence[Request], name: str = "log.jsonl") -> str:
    Path(name).write_text("".join(f"{request.line}\n" for request in requests), encoding="utf-8")
    return name


# The reference: a request at a time, in decimals


def slow_cost(catalog: Catalog, request: Request) -> Decimal | None:
    """What a request costs in USD, as the catalog's documentation says it."""
    rates = _slow_rates(catalog, request)
    if rates is None:
        return None
    write_rate = rates.input if rates.cache_write_5m is None else rates.cache_write_5m
    cached_rate = rates.input if rates.cached_input is None else rates.cached_input
    parts: list[tuple[int, int | None]] = [
        (request.plain, rates.input),
        (request.cached, cached_rate),
        (request.written, write_rate),
        (request.written_1h, write_rate if rates.cache_write_1h is None else rates.cache_write_1h),
        (request.heard, first(rates.input_audio, rates.input)),
        (request.heard_cached, first(rates.cached_audio, rates.input_audio, cached_rate)),
        (request.seen, first(rates.input_image, rates.input)),
        (request.seen_cached, first(rates.cached_image, rates.input_image, cached_rate)),
        (request.answered, rates.output),
        (request.reasoned, first(rates.reasoning, rates.output)),
        (request.spoken, first(rates.output_audio, rates.output)),
        (request.drawn, first(rates.output_image, rates.output)),
        (request.requests, rates.request or 0),
        (request.searches, rates.web_search),
    ]
    counts = request.counts
    needed = [
        (counts["input_tokens"], rates.input),
        (counts["output_tokens"], rates.output),
        (counts["web_searches"], rates.web_search),
    ]
    if any(count and rate is None for count, rate in needed):
        return None
    return sum((Decimal(count) * (rate or 0) for count, rate in parts), Decimal(0)).scaleb(-12)


def first(*rates: int | None) -> int | None:
    """The first rate that is listed."""
    return next((rate for rate in rates if rate is not None), None)


def _slow_rates(catalog: Catalog, request: Request) -> Rates | None:
    rows = [row for model in catalog.models if model.id == request.model for row in model.prices]
    holding = [row for row in rows if _holds(row, request.time)]
    chosen = holding[-1].modes.get(request.mode or "standard") if holding else None
    if chosen is None:
        return None
    prompt = Fraction(request.counts["input_tokens"], request.requests)
    return [chosen.rates, *(tier.rates for tier in chosen.tiers if prompt > tier.above)][-1]


def _holds(row: PriceRow, time: dt.datetime) -> bool:
    minute = time.hour * 60 + time.minute
    hours = [
        start <= minute < end if start < end else not end <= minute < start for start, end in row.hours_utc
    ]
    return (
        (row.starts is None or time.date() >= row.starts)
        and (row.ends is None or time.date() < row.ends)
        and (not row.weekdays or time.isoweekday() in row.weekdays)
        and (not hours or any(hours))
    )


def slow_bill(
    catalog: Catalog, requests: Sequence[Request], key: str
) -> dict[object, tuple[int, Decimal | None, int]]:
    """By a key: requests, cost, and how many are unpriced."""
    found: dict[object, tuple[int, Decimal | None, int]] = {}
    for request in requests:
        count, cost, unpriced = found.get(getattr(request, key), (0, None, 0))
        own = slow_cost(catalog, request) if request.cost is None else request.cost
        if own is None:
            unpriced += request.requests
        else:
            cost = own + (cost or 0)
        found[getattr(request, key)] = (count + request.requests, cost, unpriced)
    return found


# Laws


@settings(max_examples=40, deadline=None)
@given(CATALOGS, LOGS, st.sampled_from(["tag", "tenant", "model", "mode"]))
def test_pricing_the_sums_gives_what_pricing_every_request_does(
    catalog: Catalog, requests: list[Request], key: str
) -> None:
    loaded = load(Logs((write(requests),)), catalog, [spend_rollup((key,))])

    table = grouped(loaded.rollups["spend"], [key])
    found = {
        row[key]: (row["requests"], None if row["cost"] is None else usd(row["cost"]), row["unpriced"])
        for row in table.iter_rows(named=True)
    }
    assert found == slow_bill(catalog, requests, key)


@settings(max_examples=40, deadline=None)
@given(CATALOGS, LOGS)
def test_computed_costs_do_not_depend_on_logged_ones(catalog: Catalog, requests: list[Request]) -> None:
    loaded = load(Logs((write(requests),), cost="computed"), catalog, [spend_rollup(("model",))])

    known = [cost for request in requests if (cost := slow_cost(catalog, request)) is not None]
    assert usd(int(loaded.rollups["spend"]["cost"].sum())) == sum(known, Decimal(0))


@settings(max_examples=40, deadline=None)
@given(CATALOGS, LOGS)
def test_every_way_to_split_the_bill_adds_up_to_the_same_total(
    catalog: Catalog, requests: list[Request]
) -> None:
    loaded = load(Logs((write(requests),)), catalog, analyze_rollups("Europe/Berlin"))
    bill = analyze(loaded.rollups, catalog, loaded.provenance).spend

    splits = (bill.by_model, bill.by_tag, bill.by_tenant, bill.by_endpoint, bill.daily)
    sums = [sum((row.cost_usd or Decimal(0) for row in rows), Decimal(0)) for rows in splits]
    assert sums == [bill.total_usd] * 5
    counts = [(sum(r.requests for r in rows), sum(r.unpriced for r in rows)) for rows in splits[:4]]
    assert set(counts) == {(loaded.provenance.intake.requests, loaded.provenance.intake.unpriced)}


@settings(max_examples=40, deadline=None)
@given(CATALOGS, LOGS, st.integers(1, 4))
def test_the_top_and_what_is_left_out_add_up_to_the_total(
    catalog: Catalog, requests: list[Request], top: int
) -> None:
    loaded = load(Logs((write(requests),)), catalog, [spend_rollup(("model", "tag"))])
    result = spend(loaded.rollups["spend"], loaded.provenance, ("model", "tag"), top=top)

    rows = [*result.rows, *([result.left_out] if result.left_out else [])]
    assert sum((row.cost_usd or Decimal(0) for row in rows), Decimal(0)) == result.total_usd
    assert sum(row.requests for row in rows) == loaded.provenance.intake.requests
    assert sum(row.unpriced for row in rows) == result.unpriced == loaded.provenance.intake.unpriced


@settings(max_examples=20, deadline=None)
@given(CATALOGS, LOGS, st.sampled_from((150, 400, 1000)))
def test_the_size_of_partitions_changes_nothing(catalog: Catalog, requests: list[Request], size: int) -> None:
    path = write(requests)
    whole = load(Logs((path,)), catalog, analyze_rollups("UTC"))
    cut = load(Logs((path,), partition_bytes=size), catalog, analyze_rollups("UTC"))

    assert whole.provenance == cut.provenance
    for name, table in whole.rollups.items():
        assert_frame_equal(table, cut.rollups[name])


@settings(max_examples=20, deadline=None)
@given(CATALOGS, LOGS, st.integers(0, 12))
def test_requests_in_two_files_in_any_order_are_the_requests_of_one(
    catalog: Catalog, requests: list[Request], at: int
) -> None:
    whole = load(Logs((write(requests),)), catalog, analyze_rollups("UTC"))
    paths = (write(requests[at:], "later.jsonl"), write(requests[:at], "earlier.jsonl"))
    parts = load(Logs(paths), catalog, analyze_rollups("UTC"))

    assert whole.provenance.period == parts.provenance.period
    for name, table in whole.rollups.items():
        assert_frame_equal(table, parts.rollups[name])


KEYED = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 10**12), st.integers(0, 10**30)), max_size=4
)


@given(st.lists(KEYED, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_merging_changes_nothing(
    logs: list[list[tuple[str | None, int, int]]], random: object
) -> None:
    rollup = Rollup("r", ("tag",))
    schema = {"tag": pl.Categorical, "input_tokens": pl.Int64, "logged_cost": PICO}
    parts = [build(pl.DataFrame(log, schema=schema, orient="row"), [rollup], MEASURES)[0] for log in logs]
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    at_once = merge(parts, rollup, MEASURES)
    one_by_one = shuffled[0]
    for part in shuffled[1:]:
        one_by_one = merge([one_by_one, part], rollup, MEASURES)

    assert_frame_equal(at_once, merge([one_by_one], rollup, MEASURES))
    exact: Counter[str | None] = Counter()
    for tag, _, cost in (row for log in logs for row in log):
        exact[tag] += cost
    assert dict(at_once.select("tag", "logged_cost").iter_rows()) == dict(exact)


COUNT = st.integers(0, 10**12)
KINDS = (
    "plain",
    "cached",
    "written",
    "written_1h",
    "heard",
    "heard_cached",
    "seen",
    "seen_cached",
    "answered",
    "reasoned",
    "spoken",
    "drawn",
    "searches",
    "requests",
)
BASKETS = st.fixed_dictionaries(dict.fromkeys(KINDS, COUNT))


def _counts(basket: Mapping[str, int]) -> dict[str, int]:
    nothing = dict.fromkeys(("model", "mode", "tag", "tenant", "endpoint", "status", "cost"))
    time = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    return Request(**{"time": time, **nothing, **basket}).counts  # type: ignore[arg-type]


def _costs(rates: Rates, *baskets: Mapping[str, int]) -> list[int | None]:
    """In pico-dollars, what each basket of tokens costs at these rates."""
    catalog = catalog_of((PriceRow(None, (), frozenset(), {"standard": ModePrice(rates)}),))
    rows = [{"rate_id": RateKey(0, 0, 0, 0).rate_id, **_counts(basket)} for basket in baskets]
    schema = {"rate_id": pl.Int64, **dict.fromkeys(COUNTS, pl.Int64)}
    return price(pl.DataFrame(rows, schema=schema), catalog).to_list()


@settings(deadline=None)
@given(RATES, BASKETS, BASKETS)
def test_at_one_rate_two_baskets_together_cost_what_they_cost_apart(
    rates: Rates, one: dict[str, int], other: dict[str, int]
) -> None:
    both = {kind: one[kind] + other[kind] for kind in KINDS}

    first, second, together = _costs(rates, one, other, both)

    assert together == (None if first is None or second is None else first + second)


@settings(deadline=None)
@given(RATES, BASKETS, st.sampled_from(KINDS), COUNT)
def test_at_one_rate_more_tokens_never_cost_less_and_no_cost_is_negative(
    rates: Rates, basket: dict[str, int], kind: str, more: int
) -> None:
    before, after = _costs(rates, basket, {**basket, kind: basket[kind] + more})

    assert before is None or before >= 0
    assert after is None or before is None or after >= before
    assert after is None or before is not None  # more never finds a price that less has not


@settings(max_examples=25, deadline=None)
@given(CATALOGS, LOGS)
def test_a_saving_is_never_negative_nor_more_than_is_spent(catalog: Catalog, requests: list[Request]) -> None:
    loaded = load(Logs((write(requests),)), catalog, [BATCH])
    advice = advise_batch(loaded.rollups["batch"], catalog, loaded.provenance)

    assert 0 <= advice.projected_savings_usd <= advice.total_spend_usd
    for found in advice.findings:
        assert 0 <= found.low_usd <= found.projected_savings_usd <= found.high_usd
        assert found.projected_savings_usd <= found.eligible_spend_usd
        assert found.basis == "estimated" or found.low_usd == found.high_usd


FIGURES = st.one_of(
    st.sampled_from(
        ["nan", "-nan", "inf", "-inf", "-1", "-0.000001", "-0.0", "1e400", "1e-400", "true", '"1"']
    ),
    st.floats().map(repr),
    st.integers().map(str),
    st.decimals(0, 10**6, places=6).map(lambda figure: f"{figure:f}"),
)


@settings(max_examples=200, deadline=None)
@given(FIGURES)
def test_no_figure_in_a_catalog_makes_a_negative_inexact_or_nonsensical_price(figure: str) -> None:
    head = 'schema = 1\ncurrency = "USD"\n[[provider]]\nid = "a"\n[[model]]\nprovider = "a"\nid = "m"\n'
    Path("prices.toml").write_text(f"{head}[[model.price]]\ninput = {figure}\n", encoding="utf-8")
    try:
        rates = load_catalog(Path("prices.toml")).models[0].prices[0].modes["standard"].rates
    except CatalogError:
        return
    (cost,) = _costs(rates, {**dict.fromkeys(KINDS, 0), "plain": 10**6})

    assert cost is not None
    assert cost >= 0
    assert usd(cost) == Decimal(figure)
