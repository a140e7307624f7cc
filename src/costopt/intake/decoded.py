"""What decoding a partition gives, and how a row is traced back to its line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from costopt.intake.partitions import Partition
from costopt.intake.rejects import Reject

_KEPT_TEXT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Decoded:
    """A partition's rows, each source field under its canonical name, and where each row stood.

    Attributes:
        frame: One column for each of the layout's columns that was asked for, as found (text, number or time).
        rejects: Records that could not be decoded.
        line_of: For each row the index of its line in the partition; `None` where rows and lines follow each
            other one by one (blank lines of JSON aside).
        surprise: True where a watched name turned up: the layout does not tell all.
        exact: False where a quoted field spans lines: a broken quote may have swallowed good lines.
    """

    frame: pl.DataFrame
    rejects: tuple[Reject, ...]
    line_of: Sequence[int] | None = None
    exact: bool = True
    surprise: bool = False


def reject_line(partition: Partition, index: int, text: bytes | str, reason: str) -> Reject:
    """The reject for the partition's line of that index, from 0."""
    shown = text if isinstance(text, str) else text.decode(errors="replace")
    return Reject(partition.source.path, partition.line(index), reason, shown.rstrip("\r\n")[:_KEPT_TEXT])


def reject_rows(partition: Partition, decoded: Decoded, reasons: Mapping[int, str]) -> list[Reject]:
    """The rejects for rows of the decoded frame, by row index."""
    data = partition.data
    if not reasons:
        return []
    if isinstance(data, pl.DataFrame):
        return [
            reject_line(partition, row, json.dumps(data.row(row, named=True), default=str), reason)
            for row, reason in reasons.items()
        ]
    lines = data.split(b"\n")
    at = decoded.line_of
    if at is None:
        blank_rows = partition.container == "table"
        at = [index for index, line in enumerate(lines) if blank_rows or line.strip()]
    return [reject_line(partition, at[row], lines[at[row]], reason) for row, reason in reasons.items()]
