"""What a `rate_id` stands for, and the rates behind it.

A request's `rate_id` says which price it gets: model x price row x mode x context tier. Whatever is summed by
`rate_id` can be priced after the sum, because cost is linear in tokens once the rate is known.
"""

from typing import Final, NamedTuple

from costopt.pricing.entries import MODES, RATE_FIELDS, Catalog, ModePrice, PriceRow, Rates
from costopt.pricing.lending import model_of

UNKNOWN_MODEL: Final = -1
NO_RATE_FOR_DATE: Final = -2
NO_RATE_FOR_TOKENS: Final = -3
NOTHING: Final = -4
"""The rate of a request that failed and used nothing: whatever its model, it costs 0."""
_TIERS: Final = 64
_MODES: Final = 8
_ROWS: Final = 1024

OTHER_MODE: Final = len(MODES)
"""The mode of a request whose mode no catalog knows; it has no price."""


class RateKey(NamedTuple):
    """What a `rate_id` stands for: the number of the model (`lending.model_of`), the index of its price row, of the mode, and the tier."""

    model: int
    row: int
    mode: int
    tier: int

    @property
    def rate_id(self) -> int:
        """All four in one number."""
        return ((self.model * _ROWS + self.row) * _MODES + self.mode) * _TIERS + self.tier


def rate_key(rate_id: int) -> RateKey:
    """The four numbers a `rate_id` is made of; it must not be negative."""
    rest, tier = divmod(rate_id, _TIERS)
    rest, mode = divmod(rest, _MODES)
    model, row = divmod(rest, _ROWS)
    return RateKey(model, row, mode, tier)


def rates_of(catalog: Catalog, rate_id: int, mode: str | None = None) -> Rates | None:
    """The rates behind a `rate_id`, or those of the same request in another mode; `None` where there are none."""
    if rate_id == NOTHING:
        return _FREE
    if rate_id < 0:
        return None
    key = rate_key(rate_id)
    row = model_of(catalog, key.model).prices[key.row]
    wanted = mode or (MODES[key.mode] if key.mode < OTHER_MODE else "")
    price = row.modes.get(wanted)
    return _in_tier(price, thresholds_of(row), key.tier) if price else None


_FREE: Final = Rates(**dict.fromkeys(RATE_FIELDS, 0))


def thresholds_of(row: PriceRow) -> list[int]:
    """The prompt sizes above which some mode of this row changes its rates."""
    return sorted({tier.above for price in row.modes.values() for tier in price.tiers})


def _in_tier(price: ModePrice, thresholds: list[int], tier: int) -> Rates:
    passed = thresholds[tier - 1] if tier else -1
    reached = [step.rates for step in price.tiers if step.above <= passed]
    return reached[-1] if reached else price.rates


def why_unpriced(rate_id: int) -> str:
    """Why a `rate_id` without rates has none."""
    match rate_id:
        case -1:
            return "unknown_model"
        case -2:
            return "no_rate_for_date"
        case -3:
            return "no_rate_for_tokens"
        case _:
            return "no_rate_for_mode"
