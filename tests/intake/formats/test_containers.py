"""Whatever holds the lines of a log, the same is read."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from test_golden import HERE, requests_in

SAMPLES = sorted(HERE.glob("*/sample.jsonl"))


def rewritten(sample: Path, folder: Path, container: str) -> Path:
    """The sample's lines in another container."""
    lines = [json.loads(line) for line in sample.read_text(encoding="utf-8").splitlines() if line.strip()]
    path = folder / ("log.jsonl.gz" if container == "packed" else "log.json")
    if container == "packed":
        path.write_bytes(gzip.compress(sample.read_bytes()))
    elif container == "array":
        path.write_text(json.dumps(lines), encoding="utf-8")
    else:
        path.write_text("\n".join(json.dumps(line, indent=2) for line in lines), encoding="utf-8")
    return path
