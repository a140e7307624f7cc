"""Logs as CSV, summed by segment and model as rollups are."""

import io
from collections.abc import Sequence

import polars as pl

from costopt.calculators.routing.cells import Seen, seen
from costopt.calculators.routing.moments import HALF, SUMS
from costopt.models.schema import REQUESTS

_TYPES = {**REQUESTS, "half": pl.Int8}


def summed(requests: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The sums of requests by keys; a column the requests lack is null."""
    reads = {name for key in (*SUMS, HALF) for name in key.reads} | {*keys} - {HALF.name}
    absent = [pl.lit(None, dtype=_TYPES.get(name, pl.String)).alias(name) for name in sorted(reads)]
    whole = requests.with_columns(each for each in absent if each.meta.output_name() not in requests.columns)
    computed = [key.value.alias(key.name) for key in (HALF,) if key.name not in requests.columns]
    sums = [pl.col("requests").fill_null(1).sum(), *(key.value.sum().alias(key.name) for key in SUMS)]
    return whole.with_columns(computed).group_by(keys).agg(sums).sort(keys, nulls_last=True)


def log(csv: str) -> pl.DataFrame:
    """Requests from CSV."""
    return pl.read_csv(io.StringIO(csv.replace(" ", "")), schema_overrides={**_TYPES, "tag": pl.String})


def looked_at(csv: str, by: Sequence[str] = ("tag",)) -> Seen:
    """What a log, given as CSV, has seen; with a column `half`, halves are as it says, else there is but one."""
    requests = log(csv)
    keys = [*by, "model", *(["half"] if "half" in requests.columns else [])]
    return seen(summed(requests, keys), by)
