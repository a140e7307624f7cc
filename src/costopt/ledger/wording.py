"""What Pydantic finds wrong with a file or a value, in the words of the user."""

from typing import Final

from pydantic import ValidationError

_WRONG: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a key",
    "string_type": "is not a text",
    "too_short": "is empty",
    "tuple_type": "is not a list",
    "model_type": "is not an object",
    "int_type": "is not a whole number",
    "greater_than_equal": "is too small",
    "less_than": "is too large",
    "less_than_equal": "is too large",
    "string_pattern_mismatch": "is not in the form it should have",
    "finite_number": "is not a finite number",
    "json_invalid": "is not JSON",
}


def worded(error: ValidationError, item: str = "item") -> str:
    """The first thing that is wrong: where, and what.

    Args:
        error: What Pydantic says.
        item: What an element of a list is called.
    """
    first = error.errors()[0]
    place = list(first["loc"])
    number = f"{item} {int(place.pop(0)) + 1}: " if place and isinstance(place[0], int) else ""
    key = f"`{'.'.join(map(str, place))}`" if place else "it"
    return f"{number}{key} {_WRONG.get(first['type'], first['msg'].removeprefix('Value error, '))}"
