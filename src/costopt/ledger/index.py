"""Which entries the ledger has: what recording needs to know of each, without reading them all.

A SQLite file with one small row for each key. It holds nothing that the ledger does not say, remembers how far it
has read, and reads on from there; if it is lost, broken, or about another ledger, it is made anew.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from costopt.errors import LedgerError
from costopt.ledger.chain import GENESIS
from costopt.ledger.entry import content_of
from costopt.ledger.files import INDEX, LEDGER
from costopt.ledger.head import Head, fits

_VERSION: Final = 1
_LINES: Final = 10_000
_KEYS: Final = 500
_SLACK: Final = 100
"""How many lines of the ledger are read at every opening rather than indexed."""
_TABLES: Final = f"""
    BEGIN;
    CREATE TABLE entry (key BLOB PRIMARY KEY, content BLOB, revision INTEGER, timestamp INTEGER) WITHOUT ROWID;
    CREATE TABLE head (entries INTEGER, bytes INTEGER, hash TEXT);
    INSERT INTO head VALUES (0, 0, '{GENESIS}');
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""  # noqa: S608 - constants


class Known(NamedTuple):
    """What is known of the current entry of a key: the digest of its figures, how often there was one, and when."""

    content: bytes
    revision: int
    timestamp: int


class Index:
    """The index of one ledger, up to date.

    The last few entries are kept in memory only, and read from the ledger again by whoever opens it next: a program
    that records one entry at a time does not write this file every time.
    """

    def __init__(self, state: Path, database: sqlite3.Connection, head: Head) -> None:
        self._database = database
        self._head = _head(database)
        self._recent: dict[str, Known] = {}
        path = state / LEDGER
        if self._head.bytes > head.bytes or not fits(path, self._head):
            database.executescript(f"BEGIN; DROP TABLE entry; DROP TABLE head; COMMIT; {_TABLES}")
            self._head = Head()
        for entries, end in _tail(path, self._head, head):
            self.add(entries, end)

    def find(self, keys: Sequence[str]) -> dict[str, Known]:
        """Those of the keys that the ledger has."""
        found = {}
        rest = iter(keys)
        while some := [bytes.fromhex(key) for key in islice(rest, _KEYS)]:
            marks = ",".join("?" * len(some))
            query = f"SELECT key, content, revision, timestamp FROM entry WHERE key IN ({marks})"  # noqa: S608
            for key, *known in self._database.execute(query, some):
                found[key.hex()] = Known(*known)
        return found | {key: self._recent[key] for key in keys if key in self._recent}

    def add(self, entries: Mapping[str, Known], head: Head) -> None:
        """Makes these the current entries of their keys, in a ledger that ends there."""
        self._recent.update(entries)
        if head.entries - self._head.entries < _SLACK:
            return
        with self._database as database:
            rows = ((bytes.fromhex(key), *known) for key, known in self._recent.items())
            database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", rows)
            end = (head.entries, head.bytes, head.hash)
            database.execute("UPDATE head SET entries = ?, bytes = ?, hash = ?", end)
        self._head = head
        self._recent.clear()


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


def _tail(path: Path, known: Head, head: Head) -> Iterator[tuple[dict[str, Known], Head]]:
    """What is between two heads, some lines at a time, each with where they end."""
    with path.open("rb") as file:
        file.seek(known.bytes)
        while known.bytes < head.bytes:
            lines = list(islice(file, _LINES))
            read = [_read(line, known.entries + number, path) for number, line in enumerate(lines, 1)]
            known = Head(
                entries=known.entries + len(lines),
                bytes=known.bytes + sum(map(len, lines)),
                hash=read[-1].hash,
            )
            yield {entry.key: entry.known for entry in read}, known


class _Read(NamedTuple):
    """What the index takes from a line."""

    key: str
    known: Known
    hash: str


def _read(line: bytes, number: int, path: Path) -> _Read:
    try:
        fields = json.loads(line, parse_float=Decimal)
        key, _, revision = fields["id"].partition("-")
        known = Known(content_of(fields), int(revision or 1), fields["timestamp"])
        return _Read(key, known, fields["hash"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError(
            f"`{path}`, line {number:,}: it is no entry",
            hint="run `costopt gainshare verify`, and restore the file from a backup",
        ) from error
