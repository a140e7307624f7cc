import math
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock, patch

import pytest
from recording import entry, recorded_before

from costopt import gainshare
from costopt.errors import ConfigError, LedgerError
from costopt.gainshare import BaselineEntry, FrontierModel, GainShareAnalytics
from costopt.ledger.before import withdrawals
from costopt.ledger.closing import closing
from costopt.ledger.files import default_state
from costopt.ledger.record import record
from costopt.ledger.verify import verify

NOW = 1_790_812_800
CHOSEN = {"selected_model": "cheap-model"}


class Clock:
    """A time that tests set."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """It stands at 2026-10-01T00:00:00Z."""
    return Clock()


@pytest.fixture
def analytics(clock: Clock) -> GainShareAnalytics:
    """With one frontier model at 0.03 USD for a thousand tokens."""
    made = GainShareAnalytics("state", now=clock)
    made.update_frontier_model("premium-model", 0.03, ["reasoning", "code", "dialog"])
    return made


def realized(analytics: GainShareAnalytics, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any argument
    """The documented request, with changes."""
    request = {
        "chosen_model": "cheap-model",
        "tokens_used": 1000,
        "actual_cost_usd": 0.005,
        "tenant": "enterprise-customer",
        "adapter": "openai-adapter",
    }
    return analytics.calculate_realized_savings(**{**request, **changes})


# The examples of the founding document, as written

REPOSITORY = """
# Update or add a frontier model
analytics.update_frontier_model(
    model_name="premium-model",
    cost_per_1k_tokens_usd=0.03,
    capabilities=["reasoning", "code", "dialog"]
)

# Retrieve frontier model
model = analytics.get_frontier_model("premium-model")
"""
REALIZED = """
result = analytics.calculate_realized_savings(
    chosen_model="cheap-model",
    tokens_used=1000,
    actual_cost_usd=0.005,
    tenant="enterprise-customer",
    adapter="openai-adapter"
)

print(f"Savings: ${result['savings_usd']:.3f} ({result['savings_pct']:.1f}%)")
"""
REPORTING = """
# Get savings summary for all tenants
summary = analytics.get_savings_summary()

# Get savings summary for specific tenant
tenant_summary = analytics.get_savings_summary(tenant="enterprise-customer")

# Generate gain-share billing report
report = analytics.get_gain_share_report(
    tenant="enterprise-customer",
    gain_share_pct=30.0  # 30% of savings
)
"""
TRACKING = """
from router_service.gain_share_analytics import gain_share_analytics

# Record a routing decision and its cost
result = gain_share_analytics.calculate_realized_savings(
    chosen_model="gpt-3.5-turbo",
    tokens_used=1500,
    actual_cost_usd=0.00225,  # $0.0015 per 1k tokens
    tenant="acme-corp",
    adapter="openai"
)

print(f"Achieved ${result['savings_usd']:.4f} in savings")
"""
MANAGEMENT = """
# Add new frontier model
gain_share_analytics.update_frontier_model(
    model_name="claude-3-opus",
    cost_per_1k_tokens_usd=0.015,
    capabilities=["reasoning", "analysis", "writing"]
)

# Get all frontier models
frontier_models = gain_share_analytics.get_all_frontier_models()
for name, model in frontier_models.items():
    print(f"{name}: ${model.cost_per_1k_tokens_usd:.4f}/1k tokens")
"""
ENTERPRISE = """
# Monthly savings report for enterprise customer
summary = gain_share_analytics.get_savings_summary(
    tenant="enterprise-customer",
    since_timestamp=month_start_timestamp
)

# Generate gain-share invoice
gain_share_report = gain_share_analytics.get_gain_share_report(
    tenant="enterprise-customer",
    gain_share_pct=25.0
)

print(f"Total savings: ${summary['total_savings_usd']:.2f}")
print(f"Gain-share amount: ${gain_share_report['gain_share_amount_usd']:.2f}")
"""
SCORER = """
from router_service.multi_objective_scorer import multi_objective_scorer
from router_service.gain_share_analytics import gain_share_analytics

# Get optimization recommendation
recommendation = multi_objective_scorer.select_best_option(
    options=available_models,
    weights={"cost": 0.4, "quality": 0.4, "latency": 0.2}
)

# Record the actual cost and savings
result = gain_share_analytics.calculate_realized_savings(
    chosen_model=recommendation["selected_model"],
    tokens_used=actual_tokens,
    actual_cost_usd=actual_cost,
    tenant=tenant_id,
    adapter=adapter_id
)
"""
AGGREGATOR = """
from router_service.cost_aggregator import GLOBAL_COST
from router_service.gain_share_analytics import gain_share_analytics

