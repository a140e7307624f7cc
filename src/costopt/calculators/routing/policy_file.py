"""Routing policies as TOML files: read with every mistake named, checked against a catalog, and written."""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeVar, cast

import tomli

from costopt.calculators.routing.policy import (
    COMPLEXITIES,
    CONDITIONS,
    STRATEGIES,
    TIERS,
    Escalation,
    Levels,
    Policy,
    Rule,
    TierName,
    Tiers,
    Weights,
    When,
    places,
    shadowed,
    sum_to_one,
)
from costopt.errors import ConfigError
from costopt.models.words import matches
from costopt.pricing.entries import Catalog
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    flag,
    shown,
    subtable,
    subtables,
    text,
    texts,
    unexpected,
    within,
)
from costopt.pricing.lines import line_of
from costopt.pricing.matching import find_provider, nearest, resolve

_KEYS: Final = ("name", "strategy", "tiers", "complexity", "task_types", "weights", "escalation", "rule")
_WEIGHTS: Final = tuple(Weights.model_fields)
_SAYS: Final = ("strategy", "tier", "model")
_SHARES: Final = ("min_quality", "min_reliability")
_LIMITS: Final = (*_SHARES, "max_latency_ms")
_Word = TypeVar("_Word", bound=str)


def read_policy(content: str, label: str) -> Policy:
    """A policy file.

    Args:
        content: Its TOML; `READY` shows all that it may say.
        label: What to call it in messages, and the policy if it does not say its name.

    Raises:
        ConfigError: It is not TOML, or says something that is unknown, missing, contradictory or without effect.
    """
    try:
        tables = tomli.loads(content)
    except (tomli.TOMLDecodeError, ValueError, RecursionError) as error:
        raise ConfigError(f"`{label}` is not valid TOML: {error}", hint="mend the syntax there") from error
    try:
        return _policy(tables, label)
    except Problem as problem:
        raise refusal(problem, content, label) from problem


def check_models(policy: Policy, catalog: Catalog, *, content: str = "", label: str = "") -> None:
    """Refuse a policy with a model that has no price.

    Args:
        policy: To check.
        catalog: Where its models have to be.
        content: The file that it was read from, to name the line; empty if there is none.
        label: What to call the file.

    Raises:
        ConfigError: The catalog does not know a model, with the name that is most like it.
    """
    for path, model in places(policy):
        if find_model(catalog, model) is None:
            near = _nearest(catalog, model)
            problem = Problem(
                f"the catalog has no model `{model}`",
                hint=f"did you mean `{near}`?" if near else "`costopt pricing list` names all there are",
                path=path,
            )
            raise refusal(problem, content, label or policy.name)


def find_model(catalog: Catalog, name: str) -> int | None:
    """The number of the model that a policy means by `provider/model`, or by a model alone, else None."""
    provider, slash, model = name.partition("/")
    if slash and find_provider(catalog, provider):
        return resolve(catalog, provider, model)
    return resolve(catalog, None, name)


def _nearest(catalog: Catalog, name: str) -> str | None:
    prefix, slash, model = name.partition("/")
    provider = find_provider(catalog, prefix) if slash else None
    if provider is None:
        return nearest(catalog, None, model or name)
    near = nearest(catalog, provider.id, model)
    return f"{provider.id}/{near}" if near else None


def refusal(problem: Problem, content: str, label: str) -> ConfigError:
    """A problem as an error that names the file, and the line if there is a content."""
    line = f", line {line_of(content, problem.path)}" if content else ""
    return ConfigError(f"`{label}`{line}: {problem}", hint=problem.hint)


def _policy(tables: Table, label: str) -> Policy:
    check_keys(tables, _KEYS)
    policy = Policy(
        name=text(tables, "name", label),
        tiers=_tiers(tables),
        rules=tuple(_rules(tables)),
        strategy=_word(tables, "strategy", STRATEGIES) or "cost",
        levels=_levels(tables),
        task_types=_task_types(tables),
        weights=_weights(tables),
        escalation=_escalation(tables),
    )
    if isinstance(policy.tiers, Tiers):
        _check_tiers(policy, policy.tiers)
    _check_reach(policy.rules)
    return policy


