"""CPU time of `costopt spend` on the same requests in several log formats, against that on plain JSON lines.

With `--peer`, the interpreter of an environment with toolkit-cost-optimizer 1.0.0, also against that tool's `ingest`.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from measure import COSTOPT, run
from shapes import SHAPES, write

_BOUND: Final = 3.0
_PEER_BOUND: Final = 5.0
_PEER_FORMATS: Final = {"litellm": "litellm-spendlogs", "otlp-traces": "otel"}


def main() -> None:
    """Prints the CPU time of each format, and whether the bounds are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "costopt-benchmarks"))
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peer", metavar="PYTHON", help="an interpreter with toolkit-cost-optimizer")
    asked = parser.parse_args()
    paths = {
        shape: write(shape, asked.requests, asked.folder / f"{shape}-{asked.requests}.jsonl")
        for shape in SHAPES
    }
    costs = measured(paths, asked.runs)
    kept = [within(shape, costs[shape] / costs["generic"], paths[shape]) for shape in paths]
    if asked.peer:
        kept += [faster(asked.peer, shape, paths[shape], costs[shape]) for shape in _PEER_FORMATS]
    sys.exit(not all(kept))


def measured(paths: dict[str, str], runs: int) -> dict[str, float]:
    """Median CPU seconds of each format, run in turn; the first turn warms the disk's cache."""
    seconds: dict[str, list[float]] = {shape: [] for shape in paths}
    for turn in range(runs + 1):
        for shape, path in paths.items():
            took = run([*COSTOPT, "spend", path, "--by", "model", "-o", "json"]).cpu
            seconds[shape] += [took] if turn else []
    return {shape: statistics.median(each) for shape, each in seconds.items()}


def within(shape: str, ratio: float, path: str) -> bool:
    """Prints a format's ratio to plain JSON lines; whether it is kept."""
    size = Path(path).stat().st_size / 1e6
    print(f"{shape}: {ratio:.2f} times the CPU of plain JSON lines ({size:.0f} MB, at most {_BOUND})")
    return ratio <= _BOUND


def faster(peer: str, shape: str, path: str, ours: float) -> bool:
    """Prints the CPU time of the peer's `ingest` beside ours; whether ours is little enough."""
    command = [peer, "-m", "toolkit_cost_latency_opt", "ingest", "--format", _PEER_FORMATS[shape]]
    with tempfile.TemporaryDirectory() as folder:
        took = run([*command, "--input", path, "--rows", str(Path(folder, "rows.jsonl"))])
    read = json.loads(took.output)["predicate"]["summary"]["rows_written"]
    ratio = took.cpu / ours
    print(
        f"{shape}: {ours:.2f} s, toolkit-cost-optimizer {took.cpu:.2f} s for {read:,} rows: "
        f"{ratio:.1f} times less (at least {_PEER_BOUND})"
    )
    return ratio >= _PEER_BOUND


if __name__ == "__main__":
    main()
