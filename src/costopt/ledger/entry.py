"""One entry of the ledger: what it says, its key, and its line."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from costopt.models.money import EXACT
from costopt.models.result import Frozen
from costopt.models.schema import TOKENS

LARGEST_COUNT: Final = 10**18
"""A thousand times the largest count anyone has asked for, and a tenth of what 64 bits hold."""
LARGEST_USD: Final = Decimal(10**15)
"""With its pico-dollars it still has no more digits than arithmetic on decimals keeps."""

COUNTED: Final = (*TOKENS, "web_searches")
"""The counts by which an entry can be priced again; null where the recording did not know them."""

_PICO: Final = Decimal("1e-12")
_LAST_SECOND: Final = 253_402_300_799
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\x7f]')

Kind = Literal["count", "money", "text"]
"""Of a field: a whole number, a plain decimal number, or a text."""


class Column(NamedTuple):
    """A field of a line: its name, its kind, and whether lines may lack it."""

    name: str
    kind: Kind
    optional: bool = False


COLUMNS: Final = (
    Column("timestamp", "count"),
    Column("model", "text"),
    Column("tokens_used", "count"),
    Column("baseline_cost_usd", "money"),
    Column("actual_cost_usd", "money"),
    Column("savings_usd", "money"),
    Column("tenant", "text"),
    Column("adapter", "text"),
    Column("requests", "count"),
    Column("unpriced", "count"),
    Column("id", "text"),
    Column("period", "text"),
    Column("source", "text"),
    Column("baseline", "text"),
    *(Column(name, "count", optional=True) for name in COUNTED),
    Column("catalog", "text", optional=True),
    Column("inputs", "text", optional=True),
    Column("rejected", "count", optional=True),
    Column("corrects", "text", optional=True),
)
"""Every field of a line in its order, up to the seal."""

KEY: Final = ("period", "source", "tenant", "adapter", "model", "baseline")
"""The fields of which the ledger has one current entry for each combination."""

_CONTENT: Final = (
    "timestamp",
    "tokens_used",
    "baseline_cost_usd",
    "actual_cost_usd",
    "requests",
    "unpriced",
    *COUNTED,
)
"""What makes a recording of the same key another one. The rest is evidence of where the figures came from: a log
that has grown, or a catalog that knows another model, changes it for entries that stay the same."""


def _in_pico(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not 0 <= amount < LARGEST_USD:
        raise ValueError(f"is not between 0 and {LARGEST_USD:,} USD")
    if amount != amount.quantize(_PICO, context=EXACT):
        raise ValueError("has digits below a pico-dollar")
    return amount


def _unicode(text: str) -> str:
    text.encode()
    return text


Usd = Annotated[Decimal, AfterValidator(_in_pico)]
Count = Annotated[int, Field(ge=0, lt=LARGEST_COUNT, strict=True)]
Text = Annotated[str, AfterValidator(_unicode)]


class Entry(Frozen):
    """What some requests cost, and what they would have cost at the baseline.

    Attributes:
        timestamp: When, in Unix seconds: of the requests, not of the recording. It says the month.
        model: Which one answered.
        tokens_used: Input and output together.
        baseline_cost_usd: What the requests would have cost, in whole pico-dollars.
        actual_cost_usd: What they did cost, in whole pico-dollars.
        tenant: For whom; empty where nobody says.
        adapter: Through what; empty where nobody says.
        period: What the entry is about: a UTC day as `2026-10-01`, or the id of a request.
        source: Whose word it is: the name of a log, or of the program that told of the request.
        baseline: The model, or the name of the flat rate, that the baseline cost is of; empty where there is none, and
            then all requests are unpriced.
        requests: How many requests are in the costs.
        unpriced: How many more there were without a known cost or baseline; they are in no figure but this.
        catalog: The hash of the price catalog.
        inputs: The hash of the list of the input files' hashes.
        rejected: Lines of these inputs that were no requests: the same on all entries of one recording.
    """

    timestamp: Annotated[int, Field(ge=0, le=_LAST_SECOND, strict=True)]
    model: Text
    tokens_used: Count
    baseline_cost_usd: Usd
    actual_cost_usd: Usd
    tenant: Text
    adapter: Text
    period: Text
    source: Text
    baseline: Text
    requests: Count = 1
    unpriced: Count = 0
    input_tokens: Count | None = None
    cached_input_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    cache_write_1h_tokens: Count | None = None
    input_audio_tokens: Count | None = None
    cached_audio_tokens: Count | None = None
    input_image_tokens: Count | None = None
    cached_image_tokens: Count | None = None
    output_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    output_audio_tokens: Count | None = None
    output_image_tokens: Count | None = None
    web_searches: Count | None = None
    catalog: Text | None = None
    inputs: Text | None = None
    rejected: Count | None = None

    @model_validator(mode="after")
    def _within_its_day(self) -> Self:
        if is_day(self.period) and self.day != self.period:
            raise ValueError(f"has a time on {self.day}, not on {self.period}")
        return self

    @property
    def savings_usd(self) -> Decimal:
        """The baseline less the actual cost; negative where the baseline would have been cheaper."""
        return self.baseline_cost_usd - self.actual_cost_usd

    @property
    def day(self) -> str:
        """The UTC day, as `2026-10-01`."""
        return _day_of(self.timestamp)

    @property
    def month(self) -> str:
        """The UTC month, as `2026-10`."""
        return month_of(self.timestamp)


def is_day(period: str) -> bool:
    """Whether a period is a day, and not the id of a request."""
    return bool(_DAY.fullmatch(period))


def month_of(timestamp: int) -> str:
    """The UTC month of a time in Unix seconds, as `2026-10`."""
    return _day_of(timestamp)[:7]


def _day_of(timestamp: int) -> str:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC).date().isoformat()


def key_of(fields: Mapping[str, object]) -> str:
    """The key of an entry, as the first 32 hexadecimal digits of its SHA-256.

    So many that nobody who names requests can find two names with the same digits.
    """
    return hashlib.sha256(json.dumps([fields[name] for name in KEY]).encode()).hexdigest()[:32]


def content_of(fields: Mapping[str, object]) -> bytes:
    """The first 8 bytes of the SHA-256 of an entry's figures; costs are decimals, or texts as they are written."""
    values = map(fields.get, _CONTENT)
    texts = [plain(value) if isinstance(value, Decimal) else str(value) for value in values]
    return hashlib.sha256(" ".join(texts).encode()).digest()[:8]


def line_of(entry: Entry, identity: str, corrects: str | None = None) -> str:
    """The JSON object of an entry, without its seal and closing brace."""
    own = {"savings_usd": entry.savings_usd, "id": identity, "corrects": corrects}
    fields = {**entry.__dict__, **own}
    parts = [
        f'"{name}": {_WRITTEN[kind](value)}'
        for name, kind, _ in COLUMNS
        if (value := fields[name]) is not None
    ]
    return "{" + ", ".join(parts)


def plain(amount: Decimal) -> str:
    """A decimal number with all its digits, and no zeros at its end.

    >>> plain(Decimal("0.030")), plain(Decimal("1E+3")), plain(Decimal("-0.0"))
    ('0.03', '1000', '0')
    """
    if not amount:
        return "0"
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(4096)
def _quoted(text: str) -> str:
    r"""A JSON text in which quotes and backslashes are written as `\u0022` and `\u005c`.

    So every quote in a line is one of its own, and what stands between two of them can be found without parsing it.
    """
    return '"' + _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"'


_WRITTEN: Final[Mapping[Kind, Callable[[Any], str]]] = {"count": str, "money": plain, "text": _quoted}
