"""What a routing policy is: tiers of models, rules, and how a model is chosen where no rule says it.

A policy only says which model serves a request. What that would have cost, and how good the answers would have been,
is the simulator's to say.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal, Self, get_args

from pydantic import Field, model_validator

from costopt.errors import ConfigError
from costopt.models.result import Frozen
from costopt.models.words import matches

TierName = Literal["mini", "standard", "premium"]
TIERS: Final[tuple[TierName, ...]] = get_args(TierName)
"""In order of strength."""

Complexity = Literal["simple", "medium", "complex"]
COMPLEXITIES: Final[tuple[Complexity, ...]] = get_args(Complexity)

Strategy = Literal["cost", "quality-first", "balanced", "fastest", "task-type", "frontier-only", "cheapest"]
STRATEGIES: Final[tuple[Strategy, ...]] = get_args(Strategy)

_SUM_WITHIN: Final = 1e-9


class Tiers(Frozen):
    """The ladder: by tier, model names as the catalog knows them, the first preferred and the rest its fallbacks.

    A model is in one tier: to escalate to itself would be to ask it twice.
    """

    mini: tuple[str, ...] = ()
    standard: tuple[str, ...] = ()
    premium: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [name for models in self.ladder() for name in models]
        if len(set(names)) < len(names):
            raise ValueError("a model is in one tier, once")
        return self

    def ladder(self) -> tuple[tuple[str, ...], ...]:
        """The models of all tiers, in the order of `TIERS`."""
        return self.mini, self.standard, self.premium


class Levels(Frozen):
    """Which tier serves a complexity level."""

    simple: TierName = "mini"
    medium: TierName = "standard"
    complex: TierName = "premium"


class When(Frozen):
    """What a rule holds for; each is a list of words, one of which has to match, and no words match everything.

    Words are compared without regard to case, and `*` stands for any text. A request that does not say its tag
    matches no word for tags, not even `*`; so with the others.
    """

    request_type: tuple[str, ...] = ()
    complexity: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()
    endpoint: tuple[str, ...] = ()

    def words(self) -> tuple[tuple[str, ...], ...]:
        """The words of each, in the order of the fields."""
        return self.request_type, self.complexity, self.tag, self.tenant, self.endpoint


CONDITIONS: Final = tuple(When.model_fields)


class Rule(Frozen):
    """The first rule that matches a request decides it; later ones are not asked, even if it finds no model.

    Attributes:
        name: For people; may be empty.
        when: What it holds for.
        strategy: How to choose, instead of the policy's strategy.
        tier: Start from this tier: its first model that is left, else that of the next stronger one.
        model: Only this one, in a tier or not.
        min_quality: Of models, 0 to 1. Like the other thresholds, what is not known does not meet it.
        max_latency_ms: Of models, in milliseconds.
        min_reliability: Of models, the share of requests that succeed.
    """

    name: str = ""
    when: When = When()
    strategy: Strategy | None = None
    tier: TierName | None = None
    model: str | None = None
    min_quality: float | None = Field(default=None, ge=0, le=1)
    max_latency_ms: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    min_reliability: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        says = [self.strategy, self.tier, self.model]
        if sum(each is not None for each in says) > 1:
            raise ValueError("a rule has a strategy, a tier or a model, not several of them")
        if not (self.has_limits() or any(each is not None for each in says)):
            raise ValueError("a rule has a strategy, a tier, a model or a threshold")
        return self

    def has_limits(self) -> bool:
        """Whether it has a threshold."""
        return not (self.min_quality is None and self.max_latency_ms is None and self.min_reliability is None)


class Escalation(Frozen):
    """Whether an answer with a confidence below the threshold is asked again of the next stronger tier."""

    enabled: bool = True
    threshold: float = Field(default=0.7, ge=0, le=1)


def sum_to_one(weights: Iterable[float]) -> bool:
    """Whether weights sum to 1, to within 1e-9."""
    return abs(math.fsum(weights) - 1) <= _SUM_WITHIN


class Weights(Frozen):
    """What counts how much for `balanced`; they sum to 1."""

    cost: float = Field(default=0.4, ge=0, le=1)
    quality: float = Field(default=0.4, ge=0, le=1)
    latency: float = Field(default=0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        if not sum_to_one((self.cost, self.quality, self.latency)):
            raise ValueError("the weights do not sum to 1")
        return self


class Policy(Frozen):
    """How requests are routed.

    Attributes:
        name: For people.
        tiers: The ladder, or `log`: to be made of the models that a log uses, by `on_log`. One without any model
            leaves alone what no rule gives a model.
        rules: The first that matches decides.
        strategy: How to choose where no rule says it.
        levels: The tier of each complexity level, for `cost`.
        task_types: By request type, a word as in `When`, its tier, for `task-type`; the first that matches.
        weights: For `balanced`.
        escalation: Whether and when to ask a stronger model as well.
    """

    name: str
    tiers: Tiers | Literal["log"] = Tiers()
    rules: tuple[Rule, ...] = ()
    strategy: Strategy = "cost"
    levels: Levels = Levels()
    task_types: Mapping[str, TierName] = {}
    weights: Weights = Weights()
    escalation: Escalation = Escalation()

    def ladder(self) -> tuple[tuple[str, ...], ...]:
        """The models of each tier, in the order of `TIERS`.

        Raises:
            ValueError: They are those of a log, and `on_log` has not been asked for them.
        """
        if isinstance(self.tiers, Tiers):
            return self.tiers.ladder()
        raise ValueError(f"the tiers of policy `{self.name}` are a log's: see `on_log`")


def models_of(policy: Policy) -> tuple[str, ...]:
    """All models that the policy may choose, each once: those of its tiers, then those of its rules."""
    return tuple(dict.fromkeys(model for _, model in places(policy)))


def places(policy: Policy) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each model that the policy names, with the keys and indices that lead to it in the policy's file."""
    if isinstance(policy.tiers, Tiers):
        for tier, models in zip(TIERS, policy.tiers.ladder(), strict=True):
            yield from ((("tiers", tier, index), model) for index, model in enumerate(models))
    for index, rule in enumerate(policy.rules):
        if rule.model is not None:
            yield ("rule", index, "model"), rule.model


