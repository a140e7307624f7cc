import sqlite3
from pathlib import Path

import pytest
from recording import entry, lines, requests, rewrite

from costopt.errors import LedgerError
from costopt.ledger import index as module
from costopt.ledger.book import recording_in
from costopt.ledger.head import Head
from costopt.ledger.index import last_indexed
from costopt.ledger.record import record

STATE = Path("state")
INDEX = STATE / "baseline_history.index"
CORRECTED = [entry(cost="0.006"), *requests(120)]


@pytest.fixture(autouse=True)
def ledger() -> None:
    """A ledger of 122 lines, one of which is a correction."""
    record(STATE, [entry(), *CORRECTED])


def again() -> tuple[int, int, int]:
    """What becomes of the same entries, and a new one."""
    recorded = record(STATE, [*CORRECTED, *requests(1, 500)])
    return recorded.added, recorded.unchanged, recorded.corrected


@pytest.mark.parametrize("lines_at_a_time", [1, 50, 10_000])
def test_a_missing_index_is_made_anew(monkeypatch: pytest.MonkeyPatch, lines_at_a_time: int) -> None:
    monkeypatch.setattr(module, "_LINES", lines_at_a_time)
    INDEX.unlink()

    assert again() == (1, 121, 0)


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be taken for one" * 20, b""])
def test_so_is_a_broken_one(content: bytes) -> None:
    INDEX.write_bytes(content)

    assert last_indexed(STATE) is None
    assert again() == (1, 121, 0)


def test_so_is_one_of_another_version() -> None:
    with sqlite3.connect(INDEX) as index:
        index.execute("PRAGMA user_version = 99")
        index.execute("DROP TABLE head")
    index.close()

    assert again() == (1, 121, 0)


def test_so_is_that_of_another_ledger() -> None:
    record(Path("other"), requests(300, 1000))
    INDEX.write_bytes(Path("other/baseline_history.index").read_bytes())

    assert again() == (1, 121, 0)


def test_so_is_one_that_is_ahead() -> None:
    before = {
        name: (STATE / name).read_bytes() for name in ("baseline_history.jsonl", "baseline_history.head.json")
    }
    record(STATE, requests(300, 1000))
    for name, content in before.items():
        (STATE / name).write_bytes(content)

    assert again() == (1, 121, 0)


def test_one_that_is_behind_reads_on() -> None:
    before = INDEX.read_bytes()
    record(STATE, [entry(cost="0.007"), *requests(300, 1000)])
    INDEX.write_bytes(before)

    assert record(STATE, [entry(cost="0.007"), *requests(300, 1000)]).unchanged == 301
    assert record(STATE, [entry(cost="0.006")]).corrections[0].endswith("-4")


def test_the_last_few_entries_are_not_written_to_it_every_time() -> None:
    before = INDEX.read_bytes()

    for one in requests(99, 1000):
        record(STATE, [one])
    assert INDEX.read_bytes() == before

    record(STATE, requests(1, 2000))
    assert INDEX.read_bytes() != before
    assert record(STATE, requests(99, 1000)).unchanged == 99


def counted(*, by_day: bool) -> bool:
    with recording_in(STATE) as book:
        return book.index.counts("prod", by_day=by_day)


def test_what_was_set_to_nothing_does_not_count_whether_the_index_was_written_since_or_not() -> None:
    assert counted(by_day=True)

    record(STATE, [entry(cost="0", tokens_used=0, baseline_cost_usd=0, requests=0)])
    assert not counted(by_day=True)

    record(STATE, requests(100, 1000))
    assert not counted(by_day=True)
    assert counted(by_day=False)


def test_how_far_it_went_is_remembered() -> None:
    head = last_indexed(STATE)

    assert isinstance(head, Head)
    assert head.entries == 122
    assert last_indexed(Path("missing")) is None


def test_a_line_that_is_no_entry_is_an_error_with_its_number() -> None:
    INDEX.unlink()
    changed = lines(STATE)
    changed[1] = b"[" + changed[1][1:]
    rewrite(STATE, *changed)

    with pytest.raises(LedgerError, match=r"`state/baseline_history.jsonl`, line 2: it is no entry"):
        record(STATE, [])


def test_an_index_that_breaks_while_it_is_used_is_an_error() -> None:
    content = INDEX.read_bytes()
    INDEX.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))

    with pytest.raises(LedgerError, match=r"`state/baseline_history.index` is broken") as raised:
        record(STATE, requests(3))
    assert raised.value.hint == "delete it; it is made anew from the ledger"


@pytest.mark.parametrize("locked", [False, True])
def test_an_index_that_cannot_be_written_is_an_error(
    monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    INDEX.unlink()
    INDEX.mkdir()
    if locked:  # it can be opened, but not be read
        INDEX.rmdir()
        monkeypatch.setattr(
            module, "_version", lambda _: (_ for _ in ()).throw(sqlite3.OperationalError("locked"))
        )

    with pytest.raises(LedgerError, match=r"Cannot write `state/baseline_history.index`: ") as raised:
        record(STATE, requests(3))
    assert "no entry is lost" in raised.value.hint
