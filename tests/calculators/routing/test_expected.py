import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.calculators.pricing_cost import Request as PricedRequest
from costopt.calculators.pricing_cost import cost_request
from costopt.calculators.routing.expected import (
    Expected,
    Tokens,
    expected_costs,
    expected_input,
    expected_output,
)
from costopt.calculators.routing.policy_file import find_model
from costopt.calculators.routing.request import Request, read_request
from costopt.pricing.catalog import Catalog, load_catalog

NOW = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
TOML = """
schema = 1
currency = "USD"

[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }

[[model]]
provider = "acme"
id = "acme-tiers"
[[model.price]]
input = 3
cached_input = 0.3
batch_cached_input = 0.3
output = 15
batch_input = 1
batch_output = 7
tier = [{ above = 1000, input = 6, output = 20 }]

[[model]]
provider = "acme"
id = "acme-later"
[[model.price]]
from = 2027-01-01
input = 1
output = 2

[[model]]
provider = "acme"
id = "acme-embedding"
[[model.price]]
input = 0.1

[[model]]
provider = "acme"
id = "acme-bulk"
[[model.price]]
input = 10
output = 10
tier = [{ above = 1000, input = 1, output = 1 }]
"""


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    file: Path = tmp_path_factory.mktemp("prices") / "prices.toml"
    file.write_text(TOML, encoding="utf-8")
    return load_catalog(file)


def costs(catalog: Catalog, request: Request, *names: str) -> dict[str, Expected]:
    models = {name: find_model(catalog, name) or 0 for name in names}
    tokens = expected_input(request), expected_output(request)
    return expected_costs(request, tokens, catalog, models, request.timestamp or NOW)


# Tokens


@pytest.mark.parametrize(
    ("text", "low", "estimate", "high"),
    [
        ("ab", 1, 1, 2),
        ("a" * 8, 1, 2, 4),
        ("a" * 4000, 500, 1000, 2000),
        ("你好吗", 1, 3, 6),
        ("aaaa你", 1, 2, 4),
    ],
)
def test_four_characters_make_a_token_and_one_that_is_not_ascii_a_token_by_itself(
    text: str, low: int, estimate: int, high: int
) -> None:
    assert expected_input(read_request(text)) == Tokens(
        estimate=estimate, low=low, high=high, basis="estimated", note=f"from {len(text):,} characters"
    )


def test_one_character_is_one() -> None:
    assert expected_input(read_request("a")).note == "from 1 character"


def test_the_length_of_a_prompt_is_as_good_as_the_prompt() -> None:
    assert expected_input(Request(prompt_chars=400)) == expected_input(read_request("a" * 400))


def test_tokens_that_are_given_are_taken_as_they_are() -> None:
    request = read_request('{"prompt": "Why?", "input_tokens": 7, "output_tokens": 0}')

    assert expected_input(request) == Tokens(estimate=7, low=7, high=7, basis="given")
    assert expected_output(request) == Tokens(estimate=0, low=0, high=0, basis="given")


@pytest.mark.parametrize(
    ("text", "assumed", "ends", "note"),
    [
        ("x", 300, (30, 300, 3000), "by assumption"),
        ("x", 5, (1, 5, 50), "by assumption"),
        ("x", 0, (0, 0, 0), "by assumption"),
        ('{"prompt": "x", "max_tokens": 500}', 300, (30, 300, 500), "by assumption, at most 500 asked for"),
        ('{"prompt": "x", "max_tokens": 20}', 300, (20, 20, 20), "by assumption, at most 20 asked for"),
        ('{"prompt": "x", "max_tokens": 4000}', 300, (30, 300, 3000), "by assumption"),
        ('{"prompt": "x", "request_type": "Embeddings"}', 300, (0, 0, 0), "as such answers are no text"),
    ],
)
def test_an_answer_is_assumed_within_what_is_asked_for(
    text: str, assumed: int, ends: tuple[int, int, int], note: str
) -> None:
    low, estimate, high = ends

    assert expected_output(read_request(text), assumed) == Tokens(
        estimate=estimate, low=low, high=high, basis="estimated", note=note
    )


