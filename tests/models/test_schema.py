from costopt.models.schema import (
    COLUMN_MEANINGS,
    COUNTS,
    DIMENSIONS,
    NUMBERS,
    REQUESTS,
    REQUIRED,
    SIZES,
    TEXTS,
)


def test_every_column_has_a_meaning() -> None:
    assert COLUMN_MEANINGS.keys() == REQUESTS.keys()


def test_every_column_is_of_one_kind() -> None:
    kinds = [*DIMENSIONS, *COUNTS, *SIZES, *NUMBERS, *TEXTS, "timestamp", "cost_usd"]

    assert sorted(kinds) == sorted(REQUESTS)
    assert set(REQUIRED) <= set(REQUESTS)
