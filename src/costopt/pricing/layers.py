"""Several catalog files made one: upper layers over lower ones."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from costopt.pricing.entries import Catalog, Layer, Match, Model, PriceRow, Provider
from costopt.pricing.fields import Problem, within
from costopt.pricing.parsing import spelling
from costopt.pricing.terms import check_room, fits


def stack(layers: Sequence[Layer]) -> Catalog:
    """One catalog of layers from the lowest up, from the last that stands alone.

    A model of an upper layer has its own prices only, or, where it says `extend`, also those below it. Providers are
    what all layers say of them together.

    Raises:
        Problem: A layer does not go with those below it; its path leads from the table of that, the last, layer.
    """
    first = max((number for number, layer in enumerate(layers) if layer.standalone), default=0)
    kept = tuple(layers[first:])
    models = _models(kept)
    providers = _providers(kept, models)
    adjustments = tuple(chain.from_iterable(layer.adjustments for layer in kept))
    _check_spellings(kept[-1], providers)
    _check_fallbacks(kept[-1], providers)
    _check_adjustments(kept[-1], providers, models)
    return Catalog(
        providers=providers,
        models=models,
        adjustments=adjustments,
        aliases=tuple(chain.from_iterable(layer.aliases for layer in reversed(kept))),
        layers=kept,
        digest=_digest(kept),
    )


def _digest(layers: Sequence[Layer]) -> str:
    if len(layers) == 1:
        return layers[0].digest
    return hashlib.sha256("\n".join(layer.digest for layer in layers).encode()).hexdigest()


# Models


def _models(layers: Sequence[Layer]) -> tuple[Model, ...]:
    """Those of the lowest layer in their order, replaced where an upper one has them; new ones before them."""
    merged: dict[tuple[str, str], Model] = {}
    for number, layer in enumerate(layers):
        over = {}
        for index, model in enumerate(layer.models):
            key = (model.provider, model.id)
            own = model if model.layer == number else replace(model, layer=number)
            if key in merged:
                with within(f"model `{model.name}`", "model", index):
                    own = _over(merged[key], own, layers)
            over[key] = own
        new = {key: model for key, model in over.items() if key not in merged}
        merged = {**new, **{key: over.get(key, model) for key, model in merged.items()}}
    return tuple(merged.values())


def _over(lower: Model, upper: Model, layers: Sequence[Layer]) -> Model:
    """A model whose prices, names and tokenizer are said again above; what is not said again stays."""
    if not upper.extend:
        return replace(
            upper,
            match=lower.match if upper.match == Match() else upper.match,
            tokenizer=upper.tokenizer or lower.tokenizer,
        )
    kept = [_dated(row, lower, layers[lower.layer]) for row in lower.prices]
    return replace(
        upper,
        match=_both_matches(upper.match, lower.match),
        tokenizer=upper.tokenizer or lower.tokenizer,
        prices=_extended(kept, upper.prices),
    )


def _dated(row: PriceRow, model: Model, layer: Layer) -> PriceRow:
    """A price that stays among those of an upper layer, with when and where its own layer has it from."""
    source = model.source or layer.source
    sources = {**dict.fromkeys(row.modes, source), **row.sources} if source else row.sources
    return replace(row, verified=row.verified or layer.date, sources=sources)


_Listed = tuple[tuple[tuple[int, int], ...], frozenset[int], dt.date]
"""What a file lists a price under: its hours, its weekdays, and its first day."""


def _extended(lower: Sequence[PriceRow], upper: Sequence[PriceRow]) -> tuple[PriceRow, ...]:
    """Both, each after those of its hours that start earlier; of the same start, the upper one."""
    merged = _by_listing(lower)
    for key, rows in _by_listing(upper).items():
        if key in merged:
            merged[key] = rows
            continue
        order = list(merged)
        same_hours = [each for each in order if each[:2] == key[:2]]
        before = [order.index(each) for each in same_hours if each[2] < key[2]]
        if before:
            order.insert(before[-1] + 1, key)
        else:
            order.insert(order.index(same_hours[0]) if same_hours else len(order), key)
        merged = {each: merged.get(each, rows) for each in order}
    prices = tuple(chain.from_iterable(merged.values()))
    check_room(prices)
    return prices


def _by_listing(rows: Iterable[PriceRow]) -> dict[_Listed, list[PriceRow]]:
    """Prices by what they are listed under; those that rates of exchange made of one are together."""
    found: dict[_Listed, list[PriceRow]] = {}
    for row in rows:
        starts = row.listed or row.starts or dt.date.min
        found.setdefault((row.hours_utc, row.weekdays, starts), []).append(row)
    return found


# Providers


def _providers(layers: Sequence[Layer], models: Iterable[Model]) -> Mapping[str, Provider]:
    """What the layers say of each provider, together; then those that only models name."""
    found: dict[str, Provider] = {}
    for layer in layers:
        own = {provider.id: provider for provider in layer.providers}
        new = {name: provider for name, provider in own.items() if name not in found}
        both = {name: _joined(own[name], lower) if name in own else lower for name, lower in found.items()}
        found = new | both
    for model in models:
        if model.provider not in found:
            found[model.provider] = Provider(model.provider)
    return found


def _joined(upper: Provider, lower: Provider) -> Provider:
    return Provider(
        id=lower.id,
        names=_both(upper.names, lower.names),
        strip=_both(upper.strip, lower.strip),
        fallback=_both(upper.fallback, lower.fallback),
        infer=_both_matches(upper.infer, lower.infer),
        gateway=upper.gateway or lower.gateway,
    )


def _both_matches(upper: Match, lower: Match) -> Match:
    return Match(
        exact=_both(upper.exact, lower.exact),
        prefix=_both(upper.prefix, lower.prefix),
        suffix=_both(upper.suffix, lower.suffix),
        contains=_both(upper.contains, lower.contains),
        regex=_both(upper.regex, lower.regex),
    )


def _both(upper: tuple[str, ...], lower: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*upper, *lower)))


# Checks


def _check_spellings(layer: Layer, providers: Mapping[str, Provider]) -> None:
    """Two spellings of one provider would hide the models under one of them."""
    spellings = {name: spelling(name) for name in providers}
    owners: dict[str, str] = {}
    for provider in providers.values():
        for name in (provider.id, *provider.names):
            owners.setdefault(spelling(name), provider.id)
    for number, model in enumerate(layer.models):
        owner = owners[spellings[model.provider]]
        if owner != model.provider:
            raise _respelt(f"model `{model.name}`: its provider", owner, ("model", number, "provider"))
    for number, provider in enumerate(layer.providers):
        for other, spelt in spellings.items():
            if other != provider.id and spelt == spellings[provider.id]:
                raise _respelt(f"provider `{provider.id}`", other, ("provider", number, "id"))


def _respelt(what: str, known: str, path: tuple[str | int, ...]) -> Problem:
    key = path[-1]
    return Problem(f"{what} is `{known}` in the catalog", hint=f'write `{key} = "{known}"`', path=path)


def _check_fallbacks(layer: Layer, providers: Mapping[str, Provider]) -> None:
    for number, provider in enumerate(layer.providers):
        for other in provider.fallback:
            if other not in providers:
                raise Problem(
                    f"provider `{provider.id}`: `fallback` names `{other}`, which the catalog does not have",
                    hint="use the `id` of a `[[provider]]`",
                    path=("provider", number, "fallback"),
                )


def _check_adjustments(layer: Layer, providers: Mapping[str, Provider], models: Sequence[Model]) -> None:
    """Terms that fit nothing are a misspelling: they would change no bill, without a word."""
    for terms in layer.adjustments:
        with within(f"adjust {terms.number + 1}", "adjust", terms.number, "match"):
            fitting = [each for each in providers.values() if fits(replace(terms, model="*"), each.id, "")]
            if not fitting:
                raise Problem(
                    f"no provider fits `{terms.provider}`",
                    hint="`costopt pricing list` names them; `*` stands for any text",
                    path=("provider",),
                )
            ids = chain.from_iterable(_billed_ids(each, providers, models) for each in fitting)
            if not any(fits(replace(terms, provider="*"), "", each) for each in ids):
                of_provider = "" if terms.provider == "*" else f" of a provider that fits `{terms.provider}`"
                raise Problem(
                    f"no model{of_provider} fits `{terms.model}`",
                    hint="`costopt pricing list` names them; `*` stands for any text",
                    path=("model",),
                )


def _billed_ids(
    provider: Provider, providers: Mapping[str, Provider], models: Sequence[Model]
) -> Iterator[str]:
    """The ids under which a provider may bill models: its own, and those it is lent; see `costopt.pricing.lending`."""
    lenders, waiting = {provider.id}, [provider]
    while waiting:
        fallback = set(waiting.pop().fallback) - lenders
        lenders |= fallback
        waiting += [providers[each] for each in fallback]
    for model in models:
        if model.provider == provider.id:
            yield model.id
        elif provider.gateway:
            yield model.name
        elif model.provider in lenders:
            yield model.id
