"""Time buckets: how `--every` splits a period."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from costopt.errors import ConfigError

Every = Literal["1h", "1d", "1w", "1mo"]
_AGE: Final = re.compile(r"(\d{1,5})(h|d|w)")
_HOURS: Final = {"h": 1, "d": 24, "w": 24 * 7}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket width in a time zone; weeks begin on Monday."""

    every: Every
    zone: str = "UTC"

    def start_of(self, timestamp: str = "timestamp") -> pl.Expr:
        """The bucket a UTC timestamp falls in, as the local date (for hours: time) at which it begins."""
        local = pl.col(timestamp)
        if self.zone != "UTC":
            local = local.dt.convert_time_zone(self.zone)
        if self.every == "1d":
            return local.dt.date().alias("period")
        start = local.dt.replace_time_zone(None).dt.truncate(self.every)
        return (start if self.every == "1h" else start.dt.date()).alias("period")


def check_zone(name: str) -> str:
    """The name of a time zone that exists; raises `ConfigError` for any other."""
    try:
        ZoneInfo(name)
        pl.Series(dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(
            f"`{name}` is not a time zone", hint="use a name such as `UTC` or `Europe/Berlin`"
        ) from error
    return name


def parse_moment(text: str, zone: str) -> dt.datetime:
    """A date or an ISO time as an instant; one without an offset is local to `zone`.

    Raises:
        ConfigError: if it is neither.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
        local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return local.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"`{text}` is not a time", hint="write `2026-10-01` or `2026-10-01T08:00`"
        ) from error


def parse_age(text: str) -> dt.timedelta:
    """An age such as `36h`, `7d` or `4w`.

    Raises:
        ConfigError: if it is not one.
    """
    match = _AGE.fullmatch(text.strip())
    if not match:
        raise ConfigError(f"`{text}` is not an age", hint="write `36h`, `7d` or `4w`")
    return dt.timedelta(hours=int(match[1]) * _HOURS[match[2]])
