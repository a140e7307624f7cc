"""Which catalog entry a provider and model, as a log spells them, mean."""

import difflib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from costopt.pricing.entries import Alias, Catalog, Layer, Match, Model, Provider
from costopt.pricing.fields import Problem
from costopt.pricing.lending import lent
from costopt.pricing.parsing import spelling

_PROJECT = re.compile(r"^projects/[^/]+/locations/[^/]+/")
"""Where in Google's cloud a model is called: `projects/mine/locations/europe-west4/publishers/google/models/..`."""

_VERSION_DATE = re.compile(r"@(?=20\d{6}(?!\d))")
_COMPACT_DATE = re.compile(r"-(20\d\d)(\d\d)(\d\d)(?!\d)")
_DASHED_DATE = re.compile(r"-(20\d\d)-(\d\d)-(\d\d)(?!\d)")


class Meaning(NamedTuple):
    """What a raw name means: the number of the model, for `lending.model_of`, and by what it was found."""

    number: int
    how: str


def resolve(catalog: Catalog, provider: str | None, model: str) -> int | None:
    """The number of what a raw name means, for `lending.model_of`, or None: see `meaning_of`."""
    meaning = meaning_of(catalog, provider, model)
    return meaning.number if meaning else None


def meaning_of(catalog: Catalog, provider: str | None, model: str) -> Meaning | None:
    """What a raw name means, or None.

    Args:
        catalog: Where to look.
        provider: As the log spells it; None, empty or unknown to the catalog: inferred from the model.
        model: As the log spells it.
    """
    index = _index(catalog)
    name = model.strip().lower()
    known = index.provider(provider) if provider else None
    alias = index.alias(known.id if known else spelling(provider or ""), name)
    if alias:
        return alias
    name = _PROJECT.sub("", name)
    return index.find(known, name) if known else index.find_anywhere(name)


def nearest(catalog: Catalog, provider: str | None, model: str) -> str | None:
    """The known name most like an unknown one, for a message; None if there is none alike.

    Args:
        catalog: Where to look.
        provider: As the log spells it; among all providers' names if the catalog does not know it.
        model: As the log spells it.
    """
    index = _index(catalog)
    known = index.provider(provider) if provider else None
    names = (
        index.names(known)
        if known
        else [name for each in catalog.providers.values() for name in index.names(each)]
    )
    near = difflib.get_close_matches(model.strip().lower(), dict.fromkeys(names), n=1)
    return near[0] if near else None


def find_provider(catalog: Catalog, name: str) -> Provider | None:
    """The provider of that name, however it is spelt, or None."""
    return _index(catalog).provider(name)


def check_aliases(catalog: Catalog, layer: Layer) -> None:
    """Refuse an alias of a model that there is not.

    Raises:
        Problem: A layer has one; its path leads from the layer's top level.
    """
    for number, alias in enumerate(layer.aliases):
        if _index(catalog).target(alias) is None:
            near = _nearest_target(catalog, alias.model)
            raise Problem(
                f"alias {number + 1}: the catalog has no model `{alias.model}`",
                hint=f"did you mean `{near}`?" if near else "`costopt pricing list` names all there are",
                path=("alias", number, "model"),
            )


def _nearest_target(catalog: Catalog, target: str) -> str | None:
    """The `provider/model` most like an unknown one: of its provider, or of any if that is unknown as well."""
    prefix, _, model = target.partition("/")
    known = find_provider(catalog, prefix)
    if known:
        near = nearest(catalog, prefix, model)
        return f"{known.id}/{near}" if near else None
    index = _index(catalog)
    names = [f"{each.id}/{name}" for each in catalog.providers.values() for name in index.names(each)]
    return next(iter(difflib.get_close_matches(target, names, n=1)), None)


class _Entries:
    """One provider's models, by exact name and by pattern."""

    def __init__(self) -> None:
        self.exact: dict[str, int] = {}
        self.patterns: list[tuple[Match, int]] = []

    def find(self, names: list[str]) -> Meaning | None:
        """The model of the first name that is known exactly, else of the first that fits a pattern."""
        for name in names:
            if name in self.exact:
                return Meaning(self.exact[name], "by name" if name == names[0] else f"by the name `{name}`")
        for name in names:
            for match, number in self.patterns:
                if _fits(match, name):
                    return Meaning(number, f"by {_fitting(match, name)}")
        return None


