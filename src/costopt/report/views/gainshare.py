"""What was saved against the baseline, and how it is or would be divided."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from costopt.calculators.gainshare.months import month_of
from costopt.calculators.gainshare.summary import (
    Every,
    GainshareReport,
    GainshareSummary,
    GroupSums,
    TrendSums,
)
from costopt.calculators.gainshare.sums import Sums
from costopt.calculators.gainshare.whatif import WhatIf
from costopt.models.entry import UNCOMPARED
from costopt.models.money import format_usd, percent
from costopt.report.document import (
    DOT,
    Cell,
    Column,
    Document,
    Line,
    Paragraph,
    Span,
    Table,
    bar,
    line,
    sparkline,
)
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import counted, short

FIGURES: Final = tuple(Sums.model_fields)
"""The fields that every group has, in order: columns of records."""

_NOTHING: Final = "nothing is recorded: costopt gainshare record LOGS"
_NONE: Final = "no entry is like this"
LOSS: Final = "▼"
GAP: Final = "_"
_LONGEST: Final = 200
_CHARACTERS: Final = 40
_BAR: Final = 10
_TITLES: Final = {
    "by_tenant": "By tenant",
    "by_model": "By model",
    "by_adapter": "By adapter",
    "by_month": "By month",
    "by_baseline": "By baseline",
}
_SPANS: Final[Mapping[Every, tuple[str, str, int]]] = {
    "1d": ("day", "day", 1),
    "1w": ("week", "week of", 7),
    "1mo": ("month", "month of", 0),
}
"""What the trend is by, what its column is called, and how many days that is."""
_COLUMNS: Final = (
    Column("requests", "count", drop=5),
    Column("tokens", "tokens", drop=6),
    Column("unpriced", "count", drop=3),
    Column("baseline", "usd", drop=1),
    Column("actual", "usd", drop=2),
    Column("savings", "usd"),
    Column("saved", "percent"),
    Column("", "bar", drop=4),
)


def view_gainshare_summary(summary: GainshareSummary) -> Document:
    """What was saved in all, over time, and by each dimension."""
    return Document("Savings", (_head(summary), *_breakdown(summary)))


def view_gainshare_report(report: GainshareReport) -> Document:
    """What was saved, and each tenant's share of it."""
    verdict = line(
        Span(f"Gain share  {format_usd(report.gain_share_usd)}", "strong"),
        f"   {report.gain_share_pct} % of savings{DOT}customers keep {format_usd(report.customer_usd)}",
    )
    note = line(
        Span("no share of a tenant's loss; fees, tiers, floors and caps are in the invoice only", "muted")
    )
    columns = (
        Column("tenant"),
        Column("savings", "usd"),
        Column("provider", "usd"),
        Column("customer keeps", "usd"),
    )
    rows = tuple(
        (each.tenant or None, each.savings_usd, each.provider_usd, each.customer_usd)
        for each in report.shares
    )
    shares = (Table(columns, rows, title="Shares"),) if rows else ()
    return Document(
        "Gain-share report", (_head(report), Paragraph((verdict, note)), *shares, *_breakdown(report))
    )


def _head(summary: GainshareSummary) -> Paragraph:
    told = saved_lines(summary.total, summary.first_day, summary.last_day)
    limits = [
        *([tenant_limit(summary.tenant)] if summary.tenant is not None else []),
        *([baseline_limit(summary.baseline)] if summary.baseline is not None else []),
    ]
    only = tuple(limit_lines(limits, summary.since, summary.until))
    return Paragraph((*told, *only, *_cautions(summary, is_limited=bool(only))))


def saved_lines(whole: Sums, first: dt.date | None, last: dt.date | None) -> tuple[Line, Line]:
    """What was saved, and by how many entries of which days."""
    verdict = saved_line(whole.savings_usd, whole.baseline_usd, whole.actual_usd)
    read = DOT.join(
        (
            counted(whole.entries, "entry", "entries"),
            counted(whole.requests, "request"),
            days_of(first, last),
        )
    )
    return verdict, line(read)


def saved_line(savings_usd: Decimal, baseline_usd: Decimal, actual_usd: Decimal) -> Line:
    """What was saved, and what it is the difference of."""
    return line(
        Span(f"Savings  {format_usd(savings_usd)}", "strong"),
        f"   {percent(savings_usd, baseline_usd):.1f} % of {format_usd(baseline_usd)} (baseline){DOT}"
        f"actual {format_usd(actual_usd)}",
    )


def days_of(first: dt.date | None, last: dt.date | None) -> str:
    """`2026-10-01 – 2026-10-31`, or one day where both are the same."""
    if first is None or last is None:
        return "no period"
    return f"{first}" if first == last else f"{first} – {last}"


