"""Costs of the same requests by costopt, genai-prices and LiteLLM; every disagreement has a named reason.

Prices are equal if they differ by less than 1e-9 USD. Most reasons are proven: costopt's own price for the same
request, changed as the reason says (in standard mode, say, or today), is the peer's price, or the peer's own list
gives it.
"""

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, Final

from parity_bodies import Body, read_bodies
from parity_what_ifs import WHAT_IFS, Prices, priced

from costopt.pricing.catalog import load_catalog

EPSILON: Final = Decimal("1e-9")
BOUND: Final = Decimal("0.999")
BODY_BOUND: Final = Decimal("0.99")
MODE_KEYS: Final = {"batch": "_batches", "flex": "_flex", "priority": "_priority"}

LISTED: Final[Mapping[str, Mapping[str, float]]] = {
    "mistral/mistral-large-4": {
        "input_cost_per_token": 0.68e-6,
        "cache_read_input_token_cost": 0.068e-6,
        "output_cost_per_token": 2.09e-6,
    }
}
"""LiteLLM 1.106.2 was asked, and the list at hand is 1.109.1's: rates that changed between the two."""

REASONS: Final = {
    "genai: standard price, no rate for the mode": "the mode has no rate there; costopt gives no price",
    "genai: standard price, rate not yet verified": "before the day it verified the rate; costopt backdates it "
    "within the same standard price",
    "genai: peak hours at weekends": "DeepSeek's peak hours hold Monday to Friday",
    "genai: more than six decimals": "costopt rounds a rate to six decimals (USD per million)",
    "costopt: a vendor's mode elsewhere": "costopt takes OpenAI's batch, flex or priority rate for a provider that "
    "falls back to OpenAI's prices (Azure)",
    "litellm: silently 0": "a name that it knows half, or not at all",
    "litellm: unknown": "a model that it never had or has removed",
    "litellm: standard price, no rate for the mode": "the mode has no rate there",
    "litellm: invented half price": "its list has no batch rate for the model; half the standard price is written "
    "in its code",
    "litellm: a mode that costopt's source lacks": "its list has a rate for the mode, genai-prices has none; costopt "
    "gives no price",
    "litellm: no history, no hours": "today's price, whenever the request was made",
    "litellm: 1 h writes at the 5 min rate": "cache writes kept for an hour cost more",
    "litellm: cache writes dropped": "written input is not billed at all",
    "litellm: context tier not billed": "the price below the threshold, for a prompt above it",
    "litellm: other cached rate in the mode": "in a mode, it has no rate for cached input: half, standard or none",
    "litellm: lists other rates": "the price is that of its list, which differs from genai-prices' in a rate or a "
    "context tier",
    "bodies: audio or image tokens": "costopt has no rates for them and bills them like text",
    "bodies: context tier not billed": "the expected price leaves out the tier above the threshold",
    "bodies: 0 without a price": "the source has no rate for the model; costopt gives no price",
    "bodies: name without its prefix": "costopt also understands names with a prefix, and a gateway's",
    "bodies: set older than the catalog": "the model is under that name in the catalog, but not yet in the set",
    "unexplained": "none of these",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A generated request with both peers' prices, and costopt's, also under each what-if."""

    raw: Mapping[str, Any]
    ours: Prices
    listed: Mapping[str, Any]

    @property
    def mode(self) -> str:
        """How it was processed."""
        return str(self.raw["processing"])

    def peer(self, name: str) -> Decimal | None:
        """A peer's price in USD."""
        cost = self.raw[name].get("cost")
        return None if cost is None else Decimal(cost)

    @property
    def counted(self) -> bool:
        """Whether both peers agree on a price, and did not just bill the standard one for another mode."""
        one, other = self.peer("genai"), self.peer("litellm")
        applied = self.mode == "standard" or self.raw["genai"].get("variant_applied")
        return one is not None and same(one, other) and bool(applied)


def same(one: Decimal | None, other: Decimal | None) -> bool:
    """Both a price and equal, or neither."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < EPSILON


def genai_reason(case: Case) -> str:
    """Why genai-prices says something else."""
    peer, if_ = case.peer("genai"), case.ours.what_if
    if case.mode != "standard" and same(peer, if_["standard"]):
        if case.ours.cost is None:
            return "genai: standard price, no rate for the mode"
        if case.ours.borrowed:
            return "costopt: a vendor's mode elsewhere"
        return "genai: standard price, rate not yet verified"
    if same(peer, if_["two days later"]):
        return "genai: peak hours at weekends"
    nearest = case.ours.cost if case.ours.cost is not None else if_["standard"]
    tokens = sum(case.raw["usage"].values())
    if peer is not None and nearest is not None and abs(peer - nearest) <= tokens * Decimal("5e-13"):
        rounded = "genai: more than six decimals"
        return rounded if case.ours.cost is not None else "genai: standard price, no rate for the mode"
    return "unexplained"


def litellm_reason(case: Case) -> str:
    """Why LiteLLM says something else."""
    peer, if_ = case.peer("litellm"), case.ours.what_if
    if peer is None:
        return "litellm: unknown"
    if not peer:
        return "litellm: silently 0"
    if case.mode != "standard":
        found = _litellm_mode_reason(case, peer)
        if found:
            return found
    proven = {
        "no history, no hours": "today",
        "1 h writes at the 5 min rate": "no 1 h writes",
        "cache writes dropped": "no writes",
        "context tier not billed": "no context tier",
    }
    for reason, what_if in proven.items():
        if same(peer, if_[what_if]):
            return f"litellm: {reason}"
    cached = [name for name in WHAT_IFS if name.startswith("cached")]
    if case.mode != "standard" and any(same(peer, if_[name]) for name in cached):
        return "litellm: other cached rate in the mode"
    listed = any(same(peer, price) for price in listed_prices(case))
    return "litellm: lists other rates" if listed else "unexplained"


def _litellm_mode_reason(case: Case, peer: Decimal) -> str | None:
    if same(peer, case.ours.what_if["standard"]):
        return "litellm: standard price, no rate for the mode"
    if case.mode == "batch" and not case.raw["litellm"]["batch_rate"]:
        return "litellm: invented half price"
    if case.ours.cost is not None:
        return None
    if any(key.endswith(MODE_KEYS[case.mode]) for key in case.listed):
        return "litellm: a mode that costopt's source lacks"
    return "litellm: standard price, no rate for the mode"


def listed_prices(case: Case) -> Iterator[Decimal]:
    """What LiteLLM's list makes of a request, in each context tier; a rate it lacks is that of input, or nothing."""
    usage, suffix = case.raw["usage"], MODE_KEYS.get(case.mode, "")
    tiers = {found for key in case.listed for found in re.findall(r"_above_\d+k_tokens", key)}
    for tier, in_mode, as_input in product(("", *sorted(tiers)), (suffix, ""), (True, False)):

        def rate(name: str, mode: str, default: Decimal, tier: str = tier) -> Decimal:
            found = case.listed.get(f"{name}{tier}{mode}", case.listed.get(f"{name}{mode}"))
            return default if found is None else Decimal(repr(found))

        plain = rate("input_cost_per_token", suffix, Decimal(0))
        default = plain if as_input else Decimal(0)
        write = rate("cache_creation_input_token_cost", in_mode, default)
        hour = rate("cache_creation_input_token_cost_above_1hr", in_mode, write)
        yield (
            usage["fresh_input"] * plain
            + usage["cache_read"] * rate("cache_read_input_token_cost", in_mode, default)
            + usage["cache_write_5m"] * write
            + usage["cache_write_1h"] * hour
            + usage["output"] * rate("output_cost_per_token", suffix, Decimal(0))
        )


def body_reason(body: Body) -> str:
    """Why the price of a real usage body is another."""
    if body.ours is None:
        return "bodies: 0 without a price" if body.expected == 0 else "unexplained"
    if body.expected is None:
        return (
            "bodies: set older than the catalog"
            if body.under_that_name
            else "bodies: name without its prefix"
        )
    if body.media:
        return "bodies: audio or image tokens"
    return "bodies: context tier not billed" if same(body.expected, body.without_tier) else "unexplained"


def main() -> None:
    """Prints the shares and the reasons; exits with 1 below a bound or if anything is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with pricing/ and genai_prices/")
    data = parser.parse_args().data
    cases = read_cases(data)
    bodies = read_bodies(_there(data / "genai_prices/usages_even.json.gz"), load_catalog())
    good = [_report_cases(cases), _report_bodies(bodies)]
    sys.exit(not all(good))


def read_cases(data: Path) -> list[Case]:
    """The generated requests, priced in one frame for each what-if."""
    with gzip.open(_there(data / "pricing/parity_cases_dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        raw = [json.loads(line) for line in file]
    with gzip.open(
        _there(data / "pricing/litellm_1.109.1_model_prices.json.gz"), "rt", encoding="utf-8"
    ) as file:
        listed = json.load(file)
    ours = priced(raw, load_catalog())
    return [
        Case(case, prices, {**listed.get(key := case["litellm"].get("key"), {}), **LISTED.get(key, {})})
        for case, prices in zip(raw, ours, strict=True)
    ]


def _there(path: Path) -> Path:
    if not path.is_file():
        sys.exit(f"{path} is not there: --data is a folder with the parity cases and the real usage bodies")
    return path


def _report_cases(cases: Sequence[Case]) -> bool:
    counted = [case for case in cases if case.counted]
    differing = [case for case in counted if not same(case.ours.cost, case.peer("genai"))]
    print(f"{len(cases):,} requests, each with {len(WHAT_IFS)} what-ifs")
    good = _share(
        "both peers agree, and applied the mode", len(counted) - len(differing), len(counted), BOUND
    )
    for case in differing:
        print(f"  {case.raw['provider']}/{case.raw['model']} {case.mode}: {genai_reason(case)}")
    explained = True
    rules: dict[str, Callable[[Case], str]] = {"genai": genai_reason, "litellm": litellm_reason}
    for name, reason in rules.items():
        found = [
            (reason(case), f"{case.raw['provider']}/{case.raw['model']}")
            for case in cases
            if not same(case.ours.cost, case.peer(name))
        ]
        equal = len(cases) - len(found)
        print(f"\nagainst {name}: {equal:,} alike, {len(found):,} different")
        explained = _reasons(found) and explained
    return good and explained


def _report_bodies(bodies: Sequence[Body]) -> bool:
    known = [body for body in bodies if body.expected is not None]
    text = [body for body in known if not body.media]
    equal = [body for body in known if same(body.ours, body.expected)]
    print(f"\n{len(bodies):,} prices of real usage bodies, {len(known):,} of them known to the set")
    good = _share("all of them", len(equal), len(known), Decimal(0))
    good = _share("of text alone", sum(not body.media for body in equal), len(text), BODY_BOUND) and good
    found = [
        (body_reason(body), f"{body.provider}/{body.model}")
        for body in bodies
        if not same(body.ours, body.expected)
    ]
    return _reasons(found) and good


def _share(what: str, equal: int, total: int, bound: Decimal) -> bool:
    share = Decimal(equal) / total
    demand = f" (at least {bound:.1%})" if bound else ""
    print(f"{what}: {equal:,} of {total:,} equal, {share:.2%}{demand}")
    return share >= bound


def _reasons(found: Iterable[tuple[str, str]]) -> bool:
    """Prints each reason with its count, what it means and where; whether nothing is unexplained."""
    names: dict[str, Counter[str]] = {}
    for reason, name in found:
        names.setdefault(reason, Counter())[name] += 1
    for reason, about in REASONS.items():
        if reason in names:
            most = ", ".join(f"{name} {count}" for name, count in names[reason].most_common(3))
            print(f"  {names[reason].total():5} {reason}: {about} ({most})")
    return "unexplained" not in names


if __name__ == "__main__":
    main()
