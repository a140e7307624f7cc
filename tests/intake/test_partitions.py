import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
import zstandard

import costopt.intake.partitions
from costopt.errors import SourceError
from costopt.intake.partitions import LineCounter, Partition, partitions
from costopt.intake.sources import Source

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]


def request(number: int) -> dict[str, object]:
    return {"id": f"r{number}", "ts": "2026-10-01", "model": "m", "input_tokens": number, "output_tokens": 1}


def requests(*numbers: int) -> list[str]:
    return [json.dumps(request(number)) for number in numbers]


def cut(path: str, size: int = 1 << 20) -> list[Partition]:
    return list(partitions(Source(path), size))


def numbered(partition: Partition) -> list[tuple[int, bytes]]:
    """Line number and text of each line."""
    assert isinstance(partition.data, bytes)
    return [(partition.line(index), line) for index, line in enumerate(partition.data.splitlines())]


# Lines


@pytest.mark.parametrize("size", [1, 7, 50, 1 << 20])
@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n\n"])
def test_every_line_is_in_one_partition_with_its_number(write: Write, name: str, size: int, end: str) -> None:
    text = ("\n\n".join(requests(*range(20))) + end).encode()
    path = write(name, gzip.compress(text) if name.endswith("gz") else text)

    lines = [pair for partition in cut(path, size) for pair in numbered(partition) if pair[1]]

    assert lines == [(2 * number + 1, requests(number)[0].encode()) for number in range(20)]


@pytest.mark.parametrize("name", ["log.jsonl", "log.json", "log.csv", "log.tsv", "log"])
@pytest.mark.parametrize("text", ["", "\n", "\r\n \n\t\n", "\ufeff"])
def test_an_empty_or_blank_file_has_no_partition(write: Write, name: str, text: str) -> None:
    assert cut(write(name, text)) == []


def test_a_table_without_rows_has_no_partition(write: Write) -> None:
    assert cut(write("log.csv", "ts,model\n")) == []
    assert cut(write("log.csv", "ts,model")) == []
    assert cut(write("log.csv", "ts,model\n\n\n")) == []


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz"])
def test_a_tables_header_may_follow_blank_lines(write: Write, name: str) -> None:
    text = b"\n\r\nts,model\na,b\n"

    (partition,) = cut(write(name, gzip.compress(text) if name.endswith("gz") else text))

    assert partition.header == b"ts,model\n"
    assert numbered(partition) == [(4, b"a,b")]


def test_positions_reach_the_end_of_the_file(write: Write) -> None:
    path = write("log.jsonl", "\n".join(requests(*range(20))))

    positions = [partition.position for partition in cut(path, 200)]

    assert positions == sorted(set(positions))
    assert positions[-1] == Source(path).size


def test_lines_are_counted_in_any_order(write: Write) -> None:
    counter = LineCounter(write("log", "a\nb\nc\n"))

    assert [counter.at(offset) for offset in (4, 0, 2, 2, 100)] == [3, 1, 2, 2, 4]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["log.jsonl", "log"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_marks_do_not_matter(
    write: Write, read: Read, name: str, newline: str, mark: str
) -> None:
    frame, rejects = read(write(name, mark + newline.join([*requests(1, 2), "", "oops", *requests(3)])))

    assert frame["request_id"].to_list() == ["r1", "r2", "r3"]
    assert rejects == [(4, "malformed JSON: Expecting value at column 1")]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_line_ends_and_marks_do_not_matter_in_a_table(
    write: Write, read: Read, newline: str, mark: str, end: str
) -> None:
    lines = [
        "ts,model,input_tokens,output_tokens",
        "2026-10-01,m,1,2",
        "",
        "2026-10-01,,1,2",
        "2026-10-01,m,3,4",
    ]

    frame, rejects = read(write("log.csv", mark + newline.join(lines) + newline * bool(end)))

    assert frame["timestamp"].null_count() == 0
    assert frame.select("input_tokens", "output_tokens").rows() == [(1, 2), (3, 4)]
    assert rejects == [(4, "no model")]


# Long lines


@pytest.fixture
def short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costopt.intake.partitions, "MAX_LINE_BYTES", 1 << 20)


