"""Close a month: from then on nothing can be recorded in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from costopt.errors import LedgerError
from costopt.ledger.closed import Closing, closings
from costopt.ledger.files import CLOSED, PATIENCE, replace, sync_folder, told, writing
from costopt.ledger.opening import opened


@contextmanager
def closing(
    state: Path, tenant: str, month: str, invoice: str, timeout: float = PATIENCE
) -> Iterator[Closing]:
    """Nobody records while the block runs, and the month is closed when it has ended without an error.

    So what the block reads is what the invoice is about. A month that was closed for this invoice stays as it is:
    what is given is the closing of then.

    Args:
        state: The state folder.
        tenant: Whose month it is.
        month: The UTC month, as `2026-10`.
        invoice: The invoice's number.
        timeout: Seconds to wait for another writer.

    Raises:
        LedgerError: if the month is closed for another invoice, the ledger is damaged, or a file cannot be written.
    """
    with writing(state, timeout=timeout), opened(state) as ledger:
        before = closings(state)
        there = [known for known in before if (known.tenant, known.month) == (tenant, month)]
        if there and there[0].invoice != invoice:
            raise LedgerError(
                f"{month} of `{tenant}` is closed: its invoice is {there[0].invoice}",
                hint="a closed month does not change; put what was wrong into the next invoice",
            )
        new = Closing(tenant=tenant, month=month, invoice=invoice, head=ledger.head)
        yield there[0] if there else new
        if not there:
            listed = [known.model_dump() for known in (*before, new)]
            with told(state / CLOSED):
                replace(state / CLOSED, (json.dumps(listed, indent=2, ensure_ascii=False) + "\n").encode())
                sync_folder(state)
