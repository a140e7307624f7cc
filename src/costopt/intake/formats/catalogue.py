"""All log formats, in the order in which a log is held against them."""

from typing import Final

from costopt.errors import ConfigError
from costopt.intake.formats import anthropic, openai
from costopt.intake.formats.format import Format
from costopt.intake.formats.generic import GENERIC
from costopt.intake.formats.litellm import PAYLOAD, SPEND_LOGS
from costopt.intake.formats.otlp import TRACES
from costopt.intake.formats.responses import RESPONSES

FORMATS: Final[tuple[Format, ...]] = (
    TRACES,
    PAYLOAD,
    SPEND_LOGS,
    openai.USAGE,
    openai.USAGE_CSV,
    openai.COSTS,
    openai.BATCH,
    anthropic.USAGE,
    anthropic.USAGE_CSV,
    anthropic.COSTS,
    anthropic.BATCH,
    RESPONSES,
    GENERIC,
)


def named(name: str) -> Format:
    """The format of that name.

    Raises:
        ConfigError: if there is none.
    """
    known = {each.name: each for each in FORMATS}
    if name not in known:
        raise ConfigError(f"There is no log format `{name}`", hint=f"there are {', '.join(known)}")
    return known[name]
