"""Read one contract from its table in a file; whatever is not understood is refused, never skipped."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeVar, get_args

from costopt.calculators.gainshare.contracts import (
    USD,
    Baseline,
    Contract,
    ExchangeRate,
    LosingMonth,
    Rounding,
    Tier,
)
from costopt.models.money import trimmed
from costopt.pricing.currency import read_exchange
from costopt.pricing.fields import (
    Problem,
    Table,
    check_keys,
    date,
    flag,
    subtables,
    text,
    unexpected,
    within,
)

CONTRACT_KEYS: Final = (
    "tenant",
    "start",
    "end",
    "percentage",
    "tier",
    "base_fee",
    "minimum",
    "cap",
    "floor",
    "baseline",
    "currency",
    "exchange",
    "rounding",
    "decimals",
    "losing_month",
)
TIER_KEYS: Final = ("above", "percentage")
BASELINE_KEYS: Final = ("model", "flat", "capability", "tag", "start", "end")

_DEAREST: Final = 10**12
_PLACES: Final = 6
_MOST_DECIMALS: Final = 4
_Choice = TypeVar("_Choice", bound=str)


def read_contract(table: Table) -> Contract:
    """One `[[contract]]`.

    Raises:
        Problem: Something in it is unknown, missing, contradictory or of the wrong kind.
    """
    check_keys(table, CONTRACT_KEYS)
    start, end = _period(table)
    currency, exchange = _exchange(table, start)
    base_fee = _amount(table, "base_fee") or Decimal(0)
    minimum, cap = _bounds(table, base_fee)
    return Contract(
        tenant=text(table, "tenant"),
        start=start,
        end=end,
        tiers=_tiers(table),
        base_fee=base_fee,
        minimum=minimum,
        cap=cap,
        floor=_amount(table, "floor") or Decimal(0),
        baseline=_baselines(table, start, end),
        currency=currency,
        exchange=exchange,
        rounding=_choice(table, "rounding", get_args(Rounding)),
        decimals=_decimals(table),
        losing_month=_choice(table, "losing_month", get_args(LosingMonth)),
    )


def _period(table: Table) -> tuple[dt.date, dt.date | None]:
    start, end = _start_and_end(table)
    if start is None:
        raise Problem("`start` is missing", hint="add its first day: `start = 2026-01-01`")
    return start, end


def _start_and_end(table: Table) -> tuple[dt.date | None, dt.date | None]:
    start, end = date(table, "start"), date(table, "end")
    if start is not None and end is not None and end < start:
        raise Problem(
            f"`end` is {end}, which is before `start`, {start}",
            hint="name the last day on which it holds",
            path=("end",),
        )
    return start, end


# Amounts


def _number(table: Table, key: str, expected: str, most: int) -> Decimal | None:
    """A number from 0 to the most, without trailing zeros; absent is None."""
    value = table.get(key)
    if value is None:
        return None
    number = Decimal(value) if type(value) is int else value
    if not isinstance(number, Decimal) or not number.is_finite() or not 0 <= number <= most:
        raise unexpected(key, value, expected)
    plain = number.quantize(Decimal(1).scaleb(-_PLACES)).copy_abs()
    if plain != number:
        raise unexpected(key, value, f"a number of at most {_PLACES} decimals")
    return trimmed(plain)


def _amount(table: Table, key: str) -> Decimal | None:
    return _number(table, key, f"an amount from 0 to {_DEAREST:,}", _DEAREST)


def _percentage(table: Table) -> Decimal:
    found = _number(table, "percentage", "a percentage from 0 to 100, such as 25 for a quarter", 100)
    if found is None:
        raise Problem("`percentage` is missing", hint="add `percentage = 25` for a quarter of the savings")
    return found


def _tiers(table: Table) -> tuple[Tier, ...]:
    if "tier" not in table:
        return (Tier(above=Decimal(0), percentage=_percentage(table)),)
    if "percentage" in table:
        raise Problem(
            "`percentage` stands beside `tier`",
            hint="a single percentage is `percentage`, several are `[[contract.tier]]`: keep one of the two",
            path=("percentage",),
        )
    tiers: list[Tier] = []
    for number, each in enumerate(subtables(table, "tier")):
        with within(f"tier {number + 1}", "tier", number):
            tiers.append(_tier(each, tiers))
    if not tiers:
        raise unexpected("tier", table["tier"], "at least one `[[contract.tier]]`")
    return tuple(tiers)


def _tier(table: Table, below: Sequence[Tier]) -> Tier:
    check_keys(table, TIER_KEYS)
    above = _amount(table, "above")
    if above is None:
        raise Problem("`above` is missing", hint="add the savings above which it holds: `above = 0`")
    if below and above <= below[-1].above:
        raise Problem(
            f"`above` is {above}, which is not more than in the tier before it",
            hint="order the tiers by `above`",
            path=("above",),
        )
    return Tier(above=above, percentage=_percentage(table))


def _bounds(table: Table, base_fee: Decimal) -> tuple[Decimal, Decimal | None]:
    """The least and the most that an invoice asks for."""
    minimum, cap = _amount(table, "minimum") or Decimal(0), _amount(table, "cap")
    for key, least in (("minimum", minimum), ("base_fee", base_fee)):
        if cap is not None and cap < least:
            raise Problem(
                f"`cap` is {cap}, which is below `{key}`, {least}",
                hint="the cap is the most that an invoice asks for, base fee included",
                path=("cap",),
            )
    return minimum, cap


# Terms


def _choice(table: Table, key: str, choices: Sequence[_Choice]) -> _Choice:
    """One of some words; the first where it is absent."""
    value = table.get(key, choices[0])
    for choice in choices:
        if value == choice:
            return choice
    raise unexpected(key, value, " or ".join(f'"{choice}"' for choice in choices))


def _decimals(table: Table) -> int:
    value = table.get("decimals", 2)
    if type(value) is int and 0 <= value <= _MOST_DECIMALS:
        return value
    raise unexpected("decimals", value, f"a whole number from 0 to {_MOST_DECIMALS}")


def _exchange(table: Table, start: dt.date) -> tuple[str, tuple[ExchangeRate, ...]]:
    try:
        currency, entries = read_exchange({"currency": USD, **table})
    except Problem as problem:
        hint = problem.hint.replace("[[exchange]]", "[[contract.exchange]]")
        raise Problem(str(problem), hint=hint, path=problem.path) from None
    first = entries[0].starts if entries else None
    if first and first > start:
        raise Problem(
            f"exchange 1: `from` is {first}, which is after the contract's `start`, {start}",
            hint="every day of the contract needs a rate of exchange: name one from its start on",
            path=("exchange", 0, "from"),
        )
    return currency, tuple(ExchangeRate(starts=each.starts, usd=each.usd) for each in entries)


def _baselines(table: Table, first: dt.date, last: dt.date | None) -> tuple[Baseline, ...]:
    value = table.get("baseline")
    if value is None:
        raise Problem(
            "`baseline` is missing", hint='add the model that is compared with: `baseline = "openai/gpt-5.5"`'
        )
    if isinstance(value, str):
        return (Baseline(model=text(table, "baseline")),)
    found: list[Baseline] = []
    for number, each in enumerate(_baseline_tables(table, value)):
        with within(f"baseline {number + 1}", "baseline", number):
            found.append(_baseline(each))
            _check_used(found, first, last)
    return tuple(found)


def _baseline_tables(table: Table, value: object) -> Sequence[Table]:
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return subtables(table, "baseline")
    raise unexpected("baseline", value, "a model, or a list of tables, written `[[contract.baseline]]`")


def _baseline(table: Table) -> Baseline:
    check_keys(table, BASELINE_KEYS)
    start, end = _start_and_end(table)
    return Baseline(
        model=text(table, "model"),
        flat=flag(table, "flat"),
        capability=_limit(table, "capability"),
        tag=_limit(table, "tag"),
        start=start,
        end=end,
    )


def _check_used(baselines: Sequence[Baseline], first: dt.date, last: dt.date | None) -> None:
    """The last of them must be able to fit a request that none before it fits."""
    *above, latest = baselines
    start, end = latest.days_in(first, last or dt.date.max)
    if start > end:
        raise Problem(
            f"it is never used: the contract does not hold from {latest.start or first} to {latest.end or last}",
            hint="name days of the contract, or leave them out",
        )
    bounded = latest.model_copy(update={"start": start, "end": end})
    for other in above:
        if other.covers(bounded):
            raise Problem(
                f"it is never used: `{other.words}` above it fits the same requests",
                hint="order them from the narrowest to the one for all others",
            )


def _limit(table: Table, key: str) -> str | None:
    return text(table, key) if key in table else None
