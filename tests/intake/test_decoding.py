import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from costopt.intake.decoding import decode, sample
from costopt.intake.formats.format import Field, Layout, Wishes
from costopt.intake.partitions import Partition, partitions
from costopt.intake.reading import Reader
from costopt.intake.sources import Source
from costopt.models.schema import REQUIRED

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

TIME = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)


def lines(*texts: str) -> Partition:
    return Partition(Source("log.jsonl"), "lines", "\n".join(texts).encode())


def layout(**columns: str) -> Layout:
    """Where each column is, as steps joined by dots, and what was seen there."""
    places = {}
    for name, text in columns.items():
        place, _, kinds = text.partition(":")
        places[name] = Field(tuple(place.split(".")), frozenset(kinds.split(",")))  # type: ignore[arg-type]
    return Layout("generic", places, {})


# Sampling


def test_a_sample_sees_every_field_of_the_first_records() -> None:
    found = sample(
        lines('{"a": 1, "b": {"c": "x", "d": null}}', "oops", "[1]", '{"a": 1.5, "e": [1]}'), first=True
    )

    assert {name: (place.steps, set(place.kinds)) for name, place in found.items()} == {
        "a": (("a",), {"int", "float"}),
        "b": (("b",), {"object"}),
        "b.c": (("b", "c"), {"str"}),
        "b.d": (("b", "d"), {"null"}),
        "e": (("e",), {"list"}),
    }


def test_a_sample_of_a_long_partition_reaches_its_end() -> None:
    texts = [f'{{"n": {number}}}' for number in range(5000)]

    assert sample(lines(*texts, '{"last": 1}'), first=True).keys() == {"n", "last"}
    assert sample(lines(*texts, '{"last": 1}', ""), first=False).keys() == {"n", "last"}
    assert sample(lines(*texts[:2000], *['{"m": 1}'] * 1000, *texts), first=False).keys() == {"n", "m"}


def test_a_sample_is_not_stopped_by_damage() -> None:
    deep = '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}"

    assert sample(lines("{", deep, '{"n": 1}'), first=True).keys() == {"n"}


def test_the_first_record_may_follow_much_damage() -> None:
    assert sample(lines(*["{"] * 3000, '{"n": 1}', *["{"] * 3001), first=True).keys() == {"n"}


def test_the_fields_of_a_table_are_in_its_header() -> None:
    table = Partition(Source("log.tsv"), "table", b"1\t2", header=b'a b\t"c\td"\r\n', separator="\t")

    assert {name: set(place.kinds) for name, place in sample(table, first=True).items()} == {
        "a b": {"str"},
        "c\td": {"str"},
    }


def test_the_fields_of_rows_have_the_kinds_of_their_types() -> None:
    frame = pl.DataFrame(
        {
            "time": [TIME],
            "date": [TIME.date()],
            "int": [1],
            "float": [1.5],
            "decimal": [Decimal("1.5")],
            "bool": [True],
            "text": ["x"],
            "list": [[1]],
            "object": [{"a": 1, "b": {"c": "x"}}],
            "objects": [[{"a": 1, "b": {"c": "x"}}]],
        }
    )

    found = sample(Partition(Source("log.parquet"), "rows", frame), first=True)

    assert {name: next(iter(place.kinds)) for name, place in found.items()} == {
        "time": "time",
        "date": "time",
        "int": "int",
        "float": "float",
        "decimal": "float",
        "bool": "str",
        "text": "str",
        "list": "list",
        "object": "object",
        "object.a": "int",
        "object.b": "object",
        "object.b.c": "str",
        "objects": "list",
        "objects.[].a": "int",
        "objects.[].b": "object",
        "objects.[].b.c": "str",
    }
    assert found["object.b.c"].steps == ("object", "b", "c")


# Lines


