import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import external_file, snapshot
from simulating import KINDS, LARGE, OF_THE_LOG, PLAIN, ROUTER, SMALL, csv, scored, served_by

from costopt.calculators.routing.policy_file import read_policy

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]
Shown = Callable[..., str]


@pytest.fixture(autouse=True)
def _policies(log: str, write: Write) -> None:
    """The small catalog, and policies of its models."""
    assert log
    write("ours.toml", ROUTER)
    write("small.toml", PLAIN)
    write("log.toml", OF_THE_LOG)


@pytest.fixture
def shown(run: Run, write: Write) -> Shown:
    """What is on a screen of 100 columns below the first tables; for another log or other options."""

    def drawn(text: str, *words: str, width: int = 100, code: int = 0) -> str:
        write("l.csv", text)
        policies = () if "--policy" in words else ("--policy", "ours.toml")
        ended, out, _ = run("simulate", "l.csv", *policies, *words, width=width)
        assert ended == code
        assert all(len(row) <= width for row in out.splitlines())
        return out

    return drawn


def lines(screen: str, *labels: str) -> str:
    """The rows with these labels, and those below them that have none."""
    kept, rows = False, []
    for row in screen.splitlines():
        if row[:13].strip():
            kept = row[1:13].strip() in labels
        if kept and row.strip():
            rows.append(row)
    return "\n".join(rows)


