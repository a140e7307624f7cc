"""What every result is: a frozen value that prints as JSON with a version and a kind."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import ClassVar, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

FORMAT_VERSION: Final = 1
"""Of the JSON output: raised when a key is renamed, removed or changes meaning; a new key does not raise it."""

Basis = Literal["exact", "estimated", "measured"]
"""What a saving rests on: the same tokens at catalog prices; a model or an assumption; before and after."""

T = TypeVar("T")


class Frozen(BaseModel):
    """An immutable value with no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Result(Frozen):
    """What a calculator returns; `kind` names it in JSON."""

    kind: ClassVar[str]


class OnDemand(Generic[T]):
    """Values of a result that are made whenever one goes through them: they may be more than memory holds.

    Args:
        count: How many there are.
        values: Makes them, the same each time.
    """

    __slots__ = ("_count", "_values")

    def __init__(self, count: int, values: Callable[[], Iterator[T]]) -> None:
        self._count = count
        self._values = values

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        return self._values()


class Period(Frozen):
    """From the first to the last request, UTC; both null where there is none.

    A filter shortens it only by what it says of `timestamp`, so that what a part costs a day adds up to the whole.
    """

    start: dt.datetime | None
    end: dt.datetime | None

    @property
    def days(self) -> Decimal:
        """Length in days, at least one: a shorter log is not blown up to a month."""
        if self.start is None or self.end is None:
            return Decimal(1)
        return max(Decimal(1), Decimal(str((self.end - self.start).total_seconds())) / 86400)


class Aside(Frozen):
    """Requests that a result leaves aside.

    Attributes:
        requests: How many.
        actual_cost_usd: What those with a known cost did cost.
    """

    requests: int
    actual_cost_usd: Decimal


class Lever(Frozen):
    """One thing to do about the bill.

    Attributes:
        lever: What it is called; also the command that shows it.
        saving_usd: What it would have saved over the log's period.
        low_usd: The least it would have saved, given what is not known.
        high_usd: The most.
        monthly_usd: `saving_usd` scaled to a month of 365.25 / 12 days.
        basis: What the figure rests on.
        summary: One line for people.
    """

    lever: str
    saving_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    monthly_usd: Decimal
    basis: Basis
    summary: str
