"""From a catalog file's tables to its entries; whatever is not understood is refused, never skipped."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping

from costopt.pricing.entries import Catalog, Match, Model, Provider
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    flag,
    subtable,
    subtables,
    text,
    texts,
    unexpected,
    within,
)
from costopt.pricing.rows import read_rows

SCHEMA = 1

_TOP_KEYS = frozenset({"schema", "currency", "source", "date", "provider", "model"})
_PROVIDER_KEYS = frozenset({"id", "names", "strip", "fallback", "infer", "gateway"})
_MODEL_KEYS = frozenset({"provider", "id", "match", "price"})
_MATCH_KEYS = ("exact", "prefix", "suffix", "contains", "regex")
_SEPARATORS = re.compile(r"[\s_.-]+")


def spelling(provider: str) -> str:
    """A provider's name without case and with one separator, so that `Azure_OpenAI` is `azure-openai`."""
    return _SEPARATORS.sub("-", provider.strip().lower())


def read_catalog(tables: Table, *, path: str, digest: str) -> Catalog:
    """Turn a parsed file into a catalog.

    Args:
        tables: The file's top-level table.
        path: Kept in the catalog.
        digest: Kept in the catalog.

    Raises:
        Problem: Something in it is unknown, missing, contradictory or of the wrong kind.
    """
    _check_head(tables)
    models = _models(subtables(tables, "model"))
    return Catalog(
        providers=_providers(subtables(tables, "provider"), models),
        models=models,
        digest=digest,
        date=_date(tables),
        source=text(tables, "source", ""),
        path=path,
    )


def _check_head(tables: Table) -> None:
    check_keys(tables, _TOP_KEYS)
    schema = tables.get("schema")
    if type(schema) is not int or schema != SCHEMA:
        raise Problem(
            f"`schema` is `{schema}`, not `{SCHEMA}`", hint=f"start the file with `schema = {SCHEMA}`"
        )
    currency = tables.get("currency")
    if currency != "USD":
        raise Problem(
            f"`currency` is `{currency}`, not `USD`", hint='write rates in USD and add `currency = "USD"`'
        )


def _date(tables: Table) -> dt.date | None:
    value = tables.get("date")
    if value is None or type(value) is dt.date:
        return value
    raise unexpected("date", value, "a date such as 2026-08-21")


def _models(tables: Iterable[Table]) -> tuple[Model, ...]:
    models = []
    ids: set[tuple[str, str]] = set()
    names: dict[tuple[str, str], str] = {}
    for number, table in enumerate(tables, 1):
        with within(f"model `{table.get('provider', '?')}/{table.get('id', f'number {number}')}`"):
            model = _model(table)
            if (model.provider, model.id) in ids:
                raise Problem(
                    "it is there twice", hint="keep one entry; a price change is a second `[[model.price]]`"
                )
            _claim_names(model, names)
            ids.add((model.provider, model.id))
            models.append(model)
    return tuple(models)


def _model(table: Table) -> Model:
    check_keys(table, _MODEL_KEYS)
    return Model(
        provider=text(table, "provider"),
        id=text(table, "id"),
        match=_match(table, "match"),
        prices=read_rows(subtables(table, "price")),
    )


def _claim_names(model: Model, names: dict[tuple[str, str], str]) -> None:
    """An exact name belongs to one model of its provider."""
    for name in model.match.exact:
        owner = names.setdefault((model.provider, name), model.id)
        if owner != model.id:
            raise Problem(
                f"the exact name `{name}` is also `{model.provider}/{owner}`'s",
                hint="keep it in one of the two",
            )


def _match(table: Table, key: str) -> Match:
    tables = subtable(table, key)
    if not tables:
        return Match()
    check_keys(tables, _MATCH_KEYS)
    patterns = texts(tables, "regex")
    _check_patterns(patterns)
    return Match(
        exact=_lowered(tables, "exact"),
        prefix=_lowered(tables, "prefix"),
        suffix=_lowered(tables, "suffix"),
        contains=_lowered(tables, "contains"),
        regex=patterns,
    )


def _lowered(table: Table, key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.strip().lower() for item in texts(table, key))) if key in table else ()


def _check_patterns(patterns: Iterable[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            raise Problem(
                f"`regex` has `{pattern}`, which is not a regular expression: {error}",
                hint="escape the characters that are meant literally, or use `exact` or `prefix`",
            ) from None


def _providers(tables: Iterable[Table], models: Iterable[Model]) -> Mapping[str, Provider]:
    """The providers with a table, then those that only models name."""
    providers: dict[str, Provider] = {}
    spellings: dict[str, str] = {}
    for number, table in enumerate(tables, 1):
        with within(f"provider `{table.get('id', f'number {number}')}`"):
            provider = _provider(table)
            if provider.id in providers:
                raise Problem("it is there twice", hint="keep one `[[provider]]` of each id")
            _claim_spellings(provider, spellings)
            providers[provider.id] = provider
    for model in models:
        if model.provider not in providers:
            providers[model.provider] = Provider(model.provider)
    for provider in providers.values():
        _check_fallback(provider, providers)
    return providers


def _provider(table: Table) -> Provider:
    check_keys(table, _PROVIDER_KEYS)
    return Provider(
        id=text(table, "id"),
        names=_lowered(table, "names"),
        strip=_lowered(table, "strip"),
        fallback=texts(table, "fallback"),
        infer=_match(table, "infer"),
        gateway=flag(table, "gateway"),
    )


def _claim_spellings(provider: Provider, spellings: dict[str, str]) -> None:
    for name in (provider.id, *provider.names):
        owner = spellings.setdefault(spelling(name), provider.id)
        if owner != provider.id:
            raise Problem(f"the name `{name}` is also provider `{owner}`'s", hint="keep it in one of the two")


def _check_fallback(provider: Provider, providers: Mapping[str, Provider]) -> None:
    for other in provider.fallback:
        if other not in providers:
            raise Problem(
                f"provider `{provider.id}`: `fallback` names `{other}`, which is not in this file",
                hint="use the `id` of a `[[provider]]`",
            )
