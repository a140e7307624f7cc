import json
from collections.abc import Mapping
from decimal import Decimal

import pytest
from pydantic import ValidationError

from costopt.pricing.entries import Layer, Match, Model, ModePrice, Provider, Rates, Tier
from costopt.pricing.sources.litellm import read_litellm
from costopt.pricing.sources.price_list import PriceList

ORIGIN = Layer("map.json", "abc", None, "a map")
CHAT = '"input_cost_per_token": 4e-06, "output_cost_per_token": 8e-06'
BATCH = '"input_cost_per_token_batches": 2e-06, "output_cost_per_token_batches": 4e-06'
ABOVE = '"input_cost_per_token_above_100k_tokens": 5e-06, "output_cost_per_token_above_100k_tokens": 9e-06'


def mapped(*entries: str) -> PriceList:
    """A map of these entries, in JSON."""
    return read_litellm(json.loads(f"{{{', '.join(entries)}}}", parse_float=Decimal), ORIGIN)


def entry(*fields: str, name: str = "large", provider: str = "acme") -> str:
    every = ", ".join([f'"litellm_provider": "{provider}"', *fields])
    return f'"{name}": {{{every}}}'


def modes(*fields: str, provider: str = "acme") -> Mapping[str, ModePrice]:
    (model,) = mapped(entry(*fields, provider=provider)).layer.models
    (row,) = model.prices
    return row.modes


def left_out(*fields: str) -> Mapping[str, int]:
    return mapped(entry(*fields)).left_out


def named(name: str, provider: str) -> Model:
    (model,) = mapped(entry(CHAT, name=name, provider=provider)).layer.models
    return model


# Rates


def test_a_model_with_other_rates_at_certain_hours_is_left_out() -> None:
    found = mapped(entry(CHAT, '"off_peak_pricing": {"hours_utc": "16:00-00:00"}'))

    assert found.layer.models == ()
    assert found.left_out == {"models: other rates at certain hours": 1}


def test_every_kind_of_rate_has_its_place() -> None:
    assert modes(
        """
        "input_cost_per_token": 1e-06, "cache_read_input_token_cost": 2e-06,
        "cache_creation_input_token_cost": 3e-06, "cache_creation_input_token_cost_above_1hr": 4e-06,
        "input_cost_per_audio_token": 5e-06, "cache_read_input_audio_token_cost": 6e-06,
        "input_cost_per_image_token": 7e-06, "cache_read_input_image_token_cost": 8e-06,
        "output_cost_per_token": 9e-06, "output_cost_per_reasoning_token": 1e-05,
        "output_cost_per_audio_token": 1.1e-05, "output_cost_per_image_token": 1.2e-05,
        "input_cost_per_request": 0.005
        """
    ) == {"standard": ModePrice(Rates(*(rate * 1_000_000 for rate in (*range(1, 13), 5_000))))}


def test_a_rate_is_rounded_to_whole_pico_dollars_and_a_fee_to_what_a_catalog_can_write() -> None:
    rates = modes(
        '"input_cost_per_token": 1.8000000000000002e-07, "output_cost_per_token": 1, "input_cost_per_request": 1e-13'
    )["standard"].rates

    assert rates == Rates(input=180_000, output=10**12, request=0)


def test_a_rate_that_is_always_that_of_the_whole_is_not_a_rate_of_its_own() -> None:
    fields = (CHAT, BATCH, '"output_cost_per_reasoning_token": 8e-06', '"input_cost_per_image_token": 3e-06')

    assert modes(*fields)["standard"].rates == Rates(input=4_000_000, output=8_000_000, input_image=3_000_000)


def test_what_has_no_place_in_a_catalog_is_counted() -> None:
    assert left_out(CHAT, '"input_cost_per_second": 0.1', '"output_cost_per_second": 0') == {
        "rate input_cost_per_second": 1
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ('"input_cost_per_second": 0.1', "no rate per token"),
        ('"input_cost_per_request": 0.1', "no rate per token"),
        ('"input_cost_per_token": "4e-06"', "no rate per token"),
        ('"input_cost_per_token": 0, "output_cost_per_token": 0.0', "input and output cost nothing"),
        ('"input_cost_per_token": 0', "input and output cost nothing"),
        ('"input_cost_per_token": -1e-06', "a rate that is not between 0 and 1 USD"),
        ('"input_cost_per_token": 1.1', "a rate that is not between 0 and 1 USD"),
        (f'{CHAT}, {ABOVE}, "cache_read_input_token_cost": 1e-06', "no rate for cached_input above 100,000"),
    ],
)
def test_a_model_without_a_usable_price_is_left_out(fields: str, reason: str) -> None:
    result = mapped(entry(fields))

    assert (result.layer.models, result.layer.providers) == ((), ())
    assert result.left_out == {f"models: {reason}": 1}