# What it prints


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_a_simulation_fits_its_screen(run: Run, write: Write, width: int | None) -> None:
    write("l.csv", scored())
    policies = ("--policy", "ours.toml", "--policy", "small.toml", "--policy", "log.toml")

    code, out, err = run("simulate", "l.csv", *policies, width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/simulate-{width or 'pipe'}.txt")
    assert all(len(row) <= (width or 1000) for row in out.splitlines())
    assert out.count("\n") <= 45


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_a_simulation_has_other_forms(run: Run, write: Write, form: str) -> None:
    write("l.csv", served_by("gpt-large", quality=0.9))

    code, out, err = run("simulate", "l.csv", "--policy", "ours.toml", "-o", form)

    assert (code, err) == (0, "")
    assert out.replace(str(Path.cwd()), ".") == external_file(f"screens/simulate-{form}.txt")


def test_the_json_says_what_it_is(run: Run, write: Write) -> None:
    write("l.csv", scored(30))

    result = json.loads(run("simulate", "l.csv", "--policy", "ours.toml", "-o", "json")[1])

    assert (result["kind"], result["format_version"]) == ("simulation", 1)
    assert [each["policy"] for each in result["policies"]] == ["ours"]


def test_csv_has_a_record_for_each_policy_and_segment(run: Run, write: Write) -> None:
    write("l.csv", served_by("gpt-large", tenant="acme"))

    _, out, _ = run(
        "simulate", "l.csv", "--policy", "ours.toml", "--policy", "small.toml", "--by", "tenant", "-o", "csv"
    )

    assert [",".join(row.split(",")[:9]) for row in out.splitlines()] == snapshot(
        [
            "policy,complexity,request_type,tenant,requests,logged_usd,model,tier,rule",
            "ours,complex,analyze,acme,4,0.032,anthropic/claude-grand,premium,",
            "ours,medium,chat,acme,4,0.032,openai/gpt-large,standard,",
            "ours,simple,classify,acme,4,0.032,openai/gpt-small,mini,",
            "all small,complex,analyze,acme,4,0.032,openai/gpt-small,mini,",
            "all small,medium,chat,acme,4,0.032,openai/gpt-small,mini,",
            "all small,simple,classify,acme,4,0.032,openai/gpt-small,mini,",
        ]
    )


@pytest.mark.parametrize("width", [80, 100])
def test_the_sample_with_the_ready_made_policies_fits_45_lines(sample: str, run: Run, width: int) -> None:
    code, out, err = run("simulate", sample, width=width)

    assert (code, err) == (0, "")
    assert all(len(row) <= width for row in out.splitlines())
    assert out.count("\n") <= 45


def test_four_policies_against_four_baselines_fit_80_columns(write: Write, shown: Shown) -> None:
    write("other.toml", ROUTER.replace("ours", "ours once more"))
    policies = [
        word for name in ("ours.toml", "small.toml", "log.toml", "other.toml") for word in ("--policy", name)
    ]
    baselines = [
        word for name in ("logged", "frontier", LARGE, "0.015/request") for word in ("--baseline", name)
    ]

    out = shown(scored(), *policies, *baselines, width=80)

    table = out.partition(" saved against")[2].partition("\n\n")[0]
    assert f" saved against{table}" == snapshot("""\
 saved against         logged       frontier  openai/gpt-large  0.015/request
 which costs            $3.17          $6.48             $2.88          $5.40
 ours            0.0 → −9.8 %  51.1 → 46.3 %   −10.0 → −20.8 %  41.3 → 35.6 %
 all small             95.5 %         97.8 %            95.0 %         97.3 %
 of the log      0.0 → −9.8 %  51.1 → 46.3 %   −10.0 → −20.8 %  41.3 → 35.6 %
 ours once more  0.0 → −9.8 %  51.1 → 46.3 %   −10.0 → −20.8 %  41.3 → 35.6 %
 frontier: anthropic/claude-grand\
""")


def test_the_founding_example_has_its_figures_and_the_corrected_ones_beside_them(
    run: Run, write: Write
) -> None:
    """600 simple, 300 medium and 100 complex requests of 1,000 tokens at $0.15, $0.30 and $1.50 a million tokens."""
    price = '[[model]]\nprovider = "p"\nid = "{}"\n[[model.price]]\ninput = {}\noutput = {}\n'
    models = (("mini", 0.15), ("standard", 0.3), ("premium", 1.5))
    write(
        "prices.toml",
        'schema = 1\ncurrency = "USD"\nstandalone = true\n[[provider]]\nid = "p"\n'
        + "".join(price.format(name, rate, rate) for name, rate in models),
    )
    write(
        "tiers.toml", 'name = "smart"\n[tiers]\n' + "".join(f'{name} = ["p/{name}"]\n' for name, _ in models)
    )
    mix = [kind for kind, count in zip(KINDS, (600, 300, 100), strict=True) for _ in range(count)]
    write(
        "l.csv",
        csv({"provider": "p", "model": "premium", "request_type": kind, "input_tokens": 900} for kind in mix),
    )

    _, out, _ = run(
        "simulate",
        "l.csv",
        "--policy",
        "tiers.toml",
        "--baseline",
        "0.015/request",
        "--baseline",
        "frontier",
        width=80,
    )

    assert out.partition("\n\n")[2].partition("\n\n smart sends")[0] == snapshot("""\
 Routing  1,000 requests cost $1.50 · simple 60 %, medium 30 %, complex 10 %
 policy  would cost         range  if escalated  break-even  quality
 smart        $0.33  $0.27 – 0.43         $0.39      71.4 %  unknown

 saved against  0.015/request          range       frontier          range
 which costs           $15.00                         $1.50
 smart          97.8 → 97.4 %  97.1 – 98.2 %  78.0 → 73.8 %  71.3 – 82.2 %
 frontier: p/premium\
""")


# Logs of all sorts


def test_nothing_but_tokens_leaves_quality_unknown(shown: Shown) -> None:
    out = shown(served_by("gpt-large", "gpt-small"))

    assert lines(out, "quality", "escalation", "tokens", "frontier", "trap", "traps") == snapshot("""\
 quality     unknown (no request has a quality score)
 escalation  → if 10 % of what can is asked again of a stronger model, and both calls are paid
             assumed: the log does not show it
 tokens      elsewhere: by a table
 traps       baseline dearer than any model used: frontier costs 2.2 times as much as the dearest
             model used, `openai/gpt-large`
             threshold without calibration evidence: nothing supports 0.7: no request has a
             confidence\
""")


def test_scores_with_overlap_are_claimed_under_an_assumption_and_bounded_without(shown: Shown) -> None:
    out = shown(scored(), "--policy", "ours.toml", "--policy", "small.toml")

    assert lines(out, "quality", "frontier") == snapshot("""\
 quality     assumes no hidden selection: within a segment, the choice of the model had nothing to
             do with the request
             without that it may be 0.24 – 0.96 (ours) · 0.21 – 0.93 (all small)
 frontier    $0.14 at quality 0.75 to $6.48 at quality 0.95, not verified\
""")


def test_propensities_are_a_basis_of_their_own(shown: Shown) -> None:
    out = shown(served_by("gpt-large", "gpt-small", "claude-grand", count=600, quality=0.9, propensity=0.333))

    assert lines(out, "quality") == snapshot(
        " quality     assumes the logged propensities are those with which the router chose"
    )
    assert re.search(r"^ ours .*  propensities$", out, re.MULTILINE)


def test_prompts_that_two_models_answered_are_pairs(shown: Shown) -> None:
    rows = (
        {
            "model": ("gpt-large", "gpt-small", "claude-grand")[number % 3],
            "request_type": "classify",
            "prompt_hash": f"h{number // 3}",
            "quality": 0.9,
        }
        for number in range(180)
    )

    out = shown(csv(rows))

    assert lines(out, "quality", "tokens") == snapshot("""\
 quality     assumes the requests that were answered twice are typical of their segment and model
 tokens      elsewhere: by prompts that both served\
""")


def test_confidence_that_tells_good_answers_from_bad_measures_what_escalates(shown: Shown) -> None:
    """Every fourth answer is bad, and of a confidence of 0.5 where others have 0.9."""
    rows = (
        {
            "model": ("gpt-large", "gpt-small")[number % 2],
            "request_type": KINDS[number % 3],
            "quality": float(number % 4 > 0),
            "confidence": 0.9 if number % 4 else 0.5,
        }
        for number in range(240)
    )

    out = shown(csv(rows), "--policy", "log.toml", width=200)

    assert lines(out, "escalation", "trap", "traps") == snapshot("""\
 escalation  → if 25 % of what can is asked again of a stronger model, and both calls are paid · measured: the log's answers with a confidence below 0.7
 trap        dominated tier: `openai/gpt-large` costs 20.0 times as much as `openai/gpt-small` and scores at least 41.2 points less\
""")
    assert out.splitlines()[6] == snapshot(
        " policy      would cost         range  if escalated  break-even  confidence  quality             basis"
    )


def test_every_attempt_that_is_in_the_log_is_paid(shown: Shown) -> None:
    rows = ({"model": "gpt-small", "attempt": attempt} for attempt in (1, 1, 1, 1, 2, 2, 3))

    assert lines(shown(csv(rows)), "attempts") == snapshot("""\
 attempts    4 tasks · 50 % went on to attempt 2 · 50 % went on to attempt 3
             every attempt is paid: $0.002800\
""")


def test_attempts_that_make_no_sense_are_told(shown: Shown) -> None:
    rows = ({"model": "gpt-small", "attempt": attempt} for attempt in (1, 3))

    assert lines(shown(csv(rows)), "attempts") == snapshot("""\
 attempts    not understood: no request is attempt 2, but some are attempt 3
             every attempt is paid: $0.0008000\
""")


def test_what_no_chat_model_serves_and_what_has_no_price_is_left_out(shown: Shown) -> None:
    rows = (
        {"model": model, "request_type": kind}
        for model, kind in (
            ("gpt-large", "chat"),
            ("gpt-small", "embedding"),
            ("who-knows", "chat"),
            ("who-knows", "embedding"),
        )
    )

    out = shown(csv(rows))

    assert " Routing  1 request cost $0.008000 · medium 100 %" in out
    assert lines(out, "left out") == snapshot(
        " left out    1 request without a price · 2 requests that no chat model serves"
    )


def test_requests_without_a_price_are_told_once(shown: Shown) -> None:
    out = shown(served_by("gpt-large", "who-knows"))

    assert "6 unpriced, in no total: who-knows" in out
    assert "left out" not in out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (csv([]), snapshot(" Nothing to route: no chat request with a price\n")),
        (served_by("who-knows"), snapshot(" Nothing to route: no chat request with a price\n")),
        (
            served_by("gpt-large", count=3)
            .replace("classify", "embedding")
            .replace("chat", "rerank")
            .replace("analyze", "ocr"),
            snapshot("""\
 Nothing to route: no chat request with a price
 3 requests that no chat model serves, such as embeddings
"""),
        ),
    ],
)
def test_nothing_to_route_says_so(shown: Shown, text: str, expected: str) -> None:
    assert shown(text, width=80).partition("prices of 2026-10-01\n\n")[2] == expected


