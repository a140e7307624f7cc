"""Sources cut into partitions: whole records, about as many bytes as asked for, in order."""

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

import polars as pl

from costopt.errors import SourceError
from costopt.intake.converted import converted_from
from costopt.intake.rejects import Reject
from costopt.intake.sources import Container, Source, Stream, as_file, open_source
from costopt.models.intake import Converted

PARTITION_BYTES: Final = 16 << 20
MAX_LINE_BYTES: Final = 64 << 20
"""A longer line is rejected: it is no request, and it would not fit the memory that is promised."""

LONGEST_RECORD: Final = 1000
"""Lines a quoted field may span before its quote counts as never closed."""

_ROW_BYTES: Final = 64
"""What a Parquet row is taken to weigh when partitions are cut by rows."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Some whole records of one source.

    Attributes:
        source: The file they are from.
        container: What the file holds; an array's elements arrive as lines.
        data: The lines (a table's without its header), or the rows of a Parquet file.
        header: A table's header line, empty elsewhere.
        separator: What stands between a table's fields.
        first_line: Gives the file's line number of the first line of `data`, from 1.
        lines: The line numbers of every line, where they do not simply follow each other.
        position: How far into the file this partition reaches, in bytes on disk.
        rejects: Lines that could not even be cut out.
        converted: Where the rows are from, if `costopt convert` wrote them.
    """

    source: Source
    container: Literal["lines", "table", "rows"]
    data: bytes | pl.DataFrame
    header: bytes = b""
    separator: str = ","
    first_line: Callable[[], int] = lambda: 1
    lines: tuple[int, ...] = ()
    position: int = 0
    rejects: tuple[Reject, ...] = ()
    converted: Converted | None = None

    def line(self, index: int) -> int:
        """The file's line number of the partition's line (or row) of that index, from 0."""
        return self.lines[index] if self.lines else self.first_line() + index


class LineCounter:
    """Line numbers by byte offset, counted only when one is asked for: good logs are never counted.

    State: the last answer, from which the next is counted on.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0
        self._line = 1

    def at(self, offset: int) -> int:
        """The number of the line that begins there."""
        if offset < self._offset:
            self._offset, self._line = 0, 1
        if offset > self._offset:
            with Path(self._path).open("rb") as file:
                file.seek(self._offset)
                while self._offset < offset and (block := file.read(min(1 << 22, offset - self._offset))):
                    self._line += block.count(b"\n")
                    self._offset += len(block)
        return self._line


Needed = Callable[[Mapping[str, pl.DataType]], list[str]]
"""Which columns to read of a Parquet file with this schema."""


def partitions(source: Source, size: int = PARTITION_BYTES, needed: Needed = list) -> Iterator[Partition]:
    """The source's records in partitions of about `size` bytes; an empty source gives none.

    Args:
        source: What to cut.
        size: About how many bytes.
        needed: Which columns to read of a Parquet file.

    Raises:
        SourceError: if the source cannot be opened or unpacked.
    """
    with open_source(source) as stream:
        yield from _partitions(stream, size, needed)


def _partitions(stream: Stream, size: int, needed: Needed) -> Iterator[Partition]:
    source = stream.source
    try:
        container = stream.container()
        if container == "parquet":
            yield from _of_rows(stream, size, needed)
        elif container == "json":
            yield from _of_elements(stream, size)
        else:
            yield from _of_lines(stream, container, size)
        if stream.damage:
            damage = Reject(source.path, None, stream.damage, "")
            yield Partition(source, "lines", b"", position=stream.position, rejects=(damage,))
    except OSError as error:
        raise SourceError(
            f"Cannot read `{source.path}`: {error.strerror}", hint="is the disk or share in order?"
        ) from error


def _of_lines(stream: Stream, container: Container, size: int) -> Iterator[Partition]:
    table = container in ("csv", "tsv")
    header, line = _header(stream) if table else (b"", 1)
    separator = "\t" if container == "tsv" else ","
    counter = LineCounter(stream.source.path) if stream.plain else None
    start = stream.position
    while data := stream.read_lines(size):
        data, endless = _whole_lines(stream, data)
        if table and b'"' in data:
            data = _whole_records(stream, data, header, separator)
        partition = Partition(
            stream.source,
            "table" if table else "lines",
            data,
            header=header,
            separator=separator,
            first_line=partial(counter.at, start) if counter else partial(int, line),
            position=stream.position,
        )
        if endless:
            yield replace(partition, rejects=(_endless(partition, endless),))
        elif not data.isspace():
            yield partition
        start = stream.position
        line += 0 if counter else data.count(b"\n") + bool(endless)


def _header(stream: Stream) -> tuple[bytes, int]:
    """A table's first line that is not blank, and the number of the line after it."""
    line = 2
    while (header := stream.readline(MAX_LINE_BYTES)) and not header.strip():
        line += 1
    return header, line


def _whole_lines(stream: Stream, data: bytes) -> tuple[bytes, bytes]:
    """The data to the end of its last line; apart from it the start of a line that has no end in sight."""
    if data.endswith(b"\n"):
        return data, b""
    tail = stream.readline(MAX_LINE_BYTES)
    data += tail
    if len(tail) < MAX_LINE_BYTES or tail.endswith(b"\n"):
        return data, b""
    while (tail := stream.readline(MAX_LINE_BYTES)) and not tail.endswith(b"\n"):
        pass
    kept = data.rfind(b"\n") + 1
    return data[:kept], data[kept:][:2000]


