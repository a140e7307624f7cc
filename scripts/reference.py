"""The generated parts of the documents: what the program says of itself."""

import ast
import importlib
import inspect
import io
import os
import pkgutil
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import pairwise
from unittest.mock import patch

from typer import Typer

from costopt import errors
from costopt.cli import app, main
from costopt.intake import formats as family
from costopt.intake.formats.catalogue import FORMATS
from costopt.intake.formats.format import Format
from costopt.intake.formats.generic import ALIASES
from costopt.models.schema import COLUMN_MEANINGS, REQUESTS


def screen(*arguments: str, width: int) -> str:
    """What a command prints on a terminal of that width, without colour."""
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    plain = {
        "COLUMNS": str(width),
        "LINES": "60",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "XDG_CONFIG_HOME": os.devnull,
    }
    with (
        patch.dict(os.environ, plain),
        patch.object(sys, "argv", ["costopt", *arguments]),
        redirect_stdout(terminal),
    ):
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                raise
    return terminal.getvalue()


def commands() -> str:
    """The help of every command, as Markdown."""
    parts = [f"```text\n{screen('--help', width=80)}```"]
    parts += [
        f"## costopt {' '.join(path)}\n\n```text\n{screen(*path, '--help', width=80)}```"
        for path in _paths(app)
    ]
    return "\n\n".join(parts)


def _paths(group: Typer) -> Iterator[tuple[str, ...]]:
    """The words that name each command: a group's own before those in it."""
    for command in group.registered_commands:
        yield (command.name or (command.callback.__name__ if command.callback else ""),)
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            name = str(inner.typer_instance.info.name)
            yield (name,)
            yield from ((name, *path) for path in _paths(inner.typer_instance))


def columns() -> str:
    """The canonical columns, their meanings and their aliases, as a Markdown table."""
    rows = ["| column | meaning | also found as |", "|---|---|---|"]
    for name in REQUESTS:
        aliases = ", ".join(f"`{alias}`" for alias in ALIASES.get(name, ()) if alias != name)
        rows.append(f"| `{name}` | {COLUMN_MEANINGS[name]} | {aliases} |")
    return "\n".join(rows)


def formats() -> str:
    """The log formats, in the order in which a log is held against them, as a Markdown table."""
    meanings = dict(_meanings())
    rows = ["| format | whose | what it is | what is to be known |", "|---|---|---|---|"]
    rows += [f"| `{each.name}` | {' | '.join(meanings[each.name])} | {_notes(each)} |" for each in FORMATS]
    return "\n".join(rows)


def _meanings() -> Iterator[tuple[str, tuple[str, str]]]:
    """By name of a format: whose it is, by its module, and the first sentence of what stands below it there."""
    for found in pkgutil.iter_modules(family.__path__, f"{family.__name__}."):
        module = importlib.import_module(found.name)
        whose = re.split(r"[:.]", module.__doc__ or "", maxsplit=1)[0]
        for made, told in pairwise(ast.parse(inspect.getsource(module)).body):
            match made, told:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                    of = getattr(module, name)
                    if isinstance(of, Format):
                        first = re.split(r"\.\s|\.$", inspect.cleandoc(text), maxsplit=1)[0]
                        yield of.name, (whose, " ".join(first.split()))
                case _:
                    pass


def _notes(each: Format) -> str:
    if each.refusal:
        return f"not read, as it is no log of requests; {each.refusal.instead}"
    notes = ["all lines with the same id are one request"] if each.repeats == "fuller" else []
    return "; ".join([*notes, *([f"sums; not known: {each.sums}"] if each.sums else [])])


def error_kinds() -> str:
    """The errors a user can mend, as a Markdown table."""
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.CostoptError
    ]
    rows = ["| error | meaning |", "|---|---|"]
    rows += [f"| `{kind.slug}` | {(kind.__doc__ or '').strip()} |" for kind in kinds if hasattr(kind, "slug")]
    return "\n".join(rows)
