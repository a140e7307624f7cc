import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import types as genai
from pydantic import ValidationError

from costopt.pricing.entries import Layer, Match, Model, ModePrice, PriceRow, Provider, Rates, Tier
from costopt.pricing.sources.genai import plain, read_genai
from costopt.pricing.sources.price_list import PriceList

ORIGIN = Layer("list.json", "abc", dt.date(2026, 11, 10), "a list")
MILLION = 1_000_000


def listed(*models: str, provider: str = '"id": "acme"') -> PriceList:
    """A list of one provider's models, each without its braces."""
    rows = ", ".join(f"{{{model}}}" for model in models)
    text = f'[{{{provider}, "name": "Acme", "models": [{rows}]}}]'
    return read_genai(json.loads(text, parse_float=Decimal), ORIGIN)


def one(prices: str, rest: str = "", provider: str = "acme", name: str = "large") -> Model:
    """A model with these prices, in JSON."""
    return listed(
        f'"id": "{name}", "match": {{"equals": "{name}"}}, "prices": {prices}{rest}',
        provider=f'"id": "{provider}"',
    ).layer.models[0]


def variants(*texts: str) -> str:
    return ', "price_variants": [' + ", ".join(f"{{{text}}}" for text in texts) + "]"


def always(**modes: ModePrice) -> tuple[PriceRow, ...]:
    return (PriceRow(None, (), frozenset(), modes),)


