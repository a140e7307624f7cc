"""How a log is understood: format, mapping, samples, and what is missing for which question."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import ClassVar, Final

import polars as pl

from costopt.intake.formats.detect import fields_inside
from costopt.intake.formats.format import Derivation, Layout, Wishes
from costopt.intake.formats.places import is_on_the_way, is_there, path_to
from costopt.intake.formats.reads import Read
from costopt.intake.partitions import PARTITION_BYTES, partitions
from costopt.intake.reading import Reader
from costopt.intake.rejects import Rejects
from costopt.intake.sources import Source
from costopt.models.intake import Example
from costopt.models.result import Frozen, Result
from costopt.models.schema import REQUESTS, REQUIRED, TOKENS

_SAMPLES: Final = 3

LOST_WITHOUT: Final[dict[str, str]] = {
    "timestamp": "every command: give it with --map or --set",
    "model": "every command: give it with --map or --set",
    "input_tokens": "every command: give it with --map or --set",
    "output_tokens": "every command: give it with --map or --set",
    "provider": "nothing as long as the model's name tells it",
    "request_id": "duplicates cannot be found",
    "tag": "costopt batch finds nothing; no spend by tag",
    "tenant": "no spend by tenant",
    "endpoint": "no spend by endpoint",
    "cost_usd": "no logged cost to compare the computed one with",
    "cached_input_tokens": "all input is billed as not cached",
    "cache_write_tokens": "no cache writes are billed",
    "status": "failed requests cannot be told apart",
    "mode": "every request is billed in standard mode",
}
"""What is lost without a column. Columns that no command reads yet are not missed."""


class FileInspection(Frozen):
    """One log.

    Attributes:
        path: As it was found.
        format: The log format.
        understood: Whether it has all it takes; if not, nothing was read.
        requests: How many were read.
        rejected: How many lines were not.
        others: How many records are no requests by the format: messages, tool calls, totals of others.
        sums: What cannot be known because the lines are sums over many requests; empty where they are requests.
        mapping: By canonical column, the log's column, or `= value` for a constant.
        samples: By canonical column, the first different values, as read.
        missing: By canonical column that was not found, what is lost without it.
        unused: Columns of the log that were not read; `--map` and `--by` take them.
        examples: The first few rejected lines.
    """

    path: str
    format: str
    understood: bool
    requests: int
    rejected: int
    others: int
    sums: str
    mapping: dict[str, str]
    samples: dict[str, tuple[str, ...]]
    missing: dict[str, str]
    unused: tuple[str, ...]
    examples: tuple[Example, ...]


class Inspection(Result):
    """Every log."""

    kind: ClassVar[str] = "inspect"
    files: tuple[FileInspection, ...]


def inspect(
    sources: Sequence[Source],
    wishes: Wishes,
    rejects: Callable[[], Rejects] = Rejects,
    size: int = PARTITION_BYTES,
    progress: Callable[[int, int], None] = lambda _bytes, _requests: None,
) -> Inspection:
    """Reads every log and says how.

    Args:
        sources: The logs.
        wishes: The user's `--map` and `--set`.
        rejects: Makes the collector of rejected lines for one log.
        size: Bytes to work on at once.
        progress: Called with the bytes and requests done so far.
    """
    files, done = [], 0
    for source in sources:
        files.append(_inspect_file(source, wishes, rejects(), size))
        done += source.size
        progress(done, sum(file.requests for file in files))
    return Inspection(files=tuple(files))


def _inspect_file(source: Source, wishes: Wishes, rejects: Rejects, size: int) -> FileInspection:
    reader = Reader(wishes, tuple(name for name in REQUESTS if name != "prompt"), strict_layout=False)
    requests, others, samples = 0, 0, dict[str, tuple[str, ...]]()
    for partition in partitions(source, size):
        layout = reader.learn(partition) if len(partition.data) else reader.layout
        if layout and layout.missing(REQUIRED):
            break
        read = reader.read(partition)
        rejects.add(read.rejects)
        others += read.others
        if read.frame is None:
            continue
        requests += (
            int(read.frame["requests"].sum()) if "requests" in read.frame.columns else read.frame.height
        )
        samples |= {
            name: found
            for name in read.frame.columns
            if (found := samples.get(name) or _samples(read.frame[name]))
        }
    layout = reader.layout or Layout("", {}, {})
    mapping = _mapping(reader, layout, samples)
    return FileInspection(
        path=source.path,
        format=layout.format,
        understood=reader.layout is not None and not layout.missing(REQUIRED),
        requests=requests,
        rejected=rejects.count,
        others=others,
        sums=layout.derivation.sums if layout.derivation else "",
        mapping=mapping,
        samples={name: found for name, found in samples.items() if name in mapping},
        missing={name: why for name, why in LOST_WITHOUT.items() if name not in mapping},
        unused=_unused(reader, layout),
        examples=tuple(Example(place=reject.place, reason=reject.reason) for reject in rejects.first),
    )


def _mapping(reader: Reader, layout: Layout, samples: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Where each column is read from; what a format derives is told where some request has it."""
    derivation = layout.derivation or Derivation({})
    reads = {
        name: derivation.reads_in(each)
        for name, each in derivation.columns.items()
        if _is_told(name, samples)
    }
    there = {
        read for read in chain(*reads.values()) if is_there(path_to(read, derivation.rows), reader.fields)
    }
    found = {
        **{name: _origin(each, there) for name, each in reads.items()},
        **{name: place.name for name, place in layout.columns.items()},
    }
    constants = {name: f"= {value}" for name, value in layout.constants.items() if name not in found}
    return {name: (found | constants)[name] for name in REQUESTS if name in found or name in constants}


def _is_told(name: str, samples: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether there is a value, or of what is counted any."""
    return bool(samples.get(name)) and not (name in TOKENS and samples[name] == ("0",))


def _origin(reads: Sequence[Read], there: Collection[Read]) -> str:
    """What a column is read from, in words: the places that the log has."""
    return ", ".join(dict.fromkeys(read.shown for read in reads if read in there)) or "the format"


def _unused(reader: Reader, layout: Layout) -> tuple[str, ...]:
    """Fields of the records that no column is read from."""
    derivation = layout.derivation or Derivation({})
    used = {place.name for place in layout.columns.values()}
    paths = [path_to(read, derivation.rows) for read in derivation.reads(REQUESTS)]
    left = {
        name: place
        for name, place in reader.fields.items()
        if name not in used and not any(is_on_the_way(place, path) for path in paths)
    }
    inside = fields_inside(left, derivation.rows)
    return tuple(name for name, place in inside.items() if "[]" not in place.steps and not place.is_object)


def _samples(values: pl.Series) -> tuple[str, ...]:
    first = values.drop_nulls().unique(maintain_order=True).head(_SAMPLES)
    return tuple(str(value) for value in first.to_list())
