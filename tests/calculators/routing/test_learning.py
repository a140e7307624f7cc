import random
import sys
from collections.abc import Callable

import polars as pl
import pytest

from costopt.calculators.routing import learning
from costopt.calculators.routing.gate import UNKNOWN_CHOICE
from costopt.calculators.routing.learning import Learned, learn_from_log, learn_from_pairs
from costopt.calculators.routing.router import Router
from costopt.errors import ConfigError

Chances = Callable[[str], tuple[float, float]]


def told_by_a_word(prompt: str) -> tuple[float, float]:
    """The weak model fails where the prompt has `maze`."""
    return (0.1, 0.9) if "maze" in prompt else (0.9, 0.9)


def told_by_nothing(_: str) -> tuple[float, float]:
    return 0.4, 0.8


def answered(size: int, seed: int, chances: Chances) -> pl.DataFrame:
    """Prompts of 4 to 12 words, of which every third has `maze`, with answers that are right as chances have it."""
    lots = random.Random(seed)  # noqa: S311 - to be had again
    rows = []
    for number in range(size):
        words = [f"word{lots.randrange(3000)}" for _ in range(lots.randint(4, 12))]
        prompt = " ".join(["maze", *words] if number % 3 == 0 else words)
        weak, strong = chances(prompt)
        rows.append((prompt, float(lots.random() < weak), float(lots.random() < strong)))
    return pl.DataFrame(rows, schema=["prompt", "weak", "strong"], orient="row")


def served(pairs: pl.DataFrame, chance: pl.Expr, seed: int) -> pl.DataFrame:
    """The same as a log: each answered by one model, with the chance that it is the strong one."""
    lots = random.Random(seed)  # noqa: S311
    lot = pl.Series("lot", [lots.random() for _ in range(pairs.height)])
    is_strong = pl.col("lot") < pl.col("chance")
    return pairs.with_columns(lot, chance=chance).select(
        "prompt",
        model=pl.when(is_strong).then(pl.lit("big")).otherwise(pl.lit("small")),
        quality=pl.when(is_strong).then("strong").otherwise("weak"),
        propensity=pl.when(is_strong).then("chance").otherwise(1 - pl.col("chance")),
    )


@pytest.fixture(scope="module")
def labels() -> pl.DataFrame:
    return answered(300, 1, told_by_a_word)


@pytest.fixture(scope="module")
def learned(labels: pl.DataFrame) -> Learned:
    return learn_from_pairs(labels)


# Both models' answers


def test_what_tells_hard_prompts_is_learned_and_let_through(learned: Learned) -> None:
    assert learned.check.choose == "learned"
    assert (learned.check.basis, learned.check.left_out) == ("measured", 0)
    assert (learned.check.learned.apgr or 0) > 0.7
    assert learned.check.summary.startswith(
        "the learned router beats drawing lots and the rule: APGR learned 0."
    )


def test_router_that_is_let_through_prefers_the_strong_model_for_hard_prompts(learned: Learned) -> None:
    assert learned.router is not None
    hard, easy = learned.router.score(pl.DataFrame({"prompt": ["maze word1 word2", "word1 word2 word3"]}))

    assert -1 <= easy < hard <= 1


def test_same_labels_and_seed_give_the_same_to_the_last_digit(labels: pl.DataFrame, learned: Learned) -> None:
    assert learn_from_pairs(labels) == learned


def test_order_of_the_labels_does_not_count(labels: pl.DataFrame, learned: Learned) -> None:
    turned = learn_from_pairs(labels.reverse()).check

    assert turned.choose == "learned"
    assert turned.learned.apgr == pytest.approx(learned.check.learned.apgr, abs=1e-3)


def test_noise_is_not_let_through() -> None:
    found = learn_from_pairs(answered(300, 2, told_by_nothing))

    assert (found.check.choose, found.router) == ("none", None)
    assert found.check.summary.startswith("not better than random on this log")


