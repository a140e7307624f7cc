"""How demanding a request is, from what is known before the call: simple, medium or complex.

The rule adds up points for the kind of request, its size, and what its prompt looks like; `RULE` is all of it.
Output tokens are never read: they are unknown when a request is routed, and a router tuned on them looks better in a
simulation than it can be.

A level is a guess, and no more: on some traffic "short means easy" is worse than chance. Whether it helps is measured on
the user's own labels (`costopt.calculators.routing.learning`), and a router that does not help is not used.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

import polars as pl

from costopt.models.schema import REQUESTS
from costopt.rollups.rollup import Key

LEVELS: Final = ("simple", "medium", "complex")
"""From the least to the most demanding."""

Source = Literal["request_type", "size", "prompt"]


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of the rule.

    Attributes:
        source: What it looks at: the request type, the input tokens of a single request, or the prompt.
        meaning: For people.
        points: Added if it applies.
        test: The least number of tokens, or the regular expression that is found in the text.
    """

    source: Source
    meaning: str
    points: int
    test: int | str


RULE: Final = (
    Sign("request_type", "embeds, moderates or ranks", -2, r"(?i)embed|moderat|rank"),
    Sign(
        "request_type",
        "labels, extracts, translates or completes",
        -1,
        r"(?i)classif|label|tag|extract|translat|sentiment|autocomplet|title|keyword|transcri|greet|faq|lookup",
    ),
    Sign(
        "request_type",
        "reasons, analyses, plans or writes code",
        1,
        r"(?i)reason|analy|plan|cod(?:e|ing)|agent|research|math|debug|design|creativ|proof",
    ),
    Sign("size", "150 tokens or more", 1, 150),
    Sign("size", "2,000 tokens or more", 1, 2000),
    Sign(
        "prompt",
        "code",
        1,
        r"(?i)```|#include|</\w+>|=>|;\n|(?-u:\b)(?:def \w+\(|class \w+[:({]|import \w+|python|javascript|typescript"
        r"|sql|regex|traceback|stack trace|refactor|debug|unit tests?|source code)(?-u:\b)",
    ),
    Sign(
        "prompt",
        "mathematics",
        1,
        r"(?i)\\(?:frac|sum|int|sqrt|boxed|begin)|\$[^$\n]{1,80}\$|[=<>≤≥] ?-?\d"
        r"|(?-u:\b)(?:theorem|integral|probability|equation|derivative|polynomial|matrix|calculate)(?-u:\b)",
    ),
    Sign(
        "prompt",
        "asks for reasoning",
        1,
        r"(?i)(?-u:\b)(?:step by step|analy[sz]e|compare|evaluate|justify|prove|derive|design|critique|implications"
        r"|trade-?offs?|optimi[sz]e|architecture|diagnose|strategy|explain why|reasoning)(?-u:\b)",
    ),
    Sign(
        "prompt",
        "opens with a question for a fact, or a plain order",
        -1,
        r"(?i)^\W*(?:hi|hello|thanks?|who|when|where|what(?:'s| is| are)|is|are|does|did|define|list|translate|spell"
        r"|classify|extract)(?-u:\b)",
    ),
    Sign(
        "prompt",
        "asks for a word, a letter or yes and no",
        -1,
        r"(?i)(?-u:\b)(?:yes or no|yes/no|true or false|one word|single word|only the letter|correct letter"
        r"|multiple choice)(?-u:\b)",
    ),
)
"""The whole rule. What is not known adds nothing, but for a size that is not known: see `UNKNOWN_SIZE`."""

MEDIUM_FROM: Final = 1
"""Points from which a request is medium; below, it is simple."""

COMPLEX_FROM: Final = 2
"""Points from which a request is complex."""

UNKNOWN_SIZE: Final = 1
"""The points of a size that is not known: as much as most requests have."""

CHARS_A_TOKEN: Final = 4
"""Where a log has characters and no tokens; the usual figure for English."""

HEAD: Final = 2000
"""Characters of the prompt that are searched."""

_MESSAGE: Final = 6000
"""Characters from the end of a chat in which its last message is looked for."""

_TEXT: Final = r'(?s)"(?:content|text)"\s*:\s*"'
"""How the text of a message begins."""

_ESCAPES: Final = ((r"\\", "\0"), (r"\n", "\n"), (r"\t", "\t"), (r"\"", '"'), ("\0", "\\"))
"""What JSON escapes in a text; an escaped backslash is set aside first, lest `\\\\neq` become a new line."""

_READS: Final = ("request_type", "input_tokens", "requests", "prompt_chars")


def complexity_key(*, with_prompt: bool) -> Key:
    """The level of every request, as a key named `complexity` to group by.

    It is one of `LEVELS`, or null where nothing at all is known of a request.

    Args:
        with_prompt: Whether to read prompts too, where the log has them; about 5 microseconds each.
    """
    reads = (*_READS, "prompt") if with_prompt else _READS
    without = ("prompt", _level(with_prompt=False)) if with_prompt else None
    return Key("complexity", _level(with_prompt=with_prompt), reads, without)


