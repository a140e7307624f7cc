import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costopt.models.money import usd
from costopt.models.schema import COUNTS, REQUESTS, TOKENS
from costopt.pricing.costing import price
from costopt.pricing.entries import (
    MODES,
    Adjustment,
    Catalog,
    Layer,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
)
from costopt.pricing.layers import stack
from costopt.pricing.matching import resolve
from costopt.pricing.rating import Rater
from costopt.pricing.repricing import CONDITION_READS, COSTS, Repricing
from costopt.pricing.schedule import week_minute
from costopt.rollups.rollup import Key, Measure, Rollup, build, merge

Stacked = Callable[..., Catalog]
MEASURES = [Measure(name, pl.Int64, absent=1 if name == "requests" else 0) for name in COUNTS]
LARGE = '[[provider]]\nid = "acme"\n[[model]]\nprovider = "acme"\nid = "large"\n'
LOGGED = "mine"
"""The model of the log; what it costs does not matter here."""


def requests_of(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Requests of one model, with all counts and 0 where nothing is said."""
    zeros = dict.fromkeys(COUNTS, 0)
    full = [{"provider": "acme", "model": LOGGED, **zeros, "requests": 1, **row} for row in rows]
    schema = {name: REQUESTS[name] for name in ("provider", "model", "mode", *CONDITION_READS, *COUNTS)}
    return pl.DataFrame(full, schema={**schema, "timestamp": pl.Datetime("us", "UTC"), "mode": pl.String})


def rolled_up(requests: pl.DataFrame, repricing: Repricing, *keys: str) -> pl.DataFrame:
    """The groups that a log is condensed to."""
    conditions = [Key(name, value, CONDITION_READS) for name, value in repricing.conditions.items()]
    rollup = Rollup("r", ("mode", *keys), tuple(conditions))
    return merge(build(requests, [rollup], MEASURES), rollup, MEASURES)


def repriced(catalog: Catalog, rows: Sequence[Mapping[str, object]], model: int = 0) -> list[str | None]:
    """What each group would cost on a model, in dollars."""
    repricing = Repricing(catalog, [model])
    costs = repricing.costs(rolled_up(requests_of(rows), repricing), model)
    whole = costs.select(pl.sum_horizontal(COSTS, ignore_nulls=False)).to_series().to_list()
    return [None if cost is None else f"{usd(cost):f}" for cost in whole]


def on(day: str, **rest: object) -> dict[str, object]:
    """A request of a million input tokens at some time."""
    return {"timestamp": dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC), "input_tokens": 10**6, **rest}


def test_a_group_costs_what_was_asked_on_its_day(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        input = 10
        [[model.price]]
        from = 2026-10-03
        input = 7
    """)

    costs = repriced(catalog, [on("2026-10-01"), on("2026-10-02T23:59"), on("2026-10-03"), on("2026-11-01")])

    assert costs == ["20", "14"]


def test_a_group_costs_what_was_asked_in_its_hours_and_on_its_weekdays(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        from = 2026-10-01
        input = 10
        [[model.price]]
        from = 2026-10-01
        weekdays = [1, 6]
        input = 4
        [[model.price]]
        from = 2026-10-01
        hours_utc = ["22:00-06:00"]
        input = 1
    """)
    costs = {time: repriced(catalog, [on(f"2026-10-0{time}")])[0] for time in TIMES_OF_A_WEEK}

    assert costs == TIMES_OF_A_WEEK


TIMES_OF_A_WEEK = {
    "1T00:00": "1",  # a Thursday
    "1T12:00": "10",
    "3T12:00": "4",
    "4T12:00": "10",
    "5T06:00": "4",  # a Monday
    "5T22:00": "1",
    "6T05:59": "1",
    "6T06:00": "10",
}


def test_the_first_minutes_of_a_week_are_those_of_a_monday(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        from = 2026-10-01
        input = 10
        [[model.price]]
        from = 2026-10-01
        weekdays = [1]
        input = 4
    """)

    assert repriced(catalog, [on("2026-10-01"), on("2026-10-05"), on("2026-10-12")]) == ["8", "10"]


