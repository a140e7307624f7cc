import fcntl
import os
import re
import runpy
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import external_file, snapshot

from costopt import __version__
from costopt.cli import main

Run = Callable[..., tuple[int, str, str]]


def program(*words: str, code: str = "", **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    """Runs `costopt`, or Python code, in a process of its own."""
    start = ["-c", code] if code else ["-m", "costopt"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run([sys.executable, *start, *words], check=False, text=True, **streams)  # noqa: S603


# Help


@pytest.mark.parametrize(
    "command",
    [
        "",
        "analyze",
        "spend",
        "batch",
        "simulate",
        "route",
        "inspect",
        "convert",
        "gainshare",
        "gainshare record",
        "gainshare verify",
        "gainshare summary",
        "gainshare report",
        "gainshare invoice",
        "gainshare whatif",
        "gainshare entries",
        "frontier",
        "frontier set",
        "frontier list",
        "frontier show",
        "frontier remove",
        "frontier import",
        "export",
        "export prometheus",
        "pricing",
        "pricing show",
        "pricing list",
        "pricing check",
        "pricing cost",
        "pricing diff",
        "pricing sync",
    ],
)
def test_help_explains_a_command(run: Run, command: str) -> None:
    code, out, err = run(*command.split(), "--help")

    assert (code, err) == (0, "")
    assert out == external_file(f"screens/help-{command.replace(' ', '-') or 'costopt'}.txt")
    assert all(len(row) <= 80 for row in out.splitlines())
    assert not re.search(r"[a-z,]\.\.\.$", out, re.MULTILINE), "a line of the command list is cut"


def test_version_is_printed(run: Run) -> None:
    assert run("--version") == (0, f"costopt {__version__}\n", "")


def test_no_arguments_print_the_help(run: Run) -> None:
    code, out, err = run()

    assert code == 2
    assert (out or err) == run("--help")[1]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from costopt.cli import main; sys.argv = ['costopt', '--help']\n"
        "try: main()\n"
        "except SystemExit: print({'polars', 'rich', 'pydantic'} & set(sys.modules))"
    )

    done = program(code=code)

    assert done.stdout.splitlines()[-1] == "set()"


def test_the_package_is_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["costopt", "--version"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("costopt", run_name="__main__")

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"costopt {__version__}\n"


def test_a_bug_stays_a_traceback(monkeypatch: pytest.MonkeyPatch, run: Run, log: str) -> None:
    def fail(_path: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("costopt.cli.loading.load_config", fail)

    with pytest.raises(RuntimeError, match="a bug"):
        run("analyze", log)


def test_a_bug_ends_with_exit_code_1(log: str) -> None:
    code = (
        "import sys, costopt.cli.loading as loading; from costopt.cli import main\n"
        "def fail(path): raise RuntimeError('a bug')\n"
        f"loading.load_config = fail; sys.argv = ['costopt', 'analyze', {log!r}]; main()"
    )

    done = program(code=code)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("RuntimeError: a bug\n")


# Ends


def test_ctrl_c_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch, run: Run, log: str) -> None:
    def interrupt(_path: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("costopt.cli.loading.load_config", interrupt)

    assert run("analyze", log) == (130, "", "")


@pytest.mark.usefixtures("log")
def test_ctrl_c_ends_a_wait_for_standard_input() -> None:
    read, write = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "costopt", "analyze", "-", "--to", "report.txt"],
        stdin=read,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        os.write(write, b'{"timestamp":"2026-10-01","model":"gpt-large"')
        deadline = time.monotonic() + 30
        while _unread(read) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    os.close(read)
    os.close(write)

    assert (process.returncode, out, err) == (130, b"", b"")
    assert not Path("report.txt").exists()


@pytest.mark.usefixtures("log")
def test_an_error_does_not_wait_for_the_end_of_standard_input() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "costopt", "spend", "-", "--partition-mb", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"nonsense\n" * 130_000)  # more than one partition
        process.stdin.flush()

        assert process.wait(timeout=30) == 2
        assert process.stderr.read().startswith(b"error: `-` is not understood")


def test_a_reader_that_has_enough_ends_the_program_quietly(log: str) -> None:
    for form in ("table", "json", "csv", "md"):
        read, write = os.pipe()
        os.close(read)

        done = program("analyze", log, "-o", form, stdout=write)
        os.close(write)

        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_standard_output_is_an_error(log: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = program("analyze", log, stdout=full)

    assert (done.returncode, done.stderr) == snapshot(
        (
            2,
            """\
error: Cannot write to standard output: No space left on device

hint: make room on the disk
""",
        )
    )


def test_what_the_encoding_lacks_is_spelled_out(log: str) -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}

    done = program("analyze", log, env=ascii_only)

    assert done.stderr == ""
    assert "1 file \\xb7 7 requests" in done.stdout


def test_a_log_can_come_through_a_pipe(log: str) -> None:
    with Path(log).open("rb") as file:
        done = program("spend", "-", "--by", "tenant", "-o", "csv", stdin=file)
    from_file = program("spend", log, "--by", "tenant", "-o", "csv")

    assert done.stdout == from_file.stdout
    assert done.stdout.count("\n") == 4
    assert done.stderr == ""


def test_main_can_be_called_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["costopt", "--version"])
        with pytest.raises(SystemExit):
            main()
    assert capsys.readouterr().out.count("costopt") == 2


def _unread(pipe: int) -> int:
    """How many bytes are waiting in it."""
    waiting = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int.from_bytes(waiting, sys.byteorder)
