import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costopt.intake.duplicates import Duplicates
from costopt.intake.formats.format import Wishes
from costopt.intake.numbers import to_counts, to_dollars, to_measures
from costopt.intake.partitions import partitions
from costopt.intake.reading import Reader
from costopt.intake.rejects import Reject
from costopt.intake.sources import Source
from costopt.intake.times import to_timestamps
from costopt.models.schema import REQUESTS, TIMESTAMP

# Numbers

COUNT_SPELLINGS = (str, "{:,}".format, "{:_}".format, "{}.0".format, " {} ".format, "{:,}.000".format)
DOLLAR_SPELLINGS = (str, "${}".format, "${:,}".format, "{} USD".format, "{:f}".format, " {:e} ".format)


@given(
    st.lists(
        st.tuples(st.integers(-(10**15), 10**15), st.sampled_from(COUNT_SPELLINGS)), min_size=1, max_size=20
    )
)
def test_counts_survive_any_mix_of_spellings(
    values: list[tuple[int, type[str]]],
) -> None:
    spelled = pl.Series([spell(number) for number, spell in values], dtype=pl.String)

    assert to_counts(spelled).to_list() == [number for number, _ in values]


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.none()))
def test_counts_survive_as_they_are(values: list[int | None]) -> None:
    assert to_counts(pl.Series(values, dtype=pl.Int64)).to_list() == values
    assert to_counts(pl.Series(values, dtype=pl.Int64).cast(pl.String)).to_list() == values