def test_a_group_has_the_rates_of_its_prompts_size(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        input = 10
        tier = [{{ above = 200000, input = 20 }}]
    """)
    at, above = on("2026-10-01", input_tokens=200_000), on("2026-10-01", input_tokens=200_001)
    mean = on("2026-10-01", input_tokens=400_000, requests=2)
    told = on("2026-10-01", input_tokens=100_000, context_tokens=300_000)

    assert repriced(catalog, [at, above]) == ["2", "4.00002"]
    assert repriced(catalog, [at, mean]) == ["6"]
    assert repriced(catalog, [told]) == ["2"]


def test_a_mode_that_the_model_does_not_list_has_no_price(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        input = 10
        batch_input = 5
    """)
    modes = [on("2026-10-01", mode=mode) for mode in ("batch", "flex", None)]

    assert repriced(catalog, modes) == ["5", None, "10"]


def test_what_is_billed_by_the_piece_is_told_apart_from_tokens(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        input = 10
        cached_input = 1
        output = 20
        request_per_1k = 500
        web_search_per_1k = 10
    """)
    one = on("2026-10-01", cached_input_tokens=400_000, output_tokens=50_000, web_searches=3, requests=2)
    repricing = Repricing(catalog, [0])

    (row,) = repricing.costs(rolled_up(requests_of([one]), repricing), 0).rows()

    assert COSTS == ("input_cost", "output_cost", "other_cost")
    assert [f"{usd(cost):f}" for cost in row] == ["6.4", "1", "1.03"]


def test_prices_that_hang_on_the_hour_are_unknown_for_a_model_that_was_not_asked_for(
    stacked: Stacked,
) -> None:
    catalog = stacked("""
        [[provider]]
        id = "acme"
        [[model]]
        provider = "acme"
        id = "plain"
        [[model.price]]
        input = 10
        [[model]]
        provider = "acme"
        id = "nightly"
        [[model.price]]
        input = 10
        [[model.price]]
        hours_utc = ["22:00-06:00"]
        input = 1
    """)
    repricing = Repricing(catalog, [0])
    groups = rolled_up(requests_of([on("2026-10-01")]), repricing)

    assert [*repricing.conditions] == ["price_date", "price_size"]
    assert repricing.costs(groups, 0).rows() == [(10 * 10**12, 0, 0)]
    assert repricing.costs(groups, 1).rows() == [(None, None, None)]


def test_a_request_that_failed_and_used_nothing_is_free_where_the_status_is_told(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        from = 2026-10-02
        input = 10
        request_per_1k = 500
    """)
    repricing = Repricing(catalog, [0])
    rows = [on(day, input_tokens=0) for day in ("2026-10-01", "2026-10-03")]
    groups = rolled_up(requests_of(rows), repricing)

    assert repricing.costs(groups, 0)["other_cost"].to_list() == [None, 5 * 10**11]
    failed = groups.with_columns(status=pl.lit("error"))
    assert repricing.costs(failed, 0)["other_cost"].to_list() == [0, 0]


