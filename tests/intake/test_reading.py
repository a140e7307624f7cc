import gzip
import io
import sys
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import polars as pl
import pytest
import zstandard

from costopt.errors import FormatError
from costopt.intake.formats.format import Wishes
from costopt.intake.partitions import partitions
from costopt.intake.reading import Reader, read_all
from costopt.intake.sources import Source

Write = Callable[[str, str | bytes], str]
Read = Callable[..., tuple[pl.DataFrame, list[tuple[int | None, str]]]]

GOOD = 10_000
TIME = "2026-10-01T08:00:00Z"


def good(number: int) -> bytes:
    return (
        b'{"id":"r%d","ts":"2026-10-01T08:%02d:%02dZ","model":"gpt-4o","in":%d,"input_tokens":%d,"output_tokens":5}'
        % (
            number,
            number // 60 % 60,
            number % 60,
            number,
            number,
        )
    )


def line(inside: str, tokens: str = "7") -> bytes:
    """A line with all it takes but what is broken in it."""
    return f'{{"ts":"{TIME}","model":"m","input_tokens":{tokens},"output_tokens":5{inside}}}'.encode()


WHOLE = line("")

MALFORMED: dict[bytes, str] = {
    b'{"ts": "2026-10-01T08:0': "malformed JSON: Unterminated string starting at at column 8",
    b'{"ts"': "malformed JSON: Expecting ':' delimiter at column 6",
    WHOLE[:-1]: "malformed JSON: Expecting ',' delimiter at column 76",
    b"{" + WHOLE: "malformed JSON: Expecting property name enclosed in double quotes at column 2",
    WHOLE + b"}": "malformed JSON: Extra data at column 77",
    WHOLE + WHOLE: "malformed JSON: Extra data at column 77",
    WHOLE + b",": "malformed JSON: Extra data at column 77",
    WHOLE + b" // a comment": "malformed JSON: Extra data at column 78",
    line(","): "malformed JSON: Expecting property name enclosed in double quotes at column 77",
    WHOLE.replace(b',"model"', b' "model"'): "malformed JSON: Expecting ',' delimiter at column 30",
    WHOLE.replace(b'"model":', b'"model" '): "malformed JSON: Expecting ':' delimiter at column 38",
    WHOLE.replace(
        b'"', b"'"
    ): "malformed JSON: Expecting property name enclosed in double quotes at column 2",
    WHOLE.replace(
        b'"model"', b"model"
    ): "malformed JSON: Expecting property name enclosed in double quotes at column 30",
    WHOLE.replace(b'"m"', b"m"): "malformed JSON: Expecting value at column 38",
    WHOLE.replace(b'"m"', rb'"\x"'): r"malformed JSON: Invalid \escape at column 39",
    WHOLE.replace(b'"m"', rb'"\u12"'): r"malformed JSON: Invalid \uXXXX escape at column 40",
    WHOLE.replace(b'"m"', b'"m\x01"'): "malformed JSON: Invalid control character at at column 40",
    WHOLE.replace(b'"m"', b'"m\x00"'): "malformed JSON: Invalid control character at at column 40",
    WHOLE.replace(b'"m"', b'"\xff\xfe"'): "not UTF-8 text",
    line("").replace(b'"m"', '"é"'.encode("latin-1")): "not UTF-8 text",
    b"\x00" * 8: "malformed JSON: Expecting value at column 1",
    b"INFO  the server has started": "malformed JSON: Expecting value at column 1",
    b"# a comment": "malformed JSON: Expecting value at column 1",
    line("", "NaN"): "malformed JSON: NaN is not JSON",
    line("", "Infinity"): "malformed JSON: Infinity is not JSON",
    line("", "-Infinity"): "malformed JSON: -Infinity is not JSON",
    line("", "None"): "malformed JSON: Expecting value at column 57",
    line("", "+7"): "malformed JSON: Expecting value at column 57",
    line("", "007"): "malformed JSON: Expecting ',' delimiter at column 58",
    line("", "0x7"): "malformed JSON: Expecting ',' delimiter at column 58",
    line("", "7."): "malformed JSON: Expecting ',' delimiter at column 58",
    line("", ""): "malformed JSON: Expecting value at column 57",
    line("", "1e999"): "a value of the wrong kind, or a number out of range",
    line(',"x":' + "[" * 100_000 + "]" * 100_000): "malformed JSON: nested too deeply",
    b'{"x":' * 5_000 + b"1" + b"}" * 5_000: "malformed JSON: nested too deeply",
}

