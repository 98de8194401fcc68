# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror of Go's downloads for tests, over HTTP, HTTPS and through its proxy; it can misbehave on request.

/dl/…          as go.dev/dl: the JSON index, and redirects to /go/
/go/…          as dl.google.com/go: files with ranges and validators, bare .sha256 digests
/plain/FILE    as a simple mirror: archives and nothing else
/proxy/…       as a module proxy: golang.org/toolchain, and the checksum database
/fault/NAME/…  the same tree with a fault (mirror_faults.py)
"""

from __future__ import annotations

import argparse
import contextlib
import re
import select
import signal
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from support.mirror.certificates import Authority, ServerCertificate
from support.mirror.faults import FaultPath, explain_unknown
from support.mirror.log import Request, RequestLog
from support.mirror.tree import ChecksumDatabase, Resource, Tree, text
from support.toolchains.real import DEFAULT_SET, Archive, ToolchainError, ensure
from support.toolchains.tiny import VERSIONS, tiny

CHUNK = 256 * 1024
IDLE_SECONDS = 60
# SO_LINGER on with no time: close() sends RST.
ABRUPT = struct.pack("ii", 1, 0)

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Unsatisfiable(ValueError):
    """A range that begins past the end."""


def parse_range(value: str | None, size: int) -> tuple[int, int] | None:
    """First and past-the-last offset of a single byte range; None for what a server may ignore (RFC 9110, 14.2)."""
    found = _RANGE.fullmatch(value or "")
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable(value)
    return start, end


class HttpExchange:
    """One request to the mirror and the means to answer it (mirror_faults.Exchange)."""

    def __init__(self, handler: Handler, request: Request, tree: Tree, place: FaultPath) -> None:
        self.tree = tree
        self.path = place.path
        self.query = request.query
        self.prefix = place.prefix
        self.resource = tree.find(place.path, request.query, place.prefix)
        self.earlier = 0
        self.plain_url = handler.server.mirror.url
        self._handler = handler
        self._request = request

    def respond(self, resource: Resource, ranged: bool = True) -> None:
        self.resource = resource
        # go.dev's list knows GET only.
        allowed = ("GET",) if resource.kind == "index" else ("GET", "HEAD")
        if self._request.method not in allowed:
            self.resource = replace(text("missing", "method not allowed\n", 405), headers=(("Allow", ", ".join(allowed)),))
        elif self._unchanged():
            self._headers(304, ())
            return
        try:
            start, end = self.span(ranged)
        except Unsatisfiable:
            self._headers(416, (("Content-Range", f"bytes */{resource.size}"), ("Content-Length", "0")))
            return
        self.begin(ranged=ranged)
        self.send(start, end)

    def span(self, ranged: bool = True) -> tuple[int, int]:
        return (self._partial() if ranged else None) or (0, self.resource.size)

    def begin(self, declared: int | None = None, ranged: bool = True) -> None:
        start, end = self.span(ranged)
        partial = ranged and self._partial() is not None
        lines = [("Content-Type", self.resource.content_type)]
        lines.append(("Content-Length", str(end - start if declared is None else declared)))
        if self.resource.ranged and ranged:
            lines.append(("Accept-Ranges", "bytes"))
        if partial:
            lines.append(("Content-Range", f"bytes {start}-{end - 1}/{self.resource.size}"))
        self._headers(206 if partial else self.resource.status, lines)

    def send(self, start: int, end: int) -> None:
        if self._request.method == "HEAD" or end <= start:
            return
        body = self.resource.body
        if isinstance(body, bytes):
            self._write(body[start:end], start)
        elif self.resource.flipped is None and not isinstance(self._handler.connection, ssl.SSLSocket):
            self._send_file(body, start, end)
        else:
            with body.open("rb") as file:
                file.seek(start)
                for offset in range(start, end, CHUNK):
                    self._write(file.read(min(CHUNK, end - offset)), offset)

    def send_raw(self, content: bytes) -> None:
        self._handler.wfile.write(content)
        self._request.sent += len(content)

    def client_leaves(self, within: float) -> bool:
        # A client that waits for an answer sends nothing: what can be read here is the end of its connection.
        return bool(select.select([self._handler.connection], [], [], within)[0])

    def close(self) -> None:
        self._handler.close_connection = True

    def reset(self) -> None:
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
        self.close()

    def wait_for_client(self) -> None:
        # The log need not wait: nothing more will be sent. The mirror's stop shuts the socket down, which ends this.
        self._handler.server.mirror.log.settle(self._request)
        select.select([self._handler.connection], [], [])

    def _headers(self, status: int, lines: Sequence[tuple[str, str]]) -> None:
        self._request.status = status
        self._handler.send_response(status)
        resource = self.resource
        validators = (("ETag", f'"{resource.etag}"'), ("Last-Modified", self._modified())) if resource.etag else ()
        for name, value in (*lines, *validators, *resource.headers):
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def _modified(self) -> str:
        return format_datetime(self.resource.modified, usegmt=True) if self.resource.modified else ""

    def _validators(self) -> tuple[str, str]:
        return f'"{self.resource.etag}"', self._modified()

    def _unchanged(self) -> bool:
        asked = self._handler.headers.get("If-None-Match")
        return self.resource.ranged and asked is not None and self._validators()[0] in asked

    def _partial(self) -> tuple[int, int] | None:
        condition = self._handler.headers.get("If-Range")
        if not self.resource.ranged or (condition is not None and condition not in self._validators()):
            return None
        return parse_range(self._request.range, self.resource.size)

    def _write(self, chunk: bytes, offset: int) -> None:
        at = self.resource.flipped
        if at is not None and offset <= at < offset + len(chunk):
            inside = at - offset
            chunk = chunk[:inside] + bytes([chunk[inside] ^ 0xFF]) + chunk[inside + 1 :]
        self._handler.wfile.write(chunk)
        self._request.sent += len(chunk)

    def _send_file(self, path: Path, start: int, end: int) -> None:
        with path.open("rb") as file:
            try:
                self._handler.connection.sendfile(file, start, end - start)
            finally:
                # sendfile leaves the file at the first byte that wasn't sent.
                self._request.sent += file.tell() - start


class Handler(BaseHTTPRequestHandler):
    """Requests that reach the mirror's own ports."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "gofleet-test-mirror"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        if isinstance(self.connection, ssl.SSLSocket):
            # Here, in the connection's own thread: a client with a slow handshake does not delay others.
            with self.server.mirror.log.handshake():
                self.connection.do_handshake()

    def log_message(self, format: str, *args: Any) -> None:
        """The request log says more."""

    def do_GET(self) -> None:
        self.answer(urlsplit(self.path))

    do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET

    def answer(self, target: SplitResult) -> None:
        mirror = self.server.mirror
        request = self.note(unquote(target.path), target.query)
        place = FaultPath.parse(request.path)
        fault = place.fault if place else None
        request.fault = fault.name if fault else None
        if self.command not in ("GET", "HEAD"):
            # Its body is left unread.
            self.close_connection = True
        try:
            exchange = HttpExchange(self, request, mirror.tree, place or FaultPath(None, "", request.path))
            if place and not fault:
                exchange.respond(explain_unknown(request.path))
            elif place and fault and fault.strikes(exchange.resource):
                exchange.earlier = mirror.log.count((request.client, self.command, place.prefix, place.path))
                fault.act(exchange)
            else:
                exchange.respond(exchange.resource)
        except Unsatisfiable:
            self.send_error(416)
        except OSError:
            # The client went away.
            self.close_connection = True
        finally:
            mirror.log.settle(request)

    def note(self, path: str, query: str = "") -> Request:
        client, proxied = self.origin()
        secure = isinstance(self.connection, ssl.SSLSocket)
        request = Request(time.time(), self.command, path, query, "https" if secure else "http", client, proxied)
        request.range, request.user_agent = self.headers.get("Range"), self.headers.get("User-Agent")
        request.server_name = self.server.names.get(self.connection)
        self.server.mirror.log.begin(request)
        return request

    def origin(self) -> tuple[str, bool]:
        """The client's address and whether it came through the mirror's proxy."""
        address = (str(self.client_address[0]), int(self.client_address[1]))
        behind = self.server.mirror.tunnels.get(address)
        return (behind, True) if behind else (address[0], False)


