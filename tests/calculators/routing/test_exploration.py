import pytest
from summing import looked_at

from costopt.calculators.routing.exploration import doubt, untried


def test_right_propensities_raise_no_doubt() -> None:
    assert (
        doubt(
            looked_at("""tag,model,requests,propensity
x,weak,480,0.5
x,strong,520,0.5
y,weak,89,0.9
y,strong,11,0.1
""")
        )
        is None
    )


def test_a_router_without_a_choice_was_rightly_sure() -> None:
    assert doubt(looked_at("tag,model,requests,propensity\nx,a,600,1\n")) is None


def test_a_log_without_propensities_raises_none() -> None:
    assert doubt(looked_at("tag,model\nx,a\n")) is None


@pytest.mark.parametrize("propensity", ["0", "1.5", "-0.1"])
def test_propensities_that_cannot_be_are_refused(propensity: str) -> None:
    found = doubt(looked_at(f"tag,model,requests,propensity\nx,a,3,{propensity}\nx,b,1000,1\n"))

    assert found == "3 propensities are not above 0 and at most 1"


def test_a_router_that_always_says_it_was_sure_is_refused() -> None:
    found = doubt(looked_at("tag,model,requests,propensity\nx,a,600,1\nx,b,400,1\n"))

    assert found == (
        "the propensities of `a` are wrong in x: their inverse should come to 1 a request, and comes to 0.60"
    )


def test_propensities_that_are_wrong_in_one_segment_are_refused_with_its_name() -> None:
    found = doubt(
        looked_at(
            """tag,endpoint,model,requests,propensity
x,/a,weak,500,0.5
x,/a,strong,500,0.5
x,,weak,900,0.5
x,,strong,100,0.5
""",
            by=("tag", "endpoint"),
        )
    )

    assert found is not None
    assert "wrong in x · (none)" in found


def test_propensities_that_are_wrong_only_in_all_are_refused() -> None:
    segments = "".join(f"s{n},weak,7,0.5\ns{n},strong,3,0.5\n" for n in range(100))

    found = doubt(looked_at("tag,model,requests,propensity\n" + segments))

    assert (
        found
        == "the propensities of `weak` are wrong: their inverse should come to 1 a request, and comes to 1.40"
    )


def test_a_segment_in_which_a_rare_choice_is_missing_by_chance_is_no_reason_for_doubt() -> None:
    rare = "".join(f"s{n},weak,9,0.9\ns{n},strong,1,0.1\n" for n in range(60))
    missing = "".join(f"t{n},weak,10,0.9\n" for n in range(5))

    assert doubt(looked_at("tag,model,requests,propensity\n" + rare + missing)) is None


def test_a_segment_without_a_choice_is_no_reason_for_doubt() -> None:
    assert (
        doubt(looked_at("tag,model,requests,propensity\nx,weak,500,0.5\nx,strong,500,0.5\ny,weak,900,1\n"))
        is None
    )


EXPLORED = """tag,model,requests,quality,propensity
x,weak,450,0.8,0.9
x,strong,50,0.9,0.1
y,weak,10,0.8,0.9
z,weak,500,0.8,1
w,weak,400,0.8,0.9
w,strong,44,,0.1
n,weak,100,0.8,
"""


@pytest.mark.parametrize(
    ("tag", "untold", "why"),
    [
        ("x", 0.0, "it was tried"),
        ("y", 0.0, "with ten requests it is missing by chance"),
        ("z", 1.0, "with five hundred it is not"),
        ("w", 1.0, "tried without a score"),
        ("n", 1.0, "no propensities are known"),
    ],
)
def test_whether_a_model_was_ever_tried(tag: str, untold: float, why: str) -> None:
    assert untried(looked_at(EXPLORED), {(tag,): {"strong": 1.0}}) == {(tag,): untold}, why


def test_the_share_of_a_split_that_was_never_tried() -> None:
    found = untried(looked_at(EXPLORED), {("z",): {"strong": 0.25, "weak": 0.75}})

    assert found == {("z",): 0.25}


def test_a_model_that_is_nowhere_was_never_tried() -> None:
    assert untried(looked_at(EXPLORED), {("y",): {"other": 1.0}}) == {("y",): 1.0}
