import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]

BEFORE = """
schema = 1
currency = "USD"
source = "the first edition"
date = 2026-10-01
standalone = true

[[model]]
provider = "acme"
id = "acme-large"
match = { exact = ["large"], prefix = ["acme-large-"] }
[[model.price]]
input = 5
output = 30
web_search_per_1k = 10
batch_input = 2.5
batch_output = 15

[[model]]
provider = "acme"
id = "acme-old"
[[model.price]]
input = 1

[[model]]
provider = "globex"
id = "grand"
[[model.price]]
input = 1000
output = 2000
"""

AFTER = """
schema = 1
currency = "USD"
source = "the second edition"
date = 2026-11-01
standalone = true

[[model]]
provider = "acme"
id = "acme-large"
match = { exact = ["acme-large", "xl"], prefix = ["acme-large-"], regex = ['^acme-large@\\d+$'] }
[[model.price]]
input = 5
output = 30
web_search_per_1k = 10
[[model.price]]
from = 2026-11-01
input = 4
cached_input = 0.125
output = 30
web_search_per_1k = 12
tier = [{ above = 200_000, input = 8 }]
[[model.price]]
from = 2026-11-01
hours_utc = ["22:00-06:00"]
weekdays = [1, 2]
input = 3
output = 20

[[model]]
provider = "acme"
id = "acme-new"
[[model.price]]
input = 1

[[model]]
provider = "globex"
id = "grand"
[[model.price]]
input = 1000
output = 2000
"""


@pytest.fixture(autouse=True)
def inputs(write: Write) -> None:
    """Two editions of a catalog; the first is the project's."""
    write("before.toml", BEFORE)
    write("after.toml", AFTER)
    write("costopt.toml", 'pricing = "before.toml"')


@pytest.fixture
def diff(run: Run) -> Callable[..., str]:
    """Runs `costopt pricing diff` and gives the report."""

    def told(*words: str, width: int | None = None) -> str:
        code, out, err = run("pricing", "diff", *words, width=width)
        assert (code, err) == (0, "")
        return out

    return told


Diff = Callable[..., str]


@pytest.mark.parametrize(
    ("name", "words", "width"),
    [
        ("80", [], 80),
        ("200", [], 200),
        ("pipe", [], None),
        ("json", ["-o", "json"], None),
        ("csv", ["-o", "csv"], None),
        ("md", ["-o", "md"], None),
    ],
)
def test_two_editions_read(diff: Diff, name: str, words: list[str], width: int | None) -> None:
    out = diff("before.toml", "after.toml", *words, width=width)

    assert out == external_file(f"screens/pricing-diff-{name}.txt")


def test_a_catalog_is_the_same_as_itself(diff: Diff) -> None:
    assert diff("after.toml", "after.toml") == snapshot("""\

 0 models added · 0 removed · 0 changed · 3 the same
 before  after.toml · the second edition · of 2026-11-01
 after   after.toml · the second edition · of 2026-11-01
""")


def test_a_model_that_only_one_writes_by_its_id_has_no_other_names(diff: Diff, write: Write) -> None:
    write("named.toml", BEFORE.replace('id = "grand"', 'id = "grand"\nmatch = { exact = ["grand", "g"] }'))

    assert diff("before.toml", "named.toml") == snapshot("""\

 0 models added · 0 removed · 1 changed · 2 the same
 before  before.toml · the first edition · of 2026-10-01
 after   named.toml · the first edition · of 2026-10-01

 other names
 globex/grand
   new   g

 every rate  costopt pricing diff before.toml named.toml -o csv
""")


def test_lists_of_both_forms_are_compared(diff: Diff, write: Write) -> None:
    write(
        "map.json",
        '{"large": {"litellm_provider": "acme", "input_cost_per_token": 4e-06, "output_cost_per_token": 8e-06}}',
    )
    write(
        "list.json",
        '[{"id": "acme", "models": [{"id": "large", "match": {"equals": "large"}, "prices": {"input_mtok": 5, "output_mtok": 8}}]}]',
    )

    assert diff("map.json", "list.json") == snapshot("""\

 0 models added · 0 removed · 1 changed · 0 the same
 before  map.json · litellm (map.json)
 after   list.json · genai-prices (list.json)

 changed, USD per million tokens
 acme/large
   standard  input $4.00 → $5.00

 every rate  costopt pricing diff map.json list.json -o csv
""")


def test_a_file_in_another_currency_is_compared_in_dollars(diff: Diff, write: Write) -> None:
    write(
        "euro.toml",
        BEFORE.replace('"USD"', '"EUR"\nexchange = [{ usd = 1.1 }, { from = 2026-11-01, usd = 1.2 }]'),
    )

    assert json.loads(diff("before.toml", "euro.toml", "-o", "json"))["changed"][1]["rates"] == snapshot(
        [
            {
                "from": None,
                "until": None,
                "hours_utc": [],
                "weekdays": [],
                "mode": "standard",
                "above": 0,
                "rate": "input",
                "before": 1,
                "after": 1.1,
            },
            {
                "from": "2026-11-01",
                "until": None,
                "hours_utc": [],
                "weekdays": [],
                "mode": "standard",
                "above": 0,
                "rate": "input",
                "before": 1,
                "after": 1.2,
            },
        ]
    )


