import polars as pl
import pytest

from costopt.intake.formats.format import Derivation
from costopt.intake.formats.reads import (
    Keyed,
    Read,
    Role,
    before,
    count,
    either,
    held,
    hold,
    is_step,
    keyed,
    known,
    label,
    measure,
    milliseconds,
    mode,
    read_of,
    reads_of,
    role_of,
    shared,
    status,
    steps_of,
    text,
    time,
    usd,
)
from costopt.models.schema import REQUESTS


@pytest.mark.parametrize(
    ("place", "steps"),
    [
        ("model", ("model",)),
        ("usage.input_tokens", ("usage", "input_tokens")),
        ("usage/input_tokens", ("usage", "input_tokens")),
        ("../resource/name", ("..", "resource", "name")),
        ("a/b.c", ("a", "b.c")),
        ("/gen_ai.usage.input_tokens", ("gen_ai.usage.input_tokens",)),
        ("/a.b/c", ("a.b", "c")),
        ("attributes[key=user.id].value", ("attributes[key=user.id]", "value")),
        ("attributes[key=a/b]/value/x|y", ("attributes[key=a/b]", "value", "x|y")),
        ("parts.*.n", ("parts", "*", "n")),
        ("", ("",)),
        ("a..b", ("a", "", "b")),
    ],
)
def test_a_place_is_split_at_its_dots_or_slashes(place: str, steps: tuple[str, ...]) -> None:
    assert steps_of(place) == steps


@pytest.mark.parametrize(
    ("step", "good"),
    [
        ("model", True),
        ("a|b", True),
        ("*", True),
        ("attributes[key=user.id]", True),
        ("", False),
        ("..", False),
        ("attributes[key]", False),
        ("list[]", False),
        ("a]", False),
    ],
)
def test_a_step_goes_into_a_record(step: str, good: bool) -> None:  # noqa: FBT001 - a case
    assert is_step(step) == good


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("attributes[key=user.id]", Keyed("attributes", "key", "user.id")),
        ("parts[ttl=1h]", Keyed("parts", "ttl", "1h")),
        ("by[kind=a=b]", Keyed("by", "kind", "a=b")),
        ("attributes", None),
        ("attributes[key]", None),
        ("[key=x]", None),
    ],
)
def test_a_step_into_keyed_elements_names_list_key_and_value(step: str, found: Keyed | None) -> None:
    assert keyed(step) == found


def test_a_bar_parts_names_unless_it_is_in_a_key() -> None:
    assert either("a|b") == ["a", "b"]
    assert either("by[kind=a|b]") == ["by[kind=a|b]"]


@pytest.mark.parametrize(
    ("made", "role"),
    [
        (count("a/b"), "count"),
        (usd("a/b"), "usd"),
        (measure("a/b"), "measure"),
        (time("a/b"), "time"),
        (text("a/b"), "text"),
        (label("a/b"), "label"),
        (status("a/b"), "status"),
        (mode("a/b"), "mode"),
    ],
)
def test_an_expression_names_what_it_reads(made: pl.Expr, role: Role) -> None:
    assert reads_of([made, made + 1]) == [Read(role, ("a", "b"))]
    assert reads_of([before(made)]) == [Read(role, ("a", "b"))]


@pytest.mark.parametrize("name", ["model", "\x1eother\x1ea", ""])
def test_another_column_is_no_read(name: str) -> None:
    assert read_of(name) is None


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("usage/input_tokens", "usage.input_tokens"),
        ("../../resource/*/name", "resource.name"),
        ("attributes[key=gen_ai.usage]/value/intValue", "gen_ai.usage"),
    ],
)
def test_a_message_names_a_place_shortly(place: str, shown: str) -> None:
    assert reads_of([count(place)])[0].shown == shown


def test_every_column_is_read_as_what_it_is() -> None:
    roles: dict[Role, list[str]] = {}
    for name in REQUESTS:
        roles.setdefault(role_of(name), []).append(name)

    assert roles["time"] == ["timestamp"]
    assert roles["usd"] == ["cost_usd"]
    assert roles["status"] == ["status"]
    assert roles["mode"] == ["mode"]
    assert roles["text"] == ["request_id", "prompt_hash", "prompt"]
    assert {"input_tokens", "requests", "web_searches", "context_tokens"} <= {*roles["count"]}
    assert {"latency_ms", "attempt"} <= {*roles["measure"]}
    assert {"model", "tag"} <= {*roles["label"]}
    assert role_of("a column of the log's own") == "label"


def test_a_sum_of_counts_is_of_those_that_are_there() -> None:
    frame = pl.DataFrame({"a": [1, 1, None, None], "b": [2, None, 2, None]})

    assert frame.select(known(pl.col("a"), pl.col("b"))).to_series().to_list() == [3, 1, 2, None]


def test_a_span_is_in_milliseconds() -> None:
    frame = pl.DataFrame({"a": [pl.datetime(2026, 10, 1)]}).select(
        a=pl.datetime(2026, 10, 1, 8), b=pl.datetime(2026, 10, 1, 8, 0, 1, 500)
    )

    assert frame.select(milliseconds(pl.col("a"), pl.col("b"))).item() == 1000.5


def test_a_column_reads_also_what_is_shared_and_carried() -> None:
    started = hold("started", pl.when(label("kind") == "start").then(time("at")))
    derivation = Derivation(
        {"latency_ms": milliseconds(before(held("started")), time("end")), "tag": shared("both")},
        carried=(started, label("model")),
        shared={"one": label("a"), "both": pl.coalesce(shared("one"), label("b"), shared("one"))},
    )

    def places(column: str) -> list[str]:
        return sorted(read.shown for read in derivation.reads_in(derivation.columns[column]))

    assert places("latency_ms") == ["at", "end", "kind"]
    assert places("tag") == ["a", "b"]
    assert [read.shown for read in derivation.reads_in(before(label("model")))] == ["model"]
    assert derivation.reads_in(pl.lit("constant")) == []
