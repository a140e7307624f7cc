"""An invoice: what is due, how it comes about, and what it rests on."""

import datetime as dt
import shlex
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from costopt.calculators.gainshare.contracts import Contract
from costopt.calculators.gainshare.evidence import EntryRef, Evidence
from costopt.calculators.gainshare.invoice import Invoice, Part
from costopt.calculators.gainshare.settling import TierShare
from costopt.calculators.gainshare.wording import money
from costopt.models.money import exact_usd, format_usd
from costopt.models.result import Period
from costopt.report.document import DOT, Column, Document, Line, Paragraph, Span, Table, line, printable
from costopt.report.emit import Records
from costopt.report.records import Value
from costopt.report.views.gainshare import digest_words, sums_table, unpriced_words
from costopt.report.views.parts import counted, model_name, short, span_of

_LONGEST_TENANT: Final = 200
_DRAFT: Final = "draft: what is recorded in its month can still change it, until --close"
_DIGESTS: Final = 3
_LABEL: Final = 12
_DAY: Final = dt.timedelta(days=1)


def view_invoice(invoice: Invoice) -> Document:
    """The amount due, its line items, the savings, the formula, and the evidence."""
    several = len(invoice.parts) > 1
    savings = [block for part in invoice.parts for block in _savings(part, several=several)]
    return Document(
        f"{'Draft invoice' if invoice.status == 'draft' else 'Invoice'} {invoice.number}",
        (_head(invoice), _items(invoice), _formula(invoice), *savings, *_evidence(invoice)),
    )


def _head(invoice: Invoice) -> Paragraph:
    due = money(invoice.amount_due, invoice.currency)
    return Paragraph(
        (
            line(Span(f"Amount due  {due}", "strong")),
            _labelled("invoice", invoice.number),
            _labelled("customer", short(invoice.tenant, _LONGEST_TENANT)),
            _labelled("period", f"{_span(invoice.start, invoice.end)} (UTC), of {invoice.month}"),
            _labelled("savings", format_usd(invoice.savings_usd)),
            *_losses(invoice),
            *(_labelled("terms", _terms(part.contract)) for part in invoice.parts),
            *([line(Span(_DRAFT, "warn"))] if invoice.status == "draft" else []),
            *_cautions(invoice.evidence),
        )
    )


def _losses(invoice: Invoice) -> Iterator[Line]:
    for part in invoice.parts:
        settlement = part.settlement
        if settlement.carried_in_usd or settlement.carried_out_usd:
            carried = (settlement.carried_in_usd, settlement.carried_out_usd)
            before, after = (format_usd(amount) for amount in carried)
            yield _labelled("losses", f"{before} carried in, {after} carried out")


def _labelled(label: str, text: str) -> Line:
    return line(Span(label.ljust(_LABEL), "muted"), text)


def _span(start: dt.date, end: dt.date) -> str:
    if start == end:
        return f"{start.day} {start:%b} {start.year}"
    moments = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (start, end))
    return span_of(Period(start=next(moments), end=next(moments)))


def _terms(contract: Contract) -> str:
    """A contract in one line."""
    currency = contract.currency
    fees = (("base fee", contract.base_fee), ("minimum", contract.minimum), ("cap", contract.cap))
    said = [
        f"{contract.start} – {contract.end or 'no end'}",
        " + ".join(_rate(tier.percentage, tier.above) for tier in contract.tiers),
        *(f"{name} {money(amount, currency)}" for name, amount in fees if amount),
        *([f"floor {exact_usd(contract.floor)}"] if contract.floor else []),
        *(["losses carried forward"] if contract.losing_month == "carry_forward" else []),
        f"baseline {', '.join(short(each.words, _LONGEST_TENANT) for each in contract.baseline)}",
    ]
    return DOT.join(said)


def _rate(percentage: Decimal, above: Decimal) -> str:
    return f"{percentage} % of savings" + (f" above {exact_usd(above)}" if above else "")


