from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costopt.calculators.routing.cascade import (
    CASCADE,
    Attempt,
    AttemptModel,
    Cascade,
    LastAttemptsOnly,
    cascade,
    cascade_by_task,
    expected,
)
from costopt.calculators.spend import spend, spend_rollup
from costopt.errors import ConfigError
from costopt.models.schema import PICO
from costopt.pipeline import Logs, load
from costopt.pricing.catalog import load_catalog

# What a log says. `acme-small` costs 1 dollar a million input tokens, `acme-large` 10

CATALOG = """
schema = 1
currency = "USD"
[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }
[[model]]
provider = "acme"
id = "acme-small"
[[model.price]]
input = 1
[[model]]
provider = "acme"
id = "acme-large"
[[model.price]]
input = 10
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Cascade]:
    """The attempts of a log, given as CSV of task, attempt and model, each request of a million input tokens."""
    (tmp_path / "prices.toml").write_text(CATALOG, encoding="utf-8")
    catalog = load_catalog(tmp_path / "prices.toml")

    def cascade_of(log: str, task: str | None = "session") -> Cascade:
        head = "session,attempt,model,timestamp,input_tokens,output_tokens\n"
        rows = (
            f"{row.strip()},2026-10-01T00:00:{at:02}Z,1000000,0\n" for at, row in enumerate(log.split("\n"))
        )
        (tmp_path / "log.csv").write_text(head + "".join(rows), encoding="utf-8")
        rollup = CASCADE if task is None else cascade_by_task(task)
        loaded = load(Logs(("log.csv",)), catalog, [rollup, spend_rollup(())])
        found = cascade(loaded.rollups[rollup.name], task)
        assert found.cost_usd == spend(loaded.rollups["spend"], loaded.provenance, ()).total_usd
        return found

    return cascade_of


Read = Callable[..., Cascade]

LOG = """a,1,acme-small
    b,1,acme-small
    b,2,acme-large
    c,1,acme-small
    c,2,acme-small
    c,3,acme-large
    d,1,acme-small"""


def test_every_attempt_is_charged(read: Read) -> None:
    found = read(LOG)

    assert found.cost_usd == 25
    assert (found.requests, found.tasks, found.unnumbered, found.unpriced) == (7, 4, 0, 0)
    assert [attempt.cost_usd for attempt in found.attempts] == [4, 11, 10]


def test_what_only_last_attempts_cost_is_labelled_as_not_the_bill(read: Read) -> None:
    assert read(LOG).last_attempts == LastAttemptsOnly(
        label="not the bill", not_the_bill_usd=Decimal(22), share_pct=Decimal(88)
    )


def test_how_many_tasks_went_on_from_each_attempt_and_how_many_ended_there(read: Read) -> None:
    found = read(LOG)

    assert found.problem is None
    assert [attempt.tasks for attempt in found.attempts] == [4, 2, 1]
    assert [attempt.went_on_pct for attempt in found.attempts] == [50, 50, 0]
    assert [attempt.ended_pct for attempt in found.attempts] == [50, 25, 25]


def test_an_attempt_says_which_models_were_tried_the_dearest_first(read: Read) -> None:
    assert read(LOG).attempts[1] == Attempt(
        attempt=2,
        requests=2,
        cost_usd=Decimal(11),
        unpriced=0,
        tasks=2,
        went_on_pct=Decimal(50),
        ended_pct=Decimal(25),
        models=(
            AttemptModel(provider="acme", model="acme-large", requests=1, cost_usd=Decimal(10)),
            AttemptModel(provider="acme", model="acme-small", requests=1, cost_usd=Decimal(1)),
        ),
    )


def test_without_a_task_the_rates_are_the_same_but_the_last_attempts_are_not_known(read: Read) -> None:
    tied, untied = read(LOG), read(LOG, None)

    assert untied.last_attempts is None
    assert untied == tied.model_copy(update={"last_attempts": None})


def test_a_task_may_need_several_requests_for_one_attempt(read: Read) -> None:
    log = """a,1,acme-small
        a,1,acme-small
        a,2,acme-large
        b,1,acme-small"""

    assert [attempt.went_on_pct for attempt in read(log).attempts] == [50, 0]
    assert read(log).tasks == 2
    assert read(log).last_attempts == LastAttemptsOnly(
        not_the_bill_usd=Decimal(11), share_pct=Decimal("84.6154")
    )


@pytest.mark.parametrize("odd", ["b,,acme-large", ",1,acme-large", "b,0,acme-large"])
def test_a_request_without_number_or_task_is_paid_for_but_is_no_step(read: Read, odd: str) -> None:
    found = read(f"a,1,acme-small\n{odd}")

    assert (found.cost_usd, found.requests, found.unnumbered, found.tasks) == (Decimal(11), 2, 1, 1)
    assert len(found.attempts) == 1


def test_a_log_without_attempts_has_a_cost_and_no_steps(read: Read) -> None:
    found = read("a,,acme-small")

    assert (found.cost_usd, found.attempts, found.tasks, found.problem) == (Decimal(1), (), 0, None)


def test_an_unpriced_attempt_is_counted_and_costs_nothing_known(read: Read) -> None:
    found = read("a,1,acme-small\na,2,acme-huge")

    assert (found.cost_usd, found.unpriced) == (Decimal(1), 1)
    assert (found.attempts[1].cost_usd, found.attempts[1].unpriced) == (None, 1)
    assert found.attempts[1].models[0].cost_usd is None


def test_a_log_that_lacks_an_attempt_gives_no_rates(read: Read) -> None:
    found = read("a,1,acme-small\na,3,acme-large")

    assert found.problem == "no request is attempt 2, but some are attempt 3"
    assert found.tasks is None
    assert [(attempt.went_on_pct, attempt.ended_pct) for attempt in found.attempts] == [(None, None)] * 2
    assert found.cost_usd == 11


def test_a_log_with_more_later_attempts_than_first_ones_gives_no_rates(read: Read) -> None:
    found = read("a,1,acme-small\na,2,acme-large\nb,2,acme-large", None)

    assert found.problem == "2 requests are attempt 2, but only 1 are attempt 1"
    assert found.tasks is None


TASKS = st.lists(st.lists(st.one_of(st.none(), st.integers(0, 10**25)), min_size=1, max_size=4), max_size=6)


@given(TASKS, st.randoms(use_true_random=False))
def test_attempts_add_up_and_last_ones_never_cost_more_than_all(
    tasks: list[list[int | None]], random: object
) -> None:
    rows = [
        (f"task {task}", "acme", "m", number, 1, cost)
        for task, costs in enumerate(tasks)
        for number, cost in enumerate(costs, 1)
    ]
    random.shuffle(rows)  # type: ignore[attr-defined]
    names = ["session", "provider", "model"]
    schema = {
        **dict.fromkeys(names, pl.String),
        "attempt_number": pl.Int64,
        "requests": pl.Int64,
        "cost": PICO,
    }
    found = cascade(pl.DataFrame(rows, schema=schema, orient="row"), "session")

    assert found.tasks == len(tasks)
    assert found.cost_usd == sum(attempt.cost_usd or 0 for attempt in found.attempts)
    assert found.requests == sum(attempt.requests for attempt in found.attempts) == len(rows)
    assert not tasks or sum(attempt.ended_pct or 0 for attempt in found.attempts) == pytest.approx(
        100, abs=0.001
    )
    assert found.last_attempts is not None
    last = sum(costs[-1] or 0 for costs in tasks)
    assert found.last_attempts.not_the_bill_usd == Decimal(last).scaleb(-12) <= found.cost_usd


# What if


def pico(usd: str) -> int:
    return int(Decimal(usd) * 10**12)


MINI, STANDARD, PREMIUM = pico("0.00015"), pico("0.0003"), pico("0.0015")
TENTH = Decimal("0.1")


def test_the_published_example_of_600_300_and_100_requests_with_a_tenth_escalated_saves_73_8_percent() -> (
    None
):
    simple = expected([MINI, STANDARD], [TENTH], 600)
    medium = expected([STANDARD, PREMIUM], [TENTH], 300)
    complex_ = expected([PREMIUM], [], 100)

    cost = simple.cost_usd + medium.cost_usd + complex_.cost_usd
    assert cost == Decimal("0.393")
    assert 1 - cost / Decimal("1.5") == Decimal("0.738")


def test_every_try_of_a_planned_cascade_is_paid() -> None:
    found = expected([10, 40, 100], [Decimal("0.5"), Decimal("0.2")], 1_000)

    assert found.cost_usd == Decimal(1_000 * (10 + 20 + 10)).scaleb(-12)
    assert found.attempts == pytest.approx(1.6)
    assert [tier.reached for tier in found.tiers] == pytest.approx([1, 0.5, 0.1])
    assert [tier.escalated for tier in found.tiers] == [0.5, 0.2, 0]
    assert (found.last_only_usd, found.pays) == (Decimal(100_000).scaleb(-12), True)


def test_the_break_even_escalation_rate_is_what_the_cheap_try_is_cheaper_by() -> None:
    assert [tier.break_even for tier in expected([10, 40, 100], [TENTH, TENTH]).tiers] == [0.75, 0.6, None]


@pytest.mark.parametrize(("rate", "pays"), [("0.749", True), ("0.75", False), ("0.751", False)])
def test_at_the_break_even_rate_a_cascade_ceases_to_pay(rate: str, pays: bool) -> None:  # noqa: FBT001
    assert expected([10, 40], [Decimal(rate)]).pays is pays


@pytest.mark.parametrize("costs", [[40, 40], [50, 40], [0, 0]])
def test_a_first_try_that_is_not_cheaper_never_pays(costs: list[int]) -> None:
    found = expected(costs, [TENTH])

    assert found.tiers[0].break_even == 0
    assert not found.pays


def test_a_cost_is_rounded_once_to_whole_pico_dollars() -> None:
    assert expected([1, 1], [Fraction(1, 3)], 1).cost_usd == Decimal("1E-12")
    assert expected([1, 1], [Fraction(1, 3)], 3).cost_usd == Decimal("4E-12")


@pytest.mark.parametrize("rate", ["-0.1", "1.1"])
def test_an_escalation_rate_is_a_share(rate: str) -> None:
    with pytest.raises(ConfigError, match=rf"An escalation rate of {rate} is no share") as error:
        expected([1, 2], [Decimal(rate)])

    assert error.value.hint == "rates go from 0 to 1"


@pytest.mark.parametrize(("costs", "rates"), [([], []), ([1], [TENTH]), ([1, 2], [])])
def test_each_tier_but_the_last_has_an_escalation_rate(costs: list[int], rates: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="escalation rates"):
        expected(costs, rates)


SHARES = st.fractions(0, 1, max_denominator=1000)


@given(st.lists(st.tuples(st.integers(0, 10**12), SHARES), min_size=1, max_size=5), st.integers(1, 10**6))
def test_a_planned_cascade_costs_what_its_tiers_are_reached_by(
    tiers: list[tuple[int, Fraction]], requests: int
) -> None:
    costs, rates = [cost for cost, _ in tiers], [rate for _, rate in tiers[1:]]
    found = expected(costs, rates, requests)

    reached = list(_shares(rates))
    exact = sum(cost * share for cost, share in zip(costs, reached, strict=True)) * requests
    assert abs(found.cost_usd.scaleb(12) - Decimal(int(exact))) <= 1
    assert found.cost_usd >= Decimal(costs[0] * requests).scaleb(-12)
    assert found.attempts == pytest.approx(float(sum(reached)))
    if len(tiers) == 2 and costs[0] < costs[1]:
        assert found.pays == (rates[0] < 1 - Fraction(costs[0], costs[1]))


def _shares(rates: list[Fraction]) -> Iterator[Fraction]:
    share = Fraction(1)
    for place in count():
        yield share
        if place == len(rates):
            return
        share *= rates[place]
