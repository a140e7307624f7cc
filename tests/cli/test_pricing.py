import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

PRICES = """
schema = 1
currency = "USD"
source = "made for a test"
date = 2026-10-01
standalone = true

[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }

[[model]]
provider = "acme"
id = "acme-large"
match = { regex = ['^acme-large-\\d+$'] }
[[model.price]]
input = 5
cached_input = 0.125
cache_write_5m = 6.25
output = 30
request_per_1k = 2
batch_input = 2.5
batch_cached_input = 0.13
batch_cache_write_5m = 3
batch_output = 15
tier = [{ above = 200_000, input = 10, batch_input = 4 }]

[[model]]
provider = "acme"
id = "acme-dated"
[[model.price]]
from = 2026-08-01
input = 1
output = 2
[[model.price]]
from = 2026-10-01
hours_utc = ["22:00-06:00"]
weekdays = [1, 2]
input = 3
output = 4

[[model]]
provider = "globex"
id = "grand"
[[model.price]]
input = 1000
output = 2000
"""


@pytest.fixture(autouse=True)
def prices(write: Write) -> str:
    return write("prices.toml", PRICES)


OWN = ("--pricing", "prices.toml")
MOMENT = ("--at", "2026-10-05T23:00+02:00")
COUNTED = (
    "--input 250000 --cached 100000 --cache-write 50000 --cache-write-1h 10000 --output 9000 --reasoning 1000"
)
COST = ("cost", "acme-large", *COUNTED.split(), *MOMENT)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("show", ["show", "acme-large-7"]),
        ("show-dated", ["show", "acme-dated", "--provider", "acme"]),
        ("show-day", ["show", "acme/acme-dated", "--at", "2026-10-05"]),
        ("show-json", ["show", "acme-large-7", "-o", "json"]),
        ("show-at-json", ["show", "acme-dated", "--at", "2026-10-05T23:00+02:00", "-o", "json"]),
        ("show-csv", ["show", "acme-dated", "-o", "csv"]),
        ("show-md", ["show", "acme-large", "--mode", "batch", "-o", "md"]),
        ("cost", [*COST, "--provider", "acme"]),
        ("cost-json", [*COST, "--mode", "batch", "-o", "json"]),
        ("cost-csv", [*COST, "-o", "csv"]),
        (
            "cost-md",
            ["cost", "grand", "--provider", "globex", "--input", "0", "--output", "1", *MOMENT, "-o", "md"],
        ),
        ("list", ["list", "--at", "2026-10-05"]),
        ("list-batch", ["list", "--at", "2026-10-07T08:00", "--mode", "batch"]),
        ("list-none", ["list", "--at", "2026-10-05", "--match", "nothing"]),
        ("list-json", ["list", "--at", "2026-10-05", "--match", "LARGE", "-o", "json"]),
        ("list-csv", ["list", "--at", "2026-10-05", "-o", "csv"]),
        ("list-md", ["list", "--at", "2026-10-05", "--provider", "globex", "-o", "md"]),
    ],
)
def test_the_catalog_reads(run: Run, name: str, words: list[str]) -> None:
    code, out, err = run("pricing", *words, *OWN)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/pricing-{name}.txt")


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
def test_a_catalog_is_checked(run: Run, form: str) -> None:
    code, out, err = run("pricing", "check", "prices.toml", "--at", "2026-10-05", "-o", form)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/pricing-check-{form}.txt")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "show acme-larg",
            snapshot("""\
error: No price for model `acme-larg`

hint: did you mean `acme-large`?
"""),
        ),
        (
            "show acme-large --mode flex",
            snapshot("""\
error: `acme/acme-large` has no flex rates

hint: it has standard, batch
"""),
        ),
        (
            "show acme-dated --at 2026-07-31",
            snapshot("""\
error: `acme/acme-dated` has no price on 2026-07-31

hint: leave out `--at` to see all there are
"""),
        ),
        (
            "show acme-large --at yesterday",
            snapshot("""\
error: `yesterday` is not a time

hint: write `2026-10-01` or `2026-10-01T08:00`
"""),
        ),
        (
            "cost acme-lrge --input 1 --output 1",
            snapshot("""\
error: No price for model `acme-lrge`

hint: did you mean `acme-large`?
"""),
        ),
        (
            "cost acme-large --input 1 --output 1 --mode flex",
            snapshot("""\
error: `acme/acme-large` has no flex rates (no_rate_for_mode)

hint: it has standard, batch
"""),
        ),
        (
            "cost acme-large --input 1 --output 1 --web-searches 1",
            snapshot("""\
error: `acme/acme-large` has no rate for a kind of token that the request uses (no_rate_for_tokens)

hint: `costopt pricing show` names every rate it has, and when it holds
"""),
        ),
        (
            "cost acme-dated --input 1 --output 1 --at 2026-07-31",
            snapshot("""\
error: `acme/acme-dated` has no price at 2026-07-31 00:00 UTC (no_rate_for_date)

hint: `costopt pricing show` names every rate it has, and when it holds
"""),
        ),
        (
            "cost acme-large --input 1 --cached 2 --output 1",
            snapshot("""\
error: more cached than input tokens (is input counted without the cached ones?)

hint: `--input` counts all input, `--output` all output, `--cache-write` all cache writes, and so on
"""),
        ),
        (
            "cost acme-large --input -1 --output 1",
            snapshot("""\
Usage: costopt pricing cost [OPTIONS] {MODEL}
Try 'costopt pricing cost --help' for help.

Error: Invalid value for '--input': Input should be greater than or equal to 0
"""),
        ),
        (
            "list --provider acne",
            snapshot("""\
error: The catalog has no provider `acne`

hint: it has `acme`, `globex`
"""),
        ),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(run: Run, words: str, expected: str) -> None:
    code, out, err = run("pricing", *words.split(), *OWN)

    assert (code, out) == (2, "")
    assert err == expected


