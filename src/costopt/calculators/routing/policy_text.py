"""A routing policy as the TOML of a policy file; read again, it is the same."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from costopt.calculators.routing.policy import COMPLEXITIES, CONDITIONS, TIERS, Levels, Policy, Rule, Tiers

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST: Final = 0xFFFF
"""The last character that four hexadecimal digits tell."""


def write_policy(policy: Policy) -> str:
    """All that a policy says, what is by default too, so that it stays the same when a default changes."""
    lines = [f"name = {quoted(policy.name)}", f"strategy = {quoted(policy.strategy)}"]
    if isinstance(policy.tiers, Tiers):
        tiers = zip(TIERS, policy.tiers.ladder(), strict=True)
        lines += _table("tiers", [(tier, _listed(models)) for tier, models in tiers if models])
    else:
        lines.append(f"tiers = {quoted(policy.tiers)}")
    lines += _table("complexity", _levels(policy))
    lines += _table("task_types", [(_key(word), quoted(tier)) for word, tier in policy.task_types.items()])
    lines += _table("weights", [(name, repr(weight)) for name, weight in policy.weights])
    enabled = "true" if policy.escalation.enabled else "false"
    lines += _table("escalation", [("enabled", enabled), ("threshold", repr(policy.escalation.threshold))])
    lines += (line for rule in policy.rules for line in _rule(rule))
    return "\n".join([*lines, ""])


def _levels(policy: Policy) -> Iterator[tuple[str, str]]:
    """The tier of each level; a file must not name one without models, and by default need not."""
    for level in COMPLEXITIES:
        tier = getattr(policy.levels, level)
        empty = isinstance(policy.tiers, Tiers) and not getattr(policy.tiers, tier)
        if not empty or tier != getattr(Levels(), level):
            yield level, quoted(tier)


def _table(name: str, fields: Iterable[tuple[str, str]]) -> list[str]:
    """A table after an empty line; nothing if it has no fields."""
    lines = [f"{key} = {value}" for key, value in fields]
    return ["", f"[{name}]", *lines] if lines else []


def _rule(rule: Rule) -> Iterator[str]:
    yield ""
    yield "[[rule]]"
    if rule.name:
        yield f"name = {quoted(rule.name)}"
    when = [(key, getattr(rule.when, key)) for key in CONDITIONS]
    said = [f"{key} = {_listed(words)}" for key, words in when if words]
    if said:
        yield f"when = {{ {', '.join(said)} }}"
    for key in ("strategy", "tier", "model"):
        word: str | None = getattr(rule, key)
        if word is not None:
            yield f"{key} = {quoted(word)}"
    for key in ("min_quality", "max_latency_ms", "min_reliability"):
        limit: float | None = getattr(rule, key)
        if limit is not None:
            yield f"{key} = {limit!r}"


def _key(word: str) -> str:
    return word if _BARE.fullmatch(word) else quoted(word)


def _listed(words: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, words))}]"


def quoted(word: str) -> str:
    """A string of TOML, and of YAML too, with nothing in it that steers a terminal or is not seen."""
    written = json.dumps(word, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in written)


def _escaped(char: str) -> str:
    return f"\\U{ord(char):08x}" if ord(char) > _LONGEST else f"\\u{ord(char):04x}"
