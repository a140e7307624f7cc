"""Qualities that others have measured, as a TOML file: read with every mistake named."""

from typing import Final

import tomli

from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.policy_file import find_model, refusal
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog
from costopt.pricing.fields import Problem, Table, check_keys, subtable, text, unexpected, within
from costopt.pricing.lending import model_of

_SHARE: Final = "a number from 0 to 1"


def read_prior(content: str, label: str, catalog: Catalog) -> Prior:
    """A prior: `source = "..."`, and a table `[quality]` of models with 0 to 1.

    Models get the catalog's names, by which the simulation knows them; one that the catalog does not know may still be
    the log's, and keeps its name.

    Args:
        content: Its TOML.
        label: What to call it in messages.
        catalog: Whose names models get.

    Raises:
        ConfigError: It is not TOML, or says something that is unknown, missing or contradictory.
    """
    try:
        tables = tomli.loads(content)
    except (tomli.TOMLDecodeError, ValueError, RecursionError) as error:
        raise ConfigError(f"`{label}` is not valid TOML: {error}", hint="mend the syntax there") from error
    try:
        return _prior(tables, catalog)
    except Problem as problem:
        raise refusal(problem, content, label) from problem


def _prior(tables: Table, catalog: Catalog) -> Prior:
    check_keys(tables, ("source", "quality"))
    if "source" not in tables:
        raise Problem("`source` is missing", hint='add `source = "who measured what, and when"`')
    source = text(tables, "source")
    qualities = subtable(tables, "quality")
    if not qualities:
        raise Problem(
            "the table `[quality]` is missing or empty", hint='add lines to it like `"openai/gpt-4o" = 0.87`'
        )
    found: dict[str, float] = {}
    with within("", "quality"):
        for name, value in qualities.items():
            model = _name(catalog, name)
            if model in found:
                raise Problem(f"`{name}` is `{model}` once more", hint="keep one of them", path=(name,))
            found[model] = _quality(name, value)
    return Prior(source=source, qualities=found)


def _name(catalog: Catalog, name: str) -> str:
    number = find_model(catalog, name)
    return name if number is None else model_of(catalog, number).name


def _quality(name: str, value: object) -> float:
    if type(value) in {int, float} and 0 <= float(str(value)) <= 1:
        return float(str(value))
    if isinstance(value, dict):
        raise Problem(
            f"`{name}` is a table, not {_SHARE}", hint=f'quote a name with a dot: `"{name}..."`', path=(name,)
        )
    raise unexpected(name, value, _SHARE)
