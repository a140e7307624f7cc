from collections.abc import Callable

import polars as pl
import pytest

from costopt.calculators.routing.policy import Policy, Rule, Tiers, When
from costopt.calculators.routing.tokens import PairSums
from costopt.calculators.routing.traffic import (
    Cost,
    Traffic,
    routes_rollup,
    segment_columns,
    served_numbers,
    total,
    with_served,
)
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog
from costopt.pricing.rates import NOTHING, UNKNOWN_MODEL, RateKey
from costopt.pricing.repricing import Repricing

Routed = Callable[..., Traffic]
HEAD = "timestamp,model,input_tokens,output_tokens,request_type"
CHAT = ("simple", "chat")
M = 10**12
"""A dollar."""


def logged(*lines: str, more: str = "") -> str:
    """A log of requests on 1 October, a second apart; lines are all but their times."""
    rows = (f"2026-10-01T08:00:{second:02}Z,{line}" for second, line in enumerate(lines))
    return "\n".join([HEAD + more, *rows])


# What makes a segment


def test_segments_are_made_of_complexity_and_request_type() -> None:
    assert segment_columns([Policy(name="p")]) == ("complexity", "request_type")


def test_segments_are_made_of_what_rules_ask_for_and_the_user_names_each_once() -> None:
    rules = (
        Rule(when=When(tenant=("a",)), tier="mini"),
        Rule(when=When(tag=("b",), complexity=("simple",)), tier="mini"),
    )
    policies = [Policy(name="p", rules=rules, tiers=Tiers(mini=("m",))), Policy(name="q")]

    assert segment_columns(policies) == ("complexity", "request_type", "tag", "tenant")
    assert segment_columns(policies, ["project", "tag", "complexity"])[2:] == ("tag", "tenant", "project")


def test_segments_cannot_be_split_by_the_model() -> None:
    with pytest.raises(ConfigError, match="not split by `model`, as a policy chooses it"):
        segment_columns([], ["model"])


@pytest.mark.parametrize("name", ["served", "half", "scored", "output_squares", "model_a", "price_date"])
def test_segments_cannot_be_split_by_a_name_of_the_simulations_own(name: str) -> None:
    with pytest.raises(ConfigError, match=f"`{name}`, a name of the simulation's own") as caught:
        segment_columns([], [name])
    assert caught.value.hint == f"read the column as another one: `--map tag={name} --by tag`"


@pytest.mark.parametrize("name", ["provider", "mode", "status", "session"])
def test_segments_can_be_split_by_what_the_rollup_has_anyway(routed: Routed, name: str) -> None:
    log = logged("acme-large,1000000,0,chat,acme,batch,ok,s", more=",provider,mode,status,session")

    traffic = routed(log, "acme-large", by=("complexity", "request_type", name))

    ((segment, requests),) = traffic.requests.items()
    said = {"provider": "acme", "mode": "batch", "status": "ok", "session": "s"}[name]
    assert (segment, requests) == (("complex", "chat", said), 1)


def test_the_rollup_splits_requests_by_all_that_a_price_may_hang_on(priced: Catalog) -> None:
    rollup = routes_rollup(("complexity", "tag"), Repricing(priced, [0]), with_prompt=False)

    assert rollup.keys == ("tag", "provider", "model", "mode")
    assert rollup.columns[4:] == ("complexity", "half", "price_date", "price_size")
    assert "prompt" not in rollup.reads
    assert "prompt" in routes_rollup(("complexity",), Repricing(priced, [0]), with_prompt=True).reads


# Costs


def test_costs_are_added_up_end_by_end() -> None:
    assert Cost(1, 2, 3).plus(Cost(10, 20, 30)) == Cost(11, 22, 33)
    assert total([Cost(1, 2, 3), Cost(1, 2, 3), Cost(1, 2, 3)]) == Cost(3, 6, 9)
    assert total([]) == Cost(0, 0, 0)


def test_a_share_of_a_cost_is_rounded_half_up() -> None:
    assert Cost(1, 2, 3).times(500_000) == Cost(1, 1, 2)
    assert Cost(10, 20, 30).times(1, of=4) == Cost(3, 5, 8)
    assert Cost(10, 20, 30).times(0) == Cost(0, 0, 0)


# Names


