"""What requests of a log cost, and what the same tokens would have cost at a baseline: the rows of a recording."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from costopt.calculators.gainshare.savings import flat_cost
from costopt.errors import ConfigError
from costopt.models.money import usd
from costopt.models.schema import COUNTS, PICO, USD
from costopt.pricing.repricing import CONDITION_READS, COSTS, Repricing
from costopt.rollups.rollup import Key, Rollup

RECORDING: Final = "recording"
"""The name of the rollup."""

_KEYS: Final = ("tenant", "adapter", "provider", "model", "mode", "status")
_DAY: Final = Key("utc_day", pl.col("timestamp").dt.date(), ("timestamp",))
_SECOND: Final = Key("utc_second", pl.col("timestamp").dt.epoch("s"), ("timestamp",))
_GROUP: Final = ("period", "tenant", "adapter", "model")
_AMOUNTS: Final = ("actual_cost_usd", "baseline_cost_usd")
_COUNTED: Final = tuple(name for name in COUNTS if name != "requests")


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


def recording_rollup(repricing: Repricing, *, per_request: bool = False) -> Rollup:
    """What has to be added up of a log: by UTC day, or by request.

    Args:
        repricing: What requests have to be split by to be priced at the baselines.
        per_request: Whether each request is to be a row of its own.
    """
    conditions = [Key(name, value, CONDITION_READS) for name, value in repricing.conditions.items()]
    keys = (*_KEYS, "request_id") if per_request else _KEYS
    return Rollup(RECORDING, keys, (_SECOND if per_request else _DAY, *conditions))


def recorded_rows(rollup: pl.DataFrame, repricing: Repricing, yardstick: Yardstick) -> pl.DataFrame:
    """One row for each period, tenant, adapter and model, in the order of their times.

    A request counts in the figures if both its cost and its baseline are known, and else only in `unpriced`.

    Args:
        rollup: That of `recording_rollup`, priced.
        repricing: The one that the rollup was declared with.
        yardstick: What to compare with.

    Returns:
        `period` (a day, or the request's id), `timestamp` (Unix seconds: of the day's beginning, or of the request),
        `tenant`, `adapter` (both empty where the log does not say), `model` (as logged, with its provider), `baseline`,
        `requests`, `unpriced`, `tokens_used`, the other counts, `baseline_cost_usd` and `actual_cost_usd`.

    Raises:
        ConfigError: if requests are to be told apart, and one has no id.
    """
    groups = rollup.with_columns(_baseline_cost(rollup, repricing, yardstick))
    known = pl.col("cost").is_not_null() & pl.col("baseline_cost").is_not_null()
    period, timestamp = _times(rollup)
    named = groups.select(
        period.alias("period"),
        timestamp.alias("timestamp"),
        pl.col("tenant", "adapter").cast(pl.String).fill_null(""),
        pl.concat_str(pl.col("provider", "model").cast(pl.String), separator="/", ignore_nulls=True).alias(
            "model"
        ),
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
        pl.col("input_tokens", "output_tokens").filter(priced).sum().name.prefix("_"),
        pl.col(_COUNTED).filter(priced).sum(),
        pl.col("cost", "baseline_cost").filter(priced).sum(),
    )
    used = (pl.col("_input_tokens") + pl.col("_output_tokens")).alias("tokens_used")
    told = rows.with_columns(used, pl.lit(yardstick.name).alias("baseline")).sort("timestamp", *_GROUP)
    amounts = (_dollars(told["cost"]), _baseline_dollars(told, yardstick))
    return told.with_columns(
        pl.Series(name, amount, dtype=USD) for name, amount in zip(_AMOUNTS, amounts, strict=True)
    ).drop("_input_tokens", "_output_tokens", "cost", "baseline_cost")


def _times(rollup: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    if _DAY.name in rollup.columns:
        day = pl.col(_DAY.name)
        return day.dt.to_string("%Y-%m-%d"), day.cast(pl.Datetime("us")).dt.epoch("s")
    nameless = int(rollup.filter(pl.col("request_id").is_null())["requests"].sum())
    if nameless:
        raise ConfigError(
            f"Requests without an id cannot be recorded one by one: there are {nameless:,}",
            hint="record them by day: leave out `--per-request`; or name the column: `--map request_id=NAME`",
        )
    return pl.col("request_id"), pl.col(_SECOND.name)


def _baseline_cost(rollup: pl.DataFrame, repricing: Repricing, yardstick: Yardstick) -> pl.Series:
    """In pico-dollars; 0 for a flat rate, which is reckoned of whole rows, and so rounded once."""
    if yardstick.number is None:
        return pl.Series("baseline_cost", [0], dtype=PICO).new_from_index(0, rollup.height)
    costs = repricing.costs(rollup, yardstick.number)
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
