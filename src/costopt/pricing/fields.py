"""Typed access to the tables of a catalog file."""

import difflib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

Table = Mapping[str, object]


class Problem(Exception):  # noqa: N818 - becomes a CatalogError once the file is known
    """Something in a catalog that cannot be used.

    Args:
        message: What is wrong, naming the key.
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@contextmanager
def within(place: str) -> Iterator[None]:
    """Add to a problem the table that it was found in."""
    try:
        yield
    except Problem as problem:
        raise Problem(f"{place}: {problem}", hint=problem.hint) from None


def unexpected(key: str, value: object, expected: str) -> Problem:
    """A key's value is not what is expected there."""
    return Problem(f"`{key}` is {shown(value)}, not {expected}", hint=f"expected: {expected}")


def shown(value: object) -> str:
    """A value as it stands in the file, or its kind when that would be long."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return f"`{value}`"


def check_keys(table: Table, allowed: Collection[str]) -> None:
    """Refuse keys that nothing reads."""
    for key in table:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(allowed))}"
            raise Problem(f"unknown key `{key}`", hint=hint)


def text(table: Table, key: str, default: str | None = None) -> str:
    """A string that is not empty; required unless there is a default."""
    value = table.get(key, default)
    if value is None:
        raise Problem(f"`{key}` is missing", hint=f'add `{key} = "..."`')
    if not isinstance(value, str) or not (value.strip() or value == default):
        raise unexpected(key, value, "a string that is not empty")
    return value


def texts(table: Table, key: str) -> tuple[str, ...]:
    """A list of strings that are not empty; absent is an empty list."""
    value = table.get(key)
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return tuple(value)
    raise unexpected(key, value, "a list of strings that are not empty")


def subtable(table: Table, key: str) -> Table:
    """A table; absent is an empty one."""
    value = table.get(key, {})
    if isinstance(value, dict):
        return value
    raise unexpected(key, value, "a table")


def subtables(table: Table, key: str) -> list[Table]:
    """A list of tables, as `[[key]]` writes it; absent is an empty list."""
    value = table.get(key, [])
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return cast("list[Table]", value)
    raise unexpected(key, value, f"a list of tables, written `[[{key}]]`")


def flag(table: Table, key: str) -> bool:
    """True or false; absent is false."""
    value = table.get(key, False)
    if isinstance(value, bool):
        return value
    raise unexpected(key, value, "true or false")
