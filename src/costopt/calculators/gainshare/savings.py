"""What was saved against a baseline: by one request, and by the entries of a ledger.

Savings are the baseline cost less the actual cost. Where the baseline would have been cheaper they are negative, count
as such in every sum, and are never hidden; but of a negative total there is no share.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

import polars as pl

from costopt.errors import ConfigError
from costopt.models.entry import SOMETHING
from costopt.models.result import Frozen

_EXACT: Final = Context(prec=80, rounding=ROUND_HALF_UP)
"""Sums of amounts with pico-dollars can have more digits than arithmetic on decimals keeps by default."""
_PICO: Final = Decimal("1e-12")
_PERCENT_DIGITS: Final = Decimal("0.0001")
_HUNDRED: Final = Decimal(100)

_COUNTED: Final = ("requests", "unpriced", "tokens_used")
_COSTS: Final = ("baseline_cost_usd", "actual_cost_usd")

_SUMS: Final = (
    pl.len().cast(pl.Int64).alias("entries"),
    (pl.col("baseline_cost_usd") < pl.col("actual_cost_usd")).sum().cast(pl.Int64).alias("losses"),
    *(pl.col(name).cast(pl.Int128).sum() for name in _COUNTED),
    *(pl.col(name).sum() for name in _COSTS),
    pl.col("timestamp").min().alias("oldest"),
    pl.col("timestamp").max().alias("newest"),
)


class Realized(Frozen):
    """What a request, or some together, saved.

    Attributes:
        baseline_cost_usd: What they would have cost at the baseline.
        actual_cost_usd: What they did cost.
        savings_usd: The difference; negative where the baseline would have been cheaper.
        savings_pct: The same in percent of the baseline cost; 0 where that is 0.
    """

    baseline_cost_usd: Decimal
    actual_cost_usd: Decimal
    savings_usd: Decimal
    savings_pct: Decimal


class Savings(Realized):
    """What the entries of a ledger saved.

    Attributes:
        entries: How many there are.
        losses: How many of them have negative savings.
        requests: How many requests they are about.
        unpriced: How many more there were without a known cost or baseline; they are in no figure but this.
        tokens_used: Input and output together.
        oldest: The time of the first entry; null where there is none.
        newest: The time of the last entry.
    """

    entries: int
    losses: int
    requests: int
    unpriced: int
    tokens_used: int
    oldest: dt.datetime | None
    newest: dt.datetime | None


def flat_cost(tokens: int, cost_per_1k_tokens_usd: Decimal) -> Decimal:
    """What tokens cost at a flat rate: `tokens / 1000 * rate`, rounded half up to a pico-dollar."""
    cost = _EXACT.multiply(Decimal(tokens), cost_per_1k_tokens_usd.scaleb(-3, _EXACT))
    return _EXACT.quantize(cost, _PICO)


def realize(baseline_cost_usd: Decimal, actual_cost_usd: Decimal) -> Realized:
    """What is saved where something cost this instead of that.

    >>> str(realize(Decimal("0.03"), Decimal("0.005")).savings_pct)
    '83.3333'
    """
    return Realized(**_difference(baseline_cost_usd, actual_cost_usd))


def dearest(rates: Mapping[str, Decimal]) -> str:
    """The model with the highest rate: the baseline, unless another one is named. Of equal ones the first by name.

    Raises:
        ConfigError: if there is none.
    """
    if not rates:
        raise ConfigError(
            "There is no frontier model to compare with",
            hint="set one: its name, and what a thousand tokens cost",
        )
    return min(rates, key=lambda name: (-rates[name], name))


def gain_share(savings_usd: Decimal, pct: Decimal) -> Decimal:
    """A share of savings, exact; nothing where they are negative.

    Args:
        savings_usd: In US dollars.
        pct: The share in percent.

    Raises:
        ConfigError: if the percentage is not between 0 and 100.
    """
    if not pct.is_finite() or not 0 <= pct <= _HUNDRED:
        raise ConfigError(f"A share of {pct} % is none", hint="give a percentage from 0 to 100")
    return _EXACT.multiply(max(savings_usd, Decimal(0)), pct.scaleb(-2, _EXACT))


def columns_of() -> tuple[str, ...]:
    """The columns of entries that `total_savings` reads."""
    return ("timestamp", *_COUNTED, *_COSTS)


def of_period(
    entries: pl.LazyFrame, tenant: str | None = None, since: int | None = None, until: int | None = None
) -> pl.LazyFrame:
    """The entries of a tenant, and from one time up to, and without, another one, in Unix seconds."""
    conditions = [
        *([] if tenant is None else [pl.col("tenant") == tenant]),
        *([] if since is None else [pl.col("timestamp") >= since]),
        *([] if until is None else [pl.col("timestamp") < until]),
    ]
    return entries.filter(*conditions) if conditions else entries


def total_savings(entries: pl.LazyFrame) -> Savings:
    """What entries saved together, in one pass and without holding them.

    Args:
        entries: Current entries of a ledger, with `columns_of()`; those that were withdrawn count nowhere.
    """
    return Savings(
        **_figures(entries.filter(SOMETHING).select(*_SUMS).collect(engine="streaming").row(0, named=True))
    )


def _figures(sums: Mapping[str, Any]) -> dict[str, Any]:
    costs = {name: _trimmed(sums[name]) for name in _COSTS}
    times = {name: _moment(sums[name]) for name in ("oldest", "newest")}
    counts = {name: sums[name] for name in ("entries", "losses", *_COUNTED)}
    return {**counts, **times, **_difference(**costs)}


def _difference(baseline_cost_usd: Decimal, actual_cost_usd: Decimal) -> dict[str, Decimal]:
    savings = _EXACT.subtract(baseline_cost_usd, actual_cost_usd)
    return {
        "baseline_cost_usd": baseline_cost_usd,
        "actual_cost_usd": actual_cost_usd,
        "savings_usd": _trimmed(savings),
        "savings_pct": _percent(savings, baseline_cost_usd),
    }


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    if not whole:
        return Decimal(0)
    share = _EXACT.divide(_EXACT.multiply(part, _HUNDRED), whole)
    return _trimmed(_EXACT.quantize(share, _PERCENT_DIGITS))


def _trimmed(amount: Decimal) -> Decimal:
    """The same number without zeros at the end of its fraction."""
    whole = _EXACT.quantize(amount, Decimal(1))
    return whole if whole == amount else amount.normalize(_EXACT)


def _moment(timestamp: int | None) -> dt.datetime | None:
    return None if timestamp is None else dt.datetime.fromtimestamp(timestamp, dt.UTC)
