from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from recording import DAY, OCTOBER, entry, fields, lines, requests, rewrite

from costopt.errors import LedgerError
from costopt.ledger import reading as module
from costopt.ledger.entry import COUNTED, Entry
from costopt.ledger.lines import ENTRIES, LINE
from costopt.ledger.reading import (
    CORRECTED_BY,
    entries,
    history_of,
    reading,
    rows,
    rows_from,
)
from costopt.ledger.record import record

STATE = Path("state")
HEAD = STATE / "baseline_history.head.json"


def known(*lines: int) -> pl.DataFrame:
    return pl.DataFrame({LINE: lines})


@pytest.mark.parametrize("columns", [tuple(ENTRIES), ("tenant",), (), ("tenant", LINE)])
@pytest.mark.parametrize("history", [False, True])
def test_without_a_ledger_there_are_no_entries(columns: tuple[str, ...], *, history: bool) -> None:
    with reading(STATE, columns, history=history) as found:
        assert found.collect().height == 0
    empty = found.collect_schema()
    record(STATE, requests(1))

    with reading(STATE, columns, history=history) as found:
        assert found.collect_schema() == empty
    wanted = [name for name in (*ENTRIES, LINE) if name in {*columns, "timestamp"}]
    assert empty.names() == [*wanted, *([CORRECTED_BY] if history else [])]


def test_what_is_read_is_what_was_recorded() -> None:
    counts: dict[str, Any] = {name: number for number, name in enumerate(COUNTED)}
    whole = entry(unpriced=2, catalog="c0", inputs="1a", rejected=3, **counts)
    sparse = entry("2026-10-02", timestamp=OCTOBER + DAY, reasoning_tokens=7)
    record(STATE, [whole, sparse])

    found = entries(STATE).collect()

    assert found.schema == pl.Schema(ENTRIES)
    assert [
        Entry(**row)
        for row in found.drop("id", "savings_usd", "corrects", "prev", "hash").iter_rows(named=True)
    ] == [
        whole,
        sparse,
    ]
    assert found["savings_usd"].to_list() == [Decimal("0.025")] * 2
    assert found["corrects"].to_list() == [None, None]
    assert found["hash"].to_list() == [line["hash"] for line in fields(STATE)]


@pytest.mark.parametrize("column", [*ENTRIES])
def test_one_column_is_read_like_all(column: str) -> None:
    record(STATE, [entry(input_tokens=5, catalog="c0"), entry("2026-10-02", timestamp=OCTOBER + DAY)])

    assert entries(STATE, [column]).select(column).collect().equals(entries(STATE).select(column).collect())


@pytest.mark.parametrize(
    "tenant", ['a"b', "back\\slash", "line\nend", "nul\0", "del\x7f", "Zürich 東京 🚀", "", "{}, :"]
)
def test_a_text_is_read_back_as_it_was(tenant: str) -> None:
    record(STATE, [entry(tenant=tenant), entry(tenant="plain")])

    assert entries(STATE, ["tenant"]).collect()["tenant"].to_list() == [tenant, "plain"]


