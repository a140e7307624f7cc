from collections.abc import Sequence
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.calculators.routing.tokens import (
    Counterfactual,
    Evidence,
    PairSums,
    Sums,
    TokenRatio,
    counterfactual,
    ratio_from_own_traffic,
    ratio_from_pairs,
    ratio_from_table,
)


def sums(tokens: Sequence[int]) -> Sums:
    return Sums(len(tokens), sum(tokens), sum(x * x for x in tokens))


def pairs(*tokens: tuple[int, int]) -> PairSums:
    rows = [(1, x, y, x * x, y * y, x * y) for x, y in tokens]
    return PairSums(*map(sum, zip(*rows, strict=True)))


HAIKU, GEMINI = "anthropic/claude-3-haiku", "google/gemini-2.0-flash"
NOTHING: dict[str, Evidence] = {}


def width(ratio: TokenRatio | None) -> float:
    assert ratio is not None
    return log(ratio.high / ratio.low) / 2


# What a ratio rests on


def test_the_same_model_uses_exactly_the_same_tokens() -> None:
    unlike = {"chat": Evidence(sums([100]), pairs(*[(100, 50)] * 30))}
    same = counterfactual(HAIKU, HAIKU, unlike, unlike)

    for ratio in (same.input, same.output):
        assert (ratio.estimate, ratio.low, ratio.high, ratio.basis) == (1, 1, 1, "same model")
    counts = {"input_tokens": 10**18 + 1, "output_tokens": 7}
    tokens = same.tokens(counts)
    assert tokens.low == tokens.estimate == tokens.high == counts


@pytest.mark.parametrize(("number", "basis"), [(20, "pairs"), (19, "table")])
def test_twenty_pairs_are_the_fewest_that_say_something(number: int, basis: str) -> None:
    evidence = {"chat": Evidence(sums([100] * 50), pairs(*[(100, 50)] * number))}

    assert counterfactual(HAIKU, GEMINI, evidence, evidence).input.basis == basis


def test_pairs_come_before_the_targets_own_traffic_and_that_before_the_table() -> None:
    own = Evidence(sums([100] * 50), own=sums([80] * 50))
    paired = own._replace(pairs=pairs(*[(100, 50)] * 30))

    assert counterfactual(HAIKU, GEMINI, NOTHING, {"chat": paired}).output.basis == "pairs"
    assert counterfactual(HAIKU, GEMINI, NOTHING, {"chat": own}).output.basis == "own traffic"
    assert counterfactual(HAIKU, GEMINI, NOTHING, NOTHING).output.basis == "table"


def test_the_targets_own_traffic_says_nothing_of_input_as_its_prompts_may_be_longer() -> None:
    own = {"chat": Evidence(sums([100] * 50), own=sums([80] * 50))}

    assert counterfactual(HAIKU, GEMINI, own, own).input.basis == "table"


# Pairs


def test_input_is_in_proportion() -> None:
    evidence = {"chat": Evidence(sums([1000] * 10), pairs(*[(100, 130), (200, 260)] * 50))}
    ratio = ratio_from_pairs(evidence, "input")

    assert ratio is not None
    assert ratio.estimate == pytest.approx(1.3)
    assert ratio.count == 100
    assert ratio.note == "100 prompts served by both models"


def test_output_has_a_base_where_the_other_model_does_not_write_at_length_too() -> None:
    evidence = {"chat": Evidence(sums([1000] * 10), pairs(*[(100, 150), (200, 160)] * 50))}
    ratio = ratio_from_pairs(evidence, "output")

    assert ratio is not None
    assert ratio.estimate == pytest.approx(0.240, abs=0.001)  # 140 + 0.1 for each token


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([(100, 90), (200, 10)], 0.05),  # falling: taken to be constant
        ([(100, 10), (200, 90)], 1 / 3),  # rising from below 0: taken to be in proportion
        ([(100, 50), (100, 50)], 0.5),  # all alike: in proportion
    ],
)
def test_no_output_is_ever_guessed_to_be_negative(tokens: list[tuple[int, int]], expected: float) -> None:
    ratio = ratio_from_pairs({"chat": Evidence(sums([1000] * 10), pairs(*tokens * 50))}, "output")

    assert ratio is not None
    assert ratio.estimate == pytest.approx(expected)


def test_without_any_spread_the_range_is_what_pairs_may_have_missed() -> None:
    ratio = ratio_from_pairs({"chat": Evidence(sums([100] * 50), pairs(*[(100, 50)] * 60))}, "input")

    assert width(ratio) == pytest.approx(3 / 60)


