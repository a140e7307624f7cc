"""From the savings of a contract's days in a month to what is asked for them: arithmetic, and nothing else.

Every amount is exact, but for two kinds that have no end of digits: a month's amount in the proportion of its days,
and US dollars in another currency. Those are rounded half up to 12 decimals where they come up; each is a
figure of the result, so that whoever adds up the figures gets the sum that is there. The amount due is rounded once, by
`rounded`, after everything else.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Final, NamedTuple

from costopt.calculators.gainshare.contracts import Contract, LosingMonth, Rounding, Tier
from costopt.models.money import EXACT, difference, half_up, total, trimmed
from costopt.models.result import Frozen

_STEP: Final = Decimal("1e-12")
_NOTHING: Final = Decimal(0)
_MODES: Final[dict[Rounding, str]] = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


class Days(NamedTuple):
    """How many days of a month a contract holds, and how many the month has."""

    held: int
    month: int


class TierShare(Frozen):
    """A tier's part of the savings.

    Attributes:
        above_usd: The savings above which it holds, in proportion to the days.
        up_to_usd: The savings up to which it holds; null in the last tier.
        percentage: The provider's.
        savings_usd: The shared savings that are in this tier.
        share_usd: The percentage of them.
        amount: The same in the contract's currency.
    """

    above_usd: Decimal
    up_to_usd: Decimal | None
    percentage: Decimal
    savings_usd: Decimal
    share_usd: Decimal
    amount: Decimal


class Settlement(Frozen):
    """What a contract asks for the savings of some days.

    Attributes:
        savings_usd: Baseline less actual; below 0 where the baseline would have been cheaper.
        carried_in_usd: Losses of earlier months that are not used up, as an amount above 0.
        carried_out_usd: The same after these days.
        floor_usd: The savings below which nothing is shared, in proportion to the days.
        shared_usd: What is shared: the savings less the losses carried in, never below 0, and 0 below the floor.
        tiers: The shares of it.
        share_usd: Their sum.
        exchange_usd: What one unit of the contract's currency is in US dollars.
        share: The sum of the tiers' amounts, in the contract's currency, as all that follows.
        base_fee: In proportion to the days.
        minimum: In proportion to the days.
        cap: In proportion to the days; null where there is none.
        raised: What the minimum adds.
        cut: What the cap takes away, as an amount above 0.
        amount: Share and base fee, raised and cut; not rounded.
    """

    savings_usd: Decimal
    carried_in_usd: Decimal
    carried_out_usd: Decimal
    floor_usd: Decimal
    shared_usd: Decimal
    tiers: tuple[TierShare, ...]
    share_usd: Decimal
    exchange_usd: Decimal
    share: Decimal
    base_fee: Decimal
    minimum: Decimal
    cap: Decimal | None
    raised: Decimal
    cut: Decimal
    amount: Decimal


def settle(
    contract: Contract, savings_usd: Decimal, carried_in_usd: Decimal, days: Days, exchange_usd: Decimal
) -> Settlement:
    """What is asked for the savings of some days of a month.

    Args:
        contract: The terms.
        savings_usd: Baseline less actual of these days.
        carried_in_usd: Losses of earlier months, as `carry` gives them.
        days: How many days of how many.
        exchange_usd: What one unit of the contract's currency is in US dollars.
    """
    with localcontext(EXACT):
        unshared, carried_out = carry(contract.losing_month, savings_usd, carried_in_usd)
        floor = prorated(contract.floor, days)
        shared = unshared if unshared >= floor else _NOTHING
        tiers = _by_tier(contract.tiers, shared, days, exchange_usd)
        share = total(tier.amount for tier in tiers)
        base_fee, minimum = prorated(contract.base_fee, days), prorated(contract.minimum, days)
        cap = None if contract.cap is None else prorated(contract.cap, days)
        raised = max(_NOTHING, minimum - share - base_fee)
        cut = _NOTHING if cap is None else max(_NOTHING, share + base_fee - cap)
        return Settlement(
            savings_usd=savings_usd,
            carried_in_usd=carried_in_usd,
            carried_out_usd=carried_out,
            floor_usd=floor,
            shared_usd=shared,
            tiers=tiers,
            share_usd=total(tier.share_usd for tier in tiers),
            exchange_usd=exchange_usd,
            share=share,
            base_fee=base_fee,
            minimum=minimum,
            cap=cap,
            raised=trimmed(raised),
            cut=trimmed(cut),
            amount=trimmed(share + base_fee + raised - cut),
        )


def carry(
    losing_month: LosingMonth, savings_usd: Decimal, carried_in_usd: Decimal
) -> tuple[Decimal, Decimal]:
    """What is left to share after earlier losses, and the losses that later months have to make up for.

    Over any run of months, what is left to share adds up to the savings of all of them plus the losses carried out:
    nothing is shared twice, and no loss is forgotten.
    """
    if losing_month == "nothing":
        return max(_NOTHING, savings_usd), _NOTHING
    balance = difference(savings_usd, carried_in_usd)
    return max(_NOTHING, balance), max(_NOTHING, balance.copy_negate())


def _by_tier(
    tiers: Sequence[Tier], shared: Decimal, days: Days, exchange_usd: Decimal
) -> tuple[TierShare, ...]:
    """Each tier's part, as with tax brackets."""
    above = [prorated(tier.above, days) for tier in tiers]
    found = []
    for number, tier in enumerate(tiers):
        up_to = above[number + 1] if number + 1 < len(tiers) else None
        top = shared if up_to is None else min(shared, up_to)
        inside = max(_NOTHING, top - above[number])
        share = share_of(inside, tier.percentage)
        found.append(
            TierShare(
                above_usd=above[number],
                up_to_usd=up_to,
                percentage=tier.percentage,
                savings_usd=trimmed(inside),
                share_usd=share,
                amount=share if exchange_usd == 1 else _stepped(share / exchange_usd),
            )
        )
    return tuple(found)


def share_of(savings_usd: Decimal, percentage: Decimal) -> Decimal:
    """A percentage of savings, exact; nothing where they are below 0."""
    return trimmed(EXACT.multiply(max(_NOTHING, savings_usd), percentage.scaleb(-2, EXACT)))


def prorated(amount: Decimal, days: Days) -> Decimal:
    """A month's amount for some of its days."""
    if days.held == days.month:
        return amount
    with localcontext(EXACT):
        return _stepped(amount * days.held / days.month)


def _stepped(amount: Decimal) -> Decimal:
    """An amount without an end of digits at 12 decimals."""
    return trimmed(half_up(amount, _STEP))


def rounded(amount: Decimal, rounding: Rounding, decimals: int) -> Decimal:
    """The amount due."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=_MODES[rounding], context=EXACT)
