import pytest

from costopt.intake.formats.format import Field
from costopt.intake.formats.generic import ALIASES, generic_columns
from costopt.models.schema import REQUESTS


def found(*names: str) -> dict[str, str]:
    """By canonical column, the field it is read from."""
    fields = {name: Field(tuple(name.split("|")), frozenset({"str"})) for name in names}
    return {canonical: place.name for canonical, place in generic_columns(fields).items()}


def test_every_column_of_a_request_has_names() -> None:
    assert ALIASES.keys() == REQUESTS.keys()
    assert all(canonical == names[0] for canonical, names in ALIASES.items())


def test_no_name_means_two_columns() -> None:
    names = [name for names in ALIASES.values() for name in names]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "canonical"),
    [(name, canonical) for canonical, names in ALIASES.items() for name in names],
)
def test_a_column_is_found_by_any_of_its_names(name: str, canonical: str) -> None:
    assert found(name) == {canonical: name}


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Prompt Tokens", "input_tokens"),
        (" MODEL ", "model"),
        ("output-tokens", "output_tokens"),
        ("Status.Code", "status"),
        ("Cost_USD", "cost_usd"),
        ("INPUTTOKENS", "input_tokens"),
    ],
)
def test_case_blanks_and_dashes_do_not_count(name: str, canonical: str) -> None:
    assert found(name) == {canonical: name}


def test_an_exact_name_wins_over_a_similar_one() -> None:
    assert found("Model", "model")["model"] == "model"
    assert found("TIMESTAMP", "ts")["timestamp"] == "ts"


def test_the_first_of_several_names_wins() -> None:
    assert found("created", "ts", "completion_tokens", "output_tokens") == {
        "timestamp": "ts",
        "output_tokens": "output_tokens",
    }


def test_the_first_of_two_similar_fields_wins() -> None:
    assert found("Model", "MODEL") == {"model": "Model"}


def test_nested_fields_are_not_guessed() -> None:
    assert found("usage|input_tokens") == {}


def test_an_object_is_no_column() -> None:
    fields = {
        "user": Field(("user",), frozenset({"object", "null"})),
        "user.id": Field(("user", "id"), frozenset({"str"})),
    }

    assert generic_columns(fields) == {}
