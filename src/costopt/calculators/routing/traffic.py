"""The traffic that could be routed otherwise: segments of like requests, and what each would cost on other models.

What a request costs on the model that served it is what it cost. On another one it is the same tokens at the other
model's list prices, times what tokenizers and verbosity make of them (`tokens`): a range.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import polars as pl

from costopt.calculators.kinds import are_chats
from costopt.calculators.routing.cells import Segment
from costopt.calculators.routing.complexity import complexity_key
from costopt.calculators.routing.moments import HALF, SUMS
from costopt.calculators.routing.pairs import COLUMNS as PAIR_COLUMNS
from costopt.calculators.routing.policy import CONDITIONS, Policy
from costopt.calculators.routing.tokens import Counterfactual, Evidence, PairSums, Sums, counterfactual
from costopt.errors import ConfigError
from costopt.models.schema import COUNTS
from costopt.pricing.catalog import Catalog
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve
from costopt.pricing.rates import NOTHING, rate_key
from costopt.pricing.repricing import CONDITION_NAMES, CONDITION_READS, COSTS, Repricing
from costopt.rollups.rollup import Key, Rollup

COMPLEXITY: Final = "complexity"
ROUTES: Final = "routes"

_MILLION: Final = 1_000_000
_SQUARES: Final = Key(
    "output_squares", pl.col("output_tokens").cast(pl.Int128) * pl.col("output_tokens"), ("output_tokens",)
)


_TAKEN: Final = {
    *(key.name for key in (HALF, _SQUARES, *SUMS)),
    *(*COSTS, *PAIR_COLUMNS),
    *("served", "is_free", "lacking"),
    *CONDITION_NAMES,
}


def segment_columns(policies: Sequence[Policy], by: Sequence[str] = ()) -> tuple[str, ...]:
    """What makes a segment: complexity, request type, whatever a policy's rules ask for, and what the user names.

    Raises:
        ConfigError: Requests cannot be split by what the user names.
    """
    asked = {
        name
        for policy in policies
        for rule in policy.rules
        for name, words in zip(CONDITIONS, rule.when.words(), strict=True)
        if words
    }
    used = [name for name in CONDITIONS if name in asked or name in ("request_type", COMPLEXITY)]
    for name in by:
        _check_free(name)
    return tuple(dict.fromkeys((COMPLEXITY, *used, *by)))


def _check_free(name: str) -> None:
    if name == "model":
        raise ConfigError(
            "Segments are not split by `model`, as a policy chooses it",
            hint="what each model's requests would cost elsewhere is told by segment",
        )
    if name in _TAKEN:
        raise ConfigError(
            f"Segments cannot be split by `{name}`, a name of the simulation's own",
            hint=f"read the column as another one: `--map tag={name} --by tag`",
        )


def routes_rollup(columns: Sequence[str], repricing: Repricing, *, with_prompt: bool) -> Rollup:
    """The rollup that holds a log's traffic and what was scored of it.

    Args:
        columns: That make a segment; see `segment_columns`.
        repricing: What requests have to be split by to be priced on other models.
        with_prompt: Whether complexity may be read from prompts.
    """
    texts = tuple(each for each in columns if each != COMPLEXITY)
    conditions = (Key(name, value, CONDITION_READS) for name, value in repricing.conditions.items())
    computed = (complexity_key(with_prompt=with_prompt), HALF, *conditions)
    keys = dict.fromkeys((*texts, "provider", "model", "mode"))
    return Rollup(ROUTES, tuple(keys), computed, (_SQUARES, *SUMS))


class Cost(NamedTuple):
    """Pico-dollars: the least, the estimate, the most."""

    low: int
    estimate: int
    high: int

    def plus(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(self.low + other.low, self.estimate + other.estimate, self.high + other.high)

    def times(self, share: int, of: int = _MILLION) -> "Cost":
        """A share of it, half up."""
        return Cost(*((2 * each * share + of) // (2 * of) for each in self))


NO_COST: Final = Cost(0, 0, 0)


def total(costs: Iterable[Cost]) -> Cost:
    """All together."""
    whole = NO_COST
    for each in costs:
        whole = whole.plus(each)
    return whole


@dataclass(frozen=True, slots=True)
class Traffic:
    """Segments of requests with a cost, and what they would cost on each candidate.

    Attributes:
        columns: What makes a segment.
        requests: By segment, how many.
        logged: By segment, what they cost.
        served: By segment and model, how many it served.
        costs: By segment and candidate what all of the segment's requests would cost there; absent where a rate is.
        ratios: By served model and candidate what the costs assume of tokens.
        left_out: Requests whose cost is unknown: they are in no figure.
        other_kinds: Requests that are no chat, such as embeddings: no other model could serve them. In no figure.
    """

    columns: tuple[str, ...]
    requests: Mapping[Segment, int]
    logged: Mapping[Segment, int]
    served: Mapping[Segment, Mapping[str, int]]
    costs: Mapping[Segment, Mapping[str, Cost]]
    ratios: Mapping[tuple[str, str], Counterfactual]
    left_out: int
    other_kinds: int

    @property
    def total_requests(self) -> int:
        """Of all segments."""
        return sum(self.requests.values())

    @property
    def total_cost(self) -> int:
        """What they cost, in pico-dollars."""
        return sum(self.logged.values())


def named_by(catalog: Catalog, provider: str | None, model: str | None) -> tuple[str | None, str]:
    """The provider and the catalog's name of a model that a log names; what the catalog does not know stays as it is."""
    number = None if model is None else resolve(catalog, provider, model)
    if number is not None:
        known = model_of(catalog, number)
        return provider or known.provider, known.name
    return provider, "/".join(each for each in (provider, model) if each) or "(none)"


