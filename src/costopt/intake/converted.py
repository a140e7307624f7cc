"""What a converted file says of where it is from."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from costopt.models.intake import CatalogReport, Converted, IntakeReport

METADATA: Final = "costopt"
"""The key of a Parquet file's metadata under which it stands."""


def is_one_conversion(paths: Sequence[str]) -> bool:
    """Whether all logs are files of one conversion, each named once: no request in them is a duplicate."""
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        return False
    ids = set()
    for path in paths:
        if not path.endswith(".parquet") or not Path(path).is_file():
            return False
        try:
            found = converted_from(pl.read_parquet_metadata(path))
        except pl.exceptions.PolarsError:
            return False
        ids.add(found and found.id)
    return len(ids) == 1 and None not in ids


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


def metadata_of(intake: IntakeReport, catalog: CatalogReport) -> dict[str, str]:
    """The metadata of every converted file: where it is from, and the whole report on what was read."""
    told = {
        "converted": provenance_of(intake).model_dump(mode="json"),
        "intake": intake.model_dump(mode="json"),
        "catalog": catalog.model_dump(mode="json"),
    }
    return {METADATA: json.dumps(told, sort_keys=True)}


def converted_from(metadata: Mapping[str, str]) -> Converted | None:
    """Where a converted file is from, or None if it is no converted file."""
    told = metadata.get(METADATA)
    return Converted.model_validate(json.loads(told)["converted"]) if told else None
