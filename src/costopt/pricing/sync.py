"""Bring a price list into a catalog: what is new, what is missing, what changed, and where the two disagree.

Nothing is overwritten without a word, and no past is rewritten: a list without dates that has another price than the
catalog gives a new price from a day on, or a conflict; it never changes what earlier requests cost.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from costopt.pricing.admitting import Key, Names, all_names, as_read, key_of, name_of, new_providers
from costopt.pricing.comparing import RateChange, changes
from costopt.pricing.editing import edited, entries_in
from costopt.pricing.entries import Catalog, Layer, Match, Model, Provider
from costopt.pricing.fields import Problem
from costopt.pricing.histories import (
    Dispute,
    compared,
    disputed,
    filled,
    from_day,
    only_adds,
    source_of,
    updated,
)
from costopt.pricing.lending import listed_model
from costopt.pricing.matching import find_provider, resolve
from costopt.pricing.writing import fingerprint, model_text

Kind = Literal["added", "filled", "changed", "conflict"]

_REPEATS: Final = {"tokencostauto": "litellm"}
_REASONS: Final = {
    "standard": "another standard price there",
    "mode": "a mode has other rates there",
    "times": "its prices there hold at other times",
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to bring a list in.

    Attributes:
        effective: The first day of prices that a list without dates has otherwise than the catalog.
        protected: Models that a person wrote: they are left alone.
        prefer_list: Where both have a price, take the list's, from the effective day on.
    """

    effective: dt.date
    protected: Collection[Key] = frozenset()
    prefer_list: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one model.

    Attributes:
        kind: New; given rates it lacked; given other prices; or left alone although the list says otherwise.
        model: As it will be; of a conflict, as it is.
        rates: What changes; of a conflict, what the list says otherwise.
        reason: In words.
        source: Where the catalog's prices are from: a list, or the file a person wrote; of a new model, the list.
        listed_as: What else the list calls it.
        before: The names it had.
    """

    kind: Kind
    model: Model
    rates: tuple[RateChange, ...]
    reason: str
    source: str = ""
    listed_as: tuple[str, ...] = ()
    before: Match = field(default_factory=Match)


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, by kind and name; `same` models of the list are in the catalog as they are."""

    steps: tuple[Step, ...]
    providers: tuple[Provider, ...]
    same: int

    @property
    def models(self) -> Mapping[Key, Model]:
        """Those to write."""
        return {key_of(step.model): step.model for step in self.steps if step.kind != "conflict"}


def plan(catalog: Catalog, theirs: Layer, wishes: Wishes) -> Plan:
    """What a list would do to a catalog; the order of its models does not matter.

    Args:
        catalog: Up to and with the file that is written to.
        theirs: The list.
        wishes: How to bring it in.
    """
    catalog = replace(catalog, aliases=())  # they are for the names in a user's logs
    known = {
        key_of(model): replace(model, source=model.source or catalog.layers[model.layer].source)
        for model in catalog.models
    }
    new, own, lent = _divided(catalog, known, theirs.models)
    added = [_readable(_added(model)) for model in new.values()]
    steps = {key_of(step.model): step for step in added if step.kind == "added"}
    refused = [step for step in added if step.kind == "conflict"]
    start = {**known, **{key: step.model for key, step in steps.items()}}
    conflicts, same = _brought_in(own, _with(catalog, theirs, steps), start, steps, wishes)
    lent_conflicts, lent_same = _brought_in(lent, _with(catalog, theirs, steps), start, steps, wishes)
    admitted, not_named = _admitted(known, steps)
    wanted = {step.model.provider for step in admitted} - catalog.providers.keys()
    conflicts = _merged([*refused, *conflicts, *lent_conflicts, *not_named])
    return Plan(
        steps=tuple(sorted([*admitted, *conflicts], key=_rank)),
        providers=new_providers(catalog, theirs, wanted),
        same=same + lent_same,
    )


def _rank(step: Step) -> tuple[object, ...]:
    return step.kind, step.model.name, step.reason, step.listed_as


# Which model a list means


def _divided(
    catalog: Catalog, known: Collection[Key], models: Iterable[Model]
) -> tuple[dict[Key, Model], list[Model], list[Model]]:
    """A list's models: new ones; those the catalog has, by their ids first; and those billed by another's list."""
    new: dict[Key, Model] = {}
    own: list[Model] = []
    others: list[Model] = []
    lent: list[Model] = []
    for model in _in_order(catalog, models):
        key = key_of(model)
        number = None if key in known else _number(catalog, model)
        if key in known:
            own.append(model)
        elif number is not None:
            (lent if number >= len(catalog.models) else others).append(model)
        elif key in new:
            others.append(model)
        else:
            new[key] = model
    return new, [*own, *others], lent


