"""Costs of the same requests by costopt, genai-prices and LiteLLM; every disagreement has a named reason.

With `--data`, the peers' prices are stored ones; with `--live`, the installed packages are asked about generated
requests (and, with both, about the real usage bodies). Prices are equal if they differ by less than 1e-9 USD. Reasons
are proven: costopt's own price for the same request, changed as the reason says (in standard mode, say, or today), is
the peer's price, or the peer's own list gives it.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from parity_bodies import Body, read_bodies, requests_of
from parity_lists import PriceMaps, kept_by_tokencostauto, price_maps
from parity_reasons import REASONS, UNEXPLAINED, Case, genai_reason, litellm_reason, same
from parity_requests import generated
from parity_what_ifs import WHAT_IFS, priced

from costopt.pricing.catalog import Catalog, load_catalog

BOUND: Final = Decimal("0.999")
BODY_BOUND: Final = Decimal("0.99")
CASES: Final = 4_000

LISTED: Final[Mapping[str, Mapping[str, float | None]]] = {
    "azure/gpt-4o": {"input_cost_per_token_batches": None, "output_cost_per_token_batches": None},
    "azure/gpt-4o-mini": {"input_cost_per_token_batches": None, "output_cost_per_token_batches": None},
    "gpt-5-nano": {"input_cost_per_token_priority": 2.5e-6},
    "mistral/mistral-large-4": {
        "input_cost_per_token": 0.68e-6,
        "cache_read_input_token_cost": 0.068e-6,
        "output_cost_per_token": 2.09e-6,
    },
    "xai/grok-4.7": {
        "input_cost_per_token_batches": None,
        "cache_read_input_token_cost_batches": None,
        "output_cost_per_token_batches": None,
    },
}
"""LiteLLM 1.106.2 was asked, and the list at hand is 1.109.1's: rates that changed between the two."""

BODY_REASONS: Final = {
    "bodies: context tier not billed": "the expected price leaves out the tier above the threshold",
    "bodies: a distilled model, not the one it is named after": "the expected price is that of the other; costopt "
    "gives none",
    "bodies: 0 without a price": "the source has no rate for the model; costopt gives no price",
    "bodies: name without its prefix": "costopt also understands names with a prefix, and a gateway's",
    "bodies: a model that genai-prices lacks": "the catalog has it from LiteLLM's list",
    "bodies: an entry's id": "genai-prices does not take the id of an entry for a name; costopt does",
    "bodies: set older than the catalog": "the model is under that name in the catalog, but not yet in the set",
    UNEXPLAINED: "none of these",
}


def body_reason(body: Body) -> str:
    """Why the price of a real usage body is another."""
    if body.ours is None and "distill" in body.model.lower() and same(body.expected, body.other_model):
        return "bodies: a distilled model, not the one it is named after"
    if body.ours is None:
        return "bodies: 0 without a price" if body.expected == 0 else UNEXPLAINED
    if body.expected is None:
        return _unexpected_reason(body)
    return "bodies: context tier not billed" if same(body.expected, body.without_tier) else UNEXPLAINED


def _unexpected_reason(body: Body) -> str:
    """Why costopt has a price where none is expected."""
    if body.lacking:
        return "bodies: a model that genai-prices lacks"
    if body.under_that_name:
        return "bodies: set older than the catalog"
    if body.under_that_id:
        return "bodies: an entry's id"
    return "bodies: name without its prefix" if "/" in body.model else UNEXPLAINED


def main() -> None:
    """Prints the shares and the reasons; exits with 1 below a bound or if anything is unexplained."""
    arguments = _arguments()
    catalog, good = load_catalog(), []
    if arguments.data:
        good += [
            _report_cases("stored requests", read_cases(arguments.data, catalog), BOUND),
            _report_bodies(read_bodies(_bodies(arguments.data), catalog)),
        ]
    if arguments.live:
        requests = list(generated(catalog, arguments.live, arguments.seed))
        good.append(_report_cases("generated requests", ask(requests, catalog), Decimal(0)))
        if arguments.data:
            real = ask(requests_of(_bodies(arguments.data)), catalog)
            good.append(_report_cases("real usage bodies", real, Decimal(0)))
    sys.exit(not all(good))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder with pricing/ and genai_prices/: stored prices")
    parser.add_argument(
        "--live",
        type=int,
        nargs="?",
        const=CASES,
        metavar="N",
        help=f"ask the installed peers about N generated requests (default: {CASES:,})",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="of the generated requests (default: %(default)s)"
    )
    arguments = parser.parse_args()
    if arguments.data is None and arguments.live is None:
        parser.error("nothing to compare: give --data, --live or both")
    if arguments.live is not None and arguments.live < 1:
        parser.error("--live asks about one request at least")
    return arguments


