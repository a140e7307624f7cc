"""genai-prices' rules for names, as a catalog's `match`."""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from costopt.pricing.entries import Match

_KINDS: Final = {"equals": "exact", "starts_with": "prefix", "ends_with": "suffix", "contains": "contains"}
_AS_REGEX: Final = {"exact": "{}$", "prefix": "{}", "suffix": ".*{}$", "contains": ".*{}"}
_SPECIAL: Final = re.compile(r"([.^$*+?{}\[\]\\|()])")


class Clause(BaseModel):
    """One rule for a name; it has one of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    regex: str | None = None
    or_: tuple["Clause", ...] = Field(default=(), alias="or")
    and_: tuple["Clause", ...] = Field(default=(), alias="and")


def match_of(clause: Clause | None) -> Match:
    """The names that a clause matches; without a clause, none."""
    kinds: dict[str, list[str]] = {}
    for kind, name in dict.fromkeys(_flattened(clause) if clause else ()):
        kinds.setdefault(kind, []).append(name)
    return Match(**{kind: tuple(names) for kind, names in kinds.items()})


def _flattened(clause: Clause) -> Iterator[tuple[str, str]]:
    """Alternatives, one by one; conditions that must all hold become one regular expression."""
    for each in clause.or_:
        yield from _flattened(each)
    if clause.and_:
        yield "regex", "^" + "".join(f"(?={_as_regex(each)})" for each in clause.and_)
    if clause.regex is not None:
        yield "regex", clause.regex
    for field, kind in _KINDS.items():
        name: str | None = getattr(clause, field)
        if name is not None:
            yield kind, name.lower()


def _as_regex(clause: Clause) -> str:
    """A clause as a regular expression to be matched from the beginning."""
    alternatives = []
    for kind, name in _flattened(clause):
        if kind == "regex":
            alternatives.append(name if name.startswith("^") else f".*(?:{name})")
        else:
            literal = _SPECIAL.sub(r"\\\1", name)
            alternatives.append(_AS_REGEX[kind].format(literal))
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"
