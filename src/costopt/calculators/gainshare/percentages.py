"""Percentages that a provider may take: from 0 to 100."""

from decimal import Decimal, InvalidOperation
from typing import Final

from costopt.errors import ConfigError
from costopt.models.money import trimmed

_PLACES: Final = 6
_MOST: Final = 100


def parse_percentage(text: str) -> Decimal:
    """A percentage such as `25` or `33.3`.

    Raises:
        ConfigError: It is none, or is not from 0 to 100.
    """
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if found.is_finite() and 0 <= found <= _MOST and found == round(found, _PLACES):
        return trimmed(found.copy_abs())
    raise ConfigError(
        f"`{text}` is not a percentage that can be shared",
        hint=f"write a number from 0 to {_MOST} of at most {_PLACES} decimals, such as 25",
    )


def parse_percentages(text: str) -> tuple[Decimal, ...]:
    """Percentages such as `20,25,30`, each once, ascending.

    Raises:
        ConfigError: One of them is none, or is not from 0 to 100.
    """
    return tuple(sorted({parse_percentage(each) for each in text.split(",")}))
