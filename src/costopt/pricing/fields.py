"""Typed access to the tables of a catalog file."""

import datetime as dt
import difflib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import cast

Table = Mapping[str, object]

_LEAST = Decimal("0.000000001")
_MOST = Decimal(1_000_000_000)


class Problem(Exception):  # noqa: N818 - becomes a CatalogError once the file is known
    """Something in a catalog that cannot be used.

    Args:
        message: What is wrong, naming the key.
        hint: What to do about it.
        path: The keys and indices that lead to it, from the table at hand.
    """

    def __init__(self, message: str, *, hint: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.path = path

    def within(self, place: str, *path: str | int) -> "Problem":
        """The same, seen from around the table that it was found in: in words, and as keys and indices."""
        message = f"{place}: {self}" if place else str(self)
        return Problem(message, hint=self.hint, path=(*path, *self.path))


def check_schema(tables: Table, schema: int) -> None:
    """A file says the version of its form, so that no later one is misread."""
    found = tables.get("schema")
    if type(found) is not int or found != schema:
        raise Problem(
            f"`schema` is `{found}`, not `{schema}`",
            hint=f"start the file with `schema = {schema}`",
            path=("schema",),
        )


@contextmanager
def within(place: str, *path: str | int) -> Iterator[None]:
    """Add to a problem the table that it was found in.

    What is done for every model catches the problem itself, which takes no time where there is none.
    """
    try:
        yield
    except Problem as problem:
        raise problem.within(place, *path) from None


def unexpected(key: str, value: object, expected: str) -> Problem:
    """A key's value is not what is expected there."""
    message = f"`{key}` is {shown(value)}, not {expected}"
    return Problem(message, hint=f"expected: {expected}", path=(key,))


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
            raise Problem(f"unknown key `{key}`", hint=hint, path=(key,))


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


def date(table: Table, key: str) -> dt.date | None:
    """A day; absent is None."""
    value = table.get(key)
    if value is None or type(value) is dt.date:
        return value
    raise unexpected(key, value, "a date such as 2026-08-21")


def positive(table: Table, key: str, what: str) -> Decimal:
    """A required number above 0, and of a size that can be reckoned with."""
    value = table.get(key)
    if value is None:
        raise Problem(f"`{key}` is missing", hint=f"add `{key}`, {what}")
    number = Decimal(value) if type(value) is int else value
    if isinstance(number, Decimal) and number.is_finite() and _LEAST <= number <= _MOST:
        return number
    raise unexpected(key, value, f"{what}, from {_LEAST:f} to {_MOST:,f}")