def test_a_log_without_sizes_or_numbers_of_requests_can_be_split(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        input = 10
        tier = [{{ above = 200000, input = 20 }}]
    """)
    repricing = Repricing(catalog, [0])
    bare = requests_of([on("2026-10-01"), on("2026-10-01", input_tokens=1)]).drop(
        "requests", "context_tokens"
    )

    assert rolled_up(bare, repricing)["requests"].to_list() == [1, 1]


def test_no_groups_cost_nothing(stacked: Stacked) -> None:
    catalog = stacked(f"{LARGE}[[model.price]]\ninput = 10")
    repricing = Repricing(catalog, [0])

    assert repricing.costs(rolled_up(requests_of([]), repricing), 0).rows() == []


# A law: the sums cost what the requests cost, whatever prices hang on

FIELDS = tuple(Rates.__dataclass_fields__)
DAYS = tuple(dt.date(2026, 10, day) for day in (1, 3, 8))
HOURS: tuple[tuple[tuple[int, int], ...], ...] = ((), (), ((60, 120),), ((1380, 60), (600, 660)))
WEEKDAYS = (frozenset[int](), frozenset[int](), frozenset({1}), frozenset({4, 6}))
SIZES = (10, 100, 101, 1000)


def rates_from(base: int, missing: frozenset[str]) -> Rates:
    """Rates that differ from each other, some of them missing."""
    return Rates(**{name: base // n for n, name in enumerate(FIELDS, 1) if name not in missing})


RATES = st.builds(rates_from, st.integers(0, 10**8), st.frozensets(st.sampled_from(FIELDS), max_size=2))
MODE_PRICES = st.builds(
    lambda rates, tiers: ModePrice(rates, tuple(Tier(size, tiers[size]) for size in sorted(tiers))),
    RATES,
    st.dictionaries(st.sampled_from(SIZES), RATES, max_size=2),
)
ROWS = st.builds(
    PriceRow,
    starts=st.sampled_from((None, *DAYS)),
    hours_utc=st.sampled_from(HOURS),
    weekdays=st.sampled_from(WEEKDAYS),
    modes=st.dictionaries(st.sampled_from(("standard", *MODES)), MODE_PRICES, min_size=1, max_size=2),
)
HISTORIES = st.lists(ROWS, min_size=1, max_size=3).map(tuple)
TERMS = st.builds(
    lambda model, starts, ends, factor: Adjustment("*", model, frozenset(MODES), starts, ends, factor, {}),
    st.sampled_from(("m0", "m1", "*")),
    st.sampled_from((None, dt.date(2026, 10, 3))),
    st.sampled_from((None, dt.date(2026, 10, 6))),
    st.decimals(0, 2, places=2),
)


def catalog_of(
    prices: Sequence[tuple[PriceRow, ...]], terms: Sequence[Adjustment], *, lends: bool
) -> Catalog:
    """Models `m0`, `m1`, ...; another provider is billed by the first one's price list."""
    models = tuple(Model("acme", f"m{n}", Match(), rows) for n, rows in enumerate(prices))
    providers = (Provider("acme"), Provider("resale", fallback=("acme",) if lends else ()))
    return stack(
        [Layer("random", "", source="random", providers=providers, models=models, adjustments=tuple(terms))]
    )


CATALOGS = st.builds(
    catalog_of, st.lists(HISTORIES, min_size=2, max_size=3), st.lists(TERMS, max_size=2), lends=st.booleans()
)
MOMENTS = st.builds(
    lambda day, minute, micro: (
        dt.datetime(2026, 9, 29, tzinfo=dt.UTC) + dt.timedelta(days=day, minutes=minute, microseconds=micro)
    ),
    st.integers(0, 16),
    st.sampled_from((0, 59, 60, 119, 120, 600, 1379, 1380, 1439)),
    st.sampled_from((0, 59_999_999)),
)
ANY = st.sampled_from((0, 0, 1, 10, 11, 101, 500))


def whole_of(
    times: dt.datetime, mode: str | None, sizes: tuple[int | None, int], parts: Mapping[str, int]
) -> dict[str, object]:
    """A request whose parts are no larger than their wholes."""
    context, requests = sizes
    media = parts["input_audio_tokens"] + parts["input_image_tokens"]
    written = parts["cache_write_tokens"] + parts["cache_write_1h_tokens"]
    cached = parts["cached_input_tokens"]
    spoken = parts["output_audio_tokens"] + parts["output_image_tokens"] + parts["reasoning_tokens"]
    return {
        **parts,
        "timestamp": times,
        "mode": mode,
        "context_tokens": context,
        "requests": requests,
        "cache_write_tokens": written,
        "cached_audio_tokens": 0,
        "cached_image_tokens": 0,
        "input_tokens": parts["input_tokens"] + media + written + cached,
        "output_tokens": parts["output_tokens"] + spoken,
    }


LOGS = st.lists(
    st.builds(
        whole_of,
        MOMENTS,
        st.sampled_from((None, "standard", "batch", "priority", "overnight")),
        st.tuples(st.sampled_from((None, None, 10, 11, 1001)), st.sampled_from((1, 1, 2, 7))),
        st.fixed_dictionaries({**dict.fromkeys(TOKENS, ANY), "web_searches": st.integers(0, 2)}),
    ),
    min_size=1,
    max_size=12,
)


def slowly(requests: pl.DataFrame, catalog: Catalog, provider: str, model: str) -> Iterator[int | None]:
    """Each request as if that model had served it."""
    moved = requests.with_columns(provider=pl.lit(provider), model=pl.lit(model)).with_columns(
        pl.col("provider", "model").cast(pl.Categorical)
    )
    yield from price(Rater(catalog).rate(moved), catalog)


def added(costs: Sequence[int | None]) -> int | None:
    """Unknown if any is."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


@settings(max_examples=80)
@given(CATALOGS, LOGS, st.integers(0, 2), st.sampled_from(("acme", "resale")), st.integers(1, 12))
def test_groups_cost_on_another_model_what_their_requests_do(
    catalog: Catalog, rows: list[dict[str, object]], place: int, provider: str, cut: int
) -> None:
    name = f"m{place % len(catalog.models)}"
    number = resolve(catalog, provider, name)
    requests = requests_of(rows)
    if number is None:  # the other provider is billed by no price list
        return
    repricing = Repricing(catalog, [number, 0])
    conditions = [Key(key, value, CONDITION_READS) for key, value in repricing.conditions.items()]
    rollup = Rollup("r", ("mode",), tuple(conditions))
    parts = [build(part, [rollup], MEASURES)[0] for part in (requests[:cut], requests[cut:])]

    groups = merge(parts, rollup, MEASURES)
    costs = repricing.costs(groups, number)

    singly = requests.with_columns(
        pl.Series("slow", list(slowly(requests, catalog, provider, name)), dtype=pl.Int128),
        *(value.alias(key) for key, value in repricing.conditions.items()),
    )
    keys = ["mode", *repricing.conditions]
    expected = {
        key: added(own["slow"].to_list())
        for key, own in singly.partition_by(keys, as_dict=True, maintain_order=True).items()
    }
    whole = costs.select(pl.sum_horizontal(COSTS, ignore_nulls=False)).to_series()
    assert dict(zip(groups.select(keys).iter_rows(), whole, strict=True)) == expected


@settings(max_examples=25)
@given(CATALOGS, LOGS)
def test_a_cost_is_known_in_all_of_its_parts_or_in_none(
    catalog: Catalog, rows: list[dict[str, object]]
) -> None:
    repricing = Repricing(catalog, [0, 1])

    for model in (0, 1):
        for parts in repricing.costs(rolled_up(requests_of(rows), repricing), model).iter_rows():
            assert all(part is None for part in parts) or all(
                part is not None and part >= 0 for part in parts
            )


def test_terms_of_a_contract_split_requests_by_their_days(stacked: Stacked) -> None:
    catalog = stacked(f"""{LARGE}
        [[model.price]]
        input = 10
    """)
    terms = Adjustment(
        "*", "*", frozenset(MODES), None, dt.date(2026, 10, 2), None, {"standard": {"input": 4_000_000}}
    )
    under = replace(catalog, adjustments=(terms,))

    assert repriced(under, [on("2026-10-01"), on("2026-10-02")]) == ["4", "10"]


@pytest.mark.parametrize("minute", [0, 1, 1439, 10079])
def test_a_week_has_its_minutes_from_monday_on(minute: int) -> None:
    monday = dt.datetime(2026, 10, 5, tzinfo=dt.UTC)
    times = pl.DataFrame({"timestamp": [monday + dt.timedelta(minutes=minute, seconds=59)]})

    assert times.select(week_minute()).item() == minute
