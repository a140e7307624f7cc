import datetime as dt
from decimal import Decimal

import pytest

from costopt.report.document import (
    Cell,
    Column,
    Kind,
    Span,
    Table,
    bar,
    line,
    printable,
    quantity,
    sparkline,
    texts,
    written,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain – 日本 🙂 [red] <b>", "plain – 日本 🙂 [red] <b>"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\n\tb\b\x07\x00\x7f", "a\\r\\n\\tb\\x08\\x07\\x00\\x7f"),
        ("\x1b]8;;https://x\x1b\\y", "\\x1b]8;;https://x\\x1b\\y"),
        ("\u202e\u2066\u061c\u200f", "\\u202e\\u2066\\u061c\\u200f"),
        ("a\u200bb\u2060c\ufeff\xad", "a\\u200bb\\u2060c\\ufeff\\xad"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("\u2028\u2029", "\\u2028\\u2029"),
    ],
)
def test_text_from_a_log_cannot_steer_a_terminal(text: str, expected: str) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        ("x\x07", "text", "x\\x07"),
        (None, "text", "(none)"),
        (None, "time", "(none)"),
        (None, "usd", "?"),
        (None, "percent", "?"),
        (None, "count", "?"),
        (None, "bar", ""),
        (None, "rate", "–"),
        (Decimal("0.00000015"), "rate", "$0.00000015"),
        (1234567, "count", "1,234,567"),
        (1234567, "tokens", "1.23 M"),
        (Decimal("1234.565"), "usd", "$1,234.57"),
        (Decimal("12.34"), "percent", "12.3 %"),
        (Decimal(50), "bar", "██████████"),
        (dt.datetime(2026, 10, 1, 8, 30), "time", "2026-10-01 08:30"),  # noqa: DTZ001 - local, as `spend` gives it
        (dt.date(2026, 10, 1), "time", "2026-10-01"),
    ],
)
def test_a_cell_is_written(cell: Cell, kind: Kind, expected: str) -> None:
    assert written(cell, kind) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1.00 k"),
        (9_994, "9.99 k"),
        (9_999, "10.0 k"),
        (99_999, "100 k"),
        (999_499, "999 k"),
        (999_999, "1.00 M"),
        (22_361_870, "22.4 M"),
        (5 * 10**9, "5.00 G"),
        (7 * 10**15, "7000 T"),
        (-1_500, "-1.50 k"),
    ],
)
def test_a_quantity_has_three_digits_and_a_unit(number: int, expected: str) -> None:
    assert quantity(number) == expected


def test_tokens_of_a_column_have_one_unit() -> None:
    table = Table(
        (Column("tokens", "tokens"),), ((402_134_000,), (61_400_000,), (400_000,), (0,), (None,), ("",))
    )

    assert texts(table) == [["402 M"], ["61 M"], ["<1 M"], ["0"], ["?"], [""]]


def test_amounts_of_a_column_have_cents_where_one_is_a_dollar() -> None:
    large = Table((Column("usd", "usd"),), ((Decimal(1),), (Decimal("0.0023"),), (Decimal(0),), (None,)))
    small = Table((Column("usd", "usd"),), ((Decimal("0.5"),), (Decimal("0.0023"),)))

    assert texts(large) == [["$1.00"], ["<$0.01"], ["$0.00"], ["?"]]
    assert texts(small) == [["$0.50"], ["$0.002300"]]


def test_a_table_without_rows_has_no_texts() -> None:
    assert texts(Table((Column("a"), Column("b", "tokens")), ())) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ""),
        ([0, 0], "▁▁"),
        ([8, 4, 1, 0], "█▅▂▁"),
        ([1], "█"),
        ([-1, 8], "▁█"),
    ],
)
def test_a_sparkline_is_full_at_its_largest_value(values: list[int], expected: str) -> None:
    assert sparkline([Decimal(value) for value in values]) == expected


def test_a_long_sparkline_averages_neighbours() -> None:
    assert sparkline([Decimal(value) for value in (8, 8, 0, 8, 0, 0)], width=3) == "█▅▁"
    assert len(sparkline([Decimal(1)] * 365)) <= 40


@pytest.mark.parametrize(
    ("percent", "expected"),
    [("0", ""), ("100", "████"), ("50", "██"), ("30", "█▏"), ("130", "████"), ("-5", "")],
)
def test_a_bar_is_as_long_as_its_share(percent: str, expected: str) -> None:
    assert bar(Decimal(percent), width=4) == expected


def test_a_line_is_made_of_texts_and_spans() -> None:
    assert line("a", Span("b", "warn")) == (Span("a"), Span("b", "warn"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("text", False), ("time", False), ("bar", False), ("count", True), ("usd", True), ("range", True)],
)
def test_numbers_are_aligned_on_the_right(kind: Kind, expected: bool) -> None:  # noqa: FBT001
    assert Column("", kind).is_number is expected