def tenant_limit(name: str) -> str:
    """That only this customer's entries are told of, or those of which nobody says whose they are."""
    return f"tenant {short(name)}" if name else "what has no tenant"


def baseline_limit(name: str) -> str:
    """That only what was compared with this baseline is told of, or with none."""
    return "what is compared with nothing" if name == UNCOMPARED else f"baseline {short(name, _LONGEST)}"


def limit_lines(
    limits: Sequence[str], since: dt.datetime | None, until: dt.datetime | None
) -> Iterator[Line]:
    """Which entries these are only."""
    named = [
        *limits,
        *([f"from {since:%Y-%m-%d %H:%M}"] if since else []),
        *([f"before {until:%Y-%m-%d %H:%M}"] if until else []),
    ]
    if named:
        yield line(f"only {DOT.join(named)}")


def _cautions(summary: GainshareSummary, *, is_limited: bool) -> Iterator[Line]:
    if not summary.total.entries:
        yield nothing_line(is_limited=is_limited)
    yield from caution_lines(summary.total)
    several = [each for each in summary.by_baseline if each.key]
    if len(several) > 1:
        baselines = counted(len(several), "baseline")
        yield line(f"{baselines}{DOT}a request that several sources have recorded counts once for each")


def nothing_line(*, is_limited: bool) -> Line:
    """That there are no entries, or only others than those asked for."""
    return line(Span(_NONE if is_limited else _NOTHING, "warn"))


def caution_lines(whole: Sums) -> Iterator[Line]:
    """What is to be known of savings."""
    if whole.savings_usd < 0:
        yield line(Span("the baseline would have been cheaper", "warn"))
    if whole.unpriced:
        yield line(Span(unpriced_words(whole.unpriced), "warn"))


def unpriced_words(unpriced: int) -> str:
    """That there were requests that are in no amount."""
    return f"{counted(unpriced, 'more request')} without a cost or a baseline, in no amount"


def digest_words(entries_sha256: str) -> str:
    """The digest of entries, and what it is of."""
    return f"{entries_sha256}{DOT}SHA-256 of what the entries say, by time and id"


# Tables


def _breakdown(summary: GainshareSummary) -> Iterator[Paragraph | Table]:
    if summary.every and summary.trend:
        yield Paragraph((_trend_line(summary.trend, summary.every),))
        yield sums_table(
            Column(_SPANS[summary.every][1], "time"),
            [(each.start, each) for each in summary.trend],
            title="Trend",
        )
    for field, title in _TITLES.items():
        groups: Sequence[GroupSums] = getattr(summary, field)
        repeated = field == "by_month" and summary.every == "1mo"
        alone = len(groups) == 1 and (field == "by_baseline" or not groups[0].key)
        if groups and not repeated and not alone:
            name = field.removeprefix("by_")
            yield sums_table(Column(name), [(each.key or None, each) for each in groups], title=title)


def sums_table(key: Column, rows: Sequence[tuple[Cell, Sums]], *, title: str) -> Table:
    """A table of sums by one key, with a bar for the savings; that of a loss begins with a minus."""
    largest = max((each.savings_usd.copy_abs() for _, each in rows), default=Decimal(0))
    any_unpriced = any(each.unpriced for _, each in rows)
    kept = [index for index, column in enumerate(_COLUMNS) if any_unpriced or column.title != "unpriced"]
    cells = tuple((cell, *(_cells(each, largest)[index] for index in kept)) for cell, each in rows)
    return Table((key, *(_COLUMNS[index] for index in kept)), cells, title=title)


def _cells(each: Sums, largest: Decimal) -> tuple[Cell, ...]:
    return (
        each.requests,
        each.tokens,
        each.unpriced,
        each.baseline_usd,
        each.actual_usd,
        each.savings_usd,
        each.savings_pct,
        _signed_bar(each.savings_usd, largest),
    )


def _signed_bar(amount: Decimal, largest: Decimal) -> str:
    drawn = bar(percent(amount.copy_abs(), largest), _BAR)
    return f"−{drawn}" if amount < 0 else drawn


def _trend_line(trend: Sequence[TrendSums], every: Every) -> Line:
    """The savings as blocks, the latest last; a loss is a triangle, a span without entries a low line."""
    found = {each.start: each.savings_usd for each in trend}
    values = [found.get(day) for day in _periods(trend[0].start, trend[-1].start, every)][-_CHARACTERS:]
    legend = [
        *([f"{LOSS} a loss"] if any(value is not None and value < 0 for value in values) else []),
        *([f"{GAP} no entries"] if None in values else []),
    ]
    note = (Span(f"   {DOT.join(legend)}", "muted"),) if legend else ()
    return line(Span(f"savings by {_SPANS[every][0]}  ", "muted"), blocks(values), *note)


