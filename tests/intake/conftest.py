"""What the tests of the intake share: a whole log, read as the pipeline reads it."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from costopt.intake.formats.format import Wishes
from costopt.intake.partitions import PARTITION_BYTES, partitions
from costopt.intake.reading import Reader
from costopt.intake.sources import Source
from costopt.models.schema import REQUESTS

Read = tuple[pl.DataFrame, list[tuple[int | None, str]]]


@pytest.fixture
def read() -> Callable[..., Read]:
    """Gives a log's requests, and line and reason of each reject; wishes are those of `Wishes`."""

    def whole(
        path: str,
        *,
        size: int = PARTITION_BYTES,
        wanted: tuple[str, ...] = tuple(REQUESTS),
        **wishes: Any,  # noqa: ANN401 - passed on
    ) -> Read:
        reader = Reader(Wishes(**wishes), wanted)
        frames: list[pl.DataFrame] = []
        rejects: list[tuple[int | None, str]] = []
        for partition in partitions(Source(path), size):
            requests = reader.read(partition)
            frames += [requests.frame] if requests.frame is not None else []
            rejects += [(reject.line, reject.reason) for reject in requests.rejects]
        return pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame(), rejects

    return whole
