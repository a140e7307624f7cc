import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import pytest
from recording import DAY, OCTOBER, entry, fields, lines, requests

from costopt.errors import LedgerError
from costopt.ledger import files, opening
from costopt.ledger.closing import closing
from costopt.ledger.entry import Entry
from costopt.ledger.head import load_head
from costopt.ledger.reading import entries
from costopt.ledger.record import record
from costopt.ledger.verify import verify

STATE = Path("state")


def test_what_is_recorded_is_in_the_ledger() -> None:
    recorded = record(STATE, [entry(), entry("2026-10-02", timestamp=OCTOBER + DAY)])

    assert (recorded.added, recorded.unchanged, recorded.corrected, recorded.refused) == (2, 0, 0, 0)
    assert [line["period"] for line in fields(STATE)] == ["2026-10-01", "2026-10-02"]
    assert (recorded.entries, recorded.hash) == (2, fields(STATE)[-1]["hash"])
    assert recorded.notes == ()


def test_recording_nothing_makes_an_empty_ledger() -> None:
    recorded = record(STATE, [])

    assert (recorded.entries, recorded.hash) == (0, "0" * 64)
    assert lines(STATE) == []


def test_recording_once_more_adds_nothing() -> None:
    record(STATE, requests(3))
    before = lines(STATE)

    recorded = record(STATE, requests(5))

    assert (recorded.added, recorded.unchanged) == (2, 3)
    assert lines(STATE)[:3] == before


def test_other_evidence_for_the_same_figures_adds_nothing() -> None:
    record(STATE, [entry(catalog="c0", inputs="1a", rejected=0)])

    recorded = record(STATE, [entry(catalog="c1", inputs="1b", rejected=2)])

    assert (recorded.unchanged, recorded.entries) == (1, 1)
    assert fields(STATE)[0]["catalog"] == "c0"


def test_other_figures_are_a_correction_that_names_the_entry_before() -> None:
    record(STATE, [entry(cost="0.005")])

    recorded = record(STATE, [entry(cost="0.006")])

    first, second = fields(STATE)
    assert (recorded.added, recorded.corrected) == (0, 1)
    assert recorded.corrections == (second["id"],)
    assert second["corrects"] == first["id"]
    assert second["id"] == first["id"] + "-2"
    assert "corrects" not in first


def test_a_correction_back_to_the_first_figures_is_another_correction() -> None:
    for cost in ("0.005", "0.006", "0.005"):
        record(STATE, [entry(cost=cost)])

    first, second, third = fields(STATE)
    assert third["id"] == first["id"] + "-3"
    assert third["corrects"] == second["id"]


def test_within_a_recording_the_second_entry_of_a_key_corrects_the_first() -> None:
    recorded = record(STATE, [entry(), entry(), entry(cost="0.006")])

    assert (recorded.added, recorded.unchanged, recorded.corrected) == (1, 1, 1)


def test_at_most_twenty_corrections_are_listed() -> None:
    record(STATE, requests(30))

    recorded = record(STATE, [one.model_copy(update={"tokens_used": 7}) for one in requests(30)])

    assert recorded.corrected == 30
    assert len(recorded.corrections) == 20


@pytest.mark.parametrize("batch", [1, 2, 99, 100, 120])
def test_the_size_of_a_batch_is_irrelevant(batch: int) -> None:
    record(Path("other"), requests(120))

    record(STATE, requests(120), batch=batch)

    assert lines(STATE) == lines(Path("other"))
    assert load_head(STATE) == load_head(Path("other"))


def test_a_closed_month_refuses_what_is_new() -> None:
    with closing(STATE, "acme", "2026-10", "A-1"):
        pass

    recorded = record(STATE, [entry(), entry(tenant="globex")])

    (refusal,) = recorded.refusals
    assert (recorded.added, recorded.refused) == (1, 1)
    assert (refusal.tenant, refusal.period, refusal.model) == ("acme", "2026-10-01", "cheap-model")
    assert refusal.reason == "2026-10 of this tenant is closed: it has an invoice"


def test_a_closed_month_refuses_corrections_but_not_what_it_has() -> None:
    record(STATE, [entry()])
    with closing(STATE, "acme", "2026-10", "A-1"):
        pass

    assert record(STATE, [entry()]).unchanged == 1
    assert record(STATE, [entry(cost="0.006")]).refused == 1
    assert len(lines(STATE)) == 1


@pytest.mark.parametrize("closed", ["2026-09", "2026-10"])
def test_an_entry_cannot_move_out_of_a_closed_month_or_into_it(closed: str) -> None:
    record(STATE, [entry("request-1", timestamp=OCTOBER)])
    with closing(STATE, "acme", closed, "A-1"):
        pass

    recorded = record(STATE, [entry("request-1", timestamp=OCTOBER - 1)])

    assert recorded.refused == 1
    assert recorded.refusals[0].reason.startswith(closed)


