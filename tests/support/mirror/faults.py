# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which the test mirror misbehaves: a table from a name to what is done with one request.

A fault is asked for by URL: `/fault/NAME/dl/…` is the mirror's own tree with that fault.
`/fault/NAME+SCOPE/…` chooses what it strikes (SCOPES), `/fault/NAME~KEY/…` gives a `…_once` fault a separate memory,
and both can be had: `/fault/NAME+SCOPE~KEY/…`. What a fault doesn't strike is served as it should be.
"""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from support.mirror.tree import HTML, Resource, Tree, missing, text, without_newest_patches

SCOPES: dict[str, frozenset[str] | None] = {
    "all": None,
    "archive": frozenset({"archive", "zip"}),
    "digest": frozenset({"digest"}),
    "download": frozenset({"archive", "zip", "digest", "redirect"}),
    "index": frozenset({"index"}),
    "log": frozenset({"log"}),
}

# Enough to get a client past its first read, far less than an archive.
FIRST_BYTES = 64 * 1024
LIE = 1000
# Seconds between two bytes of a drip: never so long that a client could call it silence.
DRIP = 0.25
BOMB = 32 << 20
MANY_HEADERS = 1 << 30

_FAULT_PATH = re.compile(r"/fault/(?P<name>[a-z0-9_]+)(?:\+(?P<scope>[a-z]+))?(?P<key>~[A-Za-z0-9._-]+)?(?P<path>/.*)")


class Exchange(Protocol):
    """One request and the means to answer it, rightly or wrongly."""

    tree: Tree
    path: str
    query: str
    prefix: str
    resource: Resource
    # How many like requests came before: same fault, key, path and client.
    earlier: int
    # The mirror's own tree by plain HTTP.
    plain_url: str

    def respond(self, resource: Resource, ranged: bool = True) -> None:
        """Answer by the book; `ranged=False` acts as a server that knows no ranges."""

    def span(self, ranged: bool = True) -> tuple[int, int]:
        """First and past-the-last offset of the resource that the client asked for."""

    def begin(self, declared: int | None = None, ranged: bool = True) -> None:
        """Send status and headers for the resource, with the true length of its span or another."""

    def send(self, start: int, end: int) -> None:
        """Send these bytes of the resource."""

    def send_raw(self, content: bytes) -> None:
        """Send bytes that stand nowhere in the resource, be they part of headers or of a body."""

    def client_leaves(self, within: float) -> bool:
        """Whether the client goes, or the mirror stops, within so many seconds."""

    def close(self) -> None:
        """End the connection after what was sent."""

    def reset(self) -> None:
        """End the connection with a TCP reset."""

    def wait_for_client(self) -> None:
        """Stay silent until the client goes or the mirror stops."""


@dataclass(frozen=True)
class Fault:
    name: str
    scope: str
    act: Callable[[Exchange], None]

    def strikes(self, resource: Resource) -> bool:
        kinds = SCOPES[self.scope]
        return kinds is None or resource.kind in kinds


def _not_found(exchange: Exchange) -> None:
    exchange.respond(missing(exchange.path))


def _server_error(exchange: Exchange) -> None:
    exchange.respond(text("missing", "internal error\n", 500))


def _unavailable_once(exchange: Exchange) -> None:
    if exchange.earlier:
        exchange.respond(exchange.resource)
    else:
        exchange.respond(replace(text("missing", "try again\n", 503), headers=(("Retry-After", "1"),)))


def _truncate(exchange: Exchange) -> None:
    """Sends only the first half of the file, however many range requests are made."""
    start, end = exchange.span()
    exchange.begin()
    exchange.send(start, min(end, max(start, exchange.resource.size // 2)))
    exchange.close()


def _truncate_once(exchange: Exchange) -> None:
    if exchange.earlier:
        exchange.respond(exchange.resource)
    else:
        _truncate(exchange)


def _drop_no_range(exchange: Exchange) -> None:
    """Closes early, and answers the attempt to resume with the whole file and status 200."""
    if exchange.earlier:
        exchange.respond(exchange.resource, ranged=False)
    else:
        exchange.begin(ranged=False)
        exchange.send(0, exchange.resource.size // 2)
        exchange.close()


def _flip(exchange: Exchange) -> None:
    exchange.respond(replace(exchange.resource, flipped=exchange.resource.size // 2))


def _other_digit(digest: str) -> str:
    return ("1" if digest[0] == "0" else "0") + digest[1:]


def _flip_index(exchange: Exchange) -> None:
    """Every digest in the index is off by a digit."""
    if exchange.resource.kind != "index":
        exchange.respond(exchange.resource)
        return
    files = [
        replace(release, files=[replace(file, sha256=_other_digit(file.sha256)) for file in release.files])
        for release in exchange.tree.releases
    ]
    exchange.respond(exchange.tree.index(exchange.query, files))


def _flip_sha256(exchange: Exchange) -> None:
    body = exchange.resource.body
    digest = body.decode("ascii") if isinstance(body, bytes) else body.read_text(encoding="ascii")
    exchange.respond(replace(exchange.resource, body=_other_digit(digest).encode("ascii")))


def _html(exchange: Exchange) -> None:
    """The answer of a captive portal or a filtering proxy to any request."""
    exchange.respond(text("page", "<!DOCTYPE html><title>Sign in</title><p>Please sign in to use this network.\n", content_type=HTML))


def _stall(exchange: Exchange) -> None:
    start, end = exchange.span()
    exchange.begin()
    exchange.send(start, min(end - 1, start + FIRST_BYTES))
    exchange.wait_for_client()
    exchange.close()


def _reset(exchange: Exchange) -> None:
    start, end = exchange.span()
    exchange.begin()
    exchange.send(start, min(end - 1, start + FIRST_BYTES))
    exchange.reset()


def _redirect_loop(exchange: Exchange) -> None:
    """A new URL at each hop, so that only a client that counts them gets out."""
    hop = re.fullmatch(r"(?:.*&)?hop=(\d+)", exchange.query)
    location = f"{exchange.prefix}{exchange.path}?hop={int(hop[1]) + 1 if hop else 1}"
    exchange.respond(replace(text("redirect", "moved\n", 302), headers=(("Location", location),)))


def _long_length(exchange: Exchange) -> None:
    start, end = exchange.span()
    exchange.begin(declared=end - start + LIE)
    exchange.send(start, end)
    exchange.close()


def _short_length(exchange: Exchange) -> None:
    start, end = exchange.span()
    exchange.begin(declared=max(0, end - start - LIE))
    exchange.send(start, end)
    exchange.close()


def _stale_index(exchange: Exchange) -> None:
    exchange.respond(exchange.tree.index(exchange.query, without_newest_patches(exchange.tree.releases)))


def _wrong_arch(exchange: Exchange) -> None:
    other = exchange.tree.other_architecture(exchange.path.rpartition("/")[2])
    exchange.respond(other or text("missing", "this mirror serves one architecture only: start it with archives of two\n", 500))


def _drip(exchange: Exchange) -> None:
    """The right bytes, one at a time: a client that only waits for silence to last never ends."""
    start, end = exchange.span()
    exchange.begin()
    for offset in range(start, end):
        exchange.send(offset, offset + 1)
        if exchange.client_leaves(DRIP):
            break
    exchange.close()


def _drip_headers(exchange: Exchange) -> None:
    exchange.send_raw(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while not exchange.client_leaves(DRIP):
        exchange.send_raw(b"x")
    exchange.close()


def _endless_continue(exchange: Exchange) -> None:
    """Python's http.client skips any number of these, at full speed."""
    while not exchange.client_leaves(0):
        exchange.send_raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    exchange.close()


