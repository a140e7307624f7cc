"""Laws of invoices, over random ledgers and contracts, against a slow and plain reference."""

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any, get_args

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from savings import DEFAULTS, OCTOBER, contract, table

from costopt.calculators.gainshare.contract_file import ContractFile, read_contracts
from costopt.calculators.gainshare.contracts import Contract, LosingMonth
from costopt.calculators.gainshare.invoice import Books, Invoice, invoice
from costopt.calculators.gainshare.issued import read_issued, written
from costopt.calculators.gainshare.months import Month
from costopt.calculators.gainshare.settling import Days, settle
from costopt.calculators.gainshare.summary import report
from costopt.calculators.gainshare.whatif import whatif
from costopt.models.money import EXACT, percent

MONTHS = (Month(2026, 8), Month(2026, 9), OCTOBER)
FIRST = MONTHS[0].first
LENGTH = (OCTOBER.last - FIRST).days
Row = dict[str, Any]

# Random ledgers and contracts

COSTS = st.integers(0, 10**27 - 1).map(lambda pico: Decimal(pico).scaleb(-12))
ROWS = st.fixed_dictionaries(
    {
        "day": st.integers(0, LENGTH).map(lambda days: (FIRST + dt.timedelta(days)).isoformat()),
        "tenant": st.sampled_from(["acme", "acme", "other", ""]),
        "model": st.sampled_from(["small", "large"]),
        "adapter": st.sampled_from(["a", "b", ""]),
        "baseline": st.sampled_from(["openai/gpt-5.5"] * 3 + ["other"]),
        "tokens_used": st.integers(0, 10**15),
        "requests": st.integers(0, 10**6),
        "unpriced": st.integers(0, 10),
        "baseline_cost_usd": COSTS,
        "actual_cost_usd": COSTS,
    }
)
LEDGERS = st.lists(ROWS, max_size=12)
AMOUNTS = st.integers(0, 10**12).map(lambda size: Decimal(size).scaleb(-2))
PERCENTAGES = st.integers(0, 100 * 10**4).map(lambda size: Decimal(size).scaleb(-4))
TIERS = st.dictionaries(AMOUNTS, PERCENTAGES, min_size=1, max_size=3).map(lambda tiers: sorted(tiers.items()))


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A contract of one tenant from some day in August on."""
    bounds = sorted(draw(st.tuples(AMOUNTS, AMOUNTS)))
    exchange: dict[str, Any] = {"currency": "EUR", "exchange": ({"starts": None, "usd": "1.0837"},)}
    return contract(
        tiers=draw(TIERS),
        start=FIRST + dt.timedelta(draw(st.integers(0, 30))),
        end=draw(st.sampled_from([None, dt.date(2026, 10, 20), OCTOBER.last])),
        base_fee=draw(st.sampled_from([Decimal(0), bounds[0]])),
        minimum=bounds[0],
        cap=draw(st.sampled_from([None, bounds[1]])),
        floor=draw(st.sampled_from([Decimal(0), Decimal(1000)])),
        losing_month=draw(st.sampled_from(["nothing", "carry_forward"])),
        rounding=draw(st.sampled_from(["half_up", "half_even"])),
        **draw(st.sampled_from([{}, exchange])),
    )


def ledger(rows: Sequence[Row]) -> pl.DataFrame:
    """Entries of which no two are the same; each has an id of its own."""
    entries = table([{**DEFAULTS, **row} for row in rows])
    return entries.with_columns(id=pl.int_range(pl.len()).cast(pl.String))


def invoiced(
    rows: pl.DataFrame, *terms: Contract, month: Month = OCTOBER, books: Books | None = None
) -> Invoice:
    return invoice("acme", month, terms, rows, books or Books())


# The reference


def expected(rows: Sequence[Row], terms: Contract) -> Fraction:
    """What a contract asks for October, without rounding anything, in fractions."""
    carried = balance = Fraction(0)
    for month in MONTHS:
        first, last = max(terms.start, month.first), min(terms.end or month.last, month.last)
        balance = sum((saved(row) for row in rows if first <= day(row) <= last), Fraction(0)) - carried
        carried = max(-balance, Fraction(0)) if terms.losing_month == "carry_forward" else Fraction(0)
    part = Fraction((terms.end or OCTOBER.last).day, 31)
    shared = balance if balance > 0 and balance >= Fraction(terms.floor) * part else Fraction(0)
    share = Fraction(0)
    for tier, above in zip(terms.tiers, [*terms.tiers[1:], None], strict=True):
        top = min(shared, Fraction(above.above) * part) if above else shared
        share += max(top - Fraction(tier.above) * part, Fraction(0)) * Fraction(tier.percentage) / 100
    whole = share / Fraction(terms.exchange[0].usd if terms.exchange else 1) + Fraction(terms.base_fee) * part
    whole = max(whole, Fraction(terms.minimum) * part)
    return whole if terms.cap is None else min(whole, Fraction(terms.cap) * part)


def saved(row: Row) -> Fraction:
    if (row["tenant"], row["baseline"]) != ("acme", "openai/gpt-5.5"):
        return Fraction(0)
    return Fraction(row["baseline_cost_usd"]) - Fraction(row["actual_cost_usd"])


def day(row: Row) -> dt.date:
    return dt.date.fromisoformat(row["day"])


@settings(max_examples=50)
@given(LEDGERS, contracts())
def test_an_invoice_is_what_the_contract_says_reckoned_in_fractions(rows: list[Row], terms: Contract) -> None:
    found = invoiced(ledger(rows), terms)

    assert abs(Fraction(found.before_rounding) - expected(rows, terms)) <= Fraction(20, 10**12)
    assert abs(found.rounding) <= Decimal("0.005")
    assert found.amount_due == EXACT.add(found.before_rounding, found.rounding)


# Laws


@given(
    LEDGERS,
    PERCENTAGES,
    st.sets(st.integers(2, 31), max_size=4),
    st.sampled_from([Decimal(0), Decimal("333.33")]),
)
def test_parts_of_a_month_ask_for_what_the_month_asks_for_where_the_contract_is_linear(
    rows: list[Row], percentage: Decimal, cuts: set[int], base_fee: Decimal
) -> None:
    saving = [
        {**row, "actual_cost_usd": min(row["actual_cost_usd"], row["baseline_cost_usd"])} for row in rows
    ]
    starts = [1, *sorted(cuts), 32]
    parts = [
        contract(
            str(percentage),
            base_fee=base_fee,
            start=dt.date(2026, 10, first),
            end=dt.date(2026, 10, last - 1),
        )
        for first, last in pairwise(starts)
    ]

    whole = invoiced(ledger(saving), contract(str(percentage), base_fee=base_fee))
    together = invoiced(ledger(saving), *parts)
    apart = [invoiced(ledger(saving), part) for part in parts]

    slack = Decimal(len(parts)).scaleb(-12) if base_fee else Decimal(0)  # a fee by days has 12 decimals
    assert abs(EXACT.subtract(together.before_rounding, whole.before_rounding)) <= slack
    summed = sum((Fraction(each.before_rounding) for each in apart), Fraction(0))
    assert summed == Fraction(together.before_rounding)
    assert together.savings_usd == whole.savings_usd


@settings(max_examples=50)
@given(LEDGERS, contracts())
def test_there_is_no_share_of_a_negative_total(rows: list[Row], terms: Contract) -> None:
    for month in MONTHS:
        for part in invoiced(ledger(rows), terms, month=month).parts:
            settlement = part.settlement
            assert settlement.share_usd >= 0
            assert settlement.shared_usd >= 0
            assert settlement.shared_usd <= max(settlement.savings_usd, Decimal(0))
            assert part.savings_usd > 0 or (settlement.share_usd, settlement.share) == (
                Decimal(0),
                Decimal(0),
            )


@given(LEDGERS, contracts(), st.randoms(use_true_random=False))
def test_the_order_of_entries_tenants_and_contracts_is_irrelevant(
    rows: list[Row],
    terms: Contract,
    random: Random,
) -> None:
    entries = ledger(rows)
    shuffled = entries[random.sample(range(entries.height), entries.height)]
    known = [terms, contract(tenant="other"), contract(tenant="zeta")]

    first = invoiced(entries, *known)
    second = invoiced(shuffled, *random.sample(known, len(known)))
    alone = invoiced(entries.filter(pl.col("tenant") == "acme"), terms)

    assert written(first) == written(second) == written(alone)
    assert written(read_issued(written(first), "a")) == written(first)
    by_order = [json.dumps(report(each, Decimal(30)).model_dump(mode="json")) for each in (entries, shuffled)]
    assert by_order[0] == by_order[1]


@given(st.permutations(["acme", "beta", "gamma"]), st.booleans())
def test_the_order_of_contract_files_is_irrelevant(tenants: list[str], together: bool) -> None:  # noqa: FBT001
    texts = [
        f'[[contract]]\ntenant = "{name}"\nstart = 2026-01-01\npercentage = 25\nbaseline = "a/b"\n'
        for name in tenants
    ]
    files = ["".join(texts)] if together else texts
    found = read_contracts(
        ContractFile(str(n), f"schema = 1\n{text}".encode()) for n, text in enumerate(files)
    )

    assert [each.tenant for each in found] == ["acme", "beta", "gamma"]


@given(st.lists(st.integers(-(10**27), 10**27), max_size=24), PERCENTAGES)
def test_with_losses_carried_forward_no_more_is_shared_than_the_sum_and_what_is_still_owed(
    months: list[int], percentage: Decimal
) -> None:
    terms = contract(str(percentage), losing_month="carry_forward")
    carried, shares, shared = Decimal(0), Fraction(0), Fraction(0)
    forgotten = Fraction(0)
    for pico in months:
        savings = Decimal(pico).scaleb(-12)
        found = settle(terms, savings, carried, Days(30, 30), Decimal(1))
        carried = found.carried_out_usd
        shares += Fraction(found.share)
        shared += Fraction(found.shared_usd)
        forgotten += Fraction(
            settle(contract(str(percentage)), savings, Decimal(0), Days(30, 30), Decimal(1)).share
        )
    total = Fraction(sum(months), 10**12)

    assert shared == total + Fraction(carried)
    assert shares == shared * Fraction(percentage) / 100
    assert shares <= forgotten
    if not carried:
        assert shares == total * Fraction(percentage) / 100  # the share of the sum, exactly
    highest = max([0, *(sum(months[: n + 1]) for n in range(len(months)))])
    assert shared == Fraction(highest, 10**12)  # only what the sum has reached for the first time


@settings(max_examples=50)
@given(LEDGERS, contracts())
def test_minimum_and_cap_hold(rows: list[Row], terms: Contract) -> None:
    for month in MONTHS:
        for part in invoiced(ledger(rows), terms, month=month).parts:
            settlement = part.settlement
            assert settlement.amount >= settlement.minimum
            assert settlement.cap is None or settlement.amount <= settlement.cap
            assert not (settlement.raised and settlement.cut)


@settings(max_examples=50)
@given(LEDGERS, contracts())
def test_what_was_issued_before_changes_nothing_while_the_ledger_stays(
    rows: list[Row], terms: Contract
) -> None:
    entries = ledger(rows)
    issued: dict[Month, Invoice] = {}
    for month in MONTHS:
        found = invoiced(entries, terms, month=month, books=Books(dict(issued)))
        assert written(found) == written(invoiced(entries, terms, month=month))
        issued[month] = read_issued(written(found), "a")


@settings(max_examples=50)
@given(LEDGERS, contracts())
def test_items_add_up_to_their_totals(rows: list[Row], terms: Contract) -> None:
    found = invoiced(ledger(rows), terms)
    (part,) = found.parts

    for items in (part.by_model, part.by_day):
        assert sum(Fraction(each.savings_usd) for each in items) == Fraction(part.savings_usd)
        assert sum(each.tokens for each in items) == part.tokens
        assert sum(each.requests for each in items) == part.requests == found.evidence.requests
    settlement = part.settlement
    pieces = [*(tier.amount for tier in settlement.tiers), settlement.base_fee, settlement.raised]
    assert sum(map(Fraction, pieces)) - Fraction(settlement.cut) == Fraction(settlement.amount)


@given(LEDGERS, st.lists(ROWS, max_size=4), contracts())
def test_every_request_of_a_month_is_accounted_for_on_its_invoice(
    rows: list[Row], alone: list[Row], terms: Contract
) -> None:
    nothing = {"baseline": "", "requests": 0, "baseline_cost_usd": 0, "actual_cost_usd": 0}
    every = [*rows, *({**row, **nothing} for row in alone)]
    own = [row for row in every if row["tenant"] == "acme" and OCTOBER.first <= day(row) <= OCTOBER.last]

    found = invoiced(ledger(every), terms).evidence

    told = found.requests + found.unpriced + found.uncompared
    outside = found.outside.requests + found.outside.unpriced if found.outside else 0
    assert told + outside == sum(row["requests"] + row["unpriced"] for row in own)
    assert found.covered_pct == (percent(found.requests, told) if told else 100)


@given(LEDGERS, PERCENTAGES)
def test_a_report_divides_all_savings_and_its_groups_add_up(rows: list[Row], percentage: Decimal) -> None:
    found = report(ledger(rows), percentage)

    assert Fraction(found.gain_share_usd) + Fraction(found.customer_usd) == Fraction(found.total.savings_usd)
    for groups in (
        found.by_tenant,
        found.by_model,
        found.by_adapter,
        found.by_month,
        found.by_baseline,
        found.trend,
    ):
        assert sum(Fraction(each.savings_usd) for each in groups) == Fraction(found.total.savings_usd)
        assert sum(each.tokens for each in groups) == found.total.tokens
        assert sum(each.entries for each in groups) == found.total.entries


@given(LEDGERS, PERCENTAGES, st.sampled_from(get_args(LosingMonth)))
def test_a_what_if_is_the_sum_of_the_invoices(
    rows: list[Row], percentage: Decimal, losing_month: LosingMonth
) -> None:
    own = [row for row in rows if row["tenant"] == "acme" and row["baseline"] == "openai/gpt-5.5"]
    assume(own)
    terms = contract(str(percentage), losing_month=losing_month, start=FIRST)
    invoices = [invoiced(ledger(own), terms, month=month) for month in MONTHS]
    ((found,),) = (
        each.sides for each in whatif(ledger(own), ["openai/gpt-5.5"], [percentage], losing_month).baselines
    )

    assert Fraction(found.provider_usd) == sum(Fraction(each.before_rounding) for each in invoices)
    assert Fraction(found.customer_usd) == sum(
        (Fraction(each.savings_usd) - Fraction(each.before_rounding) for each in invoices), Fraction(0)
    )
