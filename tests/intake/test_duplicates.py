import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import costopt.intake.duplicates
from costopt.intake.duplicates import Duplicates
from costopt.models.schema import TIMESTAMP

Keys = list[tuple[str | None, int]]
"""Of each request its id, and its time in minutes."""


def frame(keys: Keys) -> pl.DataFrame:
    start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    return pl.DataFrame(
        {
            "request_id": [name for name, _ in keys],
            "timestamp": [start + dt.timedelta(minutes=minute) for _, minute in keys],
        },
        schema={"request_id": pl.String, "timestamp": TIMESTAMP},
    )


def repeated(*partitions: Keys) -> list[list[bool]]:
    with Duplicates() as duplicates:
        masks = [(keys, duplicates.repeated(frame(keys))) for keys in partitions]
    return [[False] * len(keys) if mask is None else mask.to_list() for keys, mask in masks]


def naive(*partitions: Keys) -> list[list[bool]]:
    seen: set[tuple[str | None, int]] = set()
    masks = []
    for keys in partitions:
        mask = []
        for key in keys:
            mask.append(key[0] is not None and key in seen)
            seen.add(key)
        masks.append(mask)
    return masks


def test_a_request_is_repeated_within_a_partition() -> None:
    assert repeated([("a", 0), ("b", 1), ("a", 0), ("a", 0)]) == [[False, False, True, True]]


def test_a_request_is_repeated_in_a_later_partition() -> None:
    assert repeated([("a", 0), ("b", 1)], [("c", 2)], [("d", 3), ("a", 0)]) == [
        [False, False],
        [False],
        [False, True],
    ]


def test_the_same_id_at_another_time_is_another_request() -> None:
    assert repeated([("a", 0), ("a", 1)], [("a", 2)]) == [[False, False], [False]]


def test_the_same_time_of_another_id_is_another_request() -> None:
    assert repeated([("a", 0), ("b", 0)], [("c", 0)]) == [[False, False], [False]]


def test_a_request_without_id_is_never_repeated() -> None:
    assert repeated([(None, 0), (None, 0)], [(None, 0), ("a", 0)], [("a", 0), (None, 0)]) == [
        [False, False],
        [False, False],
        [True, False],
    ]


def test_nothing_repeated_is_no_mask() -> None:
    with Duplicates() as duplicates:
        assert duplicates.repeated(frame([("a", 0)])) is None
        assert duplicates.repeated(frame([])) is None
        assert duplicates.repeated(frame([("b", 0)]).drop("request_id")) is None
        assert duplicates.repeated(frame([(None, 0)])) is None


def test_what_was_only_repeated_is_not_remembered_twice() -> None:
    again: Keys = [("a", 0), ("b", 1)]

    assert repeated(again, again, again) == [[False, False], [True, True], [True, True]]


def log(size: int, *, ordered: bool) -> list[Keys]:
    """Partitions of 100 requests, of which every seventh was there before."""
    keys: Keys = []
    for number in range(size):
        minute = number if ordered else number * 7919 % size
        keys.append(keys[number * 31 % number] if number % 7 == 6 else (f"r{number}", minute))
    return [keys[start : start + 100] for start in range(0, size, 100)]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("held", [2_000_000, 250, 1])
def test_runs_on_disk_give_the_same_answer(
    monkeypatch: pytest.MonkeyPatch, held: int, *, ordered: bool
) -> None:
    monkeypatch.setattr(costopt.intake.duplicates, "_IN_MEMORY", held)
    partitions = log(3000, ordered=ordered)

    assert repeated(*partitions) == naive(*partitions)


def test_memory_is_bounded_and_the_disk_is_cleaned_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(costopt.intake.duplicates, "_IN_MEMORY", 250)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with Duplicates() as duplicates:
        for number in range(10):
            duplicates.repeated(frame([(f"r{number}-{n}", 100 * number + n) for n in range(100)]))
        (folder,) = tmp_path.glob("costopt-*")

        assert len(list(folder.iterdir())) == 8  # the last 200 keys are held

    assert list(tmp_path.iterdir()) == []


def test_the_size_of_partitions_does_not_matter() -> None:
    keys = [key for partition in log(2000, ordered=False) for key in partition]
    expected = naive(keys)[0]

    for size in (7, 500, 2000):
        parts = [keys[start : start + size] for start in range(0, len(keys), size)]

        assert [flag for mask in repeated(*parts) for flag in mask] == expected
