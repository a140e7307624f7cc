"""What bringing a price list into the catalog does."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from costopt.calculators.pricing_sync import PricingSync, SyncedModel
from costopt.report.document import DOT, Document, Line, Paragraph, Span, line
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.parts import counted, short
from costopt.report.views.pricing_changes import (
    CHANGE,
    NO_CHANGE,
    Changed,
    all_of_it,
    changed_rates,
    listing,
    named,
    named_lines,
    rate_values,
)

_KINDS: Final = {"added": "added", "filled": "filled", "changed": "changed", "conflicts": "conflict"}
_LEFT_OUT: Final = 5
_ALIASES: Final = 3
_REASONS: Final = 8
_LONGEST: Final = 72
_LONGEST_REASON: Final = 120


def view_sync(sync: PricingSync, full: str = "") -> Document:
    """The counts, what was added, and every rate that is filled in, changed or disputed.

    Args:
        sync: The result.
        full: The command that shows every rate; once it is written, what is left.
    """
    counts = (
        counted(len(sync.added), "model") + " added",
        f"{len(sync.filled):,} filled",
        f"{len(sync.changed):,} changed",
        counted(len(sync.conflicts), "conflict"),
        f"{sync.same:,} the same",
    )
    day = f" of {sync.list_date}" if sync.list_date else ""
    head = Paragraph(
        (
            line(Span(DOT.join(counts), "strong")),
            line(f"from {sync.list_source}{day}{DOT}into {sync.file}{DOT}", _outcome(sync)),
            *_effective(sync),
            *named_lines("added", sync.added),
            *_left_out(sync),
        )
    )
    return Document(
        "Price list",
        (
            head,
            *changed_rates("filled in", [_changed(model) for model in sync.filled], is_new=True),
            *changed_rates("changed", [_changed(model) for model in sync.changed]),
            *_conflicts(sync),
            *_more(sync, full),
        ),
    )


def _outcome(sync: PricingSync) -> Span:
    if sync.written:
        return Span("written", "good")
    if sync.added or sync.filled or sync.changed:
        return Span("not written: this was a dry run", "warn")
    return Span("nothing to write", "muted")


def _effective(sync: PricingSync) -> Iterator[Line]:
    if any(rate.starts == sync.effective for model in sync.changed for rate in model.rates):
        yield line(Span(f"prices that changed without a date hold from {sync.effective} on", "muted"))


def _left_out(sync: PricingSync) -> Iterator[Line]:
    """What a catalog has no place for, the most frequent first."""
    if sync.left_out:
        kinds = sorted(sync.left_out.items(), key=lambda kind: (-kind[1], kind[0]))
        yield listing("left out", [f"{short(what, _LONGEST)}: {count:,}" for what, count in kinds], _LEFT_OUT)


def _changed(model: SyncedModel) -> Changed:
    """A model's name, what else it is called, and its rates."""
    notes = (*_few("listed as ", model.listed_as), *_few("new names ", model.names_added))
    return DOT.join([named(model), *notes]), model.rates


def _few(title: str, names: Sequence[str]) -> tuple[str, ...]:
    shown = [short(name) for name in names[:_ALIASES]]
    rest = len(names) - len(shown)
    return (title + ", ".join(shown) + (f" and {rest:,} more" if rest else ""),) if names else ()


def _conflicts(sync: PricingSync) -> Iterator[Paragraph]:
    """By why they are left alone, and where the prices here are from; the most frequent first."""
    ranked = sorted(sync.conflicts, key=_cause)
    causes = [list(group) for _, group in groupby(ranked, key=_cause)]
    causes.sort(key=len, reverse=True)
    for models in causes[:_REASONS]:
        reason = short(models[0].reason, _LONGEST_REASON)
        about = (counted(len(models), "conflict"), *_here(models, sync.list_source))
        yield from changed_rates(f"left alone: {reason}", map(_changed, models), about=DOT.join(about))
    rest = sum(len(models) for models in causes[_REASONS:])
    if rest:
        yield Paragraph((line(Span(f"and {counted(rest, 'more conflict')}", "muted")),))


def _cause(model: SyncedModel) -> tuple[str, str]:
    return model.reason, model.source


def _here(models: Sequence[SyncedModel], listed: str) -> tuple[str, ...]:
    """Where the prices here are from, if there are any."""
    rates = [rate for model in models for rate in model.rates]
    source = short(models[0].source, _LONGEST)
    if any(rate.before is not None for rate in rates):
        return (f"here, before the arrow, from {source}",)
    return (f"prices here from {source}",) if rates and models[0].source != listed else ()


def _more(sync: PricingSync, full: str) -> Iterator[Paragraph]:
    """The command that shows all that is not in the file."""
    is_left = bool(sync.conflicts or sync.left_out)
    if sync.written:
        yield from [all_of_it(full, "what is left")] if is_left else ()
    elif is_left or sync.added or sync.filled or sync.changed:
        yield all_of_it(full)


def records_sync(sync: PricingSync) -> Records:
    """One record for each rate that is new, changes, or is disputed; for each new name; for each kind left out."""
    rows: list[tuple[Value, ...]] = []
    for field, kind in _KINDS.items():
        models: tuple[SyncedModel, ...] = getattr(sync, field)
        for model in models:
            told = (kind, model.provider, model.model, " ".join(model.listed_as) or None)
            why = (model.reason, model.source, None)
            rows += [(*told, *why, *change) for change in [*rate_values(model.rates)] or [NO_CHANGE]]
            rows += [
                ("name added", model.provider, model.model, name, *why, *NO_CHANGE)
                for name in model.names_added
            ]
    rows += [
        ("left out", None, None, None, what, None, times, *NO_CHANGE) for what, times in sync.left_out.items()
    ]
    return Records(("what", "provider", "model", "name", "reason", "source", "count", *CHANGE), rows)
