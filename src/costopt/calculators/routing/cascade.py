"""Cascades: a cheap model first, a stronger one if its answer does not do, and every attempt is paid.

What a log must say:

- `attempt` numbers the attempts of one task from 1. A retry and an escalation are both attempts: which models were
  tried is in `model`. Requests without a number are paid for like all others, but are no step of a cascade.
- Each attempt is a request of its own, with a `request_id` or a time of its own; else it is removed as a duplicate.
- To tell the last attempt of a task, some column must be the same in all its attempts and in no other task's: `session`,
  or any other that `CASCADE_BY_TASK` is asked for. It makes a group of each attempt, which is why it is asked for apart.

Without such a column, as many requests as have the number 2 are taken to have gone on from number 1, and so on: right
if each attempt is one request and none is missing.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

import polars as pl

from costopt.errors import ConfigError
from costopt.models.money import percent, usd
from costopt.models.result import Frozen
from costopt.rollups.rollup import Key, Rollup

_NUMBER: Final = Key("attempt_number", pl.col("attempt").cast(pl.Int64, strict=False), ("attempt",))

CASCADE: Final = Rollup("cascade", ("provider", "model"), (_NUMBER,))
"""The rollup that `cascade` needs if no column ties the attempts of a task."""


def cascade_by_task(task: str = "session") -> Rollup:
    """The rollup that `cascade` needs to tell the last attempts; one group for each attempt of each task."""
    return Rollup("cascade_by_task", (task, "provider", "model"), (_NUMBER,))


class AttemptModel(Frozen):
    """A model at one attempt: how many requests, and what the priced ones cost; null if none is."""

    provider: str | None
    model: str | None
    requests: int
    cost_usd: Decimal | None


class Attempt(Frozen):
    """All attempts of one number.

    Attributes:
        attempt: The number, from 1.
        requests: How many.
        cost_usd: What the priced ones cost; null if none is.
        unpriced: Requests whose cost is unknown; in no total.
        tasks: Tasks that came so far.
        went_on_pct: Of these, in percent, those that had a later attempt: the observed escalation rate. Null where the
            numbers make no sense.
        ended_pct: Of all tasks, in percent, those whose last attempt this was: their answer did, or they were given up.
        models: Dearest first.
    """

    attempt: int
    requests: int
    cost_usd: Decimal | None
    unpriced: int
    tasks: int
    went_on_pct: Decimal | None
    ended_pct: Decimal | None
    models: tuple[AttemptModel, ...]


class LastAttemptsOnly(Frozen):
    """What it looks like if only the attempt that gave the answer is counted. It is not what is paid.

    Attributes:
        label: What has to stand beside the figure wherever it is shown.
        not_the_bill_usd: The priced last attempts.
        share_pct: Of the cost of all attempts, in percent.
    """

    label: Literal["not the bill"] = "not the bill"
    not_the_bill_usd: Decimal
    share_pct: Decimal


class Cascade(Frozen):
    """The attempts in a log.

    Attributes:
        cost_usd: Of all priced attempts, numbered or not: the bill.
        requests: How many attempts.
        unpriced: Attempts whose cost is unknown; in no total.
        unnumbered: Attempts without a number or a task; in the cost, in no step.
        tasks: How many tasks; null where the numbers make no sense.
        attempts: By number.
        last_attempts: Null without a column that ties the attempts of a task.
        problem: What does not make sense, if anything.
    """

    cost_usd: Decimal
    requests: int
    unpriced: int
    unnumbered: int
    tasks: int | None
    attempts: tuple[Attempt, ...]
    last_attempts: LastAttemptsOnly | None
    problem: str | None


def cascade(rollup: pl.DataFrame, task: str | None = None) -> Cascade:
    """What all attempts cost, and how many tasks went on to the next.

    Args:
        rollup: `CASCADE`, or `cascade_by_task` with the same task; priced.
        task: The column that ties the attempts of a task, if there is one.
    """
    keyed = pl.col("attempt_number") >= 1
    stepped = rollup.filter(keyed if task is None else keyed & pl.col(task).is_not_null())
    reached = _reached(stepped, task)
    problem = _problem(reached)
    is_whole = problem is None
    total = usd(int(rollup["cost"].sum() or 0))
    return Cascade(
        cost_usd=total,
        requests=_requests(rollup),
        unpriced=_unpriced(rollup),
        unnumbered=_requests(rollup) - _requests(stepped),
        tasks=reached.get(1, 0) if is_whole else None,
        attempts=tuple(_attempt(stepped, number, reached, is_whole=is_whole) for number in reached),
        last_attempts=None if task is None else _last_only(stepped, task, total),
        problem=problem,
    )


def _reached(stepped: pl.DataFrame, task: str | None) -> dict[int, int]:
    """By attempt, how many tasks came so far."""
    if task is None:
        sums = stepped.group_by("attempt_number").agg(pl.col("requests").sum()).sort("attempt_number")
        return dict(sums.iter_rows())
    numbers = stepped["attempt_number"].unique().sort().to_list()
    last = stepped.group_by(task).agg(pl.col("attempt_number").max())["attempt_number"]
    return {number: int((last >= number).sum()) for number in numbers}


def _problem(reached: dict[int, int]) -> str | None:
    """What makes no sense, if anything: an attempt that is missing, or more frequent than the one before it."""
    for before, (number, tasks) in enumerate(reached.items()):
        if number != before + 1:
            return f"no request is attempt {before + 1}, but some are attempt {number}"
        if before and tasks > reached[before]:
            return (
                f"{tasks:,} requests are attempt {number}, but only {reached[before]:,} are attempt {before}"
            )
    return None


def _attempt(stepped: pl.DataFrame, number: int, reached: dict[int, int], *, is_whole: bool) -> Attempt:
    own = stepped.filter(pl.col("attempt_number") == number)
    went_on = reached.get(number + 1, 0)
    models = (
        own.group_by("provider", "model")
        .agg(pl.col("requests").sum(), pl.when(pl.col("cost").count() > 0).then(pl.col("cost").sum()))
        .sort("cost", "provider", "model", descending=[True, False, False], nulls_last=True)
    )
    return Attempt(
        attempt=number,
        requests=_requests(own),
        cost_usd=_cost(own),
        unpriced=_unpriced(own),
        tasks=reached[number],
        went_on_pct=percent(went_on, reached[number]) if is_whole else None,
        ended_pct=percent(reached[number] - went_on, reached[1]) if is_whole else None,
        models=tuple(
            AttemptModel(
                provider=provider,
                model=model,
                requests=requests,
                cost_usd=None if cost is None else usd(cost),
            )
            for provider, model, requests, cost in models.iter_rows()
        ),
    )


def _last_only(stepped: pl.DataFrame, task: str, total: Decimal) -> LastAttemptsOnly:
    is_last = pl.col("attempt_number") == pl.col("attempt_number").max().over(task)
    cost = usd(int(stepped.filter(is_last)["cost"].sum() or 0))
    return LastAttemptsOnly(not_the_bill_usd=cost, share_pct=percent(cost, total))


def _cost(rows: pl.DataFrame) -> Decimal | None:
    return usd(int(rows["cost"].sum())) if rows["cost"].count() else None


def _unpriced(rows: pl.DataFrame) -> int:
    return _requests(rows.filter(pl.col("cost").is_null()))


def _requests(rows: pl.DataFrame) -> int:
    return int(rows["requests"].sum())


# What if


class Tier(Frozen):
    """One tier of a planned cascade.

    Attributes:
        cost_usd: Of one request to it.
        reached: The share of requests that get so far.
        escalated: The share of these that goes on; 0 at the last.
        break_even: The share that may go on before it is cheaper to ask the next tier at once:
            1 - cost / cost of the next; 0 where this one is not the cheaper; null at the last.
    """

    cost_usd: Decimal
    reached: float
    escalated: float
    break_even: float | None


class Expected(Frozen):
    """What a planned cascade costs, every attempt charged.

    Attributes:
        cost_usd: Of all requests.
        attempts: For a request, on average.
        last_only_usd: If every request went to the last tier at once.
        pays: Whether that is dearer.
        tiers: In the order in which they are tried.
    """

    cost_usd: Decimal
    attempts: float
    last_only_usd: Decimal
    pays: bool
    tiers: tuple[Tier, ...]


def expected(
    costs: Sequence[int], escalation_rates: Sequence[Decimal | Fraction], requests: int = 1
) -> Expected:
    """The cost of trying tier after tier, each time paying for the try.

    Args:
        costs: Of one request to each tier, in pico-dollars, in the order in which they are tried.
        escalation_rates: Of each tier but the last: the share of its requests that goes on to the next.
        requests: How many begin.

    Raises:
        ConfigError: if a rate is no share.
        ValueError: if there is not one rate less than there are costs.
    """
    if not costs or len(costs) != len(escalation_rates) + 1:
        raise ValueError(f"{len(costs)} tiers and {len(escalation_rates)} escalation rates")
    for rate in escalation_rates:
        if not 0 <= rate <= 1:
            raise ConfigError(f"An escalation rate of {rate} is no share", hint="rates go from 0 to 1")
    rates = [*(Fraction(rate) for rate in escalation_rates), Fraction(0)]
    reached = [Fraction(1)]
    for rate in rates[:-1]:
        reached.append(reached[-1] * rate)
    cost = sum(share * each for share, each in zip(reached, costs, strict=True))
    nexts = [*costs[1:], None]
    return Expected(
        cost_usd=usd(_rounded(cost * requests)),
        attempts=float(sum(reached)),
        last_only_usd=usd(costs[-1] * requests),
        pays=cost < costs[-1],
        tiers=tuple(
            Tier(
                cost_usd=usd(each),
                reached=float(share),
                escalated=float(rate),
                break_even=_break_even(each, after),
            )
            for each, share, rate, after in zip(costs, reached, rates, nexts, strict=True)
        ),
    )


def _break_even(cost: int, after: int | None) -> float | None:
    if after is None:
        return None
    return float(1 - Fraction(cost, after)) if cost < after else 0.0


def _rounded(value: Fraction | int) -> int:
    """Half up."""
    return int(value + Fraction(1, 2))
