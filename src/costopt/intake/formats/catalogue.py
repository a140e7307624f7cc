"""All log formats, in the order in which a log is held against them."""

import difflib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from costopt.errors import ConfigError
from costopt.intake.formats import anthropic, openai
from costopt.intake.formats.bedrock import INVOCATIONS
from costopt.intake.formats.claude import TRANSCRIPT
from costopt.intake.formats.codex import ROLLOUT
from costopt.intake.formats.format import Format
from costopt.intake.formats.generic import GENERIC
from costopt.intake.formats.helicone import HELICONE
from costopt.intake.formats.langfuse import API, BLOB
from costopt.intake.formats.litellm import PAYLOAD, SPEND_LOGS
from costopt.intake.formats.openrouter import DAILY, GENERATIONS
from costopt.intake.formats.otlp import LOGS, TRACES
from costopt.intake.formats.phoenix import SPANS
from costopt.intake.formats.private import load_format
from costopt.intake.formats.responses import RESPONSES

GROUP: Final = "costopt.formats"
"""The entry-point group of formats that other packages bring along."""

FORMATS: Final[tuple[Format, ...]] = (
    TRACES,
    LOGS,
    SPANS,
    INVOCATIONS,
    API,
    BLOB,
    HELICONE,
    PAYLOAD,
    SPEND_LOGS,
    GENERATIONS,
    DAILY,
    openai.USAGE,
    openai.USAGE_CSV,
    openai.COSTS,
    openai.BATCH,
    anthropic.USAGE,
    anthropic.USAGE_CSV,
    anthropic.COSTS,
    anthropic.BATCH,
    ROLLOUT,
    TRANSCRIPT,
    RESPONSES,
    GENERIC,
)

MEANINGS: Final[dict[str, str]] = {
    "otlp-traces": "OpenTelemetry traces as JSON, with GenAI, OpenInference, OpenLLMetry or Vercel AI SDK attributes",
    "otlp-logs": "OpenTelemetry logs as JSON: Claude Code's `api_request` and `api_error` events",
    "phoenix": "spans of Arize Phoenix, and of OpenTelemetry's console exporter",
    "bedrock": "the invocation log of Amazon Bedrock",
    "langfuse": "Langfuse's API and the export of its pages: observations, and traces with theirs",
    "langfuse-blob": "Langfuse's export to a bucket: JSON lines, CSV or Parquet",
    "helicone": "Helicone's requests: JSON lines, and the CSV of its exporter",
    "litellm-payload": "the payload that LiteLLM's loggers write",
    "litellm": "the SpendLogs of LiteLLM's proxy, from its API or its database",
    "openrouter": "OpenRouter's activity, a line for each generation",
    "openrouter-activity": "OpenRouter's activity by day, from its API or as CSV",
    "openai-usage": "OpenAI's usage API",
    "openai-usage-csv": "the usage that OpenAI's console exports",
    "openai-costs": "OpenAI's cost report",
    "openai-batch": "the output of OpenAI's batches",
    "anthropic-usage": "Anthropic's usage API",
    "anthropic-usage-csv": "the tokens that Anthropic's console exports",
    "anthropic-costs": "Anthropic's cost report",
    "anthropic-batch": "the results of Anthropic's message batches; they have no time: `--set timestamp=2026-10-01`",
    "codex": "the sessions of the Codex CLI",
    "claude-code": "the sessions of Claude Code",
    "responses": "raw responses of providers, bare or in a recorder's envelope: OpenAI, Azure, Anthropic, Gemini and Vertex, Bedrock, Cohere, Mistral, Groq, DeepSeek, xAI, Together, Voyage and others",
    "generic": "any other log whose columns have [the names people give them](columns.md)",
}
"""One line of meaning for each format; the generated reference prints it."""


@cache
def installed() -> tuple[Format, ...]:
    """The formats that other packages bring along, in the entry-point group `costopt.formats`.

    Raises:
        ConfigError: if one of them cannot be loaded, or is no format.
    """
    return tuple(map(_loaded, sorted(entry_points(group=GROUP), key=lambda each: each.name)))


def _loaded(entry: EntryPoint) -> Format:
    try:
        found = entry.load()
    except Exception as error:
        raise ConfigError(
            f"The log format `{entry.name}` of `{entry.value}` cannot be loaded: {error}",
            hint="mend or remove the package that brings it",
        ) from error
    if not isinstance(found, Format):
        raise ConfigError(
            f"`{entry.value}`, the log format `{entry.name}`, is no `Format`",
            hint="see `costopt.intake.formats.format`",
        )
    return found


def all_formats() -> tuple[Format, ...]:
    """Every format, in the order in which a log is held against them; installed ones come first."""
    return (*installed(), *FORMATS)


def named(name: str) -> Format:
    """The format of that name, or of a TOML file.

    Raises:
        ConfigError: if there is none, or the file is not understood.
    """
    if name.endswith(".toml"):
        return load_format(Path(name))
    known: dict[str, Format] = {}
    for each in all_formats():
        known.setdefault(each.name, each)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}; or name a FILE.toml"
        raise ConfigError(f"There is no log format `{name}`", hint=hint)
    return known[name]
