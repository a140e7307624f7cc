import datetime as dt
import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from inline_snapshot import snapshot
from recording import DAY, OCTOBER

from costopt.calculators.gainshare.digest import digest_of
from costopt.calculators.gainshare.entries import (
    EntryId,
    GainshareEntries,
    LedgerEntry,
    Listed,
    columns_of,
    list_entries,
    parse_id,
)
from costopt.calculators.gainshare.summary import Selection
from costopt.errors import ConfigError
from costopt.ledger.entry import COUNTED
from costopt.ledger.lines import ENTRIES, LINE
from costopt.ledger.reading import CORRECTED_BY

SCHEMA = {**ENTRIES, LINE: pl.get_index_type(), CORRECTED_BY: pl.String}
A, B, C = ("a" * 32, "b" * 32, "c" * 32)


def row(line: int, identity: str, day: int = 1, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A request of `acme` on a day of October; savings of 0.025 USD."""
    return {
        "timestamp": OCTOBER + (day - 1) * DAY,
        "model": "cheap-model",
        "tokens_used": 1000,
        "baseline_cost_usd": Decimal("0.03"),
        "actual_cost_usd": Decimal("0.005"),
        "savings_usd": Decimal("0.025"),
        "tenant": "acme",
        "adapter": "gate",
        "requests": 1,
        "unpriced": 0,
        "id": identity,
        "period": f"2026-10-{day:02}",
        "source": "logs",
        "baseline": "premium",
        "prev": "0" * 64,
        "hash": "1" * 64,
        "line": line,
        **changes,
    }


def nothing(line: int, identity: str, day: int = 1, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """An entry that was withdrawn."""
    figures = ("requests", "tokens_used", "baseline_cost_usd", "actual_cost_usd", "savings_usd")
    return row(line, identity, day, **{**dict.fromkeys(figures, 0), **changes})


LEDGER = (
    row(1, B, tenant="globex", baseline="other"),
    row(2, A, corrected_by=f"{A}-2"),
    row(3, C, 3, source="more", corrected_by=f"{C}-2"),
    row(4, f"{A}-2", corrects=A, actual_cost_usd=Decimal("0.01"), savings_usd=Decimal("0.02")),
    nothing(5, f"{C}-2", 3, source="more", corrects=C),
)


def listed(*rows: dict[str, Any], top: int | None = None, **limits: Any) -> GainshareEntries:  # noqa: ANN401 - any limit
    """What is listed of a ledger; only the columns that are told to be needed are there at first."""
    whole = pl.DataFrame(rows, schema=SCHEMA)
    asked = Listed(**limits)
    history = [CORRECTED_BY] if asked.needs_history else []
    seen = whole if asked.needs_history else whole.filter(pl.col(CORRECTED_BY).is_null())

    def read(known: pl.DataFrame) -> Iterator[pl.DataFrame]:
        for some in known.iter_slices(2):
            yield some.join(whole.drop(CORRECTED_BY), on=LINE, maintain_order="left")

    return list_entries(seen.select(*columns_of(asked), *history), read, asked, top)


def ids(result: GainshareEntries) -> list[str]:
    """The first letter of each id, with the number of the correction."""
    return [each.id[0] + each.id[32:] for each in result.entries]


def test_an_entry_has_every_field_of_a_line_and_what_became_of_it() -> None:
    assert {*ENTRIES, "line", "time", "corrected_by", "withdrawn"} == {*LedgerEntry.model_fields}

    counts = {name: number for number, name in enumerate(COUNTED)}
    (entry,) = listed(row(7, A, catalog="c0", inputs="1a", rejected=3, **counts)).entries

    assert entry.model_dump(exclude={*COUNTED}) == {
        **{name: value for name, value in row(7, A).items() if name not in COUNTED},
        "time": dt.datetime(2026, 10, 1, tzinfo=dt.UTC),
        "catalog": "c0",
        "inputs": "1a",
        "rejected": 3,
        "corrects": None,
        "corrected_by": None,
        "withdrawn": False,
    }
    assert {name: getattr(entry, name) for name in COUNTED} == counts
    assert str(entry.savings_usd) == "0.025"


def test_what_was_corrected_or_withdrawn_is_neither_listed_nor_counted() -> None:
    result = listed(*LEDGER)

    assert ids(result) == ["a-2", "b"]
    assert (result.total.entries, str(result.total.savings_usd)) == (2, "0.045")
    assert (result.first_day, result.last_day) == (dt.date(2026, 10, 1), dt.date(2026, 10, 1))
    assert (result.corrected, result.withdrawn, result.more) == (None, None, 0)


def test_with_the_history_they_are_listed_and_marked_and_still_not_counted() -> None:
    result = listed(*LEDGER, history=True)

    assert [(each.id[0] + each.id[32:], each.corrected_by, each.withdrawn) for each in result.entries] == [
        ("a", f"{A}-2", False),
        ("a-2", None, False),
        ("b", None, False),
        ("c", f"{C}-2", False),
        ("c-2", None, True),
    ]
    assert result.total == listed(*LEDGER).total
    assert result.entries_sha256 == listed(*LEDGER).entries_sha256
    assert (result.corrected, result.withdrawn) == (2, 1)


def test_a_tenth_correction_comes_after_the_second() -> None:
    names = [A, *(f"{A}-{number}" for number in range(2, 12))]
    chain = [row(line, name, corrected_by="later") for line, name in enumerate(names, 1)]

    assert ids(listed(*chain, history=True))[-3:] == ["a-9", "a-10", "a-11"]


def test_entries_are_by_time_and_then_by_id() -> None:
    assert ids(listed(row(1, C, 2), row(2, B, 2), row(3, A, 3))) == ["b", "c", "a"]


def test_the_digest_is_of_a_line_for_each_entry_in_their_order() -> None:
    result = listed(row(1, B), row(2, A))

    text = "".join(f"{each} {OCTOBER} 1 0 1000 0.030000000000 0.005000000000\n" for each in (A, B))
    assert result.entries_sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_of_very_many_entries_is_that_of_all_their_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pl.DataFrame([row(line, f"{line:032x}") for line in range(10)], schema=SCHEMA)
    at_once = digest_of(whole)

    monkeypatch.setattr("costopt.calculators.gainshare.digest._AT_ONCE", 3)

    assert digest_of(whole) == at_once


def test_of_many_entries_the_first_are_shown_and_all_are_counted() -> None:
    result = listed(*LEDGER, top=1)

    assert (ids(result), result.more, result.total.entries) == (["a-2"], 1, 2)
    assert result.entries_sha256 == listed(*LEDGER).entries_sha256
    assert listed(*LEDGER, top=9).more == 0


def test_no_entries_are_nothing() -> None:
    result = listed()

    assert ([*result.entries], result.total.entries) == ([], 0)
    assert (result.first_day, result.last_day) == (None, None)
    assert result.entries_sha256 == hashlib.sha256(b"").hexdigest()


# Limits


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({"selection": Selection(tenant="globex")}, ["b"]),
        ({"selection": Selection(baseline="other")}, ["b"]),
        ({"selection": Selection(since=dt.datetime(2026, 10, 2, tzinfo=dt.UTC))}, []),
        ({"selection": Selection(until=dt.datetime(2026, 10, 2, tzinfo=dt.UTC))}, ["a-2", "b"]),
        ({"baselines": ("other", "another")}, ["b"]),
        ({"baselines": ("other", "premium")}, ["a-2", "b"]),
        ({"source": "logs"}, ["a-2", "b"]),
        ({"source": "more"}, []),
        ({"source": "more", "history": True}, ["c", "c-2"]),
        ({"id": EntryId("bbbbbb")}, ["b"]),
        ({"id": EntryId("aaaaaa")}, ["a-2"]),
        ({"id": EntryId(A, "2")}, ["a-2"]),
        ({"id": EntryId(A, "2"), "history": True}, ["a", "a-2"]),
        ({"id": EntryId("cccccc"), "history": True}, ["c", "c-2"]),
    ],
)
def test_only_entries_within_every_limit_are_listed(limits: dict[str, Any], found: list[str]) -> None:
    assert ids(listed(*LEDGER, **limits)) == found


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (
            {"id": EntryId("dddddd")},
            snapshot(
                (
                    "The ledger has no entry `dddddd`",
                    "`costopt gainshare entries` lists those it has",
                )
            ),
        ),
        (
            {"id": EntryId("aaaaaa", "3"), "history": True},
            snapshot(
                (
                    "The ledger has no entry `aaaaaa-3`",
                    "`costopt gainshare entries` lists those it has",
                )
            ),
        ),
        (
            {"id": EntryId("cccccc")},
            snapshot(("`cccccc` was withdrawn", "show what there was: `--history`")),
        ),
        (
            {"id": EntryId("aaaaaa"), "selection": Selection(tenant="globex"), "history": True},
            snapshot(("`aaaaaa` is not among these entries", "leave out the other limits")),
        ),
    ],
)
def test_an_entry_that_cannot_be_listed_is_told_why(limits: dict[str, Any], told: tuple[str, str]) -> None:
    with pytest.raises(ConfigError) as raised:
        listed(*LEDGER, **limits)

    assert (raised.value.message, raised.value.hint) == told


def test_a_correction_that_was_corrected_itself_is_told_by_what() -> None:
    chain = (row(1, A, corrected_by=f"{A}-2"), row(2, f"{A}-2", corrected_by=f"{A}-3"), row(3, f"{A}-3"))

    with pytest.raises(ConfigError, match=f"`aaaaaa-2` was corrected by `{A}-3`"):
        listed(*chain, id=EntryId("aaaaaa", "2"))


# Ids


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("abcdef", EntryId("abcdef")),
        (" ABCDEF-12 ", EntryId("abcdef", "12")),
        (A, EntryId(A)),
    ],
)
def test_an_id_may_be_cut(text: str, found: EntryId) -> None:
    assert parse_id(text) == found
    assert str(found) == text.strip().lower()


@pytest.mark.parametrize("text", ["abcde", "", "abcdeg", f"{A}a", "abcdef-", "abcdef-x", "abcdef-2-3"])
def test_what_is_no_id_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="is not the id of an entry") as raised:
        parse_id(text)
    assert raised.value.hint == snapshot("write it as the ledger has it, or its first digits, at least 6")