def test_a_failed_request_that_used_nothing_is_free_everywhere(shown: Shown) -> None:
    out = shown(served_by("gpt-large", status="error", input_tokens=0, output_tokens=0))

    assert re.findall(r"^ ours .*", out, re.MULTILINE)[:2] == snapshot(
        [
            " ours         $0.00  $0.00         $0.00  unknown",
            " ours            0.0 %  0.0 %     0.0 %  0.0 %            ?",
        ]
    )


def test_one_request_is_enough(shown: Shown) -> None:
    out = shown(served_by("gpt-large", count=1), width=80)

    assert out.partition("2026-10-01\n\n")[2] == snapshot("""\
 Routing  1 request cost $0.008000 · simple 100 %
 policy  would cost                   range  if escalated  break-even  quality
 ours    $0.0004000  $0.0002840 – 0.0006340     $0.001200      95.0 %  unknown

 saved against         logged          range       frontier  best-single
 which costs        $0.008000                         $0.02            ?
 ours           95.0 → 85.0 %  92.1 – 96.4 %  97.8 → 93.3 %            ?
 frontier: anthropic/claude-grand
   best-single: which model is best is unknown: no quality with overlap

 ours sends to     tier  requests    share        cost
 openai/gpt-small  mini         1  100.0 %  $0.0004000  ████████████████████

 quality     unknown (no request has a quality score)
 escalation  → if 10 % of what can is asked again of a stronger model, and both
             calls are paid · assumed: the log does not show it
 tokens      elsewhere: by a table
 traps       baseline dearer than any model used: frontier costs 2.2 times as
             much as the dearest model used, `openai/gpt-large`
             threshold without calibration evidence: nothing supports 0.7: no
             request has a confidence

 segment           cheaper model               would save  quality change
 simple, classify  openai/gpt-small  $0.007366 – 0.007716  unknown

 next  costopt simulate l.csv --providers
       costopt simulate l.csv --policy ours.toml -o json
""")


