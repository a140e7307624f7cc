"""Wall time of `costopt --help` against `python -c "import typer, rich"`, both with compiled files at hand."""

import statistics
import sys

from measure import COSTOPT, options, run, verdict


def main() -> None:
    """Prints both medians and the median of the ratios, pair by pair."""
    asked = options(__doc__ or "", runs=15)
    pairs = []
    for number in range(asked.runs + 1):
        bare = run([sys.executable, "-c", "import typer, rich"])
        ours = run([*COSTOPT, "--help"])
        if number:
            pairs.append((ours.wall, bare.wall))
    ours_s, bare_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"costopt --help {ours_s * 1000:.0f} ms, import typer, rich {bare_s * 1000:.0f} ms")
    verdict("start-up time ratio, median", statistics.median(a / b for a, b in pairs), 2.5)


if __name__ == "__main__":
    main()
