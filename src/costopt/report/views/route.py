"""Where one request goes, why, and what that rests on; and the line of it that is kept."""

import datetime as dt
import shlex
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from costopt.calculators.routing.complexity import COMPLEX_FROM, MEDIUM_FROM
from costopt.calculators.routing.expected import Tokens
from costopt.calculators.routing.route_result import (
    CandidateReport,
    ComplexityReport,
    Cost,
    EscalationReport,
    Route,
)
from costopt.models.money import format_usd
from costopt.models.result import FORMAT_VERSION
from costopt.report.document import DOT, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted, prices, short

_REASON: Final = 200
_KEYS: Final = 6
_CANDIDATES: Final = 20
_LABEL: Final = 12
_UNPRICED: Final = {
    "no_rate_for_mode": "no price in this mode",
    "no_rate_for_date": "no price at this time",
    "no_rate_for_tokens": "no price for such tokens",
}


def view_route(route: Route, policy: str) -> Document:
    """The decision and its cost, the reasons, what they rest on, and the other candidates.

    Args:
        route: The decision.
        policy: How the policy was named, for the command that compares it with others.
    """
    blocks: list[Paragraph | Table] = [
        Paragraph(tuple(_decision(route))),
        Paragraph(tuple(_listed("why", route.reasons))),
        Paragraph(tuple(_grounds(route))),
        *([_candidates(route)] if route.candidates else []),
        Paragraph((_next(policy),)),
    ]
    return Document("Route of a request", tuple(blocks))


def _decision(route: Route) -> Iterator[Line]:
    if route.model is None:
        yield line(Span("none", "warn"), f"   no candidate is left{DOT}policy {short(route.policy.name)}")
    else:
        place = f"tier {route.tier}" if route.tier else "in no tier"
        yield line(Span(short(route.model), "strong"), f"   {place}{DOT}policy {short(route.policy.name)}")
    if route.cost is not None:
        basis = "exact for these tokens" if route.cost_basis == "exact" else route.cost_basis
        yield line(f"expected cost {_priced(route.cost)}, {basis}")
    if route.fallbacks:
        yield _labelled("else", DOT.join(short(name) for name in route.fallbacks))
    yield line(Span(f"{prices(route.catalog)}{DOT}as of {route.at:%Y-%m-%d %H:%M} UTC", "muted"))


def _priced(cost: Cost) -> str:
    """`$0.0012 ($0.0003 – 0.0080)`, or one amount where all are the same."""
    whole = _dollars(cost.cost_usd)
    return whole if cost.low_usd == cost.high_usd else f"{whole} ({_ends(cost.low_usd, cost.high_usd)})"


def _dollars(amount: Decimal) -> str:
    """Four significant digits below a dollar: one request costs little."""
    if not 0 < amount < 1:
        return format_usd(amount)
    rounded = amount.quantize(Decimal(1).scaleb(amount.adjusted() - 3), rounding=ROUND_HALF_UP)
    return f"${rounded.normalize():f}"


def _ends(low: Decimal, high: Decimal) -> str:
    return f"{_dollars(low)} – {_dollars(high).removeprefix('$')}"


def _labelled(label: str, text: str, *more: Span) -> Line:
    return line(Span(f"{label:<{_LABEL}}", "muted"), text, *more)


def _listed(label: str, texts: Sequence[str]) -> Iterator[Line]:
    """One below the other, the label before the first."""
    for number, text in enumerate(texts):
        yield _labelled("" if number else label, short(text, _REASON))


def _grounds(route: Route) -> Iterator[Line]:
    """What the decision rests on."""
    request = route.request
    yield _labelled("tokens", f"{_tokens(request.input, 'input')}{DOT}{_tokens(request.output, 'output')}")
    if request.unread_parts and request.input.basis == "estimated":
        parts = counted(request.unread_parts, "part of the messages is", "parts of the messages are")
        yield _labelled("", "", Span(f"{parts} no text, and in no estimate", "warn"))
    yield _labelled("complexity", DOT.join(_complexity(route.complexity)))
    yield _labelled("steadiness", f"{route.steadiness.value * 100:.0f} %: {route.steadiness.meaning}")
    yield from _escalation(route.escalation)
    if route.learned is not None:
        told = route.learned
        weak, strong = (f"{quality:.2f} of {short(name)}" for name, quality in told.qualities.items())
        yield _labelled("router", f"expects {weak}, {strong}{DOT}{short(told.source)}")
    if route.facts is not None:
        yield _labelled("facts", f"means of a log, whatever was asked{DOT}{short(route.facts)}")
    if request.ignored:
        names = ", ".join(short(name, 20) for name in request.ignored[:_KEYS])
        rest = len(request.ignored) - _KEYS
        yield _labelled("not read", names + (f" and {rest} more" if rest > 0 else ""))


def _tokens(tokens: Tokens, kind: str) -> str:
    if tokens.basis == "given":
        return f"{tokens.estimate:,} {kind}, given"
    span = f" ({tokens.low:,} – {tokens.high:,})" if tokens.low != tokens.high else ""
    return f"{tokens.estimate:,} {kind}{span}, estimated {tokens.note}"


