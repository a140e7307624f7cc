"""What the commands that route do with their options."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

import typer

from costopt.calculators.routing.baselines import (
    BEST_SINGLE,
    FRONTIER,
    LOGGED,
    baseline_models,
    check_baselines,
)
from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.learning import Learned
from costopt.calculators.routing.lessons import MOST_PROMPTS, learn
from costopt.calculators.routing.litellm import litellm_config
from costopt.calculators.routing.policy import Policy, models_of, on_log, with_overrides
from costopt.calculators.routing.policy_file import check_models, find_model, nearest_word, read_policy
from costopt.calculators.routing.policy_text import write_policy
from costopt.calculators.routing.prior_file import read_prior
from costopt.calculators.routing.providers import (
    DAYS,
    PERFORMANCE,
    Performances,
    ladder_costs,
    performances,
    unit_costs,
)
from costopt.calculators.routing.ready import READY, ready_policy
from costopt.calculators.routing.sample import MOST, READS, Sample
from costopt.calculators.routing.simulate import ATTEMPTS, Simulation, Terms, plan, simulate
from costopt.cli.loading import Billing, encodable
from costopt.cli.options import words
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
    found = tuple(policy_of(name, overrides, catalog) for name in asked)
    twice = next((p.name for p in found if sum(other.name == p.name for other in found) > 1), None)
    if twice is not None:
        raise ConfigError(f"Two policies are called `{twice}`", hint='give one another `name = "..."`')
    if any(policy.tiers == "log" for policy in found):
        costs = _unit_costs(run, catalog)
        found = tuple(on_log(policy, costs) for policy in found)
    return found


def policy_of(name: str, overrides: Overrides, catalog: Catalog) -> Policy:
    """The policy of that name, checked; tiers that are to be a log's are left so.

    Raises:
        ConfigError: There is no such policy or file, or it says something that does not hold.
    """
    policy = _policy(encodable(name), catalog)
    return with_overrides(policy, overrides.threshold, overrides.escalation, overrides.cost_first)


def _unit_costs(run: Billing, catalog: Catalog) -> dict[str, Decimal | None]:
    """What the models of a log cost a request, of those that tiers can be made of.

    Raises:
        ConfigError: The log can be read only once, or has no such model.
    """
    if "-" in run.options.logs:
        raise ConfigError(
            '`tiers = "log"` reads the log twice, and standard input can be read only once',
            hint="name files instead of `-`",
        )
    loaded = run.load(catalog, [PERFORMANCE])
    costs = ladder_costs(loaded.rollups[PERFORMANCE.name], catalog)
    if not costs:
        raise ConfigError(
            '`tiers = "log"`: the log has no chat model with a price', hint="name models in `[tiers]`"
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


def baselines_of(names: Sequence[str] | None, catalog: Catalog) -> tuple[str, ...]:
    """The baselines of those names.

    Raises:
        ConfigError: One is no name, no model and no price.
    """
    found = tuple(dict.fromkeys(encodable(name) for name in names or BASELINES))
    check_baselines(found)
    for name in baseline_models(found):
        near = nearest_word(name, BASELINES)
        if near and find_model(catalog, name) is None:
            raise ConfigError(f"No baseline or model `{name}`", hint=f"did you mean `{near}`?")
    return found


def prior_of(path: Path | None, catalog: Catalog) -> Prior | None:
    """Qualities that others have measured.

    Raises:
        ConfigError: The file is missing or says something else.
    """
    return None if path is None else read_prior(read_text(path, "prior"), str(path), catalog)


def exported(policy: Policy, form: Literal["policy", "litellm"], catalog: Catalog) -> str:
    """A policy as a file of its own, or as LiteLLM's configuration.

    Raises:
        ConfigError: LiteLLM has no settings for it.
    """
    return write_policy(policy) if form == "policy" else litellm_config(policy, catalog)


def check_export(form: Literal["policy", "litellm"] | None, floor: float | None) -> None:
    """Refuses what could only be found out after all logs have been read.

    Raises:
        ConfigError: The policy of a floor is to be LiteLLM's.
    """
    if form == "litellm" and floor is not None:
        raise ConfigError(
            "The policy of a floor is made of rules, for which LiteLLM has no setting",
            hint="`--export policy` prints it; `--export litellm` goes without `--floor`",
        )


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
    """What policies would have done with the logs; a router that is learned is written where it may be used.

    Raises:
        ConfigError: A policy names a model that has no price, or there is nothing to learn from.
    """
    _check_ready(terms.policies, catalog)
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


def _check_ready(policies: Sequence[Policy], catalog: Catalog) -> None:
    """Ready-made policies are of models that costopt ships prices for; a catalog of one's own may lack them."""
    for policy in policies:
        if policy.name in READY and any(find_model(catalog, name) is None for name in models_of(policy)):
            raise ConfigError(
                f"The ready-made policy `{policy.name}` names models that the catalog in use does not have",
                hint='name a file instead: `tiers = "log"` in it makes tiers of the log\'s own models',
            )


def _learned(sample: Sample, loaded: Loaded, catalog: Catalog) -> Learned:
    costs = unit_costs(loaded.rollups[ATTEMPTS.name], catalog)
    known = {name: float(cost) for name, cost in costs.items() if cost is not None}
    return learn(sample.requests(catalog), known)


def retyped(
    several: Sequence[tuple[str, Sequence[str] | None]],
    single: Sequence[tuple[str, object]],
    overrides: Overrides,
) -> str:
    """The options of a simulation as they can be typed again.

    Args:
        several: Those that may be repeated, with their values.
        single: The others that have a value.
        overrides: And these.
    """
    pairs = [(option, value) for option, values in several for value in values or ()]
    given = words(*pairs, *single, ("--escalation-threshold", overrides.threshold))
    switches = (
        _switch(overrides.escalation, "--escalation", "--no-escalation"),
        _switch(overrides.cost_first, "--cost-first", "--quality-first"),
    )
    return " ".join(each for each in (given, *switches) if each)


def _switch(value: bool | None, on: str, off: str) -> str:
    return "" if value is None else on if value else off


def share_of(percent: float | None) -> Decimal | None:
    """Percent as a share."""
    return None if percent is None else Decimal(str(percent)) / 100
