import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from recording import DAY, OCTOBER, entry

from costopt.ledger.entry import COUNTED, Entry, content_of, key_of, line_of, month_of, plain


def test_a_line_begins_with_the_documented_fields_in_their_order() -> None:
    line = line_of(entry(), "1f")

    assert line.startswith(
        '{"timestamp": 1790812800, "model": "cheap-model", "tokens_used": 1000, "baseline_cost_usd": 0.03,'
        ' "actual_cost_usd": 0.005, "savings_usd": 0.025, "tenant": "acme", "adapter": "openai", '
    )


def test_then_come_ours_and_what_is_not_known_is_left_out() -> None:
    line = line_of(
        entry(unpriced=2, input_tokens=800, web_searches=0, catalog="c0", inputs="1a", rejected=3), "1f"
    )

    assert line.endswith(
        '"adapter": "openai", "requests": 1, "unpriced": 2, "id": "1f", "period": "2026-10-01", "source": "prod",'
        ' "baseline": "premium-model", "input_tokens": 800, "web_searches": 0, "catalog": "c0", "inputs": "1a",'
        ' "rejected": 3'
    )


def test_a_correction_names_the_entry_it_corrects() -> None:
    assert line_of(entry(), "1f-2", "1f").endswith(', "corrects": "1f"')


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.03", "0.03"),
        ("0.0300", "0.03"),
        ("1E+3", "1000"),
        ("100", "100"),
        ("0.00", "0"),
        ("-0.0", "0"),
        ("-0.000000000001", "-0.000000000001"),
        ("123456789012345.123456789012", "123456789012345.123456789012"),
    ],
)
def test_money_is_a_plain_number_with_all_its_digits(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


@pytest.mark.parametrize(
    "tenant", ['a"b', "back\\slash", "line\nend", "nul\0", "del\x7f", "Zürich 東京 🚀", "", "{}, :"]
)
def test_a_text_is_read_back_by_any_json_parser(tenant: str) -> None:
    parsed = json.loads(line_of(entry(tenant=tenant), "1f") + "}")

    assert parsed["tenant"] == tenant


def test_no_quote_or_backslash_of_a_text_is_one_of_the_line() -> None:
    assert r"\u0022\u005c\u000a" in line_of(entry(tenant='"\\\n'), "1f")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tokens_used": -1}, "greater than or equal to 0"),
        ({"tokens_used": 10**18}, "less than"),
        ({"tokens_used": 1.5}, "valid integer"),
        ({"tokens_used": True}, "valid integer"),
        ({"timestamp": -1}, "greater than or equal to 0"),
        ({"timestamp": 10**12}, "less than or equal to"),
        ({"baseline_cost_usd": Decimal(-1)}, "is not between 0 and"),
        ({"baseline_cost_usd": Decimal(10**15)}, "is not between 0 and"),
        ({"actual_cost_usd": Decimal("NaN")}, "finite number"),
        ({"actual_cost_usd": Decimal("0.0000000000001")}, "digits below a pico-dollar"),
        ({"tenant": "\ud800"}, "surrogates not allowed"),
        ({"timestamp": OCTOBER + DAY}, "has a time on 2026-10-02, not on 2026-10-01"),
        ({"tokens": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_no_entry(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        entry(**changes)


def test_the_largest_numbers_keep_all_their_digits() -> None:
    largest = Decimal("999999999999999.999999999999")
    most = entry(tokens_used=10**15, baseline_cost_usd=largest, actual_cost_usd=Decimal("0.000000000001"))

    line = line_of(most, "1f")

    assert '"tokens_used": 1000000000000000, "baseline_cost_usd": 999999999999999.999999999999,' in line
    assert '"savings_usd": 999999999999999.999999999998,' in line


def test_savings_may_be_negative() -> None:
    assert entry(cost="0.05").savings_usd == Decimal("-0.02")


def test_a_day_and_a_month_are_those_of_utc() -> None:
    last = entry("one-request", timestamp=OCTOBER - 1)

    assert (last.day, last.month) == ("2026-09-30", "2026-09")
    assert month_of(OCTOBER) == "2026-10"


@pytest.mark.parametrize("field", ["period", "source", "tenant", "adapter", "model", "baseline"])
def test_a_key_is_made_of_six_fields(field: str) -> None:
    assert key_of(entry().__dict__) != key_of(entry(**{field: "another"}).__dict__)


def test_a_key_is_not_made_of_figures_or_evidence() -> None:
    other = entry(
        cost="0.1", timestamp=OCTOBER + 5, tokens_used=7, requests=9, catalog="c0", inputs="1a", rejected=1
    )

    assert key_of(entry().__dict__) == key_of(other.__dict__)


def test_two_fields_are_not_taken_for_one() -> None:
    assert key_of(entry(source="a", tenant="bc").__dict__) != key_of(entry(source="ab", tenant="c").__dict__)


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": OCTOBER + 5},
        {"tokens_used": 7},
        {"baseline_cost_usd": Decimal("0.031")},
        {"actual_cost_usd": Decimal("0.0051")},
        {"requests": 2},
        {"unpriced": 1},
        *({name: 1} for name in COUNTED),
    ],
)
def test_a_content_is_made_of_the_figures(changes: dict[str, Any]) -> None:
    assert content_of(entry().__dict__) != content_of(entry(**changes).__dict__)


def test_a_content_is_not_made_of_evidence_or_of_how_a_number_is_written() -> None:
    other = entry(cost="0.00500", catalog="c0", inputs="1a", rejected=1)

    assert content_of(entry().__dict__) == content_of(other.__dict__)


def test_the_content_of_a_line_is_that_of_its_entry() -> None:
    one = entry(cost="3", input_tokens=800, output_tokens=200)
    parsed = json.loads(line_of(one, "1f") + "}", parse_float=Decimal)

    assert content_of(parsed) == content_of(one.__dict__)
    assert key_of(parsed) == key_of(one.__dict__)


def test_every_field_of_an_entry_has_a_place_in_the_line() -> None:
    full: dict[str, Any] = dict.fromkeys((*COUNTED, "rejected"), 1)
    parsed = json.loads(line_of(entry(**full, catalog="c0", inputs="1a"), "1f", "1e") + "}")

    assert {*parsed} == {*Entry.model_fields, "savings_usd", "id", "corrects"}
