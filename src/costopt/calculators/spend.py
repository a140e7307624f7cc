"""What was spent, by any keys and over time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar, Final

import polars as pl

from costopt.models.intake import Provenance
from costopt.models.money import percent, usd
from costopt.models.period import Bucket
from costopt.models.result import Frozen, Result
from costopt.rollups.rollup import Key, Rollup

SUMMED: Final = ("requests", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")


class Figures(Frozen):
    """What every group of a bill says.

    Attributes:
        requests: How many requests, priced or not.
        input_tokens: All input, cached included.
        cached_input_tokens: The part read from the provider's cache.
        output_tokens: All output, reasoning included.
        reasoning_tokens: The part spent on reasoning.
        cost_usd: What the priced ones cost; null where none is priced.
        unpriced: Requests whose cost is unknown; in no total.
        share_pct: Of the total cost, in percent; null where the cost is.
    """

    requests: int
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal | None
    unpriced: int
    share_pct: Decimal | None


class _OfGroup(Frozen):
    group: dict[str, str | None]
    period: dt.datetime | dt.date | None


class SpendRow(Figures, _OfGroup):
    """One group of the bill.

    Attributes:
        group: The values of the keys, in order; null where the log does not say.
        period: The bucket it falls in, as local time; null without `every`.
    """


class Spend(Result):
    """The bill by some keys.

    Attributes:
        provenance: Period, intake and catalog.
        by: The keys.
        every: The bucket width, if any.
        timezone: In which buckets begin; null without `every`.
        total_usd: Of all priced requests.
        unpriced: Requests in no total.
        rows: Largest cost first; over time, earliest first.
        left_out: Groups beyond the number asked for, added up; null where there are none.
    """

    kind: ClassVar[str] = "spend"
    provenance: Provenance
    by: tuple[str, ...]
    every: str | None
    timezone: str | None
    total_usd: Decimal
    unpriced: int
    rows: tuple[SpendRow, ...]
    left_out: SpendRow | None = None


def spend_rollup(
    by: Sequence[str], bucket: Bucket | None = None, name: str = "spend", more: tuple[Key, ...] = ()
) -> Rollup:
    """The rollup that `spend` needs, with further keys if there are any."""
    period = (Key("period", bucket.start_of(), ("timestamp",)),) if bucket else ()
    return Rollup(name, tuple(by), (*period, *more))


def total(rollup: pl.DataFrame) -> tuple[Decimal, int]:
    """The cost of all priced requests, and how many are not priced."""
    unpriced = rollup.filter(pl.col("cost").is_null())["requests"].sum()
    return usd(int(rollup["cost"].sum() or 0)), int(unpriced)


def grouped(rollup: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Requests, tokens, `cost` (pico-dollars, null if none is priced) and `unpriced` by the keys."""
    priced = pl.col("cost").is_not_null()
    return rollup.group_by(keys).agg(
        pl.col(SUMMED).sum(),
        pl.when(priced.any()).then(pl.col("cost").sum()).alias("cost"),
        pl.col("requests").filter(~priced).sum().alias("unpriced"),
    )


def spend(
    rollup: pl.DataFrame,
    provenance: Provenance,
    by: Sequence[str],
    bucket: Bucket | None = None,
    top: int | None = None,
) -> Spend:
    """The bill by some keys.

    Args:
        rollup: That of `spend_rollup` with the same keys, priced.
        provenance: Period, intake and catalog.
        by: The keys.
        bucket: The time buckets, if any.
        top: How many groups to name; the rest is added up. Over time, the groups dearest in all.
    """
    amount, unpriced = total(rollup)
    keys = [*by, *(["period"] if bucket else [])]
    table = grouped(rollup, keys) if keys else grouped(rollup.with_columns(all=pl.lit("all")), ["all"])
    kept, rest = _split(table, by, top)
    order = ["period", "cost", *by] if bucket else ["cost", "requests", *by]
    descending = [name in ("cost", "requests") for name in order]
    ranked = kept.sort(order, descending=descending, nulls_last=True)
    return Spend(
        provenance=provenance,
        by=tuple(by),
        every=bucket.every if bucket else None,
        timezone=bucket.zone if bucket else None,
        total_usd=amount,
        unpriced=unpriced,
        rows=tuple(_row(row, by, amount) for row in ranked.iter_rows(named=True)),
        left_out=_sum_of(rest, amount) if rest.height else None,
    )


def _split(table: pl.DataFrame, by: Sequence[str], top: int | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The groups among the dearest, over all periods, and the others."""
    if top is None or not by:
        return table, table.clear()
    descending = [True, True, *(False for _ in by)]
    ranked = grouped(table, by).sort("cost", "requests", *by, descending=descending, nulls_last=True)
    named = ranked.head(top).select(by)
    kept = table.join(named, on=list(by), how="semi", nulls_equal=True)
    return kept, table.join(named, on=list(by), how="anti", nulls_equal=True)


def figures(row: Mapping[str, object], amount: Decimal) -> dict[str, object]:
    """The values of `Figures` for a row of `grouped`, with its share of the amount."""
    pico = row["cost"]
    cost = usd(pico) if isinstance(pico, int) else None
    counts = {name: row[name] for name in (*SUMMED, "unpriced")}
    return {**counts, "cost_usd": cost, "share_pct": None if cost is None else percent(cost, amount)}


def _row(row: Mapping[str, object], by: Sequence[str], amount: Decimal) -> SpendRow:
    keys = {"group": {name: row[name] for name in by}, "period": row.get("period")}
    return SpendRow.model_validate({**keys, **figures(row, amount)})


def _sum_of(rest: pl.DataFrame, amount: Decimal) -> SpendRow:
    sums = grouped(rest.with_columns(all=pl.lit("all")).drop("unpriced"), ["all"]).row(0, named=True)
    return _row({**sums, "unpriced": rest["unpriced"].sum()}, (), amount)
