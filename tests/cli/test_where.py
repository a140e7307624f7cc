import json
import shlex
from collections.abc import Callable

import pytest
from inline_snapshot import snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

ACME = 'tenant == "acme" and cost_usd > 1'


def test_the_front_page_says_that_it_is_filtered(run: Run, log: str) -> None:
    code, out, err = run("analyze", log, "--where", ACME, width=100)

    assert (code, err) == (0, "")
    assert out == snapshot("""\

 1 file · 2 requests · 1 – 3 Oct 2026 · generic
 only where tenant == "acme" and cost_usd > 1 · 5 other requests left out
 1 rejected (see: costopt inspect log.jsonl --rejects FILE) · 0 duplicates · 0 unpriced
 prices of 2026-10-01 · 2 requests logged at $2.37, computed at $2.32 (−2.1 %)

 Spend  $2.37   $1.09 a day   ▇▁█
 37.5 % of input cached

 model                   requests  input  cached  output   cost   share
 anthropic/claude-grand         1   40 k   0.0 %  5.00 k  $1.35  57.0 %  ███████████▍
 openai/gpt-large               1  120 k  50.0 %  9.00 k  $1.02  43.0 %  ████████▌

 tags      (none) 57 % · chat 43 %
 tenants   acme 100 %
 endpoints /chat 100 %

 No lever found · why: costopt batch log.jsonl --where 'tenant == "acme" and cost_usd > 1'

 next  costopt spend log.jsonl --where 'tenant == "acme" and cost_usd > 1' --by tenant --every 1d
""")


def test_a_bill_says_that_it_is_filtered(run: Run, log: str) -> None:
    assert run("spend", log, "--by", "tenant", "--where", "tenant != 'acme'") == snapshot(
        (
            0,
            """\

 1 file · 4 requests · 1 – 3 Oct 2026 · generic
 only where tenant != 'acme' · 3 other requests left out
 1 rejected (see: costopt inspect log.jsonl --rejects FILE) · 1 duplicate removed ($15.80)
 1 unpriced, in no total: gpt-lrge · see: costopt spend log.jsonl --where 'tenant != '"'"'acme'"'"'' --by provider,model
 no price for gpt-lrge: did you mean gpt-large?
 prices of 2026-10-01

 Spend  $16.30  by tenant   2 rows

 tenant   requests   input  cached  output  unpriced    cost   share
 globex          2  1.50 M   0.0 %  20.1 k         0  $15.83  97.1 %  ███████████████████▍
 initech         2  0.09 M   0.0 %   1.1 k         1   $0.47   2.9 %  ▌
""",
            "",
        )
    )


def test_batch_advice_says_that_it_is_filtered(run: Run, log: str) -> None:
    assert run("batch", log, "--where", 'timestamp < "2026-10-03"') == snapshot(
        (
            0,
            """\

 1 file · 3 requests · 1 – 2 Oct 2026 · generic
 only where timestamp < "2026-10-03" · 4 other requests left out
 1 rejected (see: costopt inspect log.jsonl --rejects FILE) · 1 duplicate removed ($15.80) · 0 unpriced
 prices of 2026-10-01

 Batch API  $7.90 would have been saved   of $16.83
 tags that can wait  background · offline · nightly · batch · bulk · async

 tag      requests   spend  in batch mode  saved  discount  of all spend  basis
 nightly         1  $15.80          $7.90  $7.90    50.0 %        93.9 %  exact

 tag=nightly is 93.9% of spend and batch-eligible → ~$7.90 saved at the Batch API rate (−50%) on 1 request(s)
""",
            "",
        )
    )


def test_a_filter_that_keeps_nothing_says_so(run: Run, log: str) -> None:
    assert run("analyze", log, "--where", 'tenant == "nobody"') == snapshot(
        (
            0,
            """\

 1 file · 0 requests · 1 – 3 Oct 2026 · generic
 only where tenant == "nobody" · 7 other requests left out
 nothing to bill · how the log is read: costopt inspect log.jsonl
 1 rejected (see: costopt inspect log.jsonl --rejects FILE) · 0 duplicates · 0 unpriced
 prices of 2026-10-01
""",
            "",
        )
    )


def test_a_long_filter_is_cut_on_the_screen_and_whole_elsewhere(run: Run, log: str) -> None:
    words = " or ".join(f'tenant == "tenant-{number}"' for number in range(9))
    screen, document = (run("spend", log, "--where", words, "-o", form)[1] for form in ("table", "json"))

    assert [row for row in screen.splitlines() if row.startswith(" only where")] == snapshot(
        [
            ' only where tenant == "tenant-0" or tenant == "tenant-1" or tenant == "tenant-2" or tenant == "tenant-3" or ten… · 7 other requests left out'
        ]
    )
    assert json.loads(document)["provenance"]["intake"]["where"] == words


def test_a_filter_cannot_steer_the_terminal(run: Run, log: str) -> None:
    _, out, _ = run("spend", log, "--where", 'tenant != "\x1b[31m\u202e"\nand true')

    assert r'only where tenant != "\x1b[31m\u202e"\nand true · 0 other requests left out' in out


def intake(run: Run, *words: str) -> dict[str, object]:
    code, out, err = run("analyze", *words, "-o", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)["intake"]
    return {name: found[name] for name in ("where", "requests", "filtered_out", "rejected", "duplicates")}


