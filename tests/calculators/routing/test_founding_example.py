"""The example that the simulation was founded on, with each of its figures, and those that it should have had.

600 simple, 300 medium and 100 complex requests of 1,000 tokens, at $0.15, $0.30 and $1.50 a million: $0.33 by tiers.
It was compared with $0.015 a request, ten times what its own premium model costs. Against that model the saving is
78.0 %, and 73.8 % if a tenth is asked twice; everything to the middle model would have cost less than the mix.
"""

import json
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costopt.calculators.routing.outcome import Baseline, Outcome, Saving
from costopt.calculators.routing.policy_file import read_policy
from costopt.calculators.routing.simulate import Simulation, Terms, plan, simulate
from costopt.cli import main
from costopt.pipeline import Logs, load
from costopt.pricing.catalog import load_catalog

Write = Callable[[str, str], str]

MIX = {"classify": 600, "chat": 300, "analyze": 100}
"""Requests by type; by the rule for complexity they are simple, medium and complex."""

PRICES = """
schema = 1
currency = "USD"
standalone = true

[[provider]]
id = "openai"
[[provider]]
id = "google"
[[provider]]
id = "anthropic"

[[model]]
provider = "openai"
id = "gpt-4o-mini"
[[model.price]]
input = 0.15
output = 0.15

[[model]]
provider = "google"
id = "gemini-flash"
[[model.price]]
input = 0.30
output = 0.30

[[model]]
provider = "anthropic"
id = "claude-opus"
[[model.price]]
input = 1.50
output = 1.50
"""

ROUTER = """
name = "smart"
strategy = "cost"
[tiers]
mini = ["openai/gpt-4o-mini"]
standard = ["google/gemini-flash"]
premium = ["anthropic/claude-opus"]
"""

BASELINES = ("0.015/request", "frontier", "google/gemini-flash", "logged")


def lines() -> list[str]:
    """A thousand requests, all served by the premium model, over four weeks."""
    kinds = [kind for kind, count in MIX.items() for _ in range(count)]
    requests = (
        {
            "request_id": f"r{number}",
            "timestamp": f"2026-10-{1 + number % 28:02}T08:00:00Z",
            "provider": "anthropic",
            "model": "claude-opus",
            "request_type": kind,
            "input_tokens": 900,
            "output_tokens": 100,
        }
        for number, kind in enumerate(kinds)
    )
    return [json.dumps(request) for request in requests]


@pytest.fixture
def log(write: Write) -> str:
    """The log, with the prices and the policy beside it."""
    write("prices.toml", PRICES)
    write("router.toml", ROUTER)
    return write("log.jsonl", "\n".join(lines()))


@pytest.fixture
def simulated(log: str) -> Simulation:
    """The result of the pipeline."""
    catalog = load_catalog(Path("prices.toml"))
    planned = plan(Terms((read_policy(ROUTER, "router.toml"),), BASELINES), catalog)
    loaded = load(Logs((log,)), catalog, planned.rollups)
    return simulate(planned, loaded.rollups, loaded.provenance)


@pytest.fixture
def smart(simulated: Simulation) -> Outcome:
    """What the policy would have done."""
    (outcome,) = simulated.policies
    return outcome


def saving(outcome: Outcome, baseline: str) -> Saving:
    return next(each for each in outcome.savings if each.baseline == baseline)


def baseline(result: Simulation, name: str) -> Baseline:
    return next(each for each in result.baselines if each.name == name)


# Each of its figures


def test_sixty_thirty_and_ten_percent_are_simple_medium_and_complex(smart: Outcome) -> None:
    assert [(each.name, each.requests) for each in smart.complexity] == [
        ("simple", 600),
        ("medium", 300),
        ("complex", 100),
    ]
    assert [each.share_pct for each in smart.complexity] == [60, 30, 10]


def test_they_cost_9_and_9_and_15_cents_on_their_tiers_and_33_in_all(smart: Outcome) -> None:
    assert [(each.name, each.tier) for each in smart.models] == [
        ("openai/gpt-4o-mini", "mini"),
        ("google/gemini-flash", "standard"),
        ("anthropic/claude-opus", "premium"),
    ]
    assert [each.cost_usd for each in smart.models] == [Decimal("0.09"), Decimal("0.09"), Decimal("0.15")]
    assert smart.cost_usd == Decimal("0.33")


def test_a_request_costs_15_and_30_and_150_millicents_and_33_on_average(smart: Outcome) -> None:
    each = [model.cost_usd / model.requests for model in smart.models]

    assert each == [Decimal("0.00015"), Decimal("0.0003"), Decimal("0.0015")]
    assert smart.cost_usd / smart.requests == Decimal("0.00033")