OTHER_THINGS: dict[bytes, str] = {
    b"null": "a JSON object was expected, not null",
    b"true": "a JSON object was expected, not a truth value",
    b"42": "a JSON object was expected, not a number",
    b"4.2": "a JSON object was expected, not a number",
    b'"text"': "a JSON object was expected, not a text",
    b"[" + WHOLE + b"]": "a JSON object was expected, not a list",
}

NO_REQUESTS: dict[bytes, str] = {
    b"{}": "no time",
    line("", "-1"): "input_tokens is negative: -1",
    line("", "1000000000001"): "input_tokens is absurd: 1000000000001",
    line("", "9223372036854775808"): "input_tokens `9223372036854775808` is not a whole number",
    line("", "99999999999999999999999"): "input_tokens `99999999999999999999999` is not a whole number",
    line("", "1.5"): "input_tokens `1.5` is not a whole number",
    line("", '"many"'): "input_tokens `many` is not a whole number",
    line("", "true"): "input_tokens `true` is not a whole number",
    line("", '{"a":1}'): 'input_tokens `{"a": 1}` is not a whole number',
    line("", "[1]"): "input_tokens `[1]` is not a whole number",
    line("", "null"): "no input_tokens",
    b'{"ts":"2026-10-01","model":"m","input_tokens":1}': "no output_tokens",
    b'{"model":"m","input_tokens":1,"output_tokens":1}': "no time",
    WHOLE.replace(TIME.encode(), b""): "no time",
    WHOLE.replace(b'"2026-10-01T08:00:00Z"', b"null"): "no time",
    WHOLE.replace(b'"2026-10-01T08:00:00Z"', b"0"): "unreadable time `0`",
    WHOLE.replace(TIME.encode(), b"yesterday"): "unreadable time `yesterday`",
    WHOLE.replace(b"2026-10-01", b"2026-13-01"): "unreadable time `2026-13-01T08:00:00Z`",
    WHOLE.replace(b"2026-10-01", b"2026-02-30"): "unreadable time `2026-02-30T08:00:00Z`",
    WHOLE.replace(b"2026", b"1999"): "unreadable time `1999-10-01T08:00:00Z`",
    WHOLE.replace(b"2026", b"2100"): "unreadable time `2100-10-01T08:00:00Z`",
    WHOLE.replace(b'"model":"m",', b""): "no model",
    WHOLE.replace(b'"m"', b"null"): "no model",
    WHOLE.replace(b'"m"', b'""'): "no model",
    line(',"cached_tokens":8'): "more cached than input tokens (is input counted without the cached ones?)",
    line(',"cached_tokens":4,"cache_write_tokens":4'): (
        "more cached than input tokens (is input counted without the cached ones?)"
    ),
    line(',"cached_tokens":-1'): "cached_input_tokens is negative: -1",
    line(',"reasoning_tokens":6'): "more reasoning than output tokens",
    line(',"cache_write_tokens":1,"cache_write_1h_tokens":2'): "more 1-hour cache writes than cache writes",
    line(',"cost":"free"'): "cost_usd `free` is not a number",
    line(',"cost":1e99'): f"cost_usd `1{'0' * 59}` is not a number",
    line(',"requests":-2'): "requests is negative: -2",
}

