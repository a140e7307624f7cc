from decimal import Decimal

import pytest
from savings import contract

from costopt.calculators.gainshare.contracts import Contract, Rounding
from costopt.calculators.gainshare.settling import (
    Days,
    Settlement,
    carry,
    prorated,
    rounded,
    settle,
    share_of,
)

WHOLE = Days(31, 31)


def settled(
    terms: Contract, savings: str, carried: str = "0", days: Days = WHOLE, exchange: str = "1"
) -> Settlement:
    return settle(terms, Decimal(savings), Decimal(carried), days, Decimal(exchange))


def test_a_percentage_of_the_savings_is_asked_for() -> None:
    found = settled(contract("25"), "1000.123456789012")

    assert found.share_usd == found.share == found.amount == Decimal("250.030864197253")
    assert str(found.shared_usd) == "1000.123456789012"


def test_no_digit_of_a_share_in_dollars_is_lost_whatever_its_size() -> None:
    found = settled(contract("33.333333"), "98765432109876543210.123456789012")

    assert str(found.amount) == "32921810374074074037.11934156259247736996"


@pytest.mark.parametrize(
    ("savings", "percentage", "share"),
    [
        ("100", "30", "30"),
        ("100", "0", "0"),
        ("100", "100", "100"),
        ("0.000000000001", "12.5", "0.000000000000125"),
        ("0", "30", "0"),
        ("-5", "30", "0"),
    ],
)
def test_a_share_is_of_what_was_saved_and_never_of_a_loss(savings: str, percentage: str, share: str) -> None:
    assert f"{share_of(Decimal(savings), Decimal(percentage)):f}" == share


def test_tiers_work_like_tax_brackets() -> None:
    terms = contract(tiers=[("0", "20"), ("1000", "25"), ("10000", "10")])

    assert [settled(terms, savings).amount for savings in ("0", "1000", "1004", "10000", "10010")] == [
        Decimal(0),
        Decimal(200),
        Decimal(201),
        Decimal(2450),
        Decimal(2451),
    ]
    assert [tier.savings_usd for tier in settled(terms, "1004").tiers] == [1000, 4, 0]
    assert [tier.up_to_usd for tier in settled(terms, "1004").tiers] == [1000, 10000, None]


def test_a_first_tier_above_0_leaves_what_is_below_it_to_the_customer() -> None:
    terms = contract(tiers=[("1000", "50")])

    assert [settled(terms, savings).amount for savings in ("999", "1000", "1002")] == [0, 0, 1]


@pytest.mark.parametrize(
    ("savings", "amount"), [("-1", "0"), ("999.99", "0"), ("1000", "250"), ("1001", "250.25")]
)
def test_below_the_floor_nothing_is_shared_and_from_it_on_everything(savings: str, amount: str) -> None:
    assert settled(contract(floor="1000"), savings).amount == Decimal(amount)


def test_the_base_fee_is_added_in_a_losing_month_too() -> None:
    assert settled(contract(base_fee="500"), "100").amount == 525
    assert settled(contract(base_fee="500"), "-100").amount == 500


@pytest.mark.parametrize(
    ("savings", "amount", "raised", "cut"),
    [
        ("-50", "600", "100", "0"),
        ("400", "600", "0", "0"),
        ("800", "700", "0", "0"),
        ("804", "700", "0", "1"),
    ],
)
def test_minimum_and_cap_bound_what_is_asked_for_base_fee_included(
    savings: str, amount: str, raised: str, cut: str
) -> None:
    found = settled(contract(base_fee="500", minimum="600", cap="700"), savings)

    assert [found.amount, found.raised, found.cut] == [Decimal(amount), Decimal(raised), Decimal(cut)]


def test_a_losing_month_has_no_share_and_is_forgotten_unless_agreed_otherwise() -> None:
    found = settled(contract(), "-40")

    assert [found.savings_usd, found.shared_usd, found.share_usd, found.amount] == [-40, 0, 0, 0]
    assert found.carried_out_usd == 0


def test_losses_carried_forward_reduce_later_savings_until_they_are_used_up() -> None:
    terms = contract(losing_month="carry_forward")
    carried, seen = "0", []
    for savings in ("-100", "30", "-10", "79", "21", "40"):
        found = settled(terms, savings, carried)
        carried = str(found.carried_out_usd)
        seen.append((savings, str(found.shared_usd), carried))

    assert seen == [
        ("-100", "0", "100"),
        ("30", "0", "70"),
        ("-10", "0", "80"),
        ("79", "0", "1"),
        ("21", "20", "0"),
        ("40", "40", "0"),
    ]


def test_a_floor_looks_at_what_is_left_after_earlier_losses() -> None:
    terms = contract(losing_month="carry_forward", floor="50")

    assert settled(terms, "100", "51").amount == 0
    assert settled(terms, "100", "51").carried_out_usd == 0
    assert settled(terms, "100", "50").amount == Decimal("12.5")


def test_what_is_forgotten_is_not_carried() -> None:
    assert list(carry("nothing", Decimal(-5), Decimal(0))) == [0, 0]
    assert list(carry("carry_forward", Decimal(5), Decimal(5))) == [0, 0]
    assert str(carry("carry_forward", Decimal(5), Decimal(5))[1]) == "0"


def test_all_amounts_of_a_month_hold_in_the_proportion_of_its_days() -> None:
    terms = contract(
        tiers=[("0", "20"), ("3000", "10")], base_fee="300", minimum="600", cap="900", floor="30.000001"
    )
    found = settled(terms, "2000", days=Days(10, 30))

    assert [tier.above_usd for tier in found.tiers] == [0, 1000]
    assert [found.base_fee, found.minimum, found.cap] == [100, 200, 300]
    assert found.floor_usd == Decimal("10.000000333333")
    assert [found.share, found.cut, found.amount] == [300, 100, 300]


def test_a_part_of_a_months_amount_has_12_decimals() -> None:
    assert str(prorated(Decimal(500), Days(16, 31))) == "258.064516129032"
    assert str(prorated(Decimal("500.123456"), WHOLE)) == "500.123456"


def test_only_the_share_is_exchanged_for_fees_are_in_the_contracts_currency() -> None:
    terms = contract(currency="EUR", exchange=({"starts": None, "usd": "1.08"},), base_fee="500", cap="600")
    found = settled(terms, "1000", exchange="1.08")

    assert [str(found.share_usd), str(found.share)] == ["250", "231.481481481481"]
    assert [found.base_fee, found.cut, found.amount] == [500, Decimal("131.481481481481"), 600]


@pytest.mark.parametrize(
    ("amount", "rounding", "decimals", "due"),
    [
        ("0.125", "half_up", 2, "0.13"),
        ("0.125", "half_even", 2, "0.12"),
        ("0.1249999999999999999999999999999999", "half_up", 2, "0.12"),
        ("12345678901234567890123456789012345.675", "half_up", 2, "12345678901234567890123456789012345.68"),
        ("0.5", "half_up", 0, "1"),
        ("0.5", "half_even", 0, "0"),
        ("7", "half_up", 2, "7.00"),
    ],
)
def test_the_amount_due_is_rounded_as_agreed(
    amount: str, rounding: Rounding, decimals: int, due: str
) -> None:
    assert str(rounded(Decimal(amount), rounding, decimals)) == due
