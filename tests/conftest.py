"""What all tests share: a plain environment, and logs written from what the test shows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("costopt", deadline=None)  # no test depends on how fast the machine is
settings.load_profile("costopt")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A terminal of 80 columns without colour, in UTC, in an empty working directory without configuration."""
    for name in (
        "COSTOPT_CONFIG",
        "COSTOPT_CONTRACTS",
        "COSTOPT_FORMAT",
        "COSTOPT_PRICING",
        "COSTOPT_ROUTER_COST_OPTIMIZATION",
        "COSTOPT_ROUTER_ENABLE_ESCALATION",
        "COSTOPT_ROUTER_ESCALATION_THRESHOLD",
        "COSTOPT_ROUTER_LOG",
        "COSTOPT_STATE",
        "COSTOPT_TZ",
        "COSTOPT_WHERE",
        "FORCE_COLOR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], str]:
    """Writes a file into the working directory and gives its name."""

    def written(name: str, text: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    return written
