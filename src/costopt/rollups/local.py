"""The run on this machine: partitions read ahead, worked on in order, parts condensed as they come."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Part = TypeVar("Part")

_CONDENSE_EVERY: Final = 16
_STEP: Final = 0.1
_PATIENCE: Final = 0.5


class _End:
    """The last thing in the queue: how the reading ended."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Shelf(Generic[Item]):
    """Room for one item between the thread that fetches and the one that works. State: that item."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Item | _End] = queue.Queue(maxsize=1)
        self._closed = threading.Event()

    def put(self, thing: Item | _End) -> bool:
        """Waits for room; false where nobody will come for it any more."""
        while not self._closed.is_set():
            try:
                self._queue.put(thing, timeout=_STEP)
            except queue.Full:
                continue
            return True
        return False

    def fill(self, items: Iterable[Item]) -> None:
        """Puts every item, and at last how it ended."""
        error: BaseException | None = None
        try:
            for item in items:
                if not self.put(item):
                    break
        except BaseException as caught:  # noqa: BLE001 - handed over to the thread that asked
            error = caught
        self.put(_End(error))

    def take(self) -> Iterator[Item]:
        """Every item in turn; raises what fetching raised."""
        while not isinstance(thing := self._next(), _End):
            yield thing
        if thing.error is not None:
            raise thing.error

    def _next(self) -> Item | _End:
        """Waits in small steps: with Polars' signal handler, Ctrl-C does not end a wait, it is noticed after it."""
        while True:
            with suppress(queue.Empty):
                return self._queue.get(timeout=_STEP)

    def close(self) -> None:
        """Nothing more will be taken."""
        self._closed.set()


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, the next one fetched in a thread while the last one is worked on.

    An error in fetching is raised in its place; closing the iterator ends the thread, unless that waits for a pipe:
    then it ends with the program.
    """
    shelf: _Shelf[Item] = _Shelf()
    thread = threading.Thread(target=shelf.fill, args=(items,), name="read-ahead", daemon=True)
    thread.start()
    try:
        yield from shelf.take()
    finally:
        shelf.close()
        thread.join(_PATIENCE)


class Condensed(Generic[Part]):
    """Parts, merged whenever a few have gathered, so that their number stays small. State: those parts."""

    def __init__(self, merge: Callable[[list[Part]], Part]) -> None:
        self._merge = merge
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        """Take one more."""
        self._parts.append(part)
        if len(self._parts) >= _CONDENSE_EVERY:
            self._parts = [self._merge(self._parts)]

    def total(self) -> Part:
        """All of them as one."""
        return self._merge(self._parts)