def test_a_screen_shows_the_first_of_all_there_is(diff: Diff, write: Write) -> None:
    def models(name: str, rates: str, match: str = "") -> str:
        return "".join(
            f'[[model]]\nprovider = "acme"\nid = "{name}{number:02}"\n{match}[[model.price]]\n{rates}\n'
            for number in range(12)
        )

    many = ", ".join(f'"{letter}-"' for letter in "abcdefghij")
    tiers = ", ".join(f"{{ above = {number}000, input = {number} }}" for number in range(1, 10))
    head = BEFORE[: BEFORE.index("[[model]]")]
    write("one.toml", head + models("gone", "input = 1") + models("same", "input = 1"))
    write(
        "two.toml",
        head
        + models("new", "input = 1")
        + models("same", f"input = 1\ntier = [{tiers}]", f"match = {{ prefix = [{many}] }}\n"),
    )

    assert diff("one.toml", "two.toml", width=100) == external_file("screens/pricing-diff-many.txt")


# Which catalogs


def test_the_catalog_in_use_is_compared_with_the_shipped_one(
    diff: Diff, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("shipped.toml", BEFORE.replace("standalone = true\n", ""))
    for module in ("cli.loading", "pricing.catalog"):
        monkeypatch.setattr(f"costopt.{module}.shipped", lambda: Path("shipped.toml"))
    entry = '[[model]]\nprovider = "acme"\nid = "acme-old"\n[[model.price]]\ninput = {}\n'
    write("project.toml", f'schema = 1\ncurrency = "USD"\n{entry.format(2)}')
    write("own.toml", f'schema = 1\ncurrency = "USD"\n{entry.format(3)}')
    write("own/costopt.toml", 'pricing = "../project.toml"')
    words = ("shipped", "catalog", "--config", "own/costopt.toml")

    assert diff(*words) == snapshot("""\

 0 models added · 0 removed · 1 changed · 2 the same
 before  shipped.toml · the first edition · of 2026-10-01
 after   shipped.toml · the first edition · of 2026-10-01 · + own/../project.toml

 changed, USD per million tokens
 acme/acme-old
   standard  input $1.00 → $2.00

 every rate  costopt pricing diff shipped catalog --config own/costopt.toml -o csv
""")
    assert diff(*words, "--pricing", "own.toml") == snapshot("""\

 0 models added · 0 removed · 1 changed · 2 the same
 before  shipped.toml · the first edition · of 2026-10-01
 after   shipped.toml · the first edition · of 2026-10-01 · + own/../project.toml · + own.toml

 changed, USD per million tokens
 acme/acme-old
   standard  input $1.00 → $3.00

 every rate  costopt pricing diff shipped catalog --pricing own.toml --config own/costopt.toml -o csv
""")
    monkeypatch.setenv("COSTOPT_PRICING", "own.toml")
    assert " standard  input $1.00 → $3.00\n" in diff(*words)
    assert diff("shipped", "shipped.toml").startswith(
        "\n 0 models added · 0 removed · 0 changed · 3 the same\n"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "before.toml nowhere.toml",
            snapshot("""\
error: Cannot read the price catalog `nowhere.toml`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            "nowhere.json before.toml",
            snapshot("""\
error: Cannot read the price list `nowhere.json`: No such file or directory

hint: name a file, or one of the packages genai-prices, litellm, tokencostauto
"""),
        ),
        (
            "before.toml log.csv",
            snapshot("""\
error: `log.csv` is not JSON: Expecting value: line 1 column 1 (char 0)

hint: it should be the JSON of genai-prices (a list of providers) or of LiteLLM (an object of models)
"""),
        ),
        (
            "before.toml genai-prices",
            snapshot("""\
error: The package `genai-prices` is not installed

hint: run `pip install 'llm-costopt[sync]'`
"""),
        ),
        (
            "before.toml litellm",
            snapshot("""\
error: The package `litellm` is not installed

hint: run `pip install --no-deps litellm`
"""),
        ),
        (
            "before.toml",
            snapshot("""\
Usage: costopt pricing diff [OPTIONS] {BEFORE} {AFTER}
Try 'costopt pricing diff --help' for help.

Error: Missing argument 'AFTER'.
"""),
        ),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, words: str, expected: str
) -> None:
    write("log.csv", "timestamp,model\n")
    for module in ("genai_prices.data", "litellm"):
        monkeypatch.setitem(sys.modules, module, None)

    code, out, err = run("pricing", "diff", *words.split())

    assert (code, out) == (2, "")
    assert err == expected
