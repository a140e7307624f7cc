import io
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from costopt.models.money import usd
from costopt.models.schema import COUNTS, PICO
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.costing import explain, price
from costopt.pricing.rates import NO_RATE_FOR_DATE, NO_RATE_FOR_TOKENS, UNKNOWN_MODEL, RateKey

TOML = """
schema = 1
currency = "USD"
[[provider]]
id = "acme"

[[model]]
provider = "acme"
id = "all"
[[model.price]]
input = 3
cached_input = 0.3
cache_write_5m = 3.75
cache_write_1h = 6
output = 15
reasoning = 20
request_per_1k = 5
web_search_per_1k = 10
batch_input = 1.5
batch_cached_input = 0.15
batch_cache_write_5m = 1.875
batch_cache_write_1h = 3
batch_output = 7.5

[[model]]
provider = "acme"
id = "plain"
[[model.price]]
input = 3
output = 15

[[model]]
provider = "acme"
id = "input only"
[[model.price]]
input = 3

[[model]]
provider = "acme"
id = "short writes"
[[model.price]]
input = 3
cache_write_5m = 4
output = 15

[[model]]
provider = "acme"
id = "tiered"
[[model.price]]
input = 1
output = 2
tier = [{ above = 200_000, input = 2, output = 3 }]

[[model]]
provider = "acme"
id = "media"
[[model.price]]
input = 1
cached_input = 0.1
input_audio = 32
cached_audio = 0.4
input_image = 5
cached_image = 0.5
output = 4
output_audio = 64
output_image = 40

[[model]]
provider = "acme"
id = "hearing"
[[model.price]]
input = 1
cached_input = 0.1
input_audio = 32
output = 4
"""
ORDER = (
    "requests",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "web_searches",
)
ALL, PLAIN, INPUT_ONLY, SHORT_WRITES, TIERED, MEDIA, HEARING = (
    RateKey(model, 0, 0, 0).rate_id for model in range(7)
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "prices.toml").write_text(TOML, encoding="utf-8")
    return load_catalog(tmp_path / "prices.toml")


def cost(
    catalog: Catalog, rate_id: int, counts: str, mode: str | None = None, **media: int
) -> Decimal | None:
    """What a group costs, in USD; counts are in the order of `ORDER`, and those left out are 0."""
    header = ",".join(ORDER[: counts.count(",") + 1])
    rollup = pl.read_csv(io.StringIO(f"{header}\n{counts}\n"))
    rest = [pl.lit(media.get(name, 0)).alias(name) for name in COUNTS if name not in rollup.columns]
    costs = price(rollup.with_columns(*rest, rate_id=rate_id), catalog, mode)
    assert costs.dtype == PICO
    found = costs.to_list()[0]
    return None if found is None else usd(found)


@pytest.mark.parametrize(
    ("claim", "counts", "expected"),
    [
        ("a request has a fee", "1", "0.005"),
        ("input", "0,1000000", "3"),
        ("cached input is billed once, at its own rate", "0,1000000,400000", "1.92"),
        ("all input is cached", "0,1000000,1000000", "0.3"),
        ("written input is billed once", "0,1000000,0,1000000", "3.75"),
        ("an hour's write is billed once", "0,1000000,0,1000000,400000", "4.65"),
        ("cached, written for short and for long, and plain", "0,1000000,500000,300000,100000", "2.1"),
        ("output", "0,0,0,0,0,1000000", "15"),
        ("reasoning is billed once, at its own rate", "0,0,0,0,0,1000000,400000", "17"),
        ("searches are billed by the piece", "0,0,0,0,0,0,0,3", "0.03"),
        ("all together", "2,1000000,500000,300000,100000,1000000,400000,3", "19.14"),
        ("a single token", "0,1", "0.000003"),
    ],
)
def test_every_token_is_billed_once(catalog: Catalog, claim: str, counts: str, expected: str) -> None:
    assert cost(catalog, ALL, counts) == Decimal(expected), claim


@pytest.mark.parametrize(
    ("claim", "rate_id", "counts", "expected"),
    [
        ("cached input is input", PLAIN, "1,1000000,400000", "3"),
        ("written input is input", PLAIN, "1,1000000,0,400000,100000", "3"),
        ("reasoning is output", PLAIN, "1,0,0,0,0,1000000,400000", "15"),
        ("no fee is a fee of nothing", PLAIN, "1000", "0"),
        ("an hour's write is a write", SHORT_WRITES, "1,1000000,0,1000000,400000", "4"),
    ],
)
def test_without_a_rate_of_its_own_a_part_costs_what_the_whole_does(
    catalog: Catalog, claim: str, rate_id: int, counts: str, expected: str
) -> None:
    assert cost(catalog, rate_id, counts) == Decimal(expected), claim


@pytest.mark.parametrize("rate_id", [UNKNOWN_MODEL, NO_RATE_FOR_DATE, NO_RATE_FOR_TOKENS])
def test_what_has_no_rate_has_no_cost_not_even_for_nothing(catalog: Catalog, rate_id: int) -> None:
    assert cost(catalog, rate_id, "1,1000,0,0,0,1000") is None
    assert cost(catalog, rate_id, "0") is None


