import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from costopt.pricing.lines import line_of

Path = tuple[str | int, ...]

CATALOG = """\
schema = 1

[[provider]]
id = "acme"

[[model]]
id = "small"
match.exact = ["small", "tiny"]
[[model.price]]
input = 1

[[model]]  # the second
id = "large"
match = { exact = ["large"], prefix = ["large-"] }
[[model.price]]
input = 9
[[model.price]]
from = 2026-10-01
input = 10.5
tier = [
  { above = 100, input = 20 },  # a tier
  {
    above = 300,
    input = 40,
  },
]
[model.price.mode.flex]
input = 6
tier = [{ above = 200, input = 12 }, { above = 400 }]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("schema",), 1),
        (("provider", 0), 3),
        (("provider", 0, "id"), 4),
        (("model",), 6),
        (("model", 0), 6),
        (("model", 0, "match"), 8),
        (("model", 0, "match", "exact"), 8),
        (("model", 0, "price"), 9),
        (("model", 0, "price", 0, "input"), 10),
        (("model", 1), 12),
        (("model", 1, "match", "prefix"), 14),
        (("model", 1, "price"), 15),
        (("model", 1, "price", 0), 15),
        (("model", 1, "price", 1), 17),
        (("model", 1, "price", 1, "from"), 18),
        (("model", 1, "price", 1, "input"), 19),
        (("model", 1, "price", 1, "tier"), 20),
        (("model", 1, "price", 1, "tier", 0), 21),
        (("model", 1, "price", 1, "tier", 0, "above"), 21),
        (("model", 1, "price", 1, "tier", 1), 22),
        (("model", 1, "price", 1, "tier", 1, "above"), 23),
        (("model", 1, "price", 1, "mode"), 27),
        (("model", 1, "price", 1, "mode", "flex"), 27),
        (("model", 1, "price", 1, "mode", "flex", "input"), 28),
        (("model", 1, "price", 1, "mode", "flex", "tier", 1, "above"), 29),
    ],
)
def test_keys_and_tables_of_a_catalog_stand_where_they_are_written(path: Path, line: int) -> None:
    assert line_of(CATALOG, path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("currency",), 1),
        (("model", 2), 6),
        (("model", 1, "provider"), 12),
        (("model", 1, "price", 1, "mode", "flex", "output"), 27),
        (("model", 1, "price", 1, "mode", "batch", "input"), 27),
        (("model", 1, "price", 1, "tier", 1, "output"), 22),
        (("model", 1, "match", "suffix", 0), 14),
        (("model", 1, "price", 0, "input", "deeper"), 16),
        ((), 1),
    ],
)
def test_what_is_missing_stands_where_the_nearest_parent_does(path: Path, line: int) -> None:
    assert line_of(CATALOG, path) == line


@pytest.mark.parametrize(
    "text",
    [
        '"""\n[[model]]\nid = 1"""',
        "'''\n[[model]]\nid = 1'''",
        '"""\n\\"""\n[[model]]"""',
        '"""\n\\\n ""[[model]]\\\\""""',
        "'''\n''\n[[model]]''''",
        '[\n"[[model]] \\"# ]",\n\']\\\']',
        "[ # [[model]] ]\n'', # ]\n]",
    ],
)
def test_what_looks_like_a_table_inside_a_value_is_not_one(text: str) -> None:
    content = f"[[model]]\nnote = {text}\nid = 3  # ' \"\n[[model]]\nid = 4"

    assert line_of(content, ("model", 0, "id")) == 5
    assert line_of(content, ("model", 1)) == 6
    assert line_of(content, ("model", 1, "id")) == 7
    assert tomli.loads(content)["model"][1] == {"id": 4}


@pytest.mark.parametrize(
    "header",
    [
        "[model.price.flex]",
        '["model".price."flex"]',
        " [ 'model' . \"price\"\t.flex ] # [x]",
        '["\\u006dodel".price.flex]',
    ],
)
def test_a_header_means_the_same_however_its_keys_are_written(header: str) -> None:
    content = f'[["model"]]\n[[ model.price ]]\n[[model . "price"]]\n{header}\n'

    assert line_of(content, ("model", 0, "price", 0)) == 2
    assert line_of(content, ("model", 0, "price", 1)) == 3
    assert line_of(content, ("model", 0, "price", 1, "flex")) == 4
    assert tomli.loads(content) == {"model": [{"price": [{}, {"flex": {}}]}]}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("a-1_b", "a-1_b"),
        ('"a.b"', "a.b"),
        ("'\"a\"'", '"a"'),
        ('"\'"', "'"),
        ("'a\\b'", "a\\b"),
        ('"\\"\\u00e9\\n"', '"é\n'),
        ('""', ""),
        ("1979-05-27", "1979-05-27"),
    ],
)
def test_a_key_means_the_same_quoted_or_bare(written: str, key: str) -> None:
    content = f"first = 1\n{written} = 2\n[last]\nx = {{ y = 1, {written} = [1,\n2] }}"

    assert line_of(content, (key,)) == 2
    assert line_of(content, ("last", "x", key, 1)) == 5
    assert tomli.loads(content) == {"first": 1, key: 2, "last": {"x": {"y": 1, key: [1, 2]}}}


