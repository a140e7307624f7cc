"""Laws of the router simulation, over random small catalogs, policies and logs."""

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from costopt.calculators.routing.policy import STRATEGIES, Escalation, Policy, Rule, Tiers, When
from costopt.calculators.routing.sample import MOST_OF_ONE, READS, Sample
from costopt.calculators.routing.simulate import Simulation, Terms, plan, simulate
from costopt.models.schema import REQUESTS
from costopt.pipeline import Logs, load
from costopt.pricing.catalog import Catalog
from costopt.pricing.entries import Layer, Match, Model, ModePrice, PriceRow, Provider, Rates, Tier
from costopt.pricing.layers import stack

# Catalogs of three models, dear enough that a millionth of a dollar is not all there is

MODELS = ("m0", "m1", "m2")
NAMES = tuple(f"acme/{model}" for model in MODELS)
RATE = st.integers(10**5, 10**8)
RATES = st.builds(
    Rates, input=RATE, cached_input=RATE | st.none(), output=RATE | st.none(), request=RATE | st.none()
)
ROWS = st.builds(
    PriceRow,
    starts=st.sampled_from((None, None, dt.date(2026, 10, 2))),
    hours_utc=st.sampled_from(((), (), ((1380, 60),))),
    weekdays=st.sampled_from((frozenset[int](), frozenset[int](), frozenset({1, 4}))),
    modes=st.dictionaries(
        st.sampled_from(("standard", "standard", "batch")),
        st.builds(ModePrice, RATES, st.just(()) | st.builds(lambda rates: (Tier(100, rates),), RATES)),
        min_size=1,
    ),
)


def catalog_of(*prices: list[PriceRow]) -> Catalog:
    models = tuple(
        Model("acme", name, Match(), tuple(rows)) for name, rows in zip(MODELS, prices, strict=True)
    )
    providers = (Provider("acme", infer=Match(prefix=("m",))),)
    return stack([Layer("random", "", source="random", providers=providers, models=models)])


CATALOGS = st.builds(catalog_of, *[st.lists(ROWS, min_size=1, max_size=2)] * 3)

# Policies

KINDS = ("chat", "qa", "classify", None, "embedding")
LADDERS = st.tuples(st.permutations(NAMES), st.integers(0, 3), st.integers(0, 3)).map(
    lambda drawn: Tiers(
        mini=tuple(drawn[0][: min(drawn[1:])]),
        standard=tuple(drawn[0][min(drawn[1:]) : max(drawn[1:])]),
        premium=tuple(drawn[0][max(drawn[1:]) :]),
    )
)
RULES = st.lists(
    st.builds(
        lambda kind, model: Rule(when=When(request_type=(kind,)), model=model),
        st.sampled_from(("chat", "qa")),
        st.sampled_from(NAMES),
    ),
    max_size=2,
).map(tuple)
POLICIES = st.builds(
    Policy,
    name=st.just("drawn"),
    tiers=LADDERS,
    rules=RULES,
    strategy=st.sampled_from(STRATEGIES),
    escalation=st.builds(Escalation, enabled=st.booleans()),
)
BASELINES = ("logged", "frontier", "best-single", "0.01/request", "m0", "acme/m2")

# Logs

ANY = st.sampled_from((0, 1, 50, 101, 2000))


def line_of(drawn: dict[str, Any], day: int, minute: int, cached: int) -> dict[str, Any]:
    """A line of a log, without its id; it has all columns, as one that stands in a few lines only may be missed."""
    time = dt.datetime(2026, 9, 30, tzinfo=dt.UTC) + dt.timedelta(days=day, minutes=minute)
    return {
        **drawn,
        "timestamp": time.isoformat(),
        "cached_input_tokens": min(cached, drawn["input_tokens"]),
        "cost_usd": None if drawn["cost_usd"] is None else f"{drawn['cost_usd']:f}",
    }