def test_a_report_for_programs_says_that_it_is_filtered(run: Run, log: str) -> None:
    assert intake(run, log) == snapshot(
        {"where": None, "requests": 7, "filtered_out": 0, "rejected": 1, "duplicates": 1}
    )
    assert intake(run, log, "--where", 'tenant == "globex"') == snapshot(
        {"where": 'tenant == "globex"', "requests": 2, "filtered_out": 5, "rejected": 1, "duplicates": 1}
    )


def test_a_filter_can_be_set_elsewhere_and_flags_win(
    run: Run, write: Write, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("costopt.toml", "pricing = 'prices.toml'\nwhere = 'tag == \"chat\"'")
    assert intake(run, log)["where"] == 'tag == "chat"'

    monkeypatch.setenv("COSTOPT_WHERE", "tag is null")
    assert intake(run, log)["where"] == "tag is null"
    assert intake(run, log, "--where", "true")["filtered_out"] == 0

    monkeypatch.setenv("COSTOPT_WHERE", "")
    assert intake(run, log)["where"] == 'tag == "chat"'


def test_times_in_a_filter_are_those_of_the_zone(run: Run, log: str) -> None:
    where = ("--where", 'timestamp >= "2026-10-02T08:30"')

    assert intake(run, log, *where)["requests"] == 5
    assert intake(run, log, *where, "--tz", "Asia/Tokyo")["requests"] == 6


def test_the_commands_that_a_filtered_report_names_have_the_filter(run: Run, log: str) -> None:
    _, out, _ = run("analyze", log, "--where", ACME.replace("1", "0.5"))
    commands = [item for row in out.splitlines() for item in row.split(" · ") if "--where" in item]

    assert commands
    for command in commands:
        words = shlex.split(command.partition("costopt ")[2])
        assert words[words.index("--where") + 1] == ACME.replace("1", "0.5")
        assert run(*words)[0] == 0


@pytest.mark.usefixtures("log")
def test_any_column_of_the_log_filters_the_bill(run: Run, write: Write) -> None:
    write(
        "own.csv",
        "timestamp,model,input_tokens,output_tokens,cost_usd,Region,retries\n"
        "2026-10-01T00:00:00Z,gpt-large,1,1,3,north,0\n"
        "2026-10-01T00:00:00Z,gpt-large,1,1,1,south,2\n"
        "2026-10-01T00:00:00Z,gpt-large,1,1,5,,10\n",
    )

    def bill(where: str) -> str:
        return (
            run("spend", "own.csv", "--by", "", "-o", "csv", "--where", where)[1]
            .splitlines()[1]
            .split(",")[5]
        )

    assert bill('Region == "north"') == "3"
    assert bill('Region != "north"') == "6"
    assert bill("retries > 1") == "6"
    assert bill("`Region` is null or retries == 2") == "6"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (
            "",
            snapshot("""\
error: `where` is empty

hint: write a filter like `tenant == "acme" and cost_usd > 0.1`
"""),
        ),
        (
            'tenant = "acme"',
            snapshot("""\
error: `where`, column 8: `=` is not understood

hint: write `==`
"""),
        ),
        (
            '(tenant == "acme"',
            snapshot("""\
error: `where`, column 1: the parenthesis is not closed

hint: close it with `)`
"""),
        ),
        (
            "tenant == acme",
            snapshot("""\
error: `where`, column 11: a value is expected, not `acme`

hint: a text is written in quotes: `"acme"`
"""),
        ),
        (
            "tenant == 5",
            snapshot("""\
error: `where`, column 1: `tenant` is a text, and `5` is none

hint: write a text in quotes: `"5"`
"""),
        ),
        (
            'cost_usd > "0.1"',
            snapshot("""\
error: `where`, column 1: `cost_usd` is a number, and `"0.1"` is none

hint: write a number, without quotes
"""),
        ),
        (
            'cost_usd > 0.1 and tenant < "b"',
            snapshot("""\
error: `where`, column 20: `<` compares numbers and times, and `tenant` is a text

hint: compare by `==`, `in` or `~`
"""),
        ),
        (
            'timestamp > "yesterday"',
            snapshot("""\
error: `where`, column 1: `timestamp` is a time, and `"yesterday"` is none

hint: write `"2026-10-01"` or `"2026-10-01T08:00"`
"""),
        ),
        (
            'tenant ~ "acme("',
            snapshot("""\
error: `where`, column 1: `"acme("` is no pattern: unclosed group

hint: patterns are those of RE2; `\\.` is a dot, `\\\\` a backslash
"""),
        ),
        (
            'tennant == "acme"',
            snapshot("""\
error: `where`, column 1: no log has a column `tennant`

hint: did you mean `tenant`?
"""),
        ),
        (
            "computed_cost > 0.1",
            snapshot("""\
error: `where`, column 1: no log has a column `computed_cost`

hint: `costopt inspect LOGS` lists the columns that a log has
"""),
        ),
        (
            'tag == "\udcff" or',
            snapshot("""\
error: `where`, column 14: a column is expected, not the end

hint: a comparison begins with a column, as in `tenant == "acme" and cost_usd > 0.1`
"""),
        ),
    ],
)
def test_a_mistake_in_a_filter_is_answered_with_its_place(
    run: Run, log: str, where: str, expected: str
) -> None:
    code, out, err = run("analyze", log, "--where", where)

    assert (code, out) == (2, "")
    assert err == expected
