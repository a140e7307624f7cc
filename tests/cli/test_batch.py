from collections.abc import Callable

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_findings_fit_their_screen(log: str, run: Run, width: int | None) -> None:
    code, out, err = run("batch", log, width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/batch-{width or 'pipe'}.txt")
    assert all(len(row) <= (width or 1000) for row in out.splitlines())


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_findings_have_other_forms(log: str, run: Run, form: str) -> None:
    code, out, err = run("batch", log, "-o", form)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/batch-{form}.txt")


def test_nothing_found_names_the_tags_there_are(log: str, run: Run) -> None:
    assert run("batch", log, "--tags", "weekly") == snapshot(
        (
            0,
            """\

 1 file · 7 requests · 1 – 3 Oct 2026 · generic
 1 rejected (see: costopt inspect log.jsonl --rejects FILE) · 1 duplicate removed ($15.80)
 1 unpriced, in no total: gpt-lrge · see: costopt spend log.jsonl --by provider,model
 no price for gpt-lrge: did you mean gpt-large?
 prices of 2026-10-01

 Nothing to batch: no billed request has one of these tags, those in batch mode aside
 tags that can wait  weekly
 other tags          nightly · chat · bulk
 to name others      costopt batch log.jsonl --tags TAGS
""",
            "",
        )
    )


@pytest.mark.usefixtures("log")
def test_nothing_found_without_tags_says_how_to_read_some(run: Run, write: Callable[[str, str], str]) -> None:
    write("bare.csv", "timestamp,model,input_tokens,output_tokens\n2026-10-01T00:00:00Z,gpt-large,1,1\n")

    assert run("batch", "bare.csv") == snapshot(
        (
            0,
            """\

 1 file · 1 request · 1 Oct 2026 00:00 UTC · generic
 0 rejected · 0 duplicates · 0 unpriced
 prices of 2026-10-01

 Nothing to batch: no billed request has one of these tags, those in batch mode aside
 tags that can wait  background · offline · nightly · batch · bulk · async
 other tags          (none)
 to read tags        costopt batch bare.csv --map tag=COLUMN
""",
            "",
        )
    )


@pytest.mark.usefixtures("log")
def test_tags_without_a_batch_rate_are_left_out_with_the_reason(
    run: Run, write: Callable[[str, str], str]
) -> None:
    write(
        "late.csv",
        "timestamp,model,tag,input_tokens,output_tokens\n"
        "2026-10-01T00:00:00Z,claude-grand,nightly,1000,0\n"
        "2026-10-01T00:00:00Z,who-knows,nightly,1000,0\n",
    )

    assert run("batch", "late.csv") == snapshot(
        (
            0,
            """\

 1 file · 2 requests · 1 Oct 2026 00:00 UTC · generic
 0 rejected · 0 duplicates
 1 unpriced, in no total: who-knows · see: costopt spend late.csv --by provider,model
 prices of 2026-10-01

 Nothing to batch: the requests with these tags have no batch rate or no price
 tags that can wait  background · offline · nightly · batch · bulk · async

 Left out
 tag      model                   requests  spend  why nothing is projected
 nightly  anthropic/claude-grand         1  $0.02  the catalog has no batch rate
 nightly  who-knows                      1      ?  the catalog has no such model
""",
            "",
        )
    )


def test_no_tags_at_all_find_nothing(log: str, run: Run) -> None:
    _, out, _ = run("batch", log, "--tags", "")

    assert "tags that can wait  (none)" in out


@pytest.mark.usefixtures("log")
def test_many_tags_and_models_are_counted_not_listed(run: Run, write: Callable[[str, str], str]) -> None:
    others = [f"2026-10-01T00:00:00Z,gpt-large,tag-{number:02},1,1" for number in range(12)]
    late = [f"2026-10-01T00:00:00Z,unknown-{number:02},nightly,1,1" for number in range(12)]
    write("many.csv", "timestamp,model,tag,input_tokens,output_tokens\n" + "\n".join([*others, *late]))

    _, out, _ = run("batch", "many.csv", width=80)

    assert "tag-07 · 4 more" in out.replace("\n                     ", " · ")
    assert "unknown-09" in out
    assert "unknown-10" not in out
    assert "\n 2 more: costopt batch many.csv -o json\n" in out
    assert out.count("\n") < 40


@pytest.mark.usefixtures("log")
def test_an_estimate_is_a_range_with_its_basis(run: Run, write: Callable[[str, str], str]) -> None:
    write(
        "dear.csv",
        "timestamp,model,tag,input_tokens,output_tokens,cost_usd\n"
        "2026-10-01T00:00:00Z,gpt-large,nightly,1000000,0,11\n",
    )

    _, out, _ = run("batch", "dear.csv", width=80)

    assert [row for row in out.splitlines() if row.startswith((" tag ", " nightly"))] == snapshot(
        [
            " tag      requests   spend  in batch mode         saved  discount  basis",
            " nightly         1  $11.00          $5.00  $5.50 – 6.00    54.5 %  estimated",
        ]
    )
