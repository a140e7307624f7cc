import io

import pytest
from rich.cells import cell_len

from costopt.report.document import Column, Document, Paragraph, Span, Table, line
from costopt.report.terminal import draw_terminal, fitting


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def drawn(*blocks: Paragraph | Table, width: int | None = None) -> list[str]:
    """The rows of a screen; without a width, those of a pipe."""
    file = Screen() if width else io.StringIO()
    draw_terminal(Document("A report", blocks), file, width=width)
    return file.getvalue().splitlines()


def table(*columns: tuple[str, str, int], rows: int = 1) -> Table:
    """A table whose cells are as wide as their titles."""
    heads = tuple(Column(title, kind, drop) for title, kind, drop in columns)  # type: ignore[arg-type]
    cells = tuple(title if kind == "text" else 1 for title, kind, _ in columns)
    return Table(heads, (cells,) * rows)


def test_numbers_end_and_texts_begin_below_each_other() -> None:
    block = Table((Column("name"), Column("n", "count")), (("a", 1), ("long name", 1_000)))

    assert drawn(block, width=40) == ["", " name           n", " a              1", " long name  1,000"]


def test_columns_go_by_their_number_and_those_without_stay() -> None:
    columns = [Column("a"), Column("b", drop=1), Column("c", "count", drop=3), Column("d", drop=2)]

    assert [fitting(columns, [10] * 4, width) for width in (47, 46, 34, 22, 5)] == [
        [0, 1, 2, 3],
        [0, 1, 3],
        [0, 1],
        [0],
        [0],
    ]


def test_of_equals_the_rightmost_goes_first() -> None:
    assert fitting([Column("a", drop=1), Column("b", drop=1)], [10, 10], 15) == [0]


def test_a_text_is_cut_before_a_number_goes() -> None:
    block = Table((Column("name"), Column("n", "count", drop=1)), (("x" * 100, 1),))

    assert drawn(block, width=40)[-1] == " " + "x" * 35 + "…  1"


def test_numbers_are_never_cut() -> None:
    block = Table((Column("name"), Column("n", "count")), (("x" * 30, 1_234_567_890),))

    assert drawn(block, width=20)[-1] == " " + "x" * 11 + "…  1,234,567,890"


def test_a_table_of_numbers_alone_is_not_cut() -> None:
    block = Table((Column("n", "count"), Column("m", "count")), ((1_234_567_890, 1_234_567_890),))

    assert drawn(block, width=10)[-1] == " 1,234,567,890  1,234,567,890"


@pytest.mark.parametrize("name", ["日本語のモデル", "🙂🙂🙂", "e\u0301cole", "plain"])
def test_wide_characters_keep_the_columns(name: str) -> None:
    block = Table((Column("name"), Column("n", "count")), ((name, 1), ("x" * 20, 1)))

    assert {cell_len(row) for row in drawn(block, width=40)[1:]} == {24}


def test_a_wide_character_is_not_cut_in_halves() -> None:
    block = Table((Column("name"), Column("n", "count")), (("日" * 20, 1),))

    assert drawn(block, width=20)[-1] == " " + "日" * 7 + " …  1"
    assert cell_len(drawn(block, width=20)[-1]) == 20


def test_a_title_and_what_is_left_out_stand_around_the_table() -> None:
    block = Table((Column("a"),), (("x",),), title="Title", more="2 more: costopt spend")

    assert drawn(block) == ["", " Title", " a", " x", " 2 more: costopt spend"]


def test_a_screen_shows_the_first_rows_and_names_the_command_for_all() -> None:
    block = Table((Column("a"),), tuple((str(number),) for number in range(30)), full="costopt spend log")

    assert drawn(block, width=40)[-2:] == [" 24", " 5 more rows: costopt spend log"]
    assert len(drawn(block)) == 32


def test_a_table_without_such_a_command_is_shown_in_full() -> None:
    assert len(drawn(table(("a", "text", 0), rows=30), width=40)) == 32


def test_a_line_is_broken_between_its_items() -> None:
    block = Paragraph((line("one two three · four five six · seven"),))

    assert drawn(block, width=50) == ["", " one two three · four five six · seven"]
    assert drawn(block, width=33) == ["", " one two three · four five six", "   seven"]
    assert drawn(block, width=16) == ["", " one two three", "   four five six", "   seven"]


def test_items_stand_below_each_other_behind_a_label() -> None:
    block = Paragraph((line(Span("tags  ", "muted"), "a 60 % · b 30 % · c 10 %"),))

    assert drawn(block, width=22) == ["", " tags  a 60 % · b 30 %", "       c 10 %"]


def test_an_item_that_is_too_long_has_the_whole_width_beside_and_below_its_label() -> None:
    block = Paragraph((line(Span("tags  ", "muted"), "one two three four · five"),))

    assert drawn(block, width=16) == ["", " tags  one two", "       three", "       four", "       five"]


def test_a_label_alone_stays() -> None:
    assert drawn(Paragraph((line(Span("tags  ", "muted")),)), width=16) == ["", " tags"]


def test_a_title_that_is_too_long_is_broken() -> None:
    block = Table((Column("n", "count"),), ((1,),), title="four five six · seven")

    assert drawn(block, width=16) == ["", " four five six", "   seven", " n", " 1"]


def test_an_item_that_is_too_long_is_broken_between_words() -> None:
    block = Paragraph((line("short · one two three four five · end"),))

    assert drawn(block, width=14) == ["", " short", "   one two", "   three four", "   five · end"]


def test_a_word_that_is_too_long_is_broken() -> None:
    rows = drawn(Paragraph((line("x" * 50),)), width=20)

    assert rows[1:] == [" " + "x" * 17, "   " + "x" * 17, "   " + "x" * 16]


def test_a_screen_of_one_column_does_not_hang() -> None:
    assert "".join(drawn(Paragraph((line("ab · c"),)), width=1)).replace(" ", "") == "abc"


def test_an_empty_line_is_empty() -> None:
    assert drawn(Paragraph((line(),)), Paragraph(()), width=20) == ["", "", ""]


def test_a_pipe_has_no_width() -> None:
    text = " · ".join(["x" * 200] * 3)

    assert drawn(Paragraph((line(text),))) == ["", f" {text}"]


def test_rows_end_without_blanks() -> None:
    block = Table((Column("n", "count"), Column("", "bar")), ((1, None),))

    assert drawn(block, width=40) == ["", " n", " 1"]


def test_a_column_title_from_a_log_is_harmless() -> None:
    assert drawn(table(("\x1b[31m[red]", "text", 0)), width=40)[1] == " \\x1b[31m[red]"


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Screen()
    monkeypatch.setenv("COLUMNS", "12")
    draw_terminal(Document("A report", (Paragraph((line("one two · three"),)),)), file)

    assert file.getvalue() == "\n one two\n   three\n"


def test_a_terminal_gets_colour_and_a_pipe_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    screen, pipe = Screen(), io.StringIO()
    for file in (screen, pipe):
        draw_terminal(Document("A report", (Paragraph((line(Span("careful", "warn")),)),)), file)

    assert screen.getvalue() == "\n \x1b[33mcareful\x1b[0m\n"
    assert pipe.getvalue() == "\n careful\n"