class _Index:
    """A catalog turned over for look-ups; built once per catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._providers = catalog.providers
        self._spellings: dict[str, Provider] = {}
        self._entries = {name: _Entries() for name in catalog.providers}
        for provider in catalog.providers.values():
            for name in (provider.id, *provider.names):
                self._spellings.setdefault(spelling(name), provider)
        numbers = {(model.provider, model.id): number for number, model in enumerate(catalog.models)}
        for layer in reversed(catalog.layers):
            self._add_names([(numbers[model.provider, model.id], model) for model in layer.models])
        for number, model in enumerate(catalog.models):
            if _has_patterns(model.match):
                self._entries[model.provider].patterns.append((model.match, number))
        self._aliases: dict[tuple[str, str], Meaning | None] = {}
        for alias in catalog.aliases:
            known = self.provider(alias.provider)
            key = (known.id if known else spelling(alias.provider), alias.raw)
            self._aliases.setdefault(key, self.target(alias))

    def _add_names(self, models: list[tuple[int, Model]]) -> None:
        """Names of a layer that no layer above has: exact ones that still count, then ids."""
        for number, model in models:
            kept = self._catalog.models[number].match.exact
            for name in model.match.exact:
                if name in kept:
                    self._entries[model.provider].exact.setdefault(name, number)
        for number, model in models:
            self._entries[model.provider].exact.setdefault(model.id.strip().lower(), number)

    def target(self, alias: Alias) -> Meaning | None:
        """What an alias stands for."""
        vendor = self._vendor(alias.model)
        found = self.find(*vendor) if vendor else None
        return found and Meaning(found.number, f"by an alias for `{alias.model}`")

    def alias(self, provider: str, name: str) -> Meaning | None:
        """What a name stands for by an alias of its provider, or of any."""
        return self._aliases.get((provider, name), self._aliases.get(("", name)))

    def provider(self, name: str) -> Provider | None:
        return self._spellings.get(spelling(name))

    def names(self, provider: Provider) -> list[str]:
        """The exact names under a provider and those it falls back to."""
        return [name for each in (provider.id, *provider.fallback) for name in self._entries[each].exact]

    def find(self, provider: Provider, name: str) -> Meaning | None:
        """Under a provider itself, then those it falls back to, then the vendor that a prefix names."""
        for each in (provider.id, *provider.fallback):
            found = self._entries[each].find(list(_spellings(name, self._providers[each].strip)))
            if found:
                return self._lent(provider, found)
        for bare in dict.fromkeys([name, *_stripped(name, provider.strip)]):
            vendor = self._vendor(bare)
            if vendor and (provider.gateway or vendor[0].id in provider.fallback):
                if provider.gateway and ":" in vendor[1]:
                    return None  # a variant, such as `:nitro`, is routed or served otherwise, at a price of its own
                found = self.find(*vendor)
                return found and self._lent(provider, found)
        return None

    def _lent(self, provider: Provider, found: Meaning) -> Meaning:
        """The model at a provider, which may be another than its own."""
        return Meaning(lent(self._catalog, provider.id, found.number), found.how)

    def find_anywhere(self, name: str) -> Meaning | None:
        """Under the provider that the name suggests, else the one that its prefix names."""
        inferred = next((each for each in self._providers.values() if _fits_any(each.infer, name)), None)
        found = self.find(inferred, name) if inferred else None
        if found:
            return found
        vendor = self._vendor(name)
        return self.find(*vendor) if vendor else None

    def _vendor(self, name: str) -> tuple[Provider, str] | None:
        """The provider before the first slash, and the name after it."""
        prefix, slash, rest = name.partition("/")
        provider = self.provider(prefix) if slash else None
        return (provider, rest) if provider else None


@lru_cache(maxsize=4)
def _index(catalog: Catalog) -> _Index:
    return _Index(catalog)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _has_patterns(match: Match) -> bool:
    return bool(match.prefix or match.suffix or match.contains or match.regex)


def _fits(match: Match, name: str) -> bool:
    return (
        name.startswith(match.prefix)
        or name.endswith(match.suffix)
        or any(part in name for part in match.contains)
        or any(_compiled(pattern).search(name) for pattern in match.regex)
    )


def _fitting(match: Match, name: str) -> str:
    """The first pattern that a name fits."""
    fitting = (
        *(f"the prefix `{prefix}`" for prefix in match.prefix if name.startswith(prefix)),
        *(f"the suffix `{suffix}`" for suffix in match.suffix if name.endswith(suffix)),
        *(f"the part `{part}`" for part in match.contains if part in name),
        *(f"the pattern `{pattern}`" for pattern in match.regex if _compiled(pattern).search(name)),
    )
    return fitting[0]


def _fits_any(match: Match, name: str) -> bool:
    return name in match.exact or _fits(match, name)


def _spellings(name: str, strip: tuple[str, ...]) -> Iterator[str]:
    """A name as it is, without meaningless prefixes, and each with its date written the other ways."""
    for bare in (name, *_stripped(name, strip)):
        dashed = _VERSION_DATE.sub("-", bare)
        yield from dict.fromkeys(
            (bare, dashed, _COMPACT_DATE.sub(r"-\1-\2-\3", dashed), _DASHED_DATE.sub(r"-\1\2\3", dashed))
        )


def _stripped(name: str, prefixes: tuple[str, ...]) -> Iterator[str]:
    """The name after one prefix, after two, and so on."""
    while (
        prefix := next((each for each in prefixes if name.startswith(each) and name != each), None)
    ) is not None:
        name = name.removeprefix(prefix)
        yield name
