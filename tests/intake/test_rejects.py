import io
import json

import pytest

from costopt.errors import RejectedError
from costopt.intake.rejects import Reject, Rejects

BAD = [Reject("a.jsonl", line, "no model", f"text {line}") for line in range(1, 8)]
DAMAGE = Reject("b.gz", None, "packed data is damaged", "")


def test_a_reject_has_a_place() -> None:
    assert BAD[2].place == "a.jsonl:3"
    assert DAMAGE.place == "b.gz"


def test_rejects_are_counted_by_file_and_the_first_five_kept() -> None:
    rejects = Rejects()
    rejects.add(BAD[:2])
    rejects.add([])
    rejects.add([DAMAGE, *BAD[2:]])

    assert rejects.count == 8
    assert rejects.by_file == {"a.jsonl": 7, "b.gz": 1}
    assert rejects.first == [*BAD[:2], DAMAGE, *BAD[2:4]]


def test_no_rejects_count_nothing() -> None:
    assert Rejects().count == 0


def test_every_reject_is_written_as_a_line_of_json() -> None:
    sink = io.StringIO()
    Rejects(sink).add([Reject("a", 1, "no model", 'é "\n'), DAMAGE])

    assert [json.loads(line) for line in sink.getvalue().splitlines()] == [
        {"file": "a", "line": 1, "reason": "no model", "text": 'é "\n'},
        {"file": "b.gz", "line": None, "reason": "packed data is damaged", "text": ""},
    ]


def test_a_strict_reader_stops_at_the_first_reject() -> None:
    sink = io.StringIO()

    with pytest.raises(RejectedError, match=r"^a\.jsonl:1: no model$") as caught:
        Rejects(sink, strict=True).add(BAD)

    assert caught.value.hint == "mend the line, or leave out `--strict` to go on without it"
    assert sink.getvalue().count("\n") == 1
