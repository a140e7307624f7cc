import datetime as dt
from decimal import Decimal

import pytest

from costopt.pricing.catalog import MODES, Catalog, Rates, load_catalog
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve

TODAY = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def rates(
    catalog: Catalog, name: str, mode: str = "standard", *, prompt: int = 1000, when: dt.datetime = TODAY
) -> Rates | None:
    """What the last row whose conditions all hold charges; None if it has no such mode."""
    index = resolve(catalog, *name.split("/", 1))
    assert index is not None
    minute = when.hour * 60 + when.minute
    row = [
        row
        for row in model_of(catalog, index).prices
        if (row.starts is None or row.starts <= when.date())
        and (not row.weekdays or when.isoweekday() in row.weekdays)
        and (not row.hours_utc or any(start <= minute < end for start, end in row.hours_utc))
    ][-1]
    price = row.modes.get(mode)
    if price is None:
        return None
    return [price.rates, *(tier.rates for tier in price.tiers if prompt > tier.above)][-1]


FIELDS = ("input", "output", "cached_input", "cache_write_5m", "cache_write_1h")


def figures(found: Rates | None, count: int) -> str:
    """The first rates of `FIELDS`, in USD per million tokens."""
    assert found is not None
    return " ".join(f"{Decimal(getattr(found, field)) / 1_000_000:f}" for field in FIELDS[:count])


def test_every_known_provider_and_model_is_there(catalog: Catalog) -> None:
    assert len(catalog.models) >= 2300
    assert len(catalog.providers) >= 47
    assert catalog.layers[0].source.startswith("genai-prices ")
    assert catalog.layers[0].date is not None


@pytest.mark.parametrize(
    ("model", "mode", "prompt", "expected"),
    [
        ("openai/gpt-5.5", "standard", 272_000, "5 30 0.5"),
        ("openai/gpt-5.5", "batch", 272_000, "2.5 15 0.25"),
        ("openai/gpt-5.5", "standard", 272_001, "10 45 1"),
        ("openai/gpt-5.5", "batch", 272_001, "5 22.5 0.5"),
        ("openai/gpt-5.5", "priority", 1000, "12.5 75 1.25"),
        ("openai/gpt-5.4", "standard", 1000, "2.5 15 0.25"),
        ("openai/gpt-5.4", "batch", 1000, "1.25 7.5 0.13"),
        ("openai/gpt-5.4", "standard", 272_001, "5 22.5"),
        ("anthropic/claude-opus-4-8", "standard", 1000, "5 25 0.5 6.25 10"),
        ("anthropic/claude-opus-4-8", "batch", 1000, "2.5 12.5 0.25 3.125 5"),
        ("groq/llama-3.1-8b-instant", "standard", 1000, "0.05 0.08"),
        ("google/gemini-2.5-flash", "standard", 1000, "0.3 2.5 0.03"),
        ("google/gemini-2.5-flash", "batch", 1000, "0.15 1.25 0.03"),
        ("openai/gpt-4o-mini", "standard", 1000, "0.15 0.6 0.075"),
        ("openai/gpt-4o-mini", "batch", 1000, "0.075 0.3"),
        ("anthropic/claude-sonnet-4-5", "standard", 1000, "3 15"),
        ("anthropic/claude-sonnet-4-5", "batch", 1000, "1.5 7.5"),
        ("anthropic/claude-3-opus", "standard", 1000, "15 75"),
        ("openai/gpt-3.5-turbo", "standard", 1000, "0.5 1.5"),
        ("x-ai/grok-4.20", "standard", 199_999, "1.25 2.5"),
        ("x-ai/grok-4.20", "standard", 200_000, "2.5 5"),
        ("x-ai/grok-4.20", "batch", 1000, "1 2 0.16"),
        ("openai/gpt-3.5-turbo-1106", "batch", 1000, "1 2"),
        ("openrouter/deepseek/deepseek-r1:free", "standard", 1000, "0 0"),
    ],
)
def test_published_prices_are_met(
    catalog: Catalog, model: str, mode: str, prompt: int, expected: str
) -> None:
    assert figures(rates(catalog, model, mode, prompt=prompt), len(expected.split())) == expected


def test_no_batch_price_is_made_up(catalog: Catalog) -> None:
    assert rates(catalog, "groq/llama-3.1-8b-instant", "batch") is None