def test_a_rate_that_is_not_a_number_leaves_the_model_out() -> None:
    content = {"large": {"litellm_provider": "acme", "input_cost_per_token": Decimal("nan")}}

    assert read_litellm(content, ORIGIN).left_out == {"models: a rate that is not between 0 and 1 USD": 1}


def test_a_model_that_is_paid_by_the_spoken_word_only_is_kept() -> None:
    assert modes('"input_cost_per_audio_token": 6e-06')["standard"].rates == Rates(input_audio=6_000_000)


# Tiers and modes


def test_a_tier_holds_above_its_threshold_and_keeps_the_fee() -> None:
    assert modes(CHAT, ABOVE, '"input_cost_per_request": 0.005') == {
        "standard": ModePrice(
            Rates(input=4_000_000, output=8_000_000, request=5_000_000_000),
            (Tier(100_000, Rates(input=5_000_000, output=9_000_000, request=5_000_000_000)),),
        )
    }


def test_xais_thresholds_are_inclusive() -> None:
    (tier,) = modes(CHAT, ABOVE, provider="xai")["standard"].tiers

    assert tier.above == 99_999


def test_ranges_of_prompts_are_tiers() -> None:
    fields = """
        "tiered_pricing": [
            {"input_cost_per_token": 4e-06, "output_cost_per_token": 8e-06, "range": [0, 32000.0], "note": "x"},
            {"input_cost_per_token": 5e-06, "output_cost_per_token": 9e-06, "range": [32000.0, 128000.0]},
            {"input_cost_per_token": 6e-06}
        ]
    """

    assert modes(fields) == {
        "standard": ModePrice(
            Rates(input=4_000_000, output=8_000_000),
            (Tier(32_000, Rates(input=5_000_000, output=9_000_000)),),
        )
    }


def test_modes_have_rates_and_tiers_of_their_own() -> None:
    flex = """
        "input_cost_per_token_flex": 3e-06, "output_cost_per_token_flex": 6e-06,
        "input_cost_per_token_above_100k_tokens_flex": 4e-06,
        "output_cost_per_token_above_100k_tokens_flex": 7e-06
    """

    assert modes(CHAT, ABOVE, flex)["flex"] == ModePrice(
        Rates(input=3_000_000, output=6_000_000), (Tier(100_000, Rates(input=4_000_000, output=7_000_000)),)
    )
    assert modes(CHAT, BATCH)["batch"] == ModePrice(Rates(input=2_000_000, output=4_000_000))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ('"input_cost_per_token_batches": 2e-06', "no rate for output"),
        ('"cache_read_input_token_cost": 1e-06, ' + BATCH, "no rate for cached_input"),
        (f"{ABOVE}, {BATCH}", "no rate above 100,000"),
        ('"input_cost_per_token_above_100k_tokens_batches": 2e-06', "no rate per token"),
        (
            '"input_cost_per_token_batches": 0, "output_cost_per_token_batches": 0',
            "input and output cost nothing",
        ),
        (
            f'{ABOVE}, {BATCH}, "input_cost_per_token_above_100k_tokens_batches": 2e-06',
            "no rate for output above 100,000",
        ),
        (
            f"""
                {ABOVE}, {BATCH}, "cache_read_input_token_cost_above_100k_tokens": 1e-06,
                "input_cost_per_token_above_100k_tokens_batches": 2e-06,
                "output_cost_per_token_above_100k_tokens_batches": 2e-06
            """,
            "no rate for cached_input above 100,000",
        ),
    ],
)
def test_a_mode_that_is_not_listed_completely_is_left_out(fields: str, reason: str) -> None:
    assert left_out(CHAT, fields) == {f"mode batch: {reason}": 1}
    assert list(modes(CHAT, fields)) == ["standard"]


