"""What `costopt gainshare invoice` does with its options."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from costopt.calculators.gainshare.contracts import Contract, contracts_in
from costopt.calculators.gainshare.evidence import LedgerEnd
from costopt.calculators.gainshare.invoice import Books, Invoice, Status, invoice, invoice_number
from costopt.calculators.gainshare.issued import read_issued, written
from costopt.calculators.gainshare.months import Month, parse_month
from costopt.calculators.gainshare.sums import ENTRY_COLUMNS
from costopt.errors import ConfigError
from costopt.ledger.closing import closing
from costopt.ledger.head import Head, load_head
from costopt.ledger.invoices import issue, issued, issued_months, path_of
from costopt.ledger.reading import reading

_COLUMNS: Final = (*ENTRY_COLUMNS, "hash")


def invoice_of(
    state: Path,
    tenant: str,
    month: Month,
    contracts: Callable[[], Sequence[Contract]],
    closing_on: dt.date | None,
) -> Invoice:
    """The invoice that was kept of a tenant's month; where there is none, that of the ledger as it is now.

    Args:
        state: The state folder.
        tenant: Whose.
        month: Of which month.
        contracts: Gives what was agreed on; an invoice that was kept does not need it.
        closing_on: The day on which the invoice is kept and its month closed; None where it is not.
    """
    kept = issued_invoice(state, tenant, month)
    if kept and closing_on:
        close_again(state, kept)
    if kept:
        return kept
    if closing_on:
        return closed_invoice(state, tenant, month, contracts(), closing_on)
    return month_invoice(state, tenant, month, contracts())


def issued_invoice(state: Path, tenant: str, month: Month) -> Invoice | None:
    """The invoice that was kept of a tenant's month; None where there is none.

    Raises:
        LedgerError: It cannot be read, or was changed.
    """
    text = issued(state, tenant, str(month))
    return None if text is None else read_issued(text, str(path_of(state, tenant, str(month))))


def month_invoice(
    state: Path, tenant: str, month: Month, contracts: Sequence[Contract], head: Head | None = None
) -> Invoice:
    """The invoice of a month as the ledger has it now.

    Args:
        state: The state folder.
        tenant: Whose.
        month: Of which month.
        contracts: What was agreed on.
        head: The end of the ledger where nothing can be recorded now, and the invoice becomes final.
    """
    earlier = {each: kept for each in _months(state, tenant) if (kept := issued_invoice(state, tenant, each))}
    end = head or load_head(state)
    status: Status = "draft" if head is None else "final"
    ledger = LedgerEnd(entries=end.entries, hash=end.hash) if end else None
    with reading(state, _COLUMNS) as entries:
        return invoice(tenant, month, contracts, entries, Books(earlier, ledger, status))


def _months(state: Path, tenant: str) -> Collection[Month]:
    return [parse_month(text) for text in issued_months(state, tenant)]


def closed_invoice(
    state: Path, tenant: str, month: Month, contracts: Sequence[Contract], today: dt.date
) -> Invoice:
    """Keeps the invoice of a month and closes the month; after a crash between the two, the kept one holds.

    Raises:
        ConfigError: The month is not over.
        LedgerError: It cannot be kept or closed.
    """
    if month.last >= today:
        raise ConfigError(f"{month} is not over", hint=f"close it from {month.following.first} on (UTC)")
    number = invoice_number(tenant, month, contracts_in(contracts, tenant, month))
    with closing(state, tenant, str(month), number) as now:
        final = month_invoice(state, tenant, month, contracts, now.head)
        text = issue(state, tenant, str(month), written(final))
    return read_issued(text, str(path_of(state, tenant, str(month))))


def close_again(state: Path, kept: Invoice) -> None:
    """Closes the month of an invoice that is kept; a closed one stays as it is."""
    with closing(state, kept.tenant, kept.month, kept.number):
        pass
