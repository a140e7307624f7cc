import json

import polars as pl
import pytest

from costopt.calculators.routing.features import categories, count_terms, looks, texts, weigh_terms


def test_words_and_neighbouring_pairs_are_counted_within_each_text() -> None:
    counts = count_terms(pl.Series(["The cat, the cat", "a dog", ""]))

    assert counts.rows() == [
        (0, "cat", 2),
        (0, "cat the", 1),
        (0, "the", 2),
        (0, "the cat", 2),
        (1, "dog", 1),
    ]


def test_long_text_is_read_at_both_ends() -> None:
    read = texts(pl.Series(["first " + "middle " * 2000 + "last", "first " + "x" * 3990 + "last", None]))

    assert [len(text) for text in read] == [5001, 4000, 0]
    assert read[0].startswith("first")
    assert read[0].endswith("last")


def test_chat_is_read_as_what_it_asks() -> None:
    assert texts(pl.Series([json.dumps([{"role": "user", "content": "Hello"}])])).to_list() == ["Hello"]


def test_weights_are_those_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]  # noqa: PLC0415

    written = ["the cat sat on the mat", "the dog sat", "a cat and a dog"]
    known = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit(written)
    idf = pl.DataFrame({"term": known.get_feature_names_out().tolist(), "idf": known.idf_})

    ours = weigh_terms(count_terms(pl.Series(written)), idf.with_row_index("place"))
    theirs = known.transform(written).toarray()

    assert ours.height == (theirs > 0).sum()
    for row, place, weight in ours.select("row", "place", "weight").iter_rows():
        assert weight == pytest.approx(theirs[row, place])


def test_looks_are_measures_without_a_gap() -> None:
    seen = looks(pl.Series(["", "What is 2 + 2?\nA. 4\nB. 5", "Prove it"]))

    assert seen.null_count().sum_horizontal().item() == 0
    assert seen["asks for reasoning"].to_list() == [0, 0, 1]
    assert seen["choices"].exp().round(6).to_list() == [1, 3, 1]


def test_categories_are_those_that_are_known() -> None:
    frame = pl.DataFrame({"tag": ["b", None, "a"], "endpoint": [None, "/x", "/y"], "other": [1, 2, 3]})

    assert categories(frame, ("tag", "endpoint")).rows() == [
        (0, "tag", "b"),
        (1, "endpoint", "/x"),
        (2, "endpoint", "/y"),
        (2, "tag", "a"),
    ]
    assert categories(frame, ()).is_empty()
