"""Which entries the ledger has, and where: what recording needs to know of each, without reading them all.

A SQLite file with one small row for each key, sorted so that what a source says of a period is found together. It
holds nothing that the ledger does not say, remembers how far it has read, and reads on from there; if it is lost,
broken, or about another ledger, it is made anew.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from costopt.errors import LedgerError
from costopt.ledger.chain import GENESIS
from costopt.ledger.entry import content_of
from costopt.ledger.files import INDEX, LEDGER
from costopt.ledger.head import Head, fits
from costopt.ledger.slots import bounds, place_in, shelf_of, slot_of

_VERSION: Final = 2
_LINES: Final = 50_000
_AT_ONCE: Final = 400
"""How many slots or places are looked up together: SQLite may not take a thousand parameters."""
_SLACK: Final = 100
"""How many lines of the ledger are read at every opening rather than indexed."""
_TABLES: Final = f"""
    BEGIN;
    CREATE TABLE entry (
        slot BLOB PRIMARY KEY, content BLOB, revision INTEGER, timestamp INTEGER, counts INTEGER, start INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE head (entries INTEGER, bytes INTEGER, hash TEXT);
    INSERT INTO head VALUES (0, 0, '{GENESIS}');
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""  # noqa: S608 - constants
_JSON: Final = json.JSONDecoder(parse_float=str)
"""Costs stay as they are written, which is all that their digest needs."""


class Known(NamedTuple):
    """What is known of the current entry of a key.

    Attributes:
        content: The digest of its figures.
        revision: How often there was one, with this.
        timestamp: Its time, in Unix seconds.
        counts: Whether it has requests, with a price or without.
        start: At which byte of the ledger its line begins.
    """

    content: bytes
    revision: int
    timestamp: int
    counts: bool
    start: int


class Index:
    """The index of one ledger, up to date.

    The last few entries are kept in memory only, and read from the ledger again by whoever opens it next: a program
    that records one entry at a time does not write this file every time.
    """

    def __init__(self, state: Path, database: sqlite3.Connection, head: Head) -> None:
        self._database = database
        self._head = _head(database)
        self._recent: dict[bytes, Known] = {}
        path = state / LEDGER
        if self._head.bytes > head.bytes or not fits(path, self._head):
            database.executescript(f"BEGIN; DROP TABLE entry; DROP TABLE head; COMMIT; {_TABLES}")
            self._head = Head()
        for entries, end in _tail(path, self._head, head):
            self.add(entries, end)

    def find(self, slots: Sequence[bytes]) -> dict[bytes, Known]:
        """What is in those of the slots that have an entry."""
        found = {}
        for some in _parts(slots):
            query = f"SELECT * FROM entry WHERE slot IN ({_marks('?', some)})"  # noqa: S608
            for slot, *known in self._database.execute(query, some):
                found[slot] = Known(*known)
        return found | {slot: self._recent[slot] for slot in slots if slot in self._recent}

    def starts(self, places: Iterable[bytes]) -> list[int]:
        """At which bytes of the ledger the lines of the entries in these places begin, in their order."""
        wanted = set(places)
        found: dict[bytes, int] = {}
        for some in _parts(sorted(wanted)):
            query = f"""
                WITH wanted (low, high) AS (VALUES {_marks("(?, ?)", some)})
                SELECT slot, start FROM wanted CROSS JOIN entry ON slot BETWEEN low AND high
            """  # noqa: S608
            found.update(self._database.execute(query, [end for place in some for end in bounds(place)]))
        found |= {slot: known.start for slot, known in self._recent.items() if place_in(slot) in wanted}
        return sorted(found.values())

    def counts(self, source: str, *, by_day: bool) -> bool:
        """Whether a source has an entry by day, or by request, that has requests."""
        shelf = shelf_of(source, by_day=by_day)
        if any(known.counts for slot, known in self._recent.items() if slot.startswith(shelf)):
            return True
        query = "SELECT slot FROM entry WHERE slot BETWEEN ? AND ? AND counts"
        return any(slot not in self._recent for (slot,) in self._database.execute(query, bounds(shelf)))

    def add(self, entries: Mapping[bytes, Known], head: Head) -> None:
        """Puts these entries into their slots, instead of what was there, in a ledger that ends at this head."""
        self._recent.update(entries)
        if head.entries - self._head.entries < _SLACK:
            return
        with self._database as database:
            rows = ((slot, *known) for slot, known in sorted(self._recent.items()))
            database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?)", rows)
            end = (head.entries, head.bytes, head.hash)
            database.execute("UPDATE head SET entries = ?, bytes = ?, hash = ?", end)
        self._head = head
        self._recent.clear()


def _parts(wanted: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE))


def _marks(mark: str, values: Sequence[bytes]) -> str:
    return ", ".join([mark] * len(values))


@contextmanager
def indexed(state: Path, head: Head) -> Iterator[Index]:
    """The index of the ledger up to this head.

    Raises:
        LedgerError: if it cannot be written, or a line of the ledger cannot be read.
    """
    with _told(state), closing(_connected(state)) as database:
        yield Index(state, database, head)


def last_indexed(state: Path) -> Head | None:
    """The head of the ledger when it was last indexed; None where there is no index, or it is broken."""
    path = (state / INDEX).resolve()
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        return _head(database)
    return None


@contextmanager
def _told(state: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerError(
            f"Cannot write `{state / INDEX}`: {error}",
            hint="make room on the disk or check the permissions, then run this again; no entry is lost",
        ) from error
    except sqlite3.DatabaseError as error:
        raise LedgerError(
            f"`{state / INDEX}` is broken: {error}", hint="delete it; it is made anew from the ledger"
        ) from error


def _connected(state: Path) -> sqlite3.Connection:
    path = state / INDEX
    database = sqlite3.connect(path)
    try:
        version = _version(database)
    except sqlite3.OperationalError:
        database.close()
        raise
    except sqlite3.DatabaseError:
        version = -1
    if version not in (0, _VERSION):
        database.close()
        path.unlink()
        database = sqlite3.connect(path)
        version = 0
    if not version:
        database.executescript(_TABLES)
    return database


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _head(database: sqlite3.Connection) -> Head:
    entries, size, digest = database.execute("SELECT entries, bytes, hash FROM head").fetchone()
    return Head(entries=entries, bytes=size, hash=digest)


def _tail(path: Path, known: Head, head: Head) -> Iterator[tuple[dict[bytes, Known], Head]]:
    """What is between two heads, some lines at a time, each with where they end."""
    number, start, last = known.entries, known.bytes, known.hash
    with path.open("rb") as file:
        file.seek(start)
        while start < head.bytes:
            read = {}
            for line in islice(file, _LINES):
                number += 1
                slot, entry, last = _read(line, start, number, path)
                read[slot] = entry
                start += len(line)
            yield read, Head(entries=number, bytes=start, hash=last)


def _read(line: bytes, start: int, number: int, path: Path) -> tuple[bytes, Known, str]:
    """The slot of a line, what is to be known of it, and its hash."""
    try:
        fields = _JSON.decode(line.decode())
        key, _, revision = fields["id"].partition("-")
        slot = slot_of(fields["source"], fields["period"], key)
        counts = fields["requests"] + fields["unpriced"] > 0
        known = Known(content_of(fields), int(revision or 1), fields["timestamp"], counts, start)
        return slot, known, fields["hash"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError(
            f"`{path}`, line {number:,}: it is no entry",
            hint="run `costopt gainshare verify`, and restore the file from a backup",
        ) from error
