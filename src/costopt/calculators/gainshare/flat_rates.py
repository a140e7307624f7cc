"""The flat rates of frontier models: what tokens cost at one, and which is the highest."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from costopt.errors import ConfigError
from costopt.models.money import EXACT, half_up

_PICO: Final = Decimal("1e-12")


def flat_cost(tokens: int, cost_per_1k_tokens_usd: Decimal) -> Decimal:
    """What tokens cost at a flat rate: `tokens / 1000 * rate`, rounded half up to a pico-dollar."""
    return half_up(EXACT.multiply(Decimal(tokens), cost_per_1k_tokens_usd.scaleb(-3, EXACT)), _PICO)


def dearest(rates: Mapping[str, Decimal]) -> str:
    """The model with the highest rate: the baseline, unless another one is named. Of equal ones the first by name.

    Raises:
        ConfigError: if there is none.
    """
    if not rates:
        raise ConfigError(
            "There is no frontier model to compare with",
            hint="set one: its name, and what a thousand tokens cost",
        )
    return min(rates, key=lambda name: (-rates[name], name))
