"""Why a peer's price of a request is another than costopt's: named, and proven by figures of either.

A reason holds if costopt's own price for the same request, changed as the reason says (in standard mode, say, or
today), is the peer's price; or if the peer's own list gives it. What no rule proves is `unexplained`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from parity_lists import always, fee
from parity_litellm import MODE_KEYS, by_list
from parity_what_ifs import CORRECTED, WHAT_IFS, Prices

EPSILON: Final = Decimal("1e-9")
UNEXPLAINED: Final = "unexplained"

REASONS: Final = {
    "genai: standard price, no rate for the mode": "the mode has no rate there; costopt gives no price",
    "genai: standard price, rate not yet verified": "before the day it verified the rate; costopt backdates it "
    "within the same standard price",
    "genai: peak hours at weekends": "DeepSeek's peak hours hold Monday to Friday",
    "genai: peak hours before they began": "DeepSeek's peak hours began on 2026-08-17",
    "genai: more than six decimals": "costopt rounds a rate to six decimals (USD per million)",
    "genai: free without a rate": "tokens of a kind that has no rate there cost nothing; costopt gives no price",
    "genai: unknown name": "without prefix or suffix, it is known, and has costopt's price or one that another reason "
    "explains",
    "costopt: a model that genai-prices lacks": "its catalog has it from LiteLLM's list, whose rates give the price",
    "costopt: a model that neither peer has": "LiteLLM has removed it from its list, or had not yet listed it; "
    "costopt's catalog has it from tokencostauto's copy, whose rates give the price if that is installed",
    "costopt: a mode filled in from LiteLLM's list": "genai-prices has no rate for the mode; costopt's is from "
    "LiteLLM's list, whose rates give the price",
    "costopt: the provider's own price": "from LiteLLM's list, whose rates give it; genai-prices has none at that "
    "provider and takes the vendor's",
    "costopt: a model that genai-prices takes for another": "as corrected: a distilled model is not the one it is named "
    "after, and gemini-3.8-flash-cyber is no gemini-3.8-flash; the price is that of the other",
    "costopt: the vendor's price": "the provider's own list has no such name; costopt takes the price of the vendor "
    "that a prefix names, or that the provider falls back to",
    "litellm: silently 0": "a name that it knows half, or, in a batch, not at all",
    "litellm: unknown": "a name that its list does not have; of a model that it never had or has removed, mostly",
    "litellm: standard price, no rate for the mode": "the mode has no rate there",
    "litellm: invented half price": "its list has no batch rate for the model; half the standard price is written "
    "in its code",
    "litellm: a mode that costopt's catalog lacks": "its list has a rate for the mode; costopt's catalog has none, "
    "and gives no price",
    "litellm: a name that costopt does not know": "it drops a date from any name, and lists names and models that "
    "genai-prices lacks; costopt gives no price",
    "litellm: a rate that costopt's source lacks": "its list has a rate, or 0, for tokens that genai-prices has none "
    "for; costopt gives no price",
    "litellm: no history, no hours": "today's price, whenever the request was made",
    "litellm: 1 h writes at the 5 min rate": "cache writes kept for an hour cost more",
    "litellm: cache writes dropped": "written input is not billed at all",
    "litellm: context tier not billed": "the price below the threshold, for a prompt above it",
    "litellm: other cached rate in the mode": "in a mode, it has no rate for cached input: half, standard or none",
    "litellm: a price by the size in the name": "a Fireworks model that it does not list costs what its list has for "
    "a model of as many billion parameters, or nothing",
    "litellm: another provider's price": "it does not list the model at that provider, and takes another's entry",
    "litellm: another model's price": "it drops the last number, or the region, of a name that it does not know: it "
    "takes the entry of claude-fable-5 for claude-fable-5-2 and for us/claude-fable-5",
    "litellm: off-peak hours": "its list has cheaper hours for the model, which costopt's catalog lacks",
    "litellm: fee not billed": "what its list has for each request, it does not bill",
    "litellm: lists other rates": "the price is that of its list, which differs from genai-prices' in a rate or a "
    "context tier",
    UNEXPLAINED: "none of these",
}


Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A generated request with both peers' prices, and costopt's, also under each what-if.

    Attributes:
        raw: The request, and what the peers said.
        ours: What costopt says.
        listed: The entry of LiteLLM's list that it takes; empty without one.
        figures: The price by each entry of the lists for what costopt means by the name.
    """

    raw: Mapping[str, Any]
    ours: Prices
    listed: Mapping[str, Any]
    figures: Sequence[Decimal] = ()

    @property
    def mode(self) -> str:
        """How it was processed."""
        return str(self.raw["processing"])

    @property
    def name(self) -> str:
        """Provider and model, as the request has them."""
        return f"{self.raw['provider']}/{self.raw['model']}"

    def peer(self, name: str) -> Decimal | None:
        """A peer's price in USD."""
        return _usd(self.raw[name].get("cost"))

    @property
    def counted(self) -> bool:
        """Whether both peers agree on a price, and did not just bill the standard one for another mode."""
        one, other = self.peer("genai"), self.peer("litellm")
        applied = self.mode == "standard" or self.raw["genai"].get("variant_applied")
        return bool(one) and same(one, other) and bool(applied)


