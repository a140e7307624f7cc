from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import OCTOBER

from costopt.calculators.gainshare.summary import columns_of, summarize
from costopt.calculators.gainshare.sums import together
from costopt.ledger.entry import COLUMNS, KEY, Entry
from costopt.ledger.lines import LINE, TEXT, scanned
from costopt.ledger.reading import entries
from costopt.ledger.record import record
from costopt.ledger.verify import verify
from costopt.models.entry import FIGURES

TEXTS = st.sampled_from(["", "acme", "globex", 'a"\\\n', "東京", "{,}", " ,: ", "null"])
PICO = st.integers(0, 10**26).map(lambda pico: Decimal(pico).scaleb(-12))
ENTRY = st.builds(
    Entry,
    timestamp=st.integers(OCTOBER, OCTOBER + 10**7),
    model=TEXTS,
    tokens_used=st.integers(0, 10**15),
    baseline_cost_usd=PICO,
    actual_cost_usd=PICO,
    tenant=TEXTS,
    adapter=st.just("a"),
    period=st.sampled_from(["one", "other"]),
    source=st.just("s"),
    baseline=st.just("b"),
    requests=st.integers(0, 10**6),
    unpriced=st.integers(0, 10**6),
    input_tokens=st.none() | st.integers(0, 10**15),
    catalog=st.none() | TEXTS,
)
RECORDINGS = st.lists(st.lists(ENTRY, max_size=12), max_size=4)
DAYS = st.lists(ENTRY, max_size=20, unique_by=lambda entry: tuple(getattr(entry, name) for name in KEY))


def current(state: Path) -> dict[tuple[object, ...], Entry]:
    """The entries as they stand, by key."""
    rows = (
        entries(state).drop("id", "savings_usd", "corrects", "prev", "hash").collect().iter_rows(named=True)
    )
    found = [Entry(**row) for row in rows]
    by_key = keyed(found)
    assert len(by_key) == len(found)
    return by_key


def keyed(some: Sequence[Entry]) -> dict[tuple[object, ...], Entry]:
    """The last entry of each key."""
    return {tuple(getattr(entry, name) for name in KEY): entry for entry in some}


def figures(entry: Entry) -> Entry:
    """An entry without its evidence, which is that of its first recording."""
    return entry.model_copy(update={"catalog": None})


@settings(max_examples=20)
@given(RECORDINGS)
def test_replaying_the_ledger_gives_the_last_entry_of_each_key(recordings: list[list[Entry]]) -> None:
    with TemporaryDirectory() as folder:
        state = Path(folder)
        for some in recordings:
            record(state, some)

        found = current(state)

        expected = keyed([entry for some in recordings for entry in some])
        assert {key: figures(entry) for key, entry in found.items()} == {
            key: figures(entry) for key, entry in expected.items()
        }
        assert not verify(state).damages


@settings(max_examples=20)
@given(DAYS, st.integers(1, 5))
def test_recording_twice_is_recording_once(some: list[Entry], batch: int) -> None:
    with TemporaryDirectory() as folder:
        record(Path(folder), some, batch=batch)
        once = (Path(folder) / "baseline_history.jsonl").read_bytes()

        again = record(Path(folder), some)

        assert (again.added, again.corrected, again.unchanged) == (0, 0, len(some))
        assert (Path(folder) / "baseline_history.jsonl").read_bytes() == once


@settings(max_examples=20)
@given(DAYS, st.randoms(use_true_random=False), st.integers(0, 20))
def test_the_order_and_the_split_of_recordings_are_irrelevant(
    some: list[Entry], chance: object, split: int
) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        record(Path(one), some)
        record(Path(other), shuffled[:split])
        record(Path(other), shuffled[split // 2 :])

        assert current(Path(one)) == current(Path(other))
        in_order, in_disorder = (summarize(entries(Path(each), columns_of())) for each in (one, other))
        assert in_order == in_disorder


@settings(max_examples=20)
@given(DAYS)
def test_savings_are_the_baseline_less_the_actual_cost_entry_by_entry_and_in_sum(some: list[Entry]) -> None:
    with TemporaryDirectory() as folder:
        record(Path(folder), some)
        rows = entries(Path(folder)).collect()
        total = together(entries(Path(folder), FIGURES))

    for row in rows.iter_rows(named=True):
        assert row["savings_usd"] == row["baseline_cost_usd"] - row["actual_cost_usd"]
    assert total.savings_usd == sum(entry.savings_usd for entry in some)


@settings(max_examples=30)
@given(DAYS, st.sets(st.sampled_from([column.name for column in COLUMNS if not column.optional])))
def test_lines_that_are_cut_at_their_quotes_say_what_an_expression_finds_in_them(
    some: list[Entry], names: set[str]
) -> None:
    with TemporaryDirectory() as folder:
        record(Path(folder), some)
        path, columns = Path(folder) / "baseline_history.jsonl", [*names, LINE]

        cut = scanned(path, len(some), columns).collect()

        assert cut.equals(scanned(path, len(some), columns, pl.col(TEXT) != "").collect())
        assert cut.height == len(some)


@settings(max_examples=20)
@given(DAYS, st.data())
def test_a_flipped_bit_and_a_cut_end_are_found(some: list[Entry], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        state = Path(folder)
        record(state, some)
        path = state / "baseline_history.jsonl"
        content = path.read_bytes()
        if not content:
            return
        at = data.draw(st.integers(0, len(content) - 1))
        flipped = bytearray(content)
        flipped[at] ^= 1 << data.draw(st.integers(0, 7))

        path.write_bytes(flipped)
        assert verify(state).damages[0].line == content.count(b"\n", 0, at) + 1
        path.write_bytes(content[:at])
        assert verify(state).damages


@settings(max_examples=20)
@given(DAYS, st.data())
def test_whatever_is_torn_off_the_end_the_next_recording_gives_the_same_ledger(
    some: list[Entry], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        record(Path(folder), some)
        content = (Path(folder) / "baseline_history.jsonl").read_bytes()
        kept = data.draw(st.integers(0, len(content)))
        (Path(other) / "baseline_history.jsonl").write_bytes(content[:kept])

        record(Path(other), some)

        assert (Path(other) / "baseline_history.jsonl").read_bytes() == content
