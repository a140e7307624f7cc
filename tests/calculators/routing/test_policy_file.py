import pytest

from costopt.calculators.routing.policy import Escalation, Levels, Policy, Rule, Tiers, Weights, When
from costopt.calculators.routing.policy_file import check_models, find_model, read_policy
from costopt.calculators.routing.policy_text import write_policy
from costopt.calculators.routing.ready import ABOUT, READY, ready_policy, ready_text
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.lending import model_of

# What a file says


def test_a_file_may_say_all_that_a_policy_is() -> None:
    policy = read_policy(
        """
        name = "mine"
        strategy = "balanced"
        [tiers]
        mini = ["a", "b"]
        premium = ["c"]
        [complexity]
        medium = "premium"
        [task_types]
        "code*" = "premium"
        [weights]
        cost = 1
        [escalation]
        enabled = false
        threshold = 0.25
        [[rule]]
        name = "nightly"
        when = { tag = ["nightly", "bulk-*"], complexity = "simple", tenant = "acme" }
        tier = "mini"
        min_quality = 1
        max_latency_ms = 2500
        min_reliability = 0.99
        [[rule]]
        when.endpoint = "/qa"
        model = "d"
        [[rule]]
        strategy = "fastest"
        """,
        "router.toml",
    )

    nightly = When(tag=("nightly", "bulk-*"), complexity=("simple",), tenant=("acme",))
    assert policy == Policy(
        name="mine",
        tiers=Tiers(mini=("a", "b"), premium=("c",)),
        rules=(
            Rule(
                name="nightly",
                when=nightly,
                tier="mini",
                min_quality=1,
                max_latency_ms=2500,
                min_reliability=0.99,
            ),
            Rule(when=When(endpoint=("/qa",)), model="d"),
            Rule(strategy="fastest"),
        ),
        strategy="balanced",
        levels=Levels(medium="premium"),
        task_types={"code*": "premium"},
        weights=Weights(cost=1, quality=0, latency=0),
        escalation=Escalation(enabled=False, threshold=0.25),
    )


def test_what_a_file_does_not_say_is_by_default() -> None:
    policy = read_policy('[tiers]\nstandard = ["a"]', "router.toml")

    assert policy == Policy(name="router.toml", tiers=Tiers(standard=("a",)))
    assert (policy.strategy, policy.escalation.enabled, policy.escalation.threshold) == ("cost", True, 0.7)
    assert policy.weights == Weights(cost=0.4, quality=0.4, latency=0.2)


def test_the_tiers_may_be_those_of_the_log() -> None:
    assert read_policy('tiers = "log"\nrule = [{ tier = "mini" }]', "p").tiers == "log"


def test_rules_that_name_models_need_no_tiers() -> None:
    assert read_policy('[[rule]]\nmodel = "a"', "p").tiers == Tiers()


# What it must not say

