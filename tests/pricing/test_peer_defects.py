"""Bills that other price lists get wrong, with the shipped catalog. Costs are in USD."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

import polars as pl
import pytest

from costopt.models.schema import COUNTS
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.costing import price
from costopt.pricing.rates import why_unpriced
from costopt.pricing.rating import Rater

NOON = "2026-11-09T12:00:00Z"
MILLION = {"input_tokens": 1_000_000, "output_tokens": 100_000}


@cache
def shipped() -> Catalog:
    return load_catalog()


def bill(
    name: str,
    mode: str | None = None,
    *,
    provider: str | None = None,
    time: str = NOON,
    tokens: Mapping[str, int] = MILLION,
) -> str:
    """What one request costs, or why it has no price."""
    row = {
        "provider": provider,
        "model": name,
        "mode": mode,
        **dict.fromkeys(COUNTS, 0),
        "requests": 1,
        **tokens,
    }
    request = pl.DataFrame(
        [row], schema_overrides=dict.fromkeys(("provider", "model", "mode"), pl.Categorical)
    )
    moment = pl.lit(time).str.to_datetime(time_unit="us", time_zone="UTC")
    rated = Rater(shipped()).rate(request.with_columns(timestamp=moment))
    cost = price(rated, shipped()).item()
    if cost is None:
        return why_unpriced(rated["rate_id"].item())
    return f"{Decimal(cost).scaleb(-12).normalize():f}"


@pytest.mark.parametrize(
    ("provider", "half_known", "known"),
    [
        ("openai", "gpt-5.4-20260305", "gpt-5.4"),
        (None, "gpt-5.4-20260305", "gpt-5.4"),
        ("openrouter", "openrouter/anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4.5"),
        ("litellm", "openrouter/anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"),
        (None, "openrouter/anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"),
    ],
)
def test_a_name_with_another_date_or_prefix_costs_what_the_model_costs(
    provider: str | None, half_known: str, known: str
) -> None:
    cost = bill(half_known, provider=provider)

    assert Decimal(cost) > 0
    assert cost == bill(known, provider=provider)


@pytest.mark.parametrize("mode", ["standard", "batch", "flex", "priority"])
def test_a_name_that_nobody_knows_costs_an_unknown_amount_and_not_nothing(mode: str) -> None:
    assert bill("gpt-5.9-unknown", mode, provider="openai") == "unknown_model"
    assert bill("my-prod-deployment", mode, provider="azure") == "unknown_model"


@pytest.mark.parametrize(
    "name",
    [
        "groq/llama-3.1-8b-instant",
        "x-ai/grok-4.5",
        "deepseek/deepseek-chat",
        "zai/glm-4.6",
        "openai/gpt-5.6-cyber",
    ],
)
def test_no_batch_rate_is_neither_half_price_nor_the_standard_price(name: str) -> None:
    provider, model = name.split("/")

    assert Decimal(bill(model, provider=provider)) > 0
    assert bill(model, "batch", provider=provider) == "no_rate_for_mode"


def test_a_batch_discount_of_another_size_is_not_made_a_half() -> None:
    tokens = {"input_tokens": 100_000, "output_tokens": 100_000}

    assert bill("grok-4.3", provider="x-ai", tokens=tokens) == "0.375"
    assert bill("grok-4.3", "batch", provider="x-ai", tokens=tokens) == "0.3"


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("flex", "anthropic/claude-opus-4-7"),
        ("flex", "openai/gpt-4o-2024-08-06"),
        ("flex", "openai/gpt-5.3-codex"),
        ("priority", "anthropic/claude-opus-4-7"),
        ("priority", "mistral/mistral-small-latest"),
        ("batch", "aws/anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("overnight", "openai/gpt-5.4"),
    ],
)
def test_a_mode_without_a_rate_is_not_billed_at_the_standard_price(mode: str, name: str) -> None:
    provider, model = name.split("/")

    assert Decimal(bill(model, provider=provider)) > 0
    assert bill(model, mode, provider=provider) == "no_rate_for_mode"


def test_cached_input_in_batch_costs_what_is_published_and_not_half() -> None:
    cached = {"input_tokens": 100_000, "cached_input_tokens": 100_000, "output_tokens": 0}

    assert bill("gpt-5.4", provider="openai", tokens=cached) == "0.025"
    assert bill("gpt-5.4", "batch", provider="openai", tokens=cached) == "0.013"
    assert bill("gemini-2.5-flash", provider="google", tokens=cached) == "0.003"
    assert bill("gemini-2.5-flash", "batch", provider="google", tokens=cached) == "0.003"


def test_a_batch_request_before_its_rate_was_verified_is_not_billed_at_the_standard_price() -> None:
    long_before = bill("gpt-5.4", "batch", provider="openai", time="2026-03-06T00:00:00Z")

    assert long_before == bill("gpt-5.4", "batch", provider="openai")


def test_an_old_request_is_billed_at_the_price_of_its_day() -> None:
    tokens = {"input_tokens": 100_000, "output_tokens": 10_000}

    assert bill("gpt-5.6", provider="openai", time="2026-08-20T23:59:59Z", tokens=tokens) == "0.8"
    assert bill("gpt-5.6", provider="openai", time="2026-08-21T00:00:00Z", tokens=tokens) == "0.6"


def test_a_retired_model_keeps_its_price() -> None:
    tokens = {"input_tokens": 1_000_000, "output_tokens": 0}

    assert bill("gpt-4.5-preview", provider="openai", time="2025-05-15T12:00:00Z", tokens=tokens) == "75"


def test_peak_hours_end_with_the_week() -> None:
    tokens = {"input_tokens": 1_000_000, "output_tokens": 0}
    friday = bill("deepseek-v4-pro", provider="deepseek", time="2026-11-20T02:30:00Z", tokens=tokens)
    saturday = bill("deepseek-v4-pro", provider="deepseek", time="2026-11-21T02:30:00Z", tokens=tokens)

    assert (friday, saturday) == ("1.32", "0.66")


def test_a_cache_write_kept_for_an_hour_is_not_billed_like_one_of_five_minutes() -> None:
    written = {"input_tokens": 100_000, "cache_write_tokens": 100_000, "output_tokens": 0}
    hour = {**written, "cache_write_1h_tokens": 100_000}

    assert bill("claude-opus-4-8", provider="anthropic", tokens=written) == "0.625"
    assert bill("claude-opus-4-8", provider="anthropic", tokens=hour) == "1"
    assert bill("claude-opus-4-8", "batch", provider="anthropic", tokens=hour) == "0.5"


def test_a_prompt_above_a_context_threshold_is_dearer_from_its_first_token() -> None:
    below = bill("gpt-5.5", provider="openai", tokens={"input_tokens": 272_000, "output_tokens": 1000})
    above = bill("gpt-5.5", provider="openai", tokens={"input_tokens": 272_001, "output_tokens": 1000})

    assert (below, above) == ("1.39", "2.76501")
