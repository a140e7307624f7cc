"""The run on this machine: partitions read ahead, worked on in order, parts condensed as they come."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Part = TypeVar("Part")

_CONDENSE_EVERY: Final = 16


class _End:
    """The last thing in the queue: how the reading ended."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, the next one fetched in a thread while the last one is worked on.

    An error in fetching is raised in its place; closing the iterator ends the thread.
    """
    shelf: queue.Queue[Item | _End] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def put(thing: Item | _End) -> None:
        while not stopped.is_set():
            try:
                shelf.put(thing, timeout=0.1)
            except queue.Full:
                continue
            return

    def fetch() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    break
        except BaseException as caught:  # noqa: BLE001 - handed over to the thread that asked
            error = caught
        put(_End(error))

    thread = threading.Thread(target=fetch, name="read-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(thing := shelf.get(), _End):
            yield thing
        if thing.error is not None:
            raise thing.error
    finally:
        stopped.set()
        thread.join()


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
