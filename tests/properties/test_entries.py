"""Laws of the list of entries, over random recordings."""

from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from recording import DAY, OCTOBER, entry, fields, recorded_before

from costopt.calculators.gainshare.entries import (
    GainshareEntries,
    Listed,
    columns_of,
    list_entries,
)
from costopt.calculators.gainshare.summary import columns_of as columns_by
from costopt.calculators.gainshare.summary import summarize
from costopt.ledger.before import withdrawals
from costopt.ledger.entry import Entry
from costopt.ledger.reading import entries, reading, rows
from costopt.ledger.record import record

DAYS = st.builds(
    lambda day, tenant, cost, is_free: entry(
        f"2026-10-{day:02}",
        "0" if is_free else f"0.00{cost}",
        timestamp=OCTOBER + (day - 1) * DAY,
        tenant=tenant,
        **({"requests": 0, "tokens_used": 0, "baseline_cost_usd": 0} if is_free else {}),
    ),
    st.integers(1, 3),
    st.sampled_from(["acme", "globex", 'a"\\\n']),
    st.integers(1, 3),
    st.sampled_from([False, False, False, True]),
)
RECORDING = st.lists(DAYS, max_size=6, unique_by=lambda each: (each.period, each.tenant))
RECORDINGS = st.lists(RECORDING, max_size=4)


def recorded(state: Path, recordings: list[list[Entry]]) -> None:
    """Each recording takes the place of what was recorded of its days before."""
    for some in recordings:
        record(state, [*some, *withdrawals(recorded_before(state, some), some)])


def listed(state: Path, top: int | None = None, **limits: Any) -> GainshareEntries:  # noqa: ANN401 - any limit
    asked = Listed(**limits)
    with reading(state, columns_of(asked), history=asked.needs_history) as found:
        return list_entries(found, partial(rows, state), asked, top)


@settings(max_examples=30)
@given(RECORDINGS)
def test_what_counts_and_what_no_longer_does_are_all_lines_of_the_ledger(
    recordings: list[list[Entry]],
) -> None:
    with TemporaryDirectory() as folder:
        state = Path(folder)
        recorded(state, recordings)
        whole, current = listed(state, history=True), listed(state)
        found = {each.line: each for each in whole.entries}
        left = [*current.entries]
        lines = fields(state) if found else []
        total = summarize(entries(state, columns_by())).total

    assert sorted(found) == [*range(1, len(lines) + 1)]
    for number, line in enumerate(lines, 1):
        shown = found[number].model_dump()
        assert {name: shown[name] for name in line} == line
    assert {each.corrected_by for each in found.values()} - {None} == {
        each.id for each in found.values() if each.corrects
    }
    still = [each for each in found.values() if each.corrected_by is None and not each.withdrawn]
    assert {each.id for each in still} == {each.id for each in left}
    assert whole.corrected is not None
    assert whole.withdrawn is not None
    assert len(still) + whole.corrected + whole.withdrawn == len(lines)
    assert current.total == whole.total == total


@settings(max_examples=30)
@given(RECORDING, st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_in_the_ledger(some: list[Entry], chance: Random) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        record(Path(one), some)
        record(Path(other), shuffled)
        first, second = listed(Path(one)), listed(Path(other))
        with_history = listed(Path(other), history=True)
        ids = [[each.id for each in result.entries] for result in (first, second)]

    assert first.entries_sha256 == second.entries_sha256 == with_history.entries_sha256
    assert ids[0] == ids[1]


@settings(max_examples=30)
@given(recordings=RECORDINGS, top=st.integers(1, 5), history=st.booleans())
def test_the_first_entries_are_the_first_of_all(
    recordings: list[list[Entry]], top: int, *, history: bool
) -> None:
    with TemporaryDirectory() as folder:
        recorded(Path(folder), recordings)
        every, some = (listed(Path(folder), most, history=history) for most in (None, top))
        found = [[*result.entries] for result in (every, some)]

    assert found[1] == found[0][:top]
    assert some.more == max(0, len(every.entries) - top)
    assert some.model_copy(update={"entries": every.entries, "more": 0}) == every
