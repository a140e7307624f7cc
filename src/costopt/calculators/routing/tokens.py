"""How many tokens the same requests would use on another model, as a ratio with a range and what it rests on.

Tokenizers differ, and so does how much models write: to carry the logged counts over to another model was wrong by 29 %
on RouterArena (claude-3-haiku to gemini-2.0-flash, the same prompts). In this order of preference a ratio rests on

1. `same model`: exactly 1;
2. `pairs`: prompts that both models served (shadow requests), at least 20. Input is in proportion (another tokenizer
   cuts the same text), output is a line with a base (the other model does not write at length where this one did);
3. `own traffic`, for output alone: the target's mean output over its own requests in the same segments. Not for input:
   a router that sends long prompts to one model makes its mean input say more of the prompts than of the tokenizer;
4. `table`: what is known of tokenizers, and of how much models write, in general.

Everything is computed from sums, so that rollups can deliver them; squares of tokens need 128 bits.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import ceil, exp, floor, sqrt
from typing import Final, Literal, NamedTuple

from costopt.calculators.routing.intervals import student
from costopt.models.result import Frozen
from costopt.models.schema import TOKENS

Kind = Literal["input", "output"]
RatioBasis = Literal["same model", "pairs", "own traffic", "table"]

LEAST_PAIRS: Final = 20
"""Fewer pairs, or fewer requests of the target's own in a segment, say nothing."""

_PRIOR: Final = 5
"""A segment's own pairs count against so many of all segments: RouterArena, best of 2, 5, 10 and 20."""
_UNSEEN: Final = 3
"""With 95 % confidence at most 3 / n of the requests are of a kind that n pairs have not met (the rule of three)."""
_UNLIKE: Final = 0.25
"""What the source's requests may differ by from the target's own: on RouterArena the ranges held the truth in 94 % or
more, whether prompts were routed by their task or by their length, and neither was known."""


class Sums(NamedTuple):
    """Requests that one model served, and their tokens of one kind.

    Attributes:
        requests: How many.
        tokens: Of all of them.
        squares: The sum of the squares of each one's tokens.
    """

    requests: int = 0
    tokens: int = 0
    squares: int = 0


class PairSums(NamedTuple):
    """Prompts that both models served, and their tokens of one kind.

    Attributes:
        pairs: How many.
        source: Tokens on the source model, of all of them.
        target: Tokens on the target model.
        source_squares: The sum of the squares of each one's tokens on the source model.
        target_squares: On the target model.
        products: The sum of the products of both.
    """

    pairs: int = 0
    source: int = 0
    target: int = 0
    source_squares: int = 0
    target_squares: int = 0
    products: int = 0


class Evidence(NamedTuple):
    """What a log knows of one kind of tokens in one segment.

    Attributes:
        traffic: The source's requests that are to be moved; where there are none, the segment only lends its pairs.
        pairs: Prompts of this segment that both models served.
        own: The target's own requests in this segment.
    """

    traffic: Sums = Sums()
    pairs: PairSums = PairSums()
    own: Sums = Sums()


class TokenRatio(Frozen):
    """Tokens on the target model for each token on the source model.

    Attributes:
        estimate: The ratio.
        low: The least it may be; a 95 % interval for these very requests, where it is measured.
        high: The most.
        basis: What it rests on.
        count: How many pairs, or requests of the target's own; 0 for a table.
        note: One line for people.
    """

    estimate: float
    low: float
    high: float
    basis: RatioBasis
    count: int
    note: str


class TokenRange(Frozen):
    """Tokens by canonical column: the least, the estimate and the most."""

    low: dict[str, int]
    estimate: dict[str, int]
    high: dict[str, int]


class Counterfactual(Frozen):
    """What the source's requests would use on the target.

    Attributes:
        source: The model that served them.
        target: The model that would.
        input: The ratio for all input.
        output: The ratio for all output, reasoning included.
    """

    source: str
    target: str
    input: TokenRatio
    output: TokenRatio

    def tokens(self, counts: Mapping[str, int]) -> TokenRange:
        """Sums of the source's tokens as those of the target; counts that are no tokens stay as they are.

        A part, as cached input is of all input, remains a part. Audio and images are taken to be as many tokens more or
        less as text.
        """
        low, estimate, high = dict(counts), dict(counts), dict(counts)
        for name in counts.keys() & {*TOKENS}:
            tokens, ratio = counts[name], self.output if _is_output(name) else self.input
            low[name] = floor(tokens * Fraction(ratio.low))
            estimate[name] = floor(tokens * Fraction(ratio.estimate) + Fraction(1, 2))
            high[name] = ceil(tokens * Fraction(ratio.high))
        return TokenRange(low=low, estimate=estimate, high=high)


