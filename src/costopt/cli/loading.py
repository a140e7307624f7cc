"""What every command that reads logs does first."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import polars as pl
import typer

from costopt.calculators.batch import ELIGIBLE_TAGS
from costopt.cli.options import BillOptions, ReadOptions
from costopt.cli.progress import progress_bar
from costopt.config import Config, load_config
from costopt.errors import ConfigError
from costopt.intake.conforming import check_constants
from costopt.intake.formats.catalogue import named
from costopt.intake.formats.format import Wishes
from costopt.intake.inspect import Inspection, inspect
from costopt.intake.rejects import Rejects
from costopt.intake.sources import find_sources
from costopt.intake.where import Where, parse_where
from costopt.models.period import check_zone, parse_age, parse_moment
from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.billing import CostBasis
from costopt.pricing.catalog import Catalog, load_catalog, load_layers, shipped
from costopt.pricing.layers import stack
from costopt.report.emit import Output, replacing
from costopt.rollups.rollup import Rollup


@dataclass(frozen=True)
class Reading:
    """The options of a command that looks into logs, and the configuration file, made one."""

    options: ReadOptions
    config: Config

    @property
    def output(self) -> Output:
        """Where the report goes."""
        return Output(self.options.output, self.options.to)

    @property
    def wishes(self) -> Wishes:
        """`--map`, `--set` and `--format`, over the configuration's; all are checked before anything is read."""
        columns = {**self.config.map, **_pairs(self.options.map, "--map COLUMN=NAME")}
        constants = {**self.config.set, **_pairs(self.options.set, "--set COLUMN=VALUE")}
        check_constants(constants)
        chosen = self.options.format or self.config.format
        if chosen:
            named(chosen)
        return Wishes(columns, constants, chosen)

    @property
    def partition_bytes(self) -> int:
        """How much to work on at once."""
        return self.options.partition_mb << 20

    @contextmanager
    def rejects(self) -> Iterator[IO[str] | None]:
        """Where rejected lines are written, if anywhere."""
        if self.options.rejects is None:
            yield None
            return
        with replacing(self.options.rejects) as file:
            yield file

    def inspect(self) -> Inspection:
        """How the logs are understood."""
        sources = find_sources(self.options.logs)
        with self.rejects() as sink, progress_bar(sources) as progress:
            made = partial(Rejects, sink, strict=self.options.strict)
            return inspect(sources, self.wishes, made, self.partition_bytes, progress)


@dataclass(frozen=True)
class Billing(Reading):
    """The same for a command that makes a bill."""

    options: BillOptions

    @property
    def zone(self) -> str:
        """The time zone of days."""
        return check_zone(self.options.tz or self.config.timezone)

    @property
    def cost(self) -> CostBasis:
        """Which cost counts."""
        return self.options.cost or self.config.cost

    def catalog(self) -> Catalog:
        """The price catalog."""
        return open_catalog(self.options.pricing, self.config)

    def batch_tags(self, option: str | None) -> tuple[str, ...]:
        """The tags of requests that can wait: of the option, else of the configuration, else the usual ones."""
        if option is not None:
            return listed(option)
        configured = self.config.batch.tags
        return ELIGIBLE_TAGS if configured is None else tuple(configured)

    def load(
        self,
        catalog: Catalog,
        rollups: Sequence[Rollup],
        columns: tuple[str, ...] = (),
        sink: Callable[[pl.DataFrame], None] | None = None,
    ) -> Loaded:
        """The rollups over the logs; rejected lines are on disk even if there is nothing else.

        Args:
            catalog: The prices.
            rollups: What is to be added up.
            columns: Further columns to read.
            sink: Called with the requests that are billed.
        """
        since, until = self.period()
        where = self._where()
        dedupe = self.config.dedupe if self.options.dedupe is None else self.options.dedupe
        sources = find_sources(self.options.logs)
        with self.rejects() as refused, progress_bar(sources) as progress:
            logs = Logs(
                tuple(sources),
                wishes=self.wishes,
                since=since,
                until=until,
                where=where,
                cost=self.cost,
                dedupe=dedupe,
                strict=self.options.strict,
                rejects=refused,
                partition_bytes=self.partition_bytes,
                progress=progress,
                columns=columns,
                sink=sink,
            )
            loaded = load(logs, catalog, rollups)
        loaded.check()
        return loaded

    def _where(self) -> Where | None:
        text = self.config.where if self.options.where is None else self.options.where
        return None if text is None else parse_where(encodable(text), self.zone)

    def period(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """From when on, and before when; null where there is no bound."""
        options = self.options
        if options.last and (options.since or options.until):
            raise ConfigError(
                "`--last` goes without `--since` and `--until`", hint="name either an age or times"
            )
        if options.last:
            return clock() - parse_age(options.last), None
        since = parse_moment(options.since, self.zone) if options.since else None
        return since, parse_moment(options.until, self.zone) if options.until else None


def reading(options: ReadOptions) -> Reading:
    """The options with their configuration file."""
    return Reading(options, load_config(options.config))


def billing(options: BillOptions) -> Billing:
    """The options with their configuration file."""
    return Billing(options, load_config(options.config))


def open_catalog(named: Path | None, config: Config) -> Catalog:
    """The price catalog, with the file named on top."""
    return load_layers([*catalog_files(config, besides=named), *([named] if named else [])])


def catalog_files(config: Config, *, besides: Path | None = None) -> list[Path]:
    """The layers of the catalog, from the lowest up: what costopt ships, the user's file, the project's.

    Args:
        config: It names the project's file.
        besides: A file that is left out, as it has another place.
    """
    files = [shipped(), *([user_catalog()] if user_catalog().is_file() else [])]
    files += [Path(config.pricing)] if config.pricing else []
    return [file for file in files if besides is None or file.resolve() != besides.resolve()]


def user_catalog() -> Path:
    """Where a user's own prices are: `~/.config/costopt/pricing.toml`, or its like on other systems."""
    return Path(typer.get_app_dir("costopt")) / "pricing.toml"


def open_prices(name: str, named: Path | None, config: Config) -> Catalog:
    """One catalog or price list: `catalog` is the one in use, `shipped` its lowest layer, else a list or a file."""
    if name == "catalog":
        return open_catalog(named, config)
    if name == "shipped":
        return load_catalog()
    from costopt.pricing.sources import read_price_list

    return stack([read_price_list(name).layer])


def clock() -> dt.datetime:
    """Now, in UTC."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251 - the one place where the clock is read


def day_or_moment(text: str) -> dt.date:
    """A day, or a moment in UTC if the text says a time of day.

    Raises:
        ConfigError: if it is neither.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return parse_moment(text, "UTC")


def day(text: str) -> dt.date:
    """A day, such as 2026-10-01.

    Raises:
        ConfigError: if it is none.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"`{text}` is not a day", hint="write it like 2026-10-01") from error


def listed(text: str) -> tuple[str, ...]:
    """The different words between commas."""
    words = (word.strip() for word in encodable(text).split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def encodable(text: str) -> str:
    """The text with `?` for bytes of the command line that are not UTF-8; no log can hold them."""
    return text.encode(errors="replace").decode()


def _pairs(words: Sequence[str] | None, usage: str) -> Mapping[str, str]:
    pairs = {}
    for word in words or ():
        name, equals, value = encodable(word).partition("=")
        if not (name and equals and value):
            raise ConfigError(
                f"`{usage.split(maxsplit=1)[0]} {word}` is not understood", hint=f"write `{usage}`"
            )
        pairs[name.strip()] = value
    return pairs
