"""Names in logs and frontier models cannot change what a report of savings is printed on or written to."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from typing import Final

import pytest

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

EVIL: Final = (
    "\x1b[31mred",
    "\x9b31mred",
    "good\rbad",
    "one\n openai  $0.00",
    '"}, {"tenant": "quoted',
    "back\\slash",
    "[red]x[/red] :smile: [link=https://evil.example]y[/link]",
    "\u202egpj.exe",
    "in\u200bvis\u2060ible\ufeff",
    "a | b",
    "<script>alert(1)</script>",
    "=1+1",
    "\t=1+1",
)
STEERING: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
FORMULAS: Final = set("=+-@|%\t")
CONTRACT: Final = (
    "schema = 1\n[[contract]]\ntenant = {}\nstart = 2026-01-01\npercentage = 25\nbaseline = {}\n"
)


def steering(text: str) -> set[str]:
    """The characters that steer a terminal or are not seen, line ends aside."""
    return {char for char in text if unicodedata.category(char) in STEERING and char != "\n"}


def toml(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=True)


@pytest.fixture
def evil(run: Run, write: Write, log: str) -> str:
    """A log of hostile models, tenants and adapters, and a frontier model of each name."""
    rows = [
        {
            "timestamp": "2026-10-01T00:00:00Z",
            **dict.fromkeys(("model", "tenant", "adapter"), name),
            "input_tokens": 1000,
            "output_tokens": 10,
            "cost_usd": 1 + number,
        }
        for number, name in enumerate(EVIL)
    ]
    models = [{"model_name": name, "cost_per_1k_tokens_usd": 9, "capabilities": [name]} for name in EVIL]
    write("models.json", json.dumps(models))
    assert run("frontier", "import", "models.json")[0] == 0
    return write(log, "\n".join(map(json.dumps, rows)))


@pytest.mark.parametrize(
    ("form", "width"),
    [("table", 80), ("table", 200), ("table", None), ("json", None), ("csv", None), ("html", None)],
)
def test_nothing_steers_the_terminal(run: Run, write: Write, evil: str, form: str, width: int | None) -> None:
    for number, name in enumerate(EVIL):
        write("c.toml", CONTRACT.format(toml(name), toml(name)))
        invoiced = ("gainshare", "invoice", "--tenant", name, "--month", "2026-10", "--contracts", "c.toml")
        recorded = ("gainshare", "record", evil, "--baseline", name, "--source", name)
        more = [
            ("gainshare", "summary"),
            ("gainshare", "entries", "--source", name),
            ("frontier", "list"),
            ("gainshare", "whatif", evil),
        ]
        for words in (recorded, invoiced, *(more if number == 0 else [])):
            code, out, err = run(*words, "-o", form, width=width)

            assert (code, steering(out), steering(err)) == (0, set(), set())
            assert width is None or all(len(row) <= width for row in out.splitlines())
            assert "<script>" not in out or form != "html"


def test_the_ledger_gives_the_names_back_as_they_are(run: Run, evil: str) -> None:
    assert run("gainshare", "record", evil, "--baseline", EVIL[0])[0] == 0

    summary = json.loads(run("gainshare", "summary", "-o", "json")[1])

    for group in ("by_tenant", "by_model", "by_adapter"):
        assert {each["key"] for each in summary[group]} == {*EVIL}
    assert run("gainshare", "verify")[0] == 0


def test_a_spreadsheet_runs_no_formula(run: Run, evil: str) -> None:
    run("gainshare", "record", evil, "--baseline", EVIL[-1], "--source", EVIL[-1])

    shares = (("gainshare", "summary"), ("gainshare", "report", "--pct", "5"), ("gainshare", "entries"))
    for words in (*shares, ("frontier", "list")):
        _, out, _ = run(*words, "-o", "csv")
        head, *rows = csv.reader(io.StringIO(out))

        texts = [
            place
            for place, name in enumerate(head)
            if name
            in ("tenant", "key", "model_name", "capabilities", "model", "adapter", "source", "baseline")
        ]
        assert rows
        assert not [row for row in rows for place in texts if row[place].lstrip()[:1] in FORMULAS]


@pytest.mark.parametrize("name", EVIL)
def test_a_message_does_not_steer_the_terminal(run: Run, evil: str, name: str) -> None:
    run("frontier", "remove", name)

    for words in (("frontier", "show", name), ("gainshare", "record", evil, "--baseline", name, "--flat")):
        code, _, err = run(*words)

        assert (code, steering(err)) == (2, set())