# Record cost in aggregator
GLOBAL_COST.record(qos="gold", usd=actual_cost_usd, adapter_id=adapter_id)

# Also record in gain-share analytics
gain_share_analytics.calculate_realized_savings(
    chosen_model=chosen_model,
    tokens_used=tokens_used,
    actual_cost_usd=actual_cost_usd,
    tenant=tenant,
    adapter=adapter_id
)
"""


@pytest.fixture
def documented(analytics: GainShareAnalytics) -> Iterator[dict[str, Any]]:
    """The names that the examples use; `router_service`, from which they import, has ours."""
    there: dict[str, dict[str, object]] = {
        "gain_share_analytics": {"gain_share_analytics": analytics},
        "multi_objective_scorer": {
            "multi_objective_scorer": Mock(select_best_option=Mock(return_value=CHOSEN))
        },
        "cost_aggregator": {"GLOBAL_COST": Mock()},
    }
    modules = {"router_service": ModuleType("router_service")}
    for name, values in there.items():
        modules[f"router_service.{name}"] = ModuleType(name)
        modules[f"router_service.{name}"].__dict__.update(values)
    with patch.dict(sys.modules, modules):
        yield {
            "analytics": GainShareAnalytics("state", now=Clock()),
            "month_start_timestamp": NOW,
            "available_models": [],
            "actual_tokens": 1000,
            "actual_cost": 0.01,
            "tenant_id": "acme-corp",
            "chosen_model": "gpt-3.5-turbo",
            "tokens_used": 2000,
            "actual_cost_usd": 0.02,
            "tenant": "acme-corp",
            "adapter_id": "openai",
        }


def test_the_documented_examples_run_as_written_with_their_numbers(
    documented: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for example in (REPOSITORY, REALIZED, REPORTING, TRACKING, MANAGEMENT, ENTERPRISE, SCORER, AGGREGATOR):
        exec(example, documented)  # noqa: S102 - the document's own code

    assert capsys.readouterr().out.splitlines() == [
        "Savings: $0.025 (83.3%)",
        "Achieved $0.0428 in savings",
        "premium-model: $0.0300/1k tokens",
        "claude-3-opus: $0.0150/1k tokens",
        "Total savings: $0.03",
        "Gain-share amount: $0.01",
    ]
    assert documented["report"]["gain_share_amount_usd"] == 0.0075
    assert documented["tenant_summary"]["total_savings_usd"] == 0.025
    assert documented["analytics"].get_savings_summary("acme-corp")["total_savings_usd"] == 0.10275


def test_the_documented_line_begins_the_ledgers() -> None:
    analytics = GainShareAnalytics("state", now=lambda: 1703123456)
    analytics.update_frontier_model("premium-model", 0.03)
    analytics.calculate_realized_savings("gpt-3.5-turbo", 1000, 0.0015, "acme-corp", "openai")

    assert (
        Path("state/baseline_history.jsonl")
        .read_text(encoding="utf-8")
        .startswith(
            '{"timestamp": 1703123456, "model": "gpt-3.5-turbo", "tokens_used": 1000, "baseline_cost_usd": 0.03,'
            ' "actual_cost_usd": 0.0015, "savings_usd": 0.0285, "tenant": "acme-corp", "adapter": "openai", '
        )
    )


# Frontier models


def test_a_frontier_model_is_found_again_by_another_program(analytics: GainShareAnalytics) -> None:
    found = GainShareAnalytics(Path("state")).get_frontier_model("premium-model")

    assert found == FrontierModel("premium-model", 0.03, ["reasoning", "code", "dialog"], NOW)
    assert analytics.get_all_frontier_models() == {"premium-model": found}


def test_an_update_replaces_the_model_of_that_name(analytics: GainShareAnalytics, clock: Clock) -> None:
    clock.now = NOW + 7.9

    now = analytics.update_frontier_model("premium-model", 0.02)

    assert now == FrontierModel("premium-model", 0.02, [], NOW + 7)
    assert analytics.get_frontier_model("premium-model") == now


def test_a_model_that_is_not_there_is_none(analytics: GainShareAnalytics) -> None:
    assert analytics.get_frontier_model("other") is None


def test_of_a_float_the_digits_are_meant_that_it_is_written_with(analytics: GainShareAnalytics) -> None:
    analytics.update_frontier_model("sum", 0.1 + 0.2)

    assert '"cost_per_1k_tokens_usd": 0.3,' in Path("state/frontier_models.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "rate", "reason"),
    [
        ("m", math.nan, "`cost_per_1k_tokens_usd` is nan, which is no amount"),
        ("m", math.inf, "`cost_per_1k_tokens_usd` is inf, which is no amount"),
        ("m", 1e300, "`cost_per_1k_tokens_usd` is 1e+300, which is no amount"),
        ("m", True, "`cost_per_1k_tokens_usd` is True, which is no amount"),
        ("m", "0.03", "`cost_per_1k_tokens_usd` is '0.03', which is no amount"),
        ("m", -0.03, "`cost_per_1k_tokens_usd` is not between 0 and"),
        ("", 0.03, "`model_name` is empty"),
        (7, 0.03, "`model_name` is not a text"),
    ],
)
def test_what_is_no_model_or_rate_is_an_error(
    analytics: GainShareAnalytics, name: object, rate: object, reason: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        analytics.update_frontier_model(name, rate)  # type: ignore[arg-type]
    assert raised.value.message.startswith(reason)
    assert [*analytics.get_all_frontier_models()] == ["premium-model"]


def test_a_single_capability_is_a_list_of_one(analytics: GainShareAnalytics) -> None:
    with pytest.raises(ConfigError) as raised:
        analytics.update_frontier_model("m", 0.03, "reasoning")

    assert (raised.value.message, raised.value.hint) == (
        "`capabilities` is 'reasoning', which is no list",
        "write `['reasoning']`",
    )


# Realized savings


def test_savings_are_against_the_dearest_frontier_model(analytics: GainShareAnalytics) -> None:
    analytics.update_frontier_model("mid-model", 0.01)

    assert realized(analytics) == {
        "savings_usd": 0.025,
        "savings_pct": 83.3333,
        "baseline_cost_usd": 0.03,
        "actual_cost_usd": 0.005,
        "frontier_model": "premium-model",
        "frontier_cost_per_1k": 0.03,
    }


def test_or_against_the_one_that_is_named(analytics: GainShareAnalytics) -> None:
    analytics.update_frontier_model("mid-model", 0.01)

    result = realized(analytics, baseline_model="mid-model")

    assert (result["frontier_model"], result["savings_usd"], result["savings_pct"]) == (
        "mid-model",
        0.005,
        50.0,
    )


def test_an_unknown_baseline_is_an_error_with_a_hint(analytics: GainShareAnalytics) -> None:
    with pytest.raises(ConfigError, match="`premium` is not a frontier model") as raised:
        realized(analytics, baseline_model="premium")
    assert raised.value.hint == "did you mean `premium-model`?"


def test_without_frontier_models_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(ConfigError, match="There is no frontier model to compare with"):
        realized(GainShareAnalytics("state"))
    assert not Path("state").exists()


def test_zero_tokens_save_nothing(analytics: GainShareAnalytics) -> None:
    result = realized(analytics, tokens_used=0, actual_cost_usd=0)

    assert (result["savings_usd"], result["savings_pct"], result["baseline_cost_usd"]) == (0.0, 0.0, 0.0)
    assert analytics.get_savings_summary()["total_entries"] == 1


def test_zero_tokens_that_cost_something_are_a_loss_of_no_percentage(analytics: GainShareAnalytics) -> None:
    result = realized(analytics, tokens_used=0, actual_cost_usd=0.01)

    assert (result["savings_usd"], result["savings_pct"]) == (-0.01, 0.0)


def test_a_dearer_model_has_negative_savings(analytics: GainShareAnalytics) -> None:
    result = realized(analytics, actual_cost_usd=0.05)

    assert (result["savings_usd"], result["savings_pct"]) == (-0.02, -66.6667)
    assert analytics.get_savings_summary()["total_savings_usd"] == -0.02


def test_the_most_tokens_anyone_asks_for(analytics: GainShareAnalytics) -> None:
    for _ in range(2):
        realized(analytics, tokens_used=10**15, actual_cost_usd=1.5e9)
    result = realized(analytics, tokens_used=10**15, actual_cost_usd=1.5e9)

    assert (result["baseline_cost_usd"], result["savings_usd"], result["savings_pct"]) == (
        3e10,
        2.85e10,
        95.0,
    )
    assert analytics.get_savings_summary()["total_savings_usd"] == 8.55e10


@pytest.mark.parametrize("tokens", [-1, 10**18, 1.5, "1000", True, None])
def test_what_is_no_count_of_tokens_is_an_error(analytics: GainShareAnalytics, tokens: object) -> None:
    with pytest.raises(ConfigError, match="`tokens_used` is"):
        realized(analytics, tokens_used=tokens)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"actual_cost_usd": -0.01}, "`actual_cost_usd` is not between 0 and"),
        ({"actual_cost_usd": math.nan}, "`actual_cost_usd` is nan, which is no amount"),
        ({"tenant": None}, "`tenant` is not a text"),
        ({"chosen_model": 5}, "`model` is not a text"),
    ],
)
def test_what_cannot_be_recorded_is_an_error(
    analytics: GainShareAnalytics, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        realized(analytics, **changes)
    assert analytics.get_savings_summary()["total_entries"] == 0


def test_every_call_is_a_request_of_its_own(analytics: GainShareAnalytics) -> None:
    realized(analytics)
    realized(analytics)

    assert analytics.get_savings_summary()["total_entries"] == 2


def test_a_request_with_a_name_is_recorded_once_and_corrected(analytics: GainShareAnalytics) -> None:
    realized(analytics, request_id="r-1")
    realized(analytics, request_id="r-1")
    assert analytics.get_savings_summary()["total_entries"] == 1

    realized(analytics, request_id="r-1", actual_cost_usd=0.01)
    assert analytics.get_savings_summary()["total_savings_usd"] == 0.02


def test_a_request_that_is_told_again_later_keeps_its_time(
    analytics: GainShareAnalytics, clock: Clock
) -> None:
    realized(analytics, request_id="r-1")
    ledger = (analytics.state / "baseline_history.jsonl").read_bytes()
    clock.now = NOW + 40 * 86_400

    realized(analytics, request_id="r-1")
    assert (analytics.state / "baseline_history.jsonl").read_bytes() == ledger

    realized(analytics, request_id="r-1", actual_cost_usd=0.01)
    assert [(each.timestamp, each.actual_cost_usd) for each in analytics.get_baseline_entries()] == [
        (NOW, 0.01)
    ]


@pytest.mark.parametrize(
    "otherwise",
    [
        {"tenant": "globex"},
        {"adapter": "another"},
        {"chosen_model": "another"},
        {"baseline_model": "dearer"},
        {},
    ],
)
def test_a_request_that_is_told_again_otherwise_counts_once(
    analytics: GainShareAnalytics, clock: Clock, otherwise: dict[str, str]
) -> None:
    realized(analytics, request_id="r-1")
    analytics.update_frontier_model("dearer", 0.06, [])
    clock.now = NOW + 40 * 86_400

    realized(analytics, request_id="r-1", **otherwise)

    (entry,) = analytics.get_baseline_entries()
    assert (entry.timestamp, entry.baseline_cost_usd) == (NOW, 0.06)
    assert entry.tenant == otherwise.get("tenant", "enterprise-customer")


def test_a_request_that_was_invoiced_is_told_again_in_vain(
    analytics: GainShareAnalytics, clock: Clock
) -> None:
    realized(analytics, request_id="r-1")
    with closing(analytics.state, "enterprise-customer", "2026-10", "A-1"):
        pass
    clock.now = NOW + 40 * 86_400

    for otherwise in ({"tenant": "globex"}, {"actual_cost_usd": 0.01}):
        with pytest.raises(LedgerError, match="closed"):
            realized(analytics, request_id="r-1", **otherwise)

    assert [each.timestamp for each in analytics.get_baseline_entries()] == [NOW]


def test_an_id_that_looks_like_a_day_is_none(analytics: GainShareAnalytics) -> None:
    with pytest.raises(ConfigError, match="`2026-10-31` has a day for an id") as raised:
        realized(analytics, request_id="2026-10-31")
    assert "give it another id" in str(raised.value.hint)


def test_nothing_is_recorded_in_a_closed_month(analytics: GainShareAnalytics) -> None:
    with closing(analytics.state, "enterprise-customer", "2026-10", "A-1"):
        pass

    with pytest.raises(LedgerError, match="2026-10 of this tenant is closed"):
        realized(analytics)


def test_threads_lose_nothing(analytics: GainShareAnalytics) -> None:
    threads = [threading.Thread(target=lambda: [realized(analytics) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert analytics.get_savings_summary()["total_entries"] == 20
    assert not verify(analytics.state).damages


# Summary and report


@pytest.fixture
def recorded(analytics: GainShareAnalytics, clock: Clock) -> GainShareAnalytics:
    """Three requests of two tenants, a day apart."""
    realized(analytics)
    clock.now = NOW + 86_400
    realized(analytics, actual_cost_usd=0.01)
    clock.now = NOW + 2 * 86_400
    realized(analytics, tenant="other", actual_cost_usd=0.05)
    return analytics


def test_the_summary_of_all(recorded: GainShareAnalytics) -> None:
    assert recorded.get_savings_summary() == {
        "total_entries": 3,
        "total_savings_usd": 0.025,
        "avg_savings_pct": 27.7778,
        "total_baseline_cost_usd": 0.09,
        "total_actual_cost_usd": 0.065,
        "unpriced_requests": 0,
        "time_range": {"oldest": NOW, "newest": NOW + 2 * 86_400},
    }


def test_the_summary_of_a_tenant_since_a_time(recorded: GainShareAnalytics) -> None:
    summary = recorded.get_savings_summary(tenant="enterprise-customer", since_timestamp=NOW + 86_400)

    assert (summary["total_entries"], summary["total_savings_usd"]) == (1, 0.02)


def test_the_summary_of_nothing(analytics: GainShareAnalytics) -> None:
    assert analytics.get_savings_summary(tenant="nobody") == {
        "total_entries": 0,
        "total_savings_usd": 0.0,
        "avg_savings_pct": 0.0,
        "total_baseline_cost_usd": 0.0,
        "total_actual_cost_usd": 0.0,
        "unpriced_requests": 0,
        "time_range": None,
    }


def test_the_report_of_a_tenant(recorded: GainShareAnalytics) -> None:
    assert recorded.get_gain_share_report(tenant="enterprise-customer", gain_share_pct=25.0) == {
        "tenant": "enterprise-customer",
        "total_savings_usd": 0.045,
        "gain_share_amount_usd": 0.01125,
        "gain_share_pct": 25.0,
        "period_entries": 2,
        "avg_savings_pct": 75.0,
    }


def test_the_share_is_30_percent_unless_told_otherwise(recorded: GainShareAnalytics) -> None:
    assert recorded.get_gain_share_report("enterprise-customer")["gain_share_amount_usd"] == 0.0135


def test_a_loss_is_shown_and_not_shared(recorded: GainShareAnalytics) -> None:
    report = recorded.get_gain_share_report("other", 25.0)

    assert (report["total_savings_usd"], report["gain_share_amount_usd"]) == (-0.02, 0.0)


def test_a_tenant_without_entries_has_saved_nothing(recorded: GainShareAnalytics) -> None:
    report = recorded.get_gain_share_report("nobody", 25.0)

    assert (report["period_entries"], report["total_savings_usd"], report["gain_share_amount_usd"]) == (
        0,
        0.0,
        0.0,
    )


@pytest.mark.parametrize(
    ("pct", "message"),
    [
        (-1, "A share of -1.000000000000 % is none"),
        (100.5, "A share of 100.500000000000 % is none"),
        (math.nan, "`gain_share_pct` is nan, which is no amount"),
        ("30", "`gain_share_pct` is '30', which is no amount"),
    ],
)
def test_a_percentage_is_between_0_and_100(recorded: GainShareAnalytics, pct: Any, message: str) -> None:  # noqa: ANN401 - a mistake
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        recorded.get_gain_share_report("enterprise-customer", pct)


def test_what_was_withdrawn_is_no_entry(recorded: GainShareAnalytics) -> None:
    day = entry(source="logs", tenant="acmee", timestamp=NOW)
    record(recorded.state, [day])
    renamed = [day.model_copy(update={"tenant": "acme"})]
    record(recorded.state, [*renamed, *withdrawals(recorded_before(recorded.state, renamed), renamed)])

    assert recorded.get_savings_summary()["total_entries"] == 4
    assert recorded.get_savings_summary("acmee")["time_range"] is None
    assert recorded.get_gain_share_report("acmee")["period_entries"] == 0
    assert [one.tenant for one in recorded.get_baseline_entries()].count("acmee") == 0


def test_the_entries_as_they_stand(recorded: GainShareAnalytics) -> None:
    first, second = recorded.get_baseline_entries("enterprise-customer")

    assert asdict(first) == {
        "timestamp": NOW,
        "model": "cheap-model",
        "tokens_used": 1000,
        "baseline_cost_usd": 0.03,
        "actual_cost_usd": 0.005,
        "savings_usd": 0.025,
        "tenant": "enterprise-customer",
        "adapter": "openai-adapter",
    }
    assert isinstance(first, BaselineEntry)
    assert second.timestamp == NOW + 86_400
    assert [one.tenant for one in recorded.get_baseline_entries(since_timestamp=NOW + 86_401)] == ["other"]


def test_the_shared_one_uses_the_folder_of_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    assert gainshare.gain_share_analytics.state == default_state()
    assert gainshare.gain_share_analytics.get_all_frontier_models() == {}