TIERS = '[tiers]\nmini = ["a"]\npremium = ["b"]\n'


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        pytest.param("", "the policy is empty", "`[[rule]]`", id="empty"),
        pytest.param(
            'strategy = "cost"', "line 1: the policy is empty", "`[tiers]`", id="no tiers, no rules"
        ),
        pytest.param("[tiers]", "line 1: the policy is empty", "`[tiers]` with models", id="empty tiers"),
        pytest.param("strategy =", "is not valid TOML", "mend the syntax", id="no TOML"),
        pytest.param("a = " + "[" * 5000, "is not valid TOML", "mend the syntax", id="too deep"),
        pytest.param(
            'strategi = "cost"\n' + TIERS,
            "line 1: unknown key `strategi`",
            "did you mean `strategy`?",
            id="key",
        ),
        pytest.param(
            '\nstrategy = "cheapst"\n' + TIERS,
            'line 2: `strategy` is `"cheapst"`, not one of cost, quality-first',
            "did you mean `cheapest`?",
            id="strategy",
        ),
        pytest.param(
            "strategy = 1\n" + TIERS, "line 1: `strategy` is `1`, not one of", "expected: one of", id="number"
        ),
        pytest.param(
            '[tiers]\nmini = ["a"]\nstandart = ["b"]',
            "line 3: unknown key `standart`",
            "did you mean `standard`?",
            id="tier",
        ),
        pytest.param("[tiers]\n\nmini = []", "line 3: tier `mini` has no models", "name one", id="no models"),
        pytest.param('[tiers]\nmini = "a"', 'line 2: `mini` is `"a"`, not a list', "expected", id="no list"),
        pytest.param('tiers = "logs"', 'line 1: `tiers` is `"logs"`', 'or "log"', id="tiers of what"),
        pytest.param(
            "tiers = 1", "line 1: `tiers` is `1`, not a table", "expected: a table", id="tiers a number"
        ),
        pytest.param(
            '[tiers]\nmini = ["a"]\npremium = [\n"b",\n"a"]',
            "line 5: model `a` is in tier `mini` as well",
            "keep it in one place",
            id="model twice",
        ),
        pytest.param(
            TIERS + '[complexity]\nhard = "mini"', "line 5: unknown key `hard`", "known here", id="level"
        ),
        pytest.param(
            TIERS + '[complexity]\nmedium = "standard"',
            "line 5: `medium` names tier `standard`, which has no models",
            "add `standard = [...]`",
            id="level of an empty tier",
        ),
        pytest.param(
            TIERS + '[task_types]\ncode = "standard"',
            "line 5: `code` names tier `standard`, which has no models",
            "name another tier",
            id="task of an empty tier",
        ),
        pytest.param(
            TIERS + '[task_types]\ncode = "premum"', "line 5: `code` is", "did you mean `premium`?", id="task"
        ),
        pytest.param(
            TIERS + "[weights]\ncost = 0.5\nquality = 0.6",
            "line 4: the weights sum to 1.1, not 1",
            "what is left out is 0",
            id="weights",
        ),
        pytest.param(
            TIERS + "[weights]\ncost = 1.5\nquality = -0.5", "line 5: `cost` is `1.5`", "0 to 1", id="weight"
        ),
        pytest.param(
            TIERS + "[escalation]\nthreshold = 70", "line 5: `threshold` is `70`", "0 to 1", id="threshold"
        ),
        pytest.param(
            TIERS + "[escalation]\nenabled = 1", "line 5: `enabled` is `1`", "true or false", id="enabled"
        ),
        pytest.param(
            TIERS + "[escalation]\nthreshold = true",
            "line 5: `threshold` is `true`",
            "0 to 1",
            id="no number",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nmin_quality = 80',
            "line 6: rule 1: `min_quality` is `80`, not a number from 0 to 1",
            "0 to 1",
            id="quality",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nmin_reliability = nan',
            "line 6: rule 1: `min_reliability` is `nan`",
            "0 to 1",
            id="reliability",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nmax_latency_ms = 0',
            "line 6: rule 1: `max_latency_ms` is `0`",
            "more than 0",
            id="latency",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nmax_latency = 1',
            "line 6: rule 1: unknown key `max_latency`",
            "did you mean `max_latency_ms`?",
            id="rule key",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nmodel = "a"',
            "line 6: rule 1: `tier` and `model` are two answers",
            "keep one",
            id="two answers",
        ),
        pytest.param(
            TIERS + '[[rule]]\nwhen.tag = "x"', "line 4: rule 1: it says when", "`strategy`", id="no answer"
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nwhen.tags = "x"',
            "line 6: rule 1: unknown key `tags`",
            "did you mean `tag`?",
            id="condition",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nwhen.tag = []',
            "line 6: rule 1: `tag` is an empty list",
            "a word, or a list of some",
            id="no words",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nwhen.tag = " "',
            "line 6: rule 1: `tag` is",
            "strings that are not empty",
            id="blank word",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "mini"\nwhen.complexity = "simpel"',
            'line 6: rule 1: `complexity` is `"simpel"`, not one of simple, medium, complex',
            "did you mean `simple`?",
            id="complexity",
        ),
        pytest.param(
            TIERS + '[[rule]]\ntier = "standard"',
            "line 5: `tier` names tier `standard`, which has no models",
            "name another tier",
            id="rule of an empty tier",
        ),
        pytest.param(
            '[[rule]]\nmodel = "a"\nwhen.tag = "x"\n[[rule]]\nname = "rest"\ntier = "mini"',
            "line 4: rule 2 `rest` chooses among the tiers, and there are none",
            "name a `model`",
            id="rule without tiers",
        ),
        pytest.param(
            TIERS + '[[rule]]\nname = "all"\ntier = "mini"\n[[rule]]\nwhen.tag = "x"\ntier = "premium"',
            "line 7: rule 2 can never be reached: rule 1 `all` matches all that it matches",
            "move it before",
            id="never reached",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_do(content: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_policy(content, "router.toml")

    assert caught.value.message.startswith("`router.toml`")
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_complexity_may_be_a_glob() -> None:
    policy = read_policy(TIERS + '[[rule]]\ntier = "mini"\nwhen.complexity = ["s*", "complex"]', "p")

    assert policy.rules[0].when.complexity == ("s*", "complex")


# Models are those of the catalog


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("openai/gpt-4o-mini", "openai/gpt-4o-mini"),
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("azure/gpt-4o", "azure/gpt-4o"),
        ("openrouter/anthropic/claude-opus-5-5", "openrouter/anthropic/claude-opus-5-5"),
    ],
)
def test_a_model_is_found_with_and_without_its_provider(shipped: Catalog, name: str, found: str) -> None:
    number = find_model(shipped, name)

    assert number is not None
    assert model_of(shipped, number).name == found


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("openai/gpt-4o-mni", "did you mean `openai/gpt-4o-mini`?"),
        ("gpt-4o-mni", "did you mean `gpt-4o-mini`?"),
        ("opnai/gpt-4o-mini", "did you mean `gpt-4o-mini`?"),
        ("openai/xyzzy-plugh", "`costopt pricing list` names all there are"),
    ],
)
def test_a_model_without_a_price_is_refused_with_the_nearest_that_has_one(
    shipped: Catalog, name: str, hint: str
) -> None:
    content = f'[tiers]\nmini = ["gpt-4o",\n"{name}"]'
    policy = read_policy(content, "router.toml")

    with pytest.raises(ConfigError) as caught:
        check_models(policy, shipped, content=content, label="router.toml")

    assert caught.value.message == f"`router.toml`, line 3: the catalog has no model `{name}`"
    assert caught.value.hint == hint


