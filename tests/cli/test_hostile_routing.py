"""Names in logs, policies and priors cannot change what a simulation of routing is printed on or written to."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

EVIL = (
    "\x1b[31mred",
    "\x9b31mred",
    "good\rbad",
    "ring\x07",
    "one\n policy  $0.00",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "[red]x[/red] :smile: [link=https://evil.example]y[/link]",
    "\u202egpj.exe",
    "in\u200bvis\u2060ible\ufeff",
    "a\U000e0041b",
    "a | b",
    "`rm -rf`",
    "<script>alert(1)</script>",
    "**bold** [x](https://evil.example)",
    "=1+1",
    "@SUM(A1)",
    "\t=1+1",
    "$(touch owned) `id` ; x",
    "a · b",
)
STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
FORMULAS = set("=+-@|%\t")


def steering(text: str) -> set[str]:
    """The characters that steer a terminal or are not seen, line ends aside."""
    return {char for char in text if unicodedata.category(char) in STEERING and char != "\n"}


def toml(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@pytest.fixture
def evil(write: Write, log: str) -> str:
    """A log of hostile models, types and tenants, scored, with a price for each in its own catalog; prompts came twice."""
    rows = [
        json.dumps(
            {
                "request_id": f"r{number}",
                "timestamp": f"2026-10-01T00:00:{number % 60:02}Z",
                "provider": "openai",
                "model": f"m{name}" if number % 2 else "gpt-large",
                "request_type": name,
                "tenant": name,
                "tag": name,
                "input_tokens": 1000,
                "output_tokens": 10,
                "cost_usd": 1 + number,
                "quality": 0.5,
                "confidence": 0.5,
                "attempt": 1 + number % 2,
                "prompt_hash": name,
                "\x1b[2Jcolumn": name,
            }
        )
        for number, name in enumerate(each for each in EVIL for _ in range(2))
    ]
    return write(log, "\n".join(rows))


@pytest.fixture
def policies(write: Write) -> tuple[str, ...]:
    """A policy for each name, that has it as its own name and as that of a rule and its words."""
    written = []
    for number, name in enumerate(EVIL):
        word = toml(name)
        tiers = '[tiers]\nmini = ["gpt-small"]\npremium = ["gpt-large"]\n'
        rule = f'[[rule]]\nname = {word}\nwhen = {{ tenant = {word}, request_type = {word} }}\ntier = "premium"\n'
        written += ["--policy", write(f"p{number}.toml", f"name = {word}\n{tiers}{rule}")]
    return tuple(written)


@pytest.mark.parametrize(
    ("form", "width"),
    [("table", 80), ("table", 200), ("table", None), ("json", None), ("csv", None), ("md", None)],
)
def test_nothing_steers_the_terminal(
    run: Run, evil: str, policies: tuple[str, ...], form: str, width: int | None
) -> None:
    segments = ("--by", "tenant,tag,\x1b[2Jcolumn")

    for words in ((*policies, *segments), (*policies, "--floor", "0.1"), ("--providers",)):
        code, out, err = run("simulate", evil, *words, "-o", form, width=width)

        assert code in (0, 3)
        assert (steering(out), steering(err)) == (set(), set())
        assert width is None or all(len(row) <= width for row in out.splitlines())


def test_markup_is_text(run: Run, evil: str) -> None:
    _, out, _ = run("simulate", evil, "--providers", width=200)

    assert " openai/m[red]x[/red] :smile: [link=http" in out


def test_a_policy_stays_in_its_row(run: Run, evil: str, policies: tuple[str, ...]) -> None:
    _, out, _ = run("simulate", evil, *policies)
    rows = out.partition("\n policy ")[2].partition("\n\n")[0].splitlines()[1:]

    assert len(rows) == len(EVIL)
    assert not any(row.startswith(" policy") for row in rows)


def test_a_spreadsheet_runs_no_formula(run: Run, evil: str, policies: tuple[str, ...]) -> None:
    for words in ((*policies, "--by", "tenant"), ("--providers",)):
        _, out, _ = run("simulate", evil, *words, "-o", "csv")
        head, *rows = csv.reader(io.StringIO(out))

        texts = [
            place for place, name in enumerate(head) if not name.endswith(("usd", "requests", "_pct", "_ms"))
        ]
        assert rows
        assert not [row for row in rows for place in texts if row[place].lstrip()[:1] in FORMULAS]


def test_json_gives_the_names_back_as_they_are(run: Run, evil: str, policies: tuple[str, ...]) -> None:
    result = json.loads(run("simulate", evil, *policies, "-o", "json")[1])

    assert [each["policy"] for each in result["policies"]] == [*EVIL]
    segments = {segment["segment"]["request_type"] for segment in result["policies"][0]["segments"]}
    assert segments == {*EVIL}


@pytest.mark.parametrize("form", ["policy", "litellm"])
def test_what_is_exported_steers_no_terminal_and_says_the_same(
    run: Run, evil: str, policies: tuple[str, ...], form: str
) -> None:
    for name, file in zip(EVIL, policies[1::2], strict=True):
        code, out, err = run("simulate", evil, "--policy", file, "--export", form)

        assert (code, err, steering(out)) == (0, "", set())
        if form == "policy":
            assert tomli.loads(out)["name"] == name
            assert tomli.loads(out)["rule"][0]["when"]["tenant"] == [name]


def test_the_commands_that_are_named_are_harmless(run: Run, write: Write, evil: str) -> None:
    own = write("p\x1b[31m [red]\u202e`|`$HOME 'q'.toml", '[tiers]\nmini = ["gpt-small"]\n')

    _, out, _ = run("simulate", evil, "--policy", own, "--by", "\x1b[2Jcolumn", width=400)

    assert (
        "--policy 'p\\x1b[31m [red]\\u202e`|`$HOME '\"'\"'q'\"'\"'.toml' --by '\\x1b[2Jcolumn' -o json" in out
    )


def test_messages_are_harmless(run: Run, write: Write, evil: str) -> None:
    write("ok.toml", '[tiers]\nmini = ["gpt-small"]\n')
    write("bad.toml", 'name = "a"\n"\\u001b[31m" = 1\n')
    write("unknown.toml", '[tiers]\nmini = ["\\u001b[31mx"]\n')
    write("prior.toml", 'source = "\\u001b[31m"\n[quality]\n"\\u202ex" = 2\n')
    for words in (
        ("--policy", "\x1b[31m"),
        ("--policy", "\x1b[31m.toml"),
        ("--policy", "bad.toml"),
        ("--policy", "unknown.toml"),
        ("--policy", "ok.toml", "--baseline", "\x1b[31m"),
        ("--policy", "ok.toml", "--baseline", "\u202e/request"),
        ("--policy", "ok.toml", "--by", "\x1b[31m"),
        ("--policy", "ok.toml", "--prior", "\x1b[31m.toml"),
        ("--policy", "ok.toml", "--prior", "prior.toml"),
        ("--policy", "ok.toml", "--export", "policy", "--to", "nowhere/\x1b[31m"),
    ):
        code, out, err = run("simulate", evil, *words)
        assert (code, out) == (2, ""), words
        assert err.startswith("error: "), words
        assert steering(err) == set(), words


def test_bytes_that_are_no_text_are_an_answerable_mistake(run: Run, evil: str, write: Write) -> None:
    write("ok.toml", '[tiers]\nmini = ["gpt-small"]\n')
    for words in (
        ("--policy", "\udcff"),
        ("--policy", "ok.toml", "--baseline", "\udcff"),
        ("--policy", "ok.toml", "--by", "\udcff"),
    ):
        code, _, err = run("simulate", evil, *words)
        assert code == 2
        assert steering(err) == set()


def test_a_long_name_does_not_flood_the_screen(run: Run, write: Write, evil: str) -> None:
    assert evil
    long = "x" * 5000
    row = {"timestamp": "2026-10-01T00:00:00Z", "model": long, "request_type": long, "cost_usd": 1}
    write("long.jsonl", json.dumps({**row, "input_tokens": 1, "output_tokens": 1}) + "\n")
    write(
        "long.toml",
        f'name = "{long}"\n[tiers]\nmini = ["gpt-small"]\n[[rule]]\nname = "{long}"\ntier = "mini"\n',
    )
    for words in (("--policy", "long.toml"), ("--providers",)):
        _, out, _ = run("simulate", "long.jsonl", *words, width=80)
        assert out.count("\n") < 45
        assert all(len(line) <= 80 for line in out.splitlines())


def test_no_file_was_touched(run: Run, evil: str, policies: tuple[str, ...]) -> None:
    before = {path.name for path in Path().iterdir()}

    run("simulate", evil, *policies)

    assert {path.name for path in Path().iterdir()} == before
