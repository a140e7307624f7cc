"""Calendar months in UTC, which is what a contract counts in."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from costopt.errors import ConfigError

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; earlier ones are smaller."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, self.number, 1)

    @property
    def last(self) -> dt.date:
        """Its last day."""
        return dt.date(self.year, self.number, self.days)

    @property
    def days(self) -> int:
        """How many days it has."""
        return calendar.monthrange(self.year, self.number)[1]

    @property
    def following(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)


def month_of(day: dt.date) -> Month:
    """The month that a day is in."""
    return Month(day.year, day.month)


def parse_month(text: str) -> Month:
    """A month such as `2026-10`.

    Raises:
        ConfigError: It is not one.
    """
    found = _MONTH.fullmatch(text.strip())
    if found and dt.MINYEAR <= int(found[1]) < dt.MAXYEAR and 1 <= int(found[2]) <= 12:  # noqa: PLR2004
        return Month(int(found[1]), int(found[2]))
    raise ConfigError(f"`{text}` is not a month", hint="write `2026-10`")
