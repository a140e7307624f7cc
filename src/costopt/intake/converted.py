"""What a converted file says of where it is from."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from costopt.models.intake import CatalogReport, Converted, IntakeReport

METADATA: Final = "costopt"
"""The key of a Parquet file's metadata under which it stands."""


def is_one_conversion(paths: Sequence[str]) -> bool:
    """Whether all logs are different parts of one conversion, so that no request in them is a duplicate."""
    parts = list(map(_part_of, paths))
    whole = len(parts) == 1 and parts[0] is not None
    days = {part for part in parts if part and part.day}
    return whole or (len(days) == len(parts) and len({part.conversion for part in days}) == 1)


class _Part(NamedTuple):
    """Which conversion a file is of, and which day it holds; empty is all days."""

    conversion: str
    day: str


def _part_of(path: str) -> _Part | None:
    """What a local file says; None if it is no converted file."""
    if not path.endswith(".parquet") or not Path(path).is_file():
        return None
    try:
        told = pl.read_parquet_metadata(path).get(METADATA)
    except pl.exceptions.PolarsError:
        return None
    found = json.loads(told) if told else None
    return found and _Part(found["converted"]["id"], found["day"])


def provenance_of(intake: IntakeReport) -> Converted:
    """What files say of their conversion; the same intake, the same id."""
    told = intake.model_dump_json()
    return Converted(
        id=hashlib.sha256(told.encode()).hexdigest()[:16],
        files=intake.files,
        requests=intake.requests,
        rejected=intake.rejected,
        duplicates=intake.duplicates,
        duplicates_usd=intake.duplicates_usd,
        others=intake.others,
    )


def metadata_of(intake: IntakeReport, catalog: CatalogReport, day: dt.date | None) -> dict[str, str]:
    """The metadata of a converted file: where it is from, the report on what was read, and the day that it holds."""
    told = {
        "day": day.isoformat() if day else "",
        "converted": provenance_of(intake).model_dump(mode="json"),
        "intake": intake.model_dump(mode="json"),
        "catalog": catalog.model_dump(mode="json"),
    }
    return {METADATA: json.dumps(told, sort_keys=True)}


def converted_from(metadata: Mapping[str, str]) -> Converted | None:
    """Where a converted file is from, or None if it is no converted file."""
    told = metadata.get(METADATA)
    return Converted.model_validate(json.loads(told)["converted"]) if told else None
