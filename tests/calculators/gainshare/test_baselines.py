import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal

import polars as pl
import pytest
from savings import contract

from costopt.calculators.gainshare.baselines import Rule, Yardstick, rules_of, yardsticks
from costopt.calculators.gainshare.contracts import Baseline, Contract
from costopt.calculators.gainshare.recording import Rows

Recorded = Callable[..., Rows]
Named = Callable[[str], Yardstick]

HEADER = "timestamp,provider,model,tenant,tag,request_type,input_tokens,output_tokens"


def log(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def against(rows: pl.DataFrame) -> dict[tuple[str, str], int]:
    """How many requests of each day are compared with each baseline."""
    found = rows.group_by("period", "baseline").agg(pl.col("requests").sum()).sort("period", "baseline")
    return {
        (period[-2:], baseline.removeprefix("acme/")): requests
        for period, baseline, requests in found.iter_rows()
    }


def told_apart(said: Rows) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """What is compared with nothing, and what is left out."""
    alone = said.uncompared.select("model", "baseline", "requests", "unpriced")
    return alone.rows(), said.left_out.select("model", "requests").rows()


def agreed(
    yardstick: Named, baselines: Iterable[Baseline], others: str | None = None, end: dt.date | None = None
) -> tuple[Rule, ...]:
    """The rules of a contract with `acme`."""
    own = contract(baseline=tuple(baselines), end=end)
    return rules_of([own], lambda each: yardstick(each.model), yardstick(others) if others else None)


def test_the_contract_of_the_tenant_and_the_day_says_what_is_compared(
    recorded: Recorded, yardstick: Named
) -> None:
    first = contract(
        baseline=(Baseline(model="small"),), start=dt.date(2026, 10, 2), end=dt.date(2026, 10, 3)
    )
    then = contract(baseline=(Baseline(model="grand"),), start=dt.date(2026, 10, 4))
    rules = rules_of([first, then], lambda each: yardstick(each.model), None)

    said = recorded(
        log(
            *(f"2026-10-0{day}T08:00:00Z,acme,small,acme,,,1000,100" for day in (1, 2, 3, 4, 5)),
            "2026-10-03T08:00:00Z,acme,small,globex,,,1000,100",
            "2026-10-03T08:00:00Z,acme,small,,,,1000,100",
        ),
        *rules,
    )

    assert against(said.rows) == {
        ("02", "small"): 1,
        ("03", "small"): 1,
        ("04", "grand"): 1,
        ("05", "grand"): 1,
    }
    assert (said.no_baseline.requests, str(said.no_baseline.actual_cost_usd)) == (3, "0.0036")
    assert said.other_kinds.requests == 0


def test_what_no_contract_is_about_has_the_general_baseline(recorded: Recorded, yardstick: Named) -> None:
    rules = agreed(yardstick, [Baseline(model="small")], "grand", end=dt.date(2026, 10, 1))

    said = recorded(
        log(
            "2026-10-01T08:00:00Z,acme,small,acme,,,1000,100",
            "2026-10-02T08:00:00Z,acme,small,acme,,,1000,100",
            "2026-10-01T08:00:00Z,acme,small,globex,,,1000,100",
        ),
        *rules,
    )

    assert against(said.rows) == {("01", "grand"): 1, ("01", "small"): 1, ("02", "grand"): 1}


def test_a_request_of_a_contract_that_none_of_its_baselines_fits_is_not_compared(
    recorded: Recorded, yardstick: Named
) -> None:
    rules = agreed(yardstick, [Baseline(model="grand", tag="code*")], "grand")

    said = recorded(
        log(
            "2026-10-01T08:00:00Z,acme,small,acme,Code-Review,,1000,100",
            "2026-10-01T08:00:00Z,acme,small,acme,chat,,1000,100",
            "2026-10-01T08:00:00Z,acme,small,acme,,,1000,100",
        ),
        *rules,
    )

    assert against(said.rows) == {("01", "grand"): 1}
    assert said.no_baseline.requests == 2
    assert told_apart(said) == ([("acme/small", "", 0, 2)], [])


def test_a_request_that_no_contract_is_about_is_left_out_unless_there_is_a_general_baseline(
    recorded: Recorded, yardstick: Named
) -> None:
    lines = log(
        "2025-12-31T08:00:00Z,acme,small,acme,,,1000,100",
        "2026-10-01T08:00:00Z,acme,small,globex,,,1000,100",
        "2026-10-01T08:00:00Z,acme,small,globex,,embedding,1000,0",
    )

    contracted = recorded(lines, *agreed(yardstick, [Baseline(model="grand")]))
    general = recorded(lines, *agreed(yardstick, [Baseline(model="grand")], "grand"))

    assert told_apart(contracted) == ([], [("acme/small", 1), ("acme/small", 2)])
    assert told_apart(general) == ([("acme/small", "", 0, 1)], [])


def test_a_baseline_may_hold_for_some_days_of_its_contract(recorded: Recorded, yardstick: Named) -> None:
    rules = agreed(
        yardstick,
        [
            Baseline(model="small", end=dt.date(2026, 10, 1)),
            Baseline(model="grand", start=dt.date(2026, 10, 3)),
        ],
    )

    said = recorded(
        log(*(f"2026-10-0{day}T08:00:00Z,acme,small,acme,,,1000,100" for day in (1, 2, 3))), *rules
    )

    assert against(said.rows) == {("01", "small"): 1, ("03", "grand"): 1}
    assert said.no_baseline.requests == 1


@pytest.mark.parametrize(
    ("capability", "extra", "value"),
    [
        ("vision", "input_image_tokens", "10"),
        ("audio", "input_audio_tokens", "10"),
        ("AUDIO", "output_audio_tokens", "10"),
        ("reasoning", "reasoning_tokens", "10"),
        ("web_*", "web_searches", "1"),
        ("chat", "request_type", "chat"),
        ("responses", "request_type", "Responses"),
    ],
)
def test_what_a_request_needs_is_its_type_and_what_it_used(
    recorded: Recorded, yardstick: Named, capability: str, extra: str, value: str
) -> None:
    rules = agreed(yardstick, [Baseline(model="grand", capability=capability), Baseline(model="small")])
    header = f"timestamp,provider,model,tenant,input_tokens,output_tokens,{extra}"

    said = recorded(
        log(
            f"2026-10-01T08:00:00Z,acme,small,acme,1000,100,{value}",
            "2026-10-02T08:00:00Z,acme,small,acme,1000,100,",
            header=header,
        ),
        *rules,
    )

    baselines = said.rows.select("period", "baseline").rows()
    assert baselines == [("2026-10-01", "acme/grand"), ("2026-10-02", "acme/small")]


def test_a_chat_is_compared_with_what_writes_and_an_embedding_with_what_does_not(
    recorded: Recorded, yardstick: Named
) -> None:
    mixed = log(
        "2026-10-01T08:00:00Z,acme,small,acme,,chat,1000,100",
        "2026-10-01T08:00:00Z,acme,embed-small,acme,,,1000,0",
        "2026-10-01T08:00:00Z,acme,other,acme,,embedding,1000,0",
    )

    chats, embeddings = (recorded(mixed, Rule(yardstick(name))) for name in ("grand", "embed-large"))

    assert [(each.rows["model"].to_list(), each.other_kinds.requests) for each in (chats, embeddings)] == [
        (["acme/small"], 2),
        (["acme/embed-small", "acme/other"], 1),
    ]
    assert str(chats.other_kinds.actual_cost_usd) == "0.0001"


def test_an_embedding_is_none_in_a_mode_that_has_no_price_as_well(
    recorded: Recorded, yardstick: Named
) -> None:
    header = "timestamp,provider,model,tenant,mode,cost_usd,input_tokens,output_tokens"
    rows = [f"2026-10-01T08:00:00Z,acme,{model},acme,flex,1,1000,0" for model in ("embed-small", "small")]

    said = recorded(log(*rows, header=header), Rule(yardstick("grand")))

    assert (said.rows["model"].to_list(), said.other_kinds.requests) == (["acme/small"], 1)


def test_a_flat_rate_is_for_chats(recorded: Recorded, flat_rate: Rule) -> None:
    said = recorded(log("2026-10-01T08:00:00Z,acme,embed-small,acme,,,1000,0"), flat_rate)

    assert (said.rows.height, said.other_kinds.requests) == (0, 1)


def test_a_contract_that_names_the_capability_is_taken_at_its_word(
    recorded: Recorded, yardstick: Named
) -> None:
    rules = agreed(yardstick, [Baseline(model="grand", capability="embed*")])

    said = recorded(log("2026-10-01T08:00:00Z,acme,embed-small,acme,,embedding,1000,0"), *rules)

    assert against(said.rows) == {("01", "grand"): 1}


def test_a_flat_and_a_dated_rate_of_one_name_are_one_baseline(recorded: Recorded, yardstick: Named) -> None:
    named = Yardstick("acme/grand", rate=Decimal("0.03"))
    rules = (Rule(named, tag="flat"), Rule(yardstick("grand")))

    said = recorded(
        log(
            "2026-10-01T08:00:00Z,acme,small,acme,flat,,1000,0",
            "2026-10-01T08:00:00Z,acme,small,acme,,,1000,0",
        ),
        *rules,
    )

    assert len(yardsticks(rules)) == 2
    assert said.rows.select("baseline", "requests", pl.col("baseline_cost_usd").cast(pl.Float64)).rows() == [
        ("acme/grand", 2, 0.04)
    ]


def test_single_requests_are_compared_by_the_same_rules(recorded: Recorded, yardstick: Named) -> None:
    rules = agreed(yardstick, [Baseline(model="small", end=dt.date(2026, 10, 1)), Baseline(model="grand")])
    header = "request_id," + HEADER

    said = recorded(
        log(
            "a,2026-10-01T23:59:59Z,acme,small,acme,,,1000,100",
            "b,2026-10-02T00:00:00Z,acme,small,acme,,,1000,100",
            header=header,
        ),
        *rules,
        per_request=True,
    )

    assert said.rows.select("period", "baseline").rows() == [("a", "acme/small"), ("b", "acme/grand")]


def test_a_log_without_requests_says_nothing(recorded: Recorded, yardstick: Named) -> None:
    contracts: list[Contract] = [
        contract(baseline=(Baseline(model="grand", tag="code", capability="vision"),))
    ]

    said = recorded(log(), *rules_of(contracts, lambda each: yardstick(each.model), None))

    assert (said.rows.height, said.other_kinds.requests, said.no_baseline.requests) == (0, 0, 0)
