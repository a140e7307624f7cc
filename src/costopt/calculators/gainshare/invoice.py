"""A tenant's invoice for a month: what was saved, what the contract asks for it, and what all of it rests on.

The days of a month may belong to several contracts of a tenant, one after the other. Each is settled by itself, as a
part of the invoice; their amounts are added, and the sum is rounded, once.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal

import polars as pl

from costopt.calculators.gainshare.contracts import Contract, contracts_in
from costopt.calculators.gainshare.evidence import Evidence, Late, LedgerEnd, evidence
from costopt.calculators.gainshare.months import Month, month_of
from costopt.calculators.gainshare.settling import Days, Settlement, carry, rounded, settle
from costopt.calculators.gainshare.sums import COSTS, Sums, added, between, dated, savings_of, sums
from costopt.calculators.gainshare.wording import in_words, rounding_in_words
from costopt.models.entry import UNCOMPARED
from costopt.models.money import difference, total
from costopt.models.result import Result

_NUMBER_DIGITS: Final = 12
_NOTHING: Final = Decimal(0)


Status = Literal["draft", "final"]


class ModelSums(Sums):
    """The sums of one model behind one adapter, which is empty where the ledger does not say."""

    adapter: str
    model: str


class DaySums(Sums):
    """The sums of one day."""

    day: dt.date


class Part(Sums):
    """The days of the month on which one contract holds: their sums, and what it asks for them.

    Attributes:
        start: The first day.
        end: The last day.
        days: How many days that are.
        days_in_month: Of how many.
        contract: The terms.
        contract_sha256: Their digest.
        settlement: What they ask for.
        formula: The same in sentences, with the numbers in them.
        by_model: The sums by model and adapter, largest savings first.
        by_day: The sums by day.
    """

    start: dt.date
    end: dt.date
    days: int
    days_in_month: int
    contract: Contract
    contract_sha256: str
    settlement: Settlement
    formula: tuple[str, ...]
    by_model: tuple[ModelSums, ...]
    by_day: tuple[DaySums, ...]


class Invoice(Result):
    """What a tenant owes for a month.

    Attributes:
        number: Follows from the tenant, the month and the terms, and from nothing else.
        status: A draft can still become another one; a final one is kept, and its month is closed.
        tenant: The customer.
        month: Such as `2026-10`, in UTC.
        start: The first day with a contract.
        end: The last day with a contract.
        currency: Of the amounts that follow.
        before_rounding: The sum of the parts' amounts.
        rounding: What rounding adds; below 0 where it takes away.
        amount_due: The sum, rounded.
        formula: How the parts become the amount due, in sentences.
        savings_usd: Of all parts.
        parts: One for each contract, in the order of their days.
        evidence: What it rests on.
    """

    kind: ClassVar[str] = "invoice"
    number: str
    status: Status
    tenant: str
    month: str
    start: dt.date
    end: dt.date
    currency: str
    before_rounding: Decimal
    rounding: Decimal
    amount_due: Decimal
    formula: tuple[str, ...]
    savings_usd: Decimal
    parts: tuple[Part, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Books:
    """What an invoice has to go by beside entries and contracts.

    Attributes:
        issued: The tenant's invoices that are final, by month. What they say holds: losses are carried on from
            there, and what the ledger says otherwise by now is told as `late`.
        ledger: The end of the ledger that the entries are from, to be written on the invoice.
        status: Whether the invoice is to be kept as it is.
    """

    issued: Mapping[Month, Invoice] = field(default_factory=dict)
    ledger: LedgerEnd | None = None
    status: Status = "draft"


_NO_BOOKS: Final = Books()


def invoice(
    tenant: str,
    month: Month,
    contracts: Iterable[Contract],
    entries: pl.DataFrame | pl.LazyFrame,
    books: Books = _NO_BOOKS,
) -> Invoice:
    """The invoice of a tenant for a month.

    Args:
        tenant: As contracts and entries have it.
        month: The month, in UTC.
        contracts: Of any tenants, in any order.
        entries: Of any tenants, baselines, days and order, with the columns of `ENTRY_COLUMNS`; each counts once.
            Those compared with a baseline that is not the contract's are left out, and counted. Where losses are
            carried forward, all of the tenant's since the contract's start are needed.
        books: What is final already.

    Raises:
        ConfigError: No contract of the tenant holds in the month.
    """
    found = contracts_in(contracts, tenant, month)
    current, history = _of_tenant(entries, tenant, month)
    parts = tuple(
        _part(
            each,
            month,
            days,
            current.filter(_covered(each, days)),
            _carried_into(each, month, history, books.issued),
        )
        for each in found
        if (days := each.days_in(month))
    )
    spans = [(part.start, part.end) for part in parts]
    held = pl.any_horizontal(_covered(each.contract, days) for each, days in zip(parts, spans, strict=True))
    is_alone = (pl.col("baseline") == UNCOMPARED) & pl.any_horizontal(between(*days) for days in spans)
    before_rounding = total(part.settlement.amount for part in parts)
    terms = found[0]
    amount_due = rounded(before_rounding, terms.rounding, terms.decimals)
    return Invoice(
        number=invoice_number(tenant, month, found),
        status=books.status,
        tenant=tenant,
        month=str(month),
        start=parts[0].start,
        end=parts[-1].end,
        currency=terms.currency,
        before_rounding=before_rounding,
        rounding=difference(amount_due, before_rounding),
        amount_due=amount_due,
        formula=rounding_in_words([part.settlement.amount for part in parts], amount_due, terms),
        savings_usd=total(part.savings_usd for part in parts),
        parts=parts,
        evidence=evidence(
            current.filter(held),
            current.filter(is_alone),
            current.filter(~held & ~is_alone),
            _late(history, month, books.issued),
            books.ledger,
        ),
    )


def _of_tenant(
    entries: pl.DataFrame | pl.LazyFrame, tenant: str, month: Month
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tenant's entries of the month, and the sums of each day and baseline before it, in one pass."""
    own = dated(entries.lazy()).filter(pl.col("tenant") == tenant)
    current = own.filter(between(month.first, month.last))
    history = added(own.filter(pl.col("day") < month.first), ["day", "baseline"])
    first, second = pl.collect_all([current, history], engine="streaming")
    return first, second