def test_at_most_twenty_refusals_are_listed() -> None:
    with closing(STATE, "acme", "2026-10", "A-1"):
        pass

    recorded = record(STATE, requests(30))

    assert recorded.refused == 30
    assert len(recorded.refusals) == 20


def test_while_another_one_records_there_is_a_clear_error() -> None:
    def slowly() -> Iterator[Entry]:
        with pytest.raises(LedgerError, match="Another process has been writing"):
            record(STATE, [entry()], timeout=0.01)
        yield entry()

    assert record(STATE, slowly()).added == 1


# A disk that is full, or breaks


class Breaking:
    """A file that takes some bytes, and then no more."""

    def __init__(self, file: BinaryIO, most: int, error: BaseException) -> None:
        self.file = file
        self.most = most
        self.error = error

    def write(self, data: bytes) -> int:
        if not self.most:
            raise self.error
        written = self.file.write(bytes(data[: self.most]))
        self.most -= written
        return written

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


Break = Callable[[int, BaseException], AbstractContextManager[None]]


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Lets the ledger take so many more bytes."""

    @contextmanager
    def broken(most: int, error: BaseException) -> Iterator[None]:
        append = opening.append

        def half(path: Path, file: BinaryIO, size: int, data: bytes) -> None:
            append(path, Breaking(file, most, error), size, data)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr("costopt.ledger.record.append", half)
            yield

    return broken


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("most", [0, 1, 400, 1000])
def test_a_full_disk_loses_no_recorded_entry(breaking: Break, most: int) -> None:
    record(STATE, requests(3))
    before = lines(STATE)

    with breaking(most, FULL), pytest.raises(LedgerError, match="No space left") as raised:
        record(STATE, requests(10))

    assert raised.value.hint == "make room on the disk, then run this again"
    assert lines(STATE) == before
    assert record(STATE, requests(10)).added == 7
    assert not verify(STATE).damages


def test_an_interrupted_write_leaves_no_half(breaking: Break) -> None:
    with breaking(400, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        record(STATE, requests(10))

    assert lines(STATE) == []


def test_entries_of_which_the_end_could_not_be_remembered_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    record(STATE, requests(3))

    def full(_path: Path, _content: bytes) -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr("costopt.ledger.head.replace", full)
        with pytest.raises(LedgerError, match=r"Cannot write `state/baseline_history.head.json`"):
            record(STATE, requests(5))

    assert entries(STATE).collect().height == 5
    assert record(STATE, requests(5)).unchanged == 5
    assert not verify(STATE).damages


def test_whoever_cannot_cut_off_a_half_leaves_it_to_the_next_one(
    breaking: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(Breaking, "truncate", stuck, raising=False)
    with breaking(400, FULL), pytest.raises(LedgerError, match="No space left"):
        record(STATE, requests(10))

    recorded = record(STATE, requests(10))
    assert recorded.added == 10
    assert recorded.notes == (
        "a half-written line of 400 bytes was moved from the end of the ledger to `baseline_history.torn`",
    )


# Processes that are killed, or many

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that start as a copy")


def started(work: Callable[[], object]) -> int:
    """A process of its own that does this work."""
    process = os.fork()
    if process:
        return process
    try:
        work()
    except BaseException:  # noqa: BLE001 - the parent looks at what is left
        os._exit(1)
    os._exit(0)


@needs_fork
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("wait", [0.0, 0.005, 0.01, 0.02, 0.04])
def test_after_a_kill_the_next_run_leaves_the_ledger_of_an_undisturbed_one(wait: float) -> None:
    some = requests(400)
    record(Path("undisturbed"), some)

    process = started(lambda: record(STATE, some, batch=20))
    time.sleep(wait)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    record(STATE, some)

    assert lines(STATE) == lines(Path("undisturbed"))
    assert not verify(STATE).damages


@needs_fork
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_four_processes_at_once_lose_nothing_and_record_nothing_twice() -> None:
    parts = [requests(60, start) for start in (0, 40, 80, 120)]

    processes = [started(lambda mine=mine: record(STATE, mine, batch=7)) for mine in parts]  # type: ignore[misc]

    assert [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes] == [0, 0, 0, 0]
    found = entries(STATE).collect()["period"].to_list()
    assert len(found) == 180
    assert {*found} == {one.period for part in parts for one in part}
    assert not verify(STATE).damages


def test_the_largest_numbers_are_read_back_exactly() -> None:
    largest = Decimal("999999999999999.999999999999")
    record(STATE, [entry(tokens_used=10**15, baseline_cost_usd=largest, actual_cost_usd=Decimal("1e-12"))])

    (row,) = entries(STATE).collect().iter_rows(named=True)

    assert row["tokens_used"] == 10**15
    assert row["baseline_cost_usd"] == largest
    assert row["savings_usd"] == Decimal("999999999999999.999999999998")


def test_whoever_has_the_right_to_write_the_ledger_keeps_others_from_recording() -> None:
    with files.writing(STATE), pytest.raises(LedgerError, match="Another process"):
        record(STATE, [entry()], timeout=0)
