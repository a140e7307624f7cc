import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

TWICE = """\
id,timestamp,model,input_tokens,output_tokens,cost_usd,label
1,2026-10-01T23:00:00Z,gpt-large,1000000,0,11,slow
1,2026-10-01T23:00:00Z,gpt-large,1000000,0,11,slow
"""


def test_the_configuration_is_honoured_and_flags_win(run: Run, write: Write, log: str) -> None:
    write("twice.csv", TWICE)
    write(
        "costopt.toml",
        """
        pricing = "prices.toml"
        cost = "computed"
        timezone = "Asia/Tokyo"
        dedupe = false
        map = { tag = "label" }
        set = { tenant = "acme" }
        batch = { tags = ["slow"] }
        """,
    )

    def bill(*words: str) -> list[str]:
        code, out, err = run("spend", "twice.csv", "--by", "tag,tenant", "--every", "1d", "-o", "csv", *words)
        assert (code, err) == (0, "")
        return out.splitlines()[1].split(",")

    assert bill()[:4] == ["2026-10-02", "slow", "acme", "2"]
    assert bill()[8] == "20"
    assert bill("--cost", "logged")[8] == "22"
    assert bill("--tz", "UTC")[0] == "2026-10-01"
    assert bill("--dedupe")[3] == "1"
    assert bill("--map", "tag=model")[1] == "gpt-large"
    assert bill("--set", "tenant=globex")[2] == "globex"
    assert run("batch", "twice.csv", "-o", "csv")[1].splitlines()[1].startswith("slow,20,10,")
    assert len(run("batch", "twice.csv", "-o", "csv", "--tags", "chat")[1].splitlines()) == 1
    assert run("analyze", log, "--config", "nowhere.toml")[0] == 2


def test_prices_are_found_beside_the_configuration_that_names_them(run: Run, write: Write, log: str) -> None:
    write("settings/costopt.toml", 'pricing = "../prices.toml"')
    Path("costopt.toml").unlink()

    _, out, _ = run("analyze", log, "--config", "settings/costopt.toml")

    assert "prices of 2026-10-01 " in out


def test_the_last_days_are_counted_from_now(run: Run, write: Write) -> None:
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 - `--last` reads the clock
    times = [now - dt.timedelta(days=8), now - dt.timedelta(days=6), now - dt.timedelta(hours=1)]
    rows = [f"{time.isoformat()},gpt-large,1,1,1" for time in times]
    write("recent.csv", "timestamp,model,input_tokens,output_tokens,cost_usd\n" + "\n".join(rows))

    found = [
        json.loads(run("analyze", "recent.csv", "--last", age, "-o", "json")[1])["intake"]["requests"]
        for age in ("36h", "7d", "2w")
    ]

    assert found == [1, 2, 3]


def test_a_period_has_a_beginning_and_an_end(run: Run, log: str) -> None:
    _, out, _ = run("analyze", log, "--since", "2026-10-02", "--until", "2026-10-03T10:00:00Z", "-o", "json")

    assert json.loads(out)["period"] == {"start": "2026-10-02T09:00:00Z", "end": "2026-10-03T09:00:00Z"}


def test_rejected_lines_go_to_a_file(run: Run, log: str) -> None:
    assert run("analyze", log, "--rejects", "bad.jsonl")[0] == 0
    assert json.loads(Path("bad.jsonl").read_text(encoding="utf-8")) == {
        "file": "log.jsonl",
        "line": 9,
        "reason": "malformed JSON: Expecting value at column 1",
        "text": "this line is no request",
    }


def test_a_strict_run_leaves_no_file(run: Run, log: str) -> None:
    code, out, _ = run("analyze", log, "--rejects", "bad.jsonl", "--to", "report.txt", "--strict")

    assert (code, out) == (2, "")
    assert sorted(path.name for path in Path().iterdir()) == ["costopt.toml", "log.jsonl", "prices.toml"]


def test_the_size_of_a_partition_changes_nothing(run: Run, log: str) -> None:
    assert run("analyze", log, "--partition-mb", "1") == run("analyze", log, "--partition-mb", "64")
