"""Logs of a format with nested records, read as the pipeline reads them: the format is the one at the top."""

import datetime as dt
import gzip
import json
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest

from costopt.errors import FormatError
from costopt.intake.decoded import Decoded
from costopt.intake.formats.format import Wishes
from costopt.intake.formats.reads import Read as Place
from costopt.intake.nested import decode_nested
from costopt.intake.partitions import Partition, partitions
from costopt.intake.reading import Reader
from costopt.intake.shaping import LINE, Shape
from costopt.intake.sources import Source
from costopt.models.schema import REQUESTS

Write = Callable[[str, str | bytes], str]
Told = tuple[pl.DataFrame, list[tuple[int | None, str]]]
Read = Callable[..., Told]
Log = Callable[..., Told]

GATEWAY = """
[columns]
request_id = "id"
timestamp = "at"
model = "call.model"
tag = "call.tags"
input_tokens = { sum = ["call.usage.fresh", "call.usage.cached"] }
cached_input_tokens = "call.usage.cached"
output_tokens = "call.usage.out"
cost_usd = "call.cost"
latency_ms = "call.took"
"""

Sizes = pytest.mark.parametrize("size", [1, 100, 1 << 24])


@pytest.fixture
def log(write: Write, read: Read) -> Log:
    """Reads a log of the format at the top."""
    write("gateway.toml", GATEWAY)

    def told(text: str | bytes, name: str = "log.jsonl", size: int = 1 << 24) -> Told:
        return read(write(name, text), size=size, format="gateway.toml")

    return told


def line(number: int, **usage: object) -> str:
    """The request of that number."""
    call = {"model": "m", "usage": {"fresh": number, "cached": 0, "out": 1, **usage}}
    return json.dumps({"id": f"r{number}", "at": "2026-10-01T08:00:00Z", "call": call})


def ids(frame: pl.DataFrame) -> list[str]:
    return [] if frame.is_empty() else frame["request_id"].to_list()


# Damage


@Sizes
def test_broken_lines_are_rejected_by_their_numbers_also_with_blank_lines_between(
    log: Log, size: int
) -> None:
    frame, rejects = log(
        f'\n{line(1)}\n\n  \n{{"at":\n\r\n{line(2)}\n\t\n[1]\n{line(3)}\n\nnull\n', size=size
    )

    assert ids(frame) == ["r1", "r2", "r3"]
    assert rejects == [
        (5, "malformed JSON: Expecting value at column 7"),
        (9, "a JSON object was expected, not a list"),
        (12, "a JSON object was expected, not null"),
    ]


@Sizes
def test_a_request_that_lacks_something_is_rejected_by_its_number_also_with_blank_lines_between(
    log: Log, size: int
) -> None:
    frame, rejects = log(
        f"{line(1)}\n\n\n{line(2, out=None)}\n \n{line(3, fresh='many')}\n\n{line(4)}", size=size
    )

    assert ids(frame) == ["r1", "r4"]
    assert rejects == [
        (4, "no output_tokens"),
        (6, "call.usage.fresh `many` is not a whole number from 0 on"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        ('{"x":[{"b":1}', '{"a":2}]}'),
        ('{"x":"a', 'b"}'),
        ('{"x":[[1', "2]]}"),
        ('{"id":"r8","call":{"x":[[1', '2]]},"at":"2026-10-01"}'),
    ],
)
@pytest.mark.parametrize("beside", ["", '{"id":"r8"},{"id":"r9"}'])
def test_two_broken_lines_are_not_one_request(log: Log, broken: tuple[str, str], beside: str) -> None:
    lines = [line(1), *broken, beside, line(2)]

    frame, rejects = log("\n".join(lines))

    assert ids(frame) == ["r1", "r2"]
    assert [number for number, _ in rejects] == [2, 3, *([4] if beside else [])]


@pytest.mark.parametrize("between", [",", " ", "", "\t,"])
def test_a_line_of_two_requests_is_none(log: Log, between: str) -> None:
    frame, rejects = log(f"{line(1)}\n{line(2)}{between}{line(3)}\n{line(4)}")

    assert ids(frame) == ["r1", "r4"]
    assert [number for number, _ in rejects] == [2]