def with_served(rollup: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Groups of requests with `served`: the catalog's name of their model, priced or not; else that of the log."""
    ids = [rate_id for rate_id in rollup["rate_id"].unique().to_list() if rate_id >= 0]
    names = {rate_id: model_of(catalog, rate_key(rate_id).model).name for rate_id in ids}
    priced = pl.col("rate_id").replace_strict(names, default=None, return_dtype=pl.String)
    keys = ["provider", "model"]
    raw = rollup.select(pl.col(keys).cast(pl.String)).unique().rows()
    other = [(*pair, named_by(catalog, *pair)[1]) for pair in raw]
    table = pl.DataFrame(other, schema=dict.fromkeys((*keys, "served"), pl.String), orient="row")
    texts = rollup.with_columns(pl.col(keys).cast(pl.String))
    joined = texts.join(table, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(served=pl.coalesce(priced, "served"))


def served_numbers(rollup: pl.DataFrame, catalog: Catalog) -> dict[str, int]:
    """The models of the catalog that served requests: by name, the number for `lending.model_of`."""
    ids = [rate_id for rate_id in rollup["rate_id"].unique().sort().to_list() if rate_id >= 0]
    numbers = {rate_key(rate_id).model for rate_id in ids}
    return {model_of(catalog, number).name: number for number in sorted(numbers)}


class Routable(NamedTuple):
    """A log's groups of requests that could go elsewhere, and how many could not.

    Attributes:
        groups: Chats with a cost, with `served`.
        left_out: Requests whose cost is unknown.
        other_kinds: Requests that are no chat.
    """

    groups: pl.DataFrame
    left_out: int
    other_kinds: int


def routable(rollup: pl.DataFrame, catalog: Catalog) -> Routable:
    """The groups that all figures are of.

    Args:
        rollup: That of `routes_rollup`, priced.
        catalog: The prices.
    """
    named = with_served(rollup, catalog)
    is_chat = are_chats(named, catalog)
    chats = named.filter(is_chat)
    unknown = chats["cost"].is_null()
    return Routable(
        chats.filter(~unknown),
        int(chats.filter(unknown)["requests"].sum()),
        int(named.filter(~is_chat)["requests"].sum()),
    )


Shadows = Mapping[tuple[Segment, str, str], tuple[PairSums, PairSums]]
"""By segment, served model and the one tried beside it: the input and output tokens of prompts that both served."""


class Market(NamedTuple):
    """Where requests could go instead.

    Attributes:
        catalog: The prices.
        candidates: By the catalog's name of a model its number, for `lending.model_of`.
        repricing: What the candidates would cost.
    """

    catalog: Catalog
    candidates: Mapping[str, int]
    repricing: Repricing


def read_traffic(
    rollup: pl.DataFrame, columns: tuple[str, ...], market: Market, shadows: Shadows | None = None
) -> Traffic:
    """The traffic of a log.

    Args:
        rollup: That of `routes_rollup`, priced.
        columns: What makes a segment.
        market: Where requests could go instead.
        shadows: Of prompts that several models served, if there are any.
    """
    catalog, candidates, repricing = market
    found = routable(rollup, catalog)
    groups = _grouped(found.groups, columns, repricing)
    parts = _by_served(groups, columns)
    ratios = _ratios(parts, candidates, shadows or {})
    costs: dict[Segment, dict[str, Cost]] = {segment: {} for segment in parts}
    failed = groups.with_columns(status=pl.when("is_free").then(pl.lit("error")))
    for name, number in candidates.items():
        for segment, cost in _costs(groups, columns, name, repricing.costs(failed, number), ratios):
            costs[segment][name] = cost
    return Traffic(
        columns=columns,
        requests={segment: sum(part.requests for part in own.values()) for segment, own in parts.items()},
        logged={segment: sum(part.cost for part in own.values()) for segment, own in parts.items()},
        served={
            segment: {name: part.requests for name, part in own.items()} for segment, own in parts.items()
        },
        costs=costs,
        ratios=ratios,
        left_out=found.left_out,
        other_kinds=found.other_kinds,
    )


def _grouped(groups: pl.DataFrame, columns: Sequence[str], repricing: Repricing) -> pl.DataFrame:
    """What has one price on each candidate; a segment without any request is none."""
    keys = [*dict.fromkeys((*columns, "served", "mode", "is_free", *repricing.conditions))]
    sums = [*COUNTS, "output_squares", "cost"]
    told = groups.with_columns(is_free=pl.col("rate_id") == NOTHING)
    summed = told.group_by(keys).agg(pl.col(sums).sum())
    return summed.filter(pl.col("requests").sum().over(columns) > 0).sort(keys, nulls_last=True)


@dataclass(slots=True)
class _Part:
    """What one model served of a segment."""

    requests: int
    cost: int
    input: Sums = field(default_factory=Sums)
    output: Sums = field(default_factory=Sums)


def _by_served(groups: pl.DataFrame, columns: Sequence[str]) -> dict[Segment, dict[str, _Part]]:
    keys = [*columns, "served"]
    names = ["requests", "cost", "input_tokens", "output_tokens", "output_squares"]
    merged = groups.group_by(keys).agg(pl.col(names).sum()).sort(keys, nulls_last=True)
    found: dict[Segment, dict[str, _Part]] = {}
    for *segment, served, requests, cost, tokens, output, squares in merged.select(*keys, *names).iter_rows():
        part = _Part(requests, cost, Sums(requests, tokens, 0), Sums(requests, output, squares))
        found.setdefault(tuple(segment), {})[served] = part
    return found


def _ratios(
    parts: Mapping[Segment, Mapping[str, _Part]], candidates: Mapping[str, int], shadows: Shadows
) -> dict[tuple[str, str], Counterfactual]:
    """For every served model and candidate, what their tokens tell."""
    sources = sorted({served for own in parts.values() for served in own})
    found = {}
    for source in sources:
        for target in candidates:
            of_input, of_output = {}, {}
            for number, (segment, own) in enumerate(parts.items()):
                pairs = shadows.get((segment, source, target), (PairSums(), PairSums()))
                moved, target_own = own.get(source), own.get(target)
                if moved is None and not pairs[0].pairs:
                    continue
                traffic = moved or _Part(0, 0)
                rest = target_own or _Part(0, 0)
                of_input[str(number)] = Evidence(traffic.input, pairs[0], rest.input)
                of_output[str(number)] = Evidence(traffic.output, pairs[1], rest.output)
            found[source, target] = counterfactual(source, target, of_input, of_output)
    return found


def _costs(
    groups: pl.DataFrame,
    columns: Sequence[str],
    target: str,
    repriced: pl.DataFrame,
    ratios: Mapping[tuple[str, str], Counterfactual],
) -> Iterator[tuple[Segment, Cost]]:
    """What each segment would cost on a candidate; those with a group that has no rate there are left out."""
    keys = [*columns, "served"]
    rows = (
        pl.concat([groups.select(*keys, "cost"), repriced], how="horizontal")
        .with_columns(lacking=pl.col(COSTS[0]).is_null() & (pl.col("served") != target))
        .group_by(keys)
        .agg(pl.col("cost", *COSTS).sum(), pl.col("lacking").any())
        .sort(keys, nulls_last=True)
    )
    sums: dict[Segment, Cost | None] = {}
    for *key, served, cost, for_input, for_output, other, lacking in rows.iter_rows():
        segment = tuple(key)
        before = sums.get(segment, NO_COST)
        if before is None or lacking:
            sums[segment] = None
        elif served == target:
            sums[segment] = before.plus(Cost(cost, cost, cost))
        else:
            scaled = _scaled(for_input, for_output, ratios[served, target])
            sums[segment] = before.plus(scaled).plus(Cost(other, other, other))
    for segment, found in sums.items():
        if found is not None:
            yield segment, found


def _scaled(for_input: int, for_output: int, ratio: Counterfactual) -> Cost:
    """Costs with the tokens of another model, half up."""
    of_input, of_output = ratio.input, ratio.output
    ends = (
        (of_input.low, of_output.low),
        (of_input.estimate, of_output.estimate),
        (of_input.high, of_output.high),
    )
    sums = (for_input * round(one * _MILLION) + for_output * round(other * _MILLION) for one, other in ends)
    return Cost(*((2 * each + _MILLION) // (2 * _MILLION) for each in sums))