HALF = WHOLE[:39]
LAST: dict[bytes, str] = {HALF: "malformed JSON: Unterminated string starting at at column 38"}

BROKEN = {**MALFORMED, **OTHER_THINGS, **NO_REQUESTS}
EVERY_FIELD = line(
    ',"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"reasoning_tokens":0,"cost":0.5,"requests":1,"id":"r0"'
).replace(b'"input_tokens":7', b'"input_tokens":0')


def mixed_log() -> tuple[bytes, list[tuple[int | None, str]]]:
    """10,000 good lines with a broken one after each 100th, and a half-written one at the end."""
    lines, expected = [EVERY_FIELD], list[tuple[int | None, str]]()
    broken = iter(BROKEN.items())
    for number in range(1, GOOD):
        lines.append(good(number))
        if number % 100 == 0 and (found := next(broken, None)):
            lines.append(found[0])
            expected.append((len(lines), found[1]))
    assert next(broken, None) is None
    lines.append(HALF)
    expected.append((len(lines), LAST[HALF]))
    return b"\n".join(lines), expected


def test_fifty_kinds_of_damage_are_told_apart() -> None:
    assert len({**BROKEN, **LAST}) == len(MALFORMED) + len(OTHER_THINGS) + len(NO_REQUESTS) + 1 > 50


@pytest.mark.parametrize("size", [16 << 20, 64 << 10])
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_a_bad_line_never_costs_a_good_one(write: Write, read: Read, packing: str, size: int) -> None:
    log, expected = mixed_log()
    packed = {"": log, ".gz": gzip.compress(log), ".zst": zstandard.compress(log)}

    frame, rejects = read(write(f"log.jsonl{packing}", packed[packing]), size=size)

    assert frame["request_id"].to_list() == [f"r{number}" for number in range(GOOD)]
    assert frame["input_tokens"].to_list() == list(range(GOOD))
    assert rejects == expected


class Pipe(io.RawIOBase):
    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # all that BufferedReader passes
        return self._data.readinto(buffer)


@pytest.mark.parametrize("size", [16 << 20, 64 << 10])
@pytest.mark.parametrize("kind", ["pipe", "redirected file"])
def test_standard_input_is_read_like_a_file(
    monkeypatch: pytest.MonkeyPatch, write: Write, read: Read, kind: str, size: int
) -> None:
    log, expected = mixed_log()
    raw = Pipe(log) if kind == "pipe" else io.FileIO(write("log", log))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(raw)))

    frame, rejects = read("-", size=size)
    raw.close()

    assert frame["input_tokens"].to_list() == list(range(GOOD))
    assert rejects == expected


@pytest.mark.parametrize("broken", [*BROKEN, *LAST])
def test_a_first_line_may_be_broken(write: Write, read: Read, broken: bytes) -> None:
    frame, rejects = read(write("log.jsonl", broken + b"\n" + EVERY_FIELD + b"\n" + good(1)))

    assert frame["request_id"].to_list() == ["r0", "r1"]
    assert rejects == [(1, {**BROKEN, **LAST}[broken])]


