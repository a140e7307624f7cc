"""The command line: one command a file, thin wiring; `main` is the entry point."""

import gc
import os
import sys
from typing import Annotated, Final

import typer

from costopt import __version__
from costopt.cli.analyze import analyze
from costopt.cli.batch import batch
from costopt.cli.convert import convert
from costopt.cli.export import export
from costopt.cli.frontier import frontier
from costopt.cli.gainshare import gainshare
from costopt.cli.inspect import inspect
from costopt.cli.pricing import pricing
from costopt.cli.route import route
from costopt.cli.simulate import simulate
from costopt.cli.spend import spend
from costopt.errors import CostoptError
from costopt.report.document import printable

_INTERRUPTED: Final = 130
_COLLECT_EVERY: Final = 1_000_000
"""New objects between two searches for unreachable cycles. What is imported and the catalog are hundreds of thousands of
objects that stay; by Python's own setting they are looked through again and again, for 6 to 12 % of the CPU time."""

app = typer.Typer(
    name="costopt",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"costopt {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Point it at LLM request logs: a bill that is right to the last digit, and what would make it smaller.

    Exit codes: 0 done, 1 a bug, 2 the input cannot be used, 3 a limit was crossed.
    """


for command in (analyze, spend, batch, simulate, route, inspect, convert):
    app.command()(command)
for group in (gainshare, frontier, export, pricing):
    app.add_typer(group)


def main() -> None:
    """Runs the command line; a `CostoptError` becomes a message and exit code 2."""
    gc.set_threshold(_COLLECT_EVERY)
    try:
        app(prog_name=app.info.name)
    except CostoptError as error:
        typer.echo(f"error: {printable(error.message)}\n\nhint: {printable(error.hint)}", err=True)
        sys.exit(2)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            os._exit(_INTERRUPTED)  # at once, whatever the thread that reads ahead is doing
        raise