@given(
    st.lists(
        st.tuples(
            st.decimals(-(10**9), 10**9, places=12, allow_nan=False), st.sampled_from(DOLLAR_SPELLINGS)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_costs_survive_any_mix_of_spellings_to_the_last_digit(
    values: list[tuple[Decimal, type[str]]],
) -> None:
    spelled = pl.Series([spell(number) for number, spell in values], dtype=pl.String)

    assert to_dollars(spelled).to_list() == [number for number, _ in values]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_measures_survive_as_text(values: list[float]) -> None:
    assert to_measures(pl.Series([repr(value) for value in values], dtype=pl.String)).to_list() == values


# Times

INSTANTS = st.datetimes(dt.datetime(2000, 1, 2), dt.datetime(2099, 12, 30), timezones=st.none())  # noqa: DTZ001 - zones follow
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
SHAPES = st.sampled_from(["T", " "])
DETAILS = st.sampled_from(["auto", "minutes", "seconds", "milliseconds", "microseconds"])


@given(st.lists(st.tuples(INSTANTS, OFFSETS | st.none(), SHAPES, DETAILS), max_size=10))
def test_iso_times_mean_what_python_reads(
    values: list[tuple[dt.datetime, dt.timezone | None, str, str]],
) -> None:
    texts = [
        moment.replace(tzinfo=zone).isoformat(sep=separator, timespec=detail)
        for moment, zone, separator, detail in values
    ]
    expected = [dt.datetime.fromisoformat(text) for text in texts]

    assert to_timestamps(pl.Series(texts, dtype=pl.String)).to_list() == [
        moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC) for moment in expected
    ]


@given(
    INSTANTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=50), st.sampled_from(["Z", "+00:00", ""])
)
def test_times_of_one_shape_mean_what_python_reads(start: dt.datetime, steps: list[int], zone: str) -> None:
    moments = [start.replace(tzinfo=dt.UTC)]
    for step in steps:
        moments.append(moments[-1] + dt.timedelta(microseconds=step))
    texts = [moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + zone for moment in moments]

    assert to_timestamps(pl.Series(texts)).to_list() == moments


@given(INSTANTS.map(lambda moment: moment.replace(tzinfo=dt.UTC)), st.integers(0, 999))
def test_epochs_mean_the_same_in_every_unit(moment: dt.datetime, nanoseconds: int) -> None:
    micros = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    nanos = micros * 1000 + nanoseconds
    exact = [micros, nanos] if micros >= 10**14 else [nanos]
    units = [*exact, Decimal(micros) / 10**6]

    for epoch in units:
        assert to_timestamps(pl.Series([epoch])).to_list() == [moment]
        assert to_timestamps(pl.Series([str(epoch)])).to_list() == [moment]


# Partitions

GOOD_LINES = st.builds(
    lambda tokens, tag, cost: json.dumps(
        {"ts": "2026-10-01T08:00:00Z", "model": "m", "input_tokens": tokens, "output_tokens": 1, "tag": tag}
        | ({} if cost is None else {"cost": cost}),
        ensure_ascii=False,
    ),
    st.integers(0, 10**6) | st.integers(0, 10**6).map(str) | st.integers(0, 10**6).map(float),
    st.none() | st.text(st.characters(blacklist_categories=["Cs"]), max_size=5),
    st.none() | st.floats(0, 100) | st.just("$0.10"),
)
BAD_LINES = st.sampled_from(
    [
        "{",
        "null",
        "[1]",
        '{"ts": 1}',
        "oops",
        '{"ts":"2026-10-01","model":"m","input_tokens":-1,"output_tokens":1}',
    ]
)
LOGS = st.lists(GOOD_LINES | GOOD_LINES | BAD_LINES | st.just(""), max_size=30)

FIRST = '{"ts":"2026-10-01","model":"m","input_tokens":0,"output_tokens":1,"tag":"a","cost":0.5}'
"""A line with every field: which there are is learnt from a sample."""

CELLS = st.sampled_from(["", "x", "7", '"a, b"', '"two\nlines"', '"a ""b"""', '5" wide', "é"])
ROWS = st.builds(
    lambda time, tokens, note: f"{time},m,{tokens},1,{note}",
    st.sampled_from(["2026-10-01", '"2026-10-01"', "soon"]),
    st.sampled_from(["1", '"2"', "", "-3"]),
    CELLS,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


def read(path: Path, size: int) -> tuple[list[tuple[object, ...]], list[Reject]]:
    reader = Reader(Wishes(), tuple(REQUESTS))
    rows: list[tuple[object, ...]] = []
    rejects: list[Reject] = []
    for partition in partitions(Source(str(path)), size):
        found = reader.read(partition)
        rows += [] if found.frame is None else found.frame.rows()
        rejects += found.rejects
    return rows, rejects


@given(LOGS, st.integers(1, 500), st.sampled_from(["\n", "\r\n"]), st.sampled_from([0, 1]))
@settings(max_examples=60, deadline=None)
def test_the_size_of_partitions_does_not_change_what_is_read(
    folder: Path, lines: list[str], size: int, newline: str, ended: int
) -> None:
    path = folder / "log.jsonl"
    path.write_bytes((newline.join([FIRST, *lines]) + newline * ended).encode())

    rows, rejects = read(path, 1 << 24)

    assert read(path, size) == (rows, rejects)
    assert len(rows) + len(rejects) == 1 + sum(1 for line in lines if line)
    assert [reject.text for reject in rejects] == [
        lines[reject.line - 2] for reject in rejects if reject.line is not None
    ]


@given(st.lists(ROWS, max_size=30), st.integers(1, 500), st.sampled_from([0, 1]))
@settings(max_examples=60, deadline=None)
def test_the_size_of_partitions_does_not_change_a_table(
    folder: Path, rows: list[str], size: int, ended: int
) -> None:
    path = folder / "log.csv"
    path.write_bytes(("\n".join(["ts,model,input_tokens,output_tokens,tag", *rows]) + "\n" * ended).encode())

    found, rejects = read(path, 1 << 24)

    assert read(path, size) == (found, rejects)
    assert len(found) + len(rejects) == len(rows)


@given(LOGS, st.integers(1, 500), st.sampled_from([None, 2]))
@settings(max_examples=60, deadline=None)
def test_an_array_reads_as_its_elements(
    folder: Path, lines: list[str], size: int, indent: int | None
) -> None:
    good = [json.loads(line) for line in [FIRST, *lines] if line.startswith(('{"ts": "', FIRST))]
    (folder / "log.json").write_text(json.dumps(good, indent=indent), encoding="utf-8")
    (folder / "log.jsonl").write_text("\n".join(json.dumps(record) for record in good), encoding="utf-8")

    assert read(folder / "log.json", size) == read(folder / "log.jsonl", 1 << 24)


# Duplicates


@given(
    st.lists(
        st.lists(st.tuples(st.none() | st.sampled_from("abcdef"), st.integers(0, 20)), max_size=20),
        max_size=12,
    ),
    st.sampled_from([1, 10, 2_000_000]),
)
@settings(deadline=None)
def test_duplicates_are_those_a_set_finds(batches: list[list[tuple[str | None, int]]], held: int) -> None:
    seen: set[tuple[str | None, int]] = set()
    start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    with pytest.MonkeyPatch.context() as patch, Duplicates() as duplicates:
        patch.setattr("costopt.intake.duplicates._IN_MEMORY", held)
        for keys in batches:
            times = [start + dt.timedelta(hours=hour) for _, hour in keys]
            frame = pl.DataFrame(
                {"request_id": [name for name, _ in keys], "timestamp": times},
                schema={"request_id": pl.String, "timestamp": TIMESTAMP},
            )
            expected = []
            for key in keys:
                expected.append(key[0] is not None and key in seen)
                seen.add(key)

            mask = duplicates.repeated(frame)

            assert (mask.to_list() if mask is not None else [False] * len(keys)) == expected
