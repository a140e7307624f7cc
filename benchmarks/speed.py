"""CPU time of `costopt analyze -o json` against a bare Polars script on the same log, run by run in turn."""

import statistics
import sys

from measure import COSTOPT, HERE, log, options, run, verdict


def main() -> None:
    """Prints both times and the median of the ratios, pair by pair."""
    asked = options(__doc__ or "", requests=2_000_000, runs=5)
    path = log(asked.folder, asked.requests)
    pairs = []
    for number in range(asked.runs + 1):
        bare = run([sys.executable, str(HERE / "bare.py"), path])
        ours = run([*COSTOPT, "analyze", path, "-o", "json"])
        if number:  # the first pair warms the disk's cache
            pairs.append((ours, bare))
            print(
                f"costopt {ours.cpu:.2f} s (wall {ours.wall:.2f}), bare {bare.cpu:.2f} s (wall {bare.wall:.2f})"
            )
    verdict("CPU time ratio, median", statistics.median(ours.cpu / bare.cpu for ours, bare in pairs), 1.5)


if __name__ == "__main__":
    main()
