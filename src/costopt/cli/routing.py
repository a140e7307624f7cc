"""What the commands that route do with their options."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import tomli

from costopt.calculators.routing.baselines import BEST_SINGLE, FRONTIER, LOGGED, check_baselines
from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.policy import Policy, with_overrides
from costopt.calculators.routing.policy_file import check_models, read_policy
from costopt.calculators.routing.ready import ready_policy
from costopt.cli.loading import encodable
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog

POLICIES: Final = ("cost", "balanced", "quality-first")
BASELINES: Final = (LOGGED, FRONTIER, BEST_SINGLE)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line or the environment says instead of a policy."""

    threshold: float | None
    escalation: bool | None
    cost_first: bool | None


def policies_of(names: Sequence[str] | None, overrides: Overrides, catalog: Catalog) -> tuple[Policy, ...]:
    """The policies of those names, checked.

    Raises:
        ConfigError: There is no such policy or file, or it says something that does not hold.
    """
    asked = dict.fromkeys(encodable(name) for name in names or POLICIES)
    found = tuple(_policy(name, catalog) for name in asked)
    twice = next((p.name for p in found if sum(other.name == p.name for other in found) > 1), None)
    if twice is not None:
        raise ConfigError(f"two policies are called `{twice}`", hint='give one another `name = "..."`')
    return tuple(
        with_overrides(policy, overrides.threshold, overrides.escalation, overrides.cost_first)
        for policy in found
    )


def _policy(name: str, catalog: Catalog) -> Policy:
    if not name.endswith(".toml"):
        return ready_policy(name)
    content = _read(Path(name), "policy")
    policy = read_policy(content, name)
    check_models(policy, catalog, content=content, label=name)
    return policy


def _read(path: Path, what: str) -> str:
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
        tables = tomli.loads(_read(path, "prior"))
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


def share_of(percent: float | None) -> Decimal | None:
    """Percent as a share."""
    return None if percent is None else Decimal(str(percent)) / 100
