import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from simulating import OF_THE_LOG, PLAIN, ROUTER, csv, served_by

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

PRIOR = 'source = "s"\n[quality]\n"openai/gpt-small" = 0.7\n'


@pytest.fixture(autouse=True)
def _files(log: str, write: Write) -> None:
    """The small catalog and log, and policies of its models."""
    assert log
    write("ours.toml", ROUTER)
    write("small.toml", PLAIN)
    write("log.toml", OF_THE_LOG)
    write("l.csv", served_by("gpt-large"))


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """What a simulation of the log with these options says, which is refused and prints nothing."""

    def said(*words: str) -> str:
        log = () if words[0].endswith((".csv", "-")) else ("l.csv",)
        code, out, err = run("simulate", *log, *words)
        assert (code, out) == (2, ""), words
        return err

    return said


Refused = Callable[..., str]

# Policies


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "balansed",
            snapshot("""\
error: No ready-made policy `balansed`

hint: did you mean `balanced`?
"""),
        ),
        (
            "nothing-like-it",
            snapshot("""\
error: No ready-made policy `nothing-like-it`

hint: there are cost, quality-first, balanced, fastest, task-type, frontier-only, cheapest; a file's name ends in .toml
"""),
        ),
        (
            "router.json",
            snapshot("""\
error: No ready-made policy `router.json`

hint: there are cost, quality-first, balanced, fastest, task-type, frontier-only, cheapest; a file's name ends in .toml
"""),
        ),
        (
            "",
            snapshot("""\
error: No ready-made policy ``

hint: there are cost, quality-first, balanced, fastest, task-type, frontier-only, cheapest; a file's name ends in .toml
"""),
        ),
        (
            "nowhere.toml",
            snapshot("""\
error: Cannot read the policy `nowhere.toml`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            "folder.toml",
            snapshot("""\
error: Cannot read the policy `folder.toml`: Is a directory

hint: check the path and its permissions
"""),
        ),
        (
            "latin.toml",
            snapshot("""\
error: `latin.toml` is not UTF-8: invalid continuation byte

hint: save it as UTF-8
"""),
        ),
    ],
)
def test_a_policy_that_there_is_not_is_named(
    refused: Refused, write: Write, name: str, expected: str
) -> None:
    Path("folder.toml").mkdir()
    write("latin.toml", b'name = "caf\xe9"')

    assert refused("--policy", name) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "",
            snapshot("""\
error: `bad.toml`: the policy is empty

hint: add `[tiers]` with models, `tiers = "log"`, or a `[[rule]]`
"""),
        ),
        (
            'name = "x"\n',
            snapshot("""\
error: `bad.toml`, line 1: the policy is empty

hint: add `[tiers]` with models, `tiers = "log"`, or a `[[rule]]`
"""),
        ),
        (
            'name = "x"\n[tiers\n',
            snapshot("""\
error: `bad.toml` is not valid TOML: Expected ']' at the end of a table declaration (at line 2, column 7)

hint: mend the syntax there
"""),
        ),
        (
            '[tiers]\nmini = ["openai/gpt-small"]\npremium = ["openai/gpt-larg"]\n',
            snapshot("""\
error: `bad.toml`, line 3: the catalog has no model `openai/gpt-larg`

hint: did you mean `openai/gpt-large`?
"""),
        ),
        (
            '[tiers]\nmini = ["openai/gpt-small"]\n[[rule]]\nmodel = "nothing-like-it"\n',
            snapshot("""\
error: `bad.toml`, line 4: the catalog has no model `nothing-like-it`

hint: `costopt pricing list` names all there are
"""),
        ),
        (
            'tiers = "log"\n[weights]\ncost = 0.5\nquality = 0.2\n',
            snapshot("""\
error: `bad.toml`, line 2: the weights sum to 0.7, not 1

hint: what is left out is 0; the ready-made are .4, .4, .2
"""),
        ),
        (
            'tiers = "log"\n[escalation]\nthreshold = 1.5\n',
            snapshot("""\
error: `bad.toml`, line 3: `threshold` is `1.5`, not a number from 0 to 1

hint: expected: a number from 0 to 1
"""),
        ),
        (
            'tiers = "log"\nstrategy = "cheap"\n',
            snapshot("""\
error: `bad.toml`, line 2: `strategy` is `"cheap"`, not one of cost, quality-first, balanced, fastest, task-type, frontier-only, cheapest

hint: did you mean `cheapest`?
"""),
        ),
    ],
)
def test_what_a_policy_file_says_wrong_is_told_with_its_line(
    refused: Refused, write: Write, content: str, expected: str
) -> None:
    write("bad.toml", content)

    assert refused("--policy", "bad.toml") == expected


def test_two_policies_of_one_name_cannot_be_told_apart(refused: Refused, write: Write) -> None:
    write("other.toml", ROUTER)

    assert refused("--policy", "ours.toml", "--policy", "other.toml") == snapshot("""\
error: Two policies are called `ours`

hint: give one another `name = "..."`
""")


def test_a_ready_made_policy_of_models_that_the_catalog_lacks_says_what_to_do_instead(
    refused: Refused, run: Run
) -> None:
    assert (
        refused("l.csv")
        == refused("--policy", "cost")
        == snapshot("""\
error: The ready-made policy `cost` names models that the catalog in use does not have

hint: name a file instead: `tiers = "log"` in it makes tiers of the log's own models
""")
    )
    assert run("simulate", "l.csv", "--policy", "cost", "--export", "policy")[0] == 0


def test_a_policy_that_is_named_twice_is_taken_once(run: Run) -> None:
    _, out, _ = run("simulate", "l.csv", "--policy", "ours.toml", "--policy", "ours.toml", "-o", "csv")

    assert len({row.split(",")[0] for row in out.splitlines()[1:]}) == 1
    assert len(out.splitlines()) == 4


@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        (
            ["--escalation-threshold", "1.5"],
            {},
            snapshot("""\
error: The escalation threshold is `1.5`, not from 0 to 1

hint: it is a confidence, such as 0.7; lower escalates less
"""),
        ),
        (
            ["--escalation-threshold", "nan"],
            {},
            snapshot("""\
error: The escalation threshold is `nan`, not from 0 to 1

hint: it is a confidence, such as 0.7; lower escalates less
"""),
        ),
        (
            ["--escalation-threshold", "0.123"],
            {},
            snapshot("""\
error: A confidence threshold of 0.123 cannot be judged

hint: give it in hundredths, from 0 to 1, like 0.7
"""),
        ),
        (
            ["--escalation-threshold", "high"],
            {},
            snapshot("""\
Usage: costopt simulate [OPTIONS] {LOGS}...
Try 'costopt simulate --help' for help.

Error: Invalid value for '--escalation-threshold' (env var: 'COSTOPT_ROUTER_ESCALATION_THRESHOLD'): Input should be a valid number, unable to parse string as a number
"""),
        ),
        (
            [],
            {"ESCALATION_THRESHOLD": "7"},
            snapshot("""\
error: The escalation threshold is `7`, not from 0 to 1

hint: it is a confidence, such as 0.7; lower escalates less
"""),
        ),
        (
            [],
            {"ENABLE_ESCALATION": "perhaps"},
            snapshot("""\
Usage: costopt simulate [OPTIONS] {LOGS}...
Try 'costopt simulate --help' for help.

Error: Invalid value for '--escalation' (env var: 'COSTOPT_ROUTER_ENABLE_ESCALATION'): Input should be a valid boolean, unable to interpret input
"""),
        ),
        (
            [],
            {"COST_OPTIMIZATION": "perhaps"},
            snapshot("""\
Usage: costopt simulate [OPTIONS] {LOGS}...
Try 'costopt simulate --help' for help.

Error: Invalid value for '--cost-first' (env var: 'COSTOPT_ROUTER_COST_OPTIMIZATION'): Input should be a valid boolean, unable to interpret input
"""),
        ),
        (
            ["--escalated", "101"],
            {},
            snapshot("""\
Usage: costopt simulate [OPTIONS] {LOGS}...
Try 'costopt simulate --help' for help.

Error: Invalid value for '--escalated': Input should be less than or equal to 100
"""),
        ),
        (
            ["--floor", "2"],
            {},
            snapshot("""\
Usage: costopt simulate [OPTIONS] {LOGS}...
Try 'costopt simulate --help' for help.

Error: Invalid value for '--floor': Input should be less than or equal to 1
"""),
        ),
        (
            ["--export", "yaml"],
            {},
            snapshot("""\
Usage: costopt simulate [OPTIONS] {LOGS}...
Try 'costopt simulate --help' for help.

Error: Invalid value for '--export': Value error, 'yaml' is not one of 'policy', 'litellm'.
"""),
        ),
    ],
)
def test_a_number_or_a_switch_that_makes_no_sense_is_refused(
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    environment: dict[str, str],
    expected: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"COSTOPT_ROUTER_{name}", value)

    assert refused("--policy", "ours.toml", *words) == expected


# Tiers that are the log's


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["-"],
            snapshot("""\
error: `tiers = "log"` reads the log twice, and standard input can be read only once

hint: name files instead of `-`
"""),
        ),
        (
            ["unpriced.csv"],
            snapshot("""\
error: `tiers = "log"`: the log has no chat model with a price

hint: name models in `[tiers]`
"""),
        ),
        (
            ["empty.csv"],
            snapshot("""\
error: `tiers = "log"`: the log has no chat model with a price

hint: name models in `[tiers]`
"""),
        ),
    ],
)
def test_tiers_cannot_be_those_of_a_log_without_priced_models_or_that_is_read_once(
    refused: Refused, write: Write, words: list[str], expected: str
) -> None:
    write("unpriced.csv", served_by("who-knows"))
    write("empty.csv", "")

    assert refused(*words, "--policy", "log.toml") == expected


def test_models_that_write_nothing_are_in_no_tier_of_a_log(run: Run, write: Write) -> None:
    prices = Path("prices.toml").read_text(encoding="utf-8")
    write(
        "prices.toml",
        f'{prices}\n[[model]]\nprovider = "openai"\nid = "gpt-embed"\n[[model.price]]\ninput = 0.1\n',
    )
    write("mixed.csv", served_by("gpt-large", "gpt-embed"))

    _, out, _ = run("simulate", "mixed.csv", "--policy", "log.toml", "--export", "policy")

    assert out.partition("[tiers]\n")[2].partition("\n\n")[0] == 'premium = ["openai/gpt-large"]'


# Baselines, priors and segments


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "dear/request",
            snapshot("""\
error: `dear/request` is no price for each request

hint: write it like `0.015/request`
"""),
        ),
        (
            "-1/request",
            snapshot("""\
error: `-1/request` is no price for each request

hint: write it like `0.015/request`
"""),
        ),
        (
            "0.1/requests",
            snapshot("""\
error: `0.1/requests` is no price for each request

hint: write it like `0.015/request`
"""),
        ),
        (
            "loged",
            snapshot("""\
error: No baseline or model `loged`

hint: did you mean `logged`?
"""),
        ),
        (
            "openai/gpt-larg",
            snapshot("""\
error: `--baseline`: the catalog has no model `openai/gpt-larg`

hint: did you mean `openai/gpt-large`?
"""),
        ),
        (
            "nothing-like-it",
            snapshot("""\
error: `--baseline`: the catalog has no model `nothing-like-it`

hint: `costopt pricing list` names all there are
"""),
        ),
        (
            "",
            snapshot("""\
error: `--baseline`: the catalog has no model ``

hint: `costopt pricing list` names all there are
"""),
        ),
    ],
)
def test_a_baseline_that_is_no_name_no_model_and_no_price_is_refused(
    refused: Refused, name: str, expected: str
) -> None:
    assert refused("--policy", "ours.toml", f"--baseline={name}") == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"\xff",
            snapshot("""\
error: `prior.toml` is not UTF-8: invalid start byte

hint: save it as UTF-8
"""),
        ),
        (
            "[quality\n",
            snapshot("""\
error: `prior.toml` is not valid TOML: Expected ']' at the end of a table declaration (at line 1, column 9)

hint: mend the syntax there
"""),
        ),
        (
            PRIOR.replace('source = "s"', ""),
            snapshot("""\
error: `prior.toml`, line 1: `source` is missing

hint: add `source = "who measured what, and when"`
"""),
        ),
        (
            PRIOR.replace('"s"', "3"),
            snapshot("""\
error: `prior.toml`, line 1: `source` is `3`, not a string that is not empty

hint: expected: a string that is not empty
"""),
        ),
        (
            'source = "s"\n',
            snapshot("""\
error: `prior.toml`, line 1: the table `[quality]` is missing or empty

hint: add lines to it like `"openai/gpt-4o" = 0.87`
"""),
        ),
        (
            'source = "s"\n[quality]\n',
            snapshot("""\
error: `prior.toml`, line 1: the table `[quality]` is missing or empty

hint: add lines to it like `"openai/gpt-4o" = 0.87`
"""),
        ),
        (
            'source = "s"\nquality = 0.8\n',
            snapshot("""\
error: `prior.toml`, line 2: `quality` is `0.8`, not a table

hint: expected: a table
"""),
        ),
        (
            PRIOR.replace("source", "sauce"),
            snapshot("""\
error: `prior.toml`, line 1: unknown key `sauce`

hint: did you mean `source`?
"""),
        ),
        (
            PRIOR.replace("0.7", "7"),
            snapshot("""\
error: `prior.toml`, line 3: `openai/gpt-small` is `7`, not a number from 0 to 1

hint: expected: a number from 0 to 1
"""),
        ),
        (
            PRIOR.replace("0.7", "nan"),
            snapshot("""\
error: `prior.toml`, line 3: `openai/gpt-small` is `nan`, not a number from 0 to 1

hint: expected: a number from 0 to 1
"""),
        ),
        (
            PRIOR.replace("0.7", "true"),
            snapshot("""\
error: `prior.toml`, line 3: `openai/gpt-small` is `true`, not a number from 0 to 1

hint: expected: a number from 0 to 1
"""),
        ),
        (
            PRIOR.replace("0.7", '"good"'),
            snapshot("""\
error: `prior.toml`, line 3: `openai/gpt-small` is `"good"`, not a number from 0 to 1

hint: expected: a number from 0 to 1
"""),
        ),
        (
            f"{PRIOR}gpt-4.1 = 0.8\n",
            snapshot("""\
error: `prior.toml`, line 4: `gpt-4` is a table, not a number from 0 to 1

hint: quote a name with a dot: `"gpt-4..."`
"""),
        ),
        (
            f"{PRIOR}gpt-small = 0.8\n",
            snapshot("""\
error: `prior.toml`, line 4: `gpt-small` is `openai/gpt-small` once more

hint: keep one of them
"""),
        ),
    ],
)
def test_what_a_prior_says_wrong_is_told_with_its_line(
    refused: Refused, write: Write, content: str | bytes, expected: str
) -> None:
    write("prior.toml", content)

    assert refused("--policy", "ours.toml", "--prior", "prior.toml") == expected


def test_a_prior_that_there_is_not_is_named(refused: Refused) -> None:
    assert refused("--policy", "ours.toml", "--prior", "nowhere.toml") == snapshot("""\
error: Cannot read the prior `nowhere.toml`: No such file or directory

hint: check the path and its permissions
""")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (
            "regoin",
            snapshot("""\
error: No log has a column `regoin`

hint: `costopt inspect LOGS` lists the columns that a log has
"""),
        ),
        (
            "model",
            snapshot("""\
error: Segments are not split by `model`, as a policy chooses it

hint: what each model's requests would cost elsewhere is told by segment
"""),
        ),
        (
            "latency_ms",
            snapshot("""\
error: Requests cannot be split by `latency_ms`

hint: if it is a text in the log, read it as another column: `--map tag=latency_ms --by tag`
"""),
        ),
        (
            "price_date",
            snapshot("""\
error: Segments cannot be split by `price_date`, a name of the simulation's own

hint: read the column as another one: `--map tag=price_date --by tag`
"""),
        ),
    ],
)
def test_a_column_that_makes_no_segments_is_refused(refused: Refused, key: str, expected: str) -> None:
    assert refused("--policy", "ours.toml", "--by", key) == expected


# Floors and exports


def test_the_policy_of_a_floor_is_not_for_litellm(refused: Refused) -> None:
    assert refused("--policy", "ours.toml", "--floor", "0.8", "--export", "litellm") == snapshot("""\
error: The policy of a floor is made of rules, for which LiteLLM has no setting

hint: `--export policy` prints it; `--export litellm` goes without `--floor`
""")


def test_a_policy_without_tiers_is_not_for_litellm(refused: Refused, write: Write) -> None:
    write("rule.toml", '[[rule]]\nmodel = "openai/gpt-small"\n')

    assert refused("--policy", "rule.toml", "--export", "litellm") == snapshot("""\
error: policy `rule.toml` has no tiers, which LiteLLM's configuration is made of

hint: add `[tiers]`, or `tiers = "log"`
""")


# Routers that are learned


def asked(good: Callable[[int], tuple[float, float]], count: int = 300) -> str:
    """Prompts that both models answered; every third is a riddle.

    Args:
        good: By the number of the prompt, how good the answers of the small and the large model are.
        count: Of prompts.
    """
    rows = []
    for number in range(count):
        kind = "riddle" if number % 3 == 0 else "fact"
        prompt = f"tell me a {kind} of {'abcdefghij'[number % 10]}{number}"
        for model, quality in zip(("gpt-small", "gpt-large"), good(number), strict=True):
            rows.append({"model": model, "prompt": prompt, "quality": quality})
    return csv(rows)


def test_a_router_that_is_better_is_written(run: Run, write: Write) -> None:
    """Riddles need the large model, and nothing but the word tells them."""
    write("p.csv", asked(lambda number: (0.0 if number % 3 == 0 else 1.0, 1.0)))

    code, out, err = run("simulate", "p.csv", "--policy", "ours.toml", "--learn", "router.json", width=100)

    assert (code, err) == (0, "")
    assert "the learned one may be used" in out
    assert Path("router.json").read_text(encoding="utf-8").startswith('{"version":')
    code, _, err = run(
        "route",
        "a riddle",
        "--policy",
        "ours.toml",
        "--router",
        "router.json",
        "--weak",
        "gpt-small",
        "--strong",
        "gpt-large",
    )
    assert (code, err) == (0, "")


def test_a_router_that_is_no_better_than_chance_is_not_written(run: Run, write: Write) -> None:
    """Which prompts need the large model has nothing to do with what they say."""
    write("p.csv", asked(lambda number: (float(number * number % 7 > 2), float(number * number % 11 > 2))))

    code, out, err = run("simulate", "p.csv", "--policy", "ours.toml", "--learn", "router.json", width=200)

    assert (code, err) == (0, "")
    (row,) = [row for row in out.splitlines() if row.startswith(" router")]
    assert row.startswith(" router      not used · not better than random on this log: APGR learned 0.")
    assert not Path("router.json").exists()


def test_few_prompts_teach_nothing(run: Run, write: Write) -> None:
    write("p.csv", asked(lambda _: (0.0, 1.0), count=20))

    _, out, _ = run("simulate", "p.csv", "--policy", "ours.toml", "--learn", "router.json", width=200)

    assert [row for row in out.splitlines() if row.startswith(" router")] == snapshot(
        [" router      not used · 20 independent labelled requests, 100 are needed to learn from"]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            served_by("gpt-large"),
            snapshot("""\
error: The log has no prompts to learn from

hint: name their column: `--map prompt=NAME`
"""),
        ),
        (
            served_by("gpt-large", prompt="why?", quality=1),
            snapshot("""\
error: A router is learned from the scored answers of two models

hint: a score is read from `quality`, 0 to 1: `--map quality=NAME`
"""),
        ),
        (
            served_by("gpt-large", "who-knows", prompt="why?", quality=1),
            snapshot("""\
error: Which model is the weak one is unknown: `who-knows` has no price

hint: name a file with its price: `--pricing FILE`
"""),
        ),
    ],
)
def test_a_router_is_not_learned_without_prompts_scores_and_two_models(
    refused: Refused, write: Write, text: str, expected: str
) -> None:
    write("l.csv", text)

    assert refused("--policy", "ours.toml", "--learn", "router.json") == expected
    assert not Path("router.json").exists()


def test_without_scikit_learn_it_says_how_to_install_it(
    refused: Refused, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    write("p.csv", asked(lambda _: (0.0, 1.0), count=20))

    assert refused("p.csv", "--policy", "ours.toml", "--learn", "router.json") == snapshot("""\
error: Learning a router needs scikit-learn

hint: pip install 'llm-costopt[learn]'
""")


def test_what_is_learned_and_exported_does_both(run: Run, write: Write) -> None:
    write("p.csv", asked(lambda number: (0.0 if number % 3 == 0 else 1.0, 1.0)))

    code, out, _ = run(
        "simulate", "p.csv", "--policy", "ours.toml", "--learn", "router.json", "--export", "policy"
    )

    assert (code, out.splitlines()[0]) == (0, 'name = "ours"')
    assert Path("router.json").exists()
