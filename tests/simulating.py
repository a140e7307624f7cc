"""Logs and policies for the router simulation's command, of the models that the small catalog of `tests/cli` has."""

from collections.abc import Iterable, Mapping

LARGE, SMALL, GRAND = "openai/gpt-large", "openai/gpt-small", "anthropic/claude-grand"
KINDS = ("classify", "chat", "analyze")
"""By the rule for complexity, requests of 150 tokens or more of these types are simple, medium and complex."""

ROUTER = f"""\
name = "ours"

[tiers]
mini = ["{SMALL}"]
standard = ["{LARGE}"]
premium = ["{GRAND}"]
"""
PLAIN = f"""\
name = "all small"
strategy = "cheapest"

[tiers]
mini = ["{SMALL}"]

[escalation]
enabled = false
"""
OF_THE_LOG = 'name = "of the log"\ntiers = "log"\n'


def csv(rows: Iterable[Mapping[str, object]]) -> str:
    """A log of requests; each has an id of its own and comes an hour after the one before."""
    lines: list[str] = []
    for number, row in enumerate(rows):
        day, hour = divmod(number, 24)
        own = {
            "request_id": f"r{number}",
            "timestamp": f"2026-{10 + day // 28}-{1 + day % 28:02}T{hour:02}:00:00Z",
            "input_tokens": 400,
            "output_tokens": 100,
            **row,
        }
        lines += [",".join(own)] if not lines else []
        lines.append(",".join(str(value) for value in own.values()))
    return "\n".join(lines)


def scored(count: int = 360) -> str:
    """Three models that served as many requests of each kind; the dearer, the better: 0.75, 0.85 and 0.95 on average."""
    models = (("gpt-small", 0.75), ("gpt-large", 0.85), ("claude-grand", 0.95))
    return csv(
        {
            "model": models[number % 3][0],
            "request_type": KINDS[number // 3 % 3],
            "quality": round(models[number % 3][1] + (number % 5 - 2) / 50, 2),
            "latency_ms": 300 * (1 + number % 3) + number % 7,
            "status": "error" if number % 40 == 0 else "ok",
            "tenant": ("acme", "globex")[number // 9 % 2],
        }
        for number in range(count)
    )


def served_by(*models: str, count: int = 12, **more: object) -> str:
    """Requests by these models in turn, as many of each kind."""
    return csv(
        {"model": models[number % len(models)], "request_type": KINDS[number // len(models) % 3], **more}
        for number in range(count)
    )
