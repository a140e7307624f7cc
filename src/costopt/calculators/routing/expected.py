"""What one request is expected to use and to cost on each of some models: exact for the tokens given, else a range."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal, NamedTuple

import polars as pl

from costopt.calculators.routing.complexity import CHARS_A_TOKEN
from costopt.calculators.routing.request import Request
from costopt.models.money import usd
from costopt.models.result import Frozen
from costopt.models.schema import COUNTS, REQUESTS
from costopt.pricing.catalog import Catalog
from costopt.pricing.costing import price
from costopt.pricing.rates import why_unpriced
from costopt.pricing.schedule import Schedule

ASSUMED_OUTPUT: Final = 300
"""Output tokens of a request that does not say how many it expects: between the means of two logs of conversations,
Azure's of 2023 (211) and Mooncake's (343)."""

OUTPUT_WITHIN: Final = 10
"""By what factor the output may be less or more. A tenth to ten times of `ASSUMED_OUTPUT` holds 97 % of Azure's answers
and 88 % of Mooncake's; answers that complete code are mostly shorter."""

INPUT_WITHIN: Final = 2
"""By what factor the input may be more than estimated from English text: it held 98 % of the prompts of RouterArena by
the tokenizer of Claude 3, and all by that of Gemini 2."""

_FEWEST: Final = CHARS_A_TOKEN * INPUT_WITHIN
"""Characters a token, at most."""

_WRITES_NOTHING: Final = re.compile(r"embed|rerank|moderat", re.IGNORECASE)
"""Kinds of requests whose answer is no text."""


class Tokens(Frozen):
    """Tokens of one kind.

    Attributes:
        estimate: As given, else what is expected.
        low: The least expected.
        high: The most.
        basis: `given` by the request, or `estimated`.
        note: What an estimate is made from, to be read after "estimated"; empty where they are given.
    """

    estimate: int
    low: int
    high: int
    basis: Literal["given", "estimated"]
    note: str = ""


class Expected(NamedTuple):
    """What a request costs on a model, in US dollars; all null where it has no price, with the reason."""

    estimate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    unpriced: str | None = None


def expected_input(request: Request) -> Tokens:
    """Its input tokens.

    From characters, 4 make a token, and one that is not ASCII makes one by itself; at least one token for 8
    characters, and at most twice the estimate.
    """
    given = request.counts.get("input_tokens")
    if given is not None:
        return Tokens(estimate=given, low=given, high=given, basis="given")
    prompt = request.prompt
    chars, wide = (prompt.chars, prompt.wide) if prompt else (request.prompt_chars or 0, 0)
    estimate = -(-(chars - wide) // CHARS_A_TOKEN) + wide
    return Tokens(
        estimate=estimate,
        low=-(-chars // _FEWEST),
        high=estimate * INPUT_WITHIN,
        basis="estimated",
        note=f"from {chars:,} {'character' if chars == 1 else 'characters'}",
    )


def expected_output(request: Request, assumed: int = ASSUMED_OUTPUT) -> Tokens:
    """Its output tokens.

    Args:
        request: What it asks for at most is kept to.
        assumed: How many, if the request does not say how many it expects.
    """
    given = request.counts.get("output_tokens")
    if given is not None:
        return Tokens(estimate=given, low=given, high=given, basis="given")
    if request.request_type and _WRITES_NOTHING.search(request.request_type):
        return Tokens(estimate=0, low=0, high=0, basis="estimated", note="as such answers are no text")
    most, note = request.most_output, "by assumption"
    ends = (assumed, -(-assumed // OUTPUT_WITHIN), assumed * OUTPUT_WITHIN)
    if most is not None and most < max(ends):
        ends, note = (
            (min(ends[0], most), min(ends[1], most), most),
            f"by assumption, at most {most:,} asked for",
        )
    return Tokens(estimate=ends[0], low=ends[1], high=ends[2], basis="estimated", note=note)


def expected_costs(
    request: Request,
    tokens: tuple[Tokens, Tokens],
    catalog: Catalog,
    models: Mapping[str, int],
    at: dt.datetime,
) -> dict[str, Expected]:
    """What the request costs on each model.

    The same tokens are billed on every model, although tokenizers and verbosity differ; each by its own prices at that
    time, in the request's mode and prompt size.

    Args:
        request: What else is billed: cached and written tokens, audio, images, searches.
        tokens: Its input and its output.
        catalog: The prices.
        models: By name the number, for `lending.model_of`.
        at: When it is made, UTC.
    """
    of_input, of_output = tokens
    pairs = [(getattr(of_input, end), getattr(of_output, end)) for end in ("low", "estimate", "high")]
    counts = {**dict.fromkeys(COUNTS, 0), **request.counts, "requests": 1}
    rows = [
        {
            **counts,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "context_tokens": request.context_tokens,
            "timestamp": at,
            "mode": request.mode,
            "slot": slot,
        }
        for slot in range(len(models))
        for input_tokens, output_tokens in pairs
    ]
    names = (*COUNTS, "context_tokens", "timestamp", "mode")
    frame = pl.DataFrame(rows, schema={**{name: REQUESTS[name] for name in names}, "slot": pl.Int64})
    rated = frame.with_columns(rate_id=Schedule(catalog, tuple(models.values())).rate_id(frame.columns))
    costs, ids = price(rated, catalog).to_list(), rated["rate_id"].to_list()
    ends = len(pairs)
    return {
        name: _expected(costs[place : place + ends], ids[place : place + ends])
        for name, place in zip(models, range(0, len(costs), ends), strict=True)
    }


def _expected(costs: list[int | None], rate_ids: list[int]) -> Expected:
    """Of the least, the estimated and the most tokens; the rates of a larger prompt may be lower."""
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return Expected(None, None, None, why_unpriced(rate_ids[costs.index(None)]))
    return Expected(usd(known[1]), usd(min(known)), usd(max(known)))
