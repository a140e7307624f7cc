from decimal import Decimal

from costopt.calculators.routing.candidates import ENOUGH_SCORES, Known, candidates_of, traits_of
from costopt.calculators.routing.cells import NOTHING, Cell, Seen
from costopt.calculators.routing.decide import Candidate, Traits
from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.providers import Performance
from costopt.calculators.routing.traffic import Cost, Traffic

CHAT = ("simple", "chat")
USD = 10**12
TRAFFIC = Traffic(
    columns=("complexity", "request_type"),
    requests={CHAT: 4},
    logged={CHAT: 9 * USD},
    served={CHAT: {"large": 4}},
    costs={CHAT: {"small": Cost(USD, 2 * USD, 3 * USD), "large": Cost(9 * USD, 9 * USD, 9 * USD)}},
    ratios={},
    left_out=0,
    other_kinds=0,
)
PRIOR = Prior(source="somebody", qualities={"small": 0.5})


def seen(scored: int) -> Seen:
    """As many scores of `small`, the mean 0.8."""
    cell = Cell(requests=scored, scored=scored, quality_sum=0.8 * scored, quality_squares=0.8 * scored)
    return Seen({CHAT: {"small": (cell, NOTHING)}})


def test_a_candidate_costs_what_a_request_of_the_segment_does_on_average() -> None:
    known = Known(Seen({}), None, None, {})

    assert candidates_of(TRAFFIC, known, CHAT) == {
        "small": Candidate("small", Decimal("0.5")),
        "large": Candidate("large", Decimal("2.25")),
    }


def test_a_candidate_is_as_fast_and_reliable_as_it_was_in_the_log() -> None:
    known = Known(Seen({}), None, None, {"small": Performance(250.0, 0.99, 0.7)})

    assert candidates_of(TRAFFIC, known, CHAT)["small"] == Candidate(
        "small", Decimal("0.5"), None, 250.0, 0.99
    )


def test_the_quality_of_a_candidate_is_its_mean_score_in_the_segment() -> None:
    known = Known(seen(ENOUGH_SCORES), None, PRIOR, {})

    assert candidates_of(TRAFFIC, known, CHAT)["small"].quality == 0.8
    assert candidates_of(TRAFFIC, known, CHAT)["large"].quality is None


def test_too_few_scores_say_nothing_and_others_measurements_stand_in() -> None:
    few = seen(ENOUGH_SCORES - 1)

    assert candidates_of(TRAFFIC, Known(few, None, PRIOR, {}), CHAT)["small"].quality == 0.5
    assert candidates_of(TRAFFIC, Known(few, None, None, {}), CHAT)["small"].quality is None
    assert candidates_of(TRAFFIC, Known(Seen({}), None, PRIOR, {}), CHAT)["small"].quality == 0.5


def test_a_policy_is_asked_with_what_the_segment_says() -> None:
    columns = ("complexity", "request_type", "tag", "project")

    assert traits_of(columns, ("simple", "chat", None, "x")) == Traits("simple", "chat", None, None, None)
