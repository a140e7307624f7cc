"""From a catalog file's tables to its entries; whatever is not understood is refused, never skipped."""

import re
from collections.abc import Iterable, Iterator, Sequence

from costopt.pricing.contracts import read_adjustments, read_aliases
from costopt.pricing.currency import Exchange, in_dollars, read_exchange, terms_in_dollars
from costopt.pricing.entries import Adjustment, Layer, Match, Model, PriceRow, Provider
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    check_schema,
    date,
    flag,
    subtable,
    subtables,
    text,
    texts,
    within,
)
from costopt.pricing.rows import read_rows

SCHEMA = 1

TOP_KEYS = frozenset(
    {
        "schema",
        "currency",
        "exchange",
        "source",
        "date",
        "standalone",
        "provider",
        "model",
        "adjust",
        "alias",
    }
)
PROVIDER_KEYS = frozenset({"id", "names", "strip", "fallback", "infer", "gateway"})
MODEL_KEYS = frozenset({"provider", "id", "match", "price", "source", "tokenizer", "extend", "synced"})
MATCH_KEYS = ("exact", "prefix", "suffix", "contains", "regex")
_NO_MATCH = Match()
_SEPARATORS = re.compile(r"[\s_.-]+")


def spelling(provider: str) -> str:
    """A provider's name without case and with one separator, so that `Azure_OpenAI` is `azure-openai`."""
    return _SEPARATORS.sub("-", provider.strip().lower())


def read_layer(tables: Table, *, path: str, digest: str) -> Layer:
    """Turn a parsed file into a layer of the catalog.

    Args:
        tables: The file's top-level table.
        path: Kept in the layer.
        digest: Kept in the layer.

    Raises:
        Problem: Something in it is unknown, missing, contradictory or of the wrong kind.
    """
    _check_head(tables)
    currency, exchange = read_exchange(tables)
    models = _models(subtables(tables, "model"))
    adjustments = read_adjustments(tables, path)
    if exchange:
        models = tuple(_each_in_dollars(models, currency, exchange))
        adjustments = tuple(_terms_in_dollars(adjustments, currency, exchange))
    return Layer(
        path=path,
        digest=digest,
        date=date(tables, "date"),
        source=text(tables, "source", ""),
        currency=currency,
        standalone=flag(tables, "standalone"),
        providers=_providers(subtables(tables, "provider")),
        models=models,
        adjustments=adjustments,
        aliases=read_aliases(tables),
    )


def _each_in_dollars(models: Iterable[Model], currency: str, exchange: Sequence[Exchange]) -> Iterator[Model]:
    for number, model in enumerate(models):
        with within(f"model `{model.name}`", "model", number):
            yield in_dollars(model, currency, exchange)


def _terms_in_dollars(
    adjustments: Iterable[Adjustment], currency: str, exchange: Sequence[Exchange]
) -> Iterator[Adjustment]:
    for terms in adjustments:
        with within(f"adjust {terms.number + 1}", "adjust", terms.number):
            yield from terms_in_dollars(terms, currency, exchange)


def _check_head(tables: Table) -> None:
    check_keys(tables, TOP_KEYS)
    check_schema(tables, SCHEMA)


def _models(tables: Iterable[Table]) -> tuple[Model, ...]:
    models = []
    ids: set[tuple[str, str]] = set()
    names: dict[tuple[str, str], str] = {}
    for number, table in enumerate(tables):
        try:
            model = _model(table)
            _claim_id(model, ids)
            _claim_names(model, names)
        except Problem as problem:
            name = f"{table.get('provider', '?')}/{table.get('id', f'number {number + 1}')}"
            raise problem.within(f"model `{name}`", "model", number) from None
        models.append(model)
    return tuple(models)


def _model(table: Table) -> Model:
    check_keys(table, MODEL_KEYS)
    return Model(
        provider=text(table, "provider"),
        id=text(table, "id"),
        match=_match(table, "match"),
        prices=_prices(table),
        source=text(table, "source", ""),
        tokenizer=text(table, "tokenizer", ""),
        extend=flag(table, "extend"),
        synced=text(table, "synced", ""),
    )


def _prices(table: Table) -> tuple[PriceRow, ...]:
    """A model's prices; one that extends another may only have names to add."""
    tables = subtables(table, "price")
    return read_rows(tables) if tables or not flag(table, "extend") else ()


def _claim_id(model: Model, ids: set[tuple[str, str]]) -> None:
    """A provider has one model of an id."""
    key = (model.provider, model.id)
    if key in ids:
        raise Problem(
            "it is there twice", hint="keep one entry; a price change is a second `[[model.price]]`"
        )
    ids.add(key)


def _claim_names(model: Model, names: dict[tuple[str, str], str]) -> None:
    """An exact name belongs to one model of its provider."""
    for name in model.match.exact:
        owner = names.setdefault((model.provider, name), model.id)
        if owner != model.id:
            raise Problem(
                f"the exact name `{name}` is also `{model.provider}/{owner}`'s",
                hint="keep it in one of the two",
                path=("match", "exact"),
            )


def _match(table: Table, key: str) -> Match:
    tables = subtable(table, key)
    if not tables:
        return _NO_MATCH
    try:
        check_keys(tables, MATCH_KEYS)
        patterns = texts(tables, "regex")
        _check_patterns(patterns)
        return Match(
            exact=_lowered(tables, "exact"),
            prefix=_lowered(tables, "prefix"),
            suffix=_lowered(tables, "suffix"),
            contains=_lowered(tables, "contains"),
            regex=patterns,
        )
    except Problem as problem:
        raise problem.within("", key) from None


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
                path=("regex",),
            ) from None


def _providers(tables: Iterable[Table]) -> tuple[Provider, ...]:
    providers: dict[str, Provider] = {}
    spellings: dict[str, str] = {}
    for number, table in enumerate(tables, 1):
        with within(f"provider `{table.get('id', f'number {number}')}`", "provider", number - 1):
            provider = _provider(table)
            if provider.id in providers:
                raise Problem("it is there twice", hint="keep one `[[provider]]` of each id")
            _claim_spellings(provider, spellings)
            providers[provider.id] = provider
    return tuple(providers.values())


def _provider(table: Table) -> Provider:
    check_keys(table, PROVIDER_KEYS)
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
            raise Problem(
                f"the name `{name}` is also provider `{owner}`'s",
                hint="keep it in one of the two",
                path=("names",),
            )
