from pathlib import Path

import pytest

from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.matching import nearest, resolve

TOML = r"""
schema = 1
currency = "USD"

[[provider]]
id = "openai"
names = ["open_ai"]
strip = ["openai/", "azure/"]
infer = { prefix = ["gpt-"], exact = ["whisper"] }

[[provider]]
id = "anthropic"
infer = { contains = ["claude"], suffix = ["-opus"] }

[[provider]]
id = "azure"
names = ["azure.ai.openai"]
fallback = ["openai"]

[[provider]]
id = "router"
strip = ["router/"]
gateway = true

[[provider]]
id = "host"
infer = { regex = ['^GPT-oss'] }

[[model]]
provider = "openai"
id = "gpt-4o"
match = { prefix = ["gpt-4o"] }
[[model.price]]
input = 2.5

[[model]]
provider = "openai"
id = "gpt-4o-mini"
match = { exact = ["gpt-4o-mini", "gpt-4o-mini-2024-07-18"] }
[[model.price]]
input = 0.15

[[model]]
provider = "openai"
id = "tuned"
match = { suffix = [":tuned"] }
[[model.price]]
input = 3

[[model]]
provider = "anthropic"
id = "claude-opus-4"
match = { exact = ["claude-opus-4-20250514"] }
[[model.price]]
input = 15

[[model]]
provider = "anthropic"
id = "claude-next"
match = { contains = ["next"], regex = ['^claude-x\d$'] }
[[model.price]]
input = 5

[[model]]
provider = "router"
id = "acme/large"
[[model.price]]
input = 1

[[model]]
provider = "host"
id = "gpt-oss"
[[model.price]]
input = 1

[[model]]
provider = "host"
id = "Shadow"
match = { exact = ["shadowed"] }
[[model.price]]
input = 1

[[model]]
provider = "host"
id = "shadowed"
[[model.price]]
input = 1
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    file: Path = tmp_path_factory.mktemp("catalog") / "prices.toml"
    file.write_text(TOML, encoding="utf-8")
    return load_catalog(file)


def meaning(catalog: Catalog, provider: str | None, model: str) -> str | None:
    index = resolve(catalog, provider, model)
    return None if index is None else f"{catalog.models[index].provider}/{catalog.models[index].id}"


@pytest.mark.parametrize(
    ("claim", "provider", "model", "expected"),
    [
        ("an exact name wins over an earlier pattern", "openai", "gpt-4o-mini", "openai/gpt-4o-mini"),
        ("a pattern catches the rest", "openai", "gpt-4o-audio", "openai/gpt-4o"),
        ("a suffix matches", "openai", "mine:tuned", "openai/tuned"),
        ("a part matches", "anthropic", "the-next-one", "anthropic/claude-next"),
        ("a regular expression matches", "anthropic", "claude-x7", "anthropic/claude-next"),
        ("a regular expression is not a prefix", "anthropic", "claude-x77", None),
        ("an id is a name", "router", "acme/large", "router/acme/large"),
        ("an exact name wins over another model's id", "host", "shadowed", "host/Shadow"),
        ("case and blanks do not count", " OpenAI ", " GPT-4o-Mini ", "openai/gpt-4o-mini"),
        ("a provider has other names", "open_ai", "gpt-4o", "openai/gpt-4o"),
        ("separators in a provider's name do not count", "Azure AI-OpenAI", "gpt-4o", "openai/gpt-4o"),
        ("a meaningless prefix is dropped", "openai", "azure/gpt-4o-mini", "openai/gpt-4o-mini"),
        ("two meaningless prefixes are dropped", "openai", "azure/openai/gpt-4o-mini", "openai/gpt-4o-mini"),
        ("a prefix alone is no name", "openai", "openai/", None),
        ("a compact date is read", "openai", "gpt-4o-mini-20240718", "openai/gpt-4o-mini"),
        ("a dashed date is read", "anthropic", "claude-opus-4-2025-05-14", "anthropic/claude-opus-4"),
        ("a version date is read", "anthropic", "claude-opus-4@20250514", "anthropic/claude-opus-4"),
        ("a longer number is not a date", "anthropic", "claude-opus-4-202505140", None),
        ("a provider falls back", "azure", "gpt-4o", "openai/gpt-4o"),
        ("a fallback provider may be the prefix", "azure", "open_ai/gpt-4o", "openai/gpt-4o"),
        ("a gateway's own price wins", "router", "router/acme/large", "router/acme/large"),
        ("a gateway passes on the vendor's price", "router", "openai/gpt-4o", "openai/gpt-4o"),
        ("a gateway's own prefix comes off first", "router", "router/openai/gpt-4o", "openai/gpt-4o"),
        ("a host is not a gateway", "host", "openai/gpt-4o", None),
        ("a named provider is believed", "anthropic", "gpt-4o", None),
        ("an unknown vendor is not guessed", "router", "nobody/gpt-4o", None),
        ("no provider: inferred", None, "gpt-4o-mini", "openai/gpt-4o-mini"),
        ("no provider: inferred from an exact name without price", None, "whisper", None),
        ("no provider: inferred from an ending", "", "claude-opus-4-20250514", "anthropic/claude-opus-4"),
        ("no provider: the first that infers decides", None, "gpt-oss", None),
        ("no provider: prefix", None, "host/gpt-oss", "host/gpt-oss"),
        ("no provider: prefix of a gateway", None, "router/openai/gpt-4o", "openai/gpt-4o"),
        ("no provider: prefix after an inference in vain", None, "router/claude/openai/gpt-4o", None),
        ("unknown provider: prefix", "my-proxy", "openai/gpt-4o", "openai/gpt-4o"),
        ("unknown provider: inferred", "my-proxy", "gpt-4o", "openai/gpt-4o"),
        ("nothing to go by", None, "large", None),
        ("an empty name means nothing", "openai", "", None),
    ],
)
def test_a_raw_name_means(
    catalog: Catalog, claim: str, provider: str | None, model: str, expected: str
) -> None:
    assert meaning(catalog, provider, model) == expected, claim


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "gpt-4o-mni", "gpt-4o-mini"),
        ("azure", "GPT-4o-mni", "gpt-4o-mini"),
        (None, "claude-opus-5", "claude-opus-4"),
        ("my-proxy", "claude-opus-5", "claude-opus-4"),
        ("openai", "llama", None),
    ],
)
def test_a_near_miss_is_suggested(
    catalog: Catalog, provider: str | None, model: str, expected: str | None
) -> None:
    assert nearest(catalog, provider, model) == expected


def test_two_catalogs_do_not_mix(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "empty.toml"
    file.write_text('schema = 1\ncurrency = "USD"', encoding="utf-8")

    assert resolve(catalog, "openai", "gpt-4o") == 0
    assert resolve(load_catalog(file), "openai", "gpt-4o") is None
