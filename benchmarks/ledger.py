"""Whether the ledger of savings survives kills, many writers and a full disk; and what a summary of it costs.

Without options a quick run of all but the last. `--kills 200 --commands 200 --entries 50000` is the full one, in which
the function is killed as well as the command that people run, which is slower; `--summary 10000000`
measures the summary by tenant, in processor time against a bare Polars scan of the same file, and by all keys in
memory;
`--list 1000000` the list of all entries as CSV and as JSON; `--nightly 1000000` a day that is recorded into a ledger
of so many entries, and once more when it has grown, against the same in an empty ledger.
"""

import argparse
import datetime as dt
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import polars as pl
from measure import COSTOPT, run

from costopt.calculators.gainshare.summary import columns_of, summarize
from costopt.errors import LedgerError
from costopt.ledger.chain import seal
from costopt.ledger.entry import Entry, key_of, line_of
from costopt.ledger.files import INDEX, LEDGER, TORN
from costopt.ledger.head import Head, load_head, save_head
from costopt.ledger.reading import entries as entries_of
from costopt.ledger.reading import reading
from costopt.ledger.record import record
from costopt.ledger.recording import Origin, record_rows
from costopt.ledger.verify import verify
from costopt.models.result import Aside
from costopt.models.schema import USD

_START: Final = 1_790_812_800
_REFUSED: Final = 3
_ONE_IN: Final = 1_000
"""So many entries have one correction among them."""
_CPU_BOUND: Final = 2.0
_MEMORY_BOUND: Final = 1.5
_LIST_BOUND: Final = 1.0
_NIGHTLY_BOUND: Final = 1.5
_NIGHTS: Final = 5
_A_DAY: Final = 1_000
"""Entries, of which each is a tenant's, model's and adapter's."""
_DAY_SECONDS: Final = 86_400


def entry(number: int, actual: int = 1_500_000) -> Entry:
    """The entry of that number: its figures follow from it."""
    tokens = 1_000 + number * 7919 % 200_000
    return Entry.model_construct(
        timestamp=_START + number,
        model=f"model-{number % 7}",
        tokens_used=tokens,
        baseline_cost_usd=Decimal(tokens * 30_000_000).scaleb(-12),
        actual_cost_usd=Decimal(tokens * actual + number % 1_000_003).scaleb(-12),
        tenant=f"tenant-{number % 200}",
        adapter=f"adapter-{number % 3}",
        period=f"request-{number}",
        source="benchmark",
        baseline="premium-model",
        input_tokens=tokens - tokens // 5,
        output_tokens=tokens // 5,
        catalog="ab" * 32,
        inputs="cd" * 32,
        rejected=0,
    )


def started(work: Callable[[], object]) -> int:
    """A process of its own that does this work; it ends with 3 where a `LedgerError` was raised."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        work()
        status = 0
    except LedgerError as error:
        print(f"  {error.message}")
        status = _REFUSED
    finally:
        sys.stdout.flush()
        os._exit(status)


def ended(process: int) -> int:
    """The exit code of a process, which is waited for."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


Work = Callable[[Path, int], object]
"""Records in a state folder, so many entries at a time."""


def by_function(entries: Sequence[Entry]) -> Work:
    """Records the entries."""
    return lambda state, batch: record(state, entries, batch=batch)


def by_command(folder: Path, count: int) -> Work:
    """Turns the process into `costopt gainshare record` of a log with so many requests."""
    log = folder / "log.csv"
    with log.open("w") as file:
        file.write("request_id,timestamp,provider,model,tenant,adapter,input_tokens,output_tokens,cost_usd\n")
        for number in range(count):
            one = entry(number)
            moment = dt.datetime.fromtimestamp(one.timestamp, dt.UTC).isoformat()
            tokens = f"{one.input_tokens},{one.output_tokens},{one.actual_cost_usd}"
            file.write(f"r{number},{moment},openai,gpt-5.4-mini,{one.tenant},{one.adapter},{tokens}\n")
    words = ["gainshare", "record", str(log), "--per-request", "--baseline", "openai/gpt-5.5"]
    return lambda state, _: os.execv(  # noqa: S606 - our own
        sys.executable, [sys.executable, "-m", "costopt", *words, "--state", str(state), "--to", os.devnull]
    )


