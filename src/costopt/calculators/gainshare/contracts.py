"""What a provider and a customer agreed on: the share, in words that leave no case open.

- **Savings** are what the baseline would have cost less what was paid, in US dollars, of a calendar month in UTC.
- **share**: `percentage` of the savings, or by `tier`s, which work like tax brackets: each percentage holds for
  the part of the savings above its own `above`, up to that of the next tier.
- **floor**: savings below it are not shared at all; once they reach it, they are shared from the first dollar.
- **base_fee** is added to the share, in a losing month as well.
- **minimum** is the least that an invoice asks for, and **cap** the most; both include the base fee.
- **losing_month**: savings below 0 are never shared. With `nothing` they are forgotten; with `carry_forward` they
  reduce the savings of the contract's later months until they are used up, and what was shared before stays.
- `above` and `floor` are in US dollars, as savings are; `base_fee`, `minimum` and `cap` are in the contract's
  currency. All five are for a whole month: where a contract holds for some of its days only, they hold in that
  proportion.
- **start** and **end** are the first and the last day of the contract, both included, in UTC.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

from costopt.calculators.gainshare.months import Month
from costopt.errors import ConfigError
from costopt.models.result import Frozen
from costopt.models.words import matches

Rounding = Literal["half_up", "half_even"]
LosingMonth = Literal["nothing", "carry_forward"]
USD: Final = "USD"


class Tier(Frozen):
    """A percentage of the savings above an amount of US dollars a month, up to that of the next tier."""

    above: Decimal
    percentage: Decimal


class Baseline(Frozen):
    """What requests are compared with; the first that fits a request holds, and without one it has no baseline.

    Words are compared without regard to case, and `*` stands for any text.

    Attributes:
        model: A model of the catalog, or one of the frontier repository.
        flat: Whether the repository's flat rate holds even where the catalog has the model.
        capability: Only requests that need it; null for all. What they need is said in `baselines`.
        tag: Only requests with this tag; null for all.
        start: The first day on which it holds, UTC; null: that of the contract.
        end: The last day; null: that of the contract.
    """

    model: str
    flat: bool = False
    capability: str | None = None
    tag: str | None = None
    start: dt.date | None = None
    end: dt.date | None = None

    @property
    def words(self) -> str:
        """For people."""
        limits = [f"{name} {value}" for name, value in self._limits() if value is not None]
        return (
            self.model
            + (" (flat rate)" if self.flat else "")
            + (f" for {', '.join(limits)}" if limits else "")
            + (f" from {self.start}" if self.start else "")
            + (f" to {self.end}" if self.end else "")
        )

    def _limits(self) -> Iterable[tuple[str, str | None]]:
        return ("capability", self.capability), ("tag", self.tag)

    def covers(self, other: "Baseline") -> bool:
        """Whether it fits all that the other one fits."""
        limits = ((self.capability, other.capability), (self.tag, other.tag))
        return (
            all(own is None or matches((own,), theirs) for own, theirs in limits)
            and (self.start is None or (other.start is not None and self.start <= other.start))
            and (self.end is None or (other.end is not None and other.end <= self.end))
        )

    def days_in(self, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
        """The first and the last of these days on which it holds; the first is the later one where it does not."""
        return max(first, self.start or first), min(last, self.end or last)


class ExchangeRate(Frozen):
    """From a UTC day on (null: always), what one unit of the currency is in US dollars."""

    starts: dt.date | None
    usd: Decimal


class Contract(Frozen):
    """What one tenant agreed to; see the module's text for what each term means.

    Attributes:
        tenant: The customer, as the ledger has it.
        start: The first day, UTC.
        end: The last day; null where it has none.
        tiers: At least one, ascending.
        base_fee: In `currency`, a month.
        minimum: In `currency`, a month.
        cap: In `currency`, a month; null where there is none.
        floor: In US dollars, a month.
        baseline: At least one.
        currency: Of the invoice.
        exchange: Ascending; empty for US dollars.
        rounding: Of the amount due, once, at the end.
        decimals: To how many decimals.
        losing_month: What becomes of savings below 0.
    """

    tenant: str
    start: dt.date
    end: dt.date | None = None
    tiers: tuple[Tier, ...]
    base_fee: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    cap: Decimal | None = None
    floor: Decimal = Decimal(0)
    baseline: tuple[Baseline, ...]
    currency: str = USD
    exchange: tuple[ExchangeRate, ...] = ()
    rounding: Rounding = "half_up"
    decimals: int = 2
    losing_month: LosingMonth = "nothing"

    @property
    def last(self) -> dt.date:
        """The last day; where there is none, the last of all."""
        return self.end or dt.date.max

    @property
    def sha256(self) -> str:
        """The digest of its terms: the same wherever its file is and however that is written."""
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()

    def days_in(self, month: Month) -> tuple[dt.date, dt.date] | None:
        """The first and the last day of a month on which it holds; none where it does not."""
        first, last = max(self.start, month.first), min(self.last, month.last)
        return (first, last) if first <= last else None

    def exchange_on(self, day: dt.date) -> ExchangeRate | None:
        """The rate of exchange of a day of the contract; none for US dollars."""
        known = [rate for rate in self.exchange if rate.starts is None or rate.starts <= day]
        return known[-1] if known else None


def contracts_in(contracts: Iterable[Contract], tenant: str, month: Month) -> tuple[Contract, ...]:
    """A tenant's contracts that hold on some day of a month, in the order of their days.

    Raises:
        ConfigError: There are none.
    """
    own = sorted((each for each in contracts if each.tenant == tenant), key=lambda each: each.start)
    found = tuple(each for each in own if each.days_in(month))
    if found:
        return found
    if not own:
        raise ConfigError(
            f"There is no contract with `{tenant}`",
            hint="add a `[[contract]]` with this `tenant`, spelled the same",
        )
    periods = ", ".join(f"{each.start} – {each.end or 'on'}" for each in own)
    raise ConfigError(
        f"No contract with `{tenant}` holds in {month}", hint=f"its contracts hold in: {periods}"
    )
