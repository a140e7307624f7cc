"""Which baseline each request is compared with: what the contract of its tenant and day says, else the general one.

What a request needs, of which a contract's `capability` is one, is told by its log: its `request_type`, and what it
used. `vision` is images among its input, `audio` is audio in or out, `reasoning` is tokens spent on it, and
`web_search` is a search that was billed.

A chat is compared with models that write, and other work, such as embeddings, with models that do not: a baseline
that could not have served a request says nothing about its savings. Where a contract names the `capability`, it holds.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

import polars as pl

from costopt.calculators.gainshare.contracts import Baseline, Contract
from costopt.calculators.kinds import are_chats, writes
from costopt.models.words import matches
from costopt.pricing.catalog import Catalog
from costopt.rollups.rollup import Key

_USED: Final[Mapping[str, tuple[str, ...]]] = {
    "vision": ("input_image_tokens",),
    "audio": ("input_audio_tokens", "output_audio_tokens"),
    "reasoning": ("reasoning_tokens",),
    "web_search": ("web_searches",),
}
"""What a request needs where it used any of these."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What requests are compared with: a model of the catalog at its dated rates, or a flat rate.

    Attributes:
        name: As the ledger and contracts have it.
        number: Of the model, for `lending.model_of`; None where the flat rate holds.
        rate: US dollars for a thousand tokens, input or output; None where the catalog's rates hold.
    """

    name: str
    number: int | None = None
    rate: Decimal | None = None


class Rule(NamedTuple):
    """A baseline, and which requests it is for.

    Attributes:
        yardstick: The baseline; none where these requests have none.
        tenant: Only this one's; null for all.
        first: The first day, UTC.
        last: The last day.
        capability: Only requests that need it; null for all.
        tag: Only requests with this tag; null for all.
    """

    yardstick: Yardstick | None
    tenant: str | None = None
    first: dt.date = dt.date.min
    last: dt.date = dt.date.max
    capability: str | None = None
    tag: str | None = None


def rules_of(
    contracts: Sequence[Contract], yardstick_of: Callable[[Baseline], Yardstick], others: Yardstick | None
) -> tuple[Rule, ...]:
    """The rules, of which the first that fits a request holds.

    Args:
        contracts: Of any tenants, none of them overlapping.
        yardstick_of: What a contract's baseline is.
        others: For requests that no contract is about; none if they have no baseline.
    """
    return (*(rule for each in contracts for rule in _of_contract(each, yardstick_of)), Rule(others))


def _of_contract(contract: Contract, yardstick_of: Callable[[Baseline], Yardstick]) -> Iterator[Rule]:
    tenant, first, last = contract.tenant, contract.start, contract.last
    for each in contract.baseline:
        days = each.days_in(first, last)
        yield Rule(yardstick_of(each), tenant, *days, each.capability, each.tag)
    yield Rule(None, tenant, first, last)


def yardsticks(rules: Sequence[Rule]) -> tuple[Yardstick, ...]:
    """Each baseline of the rules, once."""
    return tuple(dict.fromkeys(rule.yardstick for rule in rules if rule.yardstick))


def rule_keys(rules: Sequence[Rule]) -> tuple[tuple[str, ...], tuple[Key, ...]]:
    """What requests have to be split by for `compared` to tell which rule fits: columns, and computed keys."""
    asked = [rule.capability for rule in rules if rule.capability is not None]
    needs = [name for name in _USED if any(matches((word,), name) for word in asked)]
    tags = ["tag"] if any(rule.tag is not None for rule in rules) else []
    return ("request_type", *tags), tuple(_need(name) for name in needs)


def _need(name: str) -> Key:
    used = [pl.col(column).fill_null(0) > 0 for column in _USED[name]]
    return Key(_key(name), pl.any_horizontal(used), _USED[name])


def _key(name: str) -> str:
    return f"needs_{name}"


class Compared(NamedTuple):
    """What groups of requests are compared with.

    Attributes:
        yardstick: By its place in `yardsticks(rules)`; null where a group is not compared.
        is_other_kind: Whether it is not, because its baseline does another kind of work.
        is_agreed: Whether a contract is about it, or the general baseline: if it is not compared, that has to be told.
    """

    yardstick: pl.Series
    is_other_kind: pl.Series
    is_agreed: pl.Series


def compared(groups: pl.DataFrame, days: pl.Series, rules: Sequence[Rule], catalog: Catalog) -> Compared:
    """What each group of requests is compared with.

    Args:
        groups: Priced sums by `tenant` and `rule_keys`.
        days: Of each group, UTC.
        rules: The first that fits holds; the last of them fits every request.
        catalog: The prices.
    """
    place = _places(groups, days, rules)
    known = {each: number for number, each in enumerate(yardsticks(rules))}
    held = pl.Series([rule.yardstick and known[rule.yardstick] for rule in rules], dtype=pl.Int32)
    kinds = pl.Series([_kind(rule, catalog) for rule in rules], dtype=pl.Boolean).gather(place)
    serves = kinds.is_null() | (kinds == are_chats(groups, catalog))
    yardstick = held.gather(place)
    nothing = pl.Series([None], dtype=pl.Int32).new_from_index(0, groups.height)
    others = rules[-1].yardstick is None
    return Compared(
        yardstick.zip_with(serves, nothing),
        yardstick.is_not_null() & ~serves,
        ~((place == len(rules) - 1) & others),
    )


def _kind(rule: Rule, catalog: Catalog) -> bool | None:
    """Whether it is for chats; null where it is for whatever it fits."""
    if rule.capability is not None or rule.yardstick is None:
        return None
    return rule.yardstick.number is None or writes(catalog, rule.yardstick.number)


def _places(groups: pl.DataFrame, days: pl.Series, rules: Sequence[Rule]) -> pl.Series:
    """The place of each group's rule; each tenant is asked only what is about it, as there may be many."""
    last = pl.Series("place", [len(rules) - 1], dtype=pl.Int64)
    if len(rules) == 1 or groups.is_empty():
        return last.new_from_index(0, groups.height)
    tenants = groups["tenant"].cast(pl.String).fill_null("")
    told = groups.select(*_asked(groups), day=days, tenant=tenants).with_row_index("row")
    about: dict[str | None, list[int]] = {}
    for number, rule in enumerate(rules[:-1]):
        about.setdefault(rule.tenant, []).append(number)
    parts = []
    for part in told.partition_by("tenant"):
        place = last.new_from_index(0, part.height)
        for number in sorted([*about.get(part["tenant"][0], ()), *about.get(None, ())], reverse=True):
            own = pl.Series("place", [number], dtype=pl.Int64).new_from_index(0, part.height)
            place = own.zip_with(_fits(rules[number], part), place)
        parts.append(part.select("row", place))
    return pl.concat(parts).sort("row")["place"]


def _asked(groups: pl.DataFrame) -> list[str]:
    return [name for name in ("tag", "request_type", *map(_key, _USED)) if name in groups.columns]


def _fits(rule: Rule, groups: pl.DataFrame) -> pl.Series:
    """Whether a rule fits groups of its tenant."""
    fits = groups["day"].is_between(rule.first, rule.last)
    if rule.tag is not None:
        fits &= _are(groups["tag"], rule.tag)
    if rule.capability is not None:
        fits &= _need_it(groups, rule.capability)
    return fits


def _need_it(groups: pl.DataFrame, capability: str) -> pl.Series:
    needed = _are(groups["request_type"], capability)
    for name in _USED:
        if matches((capability,), name):
            needed |= groups[_key(name)]
    return needed


def _are(values: pl.Series, word: str) -> pl.Series:
    texts = values.cast(pl.String)
    meant = [text for text in texts.unique() if matches((word,), text)]
    return texts.is_in(meant).fill_null(value=False)
