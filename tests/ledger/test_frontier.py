import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from costopt.errors import ConfigError, LedgerError
from costopt.ledger.files import writing
from costopt.ledger.frontier import (
    Frontier,
    frontier_model,
    frontier_models,
    read_frontier,
    remove_frontier,
    set_frontier,
)

STATE = Path("state")
FILE = STATE / "frontier_models.json"
DOCUMENTED = """[
  {
    "model_name": "premium-model",
    "cost_per_1k_tokens_usd": 0.03,
    "capabilities": ["reasoning", "code", "dialog"],
    "last_updated": 1703123456
  }
]
"""


def frontier(name: str = "premium-model", rate: str = "0.03", **more: Any) -> Frontier:  # noqa: ANN401 - any key
    """A frontier model at this rate."""
    return Frontier(model_name=name, cost_per_1k_tokens_usd=Decimal(rate), **more)


def given(text: str) -> None:
    """The file says this."""
    STATE.mkdir(exist_ok=True)
    FILE.write_text(text, encoding="utf-8")


def test_at_first_there_is_none() -> None:
    assert frontier_models(STATE) == {}


def test_the_file_is_as_documented() -> None:
    capabilities = ("reasoning", "code", "dialog")

    set_frontier(STATE, [frontier(capabilities=capabilities, last_updated=1703123456)])

    assert FILE.read_text(encoding="utf-8") == DOCUMENTED
    assert json.loads(DOCUMENTED)[0]["cost_per_1k_tokens_usd"] == 0.03


def test_the_documented_file_is_read() -> None:
    given(DOCUMENTED)

    found = frontier_model(STATE, "premium-model")

    assert found.cost_per_1k_tokens_usd == Decimal("0.03")
    assert found.capabilities == ("reasoning", "code", "dialog")
    assert found.last_updated == 1703123456


def test_models_are_added_and_replaced_in_place() -> None:
    set_frontier(STATE, [frontier("a", "1"), frontier("b", "2")])
    now = set_frontier(STATE, [frontier("a", "3"), frontier("c", "4")])

    assert {name: str(model.cost_per_1k_tokens_usd) for name, model in now.items()} == {
        "a": "3",
        "b": "2",
        "c": "4",
    }
    assert frontier_models(STATE) == now
    assert [*now] == ["a", "b", "c"]


def test_a_removed_model_is_gone() -> None:
    set_frontier(STATE, [frontier("a"), frontier("b")])

    assert [*remove_frontier(STATE, "a")] == ["b"]
    assert [*remove_frontier(STATE, "b")] == []
    assert FILE.read_text(encoding="utf-8") == "[]\n"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("premium-mode", "did you mean `premium-model`?"),
        ("zzz", "the frontier models are `premium-model`, `other`"),
    ],
)
def test_an_unknown_model_is_an_error_with_a_hint(name: str, hint: str) -> None:
    set_frontier(STATE, [frontier(), frontier("other")])

    with pytest.raises(ConfigError, match=f"`{name}` is not a frontier model") as raised:
        frontier_model(STATE, name)
    assert raised.value.hint == hint
    with pytest.raises(ConfigError, match="is not a frontier model"):
        remove_frontier(STATE, name)


def test_without_any_model_the_hint_is_to_set_one() -> None:
    with pytest.raises(ConfigError) as raised:
        frontier_model(STATE, "premium-model")
    assert raised.value.hint == "there is none yet; set one and its rate first"


def test_unknown_keys_stay() -> None:
    given(
        """[{"model_name": "a", "cost_per_1k_tokens_usd": 1, "note": "Zürich \\ud800", "tiers": [0.10, {"x": null}]},
            {"model_name": "b", "cost_per_1k_tokens_usd": 2, "owner": true}]"""
    )

    set_frontier(STATE, [frontier("a", "0.5", last_updated=7)])

    assert FILE.read_text(encoding="utf-8") == (
        """[
  {
    "model_name": "a",
    "cost_per_1k_tokens_usd": 0.5,
    "capabilities": [],
    "last_updated": 7,
    "note": "Zürich \\ud800",
    "tiers": [0.1, {"x": null}]
  },
  {
    "model_name": "b",
    "cost_per_1k_tokens_usd": 2,
    "capabilities": [],
    "last_updated": 0,
    "owner": true
  }
]
"""
    )


