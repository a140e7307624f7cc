"""Real usage bodies with the prices that genai-prices expects for them, and costopt's."""

import datetime as dt
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
from parity_what_ifs import below_tiers, to_other_model

from costopt.pricing.catalog import Catalog, Model
from costopt.pricing.costing import price
from costopt.pricing.lending import model_of
from costopt.pricing.rates import rate_key
from costopt.pricing.rating import Rater

PRICED_ON: Final = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
"""The set has no times and its prices are those of a model's first days; later ones have changed since June 2026."""

COUNTED: Final = {
    "input_tokens": "input_tokens",
    "cached_input_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "output_reasoning_tokens",
    "input_audio_tokens": "input_audio_tokens",
    "cached_audio_tokens": "cache_audio_read_tokens",
    "input_image_tokens": "input_image_tokens",
    "cached_image_tokens": "cache_image_read_tokens",
    "output_audio_tokens": "output_audio_tokens",
    "output_image_tokens": "output_image_tokens",
    "web_searches": "web_searches",
}


@dataclass(frozen=True, slots=True)
class Body:
    """One usage body at one provider, in USD; None is no price.

    Attributes:
        provider: Whose price it is.
        model: As the body has it.
        media: It counts audio, image or video tokens.
        expected: What the set says.
        ours: What costopt says.
        without_tier: What costopt would say below every context tier.
        other_model: What costopt would say if a distilled model were the one that it is named after.
        under_that_name: The catalog's entry has the model's name as it is.
        under_that_id: The name is the id of the catalog's entry.
        lacking: The catalog has the model from LiteLLM's list; genai-prices has none.
    """

    provider: str
    model: str
    media: bool
    expected: Decimal | None
    ours: Decimal | None
    without_tier: Decimal | None
    other_model: Decimal | None
    under_that_name: bool
    under_that_id: bool
    lacking: bool


def read_bodies(path: Path, catalog: Catalog) -> list[Body]:
    """All bodies that name a model, priced in one frame."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(_rows(json.load(file)))
    when = pl.lit(PRICED_ON, dtype=pl.Datetime("us", "UTC"))
    columns = ["provider", "model", *COUNTED]
    frame = pl.DataFrame([{name: row[name] for name in columns} for row in rows]).with_columns(
        pl.col("provider", "model").cast(pl.Categorical),
        timestamp=when,
        requests=pl.lit(1, dtype=pl.Int64),
        cache_write_1h_tokens=pl.lit(0, dtype=pl.Int64),
    )
    rater = Rater(catalog)
    rated, other = rater.rate(frame), rater.rate(to_other_model(frame))
    ids = rated["rate_id"].to_list()
    lowest = rated.with_columns(rate_id=pl.Series(list(map(below_tiers, ids)), dtype=pl.Int64))
    prices = (price(each, catalog).to_list() for each in (rated, lowest, other))
    found = zip(rows, ids, *prices, strict=True)
    return [
        Body(
            provider=row["provider"],
            model=row["model"],
            media=row["media"],
            expected=row["expected"],
            ours=_usd(cost),
            without_tier=_usd(lowest_cost),
            other_model=_usd(other_cost),
            under_that_name=rate_id >= 0
            and _is_named(model_of(catalog, rate_key(rate_id).model), row["model"]),
            under_that_id=rate_id >= 0
            and model_of(catalog, rate_key(rate_id).model).id.lower() == row["model"].lower(),
            lacking=rate_id >= 0 and bool(model_of(catalog, rate_key(rate_id).model).source),
        )
        for row, rate_id, cost, lowest_cost, other_cost in found
    ]


def requests_of(path: Path) -> list[dict[str, Any]]:
    """The bodies of text alone, each once at a provider, in the shape of the generated requests."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [row for row in _rows(json.load(file)) if not (row["media"] or row["web_searches"])]
    unique = {(row["provider"], row["model"], *(row[name] for name in COUNTED)): row for row in rows}
    return [
        {
            "id": number,
            "provider": row["provider"],
            "model": row["model"],
            "plain": row["model"].rpartition("/")[2],
            "entry": None,
            "processing": "standard",
            "ts": PRICED_ON.isoformat(),
            "usage": {
                "fresh_input": row["input_tokens"] - row["cached_input_tokens"] - row["cache_write_tokens"],
                "cache_read": row["cached_input_tokens"],
                "cache_write_5m": row["cache_write_tokens"],
                "cache_write_1h": 0,
                "output": row["output_tokens"],
                "reasoning": row["reasoning_tokens"],
            },
        }
        for number, row in enumerate(unique.values())
    ]


def _rows(bodies: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for body in bodies:
        for usage, price_ in (
            (each["usage"], price_) for each in body["extracted"] for price_ in each["extractors"]
        ):
            if "model" in body:
                parts = [price_[key] for key in ("input_price", "output_price") if key in price_]
                whole = [price_["total_price"]] if "total_price" in price_ else parts
                yield {
                    "provider": price_["provider_id"],
                    "model": body["model"],
                    "media": any(word in key for key in usage for word in ("audio", "image", "video")),
                    "expected": sum(map(Decimal, whole), Decimal(0)) if whole else None,
                    **{ours: usage.get(theirs, 0) for ours, theirs in COUNTED.items()},
                }


def _usd(cost: int | None) -> Decimal | None:
    return None if cost is None else Decimal(cost).scaleb(-12)


def _is_named(model: Model, name: str) -> bool:
    """Whether an entry claims a name itself."""
    lowered, match = name.lower(), model.match
    return (
        lowered in match.exact
        or lowered.startswith(match.prefix)
        or lowered.endswith(match.suffix)
        or any(part in lowered for part in match.contains)
        or any(re.search(pattern, lowered, re.IGNORECASE) for pattern in match.regex)
    )
