"""What makes an entry of the ledger one, and what it says where there is no baseline."""

from typing import Final

import polars as pl

UNCOMPARED: Final = ""
"""The baseline of requests that are compared with nothing; all of them are `unpriced`."""

FIGURES: Final = ("requests", "unpriced", "tokens_used", "baseline_cost_usd", "actual_cost_usd")
"""What an entry puts into sums; where all of it is 0, the entry was set to nothing."""

SOMETHING: Final = pl.any_horizontal(pl.col(FIGURES) > 0)
"""Whether an entry says something: one that was withdrawn does not, and counts nowhere as an entry.

A request without tokens and cost does, for it is a request.
"""