def _many_headers(exchange: Exchange) -> None:
    exchange.send_raw(b"HTTP/1.1 200 OK\r\n")
    line = b"X-Much: " + b"x" * 4096 + b"\r\n"
    for _each in range(MANY_HEADERS // len(line)):
        exchange.send_raw(line)
    exchange.send_raw(b"\r\n")
    exchange.close()


def _one_header(exchange: Exchange) -> None:
    """As much as many_headers, in a single line."""
    exchange.send_raw(b"HTTP/1.1 200 OK\r\nX-Much: ")
    for _each in range(MANY_HEADERS >> 20):
        exchange.send_raw(b"x" * (1 << 20))
    exchange.send_raw(b"\r\n\r\n")
    exchange.close()


def _endless(exchange: Exchange) -> None:
    """The resource without a length, and then more of it for as long as anybody listens."""
    exchange.send_raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    exchange.send(0, exchange.resource.size)
    for _each in itertools.takewhile(lambda _: not exchange.client_leaves(0), itertools.count()):
        exchange.send_raw(bytes(FIRST_BYTES))
    exchange.close()


def _redirect_endless(exchange: Exchange) -> None:
    """A redirect to the right file, with a body that never ends."""
    location = f"{exchange.plain_url}{exchange.path}".encode("ascii")
    exchange.send_raw(b"HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: " + location + b"\r\n\r\n")
    while not exchange.client_leaves(0):
        exchange.send_raw(bytes(FIRST_BYTES))
    exchange.close()


def _leads_to(location: Callable[[Exchange], str]) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.respond(replace(text("redirect", "moved\n", 302), headers=(("Location", location(exchange)),)))

    return act


def _packed_bomb(exchange: Exchange) -> None:
    """A body that a client which honours Content-Encoding unpacks to a thousand times as much."""
    exchange.respond(replace(exchange.resource, body=_bomb(), etag=None, headers=(("Content-Encoding", "gzip"),)), ranged=False)


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(BOMB), mtime=0)


