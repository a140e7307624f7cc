"""The yardstick: a bare Polars script that scans a log and makes the group-bys of `costopt analyze`.

It checks nothing, prices nothing and removes no duplicates. Usage: python benchmarks/bare.py FILE
"""

import sys
from typing import Final

import polars as pl

_SCHEMA: Final = {
    "timestamp": pl.String,
    "provider": pl.String,
    "model": pl.String,
    "endpoint": pl.String,
    "tag": pl.String,
    "tenant": pl.String,
    "input_tokens": pl.Int64,
    "cached_input_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "cost_usd": pl.Float64,
    "status": pl.String,
}
_KEYS: Final = (
    ("provider", "model", "status"),
    ("tenant",),
    ("endpoint",),
    ("provider", "model", "tag"),
    ("day",),
    ("provider", "model"),
)


def main(path: str) -> None:
    """Scans, groups, prints how many groups there are."""
    moment = pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us")
    requests = pl.scan_ndjson(path, schema=_SCHEMA).with_columns(timestamp=moment, day=moment.dt.date())
    sums = [
        pl.len().alias("requests"),
        pl.col("input_tokens", "cached_input_tokens", "output_tokens", "cost_usd").sum(),
    ]
    frames = pl.collect_all([requests.group_by(keys).agg(sums) for keys in _KEYS], engine="streaming")
    print(sum(frame.height for frame in frames))


if __name__ == "__main__":
    main(sys.argv[1])
