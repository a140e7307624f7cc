from decimal import Decimal

import pytest
from pydantic import ValidationError

from costopt.calculators.routing.frontier import Choice, Frontier, Option, Policy, Segment, Vertex, frontier

USD = 10**12


def segment(name: str, requests: int, *options: tuple[str, float | None, float | None]) -> Segment:
    """A segment whose options cost so many dollars."""
    known = [
        Option(model, None if cost is None else round(cost * USD), quality)
        for model, cost, quality in options
    ]
    return Segment(name, requests, known)


CHAT = segment("chat", 60, ("mini", 6, 0.7), ("standard", 12, 0.8), ("premium", 60, 0.9))
CODE = segment("code", 40, ("mini", 4, 0.3), ("standard", 8, 0.7), ("premium", 40, 0.8))


def chosen(policy: Policy | None) -> dict[str, dict[str, float]]:
    assert policy is not None
    shares: dict[str, dict[str, float]] = {}
    for choice in policy.choices:
        shares.setdefault(choice.segment, {})[choice.model] = choice.share
    return shares


# The frontier


def test_the_frontier_goes_from_the_cheapest_policy_to_the_best_by_quality_per_dollar() -> None:
    vertices = frontier([CHAT, CODE]).vertices

    assert [float(vertex.cost_usd) for vertex in vertices] == [10, 14, 20, 68, 100]
    assert [vertex.quality for vertex in vertices] == pytest.approx([0.54, 0.7, 0.76, 0.82, 0.86])
    assert vertices[0] == Vertex(cost_usd=Decimal(10), quality=0.54)


def test_a_model_that_another_beats_is_never_chosen() -> None:
    traffic = segment("chat", 10, ("mini", 1, 0.5), ("dear", 5, 0.5), ("worse", 2, 0.4), ("premium", 9, 0.9))

    assert [float(vertex.cost_usd) for vertex in frontier([traffic]).vertices] == [1, 9]


def test_a_model_that_a_mixture_beats_is_no_vertex_but_may_be_chosen_where_nothing_is_split() -> None:
    traffic = frontier([segment("chat", 10, ("mini", 1, 0.5), ("middle", 6, 0.65), ("premium", 9, 0.9))])

    assert [float(vertex.cost_usd) for vertex in traffic.vertices] == [1, 9]
    assert chosen(traffic.policy_at(0.6)) == {"chat": {"mini": 0.75, "premium": 0.25}}
    assert chosen(traffic.whole_policy_at(0.6)) == {"chat": {"middle": 1}}


def test_a_model_on_the_line_between_two_others_is_a_vertex_so_that_less_is_split() -> None:
    traffic = frontier([segment("chat", 10, ("mini", 1, 0.5), ("middle", 5, 0.7), ("premium", 9, 0.9))])

    assert chosen(traffic.policy_at(0.7)) == {"chat": {"middle": 1}}


def test_of_two_models_alike_the_first_in_the_alphabet_is_chosen() -> None:
    traffic = frontier([segment("chat", 10, ("b", 1, 0.5), ("a", 1, 0.5))])

    assert chosen(traffic.policy_at(0)) == {"chat": {"a": 1}}


@pytest.mark.parametrize("unknown", [("premium", None, 0.9), ("premium", 60, None)])
def test_a_model_of_unknown_cost_or_quality_is_no_candidate(
    unknown: tuple[str, float | None, float | None],
) -> None:
    traffic = frontier([segment("chat", 10, ("mini", 1, 0.5), unknown)])

    assert len(traffic.vertices) == 1
    assert traffic.policy_at(0.6) is None


def test_a_segment_without_a_candidate_is_left_out_and_said() -> None:
    traffic = frontier([segment("lost", 1_000, ("mini", 1, None)), CHAT])

    assert traffic.left_out == ("lost",)
    assert traffic.requests == 60
    assert chosen(traffic.policy_at(0.7)) == {"chat": {"mini": 1}}


@pytest.mark.parametrize("segments", [[], [segment("lost", 10, ("mini", None, 0.5))]])
def test_without_any_candidate_there_is_no_policy(segments: list[Segment]) -> None:
    nothing = frontier(segments)

    assert nothing.vertices == ()
    assert nothing.policy_at(0) is None
    assert nothing.whole_policy_at(0) is None
    assert nothing.best_within(Decimal(100)) is None


def test_a_segment_without_requests_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="segment `chat` has no requests"):
        frontier([segment("chat", 0, ("mini", 0, 0.5))])


def test_a_quality_that_is_no_number_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="NaN"):
        frontier([segment("chat", 1, ("mini", 1, float("nan")))])


# Policies


def test_the_cheapest_policy_above_a_floor_splits_one_segment_in_the_share_that_just_meets_it() -> None:
    policy = frontier([CHAT, CODE]).policy_at(0.79)

    assert policy == Policy(
        cost_usd=Decimal(44),
        quality=0.79,
        choices=(
            Choice(segment="chat", model="standard", share=0.5, cost_usd=Decimal(6), quality=0.8),
            Choice(segment="chat", model="premium", share=0.5, cost_usd=Decimal(30), quality=0.9),
            Choice(segment="code", model="standard", share=1, cost_usd=Decimal(8), quality=0.7),
        ),
        least_usd=Decimal(44),
        is_cheapest=True,
    )


