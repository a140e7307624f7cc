"""The sample log is what its generator writes, and tells the story its README promises."""

import importlib.util
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "sample_data"
LOG = FOLDER / "requests.jsonl"

Request = dict[str, Any]


@pytest.fixture(scope="module")
def lines() -> list[Request]:
    return [json.loads(line, parse_float=Decimal) for line in LOG.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def log(lines: list[Request]) -> list[Request]:
    return list({line["request_id"]: line for line in lines}.values())


def cost(requests: list[Request]) -> Decimal:
    return sum((Decimal(request.get("cost_usd", 0)) for request in requests), Decimal(0))


def mean_quality(requests: list[Request]) -> Decimal:
    judged = [request["quality"] for request in requests if "quality" in request]
    return sum(judged, Decimal(0)) / len(judged)


def cached_share(requests: list[Request]) -> float:
    cached: int = sum(request["cached_input_tokens"] for request in requests)
    total: int = sum(request["input_tokens"] for request in requests)
    return cached / total


def mean_input(requests: list[Request]) -> float:
    total: int = sum(request["input_tokens"] for request in requests)
    return total / len(requests)


def test_the_log_is_what_the_generator_writes() -> None:
    spec = importlib.util.spec_from_file_location("sample_data_generate", FOLDER / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)

    assert LOG.read_bytes() == generator.generate().encode()


def test_the_log_is_below_three_megabytes() -> None:
    assert LOG.stat().st_size < 3_000_000


def test_the_log_is_sorted_and_covers_three_weeks(lines: list[Request]) -> None:
    times = [line["timestamp"] for line in lines]

    assert times == sorted(times)
    assert {time[:10] for time in times} == {f"2026-10-{day:02d}" for day in range(1, 22)}


def test_there_are_five_providers_four_tenants_and_four_endpoints(log: list[Request]) -> None:
    assert {r["provider"] for r in log} == {"openai", "anthropic", "google", "groq", "mistral"}
    assert {r["tenant"] for r in log} == {"acme", "globex", "initech", "umbrella"}
    assert {r["endpoint"] for r in log} == {"/chat", "/qa", "/summarize", "/stress"}
    assert {r.get("tag") for r in log} == {"chat", "search", "nightly", "bulk", "eval", None}


def test_exactly_three_lines_are_repeated(lines: list[Request]) -> None:
    ids = Counter(line["request_id"] for line in lines)
    whole = Counter(LOG.read_text(encoding="utf-8").splitlines())

    assert sorted(ids.values())[-4:] == [1, 2, 2, 2]
    assert sorted(whole.values())[-4:] == [1, 2, 2, 2]


def test_cached_and_reasoning_tokens_are_parts_of_their_totals(log: list[Request]) -> None:
    assert all(0 <= r["cached_input_tokens"] <= r["input_tokens"] for r in log)
    assert all(0 <= r.get("reasoning_tokens", 0) <= r["output_tokens"] for r in log)


def test_logged_cost_has_no_float_noise(log: list[Request]) -> None:
    assert all((Decimal(r.get("cost_usd", 0)) * 10**12) % 1 == 0 for r in log)


def test_twelve_requests_are_self_hosted_and_without_cost(log: list[Request]) -> None:
    own = [r for r in log if r["model"] == "acme-tuned-70b"]

    assert len(own) == 12
    assert not any("cost_usd" in r for r in own)


def test_about_one_request_in_seventy_fails(log: list[Request]) -> None:
    failed = [r for r in log if r["status"] == "error"]
    free = [r for r in failed if not r["input_tokens"] and not r.get("cost_usd", 0)]

    assert 0.01 < len(failed) / len(log) < 0.02
    assert len(free) > len(failed) / 2


def test_stress_gets_four_times_the_requests_for_sixteen_hours(log: list[Request]) -> None:
    stress = [r for r in log if r["endpoint"] == "/stress"]
    spike = [r for r in stress if "2026-10-15T10" <= r["timestamp"] < "2026-10-16T02"]
    usual = [r for r in stress if r not in spike]
    windows = (21 * 24 - 16) / 16

    assert 3 < len(spike) / (len(usual) / windows) < 5
    assert mean_input(spike) > 5 * mean_input(usual)


def test_the_spike_makes_the_dearest_day(log: list[Request]) -> None:
    days = [f"2026-10-{day:02d}" for day in range(1, 22)]
    bill = {day: cost([r for r in log if r["timestamp"].startswith(day)]) for day in days}

    assert max(days, key=bill.__getitem__) == "2026-10-15"


def test_the_nightly_job_is_a_visible_share_of_the_bill(log: list[Request]) -> None:
    nightly = [r for r in log if r.get("tag") == "nightly"]

    assert {r["timestamp"][11:13] for r in nightly} == {"02"}
    assert {r["model"] for r in nightly} == {"gpt-5.5", "claude-opus-4-8"}
    assert {r["mode"] for r in nightly} == {"standard"}
    assert Decimal("0.20") < cost(nightly) / cost(log) < Decimal("0.35")


def test_a_small_model_answers_short_questions_nearly_as_well(log: list[Request]) -> None:
    short = [r for r in log if r["endpoint"] == "/qa" and r["tenant"] == "globex"]
    premium = [r for r in short if r["model"] == "claude-opus-4-8"]
    small = [r for r in short if r["model"] == "gemini-2.5-flash"]

    assert 0 < mean_quality(premium) - mean_quality(small) < Decimal("0.03")
    assert cost(premium) / len(premium) > 10 * cost(small) / len(small)


def test_summaries_on_claude_read_mostly_from_the_cache(log: list[Request]) -> None:
    summaries = [r for r in log if r["endpoint"] == "/summarize" and r["provider"] == "anthropic"]

    assert cached_share(summaries) > 0.5
    assert cached_share([r for r in summaries if r.get("tag") != "nightly"]) > 0.7