def shadowed(rules: Sequence[Rule]) -> tuple[int, int] | None:
    """The first rule that can never be reached, and the earlier one that matches all that it matches, from 0."""
    for later, rule in enumerate(rules):
        for earlier in range(later):
            if _covers(rules[earlier].when, rule.when):
                return later, earlier
    return None


def _covers(wide: When, narrow: When) -> bool:
    """Whether each condition of one is met by all that meets the other: `a*` covers `ab` and `ab*`."""
    return all(
        not words or (inner and all(matches(words, word) for word in inner))
        for words, inner in zip(wide.words(), narrow.words(), strict=True)
    )


def with_overrides(
    policy: Policy,
    threshold: float | None = None,
    escalate: bool | None = None,  # noqa: FBT001 - three settings of one kind
    cost_optimization: bool | None = None,  # noqa: FBT001
) -> Policy:
    """The policy with the settings that the environment may change; rules stay as they are.

    Args:
        policy: As read.
        threshold: Of escalation, 0 to 1; None leaves it.
        escalate: Whether to escalate; None leaves it.
        cost_optimization: False makes the strategy `quality-first`; True makes `quality-first` the strategy `cost`,
            and leaves the others, which count costs as it is; None leaves it.

    Raises:
        ConfigError: The threshold is not from 0 to 1.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise ConfigError(
            f"The escalation threshold is `{threshold:g}`, not from 0 to 1",
            hint="it is a confidence, such as 0.7; lower escalates less",
        )
    escalation = Escalation(
        enabled=policy.escalation.enabled if escalate is None else escalate,
        threshold=policy.escalation.threshold if threshold is None else threshold,
    )
    strategy = policy.strategy
    if cost_optimization is False:
        strategy = "quality-first"
    elif cost_optimization and strategy == "quality-first":
        strategy = "cost"
    return policy.model_copy(update={"escalation": escalation, "strategy": strategy})


def ladder_of(models_with_unit_cost: Mapping[str, Decimal | None]) -> Tiers:
    """Tiers of the models that a log uses: the cheapest third, the dearest third, and what is between them.

    Price stands in for strength, which it is not: a model's mean cost depends on the requests it got. One model is
    `premium`, two are `mini` and `premium`. In each tier the cheapest comes first, so that a baseline of the first
    premium model is not dearer than need be.

    Args:
        models_with_unit_cost: By model, the mean cost of its requests in USD; those without a cost are left out.
    """
    priced = sorted((cost, model) for model, cost in models_with_unit_cost.items() if cost is not None)
    models = tuple(model for _, model in priced)
    third = (len(models) + 1) // 3
    top = len(models) - max(third, min(1, len(models)))
    return Tiers(mini=models[:third], standard=models[third:top], premium=models[top:])


def on_log(policy: Policy, models_with_unit_cost: Mapping[str, Decimal | None]) -> Policy:
    """The policy with `ladder_of` a log, if its tiers are `log`; else as it is."""
    if policy.tiers != "log":
        return policy
    return policy.model_copy(update={"tiers": ladder_of(models_with_unit_cost)})


def renamed(policy: Policy, named: Mapping[str, str]) -> Policy:
    """The policy with its models by other names; of two that become one in a tier, the first stays."""
    taken: set[str] = set()
    tiers = {}
    for tier, models in zip(TIERS, policy.ladder(), strict=True):
        fresh = dict.fromkeys(named[name] for name in models)
        tiers[tier] = tuple(name for name in fresh if name not in taken)
        taken |= fresh.keys()
    rules = tuple(
        rule if rule.model is None else rule.model_copy(update={"model": named[rule.model]})
        for rule in policy.rules
    )
    return policy.model_copy(update={"tiers": Tiers(**tiers), "rules": rules})
