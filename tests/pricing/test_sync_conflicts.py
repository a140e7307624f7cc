import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import tomli
from syncing import (
    BATCH,
    PEAK,
    STANDARD,
    after,
    catalog,
    changed,
    entry,
    history,
    only,
    outcome,
    price_list,
    sync,
)

from costopt.pricing.entries import Layer, Match, Rates
from costopt.pricing.parsing import read_layer
from costopt.pricing.sources.genai import read_genai
from costopt.pricing.sources.litellm import read_litellm
from costopt.pricing.sync import carried_out
from costopt.pricing.writing import model_text

# Conflicts


def test_another_price_of_another_source_is_a_conflict() -> None:
    todo = sync(
        catalog(entry("acme/large", STANDARD)),
        price_list(entry("acme/large", "input = 4, output = 30, cached_input = 1")),
    )

    assert outcome(todo) == [("conflict", "acme/large", "another standard price there")]
    assert (only(todo).source, only(todo).listed_as) == ("first 1.0", ())
    assert changed(only(todo)) == ["from the start standard input 5 to 4"]
    assert todo.models == {}


def test_where_none_is_named_the_source_is_the_file() -> None:
    here = catalog(entry("acme/large", STANDARD), source="")

    assert only(sync(here, price_list(entry("acme/large", "input = 4")))).source == "own.toml"


def test_the_source_of_a_price_that_has_its_own_is_that() -> None:
    newer = f'from = 2026-08-01, source = {{ standard = "third 3.0" }}, {BATCH}, input = 4, output = 20'
    here = catalog(entry("acme/large", STANDARD, newer))

    todo = sync(here, price_list(entry("acme/large", f"{STANDARD}, {BATCH}")))

    assert [(step.kind, step.source) for step in todo.steps] == [
        ("conflict", "third 3.0"),
        ("filled", "first 1.0"),
    ]


def test_the_source_of_a_price_that_the_list_itself_gave_is_what_was_there_before() -> None:
    here = catalog(entry("acme/large", STANDARD, more='match = { exact = ["l"] }'), source="second 1.0")
    there = price_list(
        entry("acme/large", STANDARD, f"{PEAK}, input = 9"), entry("acme/l", STANDARD, f"{PEAK}, input = 8")
    )

    todo = sync(here, there)

    assert [(step.kind, step.listed_as, step.source) for step in todo.steps] == [
        ("conflict", ("l",), "second 1.0"),
        ("filled", (), "second 1.0"),
    ]


def test_the_source_of_what_a_person_wrote_is_the_file() -> None:
    here = catalog(entry("acme/large", STANDARD, more='source = "first 1.0"'))

    todo = sync(here, price_list(entry("acme/large", "input = 4")), protected={("acme", "large")})

    assert (only(todo).reason, only(todo).source) == ("written by hand", "own.toml")


def test_other_tiers_are_a_conflict() -> None:
    tier = "tier = [{ above = 200, input = 9, output = 40 }]"
    here = catalog(entry("acme/large", f"{STANDARD}, {tier}"))

    assert changed(only(sync(here, price_list(entry("acme/large", STANDARD))))) == [
        "from the start standard input 9 to -",
        "from the start standard output 40 to -",
    ]


def test_a_price_that_the_catalog_had_before_is_a_conflict_today() -> None:
    here = catalog(entry("acme/large", STANDARD, "from = 2026-08-01, input = 4, output = 20"))

    assert changed(only(sync(here, price_list(entry("acme/large", STANDARD)))))[0] == (
        "2026-08-01 standard input 4 to 5"
    )


def test_a_list_without_dates_says_nothing_of_the_past() -> None:
    here = catalog(entry("acme/large", STANDARD, "from = 2026-08-01, input = 4, output = 20"))

    assert sync(here, price_list(entry("acme/large", "input = 4, output = 20"))).same == 1


def test_a_dated_list_that_tells_another_past_is_a_conflict() -> None:
    here = catalog(entry("acme/large", STANDARD))
    there = price_list(entry("acme/large", "input = 6, output = 30", f"from = 2026-08-01, {STANDARD}"))

    assert outcome(sync(here, there)) == [
        ("conflict", "acme/large", "another standard price there, at another time")
    ]


