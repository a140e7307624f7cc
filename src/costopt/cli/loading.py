"""What every command that reads logs does first."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from costopt.calculators.batch import ELIGIBLE_TAGS
from costopt.cli.options import LogOptions
from costopt.cli.progress import progress_bar
from costopt.config import Config, load_config
from costopt.errors import ConfigError
from costopt.intake.conforming import check_constants
from costopt.intake.formats.format import Wishes
from costopt.intake.inspect import Inspection, inspect
from costopt.intake.rejects import Rejects
from costopt.intake.sources import find_sources
from costopt.models.period import check_zone, parse_age, parse_moment
from costopt.pipeline import CostBasis, Loaded, Logs, load
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.report.emit import Output, replacing
from costopt.rollups.rollup import Rollup


@dataclass(frozen=True, slots=True)
class Session:
    """A command's options, the configuration file and the catalog, made one."""

    options: LogOptions
    config: Config

    @property
    def zone(self) -> str:
        """The time zone of days."""
        return check_zone(self.options.tz or self.config.timezone)

    @property
    def cost(self) -> CostBasis:
        """Which cost counts."""
        return self.options.cost or self.config.cost

    @property
    def output(self) -> Output:
        """Where the report goes."""
        return Output(self.options.output, self.options.to)

    @property
    def wishes(self) -> Wishes:
        """`--map` and `--set`, over those of the configuration."""
        columns = {**self.config.map, **_pairs(self.options.map, "--map")}
        return Wishes(columns, {**self.config.set, **_pairs(self.options.set, "--set")})

    def catalog(self) -> Catalog:
        """The price catalog."""
        named = self.options.pricing or (Path(self.config.pricing) if self.config.pricing else None)
        return load_catalog(named)

    def batch_tags(self, option: str | None) -> tuple[str, ...]:
        """The tags of requests that can wait: of the option, else of the configuration, else the usual ones."""
        if option is not None:
            return _listed(option)
        configured = self.config.batch.tags
        return ELIGIBLE_TAGS if configured is None else tuple(configured)

    def keys(self, option: str) -> tuple[str, ...]:
        """The columns to split by; none for an empty text."""
        return tuple(dict.fromkeys(_listed(option)))

    def inspect(self) -> Inspection:
        """How the logs are understood."""
        sources = find_sources(self.options.logs)
        with ExitStack() as stack:
            sink = stack.enter_context(replacing(self.options.rejects)) if self.options.rejects else None
            bar = stack.enter_context(progress_bar(sources))
            made = partial(Rejects, sink, strict=self.options.strict)
            return inspect(sources, self.wishes, made, self.options.partition_mb << 20, bar)

    def load(self, catalog: Catalog, rollups: Sequence[Rollup]) -> Loaded:
        """The rollups over the logs."""
        since, until = self._period()
        dedupe = self.options.dedupe if self.options.dedupe is not None else self.config.dedupe
        with ExitStack() as stack:
            rejects = stack.enter_context(replacing(self.options.rejects)) if self.options.rejects else None
            logs = Logs(
                tuple(self.options.logs),
                wishes=self.wishes,
                since=since,
                until=until,
                cost=self.cost,
                dedupe=dedupe,
                strict=self.options.strict,
                rejects=rejects,
                partition_bytes=self.options.partition_mb << 20,
                progress=stack.enter_context(progress_bar(find_sources(self.options.logs))),
            )
            return load(logs, catalog, rollups)

    def _period(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        options = self.options
        if options.last and (options.since or options.until):
            raise ConfigError(
                "`--last` goes without `--since` and `--until`", hint="name either an age or times"
            )
        if options.last:
            now = dt.datetime.now(dt.UTC)  # noqa: TID251 - the one place where the clock is read
            return now - parse_age(options.last), None
        since = parse_moment(options.since, self.zone) if options.since else None
        return since, parse_moment(options.until, self.zone) if options.until else None


def session(options: LogOptions) -> Session:
    """The options with their configuration; constants are checked before anything is read."""
    made = Session(options, load_config(options.config))
    check_constants(made.wishes.constants)
    return made


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _pairs(words: Sequence[str] | None, option: str) -> Mapping[str, str]:
    pairs = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise ConfigError(f"`{option} {word}` is not understood", hint=f"write `{option} COLUMN=VALUE`")
        pairs[name.strip()] = value
    return pairs
