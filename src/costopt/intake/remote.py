"""Log files behind URLs, through fsspec: found, and read once from start to end, block by block.

Nothing of fsspec is imported before a URL is named.
"""

import logging
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from importlib import import_module
from typing import Any, Final, Protocol

from costopt.errors import SourceError
from costopt.intake.addresses import displayed, is_web, protocol_of
from costopt.intake.remote_errors import CutOffError, explained, passes

BLOCK: Final = 8 << 20
"""Bytes asked for at once: few enough to hold two of them, enough that the way there does not count."""

OVERLAP: Final = 1 << 12
"""Each range begins this much before the last one ended. What is not the same was replaced in between."""

PAUSES: Final = (0.2, 1.0)
"""Seconds to wait before a range is asked for again; the packages of the clouds have pauses of their own."""

SILENCE: Final = 60.0
"""Seconds without a connection, or without a byte, after which a web server is given up."""

_BUFFER: Final = 1 << 20
_OURS: Final = ("fsspec", "aiohttp", "s3fs", "gcsfs")
_TALKATIVE: Final = (*_OURS, "aiobotocore", "botocore", "google", "adlfs", "azure", "asyncio", "paramiko")
_DEEPEST: Final = 30
_CHAINED: Final = re.compile(r"::[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_MAGIC: Final = re.compile(r"://.*?[*?\[]")
_WEB_MAGIC: Final = re.compile(r"://[^/]*/.*?[*\[]")
_UNSURE: Final = "the server did not say how long the file is: nothing tells whether all of it came"


class File(Protocol):
    """What is used of fsspec's open files."""

    def read(self, size: int, /) -> bytes:
        """Up to that many bytes."""

    def seek(self, offset: int, /) -> object:
        """Go there."""

    def close(self) -> object:
        """Give the connection back."""


class FileSystem(Protocol):
    """What is used of fsspec's file systems."""

    def invalidate_cache(self) -> object:
        """Forget listings."""

    def info(self, path: str) -> Mapping[str, Any]:
        """Type and size of what is there."""

    def ls(self, path: str, *, detail: bool) -> list[Mapping[str, Any]]:
        """What a directory holds."""

    def find(self, path: str, *, detail: bool) -> Mapping[str, Mapping[str, Any]]:
        """All files below."""

    def glob(self, path: str, *, detail: bool) -> Mapping[str, Mapping[str, Any]]:
        """All that a pattern names."""

    def open(self, path: str, mode: str, **options: object) -> File:
        """A file for reading."""


class Remote:
    """One file behind a URL.

    State: its size once that is known, and a doubt whether all of it came.
    """

    def __init__(
        self, system: FileSystem, path: str, *, url: str, shown: str, size: int | None = None
    ) -> None:
        self.path = path
        self.shown = shown
        self.doubt: str | None = None
        self._system = system
        self._url = url
        self._size = size

    @property
    def size(self) -> int:
        """Bytes of the file, packed as it is; 0 as long as they are not known."""
        if self._size is None:
            with explained(self._url, self.shown):
                self._size = self._system.info(self.path).get("size")
        return self._size or 0

    def blocks(self) -> Generator[memoryview, None, None]:
        """All bytes: range by range where the server gives ranges, else in one stream.

        Raises:
            SourceError: The file cannot be opened, or not be read to its end.
        """
        with explained(self._url, self.shown):
            size, at, end = self.size, 0, b""
            with closing(self._open(BLOCK)) as file:
                ranges = size > 0 and _gives_ranges(file)
                try:
                    for block in self._ranges(file) if ranges else self._stream(file, 0):
                        yield block
                        at, end = at + len(block), bytes(block[-OVERLAP:])
                except ValueError:  # so fsspec says that a web server gave the file instead of a range
                    if not (ranges and is_web(self.path)):
                        raise
                else:
                    return
            with closing(self._open(0)) as file:
                self._pass_over(file, at, end)
                yield from self._stream(file, at)

    def _open(self, block: int) -> File:
        options = {"size": self._size} if is_web(self.path) and self._size else {}
        return self._system.open(self.path, "rb", block_size=block, cache_type="none", **options)

    def _ranges(self, file: File) -> Iterator[memoryview]:
        at, end = 0, b""
        while at < self.size:
            start, stop = at - len(end), min(at + BLOCK, self.size)
            data = _patiently(partial(_span, file, start, stop))
            if not data.startswith(end):
                raise self._replaced()
            block = memoryview(data)[len(end) :]
            at, end = stop, data[-OVERLAP:]
            yield block

    def _stream(self, file: File, at: int) -> Iterator[memoryview]:
        self.doubt = None if self._size is not None or _tells_its_end(file) else _UNSURE
        while data := _filled(file, BLOCK):
            at += len(data)
            yield memoryview(data)
        if at < (self._size or 0):
            raise CutOffError
        self._size = at

    def _pass_over(self, file: File, size: int, end: bytes) -> None:
        """Leaves out what was read already."""
        last = b""
        while size and (data := _filled(file, min(size, BLOCK))):
            size -= len(data)
            last = data
        if not last.endswith(end):
            raise self._replaced()

    def _replaced(self) -> SourceError:
        return SourceError(
            f"Cannot read `{self.shown}`: the file was replaced while it was read",
            hint="try again when it is complete, or download it first",
        )


def _patiently(fetch: Callable[[], bytes]) -> bytes:
    """What is fetched; after trouble that passes, it is fetched again."""
    for pause in PAUSES:
        try:
            return fetch()
        except Exception as error:
            if not passes(error):
                raise
        time.sleep(pause)
    return fetch()


def _span(file: File, start: int, stop: int) -> bytes:
    """The bytes between two offsets, all of them."""
    file.seek(start)
    data = file.read(stop - start)
    if len(data) != stop - start:
        raise CutOffError
    return data


def _filled(file: File, size: int) -> bytes:
    """That many bytes; fewer only at the end."""
    data = file.read(size)
    if not data or len(data) >= size:
        return data
    pieces = [data]
    missing = size - len(data)
    while missing > 0 and (data := file.read(missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)


def _gives_ranges(file: File) -> bool:
    try:
        file.seek(1)
        file.seek(0)
    except (OSError, ValueError):
        return False
    return True


def _tells_its_end(file: File) -> bool:
    """Whether a cut-off response is noticed: it has a length, or comes in chunks with a last one."""
    headers: Mapping[str, str] = getattr(getattr(file, "r", None), "headers", {})
    return "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()


# Finding


def find_remote(url: str, is_log: Callable[[str], bool]) -> list[Remote]:
    """The files that a URL names, sorted: itself, those of a glob, or the logs below a directory, if there are any.

    Args:
        url: The URL, with all that is secret in it.
        is_log: Whether a file below a directory is a log, by its path from there.

    Raises:
        SourceError: The URL names nothing, cannot be reached, or a package that reads it is missing.
    """
    protocol = protocol_of(url)
    url = protocol + url[len(protocol) :]
    shown = displayed(url)
    if _CHAINED.search(url):
        raise SourceError(f"Cannot read `{shown}`: it is a chain of URLs", hint="name the files themselves")
    _check_packages(protocol, shown)
    _quieten()
    with explained(url, shown):
        system, path = _system(protocol, url)
        system.invalidate_cache()
        found = _named(system, path, url, is_log)
    return sorted(found, key=lambda remote: remote.shown)


def _quieten() -> None:
    """What the packages log is not printed where nobody set up logging: errors are told in our own words."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _check_packages(protocol: str, shown: str) -> None:
    try:
        import_module("fsspec").get_filesystem_class(protocol)
    except ImportError as error:
        raise SourceError(
            f"Cannot read `{shown}`: a package that it takes is not installed", hint=_install(error)
        ) from error
    except ValueError as error:
        raise SourceError(
            f"Cannot read `{shown}`: there is no protocol `{protocol}`",
            hint="name s3://, gs://, az://, https:// or another protocol of fsspec",
        ) from error


def _install(error: ImportError) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
    name = (cause.name or "").partition(".")[0]
    if name in _OURS:
        return "run `pip install 'llm-costopt[remote]'`"
    return f"run `pip install {name}`" if name in str(error) else str(error)


def _system(protocol: str, url: str) -> tuple[FileSystem, str]:
    """The file system, and the URL as a path in it."""
    fsspec = import_module("fsspec")
    if is_web(url):
        return fsspec.filesystem(protocol, **_web_options(protocol, url)), url
    system, path = fsspec.url_to_fs(url)
    return system, path


def _web_options(protocol: str, url: str) -> dict[str, object]:
    """Bytes as they are stored, proxies and ~/.netrc as everywhere else, and no limit to the whole time it takes."""
    configured = import_module("fsspec.config").conf.get(protocol, {})
    aiohttp = import_module("aiohttp")
    client = {
        "timeout": aiohttp.ClientTimeout(total=None, sock_connect=SILENCE, sock_read=SILENCE),
        "trust_env": True,
        "auto_decompress": False,
        "read_bufsize": _BUFFER,
    }
    return {
        "client_kwargs": {**client, **configured.get("client_kwargs", {})},
        "headers": {"Accept-Encoding": "identity", **configured.get("headers", {})},
        "encoded": url.isascii() and " " not in url,  # a signature holds for the address as it was given
    }


def _named(system: FileSystem, path: str, url: str, is_log: Callable[[str], bool]) -> list[Remote]:
    one = is_web(url) and "?" in url  # a query is no glob, and lists no files
    magic = None if one else _WEB_MAGIC.search(url) if is_web(url) else _MAGIC.search(url)
    if magic and (found := _matching(system, path, url, url.rindex("/", 0, magic.end()) + 1)):
        return found
    if one or not url.endswith("/"):
        info = system.info(path)
        if one or not _is_directory(info, path):
            return [Remote(system, path, url=url, shown=displayed(url), size=info.get("size"))]
    root = url.rstrip("/") + "/"
    files = _linked(system, root, _DEEPEST) if is_web(url) else system.find(path, detail=True)
    below = _below(system, files, path.rstrip("/"), root)
    return [remote for relative, remote in below if is_log(relative)]


def _is_directory(info: Mapping[str, Any], path: str) -> bool:
    """Whether it is one: a web server says so by leading to the address with a `/`."""
    led_to = str(info.get("url", "")).partition("?")[0]
    return info["type"] == "directory" or (is_web(path) and led_to.endswith("/"))


def _matching(system: FileSystem, path: str, url: str, fixed: int) -> list[Remote]:
    """The files of a glob, whose first part up to `fixed` is none; hidden ones only where it says so."""
    root, pattern = url[:fixed], url[fixed:]
    if is_web(url):
        match = re.compile(import_module("fsspec.utils").glob_translate(url)).match
        depth = _DEEPEST if "**" in pattern else pattern.count("/") + 1
        files = {name: info for name, info in _linked(system, root, depth).items() if match(name)}
    else:
        files = dict(system.glob(path, detail=True))
    below = _below(system, files, path.removesuffix(pattern).rstrip("/"), root)
    hidden = "/." in f"/{pattern}"
    return [remote for relative, remote in below if hidden or "/." not in f"/{relative}"]


def _below(
    system: FileSystem, files: Mapping[str, Mapping[str, Any]], root: str, url: str
) -> Iterator[tuple[str, Remote]]:
    """Each file, by its path from the root, whose URL is given."""
    shown = displayed(url)
    for name, info in files.items():
        if info.get("type") != "directory":
            relative = name[len(root) :].lstrip("/")
            remote = Remote(system, name, url=url + relative, shown=shown + relative, size=info.get("size"))
            yield relative, remote


def _linked(system: FileSystem, root: str, depth: int) -> dict[str, Mapping[str, Any]]:
    """The files that a web server's own pages list below an address, level by level."""
    files: dict[str, Mapping[str, Any]] = {}
    pages, seen = [root], {root}
    for _ in range(depth):
        entries = [entry for page in pages for entry in system.ls(page, detail=True)]
        pages = []
        for entry in entries:
            url = entry["name"].replace("/./", "/")
            if url in seen or not url.startswith(root) or "?" in url or "/../" in url:
                continue
            seen.add(url)
            if url.endswith("/"):
                pages.append(url)
            else:
                files[url] = entry
    return files