LINES = st.builds(
    line_of,
    st.fixed_dictionaries(
        {
            "model": st.sampled_from((*MODELS, *MODELS, "unheard-of")),
            "provider": st.sampled_from((None, "acme")),
            "mode": st.sampled_from((None, None, None, "batch", "flex")),
            "request_type": st.sampled_from(KINDS),
            "status": st.sampled_from((None, "ok", "error")),
            "requests": st.sampled_from((1, 1, 1, 3, 0)),
            "input_tokens": ANY,
            "output_tokens": ANY,
            "cost_usd": st.none() | st.decimals(0, 100, places=6),
            "quality": st.sampled_from((None, 0, 0.25, 1)),
            "confidence": st.sampled_from((None, 0.3, 0.9)),
            "propensity": st.sampled_from((None, 0.5)),
            "latency_ms": st.sampled_from((None, 120, 4000)),
            "attempt": st.sampled_from((None, 1, 2)),
            "prompt_hash": st.sampled_from((None, "h1", "h2", "h3")),
        }
    ),
    st.integers(0, 5),
    st.sampled_from((0, 59, 700, 1379, 1439)),
    ANY,
)
LOGS = st.lists(LINES, min_size=1, max_size=12).map(
    lambda lines: [{"request_id": f"r{number}", **line} for number, line in enumerate(lines)]
)
Log = Sequence[dict[str, Any]]


