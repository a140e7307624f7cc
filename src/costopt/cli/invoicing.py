"""What `costopt gainshare invoice` does with its options."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from costopt.calculators.gainshare.contract_file import ContractFile, read_contracts
from costopt.calculators.gainshare.contracts import Contract, contracts_in
from costopt.calculators.gainshare.evidence import LedgerEnd
from costopt.calculators.gainshare.invoice import Books, Invoice, Status, invoice, invoice_number
from costopt.calculators.gainshare.issued import read_issued, written
from costopt.calculators.gainshare.months import Month, parse_month
from costopt.calculators.gainshare.sums import ENTRY_COLUMNS
from costopt.calculators.routing.policy_file import find_model
from costopt.cli.loading import open_catalog
from costopt.config import load_config
from costopt.errors import ConfigError
from costopt.ledger.closing import closing
from costopt.ledger.frontier import frontier_models
from costopt.ledger.head import Head, load_head
from costopt.ledger.invoices import issue, issued, issued_months, path_of
from costopt.ledger.reading import reading
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of

_COLUMNS: Final = (*ENTRY_COLUMNS, "hash")


def agreed(
    files: Sequence[Path] | None, pricing: Path | None, config: Path | None, state: Path
) -> tuple[Contract, ...]:
    """The contracts, with baselines of the catalog that the options ask for."""
    return contracts_of(files, open_catalog(pricing, load_config(config)), state)


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


def contracts_of(
    files: Sequence[Path] | None, catalog: Catalog, state: Path, *, recording: bool = False
) -> tuple[Contract, ...]:
    """The contracts; their baselines are models as a recording names them.

    Args:
        files: Theirs.
        catalog: The prices.
        state: The state folder, with the frontier models.
        recording: Whether their flat rates are needed now; what was recorded at one may be invoiced without it.

    Raises:
        ConfigError: There is no file, one cannot be read, or says what is not allowed; or a recording would name a
            baseline otherwise than its contract does.
    """
    if not files:
        raise ConfigError("An invoice needs the contract", hint="name its file: `--contracts FILE`")
    contents = [_content(path) for path in files]
    frontier = frontier_models(state)
    asked = {each.model for contract in read_contracts(contents) for each in contract.baseline}
    known = {name for name in asked if name in frontier or _name_of(catalog, name) == name}
    names = {*known, *frontier, *(model.name for model in catalog.models)}
    agreed = read_contracts(contents, names, frontier if recording else None)
    if recording:
        _check_names(agreed, catalog)
    return agreed


def _check_names(agreed: Sequence[Contract], catalog: Catalog) -> None:
    """A frontier model's name that is another model's in the catalog: the invoice would not find what is recorded."""
    for contract in agreed:
        for each in contract.baseline:
            name = None if each.flat else _name_of(catalog, each.model)
            if name not in {None, each.model}:
                raise ConfigError(
                    f"The baseline `{each.model}` of the contract with `{contract.tenant}` is `{name}` in the catalog",
                    hint=f"write `{name}`; or `flat = true`, for the rate of the frontier model `{each.model}`",
                )


def _name_of(catalog: Catalog, name: str) -> str | None:
    number = find_model(catalog, name)
    return None if number is None else model_of(catalog, number).name


def _content(path: Path) -> ContractFile:
    try:
        return ContractFile(str(path), path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"Cannot read the contracts `{path}`: {error.strerror}", hint="check the path and its permissions"
        ) from error


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
