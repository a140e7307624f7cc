"""What a price catalog holds, once it has been read and checked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_PRICES = 1000
"""Price rows a model can have; `costopt.pricing.rates` has room for 1024."""

MAX_TIERS = 15
"""Context tiers a price can have in each mode; `costopt.pricing.rates` has room for 63 of all modes together."""

MODES = ("standard", "batch", "flex", "priority")
RATE_FIELDS = (
    "input",
    "cached_input",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "request",
    "web_search",
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Whole pico-dollars (1e-12 USD) per token, per request, or per web search; None is unknown, not free."""

    input: int | None = None
    cached_input: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    output: int | None = None
    reasoning: int | None = None
    request: int | None = None
    web_search: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """Complete rates for a whole request whose prompt has more than `above` tokens."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class ModePrice:
    """The rates of one mode: the base, and the tiers in ascending order."""

    rates: Rates
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceRow:
    """Prices and when they hold; of a model's rows, the last whose conditions all hold applies.

    Attributes:
        starts: First UTC day, or None for "always".
        hours_utc: Windows as minutes of the day, end excluded; one may wrap midnight. Empty is all day.
        weekdays: ISO weekdays (1 is Monday) in UTC. Empty is every day.
        modes: By name from `MODES`; a mode without any rate is absent.
    """

    starts: dt.date | None
    hours_utc: tuple[tuple[int, int], ...]
    weekdays: frozenset[int]
    modes: Mapping[str, ModePrice]


@dataclass(frozen=True, slots=True)
class Match:
    """Names a model or provider goes by: lower case, except the regular expressions."""

    exact: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One provider's model and its price history."""

    provider: str
    id: str
    match: Match
    prices: tuple[PriceRow, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """How logs spell a provider, and where else its models may be priced.

    Attributes:
        id: The name that models refer to.
        names: Other spellings.
        strip: Prefixes of raw model names that carry no meaning here, such as `openai/`.
        fallback: Providers whose prices hold for models that this one does not list.
        infer: Model names that are this provider's when the log names none.
        gateway: It resells at the vendor's own price, so `vendor/model` may be priced as the vendor's.
    """

    id: str
    names: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    infer: Match = field(default_factory=Match)
    gateway: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """A whole catalog; equal only to itself, so that it can key a cache.

    Attributes:
        providers: By id, in file order.
        models: In file order; other modules refer to a model by its index here.
        digest: SHA-256 of the file's bytes, in hex.
        date: The day the prices were last brought up to date.
        source: Where they came from.
        path: The file.
    """

    providers: Mapping[str, Provider]
    models: tuple[Model, ...]
    digest: str
    date: dt.date | None
    source: str
    path: str
