"""Money: whole pico-dollars inside, `Decimal` dollars in results, rounded once at the edge."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

PICO_PER_USD: Final = 10**12
_CENT: Final = Decimal("0.01")


def usd(pico: int) -> Decimal:
    """Pico-dollars as exact US dollars, without trailing zeros."""
    value = Decimal(pico).scaleb(-12)
    trimmed = value.normalize()
    return trimmed if _exponent(trimmed) <= 0 else trimmed.quantize(Decimal(1))


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, str):
        raise TypeError(f"money is finite, not {value}")
    return exponent


def to_cents(amount: Decimal) -> Decimal:
    """US dollars rounded half up to cents, as an invoice does."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def percent(part: Decimal | int, whole: Decimal | int, digits: int = 4) -> Decimal:
    """`part` in percent of `whole`, rounded half up; 0 where `whole` is 0."""
    if not whole:
        return Decimal(0)
    share = Decimal(part) * 100 / Decimal(whole)
    rounded = share.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP).normalize()
    return rounded if _exponent(rounded) <= 0 else rounded.quantize(Decimal(1))


def exact_usd(amount: Decimal) -> str:
    """US dollars with every digit, cents at least.

    >>> exact_usd(Decimal("5")), exact_usd(Decimal("0.125")), exact_usd(Decimal("1234.5"))
    ('$5.00', '$0.125', '$1,234.50')
    """
    digits = max(2, -_exponent(amount.normalize()))
    return f"${amount:,.{digits}f}"


def format_usd(amount: Decimal) -> str:
    """US dollars for people: cents from a cent up, four significant digits below.

    >>> format_usd(Decimal("1234.565")), format_usd(Decimal("-0.00123456"))
    ('$1,234.57', '-$0.001235')
    """
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    if size == 0 or size >= _CENT:
        return f"{sign}${to_cents(size):,}"
    places = 3 - size.adjusted()
    rounded = size.quantize(Decimal(1).scaleb(-min(places, 12)), rounding=ROUND_HALF_UP)
    return f"{sign}${min(_CENT, rounded):f}"