def _covered(contract: Contract, days: tuple[dt.date, dt.date]) -> pl.Expr:
    """Whether an entry is of these days, and compared with a baseline that the contract has on its day."""
    return pl.any_horizontal(
        between(*each.days_in(*days)) & (pl.col("baseline") == each.model) for each in contract.baseline
    )


def invoice_number(tenant: str, month: Month, contracts: Sequence[Contract]) -> str:
    """The number of the invoice: the month, and 12 digits of a digest of tenant, month and terms."""
    named = json.dumps([tenant, str(month), *(each.sha256 for each in contracts)])
    return f"GS-{month}-{hashlib.sha256(named.encode()).hexdigest()[:_NUMBER_DIGITS].upper()}"


def _part(
    contract: Contract,
    month: Month,
    held: tuple[dt.date, dt.date],
    entries: pl.DataFrame,
    carried_in_usd: Decimal,
) -> Part:
    start, end = held
    days = Days((end - start).days + 1, month.days)
    whole = sums(added(entries.lazy(), []).collect().row(0, named=True))
    exchange = contract.exchange_on(end)
    settlement = settle(
        contract,
        savings_usd=whole["savings_usd"],
        carried_in_usd=carried_in_usd,
        days=days,
        exchange_usd=exchange.usd if exchange else Decimal(1),
    )
    return Part.model_validate(
        {
            **whole,
            "start": start,
            "end": end,
            "days": days.held,
            "days_in_month": days.month,
            "contract": contract,
            "contract_sha256": contract.sha256,
            "settlement": settlement,
            "formula": in_words(
                contract, settlement, (whole["baseline_usd"], whole["actual_usd"]), days, exchange
            ),
            "by_model": _by_model(entries.lazy()),
            "by_day": _by_day(entries.lazy()),
        }
    )


def _by_model(entries: pl.LazyFrame) -> list[dict[str, Any]]:
    keys = ("adapter", "model")
    rows = [(row, sums(row)) for row in added(entries, keys).sort(keys).collect().iter_rows(named=True)]
    rows.sort(key=lambda each: each[1]["savings_usd"], reverse=True)
    return [{**{key: row[key] for key in keys}, **figures} for row, figures in rows]


def _by_day(entries: pl.LazyFrame) -> list[dict[str, Any]]:
    rows = added(entries, ["day"]).sort("day").collect().iter_rows(named=True)
    return [{"day": row["day"], **sums(row)} for row in rows]


# Earlier months


def _carried_into(
    contract: Contract, month: Month, history: pl.DataFrame, issued: Mapping[Month, Invoice]
) -> Decimal:
    """The contract's losses before a month that its savings have not yet made up for."""
    if contract.losing_month == "nothing":
        return _NOTHING
    carried = _NOTHING
    savings = _by_month(history.filter(_covered(contract, (contract.start, contract.last))))
    for earlier in sorted({*savings, *(each for each in issued if each < month)}):
        settled = _settled(contract, issued.get(earlier))
        if settled:
            carried = settled.carried_out_usd
        else:
            _, carried = carry(contract.losing_month, savings.get(earlier, _NOTHING), carried)
    return carried


def _settled(contract: Contract, earlier: Invoice | None) -> Settlement | None:
    """What an issued invoice says of the contract; its start tells it from the tenant's other ones."""
    parts = earlier.parts if earlier else ()
    return next((part.settlement for part in parts if part.contract.start == contract.start), None)


def _by_month(history: pl.DataFrame) -> dict[Month, Decimal]:
    """The savings of each month that has any."""
    rows = history.group_by(pl.col("day").dt.month_start()).agg(pl.col(COSTS).sum()).iter_rows()
    return {month_of(day): savings_of(baseline, actual) for day, baseline, actual in rows}


def _late(history: pl.DataFrame, month: Month, issued: Mapping[Month, Invoice]) -> Iterable[Late]:
    """Earlier months whose savings are no longer those of their invoice."""
    for earlier, known in sorted(issued.items()):
        if earlier >= month:
            continue
        held = pl.any_horizontal(_covered(part.contract, (part.start, part.end)) for part in known.parts)
        savings = _by_month(history.filter(held)).get(earlier, _NOTHING)
        if savings != known.savings_usd:
            yield Late(
                month=str(earlier),
                invoice=known.number,
                invoiced_savings_usd=known.savings_usd,
                savings_usd=savings,
                difference_usd=difference(savings, known.savings_usd),
            )
