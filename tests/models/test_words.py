import pytest

from costopt.models.words import matches


@pytest.mark.parametrize(
    ("words", "value", "expected"),
    [
        (("bulk",), "bulk", True),
        (("bulk",), "Bulk", True),
        (("bulk",), "bulk2", False),
        (("bulk*",), "bulk2", True),
        (("/v1/*/chat",), "/v1/eu/west/chat", True),
        (("a", "b"), "b", True),
        (("*",), "", True),
        (("*",), "two\nlines", True),
        (("*",), None, False),
        (("[ab]",), "a", False),
        (("[ab]?",), "[ab]?", True),
        (("a.c",), "abc", False),
    ],
)
def test_a_word_matches_itself_in_any_case_and_a_star_any_text_that_is_there(
    words: tuple[str, ...], value: str | None, *, expected: bool
) -> None:
    assert matches(words, value) is expected
