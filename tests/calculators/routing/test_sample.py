import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from costopt.calculators.routing.sample import (
    MOST_OF_ONE,
    Sample,
    qualities_of,
    shadow_pairs,
    tokens_of,
)
from costopt.calculators.routing.tokens import PairSums
from costopt.models.schema import REQUESTS
from costopt.pricing.catalog import Catalog

BY = ("complexity", "request_type")


def requests(*rows: Mapping[str, object], model: str = "acme-large") -> pl.DataFrame:
    """Requests as the pipeline hands them over, a second apart; columns are those that some row has."""
    start = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)
    full = [
        {
            "timestamp": start + dt.timedelta(seconds=at),
            "model": model,
            "input_tokens": 9,
            "output_tokens": 9,
            **row,
        }
        for at, row in enumerate(rows)
    ]
    names = dict.fromkeys(name for row in full for name in row)
    table = {name: [row.get(name) for row in full] for name in names}
    return pl.DataFrame(
        table,
        schema={name: REQUESTS.get(name, pl.String) for name in names},
    )


def kept(
    frames: Sequence[pl.DataFrame], catalog: Catalog, most: int = 100, by: tuple[str, ...] = BY
) -> pl.DataFrame:
    sample = Sample(by, with_prompt=True, most=most)
    for frame in frames:
        sample.add(frame)
    return sample.requests(catalog)


# What is kept


def test_requests_with_a_prompt_or_its_hash_are_kept(priced: Catalog) -> None:
    frames = [
        requests({"prompt_hash": "h"}, {"prompt_hash": None}),
        requests({"prompt": "Hello"}),
        requests({}),
        requests({"prompt": "x", "prompt_hash": "h"}),
    ]

    found = kept(frames, priced)

    assert sorted(found["prompt"].to_list(), key=str) == ["Hello", None, "x"]
    assert found["\x1eprompt"].n_unique() == 2  # the hash tells which prompt it is, where there is one


def test_a_line_that_stands_for_several_requests_is_no_request(priced: Catalog) -> None:
    frame = requests(*({"prompt_hash": "h", "requests": count} for count in (1, 2, None, 0)))

    assert kept([frame], priced).height == 2


def test_prompts_are_kept_only_if_asked_for(priced: Catalog) -> None:
    sample = Sample(BY, with_prompt=False)
    sample.add(requests({"prompt": "Hello"}))

    assert "prompt" not in sample.requests(priced).columns
    assert sample.requests(priced).height == 1


def test_complexity_is_that_of_the_rollups_whether_prompts_are_kept_or_not(priced: Catalog) -> None:
    frame = requests({"prompt": "Prove the theorem step by step: \\int x dx", "input_tokens": 1})
    samples = [
        Sample(BY, with_prompt=False),
        Sample(BY, with_prompt=True),
        Sample(BY, with_prompt=True, reads_prompt=False),
    ]
    for sample in samples:
        sample.add(frame)

    assert [sample.requests(priced)["complexity"].item() for sample in samples] == [
        "complex",
        "complex",
        "simple",
    ]


def test_a_column_of_the_users_own_is_kept(priced: Catalog) -> None:
    found = kept(
        [requests({"prompt_hash": "h", "team": "blue"}), requests({"prompt_hash": "i"})], priced, by=("team",)
    )

    assert sorted(found["team"].to_list(), key=str) == [None, "blue"]


def test_models_go_by_the_catalogs_name_else_by_the_logs(priced: Catalog) -> None:
    raw = [(None, "acme-large"), ("openai", "gpt-one"), ("vertex", "new"), (None, "new"), (None, None)]
    rows = [{"prompt_hash": "h", "provider": provider, "model": model} for provider, model in raw]

    found = kept([requests(*rows)], priced)

    assert set(found.select("provider", "model").rows()) == {
        ("acme", "acme/acme-large"),
        ("openai", "openai/gpt-one"),
        ("vertex", "vertex/new"),
        (None, "new"),
        (None, "(none)"),
    }


def test_without_prompts_a_sample_is_empty(priced: Catalog) -> None:
    sample = Sample(BY, with_prompt=True)
    sample.add(requests({}))

    assert sample.is_empty
    assert sample.requests(priced).rows() == []
    sample.add(requests({"prompt_hash": "h"}))
    assert not sample.is_empty


# Of many, some


def many(*prompts: int) -> pl.DataFrame:
    """Two requests of each prompt, one for each of two models."""
    rows = [
        {"request_id": f"{number}-{model}", "prompt_hash": f"h{number}", "model": model}
        for number in prompts
        for model in ("acme-small", "acme-large")
    ]
    return requests(*rows)


def test_of_many_prompts_so_many_are_kept_with_all_of_their_requests(priced: Catalog) -> None:
    found = kept([many(*range(100))], priced, most=10)

    assert found["\x1eprompt"].n_unique() == 10
    assert found.height == 20


def test_which_are_kept_does_not_depend_on_partitions_or_order(priced: Catalog) -> None:
    whole = many(*range(100))
    parts = [whole[at : at + 7] for at in range(0, 200, 7)]

    at_once = kept([whole], priced, most=10)

    assert_frame_equal(at_once, kept(parts, priced, most=10))
    assert_frame_equal(at_once, kept([part.reverse() for part in reversed(parts)], priced, most=10))