def test_of_one_model_there_is_no_overlap(shown: Shown) -> None:
    out = shown(served_by("gpt-large", count=30, quality=0.9))

    assert lines(out, "traps", "trap") == snapshot("""\
 traps       baseline dearer than any model used: frontier costs 2.2 times as much as the dearest
             model used, `openai/gpt-large`
             threshold without calibration evidence: nothing supports 0.7: no request has a
             confidence
             no overlap: 100 % of the requests are of kinds that at most one model has scores for\
""")


def test_what_a_policy_has_no_candidate_for_stays_as_it_was(shown: Shown, write: Write) -> None:
    write("rule.toml", f'name = "r"\n[[rule]]\nwhen = {{ request_type = "chat" }}\nmodel = "{SMALL}"\n')

    out = shown(served_by("gpt-large"), "--policy", "rule.toml")

    assert out.partition("\n r sends to")[2].partition("\n\n")[0] == snapshot("""\
        tier  requests   share       cost
 (as logged)       –            8  66.7 %      $0.06  █████████████▎
 openai/gpt-small  –            4  33.3 %  $0.001600  ██████▋\
""")
    assert "break-even" not in out
    assert "escalation" not in out
    assert "frontier: no policy has tiers" in out


def test_where_nothing_is_moved_nothing_is_said_of_tokens_and_escalation(shown: Shown) -> None:
    out = shown(served_by("gpt-small"), "--policy", "small.toml", "--baseline", "logged")

    assert lines(out, "tokens", "escalation") == ""
    assert re.findall(r"^ all small .*", out, re.MULTILINE)[1].split() == [
        "all",
        "small",
        "0.0",
        "%",
        "0.0",
        "%",
    ]


def test_a_measured_table_is_a_prior_with_its_source(shown: Shown, write: Write) -> None:
    write(
        "prior.toml",
        'source = "our tests of May"\n[quality]\ngpt-small = 0.7\n'
        f'"{LARGE}" = 0.8\n"claude-grand" = 0.9\n"one of ours" = 1\n',
    )

    out = shown(
        served_by("gpt-large"), "--prior", "prior.toml", "--policy", "ours.toml", "--policy", "small.toml"
    )

    assert re.findall(r"^ (?:ours|all small) .*prior$", out, re.MULTILINE) == snapshot(
        [
            " ours            $0.11          $0.07 – 0.17         $0.12      67.7 %  0.80     prior",
            " all small   $0.004800  $0.003408 – 0.007608     $0.004800           –  0.70     prior",
        ]
    )
    assert lines(out, "quality") == snapshot(
        " quality     assumes our tests of May holds for these requests; it was not measured on them"
    )
    assert out.partition("\n segment")[2].partition("\n\n")[0] == snapshot("""\
           mostly served by  cheaper model     would save  quality change  basis
 complex, analyze  openai/gpt-large  openai/gpt-small       $0.03  −0.10           prior
 medium, chat      openai/gpt-large  openai/gpt-small       $0.03  −0.10           prior
 simple, classify  openai/gpt-large  openai/gpt-small       $0.03  −0.10           prior\
""")