def test_a_line_that_is_no_text_costs_no_other(log: Log) -> None:
    found = log(f"{line(1)}\n".encode() + b'{"id":"\xff"}\n' + line(2).encode())

    assert found[1] == [(2, "not UTF-8 text")]


def test_a_text_that_was_cut_inside_a_character_is_read(log: Log) -> None:
    cut = line(2).replace('"r2"', r'"r2\ud83d"')
    odd = line(3).replace('"m"', '["m"]')

    frame, rejects = log(f"{cut}\n{odd}\n")

    assert (ids(frame), rejects) == (["r2\0", "r3"], [])


# Shapes


@Sizes
@pytest.mark.parametrize(
    "odd",
    [
        line(9, fresh="9"),
        line(9).replace('"m"', '["m"]'),
        line(9).replace('"call"', '"other":{"usage":[]},"call"'),
        json.dumps({**json.loads(line(9)), "call": json.dumps(json.loads(line(9))["call"])}),
    ],
)
def test_a_line_of_another_shape_is_read_and_changes_no_other(log: Log, odd: str, size: int) -> None:
    lines = [line(number) for number in range(1, 8)]
    frame, rejects = log("\n".join([*lines, odd]), size=size)
    alone, _ = log("\n".join([*lines, line(9)]), size=size)

    assert rejects == []
    assert frame.rows() == alone.rows()


def test_lines_of_many_shapes_are_read_in_order(log: Log) -> None:
    numbers = range(1, 6000)
    lines = [line(each, cached=str(each) if each % 1000 == 999 else 0) for each in numbers]

    frame, _ = log("\n".join(lines))

    assert ids(frame) == [f"r{each}" for each in numbers]
    assert frame["cached_input_tokens"].to_list() == [each if each % 1000 == 999 else 0 for each in numbers]


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_or_a_pretty_document_reads_as_lines(log: Log, indent: int | None, packed: str) -> None:
    records = [json.loads(line(number)) for number in (1, 2, 3)]
    document = json.dumps(records, indent=indent).encode()

    found, _ = log(gzip.compress(document) if packed else document, f"log.json{packed}")

    assert found.rows() == log("\n".join(map(json.dumps, records)))[0].rows()


# Values


@pytest.mark.parametrize(
    ("raw", "tokens"),
    [
        ("5", 5),
        ("5.0", 5),
        ("5e2", 500),
        ('"5"', 5),
        ('"1,200"', 1200),
        ("9007199254740993", 9007199254740993),
    ],
)
@pytest.mark.parametrize("other", [line(2), line(2, fresh="2"), line(2, fresh=[2])])
def test_whole_numbers_are_counts_however_they_are_written(
    log: Log, raw: str, tokens: int, other: str
) -> None:
    written = line(1, cached=None, fresh=0).replace('"out": 1', f'"out": {raw}')

    frame, rejects = log(f"{written}\n{other}")

    if tokens <= 10**12:
        assert frame["output_tokens"][0] == tokens
    else:  # told to its last digit
        assert rejects[0] == (1, f"output_tokens is absurd: {tokens}")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("5.5", "5.5"),
        ("1e-7", "0.0000001"),
        ("-1", "-1"),
        ("true", "true"),
        ("false", "false"),
        ('"lots"', "lots"),
        ('[1, 2, "x"]', "1,2,x"),
        ("1e400", "Infinity"),
    ],
)
@pytest.mark.parametrize("other", [line(2), line(2, fresh="2"), line(2, fresh=[2])])
def test_what_is_no_count_is_rejected_with_its_place_and_value_on_either_road(
    log: Log, raw: str, shown: str, other: str
) -> None:
    written = line(1).replace('"out": 1', f'"out": {raw}')

    frame, rejects = log(f"{other}\n{written}")

    assert ids(frame) == ["r2"]
    assert rejects == [(2, f"call.usage.out `{shown}` is not a whole number from 0 on")]