def _is_output(name: str) -> bool:
    return "output" in name or "reasoning" in name


def counterfactual(
    source: str, target: str, of_input: Mapping[str, Evidence], of_output: Mapping[str, Evidence]
) -> Counterfactual:
    """The ratios of two models for some segments, from the best that the log has.

    Args:
        source: The model that served the requests, as `provider/model` or as logged.
        target: The model that would.
        of_input: By segment what is known of input tokens.
        of_output: By segment what is known of output tokens.
    """
    return Counterfactual(
        source=source,
        target=target,
        input=_ratio(source, target, of_input, "input"),
        output=_ratio(source, target, of_output, "output"),
    )


def _ratio(source: str, target: str, evidence: Mapping[str, Evidence], kind: Kind) -> TokenRatio:
    if source == target:
        return TokenRatio(estimate=1, low=1, high=1, basis="same model", count=0, note="the same model")
    from_own = ratio_from_own_traffic(evidence) if kind == "output" else None
    return ratio_from_pairs(evidence, kind) or from_own or ratio_from_table(source, target, kind)


# Pairs


def ratio_from_pairs(evidence: Mapping[str, Evidence], kind: Kind) -> TokenRatio | None:
    """The ratio for the traffic of all segments together; None below 20 pairs.

    One line is fitted to all pairs; in each segment it is moved by as much as the segment's own pairs ask for, counted
    against 5 of all. The interval is that of a prediction: it holds the error of the line, of the segments, and that
    these requests are themselves a sample; and to that is added that pairs may have missed a kind of request.
    """
    every = PairSums(*map(sum, zip(*(each.pairs for each in evidence.values()), strict=True)))
    moved = [each for each in evidence.values() if each.traffic.tokens > 0]
    if every.pairs < LEAST_PAIRS or not every.source or not every.target or not moved:
        return None
    line = _line(every, kind)
    spread = line.squared_errors(every) / (every.pairs - 2) / (every.target / every.pairs) ** 2
    predicted = [line.predicted(each, every) for each in moved]
    borrowed = own = 0.0
    for each, part in zip(moved, predicted, strict=True):
        borrowed += part * _PRIOR / (each.pairs.pairs + _PRIOR)
        own += part**2 * (1 / (each.pairs.pairs + _PRIOR) + 1 / each.traffic.requests)
    deviation = sqrt(spread * (own + borrowed**2 / every.pairs)) / sum(predicted)
    return _within(
        sum(predicted) / sum(each.traffic.tokens for each in moved),
        student(every.pairs - 1) * deviation + _UNSEEN / every.pairs,
        "pairs",
        every.pairs,
        f"{every.pairs:,} prompts served by both models",
    )


class _Line(NamedTuple):
    """Tokens on the target: a base for each request, and a slope by tokens on the source."""

    base: float
    slope: float

    def of(self, requests: int, tokens: int) -> float:
        return self.base * requests + self.slope * tokens

    def predicted(self, each: Evidence, every: PairSums) -> float:
        """Tokens of a segment's traffic on the target."""
        prior = _PRIOR * every.target / every.pairs
        fitted = self.of(each.pairs.pairs, each.pairs.source)
        factor = (each.pairs.target + prior) / (fitted + prior)
        return self.of(each.traffic.requests, each.traffic.tokens) * factor

    def squared_errors(self, sums: PairSums) -> float:
        """Over all pairs, the squares of what the line is off by."""
        base, slope = self
        squared = sums.pairs * base**2 + 2 * base * slope * sums.source + slope**2 * sums.source_squares
        return max(0.0, sums.target_squares - 2 * (base * sums.target + slope * sums.products) + squared)


def _line(sums: PairSums, kind: Kind) -> _Line:
    """In proportion for input; for output the least squares, held between a constant and a proportion."""
    ratio = sums.target / sums.source
    squares = sums.pairs * sums.source_squares - sums.source**2
    if kind == "input" or not squares:
        return _Line(0.0, ratio)
    slope = (sums.pairs * sums.products - sums.source * sums.target) / squares
    held = min(max(slope, 0.0), ratio)
    return _Line(max(0.0, sums.target - held * sums.source) / sums.pairs, held)


