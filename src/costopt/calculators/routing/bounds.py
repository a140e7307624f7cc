"""How far the value of a target could be off if requests were selected by something that the log does not show.

Nothing in a log tells whether the dearer model was given the harder requests. What can be said is how far off an
estimate could be. With no assumption at all, what was not seen counts as 0 to 1 (C. F. Manski, 1990, Nonparametric
bounds on treatment effects). With a limit Γ on the selection, a request's odds of being seen with a model are at most
Γ times those of its segment, and at least a Γth of them (Z. Tan, 2006, A distributional approach for causal inference
using propensity scores: the marginal sensitivity model). Of all scores with the same mean, right-or-wrong ones are
the worst case of it: the unseen then have a mean between max(m/Γ, 1 − Γ(1 − m)) and min(Γm, 1 − (1 − m)/Γ).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from costopt.calculators.routing.cells import Seen, Segment, Target
from costopt.calculators.routing.intervals import TWO_SIDED, Mean, wilson
from costopt.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Bound:
    """What holds under hidden selection, and in words how much of it."""

    low: float
    high: float
    assumption: str


def bound(seen: Seen, target: Target, gamma: float | None = None) -> Bound:
    """The lowest and the highest value that the target may have, with 95 % certainty.

    Args:
        seen: The log.
        target: Segments it does not name stay as logged: of these, too, what has no score is not seen.
        gamma: The limit Γ, at least 1; None for no assumption.

    Raises:
        ConfigError: if Γ is below 1.
    """
    if gamma is not None and gamma < 1:
        raise ConfigError(
            f"Hidden selection cannot be below 1, and is {gamma:g}", hint="1 means that there is none"
        )
    parts = [*_parts(seen, target)]
    requests = math.fsum(seen.requests.values())
    low = _end(parts, gamma, requests)
    high = 1 - _end([part.mirrored for part in parts], gamma, requests)
    words = (
        "no assumption: what was not seen counts as 0 to 1"
        if gamma is None
        else f"hidden selection changes a request's odds of its model at most {gamma:g} times"
    )
    return Bound(max(0.0, low), min(1.0, high), words)


@dataclass(frozen=True, slots=True)
class _Part:
    """A share of all requests: which part of it was seen, out of how many requests, and with which mean score."""

    share: float
    seen: float
    requests: float
    mean: Mean

    @property
    def mirrored(self) -> "_Part":
        """The same of 1 less the score; what was not seen at all counts as 0 in either view."""
        if not self.seen:
            return self
        return _Part(self.share, self.seen, self.requests, Mean(1 - self.mean.value, self.mean.count))


def _parts(seen: Seen, target: Target) -> Iterator[_Part]:
    whole = math.fsum(seen.requests.values())
    for segment in seen.cells:
        requests = seen.requests[segment]
        if segment in target:
            for model, share in target[segment].items():
                yield _part(seen, (segment, model), share * requests / whole, requests)
        else:
            for model, cell in seen.cells[segment].items():
                yield _part(seen, (segment, model), cell.requests / whole, cell.requests)


def _part(seen: Seen, of: tuple[Segment, str], share: float, requests: float) -> _Part:
    scored = seen.cell(*of).scored
    return _Part(share, scored / requests, requests, seen.mean(*of) if scored else Mean(0.0, 0.0))


def _end(parts: Sequence[_Part], gamma: float | None, requests: float) -> float:
    """The lower end: the sum of the lowest values, and below it what chance may do."""
    lowest = [_lowest(part, part.mean.value, gamma) for part in parts]
    middle = math.fsum(part.share * value for part, value in zip(parts, lowest, strict=True))
    doubt = []
    for part, value in zip(parts, lowest, strict=True):
        low, _ = wilson(part.mean)
        doubt.append(part.share * (value - _lowest(part, low, gamma)))
        unseen = part.mean.value - _tilted(part.mean.value, gamma)
        deviation = math.sqrt(part.seen * (1 - part.seen) / part.requests)
        doubt.append(part.share * TWO_SIDED * deviation * unseen)
        doubt.append(math.sqrt(part.share / requests) * TWO_SIDED * (value - middle))
    return middle - math.sqrt(math.fsum(each * each for each in doubt))


def _lowest(part: _Part, mean: float, gamma: float | None) -> float:
    """Of the part, seen and unseen, where the seen one has that mean."""
    return part.seen * mean + (1 - part.seen) * _tilted(mean, gamma)


def _tilted(mean: float, gamma: float | None) -> float:
    """The lowest mean of the unseen, where the seen have that mean."""
    return 0.0 if gamma is None else max(mean / gamma, 1 - gamma * (1 - mean))
