import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.calculators.pricing_cost import PricingCost, Request, cost_request
from costopt.calculators.spend import spend, spend_rollup
from costopt.errors import CatalogError, ConfigError, CostoptError
from costopt.pipeline import Logs, load
from costopt.pricing.catalog import Catalog, load_catalog

TOML = """
schema = 1
currency = "USD"

[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }

[[model]]
provider = "acme"
id = "acme-all"
[[model.price]]
input = 3
cached_input = 0.3
cache_write_5m = 3.75
cache_write_1h = 6
output = 15
reasoning = 20
request_per_1k = 5
web_search_per_1k = 10

[[model]]
provider = "acme"
id = "acme-plain"
match = { prefix = ["acme-plain-"] }
[[model.price]]
from = 2026-08-01
input = 3
output = 15
batch_input = 1
batch_output = 7
tier = [{ above = 1000, input = 6, output = 20 }, { above = 2000, batch_input = 2 }]
[[model.price]]
from = 2026-10-01
hours_utc = ["22:00-06:00"]
weekdays = [1, 2, 3, 4, 5]
input = 30
output = 150

[[model]]
provider = "acme"
id = "acme-input"
[[model.price]]
input = 0.02
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    file = tmp_path_factory.mktemp("prices") / "prices.toml"
    file.write_text(TOML, encoding="utf-8")
    return load_catalog(file)


def cost(catalog: Catalog, model: str, at: str = "2026-10-05T12:00", **counts: Any) -> PricingCost:  # noqa: ANN401
    """One request of no tokens, but for those named."""
    time = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    request: dict[str, Any] = {"provider": None, "mode": None, "input_tokens": 0, "output_tokens": 0}
    return cost_request(catalog, Request(timestamp=time, model=model, **{**request, **counts}))


def lines(explained: PricingCost) -> list[tuple[str, int, str, str, str]]:
    """Part, count, rate in USD, per so many, cost in USD."""
    return [
        (part.part, part.count, f"{part.rate_usd} {part.rate}", f"{part.per:,}", str(part.cost_usd))
        for part in explained.parts
    ]


def test_every_part_has_its_count_rate_and_cost(catalog: Catalog) -> None:
    explained = cost(
        catalog,
        "acme-all",
        input_tokens=1000,
        cached_input_tokens=500,
        cache_write_tokens=300,
        cache_write_1h_tokens=100,
        output_tokens=50,
        reasoning_tokens=20,
        web_searches=3,
    )

    assert lines(explained) == [
        ("input", 200, "3 input", "1,000,000", "0.0006"),
        ("cached_input", 500, "0.3 cached_input", "1,000,000", "0.00015"),
        ("cache_write_5m", 200, "3.75 cache_write_5m", "1,000,000", "0.00075"),
        ("cache_write_1h", 100, "6 cache_write_1h", "1,000,000", "0.0006"),
        ("output", 30, "15 output", "1,000,000", "0.00045"),
        ("reasoning", 20, "20 reasoning", "1,000,000", "0.0004"),
        ("request", 1, "5 request", "1,000", "0.005"),
        ("web_search", 3, "10 web_search", "1,000", "0.03"),
    ]
    assert explained.total_usd == Decimal("0.03795")
    assert (explained.provider, explained.model, explained.mode) == ("acme", "acme-all", "standard")


def test_a_rate_that_stands_in_is_named(catalog: Catalog) -> None:
    explained = cost(
        catalog,
        "acme-plain-2026",
        input_tokens=600,
        cached_input_tokens=300,
        cache_write_tokens=200,
        cache_write_1h_tokens=100,
        output_tokens=50,
        reasoning_tokens=50,
    )

    assert [(part.part, part.rate) for part in explained.parts] == [
        ("input", "input"),
        ("cached_input", "input"),
        ("cache_write_5m", "input"),
        ("cache_write_1h", "input"),
        ("reasoning", "output"),
    ]
    assert (explained.asked_model, explained.model) == ("acme-plain-2026", "acme-plain")


@pytest.mark.parametrize(
    ("tokens", "mode", "tier", "total"),
    [
        (1000, None, None, "0.003"),
        (1001, None, 1000, "0.006006"),
        (2001, "standard", 1000, "0.012006"),
        (2000, "batch", None, "0.002"),
        (2001, "batch", 2000, "0.004002"),
    ],
)
def test_the_tier_that_decides_is_that_of_the_mode(
    catalog: Catalog, tokens: int, mode: str | None, tier: int | None, total: str
) -> None:
    explained = cost(catalog, "acme-plain", input_tokens=tokens, mode=mode)

    assert (explained.tier_above, explained.total_usd) == (tier, Decimal(total))


def test_the_price_is_that_of_the_moment(catalog: Catalog) -> None:
    night = cost(catalog, "acme-plain", "2026-10-05T23:00", input_tokens=1)
    day = cost(catalog, "acme-plain", "2026-10-05T12:00", input_tokens=1)

    assert (night.price.starts, night.total_usd) == (dt.date(2026, 10, 1), Decimal("0.00003"))
    assert night.price.hours_utc == ("22:00-06:00",)
    assert (day.price.starts, day.total_usd) == (dt.date(2026, 8, 1), Decimal("0.000003"))


def test_a_request_of_nothing_costs_its_fee_or_nothing(catalog: Catalog) -> None:
    assert cost(catalog, "acme-all").total_usd == Decimal("0.005")
    assert cost(catalog, "acme-input").total_usd == 0
    assert cost(catalog, "acme-input").parts == ()


@pytest.mark.parametrize(
    ("model", "counts", "message", "hint"),
    [
        ("acme-al", {}, "No price for model `acme-al`", "did you mean `acme-all`?"),
        (
            "acme-all",
            {"mode": "batch"},
            "`acme/acme-all` has no batch rates (no_rate_for_mode)",
            "it has standard",
        ),
        (
            "acme-plain",
            {"at": "2026-07-31T23:59"},
            "`acme/acme-plain` has no price at 2026-07-31 23:59 UTC (no_rate_for_date)",
            "`costopt pricing show` names every rate it has, and when it holds",
        ),
        (
            "acme-input",
            {"output_tokens": 1},
            "`acme/acme-input` has no rate for a kind of token that the request uses (no_rate_for_tokens)",
            "`costopt pricing show` names every rate it has, and when it holds",
        ),
    ],
)
def test_a_request_without_a_price_says_why(
    catalog: Catalog, model: str, counts: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(CatalogError) as raised:
        cost(catalog, model, **counts)

    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_a_price_without_any_rate_has_none_in_any_mode(tmp_path: Path) -> None:
    text = 'schema = 1\ncurrency = "USD"\n[[model]]\nprovider = "acme"\nid = "m"\n[[model.price]]\n'
    (tmp_path / "none.toml").write_text(text, encoding="utf-8")

    with pytest.raises(CatalogError) as raised:
        cost(load_catalog(tmp_path / "none.toml"), "m", provider="acme")

    assert raised.value.message == "`acme/m` has no standard rates (no_rate_for_mode)"
    assert raised.value.hint == "it has no rates"


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            {"input_tokens": 9, "cached_input_tokens": 5, "cache_write_tokens": 5},
            "more cached than input tokens (is input counted without the cached ones?)",
        ),
        ({"input_tokens": 9, "cache_write_1h_tokens": 1}, "more 1-hour cache writes than cache writes"),
        ({"output_tokens": 1, "reasoning_tokens": 2}, "more reasoning than output tokens"),
    ],
)
def test_a_part_cannot_exceed_its_whole(catalog: Catalog, counts: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        cost(catalog, "acme-all", **counts)

    assert raised.value.message == message


COUNT = st.integers(0, 10**12 // 4)


@given(model=st.sampled_from(["acme-all", "acme-plain", "acme-input"]), counts=st.tuples(*[COUNT] * 7))
def test_the_parts_add_up_to_the_total(catalog: Catalog, model: str, counts: tuple[int, ...]) -> None:
    plain, cached, short, long, output, reasoning, searches = counts
    try:
        explained = cost(
            catalog,
            model,
            input_tokens=plain + cached + short + long,
            cached_input_tokens=cached,
            cache_write_tokens=short + long,
            cache_write_1h_tokens=long,
            output_tokens=output + reasoning,
            reasoning_tokens=reasoning,
            web_searches=searches,
        )
    except CostoptError as error:
        assert "no_rate_for_tokens" in error.message  # noqa: PT017 - an unpriced request is a result too
        return

    assert sum(part.cost_usd for part in explained.parts) == explained.total_usd
    assert all(part.count * part.rate_usd / part.per == part.cost_usd for part in explained.parts)


def test_a_request_costs_what_it_costs_in_a_log(catalog: Catalog, tmp_path: Path) -> None:
    counts: dict[str, Any] = {
        "input_tokens": 1500,
        "cached_input_tokens": 500,
        "cache_write_tokens": 400,
        "cache_write_1h_tokens": 300,
        "output_tokens": 70,
        "reasoning_tokens": 30,
        "web_searches": 2,
    }
    header = ",".join(["timestamp", "model", *counts])
    values = ",".join(["2026-10-05T12:00:00Z", "acme-all", *map(str, counts.values())])
    (tmp_path / "log.csv").write_text(f"{header}\n{values}\n", encoding="utf-8")

    loaded = load(Logs(("log.csv",)), catalog, [spend_rollup(("model",), None)])
    billed = spend(loaded.rollups["spend"], loaded.provenance, ("model",), None, None)

    assert cost(catalog, "acme-all", **counts).total_usd == billed.total_usd
