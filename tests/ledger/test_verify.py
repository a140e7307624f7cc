import json
from pathlib import Path

import pytest
from recording import entry, lines, requests, rewrite

from costopt.errors import LedgerError
from costopt.ledger.chain import GENESIS, seal
from costopt.ledger.closing import closing
from costopt.ledger.head import Head, save_head
from costopt.ledger.record import record
from costopt.ledger.verify import verify

STATE = Path("state")
HEAD = STATE / "baseline_history.head.json"
CHANGED = "it was changed: its bytes do not give its hash"
UNSEALED = "it does not end in its hash: it was changed, or is no entry"
UNCHAINED = "it does not follow the line before it: one was removed, inserted or moved"


@pytest.fixture(autouse=True)
def ledger() -> list[bytes]:
    """A ledger of four entries, one of which is a correction."""
    record(STATE, [entry(), *requests(2), entry(cost="0.006")])
    return lines(STATE)


def damages() -> list[tuple[int | None, str]]:
    """What is found, by line."""
    return [(damage.line, damage.reason) for damage in verify(STATE).damages]


def test_a_ledger_as_it_was_written_has_no_damage(ledger: list[bytes]) -> None:
    found = verify(STATE)

    assert (found.damages, found.more, found.entries, found.witnesses) == ((), 0, 4, 1)
    assert found.bytes == sum(map(len, ledger))
    assert found.hash == json.loads(ledger[-1])["hash"]


def test_nor_has_a_ledger_that_does_not_exist() -> None:
    found = verify(Path("missing"))

    assert (found.damages, found.entries, found.hash, found.witnesses) == ((), 0, GENESIS, 0)


def test_a_flipped_bit_is_found_with_its_line_wherever_it_is(ledger: list[bytes]) -> None:
    content = b"".join(ledger)
    for at in range(0, len(content), 3):
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        rewrite(STATE, bytes(changed))

        found = verify(STATE).damages

        line = content.count(b"\n", 0, at) + 1
        assert found, at
        assert found[0].line == line, at


def test_a_changed_line_is_told_once(ledger: list[bytes]) -> None:
    rewrite(STATE, ledger[0], ledger[1].replace(b"0.03", b"0.04"), *ledger[2:])

    assert damages() == [(2, CHANGED)]


def test_a_changed_hash_is_told_once(ledger: list[bytes]) -> None:
    rewrite(STATE, ledger[0], ledger[1][:-10] + b'0000000"}\n', *ledger[2:])

    assert damages() == [(2, CHANGED)]


def test_a_removed_line_is_found(ledger: list[bytes]) -> None:
    rewrite(STATE, ledger[0], *ledger[2:])

    assert damages() == [
        (2, UNCHAINED),
        (None, "1 of the 4 lines are missing that were there after the last recording"),
    ]


def test_a_removed_first_line_is_found(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger[1:])

    assert damages()[0] == (1, UNCHAINED)


def test_an_inserted_line_is_found(ledger: list[bytes]) -> None:
    line, _ = seal('{"timestamp": 1', json.loads(ledger[0])["hash"])
    rewrite(STATE, ledger[0], line, *ledger[1:])

    assert damages() == [(3, UNCHAINED), (4, "it is not the line that was there after the last recording")]


def test_a_repeated_line_is_found(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger, ledger[3])

    assert damages() == [(5, UNCHAINED)]


def test_lines_that_changed_places_are_found(ledger: list[bytes]) -> None:
    rewrite(STATE, ledger[0], ledger[2], ledger[1], ledger[3])

    assert damages() == [(2, UNCHAINED), (3, UNCHAINED), (4, UNCHAINED)]


def test_what_is_no_entry_is_found_and_nothing_else(ledger: list[bytes]) -> None:
    rewrite(STATE, ledger[0], b"\n", *ledger[1:])

    assert damages()[0] == (2, UNSEALED)
    assert (3, UNCHAINED) not in damages()


def test_a_half_written_line_is_told(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger, b'{"timestamp')

    assert damages() == [(5, "it is only half written: by a recording that runs, or was interrupted")]


def test_a_cut_end_is_found(ledger: list[bytes]) -> None:
    rewrite(STATE, *ledger[:2])

    assert damages() == [(None, "2 of the 4 lines are missing that were there after the last recording")]


def test_a_cut_end_is_found_by_a_closed_month_where_the_head_is_lost(ledger: list[bytes]) -> None:
    with closing(STATE, "acme", "2026-10", "A-1"):
        pass
    HEAD.unlink()
    rewrite(STATE, *ledger[:3])

    assert damages() == [
        (None, "1 of the 4 lines are missing that were there when 2026-10 of `acme` was closed")
    ]


def test_a_chain_that_was_computed_anew_is_found(ledger: list[bytes]) -> None:
    last, rewritten = GENESIS, []
    for line in ledger:
        content = line.replace(b"0.03", b"0.04").partition(b', "prev"')[0].decode()
        new, last = seal(content, last)
        rewritten.append(new)
    rewrite(STATE, *rewritten)

    assert damages() == [(4, "it is not the line that was there after the last recording")]


def test_a_broken_memory_is_told() -> None:
    HEAD.write_text("{", encoding="utf-8")

    assert damages() == [
        (None, "`baseline_history.head.json`, which remembers the end of the ledger, cannot be read")
    ]


def test_without_any_memory_nobody_is_a_witness(ledger: list[bytes]) -> None:
    HEAD.unlink()
    rewrite(STATE, *ledger[:2])

    assert (verify(STATE).damages, verify(STATE).witnesses) == ((), 0)


def test_at_most_a_hundred_damages_are_listed() -> None:
    rewrite(STATE, b"\n" * 150)
    save_head(STATE, Head())

    assert (len(verify(STATE).damages), verify(STATE).more) == (100, 50)


def test_a_ledger_that_cannot_be_read_is_a_clear_error() -> None:
    (STATE / "baseline_history.jsonl").unlink()
    (STATE / "baseline_history.jsonl").mkdir()

    with pytest.raises(LedgerError, match=r"Cannot read `state/baseline_history.jsonl`"):
        verify(STATE)
