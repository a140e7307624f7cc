"""What other routing would have cost and saved, and what that rests on."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from costopt.calculators.routing.alternatives import Alternative
from costopt.calculators.routing.estimates import QualityClaim
from costopt.calculators.routing.outcome import Baseline, Outcome, Saving
from costopt.calculators.routing.simulate import Simulation
from costopt.models.money import format_usd
from costopt.report.document import (
    DOT,
    NONE,
    Again,
    Cell,
    Column,
    Document,
    Line,
    Paragraph,
    Span,
    Table,
    line,
)
from costopt.report.emit import Records
from costopt.report.views.parts import counted, head, ranged, short
from costopt.report.views.simulate_grounds import TRAPS, grounds

_CHEAPER: Final = 3
_OF_ONE: Final = 2
_MODELS: Final = 6
_NAME: Final = 24
_UNKNOWN: Final = "unknown"

_Titled = tuple[Column, Callable[[Outcome], Cell]]


def view_simulate(simulated: Simulation, again: Again, asked: str = "") -> Document:
    """The head, what policies cost and save, where requests go, what it rests on, and what else there is.

    Args:
        simulated: The result.
        again: How the logs were named.
        asked: The options that a command has to repeat to simulate the same, those of a floor aside.
    """
    provenance = simulated.provenance
    command = " ".join(word for word in ("costopt simulate", again.bill, asked) if word)
    top = head(provenance.intake, provenance.period, provenance.catalog, again)
    if not simulated.requests:
        return Document("Router simulation", (top, Paragraph(tuple(_nothing(simulated)))))
    blocks: list[Paragraph | Table] = [
        top,
        _policies(simulated),
        _savings(simulated),
        _routes(simulated.policies[-1 if simulated.verified else 0]),
        Paragraph(tuple(grounds(simulated, command))),
    ]
    shown = _picked(simulated.alternatives)
    if shown:
        blocks.append(_alternatives(shown, are_more=len(simulated.alternatives) > len(shown)))
    blocks.append(Paragraph((_next(simulated, command, f"costopt simulate {again.bill} --providers"),)))
    return Document("Router simulation", tuple(blocks))


def _nothing(simulated: Simulation) -> Iterator[Line]:
    """The head has told of requests without a price."""
    yield line(Span("Nothing to route: no chat request with a price", "strong"))
    if simulated.other_kinds:
        others = counted(simulated.other_kinds, "request")
        yield line(f"{others} that no chat model serves, such as embeddings")


def _policies(simulated: Simulation) -> Table:
    """Columns of which nothing is known are left out, that of quality aside."""
    every: tuple[_Titled, ...] = (
        (Column("policy"), lambda each: short(each.policy, _NAME)),
        (Column("would cost", "usd"), lambda each: each.cost_usd),
        (Column("range", "range", drop=1), lambda each: ranged(each.low_usd, each.high_usd)),
        (Column("if escalated", "usd", drop=3), lambda each: each.escalated.cost_usd),
        (Column("break-even", "percent", drop=6), _break_even),
        (
            Column("latency ms", "count", drop=5),
            lambda each: None if each.latency_ms is None else round(each.latency_ms),
        ),
        (Column("confidence", "range", drop=7), _confidence),
        (Column("quality", drop=2), lambda each: _quality(each.quality)),
        (Column("basis", drop=4), lambda each: _basis(each.quality)),
    )
    known = [
        (column, cell)
        for column, cell in every
        if any(cell(each) not in {None, "–"} for each in simulated.policies)
    ]
    rows = tuple(tuple(cell(each) for _, cell in known) for each in simulated.policies)
    spent = f"Routing  {counted(simulated.requests, 'request')} cost {format_usd(simulated.logged_usd)}"
    return Table(
        tuple(column for column, _ in known), rows, title=f"{spent}{DOT}{_levels(simulated.policies[0])}"
    )


def _levels(outcome: Outcome) -> str:
    """`simple 40 %, medium 35 %, complex 25 %`."""
    return ", ".join(f"{each.name} {each.share_pct:.0f} %" for each in outcome.complexity)


def _break_even(each: Outcome) -> Cell:
    rate = each.escalated.break_even_rate
    return "–" if rate is None else rate * 100


def _confidence(each: Outcome) -> Cell:
    return None if each.confidence is None else f"{each.confidence:.2f}"


def _quality(claim: QualityClaim) -> str:
    """`0.81 (0.79 – 0.83)`."""
    if claim.estimate is None:
        return _UNKNOWN
    ends = "" if claim.low is None else f" ({claim.low:.2f} – {claim.high:.2f})"
    return f"{claim.estimate:.2f}{ends}"


def _basis(claim: QualityClaim) -> str:
    return "–" if claim.basis == "unknown" else claim.basis.replace("_", " ")


def _savings(simulated: Simulation) -> Table:
    """One column a baseline, and where there is room the range of what is saved against it."""
    columns = [Column("saved against")]
    costs: list[Cell] = ["which costs"]
    for place, each in enumerate(simulated.baselines):
        columns += [
            Column(short(each.name, _NAME), "range", drop=place),
            Column("range", "range", drop=100 + place),
        ]
        costs += ["?" if each.cost_usd is None else format_usd(each.cost_usd), _cost_range(each)]
    rows = [tuple(costs)]
    for policy in simulated.policies:
        savings = {saving.baseline: saving for saving in policy.savings}
        row: list[Cell] = [short(policy.policy, _NAME)]
        for each in simulated.baselines:
            row += _saved(savings.get(each.name))
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows), more=DOT.join(_meanings(simulated.baselines)))


def _cost_range(each: Baseline) -> str:
    if each.low_usd is None or each.high_usd is None or each.low_usd == each.high_usd:
        return ""
    return ranged(each.low_usd, each.high_usd)


def _saved(saving: Saving | None) -> tuple[str, str]:
    """`78.0 → 73.8 %`, and the range of the first."""
    if saving is None:
        return "?", ""
    first, then = _percent(saving.pct), _percent(saving.escalated_pct)
    low, high = _percent(saving.low_pct), _percent(saving.high_pct)
    dash = " to " if saving.low_pct < 0 else " – "
    ends = low if low == high else f"{low}{dash}{high}"
    return f"{first if first == then else f'{first} → {then}'} %", f"{ends} %"


def _percent(value: Decimal) -> str:
    """`78.0`, `−11.3`; never `−0.0`."""
    text = f"{abs(value):.1f}"
    return f"−{text}" if value < 0 and text != "0.0" else text


def _meanings(baselines: Sequence[Baseline]) -> Iterator[str]:
    """The models behind baselines, and why some are unknown."""
    for each in baselines:
        if each.cost_usd is None:
            yield f"{short(each.name, _NAME)}: {each.reason}"
        elif each.model and each.model != each.name:
            yield f"{short(each.name, _NAME)}: {short(each.model)}"


def _routes(outcome: Outcome) -> Table:
    columns = (
        Column(f"{short(outcome.policy, _NAME)} sends to"),
        Column("tier", drop=2),
        Column("requests", "count", drop=1),
        Column("share", "percent"),
        Column("cost", "usd"),
        Column("", "bar", drop=3),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (short(each.name), each.tier or "–", each.requests, each.share_pct, each.cost_usd, each.share_pct)
        for each in outcome.models[:_MODELS]
    )
    rest = outcome.models[_MODELS:]
    requests = counted(sum(each.requests for each in rest), "request")
    more = f"{counted(len(rest), 'more model')}: {requests}" if rest else ""
    return Table(columns, rows, more=more)


def _picked(alternatives: Sequence[Alternative]) -> list[Alternative]:
    """The first ones, at most two of a segment: the dearest segment has not all the rows.

    Within a segment, those come first of which it is known what they do to quality.
    """
    segments: dict[str, list[Alternative]] = {}
    for each in alternatives:
        segments.setdefault(repr(each.segment), []).append(each)
    several = len(segments) > 1
    chosen = (
        sorted(own, key=lambda each: each.quality.change is None)[: _OF_ONE if several else _CHEAPER]
        for own in segments.values()
    )
    return [each for own in chosen for each in own][:_CHEAPER]


def _alternatives(shown: Sequence[Alternative], *, are_more: bool) -> Table:
    columns = (
        Column("segment"),
        Column("mostly served by", drop=3),
        Column(f"cheaper model, first {len(shown)}" if are_more else "cheaper model"),
        Column("would save", "range"),
        Column("quality change", drop=1),
        Column("basis", drop=2),
    )
    rows = [
        (
            ", ".join(short(value, 20) for value in each.segment.values() if value) or NONE,
            short(each.served),
            short(each.model),
            ranged(each.low_usd, each.high_usd),
            _change(each.quality),
            _basis(each.quality),
        )
        for each in shown
    ]
    told = len(columns) if any(each.quality.basis != "unknown" for each in shown) else -1
    return Table(columns[:told], tuple(row[:told] for row in rows))


def _change(claim: QualityClaim) -> str:
    """`−0.06 (−0.07 to −0.05)`."""
    if claim.change is None:
        return _UNKNOWN
    if claim.change_low is None or claim.change_high is None:
        return _points(claim.change)
    return f"{_points(claim.change)} ({_points(claim.change_low)} to {_points(claim.change_high)})"


def _points(change: float) -> str:
    """`+0.02`, `−0.06`, `0.00`."""
    text = f"{abs(change):.2f}"
    if text == "0.00":
        return text
    return f"−{text}" if change < 0 else f"+{text}"


def _next(simulated: Simulation, command: str, otherwise: str) -> Line:
    floor = simulated.floor
    commands = [otherwise]
    if floor is None and len(simulated.frontier) > 1:
        commands = [f"{command} --floor QUALITY"]
    again = command if floor is None else f"{command} --floor {floor.floor:.12g}"
    rest = len(simulated.traps) - TRAPS
    told = f"{again} -o json" + (f" ({counted(rest, 'more trap')})" if rest > 0 else "")
    return line(Span("next  ", "muted"), DOT.join([*commands, told]))


def records_simulate(simulated: Simulation) -> Records:
    """One record for each policy and segment."""
    names = (
        *("policy", *simulated.by, "requests", "logged_usd", "model", "tier", "rule", "escalates_to"),
        *("cost_usd", "low_usd", "high_usd"),
    )
    rows = [
        (
            each.policy,
            *route.segment.values(),
            *(route.requests, route.logged_usd, route.model, route.tier, route.rule, route.escalates_to),
            *(route.cost_usd, route.low_usd, route.high_usd),
        )
        for each in simulated.policies
        for route in each.segments
    ]
    return Records(names, rows)
