"""Names from a log, of files and of columns cannot change the screen, the table or the spreadsheet they land in."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

EVIL = {
    "colour": "\x1b[31mred",
    "eight bit": "\x9b31mred",
    "return": "good\rbad",
    "backspace": "good\b\b\b\bevil",
    "bell": "ring\x07",
    "newline": "one\n total $0.00",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "rich markup": "[red]x[/red] :smile: [link=https://evil.example]y[/link]",
    "override": "\u202egpj.exe",
    "zero width": "in\u200bvis\u2060ible\ufeff",
    "arabic mark": "a\u061cb\u00adc",
    "tag characters": "a\U000e0041b",
    "surrogate": "a\ud800b",
    "table": "a | b",
    "code": "`rm -rf`",
    "html": "<script>alert(1)</script> &amp;",
    "bold": "**bold** ~~gone~~ [x](https://evil.example) ![x](y)",
    "formula": "=1+1",
    "plus": "+1",
    "minus": "-1",
    "at": "@SUM(A1)",
    "tab": "\t=1+1",
    "blank": " =1+1",
    "wide formula": "\uff1d1+1",
    "pipe formula": "|calc",
    "quotes": 'a"b,c;d',
    "shell": "$(touch owned) `id` ; x",
}
KEYS = ("model", "tag", "tenant", "endpoint")
STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def steering(text: str) -> set[str]:
    """The characters that steer a terminal or are not seen, line ends aside."""
    return {char for char in text if unicodedata.category(char) in STEERING and char != "\n"}


@pytest.fixture
def evil(write: Write, log: str) -> str:
    """A log in which every model, tag, tenant, endpoint and column name is hostile; the costs are 1, 2, 3, ..."""
    rows = [
        json.dumps(
            {
                "timestamp": "2026-10-01T00:00:00Z",
                **dict.fromkeys(KEYS, name),
                "input_tokens": 1000,
                "output_tokens": 10,
                **({} if number % 5 else {"cost_usd": None}),
                **({"cost_usd": number} if number % 5 else {}),
                "\x1b[2Jcolumn": name,
            }
        )
        for number, name in enumerate(EVIL.values(), start=1)
    ]
    return write(log, "\n".join(rows) + "\n\x1b[31mnot a request\n")


COMMANDS = [
    ("analyze",),
    ("analyze", "--tags", "\x1b[31mred,[red]x[/red] :smile: [link=https://evil.example]y[/link]"),
    ("spend", "--by", "model,tag,tenant,endpoint"),
    ("spend", "--by", "\x1b[2Jcolumn"),
    ("batch",),
    ("batch", "--tags", ",".join(name for name in EVIL.values() if "," not in name)),
    ("inspect",),
    ("inspect", "--map", "user=\x1b[2Jcolumn"),
]


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize(
    ("form", "width"), [("table", 80), ("table", None), ("json", None), ("csv", None), ("md", None)]
)
def test_nothing_steers_the_terminal(
    run: Run, evil: str, words: tuple[str, ...], form: str, width: int | None
) -> None:
    code, out, err = run(words[0], evil, *words[1:], "-o", form, width=width)

    assert (code, err) == (0, "")
    assert steering(out) == set()


def test_markup_is_text(run: Run, evil: str) -> None:
    _, out, _ = run("spend", evil, "--by", "tag", width=200)

    assert " [red]x[/red] :smile: [link=https://evil.example]y[/link] " in out


def test_a_name_stays_in_its_row(run: Run, evil: str) -> None:
    """One row a name, and none forged by a newline in it."""
    _, out, _ = run("spend", evil, "--by", "tag")
    head = next(number for number, row in enumerate(out.splitlines()) if row.startswith(" tag "))

    assert len(out.splitlines()) - head - 1 == len(EVIL)
    assert not any(row.startswith(" total") for row in out.splitlines())


@pytest.mark.parametrize("key", KEYS)
def test_a_markdown_table_keeps_its_cells(run: Run, evil: str, key: str) -> None:
    _, out, _ = run("spend", evil, "--by", key, "-o", "md")
    table = [row for row in out.splitlines() if row.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", row)[1:-1] for row in table]

    assert len(table) == len(EVIL) + 2
    assert {len(row) for row in cells} == {len(cells[0])}
    for name in (row[0] for row in cells[2:]):
        assert not re.search(r"(?<!\\)[`*_\[\]<>|#&~]", name), name
    assert "<script>" not in out
    assert "\\<script\\>" in out


def test_a_line_of_markdown_is_no_list_and_no_heading(run: Run, write: Write) -> None:
    good = '{"timestamp":"2026-10-01T00:00:00Z","model":"m","input_tokens":1,"output_tokens":1}\n'
    for name in ("- item.jsonl", "1. item.jsonl", "# head.jsonl", "> quote.jsonl"):
        write(name, good + "nonsense\n")
        _, out, _ = run("inspect", f"./{name}", "-o", "md")
        _, renamed, _ = run("inspect", name if name[0] != "-" else f"./{name}", "-o", "md")

        assert out.splitlines()[2].startswith("**")
        assert not any(re.match(r"[-+*>#=] |\d+[.)] ", row) for row in renamed.splitlines()[1:]), name


@pytest.mark.parametrize("key", KEYS)
def test_a_spreadsheet_runs_no_formula(run: Run, evil: str, key: str) -> None:
    _, out, _ = run("spend", evil, "--by", key, "-o", "csv")
    rows = list(csv.reader(io.StringIO(out)))

    assert len(rows) == len(EVIL) + 1
    for row in rows[1:]:
        assert row[0].lstrip()[:1] not in set("=+-@|%\uff1d\uff0b\uff0d\uff20\t"), row
    assert {"'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\\t=1+1", "' =1+1", "'|calc"} <= {row[0] for row in rows}
    assert 'a"b,c;d' in {row[0] for row in rows}


def test_json_gives_the_names_back_as_they_are(run: Run, evil: str) -> None:
    _, out, _ = run("spend", evil, "--by", "tag", "-o", "json")

    names = {row["group"]["tag"] for row in json.loads(out)["rows"]}

    assert len(names) == len(EVIL)
    assert names >= {name for kind, name in EVIL.items() if kind != "surrogate"}


def test_the_name_of_a_file_is_harmless_everywhere(run: Run, write: Write, evil: str) -> None:
    name = write("a\x1b[31m [red]\u202e`|`<b>\n=x;$HOME 'q'.jsonl", Path(evil).read_bytes())
    for words in (("analyze",), ("spend",), ("batch",), ("inspect",)):
        for form in ("table", "json", "csv", "md"):
            code, out, err = run(*words, name, "-o", form)
            assert (code, err, steering(out)) == (0, "", set())
    _, out, _ = run("analyze", name)

    assert "next  costopt spend 'a\\x1b[31m [red]\\u202e`|`<b>\\n=x;$HOME '\"'\"'q'\"'\"'.jsonl' --by" in out


def test_messages_are_harmless(run: Run, write: Write, evil: str) -> None:
    bad = write("bad\x1b[31m.csv", "\x1b[31mwhen,what\x07\n1,2\n")
    write("evil.toml", 'pricing = "x"\n"a\x7fb" = 1\n')
    for words in (
        ("analyze", "nowhere\x1b[31m.jsonl"),
        ("analyze", bad),
        ("analyze", evil, "--strict"),
        ("analyze", evil, "--map", "tag=\x1b[31m"),
        ("analyze", evil, "--set", "\x1b[31m=1"),
        ("analyze", evil, "--since", "\x1b[31m"),
        ("analyze", evil, "--tz", "\x1b[31m"),
        ("analyze", evil, "--config", "\x1b[31m.toml"),
        ("analyze", evil, "--config", "evil.toml"),
        ("analyze", evil, "--pricing", "\x1b[31m.toml"),
        ("analyze", evil, "--to", "nowhere/\x1b[31m"),
        ("spend", evil, "--by", "\x1b[31m"),
    ):
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert err.startswith("error: "), words
        assert steering(err) == set(), words


def test_a_long_name_does_not_flood_the_screen(run: Run, write: Write) -> None:
    row = {
        "timestamp": "2026-10-01T00:00:00Z",
        "input_tokens": 1,
        "output_tokens": 1,
        **dict.fromkeys(KEYS, "x" * 5000),
    }
    write("long.jsonl", json.dumps(row) + "\n")
    for command in ("analyze", "spend", "batch", "inspect"):
        _, out, _ = run(command, "long.jsonl", width=80)
        assert out.count("\n") < 40, command
        assert all(len(line) <= 80 for line in out.splitlines())


def test_wide_characters_keep_the_columns(run: Run, write: Write) -> None:
    rows = [
        f"2026-10-01T00:00:00Z,m,1000,10,{number},{tag}"
        for number, tag in enumerate(("日本語モデル", "🙂🙂", "e\u0301cole", "plain"), start=1)
    ]
    write("wide.csv", "timestamp,model,input_tokens,output_tokens,cost_usd,tag\n" + "\n".join(rows))

    _, out, _ = run("spend", "wide.csv", "--by", "tag", width=80)
    table = [row for row in out.splitlines() if "$" in row and "%" in row]

    assert len(table) == 4
    places = {_cells(row[: row.index("$")]) for row in table}
    assert len(places) == 1


def _cells(text: str) -> int:
    """How many cells a terminal gives it."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


@pytest.mark.parametrize(
    "words",
    [("batch", "--tags"), ("spend", "--by"), ("spend", "--map"), ("spend", "--set"), ("spend", "--tz")],
)
def test_bytes_that_are_no_text_are_an_answerable_mistake(run: Run, log: str, words: tuple[str, str]) -> None:
    code, _, err = run(words[0], log, words[1], "tag=\udcff")

    assert code in (0, 2)
    assert steering(err) == set()
