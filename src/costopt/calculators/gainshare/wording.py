"""How a contract's amount comes about, in sentences with the numbers in them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from costopt.calculators.gainshare.contracts import USD, Contract, ExchangeRate
from costopt.calculators.gainshare.settling import Days, Settlement, TierShare
from costopt.models.money import difference, exact_usd, total

_ROUNDED: Final = {"half_up": "half up", "half_even": "half to even"}


def money(amount: Decimal, currency: str) -> str:
    """An amount with every digit: `$1,234.50`, `1,234.50 EUR`."""
    dollars = exact_usd(amount)
    return dollars if currency == USD else f"{dollars.replace('$', '', 1)} {currency}"


def in_words(
    contract: Contract,
    settlement: Settlement,
    costs: tuple[Decimal, Decimal],
    days: Days,
    exchange: ExchangeRate | None,
) -> tuple[str, ...]:
    """How the amount of some days comes about, from what the baseline would have cost and what was paid."""
    baseline, actual = (exact_usd(each) for each in costs)
    return (
        f"Savings: {baseline} (baseline) less {actual} (actual) = {exact_usd(settlement.savings_usd)}",
        *_losses(contract, settlement),
        *_floor(settlement),
        *_share(settlement),
        *_exchange(contract, settlement, exchange),
        *_base_fee(contract, settlement, days),
        *_bounds(contract, settlement, days),
    )


def _losses(contract: Contract, settlement: Settlement) -> Iterator[str]:
    if settlement.carried_in_usd:
        yield (
            f"Earlier losses: {exact_usd(settlement.savings_usd)} less {exact_usd(settlement.carried_in_usd)}"
            f" carried into this month = {exact_usd(_balance(settlement))}"
        )
    if settlement.carried_out_usd:
        yield f"Nothing is left to share; losses of {exact_usd(settlement.carried_out_usd)} are carried into later months"
    elif settlement.savings_usd < 0 and contract.losing_month == "nothing":
        yield "Nothing is shared of a loss, and it is not carried into later months"


def _balance(settlement: Settlement) -> Decimal:
    return difference(settlement.savings_usd, settlement.carried_in_usd)


def _floor(settlement: Settlement) -> Iterator[str]:
    if 0 < _balance(settlement) < settlement.floor_usd:
        yield f"Floor: nothing is shared of savings below {exact_usd(settlement.floor_usd)}"


def _share(settlement: Settlement) -> Iterator[str]:
    taken = [_of_tier(tier) for tier in settlement.tiers if tier.savings_usd]
    if taken:
        yield f"Share: {' + '.join(taken)} = {exact_usd(settlement.share_usd)}"
    elif settlement.shared_usd:
        yield f"Share: no tier begins below {exact_usd(settlement.shared_usd)} = $0.00"
    else:
        yield "Share: $0.00"


def _of_tier(tier: TierShare) -> str:
    part = f" between {exact_usd(tier.above_usd)} and {exact_usd(tier.up_to_usd)}" if tier.up_to_usd else ""
    above = f" above {exact_usd(tier.above_usd)}" if tier.above_usd and not part else ""
    return f"{tier.percentage} % of the {exact_usd(tier.savings_usd)}{part or above}"


def _exchange(contract: Contract, settlement: Settlement, exchange: ExchangeRate | None) -> Iterator[str]:
    if exchange:
        since = f", in force since {exchange.starts}" if exchange.starts else ""
        share = money(settlement.share, contract.currency)
        yield (
            f"In {contract.currency}: {exact_usd(settlement.share_usd)} at 1 {contract.currency} ="
            f" {exact_usd(exchange.usd)} (the rate of the last day{since}) = {share}"
        )


def _base_fee(contract: Contract, settlement: Settlement, days: Days) -> Iterator[str]:
    if settlement.base_fee:
        fee = money(settlement.base_fee, contract.currency)
        sum_ = money(total((settlement.share, settlement.base_fee)), contract.currency)
        yield f"Base fee: {money(settlement.share, contract.currency)} + {fee}{_of_days(days)} = {sum_}"


def _bounds(contract: Contract, settlement: Settlement, days: Days) -> Iterator[str]:
    if settlement.raised:
        minimum = money(settlement.minimum, contract.currency)
        yield f"Minimum: raised by {money(settlement.raised, contract.currency)} to {minimum}{_of_days(days)}"
    if settlement.cut and settlement.cap is not None:
        cap = money(settlement.cap, contract.currency)
        yield f"Cap: cut by {money(settlement.cut, contract.currency)} to {cap}{_of_days(days)}"


def _of_days(days: Days) -> str:
    return "" if days.held == days.month else f" ({days.held} of {days.month} days of the month's amount)"


def rounding_in_words(amounts: Sequence[Decimal], amount_due: Decimal, terms: Contract) -> tuple[str, ...]:
    """How the parts' amounts become the amount due."""
    whole = money(total(amounts), terms.currency)
    parts = [money(amount, terms.currency) for amount in amounts]
    added = (f"Together: {' + '.join(parts)} = {whole}",) if len(parts) > 1 else ()
    due = money(amount_due, terms.currency)
    to = f"{terms.decimals} decimals" if terms.decimals != 1 else "1 decimal"
    return (*added, f"Amount due: {whole} rounded {_ROUNDED[terms.rounding]} to {to}, once = {due}")
