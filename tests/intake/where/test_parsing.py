from decimal import Decimal

import pytest

from costopt.errors import ConfigError
from costopt.intake.where.parsing import EXAMPLE, parse
from costopt.intake.where.syntax import (
    Absence,
    Always,
    And,
    Comparison,
    Condition,
    Membership,
    Not,
    Or,
    written,
)

A, B, C = (Comparison(name, "==", Decimal(1)) for name in "abc")


def complaint(text: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('tenant == "acme"', Comparison("tenant", "==", "acme")),
        ("tenant != 'acme'", Comparison("tenant", "!=", "acme")),
        ("cost_usd<0.1", Comparison("cost_usd", "<", Decimal("0.1"))),
        ("cost_usd <= .1", Comparison("cost_usd", "<=", Decimal("0.1"))),
        ("cost_usd > -1.", Comparison("cost_usd", ">", Decimal(-1))),
        ("cost_usd >= 1e-12", Comparison("cost_usd", ">=", Decimal("1e-12"))),
        ("input_tokens == 2.5E+3", Comparison("input_tokens", "==", Decimal(2500))),
        ('model ~ "^gpt"', Comparison("model", "~", "^gpt")),
        ('model !~ "^gpt"', Comparison("model", "!~", "^gpt")),
        ("streamed == TRUE", Comparison("streamed", "==", value=True)),
        ("streamed == false", Comparison("streamed", "==", value=False)),
        ("model in (\"a\", 'b')", Membership("model", ("a", "b"))),
        ("retries NOT IN (1, null)", Membership("retries", (Decimal(1), None), negated=True)),
        ("tag is null", Absence("tag")),
        ("tag Is Not Null", Absence("tag", negated=True)),
        ("tag == null", Absence("tag")),
        ("tag != null", Absence("tag", negated=True)),
        ("true", Always(value=True)),
        ("not false", Not(Always(value=False))),
        ("((tag is null))", Absence("tag")),
        ("  tag\tis\nnull ", Absence("tag")),
    ],
)
def test_a_comparison_is_understood(text: str, expected: Condition) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a == 1 or b == 1 and c == 1", Or((A, And((B, C))))),
        ("(a == 1 or b == 1) and c == 1", And((Or((A, B)), C))),
        ("not a == 1 and b == 1", And((Not(A), B))),
        ("not (a == 1 and b == 1)", Not(And((A, B)))),
        ("a == 1 and b == 1 and c == 1", And((A, B, C))),
        ("a == 1 and (b == 1 and c == 1)", And((A, And((B, C))))),
        ("not not a == 1", Not(Not(A))),
    ],
)
def test_not_binds_closer_than_and_and_that_closer_than_or(text: str, expected: Condition) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("usage.prompt_tokens is null", "usage.prompt_tokens"),
        ("prompt-tokens is null", "prompt-tokens"),
        ("größe is null", "größe"),
        ("`Cost Center` is null", "Cost Center"),
        ("`not` is null", "not"),
        ("`1st` is null", "1st"),
        ("android is null", "android"),
    ],
)
def test_a_column_has_any_name(text: str, name: str) -> None:
    assert parse(text) == Absence(name)
    assert written(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"say \"hi\""', 'say "hi"'),
        (r"'it\'s'", "it's"),
        ('"it\'s"', "it's"),
        (r'"C:\\logs"', r"C:\logs"),
        (r'"a\nb\tc\rd"', "a\nb\tc\rd"),
        (r'"gpt-4\.\d"', r"gpt-4\.\d"),
        ('"line\nbreak"', "line\nbreak"),
        ('""', ""),
        ('"and"', "and"),
    ],
)
def test_a_backslash_is_itself_unless_it_escapes(text: str, value: str) -> None:
    assert parse(f"a == {text}") == Comparison("a", "==", value)


def test_a_number_is_exact_and_not_the_nearest_float() -> None:
    condition = parse("cost_usd > 12345678901234567890.123456789012")

    assert condition == Comparison("cost_usd", ">", Decimal("12345678901234567890.123456789012"))
    assert written(condition) == "cost_usd > 12345678901234567890.123456789012"