def test_a_malformed_catalog_is_an_error(run: Run, write: Write) -> None:
    write("broken.toml", PRICES.replace("batch_cached_input = 0.13\n", ""))

    assert run("pricing", "check", "broken.toml") == snapshot(
        (
            2,
            "",
            """\
error: `broken.toml`, line 22: model `acme/acme-large`: price 1: `batch_cached_input` is missing beside `batch_input` and the standard `cached_input`

hint: write out what the provider bills: providers differ, so it is not derived
""",
        )
    )


def counted(run: Run, *words: str) -> int:
    """How many models the catalog that is checked has."""
    models: int = json.loads(run("pricing", "check", "-o", "json", *words)[1])["models"]
    return models


def test_the_catalog_is_the_one_named_else_configured_else_shipped(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counted(run) > 2000

    write("own.toml", 'pricing = "prices.toml"')
    assert counted(run, "--config", "own.toml") == 3
    assert run("pricing", "show", "acme-large", "--config", "own.toml")[0] == 0

    monkeypatch.setenv("COSTOPT_PRICING", "prices.toml")
    assert counted(run) == 3
    assert run("pricing", "show", "acme-large")[0] == 0
    assert run("pricing", "list", "--provider", "globex")[0] == 0


def test_a_list_is_that_of_today_unless_a_day_is_named(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setattr("costopt.cli.loading.clock", lambda: dt.datetime(2026, 7, 31, 23, 59, tzinfo=dt.UTC))

    _, out, _ = run("pricing", "list", *OWN)

    assert " 2 prices, standard, on 2026-07-31\n" in out
    assert " 1 model has no price then · see: costopt pricing show MODEL\n" in out
    assert "acme-dated" not in out


def test_stale_prices_are_named_the_oldest_first(run: Run, write: Write) -> None:
    more = "".join(
        f'[[model]]\nprovider = "acme"\nid = "m{number}"\n'
        f"[[model.price]]\nverified = 2025-01-0{number}\ninput = 1\n"
        for number in range(1, 10)
    )
    write("old.toml", PRICES + more)

    _, out, _ = run("pricing", "check", "old.toml", "--at", "2026-10-05")

    assert " 9 models with a price last verified more than 180 days before 2026-10-05\n" in out
    assert " acme/m1  2025-01-01\n" in out
    assert " acme/m8  2025-01-08\n and 1 more · see: -o csv\n" in out


def test_a_model_billed_by_another_list_says_so(run: Run, write: Write) -> None:
    lending = '[[provider]]\nid = "reseller"\nfallback = ["acme"]\n'
    write("lent.toml", PRICES + lending)
    asked = ("acme-large", "--provider", "reseller", "--pricing", "lent.toml")

    _, shown, _ = run("pricing", "show", *asked)
    _, cost, _ = run("pricing", "cost", *asked, "--input", "1", "--output", "1")

    assert " billed by the standard prices of acme\n" in shown
    assert " billed by the standard prices of acme\n" in cost


def test_a_screen_shows_the_first_models_and_names_the_command_for_all(run: Run, write: Write) -> None:
    more = "".join(
        f'[[model]]\nprovider = "acme"\nid = "m{number:02}"\n[[model.price]]\ninput = {number}\n'
        for number in range(40)
    )
    write("my prices.toml", PRICES + more)
    asked = ["--match", "m", "--at", "2026-10-05", "--pricing", "my prices.toml"]

    _, screen, _ = run("pricing", "list", *asked, width=100)
    _, pipe, _ = run("pricing", "list", *asked)

    command = "costopt pricing list --match m --at 2026-10-05 --pricing 'my prices.toml' -o csv"
    assert f"18 more rows: {command}\n" in screen
    assert all(f"m{number:02}" in pipe for number in range(40))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (100, snapshot(" model                input  cached     output  batch in  batch cached  batch out")),
        (80, snapshot(" model                input  cached     output  batch in  batch out")),
        (60, snapshot(" model                input  cached     output  batch in")),
        (40, snapshot(" model                input     output")),
    ],
)
def test_columns_go_in_the_stated_order(run: Run, width: int, expected: str) -> None:
    _, out, _ = run("pricing", "list", "--at", "2026-10-05", *OWN, width=width)

    assert next(row for row in out.splitlines() if row.startswith(" model")) == expected


def test_a_report_is_written_to_a_file(run: Run) -> None:
    assert run("pricing", "show", "grand", "--provider", "globex", "--to", "out.md", "-o", "md", *OWN) == (
        0,
        "",
        "",
    )
    assert Path("out.md").read_text(encoding="utf-8").startswith("# Prices of globex/grand\n")


def test_a_request_is_made_now_unless_a_time_is_named(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    now = dt.datetime(2026, 10, 6, 1, 2, 3, 456, tzinfo=dt.UTC)
    monkeypatch.setattr("costopt.cli.loading.clock", lambda: now)

    _, out, _ = run("pricing", "cost", "acme-dated", "--input", "1", "--output", "1", "-o", "json", *OWN)

    made = json.loads(out)
    assert made["at"] == "2026-10-06T01:02:03Z"
    assert made["total_usd"] == 0.000007


@pytest.mark.parametrize("command", ["show", "cost"])
def test_a_name_that_is_not_text_is_no_crash(run: Run, command: str) -> None:
    tokens = ["--input", "1", "--output", "1"] if command == "cost" else []

    code, out, err = run("pricing", command, "acme-large-7\udcff", "--provider", "\udcff", *tokens, *OWN)

    assert (code, out) == (2, "")
    assert err.startswith("error: No price for model `acme-large-7?`\n")