@pytest.mark.parametrize(
    ("claim", "model", "day", "expected"),
    [
        ("long before it was verified", "openai/gpt-5.4", dt.date(2026, 3, 6), "1.25 7.5 0.13"),
        ("while another mode was verified earlier", "openai/gpt-5.4", dt.date(2026, 10, 13), "1.25 7.5 0.13"),
        ("from the day of the price cut", "openai/o3", dt.date(2025, 6, 10), "1 4 0.5"),
        ("not before the price cut", "openai/o3", dt.date(2025, 6, 9), None),
        ("in each of several periods", "mistral/mistral-large-4", dt.date(2026, 10, 19), "0.34 1.045 0.035"),
        ("in each of several periods", "mistral/mistral-large-4", dt.date(2026, 10, 20), "0.68 2.09 0.07"),
    ],
)
def test_a_batch_price_holds_throughout_the_standard_price_it_was_verified_in(
    catalog: Catalog, claim: str, model: str, day: dt.date, expected: str | None
) -> None:
    found = rates(catalog, model, "batch", when=dt.datetime.combine(day, dt.time(12), dt.UTC))

    assert (found and figures(found, 3)) == expected, claim


def test_a_price_changes_on_its_day(catalog: Catalog) -> None:
    before = dt.datetime(2026, 8, 20, 23, 59, tzinfo=dt.UTC)

    assert figures(rates(catalog, "openai/gpt-5.6", when=before), 2) == "5 30"
    assert figures(rates(catalog, "openai/gpt-5.6", when=before + dt.timedelta(minutes=1)), 2) == "4 20"


@pytest.mark.parametrize(
    ("claim", "when", "expected"),
    [
        ("before there were peak hours", dt.datetime(2026, 8, 14, 2, tzinfo=dt.UTC), "0.435 0.87"),
        ("peak on a Monday", dt.datetime(2026, 11, 9, 3, 59, tzinfo=dt.UTC), "1.32 3.96"),
        ("second peak on a Monday", dt.datetime(2026, 11, 9, 6, tzinfo=dt.UTC), "1.32 3.96"),
        ("between the peaks", dt.datetime(2026, 11, 9, 4, tzinfo=dt.UTC), "0.66 1.98"),
        ("on a Sunday", dt.datetime(2026, 11, 8, 3, tzinfo=dt.UTC), "0.66 1.98"),
    ],
)
def test_deepseek_charges_by_the_hour(catalog: Catalog, claim: str, when: dt.datetime, expected: str) -> None:
    assert figures(rates(catalog, "deepseek/deepseek-v4-pro", when=when), 2) == expected, claim


def test_a_web_search_is_priced_each(catalog: Catalog) -> None:
    found = rates(catalog, "anthropic/claude-opus-4-8")

    assert found is not None
    assert found.web_search == 10_000_000_000


def test_a_model_billed_by_other_units_is_known_but_unpriced(catalog: Catalog) -> None:
    assert rates(catalog, "openai/whisper-1") is None


def test_every_mode_has_a_standard_price_beside_it(catalog: Catalog) -> None:
    rows = [row for model in catalog.models for row in model.prices if row.modes]

    assert all("standard" in row.modes and row.modes.keys() <= set(MODES) for row in rows)


def test_a_model_is_found_by_its_own_id(catalog: Catalog) -> None:
    lost = [
        f"{model.provider}/{model.id}"
        for index, model in enumerate(catalog.models)
        if resolve(catalog, model.provider, model.id) != index
    ]

    assert lost == []


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("azure_openai", "gpt-4o-mini", "azure/gpt-4o-mini"),
        ("az.ai.openai", "gpt-4o-mini-2024-07-18", "azure/gpt-4o-mini"),
        ("openai", "gpt-5.4-20260305", "openai/gpt-5.4"),
        ("gcp.gemini", "models/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("vertex_ai", "claude-opus-4@20250514", "google/claude-4-opus"),
        (
            "aws.bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (
            "bedrock",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("xai", "grok-4", "x-ai/grok-4-0709"),
        ("openrouter", "anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"),
        ("litellm", "openrouter/anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"),
        ("litellm", "azure/gpt-4o", "azure/gpt-4o"),
        (None, "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        (None, "gemini/gemini-2.5-flash", "google/gemini-2.5-flash"),
        (None, "acme-large", None),
        ("azure", "prod-chat", None),
        ("groq", "openai/gpt-4o", None),
    ],
)
def test_names_seen_in_logs_are_understood(
    catalog: Catalog, provider: str | None, model: str, expected: str | None
) -> None:
    index = resolve(catalog, provider, model)

    assert (None if index is None else model_of(catalog, index).name) == expected
