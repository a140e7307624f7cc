"""Paths, globs, directories, URLs and `-` to log files, unpacked and told apart by what they hold."""

import glob
import gzip
import io
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, NoReturn, cast

import zstandard

from costopt.errors import SourceError
from costopt.intake.addresses import displayed, is_url
from costopt.intake.remote import Remote, find_remote

Container = Literal["jsonl", "json", "csv", "tsv", "parquet"]

_BY_SUFFIX: Final[dict[str, Container]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_PACKED: Final = (".gz", ".zst")
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_PARQUET: Final = b"PAR1"
_BOM: Final = b"\xef\xbb\xbf"
_BLOCK: Final = 1 << 20
_PACKED_BLOCK: Final = 1 << 15
_UNPACK_ERRORS: Final = (EOFError, OSError, zlib.error, zstandard.ZstdError)


@dataclass(frozen=True, slots=True)
class Source:
    """One log file, or standard input (`-`).

    Attributes:
        path: The file; of a URL what may be shown of it.
        remote: The file behind a URL.
    """

    path: str
    remote: Remote | None = field(default=None, repr=False, compare=False)

    @property
    def size(self) -> int:
        """Bytes on disk, packed as it is; 0 where it cannot be known."""
        if self.remote:
            return self.remote.size
        return 0 if self.path == "-" else Path(self.path).stat().st_size

    @property
    def container(self) -> Container | None:
        """What the file's name says it holds, `None` where it says nothing."""
        name = Path(self.remote.shown if self.remote else self.path)
        suffix = Path(name.stem).suffix if name.suffix.lower() in _PACKED else name.suffix
        return _BY_SUFFIX.get(suffix.lower())


def find_sources(paths: Iterable[str]) -> list[Source]:
    """The log files that paths, globs, directories, URLs and `-` name, in that order, sorted within each.

    A directory gives every log file below it, hidden ones excepted; a file named twice is read twice.

    Raises:
        SourceError: if a path names nothing.
    """
    return _told_apart([source for text in paths for source in _expand(text)])


def _told_apart(sources: list[Source]) -> list[Source]:
    """Numbers for URLs that look the same without their queries."""
    urls: dict[str, list[str]] = {}
    numbered = []
    for source in sources:
        if source.remote:
            same = urls.setdefault(source.path, [])
            same += [source.remote.path] if source.remote.path not in same else []
            number = same.index(source.remote.path) + 1
            numbered.append(replace(source, path=f"{source.path} ({number})") if number > 1 else source)
        else:
            numbered.append(source)
    return numbered


def _expand(text: str) -> list[Source]:
    if is_url(text):
        remotes = find_remote(text, _is_log)
        return [Source(remote.shown, remote) for remote in remotes] or _nothing_in(displayed(text))
    path = Path(text)
    if text == "-" or path.is_file():
        return [Source(text)]
    if path.is_dir():
        files = (file for file in path.rglob("*") if _is_log(str(file.relative_to(path))) and file.is_file())
        return [Source(name) for name in sorted(map(str, files))] or _nothing_in(text)
    if path.exists():
        return [Source(text)]
    found = sorted(name for name in glob.glob(text, recursive=True) if Path(name).is_file())  # noqa: PTH207 - may be absolute
    if not found:
        raise SourceError(
            f"No such file: `{text}`", hint="name a log file, a directory, a glob, or `-` for stdin"
        )
    return [Source(name) for name in found]


def _is_log(name: str) -> bool:
    """Whether a file is a log, by its path from the directory that was named."""
    hidden = any(part.startswith(".") for part in Path(name).parts)
    return not hidden and Source(name).container is not None


def _nothing_in(directory: str) -> NoReturn:
    raise SourceError(
        f"No log files in `{directory}`",
        hint=f"a directory is searched for {', '.join(_BY_SUFFIX)}, also packed as .gz or .zst",
    )


class Stream:
    """The unpacked bytes of one source.

    A packed file that is cut off or damaged further on gives what can be unpacked; `damage` then says what
    happened. State: the position in the file, and the damage.
    """

    def __init__(self, source: Source, raw: io.BufferedReader) -> None:
        self.source = source
        self.damage: str | None = None
        self._raw = raw
        unpacked = _unpack(raw)
        self._file = raw if unpacked is None else _buffered(_to_damage(unpacked, self._note))
        self.plain = unpacked is None and source.path != "-" and raw.seekable()
        head = self.peek(4)
        if self.damage:
            raise SourceError(f"Cannot unpack `{source.path}`: {self.damage}", hint="is the file complete?")
        if source.remote and unpacked is None and not head.startswith(_PARQUET):
            self.damage = source.remote.doubt
        if head[:3] == _BOM:
            self.read(3)

    def _note(self, error: Exception) -> None:
        self.damage = f"packed data is damaged or cut off ({error})"

    def peek(self, size: int) -> bytes:
        """Some of the next bytes, left in place."""
        return self._file.peek(size)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        return self._file.read(size)

    def readline(self, limit: int) -> bytes:
        """To the next newline, included, or `limit` bytes."""
        return self._file.readline(limit)

    @property
    def position(self) -> int:
        """How many bytes of the file, packed as it is, were read; 0 where it cannot be known."""
        return self._raw.tell() if self._raw.seekable() or self.source.remote else 0

    def read_lines(self, size: int) -> bytes:
        """About `size` bytes, to the end of a line if one ends within the next `size` bytes."""
        if not self.plain:
            block = self.read(size)
            return block if block.endswith(b"\n") else block + self.readline(size)
        start = self._raw.tell()
        self._raw.seek(start + size - 1)
        self._raw.readline(size)
        end = self._raw.tell()
        self._raw.seek(start)
        return self._raw.read(end - start)

    def container(self) -> Container:
        """What the source holds: by its name, else by its first bytes."""
        named = self.source.container
        head = self.peek(4096).lstrip()
        if head.startswith(_PARQUET):
            return "parquet"
        if named in ("csv", "tsv", "parquet"):
            return named
        if head.startswith(b"{"):
            return "jsonl" if named == "jsonl" or _is_one_object(head) else "json"
        if head.startswith(b"["):
            return "jsonl" if named == "jsonl" and not _opens_array(head) else "json"
        if named is not None:
            return "jsonl"
        return "tsv" if b"\t" in head.partition(b"\n")[0] else "csv"


def _to_damage(blocks: Iterator[bytes], note: Callable[[Exception], None]) -> Iterator[bytes]:
    """The blocks; an error on the way to the next one is noted, and ends them."""
    try:
        yield from blocks
    except _UNPACK_ERRORS as error:
        note(error)


class _Blocks(io.RawIOBase):
    """A file made of blocks of bytes. State: what is left of the block at hand, and how much was read."""

    def __init__(self, blocks: Iterator[bytes | memoryview]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # all that BufferedReader passes
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        self._position += size
        return size

    def tell(self) -> int:
        return self._position


def _buffered(blocks: Iterator[bytes | memoryview]) -> io.BufferedReader:
    return io.BufferedReader(_Blocks(blocks), _BLOCK)


def _unpack(raw: io.BufferedReader) -> Iterator[bytes] | None:
    """The unpacked bytes, block by block; `None` where nothing is packed."""
    head = raw.peek(4)[:4]
    if head.startswith(_GZIP):
        return _gunzipped(raw)
    return _unzstd(raw) if head == _ZSTD else None


def _gunzipped(raw: io.BufferedReader) -> Iterator[bytes]:
    file = gzip.GzipFile(fileobj=raw)
    while block := file.read1(_BLOCK):
        yield block


def _unzstd(raw: io.BufferedReader) -> Iterator[bytes]:
    """Frame by frame, for only a frame can tell that it was cut off."""
    frame = None
    while piece := raw.read(_PACKED_BLOCK):
        while piece:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(piece)
            piece = frame.unused_data
            frame = None if frame.eof else frame
    if frame:
        raise EOFError("the last frame is not complete")


def _is_one_object(head: bytes) -> bool:
    """Whether the first line closes the object it opens (or is longer than what was peeked at)."""
    line, newline, _ = head.partition(b"\n")
    return not newline or line.rstrip().endswith(b"}")


def _opens_array(head: bytes) -> bool:
    """Whether the first line is the beginning of an array, or all of one, and not a line of its own."""
    line, _, rest = head.partition(b"\n")
    return not rest.strip() or line.rstrip()[-1:] in b"[{},"


@contextmanager
def open_source(source: Source) -> Iterator[Stream]:
    """The source's unpacked bytes.

    Raises:
        SourceError: if it cannot be opened or is packed and damaged from the start.
    """
    if source.path == "-":
        own = io.BufferedReader(cast("io.BufferedReader", sys.stdin.buffer).raw, _BLOCK)
        try:  # not the shared one: at exit Python waits for that in vain if a thread is still reading from it
            yield Stream(source, own)
        finally:
            own.detach()
        return
    if source.remote:
        with closing(source.remote.blocks()) as blocks:
            yield Stream(source, _buffered(blocks))
        return
    try:
        raw = Path(source.path).open("rb", buffering=1 << 17)  # noqa: SIM115 - closed below
    except OSError as error:
        raise SourceError(
            f"Cannot read `{source.path}`: {error.strerror}", hint="check the path and its permissions"
        ) from error
    with raw:
        yield Stream(source, cast("io.BufferedReader", raw))


@contextmanager
def as_file(stream: Stream) -> Iterator[str]:
    """A path to the stream's bytes: the source itself if it is a plain file, else a temporary copy."""
    if stream.plain:
        yield stream.source.path
        return
    with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
        while block := stream.read(1 << 22):
            copy.write(block)
        copy.flush()
        yield copy.name