def _tiers(tables: Table) -> Tiers | Literal["log"]:
    if tables.get("tiers") == "log":
        return "log"
    if isinstance(tables.get("tiers"), str):
        raise unexpected("tiers", tables["tiers"], 'a table of lists of models, or "log"')
    table = subtable(tables, "tiers")
    with within("", "tiers"):
        check_keys(table, TIERS)
        models = {tier: _models(table, tier) for tier in TIERS if tier in table}
        _check_once(models)
        return Tiers(**models)


def _models(table: Table, tier: str) -> tuple[str, ...]:
    models = texts(table, tier)
    if not models:
        raise Problem(
            f"tier `{tier}` has no models",
            hint="name one, the preferred first, or leave the tier out",
            path=(tier,),
        )
    return models


def _check_once(models: Mapping[TierName, tuple[str, ...]]) -> None:
    tiers: dict[str, str] = {}
    for tier, names in models.items():
        for index, name in enumerate(names):
            if name in tiers:
                message = f"model `{name}` is in tier `{tiers[name]}` as well"
                raise Problem(message, hint="keep it in one place", path=(tier, index))
            tiers[name] = tier


def _check_tiers(policy: Policy, tiers: Tiers) -> None:
    """Refuse what needs models that no tier has."""
    if not any(tiers.ladder()):
        if not policy.rules:
            raise Problem(
                "the policy is empty", hint='add `[tiers]` with models, `tiers = "log"`, or a `[[rule]]`'
            )
        for number, rule in enumerate(policy.rules):
            if rule.model is None:
                message = f"{_called(rule, number)} chooses among the tiers, and there are none"
                raise Problem(message, hint="add `[tiers]`, or name a `model`", path=("rule", number))
    for path, tier in _tiers_named(policy):
        if not getattr(tiers, tier):
            hint = f"add `{tier} = [...]` to `[tiers]`, or name another tier"
            raise Problem(f"`{path[-1]}` names tier `{tier}`, which has no models", hint=hint, path=path)


def _tiers_named(policy: Policy) -> Iterator[tuple[tuple[str | int, ...], TierName]]:
    """The tiers that the file names outside of `[tiers]`, and where."""
    for level in COMPLEXITIES:
        if level in policy.levels.model_fields_set:
            yield ("complexity", level), getattr(policy.levels, level)
    yield from ((("task_types", word), tier) for word, tier in policy.task_types.items())
    for number, rule in enumerate(policy.rules):
        if rule.tier is not None:
            yield ("rule", number, "tier"), rule.tier


def _called(rule: Rule, number: int) -> str:
    return f"rule {number + 1}" + (f" `{rule.name}`" if rule.name else "")


def _check_reach(rules: Sequence[Rule]) -> None:
    found = shadowed(rules)
    if found:
        later, earlier = found
        raise Problem(
            f"{_called(rules[later], later)} can never be reached:"
            f" {_called(rules[earlier], earlier)} matches all that it matches",
            hint="move it before that one, or remove it",
            path=("rule", later),
        )


def _rules(tables: Table) -> Iterator[Rule]:
    for number, table in enumerate(subtables(tables, "rule")):
        with within(f"rule {number + 1}", "rule", number):
            yield _rule(table)


def _rule(table: Table) -> Rule:
    check_keys(table, ("name", "when", *_SAYS, *_LIMITS))
    says = [key for key in _SAYS if key in table]
    if len(says) > 1:
        raise Problem(
            f"`{says[0]}` and `{says[1]}` are two answers", hint="keep one of them", path=(says[1],)
        )
    if not says and not any(key in table for key in _LIMITS):
        raise Problem(
            "it says when, and not what then", hint=f"add one of {', '.join(f'`{key}`' for key in _SAYS)}"
        )
    return Rule(
        name=text(table, "name", ""),
        when=_when(subtable(table, "when")),
        strategy=_word(table, "strategy", STRATEGIES),
        tier=_word(table, "tier", TIERS),
        model=text(table, "model") if "model" in table else None,
        min_quality=_share(table, "min_quality"),
        max_latency_ms=_latency(table),
        min_reliability=_share(table, "min_reliability"),
    )