def test_more_pairs_and_more_requests_to_be_moved_narrow_the_range() -> None:
    spread = [(100, 50), (100, 90), (80, 100)]

    def of(number: int, requests: int) -> float:
        return width(
            ratio_from_pairs({"chat": Evidence(sums([100] * requests), pairs(*spread * number))}, "input")
        )

    assert of(10, 50) > of(100, 50) > of(100, 5000)


def test_a_segment_is_moved_by_its_own_pairs_and_borrows_from_all_where_it_has_few() -> None:
    chat, code = pairs(*[(100, 100)] * 95), pairs(*[(100, 200)] * 5)

    def of(**traffic: int) -> float:
        evidence = {
            name: Evidence(sums([100] * traffic.get(name, 0)), own)
            for name, own in (("chat", chat), ("code", code), ("new", PairSums()))
        }
        ratio = ratio_from_pairs(evidence, "input")
        assert ratio is not None
        return ratio.estimate

    assert of(chat=10) == pytest.approx(1, abs=0.01)
    assert of(code=10) == pytest.approx(1.5, abs=0.05)  # 5 of its own against 5 of all
    assert of(new=10) == pytest.approx(1.05)
    assert of(chat=10, new=10) == pytest.approx((of(chat=10) + of(new=10)) / 2)


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(Sums(), pairs(*[(100, 50)] * 30)),
        Evidence(sums([100]), pairs(*[(0, 50)] * 30)),
        Evidence(sums([100]), pairs(*[(100, 0)] * 30)),
    ],
)
def test_where_there_are_no_tokens_there_is_no_ratio(evidence: Evidence) -> None:
    assert ratio_from_pairs({"chat": evidence}, "input") is None


def test_without_segments_there_is_no_ratio() -> None:
    assert ratio_from_pairs(NOTHING, "output") is None


# The target's own traffic


def test_the_targets_mean_in_a_segment_is_taken_for_the_sources_requests() -> None:
    evidence = {
        "chat": Evidence(sums([100] * 300), own=sums([50] * 40)),
        "code": Evidence(sums([400] * 100), own=sums([800] * 40)),
    }
    ratio = ratio_from_own_traffic(evidence)

    assert ratio is not None
    assert ratio.estimate == pytest.approx((300 * 50 + 100 * 800) / 70_000)
    assert (ratio.basis, ratio.count) == ("own traffic", 80)
    assert width(ratio) == pytest.approx(0.25)  # for being other prompts
    assert ratio.note == "80 requests of the target's own, not the same prompts"


def test_where_the_targets_own_requests_differ_the_range_is_wider() -> None:
    alike, unlike = (
        ratio_from_own_traffic({"chat": Evidence(sums([100] * 50), own=sums(own))})
        for own in ([50] * 40, [10, 90] * 20)
    )

    assert width(alike) == pytest.approx(0.25)
    # Student's t of 39, and both the mean and the 50 requests vary by 0.81 of the mean
    assert width(unlike) == pytest.approx(0.25 + 2.0227 * 0.8102 * (1 / 40 + 1 / 50) ** 0.5, rel=1e-4)


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"chat": Evidence(sums([100] * 50), own=sums([50] * 19))},
        {"chat": Evidence(sums([100] * 50), own=sums([0] * 20))},
        {"chat": Evidence(sums([100] * 50), own=sums([50] * 20)), "code": Evidence(sums([100] * 51))},
        {"chat": Evidence(Sums(), own=sums([50] * 20))},
    ],
)
def test_too_little_traffic_of_its_own_says_nothing(evidence: dict[str, Evidence]) -> None:
    assert ratio_from_own_traffic(evidence) is None


def test_segments_without_enough_of_it_are_taken_to_be_like_the_others() -> None:
    evidence = {
        "chat": Evidence(sums([100] * 50), own=sums([50] * 20)),
        "code": Evidence(sums([100] * 50), own=sums([900] * 5)),
    }
    ratio = ratio_from_own_traffic(evidence)

    assert ratio is not None
    assert ratio.estimate == pytest.approx(0.5)


# The table


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("gpt-4o", "azure/gpt-4o-mini", (1, 0.95, 1.05)),
        ("openai/o3-mini", "openai/gpt-5", (1, 0.95, 1.05)),
        ("gemini-2.5-pro", "google/gemini-2.0-flash", (1, 0.95, 1.05)),
        ("anthropic/claude-3-5-sonnet", "bedrock/anthropic.claude-sonnet-4-20250514-v1:0", (1, 0.95, 1.05)),
        ("claude-opus-4-6", "claude-haiku-4.5", (1, 0.95, 1.05)),
        ("claude-opus-4.7", "claude-opus-5", (1, 0.95, 1.05)),
        ("claude-opus-4-6", "claude-opus-4-7", (1.25, 1, 1.47)),
        ("claude-opus-4-8", "claude-opus-4-1", (0.8, 1 / 1.47, 1)),
        ("gpt-4o", "claude-sonnet-4-5", (1, 0.67, 1.5)),
        ("llama-3-70b", "llama-2-70b", (1, 0.67, 1.5)),
        ("gpt-4o", "mine", (1, 0.67, 1.5)),
    ],
)
def test_the_table_knows_who_keeps_a_tokenizer(
    source: str, target: str, expected: tuple[float, float, float]
) -> None:
    ratio = ratio_from_table(source, target, "input")

    assert (ratio.estimate, ratio.low, ratio.high) == pytest.approx(expected)
    assert (ratio.basis, ratio.count) == ("table", 0)


