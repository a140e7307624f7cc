"""A partition to its canonical requests: the one path every log format goes through."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from costopt.intake.conforming import conform
from costopt.intake.decoded import reject_rows
from costopt.intake.decoding import decode, sample
from costopt.intake.formats.detect import find_layout, layout_of
from costopt.intake.formats.format import Field, Layout, Wishes
from costopt.intake.partitions import Partition
from costopt.intake.rejects import Reject
from costopt.intake.tables import decode_records


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of one partition (columns of `REQUESTS`), and what was rejected."""

    frame: pl.DataFrame
    rejects: tuple[Reject, ...]


class Reader:
    """Reads the partitions of one source, in order.

    State: the fields seen so far. Later partitions are looked at as well, so that a field that only appears
    further down the log is read from there on.
    """

    def __init__(self, wishes: Wishes, wanted: tuple[str, ...], *, strict_layout: bool = True) -> None:
        self._wishes = wishes
        self._wanted = wanted
        self._find = layout_of if strict_layout else find_layout
        self.fields: dict[str, Field] = {}
        self.layout: Layout | None = None

    def read(self, partition: Partition) -> Requests:
        """The partition's requests.

        Raises:
            FormatError: if the log is not understood.
        """
        layout = self.learn(partition)
        decoded = decode(partition, layout, self._wanted)
        conformed = conform(decoded.frame, layout.constants, self._wanted)
        if conformed.reasons and not decoded.exact and isinstance(partition.data, bytes):
            columns = {name: place for name, place in layout.columns.items() if name in self._wanted}
            decoded = decode_records(partition.data, partition, columns)
            conformed = conform(decoded.frame, layout.constants, self._wanted)
        rejects = (*decoded.rejects, *reject_rows(partition, decoded, conformed.reasons))
        return Requests(conformed.frame, tuple(sorted(rejects, key=lambda reject: reject.line or 0)))

    def learn(self, partition: Partition) -> Layout:
        """The layout, given what this partition holds as well."""
        seen = sample(partition, first=self.layout is None)
        merged = _merged(self.fields, seen)
        if self.layout is None or merged != self.fields:
            self.fields = merged
            extras = [name for name in self._wanted if name in merged]
            self.layout = self._find(partition.source.path, merged, self._wishes, extras)
        return self.layout


def _merged(old: Mapping[str, Field], new: Mapping[str, Field]) -> dict[str, Field]:
    merged = dict(old)
    for name, place in new.items():
        kinds = place.kinds | (merged[name].kinds if name in merged else frozenset())
        merged[name] = Field(place.steps, kinds)
    return merged
