"""All log formats, in the order in which a log is held against them."""

from typing import Final

from costopt.errors import ConfigError
from costopt.intake.formats.bedrock import INVOCATIONS
from costopt.intake.formats.claude import TRANSCRIPT
from costopt.intake.formats.codex import ROLLOUT
from costopt.intake.formats.format import Format
from costopt.intake.formats.generic import GENERIC
from costopt.intake.formats.litellm import PAYLOAD, SPEND_LOGS
from costopt.intake.formats.otlp import LOGS, TRACES
from costopt.intake.formats.phoenix import SPANS

FORMATS: Final[tuple[Format, ...]] = (
    TRACES,
    LOGS,
    SPANS,
    INVOCATIONS,
    PAYLOAD,
    SPEND_LOGS,
    ROLLOUT,
    TRANSCRIPT,
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
