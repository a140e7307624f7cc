import os
from pathlib import Path

import pytest
from recording import entry, lines, requests, rewrite

from costopt.errors import LedgerError
from costopt.ledger import opening
from costopt.ledger.closing import closing
from costopt.ledger.head import load_head
from costopt.ledger.record import record
from costopt.ledger.verify import verify

STATE = Path("state")
TORN = STATE / "baseline_history.torn"
HEAD = STATE / "baseline_history.head.json"
INDEX = STATE / "baseline_history.index"


@pytest.fixture(autouse=True)
def ledger() -> list[bytes]:
    """A ledger of three entries."""
    record(STATE, requests(3))
    return lines(STATE)


@pytest.mark.parametrize("block", [7, 1 << 16])
@pytest.mark.parametrize("cut", [1, 50, 300])
def test_a_half_written_line_is_moved_aside_and_reported(
    ledger: list[bytes], monkeypatch: pytest.MonkeyPatch, block: int, cut: int
) -> None:
    monkeypatch.setattr(opening, "_BLOCK", block)
    record(Path("other"), requests(4))
    torn = lines(Path("other"))[3][:cut]
    rewrite(STATE, *ledger, torn)

    recorded = record(STATE, requests(4))

    assert recorded.notes == (
        f"a half-written line of {cut} bytes was moved from the end of the ledger to `baseline_history.torn`",
    )
    assert TORN.read_bytes() == torn + b"\n"
    assert lines(STATE) == lines(Path("other"))


def test_what_was_torn_before_stays_in_the_file_of_torn_lines(ledger: list[bytes]) -> None:
    for torn in (b'{"a', b"\0\0\0"):
        rewrite(STATE, *ledger, torn)
        record(STATE, [])

    assert TORN.read_bytes() == b'{"a\n\0\0\0\n'


def test_a_line_that_only_lacks_its_end_gets_it(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger[:2], ledger[2][:-1])

    recorded = record(STATE, [])

    assert recorded.notes == ("the last entry lacked its line end, which was added",)
    assert lines(STATE) == ledger
    assert not TORN.exists()


def test_so_does_the_first_line(ledger: list[bytes]) -> None:
    rewrite(STATE, ledger[0][:-1])
    HEAD.unlink()
    INDEX.unlink()

    record(STATE, [])

    assert lines(STATE) == ledger[:1]


def test_a_whole_line_that_does_not_belong_there_is_moved_aside(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger, ledger[1][:-1])

    record(STATE, [])

    assert lines(STATE) == ledger
    assert TORN.read_bytes() == ledger[1]


def test_a_ledger_that_was_only_a_half_line_is_empty() -> None:
    rewrite(STATE, b'{"timestamp": 17')
    HEAD.unlink()
    INDEX.unlink()

    assert record(STATE, []).entries == 0


def test_entries_behind_the_remembered_end_are_taken_in(ledger: list[bytes]) -> None:
    before = HEAD.read_bytes()
    record(STATE, requests(5))
    head = load_head(STATE)
    HEAD.write_bytes(before)

    recorded = record(STATE, requests(5))

    assert (recorded.unchanged, recorded.entries, recorded.notes) == (5, 5, ())
    assert load_head(STATE) == head
    assert lines(STATE)[:3] == ledger


def test_a_ledger_that_was_cut_is_not_written_to(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger[:2])

    with pytest.raises(LedgerError, match="is not what it was: it had") as raised:
        record(STATE, [])
    assert "costopt gainshare verify" in raised.value.hint
    assert lines(STATE) == ledger[:2]


def test_a_ledger_that_was_cut_within_a_line_is_left_alone(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger[:2], ledger[2][:50])

    with pytest.raises(LedgerError, match="is not what it was"):
        record(STATE, [])
    assert lines(STATE) == [*ledger[:2], ledger[2][:50]]
    assert not TORN.exists()


def test_a_ledger_with_a_damaged_last_line_is_not_written_to(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger[:2], ledger[2].replace(b"request-2", b"request-9"))

    with pytest.raises(LedgerError, match=r"The last line of `state/baseline_history.jsonl` is damaged"):
        record(STATE, [])


def test_nor_one_that_ends_in_something_else(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger, b"\n")

    with pytest.raises(LedgerError, match="is damaged"):
        record(STATE, [])


@pytest.mark.parametrize("content", [None, b"", b"{"])
def test_a_lost_end_is_made_anew_and_reported(content: bytes | None) -> None:
    HEAD.unlink()
    if content is not None:
        HEAD.write_bytes(content)

    recorded = record(STATE, requests(4))

    assert (recorded.added, recorded.unchanged, recorded.entries) == (1, 3, 4)
    assert recorded.notes == ("what was remembered of the ledger's end was lost, and is made anew",)
    assert record(STATE, []).notes == ()


def test_where_the_end_is_lost_the_index_remembers_how_far_it_went() -> None:
    record(STATE, requests(200))
    HEAD.unlink()
    rewrite(STATE, *lines(STATE)[:150])

    with pytest.raises(LedgerError, match="is not what it was"):
        record(STATE, [])


def test_so_does_the_list_of_closed_months(ledger: list[bytes]) -> None:
    with closing(STATE, "acme", "2026-10", "A-1"):
        pass
    HEAD.unlink()
    INDEX.unlink()
    rewrite(STATE, *ledger[:2])

    with pytest.raises(LedgerError, match="is not what it was"):
        record(STATE, [])


def test_without_any_of_them_a_cut_cannot_be_found(ledger: list[bytes]) -> None:
    HEAD.unlink()
    INDEX.unlink()
    rewrite(STATE, *ledger[:2])

    assert record(STATE, [entry()]).entries == 3
    assert not verify(STATE).damages


def test_a_ledger_that_cannot_be_opened_is_a_clear_error() -> None:
    os.remove(STATE / "baseline_history.jsonl")  # noqa: PTH107
    (STATE / "baseline_history.jsonl").mkdir()

    with pytest.raises(LedgerError, match=r"Cannot write `state/baseline_history.jsonl`: Is a directory"):
        record(STATE, [])