def test_what_the_prior_lacks_is_named(shown: Shown, write: Write) -> None:
    write("prior.toml", 'source = "our tests of May"\n[quality]\n"gpt-larg" = 0.8\n')

    out = shown(served_by("gpt-large"), "--prior", "prior.toml")

    assert lines(out, "quality") == snapshot("""\
 quality     unknown (the table of our tests of May has no anthropic/claude-grand, openai/gpt-large,
             openai/gpt-small)\
""")


def test_policies_that_escalate_at_other_rates_are_told_apart(shown: Shown, write: Write) -> None:
    write("half.toml", ROUTER.replace("ours", "by half") + "[escalation]\nthreshold = 0.5\n")
    rows = (
        {
            "model": "gpt-large",
            "request_type": KINDS[number % 3],
            "quality": float(number % 4 > 0),
            "confidence": (0.4, 0.6, 0.8, 0.9)[number % 4],
        }
        for number in range(240)
    )

    out = shown(
        csv(rows), "--policy", "ours.toml", "--policy", "half.toml", "--policy", "small.toml", width=200
    )

    assert lines(out, "escalation") == snapshot("""\
 escalation  ours: → if 50 % of what can is asked again of a stronger model, and both calls are paid · measured: the log's answers with a confidence below 0.7
             by half: → if 25 % of what can is asked again of a stronger model, and both calls are paid · measured: the log's answers with a confidence below 0.5\
""")


def test_the_share_that_escalates_may_be_said(shown: Shown) -> None:
    out = shown(served_by("gpt-large"), "--escalated", "2.5")

    assert lines(out, "escalation") == snapshot("""\
 escalation  → if 2.5 % of what can is asked again of a stronger model, and both calls are paid
             as asked for\
""")
    assert lines(shown(served_by("gpt-large"), "--no-escalation"), "escalation") == ""


Expected = tuple[list[str], dict[str, float]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], (["cost", "cheapest"], {"ours": 0.7})),
        (["--quality-first"], (["quality-first", "quality-first"], {"ours": 0.7})),
        (["--cost-first", "--escalation-threshold", "0.5"], (["cost", "cheapest"], {"ours": 0.5})),
        (["--escalation"], (["cost", "cheapest"], {"ours": 0.7, "all small": 0.7})),
        (["--no-escalation"], (["cost", "cheapest"], {})),
    ],
)
def test_options_and_the_environment_override_policies(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, options: list[str], expected: Expected
) -> None:
    write("l.csv", served_by("gpt-large"))
    policies = ("--policy", "ours.toml", "--policy", "small.toml")
    names = {
        "--quality-first": ("COST_OPTIMIZATION", "false"),
        "--cost-first": ("COST_OPTIMIZATION", "true"),
        "--escalation-threshold": ("ESCALATION_THRESHOLD", "0.5"),
        "--escalation": ("ENABLE_ESCALATION", "true"),
        "--no-escalation": ("ENABLE_ESCALATION", "false"),
    }

    by_option = run("simulate", "l.csv", *policies, *options, "-o", "json")[1]
    for option in names.keys() & {*options}:
        monkeypatch.setenv(f"COSTOPT_ROUTER_{names[option][0]}", names[option][1])
    by_environment = run("simulate", "l.csv", *policies, "-o", "json")[1]

    result = json.loads(by_option)
    strategies = [each["strategy"] for each in result["policies"]]
    thresholds = {name: each["threshold"] for name, each in result["calibrations"].items()}
    assert (strategies, thresholds) == expected
    assert by_option == by_environment


