"""The ready-made policies, and the file that they are: a start for one's own."""

from functools import cache
from typing import Final

from costopt.calculators.routing.policy import STRATEGIES, Policy, Strategy
from costopt.calculators.routing.policy_file import nearest_word, read_policy
from costopt.errors import ConfigError

READY: Final = STRATEGIES
"""Their names, which are those of the strategies that they follow."""

ABOUT: Final[dict[Strategy, str]] = {
    "cost": "tier by complexity, the cheapest model of the tier",
    "quality-first": "the best known quality of all models; where none is known, the strongest tier",
    "balanced": "the least distance from the best in cost, quality and latency, by weights",
    "fastest": "the lowest known latency of all models",
    "task-type": "tier by the request type, the first model of the tier",
    "frontier-only": "the first model of the strongest tier: what the others are compared with",
    "cheapest": "the cheapest of all models",
}
"""What each does, in a line."""

_TEXT: Final = """\
# A routing policy: `costopt simulate --policy FILE` says what it would have cost and saved.
name = "{name}"

# How to choose where no rule says it:
{strategies}
strategy = "{name}"

# From weakest to strongest; in each tier the first model is preferred, the rest are its fallbacks.
# `tiers = "log"`, above all tables, makes them of the models that the log uses.
[tiers]
mini = ["openai/gpt-6-luna", "google/gemini-3.5-flash-lite", "anthropic/claude-haiku-5-5"]
standard = ["anthropic/claude-sonnet-5-5", "openai/gpt-6.1-terra", "google/gemini-3.8-flash"]
premium = ["anthropic/claude-opus-5-5", "openai/gpt-6-astra"]

# The tier of each complexity level.
[complexity]
simple = "mini"
medium = "standard"
complex = "premium"

# For `task-type`: by request type, the first that matches; `*` is any text.
[task_types]
"classif*" = "mini"
"extract*" = "mini"
"translat*" = "mini"
"summar*" = "mini"
"chat*" = "standard"
"*completion*" = "standard"
"analy*" = "standard"
"code*" = "premium"
"creative*" = "premium"
"*reason*" = "premium"
"*agent*" = "premium"

# For `balanced`; they sum to 1.
[weights]
cost = 0.4
quality = 0.4
latency = 0.2

# Ask the next stronger tier as well, and pay for both, where an answer's confidence is below the threshold.
[escalation]
enabled = true
threshold = 0.7

# The first rule that matches decides. It may ask for the request_type, complexity, tag, tenant and endpoint, and
# say a strategy, a tier or a model, and thresholds, which what is not known does not meet.
# [[rule]]
# name = "nightly jobs"
# when = {{ tag = ["nightly", "bulk-*"], complexity = "simple" }}
# tier = "mini"
# min_quality = 0.8
# max_latency_ms = 5000
# min_reliability = 0.99
"""


@cache
def ready_policy(name: str) -> Policy:
    """A ready-made policy.

    Raises:
        ConfigError: There is none of that name.
    """
    return read_policy(ready_text(name), name)


def ready_text(name: str) -> str:
    """A ready-made policy as a file, with what it may say in comments.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in READY:
        near = nearest_word(name, READY)
        known = f"there are {', '.join(READY)}; a file's name ends in .toml"
        raise ConfigError(f"No ready-made policy `{name}`", hint=f"did you mean `{near}`?" if near else known)
    strategies = "\n".join(f"#   {strategy:<13} {about}" for strategy, about in ABOUT.items())
    return _TEXT.format(name=name, strategies=strategies)
