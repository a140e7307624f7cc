"""For each segment the cheaper models: what they would save, and what is known of their quality there."""

from collections.abc import Iterator
from decimal import Decimal

from costopt.calculators.routing.candidates import Known
from costopt.calculators.routing.cells import Segment
from costopt.calculators.routing.estimates import QualityClaim, claim
from costopt.calculators.routing.traffic import Traffic
from costopt.models.money import percent, usd
from costopt.models.result import Frozen


class Alternative(Frozen):
    """A cheaper model for a segment.

    Attributes:
        segment: The values of its columns.
        requests: How many it has.
        logged_usd: What they cost.
        served: The model that served most of them.
        model: The cheaper one.
        saving_usd: What it would save.
        low_usd: The least, given what is not known of its tokens.
        high_usd: The most.
        saving_pct: In percent of what was paid.
        quality: What can be said of the change in quality.
    """

    segment: dict[str, str | None]
    requests: int
    logged_usd: Decimal
    served: str
    model: str
    saving_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    saving_pct: Decimal
    quality: QualityClaim


def alternatives(traffic: Traffic, known: Known, most: int) -> tuple[Alternative, ...]:
    """The cheaper models, the largest saving first; those that may cost more as well are told too, by their range.

    Args:
        traffic: What was served, and what it would cost elsewhere.
        known: What the log tells beside costs.
        most: How many to give.
    """
    cheaper = sorted(_cheaper(traffic), key=lambda each: (-each[0], str(each[1]), each[2]))
    return tuple(_alternative(traffic, known, segment, model) for _, segment, model in cheaper[:most])


def _cheaper(traffic: Traffic) -> Iterator[tuple[int, Segment, str]]:
    for segment, costs in traffic.costs.items():
        for model, cost in costs.items():
            saving = traffic.logged[segment] - cost.estimate
            if saving > 0:
                yield saving, segment, model


def _alternative(traffic: Traffic, known: Known, segment: Segment, model: str) -> Alternative:
    logged, cost = traffic.logged[segment], traffic.costs[segment][model]
    served = traffic.served[segment]
    quality = (
        claim(known.seen.only([segment]), {segment: {model: 1.0}}, known.pairs, known.prior)
        if segment in known.seen.cells
        else QualityClaim(basis="unknown", assumption="none", reasons=("no request has a quality score",))
    )
    return Alternative(
        segment=dict(zip(traffic.columns, segment, strict=True)),
        requests=traffic.requests[segment],
        logged_usd=usd(logged),
        served=min(served, key=lambda name: (-served[name], name)),
        model=model,
        saving_usd=usd(logged - cost.estimate),
        low_usd=usd(logged - cost.high),
        high_usd=usd(logged - cost.low),
        saving_pct=percent(logged - cost.estimate, logged),
        quality=quality,
    )
