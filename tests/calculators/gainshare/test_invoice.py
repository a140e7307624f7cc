import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from savings import OCTOBER, contract, entries

from costopt.calculators.gainshare.contracts import Baseline, Contract
from costopt.calculators.gainshare.evidence import EntryRef, LedgerEnd
from costopt.calculators.gainshare.invoice import Books, Invoice, invoice, invoice_number
from costopt.calculators.gainshare.months import Month
from costopt.errors import ConfigError

DAY = dt.date
TWO_DAYS = """
    day,        tenant, model,      baseline_cost, actual_cost
    2026-10-01, acme,   gpt-5-mini, 100,           60
    2026-10-31, acme,   gpt-5-nano, 50,            10.5
""".replace(" ", "")


def invoiced(csv: str, *contracts: Contract, month: Month = OCTOBER, books: Books | None = None) -> Invoice:
    table = entries(csv.replace(" ", ""))
    return invoice("acme", month, contracts or [contract()], table, books or Books())


def test_an_invoice_is_the_share_of_a_months_savings() -> None:
    found = invoiced(TWO_DAYS)

    assert (found.tenant, found.month, found.currency) == ("acme", "2026-10", "USD")
    assert (found.start, found.end) == (DAY(2026, 10, 1), DAY(2026, 10, 31))
    assert str(found.savings_usd) == "79.5"
    assert [str(found.before_rounding), str(found.rounding), str(found.amount_due)] == [
        "19.875",
        "0.005",
        "19.88",
    ]
    assert found.formula == ("Amount due: $19.875 rounded half up to 2 decimals, once = $19.88",)


def test_savings_are_itemised_by_model_and_by_day() -> None:
    (part,) = invoiced(
        """
        day, adapter, model, baseline_cost, actual_cost, tokens_used, requests, unpriced
        2026-10-02, b, small, 10, 9, 100, 2, 0
        2026-10-01, a, small, 10, 9, 200, 3, 1
        2026-10-01, a, large, 10, 1, 300, 4, 0
        2026-10-01, , large, 10, 12, 400, 5, 0
        """
    ).parts

    assert [
        (each.adapter, each.model, each.tokens, each.requests, each.unpriced, str(each.savings_usd))
        for each in part.by_model
    ] == [
        ("a", "large", 300, 4, 0, "9"),
        ("a", "small", 200, 3, 1, "1"),
        ("b", "small", 100, 2, 0, "1"),
        ("", "large", 400, 5, 0, "-2"),
    ]
    assert [(each.day.day, str(each.baseline_usd), str(each.savings_usd)) for each in part.by_day] == [
        (1, "30", "8"),
        (2, "10", "1"),
    ]
    assert (part.entries, part.requests, str(part.savings_pct)) == (4, 14, "22.5")


def test_other_tenants_months_and_baselines_are_not_in_it() -> None:
    others = """
        day, tenant, baseline, baseline_cost
        2026-10-01, other, openai/gpt-5.5, 1000
        2026-09-30, acme, openai/gpt-5.5, 1000
        2026-11-01, acme, openai/gpt-5.5, 1000
        2026-10-01, acme, other/model, 1000
        2026-10-01, acme, openai/gpt-5.5, 1
    """
    found = invoiced(others)

    assert str(found.savings_usd) == "1"
    assert found.evidence.entries == 1
    assert found.evidence.outside is not None
    assert (found.evidence.outside.entries, str(found.evidence.outside.savings_usd)) == (1, "1000")


def test_a_contract_may_have_several_baselines() -> None:
    terms = contract(baseline=(Baseline(model="a", tag="x"), Baseline(model="b")))
    found = invoiced("baseline,baseline_cost\na,1\nb,10\nc,100\n", terms)

    assert str(found.savings_usd) == "11"
    assert found.evidence.baselines == ("a", "b")


