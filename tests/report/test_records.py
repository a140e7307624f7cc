import csv
import datetime as dt
import io
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from costopt.models.result import Frozen, OnDemand, Result
from costopt.report.records import Value, json_line, write_csv, write_json


class Sample(Result):
    """A result with everything a result may hold."""

    kind: ClassVar[str] = "sample"
    value: Any


class Part(Frozen):
    """What a result may have many of."""

    number: int
    amount: Decimal | None = None


def as_json(value: object) -> str:
    file = io.StringIO()
    write_json(Sample(value=value), file)
    return file.getvalue()


def as_csv(*values: Value) -> str:
    file = io.StringIO()
    write_csv(["column"], [[value] for value in values], file)
    return file.getvalue()


def test_json_is_the_result_with_its_version_and_kind() -> None:
    assert as_json({"a": [1, None, True], "b": {}, "c": []}) == (
        "{\n"
        '  "format_version": 1,\n'
        '  "kind": "sample",\n'
        '  "value": {\n'
        '    "a": [\n'
        "      1,\n"
        "      null,\n"
        "      true\n"
        "    ],\n"
        '    "b": {},\n'
        '    "c": []\n'
        "  }\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("0.000000000001"), "0.000000000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("123456789012345678.123456789012"), "123456789012345678.123456789012"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-07, "1e-07"),
        (2.0, "2.0"),
        (-0.0, "-0.0"),
        (dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC), '"2026-10-01T08:00:00Z"'),
        (dt.datetime(2026, 10, 1, 8), '"2026-10-01T08:00:00"'),  # noqa: DTZ001 - local, as `spend` gives it
        (dt.date(2026, 10, 1), '"2026-10-01"'),
        ("é 日本 🙂", '"é 日本 🙂"'),
        ("\x1b\x07\n", '"\\u001b\\u0007\\n"'),
        ("\x7f\x9b\u202e\u200b\ufeff", '"\\u007f\\u009b\\u202e\\u200b\\ufeff"'),
        ("\U000e0041\ud800", '"\\udb40\\udc41\\ud800"'),
        ('"\\', '"\\"\\\\"'),
    ],
)
def test_a_value_in_json(value: object, expected: str) -> None:
    text = as_json(value)

    assert text.splitlines()[3] == f'  "value": {expected}'
    assert json.loads(text)["format_version"] == 1


def test_a_key_in_json_is_harmless() -> None:
    assert '"\\u001b[31m": 1' in as_json({"\x1b[31m": 1})


def test_every_digit_of_a_number_can_be_read_back() -> None:
    amount = Decimal("98765432109876543210.123456789012")

    assert json.loads(as_json(amount), parse_float=Decimal)["value"] == amount


def test_a_line_of_json_is_one_line_whatever_is_in_it() -> None:
    values = {"a": [1, {}, []], "b": {"c": Decimal("0.10"), "d": None}, "e": "x\n\u2028\x85\u202e\ud800é"}

    line = json_line(values)

    assert line == (
        '{"a": [1, {}, []], "b": {"c": 0.10, "d": null}, "e": "x\\n\\u2028\\u0085\\u202e\\ud800é"}\n'
    )
    assert json.loads(line)["e"] == values["e"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_made_on_demand_reads_like_what_is_there(count: int) -> None:
    parts = [Part(number=number, amount=Decimal("0.10")) for number in range(count)]

    assert as_json(OnDemand(count, lambda: iter(parts))) == as_json(parts)


def test_what_is_made_on_demand_is_written_before_the_next_one_is_made() -> None:
    file = io.StringIO()

    def numbers() -> Iterator[int]:
        for number in range(100, 103):
            yield number
            assert file.getvalue().endswith((f"{number}", f"{number}\n"))

    write_json(Sample(value=OnDemand(3, numbers)), file)
    write_csv(["number"], ([number] for number in numbers()), file)


@pytest.mark.parametrize(
    ("kind", "of", "in_json", "in_csv"),
    [
        (str, "=a", '"=a"', "'=a"),
        (int, 7, "7", "7"),
        (float, 0.5, "0.5", "0.5"),
        (Decimal, "1E+2", "100", "100"),
    ],
)
def test_a_derived_kind_of_value_is_written_like_the_one_it_is_derived_from(
    kind: type[Any], of: object, in_json: str, in_csv: str
) -> None:
    value = type("Own", (kind,), {})(of)

    assert f'"value": {in_json}\n' in as_json(value)
    assert as_csv(value) == f"column\n{in_csv}\n"


def test_what_has_no_place_in_a_result_is_a_bug() -> None:
    with pytest.raises(TypeError, match="object has no place in a result"):
        as_json(object())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, '""'),
        (-3, "-3"),
        (Decimal("-0.50"), "-0.50"),
        (Decimal("1E-12"), "0.000000000001"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC), "2026-10-01T08:00:00+00:00"),
        (dt.date(2026, 10, 1), "2026-10-01"),
        ("plain", "plain"),
        ('a"b,c', '"a""b,c"'),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("  =1", "'  =1"),
        ("\n=1", "\\n=1"),
        ("\xa0=1", "\\xa0=1"),
        ("|calc", "'|calc"),
        ("%0", "'%0"),
        ("\uff1d1", "'\uff1d1"),
        ("\x1b[31m\u202e", "\\x1b[31m\\u202e"),
        ("\ud800", "\\ud800"),
    ],
)
def test_a_value_in_csv(value: Value, expected: str) -> None:
    assert as_csv(value) == f"column\n{expected}\n"


def test_a_title_in_csv_is_harmless() -> None:
    file = io.StringIO()
    write_csv(["=1", "\x1b"], [], file)

    assert file.getvalue() == "'=1,\\x1b\n"


def test_csv_can_be_read_back() -> None:
    rows = list(csv.reader(io.StringIO(as_csv("a,b", 'c"d', "e;f"))))

    assert rows == [["column"], ["a,b"], ['c"d'], ["e;f"]]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_a_bug(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json({"quality": value})


def test_a_mapping_is_not_changed() -> None:
    value: Mapping[str, int] = {"b": 1, "a": 2}

    assert list(json.loads(as_json(value))["value"]) == ["b", "a"]
