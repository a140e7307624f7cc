"""What of a price list a catalog file can hold: entries that can be read again, and names that are still free."""

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from decimal import Decimal
from typing import Final

import tomli

from costopt.pricing.entries import Catalog, Layer, Match, Model, Provider
from costopt.pricing.fields import Problem
from costopt.pricing.lending import listed_model
from costopt.pricing.matching import find_provider, resolve
from costopt.pricing.parsing import read_layer, spelling
from costopt.pricing.writing import head_text, model_text, provider_text

Key = tuple[str, str]

_HEAD: Final = head_text(Layer("", ""))


def key_of(model: Model) -> Key:
    """What tells a model from others."""
    return model.provider, model.id


# Entries


def as_read(model: Model) -> Model:
    """The model as it is once it has been written and read again.

    Raises:
        Problem: A file that says this cannot be read.
    """
    return replace(_read(model_text(model)).models[0], source=model.source)


def _read(text: str) -> Layer:
    try:
        text.encode()
        return read_layer(tomli.loads(_HEAD + text, parse_float=Decimal), path="", digest="")
    except ValueError as error:
        raise Problem("it is not text", hint="leave it out") from error


# Names


def name_of(model: Model) -> str:
    """Its id as names are compared."""
    return model.id.strip().lower()


def all_names(one: Match, other: Match) -> Match:
    """The names of both."""
    kinds = {field.name: (*getattr(one, field.name), *getattr(other, field.name)) for field in fields(Match)}
    return Match(**{kind: tuple(dict.fromkeys(names)) for kind, names in kinds.items()})


class Names:
    """Which model of its provider an exact name belongs to: the first that has it; what it has, it keeps."""

    def __init__(self, known: Collection[Model], planned: Collection[Model]) -> None:
        self._owners: dict[Key, Model] = {}
        for model in known:
            for name in model.match.exact:
                self._owners.setdefault((model.provider, name), model)
        for model in (*known, *planned):
            self._owners.setdefault((model.provider, name_of(model)), model)

    def owner(self, model: Model, name: str) -> Model | None:
        """Whose a name of a model is, if it is another one's; if it is nobody's, it becomes the model's."""
        owner = self._owners.setdefault((model.provider, name), model)
        return None if key_of(owner) == key_of(model) else owner


# Providers


def new_providers(catalog: Catalog, theirs: Layer, wanted: Iterable[str]) -> tuple[Provider, ...]:
    """The list's providers of those ids, and those they fall back to; they take no name from another one."""
    listed = {provider.id: provider for provider in theirs.providers}
    ids = list(dict.fromkeys(wanted))
    for name in ids:
        fallback = listed[name].fallback if name in listed else ()
        ids += [each for each in fallback if each in listed and each not in (*ids, *catalog.providers)]
    owners = {spelling(name): name for name in ids}
    admitted = []
    for name in sorted(ids):
        provider = _readable(listed.get(name, Provider(name)))
        free = [each for each in provider.names if not find_provider(catalog, each)]
        admitted.append(
            replace(
                provider,
                names=tuple(each for each in free if owners.setdefault(spelling(each), name) == name),
                fallback=tuple(each for each in provider.fallback if each in (*ids, *catalog.providers)),
                infer=Match() if _takes_over(catalog, provider) else provider.infer,
            )
        )
    return tuple(admitted)


def _takes_over(catalog: Catalog, provider: Provider) -> bool:
    """Whether a name without a provider that means a model today would mean another one, or none."""
    if provider.infer == Match():
        return False
    with_it = replace(catalog, providers={provider.id: replace(provider, fallback=()), **catalog.providers})
    names = (name for model in catalog.models for name in (name_of(model), *model.match.exact))
    return any(_meant(catalog, name) not in (None, _meant(with_it, name)) for name in names)


def _meant(catalog: Catalog, name: str) -> str | None:
    number = resolve(catalog, None, name)
    return None if number is None else listed_model(catalog, number).name


def _readable(provider: Provider) -> Provider:
    """The provider, or, if a file that says this cannot be read, nothing but its id."""
    try:
        _read(provider_text(provider))
    except Problem:
        return Provider(provider.id)
    return provider
