import re
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_the_front_page_fits_its_screen(log: str, run: Run, width: int | None) -> None:
    code, out, err = run("analyze", log, width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/analyze-{width or 'pipe'}.txt")
    assert all(len(row) <= (width or 1000) for row in out.splitlines())
    assert out.count("\n") < 40


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_the_front_page_has_other_forms(log: str, run: Run, form: str) -> None:
    code, out, err = run("analyze", log, "-o", form)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/analyze-{form}.txt")


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_the_sample_fits_its_screen(sample: str, run: Run, width: int | None) -> None:
    code, out, err = run("analyze", sample, width=width)
    rows = out.splitlines()

    assert (code, err) == (0, "")
    assert len(rows) < 40
    assert width is None or all(len(row) <= width for row in rows)


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_numbers_end_where_their_title_ends(sample: str, run: Run, width: int | None) -> None:
    _, out, _ = run("analyze", sample, width=width)
    rows = out.splitlines()
    head = next(number for number, row in enumerate(rows) if row.startswith(" model "))
    end = next(number for number, row in enumerate(rows) if number > head and not row)
    ends = [
        rows[head].index(title) + len(title) for title in ("requests", "input", "cached", "cost", "share")
    ]

    assert end - head > 5
    for row in rows[head + 1 : end]:
        for place in ends:
            assert row[place - 1] != " ", row
            assert row[place : place + 2].strip() == "", row


def test_what_is_not_known_is_not_zero(run: Run, log: str) -> None:
    _, out, _ = run("analyze", log)

    assert [row.split()[-2:] for row in out.splitlines() if row.startswith(" gpt-lrge")] == [["?", "?"]]
    assert "initech 3 %" in out
    assert "1 unpriced, in no total: gpt-lrge · see: costopt spend log.jsonl --by provider,model" in out
    assert "no price for gpt-lrge: did you mean gpt-large?" in out


@pytest.mark.usefixtures("log")
def test_partly_unknown_costs_are_told_in_their_row(run: Run, write: Callable[[str, str], str]) -> None:
    write(
        "mixed.csv",
        "timestamp,model,input_tokens,output_tokens,cost_usd\n"
        "2026-10-01T00:00:00Z,nobody-knows,10,10,0.5\n"
        "2026-10-01T00:00:00Z,nobody-knows,10,10,\n",
    )

    _, out, _ = run("analyze", "mixed.csv", width=80)

    assert [row.split() for row in out.splitlines() if row.startswith((" model", " nobody"))] == snapshot(
        [
            ["model", "requests", "input", "cached", "output", "unpriced", "cost", "share"],
            ["nobody-knows", "2", "20", "0.0", "%", "20", "1", "$0.50", "100.0", "%"],
        ]
    )


@pytest.mark.usefixtures("log")
def test_a_log_of_many_models_names_the_dearest(run: Run, write: Callable[[str, str], str]) -> None:
    rows = [f"2026-10-01T00:00:00Z,model-{number},1,1,{number},tag-{number}" for number in range(1, 31)]
    write("many.csv", "timestamp,model,input_tokens,output_tokens,cost_usd,tag\n" + "\n".join(rows))

    _, out, _ = run("analyze", "many.csv", width=100)

    assert "22 more models: costopt spend many.csv --by provider,model" in out
    assert "tags      tag-30 6 % · tag-29 6 % · tag-28 6 % · tag-27 6 % · tag-26 6 % · 25 more" in out
    assert out.count("\n") < 40


def test_nothing_to_bill_says_how_to_go_on(run: Run, log: str) -> None:
    assert run("analyze", log, "--since", "2030-01-01") == snapshot(
        (
            0,
            """\

 1 file · 0 requests · no period · generic
 nothing to bill · how the log is read: costopt inspect log.jsonl
 1 rejected (see: costopt inspect log.jsonl --rejects FILE) · 0 duplicates · 0 unpriced
 prices of 2026-10-01
""",
            "",
        )
    )


def test_no_lever_says_where_it_was_looked_for(run: Run, log: str) -> None:
    _, out, _ = run("analyze", log, "--tags", "weekly")

    assert "No lever found · why: costopt batch log.jsonl" in out


@pytest.mark.usefixtures("log")
def test_an_estimate_is_a_range(run: Run, write: Callable[[str, str], str]) -> None:
    write(
        "dear.csv",
        "timestamp,model,tag,input_tokens,output_tokens,cost_usd\n"
        "2026-10-01T00:00:00Z,gpt-large,nightly,1000000,0,11\n",
    )

    _, out, _ = run("analyze", "dear.csv")

    assert [row.strip() for row in out.splitlines() if row.startswith(" batch")] == snapshot(
        ["batch  nightly to the batch API      $5.50 – 6.00  $182.63  estimated"]
    )


def test_the_cost_basis_asked_for_is_named(run: Run, log: str) -> None:
    _, out, _ = run("analyze", log, "--cost", "logged")

    assert "logged cost only" in out
    assert "Spend  $2.37 " in out


def test_days_are_those_of_the_time_zone(run: Run, log: str) -> None:
    _, utc, _ = run("analyze", log, "-o", "csv")
    _, tokyo, _ = run("analyze", log, "-o", "csv", "--tz", "Asia/Tokyo")

    assert [row.split(",")[2] for row in utc.splitlines() if row.startswith("day")] == [
        "2026-10-01",
        "2026-10-02",
        "2026-10-03",
    ]
    assert [row.split(",")[8] for row in tokyo.splitlines() if row.startswith("day")] == [
        "1.02",
        "15.8058",
        "1.85",
    ]


def test_the_same_input_gives_the_same_bytes(run: Run, log: str) -> None:
    for form in ("table", "json", "csv", "md"):
        assert run("analyze", log, "-o", form) == run("analyze", log, "-o", form)


def test_colour_carries_no_meaning_of_its_own(run: Run, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, plain, _ = run("analyze", log, width=100)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")

    _, coloured, _ = run("analyze", log, width=100)

    assert "\x1b[33m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_report_goes_to_a_file_as_to_a_pipe(run: Run, log: str) -> None:
    _, piped, _ = run("analyze", log)

    assert run("analyze", log, "--to", "report.txt") == (0, "", "")
    assert Path("report.txt").read_text(encoding="utf-8") == piped
