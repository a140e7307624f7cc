"""What was read: counted for every report, so that no line is lost without a word."""

import datetime as dt
from decimal import Decimal

from costopt.models.result import Frozen, Period


class FileReport(Frozen):
    """One log file.

    Attributes:
        path: As it was found.
        format: The log format it is in.
        requests: Requests in the bill.
        filtered_out: Requests that the filter left out, duplicates not counted.
        rejected: Lines that are no requests.
        duplicates: Requests that were read before.
        others: Records that are no requests by the format: messages, tool calls, totals of others.
        sums: What cannot be known because the lines are sums over many requests; empty where they are requests.
    """

    path: str
    format: str
    requests: int
    filtered_out: int
    rejected: int
    duplicates: int
    others: int = 0
    sums: str = ""


class Example(Frozen):
    """One rejected line: where, and why."""

    place: str
    reason: str


class UnpricedModel(Frozen):
    """Requests without a price: of which model, how many, why, and a near-miss name if there is one."""

    provider: str | None
    model: str | None
    requests: int
    reason: str
    suggestion: str | None


class Converted(Frozen):
    """Where converted files are from: what was read then, and what of it is not in them.

    Attributes:
        id: Files of the same conversion have the same.
        files: How many logs were read.
        requests: How many requests were written.
        rejected: How many lines were no requests.
        duplicates: How many requests were left out because they had been read before.
        duplicates_usd: What those would have cost; null where none of them had a price.
        others: How many records were no requests by the format of their log.
    """

    id: str
    files: int
    requests: int
    rejected: int
    duplicates: int
    duplicates_usd: Decimal | None
    others: int


class IntakeReport(Frozen):
    """All that was read.

    Attributes:
        files: How many files.
        bytes: Their size on disk, packed as they are.
        requests: Requests in the bill.
        where: The filter, as it was given; null where there is none.
        filtered_out: Requests that it left out, duplicates not counted.
        rejected: Lines that are no requests.
        duplicates: Requests removed because they were read before; with a filter, those that it keeps.
        duplicates_usd: What those would have cost; null where none of them has a price.
        others: Records that are no requests by the format of their log: messages, tool calls, totals of others.
        unpriced: Requests in no total, because their cost is unknown.
        unpriced_models: The models they are of, most requests first.
        examples: The first few rejected lines.
        by_file: The same counts for each file.
        converted: Of converted files: where they are from, each conversion once.
    """

    files: int
    bytes: int
    requests: int
    where: str | None
    filtered_out: int
    rejected: int
    duplicates: int
    duplicates_usd: Decimal | None
    others: int
    unpriced: int
    unpriced_models: tuple[UnpricedModel, ...] = ()
    examples: tuple[Example, ...] = ()
    by_file: tuple[FileReport, ...] = ()
    converted: tuple[Converted, ...] = ()


class LayerReport(Frozen):
    """One file of the catalog: what it was made from, its date and its SHA-256."""

    path: str
    source: str
    date: str | None
    sha256: str


class StaleModel(Frozen):
    """A model whose price was last verified long before it was used."""

    provider: str
    model: str
    verified: dt.date


class CatalogReport(Frozen):
    """Which prices were used.

    Attributes:
        path: The lowest layer's file.
        source: What that was made from.
        date: Of that layer.
        sha256: Of the one layer there is, or of the layers' digests, one a line.
        layers: All of them, from the lowest up.
        stale: Models in the bill whose price was last verified more than 180 days before the last request.
    """

    path: str
    source: str
    date: str | None
    sha256: str
    layers: tuple[LayerReport, ...]
    stale: tuple[StaleModel, ...] = ()


class Provenance(Frozen):
    """What every result says about where it comes from."""

    period: Period
    intake: IntakeReport
    catalog: CatalogReport
