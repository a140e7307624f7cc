"""CSV and TSV partitions to raw columns of text."""

import csv
import re
from collections.abc import Iterator, Mapping

import polars as pl

from costopt.intake.decoded import Decoded, reject_line
from costopt.intake.formats.format import Field
from costopt.intake.partitions import LONGEST_RECORD, MAX_LINE_BYTES, Partition

csv.field_size_limit(MAX_LINE_BYTES)


def header_of(partition: Partition) -> list[str]:
    """The names in a table's header line."""
    line = partition.header.decode(errors="replace").rstrip("\r\n")
    return next(csv.reader([line], delimiter=partition.separator), [])


def decode_table(data: bytes, partition: Partition, columns: Mapping[str, Field]) -> Decoded:
    """The columns as text; missing trailing fields and blank lines are null."""
    header = header_of(partition)
    at = {name: header.index(place.steps[0]) for name, place in columns.items()}
    beyond = len(header)  # read as well, as fields in excess go unnoticed in columns that are not read
    names = [str(index) for index in range(beyond + 1)]
    try:
        frame = pl.read_csv(
            partition.separator.join(names).encode() + b"\n" + data,
            schema=dict.fromkeys(names, pl.String),
            columns=sorted({*at.values(), beyond}),
            separator=partition.separator,
        )
    except pl.exceptions.PolarsError:
        return decode_records(data, partition, columns)
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    exact = frame.height == lines
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    if frame[str(beyond)].null_count() < frame.height:
        return decode_records(data, partition, columns)
    if not exact and (empty.any() or not _well_quoted(data, partition.separator)):
        return decode_records(data, partition, columns)
    by_name = pl.DataFrame({name: frame[str(index)] for name, index in at.items()})
    if empty.any():
        kept = [index for index, line in enumerate(data.split(b"\n")[:lines]) if line.strip()]
        return Decoded(by_name[kept], partition.rejects, kept)
    return Decoded(by_name, partition.rejects, exact=exact)


def _well_quoted(data: bytes, separator: str) -> bool:
    """Whether every quote opens or closes a field, or is doubled; if not, it may have swallowed good lines."""
    around = rb"[\r\n" + separator.encode() + rb"]"
    field = rb"(?:(?<=" + around + rb')|\A)"[^"]*"(?=' + around + rb"|\Z)"
    return b'"' not in re.sub(field, b"", data.replace(b'""', b""))


def decode_records(data: bytes, partition: Partition, columns: Mapping[str, Field]) -> Decoded:
    """The same, record by record: what is broken is rejected, and reading resumes on the next line."""
    header = header_of(partition)
    at = [header.index(place.steps[0]) for place in columns.values()]
    rows: list[list[str | None]] = []
    kept: list[int] = []
    rejects = list(partition.rejects)
    lines = data.split(b"\n")
    for index, record, reason in _records(lines, partition.separator, len(header)):
        if reason:
            rejects.append(reject_line(partition, index, lines[index], reason))
            continue
        kept.append(index)
        rows.append([record[place] if place < len(record) else None for place in at])
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return Decoded(frame, tuple(rejects), kept)


def _records(lines: list[bytes], separator: str, width: int) -> Iterator[tuple[int, list[str], str]]:
    """The line index each record begins at, its fields, and the reason for which it is rejected, if it is."""
    index = 0
    while index < len(lines):
        if not lines[index].strip():
            index += 1
            continue
        record, length, reason = _record_at(lines, index, separator, width)
        yield index, record, reason
        index += length


def _record_at(lines: list[bytes], index: int, separator: str, width: int) -> tuple[list[str], int, str]:
    """The record that begins on a line: its fields, how many lines it takes, and what is wrong with it."""
    try:
        text = lines[index].decode()
        fields = _fields(text, separator)
        if fields is not None:
            excess = any(fields[width:])
            return fields, 1, f"{len(fields)} fields where the header has {width}" if excess else ""
        for end in range(index + 1, min(index + LONGEST_RECORD, len(lines))):
            text += "\n" + lines[end].decode()
            if lines[end].count(b'"') % 2:
                fields = _fields(text, separator)
                if fields is not None and len(fields) >= width and not any(fields[width:]):
                    return fields, end - index + 1, ""
                break
    except UnicodeDecodeError:
        return [], 1, "not UTF-8 text"
    return [], 1, "a quote is not closed"


def _fields(text: str, separator: str) -> list[str] | None:
    """The fields of a whole record; `None` where a quote is still open."""
    try:
        return next(csv.reader([text.rstrip("\r")], delimiter=separator, strict=True), [])
    except csv.Error:
        return None
