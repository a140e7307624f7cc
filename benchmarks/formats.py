"""CPU time of `costopt spend` on the same requests in several log formats, against that on plain JSON lines.

With `--peer`, the Python of an environment with toolkit-cost-optimizer 1.0.0, also against that tool's `ingest`.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from measure import COSTOPT, run
from shapes import SHAPES, write

_PLAIN: Final = "generic"
_BOUND: Final = 3.0
_PEER_BOUND: Final = 5.0
_PEER: Final = {"litellm": "litellm-spendlogs", "otlp-traces": "otel"}
"""The peer's names for the formats that both read."""


def main() -> None:
    """Prints the CPU time of each format, and whether the bounds are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "costopt-benchmarks"))
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peer", metavar="PYTHON", help="a Python that has toolkit-cost-optimizer")
    asked = parser.parse_args()
    paths = {
        shape: write(shape, asked.requests, asked.folder / f"{shape}-{asked.requests}.jsonl")
        for shape in SHAPES
    }
    turns = [_turn(paths, asked.requests, asked.peer) for _ in range(asked.runs + 1)][
        1:
    ]  # the first warms the disk
    seconds = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    print(f"plain JSON lines: {seconds[_PLAIN]:.2f} s for {asked.requests:,} requests")
    kept = [_within(shape, path, seconds) for shape, path in paths.items() if shape != _PLAIN]
    kept += [_ahead(shape, seconds) for shape in _PEER if asked.peer]
    sys.exit(not all(kept))


def _turn(paths: Mapping[str, str], requests: int, peer: str | None) -> dict[str, float]:
    """CPU seconds of each format, and of the peer under its own names."""
    seconds = {}
    for shape, path in paths.items():
        took = run([*COSTOPT, "spend", path, "--by", "model", "-o", "json"])
        seconds[shape] = took.cpu
        _check(shape, json.loads(took.output)["provenance"]["intake"]["requests"], requests)
        if peer and shape in _PEER:
            seconds[_PEER[shape]] = _ingest(peer, shape, path, requests)
    return seconds


def _ingest(peer: str, shape: str, path: str, requests: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        names = ["--format", _PEER[shape], "--input", path, "--rows", str(Path(folder, "rows.jsonl"))]
        took = run([peer, "-m", "toolkit_cost_latency_opt", "ingest", *names])
    _check(_PEER[shape], json.loads(took.output)["predicate"]["summary"]["rows_written"], requests)
    return took.cpu


def _check(name: str, found: int, requests: int) -> None:
    if found != requests:
        sys.exit(f"{name}: {found:,} of {requests:,} requests were read")


def _within(shape: str, path: str, seconds: Mapping[str, float]) -> bool:
    """Prints a format's ratio to plain JSON lines; whether it is little enough."""
    ratio = seconds[shape] / seconds[_PLAIN]
    size = Path(path).stat().st_size / 1e6
    print(f"{shape}: {seconds[shape]:.2f} s for {size:.0f} MB, {ratio:.2f} times plain (at most {_BOUND})")
    return ratio <= _BOUND


def _ahead(shape: str, seconds: Mapping[str, float]) -> bool:
    """Prints how many times less than the peer it takes; whether that is enough."""
    theirs = seconds[_PEER[shape]]
    ratio = theirs / seconds[shape]
    print(
        f"{shape}: toolkit-cost-optimizer takes {theirs:.2f} s, {ratio:.1f} times as much (at least {_PEER_BOUND})"
    )
    return ratio >= _PEER_BOUND


if __name__ == "__main__":
    main()
