import io

import polars as pl
from polars.testing import assert_frame_equal

from costopt.models.schema import PICO
from costopt.rollups.rollup import Key, Measure, Rollup, build, merge

MEASURES = (Measure("requests", pl.Int64, absent=1), Measure("tokens", pl.Int64), Measure("cost", PICO))
BY_MODEL = Rollup("by_model", ("model",))
BY_MODEL_AND_TEAM = Rollup("by_model_and_team", ("model", "team"))


def frame(csv: str) -> pl.DataFrame:
    return pl.read_csv(io.StringIO(csv), schema_overrides={"model": pl.Categorical, "cost": PICO})


def rows(table: pl.DataFrame) -> list[tuple[object, ...]]:
    return table.rows()


def test_groups_are_summed() -> None:
    requests = frame("model,requests,tokens,cost\nb,1,10,7\na,1,20,8\nb,5,30,9\n")

    (found,) = build(requests, [BY_MODEL], MEASURES)

    assert sorted(rows(found)) == [("a", 1, 20, 8), ("b", 6, 40, 16)]


def test_a_missing_count_is_one_request_and_nothing_else() -> None:
    (found,) = build(frame("model\nb\na\nb\n"), [BY_MODEL], MEASURES)

    assert sorted(rows(found)) == [("a", 1, 0, 0), ("b", 2, 0, 0)]
    assert found.dtypes[1:] == [pl.Int64, pl.Int64, PICO]


def test_a_missing_key_is_null() -> None:
    (found,) = build(frame("model,tokens\na,1\na,2\n"), [BY_MODEL_AND_TEAM], MEASURES)

    assert rows(found) == [("a", None, 2, 3, 0)]


def test_a_key_may_be_computed() -> None:
    long = Key("is_long", pl.col("tokens") > 15, ("tokens",))
    rollup = Rollup("by_length", ("model",), (long,))

    (found,) = build(frame("model,tokens\na,10\na,20\na,30\n"), [rollup], MEASURES)

    assert rollup.columns == ("model", "is_long")
    assert sorted(rows(found)) == [("a", False, 1, 10, 0), ("a", True, 2, 50, 0)]


def test_a_key_may_be_computed_of_a_column_that_the_frame_lacks() -> None:
    retried = Key("retried", (pl.col("attempt") > 1).fill_null(value=False), ("attempt",))
    rollups = [Rollup("by_model", ("model",), (retried,)), Rollup("all", (), (retried,))]

    lacking = build(frame("model,tokens\na,10\na,20\n"), rollups, MEASURES)
    there = build(frame("model,tokens,attempt\na,10,1\na,20,2\na,30,\n"), rollups, MEASURES)

    assert [rows(found) for found in lacking] == [[("a", False, 2, 30, 0)], [(False, 2, 30, 0)]]
    assert sorted(rows(there[0])) == [("a", False, 2, 40, 0), ("a", True, 1, 20, 0)]
    assert rows(merge([lacking[1], there[1]], rollups[1], MEASURES)) == [(False, 4, 70, 0), (True, 1, 20, 0)]


def test_several_rollups_are_built_in_their_order() -> None:
    everything = Rollup("everything", (), (Key("all", pl.lit("all"), ()),))

    found = build(frame("model,tokens\na,10\nb,20\n"), [everything, BY_MODEL], MEASURES)

    assert rows(found[0]) == [("all", 2, 30, 0)]
    assert sorted(rows(found[1])) == [("a", 1, 10, 0), ("b", 1, 20, 0)]


def test_merged_parts_are_added_up_and_sorted_by_their_keys_with_null_last() -> None:
    logs = ["model,team,tokens\nb,x,1\na,y,2\n", "model,tokens\na,3\n", "model,team,tokens\nb,x,4\na,x,5\n"]
    parts = [build(frame(log), [BY_MODEL_AND_TEAM], MEASURES)[0] for log in logs]

    merged = merge(parts, BY_MODEL_AND_TEAM, MEASURES)

    assert rows(merged) == [
        ("a", "x", 1, 5, 0),
        ("a", "y", 1, 2, 0),
        ("a", None, 1, 3, 0),
        ("b", "x", 2, 5, 0),
    ]
    assert merged.schema["model"] == pl.String