@pytest.mark.parametrize("floor", [-1, 0, 0.54])
def test_a_floor_that_the_cheapest_policy_meets_is_met_by_it(floor: float) -> None:
    policy = frontier([CHAT, CODE]).policy_at(floor)

    assert chosen(policy) == {"chat": {"mini": 1}, "code": {"mini": 1}}


@pytest.mark.parametrize("floor", [0.8600001, 1, 2])
def test_a_floor_that_nothing_meets_gives_no_policy(floor: float) -> None:
    traffic = frontier([CHAT, CODE])

    assert traffic.policy_at(floor) is None
    assert traffic.whole_policy_at(floor) is None


def thirds() -> Frontier:
    """Whose mean qualities are no floats."""
    return frontier([segment(name, 1, ("mini", 1, 1 / 3), ("premium", 2, 2 / 3)) for name in "abc"])


@pytest.mark.parametrize("place", range(4))
def test_the_quality_of_a_vertex_is_a_floor_that_this_vertex_meets_without_a_split(place: int) -> None:
    traffic = thirds()
    vertex = traffic.vertices[place]
    policy = traffic.policy_at(vertex.quality)

    assert policy is not None
    assert (policy.cost_usd, policy.quality) == (vertex.cost_usd, vertex.quality)
    assert {choice.share for choice in policy.choices} == {1}
    assert policy == traffic.whole_policy_at(vertex.quality) == traffic.best_within(vertex.cost_usd)


def test_the_best_policy_within_a_budget_exhausts_it() -> None:
    policy = frontier([CHAT, CODE]).best_within(Decimal(44))

    assert policy == frontier([CHAT, CODE]).policy_at(0.79)


def test_a_budget_below_the_cheapest_policy_buys_none_and_one_above_the_best_buys_that() -> None:
    traffic = frontier([CHAT, CODE])

    assert traffic.best_within(Decimal("9.999999999999")) is None
    assert chosen(traffic.best_within(Decimal(1_000))) == {"chat": {"premium": 1}, "code": {"premium": 1}}


def test_the_parts_of_a_split_segment_cost_what_it_costs_to_the_pico_dollar() -> None:
    one = Segment("chat", 3, [Option("mini", 10, 0.0), Option("premium", 17, 1.0)])
    policy = frontier([one]).policy_at(1 / 3)

    assert policy is not None
    assert [choice.cost_usd for choice in policy.choices] == [Decimal("7E-12"), Decimal("6E-12")]
    assert policy.cost_usd == Decimal("13E-12")  # 10 + 7 / 3, rounded up


def test_a_policy_is_frozen() -> None:
    policy = frontier([CHAT]).policy_at(0.7)

    assert policy is not None
    with pytest.raises(ValidationError):
        policy.quality = 1.0  # type: ignore[misc]


# One model per segment


def test_without_a_split_the_cheapest_policy_costs_more_and_says_how_much_the_split_would_save() -> None:
    policy = frontier([CHAT, CODE]).whole_policy_at(0.79)

    assert policy is not None
    assert chosen(policy) == {"chat": {"standard": 1}, "code": {"premium": 1}}
    assert (policy.cost_usd, policy.least_usd, policy.is_cheapest) == (Decimal(52), Decimal(44), True)


def test_the_cheapest_whole_policy_may_take_one_segment_down_to_take_another_up() -> None:
    a = segment("a", 1, ("mini", 0, 0.0), ("premium", 10, 1.0))
    b = segment("b", 1, ("mini", 0, 0.0), ("premium", 8, 0.7), ("best", 13, 1.1))
    traffic = frontier([a, b])

    # going up the hulls: `premium` for a (10), then `best` for b (23); cheaper is `best` for b alone
    assert chosen(traffic.whole_policy_at(0.525)) == {"a": {"mini": 1}, "b": {"best": 1}}


def test_out_of_effort_the_best_policy_so_far_is_given_and_not_called_the_cheapest() -> None:
    policy = frontier([CHAT, CODE]).whole_policy_at(0.79, effort=0)

    assert policy is not None
    assert policy.quality >= 0.79
    assert policy.cost_usd >= Decimal(52)
    assert not policy.is_cheapest


# Against a solver


@pytest.mark.parametrize("seed", range(5))
def test_every_policy_costs_what_a_linear_program_solver_finds(seed: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    numpy = pytest.importorskip("numpy")
    random = numpy.random.default_rng(seed)
    requests, costs, qualities = (
        random.integers(1, 1000, 8),
        random.uniform(1, 100, (8, 6)),
        random.random((8, 6)),
    )
    found = frontier(
        [
            segment(
                str(place),
                int(requests[place]),
                *zip("abcdef", costs[place], map(float, qualities[place]), strict=True),
            )
            for place in range(8)
        ]
    )
    first, last = found.vertices[0].quality, found.vertices[-1].quality

    for tenth in range(1, 10):
        floor = first + (last - first) * tenth / 10
        solved = optimize.linprog(
            costs.ravel(),
            A_ub=-(qualities * requests[:, None]).reshape(1, -1),
            b_ub=[-floor * found.requests],
            A_eq=numpy.kron(numpy.eye(8), numpy.ones((1, 6))),
            b_eq=numpy.ones(8),
            method="highs",
        )
        policy = found.policy_at(floor)

        assert policy is not None
        assert float(policy.cost_usd) == pytest.approx(solved.fun, rel=1e-9)
