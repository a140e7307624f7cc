"""What is known of the models that could serve a segment: what a policy decides by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from costopt.calculators.routing.cells import Seen, Segment
from costopt.calculators.routing.decide import Candidate, Traits
from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.pairs import Pairs
from costopt.calculators.routing.providers import Performance
from costopt.calculators.routing.traffic import Traffic
from costopt.models.money import usd

ENOUGH_SCORES: Final = 30
"""Scores of a model in a segment from which a policy may choose by its quality there."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a log tells beside costs.

    Attributes:
        seen: Its quality scores, by segment.
        pairs: Prompts that several models served.
        prior: Qualities that others have measured.
        performance: By model its latency and reliability.
    """

    seen: Seen
    pairs: Pairs | None
    prior: Prior | None
    performance: Mapping[str, Performance]


def candidates_of(traffic: Traffic, known: Known, segment: Segment) -> dict[str, Candidate]:
    """What is known of each candidate for one request of a segment."""
    requests = traffic.requests[segment]
    found = {}
    for name, cost in traffic.costs[segment].items():
        performance = known.performance.get(name)
        found[name] = Candidate(
            name,
            usd(cost.estimate) / requests,
            _quality(known, segment, name),
            performance.latency if performance else None,
            performance.reliability if performance else None,
        )
    return found


def _quality(known: Known, segment: Segment, model: str) -> float | None:
    """The mean score of a model in a segment, if there are enough; else what others have measured."""
    if segment in known.seen.cells:
        cell = known.seen.cell(segment, model)
        if cell.scored >= ENOUGH_SCORES:
            return cell.quality
    return known.prior.qualities.get(model) if known.prior else None


def traits_of(columns: Sequence[str], segment: Segment) -> Traits:
    """What a policy may ask of a segment's requests."""
    values = dict(zip(columns, segment, strict=True))
    return Traits(*(values.get(name) for name in Traits._fields))
