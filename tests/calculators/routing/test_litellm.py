import json
import re
from pathlib import Path

import pytest

from costopt.calculators.routing.litellm import litellm_config
from costopt.calculators.routing.policy import Escalation, Levels, Policy, Rule, Tiers, When
from costopt.calculators.routing.ready import READY, ready_policy
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog, load_catalog, load_layers, shipped

LINE = re.compile(r'(?P<indent> *)(?P<item>- )?(?P<key>"(?:[^"\\]|\\.)*"|\w+):(?: (?P<value>.+))?')
STRATEGIES = {
    "simple-shuffle",
    "least-busy",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
}
"""That LiteLLM's router documents; of `usage-based-routing` it advises against."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def parsed(yaml: str) -> dict[str, object]:
    """The small part of YAML that is written: nested mappings and lists of them, with JSON's scalars and lists."""
    rows = []
    for line in yaml.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            found = LINE.fullmatch(line.removesuffix("  # older versions heed `order` only with it"))
            assert found, line
            key = found["key"]
            rows.append(
                (
                    len(found["indent"]),
                    bool(found["item"]),
                    json.loads(key) if key.startswith('"') else key,
                    found["value"],
                )
            )
    value = block(rows, 0)
    assert not rows
    assert isinstance(value, dict)
    return value


def block(rows: list[tuple[int, bool, str, str | None]], indent: int) -> object:
    """The mapping or list that starts here and is indented so far."""
    if rows[0][1]:
        items = []
        while rows and rows[0][:2] == (indent, True):
            rows[0] = (indent + 2, False, *rows[0][2:])
            items.append(block(rows, indent + 2))
        return items
    fields: dict[str, object] = {}
    while rows and rows[0][:2] == (indent, False):
        _, _, key, value = rows.pop(0)
        assert key not in fields
        fields[key] = json.loads(value) if value is not None else block(rows, rows[0][0])
    return fields


def test_a_policy_is_written_as_a_proxy_s_configuration(catalog: Catalog) -> None:
    tiers = Tiers(
        mini=("openai/gpt-4o-mini", "google/gemini-2.5-flash"), premium=("anthropic/claude-opus-4-8",)
    )
    policy = Policy(name="mine", tiers=tiers, strategy="frontier-only")

    assert parsed(litellm_config(policy, catalog)) == {
        "model_list": [
            {
                "model_name": "mini",
                "litellm_params": {
                    "model": "openai/gpt-4o-mini",
                    "api_key": "os.environ/OPENAI_API_KEY",
                    "order": 1,
                },
            },
            {
                "model_name": "mini",
                "litellm_params": {
                    "model": "gemini/gemini-2.5-flash",
                    "api_key": "os.environ/GEMINI_API_KEY",
                    "order": 2,
                },
            },
            {
                "model_name": "premium",
                "litellm_params": {
                    "model": "anthropic/claude-opus-4-8",
                    "api_key": "os.environ/ANTHROPIC_API_KEY",
                    "order": 1,
                },
            },
        ],
        "router_settings": {
            "routing_strategy": "simple-shuffle",
            "enable_pre_call_checks": True,
            "fallbacks": [{"mini": ["premium"]}],
        },
    }


@pytest.mark.parametrize("name", READY)
def test_every_ready_made_policy_becomes_a_configuration_that_holds_together(
    catalog: Catalog, name: str
) -> None:
    config = parsed(litellm_config(ready_policy(name), catalog))

    assert list(config) == ["model_list", "router_settings"]
    deployments, settings = config["model_list"], config["router_settings"]
    assert isinstance(deployments, list)
    assert isinstance(settings, dict)
    names = {deployment["model_name"] for deployment in deployments}
    assert names == {"mini", "standard", "premium"} | ({"auto"} if name == "cost" else set())
    assert settings["routing_strategy"] in STRATEGIES
    assert {model for each in settings["fallbacks"] for pair in each.items() for model in [*pair[1]]} <= names
    ordered = {"order" in deployment["litellm_params"] for deployment in deployments}
    assert ordered == {settings["routing_strategy"] == "simple-shuffle"}


def test_by_cost_litellm_is_to_choose_the_tier_by_complexity(catalog: Catalog) -> None:
    policy = ready_policy("cost").model_copy(update={"levels": Levels(medium="premium")})

    deployments = parsed(litellm_config(policy, catalog))["model_list"]

    assert isinstance(deployments, list)
    assert deployments[-1] == {
        "model_name": "auto",
        "litellm_params": {
            "model": "auto_router/complexity_router",
            "complexity_router_config": {
                "tiers": {"SIMPLE": "mini", "MEDIUM": "premium", "COMPLEX": "premium", "REASONING": "premium"}
            },
            "complexity_router_default_model": "premium",
        },
    }


