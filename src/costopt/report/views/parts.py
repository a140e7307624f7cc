"""What several views say in the same words."""

import datetime as dt
from decimal import Decimal

from costopt.models.intake import CatalogReport, IntakeReport
from costopt.models.money import format_usd
from costopt.models.result import Period
from costopt.report.document import NONE, Line, Paragraph, Span, line

_DOT = " · "


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def span_of(period: Period) -> str:
    """`1 – 21 Oct 2026`, as short as it can be said, in UTC."""
    start, end = period.start, period.end
    if start is None or end is None:
        return "no period"
    if start.date() == end.date():
        return f"{_day(start)} {start:%H:%M} – {end:%H:%M} UTC"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} – {_day(end)}"
    if start.year == end.year:
        return f"{start.day} {start:%b} – {_day(end)}"
    return f"{_day(start)} – {_day(end)}"


def _day(moment: dt.datetime) -> str:
    return f"{moment.day} {moment:%b} {moment.year}"


def intake_lines(intake: IntakeReport, period: Period, again: str) -> tuple[Line, ...]:
    """What was read, and what is not in the bill, with the command that shows more."""
    formats = sorted({file.format for file in intake.by_file if file.format})
    first = [
        counted(intake.files, "file"),
        counted(intake.requests, "request"),
        span_of(period),
        ", ".join(formats),
    ]
    lines = [line(_DOT.join(part for part in first if part))]
    lines.append(line(_rejected(intake, again), _DOT, _duplicates(intake), _DOT, _unpriced(intake)))
    return tuple(lines)


def _rejected(intake: IntakeReport, again: str) -> Span:
    if not intake.rejected:
        return Span("0 rejected", "muted")
    return Span(f"{intake.rejected:,} rejected (see them: costopt inspect {again} --rejects FILE)", "warn")


def _duplicates(intake: IntakeReport) -> Span:
    if not intake.duplicates:
        return Span("0 duplicates", "muted")
    removed = counted(intake.duplicates, "duplicate")
    return Span(f"{removed} removed ({format_usd(intake.duplicates_usd)})")


def _unpriced(intake: IntakeReport) -> Span:
    if not intake.unpriced:
        return Span("0 unpriced", "muted")
    named = [model_name(model.provider, model.model) for model in intake.unpriced_models[:2]]
    rest = len(intake.unpriced_models) - len(named)
    shown = ", ".join(named) + (f" and {rest} more" if rest else "")
    return Span(f"{intake.unpriced:,} unpriced, in no total: {shown}", "warn")


def suggestions(intake: IntakeReport) -> tuple[Line, ...]:
    """Names that were perhaps meant, for models without a price."""
    return tuple(
        line(
            Span(
                f"no price for {model_name(model.provider, model.model)}: did you mean {model.suggestion}?",
                "warn",
            )
        )
        for model in intake.unpriced_models
        if model.suggestion
    )[:3]


def model_name(provider: str | None, model: str | None) -> str:
    """`provider/model`, unless the model says its provider itself."""
    name = model or NONE
    return name if not provider or name.startswith(f"{provider}/") else f"{provider}/{name}"


def prices(catalog: CatalogReport) -> str:
    """`prices of 2026-11-10`."""
    return f"prices of {catalog.date}" if catalog.date else f"prices of {catalog.path}"


def signed(percent: Decimal) -> str:
    """`+0.3 %`, `−0.3 %`."""
    size = f"{abs(percent):.1f} %"
    return f"−{size}" if percent < 0 else f"+{size}"


def head(intake: IntakeReport, period: Period, catalog: CatalogReport, again: str) -> Paragraph:
    """The first paragraph of every report."""
    lines = intake_lines(intake, period, again)
    return Paragraph((*lines, *suggestions(intake), line(Span(prices(catalog), "muted"))))