def test_how_much_a_model_writes_is_known_only_within_a_factor_of_two() -> None:
    ratio = ratio_from_table("gpt-4o", "gpt-4o-mini", "output")

    assert (ratio.estimate, ratio.low, ratio.high) == (1, 0.47, 2.12)


# Tokens


def of_ratios(of_input: float, of_output: float) -> Counterfactual:
    ratios = [
        TokenRatio(estimate=ratio, low=ratio / 2, high=ratio * 2, basis="pairs", count=20, note="")
        for ratio in (of_input, of_output)
    ]
    return Counterfactual(source="a", target="b", input=ratios[0], output=ratios[1])


def test_sums_become_whole_tokens_the_least_down_and_the_most_up() -> None:
    counts = {"input_tokens": 101, "cached_input_tokens": 50, "output_tokens": 11, "reasoning_tokens": 3}
    tokens = of_ratios(1.25, 0.5).tokens(counts)

    assert tokens.low == {
        "input_tokens": 63,
        "cached_input_tokens": 31,
        "output_tokens": 2,
        "reasoning_tokens": 0,
    }
    assert tokens.estimate == {
        "input_tokens": 126,
        "cached_input_tokens": 63,
        "output_tokens": 6,
        "reasoning_tokens": 2,
    }
    assert tokens.high == {
        "input_tokens": 253,
        "cached_input_tokens": 125,
        "output_tokens": 11,
        "reasoning_tokens": 3,
    }


def test_what_are_no_tokens_stays_as_it_is() -> None:
    counts = {"requests": 7, "web_searches": 3, "input_tokens": 100}

    assert of_ratios(2, 2).tokens(counts).high == {"requests": 7, "web_searches": 3, "input_tokens": 400}


TOKENS = st.integers(0, 10**6)
PAIRS = st.lists(st.tuples(TOKENS, TOKENS), min_size=20, max_size=40)


@given(PAIRS, PAIRS, st.lists(TOKENS, max_size=5), st.lists(TOKENS, max_size=5))
def test_a_ratio_is_positive_and_within_its_range_and_parts_add_up(
    first: list[tuple[int, int]], second: list[tuple[int, int]], chat: list[int], code: list[int]
) -> None:
    own = {"chat": pairs(*first), "code": pairs(*second)}
    moved = {"chat": sums(chat), "code": sums(code)}
    whole = ratio_from_pairs({name: Evidence(moved[name], own[name]) for name in own}, "output")
    parts = {
        part: ratio_from_pairs(
            {name: Evidence(moved[name] if name == part else Sums(), own[name]) for name in own}, "output"
        )
        for part in own
    }

    for ratio in (whole, *parts.values()):
        assert ratio is None or 0 < ratio.low <= ratio.estimate <= ratio.high
    if whole:
        added = sum(ratio.estimate * moved[part].tokens for part, ratio in parts.items() if ratio)
        assert added == pytest.approx(whole.estimate * sum(each.tokens for each in moved.values()))


@given(st.floats(0.01, 100), st.floats(0.01, 100), TOKENS, TOKENS)
def test_a_part_remains_a_part(of_input: float, of_output: float, cached: int, rest: int) -> None:
    tokens = of_ratios(of_input, of_output).tokens(
        {"input_tokens": cached + rest, "cached_input_tokens": cached}
    )

    for each in (tokens.low, tokens.estimate, tokens.high):
        assert 0 <= each["cached_input_tokens"] <= each["input_tokens"]
    assert tokens.low["input_tokens"] <= tokens.estimate["input_tokens"] <= tokens.high["input_tokens"]


def test_ranges_are_the_same_factor_down_and_up() -> None:
    ratio = ratio_from_pairs(
        {"chat": Evidence(sums([100] * 50), pairs(*[(100, 50), (90, 99)] * 30))}, "input"
    )

    assert ratio is not None
    assert ratio.low * ratio.high == pytest.approx(ratio.estimate**2)
    assert ratio.high == pytest.approx(ratio.estimate * exp(width(ratio)))