def test_rule_is_let_through_where_it_is_right_and_nothing_is_learned() -> None:
    pairs = answered(300, 3, told_by_nothing)
    large = pl.Series([number % 2 == 0 for number in range(300)])
    log = pairs.with_columns(
        prompt=pl.lit("some text ") + pl.int_range(300).cast(pl.String),
        input_tokens=pl.when(large).then(5000).otherwise(10),
        weak=pl.when(large).then(0.0).otherwise(1.0),
        strong=pl.lit(1.0),
    )
    found = learn_from_pairs(log)

    assert (found.check.choose, found.router) == ("rule", None)
    assert found.check.rule.apgr == 0.75


def test_categories_are_learned_from() -> None:
    pairs = answered(300, 4, told_by_nothing)
    lots = random.Random(4)  # noqa: S311
    tags = pl.Series("tag", [lots.choice(["hard", "easy"]) for _ in range(300)])
    told = pairs.with_columns(tags, weak=pl.when(tags == "hard").then(0.0).otherwise(1.0), strong=pl.lit(1.0))
    found = learn_from_pairs(told, by=["tag"])

    assert found.check.choose == "learned"
    assert found.router is not None
    hard, easy, unknown = found.router.score(
        pl.DataFrame({"prompt": ["word1 word2"] * 3, "tag": ["hard", "easy", "new"]})
    )
    assert easy < unknown < hard
    assert found.router.score(pl.DataFrame({"prompt": ["word1 word2"]})).to_list() == [unknown]


def test_scores_between_right_and_wrong_are_learned_from(labels: pl.DataFrame) -> None:
    graded = labels.with_columns(weak=0.2 + 0.6 * pl.col("weak"), strong=0.1 + 0.9 * pl.col("strong"))

    assert learn_from_pairs(graded).check.choose == "learned"


def test_quality_that_is_always_the_same_leaves_nothing_to_learn(labels: pl.DataFrame) -> None:
    found = learn_from_pairs(labels.with_columns(weak=pl.lit(0.25), strong=pl.lit(0.75)))

    assert found.check.choose == "none"
    assert found.check.learned.apgr == 0.5


def test_strong_model_that_is_worse_leaves_nothing_to_route(labels: pl.DataFrame) -> None:
    found = learn_from_pairs(labels.rename({"weak": "strong", "strong": "weak"}))

    assert found.check.choose == "none"
    assert "the strong model is not better" in found.check.summary


def test_prompts_without_a_word_in_common_are_told_by_their_looks() -> None:
    pairs = answered(120, 5, told_by_nothing).with_columns(prompt=pl.format("w{}", pl.int_range(120)))

    assert learn_from_pairs(pairs).check.choose == "none"


def test_one_prompt_again_and_again_is_one_request(labels: pl.DataFrame) -> None:
    found = learn_from_pairs(labels.with_columns(prompt=pl.lit("always the same")))

    assert found.check.choose == "none"
    assert found.check.summary == "1 independent labelled requests, 100 are needed to learn from"


