from decimal import Decimal

import pytest

from costopt.calculators.gainshare.percentages import parse_percentage, parse_percentages
from costopt.errors import ConfigError


def test_percentages_are_each_there_once_and_ascend() -> None:
    assert parse_percentages("30, 20,25.50,20") == (Decimal(20), Decimal("25.5"), Decimal(30))
    assert parse_percentages("0,100") == (Decimal(0), Decimal(100))
    assert str(parse_percentage("-0")) == "0"


@pytest.mark.parametrize("text", ["", "a", "-1", "100.1", "nan", "inf", "25 %", "0.0000001", "1e400"])
def test_what_cannot_be_shared_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a percentage") as caught:
        parse_percentages(f"20,{text}")
    assert caught.value.hint == "write a number from 0 to 100 of at most 6 decimals, such as 25"
