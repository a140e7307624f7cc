import gzip
import io
import json
from collections.abc import Callable
from functools import partial

import polars as pl
import pytest

from costopt.errors import RejectedError
from costopt.intake.formats.format import Wishes
from costopt.intake.inspect import LOST_WITHOUT, FileInspection, inspect
from costopt.intake.rejects import Rejects
from costopt.intake.sources import Source
from costopt.models.schema import REQUESTS

Write = Callable[[str, str | bytes], str]

LOG = """\
id,time,model,prompt_tokens,output_tokens,calls,region,prompt
a,2026-10-01T08:00:00Z,gpt-4o,10,1,1,eu,Hi
b,2026-10-01T08:00:01Z,gpt-4o,20,1,2,us,Ho
c,soon,gpt-4o,30,1,1,us,Hu
d,2026-10-01T08:00:02Z,gpt-4o-mini,20,1,3,us,He
e,2026-10-01T08:00:03Z,o3,30,1,1,us,Ha
f,2026-10-01T08:00:04Z,o1,30,1,1,us,Ha
"""


def inspected(path: str, wishes: Wishes | None = None, size: int = 16 << 20) -> FileInspection:
    (file,) = inspect([Source(path)], wishes or Wishes(), size=size).files
    return file


@pytest.mark.parametrize("size", [16 << 20, 100])
def test_a_log_is_explained(write: Write, size: int) -> None:
    file = inspected(write("log.csv", LOG), Wishes({"tag": "region"}, {"provider": "openai"}), size)

    assert (file.path, file.format, file.understood) == ("log.csv", "generic", True)
    assert (file.requests, file.rejected) == (8, 1)
    assert file.mapping == {
        "request_id": "id",
        "timestamp": "time",
        "provider": "= openai",
        "model": "model",
        "tag": "region",
        "requests": "calls",
        "input_tokens": "prompt_tokens",
        "output_tokens": "output_tokens",
        "prompt": "prompt",
    }
    assert list(file.missing) == [
        "tenant",
        "endpoint",
        "cost_usd",
        "cached_input_tokens",
        "cache_write_tokens",
        "status",
        "mode",
    ]
    assert file.unused == ()
    assert [(example.place, example.reason) for example in file.examples] == [
        ("log.csv:4", "unreadable time `soon`")
    ]


def test_samples_are_the_first_different_values_as_read(write: Write) -> None:
    file = inspected(write("log.csv", LOG), Wishes({}, {"tag": "x"}))

    assert file.samples["model"] == ("gpt-4o", "gpt-4o-mini", "o3")
    assert file.samples["input_tokens"] == ("10", "20", "30")
    assert file.samples["tag"] == ("x",)
    assert file.samples["timestamp"][0] == "2026-10-01 08:00:00+00:00"
    assert "prompt" not in file.samples


def test_a_log_that_is_not_understood_is_not_read(write: Write) -> None:
    file = inspected(write("log.jsonl", '{"model":"m","usage":{"in":1,"out":2}}\noops'))

    assert not file.understood
    assert (file.requests, file.rejected) == (0, 0)
    assert file.mapping == {"model": "model"}
    assert file.samples == {}
    assert file.missing["timestamp"] == LOST_WITHOUT["timestamp"]
    assert file.unused == ("usage.in", "usage.out")


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_log_is_not_understood(write: Write, text: str) -> None:
    file = inspected(write("log.jsonl", text))

    assert not file.understood
    assert file.format == ""
    assert file.mapping == {}
    assert file.missing.keys() == LOST_WITHOUT.keys()


def test_damage_is_counted(write: Write) -> None:
    lines = "".join(f"r{number},2026-10-01T08:00:00Z,m,1,1,1,eu,x\n" for number in range(9000))
    packed = gzip.compress((LOG + lines).encode())[:-8]

    file = inspected(write("log.csv.gz", packed))

    assert file.requests == 9008
    assert file.rejected == 2
    assert file.examples[1].place == "log.csv.gz"


