"""CPU time of giving every request its rate, against that of reading the same requests from JSON lines.

2,000 models of the shipped catalog, those with price changes and context tiers first; 30 % of the requests are dated
before the last price change of their model; three modes; prompts below and above the tiers. A chunk is made (which
does not count), read, and rated, before the next.
"""

import argparse
import datetime as dt
import io
import time
from collections.abc import Callable
from typing import Final, TypeVar

import polars as pl
from generate import number
from measure import verdict

from costopt.intake.formats.format import Wishes
from costopt.intake.partitions import Partition
from costopt.intake.reading import Reader
from costopt.intake.sources import Source
from costopt.pricing.catalog import Catalog, Model, load_catalog
from costopt.pricing.rates import why_unpriced
from costopt.pricing.rating import Rater

CHUNK: Final = 50_000
MODELS: Final = 2_000
BOUND: Final = 0.35
OLD_PERCENT: Final = 30
COLUMNS: Final = (
    "timestamp",
    "provider",
    "model",
    "mode",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
)
MODES: Final = ("standard", "batch", "priority")
NO_CHANGE: Final = dt.date(2026, 1, 1)

Answer = TypeVar("Answer")


class Clock:
    """CPU seconds of this process, all threads, added up by name. State: the sums."""

    def __init__(self) -> None:
        self.seconds = {"reading": 0.0, "rating": 0.0}

    def measured(self, name: str, work: Callable[[], Answer]) -> Answer:
        """What the work gives."""
        begun = time.process_time()
        answer = work()
        self.seconds[name] += time.process_time() - begun
        return answer


def main() -> None:
    """Prints both times, and how many rate ids there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5_000_000)
    count = parser.parse_args().requests
    catalog = load_catalog()
    models = chosen(catalog)
    clock = Clock()
    reader, rater = Reader(Wishes(), COLUMNS), Rater(catalog)
    found = pl.Series(dtype=pl.Int64)
    for first in range(0, count, CHUNK):
        lines = partition(models, first, min(CHUNK, count - first))
        frame = clock.measured("reading", lambda lines=lines: reader.read(lines).frame)  # type: ignore[misc]
        rated = clock.measured("rating", lambda frame=frame: rater.rate(frame))  # type: ignore[misc]
        found = pl.concat([found, rated["rate_id"]]).unique()
    rates = found.to_list()
    print(f"{count:,} requests, {len(models):,} models, {sum(rate >= 0 for rate in rates):,} rate ids")
    print("without a rate: " + ", ".join(sorted({why_unpriced(rate) for rate in rates if rate < 0})))
    print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in clock.seconds.items()))
    verdict("CPU time ratio", clock.seconds["rating"] / clock.seconds["reading"], BOUND)


def chosen(catalog: Catalog) -> list[Model]:
    """Models with price changes, then those with tiers, then others."""

    def rank(model: Model) -> tuple[bool, bool]:
        tiers = any(price.tiers for row in model.prices for price in row.modes.values())
        return last_change(model) is None, not tiers

    return sorted(catalog.models, key=rank)[:MODELS]


def last_change(model: Model) -> dt.date | None:
    """The day of a model's last price change."""
    return max((row.starts for row in model.prices if row.starts), default=None)


def partition(models: list[Model], first: int, count: int) -> Partition:
    """Some requests as JSON lines; of those dated before the last price change, all are of models that had one."""
    changed = sum(last_change(model) is not None for model in models)
    is_old = number(1) % 100 < OLD_PERCENT
    turn = pl.col("index") * 7_919
    pick = pl.when(is_old).then(turn % changed).otherwise(turn % len(models))
    changes = pl.Series([last_change(model) or NO_CHANGE for model in models])
    seconds = number(4) * 86_400 // 1_000_003
    days = pl.when(is_old).then(-1 - number(2) % 300).otherwise(number(3) % 18)
    named = pl.select(index=pl.int_range(first, first + count, dtype=pl.Int64)).with_columns(pick=pick)
    gather = {
        "provider": pl.Series([model.provider for model in models]),
        "model": pl.Series([model.id for model in models]),
    }
    day = pl.lit(changes).gather(pl.col("pick")).cast(pl.Datetime("us"))
    frame = named.select(
        timestamp=(day + pl.duration(days=days, seconds=seconds)).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **{name: pl.lit(values).gather(pl.col("pick")) for name, values in gather.items()},
        mode=pl.lit(pl.Series(MODES)).gather(number(7) % len(MODES)),
        input_tokens=100_000 + number(8) % 300_000,
        cached_input_tokens=number(9) % 100_000,
        output_tokens=number(10) % 9_000,
    )
    buffer = io.BytesIO()
    frame.write_ndjson(buffer)
    return Partition(Source("generated"), "lines", buffer.getvalue())


if __name__ == "__main__":
    main()
