import io
from decimal import Decimal

import pytest

from costopt.report.document import Column, Document, Paragraph, Span, Table, line
from costopt.report.markdown import draw_markdown, escaped


def drawn(*blocks: Paragraph | Table) -> str:
    file = io.StringIO()
    draw_markdown(Document("A report", blocks), file)
    return file.getvalue()


def test_a_document_is_headings_lines_and_tables() -> None:
    document = drawn(
        Paragraph((line(Span("Spend", "strong"), "   $5"), line(), line("more"))),
        Table(
            (Column("model"), Column("cost", "usd"), Column("share", "percent"), Column("", "bar")),
            (("a|b", Decimal(5), Decimal(100), Decimal(100)), (None, None, None, None)),
            title="Models",
            more="3 more: costopt spend <log>",
        ),
    )

    assert document == (
        "# A report\n"
        "\n"
        "**Spend**   $5  \n"
        "more\n"
        "\n"
        "## Models\n"
        "\n"
        "| model | cost | share |\n"
        "| --- | ---: | ---: |\n"
        "| a\\|b | $5.00 | 100.0 % |\n"
        "| (none) | ? | ? |\n"
        "\n"
        "3 more: costopt spend \\<log\\>\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a | b", "a \\| b"),
        ("`code`", "\\`code\\`"),
        ("<script>&amp;", "\\<script\\>\\&amp;"),
        ("**b** _i_ ~~s~~", "\\*\\*b\\*\\* \\_i\\_ \\~\\~s\\~\\~"),
        ("[x](y) ![x](y)", "\\[x\\](y) !\\[x\\](y)"),
        ("a\\", "a\\\\"),
        ("a\n| b |", "a\\\\n\\| b \\|"),
        ("\x1b[31m", "\\\\x1b\\[31m"),
    ],
)
def test_nothing_in_a_text_is_markdown(text: str, expected: str) -> None:
    assert escaped(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- item", "\\- item"),
        ("+ item", "\\+ item"),
        ("1. item", "1\\. item"),
        ("12) item", "12\\) item"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("=", "\\="),
        ("# head", "\\# head"),
        ("> quote", "\\> quote"),
        ("    code", "code"),
        ("3.4 % of input", "3.4 % of input"),
        ("-5 dollars", "-5 dollars"),
    ],
)
def test_a_line_is_no_block(text: str, expected: str) -> None:
    assert drawn(Paragraph((line(text),))) == f"# A report\n\n{expected}\n"
