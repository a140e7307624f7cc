"""The generated parts of the documents: what the program says of itself."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from unittest.mock import patch

from typer import Typer

from costopt import errors
from costopt.calculators.routing.complexity import COMPLEX_FROM, MEDIUM_FROM, RULE, UNKNOWN_SIZE
from costopt.calculators.routing.ready import ABOUT
from costopt.cli import app, main
from costopt.intake.formats.catalogue import FORMATS, MEANINGS
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
    rows = ["| format | what it is | what is to be known |", "|---|---|---|"]
    rows += [f"| `{each.name}` | {MEANINGS[each.name]} | {_notes(each)} |" for each in FORMATS]
    return "\n".join(rows)


def _notes(each: Format) -> str:
    if each.refusal:
        return f"it holds no requests, and is refused; {each.refusal.instead}"
    notes = ["lines of one id are one request"] if each.repeats == "fuller" else []
    return "; ".join([*notes, *([f"sums; not known: {each.sums}"] if each.sums else [])])


def error_kinds() -> str:
    """The errors a user can mend, as a Markdown table."""
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.CostoptError
    ]
    rows = ["| error | meaning |", "|---|---|"]
    rows += [f"| `{kind.slug}` | {(kind.__doc__ or '').strip()} |" for kind in kinds if hasattr(kind, "slug")]
    return "\n".join(rows)


def complexity() -> str:
    """The rule for complexity, as Markdown."""
    rows = [f"| {sign.source.replace('_', ' ')} | {sign.meaning} | {sign.points:+d} |" for sign in RULE]
    rows.append(f"| size | unknown | {UNKNOWN_SIZE:+d} |")
    levels = f"From {MEDIUM_FROM} point a request is medium, from {COMPLEX_FROM} complex."
    return "\n".join(["| looks at | which | points |", "|---|---|---|", *rows, "", levels])


def policies() -> str:
    """The ready-made policies, as Markdown."""
    rows = [f"| `{name}` | {about} |" for name, about in ABOUT.items()]
    return "\n".join(["| policy | how it chooses |", "|---|---|", *rows])