# Costs


def test_a_request_is_priced_by_each_model_in_its_own_context_tier(prices: Catalog) -> None:
    request = read_request('{"input_tokens": 1001, "cached_input_tokens": 1, "output_tokens": 100}')

    found = costs(prices, request, "acme-tiers", "acme-bulk")

    dear = Decimal("0.0080003")
    assert found["acme-tiers"] == Expected(dear, dear, dear)
    assert found["acme-bulk"].estimate == Decimal("0.001101")


def test_the_size_that_decides_the_tier_may_be_told(prices: Catalog) -> None:
    request = read_request('{"input_tokens": 1001, "context_tokens": 1000, "output_tokens": 0}')

    assert costs(prices, request, "acme-tiers")["acme-tiers"].estimate == Decimal("0.003003")


def test_an_estimate_comes_with_the_least_and_the_most_that_its_tokens_cost(prices: Catalog) -> None:
    found = costs(prices, read_request("a" * 800), "acme-tiers")["acme-tiers"]

    assert found == Expected(
        Decimal(200 * 3 + 300 * 15).scaleb(-6),
        Decimal(100 * 3 + 30 * 15).scaleb(-6),
        Decimal(400 * 3 + 3000 * 15).scaleb(-6),
    )


def test_more_tokens_may_cost_less_and_the_ends_are_in_order_all_the_same(prices: Catalog) -> None:
    request = Request(prompt_chars=4000, counts={"output_tokens": 0})

    found = costs(prices, request, "acme-bulk")["acme-bulk"]

    assert found == Expected(Decimal("0.01"), Decimal("0.002"), Decimal("0.01"))


@pytest.mark.parametrize(
    ("text", "model", "reason"),
    [
        ('{"input_tokens": 5, "output_tokens": 5, "mode": "flex"}', "acme-tiers", "no_rate_for_mode"),
        ('{"input_tokens": 5, "output_tokens": 5}', "acme-later", "no_rate_for_date"),
        ("Why?", "acme-embedding", "no_rate_for_tokens"),
        ('{"input_tokens": 5, "output_tokens": 5, "web_searches": 1}', "acme-tiers", "no_rate_for_tokens"),
    ],
)
def test_what_has_no_price_has_no_cost_and_a_reason(
    prices: Catalog, text: str, model: str, reason: str
) -> None:
    assert costs(prices, read_request(text), model)[model] == Expected(None, None, None, reason)


def test_prices_are_those_of_the_time_that_the_request_says(prices: Catalog) -> None:
    request = read_request('{"input_tokens": 1000000, "output_tokens": 0, "timestamp": "2027-01-01"}')

    assert costs(prices, request, "acme-later")["acme-later"].estimate == 1


def test_embeddings_cost_their_input(prices: Catalog) -> None:
    request = read_request('{"input_tokens": 1000000, "request_type": "embedding"}')

    assert costs(prices, request, "acme-embedding")["acme-embedding"].estimate == Decimal("0.1")


def test_no_models_cost_nothing(prices: Catalog) -> None:
    assert costs(prices, read_request("Why?")) == {}


@given(
    tokens=st.integers(0, 10**12),
    output=st.integers(0, 10**12),
    mode=st.sampled_from([None, "standard", "batch"]),
)
def test_a_request_costs_what_costopt_pricing_cost_says(
    prices: Catalog, tokens: int, output: int, mode: str | None
) -> None:
    request = Request(counts={"input_tokens": tokens, "output_tokens": output}, mode=mode)
    priced = PricedRequest(
        timestamp=NOW,
        provider="acme",
        model="acme-tiers",
        mode=mode,
        input_tokens=tokens,
        output_tokens=output,
    )

    assert (
        costs(prices, request, "acme-tiers")["acme-tiers"].estimate == cost_request(prices, priced).total_usd
    )
