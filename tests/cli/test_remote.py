"""Logs behind URLs give the same report as the same logs on disk, and never tell what is secret in a URL."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
import zstandard
from fsspec.implementations.memory import MemoryFileSystem
from serving import Site, serve

import costopt.intake.remote

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str, str | bytes], str]


def request(number: int) -> dict[str, object]:
    return {
        "request_id": f"r{number}",
        "timestamp": f"2026-10-{number % 20 + 1:02}T08:00:00Z",
        "model": ("gpt-large", "gpt-small", "claude-grand")[number % 3],
        "tenant": f"tenant {number % 7}",
        "input_tokens": number * 7919 % 10_007,
        "output_tokens": number % 1_009,
    }


REQUESTS = [request(number) for number in range(16_000)]
REJECTED = {3, 7_000, 15_999}


def json_lines() -> bytes:
    lines = [json.dumps(each) if n not in REJECTED else f"line {n}" for n, each in enumerate(REQUESTS)]
    return "\n".join(lines).encode()


def table() -> bytes:
    """Every prompt has line ends and quotes in it; some rows have no model."""
    lines = [",".join([*REQUESTS[0], "prompt"])]
    for number, each in enumerate(REQUESTS):
        fields = {**each, "model": "" if number in REJECTED else each["model"]}
        lines.append(",".join([*map(str, fields.values()), f'"a ""b""\n\n{number}, c\n"']))
    return "\n".join(lines).encode()


def array() -> bytes:
    elements = [
        json.dumps(each, indent=1) if n not in REJECTED else "oops" for n, each in enumerate(REQUESTS)
    ]
    return f"[{','.join(elements)}]".encode()


def rows() -> bytes:
    file = io.BytesIO()
    models = [None if number in REJECTED else each["model"] for number, each in enumerate(REQUESTS)]
    pl.DataFrame(REQUESTS).with_columns(model=pl.Series(models)).write_parquet(file, row_group_size=5_000)
    return file.getvalue()


LOGS: dict[str, Callable[[], bytes]] = {
    "log.jsonl": json_lines,
    "log.jsonl.gz": lambda: gzip.compress(json_lines(), 1),
    "log.jsonl.zst": lambda: zstandard.compress(json_lines()),
    "log.csv": table,
    "log.csv.gz": lambda: gzip.compress(table(), 1),
    "log.json": array,
    "log.parquet": rows,
    "log": table,
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of which a log is many, short pauses, and no proxy between a test and its server."""
    monkeypatch.setattr(costopt.intake.remote, "BLOCK", 300_000)
    monkeypatch.setattr(costopt.intake.remote, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    """An empty file system in memory."""
    system = MemoryFileSystem()
    system.store.clear()
    yield system
    system.store.clear()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("name", LOGS)
def test_a_remote_log_is_billed_like_a_local_one(
    write: Write, run: Run, memory: MemoryFileSystem, tmp_path: Path, name: str
) -> None:
    data = LOGS[name]()
    write(name, data)
    memory.pipe(f"/{name}", data)

    def report(url: str, megabytes: int) -> tuple[str, str]:
        words = ("--by", "model,tenant", "-o", "json", "--rejects", "bad.jsonl")
        code, out, err = run("spend", url, *words, "--partition-mb", str(megabytes))
        bad = (tmp_path / "bad.jsonl").read_text(encoding="utf-8")
        assert (code, err) == (0, "")
        return out.replace(url, name), bad.replace(url, name)

    with serve(Site({name: data}, accepts="bytes")) as good, serve(Site({name: data}, ranges=False)) as poor:
        local = report(name, 16)
        intake = json.loads(local[0])["provenance"]["intake"]
        assert (intake["rejected"], intake["bytes"]) == (len(REJECTED), len(data))
        for base in ("./", "memory://", good.base, poor.base):
            for megabytes in (1, 16):
                assert report(f"{base}{name}", megabytes) == local


@pytest.mark.usefixtures("log")
def test_a_directory_of_logs_is_billed_like_a_local_one(
    write: Write, run: Run, memory: MemoryFileSystem
) -> None:
    lines = json_lines().splitlines(keepends=True)
    parts = {f"logs/{n}/part.jsonl": b"".join(lines[n::3]) for n in range(3)}
    for name, part in parts.items():
        write(name, part)
        memory.pipe(f"/{name}", part)

    with serve(Site(dict(parts))) as site:
        for name in ("logs/", "logs/*/*.jsonl"):
            _, local, _ = run("spend", name, "-o", "json")
            for base in ("memory://", site.base):
                _, out, err = run("spend", f"{base}{name}", "-o", "json")
                assert (out.replace(base, ""), err) == (local, "")


@pytest.mark.usefixtures("log")
def test_a_connection_that_is_cut_gives_no_bill(run: Run) -> None:
    for ranges in (True, False):
        with serve(Site({"log.jsonl": json_lines()}, ranges=ranges, cut=200_000)) as site:
            code, out, err = run("spend", f"{site.base}log.jsonl")

        assert (code, out) == (2, "")
        assert err == (
            f"error: Cannot read `{site.base}log.jsonl`: the connection was cut before the end of the file\n\n"
            "hint: try again, or download the file first\n"
        )


@pytest.mark.usefixtures("log")
def test_a_log_that_may_be_incomplete_is_said_to_be(run: Run) -> None:
    with serve(Site({"log.jsonl": json_lines()}, ranges=False, length=False)) as site:
        _, out, _ = run("spend", f"{site.base}log.jsonl", "-o", "json")
        code, _, err = run("spend", f"{site.base}log.jsonl", "--strict")

    intake = json.loads(out)["provenance"]["intake"]
    assert (intake["rejected"], intake["requests"]) == (len(REJECTED) + 1, len(REQUESTS) - len(REJECTED))
    assert (code, err.splitlines()[0]) == (
        2,
        f"error: {site.base}log.jsonl:4: malformed JSON: Expecting value at column 1",
    )


SIGNED = "X-Amz-Credential=KEYID%2F2026&X-Amz-Signature=5ec2e7"


@pytest.fixture
def signed(log: str, tmp_path: Path) -> Iterator[tuple[str, Site]]:
    """The small log behind a URL with user, password and signature; and the site."""
    with serve(Site({"log.jsonl": (tmp_path / log).read_bytes()}, query=SIGNED)) as site:
        yield f"{site.base.replace('://', '://carl:pa55@')}log.jsonl?{SIGNED}", site


def tells(text: str) -> bool:
    return any(secret in text for secret in ("carl", "pa55", "KEYID", "5ec2e7", "X-Amz"))


@pytest.mark.parametrize(
    "words",
    [
        "analyze",
        "analyze -o json",
        "analyze -o md",
        "analyze -o csv",
        "spend --by model",
        "batch",
        "inspect",
        "inspect -o json",
        "spend --rejects bad.jsonl",
        "spend --strict",
        "spend --by nothing",
        "spend --map model=nothing",
    ],
)
def test_a_secret_in_a_url_is_never_told(
    run: Run, signed: tuple[str, Site], tmp_path: Path, words: str
) -> None:
    command, *options = words.split()

    _, out, err = run(command, signed[0], *options)

    assert out or "log.jsonl:9" in err or "`nothing`" in err
    bad = tmp_path / "bad.jsonl"
    assert not tells(out + err + (bad.read_text(encoding="utf-8") if bad.exists() else ""))


@pytest.mark.parametrize("status", [401, 403, 404, 418, 500])
def test_a_secret_in_a_url_is_not_told_by_errors(run: Run, signed: tuple[str, Site], status: int) -> None:
    url, site = signed
    site.statuses = {"log.jsonl": status}

    code, out, err = run("analyze", url)

    assert (code, out) == (2, "")
    assert f"`{site.base}log.jsonl`" in err
    assert not tells(err)


def test_a_command_to_type_again_leaves_a_secret_url_out(run: Run, signed: tuple[str, Site]) -> None:
    _, out, _ = run("analyze", signed[0])

    assert "costopt batch LOGS..." in out