def test_a_month_that_two_contracts_share_has_an_invoice_in_two_parts() -> None:
    old = contract("25", end=DAY(2026, 10, 15), base_fee="310")
    new = contract("50", start=DAY(2026, 10, 16), base_fee="620")
    found = invoiced(TWO_DAYS, new, old)

    assert [(part.start.day, part.end.day, part.days, part.days_in_month) for part in found.parts] == [
        (1, 15, 15, 31),
        (16, 31, 16, 31),
    ]
    assert [str(part.savings_usd) for part in found.parts] == ["40", "39.5"]
    assert [str(part.settlement.base_fee) for part in found.parts] == ["150", "320"]
    assert [str(part.settlement.amount) for part in found.parts] == ["160", "339.75"]
    assert str(found.amount_due) == "499.75"
    assert found.formula[0] == "Together: $160.00 + $339.75 = $499.75"
    assert [part.contract_sha256 for part in found.parts] == [old.sha256, new.sha256]


def test_days_without_a_contract_are_in_no_amount_and_counted() -> None:
    found = invoiced(TWO_DAYS, contract(start=DAY(2026, 10, 2)))

    assert (found.start, found.parts[0].days, str(found.savings_usd)) == (DAY(2026, 10, 2), 30, "39.5")
    assert found.evidence.outside is not None
    assert (found.evidence.outside.entries, str(found.evidence.outside.savings_usd)) == (1, "40")


def test_what_was_withdrawn_is_in_no_evidence() -> None:
    csv = "day,baseline,requests,tokens_used,baseline_cost\n2026-10-02,openai/gpt-5.5,2,9,50\n"
    gone = "2026-10-01,openai/gpt-5.5,0,0,0\n2026-10-03,another,0,0,0\n"

    assert invoiced(csv + gone) == invoiced(csv)
    assert invoiced(csv + gone).evidence.entries == 1


def test_a_tenant_without_entries_owes_what_the_contract_says() -> None:
    found = invoiced("", contract(base_fee="500"))

    assert str(found.amount_due) == "500.00"
    assert (found.parts[0].by_model, found.parts[0].by_day) == ((), ())
    assert (found.evidence.entries, found.evidence.first, found.evidence.last) == (0, None, None)
    assert str(found.evidence.covered_pct) == "100"


def test_a_month_without_a_contract_has_no_invoice() -> None:
    with pytest.raises(ConfigError, match="No contract with `acme` holds in 2025-12"):
        invoiced(TWO_DAYS, month=Month(2025, 12))


def test_the_rate_of_exchange_is_that_of_the_last_day() -> None:
    exchange = ({"starts": None, "usd": "1.25"}, {"starts": DAY(2026, 10, 20), "usd": "2"})
    terms: dict[str, Any] = {"currency": "EUR", "exchange": exchange}
    first = contract(end=DAY(2026, 10, 15), **terms)
    second = contract(start=DAY(2026, 10, 16), **terms)
    found = invoiced(TWO_DAYS, first, second)

    assert [str(part.settlement.amount) for part in found.parts] == ["8", "4.9375"]
    assert (found.currency, str(found.amount_due)) == ("EUR", "12.94")


# Losses

LOSSES = """
    day, baseline_cost, actual_cost
    2026-07-31, 0, 1000
    2026-08-01, 0, 50
    2026-09-01, 30, 0
    2026-10-01, 100, 0
"""
CARRYING: dict[str, Any] = {"start": DAY(2026, 8, 1), "losing_month": "carry_forward"}


def test_losses_are_carried_from_the_contracts_start_on() -> None:
    settlement = invoiced(LOSSES, contract(**CARRYING)).parts[0].settlement

    assert [str(settlement.carried_in_usd), str(settlement.shared_usd), str(settlement.carried_out_usd)] == [
        "20",
        "80",
        "0",
    ]


def test_losses_of_an_earlier_contract_are_not_carried() -> None:
    earlier = contract(end=DAY(2026, 9, 30), losing_month="carry_forward")
    later = contract(start=DAY(2026, 10, 1), losing_month="carry_forward")

    assert invoiced(LOSSES, earlier, later).parts[0].settlement.carried_in_usd == 0


def test_where_losses_are_forgotten_none_is_carried() -> None:
    assert invoiced(LOSSES).parts[0].settlement.carried_in_usd == 0


