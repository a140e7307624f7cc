import datetime as dt
import io
import json
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from inline_snapshot import external_file, snapshot

from costopt.calculators.routing.features import looks
from costopt.calculators.routing.router import Router, Side

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

ROUTER = """\
name = "ours"

[tiers]
mini = ["openai/gpt-small"]
standard = ["openai/gpt-large"]
premium = ["anthropic/claude-grand"]

[[rule]]
name = "reports"
when.endpoint = "/report"
min_quality = 0.9
"""
SIMPLE = "What is the capital of France?"
GIVEN = '{"prompt": "Prove it step by step", "input_tokens": 3000, "output_tokens": 100, "tag": "chat"}'


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ESCALATION_THRESHOLD", "ENABLE_ESCALATION", "COST_OPTIMIZATION", "LOG"):
        monkeypatch.delenv(f"COSTOPT_ROUTER_{name}", raising=False)
    monkeypatch.setattr("costopt.cli.loading.clock", lambda: dt.datetime(2026, 10, 3, 12, tzinfo=dt.UTC))


@pytest.fixture
def router(log: str, write: Write) -> str:
    """A policy of the three models that the small catalog beside it has."""
    assert log
    return write("router.toml", ROUTER)


@pytest.fixture
def facts(log: str, run: Run) -> str:
    """How the models of the small log have performed."""
    assert run("simulate", log, "--providers", "-o", "json", "--to", "facts.json")[0] == 0
    return "facts.json"


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch, run: Run) -> Run:
    """Runs `costopt` with bytes on standard input."""

    def ran(content: bytes, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        return run(*words)

    return ran


# What it prints


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_a_decision_fits_its_screen(router: str, run: Run, width: int | None) -> None:
    code, out, err = run("route", SIMPLE, "--policy", router, width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/route-{width or 'pipe'}.txt")
    assert all(len(row) <= (width or 1000) for row in out.splitlines())
    assert len(out.splitlines()) <= 40


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_a_decision_has_other_forms(router: str, run: Run, form: str) -> None:
    code, out, err = run("route", GIVEN, "--policy", router, "-o", form)

    assert (code, err) == (0, "")
    assert out.replace(str(Path.cwd()), ".") == external_file(f"screens/route-{form}.txt")


def test_what_is_given_is_exact_and_has_no_range(router: str, run: Run) -> None:
    _, out, _ = run("route", GIVEN, "--policy", router, width=80)

    assert out == snapshot("""\

 anthropic/claude-grand   tier premium · policy ours
 expected cost $0.07, exact for these tokens
 prices of 2026-10-01 · as of 2026-10-03 12:00 UTC

 why         complexity complex: tier premium
             the cheapest of 1 in the tier: $0.07 a request

 tokens      3,000 input, given · 100 output, given
 complexity  complex, a guess: 3 points · medium from 1, complex from 2
             150 tokens or more +1 · 2,000 tokens or more +1
             asks for reasoning +1
 steadiness  33 %: the share of the complexity levels, by their chances, for
             which the same model would be chosen; it says nothing of the
             answer's quality
 escalation  to no model

 candidate               tier                 cost
 openai/gpt-small        mini              $0.0017
 openai/gpt-large        standard           $0.034
 anthropic/claude-grand  premium   chosen    $0.07

 next  costopt simulate LOGS --policy router.toml
""")


def test_the_policies_that_are_ready_made_need_no_file(run: Run) -> None:
    code, out, err = run("route", SIMPLE, "--policy", "frontier-only", "-o", "json")

    assert (code, err) == (0, "")
    assert json.loads(out)["tier"] == "premium"


def test_no_model_left_is_a_clear_none(router: str, run: Run) -> None:
    code, out, err = run("route", '{"prompt": "Hi", "endpoint": "/report"}', "--policy", router, width=80)

    assert (code, err) == (3, "")
    assert out == snapshot("""\

 none   no candidate is left · policy ours
 prices of 2026-10-01 · as of 2026-10-03 12:00 UTC

 why         rule reports matches
             `openai/gpt-small` passed over: quality unknown, at least 0.9 asked
             `openai/gpt-large` passed over: quality unknown, at least 0.9 asked
             `anthropic/claude-grand` passed over: quality unknown, at least 0.9
             asked
             complexity simple: tier mini
             no candidate is left

 tokens      1 input (1 – 2), estimated from 2 characters
             300 output (30 – 3,000), estimated by assumption
 complexity  simple, a guess: −1 point · medium from 1, complex from 2
             opens with a question for a fact, or a plain order −1
 steadiness  100 %: the share of the complexity levels, by their chances, for
             which the same model would be chosen; it says nothing of the
             answer's quality
 escalation  to no model

 candidate               tier              cost                  range
 openai/gpt-small        mini        $0.0006005  $0.0000605 – 0.006001
 openai/gpt-large        standard      $0.01201        $0.00121 – 0.12
 anthropic/claude-grand  premium       $0.03002         $0.00302 – 0.3

 next  costopt simulate LOGS --policy router.toml
""")


def test_a_model_without_a_price_says_why(router: str, run: Run) -> None:
    text = '{"input_tokens": 1000, "output_tokens": 0, "mode": "batch"}'

    _, out, _ = run("route", text, "--policy", router, "--no-escalation", width=80)

    assert out == snapshot("""\

 openai/gpt-large   tier standard · policy ours
 expected cost $0.005, exact for these tokens
 prices of 2026-10-01 · as of 2026-10-03 12:00 UTC

 why         `openai/gpt-small` passed over: no price
             `anthropic/claude-grand` passed over: no price
             complexity medium: tier standard
             the cheapest of 1 in the tier: $0.005000 a request

 tokens      1,000 input, given · 0 output, given
 complexity  medium, a guess: 1 point · medium from 1, complex from 2
             150 tokens or more +1
 steadiness  67 %: the share of the complexity levels, by their chances, for
             which the same model would be chosen; it says nothing of the
             answer's quality
 escalation  off

 candidate               tier                               cost
 openai/gpt-small        mini              no price in this mode
 openai/gpt-large        standard  chosen                 $0.005
 anthropic/claude-grand  premium           no price in this mode

 next  costopt simulate LOGS --policy router.toml
""")


def test_a_model_without_a_price_has_no_range(router: str, run: Run) -> None:
    _, out, _ = run("route", '{"prompt": "Hi", "mode": "batch"}', "--policy", router, width=80)

    assert [row for row in out.splitlines() if row.startswith((" openai", " anth"))][1:] == snapshot(
        [
            " openai/gpt-small                no price in this mode",
            " openai/gpt-large        chosen              $0.006005  $0.000605 – 0.06001",
            " anthropic/claude-grand          no price in this mode",
        ]
    )


def test_what_is_known_of_the_models_is_shown(router: str, facts: str, run: Run) -> None:
    text = json.dumps(
        {
            "model": "gpt-4o",
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url"}]}
            ],
            **{f"key_{number}": 1 for number in range(8)},
        }
    )

    code, out, _ = run("route", text, "--policy", router, "--facts", facts, width=120)

    assert code == 0
    assert out == snapshot("""\

 openai/gpt-small   tier mini · policy ours
 expected cost $0.0006005 ($0.0000605 – 0.006001), estimated
 prices of 2026-10-01 · as of 2026-10-03 12:00 UTC

 why         complexity simple: tier mini
             the cheapest of 1 in the tier: $0.0006005 a request
             below confidence 0.7 also asked of `openai/gpt-large`

 tokens      1 input (1 – 2), estimated from 2 characters · 300 output (30 – 3,000), estimated by assumption
             1 part of the messages is no text, and in no estimate
 complexity  simple, a guess: −1 point · medium from 1, complex from 2
             opens with a question for a fact, or a plain order −1
 steadiness  33 %: the share of the complexity levels, by their chances, for which the same model would be chosen; it
             says nothing of the answer's quality
 escalation  below confidence 0.7 also to openai/gpt-large · both calls cost $0.01261 ($0.001271 – 0.126)
             that one alone is cheaper if more than 95.0 % escalate
             the escalation threshold 0.7 has no calibration evidence: no log with both confidence and quality
 facts       means of a log, whatever was asked · facts.json
 not read    model, key_0, key_1, key_2, key_3, key_4 and 3 more

 candidate               tier                        cost                  range  reliable
 openai/gpt-small        mini      chosen      $0.0006005  $0.0000605 – 0.006001     0.0 %
 openai/gpt-large        standard  escalation    $0.01201        $0.00121 – 0.12   100.0 %
 anthropic/claude-grand  premium                 $0.03002         $0.00302 – 0.3   100.0 %

 next  costopt simulate LOGS --policy router.toml
""")


def test_images_are_in_the_tokens_that_are_given(router: str, run: Run) -> None:
    images = '{"messages": [{"content": [{"type": "image_url"}]}], "input_tokens": 800}'

    _, out, _ = run("route", images, "--policy", router)

    assert "no text" not in out


def test_quality_and_latency_are_shown_where_they_are_known(router: str, write: Write, run: Run) -> None:
    models = [
        {
            "model": "openai/gpt-small",
            "quality": 0.81,
            "scored": 30,
            "latency_ms": 1200.4,
            "reliability_pct": 99.5,
        },
        {"model": "openai/gpt-large", "quality": 0.9, "scored": 30},
    ]
    write("f.json", json.dumps({"format_version": 1, "kind": "performance", "models": models}))

    _, out, _ = run("route", GIVEN, "--policy", router, "--facts", "f.json", width=140)

    assert [row for row in out.splitlines() if row.startswith((" candidate", " openai", " anth"))][
        1:
    ] == snapshot(
        [
            " candidate               tier                 cost  quality  latency ms  reliable",
            " openai/gpt-small        mini              $0.0017     0.81       1,200    99.5 %",
            " openai/gpt-large        standard           $0.034     0.90           ?         ?",
            " anthropic/claude-grand  premium   chosen    $0.07        ?           ?         ?",
        ]
    )


def test_many_candidates_are_counted_not_listed(log: str, write: Write, run: Run) -> None:
    rows = "".join(
        f'[[model]]\nprovider = "openai"\nid = "gpt-{number}"\n[[model.price]]\ninput = 1\noutput = 1\n'
        for number in range(25)
    )
    write("many.toml", f'schema = 1\ncurrency = "USD"\n{rows}')
    names = ", ".join(f'"openai/gpt-{number}"' for number in range(25))
    policy = write("wide.toml", f"[tiers]\nmini = [{names}]\n")

    code, out, _ = run("route", "Hi", "--policy", policy, "--pricing", "many.toml", width=100)

    assert (code, log) == (0, "log.jsonl")
    assert " 5 more: see -o json" in out
    assert "openai/gpt-19 " in out
    assert "openai/gpt-20 " not in out.partition("candidate")[2]


def test_a_stronger_model_that_is_cheaper_is_named(log: str, write: Write, run: Run) -> None:
    policy = write(f"{log}.toml", '[tiers]\nmini = ["claude-grand"]\npremium = ["gpt-small"]\n')

    _, out, _ = run("route", "Hi", "--policy", policy)

    assert "· that one alone is cheaper\n" in out


def test_where_nothing_costs_there_is_nothing_to_compare(router: str, run: Run) -> None:
    _, out, _ = run("route", '{"input_tokens": 0, "output_tokens": 0}', "--policy", router)

    assert "both calls cost $0.00\n" in out


def test_a_model_in_no_tier_is_said_to_be_in_none(log: str, write: Write, run: Run) -> None:
    policy = write(f"{log}.toml", '[[rule]]\nmodel = "gpt-small"\n')

    _, out, _ = run("route", "Prove it: 150 = x", "--policy", policy)

    assert out.startswith(f"\n openai/gpt-small   in no tier · policy {policy}\n")
    assert "escalation  to no model\n" in out


@pytest.mark.parametrize("strategy", ["cost", "balanced", "cheapest", "frontier-only"])
@pytest.mark.parametrize("tag", ["chat", "nightly"])
def test_it_decides_as_the_simulation_of_a_log_does(
    log: str, write: Write, run: Run, strategy: str, tag: str
) -> None:
    rule = 'name = "at night"\nwhen.tag = "nightly"\ntier = "standard"\n'
    policy = write(f"{log}.toml", ROUTER.partition("[[rule]]")[0] + f"[[rule]]\n{rule}")
    policy = write(policy, f'strategy = "{strategy}"\n{Path(policy).read_text(encoding="utf-8")}')
    request = {"timestamp": "2026-10-02T10:00:00Z", "tag": tag, "input_tokens": 900, "output_tokens": 80}
    write("one.jsonl", json.dumps({**request, "model": "openai/gpt-small"}) + "\n")

    _, simulated, _ = run("simulate", "one.jsonl", "--policy", policy, "-o", "json")
    _, decided, _ = run("route", json.dumps(request), "--policy", policy, "-o", "json")

    (segment,) = json.loads(simulated)["policies"][0]["segments"]
    route = json.loads(decided)
    assert route["complexity"]["level"] == segment["segment"]["complexity"] == "medium"
    for key in ("model", "tier", "rule", "reasons"):
        assert route[key] == segment[key]
    assert route["escalation"]["to"] == segment["escalates_to"]
    assert route["cost"]["cost_usd"] == segment["cost_usd"]


# Where a request comes from


@pytest.mark.parametrize("content", [SIMPLE, f"{SIMPLE}\n", f"\ufeff{SIMPLE}\r\n"])
def test_standard_input_is_routed_as_an_argument_is(router: str, run: Run, piped: Run, content: str) -> None:
    words = ("--policy", router, "-o", "json")

    assert piped(content.encode(), "route", "-", *words) == run("route", SIMPLE, *words)


def test_standard_input_may_be_a_request(router: str, piped: Run) -> None:
    _, out, _ = piped(GIVEN.encode(), "route", "-", "--policy", router, "-o", "json")

    assert json.loads(out)["model"] == "anthropic/claude-grand"


def test_a_file_that_is_taken_as_a_prompt_is_noted(router: str, run: Run) -> None:
    code, out, err = run("route", router, "--policy", router, "-o", "json")

    assert (code, json.loads(out)["request"]["prompt_chars"]) == (0, len("router.toml"))
    assert err == (
        "note: `router.toml` is taken as the prompt; its content is routed by `costopt route - < router.toml`\n"
    )


def test_a_very_long_prompt_is_routed(router: str, run: Run, piped: Run) -> None:
    text = "word " * 400_000

    _, out, _ = piped(text.encode(), "route", "-", "--policy", router, "-o", "json")

    assert json.loads(out)["request"]["input"]["estimate"] == 500_000
    assert run("route", "word " * 100, "--policy", router)[0] == 0


# What is set elsewhere


def test_the_environment_changes_the_policy(router: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTOPT_ROUTER_ESCALATION_THRESHOLD", "0.55")
    monkeypatch.setenv("COSTOPT_ROUTER_COST_OPTIMIZATION", "false")
    _, changed, _ = run("route", SIMPLE, "--policy", router, "-o", "json")
    monkeypatch.setenv("COSTOPT_ROUTER_ENABLE_ESCALATION", "false")
    _, off, _ = run("route", SIMPLE, "--policy", router, "-o", "json")

    assert json.loads(changed)["escalation"]["threshold"] == 0.55
    assert json.loads(changed)["policy"]["strategy"] == "quality-first"
    assert json.loads(off)["escalation"]["enabled"] is False


def test_the_answer_to_expect_is_an_option(router: str, run: Run) -> None:
    _, out, _ = run("route", SIMPLE, "--policy", router, "--assume-output", "1000", "-o", "json")

    assert json.loads(out)["request"]["output"] == {
        "estimate": 1000,
        "low": 100,
        "high": 10000,
        "basis": "estimated",
        "note": "by assumption",
    }


def test_a_learned_router_tells_the_quality_of_its_two_models(router: str, write: Write, run: Run) -> None:
    names = tuple(looks(pl.Series([""])).columns)
    weights = {"looks": (0.0,) * len(names), "categories": ()}
    fitted = Router(
        by=(),
        terms=("prove",),
        idf=(1.0,),
        looks=names,
        means=weights["looks"],
        deviations=(1.0,) * len(names),
        categories=(),
        weak=Side(intercept=0.0, terms=(-2.0,), **weights),
        strong=Side(intercept=1.0, terms=(0.0,), **weights),
    )
    write("learned.json", fitted.model_dump_json())
    words = ("--router", "learned.json", "--weak", "gpt-small", "--strong", "gpt-large")

    code, out, err = run("route", "Prove it", "--policy", router, "--quality-first", *words)

    assert (code, err) == (0, "")
    assert "router      expects 0.12 of openai/gpt-small, 0.73 of openai/gpt-large · learned.json\n" in out
    assert out.startswith("\n openai/gpt-large ")


# The log


def test_a_decision_is_logged_without_the_prompt(router: str, run: Run) -> None:
    text = (
        '{"request_id": "r1", "prompt": "my secret", "tag": "chat", "input_tokens": 10, "output_tokens": 5}'
    )

    for _ in range(2):
        assert run("route", text, "--policy", router, "--log", "decisions.jsonl")[0] == 0

    first, second = Path("decisions.jsonl").read_text(encoding="utf-8").splitlines()
    assert first == second
    assert "secret" not in first
    assert json.dumps(json.loads(first), indent=2) == snapshot("""\
{
  "format_version": 1,
  "kind": "route_decision",
  "decided_at": "2026-10-03T12:00:00Z",
  "request_id": "r1",
  "prompt_sha256": "b9d1d013f600ec1bf16bae6a3634cad15dcc490c9f2835764201a41a1d70de44",
  "prompt_chars": 9,
  "traits": {
    "complexity": "simple",
    "request_type": null,
    "tag": "chat",
    "tenant": null,
    "endpoint": null,
    "mode": "standard"
  },
  "decision": {
    "model": "openai/gpt-small",
    "tier": "mini",
    "fallbacks": [],
    "rule": null,
    "strategy": "cost",
    "reasons": [
      "complexity simple: tier mini",
      "the cheapest of 1 in the tier: $0.00001500 a request",
      "below confidence 0.7 also asked of `openai/gpt-large`"
    ],
    "escalates_to": "openai/gpt-large",
    "threshold": 0.7,
    "steadiness": 0.3333
  },
  "expected": {
    "cost_usd": 1.5e-05,
    "low_usd": 1.5e-05,
    "high_usd": 1.5e-05,
    "basis": "exact",
    "input_tokens": 10,
    "output_tokens": 5
  },
  "policy": {
    "name": "ours",
    "strategy": "cost",
    "sha256": "9d0a014ab885b64670fa0b39cdf7cfc2a09ea104883fd1a2ea909ac591b0c60b"
  },
  "prices": {
    "at": "2026-10-03T12:00:00Z",
    "sha256": "42ba18f5111c4f24ceaf25b075b2298f1c31975c14efbaec32ff6cdd5bcd2205"
  }
}\
""")


def test_that_no_model_was_left_is_logged_too(router: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTOPT_ROUTER_LOG", "decisions.jsonl")

    assert run("route", '{"prompt": "Hi", "endpoint": "/report"}', "--policy", router)[0] == 3

    line = json.loads(Path("decisions.jsonl").read_text(encoding="utf-8"))
    assert line["decision"]["model"] is None
    assert line["expected"] == {"basis": "estimated", "input_tokens": 1, "output_tokens": 300}


def test_a_log_of_decisions_is_not_billed_as_a_log_of_requests(router: str, run: Run) -> None:
    run("route", SIMPLE, "--policy", router, "--log", "decisions.jsonl")

    code, out, err = run("spend", "decisions.jsonl")

    assert (code, out) == (2, "")
    assert "decisions.jsonl" in err


def test_a_decision_that_cannot_be_logged_is_not_made(router: str, run: Run) -> None:
    assert run("route", SIMPLE, "--policy", router, "--log", "nowhere/d.jsonl") == snapshot(
        (
            2,
            "",
            """\
error: Cannot write `nowhere/d.jsonl`: No such file or directory

hint: name a file in a folder you may write to
""",
        )
    )


# Mistakes


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["", "--policy", "router.toml"],
            snapshot("""\
error: nothing to route: the prompt is empty

hint: give a prompt, or a JSON object such as `{"prompt": "...", "request_type": "chat", "output_tokens": 200}`
"""),
        ),
        (
            ['[{"role": "user"}]'],
            snapshot("""\
error: a JSON list is not one request

hint: messages are written `{"messages": [...]}`, and a prompt that is a list `{"prompt": "[...]"}`
"""),
        ),
        (
            ['{"prompt": "Hi", "input_tokens": "many"}'],
            snapshot("""\
error: the request's `input_tokens` is `"many"`

hint: expected: a whole number from 0 to 1,000,000,000,000
"""),
        ),
        (
            ['{"prompt": "a"}\n{"prompt": "b"}'],
            snapshot("""\
error: there is more than one request, one on each line

hint: `costopt route` decides on one; `costopt simulate` takes a log
"""),
        ),
        (
            ["Hi", "--policy", "costs"],
            snapshot("""\
error: No ready-made policy `costs`

hint: did you mean `cost`?
"""),
        ),
        (
            ["Hi", "--policy", "none.toml"],
            snapshot("""\
error: Cannot read the policy `none.toml`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            ["Hi", "--policy", "empty.toml"],
            snapshot("""\
error: `empty.toml`: the policy is empty

hint: add `[tiers]` with models, `tiers = "log"`, or a `[[rule]]`
"""),
        ),
        (
            ["Hi", "--policy", "weights.toml"],
            snapshot("""\
error: `weights.toml`, line 3: the weights sum to 0.5, not 1

hint: what is left out is 0; the ready-made are .4, .4, .2
"""),
        ),
        (
            ["Hi", "--policy", "unknown.toml"],
            snapshot("""\
error: `unknown.toml`, line 2: the catalog has no model `gpt-smal`

hint: did you mean `gpt-small`?
"""),
        ),
        (
            ["Hi", "--policy", "cost"],
            snapshot("""\
error: `cost`: the catalog has no model `openai/gpt-6-luna`

hint: did you mean `openai/gpt-large`?
"""),
        ),
        (
            ["Hi", "--policy", "log.toml"],
            snapshot("""\
error: the tiers of policy `log.toml` are a log's, and `costopt route` reads none

hint: name models in `[tiers]`, or give what a log told of them: `--facts FILE`
"""),
        ),
        (
            ["Hi", "--policy", "router.toml", "--facts", "router.toml"],
            snapshot("""\
error: `router.toml` does not tell how models have performed: it is not JSON

hint: make it with `costopt simulate LOGS --providers -o json --to FILE`
"""),
        ),
        (
            ["Hi", "--policy", "router.toml", "--facts", "none.json"],
            snapshot("""\
error: Cannot read the facts `none.json`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            ["Hi", "--policy", "router.toml", "--weak", "gpt-small"],
            snapshot("""\
error: `--weak` and `--strong` name the models of a router

hint: name its file as well: `--router FILE`; that of `costopt simulate --learn` knows its models
"""),
        ),
        (
            ["Hi", "--policy", "router.toml", "--escalation-threshold", "7"],
            snapshot("""\
error: The escalation threshold is `7`, not from 0 to 1

hint: it is a confidence, such as 0.7; lower escalates less
"""),
        ),
        (
            ["Hi", "there"],
            snapshot("""\
Usage: costopt route [OPTIONS] {REQUEST}
Try 'costopt route --help' for help.

Error: Got unexpected extra argument(s) (there)
"""),
        ),
    ],
)
@pytest.mark.usefixtures("router")
def test_a_mistake_is_named(run: Run, write: Write, words: list[str], expected: str) -> None:
    write("empty.toml", "")
    write("weights.toml", '[tiers]\nmini = ["gpt-small"]\n[weights]\ncost = 0.5\n')
    write("unknown.toml", '[tiers]\nmini = ["gpt-smal"]\n')
    write("log.toml", 'tiers = "log"\n')

    code, out, err = run("route", *words)

    assert (code, out) == (2, "")
    assert err == expected


def test_standard_input_that_is_no_text_is_a_mistake(router: str, piped: Run) -> None:
    code, out, err = piped(b"\xff\xfe", "route", "-", "--policy", router)

    assert (code, out) == (2, "")
    assert err == "error: standard input is not UTF-8: invalid start byte\n\nhint: convert it to UTF-8\n"


# Hostile text

EVIL = "\x1b[31mred\x9b1m \u202egpj.exe \u200b\x07\r\n total $0.00 [red]x[/red] <b> | ` \ud800"


@pytest.mark.parametrize(
    ("form", "width"), [("table", 80), ("table", None), ("json", None), ("csv", None), ("md", None)]
)
def test_nothing_steers_the_terminal_or_the_log(
    log: str, write: Write, run: Run, form: str, width: int | None
) -> None:
    text = json.dumps(
        {
            "request_id": EVIL,
            "prompt": EVIL,
            **dict.fromkeys(("request_type", "tag", "tenant", "endpoint"), EVIL),
            EVIL: 1,
            "x" * 5000: 1,
        }
    )
    policy = write(
        f"{log}.toml",
        f'name = {json.dumps(EVIL[:-1])}\n[tiers]\nmini = ["gpt-small"]\n[task_types]\n"*" = "mini"\n'
        f'[[rule]]\nname = {json.dumps(EVIL[:-1])}\nstrategy = "task-type"\n',
    )

    code, out, err = run("route", text, "--policy", policy, "--log", "d.jsonl", "-o", form, width=width)

    assert (code, err) == (0, "")
    for shown in (out, Path("d.jsonl").read_text(encoding="utf-8")):
        assert {char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} == {
            "\n"
        }
    if form == "table":
        assert not any(row.startswith(" total") for row in out.splitlines())
        assert all(len(row) < 1000 for row in out.splitlines())


def test_a_mistake_shows_no_control_characters(router: str, run: Run) -> None:
    _, _, err = run("route", json.dumps({"prompt": "a", "mode": EVIL}), "--policy", router)

    assert "\\u202e" in err
    assert not any(char in err for char in "\x1b\u202e\u200b\x07\r")