def test_of_many_models_the_first_are_shown_and_the_rest_are_counted(shown: Shown, write: Write) -> None:
    write(
        "prices.toml",
        'schema = 1\ncurrency = "USD"\nstandalone = true\n[[provider]]\nid = "p"\n'
        + "".join(
            f'[[model]]\nprovider = "p"\nid = "m{number}"\n[[model.price]]\ninput = {number + 1}\noutput = 1\n'
            for number in range(8)
        ),
    )
    rules = "".join(f'[[rule]]\nwhen.tag = "t{number}"\nmodel = "p/m{number}"\n' for number in range(8))
    write("rules.toml", f'name = "by tag"\n{rules}')
    rows = ({"provider": "p", "model": "m0", "tag": f"t{number}"} for number in range(8))

    out = shown(csv(rows), "--policy", "rules.toml")

    assert out.partition("\n by tag sends to")[2].partition("\n\n")[0] == snapshot("""\
  tier  requests   share        cost
 p/m0             –            1  12.5 %  $0.0005000  ██▌
 p/m1             –            1  12.5 %  $0.0009000  ██▌
 p/m2             –            1  12.5 %   $0.001300  ██▌
 p/m3             –            1  12.5 %   $0.001700  ██▌
 p/m4             –            1  12.5 %   $0.002100  ██▌
 p/m5             –            1  12.5 %   $0.002500  ██▌
 2 more models: 2 requests\
""")


def test_cheaper_models_are_of_more_than_one_segment_and_those_with_a_known_quality_first(
    shown: Shown,
) -> None:
    out = shown(scored(), "--by", "tenant")

    assert out.partition("\n segment")[2].partition("\n\n")[0] == snapshot("""\
                   cheaper model, first 3     would save  quality change          basis
 complex, analyze, acme    openai/gpt-small         $0.50 – 0.51  −0.10 (−0.11 to −0.09)  overlap
 complex, analyze, acme    openai/gpt-large        -$0.04 – 0.11  0.00 (−0.01 to +0.01)   overlap
 complex, analyze, globex  openai/gpt-small         $0.50 – 0.51  −0.10 (−0.11 to −0.09)  overlap\
""")


def test_more_traps_than_fit_are_counted(shown: Shown) -> None:
    rows = (
        {"model": model, "request_type": kind, "quality": quality}
        for model, kind, quality, count in (
            ("gpt-large", "chat", 0.9, 400),
            ("gpt-small", "chat", 0.95, 100),
            ("gpt-large", "classify", 0.5, 100),
            ("gpt-small", "classify", 0.55, 400),
        )
        for _ in range(count)
    )

    out = shown(csv(rows), width=200)

    assert lines(out, "traps") == snapshot("""\
 traps       baseline dearer than any model used: frontier costs 2.2 times as much as the dearest model used, `openai/gpt-large`
             threshold without calibration evidence: nothing supports 0.7: no request has a confidence
             Simpson reversal: `openai/gpt-large` scores 19.0 points more than `openai/gpt-small` over all requests, and 5.0 less on requests of the same kind: it was given the easier ones\
""")
    assert re.findall(r"\(.* more traps?\)", out) == snapshot(["(2 more traps)"])


# Floors and exports


def test_a_floor_that_is_kept_is_told_with_its_certainty(shown: Shown) -> None:
    out = shown(scored(), "--floor", "0.8")

    assert lines(out, "floor 0.8") == snapshot("""\
 floor 0.8       $1.97  $1.70 – 2.33         $1.97         503  0.82 (0.81 – 0.82)  overlap
 floor 0.8            37.9 %    26.3 – 46.4 %         69.6 %  56.1 – 79.1 %         69.6 %
 floor 0.8   verified · quality 0.809, with 95 % certainty at least 0.802 · $0.004833 a request
             assumes no hidden selection: within a segment, the choice of the model had nothing to
             do with the request
             a segment is split between two models; a file sends all of it to the better one: policy
             floor 0.8 above
             as a file: costopt simulate l.csv --policy ours.toml --floor 0.8 --export policy\
""")
    assert out.partition("\n floor 0.8 sends to")[2].partition("\n\n")[0] == snapshot("""\
  tier  requests   share   cost
 openai/gpt-large    –          240  66.7 %  $1.92  █████████████▎
 openai/gpt-small    –          120  33.3 %  $0.05  ██████▋\
""")
    assert "--floor 0.8 -o json" in out


def test_requests_of_kinds_with_few_scores_stay_as_they_are(shown: Shown) -> None:
    few = "\n".join(
        f"x{number},2026-10-20T00:00:0{number}Z,400,100,gpt-large,reason,0.9,1,ok,acme" for number in range(4)
    )

    out = shown(f"{scored()}\n{few}", "--floor", "0.8")

    assert lines(out, "floor 0.8") == snapshot("""\
 floor 0.8       $2.00  $1.73 – 2.37         $2.00         491  0.82 (0.81 – 0.82)  overlap
 floor 0.8              37.5 %    26.0 – 45.9 %         69.5 %  55.9 – 79.0 %         69.5 %
 floor 0.8   verified · quality 0.808, with 95 % certainty at least 0.802 · $0.005467 a request
             assumes no hidden selection: within a segment, the choice of the model had nothing to
             do with the request
             1.1 % of the requests are of kinds with too few scores: they stay as they are
             as a file: costopt simulate l.csv --policy ours.toml --floor 0.8 --export policy\
""")


