"""Write the sample log: three invented weeks of five providers, with a story in them.

`python sample_data/generate.py [OUT]` writes `requests.jsonl` beside this file, or OUT. The same bytes come out
on every machine: only `random()` and correctly rounded arithmetic are used, and money is counted in integers.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

SEED = 20261001
START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 21
SPIKE_START = datetime(2026, 10, 15, 10, tzinfo=UTC)
SPIKE_HOURS = 16
SELF_HOSTED_START = datetime(2026, 10, 19, 13, tzinfo=UTC)
DUPLICATES = 3

ERROR_SHARE = 0.015
CUT_OFF_SHARE = 0.2  # of the errors: these failed halfway, and are billed for what they did
NO_COST_SHARE = 0.04
JUDGED_SHARE = 0.5
LOGGED_PERCENT = {"claude-sonnet-4-5": 102}  # the gateway's own price for it is 2 % out

ZIPF = {"acme": 12, "globex": 6, "initech": 4, "umbrella": 3}
USERS = {"acme": 24, "globex": 12, "initech": 8, "umbrella": 6}

OFFICE = (2, 1, 1, 1, 1, 2, 4, 8, 13, 17, 18, 17, 15, 17, 18, 17, 15, 12, 9, 7, 6, 5, 4, 3)
FLAT = (1,) * 24
AT_TWO = (0, 0, 1, *(0,) * 21)
WORKDAYS = (1.0, 1.05, 1.05, 1.0, 0.95, 0.4, 0.35)  # from Monday
EVERY_DAY = (1.0,) * 7


@dataclass(frozen=True)
class Price:
    """Pico-dollars a token: 1,000,000 of them are one dollar per million tokens."""

    fresh: int
    cached: int
    output: int


@dataclass(frozen=True)
class Model:
    """Who serves a model, at what list price (batch: where the log has any), and how fast in milliseconds."""

    provider: str
    price: Price | None
    batch: Price | None
    first_token: int
    each_token: float
    reasoning: float = 0.0


MODELS = {
    "gpt-5.5": Model(
        "openai",
        price=Price(5_000_000, 500_000, 30_000_000),
        batch=None,
        first_token=900,
        each_token=14,
        reasoning=0.4,
    ),
    "gpt-4o-mini": Model(
        "openai",
        price=Price(150_000, 75_000, 600_000),
        batch=Price(75_000, 37_500, 300_000),
        first_token=380,
        each_token=9,
    ),
    "claude-opus-4-8": Model(
        "anthropic",
        price=Price(5_000_000, 500_000, 25_000_000),
        batch=None,
        first_token=1_100,
        each_token=18,
    ),
    "claude-sonnet-4-5": Model(
        "anthropic",
        price=Price(3_000_000, 300_000, 15_000_000),
        batch=Price(1_500_000, 150_000, 7_500_000),
        first_token=750,
        each_token=13,
    ),
    "gemini-2.5-flash": Model(
        "google",
        price=Price(300_000, 30_000, 2_500_000),
        batch=None,
        first_token=320,
        each_token=5,
        reasoning=0.2,
    ),
    "llama-3.1-8b-instant": Model(
        "groq", price=Price(50_000, 50_000, 80_000), batch=None, first_token=90, each_token=1.5
    ),
    "mistral-large-2512": Model(
        "mistral", price=Price(500_000, 50_000, 1_500_000), batch=None, first_token=450, each_token=11
    ),
    "acme-tuned-70b": Model("groq", price=None, batch=None, first_token=260, each_token=8),
}


@dataclass(frozen=True)
class Workload:
    """One kind of request: how many a day, how big, from whom, and how good the answers are."""

    model: str
    endpoint: str
    tag: str | None
    per_day: float
    tokens: tuple[int, int]  # typical input and output
    quality: float
    cached: float = 0.0
    tenants: Mapping[str, int] | None = None
    hours: tuple[int, ...] = OFFICE
    weekdays: tuple[float, ...] = WORKDAYS
    mode: str = "standard"
    user: str | None = None


STRESS_PER_DAY = 30
GLOBEX = {"globex": 1}
INITECH = {"initech": 1}
WORKLOADS = (
    Workload("gpt-5.5", "/chat", "chat", 58, (9_500, 760), 0.93, cached=0.25),
    Workload("gpt-4o-mini", "/chat", "chat", 42, (3_000, 320), 0.84, cached=0.1),
    Workload("claude-sonnet-4-5", "/chat", "chat", 48, (14_000, 850), 0.91, cached=0.2),
    Workload("mistral-large-2512", "/chat", None, 20, (4_000, 420), 0.86),
    Workload("claude-sonnet-4-5", "/summarize", None, 36, (42_000, 900), 0.92, cached=0.75),
    Workload("claude-opus-4-8", "/summarize", None, 20, (42_000, 900), 0.95, cached=0.75),
    Workload("mistral-large-2512", "/summarize", "bulk", 12, (14_000, 500), 0.85),
    Workload("gemini-2.5-flash", "/summarize", "bulk", 14, (18_000, 600), 0.87, cached=0.1),
    # Short questions: globex asks the premium model what the small one answers as well.
    Workload("claude-opus-4-8", "/qa", "search", 62, (2_600, 170), 0.93, tenants=GLOBEX),
    Workload("gemini-2.5-flash", "/qa", "search", 50, (2_600, 170), 0.915),
    Workload("llama-3.1-8b-instant", "/qa", None, 26, (1_400, 90), 0.74),
    Workload("gpt-4o-mini", "/qa", "eval", 7, (2_200, 200), 0.82, hours=FLAT, mode="batch"),
    Workload("claude-sonnet-4-5", "/qa", "eval", 4, (3_000, 260), 0.9, hours=FLAT, mode="batch"),
    Workload("gpt-5.5", "/stress", "bulk", STRESS_PER_DAY, (3_600, 420), 0.9, hours=FLAT, weekdays=EVERY_DAY),
    # Nobody waits for these at two in the morning, yet they pay the standard price.
    Workload(
        "gpt-5.5",
        "/summarize",
        "nightly",
        11,
        (38_000, 1_300),
        0.93,
        cached=0.1,
        hours=AT_TWO,
        weekdays=EVERY_DAY,
        user="svc-nightly",
    ),
    Workload(
        "claude-opus-4-8",
        "/summarize",
        "nightly",
        10,
        (38_000, 1_300),
        0.95,
        cached=0.1,
        hours=AT_TWO,
        weekdays=EVERY_DAY,
        user="svc-nightly",
    ),
)
SPIKE = Workload("gpt-5.5", "/stress", "bulk", 0, (44_000, 1_800), 0.9, tenants=INITECH, user="svc-load-test")
SELF_HOSTED = Workload("acme-tuned-70b", "/chat", None, 0, (2_500, 300), 0.88, tenants={"acme": 1})
SELF_HOSTED_REQUESTS = 12

Row = dict[str, str | int | float | Decimal]


def spread(rng: Random, typical: float) -> int:
    """Draw a positive whole number around `typical`, skewed to the right."""
    return max(1, round(typical * rng.triangular(0.5, 1.5, 0.9) * rng.triangular(0.6, 1.7, 0.8)))


def moments(rng: Random, workload: Workload) -> Iterator[datetime]:
    """Say when the requests of a workload came, day after day."""
    for day in range(DAYS):
        midnight = START + timedelta(days=day)
        expected = workload.per_day * workload.weekdays[midnight.weekday()]
        for hour in rng.choices(range(24), workload.hours, k=round(expected * rng.triangular(0.88, 1.12, 1))):
            yield midnight + timedelta(hours=hour, milliseconds=rng.randrange(3_600_000))


def within(rng: Random, start: datetime, hours: int, count: int) -> Iterator[datetime]:
    """Strew `count` moments evenly over some hours."""
    for _ in range(count):
        yield start + timedelta(milliseconds=rng.randrange(hours * 3_600_000))


def arrivals(rng: Random) -> list[tuple[datetime, Workload]]:
    """List every request in order of time: the rhythm, the spike, and the self-hosted trial."""
    found = [(moment, workload) for workload in WORKLOADS for moment in moments(rng, workload)]
    extra = 3 * STRESS_PER_DAY * SPIKE_HOURS // 24  # on top of the usual: four times in all
    found += [(moment, SPIKE) for moment in within(rng, SPIKE_START, SPIKE_HOURS, extra)]
    trial = within(rng, SELF_HOSTED_START, 24, SELF_HOSTED_REQUESTS)
    found += [(moment, SELF_HOSTED) for moment in trial]
    return sorted(found, key=lambda arrival: arrival[0])


def usage(rng: Random, workload: Workload) -> Row:
    """Draw the tokens: input includes cached, output includes reasoning."""
    fresh, answer = workload.tokens
    tokens = spread(rng, fresh)
    row: Row = {
        "input_tokens": tokens,
        "cached_input_tokens": round(tokens * workload.cached * rng.triangular(0.7, 1.25, 1)),
        "output_tokens": spread(rng, answer),
    }
    reasoning = MODELS[workload.model].reasoning
    if reasoning:
        row["reasoning_tokens"] = round(int(row["output_tokens"]) * reasoning * rng.random())
    return row


def cost(tokens: Row, workload: Workload) -> Decimal | None:
    """Price a request as the gateway logged it, in USD to the last digit; None without a price."""
    model = MODELS[workload.model]
    price = model.batch if workload.mode == "batch" else model.price
    if price is None:
        return None
    cached = int(tokens["cached_input_tokens"])
    pico = (int(tokens["input_tokens"]) - cached) * price.fresh + cached * price.cached
    pico += int(tokens["output_tokens"]) * price.output
    return Decimal(pico * LOGGED_PERCENT.get(workload.model, 100)).scaleb(-14).normalize()


def timing(rng: Random, workload: Workload, output: int) -> Row:
    """Draw latencies in milliseconds; a batch request has none, an empty answer no first token."""
    if workload.mode == "batch":
        return {}
    model = MODELS[workload.model]
    first = spread(rng, model.first_token)
    latency = first + round(output * model.each_token * rng.triangular(0.7, 1.6, 0.9))
    row: Row = {"latency_ms": latency}
    if output:
        row["ttft_ms"] = first
    return row


def outcome(rng: Random, workload: Workload) -> Row:
    """Draw what happened to a request: tokens, cost, time, status and judged quality."""
    failed = workload is not SELF_HOSTED and rng.random() < ERROR_SHARE
    tokens = usage(rng, workload)
    if failed and rng.random() >= CUT_OFF_SHARE:
        tokens = dict.fromkeys(tokens, 0)
    amount = cost(tokens, workload)
    logged: Row = {} if amount is None or rng.random() < NO_COST_SHARE else {"cost_usd": amount}
    took = timing(rng, workload, int(tokens["output_tokens"]))
    row = tokens | logged | took | {"status": "error" if failed else "ok", "mode": workload.mode}
    if not failed and rng.random() < JUDGED_SHARE:
        row["quality"] = min(1.0, round(workload.quality + rng.triangular(-0.12, 0.1, 0.02), 2))
    return row


def request(rng: Random, number: int, moment: datetime, workload: Workload) -> Row:
    """Draw one log line; what does not apply to a request is left out."""
    tenants = workload.tenants or ZIPF
    tenant = rng.choices(list(tenants), list(tenants.values()))[0]
    user = workload.user or f"{tenant}-{1 + int(USERS[tenant] * rng.random() * rng.random()):02d}"
    row: Row = {
        "request_id": f"req-{number:05d}",
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "provider": MODELS[workload.model].provider,
        "model": workload.model,
        "endpoint": workload.endpoint,
    }
    if workload.tag:
        row["tag"] = workload.tag
    return row | {"tenant": tenant, "user": user} | outcome(rng, workload)


def encode(row: Row) -> str:
    """Write a row as compact JSON, money as a plain decimal number."""
    fields = (
        f"{json.dumps(key)}:{format(value, 'f') if isinstance(value, Decimal) else json.dumps(value)}"
        for key, value in row.items()
    )
    return "{" + ",".join(fields) + "}\n"


def generate(seed: int = SEED) -> str:
    """Return the whole log, sorted by time, with a few lines delivered twice."""
    rng = Random(seed)  # noqa: S311 -- a story, not a secret
    lines = [
        encode(request(rng, number, moment, workload))
        for number, (moment, workload) in enumerate(arrivals(rng), start=1)
    ]
    for twice in rng.sample(range(len(lines)), DUPLICATES):
        lines[twice] += lines[twice]
    return "".join(lines)


def main() -> None:
    """Write the log to the path given, or beside this file."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("requests.jsonl")
    out.write_bytes(generate().encode())
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