def test_a_model_goes_by_the_catalogs_name_else_by_the_logs(priced: Catalog) -> None:
    large = RateKey(0, 0, 0, 0).rate_id
    rows = [
        ("azure", "acme-large-x", large),
        (None, "acme-large", NOTHING),
        ("vertex", "new", UNKNOWN_MODEL),
        (None, "new", UNKNOWN_MODEL),
        (None, None, NOTHING),
    ]
    groups = pl.DataFrame(rows, schema=["provider", "model", "rate_id"], orient="row")

    assert with_served(groups, priced)["served"].to_list() == [
        "acme/acme-large",
        "acme/acme-large",
        "vertex/new",
        "new",
        "(none)",
    ]
    assert served_numbers(groups, priced) == {"acme/acme-large": 0}


# What a log's traffic would cost elsewhere


def test_on_the_model_that_served_them_requests_cost_what_they_cost(routed: Routed) -> None:
    log = logged("acme-large,1000000,500000,chat,3.5", "acme-large,1000000,500000,chat,", more=",cost_usd")

    traffic = routed(log, "acme/acme-large")

    assert traffic.requests == {("complex", "chat"): 2}
    assert traffic.logged == {("complex", "chat"): 23_500_000_000_000}
    assert traffic.costs == {("complex", "chat"): {"acme/acme-large": Cost(*[23_500_000_000_000] * 3)}}
    assert (traffic.total_requests, traffic.total_cost) == (2, 23_500_000_000_000)


def test_on_another_model_requests_cost_the_same_tokens_with_what_is_not_known_of_them(
    routed: Routed,
) -> None:
    traffic = routed(logged("acme-large,1000000,500000,chat"), "acme/acme-small")

    assert traffic.costs == {
        ("complex", "chat"): {"acme/acme-small": Cost(1_140_000_000_000, 2 * M, 3_620_000_000_000)}
    }
    ratio = traffic.ratios["acme/acme-large", "acme/acme-small"]
    assert (ratio.input.low, ratio.input.high, ratio.output.low, ratio.output.high) == (0.67, 1.5, 0.47, 2.12)


def test_what_is_billed_by_the_piece_does_not_depend_on_tokens(routed: Routed) -> None:
    traffic = routed(logged("acme-large,1000000,0,chat", "acme-large,0,0,chat"), "openai/gpt-two")

    by_segment = {segment[0]: own["openai/gpt-two"] for segment, own in traffic.costs.items()}
    assert by_segment == {"complex": Cost(2_340_000_000_000, 3 * M, 4 * M), "simple": Cost(M, M, M)}


def test_a_mixed_segment_keeps_what_the_candidate_served_and_moves_the_rest(routed: Routed) -> None:
    log = logged("gpt-one,1000000,0,chat,openai", "acme-large,1000000,0,chat,acme", more=",provider")

    traffic = routed(log, "openai/gpt-one")

    assert traffic.served == {("complex", "chat"): {"acme/acme-large": 1, "openai/gpt-one": 1}}
    assert traffic.costs["complex", "chat"]["openai/gpt-one"] == Cost(16_700_000_000_000, 20 * M, 25 * M)


def test_a_candidate_without_a_rate_for_some_of_a_segment_is_none_there(routed: Routed) -> None:
    log = logged("acme-large,9,9,chat,batch", "acme-large,9,9,chat,", "acme-large,9,9,qa,", more=",mode")

    traffic = routed(log, "acme/acme-small", "acme/acme-large")

    assert traffic.costs.keys() == {CHAT, ("simple", "qa")}
    assert traffic.costs[CHAT].keys() == {"acme/acme-large"}
    assert traffic.costs["simple", "qa"].keys() == {"acme/acme-large", "acme/acme-small"}