def test_a_floor_that_nothing_keeps_has_the_exit_code_3_after_the_report(run: Run, write: Write) -> None:
    write("l.csv", scored())

    code, out, err = run("simulate", "l.csv", "--policy", "ours.toml", "--floor", "0.99", width=100)

    assert (code, err) == (
        3,
        snapshot(
            "no routing is verified to keep quality 0.99: where routing starts, the quality is 0.039 below the floor\n"
        ),
    )
    assert lines(out, "floor 0.99") == snapshot(
        " floor 0.99  none verified · where routing starts, the quality is 0.039 below the floor"
    )


@pytest.mark.parametrize("text", [csv([]), served_by("gpt-large"), served_by("gpt-large", quality=0.9)])
def test_where_too_few_scores_are_no_floor_is_kept(run: Run, write: Write, text: str) -> None:
    write("l.csv", text)

    code, out, err = run("simulate", "l.csv", "--policy", "ours.toml", "--floor", "0.5", "-o", "json")

    assert code == 3
    assert err.startswith("no routing is verified to keep quality 0.5: ")
    assert json.loads(out)["floor"]["routes"] is None


def test_a_floor_that_nothing_keeps_exports_nothing(run: Run, write: Write) -> None:
    write("l.csv", scored())
    words = ("simulate", "l.csv", "--policy", "ours.toml", "--floor", "0.99", "--export", "policy")

    assert run(*words) == (
        3,
        "",
        snapshot(
            "no routing is verified to keep quality 0.99: where routing starts, the quality is 0.039 below the floor\n"
        ),
    )
    assert run(*words, "--to", "p.toml")[:2] == (3, "")
    assert not Path("p.toml").exists()


def test_the_policy_of_a_floor_is_a_file_that_is_accepted(run: Run, write: Write) -> None:
    write("l.csv", scored())
    words = ("simulate", "l.csv", "--policy", "ours.toml", "--floor", "0.8", "--export", "policy")

    code, out, err = run(*words)

    assert (code, err) == (0, "")
    assert out == snapshot("""\
name = "floor 0.8"
strategy = "cost"

[weights]
cost = 0.4
quality = 0.4
latency = 0.2

[escalation]
enabled = false
threshold = 0.7

[[rule]]
when = { request_type = ["analyze"], complexity = ["complex"] }
model = "openai/gpt-small"

[[rule]]
when = { request_type = ["chat"], complexity = ["medium"] }
model = "openai/gpt-large"

[[rule]]
when = { request_type = ["classify"], complexity = ["simple"] }
model = "openai/gpt-large"
""")
    assert read_policy(out, "p.toml").name == "floor 0.8"
    assert run(*words, "--to", "p.toml") == (0, "", "")
    assert Path("p.toml").read_text(encoding="utf-8") == out
    found = json.loads(run("simulate", "l.csv", "--policy", "ours.toml", "--floor", "0.8", "-o", "json")[1])
    again = json.loads(run("simulate", "l.csv", "--policy", "p.toml", "-o", "json")[1])
    assert again["policies"][0]["cost_usd"] == found["policies"][-1]["cost_usd"]


@pytest.mark.parametrize("form", ["policy", "litellm"])
def test_a_policy_is_exported_without_reading_the_log(run: Run, form: str) -> None:
    code, out, err = run("simulate", "nowhere.jsonl", "--policy", "ours.toml", "--export", form)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/simulate-export-{form}.txt")


def test_what_is_exported_goes_whole_into_a_file(run: Run) -> None:
    words = ("simulate", "nowhere.jsonl", "--policy", "ours.toml", "--export", "policy")

    assert run(*words, "--to", "p.toml") == (0, "", "")
    assert Path("p.toml").read_text(encoding="utf-8") == run(*words)[1]
    assert run(*words, "--to", "nowhere/p.toml")[0] == 2
    assert [path.name for path in Path().glob(".p.toml*")] == []


