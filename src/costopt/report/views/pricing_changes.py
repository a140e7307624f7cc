"""Rates that are not the same in two price lists, model by model."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from costopt.calculators.pricing_diff import ChangedModel, ChangedRate, NamedModel
from costopt.calculators.pricing_sync import SyncedModel
from costopt.models.money import exact_usd
from costopt.report.document import DOT, Line, Paragraph, Span, line
from costopt.report.records import Value
from costopt.report.views.parts import counted, model_name, short
from costopt.report.views.pricing import RATES, UNITS, when

_NAMED: Final = 10
_MODELS: Final = 8
_LINES: Final = 8
_LONGEST: Final = 60

_ELSE: Final = "none above a prompt size or in certain hours: the rates for all others hold"

Changed = tuple[str, Sequence[ChangedRate]]
"""A model's name, with what else is to be said of it, and its changed rates."""


def named_lines(title: str, models: Sequence[NamedModel | SyncedModel]) -> Iterator[Line]:
    """A line that names the first models, if there are any."""
    if models:
        yield listing(title, [named(model) for model in models], _NAMED)


def named(model: NamedModel | ChangedModel | SyncedModel) -> str:
    """`provider/model`, cut where it would flood the line."""
    return short(model_name(model.provider, model.model), _LONGEST)


def listing(title: str, items: Sequence[str], most: int) -> Line:
    """The first items after a title, and how many more there are."""
    rest = len(items) - most
    shown = [*items[:most], *([f"and {rest:,} more"] if rest > 0 else ())]
    return line(Span(f"{title}  ", "muted"), DOT.join(shown))


def changed_rates(
    title: str, models: Iterable[Changed], *, about: str = "", is_new: bool = False
) -> tuple[Paragraph, ...]:
    """The first models' rates before and after, if there are any: a line for each mode and prompt size.

    Args:
        title: What they are.
        models: All of them.
        about: What is to be said of them.
        is_new: There was no rate before, which need not be said.
    """
    listed = list(models)
    if not listed:
        return ()
    units = f", {UNITS}" if any(rates for _, rates in listed) else ""
    is_partial = not is_new and any(_is_unlisted(rate) for _, rates in listed for rate in rates)
    notes = [about, _ELSE if is_partial else ""]
    lines = [line(Span(f"{title}{units}", "strong")), *(line(Span(note, "muted")) for note in notes if note)]
    for name, rates in listed[:_MODELS]:
        lines += _model(name, rates, is_new=is_new)
    rest = len(listed) - _MODELS
    if rest > 0:
        lines.append(line(Span(f"and {counted(rest, 'more model')}", "muted")))
    return (Paragraph(tuple(lines)),)


def _is_unlisted(rate: ChangedRate) -> bool:
    """Whether one of the two has none for some prompts or hours, where it has one for all."""
    return bool(rate.above or rate.hours_utc or rate.weekdays) and None in (rate.before, rate.after)


def all_of_it(full: str, title: str = "every rate") -> Paragraph:
    """The command that cuts nothing."""
    return Paragraph((line(Span(f"{title}  ", "muted"), full),))


def _model(name: str, rates: Sequence[ChangedRate], *, is_new: bool) -> Iterator[Line]:
    lists = [(place, list(group)) for place, group in groupby(rates, key=_place)]
    shown = lists[:_LINES]
    width = max((len(label) for (_, label), _ in shown), default=0)
    if not lists:
        yield line(name)
    for term, group in groupby(shown, key=lambda each: each[0][0]):
        yield line(name if term == _ALWAYS else f"{name}{DOT}{term}")
        for (_, label), changed in group:
            told = DOT.join(_rate(rate, is_new=is_new) for rate in changed)
            yield line(Span(f"  {label:{width}}  ", "muted"), told)
    rest = sum(len(changed) for _, changed in lists[_LINES:])
    if rest:
        yield line(Span(f"  and {counted(rest, 'more rate')}", "muted"))


_ALWAYS: Final = "from the start"


def _place(rate: ChangedRate) -> tuple[str, str]:
    """When it holds; and for which mode and prompts."""
    return when(rate), f"{rate.mode} > {rate.above:,}" if rate.above else rate.mode


def _rate(rate: ChangedRate, *, is_new: bool) -> str:
    before, after = _amount(rate.before), _amount(rate.after)
    return f"{RATES[rate.rate]} {after}" if is_new else f"{RATES[rate.rate]} {before} → {after}"


def _amount(rate: Decimal | None) -> str:
    return "none" if rate is None else exact_usd(rate)


CHANGE: Final = ("from", "until", "hours_utc", "weekdays", "mode", "above", "rate", "before", "after")
"""The columns of `rate_values`."""

NO_CHANGE: Final = (None,) * len(CHANGE)


def rate_values(rates: Iterable[ChangedRate]) -> Iterator[tuple[Value, ...]]:
    """The cells of a record for each changed rate."""
    for rate in rates:
        yield (
            rate.starts,
            rate.ends,
            " ".join(rate.hours_utc) or None,
            " ".join(map(str, rate.weekdays)) or None,
            rate.mode,
            rate.above,
            rate.rate,
            rate.before,
            rate.after,
        )
