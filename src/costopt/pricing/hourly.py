"""Models that are paid by the hour of a machine instead of by the token."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from costopt.pricing.fields import Problem, Table, positive
from costopt.pricing.terms import rounded

HOURLY_KEYS: Final = frozenset(
    {"per_hour", "tokens_per_second", "input_tokens_per_second", "output_tokens_per_second"}
)
"""The keys of such a price."""

_PICO: Final = 10**12
_SECONDS: Final = 3600


def hourly_rates(table: Table) -> tuple[dict[str, int], str]:
    """What a token costs on a machine at its stated throughput, and how that comes about.

    rate = `per_hour` / (tokens a second x 3600), to whole pico-dollars, half up. A machine that stands idle costs
    more a token than that: the throughput to state is the one over all hours that are paid.

    Raises:
        Problem: `per_hour` or a throughput is missing, is not a number above 0, or a rate or tier is there as well.
    """
    if "tier" in table:
        raise Problem(
            "`tier` stands beside `per_hour`",
            hint="a machine costs the same for prompts of every size: give either rates or hours",
            path=("tier",),
        )
    cost = positive(table, "per_hour", "what the machine costs an hour")
    rates, speeds = {}, []
    for field, key in _throughputs(table):
        if field in table:
            raise Problem(
                f"`{field}` stands beside `per_hour`", hint="give either rates or hours", path=(field,)
            )
        speed = positive(table, key, "the tokens it does in a second")
        rates[field] = rounded(cost * _PICO / (speed * _SECONDS))
        if not rates[field]:
            raise Problem(
                "a token would cost less than a pico-dollar",
                hint="state `per_hour` for one machine",
                path=(key,),
            )
        speeds.append(f"{_plain(speed)} {field} tokens a second")
    if "tokens_per_second" in table:
        speeds = [f"{_plain(positive(table, 'tokens_per_second', ''))} tokens a second"]
    return rates, f"{_plain(cost)} an hour, {', '.join(speeds)}"


def _throughputs(table: Table) -> Iterator[tuple[str, str]]:
    """For input and output, the key with its throughput: one for both, or one each."""
    both = "tokens_per_second" in table
    for field in ("input", "output"):
        own = f"{field}_tokens_per_second"
        if both and own in table:
            raise Problem(
                f"`{own}` stands beside `tokens_per_second`",
                hint="give one throughput for all tokens, or one each for input and output",
                path=(own,),
            )
        yield field, "tokens_per_second" if both else own


def _plain(number: Decimal) -> str:
    return f"{number.normalize():,f}"