def test_merging_is_blind_to_order_and_to_merges_before() -> None:
    logs = ["model,team,tokens\nb,x,1\na,y,2\n", "model,tokens\na,3\n", "model,team\nb,x\na,x\n"]
    one, two, three = (build(frame(log), [BY_MODEL_AND_TEAM], MEASURES)[0] for log in logs)

    at_once = merge([one, two, three], BY_MODEL_AND_TEAM, MEASURES)
    backwards = merge([three, two, one], BY_MODEL_AND_TEAM, MEASURES)
    in_steps = merge([three, merge([two, one], BY_MODEL_AND_TEAM, MEASURES)], BY_MODEL_AND_TEAM, MEASURES)

    assert_frame_equal(at_once, backwards)
    assert_frame_equal(at_once, in_steps)


def test_a_sum_beyond_64_bits_is_exact() -> None:
    rollup = Rollup("everything", ("model",))
    dear = pl.DataFrame({"model": ["a"], "cost": [2**100 + 1]}, schema={"model": pl.String, "cost": PICO})
    part = build(dear, [rollup], MEASURES)[0]

    assert rows(merge([part, part, part], rollup, MEASURES)) == [("a", 3, 0, 3 * 2**100 + 3)]


SQUARES = Key("squares", pl.col("tokens").cast(pl.Int128) * pl.col("tokens"), ("tokens",))
SEEN = Key("seen", pl.col("requests").fill_null(1) * (pl.col("score") > 0), ("requests", "score"))
SUMMED = Rollup("by_model", ("model",), sums=(SQUARES, SEEN))


def test_a_rollup_may_have_sums_of_its_own() -> None:
    (found,) = build(frame("model,requests,tokens,score\na,1,10,1\na,5,20,1\nb,2,3,0\n"), [SUMMED], MEASURES)

    assert sorted(rows(found)) == [("a", 6, 30, 0, 500, 6), ("b", 2, 3, 0, 9, 0)]
    assert found.dtypes[-2:] == [pl.Int128, pl.Int128]


def test_what_is_null_adds_nothing_to_a_sum() -> None:
    (found,) = build(frame("model,requests,tokens,score\na,1,10,\na,1,20,1\n"), [SUMMED], MEASURES)

    assert rows(found) == [("a", 2, 30, 0, 500, 1)]


def test_a_sum_of_a_column_that_the_frame_lacks_is_zero() -> None:
    (found,) = build(frame("model,tokens\na,10\n"), [SUMMED], MEASURES)

    assert rows(found) == [("a", 1, 10, 0, 100, 0)]


def test_a_frame_without_numbers_of_requests_has_one_a_row_in_sums_too() -> None:
    (found,) = build(frame("model,score\na,1\na,2\n"), [SUMMED], MEASURES)

    assert rows(found) == [("a", 2, 0, 0, 0, 2)]


def test_sums_of_parts_are_added_up_exactly() -> None:
    logs = [
        "model,tokens,score\na,10,1\nb,1,1\n",
        "model,tokens\na,5\n",
        "model,score,tokens\na,1,4000000000\n",
    ]
    parts = [build(frame(log), [SUMMED], MEASURES)[0] for log in logs]

    merged = merge([merge(parts[1:], SUMMED, MEASURES), parts[0]], SUMMED, MEASURES)

    assert rows(merged) == [("a", 3, 4000000015, 0, 16 * 10**18 + 125, 2), ("b", 1, 1, 0, 1, 1)]
    assert merged.schema["squares"] == pl.Int128


def test_rollups_in_one_pass_keep_their_sums_apart() -> None:
    plain, summed = build(frame("model,tokens,score\na,10,1\n"), [BY_MODEL, SUMMED], MEASURES)

    assert plain.columns == ["model", "requests", "tokens", "cost"]
    assert summed.columns == ["model", "requests", "tokens", "cost", "squares", "seen"]


def test_a_rollup_reads_the_columns_of_its_keys_and_sums_each_once() -> None:
    long = Key("is_long", pl.col("tokens") > 15, ("tokens", "model"))

    rollup = Rollup("r", ("model", "team"), (long,), (SQUARES, SEEN))

    assert rollup.reads == ("model", "team", "tokens", "requests", "score")
    assert rollup.columns == ("model", "team", "is_long")
    assert Rollup("r", ()).reads == ()


def test_rollups_are_equal_by_their_keys() -> None:
    one = Rollup("r", ("model",), (Key("day", pl.col("timestamp").dt.date(), ("timestamp",)),))
    same = Rollup("r", ("model",), (Key("day", pl.col("timestamp").dt.date(), ("timestamp",)),))

    assert one == same
    assert one != Rollup("r", ("model",))