def _when(table: Table) -> When:
    with within("", "when"):
        check_keys(table, CONDITIONS)
        words = {key: _words(table, key) for key in CONDITIONS if key in table}
        for word in words.get("complexity", ()):
            if not any(matches((word,), level) for level in COMPLEXITIES):
                raise _unknown("complexity", word, COMPLEXITIES)
        return When(**words)


def _levels(tables: Table) -> Levels:
    table = subtable(tables, "complexity")
    with within("", "complexity"):
        check_keys(table, COMPLEXITIES)
        return Levels.model_validate({level: _word(table, level, TIERS) for level in table})


def _task_types(tables: Table) -> dict[str, TierName]:
    table = subtable(tables, "task_types")
    with within("", "task_types"):
        found = {word: _word(table, word, TIERS) for word in table}
        return {word: tier for word, tier in found.items() if tier is not None}


def _weights(tables: Table) -> Weights:
    if "weights" not in tables:
        return Weights()
    table = subtable(tables, "weights")
    with within("", "weights"):
        check_keys(table, _WEIGHTS)
        weights = {key: _share(table, key) or 0.0 for key in _WEIGHTS}
        if not sum_to_one(weights.values()):
            total = math.fsum(weights.values())
            raise Problem(
                f"the weights sum to {total:g}, not 1",
                hint="what is left out is 0; the ready-made are .4, .4, .2",
            )
        return Weights(**weights)


def _escalation(tables: Table) -> Escalation:
    table = subtable(tables, "escalation")
    with within("", "escalation"):
        check_keys(table, ("enabled", "threshold"))
        threshold = _share(table, "threshold")
        return Escalation(
            enabled=flag(table, "enabled") if "enabled" in table else True,
            threshold=Escalation().threshold if threshold is None else threshold,
        )


def _words(table: Table, key: str) -> tuple[str, ...]:
    """One word, or a list of some."""
    value = table[key]
    if isinstance(value, str) and value.strip():
        return (value,)
    words = texts(table, key)
    if not words:
        raise unexpected(key, value, "a word, or a list of some")
    return words


def _word(table: Table, key: str, known: Sequence[_Word]) -> _Word | None:
    """One of the known words; absent is None."""
    value = table.get(key)
    if value is None:
        return None
    found = next((word for word in known if word == value), None)
    if found is None:
        raise _unknown(key, value, known)
    return found


def _unknown(key: str, value: object, known: Sequence[str]) -> Problem:
    near = nearest_word(str(value), known)
    expected = f"one of {', '.join(known)}"
    hint = f"did you mean `{near}`?" if near else f"expected: {expected}"
    return Problem(f"`{key}` is {shown(value)}, not {expected}", hint=hint, path=(key,))


def nearest_word(word: str, known: Sequence[str]) -> str | None:
    """The known word most like another one, for a message; None if there is none alike."""
    return next(iter(difflib.get_close_matches(word, known, n=1)), None)


def _share(table: Table, key: str) -> float | None:
    """From 0 to 1; absent is None."""
    value = table.get(key)
    if value is None:
        return None
    if type(value) in {int, float} and 0 <= cast("float", value) <= 1:
        return float(cast("float", value))
    raise unexpected(key, value, "a number from 0 to 1")


def _latency(table: Table) -> float | None:
    value = table.get("max_latency_ms")
    if value is None:
        return None
    if type(value) in {int, float} and 0 < cast("float", value) < math.inf:
        return float(cast("float", value))
    raise unexpected("max_latency_ms", value, "milliseconds, more than 0")
