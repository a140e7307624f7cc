"""What the commands that route do with their options."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

import tomli
import typer

from costopt.calculators.routing.baselines import BEST_SINGLE, FRONTIER, LOGGED, check_baselines
from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.learning import Learned
from costopt.calculators.routing.lessons import MOST_PROMPTS, learn
from costopt.calculators.routing.litellm import litellm_config
from costopt.calculators.routing.policy import Policy, on_log, with_overrides
from costopt.calculators.routing.policy_file import check_models, find_model, read_policy
from costopt.calculators.routing.policy_text import write_policy
from costopt.calculators.routing.providers import DAYS, PERFORMANCE, Performances, performances, unit_costs
from costopt.calculators.routing.ready import ready_policy
from costopt.calculators.routing.sample import MOST, READS, Sample
from costopt.calculators.routing.simulate import Simulation, Terms, plan, simulate
from costopt.cli.loading import Billing, encodable
from costopt.errors import ConfigError
from costopt.pipeline import Loaded
from costopt.pricing.catalog import Catalog
from costopt.report.emit import replacing

POLICIES: Final = ("cost", "balanced", "quality-first")
BASELINES: Final = (LOGGED, FRONTIER, BEST_SINGLE)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line or the environment says instead of a policy."""

    threshold: float | None
    escalation: bool | None
    cost_first: bool | None


def policies_of(
    names: Sequence[str] | None, overrides: Overrides, run: Billing, catalog: Catalog
) -> tuple[Policy, ...]:
    """The policies of those names, checked; tiers that are to be the log's are made of its models.

    Raises:
        ConfigError: There is no such policy or file, or it says something that does not hold.
    """
    asked = dict.fromkeys(encodable(name) for name in names or POLICIES)
    found = tuple(_policy(name, catalog) for name in asked)
    twice = next((p.name for p in found if sum(other.name == p.name for other in found) > 1), None)
    if twice is not None:
        raise ConfigError(f"two policies are called `{twice}`", hint='give one another `name = "..."`')
    if any(policy.tiers == "log" for policy in found):
        costs = _unit_costs(run, catalog)
        found = tuple(on_log(policy, costs) for policy in found)
    return tuple(
        with_overrides(policy, overrides.threshold, overrides.escalation, overrides.cost_first)
        for policy in found
    )


def policy_of(name: str, overrides: Overrides, catalog: Catalog) -> Policy:
    """The policy of that name, checked; tiers that are to be a log's are left so.

    Raises:
        ConfigError: There is no such policy or file, or it says something that does not hold.
    """
    policy = _policy(encodable(name), catalog)
    return with_overrides(policy, overrides.threshold, overrides.escalation, overrides.cost_first)


def _unit_costs(run: Billing, catalog: Catalog) -> dict[str, Decimal | None]:
    """What the models of a log cost a request: those of the catalog, for the others have no price elsewhere.

    Raises:
        ConfigError: The log can be read only once, or none of its models is in the catalog.
    """
    if "-" in run.options.logs:
        raise ConfigError(
            '`tiers = "log"` reads the log twice, and standard input can be read only once',
            hint="name files instead of `-`",
        )
    loaded = run.load(catalog, [PERFORMANCE])
    costs = {
        name: cost
        for name, cost in unit_costs(loaded.rollups[PERFORMANCE.name], catalog).items()
        if find_model(catalog, name) is not None and cost is not None
    }
    if not costs:
        raise ConfigError(
            '`tiers = "log"`: the catalog has none of the log\'s models', hint="name models in `[tiers]`"
        )
    return dict(costs)


def _policy(name: str, catalog: Catalog) -> Policy:
    if not name.endswith(".toml"):
        return ready_policy(name)
    content = read_text(Path(name), "policy")
    policy = read_policy(content, name)
    check_models(policy, catalog, content=content, label=name)
    return policy