def test_a_dotted_number_is_two_keys() -> None:
    assert line_of("3.13 = 1\n3.14 = 2", ("3", "14")) == 2


def test_tables_of_dotted_keys_stand_at_their_first_key() -> None:
    content = "x = 1\nmode.flex.input = 1\nmode.flex.output = 2\nmode.batch = { a.b = 1, a.c = 2 }"

    assert line_of(content, ("mode",)) == 2
    assert line_of(content, ("mode", "flex", "missing")) == 2
    assert line_of(content, ("mode", "flex", "output")) == 3
    assert line_of(content, ("mode", "batch", "a", "c")) == 4


def test_a_table_stands_at_its_own_header_even_after_that_of_a_sub_table() -> None:
    content = "[head.sub]\nx = 1\n\n[head]\ny = 2\n[head.other]"

    assert line_of(content, ("head",)) == 4
    assert line_of(content, ("head", "y")) == 5
    assert line_of(content, ("head", "sub", "x")) == 2


def test_a_table_without_a_header_stands_at_that_of_its_first_sub_table() -> None:
    assert line_of("x = 1\n[head.sub]\n[head.other]", ("head",)) == 2


def test_nested_arrays_and_inline_tables_count_their_own_elements() -> None:
    content = "x = [[1.5, 2], [\n], [{}, { a = [\n[], { b = {} }] }\n,],\n]"

    assert line_of(content, ("x", 0, 1)) == 1
    assert line_of(content, ("x", 2)) == 2
    assert line_of(content, ("x", 2, 1, "a", 1, "b")) == 3
    assert line_of(content, ("x", 2, 2)) == 2


def test_an_inline_table_may_span_lines_and_end_in_a_comma() -> None:
    content = "x = {  # TOML 1.1\n  a = 1,\n\n  b.c = 2, # }\n}\ny = 3"

    assert line_of(content, ("x", "b", "c")) == 4
    assert line_of(content, ("x", "missing")) == 1
    assert line_of(content, ("y",)) == 6


def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing() -> None:
    content = '\ufeff[[model]]\r\nid = """\r\n\r\n""" # one\r\n\r\n[[model]]\r\nid = [\r\n1,\r\n2]\r\n'

    assert line_of(content, ("model", 0)) == 1
    assert line_of(content, ("model", 1)) == 6
    assert line_of(content, ("model", 1, "id", 1)) == 9


def test_only_line_feeds_end_a_line() -> None:
    assert line_of("x = '\u2028\u0085' # \u2029 [\ny = 1", ("y",)) == 2


def test_the_deepest_nesting_that_tomli_reads_has_lines() -> None:
    content = "x = " + "[" * 300 + "\n1" + "]" * 300

    assert tomli.loads(content)
    assert line_of(content, ("x", *[0] * 300)) == 2


# Any document, in any spelling

SNIPPETS = (
    "[[m]]",
    "[m]",
    "k = 1",
    '"',
    '""',
    "'",
    "''",
    "\\",
    "\n",
    "#",
    "{",
    "}",
    "]",
    ",",
    ".",
    "é",
    "\u2028",
)

keys = st.sampled_from(["m", "k", "a-1", "3", "", "a.b", "]]", "#", "=", "'", '"', "\\", "\n", "'\"é"])
strings = st.lists(st.sampled_from(SNIPPETS), max_size=6).map("".join)
scalars = st.sampled_from([0, -1.5, True, dt.date(2026, 8, 21), dt.datetime(2026, 8, 21, 7, 32)]) | strings  # noqa: DTZ001
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.lists(st.dictionaries(keys, inner, max_size=3), min_size=1, max_size=3)
    ),
    max_leaves=25,
)
documents = st.dictionaries(keys, values, max_size=5)