def _refuse(exchange: Exchange) -> None:
    exchange.close()


def _bad_json(exchange: Exchange) -> None:
    body = exchange.resource.body
    if isinstance(body, bytes):
        exchange.respond(replace(exchange.resource, body=body[: len(body) // 2]))


def _empty_index(exchange: Exchange) -> None:
    exchange.respond(replace(exchange.resource, body=json.dumps([]).encode("ascii")))


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("not_found", "all", _not_found),
        Fault("server_error", "all", _server_error),
        Fault("unavailable_once", "all", _unavailable_once),
        Fault("truncate", "archive", _truncate),
        Fault("truncate_once", "archive", _truncate_once),
        Fault("drop_no_range", "archive", _drop_no_range),
        Fault("flip", "archive", _flip),
        Fault("flip_index", "index", _flip_index),
        Fault("flip_sha256", "digest", _flip_sha256),
        Fault("html", "all", _html),
        Fault("stall", "archive", _stall),
        Fault("reset", "archive", _reset),
        Fault("redirect_loop", "download", _redirect_loop),
        Fault("long_length", "archive", _long_length),
        Fault("short_length", "archive", _short_length),
        Fault("stale_index", "index", _stale_index),
        Fault("bad_json", "index", _bad_json),
        Fault("empty_index", "index", _empty_index),
        Fault("wrong_arch", "archive", _wrong_arch),
        Fault("refuse", "all", _refuse),
        Fault("drip", "archive", _drip),
        Fault("drip_headers", "archive", _drip_headers),
        Fault("endless_continue", "archive", _endless_continue),
        Fault("many_headers", "archive", _many_headers),
        Fault("one_header", "archive", _one_header),
        Fault("endless", "archive", _endless),
        Fault("redirect_endless", "archive", _redirect_endless),
        Fault("to_http", "archive", _leads_to(lambda exchange: f"{exchange.plain_url}{exchange.path}")),
        Fault("to_file", "archive", _leads_to(lambda exchange: "file:///etc/hostname")),
        Fault("to_ftp", "archive", _leads_to(lambda exchange: "ftp://127.0.0.1/archive")),
        Fault("packed_bomb", "archive", _packed_bomb),
    )
}


@dataclass(frozen=True)
class FaultPath:
    """A path below /fault/, taken apart. `fault` is None when the name or the scope is unknown."""

    fault: Fault | None
    prefix: str
    path: str

    @classmethod
    def parse(cls, path: str) -> FaultPath | None:
        found = _FAULT_PATH.fullmatch(path)
        if found is None:
            return None
        fault = FAULTS.get(found["name"])
        scope = found["scope"]
        if scope is not None:
            fault = replace(fault, scope=scope) if fault and scope in SCOPES else None
        return cls(fault, path.removesuffix(found["path"]), found["path"])


def explain_unknown(path: str) -> Resource:
    known = f"faults: {', '.join(FAULTS)}; scopes: {', '.join(SCOPES)}"
    return text("missing", f"no such fault in {path}: write /fault/NAME[+SCOPE][~KEY]/dl/…; {known}\n", 404)
