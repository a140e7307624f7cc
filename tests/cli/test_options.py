import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from costopt.cli.options import BillOptions, ReadOptions
from costopt.report.document import Again

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]


def test_a_command_names_the_logs_as_they_were_typed() -> None:
    assert ReadOptions(logs=["logs/", "more.csv"]).again == Again("logs/ more.csv", "logs/ more.csv")


def test_many_logs_are_not_named_one_by_one() -> None:
    assert ReadOptions(logs=["a", "b", "c", "d"], map=["tag=x"]).again.read == "LOGS... --map tag=x"


def test_a_name_with_blanks_and_signs_is_quoted() -> None:
    again = ReadOptions(logs=["a b; rm -rf $HOME.jsonl", "it's"], set=["model=x y"]).again

    assert again.read == "'a b; rm -rf $HOME.jsonl' 'it'\"'\"'s' --set 'model=x y'"
    assert shlex.split(again.read) == ["a b; rm -rf $HOME.jsonl", "it's", "--set", "model=x y"]


def test_a_name_is_no_option() -> None:
    assert ReadOptions(logs=["-x.jsonl", "-"]).again.read == "./-x.jsonl -"


def test_every_option_that_changes_the_bill_is_typed_again() -> None:
    options = BillOptions(
        logs=["l"],
        format="own formats/gateway.toml",
        map=["tag=label"],
        set=["provider=openai"],
        config=Path("c.toml"),
        since="2026-10-01",
        until="2026-10-02",
        where="tag == 'a b'",
        tz="Asia/Tokyo",
        pricing=Path("p.toml"),
        cost="logged",
        dedupe=False,
        output="json",
        to=Path("report.json"),
        strict=True,
    )

    assert (
        options.again.read
        == "l --format 'own formats/gateway.toml' --map tag=label --set provider=openai --config c.toml"
    )
    assert options.again.bill == (
        f"{options.again.read} --since 2026-10-01 --until 2026-10-02 "
        "--where 'tag == '\"'\"'a b'\"'\"'' --tz Asia/Tokyo --pricing p.toml --cost logged --no-dedupe"
    )
    assert BillOptions(logs=["l"], last="7d", dedupe=True).again.bill == "l --last 7d"


def test_the_commands_named_on_the_screen_run(run: Run, log: str) -> None:
    _, out, _ = run("analyze", log, "--since", "2026-10-01", "--tz", "Asia/Tokyo")
    commands = [
        words.split("costopt ", 1)[1].split(")")[0].replace("FILE", "bad.jsonl")
        for row in out.splitlines()
        for words in row.split(" · ")
        if "costopt " in words
    ]

    assert len(commands) == 4
    for command in commands:
        code, _, err = run(*shlex.split(command))
        assert (code, err) == (0, ""), command
    assert Path("bad.jsonl").read_text(encoding="utf-8").count("\n") == 1


# What is set elsewhere

TWO_TAGS = """\
timestamp,model,input_tokens,output_tokens,cost_usd,tag
2026-10-01T23:00:00Z,gpt-large,1000000,0,11,chat
2026-10-02T01:00:00Z,gpt-large,1000000,0,11,slow
"""


def spent(run: Run, *words: str) -> list[list[str]]:
    """By day: date, cost."""
    code, out, err = run("spend", "two.csv", "--by", "", "--every", "1d", "-o", "csv", *words)
    assert (code, err) == (0, "")
    return [[row.split(",")[0], row.split(",")[6]] for row in out.splitlines()[1:]]


@pytest.mark.usefixtures("log")
def test_the_environment_is_honoured_and_flags_win(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("two.csv", TWO_TAGS)
    assert spent(run) == [["2026-10-01", "11"], ["2026-10-02", "11"]]

    monkeypatch.setenv("COSTOPT_TZ", "Asia/Tokyo")
    assert spent(run) == [["2026-10-02", "22"]]
    assert spent(run, "--tz", "UTC") == [["2026-10-01", "11"], ["2026-10-02", "11"]]

    monkeypatch.setenv("COSTOPT_COST", "computed")
    assert spent(run) == [["2026-10-02", "20"]]
    assert spent(run, "--cost", "logged") == [["2026-10-02", "22"]]

    monkeypatch.setenv("COSTOPT_SINCE", "2026-10-02T09:00")
    assert spent(run) == [["2026-10-02", "10"]]
    assert spent(run, "--since", "2026-10-01") == [["2026-10-02", "20"]]

    monkeypatch.setenv("COSTOPT_UNTIL", "2026-10-02T09:30")
    assert spent(run, "--since", "2026-10-01") == [["2026-10-02", "10"]]

    monkeypatch.setenv("COSTOPT_PRICING", "nowhere.toml")
    assert run("spend", "two.csv")[0] == 2
    assert spent(run, "--pricing", "prices.toml", "--until", "2027-01-01") == [["2026-10-02", "10"]]


@pytest.mark.usefixtures("log")
def test_forms_tags_and_files_can_be_set_in_the_environment(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("two.csv", TWO_TAGS)
    monkeypatch.setenv("COSTOPT_OUTPUT", "csv")
    monkeypatch.setenv("COSTOPT_TAGS", "slow")
    assert run("batch", "two.csv")[1].splitlines()[1].startswith("slow,")
    assert run("batch", "two.csv", "--tags", "chat")[1].splitlines()[1].startswith("chat,")
    assert run("batch", "two.csv", "-o", "md")[1].startswith("# Batch advice")

    monkeypatch.setenv("COSTOPT_PARTITION_MB", "0")
    assert run("batch", "two.csv")[0] == 2
    assert run("batch", "two.csv", "--partition-mb", "1")[0] == 0

    monkeypatch.setenv("COSTOPT_CONFIG", "nowhere.toml")
    assert run("batch", "two.csv", "--partition-mb", "1")[0] == 2
    assert run("batch", "two.csv", "--partition-mb", "1", "--config", "costopt.toml")[0] == 0
