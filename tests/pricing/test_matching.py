from collections.abc import Callable
from pathlib import Path

import pytest

from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.lending import model_of
from costopt.pricing.matching import find_provider, meaning_of, nearest, resolve

Stacked = Callable[..., Catalog]
Refused = Callable[..., str]

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
    return None if index is None else model_of(catalog, index).name


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
        ("separators in a provider's name do not count", "Azure AI-OpenAI", "gpt-4o", "azure/gpt-4o"),
        ("a meaningless prefix is dropped", "openai", "azure/gpt-4o-mini", "openai/gpt-4o-mini"),
        ("two meaningless prefixes are dropped", "openai", "azure/openai/gpt-4o-mini", "openai/gpt-4o-mini"),
        ("a prefix alone is no name", "openai", "openai/", None),
        ("a compact date is read", "openai", "gpt-4o-mini-20240718", "openai/gpt-4o-mini"),
        ("a dashed date is read", "anthropic", "claude-opus-4-2025-05-14", "anthropic/claude-opus-4"),
        ("a version date is read", "anthropic", "claude-opus-4@20250514", "anthropic/claude-opus-4"),
        ("a longer number is not a date", "anthropic", "claude-opus-4-202505140", None),
        (
            "a project and its location are dropped",
            "openai",
            "projects/p-1/locations/eu/gpt-4o-mini",
            "openai/gpt-4o-mini",
        ),
        (
            "no provider: without project and location",
            None,
            "projects/p-1/locations/eu/openai/gpt-4o",
            "openai/gpt-4o",
        ),
        ("a project without location is a name", None, "projects/p-1/gpt-4o", None),
        ("a provider falls back", "azure", "gpt-4o", "azure/gpt-4o"),
        ("a fallback provider may be the prefix", "azure", "open_ai/gpt-4o", "azure/gpt-4o"),
        ("a gateway's own price wins", "router", "router/acme/large", "router/acme/large"),
        ("a gateway passes on the vendor's price", "router", "openai/gpt-4o", "router/openai/gpt-4o"),
        ("a gateway's own prefix comes off first", "router", "router/openai/gpt-4o", "router/openai/gpt-4o"),
        ("a gateway's variant has a price of its own", "router", "openai/gpt-4o:nitro", None),
        ("a gateway's variant, with its own prefix", "router", "router/openai/gpt-4o:online", None),
        ("a vendor's own colon is a name", "openai", "openai/gpt-4o:ft", "openai/gpt-4o"),
        ("a host is not a gateway", "host", "openai/gpt-4o", None),
        ("a named provider is believed", "anthropic", "gpt-4o", None),
        ("an unknown vendor is not guessed", "router", "nobody/gpt-4o", None),
        ("no provider: inferred", None, "gpt-4o-mini", "openai/gpt-4o-mini"),
        ("no provider: inferred from an exact name without price", None, "whisper", None),
        ("no provider: inferred from an ending", "", "claude-opus-4-20250514", "anthropic/claude-opus-4"),
        ("no provider: the first that infers decides", None, "gpt-oss", None),
        ("no provider: prefix", None, "host/gpt-oss", "host/gpt-oss"),
        ("no provider: prefix of a gateway", None, "router/openai/gpt-4o", "router/openai/gpt-4o"),
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


@pytest.mark.parametrize(
    ("provider", "model", "how"),
    [
        ("openai", "GPT-4o-mini", "by name"),
        ("openai", "tuned", "by name"),
        ("openai", "azure/openai/gpt-4o-mini", "by the name `gpt-4o-mini`"),
        ("anthropic", "claude-opus-4@20250514", "by the name `claude-opus-4-20250514`"),
        ("openai", "gpt-4o-audio", "by the prefix `gpt-4o`"),
        ("openai", "mine:tuned", "by the suffix `:tuned`"),
        ("anthropic", "the-next-one", "by the part `next`"),
        ("anthropic", "claude-x7", r"by the pattern `^claude-x\d$`"),
        ("azure", "gpt-4o", "by name"),
        ("router", "openai/gpt-4o-audio", "by the prefix `gpt-4o`"),
        (None, "gpt-4o-mini", "by name"),
        ("my-proxy", "openai/gpt-4o", "by name"),
    ],
)
def test_a_meaning_says_how_it_was_found(
    catalog: Catalog, provider: str | None, model: str, how: str
) -> None:
    found = meaning_of(catalog, provider, model)

    assert found is not None
    assert found.how == how