def test_tiers_of_the_log_are_exported_with_its_models(run: Run, write: Write) -> None:
    write("l.csv", served_by("gpt-large", "gpt-small", "claude-grand"))

    _, out, _ = run("simulate", "l.csv", "--policy", "log.toml", "--export", "policy")

    assert out.partition("[tiers]\n")[2].partition("\n\n")[0] == snapshot("""\
mini = ["openai/gpt-small"]
standard = ["openai/gpt-large"]
premium = ["anthropic/claude-grand"]\
""")


# How models have performed


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_the_performance_of_models_fits_its_screen(run: Run, write: Write, width: int | None) -> None:
    write("l.csv", scored())

    code, out, err = run("simulate", "l.csv", "--providers", width=width)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/simulate-providers-{width or 'pipe'}.txt")
    assert all(len(row) <= (width or 1000) for row in out.splitlines())


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_the_performance_of_models_has_other_forms(run: Run, write: Write, form: str) -> None:
    write("l.csv", scored(30))

    code, out, err = run("simulate", "l.csv", "--providers", "-o", form)

    assert (code, err) == (0, "")
    assert out.replace(str(Path.cwd()), ".") == external_file(f"screens/simulate-providers-{form}.txt")


def test_what_is_not_known_of_a_model_is_no_zero(run: Run, write: Write) -> None:
    write("l.csv", served_by("who-knows", count=30))

    _, out, _ = run("simulate", "l.csv", "--providers", width=200)

    assert re.findall("^ who-knows .*", out, re.MULTILINE) == snapshot(
        [" who-knows        30     ?          ?          ?       ?       ?       ?  unknown         ?  −75 %"]
    )


def test_trends_go_up_and_down_and_stay(run: Run, write: Write) -> None:
    rows = (
        {"model": model}
        for model in (
            *["gpt-large"] * 24,
            *["gpt-small", "claude-grand"] * 12,
            *["gpt-small"] * 36,
            *["claude-grand"] * 12,
        )
    )
    write("l.csv", csv(rows))

    result = run("simulate", "l.csv", "--providers", width=200)[1]

    assert re.findall(r"^ (\S+/\S+) .*  (\S+ ?%?)$", result, re.MULTILINE) == snapshot(
        [("openai/gpt-small", "+200 %"), ("anthropic/claude-grand", "0 %"), ("openai/gpt-large", "−100 %")]
    )


def test_of_many_models_the_busiest_are_shown(run: Run, write: Write) -> None:
    write("l.csv", csv({"model": f"m{number}"} for number in range(23)))

    _, out, _ = run("simulate", "l.csv", "--providers", width=80)

    assert "\n 3 more: costopt simulate l.csv --providers -o json\n" in out


def test_an_empty_log_has_no_performance(run: Run, write: Write) -> None:
    write("l.csv", "")

    assert run("simulate", "l.csv", "--providers")[1] == snapshot("""\

 1 file · 0 requests · no period
 nothing to bill · how the log is read: costopt inspect l.csv
 0 rejected · 0 duplicates · 0 unpriced
 prices of 2026-10-01
""")


# Commands that a report names


def test_the_commands_named_on_the_screen_repeat_what_was_asked(run: Run, write: Write) -> None:
    write("l.csv", scored(60))
    write("prior.toml", f'source = "s"\n[quality]\n"{SMALL}" = 0.5\n')
    asked = (
        "--policy",
        "small.toml",
        "--baseline",
        LARGE,
        "--by",
        "tenant",
        "--prior",
        "prior.toml",
        "--escalated",
        "5",
    )
    more = ("--escalation-threshold", "0.5", "--escalation", "--quality-first")

    _, out, _ = run("simulate", "l.csv", *asked, *more, width=400)

    assert out.splitlines()[-1] == snapshot(
        " next  costopt simulate l.csv --providers · costopt simulate l.csv --policy small.toml --baseline openai/gpt-large --by tenant --escalated 5.0 --prior prior.toml --escalation-threshold 0.5 --escalation --quality-first -o json"
    )
    named = out.splitlines()[-1].removeprefix(" next  ").split(" · ")[1]
    code, report, err = run(*shlex.split(named)[1:])
    assert (code, err) == (0, "")
    assert (
        json.loads(report)["policies"]
        == json.loads(run("simulate", "l.csv", *asked, *more, "-o", "json")[1])["policies"]
    )
