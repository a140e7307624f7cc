import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from costopt.errors import SourceError
from costopt.intake.partitions import partitions
from costopt.intake.sources import Source, Stream, find_sources, open_source

Write = Callable[[str, str | bytes], str]

LINES = b"".join(b'{"number": %d}\n' % (number * 7919 % 1_000_003) for number in range(200_000))


def contents(path: str) -> tuple[bytes, str | None]:
    with open_source(Source(path)) as stream:
        text = b""
        while block := stream.read(100_000):
            text += block
        return text, stream.damage


def found(*paths: str) -> list[str]:
    return [source.path for source in find_sources(paths)]


def test_a_file_is_itself_whatever_its_name(write: Write) -> None:
    write("notes.txt", "{}")

    assert found("notes.txt", "-", "notes.txt") == ["notes.txt", "-", "notes.txt"]


def test_a_directory_gives_the_logs_below_it_in_order(write: Write) -> None:
    for name in (
        "b.jsonl",
        "a.csv.gz",
        "deep/c.NDJSON",
        "deep/d.parquet",
        "e.json.zst",
        "f.tsv",
        ".hidden.jsonl",
    ):
        write(f"logs/{name}", "")
    for name in (".git/x.jsonl", "read.me", "packed.gz", "jsonl"):
        write(f"logs/{name}", "")

    assert found("logs") == [
        "logs/a.csv.gz",
        "logs/b.jsonl",
        "logs/deep/c.NDJSON",
        "logs/deep/d.parquet",
        "logs/e.json.zst",
        "logs/f.tsv",
    ]


def test_a_folder_named_like_a_log_is_none(write: Write) -> None:
    write("logs/a.jsonl/b.jsonl", "")

    assert found("logs") == ["logs/a.jsonl/b.jsonl"]


def test_a_hidden_directory_can_be_named(write: Write) -> None:
    write(".logs/a.jsonl", "")

    assert found(".logs") == [".logs/a.jsonl"]


def test_a_glob_gives_files_in_order(write: Write) -> None:
    for name in ("x/b.log", "x/a.log", "x/y/c.log", "x/d.txt"):
        write(name, "")

    assert found("x/*.log") == ["x/a.log", "x/b.log"]
    assert found("x/**/*.log") == ["x/a.log", "x/b.log", "x/y/c.log"]


@pytest.mark.parametrize("path", ["absent.jsonl", "*.jsonl", "absent/"])
def test_a_path_that_names_nothing_is_an_error(path: str) -> None:
    with pytest.raises(SourceError, match="No such file") as caught:
        find_sources([path])

    assert caught.value.hint == "name a log file, a directory, a glob, or `-` for stdin"


def test_a_directory_without_logs_is_an_error(write: Write) -> None:
    write("logs/notes.txt", "")

    with pytest.raises(SourceError, match="No log files in `logs`") as caught:
        find_sources(["logs"])

    assert ".jsonl, .ndjson, .json, .csv, .tsv, .parquet" in caught.value.hint


def test_what_is_neither_file_nor_directory_is_believed() -> None:
    assert found("/dev/null") == ["/dev/null"]


def test_a_size_is_that_on_disk(write: Write) -> None:
    assert Source(write("a.jsonl", "12345")).size == 5
    assert Source("-").size == 0


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("a.jsonl", "jsonl"),
        ("a.ndjson", "jsonl"),
        ("a.JSON", "json"),
        ("a.csv.gz", "csv"),
        ("a.tsv.zst", "tsv"),
        ("a.parquet", "parquet"),
        ("a.b.csv", "csv"),
        ("a.log", None),
        ("a.gz", None),
        ("a", None),
        ("-", None),
    ],
)
def test_a_name_tells_what_a_file_holds(name: str, container: str | None) -> None:
    assert Source(name).container == container


@pytest.mark.parametrize(
    ("name", "content", "container"),
    [
        ("a.jsonl", '{"a":1}\n{"a":2}', "jsonl"),
        ("a.json", '{"a":1}\n{"a":2}', "jsonl"),
        ("a.json", '{"a":1}', "jsonl"),
        ("a.json", '{\n  "a":1\n}', "json"),
        ("a.json", '\n  [{"a":1}]', "json"),
        ("a.jsonl", '[{"a":1}, {"a":2}]', "json"),
        ("a.jsonl", '[{"a":1},\n{"a":2}]', "json"),
        ("a.jsonl", '[\n{"a":1}]', "json"),
        ("a.jsonl", '[1, 2]\n{"a":1}', "jsonl"),
        ("a.jsonl", 'half"}\n{"a":1}', "jsonl"),
        ("a.jsonl", "a,b\n1,2", "jsonl"),
        ("a", '{"a":1}\n{"a":2}', "jsonl"),
        ("a", '{\n  "a":1\n}', "json"),
        ("a", '{"a":"' + "x" * 5000 + '"}', "jsonl"),
        ("a", '[{"a":1}]', "json"),
        ("a", '[1, 2]\n{"a":1}', "json"),
        ("a", "a,b\n1,2", "csv"),
        ("a", "a,b\tc\n1,2\t3", "tsv"),
        ("a", "a,b\n1,\t2", "csv"),
        ("a", "", "csv"),
        ("a.json", "", "jsonl"),
        ("a.csv", '{"a":1}', "csv"),
        ("a.tsv", "a,b", "tsv"),
        ("a.csv", "PAR1...", "parquet"),
        ("a.parquet", "nothing", "parquet"),
    ],
)
def test_what_a_source_holds(write: Write, name: str, content: str, container: str) -> None:
    with open_source(Source(write(name, content))) as stream:
        assert stream.container() == container