def test_losses_against_another_baseline_are_not_carried() -> None:
    other = "day,baseline,actual_cost\n2026-09-01,other/model,50\n"

    assert invoiced(other, contract(**CARRYING)).parts[0].settlement.carried_in_usd == 0


def test_what_an_issued_invoice_says_is_carried_on_whatever_the_ledger_says_by_now() -> None:
    terms = contract(**CARRYING)
    august = invoiced(LOSSES, terms, month=Month(2026, 8))
    changed = LOSSES.replace("2026-08-01, 0, 50", "2026-08-01, 0, 1")
    books = Books({Month(2026, 8): august})
    found = invoiced(changed, terms, books=books)

    assert found.parts[0].settlement.carried_in_usd == 20
    (late,) = found.evidence.late
    assert (late.month, late.invoice) == ("2026-08", august.number)
    assert [str(late.invoiced_savings_usd), str(late.savings_usd), str(late.difference_usd)] == [
        "-50",
        "-1",
        "49",
    ]
    assert invoiced(LOSSES, terms, books=books).evidence.late == ()


def test_an_end_that_is_set_later_does_not_lose_what_was_carried() -> None:
    august = invoiced(LOSSES, contract(**CARRYING), month=Month(2026, 8))
    ended = contract(**CARRYING, end=DAY(2026, 10, 31))

    assert invoiced("", ended, books=Books({Month(2026, 8): august})).parts[0].settlement.carried_in_usd == 50


def test_later_invoices_and_those_of_other_contracts_carry_nothing_in() -> None:
    november = invoiced("day,actual_cost\n2026-11-01,5\n", contract(**CARRYING), month=Month(2026, 11))
    other = contract(start=DAY(2026, 7, 1), end=DAY(2026, 7, 31), losing_month="carry_forward")
    july = invoiced(LOSSES, other, month=Month(2026, 7))
    found = invoiced(
        LOSSES, contract(**CARRYING), books=Books({Month(2026, 11): november, Month(2026, 7): july})
    )

    assert july.parts[0].settlement.carried_out_usd == 1000
    assert found.parts[0].settlement.carried_in_usd == 20
    assert found.evidence.late == ()


# Number and evidence


def test_the_number_follows_from_tenant_month_and_terms() -> None:
    number = invoiced(TWO_DAYS).number

    assert number == invoiced("").number == invoice_number("acme", OCTOBER, [contract()])
    assert number.startswith("GS-2026-10-")
    assert len(number) == len("GS-2026-10-") + 12
    others = {
        invoice_number("acme", Month(2026, 9), [contract()]),
        invoice_number("Acme", OCTOBER, [contract()]),
        invoice_number("acme", OCTOBER, [contract("26")]),
    }
    assert len(others | {number}) == 4


def test_the_evidence_names_entries_logs_and_prices() -> None:
    table = entries(
        """
        day,model,requests,unpriced,catalog,inputs,rejected
        2026-10-02,b,8,1,c2,log1,3
        2026-10-01,a,1,0,c1,log2,4
        2026-10-02,c,0,0,c1,log1,3
        """
    ).with_columns(pl.when(model="c").then(None).otherwise("catalog").alias("catalog"))
    found = invoice(
        "acme", OCTOBER, [contract()], table.lazy(), Books(ledger=LedgerEnd(entries=9, hash="ff"))
    ).evidence
    ordered = table.sort("timestamp", "id")

    assert (found.entries, found.requests, found.unpriced, str(found.covered_pct)) == (3, 9, 1, "90")
    assert (found.inputs, found.catalogs) == (("log1", "log2"), ("c1", "c2"))
    assert (found.rejected_low, found.rejected_high) == (4, 7)
    assert (found.first, found.last) == (
        EntryRef(day=DAY(2026, 10, 1), id=ordered["id"][0], hash=None),
        EntryRef(day=DAY(2026, 10, 2), id=ordered["id"][-1], hash=None),
    )
    assert found.ledger == LedgerEnd(entries=9, hash="ff")


