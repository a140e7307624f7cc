"""CPU time of `costopt simulate -o json`, three policies, against `costopt spend` on the same log, run by run in turn."""

import json
import statistics
import sys

from measure import COSTOPT, log, options, run, verdict

POLICIES = 3
"""How many are simulated where none is named."""


def main() -> None:
    """Prints both times and the median of the ratios, pair by pair."""
    asked = options(__doc__ or "", requests=2_000_000, runs=5)
    path = log(asked.folder, asked.requests)
    pairs = []
    for number in range(asked.runs + 1):
        spend = run([*COSTOPT, "spend", path, "--by", "model", "-o", "json"])
        ours = run([*COSTOPT, "simulate", path, "-o", "json"])
        result = json.loads(ours.output)
        routed = result["requests"] + result["left_out"] + result["other_kinds"]
        if len(result["policies"]) != POLICIES or routed != asked.requests:
            sys.exit(f"{routed:,} requests under {len(result['policies'])} policies, not {asked.requests:,}")
        if number:  # the first pair warms the disk's cache
            pairs.append((ours, spend))
            print(
                f"simulate {ours.cpu:.2f} s (wall {ours.wall:.2f}), spend {spend.cpu:.2f} s (wall {spend.wall:.2f})"
            )
    verdict("CPU time ratio, median", statistics.median(ours.cpu / spend.cpu for ours, spend in pairs), 1.3)


if __name__ == "__main__":
    main()
