"""What requests of a log cost, and what the same tokens would have cost at a baseline: the rows of a recording."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import polars as pl

from costopt.calculators.gainshare.baselines import Rule, Yardstick, compared, rule_keys, yardsticks
from costopt.calculators.gainshare.flat_rates import flat_cost
from costopt.errors import ConfigError
from costopt.models.entry import UNCOMPARED
from costopt.models.money import usd
from costopt.models.result import Aside
from costopt.models.schema import COUNTS, PICO, USD
from costopt.pricing.catalog import Catalog
from costopt.pricing.repricing import CONDITION_READS, COSTS, Repricing
from costopt.rollups.rollup import Key, Rollup

RECORDING: Final = "recording"
"""The name of the rollup."""

_KEYS: Final = ("tenant", "adapter", "provider", "model", "mode", "status")
_DAY: Final = Key("utc_day", pl.col("timestamp").dt.date(), ("timestamp",))
_SECOND: Final = Key("utc_second", pl.col("timestamp").dt.epoch("s"), ("timestamp",))
_SERVED: Final = ("period", "tenant", "adapter", "model")
_GROUP: Final = (*_SERVED, "baseline")
_AMOUNTS: Final = ("actual_cost_usd", "baseline_cost_usd")
_COUNTED: Final = tuple(name for name in COUNTS if name != "requests")
_NAMES: Final = (
    pl.col("period"),
    pl.col("tenant", "adapter").cast(pl.String).fill_null(""),
    pl.concat_str(pl.col("provider", "model").cast(pl.String), separator="/", ignore_nulls=True).alias(
        "model"
    ),
)
"""What rows are about, of priced groups that have a `period`."""
_NOTHING: Final = Yardstick(UNCOMPARED)
"""What requests are compared with that have no baseline."""
_SUMMED: Final = ("requests", "unpriced", "tokens_used", *_COUNTED, *_AMOUNTS)


class Rows(NamedTuple):
    """What a log says.

    Attributes:
        rows: One row for each period, tenant, adapter, model and baseline, in the order of their times: `period` (a
            day, or the request's id), `timestamp` (Unix seconds: of the day's beginning, or of the request), `tenant`,
            `adapter` (both empty where the log does not say), `model` (as logged, with its provider), `baseline`,
            `requests`, `unpriced`, `tokens_used`, the other counts, `baseline_cost_usd` and `actual_cost_usd`. A
            request counts in the figures if both its cost and its baseline cost are known, and else only in
            `unpriced`.
        uncompared: Likewise, of what is compared with nothing: the `baseline` is empty, and all that is not 0 is
            `unpriced`.
        left_out: How many `requests` of each period, tenant, adapter and model are in neither, as no contract is about
            them.
        other_kinds: Requests that are compared with nothing, as their baseline could not have served them.
        no_baseline: Requests that are compared with nothing, as no baseline is named for them.
    """

    rows: pl.DataFrame
    uncompared: pl.DataFrame
    left_out: pl.DataFrame
    other_kinds: Aside
    no_baseline: Aside


def recording_rollup(repricing: Repricing, rules: Sequence[Rule], *, per_request: bool = False) -> Rollup:
    """What has to be added up of a log: by UTC day, or by request.

    Args:
        repricing: What requests have to be split by to be priced at the baselines.
        rules: Which baseline is for which requests.
        per_request: Whether each request is to be a row of its own.
    """
    conditions = [Key(name, value, CONDITION_READS) for name, value in repricing.conditions.items()]
    columns, needs = rule_keys(rules)
    keys = (*_KEYS, *columns, *(("request_id",) if per_request else ()))
    return Rollup(RECORDING, keys, (_SECOND if per_request else _DAY, *needs, *conditions))


def recorded_rows(
    rollup: pl.DataFrame, repricing: Repricing, rules: Sequence[Rule], catalog: Catalog
) -> Rows:
    """What there is to be recorded.

    Args:
        rollup: That of `recording_rollup`, priced.
        repricing: The one that the rollup was declared with.
        rules: Likewise; the first that fits a request says what it is compared with.
        catalog: The prices.

    Raises:
        ConfigError: if requests are to be told apart, and one has no id.
    """
    period, timestamp, days = _times(rollup)
    groups = rollup.with_columns(period.alias("period"), timestamp.alias("timestamp"))
    yardstick, is_other_kind, is_agreed = compared(groups, days, rules, catalog)
    is_alone = yardstick.is_null()
    parts = [
        _part(groups.filter((yardstick == number).fill_null(value=False)), repricing, each)
        for number, each in enumerate(yardsticks(rules))
    ]
    return Rows(
        _together(parts),
        _together([_part(groups.filter(is_alone & is_agreed), repricing, _NOTHING)]),
        _counted(groups.filter(is_alone & ~is_agreed)),
        _aside(groups.filter(is_other_kind)),
        _aside(groups.filter(is_alone & ~is_other_kind)),
    )


def _times(rollup: pl.DataFrame) -> tuple[pl.Expr, pl.Expr, pl.Series]:
    """The period, its time, and the UTC day of each group."""
    if _DAY.name in rollup.columns:
        day = pl.col(_DAY.name)
        beginning = day.cast(pl.Datetime("us")).dt.epoch("s")
        return day.dt.to_string("%Y-%m-%d"), beginning, rollup[_DAY.name]
    nameless = int(rollup.filter(pl.col("request_id").is_null())["requests"].sum())
    if nameless:
        raise ConfigError(
            f"Requests without an id cannot be recorded one by one: there are {nameless:,}",
            hint="record them by day: leave out `--per-request`; or name the column: `--map request_id=NAME`",
        )
    seconds = pl.from_epoch(rollup[_SECOND.name], time_unit="s")
    return pl.col("request_id"), pl.col(_SECOND.name), seconds.dt.date()


def _part(groups: pl.DataFrame, repricing: Repricing, yardstick: Yardstick) -> pl.DataFrame:
    """The rows of the groups that are compared with one baseline."""
    told = groups.with_columns(_baseline_cost(groups, repricing, yardstick))
    known = pl.col("cost").is_not_null() & pl.col("baseline_cost").is_not_null()
    named = told.select(
        *_NAMES,
        "timestamp",
        pl.lit(yardstick.name).alias("baseline"),
        known.alias("known"),
        pl.col(COUNTS).cast(PICO),
        "cost",
        "baseline_cost",
    )
    priced = pl.col("known")
    rows = named.group_by(_GROUP).agg(
        pl.col("timestamp").min(),
        pl.col("requests").filter(priced).sum(),
        pl.col("requests").filter(~priced).sum().alias("unpriced"),
        pl.col(_COUNTED).filter(priced).sum(),
        pl.col("cost", "baseline_cost").filter(priced).sum(),
    )
    used = rows.with_columns((pl.col("input_tokens") + pl.col("output_tokens")).alias("tokens_used"))
    amounts = (_dollars(used["cost"]), _baseline_dollars(used, yardstick))
    return used.with_columns(
        pl.Series(name, amount, dtype=USD) for name, amount in zip(_AMOUNTS, amounts, strict=True)
    )


def _together(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of all baselines; a flat and a dated rate of one name are one baseline."""
    rows = pl.concat(parts).group_by(_GROUP).agg(pl.col("timestamp").min(), pl.col(_SUMMED).sum())
    return rows.sort("timestamp", *_GROUP)


