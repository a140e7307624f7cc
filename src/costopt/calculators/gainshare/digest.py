"""The digest of entries: the same for the same entries, however they lie in the ledger."""

import hashlib
from typing import Final

import polars as pl

ORDER: Final = ("timestamp", "id")
"""How entries follow each other: by time, and entries of the same time by id."""

DIGESTED: Final = (
    "id",
    "timestamp",
    "requests",
    "unpriced",
    "tokens_used",
    "baseline_cost_usd",
    "actual_cost_usd",
)
"""What the digest is of: which entries they are, and all that they put into an invoice."""

_AT_ONCE: Final = 100_000


def digest_of(ordered: pl.DataFrame) -> str:
    """The SHA-256 of entries in their `ORDER`: of each a line of what is `DIGESTED`, apart by blanks.

    Amounts have 12 decimals, and each line ends in a line feed.
    """
    whole = hashlib.sha256()
    for some in ordered.iter_slices(_AT_ONCE):
        lines = some.select(pl.concat_str(DIGESTED, separator=" ") + "\n").to_series()
        whole.update("".join(lines).encode())
    return whole.hexdigest()