@pytest.mark.usefixtures("short_lines")
@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
@pytest.mark.parametrize("last", [False, True])
def test_an_endless_line_is_rejected_and_costs_no_other(
    write: Write, read: Read, name: str, *, last: bool
) -> None:
    lines = [*requests(1, 2), '{"prompt": "' + "x" * (5 << 20) + '"}', *([] if last else requests(3, 4))]
    text = "\n".join(lines).encode()

    path = write(name, gzip.compress(text) if name.endswith("gz") else text)
    frame, rejects = read(path, size=1000)
    (reject,) = [reject for partition in cut(path, 1000) for reject in partition.rejects]

    assert frame["request_id"].to_list() == (["r1", "r2"] if last else ["r1", "r2", "r3", "r4"])
    assert rejects == [(3, "line is longer than 1 MB")]
    assert reject.text == lines[2][:2000]


@pytest.mark.usefixtures("short_lines")
def test_an_endless_line_may_stand_alone(write: Write) -> None:
    (partition,) = cut(write("log.jsonl", '{"prompt": "' + "x" * (3 << 20)), 1000)

    assert partition.data == b""
    assert [(reject.line, reject.reason) for reject in partition.rejects] == [(1, "line is longer than 1 MB")]


@pytest.mark.usefixtures("short_lines")
def test_a_long_line_within_the_limit_is_read(write: Write, read: Read) -> None:
    long = json.dumps({**request(2), "prompt": "x" * 900_000})

    frame, rejects = read(write("log.jsonl", "\n".join([*requests(1), long, *requests(3)])), size=100)

    assert frame["request_id"].to_list() == ["r1", "r2", "r3"]
    assert rejects == []


# Quoted fields


ROW = 'r{0},2026-10-01,m,{0},1,"a\nb, ""c""\n\n{0}"\n'


@pytest.mark.parametrize("size", [1, 10, 40, 200, 1 << 20])
def test_a_quoted_field_is_never_cut(write: Write, read: Read, size: int) -> None:
    rows = "".join(ROW.format(number) for number in range(50))

    frame, rejects = read(
        write("log.csv", "id,ts,model,input_tokens,output_tokens,prompt\n" + rows), size=size
    )

    assert frame["input_tokens"].to_list() == list(range(50))
    assert frame["prompt"].to_list() == [f'a\nb, "c"\n\n{number}' for number in range(50)]
    assert rejects == []


def test_many_records_of_several_lines_are_never_cut(write: Write, read: Read) -> None:
    rows = "".join(ROW.format(number) for number in range(3000))

    frame, _ = read(write("log.csv", "id,ts,model,input_tokens,output_tokens,prompt\n" + rows), size=5000)

    assert frame["input_tokens"].to_list() == list(range(3000))


@pytest.mark.parametrize("size", [1, 100, 400, 1 << 20])
def test_a_stray_quote_cuts_no_quoted_field(write: Write, read: Read, size: int) -> None:
    plain = "r{0},2026-10-01,m,{0},1,plain\n"
    rows = ['r0,2026-10-01,m,0,1,a 5" screen\n', *[(ROW if n % 3 else plain).format(n) for n in range(1, 50)]]

    frame, rejects = read(
        write("log.csv", "id,ts,model,input_tokens,output_tokens,prompt\n" + "".join(rows)), size=size
    )

    assert frame["input_tokens"].to_list() == list(range(50))
    assert rejects == []


@pytest.mark.usefixtures("short_lines")
def test_a_quote_that_is_never_closed_costs_one_line(write: Write, read: Read) -> None:
    rows = [f"r{number},2026-10-01,m,{number},1,\n" for number in range(100)]
    rows[50] = 'r50,2026-10-01,m,50,1,"open\n'

    for size in (100, 1000, 1 << 20):
        frame, rejects = read(
            write("log.csv", "id,ts,model,input_tokens,output_tokens,prompt\n" + "".join(rows)), size=size
        )

        assert frame["input_tokens"].to_list() == [number for number in range(100) if number != 50]
        assert rejects == [(52, "a quote is not closed")]


# Elements of an array


INDENTED = json.dumps([request(number) for number in range(5)], indent=2)
MINIFIED = json.dumps([request(number) for number in range(5)], separators=(",", ":"))
CONCATENATED = "\n".join(json.dumps(request(number), indent=4) for number in range(5))


@pytest.mark.parametrize(
    "text", [INDENTED, MINIFIED, CONCATENATED, "\ufeff" + INDENTED, INDENTED.replace("\n", "\r\n")]
)
@pytest.mark.parametrize("size", [1, 150, 1 << 20])
@pytest.mark.parametrize("name", ["log.json", "log"])
def test_the_elements_of_an_array_are_requests(
    write: Write, read: Read, name: str, text: str, size: int
) -> None:
    frame, rejects = read(write(name, text), size=size)

    assert frame["request_id"].to_list() == ["r0", "r1", "r2", "r3", "r4"]
    assert rejects == []


