"""The issued invoices of a state folder: one file for each tenant and month, written once and never again.

What an invoice says is not read here: it is a text that comes back byte for byte.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

from costopt.errors import LedgerError
from costopt.ledger.files import add, sync_folder, told

FOLDER: Final = "invoices"
"""In the state folder."""

_PLAIN: Final = re.compile(r"[a-z0-9_][a-z0-9._-]{0,99}", re.ASCII)
_HARMFUL: Final = re.compile(r"[^a-z0-9_-]+", re.ASCII)
_LONGEST: Final = 60
_DIGITS: Final = 16
_MONTH: Final = re.compile(r"\d{4}-\d{2}", re.ASCII)


def path_of(state: Path, tenant: str, month: str) -> Path:
    """Where the invoice of a tenant's month is, or would be."""
    return state / FOLDER / f"{_file_name(tenant)}-{month}.json"


def _file_name(tenant: str) -> str:
    """A tenant's name as that of a file, on any system: another one for every tenant, whatever it is called.

    A plain name stands as it is; any other one loses what is not plain, and gets a digest behind a tilde.
    """
    if _PLAIN.fullmatch(tenant):
        return tenant
    plain = _HARMFUL.sub("-", tenant.lower()).strip("-")[:_LONGEST]
    digest = hashlib.sha256(tenant.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{plain}~{digest}"


def issue(state: Path, tenant: str, month: str, text: str) -> str:
    """Keeps an invoice, unless there is one already: what is kept is what is given back.

    The file is there as a whole or not at all, whenever the program is interrupted; of several programs that issue
    the same month at once, the first one's invoice stays, and all are given that.

    Args:
        state: The state folder, which is made if there is none.
        tenant: Whose invoice it is.
        month: The UTC month, as `2026-10`.
        text: The invoice.

    Raises:
        LedgerError: It cannot be written.
    """
    path = path_of(state, tenant, month)
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        add(path, text.encode())
        sync_folder(path.parent)
    kept = issued(state, tenant, month)
    assert kept is not None  # noqa: S101 - it has just been written, by this program or another
    return kept


def issued(state: Path, tenant: str, month: str) -> str | None:
    """The invoice that was kept of a tenant's month; None where there is none.

    Raises:
        LedgerError: It cannot be read.
    """
    path = path_of(state, tenant, month)
    with told(path, "read"):
        try:
            return path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise LedgerError(f"`{path}` is not UTF-8", hint="restore it from a backup") from error


def issued_months(state: Path, tenant: str) -> tuple[str, ...]:
    """The months of which a tenant has an invoice, as `2026-10`, in their order.

    Raises:
        LedgerError: The folder cannot be read.
    """
    folder, start = state / FOLDER, f"{_file_name(tenant)}-"
    with told(folder, "read"):
        try:
            names = [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return ()
    months = (name.removeprefix(start).removesuffix(".json") for name in names if name.startswith(start))
    return tuple(sorted(month for month in months if _MONTH.fullmatch(month)))
