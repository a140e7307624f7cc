"""How far the ledger goes: what is remembered beside it, so that a cut end is found."""

import json
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from costopt.ledger.chain import GENESIS
from costopt.ledger.files import HEAD, replace, told
from costopt.models.result import Frozen

_BLOCK: Final = 1 << 22


class Head(Frozen):
    """The end of a ledger: how many entries and bytes it had, and the hash of the last entry.

    That hash stands for every byte up to there, so whoever writes it down, on an invoice for instance, can prove
    later that nothing before it was changed.
    """

    entries: Annotated[int, Field(ge=0)] = 0
    bytes: Annotated[int, Field(ge=0)] = 0
    hash: Annotated[str, Field(pattern=re.compile("^[0-9a-f]{64}$"))] = GENESIS


def load_head(state: Path) -> Head | None:
    """The remembered head; None where there is none, or it cannot be read.

    Raises:
        LedgerError: if the operating system does not let us.
    """
    path = state / HEAD
    with told(path, "read"):
        if not path.exists():
            return None
        content = path.read_bytes()
    try:
        return Head.model_validate_json(content)
    except ValidationError:
        return None


def save_head(state: Path, head: Head) -> None:
    """Remembers a head instead of the one before it.

    Raises:
        LedgerError: if it cannot be written.
    """
    with told(state / HEAD):
        replace(state / HEAD, (json.dumps(head.model_dump()) + "\n").encode())


def count_lines(path: Path, start: int, end: int) -> tuple[int, int]:
    """How many whole lines there are between two places of a file, and where the last of them ends."""
    count, ended = 0, start
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        at = start
        while at < end and (block := file.read(min(_BLOCK, end - at))):
            last = block.rfind(b"\n")
            if last >= 0:
                count += block.count(b"\n")
                ended = at + last + 1
            at += len(block)
    return count, ended


def fits(path: Path, head: Head) -> bool:
    """Whether a ledger had this head once: whether at that byte a line ends that says this hash."""
    if not head.bytes:
        return head.hash == GENESIS
    end = f', "hash": "{head.hash}"}}\n'.encode()
    with path.open("rb", buffering=0) as file:
        file.seek(max(0, head.bytes - len(end)))
        return file.read(len(end)) == end
