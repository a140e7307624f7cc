"""One request that is to be routed, as it is told: a prompt, or a JSON object with canonical columns."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from costopt.errors import ConfigError
from costopt.models.parts import EXCEEDED
from costopt.models.period import parse_moment
from costopt.models.result import Frozen
from costopt.models.schema import COUNTS, TOKENS
from costopt.pricing.entries import MODES

Json = Mapping[str, object]

MOST_TOKENS: Final = 10**12
"""A request that claims more is refused, as is a line of a log."""

_TEXTS: Final = ("request_id", "request_type", "tag", "tenant", "endpoint", "mode")
_SIZES: Final = ("context_tokens", "prompt_chars")
_LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""What an API calls the most output tokens that are asked for."""

KEYS: Final = ("prompt", "messages", "timestamp", *_TEXTS, *COUNTS, *_SIZES, *_LIMITS)
"""What is read of a JSON object; all else is ignored, and named."""

_EXAMPLE: Final = '`{"prompt": "...", "request_type": "chat", "output_tokens": 200}`'
_SHOWN: Final = 60


class Prompt(NamedTuple):
    """What is asked.

    Attributes:
        text: The prompt, or the JSON text of its messages, as a log would have it.
        chars: Characters of what the model reads.
        wide: Those of them that are not ASCII.
        unread: Parts of messages that are no text, such as images.
    """

    text: str
    chars: int
    wide: int
    unread: int = 0

    @property
    def sha256(self) -> str:
        """Of its UTF-8 bytes, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Request(Frozen):
    """A request before it is made; null is what it does not say.

    Attributes:
        request_id: Its own name.
        timestamp: When it is made, UTC; null is now.
        request_type: The kind of call.
        tag: The label that the application gives it.
        tenant: The customer it is made for.
        endpoint: The application's own route.
        mode: `standard`, `batch`, `flex` or `priority`; null is standard.
        prompt: What is asked.
        prompt_chars: Its length, if only that is known.
        counts: Of `COUNTS`, those that it says. `output_tokens` are those expected.
        context_tokens: The prompt size that decides the context tier, where it is not `input_tokens`.
        most_output: The most output tokens that it asks for.
        ignored: Keys that nothing reads.
    """

    request_id: str | None = None
    timestamp: dt.datetime | None = None
    request_type: str | None = None
    tag: str | None = None
    tenant: str | None = None
    endpoint: str | None = None
    mode: str | None = None
    prompt: Prompt | None = None
    prompt_chars: int | None = None
    counts: Mapping[str, int] = {}
    context_tokens: int | None = None
    most_output: int | None = None
    ignored: tuple[str, ...] = ()


def read_request(text: str) -> Request:
    """A JSON object is a request with `KEYS`; every other text is the prompt itself.

    A JSON list, and several objects one after the other, are refused: they are hardly meant as a prompt.

    Raises:
        ConfigError: There is nothing to route, more than one request, or a key has a value that is not understood.
    """
    value = _parsed(text)
    if isinstance(value, dict):
        return _request({_clean(key): inner for key, inner in value.items()})
    if isinstance(value, list):
        raise ConfigError(
            "a JSON list is not one request",
            hint='messages are written `{"messages": [...]}`, and a prompt that is a list `{"prompt": "[...]"}`',
        )
    prompt = _prompt(_clean(text))
    if prompt is None:
        raise _nothing("the prompt is empty")
    return Request(prompt=prompt)


def _parsed(text: str) -> object:
    """The JSON object or list that a text is; None if it is neither."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    lines = text.splitlines()
    if len(lines) > 1 and all(isinstance(_of_line(line), dict) for line in lines if line.strip()):
        raise ConfigError(
            "there is more than one request, one on each line",
            hint="`costopt route` decides on one; `costopt simulate` takes a log",
        )
    return None


