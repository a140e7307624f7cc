"""The months that have an invoice, and so do not change any more."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from costopt.errors import LedgerError
from costopt.ledger.files import CLOSED, told
from costopt.ledger.head import Head
from costopt.ledger.wording import worded
from costopt.models.result import Frozen


class Closing(Frozen):
    """A month of a tenant for which an invoice was issued.

    Attributes:
        tenant: Whose month it is.
        month: The UTC month, as `2026-10`.
        invoice: The invoice's number.
        head: The end of the ledger when it was issued: whatever was before it is what the invoice is about.
    """

    tenant: str
    month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    invoice: str
    head: Head


_CLOSINGS: Final = TypeAdapter(tuple[Closing, ...])


def closings(state: Path) -> tuple[Closing, ...]:
    """All closed months, in the order of their closing.

    Raises:
        LedgerError: if the list cannot be read: what is closed is then not known.
    """
    path = state / CLOSED
    with told(path, "read"):
        if not path.exists():
            return ()
        content = path.read_bytes()
    try:
        return _CLOSINGS.validate_json(content)
    except ValidationError as error:
        raise LedgerError(
            f"`{path}` is not a list of closed months: {worded(error, 'month')}",
            hint="restore it from a backup: without it, months that were invoiced could change",
        ) from error


def closed_months(state: Path) -> frozenset[tuple[str, str]]:
    """The closed months, as tenant and month.

    Raises:
        LedgerError: if the list cannot be read.
    """
    return frozenset((closing.tenant, closing.month) for closing in closings(state))