@dataclass
class Writer:
    """Writes a document in a spelling of hypothesis's choice, and notes the line of each value."""

    data: st.DataObject
    text: str = ""
    lines: dict[Path, int] = field(default_factory=dict)

    def choose(self, *choices: str) -> str:
        return self.data.draw(st.sampled_from(choices))

    def write(self, text: str) -> None:
        self.text += text

    def note(self, path: Path, *, at_first: bool = False) -> None:
        if not (at_first and path in self.lines):
            self.lines[path] = self.text.count("\n") + 1

    def key(self, key: str) -> str:
        forms = [json.dumps(key, ensure_ascii=False)]
        if re.fullmatch(r"[A-Za-z0-9_-]+", key):
            forms.append(key)
        if not {"'", "\n"} & set(key):
            forms.append(f"'{key}'")
        return self.choose(*forms)

    def string(self, value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace('"""', '""\\"')
        forms = [json.dumps(value, ensure_ascii=False), f'"""\n{escaped}"""', f'"""\\\n\n{escaped}"""']
        if value[:1] == "\n":
            del forms[-1]  # a backslash at the end of a line eats the empty lines after it
        if "'''" not in value:
            forms.append(f"'''\n{value}'''")
        if not {"'", "\n"} & set(value):
            forms.append(f"'{value}'")
        return self.choose(*forms)

    def gap(self) -> str:
        return self.choose("", " ", "\n", " # [[m]] }]\"'\n\t")

    def value(self, path: Path, value: object) -> None:
        match value:
            case dict():
                self.inline(path, value)
            case list():
                self.write("[")
                for index, item in enumerate(value):
                    self.write(("," if index else "") + self.gap())
                    self.note((*path, index))
                    self.value((*path, index), item)
                    self.write(self.gap())
                self.write(self.choose("", ",") + self.gap() + "]" if value else "]")
            case str():
                self.write(self.string(value))
            case bool():
                self.write(str(value).lower())
            case _:
                self.write(str(value))

    def inline(self, path: Path, table: dict[str, object]) -> None:
        self.write("{")
        separator = ""
        for keys_, value in self.flat(table):
            self.write(separator + self.gap())
            self.assign(path, keys_, value)
            self.write(self.gap())
            separator = ","
        self.write("}")

    def flat(self, table: dict[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
        """The table's keys, with some of its tables as dotted keys."""
        for key, value in table.items():
            if isinstance(value, dict) and value and self.choose("plain", "dotted") == "dotted":
                for inner_keys, inner in self.flat(value):
                    yield (key, *inner_keys), inner
            else:
                yield (key,), value

    def assign(self, path: Path, keys_: tuple[str, ...], value: object) -> None:
        for depth in range(1, len(keys_)):
            self.note((*path, *keys_[:depth]), at_first=True)
        self.note((*path, *keys_))
        self.write(self.choose(".", " . ").join(map(self.key, keys_)) + self.choose("=", " = "))
        self.value((*path, *keys_), value)

    def table(self, path: Path, table: dict[str, object]) -> None:
        """The table's assignments, then the tables in it that have headers."""
        headed = {
            key: value
            for key, value in table.items()
            if is_table_or_array_of_them(value) and self.choose("header", "inline") == "header"
        }
        for keys_, value in self.flat({key: value for key, value in table.items() if key not in headed}):
            self.assign(path, keys_, value)
            self.write(self.choose("\n", " # k = [\n", "\n\n"))
        for key, value in headed.items():
            self.headed((*path, key), value)

    def headed(self, path: Path, value: object) -> None:
        if isinstance(value, list):
            self.header(path, "[[", "]]", (*path, 0))
            for index, item in enumerate(value):
                if index:
                    self.header(path, "[[", "]]", (*path, index))
                self.table((*path, index), item)
            return
        assert isinstance(value, dict)
        tables = {key: inner for key, inner in value.items() if is_table_or_array_of_them(inner)}
        if tables and self.choose("before", "after") == "after":
            for key, inner in tables.items():
                self.headed((*path, key), inner)
            value = {key: inner for key, inner in value.items() if key not in tables}
            if not value and self.choose("header", "none") == "none":
                return
        self.header(path, "[", "]", path)
        self.table(path, value)

    def header(self, path: Path, opening: str, closing: str, stands_here: Path) -> None:
        for depth in range(1, len(stands_here)):
            self.note(stands_here[:depth], at_first=True)
        self.note(stands_here)
        names = [self.key(step) for step in path if isinstance(step, str)]
        self.write(opening + self.choose(".", " . ").join(names) + closing + self.choose("\n", " # ]]\n"))


def is_table_or_array_of_them(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict)


def paths_of(value: object, path: Path = ()) -> Iterator[Path]:
    """Every path into a value."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths_of(inner, (*path, index))


@settings(max_examples=60, deadline=None)
@given(documents, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]), st.data())
def test_every_value_of_any_document_stands_on_the_line_it_was_written_on(
    document: dict[str, object], newline: str, mark: str, data: st.DataObject
) -> None:
    writer = Writer(data)
    writer.table((), document)
    content = writer.text.replace("\n", newline)

    assert tomli.loads(content) == document
    assert {path: line_of(mark + content, path) for path in paths_of(document)} == writer.lines
    for path, line in writer.lines.items():
        assert line_of(mark + content, (*path, "missing", 0)) == line