def _of_line(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _nothing(what: str) -> ConfigError:
    return ConfigError(
        f"nothing to route: {what}", hint=f"give a prompt, or a JSON object such as {_EXAMPLE}"
    )


def _request(given: Json) -> Request:
    said = {key: value for key, value in given.items() if value is not None and value != ""}
    counts = {name: _count(said, name) for name in COUNTS if name in said}
    request = Request(
        **{name: _text(said, name) for name in _TEXTS if name in said},
        **{name: _count(said, name) for name in _SIZES if name in said},
        timestamp=_moment(said),
        prompt=_asked(said),
        counts=counts,
        most_output=min((_count(said, name, least=1) for name in _LIMITS if name in said), default=None),
        ignored=tuple(key for key in given if key not in KEYS),
    )
    _check(request)
    return request


def _check(request: Request) -> None:
    if not (request.prompt or request.prompt_chars or "input_tokens" in request.counts):
        raise _nothing("the request says neither what is asked nor how long it is")
    if request.mode is not None and request.mode not in MODES:
        raise ConfigError(
            f"the request's `mode` is {_shown(request.mode)}", hint=f"expected: one of {', '.join(MODES)}"
        )
    if request.counts.get("requests", 1) != 1:
        raise ConfigError(
            f"the request stands for {request.counts['requests']:,} requests",
            hint="`costopt route` decides on one; `costopt simulate` takes a log",
        )
    for whole in ("input_tokens", "output_tokens"):
        parts = [name for name in TOKENS if name in request.counts and whole_of(name) == whole]
        if parts and whole not in request.counts:
            raise ConfigError(
                f"the request's `{parts[0]}` is a part of `{whole}`, which it does not say",
                hint=f"add `{whole}`, which counts all of them",
            )
    counts = {**dict.fromkeys(COUNTS, 0), **request.counts}
    reason = next((reason for reason, _, exceeds in EXCEEDED if exceeds(counts)), None)
    if reason is not None:
        raise ConfigError(
            f"the request has {reason}", hint="`input_tokens` counts all input, `output_tokens` all output"
        )


def whole_of(name: str) -> str:
    """Of which count, `input_tokens` or `output_tokens`, a count of tokens is a part, or is that itself."""
    return "output_tokens" if "output" in name or "reasoning" in name else "input_tokens"


# Values


def _text(said: Json, key: str) -> str:
    value = said[key]
    if not isinstance(value, str):
        raise _unexpected(key, value, "a text")
    return _clean(value)


def _count(said: Json, key: str, least: int = 0) -> int:
    value = said[key]
    if type(value) is not int or not least <= value <= MOST_TOKENS:
        raise _unexpected(key, value, f"a whole number from {least} to {MOST_TOKENS:,}")
    return value


def _moment(said: Json) -> dt.datetime | None:
    value = said.get("timestamp")
    if value is None:
        return None
    if not isinstance(value, str):
        raise _unexpected("timestamp", value, "a time such as `2026-10-01T08:00`")
    return parse_moment(_clean(value), "UTC")


def _asked(said: Json) -> Prompt | None:
    if "prompt" in said and "messages" in said:
        raise ConfigError("the request has `prompt` and `messages`", hint="keep the one that is sent")
    if "messages" in said:
        return _chat(said["messages"])
    return _prompt(_text(said, "prompt")) if "prompt" in said else None


def _prompt(text: str) -> Prompt | None:
    return Prompt(text, len(text), _wide(text)) if text.strip() else None


def _chat(messages: object) -> Prompt | None:
    """Messages as the chat APIs take them: `content` is a text, or a list of parts, some of them with a `text`."""
    if not isinstance(messages, list) or not messages:
        raise _unexpected("messages", messages, 'a list such as `[{"role": "user", "content": "..."}]`')
    parts = [part for number, message in enumerate(messages, 1) for part in _parts(message, number)]
    texts = [_clean(part) for part in parts if part is not None]
    unread = len(parts) - len(texts)
    if not (unread or any(text.strip() for text in texts)):
        return None
    whole = json.dumps(messages, ensure_ascii=False, separators=(",", ":"))
    return Prompt(_clean(whole), sum(map(len, texts)), sum(map(_wide, texts)), unread)


def _parts(message: object, number: int) -> Iterator[str | None]:
    """The texts of a message; None for a part that is none."""
    content = message.get("content", "") if isinstance(message, dict) else message
    if isinstance(message, dict) and (content is None or isinstance(content, str)):
        yield content or ""
    elif isinstance(message, dict) and isinstance(content, list):
        for part in content:
            text = part.get("text") if isinstance(part, dict) else part
            yield text if isinstance(text, str) else None
    else:
        raise _unexpected(
            f"messages[{number - 1}]", content, "an object whose `content` is a text or a list of parts"
        )


def _wide(text: str) -> int:
    return 0 if text.isascii() else sum(char > "\x7f" for char in text)


def _clean(text: str) -> str:
    """With `?` for halves of characters, which JSON can write and no text can hold."""
    return text.encode(errors="replace").decode()


def _unexpected(key: str, value: object, expected: str) -> ConfigError:
    return ConfigError(f"the request's `{key}` is {_shown(value)}", hint=f"expected: {expected}")


def _shown(value: object) -> str:
    """A JSON value in a message: a short one as it is written, else its kind."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list" if value else "an empty list"
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}`"
