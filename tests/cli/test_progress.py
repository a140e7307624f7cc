import io
import sys

import pytest

from costopt.cli.progress import progress_bar
from costopt.intake.sources import Source


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_and_wiped_out(
    monkeypatch: pytest.MonkeyPatch, log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")

    with progress_bar([Source(log)]) as progress:
        progress(1599, 7)

    assert "7 requests" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[1A\x1b[2K")
    assert capsys.readouterr().out == ""


def test_progress_does_not_need_to_know_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")

    with progress_bar([Source("-")]) as progress:
        progress(10, 1)

    assert "1 requests" in screen.getvalue()


def test_nothing_is_drawn_anywhere_else(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar([Source(log)]) as progress:
        progress(1599, 7)

    assert capsys.readouterr() == ("", "")