HEADER = "id,ts,model,input_tokens,cached_tokens,output_tokens,cost,note\n"
BROKEN_ROWS = {
    b"x,2026-10-01,m,1,0,1,0,n,9": "9 fields where the header has 8",
    b'x,2026-10-01,m,1,0,1,0,"open': "a quote is not closed",
    b'"x,2026-10-01,m,1,0,1,0,n': "a quote is not closed",
    b'x,2026-10-01,"m"b,1,0,1,0,n': "a quote is not closed",
    b"x,2026-10-01,\xff\xfe,1,0,1,0,n": "not UTF-8 text",
    b"x,2026-10-01": "no model",
    b"x": "no time",
    b",,,,,,,": "no time",
    b"x,,m,1,0,1,0,n": "no time",
    b'x,"",m,1,0,1,0,n': "no time",
    b"x,soon,m,1,0,1,0,n": "unreadable time `soon`",
    b"x,2026-10-01,,1,0,1,0,n": "no model",
    b"x,2026-10-01,m,,0,1,0,n": "no input_tokens",
    b"x,2026-10-01,m,1,0,-,0,n": "no output_tokens",
    b"x,2026-10-01,m,-1,0,1,0,n": "input_tokens is negative: -1",
    b"x,2026-10-01,m,one,0,1,0,n": "input_tokens `one` is not a whole number",
    b"x,2026-10-01,m,1.5,0,1,0,n": "input_tokens `1.5` is not a whole number",
    b"x,2026-10-01,m,1,0,1e13,0,n": "output_tokens is absurd: 1e13",
    b"x,2026-10-01,m,1,2,1,0,n": "more cached than input tokens (is input counted without the cached ones?)",
    b"x,2026-10-01,m,1,0,1,free,n": "cost_usd `free` is not a number",
    b"INFO the server has started": "no time",
}
ROWS = (
    b"r%d,2026-10-01T08:00:00Z,gpt-4o,%d,0,5,0.5,plain",
    b'"r%d","2026-10-01 08:00","gpt-4o","%d","0","5","$0.50","a ""quoted"" word, a comma"',
    b'r%d,2026-10-01,gpt-4o,%d,,5,,"three\nlines\n\nof text"',
    b"r%d,2026-10-01,gpt-4o,%d,,5",
    b"r%d,2026-10-01,gpt-4o,%d,,5,,a trailing comma,",
    b'r%d,2026-10-01,gpt-4o,%d,0,5,0.5,a 5" screen',
)


def mixed_table() -> tuple[bytes, list[tuple[int | None, str]]]:
    lines, expected = [HEADER.strip().encode()], list[tuple[int | None, str]]()
    broken = iter(BROKEN_ROWS.items())
    for number in range(GOOD):
        lines += (ROWS[number % len(ROWS)] % (number, number)).split(b"\n")
        if number % 400 == 0 and (found := next(broken, None)):
            lines.append(found[0])
            expected.append((len(lines), found[1]))
    assert next(broken, None) is None
    return b"\n".join(lines), expected


@pytest.mark.parametrize("size", [16 << 20, 64 << 10])
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_a_bad_row_never_costs_a_good_one(write: Write, read: Read, packing: str, size: int) -> None:
    log, expected = mixed_table()
    packed = {"": log, ".gz": gzip.compress(log), ".zst": zstandard.compress(log)}

    frame, rejects = read(write(f"log.csv{packing}", packed[packing]), size=size)

    assert frame["request_id"].to_list() == [f"r{number}" for number in range(GOOD)]
    assert frame["input_tokens"].to_list() == list(range(GOOD))
    assert rejects == expected


@pytest.mark.parametrize("row", [*BROKEN_ROWS])
def test_a_single_bad_row_is_found(write: Write, read: Read, row: bytes) -> None:
    log = b"\n".join([HEADER.strip().encode(), ROWS[0] % (1, 1), row, ROWS[0] % (2, 2), b""])

    frame, rejects = read(write("log.csv", log))

    assert frame["request_id"].to_list() == ["r1", "r2"]
    assert rejects == [(3, BROKEN_ROWS[row])]


def test_a_field_that_first_appears_in_a_later_partition_is_read_from_there_on(
    write: Write, read: Read
) -> None:
    early = [good(number) for number in range(1000)]
    late = [line(',"cached_tokens":3') for _ in range(1000)]

    frame, rejects = read(write("log.jsonl", b"\n".join([*early, *late])), size=20_000)

    assert rejects == []
    assert frame["cached_input_tokens"].sum() == 3 * 1000


def test_a_kind_that_changes_in_a_later_partition_is_read(write: Write, read: Read) -> None:
    numbers = [line("", str(number)) for number in range(1000)]
    texts = [line("", f'"{number}"') for number in range(1000, 2000)]

    frame, rejects = read(write("log.jsonl", b"\n".join([*numbers, *texts])), size=20_000)

    assert rejects == []
    assert frame["input_tokens"].to_list() == list(range(2000))