def test_a_log_of_damage_alone_is_counted(write: Write) -> None:
    file = inspected(write("log.jsonl", "oops\noops\n"))

    assert not file.understood
    assert file.rejected == 2


def test_progress_is_told_after_each_log(write: Write) -> None:
    sources = [Source(write(name, LOG)) for name in ("a.csv", "b.csv")]
    seen: list[tuple[int, int]] = []

    inspect(sources, Wishes(), progress=lambda done, requests: seen.append((done, requests)))

    assert seen == [(len(LOG), 8), (2 * len(LOG), 16)]


def test_rejects_are_written_and_counted_for_each_log(write: Write) -> None:
    sink = io.StringIO()
    sources = [Source(write(name, LOG)) for name in ("a.csv", "b.csv")]

    found = inspect(sources, Wishes(), partial(Rejects, sink))

    assert [file.rejected for file in found.files] == [1, 1]
    assert sink.getvalue().count("\n") == 2


def test_a_strict_inspection_stops(write: Write) -> None:
    with pytest.raises(RejectedError):
        inspect([Source(write("log.csv", LOG))], Wishes(), partial(Rejects, strict=True))


def test_requests_are_counted_by_line_where_the_log_does_not_say(write: Write) -> None:
    pl.DataFrame(
        {"ts": ["2026-10-01"] * 3, "model": ["m"] * 3, "input_tokens": [1] * 3, "output_tokens": [1] * 3}
    ).write_parquet(write("log.parquet", ""))

    assert inspected("log.parquet").requests == 3


def test_only_columns_of_requests_are_missed() -> None:
    assert LOST_WITHOUT.keys() <= REQUESTS.keys()


# Formats with nested records


OWN = """
rows = ["data"]
keep = { kind = ["call"] }
sums = "single requests"
[columns]
timestamp = "../day"
provider = { value = "acme" }
model = ["answer.model", "asked.model"]
tag = "attributes[key=job].value"
tenant = "body.org"
input_tokens = { sum = ["usage.fresh", "usage.cached"] }
cached_input_tokens = "usage.cached"
output_tokens = "usage.out|written"
reasoning_tokens = "usage.steps.*.thought"
"""


@pytest.fixture
def nested(write: Write) -> str:
    """A log of the format above: two requests, one of them broken, and two other records."""
    call = {
        "kind": "call",
        "asked": {"model": "m", "settings": {"top": 1}},
        "attributes": [{"key": "job", "value": "nightly"}],
        "body": '{"org":"acme"}',
        "usage": {"fresh": 5, "out": 3, "steps": [{"thought": 1}], "total": 8},
        "note": "x",
    }
    bad = {**call, "usage": {"fresh": "x"}}
    write("own.toml", OWN)
    lines = [{"day": "2026-10-01", "host": "h", "data": [call, {"kind": "ping"}]}, {"data": [bad, {}]}]
    return write("log.jsonl", "\n".join(map(json.dumps, lines)))


def test_a_nested_log_is_explained_by_the_places_that_it_has(nested: str) -> None:
    file = inspected(nested, Wishes(format="own.toml"))

    assert (file.format, file.understood, file.sums) == ("own", True, "single requests")
    assert (file.requests, file.rejected, file.others) == (1, 1, 2)
    assert file.mapping == {
        "timestamp": "day",
        "provider": "the format",
        "model": "asked.model",
        "tag": "job",
        "tenant": "body.org",
        "input_tokens": "usage.fresh",
        "output_tokens": "usage.out|written",
        "reasoning_tokens": "usage.steps.thought",
    }
    assert file.samples["tag"] == ("nightly",)
    assert "cached_input_tokens" in file.missing
    assert file.unused == ("asked.settings.top", "usage.total", "note")


def test_a_log_of_another_format_than_named_lacks_its_columns(write: Write) -> None:
    file = inspected(write("log.csv", LOG), Wishes(format="litellm"))

    assert (file.format, file.understood, file.requests) == ("litellm", False, 0)
    assert file.missing["timestamp"] == LOST_WITHOUT["timestamp"]
    assert "time" in file.unused
