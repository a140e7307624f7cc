"""What a simulation of routing rests on: quality, escalation, tokens, the log's own attempts, the floor, and traps."""

from collections.abc import Iterator, Sequence
from typing import Final

from costopt.calculators.routing.cascade import Cascade
from costopt.calculators.routing.floor import FloorAnswer
from costopt.calculators.routing.gate import RouterCheck
from costopt.calculators.routing.outcome import Outcome
from costopt.calculators.routing.simulate import Simulation
from costopt.calculators.routing.tokens import RatioBasis
from costopt.calculators.routing.traps import Trap
from costopt.models.money import format_usd, usd
from costopt.report.document import DOT, Line, Span, line
from costopt.report.views.parts import counted, short, unit_usd

_LABEL: Final = 12
TRAPS: Final = 3
"""How many are told; the others are in JSON."""

_NAME: Final = 24
_TOKENS: Final[dict[RatioBasis, str]] = {
    "pairs": "prompts that both served",
    "own traffic": "own requests",
    "table": "a table",
}
_CHOSEN: Final = {
    "learned": "the learned one may be used",
    "rule": "not used, the complexity rule may be",
    "none": "not used",
}


def grounds(simulated: Simulation, command: str) -> Iterator[Line]:
    """Labelled lines, with the traps at the end.

    Args:
        simulated: The result.
        command: What gives it, the floor aside.
    """
    yield from _left_out(simulated)
    yield from _qualities(simulated.policies)
    yield from _escalations(simulated.policies)
    yield from _tokens(simulated)
    if simulated.cascade is not None:
        yield _labelled("attempts", DOT.join(_attempts(simulated.cascade)))
    if simulated.router is not None:
        yield _router(simulated.router)
    yield from _frontier(simulated)
    if simulated.floor is not None:
        yield from _floor(simulated.floor, command)
    yield from _traps(simulated.traps)


def _labelled(label: str, *parts: str | Span) -> Line:
    return line(Span(f"{label + ' ':<{_LABEL}}", "muted"), *parts)


def _left_out(simulated: Simulation) -> Iterator[Line]:
    """What is in no figure; the head has told of requests without a price."""
    told = []
    if simulated.left_out and simulated.left_out != simulated.provenance.intake.unpriced:
        told.append(f"{counted(simulated.left_out, 'request')} without a price")
    if simulated.other_kinds:
        told.append(f"{counted(simulated.other_kinds, 'request')} that no chat model serves")
    if told:
        yield _labelled("left out", DOT.join(told))


