"""Partitions to raw columns: fast for the whole partition, line by line only for what the fast way refuses."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeAlias, assert_never

import polars as pl
from polars.datatypes import DataTypeClass

from costopt.intake.decoded import Decoded, reject_line
from costopt.intake.formats.detect import fields_of, kind_of
from costopt.intake.formats.format import Field, Kind, Layout
from costopt.intake.partitions import Partition
from costopt.intake.tables import decode_table, header_of

Dtype: TypeAlias = pl.DataType | DataTypeClass
_Tree: TypeAlias = dict[str, "_Tree | Dtype"]

_HEAD: Final = 200
_SPREAD: Final = 24
_BLOCK: Final = 2048


def sample(partition: Partition, *, first: bool) -> dict[str, Field]:
    """The fields of some of the partition's records: of many of the first partition, of a few later on."""
    data = partition.data
    if isinstance(data, pl.DataFrame):
        return _fields_of_schema(data.schema)
    if partition.container == "table":
        return {name: Field((name,), frozenset({"str"})) for name in header_of(partition)}
    lines = list(_sampled_lines(data, _HEAD if first else 0))
    return fields_of(record for record in map(_record, lines) if record is not None)


def _sampled_lines(data: bytes, head: int) -> Iterator[bytes]:
    yield from islice(io.BytesIO(data), head)
    step = max(1, len(data) // _SPREAD)
    for start in range(0, len(data), step):
        begin = data.find(b"\n", start) + 1
        end = data.find(b"\n", begin)
        if begin and end > 0:
            yield data[begin:end]
    yield data[data.rfind(b"\n", 0, len(data) - 1) + 1 :]


def _record(line: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _fields_of_schema(schema: Mapping[str, pl.DataType]) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    pending: list[tuple[tuple[str, ...], Dtype]] = [
        ((name,), dtype) for name, dtype in reversed(list(schema.items()))
    ]
    while pending:
        steps, dtype = pending.pop()
        fields[".".join(steps)] = Field(steps, frozenset({_kind_of_dtype(dtype)}))
        if isinstance(dtype, pl.Struct):
            inner = reversed(list(dtype.to_schema().items()))
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


def decode(partition: Partition, layout: Layout, wanted: Iterable[str]) -> Decoded:
    """The wanted columns of the partition, those that the layout has."""
    columns = {name: layout.columns[name] for name in wanted if name in layout.columns}
    data = partition.data
    match partition.container:
        case "rows" if isinstance(data, pl.DataFrame):
            return Decoded(_selected(data, columns), partition.rejects)
        case "lines" if isinstance(data, bytes):
            return _decode_lines(data, partition, columns)
        case "table" if isinstance(data, bytes):
            return decode_table(data, partition, columns)
        case _:
            raise TypeError(f"{partition.container} cannot hold {type(data).__name__}")


def _selected(frame: pl.DataFrame, columns: Mapping[str, Field]) -> pl.DataFrame:
    return frame.select(_at(place.steps).alias(name) for name, place in columns.items())


def _at(steps: tuple[str, ...]) -> pl.Expr:
    place = pl.col(steps[0])
    for step in steps[1:]:
        place = place.struct.field(step)
    return place


def _schema(columns: Mapping[str, Field], *, loose: bool) -> dict[str, Dtype]:
    tree: _Tree = {}
    for place in columns.values():
        node = tree
        for step in place.steps[:-1]:
            inner = node.setdefault(step, {})
            node = inner if isinstance(inner, dict) else {}
        node[place.steps[-1]] = pl.String if loose else _dtype(place.kinds)
    return {name: _as_dtype(node) for name, node in tree.items()}


def _as_dtype(node: "_Tree | Dtype") -> Dtype:
    return (
        pl.Struct({name: _as_dtype(inner) for name, inner in node.items()})
        if isinstance(node, dict)
        else node
    )


def _dtype(kinds: frozenset[Kind]) -> Dtype:
    """The type to decode to: whole numbers as such, all else as the text that stands there."""
    match kinds - {"null"}:
        case seen if seen == {"int"}:
            return pl.Int64
        case seen if seen == {"list"}:
            return pl.List(pl.String)
        case _:
            return pl.String


def _decode_lines(data: bytes, partition: Partition, columns: Mapping[str, Field]) -> Decoded:
    for loose in (False, True):
        schema = _schema(columns, loose=loose)
        frame = _parsed(data, schema)
        if frame is not None:
            return Decoded(_selected(frame, columns), partition.rejects)
    return _decode_by_line(data, partition, columns)


def _parsed(data: bytes, schema: Mapping[str, Dtype]) -> pl.DataFrame | None:
    try:
        return pl.scan_ndjson(data, schema=dict(schema)).collect(engine="streaming")
    except pl.exceptions.PolarsError:
        return None


def _decode_by_line(data: bytes, partition: Partition, columns: Mapping[str, Field]) -> Decoded:
    """Splits the broken lines off: block by block, then line by line in the blocks that are refused."""
    schema = _schema(columns, loose=True)
    numbered = [(index, line) for index, line in enumerate(data.split(b"\n")) if line.strip()]
    lines = [line for _, line in numbered]
    frames: list[pl.DataFrame] = []
    kept: list[int] = []
    rejects = list(partition.rejects)
    for start in range(0, len(lines), _BLOCK):
        block = range(start, min(start + _BLOCK, len(lines)))
        frame = _parsed(b"\n".join(lines[index] for index in block), schema)
        good = list(block)
        if frame is None:
            reasons = {index: reason for index in block if (reason := _why_refused(lines[index], schema))}
            rejects += [
                reject_line(partition, numbered[index][0], lines[index], why)
                for index, why in reasons.items()
            ]
            good = [index for index in block if index not in reasons]
            frame = _parsed(b"\n".join(lines[index] for index in good), schema) if good else None
        if frame is not None:
            frames.append(frame)
            kept += [numbered[index][0] for index in good]
    whole = pl.concat(frames) if frames else pl.DataFrame(schema=dict(schema))
    return Decoded(_selected(whole, columns), tuple(rejects), kept)


def _why_refused(line: bytes, schema: Mapping[str, Dtype]) -> str | None:
    try:
        value = json.loads(line, parse_constant=_no_constant)
    except UnicodeDecodeError:
        return "not UTF-8 text"
    except RecursionError:
        return "malformed JSON: nested too deeply"
    except json.JSONDecodeError as error:
        return f"malformed JSON: {error.msg} at column {error.colno}"
    except ValueError as error:
        return f"malformed JSON: {error}"
    if not isinstance(value, dict):
        return f"a JSON object was expected, not {_article(kind_of(value))}"
    if _parsed(line, schema) is None:
        return "malformed JSON: a value of the wrong kind, or a number out of range"
    return None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _article(kind: Kind) -> str:
    match kind:
        case "null":
            return "null"
        case "bool":
            return "a truth value"
        case "int" | "float":
            return "a number"
        case "str" | "time":
            return "a text"
        case "list":
            return "a list"
        case "object":
            return "an object"
        case _:
            assert_never(kind)
