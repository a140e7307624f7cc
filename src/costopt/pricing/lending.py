"""A model as it is billed: under contract, and where a provider is billed by another's price list.

A provider that falls back to another's prices, or resells at them, does so in standard mode only: whether it has a
batch, flex or priority service, and at what price, is its own business, so a mode it does not list has no price.
"""

from dataclasses import replace
from functools import lru_cache

from costopt.errors import CatalogError
from costopt.pricing.entries import Catalog, Model, PriceRow
from costopt.pricing.fields import Problem
from costopt.pricing.terms import adjusted


def lent(catalog: Catalog, provider: str, number: int) -> int:
    """The number of a model at a provider that is billed by its price list; its own number at its own provider."""
    own = number % len(catalog.models)
    if catalog.models[own].provider == provider:
        return own
    return own + len(catalog.models) * (1 + list(catalog.providers).index(provider))


def listed_model(catalog: Catalog, number: int) -> Model:
    """The model with the prices that are listed for it."""
    lending, own = divmod(number, len(catalog.models))
    model = catalog.models[own]
    if not lending:
        return model
    borrower = list(catalog.providers.values())[lending - 1]
    return replace(
        model,
        provider=borrower.id,
        id=model.name if borrower.gateway else model.id,
        lender=model.provider,
        prices=tuple(_standard(row) for row in model.prices),
    )


@lru_cache(maxsize=8192)
def model_of(catalog: Catalog, number: int) -> Model:
    """The model with the prices that are paid for it: those listed, changed by contract.

    Raises:
        CatalogError: The contract makes more of them, or dearer ones, than there is room for.
    """
    listed = listed_model(catalog, number)
    try:
        return adjusted(listed, catalog.adjustments)
    except Problem as problem:
        raise CatalogError(
            f"Contract terms of model `{listed.name}`: {problem}", hint=problem.hint
        ) from problem


def _standard(row: PriceRow) -> PriceRow:
    if not row.modes.keys() - {"standard"}:
        return row
    return replace(row, modes={mode: price for mode, price in row.modes.items() if mode == "standard"})