def _in_order(catalog: Catalog, models: Iterable[Model]) -> list[Model]:
    """The models by name, with the catalog's ids of providers."""
    renamed = []
    for model in models:
        provider = find_provider(catalog, model.provider)
        rows = tuple(replace(row, ends=None, basis=()) for row in model.prices)
        found = replace(model, provider=provider.id if provider else model.provider, prices=rows)
        renamed.append((found.name, model.name, str(rows), found))
    return [model for *_, model in sorted(renamed, key=lambda each: each[:-1])]


def _number(catalog: Catalog, model: Model) -> int | None:
    """What the name of a list's model means in the catalog."""
    return resolve(catalog, model.provider, model.id) if model.provider in catalog.providers else None


def _with(catalog: Catalog, theirs: Layer, steps: Mapping[Key, Step]) -> Catalog:
    """The catalog as it becomes: names mean what they will mean, and lent prices are those there will be."""
    top = len(catalog.layers) - 1
    written = {key: replace(step.model, layer=top) for key, step in steps.items()}
    known = {key_of(model): written.get(key_of(model), model) for model in catalog.models}
    models = {key: model for key, model in written.items() if key not in known} | known
    wanted = {provider for provider, _ in models} - catalog.providers.keys()
    providers = {provider.id: provider for provider in new_providers(catalog, theirs, wanted)}
    return replace(catalog, models=tuple(models.values()), providers={**providers, **catalog.providers})


def _meant(catalog: Catalog, start: Mapping[Key, Model], model: Model) -> Model:
    """The catalog's model that a list's means, as it was."""
    number = None if key_of(model) in start else _number(catalog, model)
    if number is None:
        return start[key_of(model)]
    base = listed_model(catalog, number)
    return base if base.lender else start.get(key_of(base), base)


# What becomes of it


def _brought_in(
    models: Iterable[Model],
    catalog: Catalog,
    start: Mapping[Key, Model],
    steps: dict[Key, Step],
    wishes: Wishes,
) -> tuple[list[Step], int]:
    """Add to the steps what a list's models change; gives the conflicts, and how many change nothing.

    Args:
        models: The list's.
        catalog: Says what their names mean.
        start: The models as they were.
        steps: What they become; it grows.
        wishes: How to bring them in.
    """
    conflicts = []
    same = 0
    seen = set(steps)
    for model in models:
        base = _meant(catalog, start, model)
        before = None if base.lender else steps.get(key_of(base))
        is_first = key_of(model) not in seen
        found = list(_steps(before.model if before else base, base, model, wishes, is_first=is_first))
        seen.add(key_of(model))
        same += not found
        for step in found:
            is_itself = not base.lender and key_of(step.model) == key_of(base)
            names = base.match if is_itself else Match()
            told = _readable(replace(step, source=_origin(catalog, base, step.rates, wishes), before=names))
            if told.kind == "conflict":
                conflicts.append(told)
            else:
                is_new = before and before.kind == "added"
                steps[key_of(told.model)] = _added(told.model) if is_new else told
    return conflicts, same


def _added(model: Model) -> Step:
    return Step("added", model, changes((), model.prices), "not in the catalog", model.source)


def _origin(catalog: Catalog, base: Model, rates: Sequence[RateChange], wishes: Wishes) -> str:
    """Where a model's prices are from: the file where a person wrote them, else the source of the first that changes."""
    layer = catalog.layers[base.layer]
    if not base.lender and key_of(base) in wishes.protected:
        return layer.path
    return source_of(base.prices, rates) or base.source or layer.source or layer.path


def _steps(base: Model, start: Model, model: Model, wishes: Wishes, *, is_first: bool) -> Iterator[Step]:
    """What a list's model changes of the catalog's: new states, a conflict, or nothing.

    Args:
        base: What the catalog's has become by others of the list.
        start: What it was before.
        model: The list's.
        wishes: How to bring it in.
        is_first: The list has not named the same model before, in another spelling.
    """
    day = wishes.effective
    result = _result(base, model, day, is_first=is_first)
    dispute = _dispute(base, result, model, day)
    if not base.lender and key_of(base) in wishes.protected:
        if dispute or (result and result.prices != base.prices):
            rates = dispute.rates if dispute else compared(base.prices, result.prices if result else ())
            yield _conflict(base, model, rates, "written by hand")
        return
    if result and (result.prices, result.match) != (base.prices, base.match):
        yield _written(start, _of_its_own(result, model) if base.lender else result, model)
    if dispute and dispute.day == day and wishes.prefer_list:
        preferred = _preferred(result or base, model, day)
        if preferred:
            yield _written(start, preferred, model)
            dispute = _dispute(base, preferred, model, day)
    if dispute:
        yield _conflict(base, model, dispute.rates, _why(base, dispute, day))


