"""Where an entry stands in the index: beside all else that its source says of its period, and of others likewise."""

import hashlib
from functools import lru_cache
from typing import Final

from costopt.ledger.entry import is_day

_SOURCE_BYTES: Final = 8
_PERIOD_BYTES: Final = 7
_PLACE_BYTES: Final = _SOURCE_BYTES + 1 + _PERIOD_BYTES
_BEYOND: Final = b"\xff" * 32
"""As long as a slot."""


def shelf_of(source: str, *, by_day: bool) -> bytes:
    """What the slots of all that a source says by day, or by request, begin with."""
    return _digest(source)[:_SOURCE_BYTES] + bytes([by_day])


def place_of(source: str, period: str) -> bytes:
    """What the slots of all that a source says of a period begin with.

    Two periods may have one place, though they hardly ever do: what is found there has to be looked at.
    """
    return shelf_of(source, by_day=is_day(period)) + _digest(period)[:_PERIOD_BYTES]


def slot_of(source: str, period: str, key: str) -> bytes:
    """Where the current entry of a key stands, and no other one."""
    return place_of(source, period) + bytes.fromhex(key)


def place_in(slot: bytes) -> bytes:
    """What `place_of` gives for the entry in a slot."""
    return slot[:_PLACE_BYTES]


def bounds(start: bytes) -> tuple[bytes, bytes]:
    """The least and the greatest slot that begin like this."""
    return start, start + _BEYOND


@lru_cache(4096)
def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
