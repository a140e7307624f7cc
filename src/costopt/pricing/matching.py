"""Which catalog entry a provider and model, as a log spells them, mean."""

import difflib
import re
from collections.abc import Iterator
from functools import cache, lru_cache

from costopt.pricing.entries import Catalog, Match, Provider
from costopt.pricing.parsing import spelling

_VERSION_DATE = re.compile(r"@(?=20\d{6}(?!\d))")
_COMPACT_DATE = re.compile(r"-(20\d\d)(\d\d)(\d\d)(?!\d)")
_DASHED_DATE = re.compile(r"-(20\d\d)-(\d\d)-(\d\d)(?!\d)")


def resolve(catalog: Catalog, provider: str | None, model: str) -> int | None:
    """The index in `catalog.models` of what a raw name means, or None.

    Args:
        catalog: Where to look.
        provider: As the log spells it; None, empty or unknown to the catalog: inferred from the model.
        model: As the log spells it.
    """
    index = _index(catalog)
    name = model.strip().lower()
    known = index.provider(provider) if provider else None
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


class _Entries:
    """One provider's models, by exact name and by pattern."""

    def __init__(self) -> None:
        self.exact: dict[str, int] = {}
        self.ids: dict[str, int] = {}
        self.patterns: list[tuple[Match, int]] = []

    def find(self, names: list[str]) -> int | None:
        """The model of the first name that is known exactly, else of the first that fits a pattern."""
        for name in names:
            if name in self.exact:
                return self.exact[name]
        for name in names:
            for match, number in self.patterns:
                if _fits(match, name):
                    return number
        return None


class _Index:
    """A catalog turned over for look-ups; built once per catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._providers = catalog.providers
        self._spellings: dict[str, Provider] = {}
        self._entries = {name: _Entries() for name in catalog.providers}
        for provider in catalog.providers.values():
            for name in (provider.id, *provider.names):
                self._spellings.setdefault(spelling(name), provider)
        for number, model in enumerate(catalog.models):
            entries = self._entries[model.provider]
            entries.exact |= dict.fromkeys(model.match.exact, number)
            entries.ids[model.id.strip().lower()] = number
            if _has_patterns(model.match):
                entries.patterns.append((model.match, number))
        for entries in self._entries.values():
            entries.exact = entries.ids | entries.exact

    def provider(self, name: str) -> Provider | None:
        return self._spellings.get(spelling(name))

    def names(self, provider: Provider) -> list[str]:
        """The exact names under a provider and those it falls back to."""
        return [name for each in (provider.id, *provider.fallback) for name in self._entries[each].exact]

    def find(self, provider: Provider, name: str) -> int | None:
        """Under a provider itself, then those it falls back to, then the vendor that a prefix names."""
        for each in (provider.id, *provider.fallback):
            found = self._entries[each].find(list(_spellings(name, self._providers[each].strip)))
            if found is not None:
                return found
        for bare in dict.fromkeys([name, *_stripped(name, provider.strip)]):
            vendor = self._vendor(bare)
            if vendor and (provider.gateway or vendor[0].id in provider.fallback):
                return self.find(*vendor)
        return None

    def find_anywhere(self, name: str) -> int | None:
        """Under the provider that the name suggests, else the one that its prefix names."""
        inferred = next((each for each in self._providers.values() if _fits_any(each.infer, name)), None)
        found = self.find(inferred, name) if inferred else None
        if found is not None:
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