def same(one: Decimal | None, other: Decimal | None) -> bool:
    """Both a price and equal, or neither."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < EPSILON


def genai_reason(case: Case) -> str:
    """Why genai-prices says something else."""
    answer = case.raw["genai"]
    if answer["cost"] is not None:
        return _genai_price_reason(case, answer)
    if not answer["error"].startswith("LookupError"):
        return UNEXPLAINED
    if case.ours.is_own:
        return _genai_lacking_reason(case)
    if _is_at(case, answer.get("plain")):
        return "genai: unknown name"
    at_vendor = case.ours.borrowed and _is_at(case, answer.get("at_vendor"))
    return "costopt: the vendor's price" if at_vendor else UNEXPLAINED


def _genai_lacking_reason(case: Case) -> str:
    """For a model that costopt has from LiteLLM's list alone."""
    if _is_filled_in(case):
        return "costopt: a model that genai-prices lacks"
    is_nowhere = not case.figures and case.ours.cost is not None
    return "costopt: a model that neither peer has" if is_nowhere else UNEXPLAINED


def _is_filled_in(case: Case) -> bool:
    """Whether costopt's price is from LiteLLM's list, and what that gives."""
    ours = case.ours.cost
    if not case.ours.source or ours is None:
        return False
    return same(ours, case.peer("litellm")) or any(_rounded(case, figure, ours) for figure in case.figures)


def _is_at(case: Case, answer: Answer | None) -> bool:
    """Whether costopt's price is one of genai-prices', or differs from it for a reason."""
    if answer is None:
        return False
    return same(_usd(answer["cost"]), case.ours.cost) or _genai_price_reason(case, answer) != UNEXPLAINED


def _genai_price_reason(case: Case, answer: Answer) -> str:
    peer, if_, ours = Decimal(answer["cost"]), case.ours.what_if, case.ours.cost
    if answer.get("hosted") and case.ours.is_own and _is_filled_in(case):
        return "costopt: the provider's own price"
    if re.search(CORRECTED, case.name) and any(
        same(peer, if_[what_if]) for what_if in ("other model", "standard, other model")
    ):
        return "costopt: a model that genai-prices takes for another"
    if case.mode != "standard":
        found = _genai_mode_reason(case, answer, peer)
        if found:
            return found
    if _is_peak(case) and same(peer, if_["two days later"]):
        return "genai: peak hours at weekends"
    if _is_peak(case) and same(peer, if_["today at that hour"]):
        return "genai: peak hours before they began"
    if _rounded(case, peer, ours):
        return "genai: more than six decimals"
    unlisted = ours is None and if_["standard"] is None
    free = not peer or same(peer, if_["no output"]) or same(peer, if_["standard, no output"])
    return "genai: free without a rate" if unlisted and free else UNEXPLAINED


def _genai_mode_reason(case: Case, answer: Answer, peer: Decimal) -> str | None:
    """The standard price in another mode; where costopt has a price, it is that of rates that are listed for it."""
    if_, ours = case.ours.what_if, case.ours.cost
    standard = [if_["standard"]]
    if _is_peak(case):
        standard += [if_["standard, two days later"], if_["standard, today at that hour"]]
    listed = [_rounded(case, Decimal(price), ours) for price in answer.get("in_mode", [])]
    has_none = not listed or answer.get("hosted")
    if ours is None and has_none and any(_rounded(case, peer, price) for price in standard):
        return "genai: standard price, no rate for the mode"
    if case.ours.source and any(same(peer, price) for price in standard) and _is_filled_in(case):
        return "costopt: a mode filled in from LiteLLM's list"
    if case.ours.source or not same(peer, if_["standard"]) or ("in_mode" in answer and not any(listed)):
        return None
    return "genai: standard price, rate not yet verified"