@pytest.mark.parametrize("kind", ["embedding", "rerank"])
def test_no_output_needs_no_rate(kind: str) -> None:
    fields = (f'"mode": "{kind}"', '"input_cost_per_token": 4e-06', '"output_cost_per_token": 0.0')

    assert modes(*fields, '"input_cost_per_token_batches": 2e-06') == {
        "standard": ModePrice(Rates(input=4_000_000)),
        "batch": ModePrice(Rates(input=2_000_000)),
    }


# Names


@pytest.mark.parametrize(
    ("name", "provider", "expected"),
    [
        ("azure/gpt-5.5", "azure", "azure/gpt-5.5"),
        ("azure/eu/GPT-4o", "azure", "azure/eu/gpt-4o"),
        ("azure/gpt-35-turbo-instruct", "azure_text", "azure/gpt-35-turbo-instruct"),
        ("azure_ai/jamba", "azure_ai", "azure/jamba"),
        ("us.anthropic.claude", "bedrock_converse", "aws/us.anthropic.claude"),
        ("bedrock/us-east-1/claude", "bedrock", "aws/us-east-1/claude"),
        ("bedrock_mantle/gpt-oss", "bedrock_mantle", "aws/gpt-oss"),
        ("vertex_ai/openai/gpt-oss", "vertex_ai-openai_models", "google/openai/gpt-oss"),
        ("gemini/gemini-pro", "gemini", "google/gemini-pro"),
        ("palm/bison", "palm", "google/bison"),
        ("fireworks_ai/a/b", "fireworks_ai-embedding-models", "fireworks/a/b"),
        ("davinci-002", "text-completion-openai", "openai/davinci-002"),
        ("xai/grok", "xai", "x-ai/grok"),
        ("moonshot/kimi", "moonshot", "moonshotai/kimi"),
        ("github_copilot/gpt", "github_copilot", "github-copilot/gpt"),
        ("amazon-nova/pro", "amazon_nova", "amazon_nova/pro"),
        ("groq/openai/gpt-oss", "groq", "groq/openai/gpt-oss"),
        ("acme", "acme", "acme/acme"),
    ],
)
def test_a_model_is_named_as_in_the_catalog(name: str, provider: str, expected: str) -> None:
    model = named(name, provider)

    assert f"{model.provider}/{model.id}" == expected
    assert (model.match, model.source) == (Match(), "a map")


def test_a_fine_tuned_model_stands_for_all_that_customers_make_of_it() -> None:
    assert named("openai/ft:gpt-4o", "openai").match == Match(prefix=("ft:gpt-4o:",))


def test_a_provider_is_named_as_in_the_catalog_or_else_as_in_the_map() -> None:
    layer = mapped(
        entry(CHAT),
        entry(CHAT, name="xai/grok", provider="xai"),
        entry(CHAT, name="openrouter/x", provider="openrouter"),
    ).layer

    assert layer.providers == (
        Provider("acme", strip=("acme/",)),
        Provider("x-ai", names=("xai",), strip=("x-ai/", "xai/")),
        Provider("openrouter", strip=("openrouter/",), gateway=True),
    )


def test_the_example_and_entries_without_a_provider_are_no_models() -> None:
    result = mapped(entry(CHAT, name="sample_spec"), f'"large": {{{CHAT}}}')

    assert (result.layer.models, result.left_out) == ((), {})


def test_of_two_entries_of_one_model_the_one_with_more_rates_is_kept() -> None:
    small, large, other = CHAT, f"{CHAT}, {BATCH}", CHAT.replace("8e", "9e")

    def kept(first: str, second: str) -> tuple[list[str], int, int]:
        result = mapped(entry(first, name="acme/Large"), entry(second, name="large"))
        (model,) = result.layer.models
        ((row),) = model.prices
        output = row.modes["standard"].rates.output or 0
        return list(row.modes), output, sum(result.left_out.values())

    assert kept(small, small) == (["standard"], 8_000_000, 0)
    assert kept(small, other) == (["standard"], 8_000_000, 1)
    assert kept(small, large) == (["standard", "batch"], 8_000_000, 1)
    assert kept(large, small) == (["standard", "batch"], 8_000_000, 1)


def test_what_is_no_map_of_entries_is_refused() -> None:
    with pytest.raises(ValidationError):
        read_litellm({"large": 1}, ORIGIN)
