"""Lines that could not be read: kept with file, line and reason, counted, and written where asked."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Final

from costopt.errors import RejectedError

_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Reject:
    """One line that is no request.

    Attributes:
        file: The log it is in.
        line: Its line number, or a Parquet file's row number, from 1; null where it is the file as a whole.
        reason: Why, in words.
        text: The line itself, so that nothing is lost.
    """

    file: str
    line: int | None
    reason: str
    text: str

    @property
    def place(self) -> str:
        """`FILE:LINE`."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Rejects:
    """Counts rejects, keeps the first few, and writes each to `sink` as one JSON line.

    State: the counts. With `strict` the first one is raised as an error.
    """

    def __init__(self, sink: IO[str] | None = None, *, strict: bool = False) -> None:
        self._sink = sink
        self._strict = strict
        self.by_file: Counter[str] = Counter()
        self.first: list[Reject] = []

    def add(self, rejects: Iterable[Reject]) -> None:
        """Take note of them.

        Raises:
            RejectedError: with `strict`.
        """
        for reject in rejects:
            self.by_file[reject.file] += 1
            if len(self.first) < _EXAMPLES:
                self.first.append(reject)
            if self._sink:
                record = {
                    "file": reject.file,
                    "line": reject.line,
                    "reason": reject.reason,
                    "text": reject.text,
                }
                self._sink.write(json.dumps(record) + "\n")
            if self._strict:
                raise RejectedError(
                    f"{reject.place}: {reject.reason}",
                    hint="mend the line, or leave out `--strict` to go on without it",
                )

    @property
    def count(self) -> int:
        """How many lines were rejected."""
        return self.by_file.total()
