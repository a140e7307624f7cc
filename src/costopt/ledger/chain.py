"""The hash chain: each line of the ledger says what the line before it was.

A line ends in `"prev"`, the hash of the line before, and `"hash"`, its own: the SHA-256 of its bytes up to, and
without, `, "hash"`. So every hash stands for the whole ledger up to its line, and `sha256sum` can check it.
"""

import hashlib
import re
from typing import Final, NamedTuple

GENESIS: Final = "0" * 64
"""What the first line names as the one before it."""

_SEAL: Final = re.compile(rb', "prev": "([0-9a-f]{64})", "hash": "([0-9a-f]{64})"}\n')
_SEAL_BYTES: Final = 154
_HASH_BYTES: Final = 78
"""Of `, "hash": "…"}` and the line's end."""


class Seal(NamedTuple):
    """What the end of a line says, and what its bytes give: equal `hash` and `computed` where nobody changed it."""

    prev: str
    hash: str
    computed: str


def seal(content: str, prev: str) -> tuple[bytes, str]:
    """A line of the ledger, and its hash.

    Args:
        content: The JSON object of the entry without its closing brace.
        prev: The hash of the line before.
    """
    body = f'{content}, "prev": "{prev}"'.encode()
    digest = hashlib.sha256(body).hexdigest()
    return body + b', "hash": "' + digest.encode() + b'"}\n', digest


def seal_of(line: bytes) -> Seal | None:
    """The seal of a line, its line end included; None where it has none."""
    found = _SEAL.fullmatch(line, max(0, len(line) - _SEAL_BYTES))
    if not found:
        return None
    computed = hashlib.sha256(memoryview(line)[: len(line) - _HASH_BYTES]).hexdigest()
    return Seal(found[1].decode(), found[2].decode(), computed)
