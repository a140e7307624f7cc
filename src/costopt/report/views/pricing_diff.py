"""What two catalogs say differently."""

from collections.abc import Iterable, Iterator
from typing import Final

from costopt.calculators.pricing_diff import ChangedModel, PricingDiff
from costopt.models.intake import CatalogReport
from costopt.report.document import DOT, Document, Line, Paragraph, Span, line
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import counted, short
from costopt.report.views.pricing_changes import (
    CHANGE,
    NO_CHANGE,
    all_of_it,
    changed_rates,
    listing,
    named,
    named_lines,
    rate_values,
)

_NAMED: Final = 8


def view_diff(diff: PricingDiff, full: str = "") -> Document:
    """The counts, the models that are new and gone, the rates that changed, and other names.

    Args:
        diff: The result.
        full: The command that shows all of it.
    """
    counts = (
        counted(len(diff.added), "model") + " added",
        f"{len(diff.removed):,} removed",
        f"{len(diff.changed):,} changed",
        f"{diff.same:,} the same",
    )
    head = Paragraph(
        (
            line(Span(DOT.join(counts), "strong")),
            line(Span("before  ", "muted"), Span(_catalog(diff.before), "muted")),
            line(Span("after   ", "muted"), Span(_catalog(diff.after), "muted")),
            *named_lines("added", diff.added),
            *named_lines("removed", diff.removed),
        )
    )
    changed = changed_rates("changed", [(named(model), model.rates) for model in diff.changed if model.rates])
    is_any = diff.added or diff.removed or diff.changed
    more = [all_of_it(full)] if is_any else ()
    return Document("Changed prices", (head, *changed, *_renamed(diff.changed), *more))


def _catalog(catalog: CatalogReport) -> str:
    parts = (catalog.path, catalog.source, f"of {catalog.date}" if catalog.date else "")
    over = (f"+ {layer.path}" for layer in catalog.layers[1:])
    return DOT.join(part for part in (*parts, *over) if part)


def _renamed(models: Iterable[ChangedModel]) -> Iterator[Paragraph]:
    renamed = [model for model in models if model.names_added or model.names_removed]
    if renamed:
        shown = [told for model in renamed[:_NAMED] for told in _names(model)]
        rest = len(renamed) - _NAMED
        more = [line(Span(f"and {counted(rest, 'more model')}", "muted"))] if rest > 0 else ()
        yield Paragraph((line(Span("other names", "strong")), *shown, *more))


def _names(model: ChangedModel) -> Iterator[Line]:
    yield line(named(model))
    for title, names in (("  new ", model.names_added), ("  gone", model.names_removed)):
        if names:
            yield listing(title, [short(name) for name in names], _NAMED)


def records_diff(diff: PricingDiff) -> Records:
    """One record for each model that is new or gone, for each name, and for each rate that changed."""
    rows: list[tuple[Value, ...]] = []
    for what, models in (("added", diff.added), ("removed", diff.removed)):
        rows += [(what, model.provider, model.model, None, *NO_CHANGE) for model in models]
    for model in diff.changed:
        for what, names in (("name added", model.names_added), ("name removed", model.names_removed)):
            rows += [(what, model.provider, model.model, name, *NO_CHANGE) for name in names]
        rows += [
            ("changed", model.provider, model.model, None, *change) for change in rate_values(model.rates)
        ]
    return Records(("what", "provider", "model", "name", *CHANGE), rows)
