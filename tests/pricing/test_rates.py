from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.pricing.catalog import MODES, Catalog, Rates, load_catalog
from costopt.pricing.entries import RATE_FIELDS
from costopt.pricing.rates import (
    NO_RATE_FOR_DATE,
    NO_RATE_FOR_TOKENS,
    NOTHING,
    OTHER_MODE,
    UNKNOWN_MODEL,
    RateKey,
    rate_key,
    rates_of,
    thresholds_of,
    why_unpriced,
)

TOML = """
schema = 1
currency = "USD"
[[provider]]
id = "acme"

[[model]]
provider = "acme"
id = "small"
[[model.price]]
input = 1

[[model]]
provider = "acme"
id = "large"
[[model.price]]
input = 9
[[model.price]]
from = 2026-10-01
input = 10
batch_input = 5
tier = [{ above = 100, input = 20, batch_input = 10 }, { above = 300, input = 40 }]
[model.price.mode.flex]
input = 6
tier = [{ above = 200, input = 12 }]
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "prices.toml").write_text(TOML, encoding="utf-8")
    return load_catalog(tmp_path / "prices.toml")


def dollars(rates: Rates | None) -> int | None:
    """The input rate in USD per million."""
    return None if rates is None or rates.input is None else rates.input // 1_000_000


def test_the_thresholds_of_a_price_are_those_of_all_its_modes(catalog: Catalog) -> None:
    assert [thresholds_of(row) for row in catalog.models[1].prices] == [[], [100, 200, 300]]


@pytest.mark.parametrize(
    ("mode", "by_tier"),
    [
        ("standard", [10, 20, 20, 40]),
        ("batch", [5, 10, 10, 10]),
        ("flex", [6, 6, 12, 12]),
        ("priority", [None] * 4),
    ],
)
def test_each_mode_has_its_own_rate_in_every_tier_of_the_price(
    catalog: Catalog, mode: str, by_tier: list[int | None]
) -> None:
    own = [RateKey(1, 1, MODES.index(mode), tier).rate_id for tier in range(4)]
    standard = [RateKey(1, 1, 0, tier).rate_id for tier in range(4)]

    assert [dollars(rates_of(catalog, rate_id)) for rate_id in own] == by_tier
    assert [dollars(rates_of(catalog, rate_id, mode)) for rate_id in standard] == by_tier


def test_a_rate_id_names_the_model_and_the_price_row(catalog: Catalog) -> None:
    ids = [RateKey(model, row, 0, 0).rate_id for model, row in [(0, 0), (1, 0), (1, 1)]]

    assert [dollars(rates_of(catalog, rate_id)) for rate_id in ids] == [1, 9, 10]


def test_an_unknown_mode_has_no_rates_but_the_request_has_some_in_another_mode(catalog: Catalog) -> None:
    odd = RateKey(0, 0, OTHER_MODE, 0).rate_id

    assert rates_of(catalog, odd) is None
    assert dollars(rates_of(catalog, odd, "standard")) == 1


@pytest.mark.parametrize("mode", [None, "standard", "batch"])
@pytest.mark.parametrize("rate_id", [UNKNOWN_MODEL, NO_RATE_FOR_DATE, NO_RATE_FOR_TOKENS])
def test_a_request_without_a_rate_has_none_in_any_mode(
    catalog: Catalog, rate_id: int, mode: str | None
) -> None:
    assert rates_of(catalog, rate_id, mode) is None


@pytest.mark.parametrize("mode", [None, "standard", "batch"])
def test_what_used_nothing_is_free_in_any_mode(catalog: Catalog, mode: str | None) -> None:
    rates = rates_of(catalog, NOTHING, mode)

    assert rates
    assert {getattr(rates, name) for name in RATE_FIELDS} == {0}


def test_a_missing_rate_has_a_reason() -> None:
    ids = [UNKNOWN_MODEL, NO_RATE_FOR_DATE, NO_RATE_FOR_TOKENS, RateKey(0, 0, OTHER_MODE, 0).rate_id]

    assert [why_unpriced(rate_id) for rate_id in ids] == [
        "unknown_model",
        "no_rate_for_date",
        "no_rate_for_tokens",
        "no_rate_for_mode",
    ]


@given(
    st.builds(
        RateKey,
        model=st.integers(0, 100_000),
        row=st.integers(0, 1023),
        mode=st.integers(0, OTHER_MODE),
        tier=st.integers(0, 63),
    )
)
def test_a_rate_id_is_read_back(key: RateKey) -> None:
    assert rate_key(key.rate_id) == key
    assert key.rate_id >= 0