def complexity_of(text: str | None, input_tokens: int | None, request_type: str | None) -> str | None:
    """The level of one request, by the same expression as that of a log.

    Args:
        text: The prompt, or the JSON text of its chat messages.
        input_tokens: All of the input, cached tokens included.
        request_type: The kind of call.
    """
    level: str | None = _one(text, input_tokens, request_type, None).select(_level(with_prompt=True)).item()
    return level


def _one(
    text: str | None, input_tokens: int | None, request_type: str | None, prompt_chars: int | None
) -> pl.DataFrame:
    """One request, with the columns that the rule reads."""
    given = {
        "prompt": text,
        "input_tokens": input_tokens,
        "request_type": request_type,
        "prompt_chars": prompt_chars,
    }
    names = (*_READS, "prompt")
    return pl.DataFrame(
        {name: [given.get(name)] for name in names},
        schema={name: pl.String if name == "request_type" else REQUESTS[name] for name in names},
    )


class Guess(NamedTuple):
    """How the level of one request comes about.

    Attributes:
        level: One of `LEVELS`; None where nothing at all is known.
        points: Of all signs that apply, and of a size that is not known.
        signs: Those that apply.
    """

    level: str | None
    points: int
    signs: tuple[Sign, ...]


def explain_complexity(
    text: str | None, input_tokens: int | None, request_type: str | None, prompt_chars: int | None = None
) -> Guess:
    """The level of one request and the signs that make it, by the same expressions as that of a log.

    Args:
        text: As for `complexity_of`.
        input_tokens: As for `complexity_of`.
        request_type: As for `complexity_of`.
        prompt_chars: Length of the prompt; None is that of the text.
    """
    one = _one(text, input_tokens, request_type, prompt_chars)
    facts = _facts(pl.col("prompt"))
    found = one.select(
        _level(with_prompt=True).alias("level"),
        _unknown_size(facts.struct.field("size")).alias("unknown size"),
        facts.struct.with_fields(_points(sign).alias(sign.meaning) for sign in RULE).alias("facts"),
    ).row(0, named=True)
    signs = tuple(sign for sign in RULE if found["facts"][sign.meaning])
    return Guess(found["level"], found["unknown size"] + sum(sign.points for sign in signs), signs)


def asked(prompt: pl.Expr) -> pl.Expr:
    """What a prompt asks: the text of the last message where it is the JSON text of chat messages, else the prompt."""
    text = prompt.cast(pl.String)
    chat = pl.when(text.str.contains(r'^\s*[\[{]\s*[\[{"]')).then(text).str.tail(_MESSAGE)
    last = (
        chat.str.extract_all(_TEXT + r'(?:[^"\\]|\\.)*"')
        .list.last()
        .str.replace(_TEXT, "")
        .str.strip_suffix('"')
    )
    for escaped, plain in _ESCAPES:
        last = last.str.replace_all(escaped, plain, literal=True)
    return pl.coalesce(last, chat, text)


def _level(*, with_prompt: bool) -> pl.Expr:
    facts = _facts(pl.col("prompt").cast(pl.String) if with_prompt else pl.lit(None, dtype=pl.String))
    known = pl.any_horizontal(pl.field(name).is_not_null() for name in get_args(Source))
    signs = [sign for sign in RULE if with_prompt or sign.source != "prompt"]
    points = sum((_points(sign) for sign in signs), _unknown_size(pl.field("size")))
    scored = facts.struct.with_fields(points.alias("points"))
    place = sum(
        ((pl.field("points") >= least).cast(pl.UInt8) for least in (MEDIUM_FROM, COMPLEX_FROM)), pl.lit(0)
    )
    level = scored.struct.with_fields(pl.when(known).then(place).alias("level")).struct.field("level")
    return level.cat.to(pl.Enum(LEVELS))  # grouping by numbers takes half of the time


def _facts(prompt: pl.Expr) -> pl.Expr:
    """A struct holds what several signs look at, so that each is worked out once."""
    return pl.struct(
        pl.col("request_type").cast(pl.String).alias("request_type"),
        _tokens(prompt).alias("size"),
        asked(prompt).str.head(HEAD).alias("prompt"),
    )


def _unknown_size(size: pl.Expr) -> pl.Expr:
    return pl.when(size.is_null()).then(UNKNOWN_SIZE).otherwise(0)


def _tokens(prompt: pl.Expr) -> pl.Expr:
    """The input tokens of a single request; guessed from its characters where they are not known."""
    requests = pl.col("requests").cast(pl.Float64)
    one = pl.when(requests > 0).then(requests).otherwise(1.0)
    chars = pl.coalesce(pl.col("prompt_chars").cast(pl.Float64), prompt.str.len_chars().cast(pl.Float64))
    return pl.coalesce(pl.col("input_tokens").cast(pl.Float64) / one, chars / CHARS_A_TOKEN)


def _points(sign: Sign) -> pl.Expr:
    fact = pl.field(sign.source)
    found = fact >= sign.test if isinstance(sign.test, int) else fact.str.contains(sign.test)
    return pl.when(found).then(sign.points).otherwise(0)
