"""A verified routing as a policy, and the whole frontier that it is a point of."""

from decimal import Decimal

from costopt.calculators.routing.cells import Seen, Segment
from costopt.calculators.routing.floor import LEAST_SCORES, FloorAnswer, cheapest_above
from costopt.calculators.routing.frontier import Option, frontier
from costopt.calculators.routing.frontier import Segment as Choices
from costopt.calculators.routing.policy import CONDITIONS, Escalation, Policy, Rule, When
from costopt.calculators.routing.traffic import Traffic
from costopt.models.result import Frozen


class FrontierPoint(Frozen):
    """The cheapest routing of that quality by the means of the scores, which flatter what is chosen by them."""

    cost_usd: Decimal
    quality: float


def answer(traffic: Traffic, seen: Seen, floor: float) -> FloorAnswer:
    """The cheapest routing whose mean quality is verified to be at least the floor.

    Args:
        traffic: What was served, and what it would cost elsewhere.
        seen: The log's quality scores, by halves.
        floor: The least mean quality, 0 to 1.
    """
    if not seen.total.scored:
        return FloorAnswer(
            floor=floor, unrouted_share=1, assumption="none", reason="no request has a quality score"
        )
    costs: dict[Segment, dict[str, int]] = {
        segment: {model: round(cost.estimate / traffic.requests[segment]) for model, cost in own.items()}
        for segment, own in traffic.costs.items()
    }
    return cheapest_above(seen, costs, floor)


def points(traffic: Traffic, seen: Seen) -> tuple[FrontierPoint, ...]:
    """The frontier of cost and quality over the segments in which some model has enough scores, cheapest first."""
    choices = [
        Choices(
            name=repr(segment),
            requests=traffic.requests[segment],
            options=[
                Option(model, cost.estimate, _quality(seen, segment, model)) for model, cost in own.items()
            ],
        )
        for segment, own in traffic.costs.items()
        if traffic.requests[segment]
    ]
    return tuple(
        FrontierPoint(cost_usd=each.cost_usd, quality=each.quality) for each in frontier(choices).vertices
    )


def _quality(seen: Seen, segment: Segment, model: str) -> float | None:
    if segment not in seen.cells:
        return None
    cell = seen.cell(segment, model)
    return cell.quality if cell.scored >= 2 * LEAST_SCORES else None


def policy_of(found: FloorAnswer, traffic: Traffic) -> Policy | None:
    """A verified routing as a policy of rules; a segment that is split goes to the dearer model, which is the better one.

    Rules with more conditions come first, as a segment that does not say a trait is matched by all others too.
    Columns that a policy cannot ask for are left out: of segments that then look alike, the model counts that costs most
    a request.

    Args:
        found: The answer; None is given if it has no routes.
        traffic: That it was found on.
    """
    if found.routes is None:
        return None
    chosen: dict[When, tuple[float, str]] = {}
    for route in found.routes:
        said = dict(zip(traffic.columns, route.segment, strict=True))
        when = When(**{name: (value,) for name, value in said.items() if name in CONDITIONS and value})
        costs, requests = traffic.costs[route.segment], traffic.requests[route.segment]
        best = max((costs[model].estimate / requests, model) for model in route.millionths)
        chosen[when] = max(best, chosen.get(when, best))
    rules = [Rule(when=when, model=model) for when, (_, model) in chosen.items()]
    rules.sort(key=lambda rule: -sum(bool(words) for words in rule.when.words()))
    return Policy(name=f"floor {found.floor:g}", rules=tuple(rules), escalation=Escalation(enabled=False))
