"""Values out of records that Python parsed, one by one: what `shaping` gets out of many at once."""

import json
import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from costopt.intake.formats.reads import EACH, Keyed, Role, either, keyed

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_HALF: Final = re.compile("[\ud800-\udfff]")
"""Half of a character that needs two, as a cut text ends with one."""


def value_in(record: object, steps: Sequence[str], role: Role) -> str | None:
    """What is down the steps, as a text."""
    return _said(_down(record, steps, role))


def elements_in(record: object, steps: Sequence[str]) -> list[object]:
    """The elements of the list down the steps; none if there is no list."""
    for step in steps:
        record = parsed(record) if isinstance(record, str) else record
        record = record.get(step) if isinstance(record, dict) else None
    record = parsed(record) if isinstance(record, str) else record
    return record if isinstance(record, list) else []


def parsed(text: bytes | str) -> object:
    """What a text says in JSON; nothing if it is none. Of fields with the same name the first one counts."""
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    except (ValueError, RecursionError):
        return None


def _down(value: object, steps: Sequence[str], role: Role) -> object:
    if not steps:
        return value
    if isinstance(value, str):
        value = parsed(value)
    step, rest = steps[0], steps[1:]
    of_list = keyed(step)
    if of_list and isinstance(value, dict):
        return _of_key(value.get(of_list.list), of_list, rest, role)
    if step == EACH and isinstance(value, list):
        return _of_several([_down(element, rest, role) for element in value], role)
    if not isinstance(value, dict):
        return None
    several = (_down(value.get(name), rest, role) for name in either(step))
    return next((each for each in several if _said(each) is not None), None)


def _of_key(value: object, of_list: Keyed, rest: Sequence[str], role: Role) -> object:
    """The value in the last element with the key."""
    elements = parsed(value) if isinstance(value, str) else value
    if not isinstance(elements, list):
        return None
    own = [each for each in elements if _said(_down(each, [of_list.key], role)) == of_list.value]
    found = [text for each in own if (text := _said(_down(each, rest, role))) is not None]
    return found[-1] if found else None


def _of_several(found: Iterable[object], role: Role) -> str | None:
    """The largest count, or the first of anything else."""
    texts = [text for each in found if (text := _said(each)) is not None]
    if role == "count":
        texts.sort(key=_size)
        return texts[-1] if texts else None
    return next(iter(texts), None)


def _size(text: str) -> tuple[bool, float]:
    """What texts are sorted by: numbers after all else."""
    is_number = _NUMBER.fullmatch(text) is not None
    return is_number, float(text) if is_number else 0.0


def _said(value: object) -> str | None:
    """A value, or a list of values, as Polars writes it; an object is none, nor is an empty list.

    Of the shortest decimals of a double, two may be equally near: `repr` takes the even one, Polars the larger.
    """
    match value:
        case str():
            return value if value.isascii() else _HALF.sub("\0", value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            shortest = Decimal(value).quantize(Decimal(repr(value)), ROUND_HALF_UP)
            whole, point, fraction = f"{shortest:f}".partition(".")
            return whole + (point + fraction).rstrip(".0")
        case list() if not any(isinstance(each, dict | list) for each in value):
            texts = [text for each in value if (text := _said(each)) is not None]
            return ",".join(texts) if texts else None
        case _:
            return None