def test_a_rule_s_model_is_checked_too_and_a_policy_without_a_file_is_called_by_its_name(
    shipped: Catalog,
) -> None:
    policy = Policy(name="mine", rules=(Rule(model="nope"),))

    with pytest.raises(ConfigError, match=r"^`mine`: the catalog has no model `nope`"):
        check_models(policy, shipped)


# The ready-made ones


@pytest.mark.parametrize("name", READY)
def test_a_ready_made_policy_follows_the_strategy_of_its_name_with_models_that_have_prices(
    shipped: Catalog, name: str
) -> None:
    policy = ready_policy(name)

    check_models(policy, shipped)
    assert policy.name == policy.strategy == name
    assert f"#   {name}" in ready_text(name)


def test_each_ready_made_policy_is_explained() -> None:
    assert tuple(ABOUT) == READY


def test_every_model_of_the_ready_made_ladder_is_dearer_than_those_of_the_tier_below(
    shipped: Catalog,
) -> None:
    prices = []
    for models in ready_policy("cost").ladder():
        found = [find_model(shipped, model) for model in models]
        rows = [model_of(shipped, number).prices[-1] for number in found if number is not None]
        rates = [row.modes["standard"].rates for row in rows]
        prices.append([(rate.input or 0) + (rate.output or 0) for rate in rates])

    mini, standard, premium = prices
    assert max(mini) < min(standard)
    assert max(standard) < min(premium)


def test_an_example_rule_of_the_ready_made_file_is_one(shipped: Catalog) -> None:
    text = ready_text("cost")
    at = text.index("# [[rule]]")
    example = "\n".join(line.removeprefix("# ") for line in text[at:].splitlines())

    policy = read_policy(text[:at] + example, "router.toml")

    check_models(policy, shipped)
    assert policy.rules[0].when.tag == ("nightly", "bulk-*")


@pytest.mark.parametrize(
    ("name", "hint"), [("cheapst", "did you mean `cheapest`?"), ("router", "a file's name ends in .toml")]
)
def test_an_unknown_ready_made_policy_is_refused(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"No ready-made policy `{name}`") as caught:
        ready_policy(name)

    assert hint in caught.value.hint


# Writing


@pytest.mark.parametrize("name", READY)
def test_a_ready_made_policy_is_the_same_after_writing_it(name: str) -> None:
    assert read_policy(write_policy(ready_policy(name)), "p") == ready_policy(name)


def test_a_policy_on_the_models_of_the_log_is_written_as_one() -> None:
    policy = Policy(name="p", tiers="log", task_types={"code": "premium"})

    assert read_policy(write_policy(policy), "p") == policy


def test_a_written_policy_says_what_is_by_default_too() -> None:
    rules = (Rule(name="r", when=When(tag=("a", "b")), min_quality=0.5), Rule(model="x"))
    policy = Policy(
        name='a "b"\x7f', tiers=Tiers(mini=("m",)), rules=rules, levels=Levels(medium="mini"), task_types={}
    )

    assert write_policy(policy).splitlines() == [
        'name = "a \\"b\\"\\u007f"',
        'strategy = "cost"',
        "",
        "[tiers]",
        'mini = ["m"]',
        "",
        "[complexity]",
        'simple = "mini"',
        'medium = "mini"',
        "",
        "[weights]",
        "cost = 0.4",
        "quality = 0.4",
        "latency = 0.2",
        "",
        "[escalation]",
        "enabled = true",
        "threshold = 0.7",
        "",
        "[[rule]]",
        'name = "r"',
        'when = { tag = ["a", "b"] }',
        "min_quality = 0.5",
        "",
        "[[rule]]",
        'model = "x"',
    ]


def test_a_policy_that_no_file_can_say_is_still_written_as_it_is() -> None:
    policy = Policy(name="p", tiers=Tiers(mini=("m",)), levels=Levels(simple="premium"))

    with pytest.raises(ConfigError, match="`simple` names tier `premium`, which has no models"):
        read_policy(write_policy(policy), "p")


@pytest.mark.parametrize(
    ("char", "written"),
    [
        ("\x1b", "\\u001b"),
        ("\x7f", "\\u007f"),
        ("\x9b", "\\u009b"),
        ("\u202e", "\\u202e"),
        ("\u200b", "\\u200b"),
        ("\U000e0041", "\\U000e0041"),
        ("\n", "\\n"),
        ("ü", "ü"),
    ],
)
def test_a_written_policy_steers_no_terminal(char: str, written: str) -> None:
    policy = Policy(name=f"a{char}b", tiers=Tiers(mini=("m",)))

    assert write_policy(policy).splitlines()[0] == f'name = "a{written}b"'
    assert read_policy(write_policy(policy), "p").name == policy.name
