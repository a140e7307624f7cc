from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_a_log_that_is_understood(log: str, run: Run, width: int | None) -> None:
    code, out, err = run("inspect", log, width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/inspect-{width or 'pipe'}.txt")
    assert all(len(row) <= (width or 1000) for row in out.splitlines())


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_inspection_has_other_forms(log: str, run: Run, form: str) -> None:
    code, out, err = run("inspect", log, "-o", form, "--set", "project=apollo")

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/inspect-{form}.txt")


def test_a_log_that_is_not_understood_says_what_to_name(run: Run, write: Callable[[str, str], str]) -> None:
    write("trace.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2026-10-01T00:00:00Z,10,20\n")

    assert run("inspect", "trace.csv", width=80) == snapshot(
        (
            0,
            """\

 trace.csv
 generic · 0 requests · 0 rejected
 not understood
   name what is missing: costopt inspect trace.csv --map model=COLUMN

 column     read from  samples
 timestamp  TIMESTAMP

 missing              without it
 model                every command: give it with --map or --set
 input_tokens         every command: give it with --map or --set
 output_tokens        every command: give it with --map or --set
 provider             nothing as long as the model's name tells it
 request_id           duplicates cannot be found
 tag                  costopt batch finds nothing; no spend by tag
 tenant               no spend by tenant
 endpoint             no spend by endpoint
 cost_usd             no logged cost to compare the computed one with
 cached_input_tokens  all input is billed as not cached
 cache_write_tokens   no cache writes are billed
 status               failed requests cannot be told apart
 mode                 every request is billed in standard mode

 not read  ContextTokens · GeneratedTokens
""",
            "",
        )
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", snapshot(["", " odd.jsonl", " empty · 0 requests · 0 rejected"])),
        (
            "nonsense\n",
            snapshot(
                [
                    "",
                    " odd.jsonl",
                    " not readable · 0 requests · 1 rejected",
                    " odd.jsonl:1: malformed JSON: Expecting value at column 1",
                ]
            ),
        ),
    ],
)
def test_a_log_without_requests_is_told(
    run: Run, write: Callable[[str, str], str], content: str, expected: list[str]
) -> None:
    write("odd.jsonl", content)

    code, out, err = run("inspect", "odd.jsonl")

    assert (code, out.splitlines(), err) == (0, expected, "")


def test_rejected_lines_are_shown_and_counted(run: Run, write: Callable[[str, str], str]) -> None:
    good = '{"timestamp":"2026-10-01T00:00:00Z","model":"m","input_tokens":1,"output_tokens":1}\n'
    write("odd log.jsonl", good + "nonsense\n" * 7)

    _, out, _ = run("inspect", "odd log.jsonl", "--rejects", "bad.jsonl")

    assert out.splitlines()[1:9] == snapshot(
        [
            " odd log.jsonl",
            " generic · 1 request · 7 rejected",
            " odd log.jsonl:2: malformed JSON: Expecting value at column 1",
            " odd log.jsonl:3: malformed JSON: Expecting value at column 1",
            " odd log.jsonl:4: malformed JSON: Expecting value at column 1",
            " odd log.jsonl:5: malformed JSON: Expecting value at column 1",
            " odd log.jsonl:6: malformed JSON: Expecting value at column 1",
            " 2 more: costopt inspect 'odd log.jsonl' --rejects FILE",
        ]
    )
    assert len(Path("bad.jsonl").read_text(encoding="utf-8").splitlines()) == 7


def test_many_columns_that_are_not_read_are_counted(run: Run, write: Callable[[str, str], str]) -> None:
    more = [f"x{number:02}" for number in range(30)]
    head = ["timestamp", "model", "input_tokens", "output_tokens", *more]
    write("wide.csv", ",".join(head) + "\n2026-10-01T00:00:00Z,m,1,1" + ",0" * 30 + "\n")

    _, out, _ = run("inspect", "wide.csv")

    assert "x18 · x19 · 10 more: costopt inspect wide.csv -o json\n" in out
    assert "x20" not in out
