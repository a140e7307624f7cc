"""Put entries into the text of a catalog file, and leave every other byte of it alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import tomli

from costopt.pricing.entries import Layer, Model, Provider
from costopt.pricing.fields import Problem, Table, subtables
from costopt.pricing.writing import head_text, model_text, provider_text

_TOKENS: Final = re.compile(
    r"""
      \"{3}(?:\\.|[^\\])*?\"{3}(?!\")
    | '{3}.*?'{3}(?!')
    | \"(?:\\.|[^\"\\\n])*\"
    | '[^'\n]*'
    | \#[^\n]*
    | ^[ \t]*\[(?P<header>[^\n\#]*)
    """,
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
"""Strings, comments and headers of tables: what looks like a header within the former is none."""

_ENTRY: Final = re.compile(r"\[[ \t]*model[ \t]*\]\]\s*")
_PART: Final = re.compile(r"\[?[ \t]*model[ \t]*\.")
_HEAD: Final = head_text(Layer(path="", digest=""))


def edited(content: str, models: Mapping[tuple[str, str], Model], providers: Sequence[Provider]) -> str:
    """The text of a catalog file with these entries in it.

    A `[[model]]` of the same provider and id is replaced where it stands; comments after its last line stay.
    Others are added at the end, after those providers that have no `[[provider]]` yet. A file that says nothing
    gets a head.

    Args:
        content: The file with its own line ends; may be empty.
        models: By provider and id.
        providers: Those that should be there.

    Raises:
        Problem: It is not TOML, or not laid out in `[[model]]` tables.
    """
    tables = _parsed(content)
    listed = [_key(table) for table in subtables(tables, "model")]
    present = frozenset(listed)
    known = {provider.get("id") for provider in subtables(tables, "provider")}
    added = [
        *([] if tables else [_HEAD]),
        *(provider_text(provider) for provider in providers if provider.id not in known),
        *(model_text(model) for key, model in models.items() if key not in present),
    ]
    texts = [model_text(models[key]) if key in models else None for key in listed]
    line_end = "\r\n" if "\r\n" in content else "\n"
    result = _appended(_replaced(content, texts, line_end), added, line_end)
    if not _says(result, _expected(tables, texts, added)):
        raise Problem(
            "its models cannot be edited one by one",
            hint="write each as a `[[model]]` table with lines of its own",
        )
    return result


def entries_in(content: str) -> list[str]:
    """The text of each `[[model]]`, with line ends as `model_text` writes them."""
    texts = (_without_trailer(content[start:end]) for start, end in _spans(content))
    return [text.replace("\r\n", "\n") for text in texts]


def _parsed(content: str) -> dict[str, object]:
    try:
        return tomli.loads(content, parse_float=Decimal)
    except tomli.TOMLDecodeError as error:
        raise Problem(f"it is not valid TOML: {error}", hint="mend the syntax there") from error


def _says(content: str, expected: Mapping[str, object]) -> bool:
    try:
        return _parsed(content) == expected
    except Problem:
        return False


def _key(table: Table) -> tuple[str, str]:
    return str(table.get("provider")), str(table.get("id"))


def _replaced(content: str, texts: Sequence[str | None], line_end: str) -> str:
    """The content with the text of its models replaced, where there is another one for it."""
    pieces = []
    done = 0
    for (start, end), text in zip(_spans(content), texts, strict=False):
        if text is not None:
            pieces += [content[done:start], text.replace("\n", line_end)]
            done = start + len(_without_trailer(content[start:end]))
    return "".join([*pieces, content[done:]])


def _spans(content: str) -> Iterator[tuple[int, int]]:
    """Where each `[[model]]` begins, and where the next table does that is no part of it."""
    begun = None
    for token in _TOKENS.finditer(content):
        header = token["header"]
        if header is None or _PART.match(header):
            continue
        if begun is not None:
            yield begun, token.start()
        begun = token.start() if _ENTRY.fullmatch(header) else None
    if begun is not None:
        yield begun, len(content)


def _without_trailer(text: str) -> str:
    """An entry up to its last line that is neither blank nor a comment, which may be about the next one."""
    lines = text.split("\n")
    while not lines[-1].strip() or lines[-1].lstrip().startswith("#"):
        lines.pop()
    return text[: len("\n".join(lines)) + 1]


def _appended(content: str, blocks: Sequence[str], line_end: str) -> str:
    """The content and then each block, with a blank line before it."""
    for block in blocks:
        if content and not content.endswith("\n"):
            content += line_end
        if content and not content.endswith(line_end * 2):
            content += line_end
        content += block.replace("\n", line_end)
    return content


def _expected(
    tables: Mapping[str, object], texts: Sequence[str | None], added: Sequence[str]
) -> dict[str, object]:
    """What the edited file should say."""
    result = dict(tables)
    if texts:
        old = subtables(tables, "model")
        result["model"] = [
            table if text is None else subtables(_parsed(text), "model")[0]
            for table, text in zip(old, texts, strict=True)
        ]
    for block in added:
        for key, value in _parsed(block).items():
            result[key] = [*subtables(result, key), *value] if isinstance(value, list) else value
    return result
