"""What the benchmarks share: running a command and reading what it took."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import generate

HERE: Final = Path(__file__).parent
COSTOPT: Final = (sys.executable, "-m", "costopt")
_POLL_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: processor and wall seconds, peak anonymous memory in bytes, and what it printed."""

    cpu: float
    wall: float
    anonymous: int
    output: bytes


def run(command: Sequence[str], env: Mapping[str, str] | None = None, *, watch: bool = False) -> Run:
    """Runs a command to its end; with `watch` its anonymous memory is looked at every 5 ms.

    Raises:
        SystemExit: if the command fails.
    """
    peak = 0
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # as for any user, modules are compiled once
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **compiled, **(env or {})})
        ended, status, used = os.wait4(process.pid, os.WNOHANG if watch else 0)
        while not ended:
            peak = max(peak, _anonymous(process.pid))
            time.sleep(_POLL_SECONDS)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}")
        output.seek(0)
        return Run(used.ru_utime + used.ru_stime, wall, peak, output.read())


def _anonymous(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(found[0].split()[1]) * 1024 if found else 0


def options(about: str, **defaults: int) -> argparse.Namespace:
    """The options of a benchmark: `--folder`, and whole numbers by name."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "costopt-benchmarks"))
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def log(folder: Path, requests: int) -> str:
    """A generated log of that many requests."""
    return str(generate.write(requests, folder / f"requests-{requests}.jsonl"))


def verdict(what: str, figure: float, bound: float) -> None:
    """Prints the figure beside its bound; exits with 1 if it is above."""
    print(f"{what}: {figure:.2f} (at most {bound})")
    sys.exit(figure > bound)
