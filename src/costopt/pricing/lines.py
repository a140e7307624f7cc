"""Find the line of a key or table in a TOML file; tomli keeps the values and forgets where they stood."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile
from typing import NamedTuple

import tomli

# Blanks, carriage returns and a byte-order mark match nothing, so that they are passed over. A string is one
# token, whatever it holds; a number or date may be several, which never matters here.
_TOKEN = re.compile(
    r'''
      """ (?: [^"\\]++ | \\. | "{1,2}+(?!") )*+ "{3,5}  # its last two quotes may belong to the text
    | \'\'\' (?: [^']++ | '{1,2}+(?!') )*+ '{3,5}
    | " (?: [^"\\]++ | \\. )*+ "
    | ' [^']*+ '
    | \# [^\n]*+
    | [\w+:-]++
    | [\[\]{}=,.\n]
    ''',
    re.VERBOSE | re.DOTALL,
)
_OPENING = frozenset("[{")
_CLOSING = frozenset("]}")


class _Token(NamedTuple):
    text: str
    line: int


@dataclass(slots=True)
class _Place:
    """Where a value starts, and the places of what it holds, by key or by index."""

    line: int
    held: "dict[str | int, _Place]" = field(default_factory=dict)

    def at(self, step: str | int, line: int) -> "_Place":
        """What is held there; if that is new, it starts on this line."""
        return self.held.setdefault(step, _Place(line))

    def append(self, line: int) -> "_Place":
        """A new last element of an array."""
        return self.at(len(self.held), line)

    def latest(self) -> "_Place":
        """An array's last element, which is what a later header continues; a table is itself."""
        return self.held.get(len(self.held) - 1, self)


def line_of(content: str, path: Sequence[str | int]) -> int:
    """The line, from 1, on which a key or table of a TOML file stands.

    A table that has a header stands there, even if the header of one of its sub-tables comes first. What is not
    in the file stands where the innermost table or array around it does; the top level stands on line 1.

    Args:
        content: A file that tomli can parse, but for a byte-order mark.
        path: The keys, and the indices from 0, that lead to it in the parsed file.
    """
    place = _top_level(content)
    for step in path:
        if step not in place.held:
            break
        place = place.held[step]
    return place.line


def _top_level(content: str) -> _Place:
    root = table = _Place(1)
    for statement in _statements(content):
        if statement[0].text == "[":
            table = _headed(root, statement)
        else:
            tokens = iter(statement)
            _fill(_named(table, tokens), tokens)
    return root


def _statements(content: str) -> Iterator[list[_Token]]:
    """The tokens of each header and each assignment, over as many lines as its brackets span."""
    statement: list[_Token] = []
    line, depth = 1, 0
    for found in _TOKEN.finditer(f"{content}\n"):
        text = found[0]
        if text == "\n":
            if statement and not depth:
                yield statement
                statement = []
        elif text[0] != "#":
            statement.append(_Token(text, line))
            depth += (text in _OPENING) - (text in _CLOSING)
        line += text.count("\n")


def _headed(root: _Place, header: Sequence[_Token]) -> _Place:
    """The table that `[a.b]` or `[[a.b]]` starts."""
    line = header[0].line
    *parents, name = [_key(token) for token in header if token.text not in {"[", "]", "."}]
    table = root
    for parent in parents:
        table = table.at(parent, line).latest()
    table = table.at(name, line)
    if header[1].text == "[":
        return table.append(line)
    table.line = line  # until here, the header of a sub-table may have stood for it
    return table


def _named(table: _Place, tokens: Iterator[_Token]) -> _Place:
    """What a dotted key means; reads up to its equals sign."""
    for token in takewhile(lambda token: token.text != "=", tokens):
        if token.text != ".":
            table = table.at(_key(token), token.line)
    return table


def _fill(value: _Place, tokens: Iterator[_Token]) -> None:
    """Add to a value what it holds: nothing, unless it is an array or inline table.

    A stack instead of recursion: tomli lets values be nested almost as deeply as Python lets calls.
    """
    around: list[tuple[str, _Place]] = []
    starts = False
    for token in tokens:
        if token.text in _CLOSING:
            around.pop()
            starts = False
            continue
        if starts:
            bracket, holder = around[-1]
            starts = False
            if bracket == "{":
                value = _named(holder, chain([token], tokens))
                continue
            value = holder.append(token.line)
        if token.text in _OPENING:
            around.append((token.text, value))
        starts = token.text in _OPENING or token.text == ","


def _key(token: _Token) -> str:
    """A key without its quotes and escapes."""
    if token.text[0] not in "\"'":
        return token.text
    if "\\" not in token.text:
        return token.text[1:-1]
    (key,) = tomli.loads(f"{token.text} = 0")
    return key