def read_text(path: Path, what: str) -> str:
    """The text of a file.

    Raises:
        ConfigError: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"Cannot read the {what} `{path}`: {error.strerror}", hint="check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"`{path}` is not UTF-8: {error.reason}", hint="save it as UTF-8") from error


def baselines_of(names: Sequence[str] | None) -> tuple[str, ...]:
    """The baselines of those names.

    Raises:
        ConfigError: One looks like a price and is none.
    """
    found = tuple(dict.fromkeys(encodable(name) for name in names or BASELINES))
    check_baselines(found)
    return found


def prior_of(path: Path | None) -> Prior | None:
    """Qualities that others have measured: `source = "..."` and a table `[quality]` of models with 0 to 1.

    Raises:
        ConfigError: The file is missing or says something else.
    """
    if path is None:
        return None
    try:
        tables = tomli.loads(read_text(path, "prior"))
    except (tomli.TOMLDecodeError, ValueError, RecursionError) as error:
        raise ConfigError(f"`{path}` is not valid TOML: {error}", hint="mend the syntax there") from error
    source, qualities = tables.get("source"), tables.get("quality")
    if not isinstance(source, str) or not source or not isinstance(qualities, dict) or not qualities:
        raise ConfigError(
            f"`{path}` does not say its `source`, or has no table `[quality]`",
            hint='write `source = "who measured what, and when"` and below `[quality]` lines like `"openai/gpt-4o" = 0.87`',
        )
    for model, value in qualities.items():
        if type(value) not in {int, float} or not 0 <= value <= 1:
            raise ConfigError(
                f"`{path}`: the quality of `{model}` is `{value}`", hint="write a number from 0 to 1"
            )
    return Prior(source=source, qualities={model: float(value) for model, value in qualities.items()})


def exported(policy: Policy, form: Literal["policy", "litellm"], catalog: Catalog) -> str:
    """A policy as a file of its own, or as LiteLLM's configuration."""
    return write_policy(policy) if form == "policy" else litellm_config(policy, catalog)


def verified(simulated: Simulation) -> Policy:
    """The policy of the floor.

    Raises:
        Exit: with 3, if there is none; standard error says why.
    """
    check_floor(simulated)
    assert simulated.verified is not None  # noqa: S101 - a floor was asked for, and is kept
    return simulated.verified


def check_floor(simulated: Simulation) -> None:
    """Nothing, unless a floor was asked for and no routing is verified to keep it.

    Raises:
        Exit: with 3; standard error says why.
    """
    found = simulated.floor
    if found is not None and found.routes is None:
        typer.echo(f"no routing is verified to keep quality {found.floor:g}: {found.reason}", err=True)
        raise typer.Exit(3)


def performances_of(run: Billing, catalog: Catalog) -> Performances:
    """How the models of the logs have performed."""
    loaded = run.load(catalog, [PERFORMANCE, DAYS])
    rollups = loaded.rollups
    return performances(rollups[PERFORMANCE.name], rollups[DAYS.name], catalog, loaded.provenance)


def simulation_of(terms: Terms, run: Billing, catalog: Catalog, router_file: Path | None) -> Simulation:
    """What policies would have done with the logs; a router that is learned is written where it may be used."""
    planned = plan(terms, catalog)
    sample = Sample(
        planned.columns, with_prompt=router_file is not None, most=MOST_PROMPTS if router_file else MOST
    )
    columns = (*READS, "prompt") if router_file else READS
    loaded = run.load(catalog, planned.rollups, columns=columns, sink=sample.add)
    learned = _learned(sample, loaded, catalog) if router_file else None
    if router_file and learned and learned.router:
        with replacing(router_file) as file:
            file.write(learned.router.model_dump_json())
    return simulate(planned, loaded.rollups, loaded.provenance, sample, learned.check if learned else None)


def _learned(sample: Sample, loaded: Loaded, catalog: Catalog) -> Learned:
    costs = unit_costs(loaded.rollups[PERFORMANCE.name], catalog)
    known = {name: float(cost) for name, cost in costs.items() if cost is not None}
    return learn(sample.requests(catalog), known)


def share_of(percent: float | None) -> Decimal | None:
    """Percent as a share."""
    return None if percent is None else Decimal(str(percent)) / 100