def test_of_a_prompt_that_a_model_served_over_and_over_some_requests_are_kept_by_chance(
    priced: Catalog,
) -> None:
    rows = [{"request_id": str(at), "prompt_hash": "h", "output_tokens": at} for at in range(200)]
    whole = requests(*rows)

    found = kept([whole], priced, most=10)

    assert found.height == MOST_OF_ONE
    assert 40 < found["output_tokens"].sum() / MOST_OF_ONE < 160
    assert_frame_equal(found, kept([whole[100:], whole[:100]], priced, most=10))


def test_requests_without_ids_of_the_same_time_are_drawn_by_chance_too(priced: Catalog) -> None:
    moment = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    rows = [{"timestamp": moment, "prompt_hash": "h", "output_tokens": at} for at in range(100)]

    found = kept([requests(*rows)], priced)

    assert found["output_tokens"].to_list() != [*range(MOST_OF_ONE)]
    assert found["output_tokens"].is_in([*range(20)]).sum() < MOST_OF_ONE


# Pairs


def answers(*rows: tuple[str, str, object], **rest: object) -> pl.DataFrame:
    """Requests by prompt, model and quality."""
    return requests(
        *(
            {"prompt_hash": prompt, "model": model, "quality": quality, **rest}
            for prompt, model, quality in rows
        )
    )


def test_a_prompt_that_two_models_served_is_a_pair_in_both_directions(priced: Catalog) -> None:
    log = answers(("h", "acme-small", 0.5), ("h", "acme-large", 1.0), ("alone", "acme-large", 1.0))

    pairs = shadow_pairs(kept([log], priced), BY)

    assert sorted(pairs.rows()) == [
        ("simple", None, "acme/acme-large", 1.0, 9, 9, "acme/acme-small", 0.5, 9, 9),
        ("simple", None, "acme/acme-small", 0.5, 9, 9, "acme/acme-large", 1.0, 9, 9),
    ]
    assert pairs.columns == [
        *("complexity", "request_type"),
        *("model_a", "quality_a", "input_tokens_a", "output_tokens_a"),
        *("model_b", "quality_b", "input_tokens_b", "output_tokens_b"),
    ]


def test_of_three_models_each_is_a_pair_with_each(priced: Catalog) -> None:
    log = answers(("h", "a", 0.1), ("h", "b", 0.2), ("h", "c", 0.3))

    assert shadow_pairs(kept([log], priced), BY).height == 6


def test_of_a_model_that_served_a_prompt_twice_one_request_counts(priced: Catalog) -> None:
    log = answers(("h", "a", 0.1), ("h", "a", 0.2), ("h", "b", 0.3))

    assert shadow_pairs(kept([log], priced), BY).height == 2


def test_which_request_of_a_model_counts_does_not_depend_on_its_tokens(priced: Catalog) -> None:
    rows = [
        {
            "request_id": f"{prompt}-{tokens}",
            "prompt_hash": str(prompt),
            "model": "a",
            "output_tokens": tokens,
        }
        for prompt in range(200)
        for tokens in (10, 30)
    ]
    others = [{"prompt_hash": str(prompt), "model": "b"} for prompt in range(200)]

    pairs = shadow_pairs(kept([requests(*rows, *others)], priced, most=1000), BY)

    means = pairs.group_by("model_a").agg(pl.col("output_tokens_a").mean()).sort("model_a")
    assert 17 < means["output_tokens_a"][0] < 23


@pytest.mark.parametrize("second", [{"status": "error"}, {"attempt": 2}])
def test_what_failed_or_was_a_later_attempt_is_no_shadow(priced: Catalog, second: dict[str, object]) -> None:
    first = {"prompt_hash": "h", "model": "a", "status": "ok", "attempt": 1}
    log = requests(first, {**first, "model": "b"}, {**first, "model": "c", **second})

    found = shadow_pairs(kept([log], priced), BY)

    assert sorted(found["model_a"].to_list()) == ["a", "b"]


def test_what_pairs_show_of_quality(priced: Catalog) -> None:
    log = answers(("h", "a", 0.5), ("h", "b", 1.0), ("i", "a", 0.5), ("i", "b", None))

    pairs = qualities_of(shadow_pairs(kept([log], priced), BY), BY)

    assert pairs is not None
    assert pairs.count(("simple", None), "a", "b") == 1
    assert pairs.quality(("simple", None), "a", "b").value == 1.0


def test_pairs_without_both_scores_show_nothing_of_quality(priced: Catalog) -> None:
    log = answers(("h", "a", None), ("h", "b", 1.0))

    assert qualities_of(shadow_pairs(kept([log], priced), BY), BY) is None


def test_what_pairs_show_of_tokens(priced: Catalog) -> None:
    rows = [
        {"prompt_hash": "h", "model": "a", "input_tokens": 10, "output_tokens": 1},
        {"prompt_hash": "h", "model": "b", "input_tokens": 20, "output_tokens": 3},
        {"prompt_hash": "i", "model": "a", "input_tokens": 30, "output_tokens": 2},
        {"prompt_hash": "i", "model": "b", "input_tokens": 40, "output_tokens": 5},
        {"prompt_hash": "j", "model": "a", "input_tokens": 30, "output_tokens": None},
        {"prompt_hash": "j", "model": "b", "input_tokens": 40, "output_tokens": 5},
    ]

    found = tokens_of(shadow_pairs(kept([requests(*rows)], priced), BY), BY)

    assert found == {
        (("simple", None), "a", "b"): (PairSums(2, 40, 60, 1000, 2000, 1400), PairSums(2, 3, 8, 5, 34, 13)),
        (("simple", None), "b", "a"): (PairSums(2, 60, 40, 2000, 1000, 1400), PairSums(2, 8, 3, 34, 5, 13)),
    }
