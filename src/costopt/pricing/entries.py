"""What a price catalog holds, once it has been read and checked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

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
    "input_audio",
    "cached_audio",
    "input_image",
    "cached_image",
    "output",
    "reasoning",
    "output_audio",
    "output_image",
    "request",
    "web_search",
)

WRITTEN_OUT = (
    "cached_input",
    "cache_write_5m",
    "cache_write_1h",
    "input_audio",
    "cached_audio",
    "input_image",
    "cached_image",
    "output_audio",
    "output_image",
)
"""Rates that a mode has to name itself where the standard mode does: providers differ, so none is derived."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Whole pico-dollars (1e-12 USD) per token, per request, or per web search; None is unknown, not free."""

    input: int | None = None
    cached_input: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    input_audio: int | None = None
    cached_audio: int | None = None
    input_image: int | None = None
    cached_image: int | None = None
    output: int | None = None
    reasoning: int | None = None
    output_audio: int | None = None
    output_image: int | None = None
    request: int | None = None
    web_search: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """Complete rates for a whole request whose prompt has more than `above` tokens.

    A threshold that is inclusive in a file (`from`) is one token less here.
    """

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
        ends: First UTC day on which it holds no more, or None for "never"; files do not say it, contracts do.
        verified: The day somebody last compared it with the provider's page, or None: the day of its file.
        sources: By mode, where its rates came from, if not from where the model did.
        basis: What the rates are made from, where the file does not write them out: a contract, a currency, hours.
        listed: The first day as its file says it, where a rate of exchange moved it; else None.
    """

    starts: dt.date | None
    hours_utc: tuple[tuple[int, int], ...]
    weekdays: frozenset[int]
    modes: Mapping[str, ModePrice]
    ends: dt.date | None = None
    verified: dt.date | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    basis: tuple[str, ...] = ()
    listed: dt.date | None = None


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
    """One provider's model and its price history.

    Attributes:
        provider: Whose it is.
        id: Its name in the catalog.
        match: Other names it goes by; None where the file does not say.
        prices: Its rows, in the order in which the last that holds applies.
        source: Where they came from; empty: where their file did.
        tokenizer: What counts its tokens, such as `o200k_base`; empty is unknown.
        extend: The rows are added to those of a layer below, instead of replacing them.
        synced: A fingerprint of the entry as `costopt pricing sync` wrote it; empty if a person did.
        layer: Which of `Catalog.layers` its prices are from.
        lender: The provider whose price list this is, if it is not the model's own.
    """

    provider: str
    id: str
    match: Match
    prices: tuple[PriceRow, ...]
    source: str = ""
    tokenizer: str = ""
    extend: bool = False
    synced: str = ""
    layer: int = 0
    lender: str = ""

    @property
    def name(self) -> str:
        """`provider/id`."""
        return f"{self.provider}/{self.id}"


@dataclass(frozen=True, slots=True)
class Provider:
    """How logs spell a provider, and where else its models may be priced.

    Attributes:
        id: The name that models refer to.
        names: Other spellings.
        strip: Prefixes of raw model names that carry no meaning here, such as `openai/`.
        fallback: Providers whose standard prices hold for models that this one does not list.
        infer: Model names that are this provider's when the log names none.
        gateway: It resells at the vendor's standard price, so `vendor/model` may be priced as the vendor's.
    """

    id: str
    names: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    infer: Match = field(default_factory=Match)
    gateway: bool = False


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A contract's terms: what is paid instead of the listed rates.

    Attributes:
        provider: A glob over providers' ids.
        model: A glob over models' ids.
        modes: The modes it holds for.
        starts: First UTC day, or None for "always".
        ends: First UTC day after it, or None for "never".
        multiply: What every rate is multiplied by, or None.
        rates: By mode, the rates that take the place of the listed ones, for prompts of every size.
        place: Where it stands, in words.
        number: Which of its file's it is, from 0; where rates of exchange cut one into several, they share it.
    """

    provider: str
    model: str
    modes: frozenset[str]
    starts: dt.date | None
    ends: dt.date | None
    multiply: Decimal | None
    rates: Mapping[str, Mapping[str, int]]
    place: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that only the user's logs know.

    Attributes:
        provider: As the log spells it; empty is any.
        raw: The name in the log, in lower case.
        model: `provider/model` of the catalog.
    """

    provider: str
    raw: str
    model: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One catalog file; all rates in US dollars.

    Attributes:
        path: The file.
        digest: SHA-256 of its bytes, in hex.
        date: The day its prices were last brought up to date.
        source: Where they came from.
        currency: What it is written in.
        standalone: Layers below it do not count.
        providers: In file order.
        models: In file order.
        adjustments: In file order.
        aliases: In file order.
    """

    path: str
    digest: str
    date: dt.date | None = None
    source: str = ""
    currency: str = "USD"
    standalone: bool = False
    providers: tuple[Provider, ...] = ()
    models: tuple[Model, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All layers made one; equal only to itself, so that it can key a cache.

    Attributes:
        providers: By id; those of upper layers first.
        models: As listed, without contracts; those that only upper layers have come first.
        adjustments: In the order in which they apply: from the lowest layer up.
        aliases: Those of upper layers first.
        layers: From the lowest up.
        digest: Stands for the bytes of all layers: the file's SHA-256 in hex, or one of the layers' digests.
    """

    providers: Mapping[str, Provider]
    models: tuple[Model, ...]
    adjustments: tuple[Adjustment, ...]
    aliases: tuple[Alias, ...]
    layers: tuple[Layer, ...]
    digest: str
