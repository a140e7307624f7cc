"""What `costopt route` decides with: the request, and what is known of the models."""

import shlex
import sys
from pathlib import Path

import typer

from costopt.calculators.routing.expectation import NamedRouter, read_router
from costopt.calculators.routing.facts import Facts, read_facts
from costopt.cli.loading import encodable
from costopt.cli.routing import read_text
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog
from costopt.report.document import printable


def request_text(argument: str) -> str:
    """What is to be routed: the argument, or for `-` standard input without the end of its last line.

    Raises:
        ConfigError: Standard input is not UTF-8.
    """
    if argument != "-":
        if _is_file(argument):
            name, quoted = printable(argument), printable(shlex.quote(argument))
            typer.echo(
                f"note: `{name}` is taken as the prompt; its content is routed by `costopt route - < {quoted}`",
                err=True,
            )
        return encodable(argument)
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"standard input is not UTF-8: {error.reason}", hint="convert it to UTF-8"
        ) from error
    return text.removesuffix("\n").removesuffix("\r")


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # too long for a name
        return False


def facts_of(path: Path | None, catalog: Catalog) -> Facts | None:
    """How models have performed, by a report of `costopt simulate --providers`.

    Raises:
        ConfigError: The file is missing or says something else.
    """
    return None if path is None else read_facts(read_text(path, "facts"), str(path), catalog)


def router_of(
    path: Path | None, weak: str | None, strong: str | None, catalog: Catalog
) -> NamedRouter | None:
    """A learned router.

    Raises:
        ConfigError: The file is missing or says something else, or its models are not named.
    """
    if path is not None:
        models = (weak and encodable(weak), strong and encodable(strong))
        return read_router(read_text(path, "router"), str(path), models, catalog)
    if weak is None and strong is None:
        return None
    raise ConfigError(
        "`--weak` and `--strong` name the models of a router",
        hint="name its file as well: `--router FILE`; that of `costopt simulate --learn` knows its models",
    )
