import io
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from costopt.intake.repeats import SOURCE, Repeats
from costopt.models.schema import REQUESTS


def lines(csv: str) -> pl.DataFrame:
    """Requests as the intake gives them; times are hours."""
    frame = pl.read_csv(io.StringIO(csv.replace(" ", "")), infer_schema=False)
    time = pl.datetime(2026, 10, 1, pl.col("timestamp").cast(pl.Int8), time_zone="UTC").alias("timestamp")
    typed = (pl.col(name).cast(REQUESTS[name]) for name in frame.columns if name != "timestamp")
    return frame.with_columns(time, *typed)


def told(*logs: str) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The requests of logs, each told once, and the lines left over; times as hours, and the number of the log."""
    with Repeats() as repeats:
        for number, log in enumerate(logs):
            assert repeats.hold(lines(log), number).is_empty()
        parts = list(repeats.told())
    return tuple(  # type: ignore[return-value]
        [
            {**row, "timestamp": row["timestamp"].hour, "log": row.pop(SOURCE)}
            for part in parts
            for row in part[kind].iter_rows(named=True)
        ]
        for kind in (0, 1)
    )


HEAD = "request_id,timestamp,model,input_tokens,output_tokens"


def test_of_lines_that_tell_one_request_each_count_is_the_largest_of_any() -> None:
    requests, left = told(
        f"""{HEAD},cached_input_tokens,reasoning_tokens
        a,8,m,10,1,9,0
        a,9,m,12,5,3,2
        a,10,m,11,3,0,1
        b,8,m,7,7,0,0"""
    )

    assert [
        (row["request_id"], row["timestamp"], row["input_tokens"], row["cached_input_tokens"])
        for row in requests
    ] == [("a", 8, 12, 9), ("b", 8, 7, 0)]
    assert [(row["output_tokens"], row["reasoning_tokens"]) for row in requests] == [(5, 2), (7, 0)]
    assert [(row["request_id"], row["timestamp"], row["output_tokens"]) for row in left] == [
        ("a", 8, 3),
        ("a", 8, 1),
    ]


def test_what_is_no_count_is_said_by_the_line_with_most_output() -> None:
    requests, _ = told(
        f"""{HEAD},tag,status,cost_usd
        a,8,small,10,1,draft,ok,0.5
        a,9,large,10,5,final,ok,0.25
        a,10,huge,99,4,other,error,"""
    )

    assert [(row["model"], row["tag"], row["status"], row["cost_usd"]) for row in requests] == [
        ("large", "final", "ok", Decimal("0.5"))
    ]


def test_counts_that_cannot_be_together_are_those_of_the_fullest_line() -> None:
    requests, _ = told(
        f"""{HEAD},cached_input_tokens,cache_write_tokens
        a,8,m,100,1,100,0
        a,9,m,100,2,0,100"""
    )

    assert [(row["cached_input_tokens"], row["cache_write_tokens"]) for row in requests] == [(0, 100)]


def test_the_log_that_tells_a_request_first_has_it() -> None:
    requests, left = told(f"{HEAD}\na,8,m,1,1\nb,8,m,1,1", f"{HEAD}\na,8,m,1,1\nb,8,m,1,2")

    assert [(row["request_id"], row["log"]) for row in requests] == [("a", 0), ("b", 1)]
    assert [(row["request_id"], row["log"]) for row in left] == [("a", 1), ("b", 0)]


def test_logs_of_different_columns_are_one() -> None:
    requests, left = told(
        f"{HEAD},requests\na,8,m,1,1,3\nb,8,m,1,1,2", f"{HEAD},cached_input_tokens\na,8,m,4,1,4\nc,8,m,4,1,4"
    )

    assert [(row["request_id"], row["requests"], row["cached_input_tokens"]) for row in requests] == [
        ("a", 3, 4),
        ("b", 2, None),
        ("c", 1, 4),
    ]
    assert [(row["request_id"], row["requests"]) for row in left] == [("a", 3)]


def test_requests_without_an_id_are_given_back_at_once() -> None:
    with Repeats() as repeats:
        back = repeats.hold(lines(f"{HEAD}\n,8,m,1,1\na,8,m,1,1\n,8,m,1,1"), 0)
        assert back["request_id"].to_list() == [None, None]
        assert SOURCE not in back.columns
        assert [(requests.height, left.height) for requests, left in repeats.told()] == [(1, 0)]


def test_a_log_without_ids_holds_nothing() -> None:
    log = lines(f"{HEAD}\na,8,m,1,1").drop("request_id")

    with Repeats() as repeats:
        assert repeats.hold(log, 0).rows() == log.rows()
        assert repeats.hold(lines(f"{HEAD}\n,8,m,1,1"), 1).height == 1
        assert list(repeats.told()) == []


def test_many_requests_wait_on_disk_which_is_tidied_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("costopt.intake.repeats._IN_MEMORY", 2)
    log = f"{HEAD}\n" + "\n".join(f"r{number % 5},8,m,{number},1" for number in range(9))

    with Repeats() as repeats:
        repeats.hold(lines(log), 0)
        assert list(tmp_path.glob("*/*.arrow"))
        repeats.hold(lines(f"{HEAD}\nr0,8,m,99,1"), 1)
        parts = list(repeats.told())

    assert sorted(
        row for requests, _ in parts for row in requests.select("request_id", "input_tokens").rows()
    ) == [
        ("r0", 99),
        ("r1", 6),
        ("r2", 7),
        ("r3", 8),
        ("r4", 4),
    ]
    assert sum(left.height for _, left in parts) == 5
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_held_beside_what_waits_on_disk_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costopt.intake.repeats._IN_MEMORY", 0)

    with Repeats() as repeats:
        repeats.hold(lines(f"{HEAD}\na,8,m,1,1"), 0)
        monkeypatch.undo()
        assert [requests["request_id"].to_list() for requests, _ in repeats.told()] == [["a"]]