def kills(folder: Path, count: int, entries: int, work: Work) -> int:
    """Kills recordings, and completes them; gives how many are not as if nothing had happened.

    Every other one is killed at a random moment, the rest as soon as the ledger has a random size, which is most often
    in the middle of a write: of all entries at once, of a batch, or of a few.
    """
    undisturbed = folder / "undisturbed"
    begun = time.perf_counter()
    ended(started(lambda: work(undisturbed, entries)))
    whole = time.perf_counter() - begun
    expected = (undisturbed / LEDGER).read_bytes()
    chance = random.Random(20261001)  # noqa: S311 - not a secret
    wrong = torn = behind = 0
    for number in range(count):
        state = folder / f"killed-{number}"
        batch = (entries, 5_000, 100)[number % 3]
        process = started(lambda state=state, batch=batch: work(state, batch))  # type: ignore[misc]
        if number % 2:
            time.sleep(chance.uniform(0, whole))
        else:
            _await(state / LEDGER, chance.randrange(len(expected)))
        os.kill(process, signal.SIGKILL)
        ended(process)
        size = _size(state / LEDGER)
        head = load_head(state)
        behind += size > (head.bytes if head else 0)
        ended(started(lambda state=state: work(state, 5_000)))  # type: ignore[misc]
        torn += (state / TORN).exists()
        wrong += (state / LEDGER).read_bytes() != expected or bool(verify(state).damages)
        shutil.rmtree(state)
    print(
        f"{count} kills while {entries:,} entries were recorded ({whole:.1f} s):"
        f" {behind} between a write and its end, {torn} within a line; {wrong} wrong"
    )
    return wrong


