"""Read what a catalog file says beside prices: contract terms, and names that only its user's logs know."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from costopt.pricing.entries import MODES, Adjustment, Alias
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    date,
    subtable,
    subtables,
    text,
    texts,
    unexpected,
    within,
)
from costopt.pricing.rows import RATE_KEYS, rates_in

_BATCH_KEYS: Final = tuple(f"batch_{key}" for key in RATE_KEYS)
_RATES: Final = frozenset({*RATE_KEYS, *_BATCH_KEYS, "mode"})
ADJUST_KEYS: Final = _RATES | {"match", "from", "until", "multiply"}
_SIDE_MODES: Final = MODES[2:]
_DEAREST: Final = 1000


def read_adjustments(tables: Table, path: str) -> tuple[Adjustment, ...]:
    """Every `[[adjust]]` of a file."""
    found = []
    for number, table in enumerate(subtables(tables, "adjust")):
        with within(f"adjust {number + 1}", "adjust", number):
            found.append(replace(_adjustment(table, f"{path}, adjust {number + 1}"), number=number))
    return tuple(found)


def _adjustment(table: Table, place: str) -> Adjustment:
    check_keys(table, ADJUST_KEYS)
    multiply, rates = _multiply(table), _rates(table)
    if (multiply is None) == (not rates):
        raise Problem(
            "it needs either `multiply` or rates",
            hint="write `multiply = 0.88`, or rates such as `input = 4.0`",
        )
    starts, ends = date(table, "from"), date(table, "until")
    if starts and ends and starts >= ends:
        raise Problem(
            f"`until` is {ends}, which is not after `from`",
            hint="name the first day on which the terms no longer hold",
            path=("until",),
        )
    match = subtable(table, "match")
    with within("`match`", "match"):
        check_keys(match, ("provider", "model", "modes"))
        return Adjustment(
            provider=text(match, "provider", "*").lower(),
            model=text(match, "model", "*").lower(),
            modes=_modes(match, multiply),
            starts=starts,
            ends=ends,
            multiply=multiply,
            rates=rates,
            place=place,
        )


def _multiply(table: Table) -> Decimal | None:
    value = table.get("multiply")
    number = Decimal(value) if type(value) is int else value
    if number is None or (isinstance(number, Decimal) and number.is_finite() and 0 <= number <= _DEAREST):
        return number
    raise unexpected("multiply", value, f"a number from 0 to {_DEAREST:,}, such as 0.88 for 12 % less")


def _rates(table: Table) -> Mapping[str, Mapping[str, int]]:
    """The rates that replace the listed ones, by mode."""
    side = subtable(table, "mode")
    with within("mode", "mode"):
        check_keys(side, _SIDE_MODES)
    found = {"standard": rates_in(table, "standard"), "batch": rates_in(table, "batch")}
    for mode in side:
        with within(f"mode {mode}", "mode", mode):
            rates = subtable(side, mode)
            check_keys(rates, RATE_KEYS)
            found[mode] = rates_in(rates, mode)
    return {mode: rates for mode, rates in found.items() if rates}


def _modes(match: Table, multiply: Decimal | None) -> frozenset[str]:
    named = texts(match, "modes")
    if named and multiply is None:
        raise Problem(
            "`modes` stands beside rates",
            hint="rates name their mode themselves: `batch_input`",
            path=("modes",),
        )
    for mode in named:
        if mode not in MODES:
            raise unexpected("modes", mode, f"a list of {', '.join(MODES)}")
    return frozenset(named or MODES)


def read_aliases(tables: Table) -> tuple[Alias, ...]:
    """Every `[[alias]]` of a file."""
    found: dict[tuple[str, str], Alias] = {}
    for number, table in enumerate(subtables(tables, "alias")):
        with within(f"alias {number + 1}", "alias", number):
            alias = _alias(table)
            if found.setdefault((alias.provider, alias.raw), alias) is not alias:
                raise Problem(f"`{alias.raw}` is there twice", hint="keep one of them", path=("raw",))
    return tuple(found.values())


def _alias(table: Table) -> Alias:
    check_keys(table, ("provider", "raw", "model"))
    model = text(table, "model")
    if not all(model.partition("/")):
        raise unexpected("model", model, 'a provider and model such as "openai/gpt-5.5"')
    return Alias(
        text(table, "provider", "").strip().lower(), text(table, "raw").strip().lower(), model.lower()
    )
