"""Words that people write in policies and contracts to say which values they mean."""

import re
from functools import lru_cache


def matches(words: tuple[str, ...], value: str | None) -> bool:
    """Whether a value is one of these words, without regard to case; `*` stands for any text.

    What is not said matches no word, not even `*`.

    >>> matches(("code*", "sql"), "Code-Review"), matches(("*",), None)
    (True, False)
    """
    return value is not None and _pattern(words).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    globs = (".*".join(map(re.escape, word.split("*"))) for word in words)
    return re.compile("|".join(globs), re.IGNORECASE | re.DOTALL)