def _await(path: Path, size: int) -> None:
    """Returns when a file has become that large."""
    while _size(path) <= size:
        pass


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def writers(folder: Path, count: int, entries: Sequence[Entry]) -> int:
    """Lets many record at once, each its part and half of the next one's; gives how many entries are wrong."""
    state = folder / "writers"
    part = len(entries) // count
    parts = [[*entries, *entries][at * part : at * part + part * 3 // 2] for at in range(count)]
    processes = [started(lambda mine=mine: record(state, mine, timeout=600, batch=500)) for mine in parts]  # type: ignore[misc]
    failed = sum(ended(process) != 0 for process in processes)
    expected = {key_of(one.__dict__) for one in entries[: part * count]}
    found = entries_of(state, ["id"]).collect()["id"].to_list()
    wrong = failed + len(found) - len(set(found)) + len(expected ^ set(found)) + len(verify(state).damages)
    print(f"{count} writers at once, {len(found):,} entries: {wrong} lost, recorded twice, or wrong")
    return wrong


def full_disk(folder: Path, entries: Sequence[Entry]) -> int:
    """Records on a disk that fills up, makes room, and records again; gives how many went wrong."""
    expected = (folder / "undisturbed" / LEDGER).read_bytes()
    chance = random.Random(20261002)  # noqa: S311 - not a secret
    wrong = 0
    for number in range(10):
        state = folder / f"full-{number}"
        most = chance.randrange(len(expected))

        def limited(most: int = most, state: Path = state) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            record(state, entries, batch=len(entries) // 20)

        told = ended(started(limited)) == _REFUSED
        kept = (state / LEDGER).read_bytes() if (state / LEDGER).exists() else b""
        whole = expected.startswith(kept) and kept[-1:] in (b"", b"\n")
        record(state, entries)
        wrong += not (told and whole and (state / LEDGER).read_bytes() == expected)
        shutil.rmtree(state)
    print(f"10 full disks: {wrong} wrong")
    return wrong


def written(folder: Path, count: int) -> tuple[Path, dict[str, Decimal]]:
    """A ledger of so many entries, and the savings of each tenant; made anew only if it is missing."""
    state = folder / f"ledger-{count}"
    savings: dict[str, Decimal] = {}
    lines = _lines(count, savings)
    if (state / LEDGER).exists():
        for _ in lines:
            pass
        return state, savings
    _write(state, lines)
    return state, savings


def _write(state: Path, lines: Iterable[str]) -> None:
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    head = Head()
    with (state / LEDGER).open("wb", buffering=1 << 20) as file:
        for number, content in enumerate(lines, 1):
            line, last = seal(content, head.hash)
            file.write(line)
            head = head.model_copy(update={"entries": number, "bytes": head.bytes + len(line), "hash": last})
    save_head(state, head)


def _lines(count: int, savings: dict[str, Decimal]) -> Iterator[str]:
    for number in range(count - count // _ONE_IN):
        one = entry(number)
        key = key_of(one.__dict__)
        yield line_of(one, key)
        if number % _ONE_IN == 0:
            one = entry(number, 1_400_000)
            yield line_of(one, f"{key}-2", key)
        savings[one.tenant] = savings.get(one.tenant, Decimal(0)) + one.savings_usd


def bare(state: Path) -> None:
    """The yardstick: sums by tenant of all lines, as floats."""
    costs = ("baseline_cost_usd", "actual_cost_usd", "savings_usd")
    schema = {"tenant": pl.String, **dict.fromkeys(costs, pl.Float64)}
    lines = pl.scan_ndjson(state / LEDGER, schema=schema)
    print(lines.group_by("tenant").agg(pl.len(), pl.col(costs).sum()).collect(engine="streaming").height)


def ours(state: Path) -> None:
    """The summary by tenant: exact, of the current entries, as tenant and savings."""
    with reading(state, columns_of(by=("tenant",))) as current:
        for group in summarize(current, by=("tenant",), every=None).by_tenant:
            print(group.key, group.savings_usd)


def summary(folder: Path, count: int) -> int:
    """Measures both; gives how many bounds are not kept."""
    state, savings = written(folder, count)
    size = (state / LEDGER).stat().st_size
    print(f"{count:,} entries, one in {_ONE_IN:,} corrected: {size / 2**30:.1f} GiB")
    program = (sys.executable, __file__)
    runs = {
        kind: [run([*program, f"--{kind}", str(state)], watch=True) for _ in range(3)]
        for kind in ("bare", "ours")
    }
    whole = run([*COSTOPT, "gainshare", "summary", "--state", str(state), "--to", os.devnull], watch=True)
    cpu = {kind: min(one.cpu for one in found) for kind, found in runs.items()}
    memory = max(one.anonymous for one in [*runs["ours"], whole]) / 2**30
    ratio = cpu["ours"] / cpu["bare"]
    printed = dict(line.split() for line in runs["ours"][0].output.decode().splitlines())
    exact = {tenant: Decimal(amount) for tenant, amount in printed.items()} == savings
    print(f"bare scan {cpu['bare']:.1f} CPU-s, summary {cpu['ours']:.1f}, of all keys {whole.cpu:.1f}")
    print(f"processor time of the summary against the bare scan: {ratio:.2f} (at most {_CPU_BOUND})")
    print(f"peak anonymous memory: {memory:.2f} GiB (at most {_MEMORY_BOUND})")
    print(f"savings by tenant: {'exact' if exact else 'WRONG'}")
    return (ratio > _CPU_BOUND) + (memory > _MEMORY_BOUND) + (not exact)


def listing(folder: Path, count: int) -> int:
    """Lists all entries as CSV and as JSON; gives how many bounds are not kept."""
    state, _ = written(folder, count)
    wrong = 0
    for form in ("csv", "json"):
        words = ["gainshare", "entries", "--state", str(state), "-o", form, "--to", os.devnull]
        found = run([*COSTOPT, *words], watch=True)
        memory = found.anonymous / 2**30
        print(f"{count:,} entries as {form}: {found.cpu:.1f} CPU-s, {memory:.2f} GiB (at most {_LIST_BOUND})")
        wrong += memory > _LIST_BOUND
    return wrong


def of_day(day: int, number: int, actual: int = 1_500_000) -> Entry:
    """The entry of that number of a day."""
    moment = _START + day * _DAY_SECONDS
    period = dt.datetime.fromtimestamp(moment, dt.UTC).date().isoformat()
    return entry(number, actual).model_copy(update={"timestamp": moment, "period": period})


def night(state: Path) -> None:
    """Records a day that the ledger does not have, and once more with other costs: the processor seconds of both."""
    head = load_head(state)
    day = head.entries // _A_DAY if head else 0
    none = Aside(requests=0, actual_cost_usd=Decimal(0))
    origin = Origin("benchmark", ("premium-model",), (), False, "ab" * 32, None, 0, none, none)  # noqa: FBT003
    others = {"source", "catalog", "inputs", "rejected"}
    logs = [
        pl.DataFrame(
            [of_day(day, n, actual).model_dump(exclude=others, exclude_none=True) for n in range(_A_DAY)],
            schema_overrides=dict.fromkeys(("baseline_cost_usd", "actual_cost_usd"), USD),
        )
        for actual in (1_500_000, 1_600_000)
    ]
    begun = time.process_time()
    first, second = (record_rows(state, rows, origin) for rows in logs)
    cpu = time.process_time() - begun
    assert (first.added, second.corrected) == (_A_DAY, _A_DAY)  # noqa: S101 - else it measures nothing
    print(cpu)


def nightly(folder: Path, count: int) -> int:
    """Measures nights in a ledger of so many entries, and in empty ones; gives how many bounds are not kept."""
    state = folder / f"days-{count}"
    if not (state / LEDGER).exists():
        days = (of_day(*divmod(number, _A_DAY)) for number in range(count))
        _write(state, (line_of(one, key_of(one.__dict__)) for one in days))
    (state / INDEX).unlink(missing_ok=True)
    begun = time.process_time()
    record(state, [])
    size = (state / INDEX).stat().st_size / 2**20
    print(f"index of {count:,} entries: made in {time.process_time() - begun:.1f} CPU-s, {size:.0f} MiB")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        empty = [Path(name, str(number)) for number in range(_NIGHTS)]
        large, none = (min(map(_night, states)) for states in ([state] * _NIGHTS, empty))
    ratio = large / none
    print(f"a day of {_A_DAY:,} entries, twice: {large:.2f} CPU-s, in an empty ledger {none:.2f}")
    print(f"processor time against the empty ledger: {ratio:.2f} (at most {_NIGHTLY_BOUND})")
    return ratio > _NIGHTLY_BOUND


def _night(state: Path) -> float:
    return float(run([sys.executable, __file__, "--night", str(state)]).output)


def main() -> None:
    """Runs what was asked for; exits with 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "costopt-benchmarks"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--commands", type=int, default=4)
    parser.add_argument("--entries", type=int, default=5_000)
    parser.add_argument("--writers", type=int, default=8)
    parts = {"bare": bare, "ours": ours, "night": night}
    sizes = {"summary": summary, "list": listing, "nightly": nightly}
    for name in sizes:
        parser.add_argument(f"--{name}", type=int)
    for name in parts:
        parser.add_argument(f"--{name}", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    for name, part in parts.items():
        if state := getattr(asked, name):
            part(state)
            return
    asked.folder.mkdir(parents=True, exist_ok=True)
    for name, measure in sizes.items():
        if count := getattr(asked, name):
            sys.exit(measure(asked.folder, count) > 0)
    entries = [entry(number) for number in range(asked.entries)]
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        wrong = (
            kills(folder, asked.kills, len(entries), by_function(entries))
            + full_disk(folder, entries)
            + writers(folder, asked.writers, entries)
        )
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        print("costopt gainshare record: ", end="", flush=True)
        wrong += kills(Path(name), asked.commands, asked.entries, by_command(Path(name), asked.entries))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
