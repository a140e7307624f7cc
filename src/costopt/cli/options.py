"""Every option, spelled once."""

import functools
import inspect
import shlex
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints

import typer

from costopt.intake.addresses import displayed
from costopt.report.document import Again

_NAMED_LOGS: Final = 3

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="LOGS",
        help="Log files, directories, globs, URLs, or - for standard input.",
        show_default=False,
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="COLUMN=NAME", help="Read a column from another name, nested ones by dots."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="COLUMN=VALUE", help="A constant for a column that the log lacks."),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="The log format, or a FILE.toml that describes one; detected where it is left out.",
        envvar="COSTOPT_FORMAT",
    ),
]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="From this date or time on.", envvar="COSTOPT_SINCE")
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Up to this date or time.", envvar="COSTOPT_UNTIL")
]
Last = Annotated[str | None, typer.Option(metavar="AGE", help="The last 36h, 7d or 4w, up to now.")]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="EXPR",
        help="Only requests like these: 'tenant == \"acme\" and cost_usd > 0.1'; that cost is the logged one.",
        envvar="COSTOPT_WHERE",
    ),
]
Zone = Annotated[
    str | None, typer.Option("--tz", metavar="ZONE", help="Time zone of days and times.", envvar="COSTOPT_TZ")
]
CatalogFile = Annotated[
    Path | None,
    typer.Option(
        "--pricing", metavar="FILE", help="Prices to lay over the catalog.", envvar="COSTOPT_PRICING"
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Instead of ./costopt.toml.", envvar="COSTOPT_CONFIG"),
]
Cost = Annotated[
    Literal["auto", "logged", "computed"] | None,
    typer.Option(help="Which cost counts; auto: the logged one where there is one.", envvar="COSTOPT_COST"),
]
Dedupe = Annotated[
    bool | None,
    typer.Option("--dedupe/--no-dedupe", help="Remove requests with the id and time of an earlier one."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first line that cannot be read.")]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Write lines that cannot be read to FILE, as JSON lines."),
]
PartitionSize = Annotated[
    int,
    typer.Option(
        metavar="MB", min=1, max=1024, help="Read this much at once.", envvar="COSTOPT_PARTITION_MB"
    ),
]
Form = Annotated[
    Literal["table", "json", "csv", "md", "html"],
    typer.Option("--output", "-o", help="Form of the report.", envvar="COSTOPT_OUTPUT"),
]
To = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Write the report to FILE, whole or not at all.")
]
Target = Annotated[
    Path,
    typer.Option(
        "--to",
        metavar="PLACE",
        help="A FILE.parquet, or a directory with a file for each day (UTC).",
        show_default=False,
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what was converted there before.")]
Keep = Annotated[
    str | None,
    typer.Option(metavar="COLUMNS", help="Columns of the log's own to keep, separated by commas."),
]
Prompts = Annotated[bool, typer.Option("--prompts", help="Keep the prompts themselves.")]
By = Annotated[
    str,
    typer.Option("--by", metavar="KEYS", help="Columns to split by, separated by commas; any of the log's."),
]
Every = Annotated[Literal["1h", "1d", "1w", "1mo"] | None, typer.Option(help="Split by time as well.")]
Top = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Only the N dearest; the rest is added up.")
]
Tags = Annotated[
    str | None,
    typer.Option(
        metavar="TAGS",
        help="Tags of requests that can wait, by commas; replaces the usual ones.",
        envvar="COSTOPT_TAGS",
    ),
]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """The options of every command that looks into logs."""

    logs: Paths
    format: LogFormat = None
    map: Map = None
    set: Set = None
    config: ConfigFile = None
    strict: Strict = False
    rejects: RejectsFile = None
    partition_mb: PartitionSize = 16
    output: Form = "table"
    to: To = None

    @property
    def again(self) -> Again:
        """The logs and how to read them, as they can be typed again; many or secret ones are just `LOGS...`."""
        logs = [f"./{log}" if log.startswith("-") and log != "-" else log for log in self.logs]
        secret = any(displayed(log) != log for log in logs)
        named = "LOGS..." if secret or len(logs) > _NAMED_LOGS else shlex.join(logs)
        read = " ".join([named, *map(shlex.quote, self._reading_words())])
        return Again(read, " ".join([read, *map(shlex.quote, self._billing_words())]))

    def _reading_words(self) -> list[str]:
        pairs = (("--map", self.map), ("--set", self.set))
        words = ["--format", self.format] if self.format else []
        words += [word for option, values in pairs for value in values or () for word in (option, value)]
        return [*words, "--config", str(self.config)] if self.config else words

    def _billing_words(self) -> list[str]:
        return []


@dataclass(frozen=True, kw_only=True)
class BillOptions(ReadOptions):
    """The options of every command that makes a bill of logs."""

    since: Since = None
    until: Until = None
    last: Last = None
    where: Where = None
    tz: Zone = None
    pricing: CatalogFile = None
    cost: Cost = None
    dedupe: Dedupe = None

    def _billing_words(self) -> list[str]:
        words = []
        period = (("--since", self.since), ("--until", self.until), ("--last", self.last))
        for option, value in (*period, ("--where", self.where), ("--tz", self.tz)):
            words += [option, value] if value else []
        words += ["--pricing", str(self.pricing)] if self.pricing else []
        words += ["--cost", self.cost] if self.cost else []
        return [*words, *(["--no-dedupe"] if self.dedupe is False else [])]


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(BillOptions):
    """The options of `costopt convert`; its `--to` is where the files go."""

    to: Target = field()
    overwrite: Overwrite = False
    keep: Keep = None
    prompts: Prompts = False


def words(*pairs: tuple[str, object]) -> str:
    """The options that were given, as they can be typed again."""
    given = [str(word) for pair in pairs if pair[1] is not None for word in pair]
    return shlex.join(given)


def takes_logs(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of its first parameter's class before its own; it gets them as one value."""
    first, *rest = inspect.signature(command).parameters.values()
    kind: type[ReadOptions] = first.annotation
    hints = get_type_hints(kind, include_extras=True)
    shared = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if each.default is MISSING else each.default,
            annotation=hints[each.name],
        )
        for each in fields(kind)
    ]
    names = {parameter.name for parameter in shared}
    own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in rest]

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:  # noqa: ANN401 - Typer has checked them
        options = kind(**{name: given[name] for name in names})
        command(options, **{name: value for name, value in given.items() if name not in names})

    signature = inspect.Signature([*shared[:1], *own, *shared[1:]])
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    return wrapped
