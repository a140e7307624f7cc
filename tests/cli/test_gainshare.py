import datetime as dt
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import external_file, snapshot

from costopt.calculators.gainshare.recording import recorded_rows

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

LARGE = "openai/gpt-large"
STATE = Path("data/costopt")
NO_HASH = " without a hash of the logs: they can be read only once, or were written to meanwhile\n"
HEADER = "request_id,timestamp,provider,model,tenant,adapter,input_tokens,output_tokens,cost_usd\n"


@pytest.fixture
def record(run: Run, log: str) -> Callable[..., str]:
    """Records the small log against its dearer OpenAI model, and gives the report."""

    def recorded(*words: str, logs: str = log, baseline: str = LARGE) -> str:
        code, out, err = run("gainshare", "record", logs, "--baseline", baseline, *words)
        assert (code, err) == (0, "")
        return out

    return recorded


def ledger() -> list[dict[str, Any]]:
    """What the lines of the ledger say."""
    return [json.loads(row) for row in (STATE / "baseline_history.jsonl").read_text().splitlines()]


def became(out: str) -> str:
    """What became of the entries."""
    return next(row.strip() for row in out.splitlines() if "known already" in row)


def cautions(out: str) -> str:
    """The lines behind what became of the entries, up to the ledger's end."""
    return out.partition("refused\n")[2].partition(" ledger ")[0]


# Record


