"""Partitions to raw columns, and samples of them: the one door to lines, tables and rows."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import polars as pl

from costopt.intake.decoded import Decoded
from costopt.intake.formats.detect import SOME_ELEMENTS, fields_of
from costopt.intake.formats.format import Field, Kind, Layout
from costopt.intake.lines import Dtype, at, decode_lines
from costopt.intake.partitions import Partition
from costopt.intake.tables import decode_table, header_of

_HEAD: Final = 200
_SPREAD: Final = 24
_FEW: Final = 6
_SAMPLED: Final = 1 << 18
"""Bytes of long lines that are looked at: a line of a trace may hold thousands of records."""


def sample(partition: Partition, *, first: bool, whole: bool = False, few: bool = False) -> dict[str, Field]:
    """The fields of some of the partition's records: of many of the first partition, of less later on; of all.

    Args:
        partition: Where to look.
        first: Nothing is known of the log yet.
        whole: Look at all of it.
        few: The log is of a format that says itself what to read: little is left to be seen.
    """
    data = partition.data
    if isinstance(data, pl.DataFrame):
        return fields_of_schema(data.schema)
    if partition.container == "table":
        return {name: Field((name,), frozenset({"str"})) for name in header_of(partition)}
    if whole:
        return _fields_of_lines(data.split(b"\n"), elements=None)
    found = _fields_of_lines(_sampled_lines(data, _HEAD if first else 0, _FEW if few else _SPREAD))
    return found if found or not first else _fields_of_lines(data.split(b"\n"))


def _fields_of_lines(lines: Iterable[bytes], elements: int | None = SOME_ELEMENTS) -> dict[str, Field]:
    return fields_of((record for record in map(_record, lines) if record is not None), elements)


def _sampled_lines(data: bytes, head: int, spread: int) -> Iterator[bytes]:
    """The first lines, some that are evenly spread, and the last one."""
    start = data[:_SAMPLED]
    length = len(start) // (start.count(b"\n") + 1)
    most = max(1, _SAMPLED // (length + 1))
    yield from islice(io.BytesIO(data), min(head, most))
    step = max(1, len(data) // min(spread, most))
    for place in range(0, len(data), step):
        begin = data.find(b"\n", place) + 1
        end = data.find(b"\n", begin)
        if begin and end > 0:
            yield data[begin:end]
    yield data[data.rfind(b"\n", 0, len(data) - 1) + 1 :]


def _record(line: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def fields_of_schema(schema: Mapping[str, pl.DataType]) -> dict[str, Field]:
    """Every field of some columns, those inside structs by dotted name."""
    fields: dict[str, Field] = {}
    pending: list[tuple[tuple[str, ...], Dtype]] = [
        ((name,), dtype) for name, dtype in reversed(list(schema.items()))
    ]
    while pending:
        steps, dtype = pending.pop()
        fields[".".join(steps)] = Field(steps, frozenset({_kind_of_dtype(dtype)}))
        own: Dtype = dtype
        if isinstance(dtype, pl.List):
            own, steps = dtype.inner, (*steps, "[]")
        if isinstance(own, pl.Struct):
            inner = reversed(list(own.to_schema().items()))
            pending.extend(((*steps, name), dtype_) for name, dtype_ in inner)
    return fields


def _kind_of_dtype(dtype: Dtype) -> Kind:
    if dtype.is_temporal():
        return "time"
    if dtype.is_integer():
        return "int"
    if dtype.is_numeric():
        return "float"
    if isinstance(dtype, pl.Struct):
        return "object"
    return "list" if dtype.is_nested() else "str"


def decode(
    partition: Partition, layout: Layout, wanted: Iterable[str], watched: Sequence[str] = ()
) -> Decoded:
    """The wanted columns of the partition, those that the layout has.

    Args:
        partition: What to decode.
        layout: Where the columns are.
        wanted: Canonical columns, or others by their own name.
        watched: Names to look out for that no sample had; see `Decoded.surprise`.
    """
    columns = {name: layout.columns[name] for name in wanted if name in layout.columns}
    data = partition.data
    match partition.container:
        case "rows" if isinstance(data, pl.DataFrame):
            return Decoded(_selected(data, columns), partition.rejects)
        case "lines" if isinstance(data, bytes):
            return decode_lines(data, partition, columns, watched)
        case "table" if isinstance(data, bytes):
            return decode_table(data, partition, columns)
        case _:
            raise TypeError(f"{partition.container} cannot hold {type(data).__name__}")


def _selected(frame: pl.DataFrame, columns: Mapping[str, Field]) -> pl.DataFrame:
    found = frame.select(at(place.steps).alias(name) for name, place in columns.items())
    return found.with_columns(pl.selectors.float().fill_nan(None))
