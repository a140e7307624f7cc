import csv
import datetime as dt
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

LARGE = "openai/gpt-large"
SMALL = "openai/gpt-small"
STATE = Path("data/costopt")
GUIDE = Path(__file__).parents[2] / "docs/gainshare.md"
CONTRACTS = """\
schema = 1
[[contract]]
tenant = "acme"
start = 2026-01-01
percentage = 25
[[contract.baseline]]
model = "openai/gpt-large"
tag = "chat"
[[contract.baseline]]
model = "openai/gpt-small"
"""


@pytest.fixture
def record(run: Run, log: str) -> Callable[..., None]:
    """Records the small log."""

    def recorded(*words: str, baseline: str = LARGE) -> None:
        assert run("gainshare", "record", log, "--baseline", baseline, *words)[0] == 0

    return recorded


@pytest.fixture
def entries(run: Run) -> Callable[..., dict[str, Any]]:
    """What `costopt gainshare entries` says, as JSON."""

    def asked(*words: str) -> dict[str, Any]:
        code, out, err = run("gainshare", "entries", *words, "-o", "json")
        assert (code, err) == (0, "")
        found: dict[str, Any] = json.loads(out, parse_float=Decimal)
        return found

    return asked


@pytest.mark.parametrize(
    ("name", "words", "width"),
    [
        ("80", [], 80),
        ("200", [], 200),
        ("history-80", ["--history"], 80),
        ("history-200", ["--history"], 200),
        ("pipe", [], None),
        ("part", ["--tenant", "acme", "--month", "2026-10", "--source", "logs", "--baseline", SMALL], 80),
        ("json", ["-o", "json", "--top", "2"], None),
        ("csv", ["-o", "csv", "--history"], None),
        ("md", ["-o", "md"], None),
        ("html", ["-o", "html", "--top", "1"], None),
    ],
)
def test_entries_read(
    record: Callable[..., None], run: Run, name: str, words: list[str], width: int | None
) -> None:
    record()
    record(baseline=SMALL)

    code, out, err = run("gainshare", "entries", *words, width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/gainshare-entries-{name}.txt")
    assert width is None or all(len(row) <= width for row in out.splitlines())


@pytest.mark.parametrize("width", [80, 200])
def test_entries_of_requests_read(record: Callable[..., None], run: Run, width: int) -> None:
    record("--per-request")

    _, out, _ = run("gainshare", "entries", width=width)

    assert out == external_file(f"screens/gainshare-entries-requests-{width}.txt")


# The invoice


def test_the_digest_of_a_month_is_that_of_its_invoice(
    record: Callable[..., None], run: Run, entries: Callable[..., dict[str, Any]], write: Write
) -> None:
    record()
    record("--source", "again", baseline=SMALL)
    record("--source", "other", baseline="anthropic/claude-grand")
    record("--source", "logs-of-a-part", "--where", "endpoint == '/chat'")
    record("--source", "logs-of-a-part", "--where", "endpoint == '/chat'", baseline=SMALL)
    write("contracts.toml", CONTRACTS)
    words = ("--tenant", "acme", "--month", "2026-10")

    invoice = json.loads(
        run("gainshare", "invoice", *words, "--contracts", "contracts.toml", "-o", "json")[1]
    )
    found = entries(*words, "--baseline", f"{LARGE},{SMALL}")

    evidence = invoice["evidence"]
    assert (found["entries_sha256"], found["total"]["entries"]) == (evidence["entries_sha256"], 9)
    assert evidence["entries"] == 9
    for end, name in ((0, "first"), (-1, "last")):
        assert {key: found["entries"][end][key] for key in ("id", "hash")} == {
            key: evidence[name][key] for key in ("id", "hash")
        }
    assert str(found["total"]["savings_usd"]) == str(Decimal(str(invoice["savings_usd"])))


def test_the_documented_script_makes_the_digest_from_the_csv(
    record: Callable[..., None],
    run: Run,
    entries: Callable[..., dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    record("--per-request")
    assert run("gainshare", "entries", "-o", "csv", "--to", "acme.csv")[0] == 0

    (script,) = re.findall(r"```python\n(import csv.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    exec(script, {})  # noqa: S102 - it is ours

    assert capsys.readouterr().out.strip() == entries()["entries_sha256"]


def test_csv_and_json_have_all_entries_unless_told_otherwise(
    record: Callable[..., None], run: Run, write: Write, log: str
) -> None:
    row = '{{"request_id":"r{0}","timestamp":"2026-10-01T08:00:{0:02}Z","model":"gpt-small","input_tokens":1,"output_tokens":1}}'
    write(log, "\n".join(row.format(number) for number in range(60)))
    record("--per-request")

    def count(*words: str) -> int:
        return len(list(csv.DictReader(io.StringIO(run("gainshare", "entries", "-o", "csv", *words)[1]))))

    assert (count(), count("--top", "7")) == (60, 7)
    assert len(json.loads(run("gainshare", "entries", "-o", "json")[1])["entries"]) == 60
    out = run("gainshare", "entries")[1]
    assert (out.count("\n 2026-10-01 08:00  "), out.splitlines()[-1]) == snapshot(
        (50, " 10 more entries: --top 60, or -o csv")
    )


@pytest.mark.parametrize("form", ["json", "csv"])
def test_very_many_entries_read_like_a_few(
    record: Callable[..., None], run: Run, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    record()
    record(baseline=SMALL)
    at_once = run("gainshare", "entries", "--history", "-o", form)

    monkeypatch.setattr("costopt.ledger.reading._AT_ONCE", 2)

    assert run("gainshare", "entries", "--history", "-o", form) == at_once


# Limits


def test_a_month_and_a_time_are_both_limits(
    record: Callable[..., None], entries: Callable[..., dict[str, Any]]
) -> None:
    record()

    within = entries("--month", "2026-10", "--since", "2026-10-02", "--until", "2026-10-03")
    beyond = entries("--month", "2026-10", "--since", "2026-09-02", "--until", "2026-12-03")

    assert [each["period"] for each in within["entries"]] == ["2026-10-02"]
    assert (within["since"], within["until"]) == ("2026-10-02T00:00:00Z", "2026-10-03T00:00:00Z")
    assert (beyond["since"], beyond["until"]) == ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert entries("--month", "2026-09")["total"]["entries"] == 0


@pytest.mark.parametrize("words", [[], ["--tenant", "nobody"]])
def test_where_there_are_no_entries_it_is_said(run: Run, words: list[str]) -> None:
    code, out, _ = run("gainshare", "entries", *words)

    assert code == 0
    assert out.splitlines()[-1] == (
        " no entry is like this" if words else " nothing is recorded: costopt gainshare record LOGS"
    )


def test_an_entry_is_found_by_its_first_digits_and_its_history_as_well(
    record: Callable[..., None], run: Run, entries: Callable[..., dict[str, Any]], log: str
) -> None:
    record()
    whole = entries()["entries"][0]["id"]
    text = Path(log).read_text()
    for tokens in ("9001", "9002"):
        Path(log).write_text(text.replace('"output_tokens":9000', f'"output_tokens":{tokens}'))
        record("--cost", "computed")
    corrected = entries("--history", "--source", "logs")
    chain = {each["id"]: each["corrected_by"] for each in corrected["entries"] if each["id"][:32] == whole}
    assert [*chain.values()] == [f"{whole}-2", f"{whole}-3", None]

    assert [each["id"] for each in entries("--id", whole[:6])["entries"]] == [f"{whole}-3"]
    assert [each["id"] for each in entries("--id", f"{whole[:8].upper()}-3")["entries"]] == [f"{whole}-3"]
    for name in (whole, whole[:6], f"{whole}-2"):
        assert [each["id"] for each in entries("--id", name, "--history")["entries"]] == [*chain]
    assert run("gainshare", "entries", "--id", f"{whole[:12]}-2") == (
        2,
        "",
        f"error: `{whole[:12]}-2` was corrected by `{whole}-3`\n\nhint: show what there was: `--history`\n",
    )


# Mistakes


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "--id abc",
            snapshot("""\
error: `abc` is not the id of an entry

hint: write it as the ledger has it, or its first digits, at least 6
"""),
        ),
        (
            "--id abcdef0123",
            snapshot("""\
error: The ledger has no entry `abcdef0123`

hint: `costopt gainshare entries` lists those it has
"""),
        ),
        (
            "--month October",
            snapshot("""\
error: `October` is not a month

hint: write `2026-10`
"""),
        ),
        (
            "--since yesterday",
            snapshot("""\
error: `yesterday` is not a time

hint: write `2026-10-01` or `2026-10-01T08:00`
"""),
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_do(
    record: Callable[..., None], run: Run, words: str, told: str
) -> None:
    record()

    assert run("gainshare", "entries", *words.split()) == (2, "", told)


def test_a_withdrawn_entry_is_told_to_be_one(
    record: Callable[..., None], run: Run, entries: Callable[..., dict[str, Any]]
) -> None:
    record()
    identity = entries()["entries"][0]["id"]
    record(baseline=SMALL)

    _, _, err = run("gainshare", "entries", "--id", identity)

    assert err == f"error: `{identity}` was withdrawn\n\nhint: show what there was: `--history`\n"


def test_a_line_that_is_no_entry_is_told(record: Callable[..., None], run: Run) -> None:
    record()
    path = STATE / "baseline_history.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"prev"', b'"perv"', 1))

    Path("acme.csv").write_text("old", encoding="utf-8")

    for words in ([], ["-o", "csv", "--to", "acme.csv"]):
        code, out, err = run("gainshare", "entries", *words)

        assert (code, out) == (2, "")
        assert "has a line that is no entry" in err
    assert Path("acme.csv").read_text(encoding="utf-8") == "old"
    assert not [*Path().glob(".acme*")]


# Withdrawn entries are no entries


def test_what_was_withdrawn_is_an_entry_in_no_report(
    record: Callable[..., None], run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("costopt.cli.loading.clock", lambda: dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
    record()
    record(baseline=SMALL)
    write("contracts.toml", CONTRACTS)

    summary = json.loads(run("gainshare", "summary", "-o", "json")[1])
    report = json.loads(run("gainshare", "report", "--pct", "25", "-o", "json")[1])
    words = ("--tenant", "acme", "--month", "2026-10", "--contracts", "contracts.toml", "-o", "json")
    evidence = json.loads(run("gainshare", "invoice", *words)[1])["evidence"]
    run("export", "prometheus", "--to", "costopt.prom")

    assert (summary["total"]["entries"], report["total"]["entries"]) == (7, 7)
    assert [each["key"] for each in summary["by_baseline"]] == [SMALL]
    assert (evidence["entries"], evidence["baselines"], evidence["outside"]) == (3, [SMALL], None)
    assert "gain_share_baseline_entries_total 7.0" in Path("costopt.prom").read_text()
