"""Log formats on the command line: named, described in a file, detected; and what a report says of them."""

import json
from collections.abc import Callable

import pytest
from inline_snapshot import snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

OWN = """
sums = "single requests, and so their latency"
repeats = "fuller"
keep = { kind = ["call"] }

[columns]
request_id = "id"
timestamp = "at"
model = "model"
status = "status"
input_tokens = "usage.in"
output_tokens = "usage.out"
"""
LOG = """\
{"kind":"call","id":"a","at":"2026-10-01T08:00:00Z","model":"gpt-large","usage":{"in":100000,"out":10},"status":200}
{"kind":"call","id":"a","at":"2026-10-01T08:00:01Z","model":"gpt-large","usage":{"in":100000,"out":20},"status":200}
{"kind":"call","id":"b","at":"2026-10-01T08:00:02Z","model":null,"usage":null,"status":503}
{"kind":"ping","at":"2026-10-01T08:00:03Z"}
"""


@pytest.fixture
def own(write: Write, log: str) -> str:
    """A log in a format that is described beside it; prices are those of `log`."""
    assert log
    write("formats/own.toml", OWN)
    return write("own.jsonl", LOG)


def test_a_format_of_ones_own_is_named_by_its_file(run: Run, own: str) -> None:
    assert run("analyze", own, "--format", "formats/own.toml", width=100) == snapshot(
        (
            0,
            """\

 1 file · 2 requests · 1 Oct 2026 08:00 UTC · own
 0 rejected · 1 duplicate removed ($1.00) · 0 unpriced
 1 file holds sums over many requests: single requests, and so their latency
 prices of 2026-10-01

 Spend  $1.00
 1 error cost $0.00

 model             requests  input  cached  output   cost    share
 openai/gpt-large         1  100 k   0.0 %      20  $1.00  100.0 %  ████████████████████
 (none)                   1      0   0.0 %       0  $0.00    0.0 %

 No lever found · why: costopt batch own.jsonl --format formats/own.toml

 next  costopt spend own.jsonl --format formats/own.toml --by tenant --every 1d
""",
            "",
        )
    )


def test_a_format_of_ones_own_is_explained(run: Run, own: str) -> None:
    assert run("inspect", own, "--format", "formats/own.toml", width=100) == snapshot(
        (
            0,
            """\

 own.jsonl
 own · 3 requests · 0 rejected · 1 other record, no requests by the format
 sums over many requests: single requests, and so their latency

 column         read from  samples
 request_id     id         a, b
 timestamp      at         2026-10-01 08:00:00+00:00, 2026-10-01 08:00:01+00:00, 2026-10-01 08:00:0…
 model          model      gpt-large
 status         status     ok, error
 input_tokens   usage.in   100000, 0
 output_tokens  usage.out  10, 20, 0

 missing              without it
 provider             nothing as long as the model's name tells it
 tag                  costopt batch finds nothing; no spend by tag
 tenant               no spend by tenant
 endpoint             no spend by endpoint
 cost_usd             no logged cost to compare the computed one with
 cached_input_tokens  all input is billed as not cached
 cache_write_tokens   no cache writes are billed
 mode                 every request is billed in standard mode
""",
            "",
        )
    )


def test_what_is_read_of_a_format_is_told_to_programs(run: Run, own: str) -> None:
    _, out, _ = run("spend", own, "--format", "formats/own.toml", "-o", "json")

    assert json.loads(out)["provenance"]["intake"]["by_file"] == [
        {
            "path": "own.jsonl",
            "format": "own",
            "requests": 2,
            "filtered_out": 0,
            "rejected": 0,
            "duplicates": 1,
            "others": 1,
            "sums": "single requests, and so their latency",
        }
    ]


def test_without_its_format_such_a_log_is_not_understood(run: Run, own: str) -> None:
    code, out, err = run("spend", own)

    assert (code, out) == (2, "")
    assert err.startswith("error: `own.jsonl` is not understood: no column for `timestamp`, ")


def test_the_format_may_be_set_in_the_environment_and_the_option_wins(
    run: Run, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSTOPT_FORMAT", "formats/own.toml")

    assert run("spend", own)[0] == 0
    assert run("spend", own, "--format", "generic")[0] == 2


def test_the_configuration_names_a_file_beside_it_or_a_format(run: Run, write: Write, own: str) -> None:
    write("formats/costopt.toml", 'format = "own.toml"\npricing = "../prices.toml"')
    write("costopt.toml", 'format = "litellm"\npricing = "prices.toml"')

    assert run("spend", own, "--config", "formats/costopt.toml")[0] == 0
    assert run("spend", own, "--format", "formats/own.toml")[0] == 0
    assert "is not understood as `litellm`" in run("spend", own)[2]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["--format", "litelm"],
            snapshot("error: There is no log format `litelm`\n\nhint: did you mean `litellm`?\n"),
        ),
        (
            ["--format", "nowhere.toml"],
            snapshot(
                "error: Cannot read the log format `nowhere.toml`: No such file or directory\n\nhint: check the path\n"
            ),
        ),
        (
            ["--format", "otlp-traces"],
            snapshot("""\
error: `own.jsonl` is not understood as `otlp-traces`: no column for `timestamp`, `model`, `input_tokens`, `output_tokens`; it has `kind`, `id`, `at`, `model`, `usage`, `usage.in`, `usage.out`, `status`

hint: `otlp-traces` reads timestamp from `startTimeUnixNano`; without `--format` it is found out what the log is
"""),
        ),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "spend", "batch"])
def test_a_format_that_is_not_that_of_the_log_is_an_error(
    run: Run, own: str, command: str, words: list[str], expected: str
) -> None:
    assert run(command, own, *words) == (2, "", expected)


def test_a_wrong_format_is_told_before_the_logs_are_looked_at(run: Run) -> None:
    assert run("inspect", "nowhere.jsonl", "--format", "zzz")[0] == 2


RETRIED = """\
timestamp,model,input_tokens,output_tokens,attempt,status
2026-10-01T08:00:00Z,gpt-large,100000,0,1,error
2026-10-01T08:00:01Z,gpt-large,100000,0,2,error
2026-10-01T08:00:02Z,gpt-large,100000,0,3,ok
2026-10-01T08:00:03Z,gpt-large,100000,0,,ok
2026-10-01T08:00:04Z,,,,1,error
"""


@pytest.mark.usefixtures("log")
def test_the_front_page_says_what_errors_and_retries_cost(run: Run, write: Write) -> None:
    write("retried.csv", RETRIED)

    _, out, _ = run("analyze", "retried.csv")

    assert [line for line in out.splitlines() if "retries" in line] == [
        " 3 errors cost $2.00 · 2 retries cost $2.00"
    ]
    assert " 0 unpriced" in out
