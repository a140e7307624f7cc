"""Recorded responses of all providers, read as they are, against counts made with each provider's rule alone.

The rule is chosen by who was asked (host and path), which costopt does not need to know: it tells a usage object by
its structure.
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from costopt.intake.formats.format import Wishes
from costopt.intake.partitions import partitions
from costopt.intake.reading import Reader
from costopt.intake.sources import Source
from costopt.models.schema import REQUESTS, TOKENS

COUNTED: Final = (*TOKENS, "web_searches")
NO_TIME: Final = "2026-01-01T00:00:00+00:00"
"""Given to the recordings that have none."""

_MEDIA: Final = {"audio": ("AUDIO", 4), "image": ("IMAGE", 2)}

Counts = dict[str, int | None]


def main() -> None:
    """Compares every recording, and every usage body of the price set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder that holds raw_responses/ and genai_prices/"
    )
    folder = parser.parse_args().data
    recorded = folder / "raw_responses" / "provider_responses.jsonl.gz"
    bodies = folder / "genai_prices" / "usages_even.json.gz"
    for path in (recorded, bodies):
        if not path.is_file():
            sys.exit(f"{path} is not there")
    differences = _compare(recorded) + _compare_bodies(bodies)
    sys.exit(1 if differences else 0)


def _compare(path: Path) -> int:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    differences = _differences(path, [_expected(record) for record in records])
    usages = [record for record in records if _usage(record) is not None]
    queries = sum(map(_is_query, usages))
    unsaid = sum(_expected(record) is None for record in usages) - queries
    print(
        f"{path.name}: {len(records)} recordings; {len(usages)} usages, of which {queries} is of a vector database "
        f"and {unsaid} do not say the output; {len(records) - len(usages)} errors; {differences} different"
    )
    return differences


def _compare_bodies(path: Path) -> int:
    """The bodies as a recorder would have them, in one file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        bodies = json.load(file)
    expected, lines, alike = [], [], 0
    for number, each in enumerate(bodies):
        record = {
            "ts": NO_TIME,
            "request_id": f"body-{number}",
            "request_model": "unnamed",
            "body": each["body"],
        }
        lines.append(json.dumps(record))
        counts = _counts_of_body(each["body"])
        expected.append(_request(counts, "ok", each["body"].get("model") or each["body"].get("modelVersion")))
        alike += any(_peer(peer["usage"]) == _for_peer(counts) for peer in each["extracted"])
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "bodies.jsonl")
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        differences = _differences(log, expected)
    print(
        f"{path.name}: {len(bodies)} usage bodies; {differences} different; "
        f"{alike} as genai-prices counts them for one of its providers"
    )
    return differences


# What is read


def _differences(path: Path, expected: Sequence[Mapping[str, Any] | None]) -> int:
    """How many lines differ from what is expected; None where one is no request, or must be rejected."""
    reader = Reader(Wishes(constants={"timestamp": NO_TIME}), tuple(REQUESTS))
    read = [reader.read(partition) for partition in partitions(Source(str(path)))]
    rows = [row for each in read if each.frame is not None for row in each.frame.iter_rows(named=True)]
    rejected = {(reject.line or 0) - 1: reject.reason for each in read for reject in each.rejects}
    wrongly = {line: reason for line, reason in rejected.items() if expected[line] is not None}
    for line, reason in wrongly.items():
        print(f"{path.name}:{line + 1}: rejected ({reason}) where {expected[line]} is expected")
    wanted = [each for line, each in enumerate(expected) if each is not None and line not in rejected]
    if len(rows) != len(wanted):
        sys.exit(f"{path.name}: {len(rows)} requests where {len(wanted)} are expected")
    differences = len(wrongly)
    for row, want in zip(rows, wanted, strict=True):
        found = {name: row.get(name) for name in want}
        if found != want:
            differences += 1
            print(f"{path.name}: {found} where {want} is expected")
    return differences


# What is expected of a recording


def _expected(record: Mapping[str, Any]) -> dict[str, Any] | None:
    if _is_query(record):
        return None
    model = record.get("response_model") or record["request_model"] or _model_in(record["path"])
    counts = dict.fromkeys(COUNTED) if _usage(record) is None else _counts(record)
    status = "error" if _usage(record) is None else "ok"
    if status == "ok" and counts["output_tokens"] is None:
        return None
    return {**_request(counts, status, model), "request_id": record.get("id") or None, "mode": _mode(record)}


def _request(counts: Counts, status: str, model: str | None) -> dict[str, Any]:
    named = {"model": model} if model else {}
    return {**{name: counts.get(name) or 0 for name in COUNTED}, "status": status, **named}


def _usage(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The usage; of a streamed answer, each count the largest of all events."""
    whole: dict[str, Any] | None = record.get("usage")
    for event in record.get("usage_events", ()):
        whole = _largest(whole or {}, event)
    return whole