def test_elements_keep_the_line_they_begin_on(write: Write) -> None:
    partition, *rest = cut(write("log.json", '[\n{"a":\n1},\n\n {"a": 2}, {"a":\r\n 3}\n]\n'))

    assert numbered(partition) == [(2, b'{"a": 1}'), (5, b'{"a": 2}'), (5, b'{"a":   3}')]
    assert rest == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('{"id": oops}', "malformed JSON: Expecting value"),
        ('{"id": "r9" "ts": 1}', "malformed JSON: Expecting ',' delimiter"),
        ("{'id': 1}", "malformed JSON: Expecting property name enclosed in double quotes"),
        ("oops", "malformed JSON: Expecting value"),
        ('{"id": ' + "9" * 5000 + "}", "malformed JSON: Exceeds the limit"),
        ("[" * 100_000 + "]" * 100_000, "malformed JSON: nested too deeply"),
        ('{"id": NaN}', "malformed JSON: NaN is not JSON"),
        ("{}", "no time"),
        ("[]", "a JSON object was expected, not a list"),
        ("[[1, 2], 3]", "a JSON object was expected, not a list"),
        ("null", "a JSON object was expected, not null"),
        ("42", "a JSON object was expected, not a number"),
    ],
)
@pytest.mark.parametrize("between", [",", ",\n", " , \n  "])
def test_a_broken_element_costs_no_other(
    write: Write, read: Read, broken: str, reason: str, between: str
) -> None:
    elements = between.join([*requests(1, 2), broken, *requests(3, 4)])

    frame, rejects = read(write("log.json", f"[{elements}]"))

    assert frame["request_id"].to_list() == ["r1", "r2", "r3", "r4"]
    assert [place for place, _ in rejects] == [3 if "\n" in between else 1]
    assert rejects[0][1].startswith(reason)


def test_objects_inside_a_broken_element_end_no_array(write: Write, read: Read) -> None:
    broken = '{"id": oops, "messages": [{"role": "user"}, {"role": "tool"}], "n": 1}'

    frame, rejects = read(write("log.json", f"[{','.join([*requests(1), broken, *requests(2, 3)])}]\n"))

    assert frame["request_id"].to_list() == ["r1", "r2", "r3"]
    assert rejects


@pytest.mark.parametrize(
    "text",
    [
        "[{0}, {1}]\n[{2}]",
        "[{0}]{1}\n{2}",
        "[{0},,{1},\n{2},]",
        "[{0}, {1}, {2}",
        "[[{0}], {1}]\n{2}",
    ],
)
def test_brackets_and_commas_out_of_place_cost_nothing(write: Write, read: Read, text: str) -> None:
    first, second, third = requests(0, 1, 2)

    frame, _ = read(
        write("log.json", text.replace("{0}", first).replace("{1}", second).replace("{2}", third))
    )

    assert [name for name in frame["request_id"] if name != "r0"] == ["r1", "r2"]


def test_an_array_that_is_cut_off_keeps_its_whole_elements(write: Write, read: Read) -> None:
    frame, rejects = read(write("log.json", MINIFIED[:-40]))

    assert frame["request_id"].to_list() == ["r0", "r1", "r2", "r3"]
    assert len(rejects) == 1


def test_an_array_larger_than_a_block_is_read_whole(write: Write, read: Read) -> None:
    elements = requests(*range(40_000))
    elements[30_000] = '{"id": oops}'
    text = "[" + ",\n".join(elements) + "]"
    assert len(text) > 3 << 20

    frame, rejects = read(write("log.json", text))

    assert frame["input_tokens"].to_list() == [number for number in range(40_000) if number != 30_000]
    assert rejects == [(30_001, "malformed JSON: Expecting value")]


@pytest.mark.usefixtures("short_lines")
def test_a_broken_element_larger_than_a_block_costs_no_other(write: Write, read: Read) -> None:
    broken = '{"id": oops, "prompt": "' + "x" * 1_500_000 + '"}'

    frame, rejects = read(write("log.json", f"[{','.join([*requests(1), broken, *requests(2)])}]"))

    assert frame["request_id"].to_list() == ["r1", "r2"]
    assert len(rejects) >= 1


