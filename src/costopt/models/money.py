"""Money: whole pico-dollars inside, `Decimal` dollars in results, rounded once at the edge."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final

PICO_PER_USD: Final = 10**12
EXACT: Final = Context(prec=100)
"""For amounts of any size: a sum of pico-dollars may have 39 digits, and the usual context rounds at 28."""
_CENT: Final = Decimal("0.01")


def usd(pico: int) -> Decimal:
    """Pico-dollars as exact US dollars, without trailing zeros."""
    return trimmed(Decimal(pico).scaleb(-12, EXACT))


def trimmed(value: Decimal) -> Decimal:
    """The same amount without trailing zeros, and without a power of ten."""
    shortest = value.normalize(EXACT)
    return shortest if _exponent(shortest) <= 0 else half_up(shortest, Decimal(1))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """An exact sum."""
    with localcontext(EXACT):
        return trimmed(sum(amounts, Decimal(0)))


def difference(amount: Decimal, less: Decimal) -> Decimal:
    """An amount less another one, exact."""
    return trimmed(EXACT.subtract(amount, less))


def half_up(value: Decimal, step: Decimal) -> Decimal:
    """A number rounded half up to the digits of a step, such as `Decimal("0.01")`."""
    return value.quantize(step, rounding=ROUND_HALF_UP, context=EXACT)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, str):
        raise TypeError(f"money is finite, not {value}")
    return exponent


def to_cents(amount: Decimal) -> Decimal:
    """US dollars rounded half up to cents, as an invoice does."""
    return half_up(amount, _CENT)


def percent(part: Decimal | int, whole: Decimal | int, digits: int = 4) -> Decimal:
    """`part` in percent of `whole`, rounded half up; 0 where `whole` is 0."""
    if not whole:
        return Decimal(0)
    share = EXACT.divide(EXACT.multiply(Decimal(part), 100), Decimal(whole))
    return trimmed(half_up(share, Decimal(1).scaleb(-digits)))


def exact_usd(amount: Decimal) -> str:
    """US dollars with every digit, cents at least.

    >>> exact_usd(Decimal("5")), exact_usd(Decimal("0.125")), exact_usd(Decimal("1234.5"))
    ('$5.00', '$0.125', '$1,234.50')
    """
    sign = "-" if amount < 0 else ""
    digits = max(2, -_exponent(amount.normalize(EXACT)))
    return f"{sign}${amount.copy_abs():,.{digits}f}"


def format_usd(amount: Decimal) -> str:
    """US dollars for people: cents from a cent up, four significant digits below.

    >>> format_usd(Decimal("1234.565")), format_usd(Decimal("-0.00123456"))
    ('$1,234.57', '-$0.001235')
    """
    sign = "-" if amount < 0 else ""
    size = amount.copy_abs()
    if size == 0 or size >= _CENT:
        return f"{sign}${to_cents(size):,}"
    places = 3 - size.adjusted()
    rounded = half_up(size, Decimal(1).scaleb(-min(places, 12)))
    return f"{sign}${min(_CENT, rounded):f}"
