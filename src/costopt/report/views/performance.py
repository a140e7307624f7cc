"""How each model has performed."""

from typing import Final

from costopt.calculators.routing.providers import ModelPerformance, Performances
from costopt.report.document import DOT, Again, Cell, Column, Document, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import head, short, unit_usd

_MODELS: Final = 20
_COLUMNS: Final = (
    Column("model"),
    Column("requests", "count", drop=3),
    Column("cost", "usd"),
    Column("a request", "range", drop=1),
    Column("1k tokens", "range", drop=8),
    Column("p50 ms", "count", drop=2),
    Column("p95 ms", "count", drop=5),
    Column("p99 ms", "count", drop=7),
    Column("quality", drop=4),
    Column("reliable", "percent", drop=6),
    Column("trend", drop=9),
)
_LEGEND: Final = Span(
    DOT.join(
        (
            "p50, p95, p99: the latency that so many percent did not exceed",
            "quality: mean score",
            "reliable: did not fail",
            "trend: requests a day, second half of the period against the first",
        )
    ),
    "muted",
)


def view_performance(performed: Performances, again: Again) -> Document:
    """The head, a row for each model, and what the columns mean."""
    provenance = performed.provenance
    top = head(provenance.intake, provenance.period, provenance.catalog, again)
    if not performed.models:
        return Document("Performance", (top,))
    return Document("Performance", (top, _models(performed, again), Paragraph((line(_LEGEND),))))


def _models(performed: Performances, again: Again) -> Table:
    rest = len(performed.models) - _MODELS
    return Table(
        _COLUMNS,
        tuple(_row(model) for model in performed.models[:_MODELS]),
        more=f"{rest:,} more: costopt simulate {again.bill} --providers -o json" if rest > 0 else "",
    )


def _row(model: ModelPerformance) -> tuple[Cell, ...]:
    return (
        short(model.model),
        model.requests,
        model.cost_usd,
        *(
            None if each is None else unit_usd(each)
            for each in (model.per_request_usd, model.per_1k_tokens_usd)
        ),
        *(None if each is None else round(each) for each in (model.p50_ms, model.p95_ms, model.p99_ms)),
        "unknown" if model.quality is None else f"{model.quality:.2f}",
        model.reliability_pct,
        _trend(model),
    )


def _trend(model: ModelPerformance) -> str:
    """`+15 %`, `−8 %`, `0 %`."""
    if model.trend_pct is None:
        return "–"
    size = f"{abs(model.trend_pct):.0f} %"
    if size == "0 %":
        return size
    return f"−{size}" if model.trend_pct < 0 else f"+{size}"


def records_performance(performed: Performances) -> Records:
    """One record a model."""
    names = tuple(ModelPerformance.model_fields)
    return Records(names, [tuple(getattr(model, name) for name in names) for model in performed.models])