def _whole_records(stream: Stream, data: bytes, header: bytes, separator: str) -> bytes:
    """The data to the end of a line that is a record by itself, so that no quoted field is cut.

    Where there is no such line, to where the quotes are balanced: stray ones can mislead that.
    """
    width = _width(header, separator)
    pieces = [data]
    line = data[data.rfind(b"\n", 0, len(data) - 1) + 1 :]
    while line and _width(line, separator) != width and len(pieces) <= LONGEST_RECORD:
        line = stream.readline(MAX_LINE_BYTES)
        pieces.append(line)
    data = b"".join(pieces)
    if len(pieces) <= LONGEST_RECORD:
        return data
    pieces, extended = [data], 0
    inside = data.count(b'"') % 2 == 1
    while inside and extended < MAX_LINE_BYTES and (line := stream.readline(MAX_LINE_BYTES)):
        pieces.append(line)
        extended += len(line)
        inside = line.count(b'"') % 2 == 0
    return b"".join(pieces)


def _width(line: bytes, separator: str) -> int:
    """How many fields the line has; 0 where a quote is open at its end."""
    text = line.decode(errors="replace").rstrip("\r\n")
    try:
        return len(next(csv.reader([text], delimiter=separator, strict=True), []))
    except csv.Error:
        return 0


def _endless(partition: Partition, text: bytes) -> Reject:
    data = partition.data
    index = data.count(b"\n") if isinstance(data, bytes) else 0
    reason = f"line is longer than {MAX_LINE_BYTES >> 20} MB"
    return Reject(partition.source.path, partition.line(index), reason, text.decode(errors="replace"))


def _of_rows(stream: Stream, size: int, needed: Needed) -> Iterator[Partition]:
    with as_file(stream) as path:
        try:
            converted = converted_from(pl.read_parquet_metadata(path))
            rows = pl.scan_parquet(path)
            batches = rows.select(needed(rows.collect_schema())).collect_batches(
                chunk_size=max(1, size // _ROW_BYTES), maintain_order=True
            )
            row = 1
            for frame in batches:
                yield Partition(
                    stream.source,
                    "rows",
                    frame,
                    first_line=partial(int, row),
                    position=stream.source.size,
                    converted=converted,
                )
                row += frame.height
        except pl.exceptions.PolarsError as error:
            reason = str(error).partition("\n")[0]
            raise SourceError(
                f"Cannot read `{stream.source.path}` as Parquet: {reason}", hint="is the file complete?"
            ) from error


_GAP: Final = re.compile(r"[\s,]*")
_NEXT: Final = re.compile(r"[}\],\n]\s*,?\s*(?=\{)")
_OVERLAP: Final = 1 << 12


def _of_elements(stream: Stream, size: int) -> Iterator[Partition]:
    """The elements of an array, or objects written one after the other over several lines, as lines."""
    scanner = _Elements(stream)
    batch: list[bytes] = []
    numbers: list[int] = []
    rejects: list[Reject] = []
    held = 0
    for number, text, reason in scanner:
        if reason:
            rejects.append(Reject(stream.source.path, number, reason, text[:2000]))
            continue
        batch.append(text.replace("\n", " ").replace("\r", " ").encode())
        numbers.append(number)
        held += len(batch[-1]) + 1
        if held >= size:
            yield _of_batch(stream, batch, numbers, rejects)
            batch, numbers, rejects, held = [], [], [], 0
    if batch or rejects:
        yield _of_batch(stream, batch, numbers, rejects)


def _of_batch(stream: Stream, batch: list[bytes], numbers: list[int], rejects: list[Reject]) -> Partition:
    return Partition(
        stream.source,
        "lines",
        b"".join(line + b"\n" for line in batch),
        lines=tuple(numbers),
        position=stream.position,
        rejects=tuple(rejects),
    )


class _Elements:
    """Cuts JSON values out of a stream; state: the text not yet consumed, its line number, and the array open."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decode = json.JSONDecoder().raw_decode
        self._unicode = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0
        self._line = 1
        self._inside = False

    def __iter__(self) -> Iterator[tuple[int, str, str]]:
        """Line number, text, and the reason for which it is rejected, if it is."""
        while self._more():
            yield self._next()

    def _fill(self) -> bool:
        block = self._stream.read(1 << 20)
        self._text = self._text[self._at :] + self._unicode.decode(block, final=not block)
        self._at = 0
        return bool(block)

    def _more(self) -> bool:
        """Whether there is another value; brackets are passed over, for an array may follow another one."""
        while True:
            end = _end_of_gap(self._text, self._at)
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            if end == len(self._text):
                if not self._fill():
                    return False
            elif self._text[end] == "]" or (self._text[end] == "[" and not self._inside):
                self._inside = self._text[end] == "["
                self._at += 1
            else:
                return True

    def _next(self) -> tuple[int, str, str]:
        while True:
            try:
                _, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not (self._may_be_cut(error) and self._fill()):
                    return self._broken(error.msg)
            except RecursionError:
                return self._broken("nested too deeply")
            except ValueError as error:
                return self._broken(str(error))
            else:
                return self._take(end, "")

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the value only goes on in what was not read yet."""
        near_end = error.pos >= len(self._text) - len("Infinity") or error.msg.startswith("Unterminated")
        return near_end and len(self._text) - self._at < MAX_LINE_BYTES

    def _broken(self, reason: str) -> tuple[int, str, str]:
        """Reading resumes where the next object seems to begin."""
        after = 1
        while (match := _NEXT.search(self._text, self._at + after)) is None:
            after = max(after, len(self._text) - self._at - _OVERLAP)
            if after > MAX_LINE_BYTES or not self._fill():
                break
        return self._take(match.end() if match else len(self._text), f"malformed JSON: {reason}")

    def _take(self, end: int, reason: str) -> tuple[int, str, str]:
        number, text = self._line, self._text[self._at : end]
        self._line += text.count("\n")
        self._at = end
        return number, text, reason


def _end_of_gap(text: str, start: int) -> int:
    match = _GAP.match(text, start)
    return match.end() if match else start