def test_models_are_imported_from_another_file() -> None:
    Path("list.json").write_text(DOCUMENTED, encoding="utf-8")
    set_frontier(STATE, [frontier("premium-model", "9", note="ours"), frontier("other")])

    now = set_frontier(STATE, read_frontier(Path("list.json")).values())

    assert now["premium-model"].cost_per_1k_tokens_usd == Decimal("0.03")
    assert now["premium-model"].model_extra == {"note": "ours"}
    assert [*now] == ["premium-model", "other"]


def test_a_rate_keeps_its_digits() -> None:
    set_frontier(STATE, [frontier(rate="123456789.123456789012345")])

    assert str(frontier_model(STATE, "premium-model").cost_per_1k_tokens_usd) == "123456789.123456789012345"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[", "Expecting value"),
        ("{}", "models: it is not a list"),
        ("[1]", "model 1: it is not an object"),
        ("[" * 100_000, "recursion"),
        ('[{"cost_per_1k_tokens_usd": 1}]', "model 1: `model_name` is missing"),
        ('[{"model_name": "", "cost_per_1k_tokens_usd": 1}]', "model 1: `model_name` is empty"),
        ('[{"model_name": " ", "cost_per_1k_tokens_usd": 1}]', "model 1: `model_name` is empty"),
        (
            '[{"model_name": "a", "cost_per_1k_tokens_usd": "1"}]',
            "model 1: `cost_per_1k_tokens_usd` is not a number",
        ),
        ('[{"model_name": "a", "cost_per_1k_tokens_usd": true}]', "`cost_per_1k_tokens_usd` is not a number"),
        ('[{"model_name": "a", "cost_per_1k_tokens_usd": NaN}]', "NaN is not a number"),
        ('[{"model_name": "a", "cost_per_1k_tokens_usd": -1}]', "is not between 0 and 1,000,000,000 USD"),
        ('[{"model_name": "a", "cost_per_1k_tokens_usd": 1e10}]', "is not between 0 and 1,000,000,000 USD"),
        (
            '[{"model_name": "a", "cost_per_1k_tokens_usd": 1e-16}]',
            "has more than 15 digits behind the point",
        ),
        (
            '[{"model_name": "a", "cost_per_1k_tokens_usd": 1, "capabilities": "x"}]',
            "`capabilities` is not a list",
        ),
        (
            '[{"model_name": "a", "cost_per_1k_tokens_usd": 1, "capabilities": [1]}]',
            "`capabilities.0` is not a text",
        ),
        (
            '[{"model_name": "a", "cost_per_1k_tokens_usd": 1, "last_updated": "now"}]',
            "`last_updated` is not a whole number",
        ),
        (
            '[{"model_name": "a", "cost_per_1k_tokens_usd": 1}, {"model_name": "a", "cost_per_1k_tokens_usd": 2}]',
            "twice",
        ),
    ],
)
def test_a_broken_file_is_a_clear_error_and_stays(text: str, reason: str) -> None:
    given(text)

    with pytest.raises(
        LedgerError, match=r"`state/frontier_models.json` is not a list of frontier models: "
    ) as raised:
        set_frontier(STATE, [frontier()])
    assert reason in raised.value.message
    assert raised.value.hint.startswith("mend it there")
    assert FILE.read_text(encoding="utf-8") == text


def test_a_file_that_cannot_be_read_is_a_clear_error() -> None:
    FILE.mkdir(parents=True)

    with pytest.raises(LedgerError, match=r"Cannot read `state/frontier_models.json`"):
        frontier_models(STATE)


def test_only_one_writes_the_list_at_a_time() -> None:
    with writing(STATE, FILE.name), pytest.raises(LedgerError, match="Another process has been writing"):
        set_frontier(STATE, [frontier()], timeout=0)


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "-0.01"])
def test_a_rate_is_an_amount(rate: str) -> None:
    with pytest.raises(ValidationError):
        frontier(rate=rate)