def test_the_digest_is_of_all_that_the_entries_put_into_the_invoice() -> None:
    table = entries(
        "day,requests,unpriced,tokens_used,baseline_cost,actual_cost\n2026-10-01,3,1,500,0.03,0.005\n"
    )
    found = invoice(
        "acme", OCTOBER, [contract()], table.with_columns(id=pl.lit("x"), hash=pl.lit("y"))
    ).evidence
    noon = int(dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC).timestamp())
    line = f"x {noon} 3 1 500 0.030000000000 0.005000000000\n"

    assert found.entries_sha256 == hashlib.sha256(line.encode()).hexdigest()
    assert found.first == EntryRef(day=DAY(2026, 10, 1), id="x", hash="y")


def test_recordings_without_logs_or_prices_have_none() -> None:
    table = entries(TWO_DAYS).with_columns(catalog=None, inputs=None, rejected=None)
    found = invoice("acme", OCTOBER, [contract()], table.cast({"rejected": pl.Int64})).evidence

    assert (found.inputs, found.catalogs, found.rejected_low, found.rejected_high) == ((), (), 0, 0)


def test_lines_are_rejected_also_of_a_log_whose_requests_are_compared_with_nothing() -> None:
    table = entries(
        "baseline,requests,unpriced,inputs,rejected\nopenai/gpt-5.5,1,0,1,3\n,0,1,2,5\nother,1,0,3,9\n"
    )
    found = invoice("acme", OCTOBER, [contract()], table).evidence

    assert (found.rejected_low, found.rejected_high) == (5, 8)


def test_of_recordings_without_the_logs_hash_nobody_knows_how_many_lines_were_rejected_at_most() -> None:
    table = entries("day,inputs,rejected\n2026-10-01,1,3\n2026-10-02,,2\n")
    unknown = pl.when(pl.col("inputs") != "").then("inputs")
    found = invoice("acme", OCTOBER, [contract()], table.with_columns(inputs=unknown)).evidence

    assert (found.rejected_low, found.rejected_high) == (3, None)


def test_the_day_of_an_entry_is_that_of_its_time_in_utc() -> None:
    table = entries("baseline_cost\n1\n")
    last_second = int(dt.datetime(2026, 10, 31, 23, 59, 59, tzinfo=dt.UTC).timestamp())

    def due(timestamp: int) -> Decimal:
        at = table.with_columns(timestamp=pl.lit(timestamp, pl.Int64))
        return invoice("acme", OCTOBER, [contract("100")], at).amount_due

    assert [str(due(last_second)), str(due(last_second + 1))] == ["1.00", "0.00"]


def test_what_the_contract_has_no_baseline_for_is_covered_by_nothing() -> None:
    found = invoiced(
        """
        day,        baseline,       requests, unpriced, baseline_cost
        2026-10-01, openai/gpt-5.5, 90,       6,        10
        2026-10-01, ,               0,        3,        0
        2026-10-31, ,               0,        1,        0
        2026-11-01, ,               0,        7,        0
        """
    ).evidence

    assert (found.entries, found.unpriced, found.uncompared, str(found.covered_pct)) == (1, 6, 4, "90")
    assert (found.baselines, found.outside) == (("openai/gpt-5.5",), None)


def test_what_is_compared_with_nothing_on_days_without_a_contract_is_outside() -> None:
    found = invoiced(
        """
        day,        baseline, requests, unpriced
        2026-10-01, ,         0,        3
        2026-10-02, ,         0,        4
        """,
        contract(start=DAY(2026, 10, 2)),
    ).evidence

    assert found.uncompared == 4
    assert found.outside is not None
    assert (found.outside.entries, found.outside.unpriced) == (1, 3)


def test_numbers_of_any_size_are_exact() -> None:
    huge = (
        "tokens_used,baseline_cost,actual_cost\n"
        + "1000000000000000,999999999999999.999999999999,0\n" * 20_000
    )
    table = entries(huge).with_row_index().with_columns(id=pl.col("index").cast(pl.String)).drop("index")
    found = invoice("acme", OCTOBER, [contract("33.333333")], table)

    assert found.parts[0].tokens == 20_000 * 10**15
    assert str(found.savings_usd) == "19999999999999999999.99999998"
    assert str(found.before_rounding) == "6666666599999999999.9999999933333334"
    assert str(found.amount_due) == "6666666600000000000.00"
