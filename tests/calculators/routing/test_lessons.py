from collections.abc import Sequence
from typing import Any, cast

import polars as pl
import pytest

from costopt.calculators.routing.gate import RouterCheck
from costopt.calculators.routing.learning import Learned
from costopt.calculators.routing.lessons import learn
from costopt.calculators.routing.router import Router, Side
from costopt.errors import ConfigError

SCHEMA = {
    "prompt": pl.String,
    "model": pl.String,
    "quality": pl.Float64,
    "tag": pl.String,
    "tenant": pl.String,
}
COSTS = {"small": 0.1, "large": 1.0, "other": 0.5}
NOTHING = Side(intercept=0, terms=(), looks=(), categories=())
FITTED = Router(
    by=(),
    terms=(),
    idf=(),
    looks=(),
    means=(),
    deviations=(),
    categories=(),
    weak=NOTHING,
    strong=NOTHING,
)
Lesson = tuple[str, pl.DataFrame, dict[str, Any]]


@pytest.fixture
def lessons(monkeypatch: pytest.MonkeyPatch) -> list[Lesson]:
    """What is taught, instead of learning it."""
    taught: list[Lesson] = []
    for name in ("learn_from_pairs", "learn_from_log"):

        def teach(frame: pl.DataFrame, name: str = name, **rest: Any) -> Learned:  # noqa: ANN401 - recorded
            taught.append((name, frame, rest))
            return Learned(cast("RouterCheck", None), FITTED)

        monkeypatch.setattr(f"costopt.calculators.routing.lessons.{name}", teach)
    return taught


def sampled(rows: Sequence[tuple[str | None, str, float | None]], tag: str | None = "t") -> pl.DataFrame:
    """Requests by prompt, model and quality."""
    return pl.DataFrame([(*row, tag, None) for row in rows], schema=SCHEMA, orient="row")


def test_a_router_is_learned_from_the_scored_answers_of_the_two_models_with_most(
    lessons: list[Lesson],
) -> None:
    log = [
        ("p", "large", 1.0),
        ("q", "large", 0.0),
        ("r", "small", 0.5),
        ("s", "small", 1.0),
        ("t", "other", 1.0),
    ]

    learned = learn(sampled([*log, (None, "other", 1.0), ("u", "other", None)]), COSTS)

    assert learned.router == FITTED.model_copy(update={"models": ("small", "large")})
    ((name, frame, rest),) = lessons
    assert (name, rest) == ("learn_from_log", {"weak": "small", "strong": "large", "by": ["tag"]})
    assert frame.select("prompt", "model", "quality").rows() == log


def test_of_models_that_cost_the_same_the_first_by_name_is_the_weak_one(lessons: list[Lesson]) -> None:
    learn(sampled([("p", "b", 1.0), ("q", "a", 0.0)]), {"a": 1.0, "b": 1.0})

    assert (lessons[0][2]["weak"], lessons[0][2]["strong"]) == ("a", "b")


def test_enough_prompts_that_both_have_answered_are_learned_from_alone(lessons: list[Lesson]) -> None:
    pairs = [(f"p{n}", model, float(model == "large")) for n in range(200) for model in ("small", "large")]
    again = ("p0", "small", 1.0)

    learn(sampled([*pairs, again, ("alone", "large", 1.0)], tag=None), COSTS)

    ((name, frame, rest),) = lessons
    assert (name, rest) == ("learn_from_pairs", {"by": []})
    assert frame.height == 200
    assert frame.select("prompt", "weak", "strong").rows()[:2] == [("p0", 0.5, 1.0), ("p1", 0.0, 1.0)]


def test_fewer_such_prompts_are_a_part_of_the_log(lessons: list[Lesson]) -> None:
    learn(sampled([(f"p{n}", model, 1.0) for n in range(199) for model in ("small", "large")]), COSTS)

    assert lessons[0][0] == "learn_from_log"


def test_without_prompts_there_is_nothing_to_learn_from() -> None:
    with pytest.raises(ConfigError, match="The log has no prompts to learn from") as caught:
        learn(sampled([(None, "a", 1.0)]), COSTS)
    assert caught.value.hint == "name their column: `--map prompt=NAME`"


@pytest.mark.parametrize("rows", [[("p", "a", 1.0)], [("p", "a", 1.0), ("q", "b", None)], [("p", "a", None)]])
def test_without_scores_of_two_models_nothing_is_learned(
    rows: list[tuple[str | None, str, float | None]],
) -> None:
    with pytest.raises(ConfigError, match="learned from the scored answers of two models") as caught:
        learn(sampled(rows), COSTS)
    assert caught.value.hint == "a score is read from `quality`, 0 to 1: `--map quality=NAME`"


def test_a_model_without_a_price_is_neither_weak_nor_strong() -> None:
    with pytest.raises(ConfigError, match="the weak one is unknown: `new` has no price") as caught:
        learn(sampled([("p", "small", 1.0), ("q", "new", 1.0)]), COSTS)
    assert caught.value.hint == "name a file with its price: `--pricing FILE`"