def test_turns_of_a_session_are_not_independent(labels: pl.DataFrame) -> None:
    sessions = (pl.int_range(300) // 5).cast(pl.String)

    assert learn_from_pairs(labels.with_columns(session=sessions)).check.summary.startswith("60 independent")
    assert learn_from_pairs(labels.with_columns(session=pl.lit(None))).check.choose == "learned"


def test_few_labels_are_refused() -> None:
    found = learn_from_pairs(answered(30, 6, told_by_a_word))

    assert (found.check.choose, found.router, found.check.learned.labels) == ("none", None, 30)


def test_rows_without_prompt_or_quality_are_left_out_and_counted(
    labels: pl.DataFrame, learned: Learned
) -> None:
    gaps = pl.DataFrame({"prompt": [None, "a", "b"], "weak": [1.0, None, 0.0], "strong": [1.0, 1.0, None]})
    found = learn_from_pairs(pl.concat([labels, gaps]))

    assert found.check.left_out == 3
    assert found.check.learned == learned.check.learned


def test_of_very_many_labels_a_sample_is_used(labels: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MOST", 200)
    found = learn_from_pairs(labels).check

    assert (found.learned.labels, found.left_out) == (200, 0)
    assert learn_from_pairs(labels.reverse()).check.rule == found.rule


# One model's answer


def test_known_propensities_make_one_answer_each_enough() -> None:
    pairs = answered(1500, 7, told_by_a_word)
    log = served(pairs, pl.when(pl.col("prompt").str.contains("maze")).then(0.7).otherwise(0.4), 7)
    found = learn_from_log(log, weak="small", strong="big")

    assert (found.check.choose, found.check.basis, found.check.assumption) == ("learned", "estimated", None)
    gap = (found.check.learned.strong_quality or 0) - (found.check.learned.weak_quality or 0)
    assert gap == pytest.approx((pairs["strong"] - pairs["weak"]).mean(), abs=0.06)


def test_without_propensities_figures_are_given_and_no_router() -> None:
    log = served(answered(600, 8, told_by_a_word), pl.lit(0.5), 8).drop("propensity")
    found = learn_from_log(log, weak="small", strong="big")

    assert (found.check.choose, found.router) == ("none", None)
    assert found.check.assumption == UNKNOWN_CHOICE
    assert (found.check.learned.apgr or 0) > 0.6


def test_requests_for_which_no_other_model_was_possible_say_nothing() -> None:
    log = served(answered(300, 9, told_by_a_word), pl.lit(0.5), 9)
    sure = log.head(40).with_columns(propensity=pl.lit(1.0))
    found = learn_from_log(pl.concat([log, sure]), weak="small", strong="big")

    assert found.check.left_out == 40
    assert found.check.learned.labels == 300


def test_answers_of_a_model_that_hardly_served_are_too_few(labels: pl.DataFrame) -> None:
    found = learn_from_log(served(labels, pl.lit(0.02), 10), weak="small", strong="big")

    assert found.check.choose == "none"
    assert "labelled answers of the strong model, 50 are needed" in found.check.summary


# What cannot be used


def test_missing_scikit_learn_is_said_with_how_to_get_it(
    labels: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)

    with pytest.raises(ConfigError, match="needs scikit-learn") as error:
        learn_from_pairs(labels)
    assert error.value.hint == "pip install 'llm-costopt[learn]'"


def test_missing_column_is_named(labels: pl.DataFrame) -> None:
    with pytest.raises(ConfigError, match="no column `tag`"):
        learn_from_pairs(labels, by=["tag"])


@pytest.mark.parametrize(("column", "value"), [("quality", 1.5), ("quality", -0.1), ("propensity", 0.0)])
def test_value_out_of_range_is_refused(labels: pl.DataFrame, column: str, value: float) -> None:
    log = served(labels, pl.lit(0.5), 11)
    wrong = log.head(1).with_columns(pl.lit(value).alias(column))

    with pytest.raises(ConfigError, match=f"`{column}` is not always from 0 to 1"):
        learn_from_log(pl.concat([log, wrong]), weak="small", strong="big")


# A router as data


def test_router_is_read_again_as_it_was_written(labels: pl.DataFrame, learned: Learned) -> None:
    assert learned.router is not None
    again = Router.model_validate_json(learned.router.model_dump_json())

    assert again == learned.router
    assert again.score(labels).equals(learned.router.score(labels))


def test_router_is_applied_without_scikit_learn(
    labels: pl.DataFrame, learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learned.router is not None
    for name in ("sklearn", "scipy", "numpy"):
        monkeypatch.setitem(sys.modules, name, None)

    assert learned.router.score(labels.head(5)).len() == 5


def test_prompt_that_is_missing_has_a_score(learned: Learned) -> None:
    assert learned.router is not None

    assert learned.router.score(pl.DataFrame({"prompt": [None, ""]})).null_count() == 0