@pytest.mark.usefixtures("short_lines")
def test_a_broken_element_without_end_is_given_up(write: Write, read: Read) -> None:
    broken = '{"id": oops, "prompt": "' + "x" * (5 << 20)

    frame, rejects = read(write("log.json", f"[{','.join([*requests(1), broken])}"))

    assert frame["request_id"].to_list() == ["r1"]
    assert rejects[0] == (1, "malformed JSON: Expecting value")


def test_an_array_of_nothing_but_damage_is_all_rejects(write: Write) -> None:
    (partition,) = cut(write("log.json", "[oops]"))

    assert partition.data == b""
    assert [(reject.line, reject.text) for reject in partition.rejects] == [(1, "oops]")]


def test_an_empty_array_has_no_partition(write: Write) -> None:
    assert cut(write("log.json", " [\n] \n")) == []


# Packed and cut off


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("name", ["log.jsonl", "log.csv", "log.json"])
def test_a_cut_off_file_keeps_what_it_holds(
    write: Write, read: Read, pack: Callable[[bytes], bytes], name: str
) -> None:
    header = "id,ts,model,input_tokens,output_tokens\n"
    text = {
        "log.jsonl": "\n".join(requests(*range(50_000))),
        "log.csv": header + "".join(f"r{n},2026-10-01,m,{n},1\n" for n in range(50_000)),
        "log.json": "[" + ",".join(requests(*range(50_000))) + "]",
    }[name]
    packed = pack(text.encode())

    for size in (1 << 24, 1 << 16):
        frame, rejects = read(write(name, packed[: len(packed) // 2]), size=size)

        assert frame.height > 15_000
        assert frame["input_tokens"].to_list() == list(range(frame.height))
        assert rejects[-1][0] is None
        assert rejects[-1][1].startswith("packed data is damaged or cut off")
        assert len(rejects) <= 2  # the half line, and the damage


# Parquet


@pytest.fixture
def table(tmp_path: Path) -> Path:
    frame = pl.DataFrame([request(number) for number in range(1000)])
    frame.write_parquet(tmp_path / "log.parquet", row_group_size=300)
    return tmp_path / "log.parquet"


def test_rows_are_cut_into_partitions_in_order(table: Path) -> None:
    found = cut(str(table), 64 * 100)

    rows = [
        row for partition in found if isinstance(partition.data, pl.DataFrame) for row in partition.data["id"]
    ]
    assert rows == [f"r{number}" for number in range(1000)]
    assert len(found) >= 10
    assert [partition.line(0) for partition in found[:2]] == [1, 1 + len(found[0].data)]
    assert found[-1].position == table.stat().st_size


@pytest.mark.parametrize("name", ["packed.parquet.gz", "packed.parquet", "packed"])
def test_rows_may_be_packed(write: Write, read: Read, table: Path, name: str) -> None:
    frame, _ = read(write(name, gzip.compress(table.read_bytes())))

    assert frame["input_tokens"].to_list() == list(range(1000))


def test_rows_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch, read: Read, table: Path) -> None:
    with table.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))
        frame, _ = read("-")

    assert frame["input_tokens"].to_list() == list(range(1000))


def test_a_table_without_rows_reads_nothing(read: Read, tmp_path: Path) -> None:
    pl.DataFrame([request(1)]).clear().write_parquet(tmp_path / "empty.parquet")

    frame, rejects = read("empty.parquet")

    assert frame.height == 0
    assert rejects == []


@pytest.mark.parametrize("damage", ["cut off", "no parquet", "empty", "packed and cut off"])
def test_broken_rows_are_an_error(write: Write, table: Path, damage: str) -> None:
    good = table.read_bytes()
    bad = {
        "cut off": good[:-10],
        "no parquet": b"hello",
        "empty": b"",
        "packed and cut off": gzip.compress(good)[:-2000],
    }[damage]

    with pytest.raises(SourceError, match=r"Cannot read `bad.parquet` as Parquet: ") as caught:
        cut(write("bad.parquet", bad))

    assert caught.value.hint == "is the file complete?"
    assert "\n" not in caught.value.message


def test_standard_input_is_cut_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(requests(*range(20))).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(text))))

    lines = [pair for partition in cut("-", 300) for pair in numbered(partition)]

    assert lines == [(number + 1, requests(number)[0].encode()) for number in range(20)]
