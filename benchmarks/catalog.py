"""CPU time of loading the shipped catalog, checks and all, against that of parsing its text alone with tomli.

Both are the first of their process. The first look-up of a name, which every report needs as well, is told beside it.
"""

import statistics
import sys
from typing import Final

from measure import options, run, verdict

BOUND: Final = 2.5
PARSING: Final = """
import time
from decimal import Decimal
import tomli
from costopt.pricing.catalog import shipped
text = shipped().read_text(encoding="utf-8")
begun = time.process_time()
tables = tomli.loads(text, parse_float=Decimal)
print(time.process_time() - begun)
"""
LOADING: Final = """
import time
from costopt.pricing.catalog import load_catalog
from costopt.pricing.matching import resolve
begun = time.process_time()
catalog = load_catalog()
loaded = time.process_time()
resolve(catalog, "openai", "gpt-5.5")
print(loaded - begun, time.process_time() - loaded)
"""


def main() -> None:
    """Prints the three medians and the median of the ratios, pair by pair."""
    asked = options(__doc__ or "", runs=15)
    rounds = []
    for number in range(asked.runs + 1):
        (parsing,) = seconds(PARSING)
        loading, finding = seconds(LOADING)
        if number:
            rounds.append((loading, parsing, finding))
    load_s, parse_s, find_s = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"load {load_s:.3f} s, parse alone {parse_s:.3f} s, first look-up {find_s:.3f} s")
    verdict("CPU time ratio, median", statistics.median(load / parse for load, parse, _ in rounds), BOUND)


def seconds(program: str) -> list[float]:
    """What a program prints, run on its own."""
    return [float(word) for word in run([sys.executable, "-c", program]).output.split()]


if __name__ == "__main__":
    main()
