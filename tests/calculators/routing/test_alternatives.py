from dataclasses import replace
from decimal import Decimal

from costopt.calculators.routing.alternatives import Alternative, alternatives
from costopt.calculators.routing.candidates import Known
from costopt.calculators.routing.cells import NOTHING, Cell, Seen, Segment
from costopt.calculators.routing.estimates import Prior, QualityClaim
from costopt.calculators.routing.traffic import Cost, Traffic

USD = 10**12
CHAT: Segment = ("simple", "chat")
QA: Segment = (None, "qa")


def usd(low: int, estimate: int, high: int) -> Cost:
    return Cost(low * USD, estimate * USD, high * USD)


TRAFFIC = Traffic(
    columns=("complexity", "request_type"),
    requests={CHAT: 3, QA: 1},
    logged={CHAT: 8 * USD, QA: 5 * USD},
    served={CHAT: {"small": 1, "large": 1, "middle": 1}, QA: {"large": 1}},
    costs={
        CHAT: {"small": usd(1, 2, 9), "large": usd(10, 10, 11), "middle": usd(6, 7, 8)},
        QA: {"small": usd(1, 4, 4), "large": usd(5, 5, 5)},
    },
    ratios={},
    left_out=0,
    other_kinds=0,
)
NOTHING_KNOWN = Known(Seen({}), None, None, {})


def test_an_alternative_is_what_a_cheaper_model_would_save_of_a_segment() -> None:
    first = alternatives(TRAFFIC, NOTHING_KNOWN, 10)[0]

    assert first == Alternative(
        segment={"complexity": "simple", "request_type": "chat"},
        requests=3,
        logged_usd=Decimal(8),
        served="large",
        model="small",
        saving_usd=Decimal(6),
        low_usd=Decimal(-1),
        high_usd=Decimal(7),
        saving_pct=Decimal(75),
        quality=QualityClaim(basis="unknown", assumption="none", reasons=("no request has a quality score",)),
    )


def test_the_largest_saving_comes_first_and_then_the_names_count() -> None:
    found = alternatives(TRAFFIC, NOTHING_KNOWN, 10)

    assert [each.saving_usd for each in found] == [6, 1, 1]
    assert [(each.segment["request_type"], each.model) for each in found] == [
        ("chat", "small"),
        ("chat", "middle"),
        ("qa", "small"),
    ]


def test_no_more_are_given_than_asked_for() -> None:
    assert [each.model for each in alternatives(TRAFFIC, NOTHING_KNOWN, 2)] == ["small", "middle"]
    assert alternatives(TRAFFIC, NOTHING_KNOWN, 0) == ()


def test_a_model_that_costs_as_much_is_no_alternative() -> None:
    kept = replace(TRAFFIC, costs={CHAT: {"large": usd(8, 8, 8)}, QA: {"large": usd(5, 6, 7)}})

    assert alternatives(kept, NOTHING_KNOWN, 10) == ()


def test_the_quality_is_what_is_known_of_the_model_in_that_segment() -> None:
    cells = {segment: {"large": (Cell(requests=1), NOTHING)} for segment in (CHAT, QA)}
    prior = Prior(source="somebody", qualities={"small": 0.5, "middle": 0.75, "large": 0.9})

    found = alternatives(TRAFFIC, Known(Seen(cells), None, prior, {}), 2)

    assert [(each.quality.basis, each.quality.estimate, each.quality.change) for each in found] == [
        ("prior", 0.5, -0.4),
        ("prior", 0.75, -0.15),
    ]