def test_only_the_wanted_columns_are_decoded() -> None:
    columns = layout(model="m:str", tag="t:str", input_tokens="u.in:int")

    found = decode(
        lines('{"m": "x", "t": "y", "u": {"in": 7}, "z": [}'.replace("[}", "[]}")),
        columns,
        ["input_tokens", "model", "user"],
    )

    assert found.frame.rows(named=True) == [{"input_tokens": 7, "model": "x"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1", "1"),
        ("1.5", "1.5"),
        ("true", "true"),
        ('"x"', "x"),
        (r'"\u00e9\n\""', 'é\n"'),
        ("null", None),
    ],
)
def test_a_value_of_another_kind_than_sampled_is_decoded_as_its_text(value: str, text: str | None) -> None:
    found = decode(lines('{"n": 7}', f'{{"n": {value}}}', "{}"), layout(request_id="n:int"), ["request_id"])

    assert found.frame["request_id"].cast(pl.String).to_list() == ["7", text, None]
    assert found.rejects == ()


def test_siblings_inside_one_object_are_decoded_together() -> None:
    columns = layout(
        input_tokens="u.in:int", output_tokens="u.out:int", cached_input_tokens="u.details.cached:int"
    )

    found = decode(
        lines('{"u": {"in": 1, "out": 2, "details": {"cached": 3}}}', '{"u": null}', "{}"),
        columns,
        columns.columns,
    )

    assert found.frame.rows() == [(1, 2, 3), (None, None, None), (None, None, None)]


def test_one_field_may_serve_two_columns() -> None:
    columns = layout(user="u:str", tenant="u:str")

    assert decode(lines('{"u": "x"}'), columns, columns.columns).frame.rows() == [("x", "x")]


@pytest.mark.parametrize("broken", ["oops", '{"u": 1e999}'])
def test_broken_lines_among_many_are_split_off(broken: str) -> None:
    texts = [f'{{"u": {number}}}' for number in range(5000)]
    texts[1234] = texts[4999] = broken

    found = decode(lines(*texts), layout(input_tokens="u:int"), ["input_tokens"])

    good = [number for number in range(5000) if number not in (1234, 4999)]
    assert found.frame["input_tokens"].cast(pl.Int64).to_list() == good
    assert found.line_of == good
    assert [reject.line for reject in found.rejects] == [1235, 5000]


def test_decoders_that_disagree_are_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(_plan: object, data: bytes) -> pl.DataFrame | None:
        return None if b"\n" in data else pl.DataFrame()

    monkeypatch.setattr("costopt.intake.lines._Plan.parse", parsed)

    with pytest.raises(RuntimeError, match=r"log.jsonl: a line was accepted alone and refused with others"):
        decode(lines('{"m": 1}', '{"m": 2}'), layout(model="m:str"), ["model"])


def test_data_that_no_container_holds_is_a_bug() -> None:
    with pytest.raises(TypeError, match="rows cannot hold bytes"):
        decode(Partition(Source("x"), "rows", b""), layout(model="m:str"), ["model"])


# Mixed values, through to the request


@pytest.mark.parametrize("size", [16 << 20, 100])
def test_one_column_may_hold_every_spelling(write: Write, read: Read, size: int) -> None:
    base = {"ts": "2026-10-01T08:00:00Z", "model": "m", "output_tokens": 1, "cost": 0}
    spellings: list[dict[str, object]] = [
        {"input_tokens": 1200, "ts": 1_790_841_600},
        {"input_tokens": "1,200", "ts": 1_790_841_600_000},
        {"input_tokens": 1200.0, "ts": 1_790_841_600_000_000},
        {"input_tokens": "1200.0", "ts": 1_790_841_600_000_000_000},
        {"input_tokens": "1200", "cost": "$0.12", "ts": "1790841600"},
        {"input_tokens": 1.2e3, "cost": 0.12, "ts": 1_790_841_600.0},
        {"input_tokens": 1200, "cost": "0.12", "ts": "2026-10-01 10:00:00+02:00"},
        {"input_tokens": 1200, "cost": None, "ts": "Thu, 01 Oct 2026 08:00:00 GMT"},
    ]

    log = write("log.jsonl", "\n".join(json.dumps(base | spelling) for spelling in spellings))
    frame, rejects = read(log, size=size)

    assert rejects == []
    assert frame["input_tokens"].to_list() == [1200] * 8
    assert frame["timestamp"].to_list() == [TIME] * 8
    assert frame["cost_usd"].to_list() == [*[Decimal(0)] * 4, *[Decimal("0.12")] * 3, None]


