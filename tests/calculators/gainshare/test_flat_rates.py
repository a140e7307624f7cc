from decimal import Decimal

import pytest

from costopt.calculators.gainshare.flat_rates import dearest, flat_cost
from costopt.errors import ConfigError


@pytest.mark.parametrize(
    ("tokens", "rate", "cost"),
    [
        (0, "0.03", "0"),
        (1, "0.03", "0.00003"),
        (1500, "0.03", "0.045"),
        (10**15, "0.03", "30000000000"),
        (10**15 + 1, "0.123456789012345", "123456789012.345123456789"),
        (1, "0.0000000005", "0.000000000001"),
        (1, "0.0000000004", "0"),
    ],
)
def test_a_flat_cost_is_rounded_half_up_to_a_pico_dollar(tokens: int, rate: str, cost: str) -> None:
    assert flat_cost(tokens, Decimal(rate)) == Decimal(cost)


def test_the_baseline_is_the_dearest_frontier_model() -> None:
    assert dearest({"a": Decimal("0.015"), "b": Decimal("0.03"), "c": Decimal("0.002")}) == "b"


def test_of_equally_dear_ones_it_is_the_first_by_name() -> None:
    assert dearest({"b": Decimal("0.03"), "a": Decimal("0.030"), "c": Decimal("0.002")}) == "a"


def test_without_a_frontier_model_there_is_no_baseline() -> None:
    with pytest.raises(ConfigError, match="There is no frontier model to compare with") as raised:
        dearest({})
    assert raised.value.hint == "set one: its name, and what a thousand tokens cost"
