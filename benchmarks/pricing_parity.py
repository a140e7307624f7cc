"""Costs of the same requests by costopt, genai-prices and LiteLLM; every disagreement has a named reason.

Prices are equal if they differ by less than 1e-9 USD. Most reasons are proven: costopt's own price for the same
request, changed as the reason says (in standard mode, say, or today), is the peer's price.
"""

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from parity_bodies import Body, read_bodies
from parity_what_ifs import WHAT_IFS, Prices, priced

from costopt.pricing.catalog import load_catalog

EPSILON: Final = Decimal("1e-9")
BOUND: Final = Decimal("0.999")
BODY_BOUND: Final = Decimal("0.99")
MODE_KEYS: Final = {"batch": "_batches", "flex": "_flex", "priority": "_priority"}

REASONS: Final = {
    "genai: standard price, no rate for the mode": "the mode has no rate there; costopt gives no price",
    "genai: standard price, rate not yet verified": "before the day it verified the rate; costopt backdates it "
    "within the same standard price",
    "genai: peak hours at weekends": "DeepSeek's peak hours hold Monday to Friday",
    "genai: more than six decimals": "costopt rounds a rate to six decimals (USD per million)",
    "costopt: a vendor's mode elsewhere": "costopt takes OpenAI's batch, flex or priority rate for a provider that "
    "falls back to OpenAI's prices (Azure)",
    "litellm: silently 0": "a name that it knows half",
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
    "litellm: lists other rates": "its list has other rates or context tiers for the model than genai-prices'",
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
    cached = ("cached at the input rate", "cached at the standard rate", "cached at half the standard rate")
    if case.mode != "standard" and any(same(peer, if_[name]) for name in cached):
        return "litellm: other cached rate in the mode"
    return "litellm: lists other rates" if _lists_other_rates(case) else "unexplained"


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


def _lists_other_rates(case: Case) -> bool:
    """Whether LiteLLM's list and the catalog differ in a rate of the mode or in a context tier."""
    suffix = MODE_KEYS.get(case.mode, "")
    names = {
        "input": f"input_cost_per_token{suffix}",
        "output": f"output_cost_per_token{suffix}",
        "cached_input": f"cache_read_input_token_cost{suffix}",
        "cache_write_5m": f"cache_creation_input_token_cost{suffix}",
    }
    theirs = {name: case.listed.get(key) for name, key in names.items()}
    pico = {name: None if rate is None else round(rate * 10**12) for name, rate in theirs.items()}
    in_mode = [key for key in case.listed if re.fullmatch(rf"input_.*_above_\d+k_tokens{suffix}", key)]
    tiers = {key.split("_above_")[1].split("_")[0] for key in in_mode}
    ours = {f"{above // 1000}k" for above in case.ours.thresholds}
    return tiers != ours or any(case.ours.rates.get(name) != rate for name, rate in pico.items())


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
        Case(case, prices, listed.get(case["litellm"].get("key"), {}))
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