def _cautions(evidence: Evidence) -> Iterator[Line]:
    if not evidence.entries:
        is_other = evidence.outside or evidence.uncompared
        none = "no entry is in an amount" if is_other else "the ledger has no entries for this period"
        yield line(Span(none, "warn"))
    if evidence.unpriced:
        yield line(Span(unpriced_words(evidence.unpriced), "warn"))
    if evidence.uncompared:
        requests = counted(evidence.uncompared, "more request")
        yield line(Span(f"{requests} for which the contract has no baseline, in no amount", "warn"))
    if evidence.outside:
        entries = counted(evidence.outside.entries, "entry", "entries")
        yield line(
            Span(
                f"{entries} of the month in no amount: on days without a contract, or compared with another baseline"
                f"{DOT}savings {format_usd(evidence.outside.savings_usd)}",
                "warn",
            )
        )
    for late in evidence.late:
        yield line(
            Span(
                f"{late.month} was invoiced as {late.invoice} with savings of {exact_usd(late.invoiced_savings_usd)};"
                f" the ledger now has {exact_usd(late.savings_usd)}: the difference is in no invoice",
                "warn",
            )
        )


# Items


def _items(invoice: Invoice) -> Table:
    several = len(invoice.parts) > 1
    rows = [
        (f"{_span(part.start, part.end)}{DOT}{item}" if several else item, money(amount, invoice.currency))
        for part in invoice.parts
        for item, amount in _items_of(part)
    ]
    if invoice.rounding:
        rows.append(("before rounding", money(invoice.before_rounding, invoice.currency)))
        rows.append(("rounding", money(invoice.rounding, invoice.currency)))
    rows.append(("amount due", money(invoice.amount_due, invoice.currency)))
    return Table((Column("item"), Column("amount", "usd")), tuple(rows), title="Line items")


def _items_of(part: Part) -> Iterator[tuple[str, Decimal]]:
    """What a part's amount is made of; they add up to it."""
    settlement = part.settlement
    for number, tier in enumerate(settlement.tiers):
        if tier.savings_usd or number == 0:
            yield _share(tier), tier.amount
    if settlement.base_fee:
        yield "base fee", settlement.base_fee
    if settlement.raised:
        yield "raised to the minimum", settlement.raised
    if settlement.cut:
        yield "cut to the cap", settlement.cut.copy_negate()


def _share(tier: TierShare) -> str:
    bounds = f", above {exact_usd(tier.above_usd)}" if tier.above_usd else ""
    return f"share: {tier.percentage} % of {exact_usd(tier.savings_usd)}{bounds}"


def _formula(invoice: Invoice) -> Paragraph:
    several = len(invoice.parts) > 1
    lines = [line(Span("How it comes about", "strong"))]
    for part in invoice.parts:
        if several:
            lines.append(line(Span(_span(part.start, part.end), "muted")))
        lines += [line(sentence) for sentence in part.formula]
    return Paragraph((*lines, *(line(sentence) for sentence in invoice.formula)))


# Savings


def _savings(part: Part, *, several: bool) -> Iterator[Paragraph | Table]:
    of = f", {_span(part.start, part.end)}" if several else ""
    if not part.by_model:
        return
    rows = [(model_name(each.adapter, each.model), each) for each in part.by_model]
    yield sums_table(Column("adapter/model"), rows, title=f"Savings by model{of}")
    yield sums_table(
        Column("day", "time"), [(each.day, each) for each in part.by_day], title=f"Savings by day{of}"
    )


# Evidence


def _evidence(invoice: Invoice) -> Iterator[Paragraph]:
    evidence = invoice.evidence
    requests = counted(evidence.requests, "request")
    yield Paragraph(
        (
            line(Span("Evidence", "strong")),
            _labelled("entries", f"{evidence.entries:,} of the ledger, for {requests}"),
            *_entry("first", evidence.first),
            *_entry("last", evidence.last),
            _labelled("digest", digest_words(evidence.entries_sha256)),
            *(_labelled("see", command) for command in _commands(invoice)),
            _labelled(
                "coverage",
                f"{evidence.covered_pct} % of requests{DOT}{evidence.unpriced:,} unpriced"
                f"{DOT}{evidence.uncompared:,} not compared{DOT}{_rejected(evidence)}",
            ),
            _labelled(
                "baseline", DOT.join(short(each, _LONGEST_TENANT) for each in evidence.baselines) or "–"
            ),
            _labelled("prices", _digests(evidence.catalogs)),
            _labelled("logs", _digests(evidence.inputs)),
            *(_labelled("contract", part.contract_sha256) for part in invoice.parts),
            *_ledger(evidence),
        )
    )


def _rejected(evidence: Evidence) -> str:
    low, high = evidence.rejected_low, evidence.rejected_high
    if high is None:
        return f"{counted(low, 'line')} rejected, or more"
    return f"{counted(low, 'line')} rejected" if low == high else f"{low:,} to {high:,} lines rejected"


