"""An issued invoice as text: what is kept of a month that is closed."""

import hashlib
import json
from typing import Any, Final

from pydantic import ValidationError

from costopt.calculators.gainshare.invoice import Invoice
from costopt.errors import LedgerError

VERSION: Final = 1
"""Of the text's form."""

_RESTORE: Final = "restore it from a backup: an issued invoice does not change"


def written(invoice: Invoice) -> str:
    """The invoice as JSON, with a digest; the same invoice gives the same text.

    Amounts are texts here, so that no program that passes it on rounds them.
    """
    said = invoice.model_dump(mode="json")
    kept = {"version": VERSION, "sha256": _digest(said), "invoice": said}
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def read_issued(text: str, place: str) -> Invoice:
    """The invoice of a text that `written` gave: the same, to the last digit.

    Args:
        text: The text.
        place: Where it is from, for messages.

    Raises:
        LedgerError: It is not such a text, or has been changed since.
    """
    kept = _parsed(text, place)
    if kept.get("version") != VERSION:
        raise LedgerError(
            f"`{place}` is an invoice in a form that is not known here", hint="read it with a newer costopt"
        )
    if _digest(kept.get("invoice")) != kept.get("sha256"):
        raise LedgerError(f"`{place}` has been changed since the invoice was issued", hint=_RESTORE)
    try:
        return Invoice.model_validate_json(json.dumps(kept["invoice"]))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise LedgerError(
            f"`{place}` is not an issued invoice: `{key}`: {first['msg'].lower()}", hint=_RESTORE
        ) from error


def _parsed(text: str, place: str) -> dict[str, Any]:
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        kept = None
    if isinstance(kept, dict):
        return kept
    raise LedgerError(f"`{place}` is not an issued invoice: it is not a JSON object", hint=_RESTORE)


def _digest(said: object) -> str:
    """Of a JSON value, however it is laid out."""
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
