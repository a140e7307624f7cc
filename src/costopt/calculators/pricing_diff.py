"""What two catalogs say differently."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import ClassVar

from costopt.calculators.pricing import Term, per, term
from costopt.models.intake import CatalogReport
from costopt.models.money import usd
from costopt.models.result import Frozen, Result
from costopt.pricing.catalog import RATE_FIELDS, Catalog, Match, Model, report_of
from costopt.pricing.comparing import Place, RateChange
from costopt.pricing.histories import compared
from costopt.pricing.rows import RATE_KEYS

_KEYS = dict(zip(RATE_FIELDS, RATE_KEYS, strict=True))


class ChangedRate(Term):
    """A rate before and after, in USD per million tokens or per thousand; null is not listed.

    Attributes:
        mode: Of which mode.
        above: For prompts of more than so many tokens; 0 is any.
        rate: Its key in a catalog file.
        before: In the first.
        after: In the second.
    """

    mode: str
    above: int
    rate: str
    before: Decimal | None
    after: Decimal | None


class ChangedModel(Frozen):
    """A model that both have, with other rates or other names.

    Attributes:
        provider: Whose it is.
        model: Its name in the catalog.
        rates: On each day on which one of the two has another price: by time, mode, prompt size and name.
        names_added: Names or patterns beside its own that mean it in the second only.
        names_removed: In the first only.
    """

    provider: str
    model: str
    rates: tuple[ChangedRate, ...]
    names_added: tuple[str, ...]
    names_removed: tuple[str, ...]


class NamedModel(Frozen):
    """A model in one of the two."""

    provider: str
    model: str


class PricingDiff(Result):
    """From one catalog to another.

    Attributes:
        before: The first.
        after: The second.
        same: How many models are the same in both.
        added: Models in the second only.
        removed: Models in the first only.
        changed: Models in both that are not the same.
    """

    kind: ClassVar[str] = "pricing_diff"

    before: CatalogReport
    after: CatalogReport
    same: int
    added: tuple[NamedModel, ...]
    removed: tuple[NamedModel, ...]
    changed: tuple[ChangedModel, ...]


def diff_catalogs(before: Catalog, after: Catalog) -> PricingDiff:
    """What is new, gone and different in a second catalog, by provider and model; contracts are left out of both."""
    old, new = _by_name(before), _by_name(after)
    both = sorted(old.keys() & new.keys())
    compared = [_changed(old[key], new[key]) for key in both]
    changed = tuple(model for model in compared if model.rates or model.names_added or model.names_removed)
    return PricingDiff(
        before=report_of(before),
        after=report_of(after),
        same=len(both) - len(changed),
        added=_named(new.keys() - old.keys()),
        removed=_named(old.keys() - new.keys()),
        changed=changed,
    )


def _by_name(catalog: Catalog) -> Mapping[tuple[str, str], Model]:
    return {(model.provider, model.id): model for model in catalog.models}


def _named(keys: Iterable[tuple[str, str]]) -> tuple[NamedModel, ...]:
    return tuple(NamedModel(provider=provider, model=model) for provider, model in sorted(keys))


def _changed(old: Model, new: Model) -> ChangedModel:
    id_itself = {new.id.strip().lower()}
    known, names = names_in(old.match) - id_itself, names_in(new.match) - id_itself
    return ChangedModel(
        provider=new.provider,
        model=new.id,
        rates=changed_rates(compared(old.prices, new.prices)),
        names_added=tuple(sorted(names - known)),
        names_removed=tuple(sorted(known - names)),
    )


def changed_rates(found: Iterable[RateChange]) -> tuple[ChangedRate, ...]:
    """The changes in dollars."""
    return tuple(_changed_rate(*change) for change in found)


def _changed_rate(place: Place, before: int | None, after: int | None) -> ChangedRate:
    times = per(place.rate)
    return ChangedRate(
        **term(place.starts, place.ends, place.hours_utc, place.weekdays),
        mode=place.mode,
        above=place.above,
        rate=_KEYS[place.rate],
        before=None if before is None else usd(before * times),
        after=None if after is None else usd(after * times),
    )


def names_in(match: Match) -> set[str]:
    """Names as they are, and patterns with what marks them."""
    return {
        *match.exact,
        *(f"{name}*" for name in match.prefix),
        *(f"*{name}" for name in match.suffix),
        *(f"*{name}*" for name in match.contains),
        *(f"/{name}/" for name in match.regex),
    }