def _commands(invoice: Invoice) -> Iterator[str]:
    """What lists the entries of the invoice: all of it has the same digest as long as the ledger stays.

    That are several commands where a selection by one of them would have others as well.
    """
    evidence = invoice.evidence
    for (first, last), models in _spans(invoice).items():
        words = ["costopt", "gainshare", "entries", "--tenant", invoice.tenant, "--month", invoice.month]
        if (last - first).days + 1 < invoice.parts[0].days_in_month:
            words += ["--since", f"{first}", "--until", f"{last + _DAY}"]
        if evidence.outside or evidence.uncompared:
            words += ["--baseline", ",".join(models)]
        yield printable(shlex.join(words))


def _spans(invoice: Invoice) -> Mapping[tuple[dt.date, dt.date], Sequence[str]]:
    """Days of the invoice, and the baselines that it takes entries of on them."""
    agreed = sorted(
        (*each.days_in(part.start, part.end), each.model)
        for part in invoice.parts
        for each in part.contract.baseline
    )
    used = invoice.evidence.baselines
    held = [each for each in agreed if each[0] <= each[1] and (not used or each[2] in used)]
    if held and not invoice.evidence.outside:
        return {(invoice.start, invoice.end): sorted({model for _, _, model in held})}
    of_model: dict[str, list[tuple[dt.date, dt.date]]] = {}
    for first, last, model in held:
        known = of_model.setdefault(model, [])
        begun = known.pop() if known and first <= known[-1][1] + _DAY else (first, last)
        known.append((begun[0], max(begun[1], last)))
    spans: dict[tuple[dt.date, dt.date], list[str]] = {}
    for model, known in sorted(of_model.items()):
        for span in known:
            spans.setdefault(span, []).append(model)
    return dict(sorted(spans.items()))


def _entry(label: str, entry: EntryRef | None) -> Iterator[Line]:
    if entry:
        hashed = [entry.hash] if entry.hash else []
        yield _labelled(label, DOT.join((f"{entry.day}", short(entry.id, _LONGEST_TENANT), *hashed)))


def _digests(digests: Sequence[str]) -> str:
    more = len(digests) - _DIGESTS
    rest = [f"{more:,} more, in the JSON form"] if more > 0 else []
    return DOT.join([*digests[:_DIGESTS], *rest]) or "–"


def _ledger(evidence: Evidence) -> Iterator[Line]:
    if evidence.ledger:
        entries = counted(evidence.ledger.entries, "entry", "entries")
        yield _labelled("ledger", f"{entries}{DOT}the last one's hash {evidence.ledger.hash}")


# Records


def records_invoice(invoice: Invoice) -> Records:
    """One record a line item, with what it is made of; then the savings by model."""
    head: tuple[Value, ...] = (invoice.number, invoice.status, invoice.tenant, invoice.month)
    rows: list[tuple[Value, ...]] = []
    for part in invoice.parts:
        span: tuple[Value, ...] = (*head, part.start, part.end)
        for each in part.by_model:
            costs = (each.baseline_usd, each.actual_usd, each.savings_usd)
            rows.append((*span, "savings", model_name(each.adapter, each.model), *costs, None, None))
        carried = (
            part.settlement.carried_in_usd.copy_negate(),
            part.settlement.carried_out_usd.copy_negate(),
        )
        for name, amount in zip(("losses carried in", "losses carried out"), carried, strict=True):
            if amount:
                rows.append((*span, name, "", None, None, amount, None, None))
        rows += [(*span, *_record(item), amount, invoice.currency) for item, amount in _items_of(part)]
    whole: tuple[Value, ...] = (*head, invoice.start, invoice.end)
    for name, amount in (("rounding", invoice.rounding), ("amount due", invoice.amount_due)):
        rows.append((*whole, *_record(name), amount, invoice.currency))
    return Records(_RECORD, rows)


_RECORD: Final = (
    "invoice",
    "status",
    "tenant",
    "month",
    "start",
    "end",
    "item",
    "detail",
    "baseline_usd",
    "actual_usd",
    "savings_usd",
    "amount",
    "currency",
)


def _record(item: str) -> tuple[Value, ...]:
    name, _, detail = item.partition(": ")
    return name, detail, None, None, None
