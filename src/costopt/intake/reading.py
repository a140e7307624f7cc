"""A partition to its canonical requests: the one path every log format goes through."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import polars as pl

from costopt.errors import FormatError
from costopt.intake.conforming import conform, finished
from costopt.intake.decoded import reject_rows
from costopt.intake.decoding import decode, fields_of_schema, sample
from costopt.intake.deriving import derive
from costopt.intake.formats.detect import find_layout, layout_of
from costopt.intake.formats.format import Derivation, Field, Layout, Wishes
from costopt.intake.formats.generic import WATCHED
from costopt.intake.lines import refuse
from costopt.intake.nested import decode_nested
from costopt.intake.partitions import Partition, partitions
from costopt.intake.rejects import Reject
from costopt.intake.shaping import Shape
from costopt.intake.sources import Source
from costopt.intake.tables import decode_records
from costopt.models.intake import Converted
from costopt.models.schema import REQUESTS

CONVERTED: Final = "costopt"
"""The format of a converted file."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of one partition, and what was rejected.

    Attributes:
        frame: Columns of `REQUESTS`; `None` where the partition has no record at all.
        rejects: The lines that are no requests, in order.
        others: How many records are no requests by the format of the log: messages, tool calls, totals of others.
    """

    frame: pl.DataFrame | None
    rejects: tuple[Reject, ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Some requests on their way to the bill.

    Attributes:
        number: Of the source, from 0.
        source: The log they are from.
        format: Its format; empty as long as there is no record.
        fields: The names of the fields seen in it so far.
        position: How far into the log this batch reaches, in bytes on disk.
        requests: The requests and rejects.
        repeats: What to do with requests of the same id: see `Format`.
        sums: What the log lacks because its lines are sums: see `Format`.
        converted: Where the requests are from, if the log is a converted file.
    """

    number: int
    source: Source
    format: str
    fields: frozenset[str]
    position: int
    requests: Requests
    repeats: Literal["same", "fuller"] = "same"
    sums: str = ""
    converted: Converted | None = None


def read_all(
    sources: Sequence[Source], wishes: Wishes, wanted: tuple[str, ...], partition_bytes: int
) -> Iterator[Batch]:
    """Every source's requests, partition by partition, in order; each source begins with an empty batch.

    Raises:
        SourceError: if a log cannot be opened.
        FormatError: if a log is not understood.
    """
    for number, source in enumerate(sources):
        reader = Reader(wishes, wanted)
        yield Batch(number, source, "", frozenset(), 0, Requests(None, ()))
        for partition in partitions(source, partition_bytes, partial(reader.needed, source.path)):
            requests = reader.read(partition)
            layout = reader.layout or Layout("", {}, {})
            derivation = layout.derivation or Derivation({})
            yield Batch(
                number,
                source,
                CONVERTED if partition.converted else layout.format,
                frozenset(reader.fields),
                partition.position,
                requests,
                derivation.repeats,
                derivation.sums,
                partition.converted,
            )


