"""Costs of the generations in real Langfuse traces against those that Langfuse has computed itself.

Every generation that carries usage must be read, and where Langfuse has a cost the computed one must be within 1 % of
it. What is not is sorted into reasons, each proven by the trace.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from measure import COSTOPT, run

_WITHIN: Final = Decimal("0.01")
_TYPES: Final = ("GENERATION", "EMBEDDING")
_FOLDER: Final = Path("log_fixtures", "langfuse")

Generation = Mapping[str, Any]


def main() -> None:
    """Compares every generation of every trace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=f"the folder that holds {_FOLDER}")
    folder = parser.parse_args().data / _FOLDER
    traces = sorted(folder.glob("*.trace.json"))
    if not traces:
        sys.exit(f"{folder} has no *.trace.json: get the traces of Langfuse's integration examples")
    listed = _listed(folder / "default-model-prices.json")
    found = [_compare(trace, listed) for trace in traces]
    counts = [sum(each) for each in zip(*found, strict=True)]
    print(
        "{} traces: {} generations with usage, {} read, {} with a cost, {} within 1 %, {} with a reason why not".format(
            len(traces), *counts
        )
    )
    usable, read, costed, near, explained = counts
    sys.exit(usable != read or costed != near + explained)


def _listed(path: Path) -> set[str]:
    """The ids of the models that Langfuse itself has prices for."""
    return {each["id"] for each in json.loads(path.read_text(encoding="utf-8"))}


def _compare(path: Path, listed: set[str]) -> tuple[int, int, int, int, int]:
    """How many generations carry usage, are read, have a cost, are within 1 %, and have a reason why not."""
    document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    usable = {
        each["id"]: each
        for each in document["observations"]
        if each["type"] in _TYPES and each["usageDetails"]
    }
    costs = _computed(path)
    both = [(each, logged, costs.get(name)) for name, each in usable.items() if (logged := _logged(each))]
    far = [(each, logged, cost) for each, logged, cost in both if not _is_near(logged, cost)]
    reasons = [_reason(each, listed) for each, _, _ in far]
    for (each, logged, cost), reason in zip(far, reasons, strict=True):
        print(f"{path.name}: {each['model']}: {cost} USD, Langfuse {logged}: {reason or 'UNEXPLAINED'}")
    astray = usable.keys() ^ costs.keys()
    for name in sorted(astray):
        print(f"{path.name}: {name} {'is NOT READ' if name in usable else 'carries NO USAGE'}")
    return len(usable), len(usable) - len(astray), len(both), len(both) - len(far), sum(map(bool, reasons))


def _computed(path: Path) -> dict[str, Decimal | None]:
    """By the id of a generation, its cost; None if it has no price."""
    command = [
        *COSTOPT,
        "spend",
        str(path),
        "--map",
        "tag=id",
        "--by",
        "tag",
        "--cost",
        "computed",
        "-o",
        "json",
    ]
    rows = json.loads(run(command).output, parse_float=Decimal)["rows"]
    return {row["group"]["tag"]: None if row["unpriced"] else Decimal(row["cost_usd"]) for row in rows}


def _logged(generation: Generation) -> Decimal | None:
    """What Langfuse says that it cost: the total, or input and output; None where it has no price."""
    details = generation["costDetails"]
    parts = [details["total"]] if "total" in details else [*details.values()]
    return sum(parts, Decimal()) or None


def _is_near(logged: Decimal, computed: Decimal | None) -> bool:
    return computed is not None and abs(computed - logged) <= _WITHIN * logged


def _reason(generation: Generation, listed: set[str]) -> str:
    """Why the costs differ; empty if that cannot be told."""
    if generation["providedCostDetails"]:
        return "the application has logged this cost, Langfuse has computed none"
    if generation["internalModelId"] not in listed:
        tokens = generation["inputUsage"] + generation["outputUsage"]
        rate = (_logged(generation) or Decimal()) / tokens * 10**6
        return f"the project has a price of its own for this model, {rate.normalize():f} USD a million on average"
    return ""


if __name__ == "__main__":
    main()
