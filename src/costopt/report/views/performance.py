"""How each model has performed."""

from typing import Final

from costopt.calculators.routing.providers import ModelPerformance, Performances
from costopt.report.document import Again, Cell, Column, Document, Table
from costopt.report.emit import Records
from costopt.report.views.parts import head, short

_MODELS: Final = 20


def view_performance(performed: Performances, again: Again) -> Document:
    """The head, and a row for each model."""
    provenance = performed.provenance
    top = head(provenance.intake, provenance.period, provenance.catalog, again)
    return Document("Performance", (top, _models(performed, again)))


def _models(performed: Performances, again: Again) -> Table:
    columns = (
        Column("model"),
        Column("requests", "count", drop=3),
        Column("cost", "usd"),
        Column("a request", "usd", drop=1),
        Column("1k tokens", "usd", drop=8),
        Column("p50 ms", "count", drop=2),
        Column("p95 ms", "count", drop=4),
        Column("p99 ms", "count", drop=6),
        Column("quality", drop=5),
        Column("reliable", "percent", drop=7),
        Column("trend", drop=9),
    )
    rest = len(performed.models) - _MODELS
    return Table(
        columns,
        tuple(_row(model) for model in performed.models[:_MODELS]),
        more=f"{rest:,} more: costopt simulate {again.bill} --providers -o json" if rest > 0 else "",
    )


def _row(model: ModelPerformance) -> tuple[Cell, ...]:
    return (
        short(model.model),
        model.requests,
        model.cost_usd,
        model.per_request_usd,
        model.per_1k_tokens_usd,
        *(None if each is None else round(each) for each in (model.p50_ms, model.p95_ms, model.p99_ms)),
        "unknown" if model.quality is None else f"{model.quality:.2f}",
        model.reliability_pct,
        "–" if model.trend_pct is None else f"{model.trend_pct:+.0f} %",
    )


def records_performance(performed: Performances) -> Records:
    """One record a model."""
    names = tuple(ModelPerformance.model_fields)
    return Records(names, [tuple(getattr(model, name) for name in names) for model in performed.models])