@pytest.mark.parametrize(
    ("tiers", "serving"),
    [
        (Tiers(mini=("gpt-4o-mini",)), ["mini", "mini", "mini", "mini"]),
        (Tiers(standard=("gpt-4o",)), ["standard", "standard", "standard", "standard"]),
        (Tiers(mini=("gpt-4o-mini",), premium=("gpt-4o",)), ["mini", "premium", "premium", "premium"]),
    ],
)
def test_a_level_whose_tier_is_empty_is_served_as_the_policy_does_it(
    catalog: Catalog, tiers: Tiers, serving: list[str]
) -> None:
    yaml = litellm_config(Policy(name="p", tiers=tiers), catalog)

    assert re.findall(r'(?:SIMPLE|MEDIUM|COMPLEX|REASONING): "(\w+)"', yaml) == serving
    assert ("fallbacks:\n" in yaml) is (len(set(serving)) > 1)


@pytest.mark.parametrize(
    ("name", "litellm"),
    [
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("openai/gpt-4o-2024-11-20", "openai/gpt-4o-2024-11-20"),
        ("gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("gemini/gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("vertex_ai/gemini-2.5-pro", "vertex_ai/gemini-2.5-pro"),
        ("google/claude-opus-4-8", "vertex_ai/claude-opus-4-8"),
        ("azure/gpt-4o", "azure/gpt-4o"),
        ("openrouter/anthropic/claude-opus-4-8", "openrouter/anthropic/claude-opus-4-8"),
        ("x-ai/grok-4-fast", "xai/grok-4-fast"),
        (
            "huggingface_together/EssentialAI/rnj-1-instruct",
            "huggingface/together/EssentialAI/rnj-1-instruct",
        ),
        ("deepseek/deepseek-chat", "deepseek/deepseek-chat"),
    ],
)
def test_models_have_litellm_s_names(catalog: Catalog, name: str, litellm: str) -> None:
    yaml = litellm_config(Policy(name="p", tiers=Tiers(premium=(name,))), catalog)

    assert f'model: "{litellm}"\n' in yaml


@pytest.mark.parametrize("name", ["our-gpt", "openai/Our-GPT"])
def test_a_name_that_only_the_user_s_logs_know_becomes_the_model_that_it_stands_for(
    tmp_path: Path, name: str
) -> None:
    names = tmp_path / "names.toml"
    names.write_text(
        'schema = 1\ncurrency = "USD"\n[[alias]]\nraw = "our-gpt"\nmodel = "openai/gpt-4o"\n',
        encoding="utf-8",
    )

    yaml = litellm_config(Policy(name="p", tiers=Tiers(premium=(name,))), load_layers([shipped(), names]))

    assert 'model: "openai/gpt-4o"\n' in yaml


def test_what_litellm_cannot_do_is_named(catalog: Catalog) -> None:
    rules = (Rule(name="night\nly", when=When(tag=("x",)), tier="mini"), Rule(strategy="fastest"))
    policy = ready_policy("balanced").model_copy(update={"rules": rules, "name": "a\u2028\x85b"})

    head = litellm_config(policy, catalog).split("model_list:")[0].splitlines()

    assert (
        head[0]
        == '# LiteLLM proxy configuration of the routing policy "a\\u2028\\u0085b", written by costopt.'
    )
    assert head[3:] == [
        '#   rule 1 "night\\nly"',
        "#   rule 2",
        "#   escalation below confidence 0.7; `fallbacks` are for errors only",
        "#   weights of cost, quality and latency; the tier is the caller's choice",
    ]


def test_where_nothing_is_lost_nothing_is_said(catalog: Catalog) -> None:
    policy = ready_policy("cost").model_copy(update={"escalation": Escalation(enabled=False)})

    assert "Not carried over" not in litellm_config(policy, catalog)


def test_a_policy_without_tiers_makes_no_configuration(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="`p` has no tiers"):
        litellm_config(Policy(name="p", rules=(Rule(model="gpt-4o"),)), catalog)


def test_an_unknown_model_makes_no_configuration(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="the catalog has no model `openai/gpt-4o-mni`"):
        litellm_config(Policy(name="p", tiers=Tiers(mini=("openai/gpt-4o-mni",))), catalog)
