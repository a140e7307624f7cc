from collections.abc import Callable
from decimal import Decimal

import pytest

from costopt.pricing.catalog import Catalog

Stacked = Callable[..., Catalog]
Refused = Callable[..., str]
Rate = Callable[..., Decimal | None]

PRICE = '[[model]]\nprovider = "own"\nid = "llama"\n[[model.price]]\n'


@pytest.mark.parametrize(
    ("hours", "expected", "output"),
    [
        ("per_hour = 3.6\ntokens_per_second = 1000", "1", "1"),
        ("per_hour = 18\ntokens_per_second = 2_500", "2", "2"),
        ("per_hour = 3.6\ninput_tokens_per_second = 1000\noutput_tokens_per_second = 100", "1", "10"),
        ("per_hour = 2.49\ntokens_per_second = 1700", "0.406863", "0.406863"),  # 0.40686274...
        ("per_hour = 0.000018\ntokens_per_second = 10", "0.000500", "0.000500"),
        (
            "per_hour = 9\ntokens_per_second = 1_000_000_000",
            "0.000003",
            "0.000003",
        ),  # 2.5 pico-dollars, half up
    ],
)
def test_a_token_costs_its_share_of_the_hour(
    stacked: Stacked, rate: Rate, hours: str, expected: str, output: str
) -> None:
    catalog = stacked(PRICE + hours)

    assert rate(catalog, "own/llama") == Decimal(expected)
    assert rate(catalog, "own/llama", kind="output") == Decimal(output)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("per_hour = 3.60\ntokens_per_second = 1500", "3.6 an hour, 1,500 tokens a second"),
        (
            "per_hour = 1000\ninput_tokens_per_second = 1000\noutput_tokens_per_second = 12.5",
            "1,000 an hour, 1,000 input tokens a second, 12.5 output tokens a second",
        ),
    ],
)
def test_a_price_says_of_what_hours_it_is_made(stacked: Stacked, hours: str, expected: str) -> None:
    assert stacked(PRICE + hours).models[0].prices[0].basis == (expected,)


def test_other_rates_and_modes_stand_beside_hours(stacked: Stacked, rate: Rate) -> None:
    others = "cached_input = 0\nbatch_input = 0.5\nbatch_cached_input = 0\n[model.price.mode.flex]\ninput = 2\ncached_input = 0"
    catalog = stacked(f"{PRICE}per_hour = 3.6\ntokens_per_second = 1000\n{others}")

    found = [rate(catalog, "own/llama", kind=kind) for kind in ("input", "cached_input", "output")]
    assert found == [1, 0, 1]
    assert [rate(catalog, "own/llama", mode=mode) for mode in ("batch", "flex")] == [Decimal("0.5"), 2]


def test_a_price_that_is_written_out_has_no_basis(stacked: Stacked) -> None:
    assert stacked(PRICE + "input = 1").models[0].prices[0].basis == ()


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        (
            "tokens_per_second = 1",
            (
                "line 6: model `own/llama`: price 1: `per_hour` is missing\n"
                "add `per_hour`, what the machine costs an hour"
            ),
        ),
        (
            "per_hour = 1",
            (
                "line 6: model `own/llama`: price 1: `input_tokens_per_second` is missing\n"
                "add `input_tokens_per_second`, the tokens it does in a second"
            ),
        ),
        ("per_hour = 1\ninput_tokens_per_second = 1", "`output_tokens_per_second` is missing"),
        (
            "per_hour = 1\ntokens_per_second = 1\noutput_tokens_per_second = 1",
            (
                "line 9: model `own/llama`: price 1: `output_tokens_per_second` stands beside `tokens_per_second`\n"
                "give one throughput for all tokens, or one each for input and output"
            ),
        ),
        (
            "per_hour = 1\ntokens_per_second = 1\noutput = 1",
            "line 9: model `own/llama`: price 1: `output` stands beside `per_hour`\ngive either rates or hours",
        ),
        (
            "per_hour = 1\ntokens_per_second = 1\ntier = [{ above = 1000, input = 2 }]",
            (
                "line 9: model `own/llama`: price 1: `tier` stands beside `per_hour`\n"
                "a machine costs the same for prompts of every size: give either rates or hours"
            ),
        ),
        (
            "per_hour = 0\ntokens_per_second = 1",
            "line 7: model `own/llama`: price 1: `per_hour` is `0`, not what",
        ),
        (
            "per_hour = 1\ntokens_per_second = -1",
            "line 8: model `own/llama`: price 1: `tokens_per_second` is `-1`",
        ),
        ('per_hour = "1"\ntokens_per_second = 1', '`per_hour` is `"1"`, not what the machine costs an hour'),
        (
            "per_hour = 1e999999\ntokens_per_second = 1",
            "`per_hour` is `1E+999999`, not what the machine costs",
        ),
        ("per_hour = inf\ntokens_per_second = 1", "`per_hour` is `Infinity`, not what the machine costs"),
        (
            "per_hour = 1\ntokens_per_second = 1e-999999",
            "`tokens_per_second` is `1E-999999`, not the tokens it does in a second, from 0.000000001 to 1,000,000,000",
        ),
        (
            "per_hour = 1_000_000_000\ntokens_per_second = 0.000001",
            "price 1: a rate becomes 2.778E+23 pico-dollars",
        ),
        (
            "per_hour = 0.000001\ntokens_per_second = 1_000_000",
            "line 8: model `own/llama`: price 1: a token would cost less than a pico-dollar",
        ),
    ],
)
def test_hours_that_could_be_misread_are_refused_with_their_line(
    refused: Refused, hours: str, message: str
) -> None:
    assert message in refused(PRICE + hours)