@pytest.mark.parametrize("raw", ["{}", '{"all": 7}', "null", "[]", "[{}]"])
@pytest.mark.parametrize("other", [line(2), line(2, fresh="2")])
def test_an_object_or_nothing_is_no_value(log: Log, raw: str, other: str) -> None:
    written = line(1).replace('"out": 1', f'"out": {raw}')

    assert log(f"{other}\n{written}")[1] == [(2, "no output_tokens")]


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("cost", '"dear"', "call.cost `dear` is not a number"),
        ("cost", "true", "call.cost `true` is not a number"),
        ("took", '"long"', "call.took `long` is not a number"),
        ("at", '"soon"', "at `soon` is not a time"),
    ],
)
def test_what_is_no_number_or_time_is_rejected_with_its_place_and_value(
    log: Log, name: str, raw: str, reason: str
) -> None:
    written = line(1)
    written = (
        written.replace('"2026-10-01T08:00:00Z"', raw)
        if name == "at"
        else written.replace('"model"', f'"{name}": {raw}, "model"')
    )

    assert log(f"{line(2)}\n{written}")[1] == [(2, reason)]


def test_of_several_mistakes_in_a_line_the_first_is_told(log: Log) -> None:
    found = log(f"{line(1)}\n{line(2, out='x', cached='y')}")

    assert len(found[1]) == 1


def test_a_long_value_is_cut_in_the_message(log: Log) -> None:
    found = log(f"{line(1)}\n{line(2, out='x' * 100)}")

    assert found[1] == [(2, f"call.usage.out `{'x' * 60}` is not a whole number from 0 on")]


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        ('["a","b"]', "a,b"),
        ('"[\\"a\\",\\"b\\"]"', "a,b"),
        ('"a"', "a"),
        ("[]", None),
        ('""', None),
        ("7", "7"),
    ],
)
@pytest.mark.parametrize("other", [line(2), line(2, fresh="2")])
def test_labels_are_read_from_lists_and_texts(log: Log, raw: str, tag: str | None, other: str) -> None:
    written = line(1).replace('"model"', f'"tags": {raw}, "model"')

    frame, _ = log(f"{other}\n{written}")

    assert frame["tag"].to_list() == [None, tag]


def test_costs_keep_their_digits(log: Log) -> None:
    written = line(1).replace('"model"', '"cost": 0.000000000123, "model"')

    assert log(written)[0]["cost_usd"].to_list() == [Decimal("0.000000000123")]


# Tables


def row(number: int, out: object = 1, note: str = "") -> str:
    call = json.dumps({"model": "m", "usage": {"fresh": number, "out": out}}).replace('"', '""')
    return f'r{number},2026-10-01,"{call}",{note}\n'


@Sizes
def test_json_in_the_columns_of_a_table_is_read(log: Log, size: int) -> None:
    frame, rejects = log(f"id,at,call,note\n{row(1)}{row(2)}{row(3, out='many')}{row(4)}", "log.csv", size)

    assert ids(frame) == ["r1", "r2", "r4"]
    assert frame["input_tokens"].to_list() == [1, 2, 4]
    assert rejects == [(4, "call.usage.out `many` is not a whole number from 0 on")]


@pytest.mark.parametrize("text", ['"{"', '"[1]"', "oops", '"5"', '"{""model"":1} {}"'])
def test_a_text_that_should_be_json_and_is_none_is_nothing_and_costs_no_other_row(
    log: Log, text: str
) -> None:
    frame, rejects = log(f"id,at,call,note\n{row(1)}r2,2026-10-01,{text},\n{row(3)}", "log.csv")

    assert ids(frame) == ["r1", "r3"]
    assert rejects == [(3, "no model")]


def test_two_broken_texts_are_not_one_value(log: Log) -> None:
    first, second = '"{""model"":""a"', '"b"",""usage"":{""fresh"":1,""out"":1}}"'
    found = log(f"id,at,call,note\nr1,2026-10-01,{first},\nr2,2026-10-01,{second},\n", "log.csv")

    assert [number for number, _ in found[1]] == [2, 3]


