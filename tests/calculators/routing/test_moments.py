from fractions import Fraction

import polars as pl
import pytest
from summing import log, summed

from costopt.calculators.routing.moments import HALF, SUMS


def sums(csv: str) -> dict[str, int]:
    return summed(log(csv), ["model"]).row(0, named=True)


def test_every_sum_is_a_whole_number() -> None:
    table = summed(log("model,quality,propensity\na,0.3,0.7\n"), ["model"])

    assert {table.schema[key.name] for key in SUMS} == {pl.Int128}


def test_scores_and_propensities_are_summed_in_millionths() -> None:
    found = sums("""model,quality,propensity,status
a,0.5,0.25,ok
a,1.0,0.5,error
a,,0.5,
a,0.2,,
""")

    assert found == {
        "model": "a",
        "requests": 4,
        "failed": 1,
        "scored": 3,
        "quality_sum": 1_700_000,
        "quality_squares": 1_290_000 * 10**6,
        "known": 3,
        "wrong": 0,
        "inverse_sum": 8_000_000,
        "inverse_squares": 24 * 10**12,
        "both": 2,
        "weight_sum": 6_000_000,
        "weight_squares": 20 * 10**12,
        "weighted_sum": 4_000_000,
        "weighted_cross": 12 * 10**12,
        "weighted_squares": 8 * 10**12,
        "weighted_product": 3 * 10**12,
    }


@pytest.mark.parametrize("quality", ["-0.1", "1.1", "NaN"])
def test_a_score_that_is_not_from_0_to_1_is_none(quality: str) -> None:
    assert sums(f"model,quality\na,{quality}\n")["scored"] == 0


@pytest.mark.parametrize("propensity", ["0", "-0.5", "1.01", "0.0000001", "NaN"])
def test_a_propensity_that_cannot_be_is_counted_and_in_no_sum(propensity: str) -> None:
    found = sums(f"model,quality,propensity\na,1,{propensity}\n")

    assert (found["wrong"], found["known"], found["inverse_sum"], found["weight_sum"]) == (1, 0, 0, 0)


def test_a_line_of_several_requests_counts_as_right_or_wrong_ones_with_its_mean() -> None:
    several = sums("model,requests,quality,propensity\na,10,0.7,0.5\n")
    single = sums("model,quality,propensity\n" + "a,1,0.5\n" * 7 + "a,0,0.5\n" * 3)

    assert several == single


def test_the_worst_line_does_not_overflow() -> None:
    found = sums("model,requests,quality,propensity\na,1000000,1,0.000001\n")

    assert found["weight_squares"] == 10**6 * 10**24


def test_halves_are_the_same_every_time_and_about_as_large() -> None:
    requests = log(
        "model,request_id,timestamp\n" + "".join(f"a,r{n},2026-10-01T00:00:00Z\n" for n in range(1000))
    )

    table = summed(requests, ["half"])

    assert table["half"].to_list() == [0, 1]
    assert all(430 < count < 570 for count in table["requests"])
    assert table.equals(summed(requests.reverse(), ["half"]))


def test_requests_without_an_id_are_halved_by_their_times() -> None:
    times = "".join(f"a,2026-10-01T00:{n // 60:02}:{n % 60:02}Z\n" for n in range(600))

    table = summed(log("model,timestamp\n" + times), ["half"])

    assert all(250 < count < 350 for count in table["requests"])


def test_what_is_read_is_named() -> None:
    assert {name for key in SUMS for name in key.reads} == {"requests", "quality", "propensity", "status"}
    assert HALF.reads == ("request_id", "timestamp")


def test_thirds_are_off_by_less_than_a_millionth() -> None:
    found = sums("model,quality,propensity\na,0.333333333,0.3\n")

    assert abs(Fraction(found["inverse_sum"], 10**6) - Fraction(10, 3)) <= Fraction(1, 10**6)
