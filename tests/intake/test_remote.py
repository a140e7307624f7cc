import gzip
import io
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import ClassVar

import fsspec
import polars as pl
import pytest
import zstandard
from fsspec.implementations.memory import MemoryFileSystem
from serving import Site, serve

import costopt.intake.remote
from costopt.errors import SourceError
from costopt.intake.partitions import partitions
from costopt.intake.remote import BLOCK, OVERLAP
from costopt.intake.sources import find_sources, open_source

Write = Callable[[str, str | bytes], str]

LINES = b"".join(b'{"number": %d}\n' % (number * 7919 % 1_000_003) for number in range(20_000))
SMALL = 50_000
"""A block, so that `LINES` are some."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small blocks, short pauses, and no proxy between a test and its server."""
    monkeypatch.setattr(costopt.intake.remote, "BLOCK", SMALL)
    monkeypatch.setattr(costopt.intake.remote, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    """An empty file system in memory."""
    system = MemoryFileSystem()
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def found(*urls: str) -> list[str]:
    return [source.path for source in find_sources(urls)]


def contents(url: str) -> tuple[bytes, str | None]:
    (source,) = find_sources([url])
    with open_source(source) as stream:
        blocks = []
        while block := stream.read(10_000):
            blocks.append(block)
        return b"".join(blocks), stream.damage


def refusal(url: str) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        contents(url)
    return caught.value.message, caught.value.hint


# Finding


TREE = (
    "logs/b.jsonl",
    "logs/a.csv.gz",
    "logs/deep/c.NDJSON",
    "logs/deep/er/d.parquet",
    "logs/e.json.zst",
    "logs/.hidden.jsonl",
    "logs/.git/x.jsonl",
    "logs/read.me",
    "logs/packed.gz",
    "logs.jsonl",
)


@pytest.mark.parametrize(
    "name",
    [
        "logs",
        "logs/",
        "logs.jsonl",
        "logs/read.me",
        "logs/*",
        "logs/*.jsonl",
        "logs/.*.jsonl",
        "logs/[ab].*",
        "logs/*/*",
        "logs/**/*.NDJSON",
        "logs/**/*",
        "*.jsonl",
        "l*/b.jsonl",
    ],
)
def test_a_url_names_what_a_path_names(memory: MemoryFileSystem, write: Write, name: str) -> None:
    for file in TREE:
        write(file, "")
        memory.pipe(f"/{file}", b"1")

    with serve(Site(dict.fromkeys(TREE, b"1"))) as site:
        local = found(name)
        assert local
        assert found(f"memory://{name}") == [f"memory://{file}" for file in local]
        assert found(f"{site.base}{name}") == [f"{site.base}{file}" for file in local]


def test_question_marks_of_a_glob_are_no_query(memory: MemoryFileSystem) -> None:
    memory.pipe({"/a1.log": b"", "/a2.log": b"", "/a10.log": b""})

    assert found("memory://a?.log") == ["memory://a1.log", "memory://a2.log"]


def test_question_marks_of_the_web_are_a_query() -> None:
    with serve(Site({"a/": b"1", "a/*.jsonl": b"2", "a.csv": b"a,b"}, query="page=[*]/")) as site:
        urls = [f"{site.base}{name}?page=[*]/" for name in ("a/*.jsonl", "a.csv")]

        assert found(*urls) == [f"{site.base}a/*.jsonl", f"{site.base}a.csv"]
        assert contents(urls[0]) == (b"2", None)


def test_a_glob_does_not_look_deeper_than_it_says() -> None:
    with serve(Site(dict.fromkeys(("a.jsonl", "deep/b.jsonl", "deep/er/c.jsonl"), b"1"))) as site:
        assert found(f"{site.base}*.jsonl") == [f"{site.base}a.jsonl"]
        assert site.asked == [("GET", "", "")]


def test_a_file_may_be_named_like_a_glob(memory: MemoryFileSystem) -> None:
    memory.pipe("/a[1].jsonl", b"1")

    assert found("memory://a[1].jsonl") == ["memory://a[1].jsonl"]


def test_a_protocol_is_written_large_or_small(memory: MemoryFileSystem) -> None:
    memory.pipe("/a.jsonl", b"1")

    assert contents("MEMORY://a.jsonl") == (b"1", None)


def test_new_files_are_found(memory: MemoryFileSystem) -> None:
    memory.pipe("/logs/a.jsonl", b"1")
    found("memory://logs/")
    memory.pipe("/logs/b.jsonl", b"1")

    assert found("memory://logs/") == ["memory://logs/a.jsonl", "memory://logs/b.jsonl"]


@pytest.mark.parametrize("name", ["absent.jsonl", "*.jsonl"])
def test_a_url_that_names_nothing_is_an_error(memory: MemoryFileSystem, name: str) -> None:
    memory.pipe("/notes.txt", b"1")
    with serve(Site({"notes.txt": b"1"})) as site:
        for base in ("memory://", site.base):
            message, hint = refusal(base + name)

            assert message == f"No such file: `{base}{name}`"
            assert hint == "check the address; a directory ends in `/`, and a glob is put in quotes"


def test_a_directory_without_logs_is_an_error(memory: MemoryFileSystem) -> None:
    memory.pipe("/logs/notes.txt", b"1")
    with serve(Site({"logs/notes.txt": b"1"})) as site:
        for base in ("memory://", site.base):
            message, hint = refusal(f"{base}logs/")

            assert message == f"No log files in `{base}logs/`"
            assert ".jsonl, .ndjson, .json, .csv, .tsv, .parquet" in hint


def test_what_looks_the_same_without_its_query_is_numbered() -> None:
    with serve(Site({"log.csv": b"a,b\n1,2\n"})) as site:
        urls = [f"{site.base}log.csv?{query}" for query in ("day=1", "day=2", "day=1")]
        sources = find_sources(["-", *urls])

    assert [source.path for source in sources[1:]] == [
        f"{site.base}log.csv",
        f"{site.base}log.csv (2)",
        f"{site.base}log.csv",
    ]
    assert [source.container for source in sources] == [None, "csv", "csv", "csv"]


def test_a_source_does_not_show_its_secrets() -> None:
    with serve(Site({"log.csv": b"1"}, query="sig=secret")) as site:
        (source,) = find_sources([f"{site.base}log.csv?sig=secret"])

    assert "secret" not in repr(source)


# Reading


@pytest.fixture(params=["ranges", "no ranges", "ranges refused", "chunks", "no HEAD", "memory"])
def place(request: pytest.FixtureRequest, memory: MemoryFileSystem) -> Iterator[Callable[[bytes], str]]:
    """Puts bytes where each kind of server gives them, and gives their URL."""
    site = {
        "ranges": Site({}, accepts="bytes"),
        "no ranges": Site({}, ranges=False),
        "ranges refused": Site({}, ranges=False, accepts="none"),
        "chunks": Site({}, ranges=False, length=False, chunked=True),
        "no HEAD": Site({}, head=False),
        "memory": Site({}),
    }[request.param]
    with serve(site):

        def placed(data: bytes) -> str:
            site.files["log"] = data
            memory.pipe("/log", data)
            return "memory://log" if request.param == "memory" else f"{site.base}log"

        yield placed


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("size", [0, 1, SMALL - 1, SMALL, SMALL + 1, 2 * SMALL, len(LINES)])
def test_all_bytes_are_read_whatever_the_server(
    place: Callable[[bytes], str], pack: Callable[[bytes], bytes], size: int
) -> None:
    assert contents(place(pack(LINES[:size]))) == (LINES[:size], None)


def test_size_and_position_are_those_of_the_packed_file(place: Callable[[bytes], str]) -> None:
    packed = gzip.compress(LINES)
    (source,) = find_sources([place(packed)])

    positions = [partition.position for partition in partitions(source, len(LINES) // 4)]

    assert positions == sorted(positions)
    assert positions[-1] == len(packed)
    assert source.size == len(packed)


def test_a_size_that_a_listing_does_not_tell_is_asked_for() -> None:
    with serve(Site({"a.jsonl": LINES, "b.jsonl": b"1"})) as site:
        assert [source.size for source in find_sources([site.base])] == [len(LINES), 1]


def test_line_numbers_are_those_of_the_file(place: Callable[[bytes], str]) -> None:
    lines = [b"line %d" % number for number in range(1, 20_001)]
    (source,) = find_sources([place(b"\n".join(lines))])

    for size in (1000, 30_000, 1 << 20):
        first = [
            (p.line(0), p.data.split(b"\n")[0]) for p in partitions(source, size) if isinstance(p.data, bytes)
        ]

        assert first == [(number, lines[number - 1]) for number, _ in first]


def test_a_partition_takes_no_more_than_a_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costopt.intake.remote, "BLOCK", BLOCK)
    data = LINES * (3 * BLOCK // len(LINES))
    with serve(Site({"log.jsonl": data})) as site:
        assert contents(f"{site.base}log.jsonl") == (data, None)

    assert len(site.given) == -(-len(data) // BLOCK)
    assert max(site.given) == BLOCK + OVERLAP


def test_a_server_without_ranges_gives_the_rest_in_one_stream() -> None:
    with serve(Site({"log.jsonl": LINES}, ranges=False)) as site:
        assert contents(f"{site.base}log.jsonl") == (LINES, None)

    assert [span for method, _, span in site.asked if method == "GET"] == [
        f"bytes=0-{SMALL - 1}",
        f"bytes={SMALL - OVERLAP}-{2 * SMALL - 1}",
        "",
    ]


def test_bytes_are_asked_for_as_they_are_stored() -> None:
    with serve(Site({"log.jsonl": LINES})) as site:
        contents(f"{site.base}log.jsonl")

    assert {headers["Accept-Encoding"] for headers in site.headers} == {"identity"}


def test_an_address_is_sent_as_it_was_given() -> None:
    signed = "sig=a%2Fb%2Bc%3D"
    with serve(Site({"log%2A.jsonl": b"1", "my%20log.jsonl": b"2"}, query=signed)) as site:
        assert contents(f"{site.base}log%2A.jsonl?{signed}") == (b"1", None)

    with serve(Site({"my%20log.jsonl": b"2"})) as site:
        assert contents(f"{site.base}my log.jsonl") == (b"2", None)


def test_headers_may_be_configured_for_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fsspec.config.conf, "http", {"headers": {"Authorization": "Bearer token"}})
    with serve(Site({"log.jsonl": b"1"}, user="Bearer token")) as site:
        assert contents(f"{site.base}log.jsonl") == (b"1", None)


def test_user_and_password_may_stand_in_the_url() -> None:
    with serve(Site({"logs/a.jsonl": b"1"}, user="Basic dTpwdw==")) as site:
        base = site.base.replace("://", "://u:pw@")

        assert contents(f"{base}logs/a.jsonl") == (b"1", None)
        assert contents(f"{base}logs/") == (b"1", None)
        assert found(f"{base}logs/*") == [f"{site.base}logs/a.jsonl"]


def test_user_and_password_may_stand_in_netrc(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    monkeypatch.setenv("NETRC", write("netrc", "machine 127.0.0.1 login u password pw"))
    with serve(Site({"a.jsonl": b"1"}, user="Basic dTpwdw==")) as site:
        assert contents(f"{site.base}a.jsonl") == (b"1", None)


def test_rows_are_read_from_a_copy(place: Callable[[bytes], str]) -> None:
    file = io.BytesIO()
    pl.DataFrame({"number": range(50_000)}).write_parquet(
        file, row_group_size=10_000, compression="uncompressed"
    )
    (source,) = find_sources([place(file.getvalue())])

    found = list(partitions(source, 256 * 10_000))

    rows = pl.concat([p.data for p in found if isinstance(p.data, pl.DataFrame)])
    assert rows["number"].to_list() == list(range(50_000))
    assert found[-1].position == len(file.getvalue())


# Cut off, replaced, in doubt


KINDS: dict[str, Callable[[], Site]] = {
    "ranges": lambda: Site({}),
    "no ranges": lambda: Site({}, ranges=False),
    "chunks": lambda: Site({}, ranges=False, length=False, chunked=True),
    "no HEAD": lambda: Site({}, ranges=False, head=False),
    "ranges refused": lambda: Site({}, ranges=False, accepts="none"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("share", [0, 0.1, 0.9])
def test_a_connection_that_is_cut_is_an_error(
    kind: str, pack: Callable[[bytes], bytes], share: float
) -> None:
    data = pack(LINES)
    with serve(KINDS[kind]()) as site:
        site.files["log"] = data
        site.cut = int(share * min(len(data), SMALL if kind == "ranges" else len(data)))
        message, hint = refusal(f"{site.base}log")

    assert message == f"Cannot read `{site.base}log`: the connection was cut before the end of the file"
    assert hint == "try again, or download the file first"


@pytest.mark.parametrize("cut", [0, 1, 49_000])
def test_a_connection_that_is_cut_once_is_made_again(cut: int) -> None:
    with serve(Site({"log": LINES}, cut=cut, cuts=2)) as site:
        assert contents(f"{site.base}log") == (LINES, None)


def test_a_server_that_is_busy_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Site({"log": LINES})) as site:
        (source,) = find_sources([f"{site.base}log"])
        site.statuses = {"log": 503}
        monkeypatch.setattr(time, "sleep", lambda _: setattr(site, "statuses", {}))
        with open_source(source) as stream:
            assert stream.read(len(LINES)) == LINES


def test_a_file_that_is_shorter_than_was_said_is_an_error(memory: MemoryFileSystem) -> None:
    memory.pipe("/log", LINES)
    (source,) = find_sources(["memory://log"])
    memory.pipe("/log", LINES[:-1])

    with pytest.raises(SourceError, match="was cut before the end"), open_source(source) as stream:
        stream.read(len(LINES))


def test_a_file_that_is_gone_when_it_is_read_is_an_error() -> None:
    with serve(Site({"log": LINES})) as site:
        (source,) = find_sources([f"{site.base}log"])
        site.files.clear()

        with pytest.raises(SourceError, match="No such file"), open_source(source):
            pass


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_that_is_replaced_while_it_is_read_is_an_error(*, ranges: bool) -> None:
    with serve(Site({"log": LINES}, ranges=ranges, later={"log": LINES.replace(b"1", b"2")})) as site:
        message, hint = refusal(f"{site.base}log")

    assert message == f"Cannot read `{site.base}log`: the file was replaced while it was read"
    assert hint == "try again when it is complete, or download it first"


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_that_grows_while_it_is_read_is_none(*, ranges: bool) -> None:
    with serve(Site({"log": LINES}, ranges=ranges, later={"log": LINES + b"more"})) as site:
        text, damage = contents(f"{site.base}log")

    assert text in (LINES, LINES + b"more")
    assert damage is None


def test_a_file_that_shrinks_while_it_is_read_is_an_error() -> None:
    with serve(Site({"log": LINES}, ranges=False, later={"log": b"x"})) as site:
        assert "was cut before the end" in refusal(f"{site.base}log")[0]


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (LINES, "the server did not say how long the file is: nothing tells whether all of it came"),
        (b"", "the server did not say how long the file is: nothing tells whether all of it came"),
        (gzip.compress(LINES), None),
        (b"PAR1...", None),
    ],
)
def test_it_is_said_when_nothing_tells_whether_a_file_is_complete(data: bytes, damage: str | None) -> None:
    with serve(Site({"log": data}, ranges=False, length=False)) as site:
        assert contents(f"{site.base}log")[1] == damage


class Dribble(io.BytesIO):
    """A file that gives a few bytes at a time, and has no other way but onward."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 7))

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


class Mistaken(io.BytesIO):
    """A file that cannot be read for a reason of its own."""

    def read(self, *_: object) -> bytes:
        raise ValueError("no key for this file")


class Careless(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file system that may know no sizes, gives what it likes, and logs."""

    protocol = "careless"
    sizes: ClassVar[dict[str, int | None]] = {}
    kind: ClassVar[type[io.BytesIO]] = Dribble

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.replace("careless:", "memory:")))

    def info(self, path: str, **_: object) -> dict[str, object]:
        logging.getLogger("botocore").warning("secret")
        return {"size": self.sizes.get(path), "type": "file"}

    def open(self, path: str, *_: object, **__: object) -> io.BytesIO:
        return self.kind(self.store[path].getvalue())


@pytest.fixture
def careless(memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> MemoryFileSystem:
    """Its files, and their sizes as far as they are said."""
    monkeypatch.setattr(Careless, "sizes", {})
    fsspec.register_implementation("careless", Careless, clobber=True)
    return memory


def test_a_file_of_unknown_size_is_read_to_its_end(careless: MemoryFileSystem) -> None:
    careless.pipe("/log.gz", gzip.compress(LINES))

    (source,) = find_sources(["careless://log.gz"])

    assert source.size == 0
    assert contents("careless://log.gz") == (LINES, None)


def test_a_file_without_any_way_back_is_read_in_one_stream(careless: MemoryFileSystem) -> None:
    careless.pipe("/log", LINES)
    Careless.sizes["/log"] = len(LINES)

    assert contents("careless://log") == (LINES, None)


def test_a_stream_that_ends_early_is_an_error(careless: MemoryFileSystem) -> None:
    careless.pipe("/log", LINES[:-1])
    Careless.sizes["/log"] = len(LINES)

    assert "was cut before the end" in refusal("careless://log")[0]


def test_an_error_of_its_own_kind_is_told(
    careless: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Careless, "kind", Mistaken)
    careless.pipe("/log", LINES)
    Careless.sizes["/log"] = len(LINES)

    assert refusal("careless://log") == (
        "Cannot read `careless://log`: ValueError: no key for this file",
        "credentials are the usual ones of the package that reads this protocol",
    )


def test_what_a_package_logs_is_not_printed(
    careless: MemoryFileSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    careless.pipe("/log", b"1")
    logging.getLogger("botocore").handlers.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.getLogger("botocore"), "propagate", False)  # as where nobody set up logging
        found("careless://log", "careless://log")

    assert capsys.readouterr() == ("", "")


# What cannot be reached


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "access is denied (HTTP status 401)"),
        (403, "access is denied (HTTP status 403)"),
        (500, "the server is too busy, or broken (HTTP status 500)"),
        (503, "the server is too busy, or broken (HTTP status 503)"),
    ],
)
def test_what_a_server_answers_is_told(status: int, reason: str) -> None:
    with serve(Site({}, statuses={"log": status})) as site:
        assert refusal(f"{site.base}log")[0] == f"Cannot read `{site.base}log`: {reason}"