@pytest.mark.parametrize("size", [16 << 20, 100])
def test_a_list_of_tags_reads_the_same_beside_a_broken_line(write: Write, read: Read, size: int) -> None:
    tags = ['["a", "b"]', '["a","b"]', "null", '["é"]', "[]", "[1, 2]"]
    log = b"\n".join([line(f',"tags":{tag}') for tag in tags] * 2)

    alone, _ = read(write("good.jsonl", log), size=size)
    beside, rejects = read(write("bad.jsonl", log + b"\n{"), size=size)

    assert alone["tag"].to_list() == ["a,b", "a,b", None, "é", None, "1,2"] * 2
    assert beside["tag"].to_list() == alone["tag"].to_list()
    assert len(rejects) == 1


def test_columns_by_the_logs_own_names_are_read_as_text(write: Write, read: Read) -> None:
    log = write("log.jsonl", line(',"region":"eu","meta":{"n":7}'))

    frame, _ = read(
        log, wanted=("timestamp", "model", "input_tokens", "output_tokens", "region", "meta.n", "absent")
    )

    assert frame.select("region", "meta.n").rows() == [("eu", "7")]
    assert "absent" not in frame.columns


def test_a_log_that_is_not_understood_says_what_it_has_and_lacks(write: Write, read: Read) -> None:
    with pytest.raises(FormatError) as caught:
        read(write("log.jsonl", '{"when":"2026-10-01","model":"m","usage":{"in":1}}'))

    assert caught.value.message == (
        "`log.jsonl` is not understood: no column for `timestamp`, `input_tokens`, `output_tokens`; "
        "it has `when`, `model`, `usage`, `usage.in`"
    )
    assert caught.value.hint == (
        "name the column with `--map timestamp=COLUMN`, or give a constant with `--set timestamp=VALUE`"
    )


def test_a_log_of_nothing_but_damage_is_all_rejects(write: Write, read: Read) -> None:
    frame, rejects = read(write("log.jsonl", "{\n[]\n{}\n"))

    assert frame.is_empty()
    assert rejects == [
        (1, "malformed JSON: Expecting property name enclosed in double quotes at column 2"),
        (2, "a JSON object was expected, not a list"),
        (3, "a JSON object was expected, and this one is empty"),
    ]


@pytest.mark.parametrize("damage", [b"", b"{half a li"])
@pytest.mark.parametrize(
    ("rare", "found"),
    [
        (b'"cached_tokens":7', {"cached_input_tokens": 7}),
        (b'"cache_creation_input_tokens":"8"', {"cache_write_tokens": 8}),
        (b'"batch":true', {"mode": "batch"}),
        (b'"cost":0.5', {"cost_usd": Decimal("0.5")}),
        (b'"quality":0.5', {"quality": 0.5}),
        (b'"propensity":0.5', {"propensity": 0.5}),
        (b'"attempt":2', {"attempt": 2}),
        (b'"prompt_hash":"h"', {"prompt_hash": "h"}),
    ],
)
def test_a_field_of_one_line_among_thousands_is_read(
    write: Write, read: Read, rare: bytes, found: dict[str, object], damage: bytes
) -> None:
    common = b'{"ts":1790000000,"model":"m","prompt_tokens":10,"completion_tokens":1}'
    lines = [common] * 3_000
    lines[1_001] = common[:-1] + b"," + rare + b"}"
    lines[1_777] = damage

    frame, rejects = read(write("log.jsonl", b"\n".join(lines)))

    ((column, value),) = found.items()
    assert [seen for seen in frame[column].drop_nulls() if seen] == [value]
    assert [line for line, _ in rejects] == ([1_778] if damage else [])