def read_cases(data: Path, catalog: Catalog) -> list[Case]:
    """The stored requests, priced in one frame for each what-if."""
    with gzip.open(_there(data / "pricing/parity_cases_dev.jsonl.gz"), "rt", encoding="utf-8") as file:
        raw = [json.loads(line) for line in file]
    with gzip.open(
        _there(data / "pricing/litellm_1.109.1_model_prices.json.gz"), "rt", encoding="utf-8"
    ) as file:
        listed = json.load(file)
    then = {**listed, **{key: {**listed[key], **changed} for key, changed in LISTED.items()}}
    return _cases(raw, catalog, price_maps(catalog, [then]))


def ask(requests: Iterable[Mapping[str, Any]], catalog: Catalog) -> list[Case]:
    """The same for any requests, by asking the installed peers."""
    try:
        import parity_live  # noqa: PLC0415 -- the peers are needed for this alone
    except ModuleNotFoundError as error:
        sys.exit(f"`{error.name}` is not installed: --live needs `pip install 'llm-costopt[parity]'`")
    lists = price_maps(catalog, [parity_live.price_list(), *kept_by_tokencostauto()])
    return _cases(list(parity_live.asked(requests)), catalog, lists)


def _cases(raw: Sequence[Mapping[str, Any]], catalog: Catalog, lists: PriceMaps) -> list[Case]:
    return [
        Case(
            case,
            prices,
            lists.named.get(case["litellm"].get("key"), {}),
            tuple(lists.figures(prices.entry, case)) if prices.entry and prices.source else (),
        )
        for case, prices in zip(raw, priced(raw, catalog), strict=True)
    ]


def _bodies(data: Path) -> Path:
    return _there(data / "genai_prices/usages_even.json.gz")


def _there(path: Path) -> Path:
    if not path.is_file():
        sys.exit(f"{path} is not there: --data is a folder with the parity cases and the real usage bodies")
    return path


def _report_cases(what: str, cases: Sequence[Case], bound: Decimal) -> bool:
    counted = [case for case in cases if case.counted]
    differing = [case for case in counted if not same(case.ours.cost, case.peer("genai"))]
    print(f"\n{len(cases):,} {what}, each with {len(WHAT_IFS)} what-ifs")
    equal = len(counted) - len(differing)
    good = _share("both peers agree, and applied the mode", equal, len(counted), bound)
    for case in differing:
        print(f"  {case.name} {case.mode}: {genai_reason(case)}")
    rules: dict[str, Callable[[Case], str]] = {"genai": genai_reason, "litellm": litellm_reason}
    for name, reason in rules.items():
        found = [(reason(case), case.name) for case in cases if not same(case.ours.cost, case.peer(name))]
        equal = len(cases) - len(found)
        print(f"\nagainst {name}: {equal:,} alike, {len(found):,} different")
        good = _reasons(found, REASONS) and good
    return good


def _report_bodies(bodies: Sequence[Body]) -> bool:
    known = [body for body in bodies if body.expected is not None]
    text = [body for body in known if not body.media]
    equal = [body for body in known if same(body.ours, body.expected)]
    print(f"\n{len(bodies):,} prices of real usage bodies, {len(known):,} of them known to the set")
    good = _share("all of them", len(equal), len(known), BODY_BOUND)
    good = _share("of text alone", sum(not body.media for body in equal), len(text), BODY_BOUND) and good
    found = [
        (body_reason(body), f"{body.provider}/{body.model}")
        for body in bodies
        if not same(body.ours, body.expected)
    ]
    return _reasons(found, BODY_REASONS) and good


def _share(what: str, equal: int, total: int, bound: Decimal) -> bool:
    share = Decimal(equal) / total if total else Decimal(1)
    demand = f" (at least {bound:.1%})" if bound else ""
    print(f"{what}: {equal:,} of {total:,} equal, {share:.2%}{demand}")
    return share >= bound


def _reasons(found: Iterable[tuple[str, str]], reasons: Mapping[str, str]) -> bool:
    """Prints each reason with its count, what it means and where; whether nothing is unexplained."""
    names: dict[str, Counter[str]] = {}
    for reason, name in found:
        names.setdefault(reason, Counter())[name] += 1
    for reason, about in reasons.items():
        if reason in names:
            most = ", ".join(f"{name} {count}" for name, count in names[reason].most_common(3))
            print(f"  {names[reason].total():5} {reason}: {about} ({most})")
    return UNEXPLAINED not in names


if __name__ == "__main__":
    main()
