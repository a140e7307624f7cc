"""Every option, spelled once."""

import functools
import inspect
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints

import typer

from costopt.intake.addresses import displayed
from costopt.report.document import Again

_NAMED_LOGS: Final = 3
_MOST: Final = 10**12
"""Tokens a request can have, as in a log."""

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
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="From this date or time on.", envvar="COSTOPT_SINCE")
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Up to this date or time.", envvar="COSTOPT_UNTIL")
]
Last = Annotated[str | None, typer.Option(metavar="AGE", help="The last 36h, 7d or 4w, up to now.")]
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
    Literal["table", "json", "csv", "md"],
    typer.Option("--output", "-o", help="Form of the report.", envvar="COSTOPT_OUTPUT"),
]
To = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Write the report to FILE, whole or not at all.")
]
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
ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="The model's name as a log spells it.", show_default=False)
]
Provider = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Who serves it; inferred from the model where it is left out."),
]
OfProvider = Annotated[str | None, typer.Option("--provider", metavar="NAME", help="Only this one's models.")]
Matching = Annotated[
    str | None, typer.Option("--match", metavar="TEXT", help="Only models with this in their names.")
]
Mode = Annotated[
    Literal["standard", "batch", "flex", "priority"] | None, typer.Option(help="Only this mode.")
]
At = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="The prices of this day or time, UTC unless it says otherwise."),
]
Moment = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When it is made, UTC unless it says otherwise; now."),
]
InputTokens = Annotated[
    int, typer.Option("--input", metavar="N", min=0, max=_MOST, help="ALL input tokens.", show_default=False)
]
OutputTokens = Annotated[
    int,
    typer.Option("--output", metavar="N", min=0, max=_MOST, help="ALL output tokens.", show_default=False),
]
Cached = Annotated[
    int,
    typer.Option(
        "--cached",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens read from the cache.",
        show_default=False,
    ),
]
CacheWrite = Annotated[
    int,
    typer.Option(
        "--cache-write",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens written to the cache.",
        show_default=False,
    ),
]
CacheWrite1h = Annotated[
    int,
    typer.Option(
        "--cache-write-1h",
        metavar="N",
        min=0,
        max=_MOST,
        help="Those of them kept for an hour.",
        show_default=False,
    ),
]
Reasoning = Annotated[
    int,
    typer.Option(
        "--reasoning",
        metavar="N",
        min=0,
        max=_MOST,
        help="Output tokens spent on reasoning.",
        show_default=False,
    ),
]
InputAudio = Annotated[
    int,
    typer.Option(
        "--input-audio",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens that are audio.",
        show_default=False,
    ),
]
CachedAudio = Annotated[
    int,
    typer.Option(
        "--cached-audio",
        metavar="N",
        min=0,
        max=_MOST,
        help="Those of them read from the cache.",
        show_default=False,
    ),
]
InputImage = Annotated[
    int,
    typer.Option(
        "--input-image",
        metavar="N",
        min=0,
        max=_MOST,
        help="Input tokens that are images.",
        show_default=False,
    ),
]
CachedImage = Annotated[
    int,
    typer.Option(
        "--cached-image",
        metavar="N",
        min=0,
        max=_MOST,
        help="Those of them read from the cache.",
        show_default=False,
    ),
]
OutputAudio = Annotated[
    int,
    typer.Option(
        "--output-audio",
        metavar="N",
        min=0,
        max=_MOST,
        help="Output tokens that are audio.",
        show_default=False,
    ),
]
OutputImage = Annotated[
    int,
    typer.Option(
        "--output-image",
        metavar="N",
        min=0,
        max=_MOST,
        help="Output tokens that are images.",
        show_default=False,
    ),
]
WebSearches = Annotated[
    int,
    typer.Option(
        "--web-searches",
        metavar="N",
        min=0,
        max=_MOST,
        help="Searches billed by the piece.",
        show_default=False,
    ),
]
AsMode = Annotated[
    Literal["standard", "batch", "flex", "priority"], typer.Option("--mode", help="How it is processed.")
]
# `--output` is a count of tokens there.
FormOnly = Annotated[
    Literal["table", "json", "csv", "md"],
    typer.Option("-o", "--form", help="Form of the report.", envvar="COSTOPT_OUTPUT"),
]
Before = Annotated[
    str,
    typer.Argument(
        metavar="BEFORE",
        help="A catalog or price list: FILE, shipped, catalog, genai-prices, litellm, tokencostauto.",
        show_default=False,
    ),
]
After = Annotated[str, typer.Argument(metavar="AFTER", help="Another one.", show_default=False)]
PriceListName = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="LIST",
        help="genai-prices, litellm or tokencostauto (installed), or a FILE of one of their forms.",
        show_default=False,
    ),
]
Into = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The catalog file to write; your own, over the shipped one."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")]
PreferList = Annotated[
    bool, typer.Option("--prefer-list", help="Where both have a price, take the list's, from a day on.")
]
Effective = Annotated[
    str | None,
    typer.Option(
        metavar="DAY", help="First day of prices that changed without a date; the list's own, or today."
    ),
]
CheckedOn = Annotated[
    str | None, typer.Option("--at", metavar="DAY", help="The day to look from at old prices; today.")
]
StaleDays = Annotated[
    int, typer.Option(metavar="N", min=0, help="Days after which a price should be verified again.")
]
CheckedFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="A file to check on top of the catalog; the catalog as it is where it is left out.",
        envvar="COSTOPT_PRICING",
        show_default=False,
    ),
]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """The options of every command that looks into logs."""

    logs: Paths
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
        words = [word for option, values in pairs for value in values or () for word in (option, value)]
        return [*words, "--config", str(self.config)] if self.config else words

    def _billing_words(self) -> list[str]:
        return []


@dataclass(frozen=True, kw_only=True)
class BillOptions(ReadOptions):
    """The options of every command that makes a bill of logs."""

    since: Since = None
    until: Until = None
    last: Last = None
    tz: Zone = None
    pricing: CatalogFile = None
    cost: Cost = None
    dedupe: Dedupe = None

    def _billing_words(self) -> list[str]:
        words = []
        for option, value in (("--since", self.since), ("--until", self.until), ("--last", self.last)):
            words += [option, value] if value else []
        words += ["--tz", self.tz] if self.tz else []
        words += ["--pricing", str(self.pricing)] if self.pricing else []
        words += ["--cost", self.cost] if self.cost else []
        return [*words, *(["--no-dedupe"] if self.dedupe is False else [])]


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
            default=getattr(kind, each.name, inspect.Parameter.empty),
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
