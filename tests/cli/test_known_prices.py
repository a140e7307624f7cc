"""Figures that were read off the providers' pages, as `costopt pricing show -o json` gives them."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]


def price(run: Run, *words: str) -> dict[str, Any]:
    """The one price that is shown."""
    code, out, err = run("pricing", "show", *words, "-o", "json")
    assert (code, err) == (0, "")
    (found,) = json.loads(out, parse_float=Decimal, parse_int=Decimal)["prices"]
    return dict(found)


def figures(rates: dict[str, Any], names: str) -> str:
    """USD per million tokens, by the names of the rates."""
    return " ".join(f"{rates[name]:f}" for name in names.split())


@pytest.mark.parametrize(
    ("model", "mode", "names", "figures_below_and_above"),
    [
        ("gpt-5.5", "standard", "input output cached_input", ("5 30 0.5", "10 45")),
        ("gpt-5.5", "batch", "input output cached_input", ("2.5 15 0.25", "5 22.5")),
        ("gpt-5.4", "standard", "input output cached_input", ("2.5 15 0.25", "5 22.5")),
        ("gpt-5.4", "batch", "input output cached_input", ("1.25 7.5 0.13", None)),
        (
            "claude-opus-4-8",
            "standard",
            "input output cached_input cache_write_5m cache_write_1h",
            ("5 25 0.5 6.25 10", None),
        ),
        (
            "claude-opus-4-8",
            "batch",
            "input output cached_input cache_write_5m cache_write_1h",
            ("2.5 12.5 0.25 3.125 5", None),
        ),
        ("groq/llama-3.1-8b-instant", "standard", "input output", ("0.05 0.08", None)),
        ("gemini-2.5-flash", "standard", "input output cached_input", ("0.3 2.5 0.03", None)),
        ("gemini-2.5-flash", "batch", "input output", ("0.15 1.25", None)),
        ("gpt-4o-mini", "standard", "input output cached_input", ("0.15 0.6 0.075", None)),
        ("gpt-4o-mini", "batch", "input output", ("0.075 0.3", None)),
        ("claude-sonnet-4-5", "standard", "input output", ("3 15", None)),
        ("claude-sonnet-4-5", "batch", "input output", ("1.5 7.5", None)),
        ("claude-3-opus", "standard", "input output", ("15 75", None)),
        ("gpt-3.5-turbo", "standard", "input output", ("0.5 1.5", None)),
    ],
)
def test_the_published_price_is_shown(
    run: Run, model: str, mode: str, names: str, figures_below_and_above: tuple[str, str | None]
) -> None:
    below, above = figures_below_and_above
    listed = price(run, model, "--at", "2026-11-01")["modes"][mode]

    assert figures(listed["rates"], names) == below
    if above:
        (tier,) = listed["tiers"]
        assert (tier["above"], figures(tier["rates"], "input output")) == (272_000, above)


def test_a_model_without_batch_rates_has_none(run: Run) -> None:
    assert set(price(run, "groq/llama-3.1-8b-instant")["modes"]) == {"standard"}

    code, out, err = run("pricing", "show", "groq/llama-3.1-8b-instant", "--mode", "batch", "-o", "json")

    assert (code, out) == (2, "")
    assert "`groq/llama-3.1-8b-instant` has no batch rates" in err


@pytest.mark.parametrize(("at", "expected"), [("2026-08-20", "5 30"), ("2026-08-21", "4 20")])
def test_a_price_is_that_of_its_day(run: Run, at: str, expected: str) -> None:
    found = price(run, "gpt-5.6-sol", "--at", at)["modes"]["standard"]

    assert figures(found["rates"], "input output") == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-08-18T00:59", "0.66 1.98"),
        ("2026-08-18T01:00", "1.32 3.96"),
        ("2026-08-18T04:00", "0.66 1.98"),
        ("2026-08-22T01:00", "0.66 1.98"),
    ],
)
def test_a_price_is_that_of_its_hour_and_weekday(run: Run, at: str, expected: str) -> None:
    found = price(run, "deepseek-v4-pro", "--at", at)["modes"]["standard"]

    assert figures(found["rates"], "input output") == expected