@pytest.mark.parametrize(
    ("name", "words", "width"),
    [
        ("80", [], 80),
        ("pipe", [], None),
        ("json", ["-o", "json"], None),
        ("csv", ["-o", "csv"], None),
        ("md", ["-o", "md"], None),
    ],
)
def test_a_recording_reads(run: Run, log: str, name: str, words: list[str], width: int | None) -> None:
    code, out, err = run("gainshare", "record", log, "--baseline", LARGE, *words, width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/gainshare-record-{name}.txt")


def test_recording_twice_equals_recording_once(record: Callable[..., str]) -> None:
    record()
    before = (STATE / "baseline_history.jsonl").read_bytes()

    assert became(record()) == snapshot("0 entries added · 7 known already · 0 corrected · 0 refused")
    assert (STATE / "baseline_history.jsonl").read_bytes() == before


def test_an_overlapping_recording_adds_the_new_days_only(record: Callable[..., str]) -> None:
    record("--until", "2026-10-03")

    assert became(record("--since", "2026-10-02")) == snapshot(
        "4 entries added · 1 known already · 0 corrected · 0 refused"
    )


def test_a_day_of_which_the_period_has_a_part_is_not_recorded(record: Callable[..., str]) -> None:
    out = record("--since", "2026-10-01T12:00", "--until", "2026-10-03T09:30")

    assert became(out) == snapshot("1 entry added · 0 known already · 0 corrected · 0 refused")
    assert cautions(out) == snapshot("""\
 1 line rejected, in no amount
 not recorded, as the period has only a part of the day: 2026-10-01, 2026-10-03
""")


def test_a_cut_day_without_requests_is_not_told(record: Callable[..., str]) -> None:
    assert "not recorded" not in record("--since", "2026-09-01T12:00")


def test_another_baseline_takes_the_place_of_the_first(record: Callable[..., str], run: Run) -> None:
    record()

    out = record(baseline="openai/gpt-small")

    assert (became(out), cautions(out)) == snapshot(
        (
            "7 entries added · 0 known already · 7 corrected · 0 refused",
            """\
 the baseline would have been cheaper
 2 more requests without a cost or a baseline, in no amount · see: costopt spend log.jsonl --by provider,model
 1 line rejected, in no amount
 7 entries of these days that the logs no longer have: set to nothing, unless refused
""",
        )
    )
    total = json.loads(run("gainshare", "summary", "-o", "json")[1])["total"]
    assert total["requests"] + total["unpriced"] == 7


def test_a_log_that_has_grown_corrects_its_day(record: Callable[..., str], write: Write) -> None:
    first = HEADER + "a,2026-10-01T08:00:00Z,openai,gpt-small,acme,gate,1000,100,0.01\n"
    second = first + "b,2026-10-01T09:00:00Z,openai,gpt-small,acme,gate,1000,100,0.01\n"
    record(logs=write("one.csv", first))

    assert became(record(logs=write("one.csv", second))) == snapshot(
        "0 entries added · 0 known already · 1 corrected · 0 refused"
    )


def test_a_dearer_model_than_the_baseline_is_a_loss(record: Callable[..., str], write: Write) -> None:
    log = HEADER + "a,2026-10-01T08:00:00Z,anthropic,claude-grand,acme,gate,1000,100,\n"

    out = record(logs=write("one.csv", log), baseline="openai/gpt-small")

    assert out.partition("\n ledger")[0] == snapshot("""\

 Savings  -$0.03   -4185.7 % of $0.0007000 (baseline) · actual $0.03
 1 request · 2026-10-01
 baseline openai/gpt-small · source logs
 1 entry added · 0 known already · 0 corrected · 0 refused
 the baseline would have been cheaper\
""")


def test_requests_without_tokens_save_nothing(record: Callable[..., str], write: Write) -> None:
    log = HEADER + "a,2026-10-01T08:00:00Z,openai,gpt-small,acme,gate,0,0,\n"

    assert record(logs=write("one.csv", log)).splitlines()[1] == snapshot(
        " Savings  $0.00   0.0 % of $0.00 (baseline) · actual $0.00"
    )


def test_nothing_in_the_period_records_nothing(record: Callable[..., str]) -> None:
    out = record("--since", "2027-01-01")

    assert out.partition("\n ledger")[0] == snapshot("""\

 Savings  $0.00   0.0 % of $0.00 (baseline) · actual $0.00
 0 requests · no period
 baseline openai/gpt-large · source logs
 0 entries added · 0 known already · 0 corrected · 0 refused
 nothing to record · how the log is read: costopt inspect log.jsonl
 1 line rejected, in no amount\
""")


def test_single_requests_are_recorded_by_their_ids(record: Callable[..., str], run: Run) -> None:
    assert became(record("--per-request")) == snapshot(
        "7 entries added · 0 known already · 0 corrected · 0 refused"
    )
    assert became(record("--per-request")) == snapshot(
        "0 entries added · 7 known already · 0 corrected · 0 refused"
    )
    assert [each["period"] for each in ledger()] == ["a1", "a2", "a3", "a4", "a5", "a6", "a7"]
    assert run("gainshare", "verify")[0] == 0


def test_the_inputs_are_told_so_that_sha256sum_can_check_them(log: str, run: Run, write: Write) -> None:
    assert log
    row = "{0},2026-10-01T08:00:00Z,openai,gpt-small,acme,gate,1000,100,\n"
    for name in ("b.csv", "a.csv"):
        write(name, HEADER + row.format(name))

    run("gainshare", "record", "a.csv", "b.csv", "--baseline", LARGE)

    listed = "".join(
        f"{hashlib.sha256(Path(name).read_bytes()).hexdigest()}\n" for name in ("a.csv", "b.csv")
    ).encode()
    assert {each["inputs"] for each in ledger()} == {hashlib.sha256(listed).hexdigest()}


def test_the_inputs_of_standard_input_are_not_known(
    run: Run, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(log).open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        code, out, err = run("gainshare", "record", "-", "--baseline", LARGE)

    assert (code, err) == (0, "")
    assert not any("inputs" in each for each in ledger())
    assert NO_HASH in out


def test_a_log_that_is_written_to_while_it_is_read_has_no_hash(
    record: Callable[..., str], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "{0},2026-10-01T08:00:00Z,openai,gpt-small,acme,gate,1000,100,\n"
    log = write("one.csv", HEADER + row.format(1))

    def grown(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        result = recorded_rows(*given, **named)
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(row.format(2))
        return result

    monkeypatch.setattr("costopt.cli.gainsharing.recorded_rows", grown)

    assert NO_HASH in record(logs=log)
    assert not any("inputs" in each for each in ledger())


def test_what_an_interrupted_run_left_behind_is_mended_and_told(record: Callable[..., str]) -> None:
    record()
    with (STATE / "baseline_history.jsonl").open("ab") as file:
        file.write(b'{"timestamp": 17')

    assert " a half-written line of 16 bytes was moved" in record()


# Baselines


def test_the_dearest_frontier_model_is_the_baseline(run: Run, log: str) -> None:
    run("frontier", "set", "premium-model", "0.03")
    run("frontier", "set", "lesser-model", "0.02")

    _, out, _ = run("gainshare", "record", log)

    assert out.splitlines()[1:4] == snapshot(
        [
            " Savings  $35.17   65.3 % of $53.85 (baseline) · actual $18.68",
            " 6 requests · 2026-10-01 – 2026-10-03",
            " baseline premium-model (flat rate) · source logs",
        ]
    )


def test_a_frontier_model_of_the_catalog_has_its_dated_rates_unless_flat(run: Run, log: str) -> None:
    run("frontier", "set", LARGE, "0.03")

    dated = json.loads(run("gainshare", "record", log, "-o", "json")[1])
    flat = json.loads(run("gainshare", "record", log, "--flat", "-o", "json")[1])

    keys = ("baseline_cost_usd", "added", "corrected", "withdrawn")
    assert [
        [*(each["baselines"][0][key] for key in ("baseline", "flat")), *(each[key] for key in keys)]
        for each in (dated, flat)
    ] == snapshot([["openai/gpt-large", False, 18.02, 7, 0, 0], ["openai/gpt-large", True, 53.85, 0, 6, 0]])


RULES = """\
schema = 1
[[contract]]
tenant = "acme"
start = 2026-10-02
percentage = 25
[[contract.baseline]]
model = "anthropic/claude-grand"
end = 2026-10-02
[[contract.baseline]]
model = "premium-model"
flat = true
"""


@pytest.mark.parametrize("width", [80, 200])
def test_contracts_say_what_the_requests_of_their_tenants_are_compared_with(
    run: Run, log: str, write: Write, width: int
) -> None:
    run("frontier", "set", "premium-model", "0.03")
    write("contracts.toml", RULES)

    code, out, err = run("gainshare", "record", log, "--contracts", "contracts.toml", width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/gainshare-record-contracts-{width}.txt")
    assert [(each["period"], each["tenant"], each["baseline"]) for each in ledger()] == snapshot(
        [("2026-10-02", "acme", "anthropic/claude-grand"), ("2026-10-03", "acme", "premium-model")]
    )


def test_a_baseline_beside_contracts_is_for_all_others(run: Run, log: str, write: Write) -> None:
    run("frontier", "set", "premium-model", "0.03")
    write("contracts.toml", RULES)

    run("gainshare", "record", log, "--contracts", "contracts.toml", "--baseline", LARGE)

    assert [(each["period"], each["tenant"], each["baseline"]) for each in ledger()] == snapshot(
        [
            ("2026-10-01", "acme", "openai/gpt-large"),
            ("2026-10-01", "globex", "openai/gpt-large"),
            ("2026-10-02", "acme", "anthropic/claude-grand"),
            ("2026-10-03", "acme", "premium-model"),
            ("2026-10-03", "globex", "openai/gpt-large"),
            ("2026-10-03", "initech", "openai/gpt-large"),
            ("2026-10-03", "initech", "openai/gpt-large"),
        ]
    )


def test_a_baseline_that_the_catalog_calls_otherwise_is_named_so_or_flat(
    run: Run, log: str, write: Write
) -> None:
    run("frontier", "set", "OpenAI/gpt-large", "0.03")
    write("c.toml", CONTRACT.replace(LARGE, "OpenAI/gpt-large"))

    assert run("gainshare", "record", log, "--contracts", "c.toml") == snapshot(
        (
            2,
            "",
            """\
error: `c.toml`, line 6: contract 1: the baseline `OpenAI/gpt-large` is `openai/gpt-large` in the catalog

hint: write `openai/gpt-large`; or `flat = true`, for the rate of the frontier model `OpenAI/gpt-large`
""",
        )
    )

    write("c.toml", RULES.replace("premium-model", "OpenAI/gpt-large"))
    assert run("gainshare", "record", log, "--contracts", "c.toml")[0] == 0
    assert ledger()[-1]["baseline"] == "OpenAI/gpt-large"


def test_what_has_no_baseline_any_more_is_set_to_nothing(
    record: Callable[..., str], run: Run, write: Write
) -> None:
    rows = (
        f"{number},2026-10-0{day}T08:00:00Z,{tag},1000,100,0.25,openai,gpt-small,acme"
        for number, (day, tag) in enumerate([(1, "code"), (1, ""), (2, "")])
    )
    header = "request_id,timestamp,tag,input_tokens,output_tokens,cost_usd,provider,model,tenant\n"
    record(logs=write("tagged.csv", header + "\n".join(rows)))
    write(
        "code.toml",
        f"""\
schema = 1
contract = [
    {{ tenant = "acme", start = 2026-01-01, percentage = 25, baseline = [{{ model = "{LARGE}", tag = "code" }}] }},
]
""",
    )

    out = run("gainshare", "record", "tagged.csv", "--contracts", "code.toml")[1]

    assert became(out) == snapshot("2 entries added · 0 known already · 2 corrected · 0 refused")
    assert cautions(out) == snapshot("""\
 the baseline would have been cheaper
 not compared: 2 requests for which no baseline is named · actual $0.50
 1 entry of these days that the logs no longer have: set to nothing, unless refused
""")
    total = json.loads(run("gainshare", "summary", "-o", "json")[1])["total"]
    assert (total["entries"], total["requests"], total["unpriced"]) == (3, 1, 2)


def test_an_embedding_is_not_compared_with_what_writes(record: Callable[..., str], write: Write) -> None:
    rows = ("chat,2026-10-01T08:00:00Z,chat,1000,100,0.25", "embed,2026-10-01T08:00:00Z,embedding,1000,0,0.5")
    header = "request_id,timestamp,request_type,input_tokens,output_tokens,cost_usd,provider,model\n"

    out = record(logs=write("mixed.csv", header + "".join(f"{row},openai,gpt-small\n" for row in rows)))

    assert [(each["baseline"], each["requests"], each["unpriced"]) for each in ledger()] == [
        (LARGE, 1, 0),
        ("", 0, 1),
    ]
    assert cautions(out) == snapshot("""\
 the baseline would have been cheaper
 not compared: 1 request that the baseline could not have served · actual $0.50
""")


@pytest.mark.parametrize("command", ["summary", "entries"])
def test_what_is_compared_with_nothing_can_be_told_apart(
    record: Callable[..., str], run: Run, write: Write, command: str
) -> None:
    header = "timestamp,request_type,input_tokens,output_tokens,cost_usd,provider,model,tenant\n"
    rows = (
        "2026-10-01T08:00:00Z,chat,1000,100,0.25,openai,gpt-small,acme\n",
        "2026-10-01T08:00:00Z,embedding,1000,0,0.5,openai,gpt-small,acme\n",
    )
    record(logs=write("mixed.csv", header + "".join(rows)))

    assert run("gainshare", command, "--baseline", "", width=100)[1].startswith("""\

 Savings  $0.00   0.0 % of $0.00 (baseline) · actual $0.00
 1 entry · 0 requests · 2026-10-01
 only what is compared with nothing
""")


@pytest.mark.usefixtures("log")
def test_what_each_baseline_of_a_what_if_could_not_have_served_is_told(run: Run, write: Write) -> None:
    header = "timestamp,request_type,input_tokens,output_tokens,cost_usd,provider,model\n"
    mixed = write("mixed.csv", header + "2026-10-01T08:00:00Z,embedding,1000,0,0.5,openai,gpt-small\n")

    out = run("gainshare", "whatif", mixed, "--baseline", LARGE)[1]

    assert " openai/gpt-large: not compared: 1 request that it could not have served\n" in out


# A log that has less than is recorded


@pytest.fixture
def rotated(record: Callable[..., str], write: Write) -> str:
    """A log of which the older half was rotated away after it had been recorded; another day has come."""
    row = "{0},2026-10-0{1}T0{2}:00:00Z,openai,gpt-small,acme,gate,1000,100,\n"
    whole = [row.format(f"r{day}{hour}", day, hour) for day in (1, 2, 3) for hour in (4, 5)]
    record(logs=write("one.csv", HEADER + "".join(whole)))
    return write("one.csv", HEADER + "".join([*whole[3:], row.format("new", 4, 4)]))


def test_a_day_of_which_the_log_has_lost_a_part_stays_as_recorded(
    record: Callable[..., str], rotated: str
) -> None:
    out = record(logs=rotated)

    assert out == snapshot("""\

 Savings  $0.04   95.0 % of $0.04 (baseline) · actual $0.002100
 3 requests · 2026-10-03 – 2026-10-04
 baseline openai/gpt-large · source logs
 1 entry added · 1 known already · 0 corrected · 0 refused
 1 day left as recorded, as these logs have fewer of the requests · another log: --source NAME · to record what is left: --replace
 ledger  4 entries · a44bfda85195b72d2a6ad6f90e80d0e05c945a4f4a6380336600714112b4ea35

 Left as recorded
 day         tenant  adapter/model          recorded  now
 2026-10-02  acme    gate/openai/gpt-small         2    1
""")
    assert [(each["period"], each["requests"]) for each in ledger()] == [
        ("2026-10-01", 2),
        ("2026-10-02", 2),
        ("2026-10-03", 2),
        ("2026-10-04", 1),
    ]


def test_it_is_replaced_if_that_is_asked_for(record: Callable[..., str], rotated: str) -> None:
    out = record("--replace", logs=rotated)

    assert became(out) == snapshot("1 entry added · 1 known already · 1 corrected · 0 refused")
    assert [(each["period"], each["requests"]) for each in ledger()][3:] == [
        ("2026-10-02", 1),
        ("2026-10-04", 1),
    ]


def test_another_log_of_the_same_name_and_day_takes_nothing_away(
    record: Callable[..., str], write: Write
) -> None:
    row = "{0},2026-10-01T08:00:00Z,openai,{1},acme,gate,1000,100,\n"
    record(logs=write("host1.csv", HEADER + row.format(1, "gpt-small")))

    out = record(logs=write("host2.csv", HEADER + row.format(2, "gpt-large") + row.format(3, "gpt-large")))

    assert became(out) == "0 entries added · 0 known already · 0 corrected · 0 refused"
    assert json.loads(record("-o", "json", logs="host2.csv"))["shrunk"] == snapshot(
        [
            {
                "period": "2026-10-01",
                "month": "2026-10",
                "tenant": "acme",
                "adapter": "gate",
                "model": "openai/gpt-small",
                "recorded": 1,
                "found": 0,
            }
        ]
    )


# Verify


@pytest.mark.parametrize(("name", "words"), [("table", []), ("json", ["-o", "json"]), ("csv", ["-o", "csv"])])
def test_a_changed_line_is_found_with_its_number(
    record: Callable[..., str], run: Run, name: str, words: list[str]
) -> None:
    record()
    path = STATE / "baseline_history.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"tokens_used": ', b'"tokens_used": 9', 1)
    path.write_bytes(b"".join(lines[:-1]))

    code, out, err = run("gainshare", "verify", *words)

    assert (code, err) == (3, "")
    assert out == external_file(f"screens/gainshare-verify-{name}.txt")


def test_a_ledger_as_it_was_written_is_told_so(record: Callable[..., str], run: Run) -> None:
    record()

    assert run("gainshare", "verify") == snapshot(
        (
            0,
            """\

 The ledger is as it was written
 7 entries · 6,816 bytes · compared with 1 remembered end
 9c7add5b90f8ace8d82c23865ab9fe6f419b3f0575b666b55603ec61636b2b0b
""",
            "",
        )
    )


def test_without_a_remembered_end_nobody_can_say_whether_lines_are_missing(
    record: Callable[..., str], run: Run
) -> None:
    record()
    (STATE / "baseline_history.head.json").unlink()

    code, out, _ = run("gainshare", "verify")

    assert code == 0
    assert out.splitlines()[-1] == snapshot(
        " no end of it was remembered: whether lines are missing there, nobody can say"
    )


def test_of_very_many_changed_lines_a_hundred_are_shown(run: Run) -> None:
    STATE.mkdir(parents=True)
    (STATE / "baseline_history.jsonl").write_text("no entry\n" * 150)

    code, out, _ = run("gainshare", "verify")

    assert (code, out.splitlines()[1], out.splitlines()[-1]) == snapshot(
        (3, " The ledger was changed: 150 places", " 50 more")
    )


# Summary, report, what if


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("80", []),
        ("by", ["--by", "model,tenant", "--every", "1w"]),
        ("part", ["--tenant", "acme", "--baseline", LARGE, "--since", "2026-10-02", "--until", "2026-10-04"]),
        ("json", ["-o", "json"]),
        ("csv", ["-o", "csv"]),
        ("md", ["-o", "md"]),
        ("html", ["-o", "html"]),
    ],
)
def test_a_summary_reads(record: Callable[..., str], run: Run, name: str, words: list[str]) -> None:
    record()

    code, out, err = run("gainshare", "summary", *words, width=80)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/gainshare-summary-{name}.txt")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_report_reads(record: Callable[..., str], run: Run, form: str) -> None:
    record()

    code, out, err = run("gainshare", "report", "--pct", "25", "--tenant", "acme", "-o", form, width=80)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/gainshare-report-{form}.txt")


def test_a_tenant_without_entries_has_saved_nothing(record: Callable[..., str], run: Run) -> None:
    record()

    code, out, _ = run("gainshare", "report", "--tenant", "nobody", "--pct", "25")

    assert (code, out) == snapshot(
        (
            0,
            """\

 Savings  $0.00   0.0 % of $0.00 (baseline) · actual $0.00
 0 entries · 0 requests · no period
 only tenant nobody
 no entry is like this

 Gain share  $0.00   25 % of savings · customers keep $0.00
 no share of a tenant's loss; fees, tiers, floors and caps are in the invoice only
""",
        )
    )


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_what_if_reads(run: Run, log: str, form: str) -> None:
    run("frontier", "set", "premium-model", "0.03")
    baselines = f"{LARGE},gpt-large,premium-model"

    code, out, err = run(
        "gainshare", "whatif", log, "--pct", "20,30", "--baseline", baselines, "-o", form, width=80
    )

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/gainshare-whatif-{form}.txt")
    assert not (STATE / "baseline_history.jsonl").exists()


def test_a_what_if_takes_the_dearest_frontier_model_and_may_carry_losses(run: Run, log: str) -> None:
    run("frontier", "set", "cheap", "0.000001")

    code, out, _ = run("gainshare", "whatif", log, "--losing-month", "carry_forward")

    assert code == 0
    assert out == snapshot("""\

 What each side would get   of each tenant's savings, month by month
 no share of a losing month; losses are carried forward; without fees, tiers, floors and caps
 cheap: 3 losing months of a tenant
 cheap: 1 more request without a cost or a baseline, in no amount

 baseline  baseline cost  savings         saved  share  provider  customer keeps  customer pays
 cheap         $0.001795  -$18.67  -1040334.5 %   20 %     $0.00         -$18.67         $18.68
 cheap         $0.001795  -$18.67  -1040334.5 %   25 %     $0.00         -$18.67         $18.68
 cheap         $0.001795  -$18.67  -1040334.5 %   30 %     $0.00         -$18.67         $18.68
""")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "",
            "name a model of the catalog, or a frontier model; without `--baseline` it is the dearest of these",
        ),
        (
            " ",
            "name a model of the catalog, or a frontier model; without `--baseline` it is the dearest of these",
        ),
        ("not it", "set its flat rate: `costopt frontier set 'not it' USD`"),
    ],
)
def test_the_hint_for_an_unknown_baseline_can_be_followed(run: Run, log: str, name: str, hint: str) -> None:
    code, _, err = run("gainshare", "record", log, "--baseline", name)

    assert (code, err.splitlines()[-1]) == (2, f"hint: {hint}")


