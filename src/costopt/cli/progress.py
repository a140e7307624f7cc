"""A progress bar on a terminal, nothing anywhere else."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from costopt.intake.sources import Source


@contextmanager
def progress_bar(sources: Sequence[Source]) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that takes the bytes and requests done so far; draws on standard error if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _bytes, _requests: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    total = sum(source.size for source in sources)
    columns = (
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[requests]:,} requests"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=total or None, requests=0)
        yield lambda size, requests: progress.update(task, completed=size, requests=requests)