def test_a_missing_file_is_told_as_such() -> None:
    with serve(Site({})) as site:
        assert refusal(f"{site.base}log")[0] == f"No such file: `{site.base}log`"


def test_a_server_that_is_not_there_is_told_as_such() -> None:
    with serve(Site({})) as site:
        pass

    assert refusal(f"{site.base}log") == (
        f"Cannot read `{site.base}log`: no connection to the server",
        "check the address and the network",
    )


def test_a_host_that_is_not_there_is_told_as_such() -> None:
    assert refusal("http://nowhere.invalid/log") == (
        "Cannot read `http://nowhere.invalid/log`: there is no such host",
        "check the address and the network",
    )


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costopt.intake.remote, "SILENCE", 0.2)
    with serve(Site({"log": LINES}, silent=True)) as site:
        assert refusal(f"{site.base}log") == (
            f"Cannot read `{site.base}log`: the server does not answer in time",
            "try again later, or download the file first",
        )


# Packages


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes it as if a package were not installed."""

    def removed(name: str) -> None:
        known = sys.modules["fsspec.registry"]._registry  # noqa: SLF001 - what was imported already
        for protocol in ("http", "https", "s3", "gs", "abfs", "sftp", "smb"):
            monkeypatch.delitem(known, protocol, raising=False)
        for module in ("http", "sftp", "smb"):
            monkeypatch.delitem(sys.modules, f"fsspec.implementations.{module}", raising=False)
        monkeypatch.setitem(sys.modules, name, None)

    return removed


OURS = "run `pip install 'llm-costopt[remote]'`"


@pytest.mark.parametrize(
    ("url", "package", "hint"),
    [
        ("s3://bucket/a.jsonl", "fsspec", OURS),
        ("s3://bucket/a.jsonl", "s3fs", OURS),
        ("gs://bucket/a.jsonl", "gcsfs", OURS),
        ("https://u:secret@host/a.jsonl?secret", "aiohttp", OURS),
        ("abfs://bucket/a.jsonl", "adlfs", "run `pip install adlfs`"),
        ("sftp://host/a.jsonl", "paramiko", "run `pip install paramiko`"),
        (
            "smb://host/a.jsonl",
            "smbclient",
            'SMB requires "smbprotocol" or "smbprotocol[kerberos]" installed',
        ),
    ],
)
def test_a_missing_package_is_named(
    without: Callable[[str], None], url: str, package: str, hint: str
) -> None:
    without(package)

    message, said = refusal(url)

    shown = url.replace("u:secret@", "").removesuffix("?secret")
    assert message == f"Cannot read `{shown}`: a package that it takes is not installed"
    assert said == hint


def test_an_unknown_protocol_is_an_error() -> None:
    assert refusal("foo://host/a.jsonl") == (
        "Cannot read `foo://host/a.jsonl`: there is no protocol `foo`",
        "name s3://, gs://, az://, https:// or another protocol of fsspec",
    )


def test_a_chain_of_urls_is_an_error() -> None:
    assert refusal("zip://*.jsonl::https://u:secret@host/logs.zip?secret") == (
        "Cannot read `zip://*.jsonl::https://host/logs.zip`: it is a chain of URLs",
        "name the files themselves",
    )


def test_fsspec_is_imported_only_for_a_url(write: Write) -> None:
    program = (
        "import sys; from costopt.intake.sources import find_sources, open_source\n"
        f"with open_source(find_sources([{write('log', '1')!r}])[0]) as stream: stream.read(1)\n"
        "print({'fsspec', 'aiohttp', 'asyncio'} & {*sys.modules})"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout == "set()\n"


def test_nothing_is_left_open_at_the_end() -> None:
    program = (
        "import sys; from costopt.intake.sources import find_sources, open_source\n"
        "with open_source(find_sources(sys.argv[1:])[0]) as stream: print(stream.read(1))\n"
    )
    with serve(Site({"log": LINES}, ranges=False, accepts="none")) as site:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-W", "error", "-X", "dev", "-c", program, f"{site.base}log"],
            capture_output=True,
            text=True,
            check=True,
        )

    assert (done.stdout, done.stderr) == ("b'{'\n", "")
