"""Partitions of nested records to flat reads: JSON lines, tables and Parquet rows with JSON in them."""

from typing import Final

import polars as pl

from costopt.intake.decoded import Decoded, reject_line
from costopt.intake.formats.format import Field
from costopt.intake.lines import why_malformed
from costopt.intake.partitions import Partition
from costopt.intake.shaping import LINE, Shape
from costopt.intake.tables import decode_table, header_of

_BLOCK: Final = 2048


def decode_nested(partition: Partition, shape: Shape) -> Decoded:
    """The reads of every record in the partition, and `LINE`.

    The whole is parsed at once where its lines have one shape; where not, so is every block of lines that has, and the
    others are read line by line.
    """
    data = partition.data
    if isinstance(data, pl.DataFrame):
        return _of_columns(data, partition, shape)
    if partition.container == "table":
        return _of_table(data, partition, shape)
    frame = _parsed(data, shape)
    return _by_block(data, partition, shape) if frame is None else Decoded(frame, partition.rejects)


def _parsed(data: bytes, shape: Shape) -> pl.DataFrame | None:
    """The reads, or None where some line has another shape."""
    lines = pl.scan_lines(data).collect()
    blank = ~lines["line"].str.contains(r"\S")
    if blank.any():
        lines = lines.filter(~blank)
    record = pl.col("line").str.json_decode(pl.Struct(shape.schema()))
    try:
        parsed = lines.select(record)  # the streaming engine takes twice as much for as little as this
        frame = shape.extract(parsed.unnest("line")) if parsed.height == lines.height else None
    except pl.exceptions.PolarsError:
        return None
    return frame


def _by_block(data: bytes, partition: Partition, shape: Shape) -> Decoded:
    lines = [(index, line) for index, line in enumerate(data.split(b"\n")) if line.strip()]
    frames = [shape.walk([])]
    rejects = list(partition.rejects)
    for start in range(0, len(lines), _BLOCK):
        block = lines[start : start + _BLOCK]
        frame = _parsed(b"\n".join(line for _, line in block), shape)
        if frame is None:
            reasons = {index: reason for index, line in block if (reason := why_malformed(line))}
            rejects += [reject_line(partition, at, line, reasons[at]) for at, line in block if at in reasons]
            frame = shape.walk([b"null" if at in reasons else line for at, line in block])
        frames.append(frame.with_columns(pl.col(LINE) + start, pl.exclude(LINE).cast(pl.String)))
    return Decoded(pl.concat(frames, how="diagonal_relaxed"), tuple(rejects))


def _of_columns(data: pl.DataFrame, partition: Partition, shape: Shape) -> Decoded:
    """The reads of rows; where a text that should be an object is none, row by row."""
    try:
        return Decoded(shape.extract(data), partition.rejects)
    except pl.exceptions.PolarsError:
        return Decoded(shape.walk(_as_lines(data)), partition.rejects)


def _of_table(data: bytes, partition: Partition, shape: Shape) -> Decoded:
    header = header_of(partition)
    columns = {name: Field((name,)) for name in shape.schema() if name in header}
    decoded = decode_table(data, partition, columns)
    found = _of_columns(decoded.frame, partition, shape)
    return Decoded(found.frame, decoded.rejects, decoded.line_of, exact=decoded.exact)


def _as_lines(data: pl.DataFrame) -> list[bytes]:
    """Each row as a JSON line."""
    return [line.encode() for line in data.select(pl.struct(pl.all()).struct.json_encode()).to_series()]
