import datetime as dt
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

STATE = Path("data/costopt")
CONTRACTS = """\
schema = 1
[[contract]]
tenant = "acme"
start = 2026-01-01
percentage = 25
baseline = "openai/gpt-large"
losing_month = "carry_forward"
[[contract]]
tenant = "globex"
start = 2026-01-01
percentage = 30
baseline = "premium-model"
"""
OCTOBER = ("gainshare", "invoice", "--tenant", "acme", "--month", "2026-10")


@pytest.fixture(autouse=True)
def _recorded(run: Run, log: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small log is recorded, and it is 2 November 2026."""
    monkeypatch.setattr("costopt.cli.loading.clock", lambda: dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
    write("contracts.toml", CONTRACTS)
    run("frontier", "set", "premium-model", "0.03")
    assert run("gainshare", "record", log, "--baseline", "openai/gpt-large")[0] == 0


@pytest.fixture
def invoiced(run: Run) -> Callable[..., str]:
    """The invoice of acme's October as CSV, whatever else was asked for."""

    def made(*words: str) -> str:
        code, out, err = run(*OCTOBER, *words, "-o", "csv")
        assert (code, err) == (0, "")
        return out

    return made


@pytest.mark.parametrize("form", ["table", "json", "csv", "md", "html"])
def test_an_invoice_reads(run: Run, form: str) -> None:
    code, out, err = run(*OCTOBER, "--contracts", "contracts.toml", "-o", form, width=80)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/gainshare-invoice-{form}.txt")


def test_a_draft_follows_the_ledger_and_a_closed_month_does_not(
    invoiced: Callable[..., str], run: Run, write: Write, log: str
) -> None:
    draft = invoiced("--contracts", "contracts.toml")
    final = invoiced("--contracts", "contracts.toml", "--close")
    assert final == draft.replace(",draft,", ",final,") != draft

    write("contracts.toml", CONTRACTS.replace("25", "50"))
    write("prices.toml", Path("prices.toml").read_text().replace("input = 10", "input = 11"))
    run("gainshare", "record", log, "--baseline", "openai/gpt-large")

    assert invoiced("--contracts", "contracts.toml") == final
    assert invoiced() == final
    assert invoiced("--close") == final
    assert run("gainshare", "verify")[0] == 0


def test_a_draft_says_that_it_is_one_in_every_form_and_a_final_invoice_does_not(run: Run) -> None:
    told = [run(*OCTOBER, "--contracts", "contracts.toml", "-o", form)[1] for form in ("json", "csv", "html")]
    assert ['"status": "draft"' in told[0], ",draft," in told[1], "<title>Draft invoice" in told[2]] == [
        True
    ] * 3

    draft = run(*OCTOBER, "--contracts", "contracts.toml")[1]
    final = run(*OCTOBER, "--contracts", "contracts.toml", "--close")[1]

    note = " draft: what is recorded in its month can still change it, until --close\n"
    assert note in draft
    assert draft.replace(note, "") == final == run(*OCTOBER)[1]


def test_an_invoice_that_was_kept_before_a_crash_is_the_one_that_closes_the_month(
    invoiced: Callable[..., str], write: Write
) -> None:
    kept = invoiced("--contracts", "contracts.toml", "--close")
    closed = STATE / "closed_months.json"
    before = json.loads(closed.read_bytes())
    closed.unlink()
    write("contracts.toml", CONTRACTS.replace("25", "50"))

    assert invoiced("--contracts", "contracts.toml", "--close") == kept
    assert json.loads(closed.read_bytes()) == before


def test_an_earlier_invoice_is_what_the_next_one_goes_on_from(
    invoiced: Callable[..., str], run: Run, log: str, write: Write
) -> None:
    write("loss.jsonl", Path(log).read_text().replace("2026-10", "2026-09").replace("1.35", "99"))
    run("gainshare", "record", "loss.jsonl", "--baseline", "openai/gpt-large")
    september = ("gainshare", "invoice", "--tenant", "acme", "--month", "2026-09")
    assert run(*september, "--contracts", "contracts.toml", "--close")[0] == 0

    assert [
        row for row in invoiced("--contracts", "contracts.toml").splitlines() if "losses" in row
    ] == snapshot(
        [
            "GS-2026-10-68679FF6690A,draft,acme,2026-10,2026-10-01,2026-10-31,losses carried in,,,,-98.2898,,",
            "GS-2026-10-68679FF6690A,draft,acme,2026-10,2026-10-01,2026-10-31,losses carried out,,,,-98.9296,,",
        ]
    )


@pytest.mark.parametrize(
    ("contracts", "more"),
    [
        (CONTRACTS, []),
        (CONTRACTS.replace("2026-01-01", "2026-10-02", 1), ["--since", "--baseline"]),
    ],
)
def test_the_command_on_an_invoice_lists_its_entries_with_the_same_digest(
    run: Run, write: Write, contracts: str, more: list[str]
) -> None:
    write("contracts.toml", contracts)
    screen = run(*OCTOBER, "--contracts", "contracts.toml", width=200)[1]
    evidence = json.loads(run(*OCTOBER, "--contracts", "contracts.toml", "-o", "json")[1])["evidence"]

    command = next(
        row.removeprefix(" see ").strip() for row in screen.splitlines() if row.startswith(" see ")
    )
    _, *words = shlex.split(command)
    found = json.loads(run(*words, "-o", "json")[1])

    assert all(option in words for option in more)
    assert (found["total"]["entries"], found["entries_sha256"]) == (
        evidence["entries"],
        evidence["entries_sha256"],
    )
    assert evidence["entries"]


def test_a_month_without_entries_has_an_invoice_of_nothing(run: Run) -> None:
    words = ("--tenant", "globex", "--month", "2026-08", "--contracts", "contracts.toml", "--state", "empty")
    run("frontier", "set", "premium-model", "0.03", "--state", "empty")

    code, out, _ = run("gainshare", "invoice", *words)

    assert code == 0
    assert out == snapshot("""\

 Amount due  $0.00
 invoice     GS-2026-08-DFD0001FE5CD
 customer    globex
 period      1 – 31 Aug 2026 (UTC), of 2026-08
 savings     $0.00
 terms       2026-01-01 – no end · 30 % of savings · baseline premium-model
 draft: what is recorded in its month can still change it, until --close
 the ledger has no entries for this period

 Line items
 item                  amount
 share: 30 % of $0.00   $0.00
 amount due             $0.00

 How it comes about
 Savings: $0.00 (baseline) less $0.00 (actual) = $0.00
 Share: $0.00
 Amount due: $0.00 rounded half up to 2 decimals, once = $0.00

 Evidence
 entries     0 of the ledger, for 0 requests
 digest      e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 · SHA-256 of what the entries say, by time and id
 see         costopt gainshare entries --tenant globex --month 2026-08
 coverage    100 % of requests · 0 unpriced · 0 not compared · 0 lines rejected
 baseline    –
 prices      –
 logs        –
 contract    b2cbf8bf29a74db481f1584b7b663dceb65792be2555cdec7e50ee033e1a5ccd
""")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "--tenant acme --month 2026-10",
            snapshot("""\
error: An invoice needs the contract

hint: name its file: `--contracts FILE`
"""),
        ),
        (
            "--tenant acme --month October --contracts contracts.toml",
            snapshot("""\
error: `October` is not a month

hint: write `2026-10`
"""),
        ),
        (
            "--tenant acme --month 2026-11 --contracts contracts.toml --close",
            snapshot("""\
error: 2026-11 is not over

hint: close it from 2026-12-01 on (UTC)
"""),
        ),
        (
            "--tenant acme --month 2025-10 --contracts contracts.toml",
            snapshot("""\
error: No contract with `acme` holds in 2025-10

hint: its contracts hold in: 2026-01-01 – on
"""),
        ),
        (
            "--tenant nobody --month 2026-10 --contracts contracts.toml",
            snapshot("""\
error: There is no contract with `nobody`

hint: add a `[[contract]]` with this `tenant`, spelled the same
"""),
        ),
        (
            "--tenant acme --month 2026-10 --contracts nowhere.toml",
            snapshot("""\
error: Cannot read the contracts `nowhere.toml`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            "--tenant acme --month 2026-10 --contracts short.toml",
            snapshot("""\
error: `short.toml`, line 6: contract 1: the baseline `gpt-large` is neither in the catalog nor a frontier model

hint: did you mean `openai/gpt-large`?
"""),
        ),
        (
            "--tenant acme --month 2026-10 --contracts contracts.toml --contracts contracts.toml",
            snapshot("""\
error: `contracts.toml`, line 2: contract 1: it begins on 2026-01-01, while that of `acme` from 2026-01-01 (`contracts.toml`, line 2) still holds

hint: keep one of the two
"""),
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_do(run: Run, write: Write, words: str, told: str) -> None:
    write("short.toml", CONTRACTS.replace("openai/gpt-large", "gpt-large"))

    code, out, err = run("gainshare", "invoice", *words.split())

    assert (code, out) == (2, "")
    assert err == told
    assert not (STATE / "closed_months.json").exists()