@pytest.mark.parametrize(
    "packed",
    [
        LINES,
        gzip.compress(LINES),
        zstandard.compress(LINES),
        gzip.compress(LINES[:5_000]) + gzip.compress(LINES[5_000:]),
        zstandard.compress(LINES[:5_000]) + zstandard.compress(LINES[5_000:]),
        b"\xef\xbb\xbf" + LINES,
        gzip.compress(b"\xef\xbb\xbf" + LINES),
    ],
    ids=["plain", "gzip", "zstd", "two gzip members", "two zstd frames", "byte order mark", "packed mark"],
)
def test_content_tells_how_a_file_is_packed(write: Write, packed: bytes) -> None:
    assert contents(write("log.jsonl", packed)) == (LINES, None)


def test_a_plain_file_may_be_named_as_packed(write: Write) -> None:
    assert contents(write("log.jsonl.gz", LINES)) == (LINES, None)


@pytest.mark.parametrize("packed", [gzip.compress(b"", mtime=0), zstandard.compress(b""), b""])
def test_an_empty_file_is_empty(write: Write, packed: bytes) -> None:
    assert contents(write("log.jsonl.gz", packed)) == (b"", None)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_what_a_cut_off_file_holds_is_kept(
    write: Write, pack: Callable[[bytes], bytes], share: float
) -> None:
    packed = pack(LINES)

    text, damage = contents(write("log.jsonl.gz", packed[: int(len(packed) * share)]))

    assert LINES.startswith(text)
    assert len(text) > len(LINES) * (share - 0.15)
    assert damage is not None
    assert damage.startswith("packed data is damaged or cut off (")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_comes_before_damage_is_kept(write: Write, pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(LINES))
    middle = len(packed) // 2
    packed[middle : middle + 5000] = b"\xff" * 5000

    text, damage = contents(write("log.jsonl.gz", bytes(packed)))

    assert text[: len(LINES) // 5] == LINES[: len(LINES) // 5]
    assert damage is not None


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_comes_before_garbage_is_kept(write: Write, pack: Callable[[bytes], bytes]) -> None:
    text, damage = contents(write("log.jsonl.gz", pack(LINES) + b"no packed data"))

    assert text == LINES
    assert damage is not None


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_file_damaged_from_the_start_is_an_error(write: Write, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(SourceError, match=r"Cannot unpack `log.gz`: packed data is damaged or cut off"):
        contents(write("log.gz", pack(LINES)[:8]))


def test_a_file_that_is_gone_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"Cannot read `gone.jsonl`: No such file or directory") as caught:
        contents("gone.jsonl")

    assert caught.value.hint == "check the path and its permissions"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_standard_input_may_be_packed(
    monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(pack(LINES)))))

    assert contents("-") == (LINES, None)


def test_the_position_is_that_on_disk(write: Write) -> None:
    packed = gzip.compress(LINES)
    with open_source(Source(write("log.jsonl.gz", packed))) as stream:
        stream.read(len(LINES) + 1)

        assert stream.position == len(packed)


@pytest.mark.parametrize("name", ["log", "log.gz"])
def test_lines_are_read_whole(write: Write, name: str) -> None:
    text = b"".join(b"%d\n" % number for number in range(1000))
    path = write(name, text if name == "log" else gzip.compress(text))
    with open_source(Source(path)) as stream:
        blocks = []
        while block := stream.read_lines(100):
            blocks.append(block)

    assert b"".join(blocks) == text
    assert all(block.endswith(b"\n") and 100 <= len(block) < 105 for block in blocks[:-1])


def test_a_path_is_not_followed_into_a_file_system_that_refuses(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Cannot read"):
        contents(str(tmp_path))


def test_a_disk_that_fails_while_reading_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_stream: Stream, _size: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Stream, "read_lines", fail)

    with pytest.raises(SourceError, match=r"Cannot read `log.jsonl`: Input/output error"):
        list(partitions(Source(write("log.jsonl", "{}"))))