class ProxyHandler(Handler):
    """Requests to the proxy's port: absolute URLs and tunnels, both to the mirror itself only."""

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        if target.scheme == "http" and self.server.mirror.owns(target.hostname, target.port or 80):
            self.answer(target)
        else:
            self._refuse(target.path)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET

    def do_CONNECT(self) -> None:
        host, _colon, port = self.path.rpartition(":")
        if not port.isdigit() or not self.server.mirror.owns(host, int(port)):
            self._refuse(self.path)
            return
        request = self.note(self.path)
        request.status = 200
        self.server.mirror.log.settle(request)
        self.send_response(200, "Connection established")
        self.end_headers()
        self.close_connection = True
        self._tunnel(int(port))

    def origin(self) -> tuple[str, bool]:
        return str(self.client_address[0]), True

    def _refuse(self, path: str) -> None:
        request = self.note(path)
        request.status = 403
        self.server.mirror.log.settle(request)
        self.send_error(403, explain="this proxy leads to its own mirror only")

    def _tunnel(self, port: int) -> None:
        mirror = self.server.mirror
        with socket.socket() as far:
            # The mirror must know whose connection this is before it comes in.
            far.bind((mirror.inner_host, 0))
            address = far.getsockname()
            mirror.tunnels[address] = str(self.client_address[0])
            try:
                far.connect((mirror.inner_host, port))
                self.connection.settimeout(None)
                back = threading.Thread(target=pump, args=(self.connection, far), daemon=True)
                back.start()
                pump(far, self.connection)
                back.join()
            except OSError:
                # One of the two went away.
                self.close_connection = True
            finally:
                mirror.tunnels.pop(address, None)


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copy until the source ends, and pass its end on in the way that it came: closed or reset."""
    try:
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    except OSError:
        with contextlib.suppress(OSError):
            target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
    with contextlib.suppress(OSError):
        if not is_abrupt(target):
            target.shutdown(socket.SHUT_WR)
        else:
            # Wakes the other direction; the reset goes out when both are done.
            target.shutdown(socket.SHUT_RD)


def is_abrupt(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(ABRUPT)) == ABRUPT


class Server(ThreadingTCPServer):
    """A port of the mirror. Waits without polling; stopping it ends every connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, mirror: Mirror, port: int, handler: type[Handler], context: ssl.SSLContext | None = None) -> None:
        self.mirror = mirror
        self.names: weakref.WeakKeyDictionary[socket.socket, str] = weakref.WeakKeyDictionary()
        self._context = context
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._stopping = False
        if context:
            context.sni_callback = self._named
        super().__init__((mirror.host, port), handler)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        # Wakes the thread that waits for connections; closing the socket alone would not.
        self.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.server_close()
        with self._guard:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    # Not SSLSocket.shutdown: it pulls TLS from under the thread that is using it.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        # A FIN ahead of the reset would make it a normal end.
        if is_abrupt(request):
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # An OSError is a client that went away.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def _accept(self) -> None:
        while not self._stopping:
            self.handle_request()

    def _named(self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name and isinstance(connection, ssl.SSLSocket):
            self.names[connection] = name


@dataclass(frozen=True)
class Ports:
    """0: any free one."""

    http: int = 0
    https: int = 0
    proxy: int = 0


@dataclass
class Mirror:
    """The mirror. `host` is what it binds to, `address` the one that clients get; both may differ when it binds to all."""

    archives: Sequence[Archive]
    tls: ServerCertificate | None = None
    host: str = "127.0.0.1"
    address: str | None = None
    log_path: Path | None = None
    ports: Ports = Ports()
    database: ChecksumDatabase = field(default_factory=ChecksumDatabase)

    def __post_init__(self) -> None:
        self.tree = Tree(self.archives, self.database)
        self.tunnels: dict[tuple[str, int], str] = {}
        self.log = RequestLog(self.log_path)
        self._http = Server(self, self.ports.http, Handler)
        self._proxy = Server(self, self.ports.proxy, ProxyHandler)
        self._https = Server(self, self.ports.https, Handler, self.tls.context()) if self.tls else None

    @property
    def inner_host(self) -> str:
        return "127.0.0.1" if self.host in ("", "0.0.0.0") else self.host

    @property
    def url(self) -> str:
        return f"http://{self.address or self.inner_host}:{self._http.port}"

    @property
    def https_url(self) -> str:
        if self._https is None:
            raise ValueError("this mirror has no certificate: start it with tls=Authority.kept().issue(folder)")
        return f"https://{self.address or self.inner_host}:{self._https.port}"

    @property
    def proxy_url(self) -> str:
        return f"http://{self.address or self.inner_host}:{self._proxy.port}"

    def fault_url(self, name: str, secure: bool = False) -> str:
        """The root of the tree with a fault: NAME[+SCOPE][~KEY]."""
        return f"{self.https_url if secure else self.url}/fault/{name}"

    def requests(self, timeout: float = 5) -> list[Request]:
        """Copies of all requests so far, once those under way are done or the timeout (in seconds) is over."""
        return self.log.snapshot(timeout)

    def failed_handshakes(self, timeout: float = 5) -> int:
        """How many clients gave up on TLS, mostly because they don't trust the certificate."""
        return self.log.failed_handshakes(timeout)

    def forget(self) -> None:
        """Start counting anew: requests, and what `…_once` faults remember."""
        self.log.forget()

    def owns(self, host: str | None, port: int) -> bool:
        names = {self.address, self.inner_host, "127.0.0.1", "localhost", *(self.tls.names if self.tls else ())}
        return host in names and port in {server.port for server in self._servers() if server is not self._proxy}

    def start(self) -> Mirror:
        for server in self._servers():
            server.start()
        return self

    def stop(self) -> None:
        for server in self._servers():
            server.stop()
        self.log.close()

    def __enter__(self) -> Mirror:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _servers(self) -> Iterator[Server]:
        yield from (server for server in (self._http, self._https, self._proxy) if server)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Serve Go archives until a signal comes.")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (0.0.0.0: all)")
    parser.add_argument("--address", default="127.0.0.1", help="address that clients use; the certificate names it")
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--https-port", type=int, default=0)
    parser.add_argument("--proxy-port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="append each request to this file as a JSON line")
    parser.add_argument("--tiny", action="store_true", help=f"serve tiny archives of {VERSIONS[0]} to {VERSIONS[-1]}")
    parser.add_argument("toolchains", nargs="*", metavar="VERSION/ARCH", help=f"default: {' '.join(DEFAULT_SET)}")
    chosen = parser.parse_args(arguments)
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with tempfile.TemporaryDirectory(prefix="gofleet-mirror-") as scratch:
        folder = Path(scratch)
        try:
            archives = [ensure(spec) for spec in chosen.toolchains or (() if chosen.tiny else DEFAULT_SET)]
        except ToolchainError as error:
            print(error, file=sys.stderr)
            return 1
        if chosen.tiny:
            archives += [tiny(folder, version, arch) for version in VERSIONS for arch in ("amd64", "arm64")]
        tls = Authority.kept().issue(folder / "tls", sorted({chosen.address, "127.0.0.1"}))
        ports = Ports(chosen.http_port, chosen.https_port, chosen.proxy_port)
        with Mirror(archives, tls, chosen.host, chosen.address, chosen.log, ports) as mirror:
            print(
                f"http   {mirror.url}\nhttps  {mirror.https_url}\nproxy  {mirror.proxy_url}\nca     {tls.authority}",
                flush=True,
            )
            signal.sigwait(signals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
