from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import polars as pl
import pytest

from costopt.errors import ConfigError
from costopt.intake.formats.catalogue import FORMATS, GROUP, all_formats, installed, named
from costopt.intake.formats.detect import fields_of, find_layout
from costopt.intake.formats.format import Format, Wishes, has
from costopt.intake.formats.generic import GENERIC
from costopt.intake.formats.litellm import SPEND_LOGS

Bring = Callable[..., None]

LACKING = "costopt.intake.formats.litellm"

OURS = Format("ours", lambda _fields: {"model": pl.lit("m")}, has("ours_id"))
LITELLM = Format("litellm", lambda _fields: {}, has("ours_id", "spend"))


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What is installed is looked up once only; here anew for each test."""
    installed.cache_clear()
    yield
    installed.cache_clear()


@pytest.fixture
def bring(monkeypatch: pytest.MonkeyPatch) -> Bring:
    """Has packages bring formats along, by name and place."""

    def brought(**places: str) -> None:
        entries = [EntryPoint(name.replace("_", "-"), place, GROUP) for name, place in places.items()]
        monkeypatch.setattr(
            "costopt.intake.formats.catalogue.entry_points",
            lambda group: EntryPoints(entry for entry in entries if entry.group == group),
        )

    return brought


def test_without_such_packages_the_formats_are_those_of_costopt(bring: Bring) -> None:
    bring()

    assert all_formats() == FORMATS


def test_any_log_is_held_against_the_generic_format_last() -> None:
    assert FORMATS[-1] is GENERIC


def test_every_format_has_a_name_of_its_own() -> None:
    assert len({each.name for each in FORMATS}) == len(FORMATS)


def test_formats_of_packages_come_first_in_the_order_of_their_names(bring: Bring) -> None:
    bring(zeta=f"{__name__}:LITELLM", alpha=f"{__name__}:OURS")

    assert [each.name for each in all_formats()[:3]] == ["ours", "litellm", FORMATS[0].name]
    assert find_layout("log", fields_of([{"ours_id": 1, "spend": 1}]), Wishes()).format == "ours"


def test_a_format_of_a_package_is_chosen_by_its_name_before_that_of_costopt(bring: Bring) -> None:
    assert named("litellm") is SPEND_LOGS

    installed.cache_clear()
    bring(theirs=f"{__name__}:LITELLM")

    assert named("litellm") is not SPEND_LOGS


@pytest.mark.parametrize(
    ("place", "message", "hint"),
    [
        (
            "costopt.nowhere:FORMAT",
            "The log format `own-one` of `costopt.nowhere:FORMAT` cannot be loaded: No module named 'costopt.nowhere'",
            "mend or remove the package that brings it",
        ),
        (
            f"{LACKING}:NOTHING",
            f"The log format `own-one` of `{LACKING}:NOTHING` cannot be loaded: module '{LACKING}' has no attribute 'NOTHING'",
            "mend or remove the package that brings it",
        ),
        (
            "costopt.intake.formats.generic:ALIASES",
            "`costopt.intake.formats.generic:ALIASES`, the log format `own-one`, is no `Format`",
            "see `costopt.intake.formats.format`",
        ),
    ],
)
def test_a_package_whose_format_is_none_is_named(bring: Bring, place: str, message: str, hint: str) -> None:
    bring(own_one=place)

    with pytest.raises(ConfigError) as caught:
        all_formats()

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_file_is_named_by_its_ending() -> None:
    Path("mine.toml").write_text(
        "[columns]\ntimestamp='t'\nmodel='m'\ninput_tokens='i'\noutput_tokens='o'", encoding="utf-8"
    )

    assert named("mine.toml").name == "mine"


def test_a_name_near_a_format_is_answered_with_that() -> None:
    with pytest.raises(ConfigError, match="There is no log format `litelm`") as caught:
        named("litelm")

    assert caught.value.hint == "did you mean `litellm`?"


def test_a_name_far_from_any_is_answered_with_all() -> None:
    with pytest.raises(ConfigError) as caught:
        named("zzz")

    assert caught.value.hint == f"there are {', '.join(each.name for each in FORMATS)}; or name a FILE.toml"
