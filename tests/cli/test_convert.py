import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from inline_snapshot import snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

LOG = """id,ts,provider,model,input_tokens,output_tokens,tag,cost,region
a,2026-10-01T08:00:00Z,openai,gpt-4o-mini,1000,100,nightly,0.00021,eu
b,2026-10-02T08:00:00Z,openai,gpt-4o-mini,2000,200,chat,,us
b,2026-10-02T08:00:00Z,openai,gpt-4o-mini,2000,200,chat,,us
c,2026-10-02T09:00:00Z,acme,unheard-of,500,5,chat,,eu
d,2026-10-02T10:00:00Z,openai,gpt-4o-mini,many,5,chat,,eu
"""


PRICES = """schema = 1
currency = "USD"
date = 2026-10-01
standalone = true
[[model]]
provider = "openai"
id = "gpt-4o-mini"
[[model.price]]
input = 0.15
output = 0.6
batch_input = 0.075
batch_output = 0.3
"""


@pytest.fixture(autouse=True)
def log(write: Write) -> str:
    write("prices.toml", PRICES)
    write("costopt.toml", 'pricing = "prices.toml"\n')
    return write("log.csv", LOG)


def answer(run: Run, *words: str) -> dict[str, object]:
    """A report without what it says of the logs it read."""
    code, out, err = run(*words, "-o", "json")
    assert (code, err) == (0, "")
    found: dict[str, object] = json.loads(out)
    found.pop("intake", None)
    found.get("provenance", {}).pop("intake", None)  # type: ignore[attr-defined]
    return found


def test_logs_become_a_file_for_each_day(run: Run) -> None:
    assert run("convert", "log.csv", "--to", "out") == snapshot(
        (
            0,
            """\

 1 file · 3 requests · 1 – 2 Oct 2026 · generic
 1 rejected (see: costopt inspect log.csv --rejects FILE) · 1 duplicate removed ($0.0004200)
 1 unpriced, in no total: acme/unheard-of · see: costopt spend log.csv --by provider,model
 prices of 2026-10-01

 Converted to out
 3 requests · 2 files · 366 bytes of logs, 9 kB converted
 columns  input_tokens · output_tokens · timestamp · provider · model · cost_usd · request_id · tag

 next  costopt analyze out
""",
            "",
        )
    )
    assert sorted(path.name for path in Path("out").iterdir()) == ["2026-10-01.parquet", "2026-10-02.parquet"]


@pytest.mark.parametrize(
    "words", ["analyze", "spend --by tag,model --every 1d", "batch", "spend --cost computed"]
)
@pytest.mark.parametrize("target", ["out", "out.parquet"])
def test_converted_logs_give_the_same_answer(run: Run, words: str, target: str) -> None:
    assert run("convert", "log.csv", "--to", target)[0] == 0
    command, *rest = words.split()

    assert answer(run, command, target, *rest) == answer(run, command, "log.csv", *rest)


def test_a_report_on_converted_logs_says_what_was_left_out(run: Run) -> None:
    run("convert", "log.csv", "--to", "out")

    _, out, _ = run("spend", "out")

    assert " converted from 1 file: 1 rejected · 1 duplicate removed ($0.0004200)\n" in out
    assert " 2 files · 3 requests · 1 – 2 Oct 2026 · costopt\n" in out


def test_requests_that_are_converted_twice_are_billed_once(run: Run) -> None:
    run("convert", "log.csv", "--to", "out")
    run("convert", "log.csv", "--to", "out.parquet")

    once = answer(run, "spend", "out")

    assert answer(run, "spend", "out", "out.parquet") == once
    assert answer(run, "spend", "out", "out/2026-10-02.parquet") == once
    assert answer(run, "spend", "out", "log.csv") == once


def test_what_a_conversion_is_told_holds_for_what_is_converted(run: Run) -> None:
    run("convert", "log.csv", "--to", "out.parquet", "--where", 'tag == "chat"', "--set", "tenant=acme")

    frame = pl.read_parquet("out.parquet")

    assert frame["request_id"].to_list() == ["b", "c"]
    assert frame["tenant"].to_list() == ["acme", "acme"]


def test_columns_of_the_log_are_kept_where_asked_for(run: Run) -> None:
    run("convert", "log.csv", "--to", "out", "--keep", "region")

    assert answer(run, "spend", "out", "--by", "region") == answer(run, "spend", "log.csv", "--by", "region")


def test_prompts_are_left_out_unless_asked_for(run: Run, write: Write) -> None:
    write(
        "prompts.csv",
        "ts,model,input_tokens,output_tokens,prompt\n2026-10-01,gpt-4o-mini,1,1,my secret\n",
    )
    run("convert", "prompts.csv", "--to", "without.parquet")
    run("convert", "prompts.csv", "--to", "with.parquet", "--prompts")

    assert "prompt" not in pl.read_parquet_schema("without.parquet")
    assert pl.read_parquet("with.parquet")["prompt"].to_list() == ["my secret"]


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_a_conversion_is_told_in_other_forms(run: Run, form: str) -> None:
    code, out, err = run("convert", "log.csv", "--to", "out", "-o", form)

    assert (code, err) == (0, "")
    assert ("2026-10-02" in out) is (form != "md")
    assert "out" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "convert log.csv --to old.parquet",
            snapshot("""\
error: `old.parquet` is there already

hint: name another place, or add `--overwrite`
"""),
        ),
        (
            "convert log.csv --to out.csv",
            snapshot("""\
error: `out.csv` ends in `.csv`

hint: name a directory, or a file that ends in `.parquet`
"""),
        ),
        (
            "convert log.csv --to nowhere/out",
            snapshot("""\
error: There is no folder `nowhere`

hint: make it first, or name another place
"""),
        ),
        (
            "convert log.csv --to out --since 2027-01-01",
            snapshot("""\
error: No request to convert

hint: `costopt inspect LOGS` shows how the logs are read
"""),
        ),
        (
            "convert log.csv",
            snapshot("""\
Usage: costopt convert [OPTIONS] {LOGS}...
Try 'costopt convert --help' for help.

Error: Missing option '--to'.
"""),
        ),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(run: Run, write: Write, words: str, expected: str) -> None:
    write("old.parquet", "something")

    code, out, err = run(*words.split())

    assert (code, out) == (2, "")
    assert err == expected
    assert Path("old.parquet").read_text(encoding="utf-8") == "something"


def test_an_earlier_conversion_is_replaced_where_asked_for(run: Run) -> None:
    run("convert", "log.csv", "--to", "out")

    code, _, _ = run("convert", "log.csv", "--to", "out", "--overwrite", "--until", "2026-10-02")

    assert code == 0
    assert [path.name for path in Path("out").iterdir()] == ["2026-10-01.parquet"]
