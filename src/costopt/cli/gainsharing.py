"""What the commands of gain-sharing do with their options."""

import datetime as dt
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import polars as pl

from costopt.calculators.gainshare.baselines import Rule, Yardstick, rules_of, yardsticks
from costopt.calculators.gainshare.contracts import LosingMonth
from costopt.calculators.gainshare.flat_rates import dearest
from costopt.calculators.gainshare.percentages import parse_percentages
from costopt.calculators.gainshare.recording import RECORDING, recorded_rows, recording_rollup
from costopt.calculators.gainshare.summary import DIMENSIONS, Dimension, Selection
from costopt.calculators.gainshare.whatif import WhatIf, whatif
from costopt.calculators.routing.policy_file import find_model
from costopt.cli.contracts import contracts_of
from costopt.cli.loading import Billing, encodable, listed
from costopt.errors import ConfigError
from costopt.intake.addresses import is_url
from costopt.intake.sources import find_sources
from costopt.ledger.files import default_state
from costopt.ledger.frontier import Frontier, frontier_models
from costopt.ledger.recording import Origin, Recording, record_rows
from costopt.models.period import parse_moment
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of
from costopt.pricing.matching import nearest
from costopt.pricing.repricing import Repricing

SOURCE: Final = "logs"
"""What a recording names as its source, unless told otherwise."""

_MIDNIGHT: Final = dt.time()


def state_of(folder: Path | None) -> Path:
    """The state folder."""
    return default_state() if folder is None else folder


def yardstick_of(
    name: str | None, catalog: Catalog, frontier: Mapping[str, Frontier], *, flat: bool
) -> Yardstick:
    """What to compare with: of the catalog where that has the model, else the frontier model's flat rate.

    Args:
        name: A model; None for the frontier model with the highest rate.
        catalog: The prices.
        frontier: The frontier models.
        flat: Whether the flat rate holds even where the catalog has the model.

    Raises:
        ConfigError: There is no such model.
    """
    if name is None and not frontier:
        raise ConfigError(
            "There is no baseline to compare with",
            hint="name a model of the catalog: `--baseline MODEL`; or a flat rate: `costopt frontier set NAME USD`",
        )
    rates = {known: model.cost_per_1k_tokens_usd for known, model in frontier.items()}
    wanted = dearest(rates) if name is None else encodable(name)
    number = None if flat else find_model(catalog, wanted)
    if number is not None:
        return Yardstick(model_of(catalog, number).name, number)
    if wanted in rates:
        return Yardstick(wanted, rate=rates[wanted])
    raise _unknown(wanted, catalog, frontier, flat=flat)


def _unknown(name: str, catalog: Catalog, frontier: Mapping[str, Frontier], *, flat: bool) -> ConfigError:
    near = next(iter(get_close_matches(name, frontier, n=1)), None if flat else nearest(catalog, None, name))
    where = "is not a frontier model" if flat else "is neither in the catalog nor a frontier model"
    if near:
        hint = f"did you mean `{near}`?"
    elif name.strip():
        hint = f"set its flat rate: `{shlex.join(('costopt', 'frontier', 'set', name))} USD`"
    else:
        hint = "name a model of the catalog, or a frontier model; without `--baseline` it is the dearest of these"
    return ConfigError(f"The baseline `{name}` {where}", hint=hint)


