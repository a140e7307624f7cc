"""The frontier models."""

import datetime as dt

from costopt.ledger.frontier import FrontierList, FrontierRow
from costopt.models.money import exact_usd
from costopt.report.document import Column, Document, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted, short


def view_frontier(listed: FrontierList) -> Document:
    """One row a model."""
    if not listed.models:
        none = line(Span("no frontier model: costopt frontier set NAME USD", "warn"))
        return Document("Frontier models", (Paragraph((none,)),))
    columns = (
        Column("model"),
        Column("1k tokens", "rate"),
        Column("updated", "time"),
        Column("capabilities", drop=1),
    )
    rows = tuple(
        (
            each.model_name,
            exact_usd(each.cost_per_1k_tokens_usd),
            _day(each.last_updated),
            short(", ".join(each.capabilities)) or "–",
        )
        for each in listed.models
    )
    head = line(Span(counted(len(rows), "frontier model"), "strong"))
    return Document("Frontier models", (Paragraph((head,)), Table(columns, rows)))


def _day(timestamp: int) -> dt.date | str:
    try:
        return dt.datetime.fromtimestamp(timestamp, dt.UTC).date()
    except (ValueError, OverflowError, OSError):
        return str(timestamp)


def records_frontier(listed: FrontierList) -> Records:
    """One record a model; capabilities are separated by blanks."""
    rows = [
        (each.model_name, each.cost_per_1k_tokens_usd, " ".join(each.capabilities), each.last_updated)
        for each in listed.models
    ]
    return Records(tuple(FrontierRow.model_fields), rows)