@pytest.mark.parametrize(
    ("name", "expected"), [("OPENAI", "openai"), ("azure-AI_openai", "azure"), ("nobody", None), ("", None)]
)
def test_a_provider_is_found_however_it_is_spelt(catalog: Catalog, name: str, expected: str | None) -> None:
    found = find_provider(catalog, name)

    assert (found.id if found else None) == expected


# Names of several files

LOWER = """
[[provider]]
id = "acme"
names = ["acme_inc"]
[[model]]
provider = "acme"
id = "large"
match = { exact = ["large-1", "big"], prefix = ["large-"] }
[[model.price]]
[[model]]
provider = "acme"
id = "small"
match = { prefix = ["sm"] }
[[model.price]]
"""


def model(name: str, match: str = "", *, provider: str = "acme") -> str:
    """A model without rates, by these other names."""
    names = f"match = {{ {match} }}\n" if match else ""
    return f'[[model]]\nprovider = "{provider}"\nid = "{name}"\n{names}[[model.price]]\n'


@pytest.mark.parametrize(
    ("claim", "upper", "raw", "expected"),
    [
        ("an exact name above wins", model("own", 'exact = ["big"]'), "big", "acme/own"),
        ("an exact name above wins over an id below", model("own", 'exact = ["small"]'), "small", "acme/own"),
        ("an id above wins over an exact name below", model("big"), "big", "acme/big"),
        ("a pattern above wins over one below", model("own", 'prefix = ["larg"]'), "large-9", "acme/own"),
        (
            "an exact name below wins over a pattern above",
            model("own", 'prefix = ["b"]'),
            "big",
            "acme/large",
        ),
        ("names below stay where they are not said above", model("large"), "large-1", "acme/large"),
        ("names said above replace them", model("large", 'exact = ["x"]'), "big", None),
    ],
)
def test_names_of_an_upper_file_win(
    stacked: Stacked, claim: str, upper: str, raw: str, expected: str | None
) -> None:
    assert meaning(stacked(LOWER, upper), "acme", raw) == expected, claim


def test_a_price_said_again_does_not_say_the_names_again(stacked: Stacked) -> None:
    catalog = stacked(LOWER, model("large") + model("big"))

    assert meaning(catalog, "acme", "big") == "acme/big"
    assert meaning(catalog, "acme", "large-1") == "acme/large"


def test_a_name_that_a_file_between_has_dropped_is_not_back(stacked: Stacked) -> None:
    catalog = stacked(LOWER, model("large", 'exact = ["x"]'), model("large"))

    assert [meaning(catalog, "acme", raw) for raw in ("big", "x", "large")] == [
        None,
        "acme/large",
        "acme/large",
    ]


def test_names_of_the_uppermost_file_win_also_where_a_file_between_has_them(stacked: Stacked) -> None:
    catalog = stacked(LOWER, model("own", 'exact = ["big"]'), model("big"))

    assert meaning(catalog, "acme", "big") == "acme/big"


# Aliases


def alias(raw: str, target: str, provider: str = "") -> str:
    named = f'provider = "{provider}"\n' if provider else ""
    return f'[[alias]]\n{named}raw = "{raw}"\nmodel = "{target}"\n'


