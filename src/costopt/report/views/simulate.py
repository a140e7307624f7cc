"""What other routing would have cost and saved, and what that rests on."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from costopt.calculators.routing.estimates import QualityClaim
from costopt.calculators.routing.outcome import Outcome, Saving
from costopt.calculators.routing.simulate import Simulation
from costopt.models.money import format_usd, usd
from costopt.report.document import DOT, Again, Cell, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted, head, ranged, short

_SEGMENTS: Final = 5
_MODELS: Final = 8
_TRAPS: Final = 5
_UNKNOWN: Final = "unknown"


def view_simulate(simulated: Simulation, again: Again) -> Document:
    """The head, what policies cost and save, where requests go, what it rests on, and what else there is."""
    provenance = simulated.provenance
    blocks: list[Paragraph | Table] = [
        head(provenance.intake, provenance.period, provenance.catalog, again),
        Paragraph(tuple(_question(simulated))),
        _policies(simulated),
        _savings(simulated),
        _routes(simulated.policies[0]),
        Paragraph(tuple(_grounds(simulated))),
    ]
    floor = tuple(_floor(simulated, again))
    blocks += [Paragraph(floor)] if floor else []
    if simulated.traps:
        blocks.append(Paragraph(tuple(_traps(simulated, again))))
    if simulated.alternatives:
        blocks.append(_alternatives(simulated, again))
    blocks.append(Paragraph((_next(again),)))
    return Document("Router simulation", tuple(blocks))


def _question(simulated: Simulation) -> Iterator[Line]:
    spent = f"{simulated.requests:,} requests cost {format_usd(simulated.logged_usd)}"
    yield line(Span(f"Routing  {spent}", "strong"), f"   by {', '.join(simulated.by)}")
    if simulated.left_out:
        yield line(
            Span(f"{counted(simulated.left_out, 'request')} without a price are in no figure below", "warn")
        )
    if simulated.other_kinds:
        kinds = (
            f"{counted(simulated.other_kinds, 'request')} that no chat model serves are in no figure below"
        )
        yield line(Span(kinds, "muted"))


def _policies(simulated: Simulation) -> Table:
    columns = (
        Column("policy"),
        Column("would have cost", "usd"),
        Column("range", "range", drop=1),
        Column("escalated", "usd", drop=2),
        Column("break-even", "percent", drop=5),
        Column("latency ms", "count", drop=4),
        Column("quality", drop=3),
    )
    rows = tuple(
        (
            short(each.policy),
            each.cost_usd,
            ranged(each.low_usd, each.high_usd),
            each.escalated.cost_usd,
            None if each.escalated.break_even_rate is None else each.escalated.break_even_rate * 100,
            None if each.latency_ms is None else round(each.latency_ms),
            _quality(each.quality),
        )
        for each in simulated.policies
    )
    return Table(columns, rows)


def _quality(claim: QualityClaim) -> str:
    """`0.81 (0.79 – 0.83), overlap`."""
    if claim.estimate is None:
        return _UNKNOWN
    ends = "" if claim.low is None else f" ({claim.low:.2f} – {claim.high:.2f})"
    return f"{claim.estimate:.2f}{ends}, {claim.basis.replace('_', ' ')}"


def _savings(simulated: Simulation) -> Table:
    columns = (
        Column("saved against"),
        Column("which cost", "usd"),
        *(Column(short(each.policy)) for each in simulated.policies),
    )
    by_name = [{saving.baseline: saving for saving in each.savings} for each in simulated.policies]
    rows = tuple(
        (
            f"{each.name}: {each.model}" if each.model and each.model != each.name else each.name,
            each.cost_usd,
            *(_saved(savings.get(each.name)) for savings in by_name),
        )
        for each in simulated.baselines
    )
    return Table(columns, rows)


def _saved(saving: Saving | None) -> str:
    """`78.0 %, 73.8 % escalated`."""
    if saving is None:
        return "?"
    return f"{_percent(saving.pct)}, {_percent(saving.escalated_pct)} esc."


def _percent(value: Decimal) -> str:
    text = f"{abs(value):.1f} %"
    return f"−{text}" if value < 0 else text


def _routes(first: Outcome) -> Table:
    columns = (
        Column(f"{short(first.policy)} sends to"),
        Column("tier", drop=2),
        Column("requests", "count", drop=1),
        Column("share", "percent"),
        Column("cost", "usd"),
        Column("", "bar", drop=3),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (short(each.name), each.tier or "–", each.requests, each.share_pct, each.cost_usd, each.share_pct)
        for each in first.models[:_MODELS]
    )
    levels = DOT.join(f"{each.name} {each.share_pct:.0f} %" for each in first.complexity)
    return Table(columns, rows, more=levels)


def _grounds(simulated: Simulation) -> Iterator[Line]:
    """What the figures rest on."""
    for each in simulated.policies:
        claim = each.quality
        if claim.estimate is None:
            why = claim.reasons[-1] if claim.reasons else "no scores"
            yield line(Span(f"quality of {short(each.policy)} unknown", "warn"), f"{DOT}{why}")
        else:
            yield line(f"quality of {short(each.policy)} assumes {claim.assumption}")
            if claim.sensitivity:
                low, high = claim.sensitivity_low, claim.sensitivity_high
                yield line(Span(f"without that: {low:.2f} – {high:.2f} ({claim.sensitivity})", "muted"))
    rate = simulated.policies[0].escalated
    yield line(
        Span(f"escalated: {rate.rate * 100:.0f} % of what can escalate is asked twice, {rate.basis}", "muted")
    )
    if simulated.router:
        yield line(
            Span(f"learned router  {simulated.router.choose}", "strong"), f"{DOT}{simulated.router.summary}"
        )
    for baseline in simulated.baselines:
        if baseline.cost_usd is None:
            yield line(Span(f"{baseline.name}: {baseline.reason}", "muted"))
    bases = sorted(
        {f"output by {each.output.basis}" for each in simulated.ratios if each.source != each.target}
    )
    yield line(Span(f"tokens on other models: {', '.join(bases)}", "muted"))


def _floor(simulated: Simulation, again: Again) -> Iterator[Line]:
    """The verified routing above a floor, or why there is none, and the frontier."""
    found = simulated.floor
    if found is not None and found.routes is None:
        yield line(Span(f"Floor {found.floor:g}  none verified", "warn"), f"{DOT}{found.reason}")
    elif found is not None and found.cost_pico is not None:
        each = format_usd(usd(found.cost_pico))
        quality = f"quality {found.estimate:.3f}, at least {found.floor + (found.margin_low or 0):.3f}"
        yield line(Span(f"Floor {found.floor:g}  {each} a request", "strong"), f"{DOT}{quality}{DOT}verified")
        yield line(Span(f"assumes {found.assumption}", "muted"))
        split = any(len(route.millionths) > 1 for route in found.routes or ())
        whole = (
            f", where a split segment goes to its better model: policy floor {found.floor:g} above"
            if split
            else ""
        )
        yield line(
            f"as a file{whole}{DOT}costopt simulate {again.bill} --floor {found.floor:g} --export policy"
        )
    if len(simulated.frontier) > 1:
        first, last = simulated.frontier[0], simulated.frontier[-1]
        ends = f"{format_usd(first.cost_usd)} at {first.quality:.2f} – {format_usd(last.cost_usd)} at {last.quality:.2f}"
        yield line(Span(f"frontier  {ends}, by means of scores, which flatter; --floor verifies", "muted"))


def _traps(simulated: Simulation, again: Again) -> Iterator[Line]:
    """What looks right in the figures and is not."""
    for trap in simulated.traps[:_TRAPS]:
        yield line(Span(trap.name, "warn"), f"{DOT}{trap.text}")
    rest = len(simulated.traps) - _TRAPS
    if rest > 0:
        yield line(Span(f"{rest:,} more: costopt simulate {again.bill} -o json", "muted"))


def _alternatives(simulated: Simulation, again: Again) -> Table:
    columns = (
        Column("segment"),
        Column("served by", drop=3),
        Column("cheaper"),
        Column("would save", "range"),
        Column("quality", drop=1),
    )
    shown = simulated.alternatives[:_SEGMENTS]
    rows = tuple(
        (
            ", ".join(short(value, 20) for value in each.segment.values() if value) or "(none)",
            short(each.served),
            short(each.model),
            ranged(each.low_usd, each.high_usd),
            _change(each.quality),
        )
        for each in shown
    )
    rest = len(simulated.alternatives) - len(shown)
    more = f"{rest:,} more: costopt simulate {again.bill} -o json" if rest else ""
    return Table(columns, rows, title="Cheaper models", more=more)


def _change(claim: QualityClaim) -> str:
    if claim.change is None or claim.change_low is None or claim.change_high is None:
        return _UNKNOWN
    return f"{claim.change:+.2f} ({claim.change_low:+.2f} – {claim.change_high:+.2f})"


def _next(again: Again) -> Line:
    commands = [f"costopt simulate {again.bill} --providers", f"costopt simulate {again.bill} -o json"]
    return line(Span("next  ", "muted"), DOT.join(commands))


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
