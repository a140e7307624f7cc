"""A web server on this machine that gives files well or badly, as a test asks."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What a server has, and how it behaves.

    Attributes:
        files: By path, without the leading `/`.
        ranges: Whether it gives a range that is asked for.
        accepts: What it says of ranges, if anything.
        length: Whether it says how long a file is.
        chunked: Whether files come in chunks instead.
        head: Whether it answers HEAD.
        cut: How many bytes of each body come before the connection ends.
        cuts: How many times that happens.
        silent: Whether it says nothing after the headers.
        query: What must stand behind `?`, or access is denied.
        user: The `Authorization` without which access is denied.
        statuses: By path, what it answers instead of the file.
        later: What takes a file's place once a range of it was asked for.
        asked: The requests so far: method, path, and range.
        headers: What came with each.
        base: Its address, ending in `/`.
        over: Set when the test ends.
    """

    files: dict[str, bytes]
    ranges: bool = True
    accepts: str = ""
    length: bool = True
    chunked: bool = False
    head: bool = True
    cut: int | None = None
    cuts: int = 1000
    silent: bool = False
    query: str = ""
    user: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict)
    later: Mapping[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    base: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def given(self) -> list[int]:
        """How many bytes each request with a range asked for."""
        spans = [span.removeprefix("bytes=").split("-") for _, _, span in self.asked if span]
        return [int(last) - int(first) + 1 for first, last in spans]


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, site: Site) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = site

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is none."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_HEAD(self) -> None:
        self._answer(self.server.site, body=False)

    def do_GET(self) -> None:
        self._answer(self.server.site, body=True)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def _answer(self, site: Site, *, body: bool) -> None:
        path, _, query = self.path.removeprefix("/").partition("?")
        span = self.headers.get("Range", "")
        site.asked.append((self.command, path, span))
        site.headers.append(dict(self.headers))
        self.close_connection = True
        if not (site.head or body):
            self._refuse(405)
        elif site.query not in query or site.user not in self.headers.get("Authorization", ""):
            self._refuse(403)
        elif path in site.statuses:
            self._refuse(site.statuses[path])
        elif f"{path}/" in _folders(site):
            self._refuse(301, Location=f"/{path}/")
        elif path in _folders(site):
            self._give(_page(site, path), "", body=body, kind="text/html")
        elif path in site.files:
            self._give(site.files[path], span if site.ranges else "", body=body)
            if span and path in site.later:
                site.files[path] = site.later[path]
        else:
            self._refuse(404)

    def _refuse(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _give(self, data: bytes, span: str, *, body: bool, kind: str = "application/octet-stream") -> None:
        site = self.server.site
        whole = len(data)
        if span:
            first, last = span.removeprefix("bytes=").split("-")
            if int(first) >= whole:
                self._refuse(416)
                return
            data = data[int(first) : int(last) + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(data) - 1}/{whole}")
        else:
            self.send_response(200)
        if site.accepts:
            self.send_header("Accept-Ranges", site.accepts)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        if site.length:
            self.send_header("Content-Length", str(len(data)))
        elif site.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if body:
            self._send(site, data)

    def _send(self, site: Site, data: bytes) -> None:
        if site.silent:
            site.over.wait(10)
        whole = True
        if site.cut is not None and site.cuts and len(data) > site.cut:
            site.cuts -= 1
            data, whole = data[: site.cut], False
        if not site.chunked:
            self.wfile.write(data)
            return
        for start in range(0, len(data), 1000):
            piece = data[start : start + 1000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n" if whole else b"")


def _folders(site: Site) -> set[str]:
    parts = [path.split("/")[:-1] for path in site.files]
    return {
        "",
        *("".join(f"{part}/" for part in names[:n]) for names in parts for n in range(len(names) + 1)),
    }


def _page(site: Site, folder: str) -> bytes:
    below = {path.removeprefix(folder) for path in site.files if path.startswith(folder)}
    names = {name if "/" not in name else f"{name.partition('/')[0]}/" for name in below}
    links = ["../", "?C=N;O=D", "./", *sorted(names)]
    return "".join(f'<li><a href="{link}">{link}</a></li>\n' for link in links).encode()


@contextmanager
def serve(site: Site) -> Iterator[Site]:
    """The site at an address of its own, for as long as the test takes."""
    server = _Server(site)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    site.base = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