@pytest.mark.parametrize(
    ("claim", "aliases", "asked", "expected"),
    [
        ("for any provider", alias("chat", "acme/large"), ("acme", "chat"), "acme/large"),
        (
            "for one that the catalog does not know",
            alias("chat", "acme/large"),
            ("proxy", "chat"),
            "acme/large",
        ),
        ("and for none", alias("chat", "acme/large"), (None, "chat"), "acme/large"),
        ("case and blanks do not count", alias(" Chat", "Acme/LARGE"), ("acme", "CHAT "), "acme/large"),
        ("of one provider", alias("chat", "acme/large", "acme"), ("acme", "chat"), "acme/large"),
        ("spelt otherwise here", alias("chat", "acme/large", "ACME-inc"), ("acme", "chat"), "acme/large"),
        ("spelt otherwise there", alias("chat", "acme/large", "acme"), ("Acme Inc", "chat"), "acme/large"),
        (
            "of one that the catalog does not know",
            alias("c", "acme/large", "My_Proxy"),
            ("MY PROXY", "c"),
            "acme/large",
        ),
        ("not of another", alias("chat", "acme/large", "proxy"), ("acme", "chat"), None),
        ("nor of none", alias("chat", "acme/large", "acme"), (None, "chat"), None),
        (
            "one of the provider wins over one of any",
            alias("chat", "acme/small") + alias("chat", "acme/large", "acme"),
            ("acme", "chat"),
            "acme/large",
        ),
        ("it wins over a name", alias("small", "acme/large"), ("acme", "small"), "acme/large"),
        (
            "it may mean a name that a pattern fits",
            alias("chat", "acme/smart"),
            ("acme", "chat"),
            "acme/small",
        ),
        ("and a provider spelt otherwise", alias("chat", "acme_inc/large"), ("acme", "chat"), "acme/large"),
    ],
)
def test_an_alias_means(
    stacked: Stacked, claim: str, aliases: str, asked: tuple[str | None, str], expected: str | None
) -> None:
    assert meaning(stacked(LOWER, aliases), *asked) == expected, claim


def test_an_alias_of_an_upper_file_wins(stacked: Stacked) -> None:
    files = (LOWER, alias("chat", "acme/large"), alias("chat", "acme/small"))

    assert meaning(stacked(*files), "acme", "chat") == "acme/small"
    assert meaning(stacked(*files[:2]), "acme", "chat") == "acme/large"


def test_an_alias_may_mean_a_model_of_a_file_below_or_beside_it(stacked: Stacked) -> None:
    catalog = stacked(LOWER, model("own") + alias("a", "acme/own") + alias("b", "acme/large"))

    assert [meaning(catalog, None, raw) for raw in "ab"] == ["acme/own", "acme/large"]


def test_an_alias_may_mean_what_a_gateway_passes_on(stacked: Stacked) -> None:
    gateway = '[[provider]]\nid = "router"\ngateway = true\n'

    assert (
        meaning(stacked(LOWER, gateway + alias("r", "router/acme/large")), None, "r") == "router/acme/large"
    )


def test_a_meaning_by_an_alias_says_so(stacked: Stacked) -> None:
    found = meaning_of(stacked(LOWER, alias("chat", "acme/large")), "acme", "chat")

    assert found is not None
    assert found.how == "by an alias for `acme/large`"


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        (
            alias("chat", "acme/larg"),
            "`1.toml`, line 5: alias 1: the catalog has no model `acme/larg`\ndid you mean `acme/large`?",
        ),
        (
            alias("chat", "acme_inc/larg"),
            "alias 1: the catalog has no model `acme_inc/larg`\ndid you mean `acme/large`?",
        ),
        (
            alias("chat", "acmee/large"),
            "alias 1: the catalog has no model `acmee/large`\ndid you mean `acme/large`?",
        ),
        (
            alias("chat", "acme/zzzzzz"),
            "the catalog has no model `acme/zzzzzz`\n`costopt pricing list` names all there are",
        ),
        (
            alias("chat", "zzz/zzzzzz"),
            "the catalog has no model `zzz/zzzzzz`\n`costopt pricing list` names all there are",
        ),
        (
            alias("a", "acme/large") + alias("b", "acme/larg"),
            "`1.toml`, line 8: alias 2: the catalog has no model `acme/larg`",
        ),
        (alias("chat", "large"), 'line 5: alias 1: `model` is `"large"`, not a provider and model such as'),
        (alias("chat", "/large"), "line 5: alias 1: `model` is `"),
        (alias("chat", "acme/"), "line 5: alias 1: `model` is `"),
        (alias(" ", "acme/large"), 'line 4: alias 1: `raw` is `" "`, not a string that is not empty'),
        ('[[alias]]\nraw = "chat"', "line 3: alias 1: `model` is missing"),
        ('[[alias]]\nname = "chat"', "line 4: alias 1: unknown key `name`"),
        (
            alias("chat", "acme/large") + alias("CHAT", "acme/small"),
            "line 7: alias 2: `chat` is there twice\nkeep one of them",
        ),
    ],
)
def test_an_alias_of_nothing_is_refused(refused: Refused, aliases: str, message: str) -> None:
    assert message in refused(LOWER, aliases)