def test_a_column_named_by_the_user_may_stand_in_one_line_among_thousands(write: Write, read: Read) -> None:
    common = b'{"ts":1790000000,"model":"m","prompt_tokens":10,"completion_tokens":1}'
    lines = [common] * 3_000
    lines[1_001] = common[:-1] + b',"meta":{"job":"nightly"}}'

    frame, _ = read(write("log.jsonl", b"\n".join(lines)), columns={"tag": "meta.job"})

    assert frame["tag"].drop_nulls().to_list() == ["nightly"]


def test_a_column_that_holds_objects_is_not_understood_by_its_name(write: Write, read: Read) -> None:
    log = write("log.jsonl", '{"ts":1790000000,"model":{"name":"m"},"prompt_tokens":1,"completion_tokens":1}')

    with pytest.raises(FormatError, match=r"no column for `model`; it has .*`model\.name`"):
        read(log)

    assert read(log, columns={"model": "model.name"})[0]["model"].to_list() == ["m"]


def test_good_lines_after_much_damage_are_found(write: Write, read: Read) -> None:
    frame, rejects = read(write("log.jsonl", b"\n".join([*[b"{"] * 500, good(1)])))

    assert (frame.height, len(rejects)) == (1, 500)


def test_a_partition_of_nothing_but_damage_costs_nothing(write: Write, read: Read) -> None:
    log = write("log.jsonl", b"\n".join([good(1), *[b"{"] * 500, good(2)]))

    frame, rejects = read(log, size=200)

    assert frame["request_id"].to_list() == ["r1", "r2"]
    assert [place for place, _ in rejects] == list(range(2, 502))


def test_rejects_of_a_partition_come_in_order(write: Write, read: Read) -> None:
    log = write("log.jsonl", b"\n".join([WHOLE, line("", "-1"), b"{", line("", "-2"), b"["]))

    _, rejects = read(log)

    assert [place for place, _ in rejects] == [2, 3, 4, 5]


def test_a_reject_keeps_its_line(write: Write) -> None:
    path = write("log.jsonl", b"\n".join([WHOLE + b"\r", b"oops\r", line("", "-1") + b"\r", b""]))
    reader = Reader(Wishes(), ("timestamp", "model", "input_tokens", "output_tokens"))

    (partition,) = partitions(Source(path))

    assert [reject.text for reject in reader.read(partition).rejects] == ["oops", line("", "-1").decode()]


def test_logs_are_read_one_after_the_other_each_beginning_with_nothing(write: Write) -> None:
    first = write("a.jsonl", b"\n".join([good(1), good(2), b"oops"]))
    sources = [Source(first), Source(write("b.csv", "")), Source(write("c.jsonl", b"oops\n" + good(3)))]

    batches = list(read_all(sources, Wishes(), ("timestamp", "model", "input_tokens", "output_tokens"), 100))

    assert [
        (
            batch.number,
            batch.source.path,
            batch.format,
            None if batch.requests.frame is None else batch.requests.frame["input_tokens"].to_list(),
            [reject.line for reject in batch.requests.rejects],
        )
        for batch in batches
    ] == [
        (0, "a.jsonl", "", None, []),
        (0, "a.jsonl", "generic", [1, 2], []),
        (0, "a.jsonl", "generic", [], [3]),
        (1, "b.csv", "", None, []),
        (2, "c.jsonl", "", None, []),
        (2, "c.jsonl", "generic", [3], [1]),
    ]
    assert batches[1].fields == {"id", "ts", "model", "in", "input_tokens", "output_tokens"}
    assert batches[2].position == Source(first).size


@pytest.mark.parametrize("size", [16 << 20, 3])
def test_lines_before_the_first_record_are_rejected(write: Write, read: Read, size: int) -> None:
    frame, rejects = read(write("log.jsonl", b"oops\n{}\n\n[]\n" + WHOLE), size=size)

    assert frame.height == 1
    assert [place for place, _ in rejects] == [1, 2, 4]
