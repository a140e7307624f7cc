from collections.abc import Callable

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("default", []),
        ("by-tenant-tag", ["--by", "tenant,tag"]),
        ("total", ["--by", ""]),
        ("top", ["--by", "endpoint", "--top", "1"]),
        ("1h", ["--by", "tenant", "--every", "1h"]),
        ("1d", ["--by", "", "--every", "1d"]),
        ("1w", ["--by", "tenant", "--every", "1w"]),
        ("1mo", ["--by", "tenant", "--every", "1mo", "--tz", "Asia/Tokyo"]),
        ("1d-top", ["--by", "tenant", "--every", "1d", "--top", "1"]),
        ("json", ["--by", "tenant", "--every", "1d", "-o", "json"]),
        ("csv", ["--by", "tenant,tag", "--every", "1h", "-o", "csv"]),
        ("md", ["--by", "tenant", "-o", "md"]),
    ],
)
def test_the_bill_reads(log: str, run: Run, name: str, words: list[str]) -> None:
    code, out, err = run("spend", log, *words)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/spend-{name}.txt")


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (90, snapshot(["tenant", "requests", "input", "cached", "output", "unpriced", "cost", "share"])),
        (75, snapshot(["tenant", "requests", "input", "cached", "output", "unpriced", "cost", "share"])),
        (67, snapshot(["tenant", "requests", "input", "output", "unpriced", "cost", "share"])),
        (60, snapshot(["tenant", "requests", "input", "output", "unpriced", "cost", "share"])),
        (50, snapshot(["tenant", "requests", "unpriced", "cost", "share"])),
        (40, snapshot(["tenant", "unpriced", "cost", "share"])),
        (30, snapshot(["tenant", "cost", "share"])),
        (20, snapshot(["tenant", "cost"])),
    ],
)
def test_columns_go_in_the_stated_order(log: str, run: Run, width: int, expected: list[str]) -> None:
    _, out, _ = run("spend", log, "--by", "tenant", width=width)

    assert next(row.split() for row in out.splitlines() if row.startswith(" tenant")) == expected


@pytest.mark.usefixtures("log")
def test_a_screen_shows_the_first_rows_and_names_the_command_for_all(
    run: Run, write: Callable[[str, str], str]
) -> None:
    rows = [f"2026-10-01T00:00:00Z,model-{number:02},1,1,{number}" for number in range(1, 41)]
    write("many.csv", "timestamp,model,input_tokens,output_tokens,cost_usd\n" + "\n".join(rows))

    _, screen, _ = run("spend", "many.csv", "--by", "model", width=80)
    _, pipe, _ = run("spend", "many.csv", "--by", "model")
    _, asked, _ = run("spend", "many.csv", "--by", "model", "--top", "35", width=80)

    assert "\n 15 more rows: costopt spend many.csv --by model -o csv\n" in screen
    assert screen.count("\n") < 40
    assert "model-16" in screen
    assert "model-15" not in screen
    assert all(f"model-{number:02}" in pipe for number in range(1, 41))
    assert all(f"model-{number:02}" in asked for number in range(6, 41))


@pytest.mark.usefixtures("log")
def test_any_column_of_the_log_splits_the_bill(run: Run, write: Callable[[str, str], str]) -> None:
    write(
        "own.csv",
        "timestamp,model,input_tokens,output_tokens,cost_usd,region\n"
        "2026-10-01T00:00:00Z,gpt-large,1,1,3,north\n"
        "2026-10-01T00:00:00Z,gpt-large,1,1,1,south\n",
    )

    _, out, _ = run("spend", "own.csv", "--by", "region", "-o", "csv")

    assert [row.split(",")[0] for row in out.splitlines()] == ["region", "north", "south"]


def test_a_column_that_no_log_has_is_an_error(run: Run, log: str) -> None:
    assert run("spend", log, "--by", "regoin") == snapshot(
        (
            2,
            "",
            """\
error: No log has a column `regoin`

hint: `costopt inspect LOGS` lists the columns that a log has
""",
        )
    )


def test_an_empty_period_has_no_table(run: Run, log: str) -> None:
    assert run("spend", log, "--until", "2020-01-01") == snapshot(
        (
            0,
            """\

 1 file · 0 requests · no period · generic
 nothing to bill · how the log is read: costopt inspect log.jsonl
 1 rejected (see: costopt inspect log.jsonl --rejects FILE) · 0 duplicates · 0 unpriced
 prices of 2026-10-01

 Spend  $0.00  by provider, model   0 rows
""",
            "",
        )
    )
