import pytest

from costopt.calculators.routing.curve import Advantage, Interval, Recovery
from costopt.calculators.routing.gate import UNKNOWN_CHOICE, Grounds, decide


def recovery(apgr: float, always_above: float | None) -> Recovery:
    interval = None if always_above is None else Interval(low=apgr - 0.05, high=apgr + 0.05)
    return Recovery(
        labels=500,
        independent=500,
        weak_quality=0.5,
        strong_quality=0.7,
        apgr=apgr,
        interval=interval,
        always_above=always_above,
    )


def advantage(low: float | None) -> Advantage:
    return Advantage(apgr=0.1, interval=None if low is None else Interval(low=low, high=0.3))


MEASURED = Grounds("measured")


@pytest.mark.parametrize(
    ("learned", "rule", "over_rule", "choose"),
    [
        ((0.65, 0.58), (0.55, 0.49), 0.02, "learned"),
        ((0.65, 0.58), (0.55, 0.52), 0.02, "learned"),
        ((0.65, 0.58), (0.60, 0.54), -0.01, "rule"),
        ((0.65, 0.58), (0.60, 0.54), None, "rule"),
        ((0.65, 0.58), (0.60, 0.48), 0.0, "none"),
        ((0.55, 0.50), (0.60, 0.54), -0.1, "rule"),
        ((0.55, 0.50), (0.45, 0.40), 0.05, "none"),
        ((0.45, 0.40), (0.52, 0.50), -0.1, "none"),
        ((0.70, None), (0.70, None), None, "none"),
    ],
)
def test_router_is_let_through_only_if_it_clearly_beats_what_it_must(
    learned: tuple[float, float | None],
    rule: tuple[float, float | None],
    over_rule: float | None,
    choose: str,
) -> None:
    check = decide(recovery(*rule), recovery(*learned), advantage(over_rule), MEASURED)

    assert check.choose == choose
    assert (check.basis, check.assumption, check.random) == ("measured", None, 0.5)


def test_what_is_no_better_than_random_is_called_so() -> None:
    check = decide(recovery(0.52, 0.45), recovery(0.51, 0.44), advantage(-0.1), MEASURED)

    assert check.summary == (
        "not better than random on this log: APGR learned 0.51 (0.46 – 0.56), by rule 0.52 (0.47 – 0.57),"
        " at random 0.50"
    )


def test_nothing_is_let_through_on_an_assumption() -> None:
    check = decide(
        recovery(0.55, 0.49),
        recovery(0.8, 0.7),
        advantage(0.1),
        Grounds("estimated", UNKNOWN_CHOICE, left_out=3),
    )

    assert (check.choose, check.assumption, check.left_out) == ("none", UNKNOWN_CHOICE, 3)
    assert check.summary.startswith(UNKNOWN_CHOICE)


def test_reason_why_nothing_was_measured_is_the_summary() -> None:
    none = Recovery(labels=3, independent=3, weak_quality=None, strong_quality=None, reason="too few")
    check = decide(none, none, Advantage(reason="too few"), MEASURED)

    assert (check.choose, check.summary) == ("none", "too few")


def test_figure_without_an_interval_stands_alone() -> None:
    open_ended = Recovery(
        labels=200,
        independent=200,
        weak_quality=0.5,
        strong_quality=0.6,
        apgr=0.62,
        reason="the gap is not clear",
    )
    unknown = Recovery(labels=0, independent=0, weak_quality=None, strong_quality=None, reason="none")
    check = decide(unknown, open_ended, advantage(0.1), MEASURED)

    assert check.choose == "none"
    assert check.summary == "the gap is not clear: APGR learned 0.62, by rule unknown, at random 0.50"
