"""The command line run in process: on a screen of a given width, or into a pipe."""

import datetime as dt
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from costopt.cli import main

Ran = tuple[int, str, str]

PRICES = """
schema = 1
currency = "USD"
source = "made for a test"
date = 2026-10-01
standalone = true

[[provider]]
id = "openai"
infer = { prefix = ["gpt-"] }

[[provider]]
id = "anthropic"
infer = { prefix = ["claude-"] }

[[model]]
provider = "openai"
id = "gpt-large"
[[model.price]]
input = 10
cached_input = 1
output = 40
batch_input = 5
batch_cached_input = 0.5
batch_output = 20

[[model]]
provider = "openai"
id = "gpt-small"
[[model.price]]
input = 0.5
output = 2

[[model]]
provider = "anthropic"
id = "claude-grand"
[[model.price]]
input = 20
output = 100
"""

LOG = """\
{"request_id":"a1","timestamp":"2026-10-01T08:00:00Z","provider":"openai","model":"gpt-large","endpoint":"/chat","tag":"chat","tenant":"acme","input_tokens":120000,"cached_input_tokens":60000,"output_tokens":9000,"cost_usd":1.02,"status":"ok"}
{"request_id":"a2","timestamp":"2026-10-01T23:30:00Z","provider":"openai","model":"gpt-large","endpoint":"/report","tag":"nightly","tenant":"globex","input_tokens":1500000,"output_tokens":20000,"status":"ok"}
{"request_id":"a2","timestamp":"2026-10-01T23:30:00Z","provider":"openai","model":"gpt-large","endpoint":"/report","tag":"nightly","tenant":"globex","input_tokens":1500000,"output_tokens":20000,"status":"ok"}
{"request_id":"a3","timestamp":"2026-10-02T09:00:00Z","model":"gpt-small","endpoint":"/chat","tag":"chat","tenant":"acme","input_tokens":8000,"output_tokens":900,"status":"error"}
{"request_id":"a4","timestamp":"2026-10-03T09:00:00Z","model":"claude-grand","endpoint":"/chat","tenant":"acme","input_tokens":40000,"output_tokens":5000,"cost_usd":1.35,"status":"ok"}
{"request_id":"a5","timestamp":"2026-10-03T10:00:00Z","model":"gpt-lrge","endpoint":"/chat","tenant":"initech","input_tokens":700,"output_tokens":90,"status":"ok"}
{"request_id":"a6","timestamp":"2026-10-03T11:00:00Z","model":"gpt-large","endpoint":"/eval","tag":"bulk","tenant":"initech","input_tokens":90000,"output_tokens":1000,"mode":"batch","status":"ok"}
{"request_id":"a7","timestamp":"2026-10-03T12:00:00Z","model":"claude-grand","endpoint":"/report","tag":"nightly","tenant":"globex","input_tokens":1000,"output_tokens":100,"status":"ok"}
this line is no request
"""
"""Three days: logged and computed costs, a failed request, a request in batch mode, a misspelt model, one line twice,
and one line that is no request."""


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def log(write: Callable[[str, str], str]) -> str:
    """The small log, with its own prices beside it, which `costopt.toml` names."""
    write("prices.toml", PRICES)
    write("costopt.toml", 'pricing = "prices.toml"')
    return write("log.jsonl", LOG)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs `costopt` and gives exit code, standard output and standard error; `width` is that of a terminal."""

    def ran(*words: str, width: int | None = None) -> Ran:
        code: int | str | None = 0
        screen = Screen()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["costopt", *words])
            patch.setattr(os, "_exit", sys.exit)
            if width is not None:
                patch.setenv("COLUMNS", str(width))
                patch.setattr(sys, "stdout", screen)
            try:
                main()
            except SystemExit as end:
                code = end.code
        said = capsys.readouterr()
        return int(code or 0), said.out if width is None else screen.getvalue(), said.err

    return ran


@pytest.fixture
def sync(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs `costopt pricing sync --from`, on 22 November 2026, and gives the report."""
    monkeypatch.setattr("costopt.cli.syncing.clock", lambda: dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC))

    def synced(source: str, *words: str, width: int | None = None) -> str:
        code, out, err = run("pricing", "sync", "--from", source, *words, width=width)
        assert (code, err) == (0, "")
        return out

    return synced


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> str:
    """The sample log of the repository, which becomes the working directory."""
    monkeypatch.chdir(Path(__file__).parents[2])
    return "sample_data/requests.jsonl"