class Reader:
    """Reads the partitions of one source, in order.

    A layout is made of a sample. Later partitions are sampled as well, so that a field that only appears further
    down the log is read from there on; and the usual names of columns that change the bill are watched in every line.

    State: the fields seen so far, what a format carries from record to record, and what is read of the records.
    """

    def __init__(self, wishes: Wishes, wanted: tuple[str, ...], *, strict_layout: bool = True) -> None:
        self._wishes = wishes
        self._wanted = wanted
        self._find = layout_of if strict_layout else find_layout
        self.fields: dict[str, Field] = {}
        self.layout: Layout | None = None
        self._last: pl.DataFrame | None = None
        self._shape: Shape | None = None

    def read(self, partition: Partition) -> Requests:
        """The partition's requests.

        Raises:
            FormatError: if the log is not understood.
        """
        if not len(partition.data):
            return Requests(None, partition.rejects)
        layout = self.learn(partition)
        if layout is None:
            return Requests(None, refuse(partition))
        if layout.derivation:
            return self._derived(partition, layout, layout.derivation)
        if (
            partition.converted
            and isinstance(partition.data, pl.DataFrame)
            and self._is_plain(partition.data)
        ):
            return Requests(finished(partition.data), ())
        decoded = decode(partition, layout, self._wanted, self._watched(layout))
        if decoded.surprise:
            layout = self.learn(partition, whole=True) or layout
            decoded = decode(partition, layout, self._wanted)
        conformed = conform(decoded.frame, layout.constants, self._wanted)
        if conformed.reasons and not decoded.exact and isinstance(partition.data, bytes):
            columns = {name: place for name, place in layout.columns.items() if name in self._wanted}
            decoded = decode_records(partition.data, partition, columns)
            conformed = conform(decoded.frame, layout.constants, self._wanted)
        rejects = (*decoded.rejects, *reject_rows(partition, decoded, conformed.reasons))
        return Requests(conformed.frame, _in_order(rejects))

    def _is_plain(self, rows: pl.DataFrame) -> bool:
        """Whether rows are requests as they are: converted ones were checked when they were written."""
        as_is = not self._wishes.columns and not self._wishes.constants
        return as_is and all(REQUESTS.get(name) == dtype for name, dtype in rows.schema.items())

    def needed(self, path: str, schema: Mapping[str, pl.DataType]) -> list[str]:
        """Which columns of a Parquet file have to be read.

        Raises:
            FormatError: if the log is not understood.
        """
        extras = [name for name in self._wanted if name not in REQUESTS]
        self.fields = fields_of_schema(schema)
        self.layout = layout = self._find(path, self.fields, self._wishes, extras)
        derivation = layout.derivation or Derivation({})
        shape = Shape(derivation.rows, derivation.reads(self._wanted), layout.fields)
        wanted = {place.steps[0] for name, place in layout.columns.items() if name in self._wanted}
        return [name for name in schema if name in {*wanted, *shape.schema}]

    def _derived(
        self, partition: Partition, layout: Layout, derivation: Derivation, *, by_record: bool = False
    ) -> Requests:
        """The requests among records whose columns a format derives."""
        if self._shape is None or self._shape.fields is not layout.fields:
            self._shape = Shape(derivation.rows, derivation.reads(self._wanted), layout.fields)
        shape = self._shape
        decoded = decode_nested(partition, shape, by_record=by_record)
        columns = {name: each for name, each in derivation.columns.items() if name in self._wanted}
        derived = derive(decoded.frame, derivation, columns, self._last)
        conformed = conform(derived.frame, layout.constants, self._wanted)
        wrong = {derived.lines[row]: reason for row, reason in conformed.reasons.items()}
        reasons = {**wrong, **derived.reasons}
        if reasons and not decoded.exact:
            return self._derived(partition, layout, derivation, by_record=True)
        self._last = derived.last
        rejects = (*decoded.rejects, *reject_rows(partition, decoded, reasons))
        return Requests(conformed.frame, _in_order(rejects), derived.others)

    def _watched(self, layout: Layout) -> list[str]:
        """Names of columns that change the bill, and own names asked for, where no line so far had one."""
        missing = [name for name in self._wanted if name not in layout.columns]
        names = [
            alias for name in missing for alias in WATCHED.get(name, () if name in REQUESTS else (name,))
        ]
        return [name for name in names if name not in self.fields]

    def learn(self, partition: Partition, *, whole: bool = False) -> Layout | None:
        """The layout, given what some lines of this partition (or all) hold; `None` as long as there is no record."""
        if self.layout and partition.container == "rows":
            return self.layout
        few = self.layout is not None and self.layout.derivation is not None
        seen = sample(partition, first=self.layout is None, whole=whole, few=few)
        if not seen and self.layout is None:
            return None
        merged = _merged(self.fields, seen)
        if self.layout is None or merged != self.fields:
            extras = [name for name in self._wanted if name not in REQUESTS]
            try:
                self.layout = self._find(partition.source.path, merged, self._wishes, extras)
            except FormatError:
                if whole or partition.container != "lines":
                    raise
                return self.learn(partition, whole=True)
            self.fields = merged
        return self.layout


def _in_order(rejects: Iterable[Reject]) -> tuple[Reject, ...]:
    return tuple(sorted(rejects, key=lambda reject: reject.line or 0))


def _merged(old: Mapping[str, Field], new: Mapping[str, Field]) -> dict[str, Field]:
    merged = dict(old)
    for name, place in new.items():
        kinds = place.kinds | (merged[name].kinds if name in merged else frozenset())
        merged[name] = Field(place.steps, kinds)
    return merged