def test_without_routing_at_the_stated_price_they_cost_15_dollars(simulated: Simulation) -> None:
    assert baseline(simulated, "0.015/request").cost_usd == 15


def test_against_that_14_67_are_saved_which_is_97_8_percent(smart: Outcome) -> None:
    stated = saving(smart, "0.015/request")

    assert [stated.saved_usd, stated.pct] == [Decimal("14.67"), Decimal("97.8")]


def test_a_million_requests_cost_15000_and_330_which_saves_14670(
    simulated: Simulation, smart: Outcome
) -> None:
    before = baseline(simulated, "0.015/request").per_million_usd

    assert before == 15_000
    assert smart.per_million_usd == 330
    assert before - smart.per_million_usd == 14_670


# And what they should have been


def test_against_its_own_premium_model_78_percent_are_saved(simulated: Simulation, smart: Outcome) -> None:
    premium = saving(smart, "frontier")

    assert baseline(simulated, "frontier").cost_usd == Decimal("1.5")
    assert baseline(simulated, "logged").cost_usd == Decimal("1.5")
    assert [premium.saved_usd, premium.pct] == [Decimal("1.17"), 78]
    assert saving(smart, "logged").pct == 78


def test_with_a_tenth_asked_twice_73_8_percent_are_saved(smart: Outcome) -> None:
    escalated = smart.escalated

    assert escalated.rate == Decimal("0.1")
    assert escalated.cost_usd == Decimal(
        "0.393"
    )  # a tenth of the simple ones at $0.30, of the others at $1.50
    assert saving(smart, "frontier").escalated_pct == Decimal("73.8")


def test_everything_to_the_middle_model_costs_less_than_the_mix(
    simulated: Simulation, smart: Outcome
) -> None:
    standard = saving(smart, "google/gemini-flash")

    assert baseline(simulated, "google/gemini-flash").cost_usd == Decimal("0.3")
    assert [standard.saved_usd, standard.pct] == [Decimal("-0.03"), -10]


def test_all_that_is_not_known_of_tokens_is_in_the_ranges(smart: Outcome) -> None:
    premium = saving(smart, "frontier")

    assert smart.low_usd < smart.cost_usd < smart.high_usd
    assert [premium.low_pct, premium.high_pct] == [Decimal("71.256"), Decimal("82.2")]
    assert smart.quality.basis == "unknown"


def test_what_is_wrong_with_the_example_is_told_by_name(simulated: Simulation) -> None:
    found = {each.name: each.text for each in simulated.traps}

    assert "10.0 times as much as the dearest model used" in found["baseline dearer than any model used"]
    assert "everything to google/gemini-flash" in found["dominated tier"]
    assert "threshold without calibration evidence" in found


# On the command line


def test_the_command_gives_all_of_these_figures(
    log: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [log, "--pricing", "prices.toml", "--policy", "router.toml"]
    baselines = [word for name in BASELINES for word in ("--baseline", name)]
    monkeypatch.setattr(sys, "argv", ["costopt", "simulate", *files, *baselines, "-o", "json"])

    with pytest.raises(SystemExit) as end:
        main()

    said = capsys.readouterr()
    result = json.loads(said.out, parse_float=Decimal)
    assert (end.value.code, said.err) == (0, "")
    assert figures(result) == {
        "tiers": [Decimal("0.09"), Decimal("0.09"), Decimal("0.15")],
        "cost": Decimal("0.33"),
        "a million": 330,
        "stated": [15, 15_000, Decimal("14.67"), Decimal("97.8")],
        "premium": [Decimal("1.5"), 1_500, Decimal("1.17"), 78, Decimal("73.8")],
        "standard": [Decimal("0.3"), 300, Decimal("-0.03"), -10],
    }


def figures(result: Mapping[str, Any]) -> dict[str, object]:
    """Those that the example is about."""
    (policy,) = result["policies"]
    saved = {each["baseline"]: each for each in policy["savings"]}
    cost = {each["name"]: each for each in result["baselines"]}

    def against(name: str, *more: str) -> list[object]:
        costs = [cost[name]["cost_usd"], cost[name]["per_million_usd"]]
        return [*costs, *(saved[name][key] for key in ("saved_usd", "pct", *more))]

    return {
        "tiers": [each["cost_usd"] for each in policy["models"]],
        "cost": policy["cost_usd"],
        "a million": policy["per_million_usd"],
        "stated": against("0.015/request"),
        "premium": against("frontier", "escalated_pct"),
        "standard": against("google/gemini-flash"),
    }
