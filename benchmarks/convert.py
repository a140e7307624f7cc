"""CPU time of `costopt analyze` on converted logs against that on the JSON lines they are from."""

import json
import shutil
import statistics
import sys

from measure import COSTOPT, log, options, run

_BOUND = 5.0


def main() -> None:
    """Prints both times, whether both say the same, and the median of the ratios, pair by pair."""
    asked = options(__doc__ or "", requests=5_000_000, runs=3)
    path = log(asked.folder, asked.requests)
    target = asked.folder / f"converted-{asked.requests}"
    shutil.rmtree(target, ignore_errors=True)
    made = run([*COSTOPT, "convert", path, "--to", str(target)])
    size = sum(file.stat().st_size for file in target.iterdir())
    print(f"converted in {made.cpu:.2f} s CPU, {size / 1e6:.0f} MB")
    ratios = []
    for number in range(asked.runs + 1):
        lines = run([*COSTOPT, "analyze", path, "-o", "json"])
        files = run([*COSTOPT, "analyze", str(target), "-o", "json"])
        if _answer(lines.output) != _answer(files.output):
            sys.exit("the answers differ")
        if number:  # the first pair warms the disk's cache
            ratios.append(lines.cpu / files.cpu)
            print(f"lines {lines.cpu:.2f} s, converted {files.cpu:.2f} s, the same answer")
    figure = statistics.median(ratios)
    print(f"times less CPU, median: {figure:.2f} (at least {_BOUND})")
    sys.exit(figure < _BOUND)


def _answer(report: bytes) -> dict[str, object]:
    """All of a report but what was read."""
    found: dict[str, object] = json.loads(report)
    return {name: value for name, value in found.items() if name != "intake"}


if __name__ == "__main__":
    main()
