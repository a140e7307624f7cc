import json
from collections.abc import Sequence

import polars as pl
import pytest

from costopt.intake.formats.detect import fields_of
from costopt.intake.formats.reads import count, label, reads_of
from costopt.intake.nested import decode_nested
from costopt.intake.partitions import Partition
from costopt.intake.shaping import LINE, Shape
from costopt.intake.sources import Source

CHUNK = "body/*/usage/parts[ttl=1h]/tokens"


def shape(records: Sequence[dict[str, object]], *reads: pl.Expr, rows: tuple[str, ...] = ()) -> Shape:
    return Shape(rows, reads_of(reads), fields_of(records))


def lines(*records: object) -> Partition:
    return Partition(Source("log.jsonl"), "lines", "\n".join(map(json.dumps, records)).encode())


def values(found: pl.DataFrame, read: pl.Expr) -> list[object]:
    return found[read.meta.output_name()].to_list()


RECORDS: list[dict[str, object]] = [
    {"body": [{"x": 1}, {"usage": {"parts": [{"ttl": "5m", "tokens": 1}, {"ttl": "1h", "tokens": 2}]}}]},
    {
        "body": [
            {"usage": {"parts": [{"ttl": "1h", "tokens": 3}]}},
            {"usage": {"parts": [{"ttl": "1h", "tokens": 4}]}},
        ]
    },
    {"body": [{"usage": {"parts": None}}, {"usage": None}]},
    {"body": []},
    {},
]


def test_a_keyed_element_may_be_inside_an_element() -> None:
    read = count(CHUNK)
    plan = shape(RECORDS, read)

    parsed = decode_nested(lines(*RECORDS), plan).frame
    walked = plan.walk([json.dumps(record).encode() for record in RECORDS])

    assert values(parsed, read) == ["2", "4", None, None, None]
    assert values(walked, read) == ["2", "4", None, None, None]


@pytest.mark.parametrize(
    "place",
    [
        "body/*/other/tokens",
        "body/*/usage/parts[kind=1h]/tokens",
        "body/*/usage/parts[ttl=1h]/other",
        "body/*/usage[ttl=1h]/tokens",
        "none/*/tokens",
    ],
)
def test_what_a_column_does_not_hold_is_null(place: str) -> None:
    read = count(place)
    frame = pl.DataFrame({"body": pl.Series([record.get("body") for record in RECORDS[:2]])})

    found = decode_nested(Partition(Source("log.parquet"), "rows", frame), shape(RECORDS, read)).frame

    assert values(found, read) == [None, None]


def test_a_line_of_two_records_is_rejected() -> None:
    read = label("a")
    partition = Partition(Source("log.jsonl"), "lines", b'{"a":"x"},{"a":"y"}\n{"a":"z"}\n')

    found = decode_nested(partition, shape([{"a": "x"}], read))

    assert values(found.frame, read) == ["z"]
    assert [(reject.line, reject.reason) for reject in found.rejects] == [
        (1, "malformed JSON: Extra data at column 10")
    ]


def test_blank_lines_are_passed_over() -> None:
    read = label("a")
    partition = Partition(Source("log.jsonl"), "lines", b'\n{"a":"x"}\r\n \t\n{"a":"y"}')

    found = decode_nested(partition, shape([{"a": "x"}], read)).frame

    assert found.select(LINE, read.meta.output_name()).rows() == [(0, "x"), (1, "y")]


def test_two_texts_that_are_json_only_together_say_nothing() -> None:
    read = count("meta/tokens")
    frame = pl.DataFrame({"meta": ['{"tokens": 5, "x": [[1', "[2]]]}", '{"tokens": 7}']})

    found = decode_nested(
        Partition(Source("log.parquet"), "rows", frame), Shape((), reads_of([read]), {})
    ).frame

    assert values(found, read) == [None, None, "7"]