def _is_peak(case: Case) -> bool:
    """Whether the hour has a price of its own today."""
    if_ = case.ours.what_if
    return not same(if_["standard, today"], if_["standard, today at that hour"])


def _rounded(case: Case, peer: Decimal, price: Decimal | None) -> bool:
    """Whether they differ by no more than rates rounded to six decimals (USD per million) do."""
    tokens = sum(case.raw["usage"].values())
    return price is not None and abs(peer - price) <= tokens * Decimal("5e-13")


def litellm_reason(case: Case) -> str:
    """Why LiteLLM says something else."""
    peer, if_ = case.peer("litellm"), case.ours.what_if
    if peer is None:
        not_mapped = case.raw["litellm"]["error"].startswith("ModelNotMappedError")
        return "litellm: unknown" if not_mapped else UNEXPLAINED
    if not peer and not case.listed:
        return "litellm: silently 0"
    as_listed = bool(case.listed) and same(peer, by_list(case.listed, case.raw))
    if as_listed and case.ours.cost is None and if_["standard"] is None:
        return _litellm_list_reason(case)
    if case.mode != "standard":
        found = _litellm_mode_reason(case, peer, as_listed=as_listed)
        if found:
            return found
    proven = {
        "no history, no hours": ("today", "this week"),
        "1 h writes at the 5 min rate": ("no 1 h writes",),
        "cache writes dropped": ("no writes",),
        "context tier not billed": ("no context tier",),
        "other cached rate in the mode": [
            name for name in WHAT_IFS if name.startswith("cached") and case.mode != "standard"
        ],
    }
    for reason, what_ifs in proven.items():
        if any(same(peer, if_[what_if]) for what_if in what_ifs):
            return f"litellm: {reason}"
    return _litellm_list_reason(case) if as_listed else UNEXPLAINED


def _litellm_list_reason(case: Case) -> str:
    """Which entry of its list it is that has another price, or one where costopt has none."""
    if case.raw["litellm"]["key"].startswith("fireworks-ai-"):
        return "litellm: a price by the size in the name"
    if case.raw["litellm_provider"] not in case.listed["litellm_provider"]:
        return "litellm: another provider's price"
    if case.ours.cost is not None:
        if same(case.ours.cost, (case.peer("litellm") or 0) + fee(case.listed)):
            return "litellm: fee not billed"
        if same(case.ours.cost, by_list(always(case.listed), case.raw)):
            return "litellm: off-peak hours"
        shortened = _is_shortened(case.raw["model"], case.raw["litellm"]["key"])
        return "litellm: another model's price" if shortened else "litellm: lists other rates"
    is_known = case.peer("genai") is not None or case.ours.what_if["standard, no output"] is not None
    lacking = "rate that costopt's source lacks" if is_known else "name that costopt does not know"
    return f"litellm: a {lacking}"


def _is_shortened(model: str, key: str) -> bool:
    """Whether the entry is the model's name without its region, or its last number, which is not a date."""
    name = re.escape(key.rpartition("/")[2])
    return bool(re.fullmatch(rf"(.*/)?{name}-\d\d?|(.*/)?(us|eu)/{name}", model.lower()))


def _litellm_mode_reason(case: Case, peer: Decimal, *, as_listed: bool) -> str | None:
    if same(peer, case.ours.what_if["standard"]):
        return "litellm: standard price, no rate for the mode"
    if case.mode == "batch" and not case.raw["litellm"]["batch_rate"]:
        return "litellm: invented half price" if as_listed else None
    if case.ours.cost is not None or not as_listed:
        return None
    if any(key.endswith(MODE_KEYS[case.mode]) and rate is not None for key, rate in case.listed.items()):
        return "litellm: a mode that costopt's catalog lacks"
    return "litellm: standard price, no rate for the mode"


def _usd(cost: str | None) -> Decimal | None:
    return None if cost is None else Decimal(cost)