def test_broken_texts_among_thousands_of_rows_cost_no_other(log: Log) -> None:
    rows = [row(number) for number in range(1, 5001)]
    rows[2999] = "r3000,2026-10-01,{,\n"

    frame, rejects = log("id,at,call,note\n" + "".join(rows), "log.csv")

    assert ids(frame) == [f"r{number}" for number in range(1, 5001) if number != 3000]
    assert rejects == [(3001, "no model")]


@Sizes
def test_in_a_table_with_fields_over_several_lines_a_reject_has_its_own_line(log: Log, size: int) -> None:
    rows = [
        row(1, note='"two\n\nlines"'),
        row(2, out=None),
        row(3, note='"two\nlines"'),
        row(4, out="x"),
        row(5),
    ]
    frame, rejects = log("id,at,call,note\n" + "".join(rows), "log.csv", size)

    assert ids(frame) == ["r1", "r3", "r5"]
    assert rejects == [
        (5, "no output_tokens"),
        (8, "call.usage.out `x` is not a whole number from 0 on"),
    ]


def test_a_table_in_which_nothing_is_read_has_as_many_records_as_rows(write: Write, read: Read) -> None:
    constants = {"timestamp": "2026-10-01", "model": "m", "input_tokens": "1", "output_tokens": "2"}
    columns = "\n".join(f'{name} = {{ value = "{value}" }}' for name, value in constants.items())
    told = write("told.toml", f"[columns]\n{columns}")

    assert read(write("log.csv", "user\nana\nbob\n"), format=told)[0].height == 2
    assert read(write("log.jsonl", '{"user":"ana"}\n{"user":"bob"}\n'), format=told)[0].height == 2


# Parquet


