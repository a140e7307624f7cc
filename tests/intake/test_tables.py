from collections.abc import Callable

import polars as pl
import pytest

from costopt.intake.formats.format import Field
from costopt.intake.partitions import Partition
from costopt.intake.sources import Source
from costopt.intake.tables import decode_records, decode_table, header_of

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

A, B, C = (Field((name,)) for name in "abc")


def table(text: str | bytes, separator: str = ",") -> Partition:
    data = text if isinstance(text, bytes) else text.encode()
    header = separator.join("abc").encode() + b"\n"
    return Partition(
        Source("log.csv"), "table", data, header=header, separator=separator, first_line=lambda: 2
    )


def decoded(
    text: str | bytes, *, by_record: bool, separator: str = ","
) -> tuple[list[tuple[object, ...]], list[tuple[int | None, str]]]:
    partition = table(text, separator)
    data = partition.data
    assert isinstance(data, bytes)
    way = decode_records if by_record else decode_table
    found = way(data, partition, {"x": A, "y": B})
    return found.frame.rows(), [(reject.line, reject.reason) for reject in found.rejects]


@pytest.mark.parametrize("by_record", [False, True])
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1,2,3\n4,5,6\n", [("1", "2"), ("4", "5")]),
        ("1,2,3", [("1", "2")]),
        ("1,2,3\r\n4,5,6\r\n", [("1", "2"), ("4", "5")]),
        ("1,2\n4\n7,8,9\n", [("1", "2"), ("4", None), ("7", "8")]),
        ("1,2,3,\n4,5,6\n", [("1", "2"), ("4", "5")]),
        ('"1","2, ""x""","3"\n', [("1", '2, "x"')]),
        ('1,"a\nb\n\nc",3\n4,5,6\n', [("1", "a\nb\n\nc"), ("4", "5")]),
        ('1,2,"a\nb"\n4,5,6\n', [("1", "2"), ("4", "5")]),
        ('1,2,5" screen\n4,5,6\n7,8,5" screen\n', [("1", "2"), ("4", "5"), ("7", "8")]),
        ('1,5" screen,3\n', [("1", '5" screen')]),
        ("é,😀,\u2028\n", [("é", "😀")]),
    ],
)
def test_rows_are_read_either_way(text: str, rows: list[object], *, by_record: bool) -> None:
    found, rejects = decoded(text, by_record=by_record)

    assert [tuple(value or None for value in row) for row in found] == rows
    assert rejects == []


@pytest.mark.parametrize("by_record", [False, True])
@pytest.mark.parametrize(
    ("text", "rows", "rejects"),
    [
        ("1,2,3,4\n4,5,6\n", [("4", "5")], [(2, "4 fields where the header has 3")]),
        ("4,5,6\n1,2,3,4\n4,5,6\n", [("4", "5")] * 2, [(3, "4 fields where the header has 3")]),
        ("4,5,6\n1,2,3,4,5,6\n", [("4", "5")], [(3, "6 fields where the header has 3")]),
        ('"1,2,3\n4,5,6\n', [("4", "5")], [(2, "a quote is not closed")]),
        ('1,2,"open\n4,5,6\n', [("4", "5")], [(2, "a quote is not closed")]),
        (
            '1,2,"open\n4,5,6\n1,2,"open\n4,5,6\n',
            [("4", "5")] * 2,
            [(2, "a quote is not closed"), (4, "a quote is not closed")],
        ),
        ('1,"2"x,3\n4,5,6\n', [("4", "5")], [(2, "a quote is not closed")]),
        (b"1,\xff,3\n4,5,6\n", [("4", "5")], [(2, "not UTF-8 text")]),
        (b'1,"a\n\xff",3\n4,5,6\n', [("4", "5")], [(2, "not UTF-8 text"), (3, "not UTF-8 text")]),
    ],
)
def test_broken_rows_are_rejected_either_way(
    text: str | bytes, rows: list[object], rejects: list[tuple[int, str]], *, by_record: bool
) -> None:
    assert decoded(text, by_record=by_record) == (rows, rejects)


def test_an_unclosed_quote_is_given_up_after_a_thousand_lines() -> None:
    rows, rejects = decoded('1,2,"open\n' + "4,5,6\n" * 2000 + '7,8,9"\n', by_record=True)

    assert len(rows) == 2001
    assert rejects == [(2, "a quote is not closed")]


@pytest.mark.parametrize("text", ["1,2,3\n\n4,5,6\n\n", '1,2,3\n\n4,"5\n",6\n', "\n\n1,2,3\n,,\n"])
def test_blank_lines_are_no_rows(text: str) -> None:
    partition = table(text)
    assert isinstance(partition.data, bytes)

    found = decode_table(partition.data, partition, {"x": A, "y": B})

    lines = text.split("\n")
    assert found.line_of is not None
    assert [lines[at].split(",")[0] for at in found.line_of] == [value or "" for value in found.frame["x"]]


def test_one_field_may_serve_two_columns() -> None:
    partition = table("1,2,3\n")
    assert isinstance(partition.data, bytes)

    for way in (decode_table, decode_records):
        assert way(partition.data, partition, {"x": C, "y": C}).frame.rows() == [("3", "3")]


def test_tabs_separate_as_commas_do() -> None:
    for by_record in (False, True):
        assert decoded('1\t"2\t\n2"\t3\n4\t5,5\t6\n', by_record=by_record, separator="\t") == (
            [("1", "2\t\n2"), ("4", "5,5")],
            [],
        )


def test_a_header_may_be_quoted_or_no_text() -> None:
    assert header_of(Partition(Source("x"), "table", b"", header=b'"a, b",c\r\n')) == ["a, b", "c"]
    assert header_of(Partition(Source("x"), "table", b"", header=b"a\xff,b\n")) == ["a\ufffd", "b"]
    assert header_of(Partition(Source("x"), "table", b"", header=b"")) == []


def test_a_row_that_is_no_request_beside_fields_of_several_lines_keeps_its_line(
    write: Write, read: Read
) -> None:
    log = write(
        "log.csv",
        "ts,model,input_tokens,output_tokens,prompt\n"
        '2026-10-01,m,1,1,"two\nlines"\n'
        "2026-10-01,m,-1,1,x\n"
        "2026-10-01,m,3,1,x\n",
    )

    frame, rejects = read(log)

    assert frame["input_tokens"].to_list() == [1, 3]
    assert rejects == [(4, "input_tokens is negative: -1")]


def test_a_comma_too_many_is_noticed_before_columns_that_are_not_read(write: Write, read: Read) -> None:
    log = write(
        "log.csv",
        "ts,model,input_tokens,output_tokens,note,more\n2026-10-01,m,1,1,x,y\n2026-10-01,m,1,200,50,x,y\n",
    )

    frame, rejects = read(log)

    assert frame.height == 1
    assert rejects == [(3, "7 fields where the header has 6")]


def test_two_columns_of_one_name_are_the_first(write: Write, read: Read) -> None:
    log = write("log.csv", "ts,model,input_tokens,output_tokens,model\n2026-10-01,a,1,1,b\n")

    assert read(log)[0]["model"].to_list() == ["a"]
