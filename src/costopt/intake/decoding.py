"""Partitions to raw columns: fast for the whole partition, line by line only for what the fast way refuses."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Final, TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

from costopt.intake.decoded import Decoded, reject_line
from costopt.intake.formats.detect import fields_of, kind_of
from costopt.intake.formats.format import Field, Kind, Layout
from costopt.intake.partitions import Partition
from costopt.intake.rejects import Reject
from costopt.intake.tables import decode_table, header_of
from costopt.models.schema import DIMENSIONS, REQUESTS

Dtype: TypeAlias = pl.DataType | DataTypeClass
_Tree: TypeAlias = dict[str, "_Tree | Dtype"]

_HEAD: Final = 200
_SPREAD: Final = 24
_NOT_ONE: Final = "a JSON object was expected, and this one is empty"
_BLOCK: Final = 2048
_ARTICLES: Final[dict[Kind, str]] = {
    "null": "null",
    "bool": "a truth value",
    "int": "a number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
}


def sample(partition: Partition, *, first: bool) -> dict[str, Field]:
    """The fields of some of the partition's records: of many of the first partition, of a few later on."""
    data = partition.data
    if isinstance(data, pl.DataFrame):
        return _fields_of_schema(data.schema)
    if partition.container == "table":
        return {name: Field((name,), frozenset({"str"})) for name in header_of(partition)}
    found = _fields_of_lines(_sampled_lines(data, _HEAD if first else 0))
    return found if found or not first else _fields_of_lines(data.split(b"\n"))


def _fields_of_lines(lines: Iterable[bytes]) -> dict[str, Field]:
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
    except (ValueError, RecursionError):
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
    found = frame.select(_at(place.steps).alias(name) for name, place in columns.items())
    return found.with_columns(pl.selectors.float().fill_nan(None))


def _picked(columns: Mapping[str, Field], *, loose: bool) -> list[pl.Expr]:
    """The columns under their canonical names; texts that repeat are numbered while they are still at hand."""
    picked = []
    for name, place in columns.items():
        found = _at(place.steps)
        if name in DIMENSIONS or name not in REQUESTS:
            found = _joined_list(found) if place.kinds - {"null"} == {"list"} else found
        repeats = name in DIMENSIONS and (loose or _dtype(place.kinds) == pl.String)
        picked.append((found.cast(pl.Categorical) if repeats else found).alias(name))
    return picked


def _at(steps: tuple[str, ...]) -> pl.Expr:
    place = pl.col(steps[0])
    for step in steps[1:]:
        place = place.struct.field(step)
    return place


def _joined_list(text: pl.Expr) -> pl.Expr:
    """`a,b` for the text `["a", "b"]`, whichever way the partition is decoded."""
    return text.str.replace(r'^\["?', "").str.replace(r'"?\]$', "").str.replace_all(r'"?,\s*"?', ",")


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
        case _:
            return pl.String


def _decode_lines(data: bytes, partition: Partition, columns: Mapping[str, Field]) -> Decoded:
    for loose in (False, True):
        schema = _schema(columns, loose=loose)
        frame = _parsed(data, schema, _picked(columns, loose=loose))
        if frame is not None:
            return Decoded(frame, partition.rejects)
    return _decode_by_line(data, partition, columns)


def _parsed(data: bytes, schema: Mapping[str, Dtype], picked: Sequence[pl.Expr]) -> pl.DataFrame | None:
    try:
        return pl.scan_ndjson(data, schema=dict(schema)).select(picked).collect(engine="streaming")
    except pl.exceptions.PolarsError:
        return None


def _decode_by_line(data: bytes, partition: Partition, columns: Mapping[str, Field]) -> Decoded:
    """Splits the broken lines off, block by block."""
    schema, picked = _schema(columns, loose=True), _picked(columns, loose=True)
    parse = partial(_parsed, schema=schema, picked=picked)
    lines = [(index, line) for index, line in enumerate(data.split(b"\n")) if line.strip()]
    frames = [pl.DataFrame(schema=dict(schema)).select(picked)]
    kept: list[int] = []
    rejects = list(partition.rejects)
    for start in range(0, len(lines), _BLOCK):
        block = lines[start : start + _BLOCK]
        reasons = _reasons(block, parse)
        rejects += [reject_line(partition, at, line, reasons[at]) for at, line in block if at in reasons]
        good = [(at, line) for at, line in block if at not in reasons]
        frame = parse(_joined(good))
        if frame is None or frame.height != len(good):
            raise RuntimeError(f"{partition.source.path}: a line was accepted alone and refused with others")
        frames.append(frame)
        kept += [at for at, _ in good]
    return Decoded(pl.concat(frames), tuple(rejects), kept)


_Numbered: TypeAlias = Sequence[tuple[int, bytes]]


def _joined(lines: _Numbered) -> bytes:
    return b"\n".join(line for _, line in lines)


def _reasons(block: _Numbered, parse: Callable[[bytes], pl.DataFrame | None]) -> dict[int, str]:
    """By index of the line, why it is refused; empty where the whole block is fine."""
    if parse(_joined(block)) is not None:
        return {}
    reasons = {at: reason for at, line in block if (reason := _why_malformed(line))}
    rest = [(at, line) for at, line in block if at not in reasons]
    return reasons | dict.fromkeys(
        _refused(rest, parse), "a value of the wrong kind, or a number out of range"
    )


def _refused(lines: _Numbered, parse: Callable[[bytes], pl.DataFrame | None]) -> list[int]:
    """The lines that cannot be parsed with these columns, found by halving."""
    if parse(_joined(lines)) is not None:
        return []
    if len(lines) == 1:
        return [lines[0][0]]
    middle = len(lines) // 2
    return _refused(lines[:middle], parse) + _refused(lines[middle:], parse)


def refuse(partition: Partition) -> tuple[Reject, ...]:
    """The rejects of a partition of lines none of which is a record."""
    data = partition.data if isinstance(partition.data, bytes) else b""
    lines = [(at, line) for at, line in enumerate(data.split(b"\n")) if line.strip()]
    found = [reject_line(partition, at, line, _why_malformed(line) or _NOT_ONE) for at, line in lines]
    return (*partition.rejects, *found)


def _why_malformed(line: bytes) -> str | None:
    try:
        value = json.loads(line.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError:
        return "not UTF-8 text"
    except RecursionError:
        return "malformed JSON: nested too deeply"
    except json.JSONDecodeError as error:
        return f"malformed JSON: {error.msg} at column {error.colno}"
    except ValueError as error:
        return f"malformed JSON: {error}"
    return None if isinstance(value, dict) else f"a JSON object was expected, not {_ARTICLES[kind_of(value)]}"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
