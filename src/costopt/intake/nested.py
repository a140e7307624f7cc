"""Partitions of nested records to flat reads: JSON lines, tables and Parquet rows with JSON in them."""

from typing import Final

import polars as pl

from costopt.intake.decoded import Decoded, reject_line
from costopt.intake.formats.format import Field
from costopt.intake.lines import why_malformed
from costopt.intake.partitions import Partition
from costopt.intake.shaping import LINE, Shape
from costopt.intake.tables import decode_records, decode_table, header_of

_BLOCK: Final = 2048
_WHOLE: Final = "\x1fwhole"


def decode_nested(partition: Partition, shape: Shape, *, by_record: bool = False) -> Decoded:
    """The reads of every record in the partition, and `LINE`.

    The whole is parsed at once where its lines have one shape; where not, so is every block of lines that has, and the
    others are read line by line.

    Args:
        partition: What to decode.
        shape: What to read.
        by_record: Whether to read a table record by record, so that a quote that is never closed swallows no others.
    """
    data = partition.data
    if isinstance(data, pl.DataFrame):
        return Decoded(_of_columns(data, shape), partition.rejects)
    if partition.container == "table":
        return _of_table(data, partition, shape, by_record=by_record)
    frame = _parsed(data, shape)
    return _by_block(data, partition, shape) if frame is None else Decoded(frame, partition.rejects)


def _parsed(data: bytes, shape: Shape) -> pl.DataFrame | None:
    """The reads, or None where some line has another shape.

    Polars parses many texts as one list: see `one_value`. Here the lists are counted, which costs next to nothing.
    """
    listed = pl.concat_str(pl.lit("["), "line", pl.lit("]")).str.json_decode(pl.List(pl.Struct(shape.schema)))
    try:
        lines = pl.scan_lines(data).filter(pl.col("line") != "").collect()
        parsed = lines.select(listed.alias(_WHOLE))
        if parsed.select((pl.col(_WHOLE).list.len() == 1).sum()).item() != lines.height:
            return None
        records = parsed.explode(_WHOLE)
        if records[_WHOLE].null_count():
            return None
        return shape.extract(records.unnest(_WHOLE))
    except pl.exceptions.PolarsError:
        return None


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
        frames.append(_after(start, frame))
    return Decoded(pl.concat(frames, how="diagonal_relaxed"), tuple(rejects))


def _after(start: int, frame: pl.DataFrame) -> pl.DataFrame:
    """What was read in a block, as texts, after so many lines."""
    return frame.with_columns(pl.col(LINE) + start, pl.exclude(LINE).cast(pl.String))


def _of_columns(rows: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """The reads of rows; where a text that should be an object is none, row by row."""
    read = rows.select(name for name in rows.columns if name in shape.schema)
    read = read.with_columns(pl.selectors.float().fill_nan(None))
    try:
        return shape.extract(read if read.width else rows)
    except pl.exceptions.PolarsError:
        if rows.height <= _BLOCK:
            return shape.walk(_as_lines(read))
    blocks = range(0, rows.height, _BLOCK)
    frames = [_after(start, _of_columns(read[start : start + _BLOCK], shape)) for start in blocks]
    return pl.concat(frames, how="diagonal_relaxed")


def _of_table(data: bytes, partition: Partition, shape: Shape, *, by_record: bool) -> Decoded:
    header = header_of(partition)
    named = [name for name in shape.schema if name in header] or header[:1]
    columns = {name: Field((name,)) for name in named}
    decoded = (decode_records if by_record else decode_table)(data, partition, columns)
    frame = _of_columns(decoded.frame, shape)
    return Decoded(frame, decoded.rejects, decoded.line_of, exact=decoded.exact)


def _as_lines(rows: pl.DataFrame) -> list[bytes]:
    """Each row as a JSON line."""
    return [line.encode() for line in rows.select(pl.struct(pl.all()).struct.json_encode()).to_series()]
