"""What the index says of sources and periods is what a scan of the ledger says, whatever happened to either."""

from decimal import Decimal
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import DAY, OCTOBER, entry

from costopt.ledger.before import before
from costopt.ledger.book import recording_in
from costopt.ledger.entry import KEY, Entry, content_of
from costopt.ledger.reading import reading
from costopt.ledger.record import record
from costopt.ledger.slots import slot_of
from costopt.models.entry import FIGURES, SOMETHING

SOURCES = ("logs", 'a"\\\n')
DAYS = {"2026-10-01": OCTOBER, "2026-10-02": OCTOBER + DAY}
PERIODS = (*DAYS, "r-1")
NOTHING = {name: Decimal(0) if name.endswith("usd") else 0 for name in FIGURES}
FIGURES_OF: tuple[dict[str, Any], ...] = (
    {},
    {"requests": 1},
    {"requests": 3, "tokens_used": 7, "actual_cost_usd": Decimal("0.25"), "baseline_cost_usd": Decimal(10)},
    {"unpriced": 2},
)

ENTRIES = st.lists(
    st.builds(
        lambda source, period, tenant, figures: entry(
            period,
            source=source,
            tenant=tenant,
            timestamp=DAYS.get(period, OCTOBER),
            **{**NOTHING, **figures},
        ),
        st.sampled_from(SOURCES),
        st.sampled_from(PERIODS),
        st.sampled_from(["acme", "globex"]),
        st.sampled_from(FIGURES_OF),
    ),
    max_size=5,
)
EVENTS = ("the index is lost", "it is copied", "it is put back", "all is withdrawn")
HAPPENED = st.lists(ENTRIES | st.sampled_from(EVENTS), max_size=8)


def happen(state: Path, each: list[Entry] | str) -> None:
    index, copy = state / "baseline_history.index", state / "copy"
    if isinstance(each, list):
        record(state, each)
    elif each == "all is withdrawn":
        with reading(state, ["timestamp", *KEY]) as current:
            rows = current.collect().iter_rows(named=True)
        record(state, [Entry(**row, **NOTHING) for row in rows])
    elif each == "the index is lost":
        index.unlink(missing_ok=True)
    elif each == "it is copied" and index.exists():
        copy.write_bytes(index.read_bytes())
    elif copy.exists():
        index.write_bytes(copy.read_bytes())


@settings(max_examples=100)
@given(HAPPENED, st.sampled_from([1, 3, 100]), st.sampled_from([1, 10_000]))
def test_the_index_says_what_a_scan_says(happened: list[list[Entry] | str], slack: int, lines: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("costopt.ledger.index._SLACK", slack)
        patched.setattr("costopt.ledger.index._LINES", lines)
        state = Path(folder)
        for each in happened:
            happen(state, each)

        columns = ["timestamp", *KEY, *FIGURES]
        with reading(state) as current:
            scanned = current.collect()
        with recording_in(state) as book:
            for source, period in product(SOURCES, PERIODS):
                about = [entry(period, source=source, timestamp=DAYS.get(period, OCTOBER))]
                of_both = scanned.filter(SOMETHING, source=source, period=period).select(columns)
                assert before(book, about).sort(columns).equals(of_both.sort(columns))
            for source, by_day in product(SOURCES, (True, False)):
                of_grain = scanned.filter(
                    pl.col("requests") + pl.col("unpriced") > 0,
                    pl.col("period").is_in([*DAYS]) == by_day,
                    source=source,
                )
                assert book.index.counts(source, by_day=by_day) == (of_grain.height > 0)
            for row in scanned.iter_rows(named=True):
                key, _, revision = row["id"].partition("-")
                slot = slot_of(row["source"], row["period"], key)
                known = book.index.find([slot])[slot]
                assert (known.revision, known.timestamp) == (int(revision or 1), row["timestamp"])
                assert known.content == content_of(row)