def _largest(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for name, value in other.items():
        known = found.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            found[name] = _largest(known, value)
        elif known is None or (isinstance(value, int) and isinstance(known, int) and value > known):
            found[name] = value
    return found


def _is_query(record: Mapping[str, Any]) -> bool:
    return "pinecone" in record["host"]


def _model_in(path: str) -> str | None:
    """The model in the path of a request to Bedrock or Google."""
    parts = path.split("/")
    for word in ("model", "models"):
        if word in parts:
            name = parts[parts.index(word) + 1]
            name = name.split(":")[0] if word == "models" else name
            return name.replace("%3A", ":").replace("%2F", "/")
    return None


def _mode(record: Mapping[str, Any]) -> str | None:
    tier = record.get("service_tier") or (_usage(record) or {}).get("service_tier")
    return "standard" if tier == "default" else tier


def _counts(record: Mapping[str, Any]) -> Counts:
    usage, host, path = _usage(record) or {}, record["host"], record["path"]
    if "anthropic.com" in host or ("bedrock" in host and "input_tokens" in usage):
        return _anthropic(usage)
    if "bedrock" in host and "prompt_tokens" not in usage:
        return _bedrock(usage)
    if "cohere" in host:
        return _cohere(usage["billed_units"])
    if "googleapis" in host:
        return _google(usage)
    if "voyage" in host:
        return {"input_tokens": usage["total_tokens"], "output_tokens": 0}
    return _responses(usage) if path.startswith("/v1/responses") else _chat(usage)


def _counts_of_body(body: Mapping[str, Any]) -> Counts:
    """The price set has no hosts: whose a body is, is told by the cassette it is from, or by its own fields."""
    usage = body.get("usage") or body.get("usageMetadata") or body["meta"]
    if "usageMetadata" in body:
        return _google(usage)
    if "billed_units" in usage:
        return _cohere(usage["billed_units"])
    if "inputTokens" in usage:
        return _bedrock(usage)
    if "prompt_tokens" in usage:
        return _chat(usage)
    return _responses(usage) if "input_tokens_details" in usage else _anthropic(usage)


# The rule of each provider


def _anthropic(usage: Mapping[str, Any]) -> Counts:
    read, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    return {
        "input_tokens": usage["input_tokens"] + read + written,
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens"),
        "output_tokens": usage["output_tokens"],
        "reasoning_tokens": (usage.get("output_tokens_details") or {}).get("thinking_tokens"),
        "web_searches": (usage.get("server_tool_use") or {}).get("web_search_requests"),
    }


def _bedrock(usage: Mapping[str, Any]) -> Counts:
    read = usage.get("cacheReadInputTokens", usage.get("cacheReadInputTokenCount", 0))
    written = usage.get("cacheWriteInputTokens", usage.get("cacheWriteInputTokenCount", 0))
    return {
        "input_tokens": usage["inputTokens"] + read + written,
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "output_tokens": usage.get("outputTokens"),
    }


def _cohere(billed: Mapping[str, Any]) -> Counts:
    return {
        "input_tokens": billed.get("input_tokens", 0) + billed.get("image_tokens", 0),
        "input_image_tokens": billed.get("image_tokens"),
        "output_tokens": billed.get("output_tokens", 0),
        "web_searches": billed.get("search_units"),
    }


def _google(usage: Mapping[str, Any]) -> Counts:
    thoughts = usage.get("thoughtsTokenCount", 0)
    media = {
        f"{name}_{kind}_tokens": sum(
            entry["tokenCount"]
            for each in lists
            for entry in usage.get(each, ())
            if entry["modality"] in _MEDIA[kind]
        )
        for kind in _MEDIA
        for name, lists in {
            "input": ("promptTokensDetails", "toolUsePromptTokensDetails"),
            "cached": ("cacheTokensDetails",),
            "output": ("candidatesTokensDetails",),
        }.items()
    }
    return {
        "input_tokens": usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0),
        "cached_input_tokens": usage.get("cachedContentTokenCount"),
        "output_tokens": usage.get("candidatesTokenCount", 0) + thoughts,
        "reasoning_tokens": thoughts,
        **media,
    }


def _responses(usage: Mapping[str, Any]) -> Counts:
    return {
        "input_tokens": usage["input_tokens"],
        "cached_input_tokens": usage["input_tokens_details"]["cached_tokens"],
        "cache_write_tokens": usage["input_tokens_details"].get("cache_write_tokens"),
        "output_tokens": usage["output_tokens"],
        "reasoning_tokens": usage["output_tokens_details"]["reasoning_tokens"],
    }


def _chat(usage: Mapping[str, Any]) -> Counts:
    """Also of completions and embeddings: these have no output, and say so by a total of the prompt alone."""
    prompt = usage.get("prompt_tokens_details") or usage.get("prompt_token_details") or {}
    answer = usage.get("completion_tokens_details") or usage.get("completion_token_details") or {}
    cached = (usage.get(name) for name in ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens"))
    output = usage.get("completion_tokens")
    if output is None and usage["total_tokens"] == usage["prompt_tokens"]:
        output = 0
    return {
        "input_tokens": usage["prompt_tokens"],
        "cached_input_tokens": prompt.get("cached_tokens") or max((each or 0 for each in cached), default=0),
        "cache_write_tokens": prompt.get("cache_write_tokens"),
        "output_tokens": output,
        "reasoning_tokens": answer.get("reasoning_tokens"),
        "input_audio_tokens": prompt.get("audio_tokens"),
        "input_image_tokens": prompt.get("image_tokens"),
        "output_audio_tokens": answer.get("audio_tokens"),
        "output_image_tokens": answer.get("image_tokens"),
        "web_searches": (usage.get("server_tool_use") or {}).get("web_search_requests"),
    }


# What the price set expects

_PEER: Final = {
    "input_tokens": "input_tokens",
    "cached_input_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "output_reasoning_tokens",
    "input_audio_tokens": "input_audio_tokens",
    "input_image_tokens": "input_image_tokens",
    "output_image_tokens": "output_image_tokens",
    "web_searches": "web_searches",
}


def _peer(usage: Mapping[str, int]) -> dict[str, int]:
    return {ours: usage.get(theirs, 0) for ours, theirs in _PEER.items()}


def _for_peer(counts: Counts) -> dict[str, int]:
    return {ours: counts.get(ours) or 0 for ours in _PEER}


if __name__ == "__main__":
    main()