def _result(base: Model, model: Model, day: dt.date, *, is_first: bool) -> Model | None:
    """The catalog's model with what it can take from the list's; None if the two do not go together."""
    if not any(row.modes for row in base.prices):
        return replace(base, prices=model.prices, source=model.source)
    is_same_source = is_first and not base.lender and _family(base) == _family(model)
    if not (is_same_source and _is_named(base, model)):
        return filled(base, model)
    result = updated(base, model, day)
    return result and replace(result, match=all_names(base.match, model.match))


def _is_named(base: Model, model: Model) -> bool:
    return name_of(base) == name_of(model)


def _preferred(base: Model, model: Model, day: dt.date) -> Model | None:
    """The catalog's model at the list's price from a day on.

    Under another of its names, or at a lender's price, only that name gets the price.
    """
    if base.lender:
        past = replace(base, prices=tuple(row for row in base.prices if not row.starts or row.starts < day))
        result = from_day(past, model, day)
        return result and _of_its_own(result, model)
    result = from_day(base, model, day)
    if result is None or _is_named(base, model):
        return result
    return None if name_of(model) in base.match.exact else _of_its_own(result, model)


def _of_its_own(result: Model, model: Model) -> Model:
    """A model under the list's name alone: other names, and all that fit a pattern, stay where they are."""
    return replace(result, id=model.id, match=Match(), lender="")


def _dispute(base: Model, result: Model | None, model: Model, day: dt.date) -> Dispute | None:
    """What stays different."""
    dispute = disputed(result or base, model, day)
    if dispute is None and result is None:
        return Dispute(day, "times", compared(base.prices, model.prices))
    return dispute


def _written(start: Model, result: Model, model: Model) -> Step:
    adds = only_adds(start.prices, result.prices)
    is_filled = adds and (start.lender or start.match == result.match)
    return Step(
        "filled" if is_filled else "changed",
        replace(result, extend=False),
        compared(start.prices, result.prices),
        f"from {model.source}",
    )


def _conflict(base: Model, model: Model, rates: tuple[RateChange, ...], reason: str) -> Step:
    return Step("conflict", base, rates, reason, listed_as=() if _is_named(base, model) else (model.id,))


def _why(base: Model, dispute: Dispute, day: dt.date) -> str:
    if base.lender:
        return f"billed by the standard prices of {base.lender}, which are others there"
    return _REASONS[dispute.about] + ("" if dispute.day == day else ", at another time")


def _merged(conflicts: Iterable[Step]) -> list[Step]:
    """One for several names that say the same."""
    merged: dict[object, Step] = {}
    for step in conflicts:
        same = (key_of(step.model), step.reason, step.rates)
        names = (*merged[same].listed_as, *step.listed_as) if same in merged else step.listed_as
        merged[same] = replace(step, listed_as=tuple(sorted(names)))
    return list(merged.values())


def _family(model: Model) -> str:
    """A source without its version; what repeats a list is of its family."""
    name = model.source.split(" ", 1)[0]
    return _REPEATS.get(name, name)


# What a file can hold


def _readable(step: Step) -> Step:
    """The step with its model as it will be read from the file; a conflict if it could not be."""
    if step.kind == "conflict":
        return step
    try:
        return replace(step, model=as_read(step.model))
    except Problem as problem:
        return replace(step, kind="conflict", reason=f"a catalog cannot hold it: {problem}")


def _admitted(known: Mapping[Key, Model], steps: Mapping[Key, Step]) -> tuple[list[Step], list[Step]]:
    """The steps without names that another model has, as far as there is something left to do; and those names."""
    names = Names(known.values(), [step.model for step in steps.values()])
    admitted, refused = [], []
    for key, step in sorted(steps.items()):
        owners = {name: names.owner(step.model, name) for name in step.model.match.exact}
        exact = tuple(name for name, owner in owners.items() if owner is None)
        model = replace(step.model, match=replace(step.model.match, exact=exact))
        now = known.get(key)
        if now is None or (now.prices, now.match) != (model.prices, model.match):
            admitted.append(replace(step, model=model))
        refused += [
            replace(step, kind="conflict", rates=(), reason=f"its name `{name}` is that of {owner.name} here")
            for name, owner in owners.items()
            if owner
        ]
    return admitted, refused


# The file that is written


def by_hand(layer: Layer, content: str) -> frozenset[Key]:
    """The models of a file that a person wrote, or changed since they were synced, were it but a comment."""
    texts = entries_in(content)
    untouched = {
        key_of(model)
        for model, text in zip(layer.models, texts, strict=False)
        if model.synced == fingerprint(model) and text == model_text(model)
    }
    return frozenset(map(key_of, layer.models)) - untouched


def carried_out(content: str, todo: Plan) -> str:
    """The text of a catalog file after a plan; each entry has the fingerprint that tells a later hand."""
    models = {key: replace(model, synced=fingerprint(model)) for key, model in todo.models.items()}
    return edited(content, models, todo.providers)