@pytest.mark.parametrize("block", [100, 1000, 1 << 22])
def test_of_a_corrected_entry_the_last_correction_counts(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    for cost in ("0.005", "0.006", "0.007"):
        record(STATE, [*requests(3), entry(cost=cost)])

    found = entries(STATE, ["period", "actual_cost_usd"]).collect().sort("period")

    assert found.columns == ["timestamp", "actual_cost_usd", "period"]
    assert found["period"].to_list() == ["2026-10-01", "request-0", "request-1", "request-2"]
    assert found["actual_cost_usd"].to_list()[0] == Decimal("0.007")


@pytest.mark.parametrize("columns", [tuple(ENTRIES), ("actual_cost_usd",)])
def test_a_history_has_every_line_and_what_corrects_it(columns: tuple[str, ...]) -> None:
    for cost in ("0.005", "0.006", "0.007"):
        record(STATE, [entry("other"), entry(cost=cost)])

    found = history_of(STATE, ["id", LINE, *columns]).collect().sort(LINE)

    _, first, second, third = found["id"]
    assert found[LINE].to_list() == [1, 2, 3, 4]
    assert found["actual_cost_usd"].to_list() == [
        Decimal(cost) for cost in ("0.005", "0.005", "0.006", "0.007")
    ]
    assert found[CORRECTED_BY].to_list() == [None, second, third, None]
    assert (second, third) == (f"{first}-2", f"{first}-3")


def test_current_entries_have_the_numbers_of_their_lines() -> None:
    for cost in ("0.005", "0.006"):
        record(STATE, [entry("other"), entry(cost=cost)])

    assert entries(STATE, [LINE]).collect()[LINE].sort().to_list() == [1, 3]


@pytest.mark.parametrize("block", [10, 1000, 1 << 22])
@pytest.mark.parametrize("at_once", [1, 3, 10_000])
def test_entries_are_found_again_by_their_lines(
    monkeypatch: pytest.MonkeyPatch, block: int, at_once: int
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    record(STATE, [entry(tenant="Zürich\n\r"), *requests(5)])
    known = pl.DataFrame({"known": ["d", "a", "b", "a"], LINE: [4, 1, 2, 1]})

    found = [*rows(STATE, known)]

    assert [some.height for some in found] == [min(at_once, left) for left in range(4, 0, -at_once)]
    assert pl.concat(found).equals(known.hstack(entries(STATE).collect()[[3, 0, 1, 0]]))


def test_of_no_lines_there_are_no_entries() -> None:
    assert [*rows(STATE, known(1).clear())] == []


def test_lines_are_found_again_whatever_is_recorded_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    record(STATE, requests(3))
    before = entries(STATE).collect()
    found = rows(STATE, known(3, 2, 1))
    first = next(found)
    record(STATE, requests(9))

    assert pl.concat([first, *found]).drop(LINE).equals(before[[2, 1, 0]])


def test_a_line_that_is_there_no_longer_is_an_error() -> None:
    record(STATE, requests(3))
    rewrite(STATE, *lines(STATE)[:2])

    assert next(rows(STATE, known(2))).height == 1
    with pytest.raises(LedgerError, match="has a line that is no entry"):
        next(rows(STATE, known(2, 3)))


def test_a_ledger_that_is_there_no_longer_is_an_error() -> None:
    with pytest.raises(LedgerError, match="Cannot read `state"):
        next(rows(STATE, known(1)))


def test_a_line_whose_end_is_damaged_is_an_error_when_all_of_it_is_read() -> None:
    record(STATE, requests(2))
    first, second = lines(STATE)
    rewrite(STATE, first, second.replace(b'"prev"', b'"perv"'))

    with reading(STATE, ["tenant"]) as found:
        assert found.collect().height == 2
    with pytest.raises(LedgerError, match="has a line that is no entry"):
        next(rows(STATE, known(2)))


def test_a_text_that_looks_like_a_correction_is_none() -> None:
    record(STATE, [entry()])
    (identity,) = entries(STATE, ["id"]).collect()["id"].to_list()
    record(STATE, [entry(tenant=f'", "corrects": "{identity}"')])

    assert entries(STATE).collect().height == 2


def test_a_line_that_is_being_written_is_not_read() -> None:
    record(STATE, requests(3))
    rewrite(STATE, *lines(STATE), b'{"timestamp": 17')

    assert entries(STATE).collect().height == 3


def test_what_is_recorded_later_is_not_read() -> None:
    record(STATE, requests(3))
    found = entries(STATE)
    record(STATE, requests(5))

    assert found.collect().height == 3


@pytest.mark.parametrize("lost", [False, True])
def test_entries_behind_the_remembered_end_are_read(*, lost: bool) -> None:
    record(STATE, requests(3))
    before = HEAD.read_bytes()
    record(STATE, requests(5))
    HEAD.unlink() if lost else HEAD.write_bytes(before)

    assert entries(STATE).collect().height == 5


def test_a_ledger_that_was_cut_is_not_read() -> None:
    record(STATE, requests(3))
    rewrite(STATE, *lines(STATE)[:2])

    with pytest.raises(LedgerError, match="is shorter than it was: it had 3 entries"):
        entries(STATE)


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        (b'"tenant": "acme"', b'"tenant": "ac\xffe"'),
        (b'"tenant": "acme"', b'"tenant": "ac\\me"'),
        (b'"corrects": "', b'"corrects": "\xff'),
    ],
)
def test_a_line_with_a_broken_text_is_no_entry(said: bytes, broken: bytes) -> None:
    record(STATE, [entry(), entry(cost="0.006")])
    first, second = lines(STATE)
    rewrite(STATE, first, second.replace(said, broken))

    with pytest.raises(LedgerError, match="has a line that is no entry"), reading(STATE) as found:
        found.collect()


@pytest.mark.parametrize("columns", [("tenant",), tuple(ENTRIES)])
def test_a_line_that_is_no_entry_is_an_error(columns: tuple[str, ...]) -> None:
    record(STATE, requests(3))
    changed = lines(STATE)
    rewrite(STATE, changed[0], changed[1].replace(b'"tokens_used"', b'"tokens_usee"'), changed[2])

    with (
        pytest.raises(LedgerError, match="has a line that is no entry") as raised,
        reading(STATE, columns) as found,
    ):
        found.select(columns[0]).collect()
    assert "costopt gainshare verify" in raised.value.hint


@pytest.mark.parametrize("at_once", [1, 2, 10_000])
def test_lines_are_found_by_where_they_begin(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    record(STATE, [entry(tenant='a"\\\n'), *requests(3)])
    starts = [sum(map(len, lines(STATE)[:number])) for number in (0, 2, 3)]

    found = rows_from(STATE, starts, [*ENTRIES])

    assert found.equals(entries(STATE).collect()[[0, 2, 3]])
    assert rows_from(STATE, [], [*ENTRIES]).schema == found.schema


@pytest.mark.parametrize("start", [1, 10**6])
def test_where_no_line_begins_there_is_no_entry(start: int) -> None:
    record(STATE, requests(1))

    with pytest.raises(LedgerError, match="has a line that is no entry"):
        rows_from(STATE, [start], ["tenant"])


def test_in_a_folder_with_a_strange_name_it_is_read_too() -> None:
    record(Path("a*[b]?"), requests(3))

    with reading(Path("a*[b]?"), ["tenant"]) as found:
        assert found.collect().height == 3


def test_a_file_that_has_become_shorter_meanwhile_has_no_more_corrections() -> None:
    record(STATE, requests(1))

    assert module._corrected(STATE / "baseline_history.jsonl", 10**6) == []  # noqa: SLF001 - a race


def test_a_ledger_that_cannot_be_read_is_a_clear_error() -> None:
    (STATE / "baseline_history.jsonl").mkdir(parents=True)

    with pytest.raises(LedgerError, match=r"Cannot read `state/baseline_history.jsonl`"):
        entries(STATE)