def test_audio_and_images_are_billed_once_at_their_own_rates(catalog: Catalog) -> None:
    assert cost(catalog, MEDIA, "0,1000000", input_audio_tokens=250_000) == Decimal("8.75")
    assert cost(catalog, MEDIA, "0,1000000", input_image_tokens=250_000) == 2
    assert cost(catalog, MEDIA, "0,0,0,0,0,1000000", output_audio_tokens=250_000) == 19
    assert cost(catalog, MEDIA, "0,0,0,0,0,1000000", output_image_tokens=250_000) == 13
    assert cost(
        catalog, MEDIA, "0,1000000,500000", input_audio_tokens=500_000, cached_audio_tokens=250_000
    ) == Decimal("8.375")
    assert cost(
        catalog, MEDIA, "0,1000000,500000", input_image_tokens=500_000, cached_image_tokens=250_000
    ) == Decimal("1.65")


def test_without_a_rate_of_their_own_audio_and_images_are_text(catalog: Catalog) -> None:
    counts = "1,1000000,0,0,0,1000000"

    assert cost(catalog, PLAIN, counts, input_audio_tokens=9, output_image_tokens=9) == 18


def test_cached_audio_has_no_discount_that_is_not_listed(catalog: Catalog) -> None:
    counts = {"input_audio_tokens": 1_000_000, "cached_audio_tokens": 1_000_000}

    assert cost(catalog, HEARING, "0,1000000,1000000", None, **counts) == 32


def test_output_without_a_rate_has_no_cost_but_no_output_needs_none(catalog: Catalog) -> None:
    assert cost(catalog, INPUT_ONLY, "1,1000000") == 3
    assert cost(catalog, INPUT_ONLY, "1,1000000,0,0,0,1") is None
    assert cost(catalog, INPUT_ONLY, "1,1000000,0,0,0,0,0,1") is None


def test_a_tier_prices_all_tokens_of_the_request(catalog: Catalog) -> None:
    above = RateKey(4, 0, 0, 1).rate_id

    assert cost(catalog, TIERED, "1,200000,0,0,0,1000000") == Decimal("2.2")
    assert cost(catalog, above, "1,200001,0,0,0,1000000") == Decimal("3.400002")


def test_the_same_requests_are_priced_in_another_mode(catalog: Catalog) -> None:
    counts = "0,1000000,500000,300000,100000,1000000,400000"

    assert cost(catalog, ALL, counts) == Decimal("19.1")
    assert cost(catalog, ALL, counts, "batch") == Decimal("8.55")
    assert cost(catalog, ALL, counts, "standard") == Decimal("19.1")
    assert cost(catalog, ALL, counts, "flex") is None
    assert cost(catalog, PLAIN, counts, "batch") is None


def test_a_mode_without_the_rate_that_is_needed_gives_no_cost(catalog: Catalog) -> None:
    assert cost(catalog, ALL, "0,0,0,0,0,0,0,1", "batch") is None


def test_groups_are_priced_in_their_order(catalog: Catalog) -> None:
    rollup = pl.DataFrame(
        {
            "rate_id": [PLAIN, UNKNOWN_MODEL, ALL, PLAIN],
            **{name: [0, 0, 0, 0] for name in COUNTS},
            "output_tokens": [1, 2, 3, 4],
        }
    )

    assert price(rollup, catalog).to_list() == [15_000_000, None, 45_000_000, 60_000_000]


def test_a_trillion_tokens_at_a_million_dollars_keep_their_last_pico_dollar(tmp_path: Path) -> None:
    toml = (
        'schema = 1\ncurrency = "USD"\n[[provider]]\nid = "a"\n[[model]]\nprovider = "a"\nid = "m"\n'
        "[[model.price]]\ninput = 999999.999999\noutput = 0.000001\n"
    )
    (tmp_path / "dear.toml").write_text(toml, encoding="utf-8")
    dear = load_catalog(tmp_path / "dear.toml")

    found = cost(dear, RateKey(0, 0, 0, 0).rate_id, "1,1000000000000,0,0,0,1")

    assert found == Decimal("999999999999.000000000001")


def test_no_groups_cost_nothing(catalog: Catalog) -> None:
    rollup = pl.DataFrame(schema={"rate_id": pl.Int64, **dict.fromkeys(COUNTS, pl.Int64)})

    assert price(rollup, catalog).to_list() == []


def test_the_parts_of_a_cost_are_what_it_adds_up(catalog: Catalog) -> None:
    rollup = pl.DataFrame(
        {
            "rate_id": [ALL, PLAIN],
            **{name: [1, 1] for name in COUNTS},
            "input_tokens": [5, 5],
            "output_tokens": [5, 5],
        }
    ).with_columns(web_searches=pl.Series([1, 0]))

    parts = explain(rollup, catalog)

    assert tuple(parts["part"].unique(maintain_order=True)) == (
        "input",
        "cached_input",
        "cache_write_5m",
        "cache_write_1h",
        "input_audio",
        "cached_audio",
        "input_image",
        "cached_image",
        "output",
        "reasoning",
        "output_audio",
        "output_image",
        "request",
        "web_search",
    )
    assert parts["cost"].sum() == sum(price(rollup, catalog).to_list())


def test_what_has_no_price_has_no_part_with_a_cost(catalog: Catalog) -> None:
    rollup = pl.DataFrame({"rate_id": [UNKNOWN_MODEL], **{name: [0] for name in COUNTS}})

    assert explain(rollup, catalog)["cost"].to_list() == [None] * 14
