import threading
from collections.abc import Iterator
from itertools import count

import pytest

from costopt.rollups.local import Condensed, read_ahead


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_items_come_in_their_order() -> None:
    assert list(read_ahead(range(100))) == list(range(100))
    assert list(read_ahead([])) == []
    assert readers() == []


def test_the_next_item_is_fetched_while_the_last_one_is_worked_on() -> None:
    second_is_fetched = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second_is_fetched.set()
        yield 2

    ahead = read_ahead(items())

    assert next(ahead) == 1
    assert second_is_fetched.wait(timeout=10)
    assert list(ahead) == [2]


def test_no_more_than_one_item_waits() -> None:
    fetched: list[int] = []
    third_is_fetched = threading.Event()

    def items() -> Iterator[int]:
        for number in range(10):
            fetched.append(number)
            if number == 2:
                third_is_fetched.set()
            yield number

    ahead = read_ahead(items())
    next(ahead)
    third_is_fetched.wait(timeout=10)
    third_is_fetched.clear()

    assert not third_is_fetched.wait(timeout=0.3)  # long enough for a full queue to be tried again
    assert fetched == [0, 1, 2]
    assert list(ahead) == list(range(1, 10))


def test_an_error_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("the disk is gone")

    ahead = read_ahead(items())

    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)
    assert readers() == []


def test_an_interruption_of_the_reader_is_handed_over() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(read_ahead(items()))


def test_an_item_that_takes_long_is_waited_for() -> None:
    ready = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        ready.wait(timeout=10)
        yield 2

    ahead = read_ahead(items())
    assert next(ahead) == 1
    threading.Timer(0.3, ready.set).start()  # longer than one step of waiting

    assert list(ahead) == [2]


def test_an_interruption_of_the_worker_does_not_wait_for_a_reader_that_waits() -> None:
    ready = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        ready.wait(timeout=60)

    ahead = read_ahead(items())
    next(ahead)
    with pytest.raises(KeyboardInterrupt):
        ahead.throw(KeyboardInterrupt)  # type: ignore[attr-defined]

    (reader,) = readers()
    ready.set()
    reader.join(timeout=10)
    assert not reader.is_alive()


def test_closing_early_ends_the_thread() -> None:
    ahead = read_ahead(count())
    assert [next(ahead), next(ahead)] == [0, 1]
    assert len(readers()) == 1

    ahead.close()  # type: ignore[attr-defined]

    assert readers() == []


def test_an_error_of_the_worker_ends_the_thread() -> None:
    class WorkError(Exception):
        pass

    def work() -> None:
        for item in read_ahead(count()):
            if item == 3:
                raise WorkError

    with pytest.raises(WorkError):
        work()

    assert readers() == []


def test_nothing_is_fetched_before_the_first_item_is_asked_for() -> None:
    fetched: list[int] = []

    def items() -> Iterator[int]:
        fetched.append(0)
        yield 0

    ahead = read_ahead(items())

    assert fetched == []
    assert readers() == []
    assert list(ahead) == [0]


def test_parts_are_merged_whenever_16_have_gathered() -> None:
    merged: list[int] = []

    def add_up(parts: list[int]) -> int:
        merged.append(len(parts))
        return sum(parts)

    condensed = Condensed(add_up)
    for number in range(40):
        condensed.add(number)

    assert merged == [16, 16]
    assert condensed.total() == sum(range(40))
    assert merged == [16, 16, 10]


def test_a_total_may_be_asked_for_in_between() -> None:
    condensed: Condensed[str] = Condensed("".join)
    totals = []
    for letter in "abc":
        condensed.add(letter)
        totals.append(condensed.total())

    assert totals == ["a", "ab", "abc"]
