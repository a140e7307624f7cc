"""Requests told several times: the same bill whatever the order of lines, partitions, files, and what waits on disk."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.intake.repeats import SOURCE, Repeats
from costopt.models.parts import EXCEEDED
from costopt.models.schema import TIMESTAMP, TOKENS

Row = dict[str, Any]

SCHEMA: dict[str, Any] = {
    "request_id": pl.String,
    "timestamp": TIMESTAMP,
    "model": pl.Categorical,
    "tag": pl.Categorical,
    **dict.fromkeys(("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"), pl.Int64),
    "attempt": pl.Float64,
}
COUNTS = [name for name in SCHEMA if name in TOKENS]
START = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
SMALL = st.integers(0, 3)

LINES: st.SearchStrategy[list[Row]] = st.lists(
    st.fixed_dictionaries(
        {
            "request_id": st.none() | st.sampled_from("abcd"),
            "timestamp": SMALL.map(lambda hours: START + dt.timedelta(hours=hours)),
            "model": st.sampled_from("mn"),
            "tag": st.none() | st.sampled_from("xy"),
            **dict.fromkeys(COUNTS, SMALL),
            "attempt": st.none() | SMALL.map(float),
        }
    ),
    max_size=30,
)


def told(files: Sequence[Sequence[Sequence[Row]]], held: int = 500_000) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is told of files in partitions: every request once, and the lines left over; in an order of their own."""
    empty = pl.DataFrame(schema={**SCHEMA, SOURCE: pl.Int64})
    with pytest.MonkeyPatch.context() as patch, Repeats() as repeats:
        patch.setattr("costopt.intake.repeats._IN_MEMORY", held)
        frames = [
            (repeats.hold(pl.DataFrame(part, schema=SCHEMA), number), number)
            for number, parts in enumerate(files)
            for part in parts
        ]
        alone = [frame.with_columns(pl.lit(number, pl.Int64).alias(SOURCE)) for frame, number in frames]
        parts = list(repeats.told())
    requests = pl.concat([empty, *alone, *(part for part, _ in parts)]).cast({pl.Categorical: pl.String})
    left = pl.concat([empty, *(lines for _, lines in parts)]).cast({pl.Categorical: pl.String})
    return requests.sort(pl.all()), left.sort(pl.all())


def cut(draw: Random, rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in parts of any size."""
    places = sorted(draw.randint(0, len(rows)) for _ in range(draw.randint(0, 4)))
    return [list(rows[start:end]) for start, end in zip([0, *places], [*places, len(rows)], strict=True)]


def is_possible(row: Row) -> bool:
    part = {name: row.get(name, 0) for name in TOKENS}
    return not any(exceeds(part) for _, _, exceeds in EXCEEDED)


@given(LINES, st.randoms(use_true_random=False), st.sampled_from([0, 3, 500_000]))
def test_order_partitions_and_what_waits_on_disk_change_nothing(
    lines: list[Row], random: Random, held: int
) -> None:
    shuffled = random.sample(lines, len(lines))

    once, again = told([[lines]]), told([cut(random, shuffled)], held)

    assert once[0].equals(again[0])
    assert once[1].equals(again[1])


@given(LINES, st.randoms(use_true_random=False), st.sampled_from([0, 500_000]))
def test_the_number_of_files_changes_nothing_but_whose_a_request_is(
    lines: list[Row], random: Random, held: int
) -> None:
    once, again = told([[lines]]), told([[part] for part in cut(random, lines)], held)

    assert once[0].drop(SOURCE).equals(again[0].drop(SOURCE).sort(pl.all()))
    assert once[1].height == again[1].height


@given(LINES, st.integers(2, 3))
def test_a_log_given_several_times_has_the_requests_of_one(lines: list[Row], times: int) -> None:
    named = [line for line in lines if line["request_id"]]

    once, again = told([[named]]), told([[named]] * times)

    assert again[0].equals(once[0])
    assert again[1].height == once[1].height + (times - 1) * len(named)


@given(LINES)
def test_every_count_is_the_largest_of_any_line_where_that_can_be(lines: list[Row]) -> None:
    by_id: dict[str, list[Row]] = defaultdict(list)
    for line in lines:
        if line["request_id"] is not None:
            by_id[line["request_id"]].append(line)

    requests, left = told([[lines]])

    found = {row["request_id"]: row for row in requests.filter(pl.col("request_id").is_not_null()).to_dicts()}
    assert found.keys() == by_id.keys()
    for name, own in by_id.items():
        largest = {count: max(line[count] for line in own) for count in COUNTS}
        assert found[name]["timestamp"] == min(line["timestamp"] for line in own)
        if is_possible(largest):
            assert {count: found[name][count] for count in COUNTS} == largest
        else:
            assert {count: found[name][count] for count in COUNTS} in [
                {count: line[count] for count in COUNTS} for line in own
            ]
    assert requests["request_id"].null_count() == sum(line["request_id"] is None for line in lines)
    assert requests.height + left.height == len(lines)
