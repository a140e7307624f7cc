"""The front page: can I trust it, what is it, where does it go, what can I do, what now."""

from collections.abc import Iterator, Sequence
from typing import Final

from costopt.calculators.analyze import Analysis, SpendOverview
from costopt.calculators.spend import Figures
from costopt.models.money import format_usd
from costopt.report.document import (
    DOT,
    NONE,
    Again,
    Column,
    Document,
    Line,
    Paragraph,
    Span,
    Table,
    line,
    sparkline,
)
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import (
    FIGURES,
    bill,
    counted,
    intake_lines,
    model_name,
    prices,
    ranged,
    short,
    signed,
    stale_lines,
)

_MODELS: Final = 8
_SHARES: Final = 5
_LONGEST: Final = 28


def view_analyze(analysis: Analysis, again: Again) -> Document:
    """The first screen.

    Args:
        analysis: The result.
        again: The logs and options as they were typed, for the commands that show more.
    """
    blocks: list[Paragraph | Table] = [Paragraph(tuple(_trust(analysis, again)))]
    if analysis.spend.by_model:
        blocks += [Paragraph(tuple(_bill(analysis.spend))), _models(analysis.spend, again)]
        splits = tuple(_splits(analysis.spend))
        blocks += [Paragraph(splits)] if splits else []
        blocks += [_levers(analysis, again), Paragraph((_next(analysis, again),))]
    return Document("LLM spend", tuple(blocks))


def _trust(analysis: Analysis, again: Again) -> Iterator[Line]:
    yield from intake_lines(analysis.intake, analysis.period, again)
    parts = [prices(analysis.catalog)]
    difference = analysis.spend.difference
    if difference:
        logged, computed = format_usd(difference.logged_usd), format_usd(difference.computed_usd)
        both = counted(difference.requests, "request")
        parts.append(
            f"{both} logged at {logged}, computed at {computed} ({signed(difference.difference_pct)})"
        )
    if analysis.cost != "auto":
        parts.append(f"{analysis.cost} cost only")
    yield line(DOT.join(parts))
    yield from stale_lines(analysis.catalog)


def _bill(spend: SpendOverview) -> Iterator[Line]:
    days = sparkline([day.cost_usd for day in spend.daily])
    yield line(
        Span(f"Spend  {format_usd(spend.total_usd)}", "strong"),
        f"   {format_usd(spend.per_day_usd)} a day   {days}" if len(spend.daily) > 1 else "",
    )
    facts = []
    if spend.cached_input_pct:
        facts.append(f"{spend.cached_input_pct:.1f} % of input cached")
    if spend.batch_pct:
        facts.append(f"{spend.batch_pct:.1f} % of spend in batch mode")
    if spend.error_requests:
        facts.append(f"{counted(spend.error_requests, 'error')} cost {format_usd(spend.error_usd)}")
    if spend.retry_requests:
        retries = counted(spend.retry_requests, "retry", "retries")
        facts.append(f"{retries} cost {format_usd(spend.retry_usd)}")
    if facts:
        yield line(DOT.join(facts))


def _models(spend: SpendOverview, again: Again) -> Table:
    shown = spend.by_model[:_MODELS]
    rest = len(spend.by_model) - len(shown)
    more = f"{counted(rest, 'more model')}: costopt spend {again.bill} --by provider,model" if rest else ""
    return bill(
        (Column("model"),), [((model_name(row.provider, row.model),), row) for row in shown], more=more
    )


def _splits(spend: SpendOverview) -> Iterator[Line]:
    """One line for each key that the log has: the largest shares."""
    named: dict[str, list[tuple[str | None, Figures]]] = {
        "tags": [(row.tag, row) for row in spend.by_tag],
        "tenants": [(row.tenant, row) for row in spend.by_tenant],
        "endpoints": [(row.endpoint, row) for row in spend.by_endpoint],
    }
    for title, groups in named.items():
        if any(name is not None for name, _ in groups):
            yield line(Span(f"{title:<10}", "muted"), DOT.join(_shares(groups)))


def _shares(groups: Sequence[tuple[str | None, Figures]]) -> Iterator[str]:
    for name, group in groups[:_SHARES]:
        shown = NONE if name is None else short(name, _LONGEST)
        yield f"{shown} ?" if group.share_pct is None else f"{shown} {group.share_pct:.0f} %"
    if len(groups) > _SHARES:
        yield f"{len(groups) - _SHARES:,} more"


def _levers(analysis: Analysis, again: Again) -> Table | Paragraph:
    if not analysis.levers:
        return Paragraph((line(Span("No lever found", "muted"), f"{DOT}why: costopt batch {again.bill}"),))
    columns = (
        Column("lever"),
        Column("what"),
        Column("would have saved", "range"),
        Column("a month", "usd", drop=2),
        Column("basis", drop=1),
    )
    rows = tuple(
        (lever.lever, lever.summary, ranged(lever.low_usd, lever.high_usd), lever.monthly_usd, lever.basis)
        for lever in analysis.levers
    )
    return Table(columns, rows, title="Levers")


def _next(analysis: Analysis, again: Again) -> Line:
    commands = [f"costopt {lever.lever} {again.bill}" for lever in analysis.levers]
    commands.append(f"costopt spend {again.bill} --by tenant --every 1d")
    return line(Span("next  ", "muted"), DOT.join(commands))


# Records


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
    return Records(("section", "provider", "name", *FIGURES), rows)


def _figures(group: Figures) -> tuple[Value, ...]:
    return tuple(getattr(group, name) for name in FIGURES)


def _total(analysis: Analysis) -> tuple[Value, ...]:
    groups = analysis.spend.by_model
    sums = [sum(getattr(group, name) for group in groups) for name in FIGURES[:5]]
    return (*sums, analysis.spend.total_usd, analysis.intake.unpriced, None)
