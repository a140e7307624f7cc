import polars as pl
import pytest

from costopt.intake.formats.detect import fields_of
from costopt.intake.formats.format import Derivation
from costopt.intake.formats.places import is_empty, is_on_the_way, may_be_told, path_to
from costopt.intake.formats.reads import count, label, reads_of

LINE: dict[str, object] = {
    "owner": "ana",
    "body": '{"usage":{"in":5}}',
    "data": [
        {
            "model": "m",
            "usage": {"in": 5, "note": None},
            "parts": [{"kind": "x", "n": 1}],
            "flat.name": 7,
        }
    ],
}
FIELDS = fields_of([LINE])


@pytest.mark.parametrize(
    ("read", "there"),
    [
        (label("model"), True),
        (count("usage/in"), True),
        (count("usage/out"), False),
        (label("usage/note"), True),
        (count("usage/in/deeper"), False),
        (count("out|usage/in"), True),
        (count("parts/*/n"), True),
        (count("parts[kind=y]/n"), True),
        (count("parts/n"), False),
        (count("flat.name"), True),
        (label("../owner"), True),
        (label("../model"), False),
        (count("../body/usage/in"), True),
        (label("../../owner"), True),
        (pl.lit("constant"), True),
        (pl.coalesce(label("nowhere"), label("model")), True),
        (pl.coalesce(label("nowhere"), label("neither")), False),
    ],
)
def test_a_place_is_there_if_something_was_seen_there_or_may_be_in_a_text(read: pl.Expr, there: bool) -> None:  # noqa: FBT001 - a case
    assert may_be_told(read, Derivation({}, ("data",)), FIELDS) == there


def test_fields_around_a_value_are_on_the_way_to_it() -> None:
    (read,) = reads_of([count("parts[kind=x]/n|m")])
    path = path_to(read, ("data",))

    assert [name for name, place in FIELDS.items() if is_on_the_way(place, path)] == [
        "data",
        "data.[].parts",
        "data.[].parts.[].n",
    ]


@pytest.mark.parametrize(
    ("line", "rows", "empty"),
    [
        ({"data": []}, ("data",), True),
        ({"data": None}, ("data",), False),
        ({"data": [{"x": 1}]}, ("data",), False),
        ({"datum": []}, ("data",), False),
        ({"data": "text"}, ("data",), False),
        ({"page": {"data": []}}, ("page/data",), True),
        ({"pages": [{"data": []}]}, ("pages", "data"), True),
        ({"pages": []}, ("pages", "data"), True),
        ({"pages": [{"day": 1}]}, ("pages", "data"), False),
        ({"x": 1}, (), False),
    ],
)
def test_a_list_of_records_without_any_is_an_export_of_nothing(
    line: dict[str, object],
    rows: tuple[str, ...],
    empty: bool,  # noqa: FBT001 - a case
) -> None:
    assert is_empty(rows, fields_of([line])) == empty
