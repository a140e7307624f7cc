"""Entries of a ledger written as CSV, and contracts, for tests of gain-share."""

import datetime as dt
import hashlib
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from costopt.calculators.gainshare.contracts import Baseline, Contract, Tier
from costopt.calculators.gainshare.months import Month

OCTOBER = Month(2026, 10)
DEFAULTS: Mapping[str, Any] = {
    "day": "2026-10-01",
    "tenant": "acme",
    "adapter": "openai-adapter",
    "model": "gpt-5-mini",
    "tokens_used": 1000,
    "requests": 1,
    "unpriced": 0,
    "baseline": "openai/gpt-5.5",
    "baseline_cost_usd": "0",
    "actual_cost_usd": "0",
    "catalog": "c" * 64,
    "inputs": "1" * 64,
    "rejected": 0,
}
"""What an entry says where a test does not."""

SCHEMA: Mapping[str, Any] = {
    **dict.fromkeys(("tenant", "adapter", "model", "baseline", "catalog", "inputs", "id"), pl.String),
    **dict.fromkeys(("timestamp", "tokens_used", "requests", "unpriced", "rejected"), pl.Int64),
    **dict.fromkeys(("baseline_cost_usd", "actual_cost_usd"), pl.Decimal(38, 12)),
}


def entries(csv: str = "") -> pl.DataFrame:
    """Entries from CSV with the columns that matter; `day` makes the time, and costs may do without `_usd`."""
    text = "\n".join(line.strip() for line in csv.strip().splitlines())
    text = text.replace("_cost,", "_cost_usd,", 2).replace("_cost\n", "_cost_usd\n", 1)
    told = pl.read_csv(io.StringIO(text), infer_schema=False).to_dicts() if text else []
    return table(
        [
            {**DEFAULTS, **{name: "" if value is None else value for name, value in row.items()}}
            for row in told
        ]
    )


def table(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Entries of which every column is given."""
    made = []
    for row in rows:
        identity = hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()
        midnight = dt.datetime.fromisoformat(row["day"]).replace(tzinfo=dt.UTC)
        made.append(
            {
                **{name: row[name] for name in SCHEMA if name in row},
                **{name: int(row[name]) for name in ("tokens_used", "requests", "unpriced", "rejected")},
                **{name: Decimal(row[name]) for name in ("baseline_cost_usd", "actual_cost_usd")},
                "timestamp": int(midnight.timestamp()) + 43_200,
                "id": identity[:20],
            }
        )
    return pl.DataFrame(made, schema=SCHEMA)


def contract(percentage: str | None = "25", **terms: Any) -> Contract:  # noqa: ANN401 - whatever a contract has
    """A contract with `acme` from 1 January 2026 on; of a percentage, or with `tiers` as pairs."""
    tiers = terms.pop("tiers", [("0", percentage)])
    fields = {
        "tenant": "acme",
        "start": dt.date(2026, 1, 1),
        "baseline": (Baseline(model="openai/gpt-5.5"),),
        "tiers": tuple(Tier(above=Decimal(above), percentage=Decimal(share)) for above, share in tiers),
        **terms,
    }
    return Contract.model_validate(fields)