def parquet(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """What is read in the rows of a Parquet file: id, input, cached and output tokens."""
    pl.DataFrame(rows).write_parquet("log.parquet")
    reader = Reader(Wishes(format="gateway.toml"), tuple(REQUESTS))
    found: list[tuple[object, ...]] = []
    for partition in partitions(Source("log.parquet")):
        read = reader.read(partition)
        found += [(reject.line, reject.reason) for reject in read.rejects]
        if read.frame is not None:
            found += read.frame.select(
                "request_id", "input_tokens", "cached_input_tokens", "output_tokens"
            ).rows()
    return found


AT = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


@pytest.mark.usefixtures("log")
def test_nested_columns_of_parquet_are_read() -> None:
    usage = {"fresh": 5, "cached": 2, "out": 3}

    assert parquet([{"id": "a", "at": AT, "call": {"model": "m", "usage": usage}}]) == [("a", 7, 2, 3)]


@pytest.mark.usefixtures("log")
def test_json_in_columns_of_parquet_is_read_and_where_it_is_broken_nothing() -> None:
    call = json.dumps({"model": "m", "usage": {"fresh": 5, "out": 3}})

    assert parquet(
        [{"id": "a", "at": AT, "call": call, "x": b"\0"}, {"id": "b", "at": AT, "call": "{", "x": b"\1"}]
    ) == [(2, "no model"), ("a", 5, 0, 3)]


@pytest.mark.usefixtures("log")
def test_texts_of_parquet_that_are_numbered_are_read() -> None:
    call = json.dumps({"model": "m", "usage": {"fresh": 5, "out": 3}})
    frame = pl.DataFrame({"id": ["a"], "at": [AT], "call": [call]}).cast({"call": pl.Categorical})
    shape = Shape((), [Place("count", ("call", "usage", "fresh"))], {})

    found = decode_nested(Partition(Source("log.parquet"), "rows", frame), shape).frame

    assert found[shape.reads[0].name].to_list() == ["5"]


@pytest.mark.usefixtures("log")
def test_a_number_that_is_none_in_parquet_is_nothing() -> None:
    shape = Shape((), [Place("count", ("n",))], {})
    frame = pl.DataFrame({"n": [1.0, float("nan"), None]})

    found = decode_nested(Partition(Source("log.parquet"), "rows", frame), shape).frame

    assert found[shape.reads[0].name].to_list() == [1.0, None, None]


def test_texts_inside_lists_of_parquet_are_read_row_by_row() -> None:
    shape = Shape((), [Place("count", ("parts", "*", "usage", "n"))], {})
    frame = pl.DataFrame({"parts": [[{"usage": '{"n":7}'}, {"usage": None}], None]})

    found = decode_nested(Partition(Source("log.parquet"), "rows", frame), shape).frame

    assert found[shape.reads[0].name].to_list() == ["7", None]


# Lists of records


PAGES = """
rows = ["pages", "data"]
[columns]
request_id = "id"
timestamp = "../day"
project = "../../owner"
model = "model"
input_tokens = "in"
output_tokens = "out"
"""


@pytest.fixture
def pages(write: Write) -> str:
    return write("pages.toml", PAGES)


def page(*numbers: int, day: str = "2026-10-01") -> dict[str, object]:
    return {"day": day, "data": [{"id": f"r{each}", "model": "m", "in": each, "out": 1} for each in numbers]}


@Sizes
@pytest.mark.parametrize("odd", [[], ["x"], [{"day": None, "data": ["x", None, 5]}], [{"data": "[]"}], [[]]])
def test_records_in_lists_have_what_is_around_them(
    write: Write, read: Read, pages: str, odd: list[object], size: int
) -> None:
    lines: list[dict[str, object]] = [
        {"owner": "ana", "pages": [page(1, 2), page(3, day="2026-10-02")]},
        {"owner": "bob", "pages": odd},
        {"owner": "eve"},
        {"pages": [{"data": None}, page(4)]},
    ]
    log = write("log.jsonl", "\n".join(map(json.dumps, lines)))

    frame, rejects = read(log, size=size, format=pages)

    assert rejects == []
    assert frame.select("request_id", "project", pl.col("timestamp").dt.day()).rows() == [
        ("r1", "ana", 1),
        ("r2", "ana", 1),
        ("r3", "ana", 2),
        ("r4", None, 1),
    ]


def test_a_list_of_records_may_stand_in_a_text(write: Write, read: Read, pages: str) -> None:
    texts = json.dumps([page(1), page(2)]).replace('"', '""')
    log = write("log.csv", f'owner,pages\nana,"{texts}"\nbob,\n')

    assert read(log, format=pages)[0].select("request_id", "project").rows() == [("r1", "ana"), ("r2", "ana")]


def test_of_records_in_a_line_a_bad_one_costs_no_good_one_and_the_line_is_told_once(
    write: Write, read: Read, pages: str
) -> None:
    lines = [{"pages": [page(1)]}, {"pages": [page(2, -3), page(-4, 5)]}]
    log = write("log.jsonl", "\n".join(map(json.dumps, lines)))

    frame, rejects = read(log, format=pages)

    assert ids(frame) == ["r1", "r2", "r5"]
    assert rejects == [(2, "in `-3` is not a whole number from 0 on")]


@pytest.mark.parametrize(
    "text", ['{"pages":[]}', '{"pages":[{"data":[]}]}', '{"pages":[]}\n{"pages":[{"data":[]}]}']
)
def test_an_export_of_nothing_is_no_mistake(write: Write, read: Read, pages: str, text: str) -> None:
    frame, rejects = read(write("log.jsonl", text), format=pages)

    assert (frame.height, rejects) == (0, [])


@pytest.mark.parametrize("text", ['{"page":[]}', '{"pages":5}', '{"pages":[{"datum":[]}]}', line(1)])
def test_a_log_without_the_lists_of_records_is_refused(
    write: Write, read: Read, pages: str, text: str
) -> None:
    with pytest.raises(
        FormatError, match=r"`log.jsonl` is not understood as `pages`: no column for `timestamp`"
    ):
        read(write("log.jsonl", text), format=pages)


def test_where_only_what_is_around_the_records_is_read_there_is_a_row_for_each() -> None:
    shape = Shape(("data",), [Place("label", ("..", "owner"))], {})
    data = b'{"owner":"ana","data":[{},{"x":1}]}\n{"owner":"bob","data":[]}'

    found: Decoded = decode_nested(Partition(Source("log"), "lines", data), shape)

    assert found.frame.rows() == [(0, "ana"), (0, "ana")]
    assert found.frame.columns == [LINE, shape.reads[0].name]