def test_a_conflict_is_named_from_when_both_prices_hold() -> None:
    here = catalog(entry("acme/large", STANDARD))

    for start in ("2026-08-01", "2027-01-01"):
        there = price_list(entry("acme/large", f"from = {start}, input = 4, output = 30"))
        assert changed(only(sync(here, there))) == [f"{start} standard input 5 to 4"]


def test_prices_that_share_no_time_are_a_conflict() -> None:
    here = catalog(entry("acme/large", f"{PEAK}, input = 9, output = 50"))

    todo = sync(here, price_list(entry("acme/large", STANDARD)))

    assert outcome(todo) == [("conflict", "acme/large", "its prices there hold at other times")]
    assert only(todo).rates


def test_prices_of_certain_hours_are_compared_if_the_list_has_any() -> None:
    here = catalog(entry("acme/large", STANDARD, f"{PEAK}, input = 9, output = 50"))

    assert sync(here, price_list(entry("acme/large", STANDARD))).same == 1
    assert sync(here, price_list(entry("acme/large", STANDARD, f"{PEAK}, input = 9, output = 50"))).same == 1
    assert changed(
        only(sync(here, price_list(entry("acme/large", STANDARD, f"{PEAK}, input = 8, output = 50"))))
    ) == ["from the start standard input 9 to 8"]
    assert changed(
        only(sync(here, price_list(entry("acme/large", STANDARD, 'hours_utc = ["03:00-04:00"], input = 8'))))
    ) == [
        "from the start standard input 9 to -",
        "from the start standard output 50 to -",
        "from the start standard input - to 8",
    ]


def test_names_that_say_the_same_are_one_conflict() -> None:
    here = catalog(entry("acme/large", STANDARD, more='match = { prefix = ["large"] }'))
    models = [entry(f"acme/{name}", "input = 4, output = 30") for name in ("large-b", "large-a", "large")]
    other = entry("acme/large-c", "input = 3, output = 30")

    conflicts = sync(here, price_list(*models, other)).steps

    assert [step.listed_as for step in conflicts] == [("large-a", "large-b"), ("large-c",)]
    assert [changed(step) for step in conflicts] == [
        ["from the start standard input 5 to 4"],
        ["from the start standard input 5 to 3"],
    ]


# The list's price on request


def test_the_lists_price_is_taken_from_the_effective_day() -> None:
    here = catalog(entry("acme/large", f"{STANDARD}, {BATCH}"))
    there = price_list(entry("acme/large", "input = 4, output = 20"))

    step = only(sync(here, there, prefer_list=True))

    assert (step.kind, history(step.model)) == (
        "changed",
        ["from the start: standard 5/30, batch 2.5/15", "2026-11-22: standard 4/20"],
    )
    assert sync(after(here, sync(here, there, prefer_list=True)), there).same == 1


def test_the_lists_rates_of_a_mode_are_taken_too() -> None:
    here = catalog(entry("acme/large", f"{STANDARD}, {BATCH}"))

    step = only(
        sync(
            here,
            price_list(entry("acme/large", f"{STANDARD}, batch_input = 2, batch_output = 12")),
            prefer_list=True,
        )
    )

    assert (step.kind, history(step.model)[1]) == ("changed", "2026-11-22: standard 5/30, batch 2/12")


def test_an_announced_price_of_the_list_does_not_begin_early() -> None:
    here = catalog(entry("acme/large", STANDARD))
    there = price_list(
        entry("acme/large", "input = 6", "from = 2026-05-01, input = 4", "from = 2027-01-01, input = 3")
    )

    todo = sync(here, there, prefer_list=True)

    assert [(step.kind, step.reason) for step in todo.steps] == [
        ("changed", "from second 2.0"),
        ("conflict", "another standard price there, at another time"),
    ]
    assert history(todo.steps[0].model) == [
        "from the start: standard 5/30",
        "2026-11-22: standard 4/-",
        "2027-01-01: standard 3/-",
    ]


def test_a_list_that_begins_later_is_not_taken_earlier() -> None:
    here = catalog(entry("acme/large", STANDARD))

    todo = sync(here, price_list(entry("acme/large", "from = 2027-01-01, input = 3")), prefer_list=True)

    assert [step.kind for step in todo.steps] == ["conflict"]