# Metrics


def test_metrics_are_written_for_prometheus(record: Callable[..., str], run: Run) -> None:
    record()

    assert run("export", "prometheus", "--to", "costopt.prom") == (0, "", "")
    assert Path("costopt.prom").read_text() == snapshot("""\
# HELP gain_share_savings_usd_total Savings against the baseline, in millionths of a US dollar
# TYPE gain_share_savings_usd_total counter
gain_share_savings_usd_total -655800.0
# HELP gain_share_baseline_entries_total Entries that count, also those compared with nothing
# TYPE gain_share_baseline_entries_total gauge
gain_share_baseline_entries_total 7.0
# HELP gain_share_avg_savings_pct Savings in percent of the baseline cost, over all entries
# TYPE gain_share_avg_savings_pct gauge
gain_share_avg_savings_pct -3.6393
""")


# State


def test_the_state_is_where_it_is_told_to_be(run: Run, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run("gainshare", "record", log, "--baseline", LARGE, "--state", "here")
    monkeypatch.setenv("COSTOPT_STATE", "there")
    run("gainshare", "record", log, "--baseline", LARGE)

    assert [Path(name, "baseline_history.jsonl").exists() for name in ("here", "there", STATE)] == [
        True,
        True,
        False,
    ]


# Mistakes


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "record log.jsonl",
            snapshot("""\
error: There is no baseline to compare with

hint: name a model of the catalog: `--baseline MODEL`; or a flat rate: `costopt frontier set NAME USD`
"""),
        ),
        (
            "record log.jsonl --baseline gpt-lrge",
            snapshot("""\
error: The baseline `gpt-lrge` is neither in the catalog nor a frontier model

hint: did you mean `gpt-large`?
"""),
        ),
        (
            "record log.jsonl --baseline nothing-like-it",
            snapshot("""\
error: The baseline `nothing-like-it` is neither in the catalog nor a frontier model

hint: set its flat rate: `costopt frontier set nothing-like-it USD`
"""),
        ),
        (
            "record log.jsonl --baseline openai/gpt-large --flat",
            snapshot("""\
error: The baseline `openai/gpt-large` is not a frontier model

hint: set its flat rate: `costopt frontier set openai/gpt-large USD`
"""),
        ),
        (
            "record log.jsonl --baseline premium-modl --flat",
            snapshot("""\
error: The baseline `premium-modl` is not a frontier model

hint: did you mean `premium-model`?
"""),
        ),
        (
            "record log.jsonl --where tenant=='acme'",
            snapshot("""\
error: A part of the logs needs a name of its own

hint: give one: `--source NAME`; a day of the same source would be corrected to this part of it
"""),
        ),
        (
            "record nowhere.jsonl --baseline openai/gpt-large",
            snapshot("""\
error: No such file: `nowhere.jsonl`

hint: name a log file, a directory, a glob, or `-` for stdin
"""),
        ),
        (
            "record bare.csv --baseline openai/gpt-large --per-request",
            snapshot("""\
error: Requests without an id cannot be recorded one by one: there are 1

hint: record them by day: leave out `--per-request`; or name the column: `--map request_id=NAME`
"""),
        ),
        (
            "record vast.csv --baseline openai/gpt-large",
            snapshot("""\
error: The logs cannot be recorded: `actual_cost_usd` is not between 0 and 1,000,000,000,000,000 USD

hint: `costopt spend LOGS --every 1d` shows their figures
"""),
        ),
        (
            "record log.jsonl --contracts flat.toml",
            snapshot("""\
error: `flat.toml`, line 11: contract 1: the baseline `openai/gpt-large` has no flat rate

hint: set it: `costopt frontier set openai/gpt-large USD`
"""),
        ),
        (
            "record log.jsonl --contracts flat.toml --flat",
            snapshot("""\
error: `--flat` is about `--baseline`, which is not given

hint: write `flat = true` into the contract's baseline; or name what else is compared: `--baseline MODEL`
"""),
        ),
        (
            "record log.jsonl --contracts absent.toml",
            snapshot("""\
error: Cannot read the contracts `absent.toml`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            "summary --by colour",
            snapshot("""\
error: Savings cannot be split by `colour`

hint: split them by tenant, model, adapter, month, baseline
"""),
        ),
        (
            "summary --since yesterday",
            snapshot("""\
error: `yesterday` is not a time

hint: write `2026-10-01` or `2026-10-01T08:00`
"""),
        ),
        (
            "report --pct 101",
            snapshot("""\
error: `101` is not a percentage that can be shared

hint: write a number from 0 to 100 of at most 6 decimals, such as 25
"""),
        ),
        (
            "whatif log.jsonl --pct 20,many --baseline openai/gpt-large",
            snapshot("""\
error: `many` is not a percentage that can be shared

hint: write a number from 0 to 100 of at most 6 decimals, such as 25
"""),
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_do(run: Run, log: str, write: Write, words: str, told: str) -> None:
    assert log == "log.jsonl"
    if "premium" in words:
        run("frontier", "set", "premium-model", "0.03")
    write("flat.toml", RULES.replace("premium-model", "openai/gpt-large"))
    bare = HEADER.removeprefix("request_id,")
    write("bare.csv", bare + "2026-10-01T08:00:00Z,openai,gpt-small,acme,gate,1000,100,\n")
    row = "a{0},2026-10-01T08:00:00Z,openai,gpt-large,acme,gate,1000000000000,0,{1}\n"
    write("vast.csv", HEADER + row.format(1, "9" * 15) + row.format(2, "9" * 15))

    code, out, err = run("gainshare", *words.split())

    assert (code, out) == (2, "")
    assert err == told


def test_a_file_is_no_state_folder(run: Run, write: Write) -> None:
    write("state", "")

    for words in (["gainshare", "summary"], ["gainshare", "verify"], ["frontier", "list"]):
        code, out, err = run(*words, "--state", "state")

        assert (code, out) == (2, "")
        assert "is a file" in err


@pytest.mark.parametrize(("first", "then"), [([], ["--per-request"]), (["--per-request"], [])])
def test_a_source_is_recorded_by_day_or_by_request(
    record: Callable[..., str], run: Run, log: str, first: list[str], then: list[str]
) -> None:
    record(*first)

    code, _, err = run("gainshare", "record", log, "--baseline", LARGE, *then)

    assert code == 2
    assert "requests would count twice" in err
    assert became(record(*then, "--source", "another")).startswith("7 entries added")


def test_a_part_of_the_logs_is_a_source_of_its_own(record: Callable[..., str]) -> None:
    record()

    out = record("--where", "tenant == 'acme'", "--source", "acme's")

    assert became(out) == snapshot("3 entries added · 0 known already · 0 corrected · 0 refused")


# A closed month

CONTRACT = """\
schema = 1
[[contract]]
tenant = "acme"
start = 2026-01-01
percentage = 25
baseline = "openai/gpt-large"
"""


@pytest.fixture
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 2 November 2026."""
    monkeypatch.setattr("costopt.cli.loading.clock", lambda: dt.datetime(2026, 11, 2, tzinfo=dt.UTC))


@pytest.mark.usefixtures("november")
def test_what_would_change_a_closed_month_is_refused_and_named(
    record: Callable[..., str], run: Run, log: str, write: Write
) -> None:
    record()
    write("c.toml", CONTRACT)
    run("gainshare", "invoice", "--tenant", "acme", "--month", "2026-10", "--contracts", "c.toml", "--close")
    write(log, Path(log).read_text().replace('"output_tokens":9000', '"output_tokens":9001'))

    code, out, _ = run("gainshare", "record", log, "--baseline", LARGE, width=80)

    assert code == 0
    assert out.partition("refused\n")[2] == snapshot("""\
 the baseline would have been cheaper
 1 more request without a cost or a baseline, in no amount
   see: costopt spend log.jsonl --by provider,model
 1 line rejected, in no amount
 ledger  7 entries
   9c7add5b90f8ace8d82c23865ab9fe6f419b3f0575b666b55603ec61636b2b0b

 Refused
 tenant  period      model             refused, as
 acme    2026-10-01  openai/gpt-large  2026-10 of this tenant is closed: it has…
""")


@pytest.mark.usefixtures("november")
@pytest.mark.parametrize("words", [["--per-request"], ["--replace"]])
def test_a_tenant_renamed_after_its_invoice_gets_no_second_one(
    record: Callable[..., str], run: Run, write: Write, words: list[str]
) -> None:
    row = "r{0},2026-10-0{0}T08:00:00Z,openai,gpt-small,{1},gate,1000,100,\n"
    record(*words, logs=write("a.csv", HEADER + row.format(1, "acme") + row.format(2, "globex")))
    write("c.toml", CONTRACT)
    run("gainshare", "invoice", "--tenant", "acme", "--month", "2026-10", "--contracts", "c.toml", "--close")
    before = ledger()

    out = record(
        *words, logs=write("a.csv", HEADER + row.format(1, "Acme Inc.") + row.format(2, "Globex Inc."))
    )

    assert became(out) == "1 entry added · 0 known already · 1 corrected · 2 refused"
    assert "the logs lack requests of it that `acme` has in a closed month" in out
    assert ledger()[: len(before)] == before
    assert [each["tenant"] for each in ledger()[len(before) :]] == ["globex", "Globex Inc."]