def write(lines: Log, name: str = "log.jsonl") -> str:
    Path(name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return name


def simulated(
    catalog: Catalog,
    policies: Sequence[Policy],
    *paths: str,
    partition_bytes: int = 1 << 20,
    **terms: Any,  # noqa: ANN401 - those of `Terms`
) -> Simulation:
    planned = plan(Terms(tuple(policies), BASELINES, **terms), catalog)
    sample = Sample(planned.columns, with_prompt=False)
    logs = Logs(paths, columns=READS, sink=sample.add, partition_bytes=partition_bytes)
    loaded = load(logs, catalog, planned.rollups)
    return simulate(planned, loaded.rollups, loaded.provenance, sample)


# Laws


@settings(max_examples=12)
@given(CATALOGS, POLICIES, LOGS)
def test_every_request_is_in_the_figures_or_counted_beside_them(
    catalog: Catalog, policy: Policy, log: Log
) -> None:
    found = simulated(catalog, [policy], write(log))

    billed = found.provenance.intake.requests
    assert (
        found.requests + found.left_out + found.other_kinds == billed == sum(line["requests"] for line in log)
    )
    (outcome,) = found.policies
    for parts in (outcome.models, outcome.complexity, outcome.segments):
        assert sum(part.requests for part in parts) == outcome.requests == found.requests


@settings(max_examples=12)
@given(CATALOGS, POLICIES, LOGS)
def test_a_policy_costs_the_sum_of_its_segments_and_no_less_than_the_least(
    catalog: Catalog, policy: Policy, log: Log
) -> None:
    (outcome,) = simulated(catalog, [policy], write(log)).policies

    for parts in (outcome.segments, outcome.models, outcome.complexity):
        assert sum(part.cost_usd for part in parts) == outcome.cost_usd
    assert sum(part.low_usd for part in outcome.segments) == outcome.low_usd
    assert sum(part.high_usd for part in outcome.segments) == outcome.high_usd
    assert outcome.low_usd <= outcome.cost_usd <= outcome.high_usd
    assert outcome.escalated.low_usd <= outcome.escalated.cost_usd <= outcome.escalated.high_usd
    assert all(each.low_usd <= each.cost_usd <= each.high_usd for each in outcome.segments)
    assert outcome.escalated.cost_usd >= outcome.cost_usd


@settings(max_examples=12)
@given(CATALOGS, POLICIES, LOGS)
def test_what_is_saved_is_the_baseline_less_the_policy(catalog: Catalog, policy: Policy, log: Log) -> None:
    found = simulated(catalog, [policy], write(log))

    (outcome,) = found.policies
    costs = {each.name: each for each in found.baselines if each.cost_usd is not None}
    assert [each.baseline for each in outcome.savings] == [*costs]
    for saving in outcome.savings:
        whole = costs[saving.baseline].cost_usd
        assert whole is not None
        assert saving.saved_usd == whole - outcome.cost_usd
        assert saving.escalated_usd == whole - outcome.escalated.cost_usd
        assert saving.low_usd <= saving.saved_usd <= saving.high_usd
        assert saving.low_pct <= saving.pct <= saving.high_pct
    for each in found.alternatives:
        assert each.low_usd <= each.saving_usd <= each.high_usd <= each.logged_usd
        assert each.saving_usd > 0


def own_models(log: Log) -> list[dict[str, Any]]:
    """The log with one model for each kind of request."""
    kinds = dict(zip(KINDS, (*MODELS, "m0", "m1"), strict=True))
    return [{**line, "model": kinds[line.get("request_type")]} for line in log]


@settings(max_examples=12)
@given(CATALOGS, LOGS)
def test_to_route_each_model_to_itself_saves_nothing(catalog: Catalog, log: Log) -> None:
    rules = tuple(
        Rule(when=When(request_type=(kind,)), model=name)
        for kind, name in zip(("chat", "qa", "classify"), NAMES, strict=True)
    )
    itself = Policy(name="itself", rules=rules, tiers=Tiers(premium=("acme/m0",)))

    found = simulated(catalog, [itself], write(own_models(log)))

    (outcome,) = found.policies
    assert outcome.cost_usd == outcome.low_usd == outcome.high_usd == found.logged_usd
    (saving,) = (each for each in outcome.savings if each.baseline == "logged")
    assert saving.saved_usd == saving.low_usd == saving.high_usd == 0
    assert outcome.quality.change in {None, 0}


@settings(max_examples=10)
@given(CATALOGS, LOGS)
def test_a_policy_without_models_changes_nothing(catalog: Catalog, log: Log) -> None:
    found = simulated(catalog, [Policy(name="none")], write(log))

    (outcome,) = found.policies
    assert outcome.cost_usd == outcome.escalated.cost_usd == found.logged_usd
    assert outcome.stayed == found.requests


@settings(max_examples=10)
@given(CATALOGS, LADDERS, LOGS)
def test_a_policy_that_is_a_baseline_saves_nothing_against_it(
    catalog: Catalog, tiers: Tiers, log: Log
) -> None:
    found = simulated(catalog, [Policy(name="p", strategy="frontier-only", tiers=tiers)], write(log))

    (outcome,) = found.policies
    strongest = next(reversed([models for models in tiers.ladder() if models]))[0]
    if all(each.model == strongest for each in outcome.segments):
        saving = next(each for each in outcome.savings if each.baseline == "frontier")
        assert saving.saved_usd == saving.low_usd == saving.high_usd == saving.low_pct == saving.high_pct == 0


@settings(max_examples=10)
@given(CATALOGS, POLICIES, LOGS)
def test_who_never_escalates_pays_once_and_who_always_does_pays_both(
    catalog: Catalog, policy: Policy, log: Log
) -> None:
    path = write(log)
    never, always = (
        simulated(catalog, [policy], path, escalated=Decimal(rate)).policies[0] for rate in (0, 1)
    )

    assert never.escalated.cost_usd == never.cost_usd == always.cost_usd
    assert never.escalated.share_pct == 0
    if policy.escalation.enabled:
        stronger = [each for each in always.segments if each.escalates_to]
        alone = [
            simulated(catalog, [_only(policy, each.segment, each.escalates_to)], path).policies[0]
            for each in stronger
        ]
        both = sum(
            next(own.cost_usd for own in outcome.segments if own.segment == each.segment)
            for outcome, each in zip(alone, stronger, strict=True)
        )
        assert always.escalated.cost_usd == always.cost_usd + both


def _only(policy: Policy, segment: dict[str, str | None], model: str | None) -> Policy:
    """The policy, but with all requests of a segment's level sent to one model."""
    level = segment["complexity"]
    when = When(complexity=(level,)) if level else When()
    return policy.model_copy(update={"rules": (Rule(when=when, model=model),)})


@settings(max_examples=12)
@given(CATALOGS, POLICIES, LOGS, st.sampled_from((200, 500, 1000)), st.randoms(use_true_random=False))
def test_partitions_and_the_order_of_lines_change_nothing(
    catalog: Catalog, policy: Policy, log: list[dict[str, Any]], size: int, random: Random
) -> None:
    whole = simulated(catalog, [policy], write(log))
    cut = simulated(catalog, [policy], write(log), partition_bytes=size)
    shuffled = [*log]
    random.shuffle(shuffled)
    other = simulated(catalog, [policy], write(shuffled))

    assert cut == whole
    assert other == whole


@settings(max_examples=12)
@given(CATALOGS, POLICIES, LOGS, st.integers(0, 12))
def test_requests_in_two_files_are_those_of_one(catalog: Catalog, policy: Policy, log: Log, at: int) -> None:
    whole = simulated(catalog, [policy], write(log))
    parts = simulated(catalog, [policy], write(log[at:], "later.jsonl"), write(log[:at], "earlier.jsonl"))

    assert parts.model_copy(update={"provenance": whole.provenance}) == whole


# The sample

ASKED = st.lists(
    st.tuples(
        st.integers(0, 30), st.sampled_from(MODELS), st.integers(0, 3), st.sampled_from((None, 0.5, 1.0))
    ),
    max_size=80,
)


def asked(rows: Sequence[tuple[int, str, int, float | None]]) -> pl.DataFrame:
    """Requests of some prompts to some models, each with an id."""
    start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    table = [
        {
            "request_id": f"r{number}",
            "timestamp": start,
            "model": model,
            "input_tokens": tokens,
            "output_tokens": tokens,
            "prompt_hash": f"h{prompt}",
            "quality": quality,
        }
        for number, (prompt, model, tokens, quality) in enumerate(rows)
    ]
    names = ("request_id", "timestamp", "model", "input_tokens", "output_tokens", "prompt_hash", "quality")
    return pl.DataFrame(table, schema={name: REQUESTS[name] for name in names})


@given(ASKED, st.integers(1, 40), st.lists(st.integers(0, 80), max_size=4), st.randoms(use_true_random=False))
def test_a_sample_has_the_same_prompts_with_all_of_their_requests_whatever_the_partitions(
    rows: list[tuple[int, str, int, float | None]], most: int, cuts: list[int], random: Random
) -> None:
    catalog = catalog_of([], [], [])
    frame = asked(rows)
    places = [0, *sorted(min(cut, frame.height) for cut in cuts), frame.height]
    parts = [frame[start:end] for start, end in pairwise(places)]
    random.shuffle(parts)
    whole, cut = (
        Sample(("complexity",), with_prompt=False, most=most),
        Sample(("complexity",), with_prompt=False, most=most),
    )
    whole.add(frame)
    for part in parts:
        cut.add(part)

    found = whole.requests(catalog)

    assert_frame_equal(found, cut.requests(catalog))
    different = len({prompt for prompt, *_ in rows})
    assert found["\x1eprompt"].n_unique() == min(different, most)
    counts = sorted(found.group_by("\x1eprompt").len()["len"].to_list())
    per_prompt = [
        sum(
            min(MOST_OF_ONE, sum(1 for prompt, model, *_ in rows if (prompt, model) == (number, name)))
            for name in MODELS
        )
        for number in sorted({prompt for prompt, *_ in rows})
    ]
    if different <= most:
        assert counts == sorted(per_prompt)
    else:
        assert all(count in per_prompt for count in counts)
