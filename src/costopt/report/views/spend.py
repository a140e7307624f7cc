"""The bill by keys."""

from costopt.calculators.spend import Spend, SpendRow
from costopt.models.money import format_usd
from costopt.report.document import Again, Cell, Column, Document, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import FIGURES, bill, counted, head


def view_spend(spend: Spend, again: Again) -> Document:
    """The head and one table."""
    provenance = spend.provenance
    keys = (*(["period"] if spend.every else []), *spend.by)
    zone = f" ({spend.timezone})" if spend.timezone not in (None, "UTC") else ""
    title = f"Spend  {format_usd(spend.total_usd)}" + (f"  by {', '.join(keys)}{zone}" if keys else "")
    blocks: list[Paragraph | Table] = [
        head(provenance.intake, provenance.period, provenance.catalog, again),
        Paragraph((line(Span(title, "strong"), f"   {counted(len(spend.rows), 'row')}"),)),
    ]
    return Document("LLM spend", (*blocks, _table(spend, again)) if spend.rows else tuple(blocks))


def _table(spend: Spend, again: Again) -> Table:
    times = (Column("period", "time"),) if spend.every else ()
    rows = [(_keys(row, spend), row) for row in spend.rows]
    if spend.left_out:
        blank = ("",) * (len(times) + len(spend.by) - 1)
        rows.append((("(the rest)", *blank), spend.left_out))
    asked = spend.every or spend.left_out
    full = "" if asked else f"costopt spend {again.bill} --by {','.join(spend.by)} -o csv"
    return bill((*times, *(Column(name) for name in spend.by)), rows, full=full)


def _keys(row: SpendRow, spend: Spend) -> tuple[Cell, ...]:
    times = (row.period,) if spend.every else ()
    return (*times, *(row.group[name] for name in spend.by))


def records_spend(spend: Spend) -> Records:
    """One record a row; what `--top` left out is not in it."""
    keys = (*(["period"] if spend.every else []), *spend.by)
    rows: list[tuple[Value, ...]] = []
    for row in spend.rows:
        period: tuple[Value, ...] = (row.period,) if spend.every else ()
        groups = (row.group[name] for name in spend.by)
        rows.append((*period, *groups, *(getattr(row, name) for name in FIGURES)))
    return Records((*keys, *FIGURES), rows)