def test_prices_of_certain_hours_stay_if_the_list_has_none() -> None:
    here = catalog(entry("acme/large", STANDARD, f"{PEAK}, input = 9, output = 50"))

    assert history(
        only(sync(here, price_list(entry("acme/large", "input = 4")), prefer_list=True)).model
    ) == [
        "from the start: standard 5/30",
        "from the start in some hours: standard 9/50",
        "2026-11-22: standard 4/-",
        "2026-11-22 in some hours: standard 9/50",
    ]
    assert history(
        only(
            sync(here, price_list(entry("acme/large", "input = 4", f"{PEAK}, input = 8")), prefer_list=True)
        ).model
    )[2:] == ["2026-11-22: standard 4/-", "2026-11-22 in some hours: standard 8/-"]


def test_prices_of_hours_that_ended_do_not_come_back() -> None:
    here = catalog(entry("acme/large", STANDARD, f"{PEAK}, input = 9", f"from = 2026-08-01, {STANDARD}"))

    model = only(sync(here, price_list(entry("acme/large", "input = 4")), prefer_list=True)).model

    assert model.prices[:3] == here.models[0].prices
    assert history(model)[3:] == ["2026-11-22: standard 4/-"]


def test_only_the_name_that_is_listed_gets_the_lists_price() -> None:
    names = 'match = { exact = ["large-0"], prefix = ["large"] }'
    here = catalog(entry("acme/large", STANDARD, more=names))
    there = price_list(
        entry("acme/large", STANDARD),
        entry("acme/large-pro", "input = 50, output = 300"),
        entry("acme/large-0", "input = 1"),
    )

    todo = sync(here, there, prefer_list=True)

    assert outcome(todo) == [
        ("changed", "acme/large-pro", "from second 2.0"),
        ("conflict", "acme/large", "another standard price there"),
    ]
    assert todo.steps[1].listed_as == ("large-0",)
    assert (todo.steps[0].model.match, history(todo.steps[0].model)) == (
        Match(),
        ["from the start: standard 5/30", "2026-11-22: standard 50/300"],
    )
    assert sync(after(here, todo), there, prefer_list=True).models == {}


# The forms of the lists themselves


def test_of_an_older_genai_list_a_batch_rate_is_backdated_within_its_standard_price_only() -> None:
    listed = [
        {
            "id": "acme",
            "models": [
                {
                    "id": "large",
                    "match": {"equals": "large"},
                    "prices": [
                        {"prices": {"input_mtok": 6, "output_mtok": 30}},
                        {
                            "constraint": {"start_date": "2026-03-01"},
                            "prices": {"input_mtok": 5, "output_mtok": 30},
                        },
                    ],
                    "price_variants": [
                        {
                            "when": {"service_tier": "batch"},
                            "constraint": {"start_date": "2026-10-14"},
                            "prices": {"input_mtok": 2.5, "output_mtok": 15},
                        }
                    ],
                }
            ],
        }
    ]
    content = json.loads(json.dumps(listed), parse_float=Decimal)
    there = read_genai(content, Layer("", "", source="genai-prices 1")).layer
    here = catalog(entry("acme/large", "input = 6, output = 30", f"from = 2026-03-01, {STANDARD}"))

    assert history(only(sync(here, there)).model) == [
        "from the start: standard 6/30",
        "2026-03-01: standard 5/30, batch 2.5/15",
    ]


def test_the_map_of_litellm_fills_modes() -> None:
    rates: Mapping[str, object] = {
        "litellm_provider": "openai",
        "input_cost_per_token": Decimal("5e-6"),
        "output_cost_per_token": Decimal("30e-6"),
        "input_cost_per_token_batches": Decimal("2.5e-6"),
        "output_cost_per_token_batches": Decimal("15e-6"),
    }
    there = read_litellm({"large": rates}, Layer("", "", source="litellm 1")).layer

    assert history(only(sync(catalog(entry("openai/Large", STANDARD)), there)).model) == [
        "from the start: standard 5/30, batch 2.5/15"
    ]


def test_a_rate_of_a_price_list_survives_the_file() -> None:
    todo = sync(
        catalog(entry("acme/large", STANDARD)),
        price_list(entry("acme/new", "input = 0.000001, request_per_1k = 2.5")),
    )

    (model,) = read_layer(tomli.loads(carried_out("", todo), parse_float=Decimal), path="", digest="").models

    assert model.prices[0].modes["standard"].rates == Rates(input=1, request=2_500_000_000)
    assert model_text(replace(model, synced="")) == model_text(only(todo).model)
