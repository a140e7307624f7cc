"""What a real cascade cost, every attempt charged: Aider's runs of SWE-bench Lite, gpt-4o and opus by turns.

The file has a row for each attempt of each task with its cost. It has no times, tokens or names where an attempt was cut
short, so a log is made of it with times a second apart, one token each, and `unnamed` for the model; numbers, models and
costs are as logged. The bill of `costopt spend --cost logged` and the cascade's must both be the sum of all attempts.
"""

import argparse
import csv
import datetime as dt
import json
import sys
import tempfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final

from measure import COSTOPT, run

from costopt.calculators.routing.cascade import CASCADE, Cascade, cascade, cascade_by_task
from costopt.models.money import exact_usd, to_cents
from costopt.pipeline import Logs, load
from costopt.pricing.catalog import load_catalog

_FILE: Final = Path("aider_swebench", "attempts.csv")
_ALL: Final = Decimal("908.83")
_LAST_ONLY: Final = Decimal("274.19")
_BEGIN: Final = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
_COLUMNS: Final = (
    "request_id",
    "timestamp",
    "session",
    "attempt",
    "model",
    "input_tokens",
    "output_tokens",
    "cost_usd",
)


def main() -> None:
    """Compares both bills with the sum, and what only the last attempts cost with theirs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds aider_swebench/")
    path = parser.parse_args().data / _FILE
    if not path.is_file():
        sys.exit(f"{path} is not there: get the attempts of Aider's runs of SWE-bench Lite")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "attempts.csv"
        expected, last = _convert(path, log)
        spent = _spent(log)
        by_task, untied = _cascade(log, "session"), _cascade(log, None)
    _print(by_task)
    shown = by_task.last_attempts
    not_the_bill = shown.not_the_bill_usd if shown else None
    print(
        f"all attempts: {exact_usd(expected)}; `costopt spend`: {exact_usd(spent)}; cascade: {exact_usd(by_task.cost_usd)}"
    )
    print(f"last attempts only: {shown and exact_usd(shown.not_the_bill_usd)} ({shown and shown.label})")
    bills = {spent, by_task.cost_usd, untied.cost_usd, expected}
    is_right = bills == {expected} and not_the_bill == last
    sys.exit(not (is_right and to_cents(expected) == _ALL and to_cents(last) == _LAST_ONLY))


def _convert(path: Path, log: Path) -> tuple[Decimal, Decimal]:
    """Writes the log; what all attempts cost and what the last of each task did, to the pico-dollar."""
    total = Decimal(0)
    last: dict[str, tuple[int, Decimal]] = {}
    with (
        path.open(encoding="utf-8", newline="") as source,
        log.open("w", encoding="utf-8", newline="") as target,
    ):
        writer = csv.writer(target)
        writer.writerow(_COLUMNS)
        for place, row in enumerate(csv.DictReader(source)):
            task, attempt, cost = row["instance_id"], int(row["attempt"]), row["cost_usd"]
            time = (_BEGIN + dt.timedelta(seconds=place)).isoformat()
            writer.writerow([f"{task}:{attempt}", time, task, attempt, row["model"] or "unnamed", 1, 1, cost])
            exact = Decimal(cost).quantize(Decimal("1E-12"), rounding=ROUND_HALF_UP)
            total += exact
            last[task] = max(last.get(task, (0, Decimal(0))), (attempt, exact))
    return total, sum((cost for _, cost in last.values()), Decimal(0))


def _spent(log: Path) -> Decimal:
    command = [*COSTOPT, "spend", str(log), "--cost", "logged", "-o", "json"]
    return Decimal(json.loads(run(command).output, parse_float=Decimal)["total_usd"])


def _cascade(log: Path, task: str | None) -> Cascade:
    rollup = CASCADE if task is None else cascade_by_task(task)
    loaded = load(Logs((str(log),), cost="logged"), load_catalog(), [rollup])
    return cascade(loaded.rollups[rollup.name], task)


def _print(found: Cascade) -> None:
    print("attempt  requests       cost  went on    ended  models")
    for each in found.attempts:
        models = ", ".join(f"{model.model} {model.requests}" for model in each.models)
        cost = to_cents(each.cost_usd or Decimal(0))
        print(
            f"{each.attempt:7}  {each.requests:8} {cost:10} {each.went_on_pct:7.1f}% {each.ended_pct:7.1f}%  {models}"
        )


if __name__ == "__main__":
    main()
