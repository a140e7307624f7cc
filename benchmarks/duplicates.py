"""Whether a log of 20 M ids in no order, named twice, bills the same as once; and the memory that takes."""

import json
import sys
from pathlib import Path

import polars as pl
from measure import COSTOPT, options, run, verdict

_BLOCK = 1_000_000
_DAYS = 21
_BOUND_GB = 1.5


def main() -> None:
    """Prints the totals of both, how many duplicates were removed, and the peak of anonymous memory."""
    asked = options(__doc__ or "", requests=20_000_000)
    path = _log(asked.folder / f"ids-{asked.requests}.jsonl", asked.requests)
    report = asked.folder / "duplicates.json"
    totals = []
    peak = 0
    for logs in ([path], [path, path]):
        done = run([*COSTOPT, "spend", *logs, "--by", "model", "-o", "json", "--to", str(report)], watch=True)
        found = json.loads(report.read_text(encoding="utf-8"))
        intake = found["provenance"]["intake"]
        peak = max(peak, done.anonymous)
        totals.append((found["total_usd"], intake["requests"], found["rows"]))
        print(
            f"{len(logs)} x {asked.requests:,} ids: ${found['total_usd']}, {intake['requests']:,} requests, "
            f"{intake['duplicates']:,} duplicates removed (${intake['duplicates_usd']}), "
            f"{done.anonymous / 2**20:,.0f} MiB, {done.cpu:.0f} s CPU"
        )
    if totals[0] != totals[1]:
        print("the totals differ")
        sys.exit(1)
    verdict("peak memory, GB", peak / 1e9, _BOUND_GB)


def _log(path: Path, requests: int) -> str:
    """Requests whose ids and times are in no order."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with draft.open("wb") as file:
            for start in range(0, requests, _BLOCK):
                _block(start, min(_BLOCK, requests - start)).write_ndjson(file)
        draft.replace(path)
    return str(path)


def _block(start: int, size: int) -> pl.DataFrame:
    """A block of requests: times all over the period, in every block."""
    number = pl.int_range(start, start + size, dtype=pl.UInt64)
    mixed = number.hash(seed=7)
    seconds = (mixed % (_DAYS * 86_400)).cast(pl.Int64)
    return pl.select(
        request_id=pl.format("req-{}-{}", number, mixed % 997),
        timestamp=1_790_812_800 + seconds,
        model=pl.lit("gpt-4o-mini"),
        input_tokens=(mixed % 4000).cast(pl.Int64),
        output_tokens=(mixed % 400).cast(pl.Int64),
    )


if __name__ == "__main__":
    main()
