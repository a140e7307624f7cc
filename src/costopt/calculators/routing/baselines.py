"""What a policy's cost is compared with: the log as it is, one model for everything, or a flat price for each request."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from costopt.calculators.routing.cells import Seen, everything_to
from costopt.calculators.routing.estimates import claim
from costopt.calculators.routing.outcome import Baseline, per_million
from costopt.calculators.routing.traffic import Traffic, total
from costopt.errors import ConfigError
from costopt.models.money import exact_usd, usd

LOGGED: Final = "logged"
FRONTIER: Final = "frontier"
BEST_SINGLE: Final = "best-single"
NAMED: Final = (LOGGED, FRONTIER, BEST_SINGLE)
"""The baselines that are no model and no price."""

_FLAT: Final = re.compile(r"\$?(?P<amount>\d+(\.\d+)?|\.\d+)/request")


def flat_price(name: str) -> Decimal | None:
    """The dollars a request of a baseline such as `0.015/request`; None if it is another one."""
    found = _FLAT.fullmatch(name)
    return Decimal(found["amount"]) if found else None


def baseline_models(names: Sequence[str]) -> tuple[str, ...]:
    """The baselines that are models."""
    return tuple(name for name in names if name not in NAMED and flat_price(name) is None)


def baselines(
    names: Sequence[str], traffic: Traffic, seen: Seen, candidates: Mapping[str, str], frontier: str | None
) -> tuple[Baseline, ...]:
    """The baselines of those names.

    Args:
        names: `logged`, `frontier`, `best-single`, `0.015/request`, or the name of a model.
        traffic: What was served, and what it would cost elsewhere.
        seen: The log's quality scores.
        candidates: By the name of a model as the user writes it, its name in the catalog.
        frontier: The model of the baseline `frontier`; None if no policy has one.
    """
    return tuple(_baseline(name, traffic, seen, candidates, frontier) for name in dict.fromkeys(names))


def _baseline(
    name: str, traffic: Traffic, seen: Seen, candidates: Mapping[str, str], frontier: str | None
) -> Baseline:
    if name == LOGGED:
        return _known(name, "what was paid", usd(traffic.total_cost), traffic)
    flat = flat_price(name)
    if flat is not None:
        meaning = f"a stated {exact_usd(flat)} a request"
        return _known(name, meaning, flat * traffic.total_requests, traffic)
    if name == FRONTIER:
        if frontier is None:
            return Baseline(
                name=name, meaning="everything to the strongest tier", reason="no policy has tiers"
            )
        return _single(name, "everything to the strongest tier", frontier, traffic)
    if name == BEST_SINGLE:
        return _best_single(traffic, seen)
    return _single(name, "everything to one model", candidates[name], traffic)


def _known(name: str, meaning: str, cost: Decimal, traffic: Traffic) -> Baseline:
    million = per_million(cost, traffic.total_requests)
    return Baseline(
        name=name, meaning=meaning, cost_usd=cost, low_usd=cost, high_usd=cost, per_million_usd=million
    )


def _single(name: str, meaning: str, model: str, traffic: Traffic) -> Baseline:
    costs = [own.get(model) for own in traffic.costs.values()]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        missing = len(costs) - len(known)
        return Baseline(
            name=name,
            meaning=meaning,
            model=model,
            reason=f"it has no price for some requests of {missing} of {len(costs)} segments",
        )
    whole = total(known)
    return Baseline(
        name=name,
        meaning=meaning,
        model=model,
        cost_usd=usd(whole.estimate),
        low_usd=usd(whole.low),
        high_usd=usd(whole.high),
        per_million_usd=per_million(usd(whole.estimate), traffic.total_requests),
    )


def _best_single(traffic: Traffic, seen: Seen) -> Baseline:
    """The model of the log that is best on all of its requests, as far as that can be said."""
    meaning = "everything to the best single model"
    models = sorted({model for own in traffic.served.values() for model in own})
    claimed = {model: claim(seen, everything_to(model, seen.cells)) for model in models}
    known = [(-each.estimate, model) for model, each in claimed.items() if each.estimate is not None]
    if not known:
        return Baseline(
            name=BEST_SINGLE,
            meaning=meaning,
            reason="which model is best is unknown: no quality with overlap",
        )
    return _single(BEST_SINGLE, meaning, min(known)[1], traffic)


def check_baselines(names: Sequence[str]) -> None:
    """Refuses a baseline that looks like a price and is none.

    Raises:
        ConfigError: It is no name, no model and no price.
    """
    for name in names:
        if "/request" in name and flat_price(name) is None:
            raise ConfigError(f"`{name}` is no price for each request", hint="write it like `0.015/request`")