def _qualities(policies: Sequence[Outcome]) -> Iterator[Line]:
    """What is assumed of quality, or why it is unknown: once for all policies of which the same holds."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for each in policies:
        claim = each.quality
        if claim.estimate is None:
            key = "unknown", claim.reasons[-1] if claim.reasons else "no scores"
        else:
            key = "assumes", claim.assumption
        groups.setdefault(key, []).append(each)
    label = "quality"
    for (verdict, why), own in groups.items():
        names = "" if len(groups) == 1 else f"of {_names(own)} "
        if verdict == "unknown":
            yield _labelled(label, names, Span(verdict, "warn"), f" ({why})")
        else:
            yield _labelled(label, f"{names}{verdict} {why}")
            yield from _without(own)
        label = ""


def _without(policies: Sequence[Outcome]) -> Iterator[Line]:
    """The bounds that hold without the assumption."""
    bounds = [
        (each, each.quality.sensitivity_low, each.quality.sensitivity_high)
        for each in policies
        if each.quality.sensitivity
    ]
    if bounds:
        told = (
            f"{low:.2f} – {high:.2f}" + (f" ({short(each.policy, _NAME)})" if len(bounds) > 1 else "")
            for each, low, high in bounds
        )
        yield _labelled("", Span(f"without that it may be {DOT.join(told)}", "muted"))


def _names(policies: Sequence[Outcome]) -> str:
    return ", ".join(short(each.policy, _NAME) for each in policies)


def _escalations(policies: Sequence[Outcome]) -> Iterator[Line]:
    """What share of the requests is taken to escalate, of policies in which some can."""
    able = [each for each in policies if each.escalated.break_even_rate is not None]
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for each in able:
        groups.setdefault((f"{float(each.escalated.rate) * 100:.3g} %", each.escalated.basis), []).append(
            each
        )
    label = "escalation"
    for (rate, basis), own in groups.items():
        names = "" if len(groups) == 1 else f"{_names(own)}: "
        meaning = "of what can is asked again of a stronger model, and both calls are paid"
        yield _labelled(label, f"{names}→ if {rate} {meaning}{DOT}{basis}")
        label = ""


def _tokens(simulated: Simulation) -> Iterator[Line]:
    """What the tokens of other models rest on."""
    kinds: dict[str, set[str]] = {"input": set(), "output": set()}
    for each in simulated.ratios:
        if each.source != each.target:
            kinds["input"].add(each.input.basis)
            kinds["output"].add(each.output.basis)
    known = {kind: [_TOKENS[basis] for basis in _TOKENS if basis in found] for kind, found in kinds.items()}
    if known["input"] == known["output"]:
        known = {"": known["input"]}
    told = [f"{kind} by {', else '.join(each)}".strip() for kind, each in known.items() if each]
    if told:
        yield _labelled("tokens", f"elsewhere: {DOT.join(told)}")


def _attempts(cascade: Cascade) -> Iterator[str]:
    """How many requests the log's tasks took; each is paid."""
    if cascade.problem is not None:
        yield f"not understood: {cascade.problem}"
    else:
        yield counted(cascade.tasks or 0, "task")
        yield from (
            f"{each.went_on_pct:.0f} % went on to attempt {each.attempt + 1}"
            for each in cascade.attempts[:-1]
            if each.went_on_pct is not None
        )
    yield f"every attempt is paid: {format_usd(cascade.cost_usd)}"


def _router(check: RouterCheck) -> Line:
    return _labelled("router", Span(_CHOSEN[check.choose], "strong"), f"{DOT}{check.summary}")


def _frontier(simulated: Simulation) -> Iterator[Line]:
    if len(simulated.frontier) > 1:
        ends = (
            f"{format_usd(each.cost_usd)} at quality {each.quality:.2f}"
            for each in (simulated.frontier[0], simulated.frontier[-1])
        )
        yield _labelled("frontier", f"{' to '.join(ends)}, not verified")


def _floor(found: FloorAnswer, command: str) -> Iterator[Line]:
    """The verified routing above a floor, or why there is none."""
    floor = f"{found.floor:.12g}"
    if found.routes is None or found.cost_pico is None or found.estimate is None:
        yield _labelled(f"floor {floor}", Span("none verified", "warn"), f"{DOT}{found.reason}")
        return
    least = f"{found.floor + (found.margin_low or 0):.3f}"
    yield _labelled(
        f"floor {floor}",
        Span("verified", "strong"),
        f"{DOT}quality {found.estimate:.3f}, with 95 % certainty at least {least}",
        f"{DOT}{unit_usd(usd(found.cost_pico))} a request",
    )
    yield _labelled("", Span(f"assumes {found.assumption}", "muted"))
    if found.unrouted_share > 0:
        share = f"{found.unrouted_share * 100:.1f} %"
        yield _labelled(
            "", f"{share} of the requests are of kinds with too few scores: they stay as they are"
        )
    if any(len(route.millionths) > 1 for route in found.routes):
        split = "a segment is split between two models; a file sends all of it to the better one"
        yield _labelled("", f"{split}: policy floor {found.floor:g} above")
    yield _labelled("", f"as a file: {command} --floor {floor} --export policy")


def _traps(traps: Sequence[Trap]) -> Iterator[Line]:
    """What looks right in the figures and is not."""
    for place, trap in enumerate(traps[:TRAPS]):
        label = "" if place else ("trap" if len(traps) == 1 else "traps")
        yield _labelled(label, Span(trap.name, "warn"), f": {trap.text}")
