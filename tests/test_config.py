from collections.abc import Callable
from pathlib import Path

import pytest

from costopt.config import BatchConfig, Config, load_config
from costopt.errors import ConfigError

Write = Callable[[str, str | bytes], str]

FULL = """
pricing = "prices/own.toml"
format = "formats/own.toml"
cost = "logged"
timezone = "Europe/Berlin"
dedupe = false
where = "tag is null"

[map]
input_tokens = "usage.prompt"

[set]
provider = "acme"

[batch]
tags = ["nightly-evals"]
"""


def test_without_a_file_everything_has_its_default() -> None:
    assert load_config(None) == Config(
        pricing=None,
        format=None,
        cost="auto",
        timezone="UTC",
        dedupe=True,
        where=None,
        map={},
        set={},
        batch=BatchConfig(),
    )


def test_an_empty_file_changes_nothing(write: Write) -> None:
    assert load_config(Path(write("costopt.toml", ""))) == Config()


def test_the_file_of_the_working_directory_is_read_without_being_named(write: Write) -> None:
    write("costopt.toml", 'timezone = "Asia/Tokyo"')

    assert load_config(None).timezone == "Asia/Tokyo"


def test_a_named_file_is_read_instead(write: Write) -> None:
    write("costopt.toml", 'timezone = "Asia/Tokyo"')

    assert load_config(Path(write("other.toml", 'cost = "computed"'))) == Config(cost="computed")


def test_every_key_is_read(write: Write) -> None:
    assert load_config(Path(write("conf/costopt.toml", FULL))) == Config(
        pricing=str(Path("conf", "prices", "own.toml")),
        format=str(Path("conf", "formats", "own.toml")),
        cost="logged",
        timezone="Europe/Berlin",
        dedupe=False,
        where="tag is null",
        map={"input_tokens": "usage.prompt"},
        set={"provider": "acme"},
        batch=BatchConfig(tags=["nightly-evals"]),
    )


def test_an_absolute_catalog_stays_where_it_is(write: Write, tmp_path: Path) -> None:
    absolute = str(tmp_path / "prices.toml")

    config = load_config(Path(write("conf/costopt.toml", f"pricing = '{absolute}'")))

    assert config.pricing == absolute


def test_the_catalog_of_the_working_directorys_file_is_beside_it(write: Write) -> None:
    write("costopt.toml", 'pricing = "prices.toml"')

    assert load_config(None).pricing == "prices.toml"


def test_a_format_that_is_no_file_is_a_name(write: Write) -> None:
    assert load_config(Path(write("conf/costopt.toml", 'format = "litellm"'))).format == "litellm"


def test_no_tags_are_not_the_usual_tags(write: Write) -> None:
    assert load_config(Path(write("costopt.toml", "[batch]\ntags = []"))).batch.tags == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('colour = "red"', "`colour` is not a key"),
        ("[batch]\ntag = []", "`batch.tag` is not a key"),
        ("timezone = 1", "`timezone` is not a text"),
        ("where = true", "`where` is not a text"),
        ('dedupe = "yes"', "`dedupe` is not true or false"),
        ("dedupe = 1", "`dedupe` is not true or false"),
        ('[batch]\ntags = "nightly"', "`batch.tags` is not a list"),
        ("[batch]\ntags = [1]", "`batch.tags.0` is not a text"),
        ('map = "a=b"', "`map` is not a table"),
        ("[set]\nprovider = 1", "`set.provider` is not a text"),
        ("batch = 1", "`batch` is not a table"),
    ],
)
def test_what_is_not_understood_is_refused_by_key(write: Write, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Path(write("costopt.toml", text)))

    assert caught.value.message == f"`costopt.toml`: {said}"
    assert caught.value.hint == (
        "the keys are `pricing`, `format`, `cost`, `timezone`, `dedupe`, `where`, `map`, `set`, `batch`"
    )


@pytest.mark.parametrize("text", [b"cost = ", b"[batch", b'cost = "auto"\ncost = "auto"', b'cost = "\xff"'])
def test_what_is_no_toml_is_refused(write: Write, text: bytes) -> None:
    with pytest.raises(ConfigError, match=r"`costopt\.toml` is not valid TOML: "):
        load_config(Path(write("costopt.toml", text)))


def test_a_named_file_must_be_there() -> None:
    with pytest.raises(ConfigError, match=r"Cannot read `missing\.toml`: No such file") as caught:
        load_config(Path("missing.toml"))

    assert caught.value.hint == "check the path"


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read"):
        load_config(tmp_path)


def test_an_unknown_choice_is_answered_with_the_choices(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Path(write("costopt.toml", 'cost = "guessed"')))

    assert caught.value.message == "`costopt.toml`: `cost` has a value that is not understood"
    assert caught.value.hint == "it is 'auto', 'logged' or 'computed'"
