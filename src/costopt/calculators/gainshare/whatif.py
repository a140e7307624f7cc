"""What each side would get of the same traffic, for several baselines and percentages."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Final

import polars as pl

from costopt.calculators.gainshare.contracts import LosingMonth
from costopt.calculators.gainshare.settling import carry, share_of
from costopt.calculators.gainshare.sums import Sums, added, dated, savings_of, sums
from costopt.models.money import difference, total
from costopt.models.result import Frozen, Result

_NOTHING: Final = Decimal(0)


class Sides(Frozen):
    """What each side gets for a percentage.

    Attributes:
        percentage: The provider's, of the savings.
        provider_usd: The shares of all months; a losing month has none.
        customer_usd: The savings less the shares: what the customer keeps.
        customer_pays_usd: What was paid, and the shares.
    """

    percentage: Decimal
    provider_usd: Decimal
    customer_usd: Decimal
    customer_pays_usd: Decimal


class BaselineSums(Sums):
    """The traffic against one baseline.

    Attributes:
        baseline: Its name.
        other_kinds: Requests in no figure, as it could not have served them.
        losing_months: Months of a tenant with savings below 0.
        sides: For each percentage.
    """

    baseline: str
    other_kinds: int
    losing_months: int
    sides: tuple[Sides, ...]


class WhatIf(Result):
    """What each side would get.

    Attributes:
        losing_month: What becomes of savings below 0.
        percentages: Those asked for.
        baselines: Those asked for, in their order.
    """

    kind: ClassVar[str] = "gainshare_whatif"
    losing_month: LosingMonth
    percentages: tuple[Decimal, ...]
    baselines: tuple[BaselineSums, ...]


def whatif(
    repriced: pl.DataFrame | pl.LazyFrame,
    baselines: Sequence[str],
    percentages: Sequence[Decimal],
    losing_month: LosingMonth = "nothing",
    other_kinds: Mapping[str, int] = MappingProxyType({}),
) -> WhatIf:
    """What each side would get for each baseline and percentage, without fees, floors and caps.

    Args:
        repriced: Entries with the columns of `ENTRY_COLUMNS`, and `baseline`: the same entries again for each one.
        baselines: The names, in the order in which they are told of; one without entries has saved nothing.
        percentages: From 0 to 100.
        losing_month: What becomes of savings below 0. Each tenant's months are settled by themselves, as by invoices.
        other_kinds: How many requests are not among the entries of a baseline, as it could not have served them.
    """
    entries = dated(repriced.lazy())
    months = added(entries, ["baseline", "tenant", pl.col("day").dt.month_start()]).sort("day", "tenant")
    whole, by_month = pl.collect_all([added(entries, ["baseline"]), months], engine="streaming")
    rows = {row["baseline"]: sums(row) for row in whole.iter_rows(named=True)}
    nothing = sums(added(entries.clear(), []).collect().row(0, named=True))
    return WhatIf(
        losing_month=losing_month,
        percentages=tuple(percentages),
        baselines=tuple(
            _baseline(
                {**rows.get(name, nothing), "baseline": name, "other_kinds": other_kinds.get(name, 0)},
                by_month.filter(baseline=name),
                percentages,
                losing_month,
            )
            for name in baselines
        ),
    )


def _baseline(
    figures: Mapping[str, Any],
    months: pl.DataFrame,
    percentages: Iterable[Decimal],
    losing_month: LosingMonth,
) -> BaselineSums:
    savings = [
        (row["tenant"], savings_of(row["baseline_cost_usd"], row["actual_cost_usd"]))
        for row in months.iter_rows(named=True)
    ]
    shared = _shared(savings, losing_month)
    sides = [_sides(each, shared, figures["savings_usd"], figures["actual_usd"]) for each in percentages]
    losing = sum(amount < 0 for _, amount in savings)
    return BaselineSums.model_validate({**figures, "losing_months": losing, "sides": sides})


def _shared(savings: Iterable[tuple[str, Decimal]], losing_month: LosingMonth) -> Decimal:
    """What is shared of the savings of tenants' months, in the order of the months."""
    carried: dict[str, Decimal] = {}
    shared = []
    for tenant, amount in savings:
        unshared, carried[tenant] = carry(losing_month, amount, carried.get(tenant, _NOTHING))
        shared.append(unshared)
    return total(shared)


def _sides(percentage: Decimal, shared: Decimal, savings: Decimal, actual: Decimal) -> Sides:
    share = share_of(shared, percentage)
    return Sides(
        percentage=percentage,
        provider_usd=share,
        customer_usd=difference(savings, share),
        customer_pays_usd=total((actual, share)),
    )