def blocks(values: Sequence[Decimal | None]) -> str:
    """One character for each value: its height, a triangle below 0, a low line where there is none."""
    heights = sparkline([max(Decimal(0), value or Decimal(0)) for value in values], width=max(1, len(values)))
    marks = (GAP if value is None else LOSS if value < 0 else "" for value in values)
    return "".join(mark or height for mark, height in zip(marks, heights, strict=True))


def _periods(first: dt.date, last: dt.date, every: Every) -> Iterator[dt.date]:
    day = first
    while day <= last:
        yield day
        day = month_of(day).following.first if every == "1mo" else day + dt.timedelta(_SPANS[every][2])


# What if


def view_gainshare_whatif(result: WhatIf) -> Document:
    """What each side would get, and of what."""
    treated = "are carried forward" if result.losing_month == "carry_forward" else "are not carried forward"
    lines = (
        line(Span("What each side would get", "strong"), "   of each tenant's savings, month by month"),
        line(
            Span(
                f"no share of a losing month; losses {treated}; without fees, tiers, floors and caps", "muted"
            )
        ),
        *_whatif_cautions(result),
    )
    return Document("What if", (Paragraph(lines), _whatif_table(result)))


def _whatif_table(result: WhatIf) -> Table:
    """One row for each baseline and percentage."""
    columns = (
        Column("baseline"),
        Column("baseline cost", "usd", drop=3),
        Column("savings", "usd"),
        Column("saved", "percent", drop=2),
        Column("share", "rate"),
        Column("provider", "usd"),
        Column("customer keeps", "usd"),
        Column("customer pays", "usd", drop=1),
    )
    rows = tuple(
        (
            each.baseline,
            each.baseline_usd,
            each.savings_usd,
            each.savings_pct,
            f"{side.percentage} %",
            side.provider_usd,
            side.customer_usd,
            side.customer_pays_usd,
        )
        for each in result.baselines
        for side in each.sides
    )
    return Table(columns, rows)


def _whatif_cautions(result: WhatIf) -> Iterator[Line]:
    for each in result.baselines:
        name = short(each.baseline)
        if not each.entries:
            yield line(Span(f"{name}: nothing is recorded", "warn"))
        if each.losing_months:
            yield line(Span(f"{name}: {counted(each.losing_months, 'losing month')} of a tenant", "warn"))
        if each.other_kinds:
            yield line(
                f"{name}: not compared: {counted(each.other_kinds, 'request')} that it could not have served"
            )
        if each.unpriced:
            yield line(Span(f"{name}: {unpriced_words(each.unpriced)}", "warn"))


# Records


def records_gainshare_summary(summary: GainshareSummary) -> Records:
    """One record a group of each dimension, and one for all."""
    groups = [("total", "", summary.total), *_grouped(summary)]
    rows = [(dimension, key, *_values(each)) for dimension, key, each in groups]
    return Records(("dimension", "key", *FIGURES), rows)


def _grouped(summary: GainshareSummary) -> Iterator[tuple[str, str, Sums]]:
    for field in _TITLES:
        for each in getattr(summary, field):
            yield field.removeprefix("by_"), each.key, each
    if summary.every and summary.every != "1mo":  # months are there by themselves
        for each in summary.trend:
            yield _SPANS[summary.every][0], each.start.isoformat(), each


def _values(each: Sums) -> Iterable[Value]:
    return (getattr(each, name) for name in FIGURES)


def records_gainshare_report(report: GainshareReport) -> Records:
    """One record a tenant."""
    rows = [
        (each.tenant, each.savings_usd, report.gain_share_pct, each.provider_usd, each.customer_usd)
        for each in report.shares
    ]
    return Records(("tenant", "savings_usd", "gain_share_pct", "provider_usd", "customer_usd"), rows)


def records_gainshare_whatif(result: WhatIf) -> Records:
    """One record a baseline and percentage."""
    names = (
        "baseline",
        "baseline_usd",
        "actual_usd",
        "savings_usd",
        "savings_pct",
        "unpriced",
        "other_kinds",
        "losing_months",
    )
    sides = ("percentage", "provider_usd", "customer_usd", "customer_pays_usd")
    rows = [
        (*(getattr(each, name) for name in names), *(getattr(side, name) for name in sides))
        for each in result.baselines
        for side in each.sides
    ]
    return Records((*names, *sides), rows)