# The target's own traffic


def ratio_from_own_traffic(evidence: Mapping[str, Evidence]) -> TokenRatio | None:
    """The ratio as if the target's mean in each segment held for the source's requests too.

    Segments with fewer than 20 requests of the target's own are taken to be like the others; None where those with
    enough hold less than half of the tokens to be moved. The 95 % interval is widened by a quarter, as the prompts are
    not the same.
    """
    moved = [each for each in evidence.values() if each.traffic.tokens > 0]
    known = [each for each in moved if each.own.requests >= LEAST_PAIRS and each.own.tokens]
    tokens = sum(each.traffic.tokens for each in known)
    if not known or 2 * tokens < sum(each.traffic.tokens for each in moved):
        return None
    predicted = variance = 0.0
    for each in known:
        requests, own = each.traffic.requests, each.own
        predicted += own.tokens / own.requests * requests
        variance += _variance(own) * (requests**2 / own.requests + requests)
    count = sum(each.own.requests for each in known)
    width = student(count - len(known)) * sqrt(variance) / predicted + _UNLIKE
    note = f"{count:,} requests of the target's own, not the same prompts"
    return _within(predicted / tokens, width, "own traffic", count, note)


def _variance(sums: Sums) -> float:
    return (sums.requests * sums.squares - sums.tokens**2) / (sums.requests * (sums.requests - 1))


# A table

_VENDORS: Final = (
    ("anthropic", re.compile(r"claude")),
    ("openai", re.compile(r"gpt-|codex|(^|/)o[134](-|$)")),
    ("google", re.compile(r"gemini")),
)
"""Makers that keep one tokenizer for long, by what their models are called anywhere."""

_OLD_CLAUDE: Final = re.compile(r"claude-(v?[12]|instant|[34])|-4(?!\d)(?![.-][7-9](?!\d))")
"""Claude with the tokenizer before that of Opus 4.7: as `claude-3-5-sonnet`, `claude-sonnet-4-20250514`."""

_SAME_VENDOR: Final = (1.0, 0.95, 1.05)
_NEW_CLAUDE: Final = (1.25, 1.0, 1.47)
"""Opus 4.7 against 4.6: `roughly 1.0 to 1.35x` says Anthropic's migration guide; up to 1.45 on OpenRouter's traffic,
and up to 1.47 by Anthropic's own token counter (claudecodecamp.com, April 2026)."""
_OTHER_VENDOR: Final = (1.0, 0.67, 1.5)
"""On RouterArena claude-3-haiku cuts the same prompts into 1.30 times as many tokens as gemini-2.0-flash."""
_VERBOSITY: Final = (1.0, 0.47, 2.12)
"""The output of two models for the same prompts differs by 29 % in the median, and by 112 % in one of ten cases; that
of a model that reasons and one that does not may differ by more."""


def ratio_from_table(source: str, target: str, kind: Kind) -> TokenRatio:
    """What is known in general: how tokenizers differ, and how much more or less models write."""
    if kind == "output":
        return _listed(_VERBOSITY, "nothing in the log says how much it would write")
    maker, other = _maker(source), _maker(target)
    if maker is None or maker != other:
        return _listed(_OTHER_VENDOR, "another tokenizer")
    if maker == "anthropic" and _is_old(source) != _is_old(target):
        estimate, low, high = _NEW_CLAUDE
        row = _NEW_CLAUDE if _is_old(source) else (1 / estimate, 1 / high, 1 / low)
        return _listed(row, "Anthropic has changed its tokenizer with Claude Opus 4.7")
    return _listed(_SAME_VENDOR, "the same maker's tokenizer")


def _maker(model: str) -> str | None:
    return next((maker for maker, pattern in _VENDORS if pattern.search(model.lower())), None)


def _is_old(model: str) -> bool:
    return bool(_OLD_CLAUDE.search(model.lower()))


def _listed(row: tuple[float, float, float], note: str) -> TokenRatio:
    estimate, low, high = row
    return TokenRatio(estimate=estimate, low=low, high=high, basis="table", count=0, note=note)


# Parts


def _within(estimate: float, width: float, basis: RatioBasis, count: int, note: str) -> TokenRatio:
    """A ratio with the same factor down and up, so that it stays positive."""
    low, high = estimate * exp(-width), estimate * exp(width)
    return TokenRatio(estimate=estimate, low=low, high=high, basis=basis, count=count, note=note)