def test_a_chain_has_any_length() -> None:
    condition = parse(" or ".join(["a == 1"] * 5000))

    assert isinstance(condition, Or)
    assert len(condition.operands) == 5000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`where` is empty"),
        (" \n ", "`where` is empty"),
        ('tenant = "acme"', "`where`, column 8: `=` is not understood"),
        ("a == 1 && b == 1", "`where`, column 8: `&` is not understood"),
        ("a == 1 || b == 1", "`where`, column 8: `|` is not understood"),
        ("! a == 1", "`where`, column 1: `!` is not understood"),
        ("a <> 1", "`where`, column 4: a value is expected, not `>`"),
        ("$a == 1", "`where`, column 1: `$` is not understood"),
        ('tenant == "acme', "`where`, column 11: the quote is not closed"),
        ("tenant == 'acme\"", "`where`, column 11: the quote is not closed"),
        ('tenant == "acme\\"', "`where`, column 11: the quote is not closed"),
        ("`tenant == 1", "`where`, column 1: the quote is not closed"),
        ("``", "`where`, column 1: the quote is not closed"),
        ("(a == 1", "`where`, column 1: the parenthesis is not closed"),
        ("(a == 1 b", "`where`, column 1: the parenthesis is not closed before `b`"),
        ("a in (1, 2", "`where`, column 6: the parenthesis is not closed"),
        ("a in (1 2)", "`where`, column 6: the parenthesis is not closed before `2`"),
        ("a in ()", "`where`, column 7: a value is expected, not `)`"),
        ("a in 1", "`where`, column 6: `(` is expected, not `1`"),
        ("a == 1)", "`where`, column 7: `)` closes nothing"),
        ("a == 1 b == 1", "`where`, column 8: `and` or `or` is expected before `b`"),
        ("a == 1 and", "`where`, column 11: a column is expected, not the end"),
        ("not", "`where`, column 4: a column is expected, not the end"),
        ("0.1 < a", "`where`, column 1: a column is expected, not `0.1`"),
        ('"a" == a', '`where`, column 1: a column is expected, not `"a"`'),
        ("a", "`where`, column 2: a comparison is expected after `a`, not the end"),
        ("a b", "`where`, column 3: a comparison is expected after `a`, not `b`"),
        ("a ==", "`where`, column 5: a value is expected, not the end"),
        ("a == b", "`where`, column 6: a value is expected, not `b`"),
        ("a is 1", "`where`, column 6: `null` is expected, not `1`"),
        ("a not 1", "`where`, column 7: `in` is expected, not `1`"),
        ("a < null", "`where`, column 5: `<` does not compare with null"),
        ("a == 1e26", "`where`, column 6: `1e26` is out of range"),
        ("a == 1e99999999999999999999", "`where`, column 6: `1e99999999999999999999` is out of range"),
        ("a == 1e-13", "`where`, column 6: `1e-13` is too fine"),
        ("a == 1 and\n  b = 1", "`where`, line 2, column 5: `=` is not understood"),
        ("(" * 51 + "a", "`where`, column 52: nested too deeply"),
        ("not " * 51 + "a", "`where`, column 205: nested too deeply"),
    ],
)
def test_what_is_not_understood_is_told_with_its_place(text: str, message: str) -> None:
    assert complaint(text)[0] == message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", f"write a filter like `{EXAMPLE}`"),
        ("a = 1", "write `==`"),
        ("a == 1 && b == 1", "write `and`"),
        ("a == 1 || b == 1", "write `or`"),
        ("! a == 1", "write `not`"),
        ("#", f"a filter is like `{EXAMPLE}`"),
        ("a == acme", 'a text is written in quotes: `"acme"`'),
        ("a == )", "write a text in quotes, a number, true, false or null"),
        ("a == 'acme", "end it with another '"),
        ("a is 1", "`is` goes with `null` or `not null`; a value is compared by `==`"),
    ],
)
def test_a_hint_says_what_to_write(text: str, hint: str) -> None:
    assert complaint(text)[1] == hint


def test_the_example_of_the_messages_is_a_filter() -> None:
    assert written(parse(EXAMPLE)) == EXAMPLE