def _counted(groups: pl.DataFrame) -> pl.DataFrame:
    return groups.select(*_NAMES, "requests").group_by(_SERVED).agg(pl.col("requests").sum()).sort(_SERVED)


def _aside(groups: pl.DataFrame) -> Aside:
    return Aside(requests=int(groups["requests"].sum()), actual_cost_usd=usd(int(groups["cost"].sum())))


def _baseline_cost(groups: pl.DataFrame, repricing: Repricing, yardstick: Yardstick) -> pl.Series:
    """In pico-dollars; 0 for a flat rate, which is reckoned of whole rows, and so rounded once; null for nothing."""
    if yardstick.number is None:
        cost = None if yardstick.rate is None else 0
        return pl.Series("baseline_cost", [cost], dtype=PICO).new_from_index(0, groups.height)
    costs = repricing.costs(groups, yardstick.number)
    first, *rest = (costs[name] for name in COSTS)
    for each in rest:
        first = first + each
    return first.alias("baseline_cost")


def _dollars(pico: pl.Series) -> list[Decimal]:
    return [usd(int(each)) for each in pico]


def _baseline_dollars(rows: pl.DataFrame, yardstick: Yardstick) -> list[Decimal]:
    if yardstick.rate is None:
        return _dollars(rows["baseline_cost"])
    return [flat_cost(int(tokens), yardstick.rate) for tokens in rows["tokens_used"]]