# Rows


def test_native_types_are_read(tmp_path_factory: pytest.TempPathFactory, read: Read) -> None:
    path = tmp_path_factory.mktemp("rows") / "log.parquet"
    pl.DataFrame(
        {
            "ts": [TIME.replace(tzinfo=None), None],
            "model": ["m", "m"],
            "in": [10.0, 5.0],
            "usage": [{"out": 3, "cached": {"read": 4}}, {"out": 1, "cached": {"read": None}}],
            "cost": [Decimal("0.125"), None],
            "latency_ms": [1.5, float("nan")],
            "success": [True, False],
            "tags": [["a", "b"], []],
        }
    ).write_parquet(path)

    frame, rejects = read(
        str(path),
        columns={
            "input_tokens": "in",
            "output_tokens": "usage.out",
            "cached_input_tokens": "usage.cached.read",
        },
        constants={"timestamp": "2026-10-02T00:00:00Z"},
    )

    assert rejects == []
    assert frame.select("timestamp", "input_tokens", "output_tokens", "cached_input_tokens").rows() == [
        (TIME, 10, 3, 4),
        (dt.datetime(2026, 10, 2, tzinfo=dt.UTC), 5, 1, 0),
    ]
    assert frame.select("cost_usd", "latency_ms", "status", "tag").rows() == [
        (Decimal("0.125"), 1.5, "ok", "a,b"),
        (None, None, "error", None),
    ]


@pytest.mark.parametrize(
    "times",
    [
        pl.Series([TIME]).dt.convert_time_zone("America/New_York"),
        pl.Series([TIME]).dt.replace_time_zone(None).cast(pl.Datetime("ns")),
        pl.Series([1_790_841_600_000], dtype=pl.UInt64),
        pl.Series([Decimal("1790841600.000")]),
        pl.Series(["2026-10-01T08:00:00Z"]).cast(pl.Categorical),
        pl.Series([b"2026-10-01T08:00:00Z"]),
    ],
)
def test_native_times_are_read(
    tmp_path_factory: pytest.TempPathFactory, read: Read, times: pl.Series
) -> None:
    path = tmp_path_factory.mktemp("rows") / "log.parquet"
    pl.DataFrame({"ts": times, "model": ["m"], "input_tokens": [1], "output_tokens": [1]}).write_parquet(path)

    assert read(str(path))[0]["timestamp"].to_list() == [TIME]


def test_a_rejected_row_is_kept_as_json_with_its_number(write: Write) -> None:
    frame = pl.DataFrame(
        {"ts": [TIME, TIME], "model": ["m", None], "input_tokens": [1, 2], "output_tokens": [1, 1]}
    )
    frame.write_parquet(write("log.parquet", ""))

    (partition,) = partitions(Source("log.parquet"))
    (reject,) = Reader(Wishes(), REQUIRED).read(partition).rejects

    assert reject.line == 2
    assert json.loads(reject.text)["input_tokens"] == 2


def test_a_missing_number_may_be_written_as_not_a_number(write: Write, read: Read) -> None:
    pl.DataFrame(
        {"ts": [TIME], "model": ["m"], "input_tokens": [1], "output_tokens": [1], "cost": [float("nan")]}
    ).write_parquet(write("log.parquet", ""))

    frame, rejects = read("log.parquet")

    assert rejects == []
    assert frame["cost_usd"].to_list() == [None]


def test_of_long_lines_only_few_are_looked_at() -> None:
    long = [f'{{"n{number}": "{"x" * (1 << 17)}"}}' for number in range(40)]

    found = sample(lines(*long), first=True)

    assert {"n0", "n39"} <= found.keys()
    assert len(found) < 10