def _complexity(complexity: ComplexityReport) -> Iterator[str]:
    points = complexity.points
    shown = f"−{-points}" if points < 0 else str(points)
    yield f"{complexity.level}, a guess: {shown} {'point' if abs(points) == 1 else 'points'}"
    yield f"medium from {MEDIUM_FROM}, complex from {COMPLEX_FROM}"
    yield from (f"{sign.meaning} {_signed(sign.points)}" for sign in complexity.signs)


def _signed(points: int) -> str:
    """`+1`, `−1`."""
    return f"−{-points}" if points < 0 else f"+{points}"


def _escalation(escalation: EscalationReport) -> Iterator[Line]:
    if not escalation.enabled:
        yield _labelled("escalation", "off")
    elif escalation.to is None or escalation.both is None:
        yield _labelled("escalation", "to no model")
    else:
        both = f"both calls cost {_priced(escalation.both)}"
        asked = f"below confidence {escalation.threshold} also to {short(escalation.to)}"
        yield _labelled("escalation", DOT.join([asked, both, *_cheaper_alone(escalation)]))
        yield _labelled("", "", Span(escalation.basis, "warn"))


def _cheaper_alone(escalation: EscalationReport) -> Iterator[str]:
    """From which rate it would be cheaper to ask the stronger model at once."""
    rate = escalation.break_even_rate
    if rate is not None and rate > 0:
        yield f"that one alone is cheaper if more than {rate * 100:.1f} % escalate"
    elif rate is not None:
        yield "that one alone is cheaper"


def _candidates(route: Route) -> Table:
    exact = route.cost_basis == "exact"
    columns = (
        Column("candidate"),
        Column("tier", drop=3),
        Column("", drop=2),
        Column("cost", "range"),
        *(() if exact else (Column("range", "range", drop=1),)),
        *(Column(title, "range", drop=drop) for title, drop in _FACTS if _told(route, title)),
    )
    rows = tuple(
        (
            short(each.model),
            each.tier or "–",
            each.role or "",
            _cost(each),
            *(() if exact else (_range(each),)),
            *(_fact(each, title) for title, _ in _FACTS if _told(route, title)),
        )
        for each in route.candidates[:_CANDIDATES]
    )
    rest = len(route.candidates) - _CANDIDATES
    return Table(columns, rows, more=f"{rest:,} more: see -o json" if rest > 0 else "")


_FACTS: Final = (("quality", 4), ("latency ms", 5), ("reliable", 6))
"""Titles of what may be known of candidates, and when they go."""


def _told(route: Route, title: str) -> bool:
    return any(_fact(each, title) != "?" for each in route.candidates)


def _fact(candidate: CandidateReport, title: str) -> str:
    match title:
        case "quality":
            return "?" if candidate.quality is None else f"{candidate.quality:.2f}"
        case "latency ms":
            return "?" if candidate.latency_ms is None else f"{candidate.latency_ms:,.0f}"
        case _:
            return "?" if candidate.reliability is None else f"{candidate.reliability * 100:.1f} %"


def _cost(candidate: CandidateReport) -> str:
    if candidate.cost_usd is None:
        return _UNPRICED[candidate.unpriced or ""]
    return _dollars(candidate.cost_usd)


def _range(candidate: CandidateReport) -> str:
    if candidate.low_usd is None or candidate.high_usd is None:
        return ""
    return _ends(candidate.low_usd, candidate.high_usd)


def _next(policy: str) -> Line:
    return line(Span("next  ", "muted"), f"costopt simulate LOGS --policy {shlex.quote(policy)}")


def records_route(route: Route) -> Records:
    """One record for each candidate."""
    names = tuple(CandidateReport.model_fields)
    return Records(names, [tuple(getattr(each, name) for name in names) for each in route.candidates])


def logged_route(route: Route, time: dt.datetime) -> Mapping[str, object]:
    """The decision as it is kept, without what was asked; its keys are none that a log of requests has for usage.

    Args:
        route: The decision.
        time: When it was made, UTC.
    """
    request, cost = route.request, route.cost
    return {
        "format_version": FORMAT_VERSION,
        "kind": "route_decision",
        "decided_at": time,
        "request_id": request.request_id,
        "prompt_sha256": request.prompt_sha256,
        "prompt_chars": request.prompt_chars,
        "traits": {
            "complexity": route.complexity.level,
            **request.model_dump(include={"request_type", "tag", "tenant", "endpoint", "mode"}),
        },
        "decision": {
            **route.model_dump(include={"model", "tier", "fallbacks", "rule", "strategy", "reasons"}),
            "escalates_to": route.escalation.to,
            "threshold": route.escalation.threshold,
            "steadiness": route.steadiness.value,
        },
        "expected": {
            **({} if cost is None else cost.model_dump()),
            "basis": route.cost_basis,
            "input_tokens": request.input.estimate,
            "output_tokens": request.output.estimate,
        },
        "policy": route.policy.model_dump(),
        "prices": {"at": route.at, "sha256": route.catalog.sha256},
    }
