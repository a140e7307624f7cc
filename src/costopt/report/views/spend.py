"""The bill by keys."""

from costopt.calculators.spend import Spend, SpendRow
from costopt.models.money import format_usd, percent
from costopt.report.document import Cell, Column, Document, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import counted, head


def view_spend(spend: Spend, again: str) -> Document:
    """The head and one table."""
    provenance = spend.provenance
    keys = (*(["period"] if spend.every else []), *spend.by)
    columns = (
        *(Column(key, "time" if key == "period" else "text") for key in keys),
        Column("requests", "count", drop=2),
        Column("input", "tokens", drop=4),
        Column("cached", "percent", drop=5),
        Column("output", "tokens", drop=3),
        Column("unpriced", "count", drop=6),
        Column("cost", "usd"),
        Column("share", "percent", drop=1),
        Column("", "bar", drop=7),
    )
    rows = [_row(row, spend) for row in spend.rows]
    if spend.left_out:
        blank: tuple[Cell, ...] = ("(the rest)", *("" for _ in keys[1:]))
        rows.append((*blank, *_row(spend.left_out, spend)[len(keys) :]))
    title = f"Spend  {format_usd(spend.total_usd)}" + (f"  by {', '.join(keys)}" if keys else "")
    blocks: list[Paragraph | Table] = [
        head(provenance.intake, provenance.period, provenance.catalog, again),
        Paragraph((line(Span(title, "strong"), f"   {counted(len(spend.rows), 'row')}"),)),
        Table(columns, tuple(rows)),
    ]
    return Document("LLM spend", tuple(blocks))


def _row(row: SpendRow, spend: Spend) -> tuple[Cell, ...]:
    keys: list[Cell] = [row.period] if spend.every else []
    keys += [row.group.get(name) for name in spend.by]
    cached = percent(row.cached_input_tokens, row.input_tokens)
    counts = (row.requests, row.input_tokens, cached, row.output_tokens, row.unpriced)
    return (*keys, *counts, row.cost_usd, row.share_pct, row.share_pct)


_FIGURES = (
    "requests",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "unpriced",
    "share_pct",
)


def records_spend(spend: Spend) -> Records:
    """One record a row; what `--top` left out is not in it."""
    keys = (*(["period"] if spend.every else []), *spend.by)
    rows: list[tuple[Value, ...]] = []
    for row in spend.rows:
        period: tuple[Value, ...] = (row.period,) if spend.every else ()
        groups = (row.group[name] for name in spend.by)
        rows.append((*period, *groups, *(getattr(row, name) for name in _FIGURES)))
    return Records((*keys, *_FIGURES), rows)
