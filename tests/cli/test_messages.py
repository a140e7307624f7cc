from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from costopt.errors import ConfigError

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "analyze",
            snapshot("""\
Usage: costopt analyze [OPTIONS] {LOGS}...
Try 'costopt analyze --help' for help.

Error: Missing argument 'LOGS'.
"""),
        ),
        (
            "analyse log.jsonl",
            snapshot("""\
Usage: costopt [OPTIONS] COMMAND [ARGS]...
Try 'costopt --help' for help.

Error: No such command 'analyse'. Did you mean 'analyze'?
"""),
        ),
        (
            "analyze log.jsonl --nope",
            snapshot("""\
Usage: costopt analyze [OPTIONS] {LOGS}...
Try 'costopt analyze --help' for help.

Error: No such option: --nope (Possible options: --no-dedupe, --since, --to)
"""),
        ),
        (
            "analyze nowhere.jsonl",
            snapshot("""\
error: No such file: `nowhere.jsonl`

hint: name a log file, a directory, a glob, or `-` for stdin
"""),
        ),
        (
            "analyze empty-folder",
            snapshot("""\
error: No log files in `empty-folder`

hint: a directory is searched for .jsonl, .ndjson, .json, .csv, .tsv, .parquet, also packed as .gz or .zst
"""),
        ),
        (
            "analyze log.jsonl --map tokens=x",
            snapshot("""\
error: `tokens` is not a column of a request

hint: did you mean `input_tokens`?
"""),
        ),
        (
            "analyze log.jsonl --map tag",
            snapshot("""\
error: `--map tag` is not understood

hint: write `--map COLUMN=NAME`
"""),
        ),
        (
            "analyze log.jsonl --map tag=lable",
            snapshot("""\
error: `log.jsonl` has no column `lable` to read tag from

hint: it has `request_id`, `timestamp`, `provider`, `model`, `endpoint`, `tag`, `tenant`, `input_tokens`, `cached_input_tokens`, `output_tokens`, `cost_usd`, `status`, `mode`
"""),
        ),
        (
            "analyze log.jsonl --set =x",
            snapshot("""\
error: `--set =x` is not understood

hint: write `--set COLUMN=VALUE`
"""),
        ),
        (
            "analyze log.jsonl --set input_tokens=many",
            snapshot("""\
error: `many` is no value for input_tokens

hint: input_tokens is a number
"""),
        ),
        (
            "analyze log.jsonl --set colour=red",
            snapshot("""\
error: `colour` is not a column of a request

hint: the columns are `request_id`, `timestamp`, `provider`, `model`, `endpoint`, `request_type`, `tag`, `tenant`, `project`, `user`, `session`, `adapter`, `qos`, `status`, `finish_reason`, `mode`, `feedback`, `variant`, `requests`, `input_tokens`, `cached_input_tokens`, `cache_write_tokens`, `cache_write_1h_tokens`, `input_audio_tokens`, 19 more
"""),
        ),
        (
            "analyze log.jsonl --since yesterday",
            snapshot("""\
error: `yesterday` is not a time

hint: write `2026-10-01` or `2026-10-01T08:00`
"""),
        ),
        (
            "analyze log.jsonl --until 2026-13-01",
            snapshot("""\
error: `2026-13-01` is not a time

hint: write `2026-10-01` or `2026-10-01T08:00`
"""),
        ),
        (
            "analyze log.jsonl --last month",
            snapshot("""\
error: `month` is not an age

hint: write `36h`, `7d` or `4w`
"""),
        ),
        (
            "analyze log.jsonl --last 7d --since 2026-10-01",
            snapshot("""\
error: `--last` goes without `--since` and `--until`

hint: name either an age or times
"""),
        ),
        (
            "analyze log.jsonl --tz Mars/Olympus",
            snapshot("""\
error: `Mars/Olympus` is not a time zone

hint: use a name such as `UTC` or `Europe/Berlin`
"""),
        ),
        (
            "analyze log.jsonl --cost guessed",
            snapshot("""\
Usage: costopt analyze [OPTIONS] {LOGS}...
Try 'costopt analyze --help' for help.

Error: Invalid value for '--cost' (env var: 'COSTOPT_COST'): Value error, 'guessed' is not one of 'auto', 'logged', 'computed'.
"""),
        ),
        (
            "analyze log.jsonl --strict",
            snapshot("""\
error: log.jsonl:9: malformed JSON: Expecting value at column 1

hint: mend the line, or leave out `--strict` to go on without it
"""),
        ),
        (
            "analyze log.jsonl --config nowhere.toml",
            snapshot("""\
error: Cannot read `nowhere.toml`: No such file or directory

hint: check the path
"""),
        ),
        (
            "analyze log.jsonl --config broken.toml",
            snapshot("""\
error: `broken.toml` is not valid TOML: Invalid value (at line 1, column 10)

hint: mend the syntax there
"""),
        ),
        (
            "analyze log.jsonl --config odd.toml",
            snapshot("""\
error: `odd.toml`: `shema` is not a key

hint: the keys are `pricing`, `format`, `cost`, `timezone`, `dedupe`, `where`, `map`, `set`, `batch`
"""),
        ),
        (
            "analyze log.jsonl --pricing nowhere.toml",
            snapshot("""\
error: Cannot read the price catalog `nowhere.toml`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            "analyze log.jsonl --pricing broken.toml",
            snapshot("""\
error: `broken.toml` is not valid TOML: Invalid value (at line 1, column 10)

hint: mend the syntax there
"""),
        ),
        (
            "analyze log.jsonl --pricing odd.toml",
            snapshot("""\
error: `odd.toml`, line 1: unknown key `shema`

hint: did you mean `schema`?
"""),
        ),
        (
            "analyze log.jsonl --to nowhere/report.txt",
            snapshot("""\
error: Cannot write `nowhere/report.txt`: No such file or directory

hint: name a file in a folder you may write to
"""),
        ),
        (
            "analyze log.jsonl --rejects nowhere/bad.jsonl",
            snapshot("""\
error: Cannot write `nowhere/bad.jsonl`: No such file or directory

hint: name a file in a folder you may write to
"""),
        ),
        (
            "analyze log.jsonl --partition-mb 0",
            snapshot("""\
Usage: costopt analyze [OPTIONS] {LOGS}...
Try 'costopt analyze --help' for help.

Error: Invalid value for '--partition-mb' (env var: 'COSTOPT_PARTITION_MB'): Input should be greater than or equal to 1
"""),
        ),
        (
            "analyze strange.csv",
            snapshot("""\
error: `strange.csv` is not understood: no column for `timestamp`, `model`, `input_tokens`, `output_tokens`; it has `when`, `what`

hint: name the column with `--map timestamp=COLUMN`, or give a constant with `--set timestamp=VALUE`
"""),
        ),
        (
            "spend log.jsonl --by latency_ms",
            snapshot("""\
error: Requests cannot be split by `latency_ms`

hint: if it is a text in the log, read it as another column: `--map tag=latency_ms --by tag`
"""),
        ),
        (
            "spend log.jsonl --every 2d",
            snapshot("""\
Usage: costopt spend [OPTIONS] {LOGS}...
Try 'costopt spend --help' for help.

Error: Invalid value for '--every': Value error, '2d' is not one of '1h', '1d', '1w', '1mo'.
"""),
        ),
        (
            "spend log.jsonl --top 0",
            snapshot("""\
Usage: costopt spend [OPTIONS] {LOGS}...
Try 'costopt spend --help' for help.

Error: Invalid value for '--top': Input should be greater than or equal to 1
"""),
        ),
        (
            "inspect log.jsonl --strict",
            snapshot("""\
error: log.jsonl:9: malformed JSON: Expecting value at column 1

hint: mend the line, or leave out `--strict` to go on without it
"""),
        ),
    ],
)
@pytest.mark.usefixtures("log")
def test_a_mistake_is_answered_with_what_to_do(run: Run, write: Write, words: str, expected: str) -> None:
    write("strange.csv", "when,what\n2026-10-01,12\n")
    write("broken.toml", "schema = = 1")
    write("odd.toml", "shema = 1")
    Path("empty-folder").mkdir()

    code, out, err = run(*words.split())

    assert (code, out) == (2, "")
    assert err == expected


def test_a_message_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch, run: Run, log: str) -> None:
    def fail(_path: object) -> None:
        raise ConfigError("`\x1b[31mred\x9b2J\r\n`", hint="\u202ebackwards\x07")

    monkeypatch.setattr("costopt.cli.loading.load_config", fail)

    assert run("analyze", log) == (
        2,
        "",
        "error: `\\x1b[31mred\\x9b2J\\r\\n`\n\nhint: \\u202ebackwards\\x07\n",
    )
