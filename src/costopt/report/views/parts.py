"""What several views say in the same words."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from costopt.calculators.spend import Figures
from costopt.models.intake import CatalogReport, IntakeReport
from costopt.models.money import format_usd, percent
from costopt.models.result import Period
from costopt.report.document import (
    DOT,
    NONE,
    Again,
    Cell,
    Column,
    Line,
    Paragraph,
    Span,
    Table,
    line,
    printable,
)

_LONGEST: Final = 40
_FILTER: Final = 100
_KILO: Final = 1000


def short(text: str, longest: int = _LONGEST) -> str:
    """A text from a log, cut where it would flood a line."""
    shown = printable(text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def span_of(period: Period) -> str:
    """`1 – 21 Oct 2026`, as short as it can be said, in UTC."""
    start, end = period.start, period.end
    if start is None or end is None:
        return "no period"
    if start.date() == end.date():
        times = [f"{start:%H:%M}", f"{end:%H:%M}"]
        return f"{_day(start)} {' – '.join(dict.fromkeys(times))} UTC"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} – {_day(end)}"
    if start.year == end.year:
        return f"{start.day} {start:%b} – {_day(end)}"
    return f"{_day(start)} – {_day(end)}"


def _day(moment: dt.datetime) -> str:
    return f"{moment.day} {moment:%b} {moment.year}"


def intake_lines(intake: IntakeReport, period: Period, again: Again) -> tuple[Line, ...]:
    """What was read, and what is not in the bill, with the command that shows more."""
    formats = sorted({file.format for file in intake.by_file if file.format})
    first = [
        counted(intake.files, "file"),
        counted(intake.requests, "request"),
        span_of(period),
        ", ".join(formats),
    ]
    lines = [line(DOT.join(part for part in first if part))]
    if intake.where is not None:
        left_out = counted(intake.filtered_out, "other request")
        lines.append(line(f"only where {short(intake.where, _FILTER)}{DOT}{left_out} left out"))
    if not intake.requests:
        lines.append(
            line(Span(f"nothing to bill{DOT}how the log is read: costopt inspect {again.read}", "warn"))
        )
    lines.append(line(_rejected(intake, again), DOT, _duplicates(intake), *_priced(intake)))
    if intake.unpriced:
        lines.append(line(Span(_unpriced(intake, again), "warn")))
    return (*lines, *_suggestions(intake), *_sums(intake), *_converted(intake))


def _rejected(intake: IntakeReport, again: Again) -> Span:
    if not intake.rejected:
        return Span("0 rejected", "muted")
    return Span(f"{intake.rejected:,} rejected (see: costopt inspect {again.read} --rejects FILE)", "warn")


def _duplicates(intake: IntakeReport) -> Span:
    if not intake.duplicates:
        return Span("0 duplicates", "muted")
    return Span(_removed(intake.duplicates, intake.duplicates_usd))


def _removed(duplicates: int, dollars: Decimal | None) -> str:
    cost = "?" if dollars is None else format_usd(dollars)
    return f"{counted(duplicates, 'duplicate')} removed ({cost})"


def _priced(intake: IntakeReport) -> tuple[str | Span, ...]:
    return () if intake.unpriced else (DOT, Span("0 unpriced", "muted"))


def _unpriced(intake: IntakeReport, again: Again) -> str:
    named = [short(model_name(model.provider, model.model)) for model in intake.unpriced_models[:2]]
    rest = len(intake.unpriced_models) - len(named)
    shown = ", ".join(named) + (f" and {rest} more" if rest else "")
    return f"{intake.unpriced:,} unpriced, in no total: {shown}{DOT}see: costopt spend {again.bill} --by provider,model"


def _suggestions(intake: IntakeReport) -> tuple[Line, ...]:
    """Names that were perhaps meant, for models without a price."""
    return tuple(
        line(
            f"no price for {short(model_name(model.provider, model.model))}: did you mean {model.suggestion}?"
        )
        for model in intake.unpriced_models
        if model.suggestion
    )[:3]


def _sums(intake: IntakeReport) -> Iterator[Line]:
    """What cannot be known where a line is a sum over many requests."""
    files = Counter(file.sums for file in intake.by_file if file.sums)
    for lacks, count in files.items():
        hold = "1 file holds" if count == 1 else f"{count:,} files hold"
        yield line(Span(f"{hold} sums over many requests: {lacks}", "warn"))


def _converted(intake: IntakeReport) -> tuple[Line, ...]:
    """What converted files leave out."""
    return tuple(
        line(
            Span(
                DOT.join(
                    (
                        f"converted from {counted(each.files, 'file')}: {each.rejected:,} rejected",
                        _removed(each.duplicates, each.duplicates_usd),
                    )
                ),
                "muted",
            )
        )
        for each in intake.converted
    )


def in_bytes(size: int) -> str:
    """`668 MB`."""
    amount, units = float(size), ["bytes", "kB", "MB", "GB", "TB"]
    while amount >= _KILO and len(units) > 1:
        amount, units = amount / _KILO, units[1:]
    return f"{amount:,.0f} {units[0]}"


def model_name(provider: str | None, model: str | None) -> str:
    """`provider/model`, unless the model says its provider itself."""
    name = model or NONE
    return name if not provider or name.startswith(f"{provider}/") else f"{provider}/{name}"


def prices(catalog: CatalogReport) -> str:
    """`prices of 2026-11-10 + contract.toml`."""
    base = f"prices of {catalog.date}" if catalog.date else f"prices of {catalog.path}"
    return " + ".join([base, *(_file_name(layer.path) for layer in catalog.layers[1:])])


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def stale_lines(catalog: CatalogReport) -> tuple[Line, ...]:
    """That prices are old, if some are."""
    if not catalog.stale:
        return ()
    oldest = sorted(catalog.stale, key=lambda model: (model.verified, model.provider, model.model))
    named = [f"{short(model_name(model.provider, model.model))} ({model.verified})" for model in oldest[:2]]
    rest = len(oldest) - len(named)
    shown = ", ".join(named) + (f" and {rest} more" if rest else "")
    text = f"{counted(len(oldest), 'price')} not verified for long before the last request: {shown}"
    return (line(Span(f"{text}{DOT}see: costopt pricing check", "warn")),)


def signed(percent: Decimal) -> str:
    """`+0.3 %`, `−0.3 %`."""
    size = f"{abs(percent):.1f} %"
    return f"−{size}" if percent < 0 else f"+{size}"


def head(intake: IntakeReport, period: Period, catalog: CatalogReport, again: Again) -> Paragraph:
    """The first paragraph of every report."""
    told = (*intake_lines(intake, period, again), line(Span(prices(catalog), "muted")))
    return Paragraph((*told, *stale_lines(catalog)))


def ranged(low: Decimal, high: Decimal) -> str:
    """`$540.00 – 610.00`, or one amount where both are the same."""
    first, last = format_usd(low), format_usd(high)
    return first if first == last else f"{first} – {last.removeprefix('$')}"


def unit_usd(amount: Decimal) -> str:
    """Dollars of a single request or the like, which may be few: four significant digits below a dollar.

    >>> unit_usd(Decimal("0.0735444")), unit_usd(Decimal("12.5"))
    ('$0.07354', '$12.50')
    """
    if not 0 < amount < 1:
        return format_usd(amount)
    return f"${amount.quantize(Decimal(1).scaleb(amount.adjusted() - 3), rounding=ROUND_HALF_UP):f}"


FIGURES: Final = tuple(Figures.model_fields)
"""The fields that every group of a bill has, in order: columns of records."""

_FIGURES: Final = (
    Column("requests", "count", drop=3),
    Column("input", "tokens", drop=5),
    Column("cached", "percent", drop=6),
    Column("output", "tokens", drop=4),
    Column("unpriced", "count", drop=2),
    Column("cost", "usd"),
    Column("share", "percent", drop=1),
    Column("", "bar", drop=7),
)


def bill(
    keys: Sequence[Column],
    rows: Sequence[tuple[tuple[Cell, ...], Figures]],
    *,
    more: str = "",
    full: str = "",
) -> Table:
    """A table of costs by keys; how many requests are unpriced is said where a cost is not that of all requests.

    On a narrow screen columns go in this order: bar, cached, input, output, requests, unpriced, share.
    """
    partly = any(row.unpriced and row.cost_usd is not None for _, row in rows)
    shown = [index for index, column in enumerate(_FIGURES) if partly or column.title != "unpriced"]
    cells = tuple((*key, *(_figures(row)[index] for index in shown)) for key, row in rows)
    return Table((*keys, *(_FIGURES[index] for index in shown)), cells, more=more, full=full)


def _figures(row: Figures) -> tuple[Cell, ...]:
    """The cells of `_FIGURES`; where the cost is unknown, so is its share."""
    share = row.share_pct
    cached = percent(row.cached_input_tokens, row.input_tokens)
    counts = (row.requests, row.input_tokens, cached, row.output_tokens, row.unpriced)
    return (*counts, row.cost_usd, share, share)
