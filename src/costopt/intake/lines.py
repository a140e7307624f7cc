"""Partitions of JSON lines to raw columns: fast for the whole, line by line only for what the fast way refuses."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import polars as pl
from polars.datatypes import DataTypeClass

from costopt.intake.decoded import Decoded, reject_line
from costopt.intake.formats.detect import kind_of
from costopt.intake.formats.format import Field, Kind
from costopt.intake.partitions import Partition
from costopt.intake.rejects import Reject
from costopt.models.schema import DIMENSIONS, NUMBERS, REQUESTS

Dtype: TypeAlias = pl.DataType | DataTypeClass
_Tree: TypeAlias = dict[str, "_Tree | Dtype"]
_Numbered: TypeAlias = Sequence[tuple[int, bytes]]

_BLOCK: Final = 2048
_WATCHED: Final = "watched:"
_NOT_ONE: Final = "a JSON object was expected, and this one is empty"
_ARTICLES: Final[dict[Kind, str]] = {
    "null": "null",
    "bool": "a truth value",
    "int": "a number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to decode lines to.

    Attributes:
        columns: By canonical name, where each is.
        watched: Names that no line has had so far.
        loose: Whether every value is taken as its text, whatever was sampled.
    """

    columns: Mapping[str, Field]
    watched: Sequence[str]
    loose: bool

    def schema(self) -> dict[str, Dtype]:
        """The types to parse to; a watched value of another type than the cheapest one is noticed as an error."""
        tree: _Tree = {}
        for name, place in self.columns.items():
            node = tree
            for step in place.steps[:-1]:
                inner = node.setdefault(step, {})
                node = inner if isinstance(inner, dict) else {}
            node[place.steps[-1]] = pl.String if self.loose else _dtype(name, place.kinds)
        unseen = dict.fromkeys(self.watched, pl.String if self.loose else pl.Boolean)
        return {**unseen, **{step: _as_dtype(node) for step, node in tree.items()}}

    def picked(self) -> list[pl.Expr]:
        """The columns under their canonical names; texts that repeat are numbered while they are still at hand."""
        picked = [pl.col(name).alias(_WATCHED + name) for name in self.watched]
        for name, place in self.columns.items():
            found = at(place.steps)
            if name in DIMENSIONS or name not in REQUESTS:
                found = _joined_list(found) if place.kinds - {"null"} == {"list"} else found
            repeats = name in DIMENSIONS and (self.loose or _dtype(name, place.kinds) == pl.String)
            picked.append((found.cast(pl.Categorical) if repeats else found).alias(name))
        return picked

    def parse(self, data: bytes) -> pl.DataFrame | None:
        """The lines' values; `None` where some line is refused."""
        try:
            lines = pl.scan_ndjson(data, schema=self.schema())
            return lines.select(self.picked()).collect(engine="streaming")
        except pl.exceptions.PolarsError:
            return None

    def nothing(self) -> pl.DataFrame:
        """The same columns of no line."""
        return pl.DataFrame(schema=self.schema()).select(self.picked())


def decode_lines(
    data: bytes, partition: Partition, columns: Mapping[str, Field], watched: Sequence[str] = ()
) -> Decoded:
    """The columns, and whether a watched name turned up.

    Args:
        data: The partition's lines.
        partition: Where they are from.
        columns: By canonical name, where each is.
        watched: Names that no line has had so far.
    """
    for loose in (False, True):
        frame = _Plan(columns, watched, loose).parse(data)
        if frame is not None:
            return _decoded(frame, partition.rejects)
    return _decode_by_line(data, partition, _Plan(columns, watched, loose=True))


def _decoded(frame: pl.DataFrame, rejects: tuple[Reject, ...], kept: Sequence[int] | None = None) -> Decoded:
    watched = [name for name in frame.columns if name.startswith(_WATCHED)]
    surprise = any(frame[name].null_count() < frame.height for name in watched)
    return Decoded(frame.drop(watched), rejects, kept, surprise=surprise)


def at(steps: tuple[str, ...]) -> pl.Expr:
    """The value down these steps."""
    place = pl.col(steps[0])
    for step in steps[1:]:
        place = place.struct.field(step)
    return place


def _joined_list(text: pl.Expr) -> pl.Expr:
    """`a,b` for the text `["a", "b"]`, whichever way the partition is decoded."""
    return text.str.replace(r'^\["?', "").str.replace(r'"?\]$', "").str.replace_all(r'"?,\s*"?', ",")


def _as_dtype(node: "_Tree | Dtype") -> Dtype:
    return (
        pl.Struct({name: _as_dtype(inner) for name, inner in node.items()})
        if isinstance(node, dict)
        else node
    )


def _dtype(name: str, kinds: frozenset[Kind]) -> Dtype:
    """The type to decode to: whole numbers as such, real ones where that is meant, all else as the text it is."""
    seen = kinds - {"null"}
    if name in (*NUMBERS, "cost_usd") and seen and seen <= {"int", "float"}:
        return pl.Float64
    return pl.Int64 if seen == {"int"} else pl.String


def _decode_by_line(data: bytes, partition: Partition, plan: _Plan) -> Decoded:
    """Splits the broken lines off, block by block."""
    lines = [(index, line) for index, line in enumerate(data.split(b"\n")) if line.strip()]
    frames = [plan.nothing()]
    kept: list[int] = []
    rejects = list(partition.rejects)
    for start in range(0, len(lines), _BLOCK):
        block = lines[start : start + _BLOCK]
        reasons = _reasons(block, plan.parse)
        rejects += [reject_line(partition, at, line, reasons[at]) for at, line in block if at in reasons]
        good = [(at, line) for at, line in block if at not in reasons]
        frame = plan.parse(_joined(good))
        if frame is None or frame.height != len(good):
            raise RuntimeError(f"{partition.source.path}: a line was accepted alone and refused with others")
        frames.append(frame)
        kept += [at for at, _ in good]
    return _decoded(pl.concat(frames), tuple(rejects), kept)


def _joined(lines: _Numbered) -> bytes:
    return b"\n".join(line for _, line in lines)


def _reasons(block: _Numbered, parse: Callable[[bytes], pl.DataFrame | None]) -> dict[int, str]:
    """By index of the line, why it is refused; empty where the whole block is fine."""
    if parse(_joined(block)) is not None:
        return {}
    reasons = {at: reason for at, line in block if (reason := why_malformed(line))}
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
    found = [reject_line(partition, at, line, why_malformed(line) or _NOT_ONE) for at, line in lines]
    return (*partition.rejects, *found)


def why_malformed(line: bytes) -> str | None:
    """Why a line is no JSON object; None where it is one."""
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