def inputs(model: Model) -> list[tuple[dt.date | None, Mapping[str, int | None]]]:
    """Of each row: when it starts, and each mode's input rate in USD per million."""
    return [
        (row.starts, {mode: (price.rates.input or 0) // MILLION for mode, price in row.modes.items()})
        for row in model.prices
    ]


# Rates


def test_every_kind_of_rate_has_its_place() -> None:
    model = one(
        """{
        "input_mtok": 1, "cache_read_mtok": 2, "cache_write_mtok": 3, "cache_write_1h_mtok": 4,
        "input_audio_mtok": 5, "cache_audio_read_mtok": 6, "input_image_mtok": 7, "cache_image_read_mtok": 8,
        "output_mtok": 9, "output_reasoning_mtok": 10, "output_audio_mtok": 11, "output_image_mtok": 12,
        "requests_kcount": 13, "web_searches_kcount": 14}"""
    )

    assert model.prices == always(
        standard=ModePrice(Rates(*(rate * MILLION for rate in (*range(1, 13), 13_000, 14_000))))
    )


def test_a_rate_is_rounded_to_six_decimals_which_drops_float_noise() -> None:
    rates = (
        one('{"input_mtok": 0.18000000000000002, "output_mtok": 0.0000015}').prices[0].modes["standard"].rates
    )

    assert rates == Rates(input=180_000, output=2)


def test_a_threshold_holds_for_prompts_above_it_as_it_is_written() -> None:
    prices = (
        '{"input_mtok": {"base": 1, "tiers": [{"start": 200000, "price": 3}, {"start": 100000, "price": 2}]},'
        ' "output_mtok": {"base": 4, "tiers": [{"start": 199999, "price": 5}]}, "cache_read_mtok": 0}'
    )

    assert one(prices, provider="x-ai").prices == always(
        standard=ModePrice(
            Rates(input=1 * MILLION, cached_input=0, output=4 * MILLION),
            (
                Tier(100_000, Rates(input=2 * MILLION, cached_input=0, output=4 * MILLION)),
                Tier(199_999, Rates(input=2 * MILLION, cached_input=0, output=5 * MILLION)),
                Tier(200_000, Rates(input=3 * MILLION, cached_input=0, output=5 * MILLION)),
            ),
        )
    )


def test_a_tier_from_the_first_token_on_is_the_base() -> None:
    prices = '{"input_mtok": {"base": 1, "tiers": [{"start": 0, "price": 3}]}}'

    assert one(prices).prices == always(standard=ModePrice(Rates(input=3 * MILLION)))


def test_no_price_is_unknown_but_for_models_that_are_known_to_be_free() -> None:
    free = always(standard=ModePrice(Rates(input=0, output=0)))

    assert one("{}").prices == always()
    assert one("[]").prices == always()
    assert one("{}", name="large:free").prices == free
    assert one("{}", provider="openai", name="moderation").prices == free
    assert one("{}", ', "price_comments": "Free of charge on Tuesdays."').prices == free


def test_what_has_no_place_in_a_catalog_is_counted() -> None:
    rest = ', "match": {"equals": "x"}, "prices": {"input_mtok": 1, "audio_hours": 2}'
    modes = variants(
        '"when": {"speed": "fast"}, "prices": {"input_mtok": 2}',
        '"when": {"speed": "slow"}, "prices": {}',
        '"when": {"processing": "batch", "route": "eu"}, "prices": {"input_mtok": 2}',
    )

    result = listed(f'"id": "a"{rest}{modes}', f'"id": "b"{rest}', '"id": "c", "match": {}, "prices": {}')

    assert result.left_out == {
        "rate audio_hours": 2,
        "mode speed=fast": 1,
        "mode processing=batch, route=eu": 1,
        "exact names that an earlier model has": 1,
        "prices without any rate the catalog has (their model stays, unpriced)": 1,
    }
    assert [list(model.prices[0].modes) for model in result.layer.models] == [["standard"], ["standard"], []]


# Dates, modes, hours


def test_a_price_holds_from_its_first_day_on() -> None:
    model = one(
        '[{"prices": {"input_mtok": 1}},'
        ' {"constraint": {"start_date": "2026-08-21"}, "prices": {"input_mtok": 2}}]'
    )

    assert inputs(model) == [(None, {"standard": 1}), (dt.date(2026, 8, 21), {"standard": 2})]


def test_a_mode_costs_what_it_names_and_else_what_the_standard_mode_does() -> None:
    modes = variants(
        '"when": {"processing": "batch"}, "prices": {"input_mtok": 2}',
        '"when": {"service_tier": "priority"}, "prices": {}',
    )

    assert one('{"input_mtok": 4, "output_mtok": 8}', modes).prices == always(
        standard=ModePrice(Rates(input=4 * MILLION, output=8 * MILLION)),
        batch=ModePrice(Rates(input=2 * MILLION, output=8 * MILLION)),
        priority=ModePrice(Rates(input=4 * MILLION, output=8 * MILLION)),
    )


def test_of_several_prices_of_a_mode_the_first_listed_wins() -> None:
    modes = variants(
        '"when": {"processing": "batch"}, "prices": {"input_mtok": 2}',
        '"when": {"processing": "batch"}, "prices": {"input_mtok": 3, "output_mtok": 4}',
    )

    batch = one('{"input_mtok": 4, "output_mtok": 8}', modes).prices[0].modes["batch"]

    assert batch.rates == Rates(input=2 * MILLION, output=4 * MILLION)


def test_a_mode_verified_on_a_day_holds_from_the_beginning_of_that_standard_price_but_not_before() -> None:
    model = one(
        '[{"prices": {"input_mtok": 4}},'
        ' {"constraint": {"start_date": "2026-08-21"}, "prices": {"input_mtok": 6}}]',
        variants(
            '"when": {"processing": "batch"}, "prices": {"input_mtok": 3},'
            ' "constraint": {"start_date": "2026-10-14"}'
        ),
    )

    assert inputs(model) == [
        (None, {"standard": 4}),
        (dt.date(2026, 8, 21), {"standard": 6, "batch": 3}),
    ]


def test_a_second_price_of_a_mode_begins_on_its_day() -> None:
    model = one(
        '{"input_mtok": 6}',
        variants(
            '"when": {"processing": "batch"}, "prices": {"input_mtok": 2},'
            ' "constraint": {"start_date": "2026-10-14"}',
            '"when": {"processing": "batch"}, "prices": {"input_mtok": 3},'
            ' "constraint": {"start_date": "2026-09-01"}',
        ),
    )

    assert inputs(model) == [
        (None, {"standard": 6, "batch": 3}),
        (dt.date(2026, 10, 14), {"standard": 6, "batch": 2}),
    ]


def test_hours_are_in_utc_and_windows_of_the_same_price_are_one_row() -> None:
    model = one(
        """[{"prices": {"input_mtok": 1}},
        {"constraint": {"start_time": "00:30:00Z", "end_time": "04:00:00Z"}, "prices": {"input_mtok": 2}},
        {"constraint": {"start_time": "07:00:00+01:00", "end_time": "00:00:00Z"}, "prices": {"input_mtok": 2}},
        {"constraint": {"start_time": "00:00:00+01:00", "end_time": "00:30:00"}, "prices": {"input_mtok": 3}}]"""
    )

    assert [(row.hours_utc, row.weekdays) for row in model.prices] == [
        ((), frozenset()),
        (((30, 240), (360, 0)), frozenset()),
        (((1380, 30),), frozenset()),
    ]


def test_the_peak_hours_that_only_a_comment_dates_begin_on_that_day_and_spare_the_weekend() -> None:
    model = one(
        '[{"prices": {"input_mtok": 1}}, {"constraint": {"start_time": "01:00:00Z", "end_time": "04:00:00Z"},'
        ' "prices": {"input_mtok": 2}}]',
        provider="deepseek",
        name="deepseek-v4-pro",
    )

    assert model.prices[1] == PriceRow(
        dt.date(2026, 8, 17),
        ((60, 240),),
        frozenset({1, 2, 3, 4, 5}),
        {"standard": ModePrice(Rates(input=2 * MILLION))},
    )


def test_a_mode_in_certain_hours_is_unknown() -> None:
    result = listed(
        '"id": "large", "match": {"equals": "large"}, "prices": [{"prices": {"input_mtok": 2}},'
        '{"constraint": {"start_time": "01:00:00Z", "end_time": "04:00:00Z"}, "prices": {"input_mtok": 4}}]'
        + variants('"when": {"processing": "batch"}, "prices": {"input_mtok": 1}')
    )

    assert inputs(result.layer.models[0]) == [(None, {"standard": 2, "batch": 1}), (None, {"standard": 4})]
    assert result.left_out == {"mode batch in certain hours": 1}


# Names


def test_a_model_keeps_the_names_and_says_where_its_prices_are_from() -> None:
    model = listed(
        '"id": "Large", "prices": {}, "match": {"or": [{"equals": "Large"}, {"starts_with": "large-"},'
        ' {"ends_with": "-L"}, {"contains": "arg"}, {"regex": "^Lar+ge$"}, {"equals": "large"}]}'
    ).layer.models[0]

    assert (model.provider, model.id, model.source) == ("acme", "Large", "a list")
    assert model.match == Match(("large",), ("large-",), ("-l",), ("arg",), ("^Lar+ge$",))


def test_names_that_must_fit_several_rules_become_one_regular_expression() -> None:
    rule = (
        '{"and": [{"starts_with": "a.b"}, {"or": [{"ends_with": "c"}, {"equals": "d"}]}, {"contains": "e"},'
        ' {"regex": "f"}, {"regex": "^g"}]}'
    )

    match = listed(f'"id": "large", "prices": {{}}, "match": {rule}').layer.models[0].match

    assert match == Match(regex=(r"^(?=a\.b)(?=(?:.*c$|d$))(?=.*e)(?=.*(?:f))(?=^g)",))


def test_an_exact_name_belongs_to_the_first_model_that_has_it() -> None:
    rest = ', "prices": {}, "match": {"or": [{"equals": "x"}, {"equals": "y"}]}'

    result = listed(f'"id": "a"{rest}', f'"id": "b"{rest}')

    assert [model.match.exact for model in result.layer.models] == [("x", "y"), ()]


def test_a_provider_has_the_names_of_the_list_and_of_other_tools() -> None:
    layer = listed(
        provider='"id": "together", "provider_match": {"equals": "together-ai"},'
        ' "model_match": {"starts_with": "Tog"}, "fallback_model_providers": ["openai"]'
    ).layer

    assert layer.providers == (
        Provider(
            "together",
            names=("together-ai", "togethercomputer"),
            strip=("together/", "together-ai/", "togethercomputer/"),
            fallback=("openai",),
            infer=Match(prefix=("tog",)),
        ),
    )


def test_a_gateway_is_known_as_one_and_vendors_paths_are_stripped() -> None:
    assert listed(provider='"id": "openrouter"').layer.providers[0].gateway
    assert listed(provider='"id": "anthropic"').layer.providers[0].strip == (
        "anthropic/",
        "publishers/anthropic/models/",
        "models/",
    )


def test_the_layer_says_where_it_is_from() -> None:
    layer = listed().layer

    assert (layer.path, layer.digest, layer.date, layer.source) == (
        "list.json",
        "abc",
        dt.date(2026, 11, 10),
        "a list",
    )


# The package's objects, and what is no list


def test_the_packages_objects_are_read_as_its_json_is() -> None:
    model = genai.ModelInfo(
        id="large",
        match=genai.ClauseOr(or_=[genai.ClauseEquals(equals="large"), genai.ClauseRegex(regex="^l")]),
        prices=[
            genai.ConditionalPrice(
                prices=genai.ModelPrice(
                    input_mtok=genai.TieredPrices(
                        base=Decimal(1), tiers=[genai.Tier(start=10, price=Decimal(2))]
                    )
                )
            ),
            genai.ConditionalPrice(
                genai.TimeOfDateConstraint(
                    start_time=dt.time(1, tzinfo=dt.UTC), end_time=dt.time(2, tzinfo=dt.UTC)
                ),
                prices=genai.ModelPrice(input_mtok=Decimal(3)),
            ),
        ],
        price_variants=[
            genai.PriceVariant(
                when={"processing": "batch"},
                prices=genai.ModelPrice(input_mtok=Decimal("0.5")),
                constraint=genai.StartDateConstraint(start_date=dt.date(2026, 10, 14)),
            )
        ],
    )
    provider = genai.Provider(id="acme", name="Acme", api_pattern="", models=[model])

    expected: Any = [
        {
            "id": "acme",
            "name": "Acme",
            "api_pattern": "",
            "models": [
                {
                    "id": "large",
                    "match": {"or": [{"equals": "large"}, {"regex": "^l"}]},
                    "prices": [
                        {"prices": {"input_mtok": {"base": 1, "tiers": [{"start": 10, "price": 2}]}}},
                        {
                            "constraint": {"start_time": "01:00:00+00:00", "end_time": "02:00:00+00:00"},
                            "prices": {"input_mtok": 3},
                        },
                    ],
                    "price_variants": [
                        {
                            "when": {"processing": "batch"},
                            "prices": {"input_mtok": Decimal("0.5")},
                            "constraint": {"start_date": "2026-10-14"},
                        }
                    ],
                }
            ],
        }
    ]
    assert plain([provider]) == expected


@pytest.mark.parametrize(
    "prices",
    [
        '{"input_mtok": -1}',
        '{"input_mtok": 1000001}',
        '{"input_mtok": "much"}',
        '{"input_mtok": {"base": 1}}',
    ],
)
def test_a_price_that_cannot_be_is_refused(prices: str) -> None:
    with pytest.raises(ValidationError):
        one(prices)


def test_a_rule_for_names_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="sounds_like"):
        listed('"id": "large", "prices": {}, "match": {"sounds_like": "x"}')