def test_a_model_whose_logged_requests_have_no_rate_still_costs_what_they_cost(routed: Routed) -> None:
    log = logged("acme-small,9,9,chat,batch,0.25", more=",mode,cost_usd")

    assert routed(log, "acme/acme-small").costs == {CHAT: {"acme/acme-small": Cost(*[M // 4] * 3)}}


def test_a_price_by_the_hour_is_that_of_the_requests_hour(routed: Routed) -> None:
    log = logged("acme-large,1000000,0,chat") + "\n2026-10-01T23:00:00Z,acme-large,1000000,0,chat\n"

    assert routed(log, "google/nightly").costs["complex", "chat"]["google/nightly"].estimate == 3 * M


def test_requests_whose_cost_is_unknown_are_in_no_figure(routed: Routed) -> None:
    log = logged("acme-large,9,9,chat,1", "acme-new,9,9,chat,5", "acme-new,9,9,qa,2", more=",requests")

    traffic = routed(log, "acme/acme-small")

    assert (traffic.requests, traffic.left_out, traffic.other_kinds) == ({CHAT: 1}, 7, 0)


@pytest.mark.parametrize(
    "kind",
    ["embedding", "text-embeddings", "moderation", "rerank", "image_generation", "Audio", "ocr", "page-OCR"],
)
def test_requests_that_are_no_chat_are_in_no_figure(routed: Routed, kind: str) -> None:
    traffic = routed(logged("acme-large,9,9,chat", f"acme-large,9,9,{kind}"), "acme/acme-small")

    assert (traffic.requests, traffic.other_kinds, traffic.left_out) == ({CHAT: 1}, 1, 0)


@pytest.mark.parametrize("kind", ["microcredit", "procrastination", "chat", ""])
def test_other_requests_are_chats(routed: Routed, kind: str) -> None:
    assert routed(logged(f"acme-large,9,9,{kind}"), "acme/acme-small").other_kinds == 0


def test_a_model_that_writes_nothing_at_a_price_serves_no_chats(routed: Routed) -> None:
    log = logged("embedder,9,0,,openai", "acme-large,9,9,chat,acme", more=",provider")

    assert routed(log, "acme/acme-small").other_kinds == 1


def test_a_request_that_failed_and_used_nothing_is_free_on_every_model(routed: Routed) -> None:
    log = logged("acme-large,0,0,chat,error", "acme-large,0,0,chat,ok", more=",status")

    traffic = routed(log, "openai/gpt-two")

    assert traffic.requests == {CHAT: 2}
    assert traffic.costs == {CHAT: {"openai/gpt-two": Cost(M, M, M)}}


def test_a_segment_without_any_request_is_none(routed: Routed) -> None:
    log = logged("acme-large,9,9,chat,0", "acme-large,9,9,qa,2", more=",requests")

    assert routed(log, "acme/acme-small").requests == {("simple", "qa"): 2}


def test_no_log_is_no_traffic(routed: Routed) -> None:
    traffic = routed(HEAD + "\n", "acme/acme-small")

    assert (traffic.total_requests, traffic.total_cost, traffic.costs, traffic.ratios) == (0, 0, {}, {})


def test_pairs_tell_what_the_requests_use_on_the_other_model(routed: Routed) -> None:
    pairs = PairSums(40, 4000, 6000, 400_000, 900_000, 600_000)
    shadows = {
        (CHAT, "acme/acme-large", "acme/acme-small"): (pairs, pairs),
        (("complex", "chat"), "acme/acme-large", "acme/acme-small"): (PairSums(), PairSums()),
    }

    traffic = routed(logged("acme-large,100,100,chat"), "acme/acme-small", shadows=shadows)

    ratio = traffic.ratios["acme/acme-large", "acme/acme-small"]
    assert (ratio.input.basis, ratio.output.basis, round(ratio.input.estimate, 6)) == ("pairs", "pairs", 1.5)
    assert traffic.costs[CHAT]["acme/acme-small"].estimate == 1_500_000 * 150 * 2


def test_pairs_of_a_segment_in_which_the_model_served_nothing_else_count_too(routed: Routed) -> None:
    pairs = PairSums(40, 4000, 6000, 400_000, 900_000, 600_000)
    lending = {(("simple", "qa"), "acme/acme-large", "acme/acme-small"): (pairs, pairs)}
    log = logged("acme-large,100,100,chat", "acme-small,100,100,qa")

    traffic = routed(log, "acme/acme-small", shadows=lending)

    assert traffic.ratios["acme/acme-large", "acme/acme-small"].input.basis == "pairs"


def test_the_targets_own_requests_tell_how_much_it_writes(routed: Routed) -> None:
    own = [f"acme-small,100,{40 + number % 2 * 20},chat" for number in range(40)]

    traffic = routed(logged("acme-large,100,100,chat", *own), "acme/acme-small")

    ratio = traffic.ratios["acme/acme-large", "acme/acme-small"].output
    assert (ratio.basis, ratio.estimate, ratio.count) == ("own traffic", 0.5, 40)
    assert traffic.ratios["acme/acme-small", "acme/acme-small"].output.basis == "same model"
