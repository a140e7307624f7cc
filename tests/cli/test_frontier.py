import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import external_file, snapshot

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]
FILE = Path("data/costopt/frontier_models.json")


@pytest.fixture(autouse=True)
def _november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costopt.cli.loading.clock", lambda: dt.datetime(2026, 11, 2, tzinfo=dt.UTC))


def kept() -> list[dict[str, Any]]:
    """What the file says."""
    return list(json.loads(FILE.read_text()))


@pytest.mark.parametrize("form", ["table", "json", "csv", "md", "html"])
def test_the_list_reads(run: Run, form: str) -> None:
    run("frontier", "set", "premium-model", "0.03", "--capability", "reasoning", "--capability", "code")
    run("frontier", "set", "lesser-model", "0.000125")

    code, out, err = run("frontier", "list", "-o", form)

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/frontier-list-{form}.txt")


def test_no_model_is_told_with_how_to_set_one(run: Run) -> None:
    assert run("frontier", "list") == snapshot(
        (
            0,
            """\

 no frontier model: costopt frontier set NAME USD
""",
            "",
        )
    )


def test_a_new_rate_keeps_the_capabilities_unless_others_are_named(run: Run) -> None:
    run("frontier", "set", "premium-model", "0.03", "--capability", "code")
    run("frontier", "set", "premium-model", "0.02")
    assert kept() == snapshot(
        [
            {
                "model_name": "premium-model",
                "cost_per_1k_tokens_usd": 0.02,
                "capabilities": ["code"],
                "last_updated": 1793577600,
            }
        ]
    )

    run("frontier", "set", "premium-model", "0.02", "--capability", "dialog", "--capability", "dialog")
    assert kept()[0]["capabilities"] == ["dialog"]


def test_one_model_is_shown_and_removed(run: Run) -> None:
    run("frontier", "set", "premium-model", "0.03")
    run("frontier", "set", "lesser-model", "0.02")

    assert run("frontier", "show", "lesser-model", "-o", "csv") == snapshot(
        (
            0,
            """\
model_name,cost_per_1k_tokens_usd,capabilities,last_updated
lesser-model,0.02,,1793577600
""",
            "",
        )
    )
    assert run("frontier", "remove", "premium-model", "-o", "csv") == snapshot(
        (
            0,
            """\
model_name,cost_per_1k_tokens_usd,capabilities,last_updated
lesser-model,0.02,,1793577600
""",
            "",
        )
    )


def test_a_file_is_imported_and_its_times_stay(run: Run, write: Write) -> None:
    listed = [
        {"model_name": "premium-model", "cost_per_1k_tokens_usd": 0.03, "last_updated": 1703123456},
        {"model_name": "of-the-far-future", "cost_per_1k_tokens_usd": 1, "last_updated": 10**15},
    ]
    write("models.json", json.dumps(listed))

    assert run("frontier", "import", "models.json") == snapshot(
        (
            0,
            """\

 2 frontier models

 model              1k tokens  updated           capabilities
 premium-model          $0.03  2023-12-21        –
 of-the-far-future      $1.00  1000000000000000  –
""",
            "",
        )
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "set premium-model dear",
            snapshot("""\
error: `dear` is not a rate

hint: write US dollars for a thousand tokens: 0.03
"""),
        ),
        (
            "set premium-model -- -1",
            snapshot("""\
error: `cost_per_1k_tokens_usd` is not between 0 and 1,000,000,000 USD

hint: write `costopt frontier set NAME USD`, such as 0.03
"""),
        ),
        (
            "set premium-model nan",
            snapshot("""\
error: `cost_per_1k_tokens_usd` is not a finite number

hint: write `costopt frontier set NAME USD`, such as 0.03
"""),
        ),
        (
            "show premium-modl",
            snapshot("""\
error: `premium-modl` is not a frontier model

hint: did you mean `premium-model`?
"""),
        ),
        (
            "remove nothing",
            snapshot("""\
error: `nothing` is not a frontier model

hint: the frontier models are `premium-model`
"""),
        ),
        (
            "import nowhere.json",
            snapshot("""\
error: Cannot read `nowhere.json`: No such file or directory

hint: check the path and its permissions
"""),
        ),
        (
            "import broken.json",
            snapshot("""\
error: `broken.json` is not a list of frontier models: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)

hint: mend it there; each model has a `model_name` and `cost_per_1k_tokens_usd`
"""),
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_do(run: Run, write: Write, words: str, told: str) -> None:
    write("broken.json", "{")
    run("frontier", "set", "premium-model", "0.03")

    code, out, err = run("frontier", *words.split())

    assert (code, out) == (2, "")
    assert err == told
