"""What tests of the ledger share: an entry, and the ledger as it is on disk."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from costopt.ledger.before import before
from costopt.ledger.book import recording_in
from costopt.ledger.entry import Entry

OCTOBER: int = 1_790_812_800
"""2026-10-01T00:00:00Z, in Unix seconds."""
DAY: int = 86_400


def entry(period: str = "2026-10-01", cost: str = "0.005", **changes: Any) -> Entry:  # noqa: ANN401 - any field
    """A thousand tokens of `acme` that would have cost 0.03 USD at the baseline."""
    values = {
        "timestamp": OCTOBER,
        "model": "cheap-model",
        "tokens_used": 1000,
        "baseline_cost_usd": Decimal("0.03"),
        "actual_cost_usd": Decimal(cost),
        "tenant": "acme",
        "adapter": "openai",
        "period": period,
        "source": "prod",
        "baseline": "premium-model",
    }
    return Entry(**{**values, **changes})


def requests(count: int, start: int = 0) -> list[Entry]:
    """Entries of single requests, told apart by their period."""
    return [entry(f"request-{number}") for number in range(start, start + count)]


def recorded_before(
    state: Path, entries: Sequence[Entry], uncompared: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What `before` gives while nobody else records."""
    with recording_in(state) as book:
        return before(book, entries, uncompared)


def lines(state: Path) -> list[bytes]:
    """The lines of the ledger, with their ends."""
    return (state / "baseline_history.jsonl").read_bytes().splitlines(keepends=True)


def fields(state: Path) -> list[dict[str, Any]]:
    """What the lines of the ledger say, money as decimals."""
    return [json.loads(line, parse_float=Decimal) for line in lines(state)]


def rewrite(state: Path, *changed: bytes) -> None:
    """Puts these lines into the ledger's place."""
    (state / "baseline_history.jsonl").write_bytes(b"".join(changed))
