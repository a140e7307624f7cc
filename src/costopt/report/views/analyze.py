"""The front page: can I trust it, what is it, where does it go, what can I do, what now."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from costopt.calculators.analyze import Analysis, Group, SpendOverview
from costopt.models.money import format_usd, percent
from costopt.report.document import (
    NONE,
    Column,
    Document,
    Line,
    Paragraph,
    Span,
    Table,
    line,
    printable,
    sparkline,
)
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import counted, intake_lines, model_name, prices, signed, suggestions

_MODELS: Final = 8
_SHARES: Final = 5
_LONGEST: Final = 28
_DOT: Final = " · "


def view_analyze(analysis: Analysis, again: str) -> Document:
    """The first screen.

    Args:
        analysis: The result.
        again: The logs and options as they were typed, for the commands that show more.
    """
    blocks = [
        Paragraph(tuple(_trust(analysis, again))),
        Paragraph(tuple(_bill(analysis.spend))),
        _models(analysis.spend, again),
        Paragraph(tuple(_splits(analysis.spend))),
        *_levers(analysis),
        Paragraph((_next(analysis, again),)),
    ]
    return Document("LLM spend", tuple(blocks))


def _trust(analysis: Analysis, again: str) -> Iterator[Line]:
    yield from intake_lines(analysis.intake, analysis.period, again)
    yield from suggestions(analysis.intake)
    parts = [prices(analysis.catalog)]
    difference = analysis.spend.difference
    if difference:
        logged, computed = format_usd(difference.logged_usd), format_usd(difference.computed_usd)
        both = counted(difference.requests, "request")
        parts.append(f"logged {logged}, computed {computed} ({signed(difference.difference_pct)}) on {both}")
    if analysis.cost != "auto":
        parts.append(f"{analysis.cost} cost only")
    yield line(_DOT.join(parts))


def _bill(spend: SpendOverview) -> Iterator[Line]:
    days = sparkline([day.cost_usd for day in spend.daily])
    yield line(
        Span(f"Spend  {format_usd(spend.total_usd)}", "strong"),
        f"   {format_usd(spend.per_day_usd)} a day",
        f"   {days}" if len(spend.daily) > 1 else "",
    )
    facts = []
    if spend.cached_input_pct:
        facts.append(f"{spend.cached_input_pct:.1f} % of input cached")
    if spend.batch_pct:
        facts.append(f"{spend.batch_pct:.1f} % of spend in batch mode")
    if spend.error_requests:
        facts.append(f"{counted(spend.error_requests, 'error')} cost {format_usd(spend.error_usd)}")
    if facts:
        yield line(_DOT.join(facts))


def _models(spend: SpendOverview, again: str) -> Table:
    columns = (
        Column("model"),
        Column("requests", "count", drop=2),
        Column("input", "tokens", drop=4),
        Column("cached", "percent", drop=5),
        Column("output", "tokens", drop=3),
        Column("cost", "usd"),
        Column("share", "percent", drop=1),
        Column("", "bar", drop=6),
    )
    rows = tuple(
        (
            model_name(row.provider, row.model),
            row.requests,
            row.input_tokens,
            percent(row.cached_input_tokens, row.input_tokens),
            row.output_tokens,
            row.cost_usd,
            row.share_pct,
            row.share_pct,
        )
        for row in spend.by_model[:_MODELS]
    )
    rest = len(spend.by_model) - len(rows)
    more = f"{counted(rest, 'more model')}: costopt spend {again} --by provider,model" if rest else ""
    return Table(columns, rows, more=more)


def _splits(spend: SpendOverview) -> Iterator[Line]:
    """One line for each key that the log has: the largest shares."""
    named: dict[str, list[tuple[str | None, Group]]] = {
        "tags": [(row.tag, row) for row in spend.by_tag],
        "tenants": [(row.tenant, row) for row in spend.by_tenant],
        "endpoints": [(row.endpoint, row) for row in spend.by_endpoint],
    }
    for title, groups in named.items():
        if any(name is not None for name, _ in groups):
            yield line(Span(f"{title:<10}", "muted"), _DOT.join(_shares(groups)))


def _shares(groups: Sequence[tuple[str | None, Group]]) -> Iterator[str]:
    for name, group in groups[:_SHARES]:
        shown = printable(name) if name is not None else NONE
        short = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
        yield f"{short} {group.share_pct:.0f} %"
    if len(groups) > _SHARES:
        yield f"{len(groups) - _SHARES:,} more"


def _levers(analysis: Analysis) -> list[Table | Paragraph]:
    if not analysis.levers:
        return [Paragraph((line(Span("No lever found yet", "muted")),))]
    columns = (
        Column("lever"),
        Column("what"),
        Column("would have saved", "text"),
        Column("a month", "usd", drop=1),
        Column("basis", drop=2),
    )
    rows = tuple(
        (lever.lever, lever.summary, _range(lever.low_usd, lever.high_usd), lever.monthly_usd, lever.basis)
        for lever in analysis.levers
    )
    return [Table(columns, rows, title="Levers")]


def _range(low: Decimal, high: Decimal) -> str:
    first, last = format_usd(low), format_usd(high)
    return first if first == last else f"{first} – {last.removeprefix('$')}"


def _next(analysis: Analysis, again: str) -> Line:
    commands = [f"costopt {lever.lever} {again}" for lever in analysis.levers]
    commands.append(f"costopt spend {again} --by tenant --every 1d")
    return line(Span("next  ", "muted"), _DOT.join(commands))


# Records

_RECORD: Final = (
    "requests",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "unpriced",
    "share_pct",
)


def records_analyze(analysis: Analysis) -> Records:
    """Every split, day and lever as one table: `section`, `provider` (of models), `name`, and the figures."""
    spend = analysis.spend
    rows: list[tuple[Value, ...]] = [("total", None, None, *_total(analysis))]
    rows += [("model", row.provider, row.model, *_figures(row)) for row in spend.by_model]
    rows += [("tag", None, row.tag, *_figures(row)) for row in spend.by_tag]
    rows += [("tenant", None, row.tenant, *_figures(row)) for row in spend.by_tenant]
    rows += [("endpoint", None, row.endpoint, *_figures(row)) for row in spend.by_endpoint]
    blank = (None,) * 5
    rows += [("day", None, day.date, *blank, day.cost_usd, None, None) for day in spend.daily]
    rows += [("lever", None, lever.lever, *blank, lever.saving_usd, None, None) for lever in analysis.levers]
    return Records(("section", "provider", "name", *_RECORD), rows)


def _figures(group: Group) -> tuple[Value, ...]:
    return tuple(getattr(group, name) for name in _RECORD)


def _total(analysis: Analysis) -> tuple[Value, ...]:
    groups = analysis.spend.by_model
    sums = [sum(getattr(group, name) for group in groups) for name in _RECORD[:5]]
    return (*sums, analysis.spend.total_usd, analysis.intake.unpriced, None)
