"""Check the ledger: whether each line is what was written, follows the one before it, and none is missing.

A changed, removed, inserted or moved line breaks the chain of hashes. Lines that are missing at the end break nothing;
they are found by the heads that were remembered: after the last recording, and when months were closed. So is a chain
that someone has computed anew from some line on, unless all of these were changed with it. Against that helps only a
hash that somebody else has: every invoice names one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from costopt.ledger.chain import GENESIS, seal_of
from costopt.ledger.closed import closings
from costopt.ledger.files import HEAD, LEDGER, told
from costopt.ledger.head import Head, load_head
from costopt.models.result import Frozen, Result

_SHOWN: Final = 100


class Damage(Frozen):
    """What is wrong with the ledger.

    Attributes:
        line: At which line, counted from 1; null where it is about no line that is there.
        reason: What is wrong, and what it may come from.
    """

    line: int | None
    reason: str


class Verification(Result):
    """What a ledger was found to be.

    Attributes:
        entries: How many lines it has.
        bytes: How many bytes.
        hash: Of the last line that has one: whoever has written it down can compare it.
        damages: What is wrong, in the order of the lines, at most 100; empty for a ledger as it was written.
        more: How many more there are.
        witnesses: How many remembered heads the ledger was compared with: that of the last recording, and one for
            each closed month. Without any, nobody can say whether lines are missing at the end.
    """

    kind: ClassVar[str] = "gainshare_verify"
    entries: int
    bytes: int
    hash: str
    damages: tuple[Damage, ...]
    more: int
    witnesses: int


def verify(state: Path) -> Verification:
    """Checks every byte of the ledger; an empty one is as it should be.

    Raises:
        LedgerError: if a file cannot be read.
    """
    path = state / LEDGER
    check = _Check({})
    for name, head in _witnesses(state):
        check.witnesses.setdefault(head.entries, []).append((name, head))
    with told(path, "read"):
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    check.see(line)
    if (state / HEAD).exists() and not load_head(state):
        check.tell(None, f"`{HEAD}`, which remembers the end of the ledger, cannot be read")
    check.miss()
    return Verification(
        entries=check.entries,
        bytes=check.size,
        hash=check.hash,
        damages=tuple(check.damages),
        more=check.found - len(check.damages),
        witnesses=sum(map(len, check.witnesses.values())),
    )


def _witnesses(state: Path) -> Iterator[tuple[str, Head]]:
    head = load_head(state)
    if head:
        yield "after the last recording", head
    for closing in closings(state):
        yield f"when {closing.month} of `{closing.tenant}` was closed", closing.head


@dataclass(slots=True)
class _Check:
    """What was seen of the ledger so far.

    Attributes:
        witnesses: The remembered heads by their number of entries, each with when it was remembered.
        follows: What the next line may name as the one before it; empty where anything may.
    """

    witnesses: dict[int, list[tuple[str, Head]]]
    entries: int = 0
    size: int = 0
    hash: str = GENESIS
    follows: tuple[str, ...] = (GENESIS,)
    damages: list[Damage] = field(default_factory=list)
    found: int = 0

    def tell(self, line: int | None, reason: str) -> None:
        self.found += 1
        if self.found <= _SHOWN:
            self.damages.append(Damage(line=line, reason=reason))

    def see(self, line: bytes) -> None:
        """Checks the next line."""
        self.size += len(line)
        if not line.endswith(b"\n"):
            self.tell(
                self.entries + 1, "it is only half written: by a recording that runs, or was interrupted"
            )
            return
        self.entries += 1
        seal = seal_of(line)
        if seal is None:
            self.tell(self.entries, "it does not end in its hash: it was changed, or is no entry")
            self.follows = ()
            return
        if seal.hash != seal.computed:
            self.tell(self.entries, "it was changed: its bytes do not give its hash")
        elif self.follows and seal.prev not in self.follows:
            self.tell(
                self.entries, "it does not follow the line before it: one was removed, inserted or moved"
            )
        self.hash = seal.hash
        self.follows = (seal.hash, seal.computed)
        for when, head in self.witnesses.get(self.entries, []):
            if head.hash not in self.follows:
                self.tell(self.entries, f"it is not the line that was there {when}")

    def miss(self) -> None:
        """Checks that there are as many lines as there were."""
        for entries, known in sorted(self.witnesses.items()):
            if entries > self.entries:
                when = known[0][0]
                self.tell(
                    None,
                    f"{entries - self.entries:,} of the {entries:,} lines are missing that were there {when}",
                )
