"""Requests, tokens and cost of the Azure LLM traces of 2023 against sums made with whole numbers alone."""

import argparse
import csv
import gzip
import json
import sys
from decimal import Decimal
from pathlib import Path

from measure import COSTOPT, run


def main() -> None:
    """Compares both traces, as if they had been served by gpt-4o-mini."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds azure_llm_2023/")
    folder = parser.parse_args().data / "azure_llm_2023"
    if not folder.is_dir():
        sys.exit(f"{folder} is not there: get AzureLLMInferenceTrace_conv and _code of Azure Public Dataset")
    for name in ("conv.csv.gz", "code.csv.gz"):
        _compare(folder / name)


def _compare(path: Path) -> None:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [(int(row["ContextTokens"]), int(row["GeneratedTokens"])) for row in csv.DictReader(file)]
    sent, received = sum(row[0] for row in rows), sum(row[1] for row in rows)
    cost = (sent * Decimal("0.15") + received * Decimal("0.60")) / 10**6
    expected = (len(rows), sent, received, cost)
    maps = [f"--map={name}" for name in ("timestamp=TIMESTAMP", "input_tokens=ContextTokens")]
    maps += ["--map=output_tokens=GeneratedTokens", "--set=model=gpt-4o-mini", "--set=provider=openai"]
    answer = json.loads(
        run([*COSTOPT, "analyze", str(path), *maps, "-o", "json"]).output, parse_float=Decimal
    )
    model = answer["spend"]["by_model"][0]
    found = (model["requests"], model["input_tokens"], model["output_tokens"], answer["spend"]["total_usd"])
    print(f"{path.name}: {found} {'equal' if found == expected else f'EXPECTED {expected}'}")
    if found != expected:
        sys.exit(1)


if __name__ == "__main__":
    main()