# Record


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be recorded, as the options say it.

    Attributes:
        source: The name of the log; None for the usual one.
        baseline: What requests are compared with that no contract is about; None for the dearest frontier model, but
            for nothing where there are contracts.
        contracts: Files of contracts, which say what the requests of their tenants are compared with.
        flat: Whether the baseline's flat rate holds even where the catalog has the model.
        per_request: Whether each request is an entry.
        replaces: Whether a day is recorded even if the log has fewer of its requests than the ledger.
    """

    source: str | None
    baseline: str | None
    contracts: Sequence[Path]
    flat: bool
    per_request: bool
    replaces: bool


def record_logs(run: Billing, state: Path, asked: Asked) -> Recording:
    """Records what the logs say.

    Raises:
        ConfigError: if only a part of the logs is asked for without a name for it, a baseline is unknown, a flat rate
            is asked for without one, or a contract says what is not allowed.
        LedgerError: if it cannot be recorded.
    """
    if asked.source is None and (run.options.where or run.config.where):
        raise ConfigError(
            "A part of the logs needs a name of its own",
            hint="give one: `--source NAME`; a day of the same source would be corrected to this part of it",
        )
    catalog = run.catalog()
    rules = _rules(asked, catalog, state)
    measures = yardsticks(rules)
    repricing = Repricing(catalog, _numbers(measures))
    files = _files(run.options.logs)
    loaded = run.load(catalog, [recording_rollup(repricing, rules, per_request=asked.per_request)])
    said = recorded_rows(loaded.rollups[RECORDING], repricing, rules, catalog)
    cut = () if asked.per_request else _cut_days(*run.period())
    rows = pl.concat([said.rows, said.uncompared])
    is_whole = ~pl.col("period").is_in([str(day) for day in cut])
    origin = Origin(
        source=SOURCE if asked.source is None else encodable(asked.source),
        baselines=tuple(dict.fromkeys(each.name for each in measures)),
        flat=frozenset(each.name for each in measures if each.rate is not None),
        per_request=asked.per_request,
        catalog=loaded.provenance.catalog.sha256,
        inputs=_digest(run.options.logs, files),
        rejected=loaded.provenance.intake.rejected,
        other_kinds=said.other_kinds,
        no_baseline=said.no_baseline,
        cut_days=tuple(day for day in cut if str(day) in {*rows["period"]}),
        replaces=asked.replaces,
    )
    return record_rows(state, rows.filter(is_whole), origin, said.left_out.filter(is_whole))


def _rules(asked: Asked, catalog: Catalog, state: Path) -> tuple[Rule, ...]:
    if asked.flat and asked.contracts and asked.baseline is None:
        raise ConfigError(
            "`--flat` is about `--baseline`, which is not given",
            hint="write `flat = true` into the contract's baseline; or name what else is compared: `--baseline MODEL`",
        )
    frontier = frontier_models(state)
    contracts = contracts_of(asked.contracts, catalog, state, recording=True) if asked.contracts else ()
    others = (
        None
        if contracts and asked.baseline is None
        else yardstick_of(asked.baseline, catalog, frontier, flat=asked.flat)
    )
    return rules_of(
        contracts, lambda each: yardstick_of(each.model, catalog, frontier, flat=each.flat), others
    )


def _numbers(measures: Sequence[Yardstick]) -> list[int]:
    return [each.number for each in measures if each.number is not None]


def _cut_days(since: dt.datetime | None, until: dt.datetime | None) -> tuple[dt.date, ...]:
    """The UTC days of which a period has only a part."""
    ends = (moment for moment in (since, until) if moment and moment.time() != _MIDNIGHT)
    return tuple(dict.fromkeys(moment.date() for moment in ends))


def _files(logs: Sequence[str]) -> dict[str, tuple[int, int]] | None:
    """The logs' files in their order, with size and time; None where one can be read only once, or is far away."""
    if any(log == "-" or is_url(log) for log in logs):
        return None
    states = {source.path: Path(source.path).stat() for source in find_sources(logs)}
    return {path: (state.st_size, state.st_mtime_ns) for path, state in states.items()}


def _digest(logs: Sequence[str], before: Mapping[str, tuple[int, int]] | None) -> str | None:
    """Of the digests of the files, in their order; None where they are no longer those that were there before."""
    if before is None:
        return None
    whole = hashlib.sha256()
    for path in before:
        with Path(path).open("rb") as file:
            whole.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest() if _files(logs) == before else None


# What if


def whatif_of(
    run: Billing,
    state: Path,
    baselines: str | None,
    percentages: str,
    losing_month: LosingMonth,
    *,
    flat: bool,
) -> WhatIf:
    """What each side would get of the logs; nothing is recorded.

    Raises:
        ConfigError: if a baseline is unknown, or a percentage is none.
    """
    shares = parse_percentages(percentages)
    catalog = run.catalog()
    frontier = frontier_models(state)
    names: Sequence[str | None] = listed(baselines) if baselines is not None else (None,)
    measures = [*dict.fromkeys(yardstick_of(name, catalog, frontier, flat=flat) for name in names)]
    repricing = Repricing(catalog, _numbers(measures))
    rollup = run.load(catalog, [recording_rollup(repricing, ())]).rollups[RECORDING]
    told = [recorded_rows(rollup, repricing, (Rule(each),), catalog) for each in measures]
    return whatif(
        pl.concat(each.rows for each in told),
        [measure.name for measure in measures],
        shares,
        losing_month,
        {measure.name: each.other_kinds.requests for measure, each in zip(measures, told, strict=True)},
    )


# Summaries


def selection_of(
    tenant: str | None, baseline: str | None, since: str | None = None, until: str | None = None
) -> Selection:
    """Which entries count; times without an offset are UTC, as the ledger's days are.

    Raises:
        ConfigError: if a time is none.
    """
    return Selection(
        tenant=None if tenant is None else encodable(tenant),
        baseline=None if baseline is None else encodable(baseline),
        since=parse_moment(since, "UTC") if since else None,
        until=parse_moment(until, "UTC") if until else None,
    )


def dimensions_of(text: str) -> tuple[Dimension, ...]:
    """What a summary is split by.

    Raises:
        ConfigError: if it cannot be split by one of the words.
    """
    asked = listed(text)
    for word in asked:
        if word not in DIMENSIONS:
            known = ", ".join(DIMENSIONS)
            raise ConfigError(f"Savings cannot be split by `{word}`", hint=f"split them by {known}")
    return tuple(each for each in DIMENSIONS if each in asked)
