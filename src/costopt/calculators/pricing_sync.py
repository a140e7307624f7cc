"""What bringing a price list into the catalog does, as a report."""

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

from costopt.calculators.pricing_diff import ChangedRate, changed_rates, names_in
from costopt.models.intake import CatalogReport
from costopt.models.result import Frozen, Result
from costopt.pricing.catalog import Catalog, report_of
from costopt.pricing.sources.price_list import PriceList
from costopt.pricing.sync import Plan, Step


class SyncedModel(Frozen):
    """One model.

    Attributes:
        provider: Whose it is.
        model: Its name in the catalog.
        reason: Why it is where it is, in words.
        source: Where the catalog's prices are from: a list, or the file a person wrote; of a new model, the list.
        listed_as: What the list calls it, where that is something else.
        names_added: Names or patterns that it did not have; of a new model, none are listed.
        rates: What changes; of a conflict, what the list says otherwise (`after`).
    """

    provider: str
    model: str
    reason: str
    source: str
    listed_as: tuple[str, ...]
    names_added: tuple[str, ...]
    rates: tuple[ChangedRate, ...]


class PricingSync(Result):
    """What a price list does to the catalog.

    Attributes:
        catalog: Before.
        list_source: The list: what it says it is, or its file.
        list_date: Its day, if it is known.
        file: The catalog file that is written.
        written: Whether it was written; not on a dry run, nor if there is nothing to write.
        effective: The first day of prices that changed without a date.
        added: Models the catalog did not have.
        filled: Models that get modes they lacked.
        changed: Models that get other prices.
        conflicts: Models that are left as they are, although the list says otherwise.
        same: How many models of the list are in the catalog as they are.
        left_out: What the list has and a catalog has no place for, with how many of it.
    """

    kind: ClassVar[str] = "pricing_sync"

    catalog: CatalogReport
    list_source: str
    list_date: dt.date | None
    file: str
    written: bool
    effective: dt.date
    added: tuple[SyncedModel, ...]
    filled: tuple[SyncedModel, ...]
    changed: tuple[SyncedModel, ...]
    conflicts: tuple[SyncedModel, ...]
    same: int
    left_out: Mapping[str, int]


def tell_sync(  # noqa: PLR0913 - each is a field of the result
    plan: Plan, catalog: Catalog, theirs: PriceList, *, file: str, written: bool, effective: dt.date
) -> PricingSync:
    """The plan, step by step, and whether it was carried out."""
    told: dict[str, tuple[SyncedModel, ...]] = {
        kind: tuple(_synced(step) for step in plan.steps if step.kind == kind)
        for kind in ("added", "filled", "changed", "conflict")
    }
    return PricingSync(
        catalog=report_of(catalog),
        list_source=theirs.layer.source or theirs.layer.path,
        list_date=theirs.layer.date,
        file=file,
        written=written,
        effective=effective,
        added=told["added"],
        filled=told["filled"],
        changed=told["changed"],
        conflicts=told["conflict"],
        same=plan.same,
        left_out=dict(sorted(theirs.left_out.items())),
    )


def _synced(step: Step) -> SyncedModel:
    is_known = step.kind in ("filled", "changed")
    new = names_in(step.model.match) - names_in(step.before) if is_known else ()
    return SyncedModel(
        provider=step.model.provider,
        model=step.model.id,
        reason=step.reason,
        source=step.source,
        listed_as=step.listed_as,
        names_added=tuple(sorted(new)),
        rates=changed_rates(step.rates),
    )
