"""Laws of recording a log again: whole, grown, or with lines that were rotated away."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import DAY, OCTOBER

from costopt.ledger.before import Shrunk
from costopt.ledger.book import Book
from costopt.ledger.closing import closing
from costopt.ledger.entry import Entry
from costopt.ledger.reading import reading
from costopt.ledger.record import Recorded, recorded_in
from costopt.ledger.recording import Origin, Recording, record_rows
from costopt.models.result import Aside
from costopt.models.schema import USD

Log = Mapping[tuple[int, str, str, str], int]
"""How many requests there are of a day, tenant, model and baseline."""

KEYS = st.tuples(
    st.integers(0, 2), st.sampled_from(["acme", "globex"]), st.sampled_from(["m", "n"]), st.sampled_from("ab")
)
LOGS = st.dictionaries(KEYS, st.integers(1, 9), max_size=12)
NONE = Aside(requests=0, actual_cost_usd=Decimal(0))


def recorded(folder: str, log: Log, *, replaces: bool = False) -> Recording:
    rows = [
        {
            "period": f"2026-10-0{day + 1}",
            "timestamp": OCTOBER + day * DAY,
            "tenant": tenant,
            "adapter": "",
            "model": model,
            "baseline": baseline,
            "requests": requests,
            "unpriced": 0,
            "tokens_used": requests * 7,
            "baseline_cost_usd": Decimal(requests * 3),
            "actual_cost_usd": Decimal(requests),
        }
        for (day, tenant, model, baseline), requests in log.items()
    ]
    schema = dict.fromkeys(("baseline_cost_usd", "actual_cost_usd"), USD)
    origin = Origin("logs", ("a", "b"), (), False, "", None, 0, NONE, NONE, (), replaces)  # noqa: FBT003
    return record_rows(Path(folder), pl.DataFrame(rows, schema_overrides=schema), origin)


def current(folder: str) -> Log:
    with reading(Path(folder)) as entries:
        found = entries.filter(pl.col("requests") > 0).collect()
    days = (found["timestamp"] - OCTOBER) // DAY
    keys = zip(days, found["tenant"], found["model"], found["baseline"], strict=True)
    return dict(zip(keys, found["requests"], strict=True))


def served(log: Log, day: int) -> dict[tuple[str, str], int]:
    """The requests of a day by tenant and model."""
    sums: dict[tuple[str, str], int] = {}
    for (each, tenant, model, _), requests in log.items():
        if each == day:
            sums[tenant, model] = sums.get((tenant, model), 0) + requests
    return sums


@settings(max_examples=30)
@given(LOGS, LOGS)
def test_a_day_is_what_the_last_log_says_of_it_unless_that_has_fewer_requests_of_any_model(
    first: Log, second: Log
) -> None:
    with TemporaryDirectory() as folder:
        recorded(folder, first)
        again = recorded(folder, second)

        expected = dict(first)
        for day in {key[0] for key in second}:
            before, now = served(first, day), served(second, day)
            if all(now.get(key, 0) >= requests for key, requests in before.items()):
                expected = {key: requests for key, requests in expected.items() if key[0] != day}
                expected |= {key: requests for key, requests in second.items() if key[0] == day}
            else:
                assert day + 1 in {kept.day for kept in again.kept_days}
        assert current(folder) == expected


@settings(max_examples=30)
@given(LOGS, st.sets(KEYS))
def test_a_log_that_has_lost_lines_adds_and_takes_nothing(
    log: Log, lost: set[tuple[int, str, str, str]]
) -> None:
    rest = {key: requests for key, requests in log.items() if key not in lost}
    with TemporaryDirectory() as folder:
        recorded(folder, log)
        path = Path(folder, "baseline_history.jsonl")
        before = path.read_bytes() if log else b""

        again = recorded(folder, rest)

        assert (again.added, again.corrected, again.withdrawn) == (0, 0, 0)
        assert (path.read_bytes() if log else b"") == before


@settings(max_examples=30)
@given(LOGS, LOGS, st.integers(0, 20))
def test_a_recording_that_is_interrupted_anywhere_is_completed_by_the_next(
    first: Log, second: Log, done: int
) -> None:
    def some(book: Book, entries: Iterable[Entry], fewer: Iterable[Shrunk]) -> Recorded:
        return recorded_in(book, list(entries)[:done], fewer=fewer)

    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        for each in (folder, other):
            recorded(each, first)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("costopt.ledger.recording.recorded_in", some)
            recorded(folder, second)

        recorded(folder, second)

        recorded(other, second)
        assert current(folder) == current(other)


@settings(max_examples=30)
@given(LOGS, LOGS)
def test_what_is_replaced_is_what_the_last_log_says(first: Log, second: Log) -> None:
    days = {key[0] for key in second}
    with TemporaryDirectory() as folder:
        recorded(folder, first)

        recorded(folder, second, replaces=True)

        assert current(folder) == {key: n for key, n in first.items() if key[0] not in days} | dict(second)


@settings(max_examples=30)
@given(LOGS, LOGS)
def test_what_a_closed_month_has_is_in_no_other_invoice(first: Log, second: Log) -> None:
    with TemporaryDirectory() as folder:
        recorded(folder, first)
        with closing(Path(folder), "acme", "2026-10", "A-1"):
            pass

        recorded(folder, second, replaces=True)

        now = current(folder)
        assert {k: n for k, n in now.items() if k[1] == "acme"} == {
            k: n for k, n in first.items() if k[1] == "acme"
        }
        for day in {key[0] for key in second}:
            before, said = served(first, day), served(second, day)
            is_taken = any(said.get(key, 0) < n for key, n in before.items() if key[0] == "acme")
            of_globex = first if is_taken else second
            assert {k: n for k, n in now.items() if k[:2] == (day, "globex")} == {
                k: n for k, n in of_globex.items() if k[:2] == (day, "globex")
            }
