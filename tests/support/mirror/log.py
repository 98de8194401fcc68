# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests to the test mirror, recorded for assertions."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path


@dataclass
class Request:
    """One request as the mirror saw it.

    sent: bytes of the body that went out.
    client: the address of the client, also if the request came through the mirror's proxy.
    server_name: what the client asked for in TLS (SNI).
    status: None when no answer was begun.
    """

    time: float
    method: str
    path: str
    query: str
    scheme: str
    client: str
    proxied: bool
    range: str | None = None
    user_agent: str | None = None
    server_name: str | None = None
    fault: str | None = None
    status: int | None = None
    sent: int = 0


class RequestLog:
    """Requests in memory, in order of arrival, and in a file as JSON lines, in order of completion."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None
        self._requests: list[Request] = []
        self._open: set[int] = set()
        self._earlier: Counter[tuple[str, ...]] = Counter()
        self._changed = threading.Condition()
        self._failed_handshakes = 0

    def begin(self, request: Request) -> None:
        with self._changed:
            self._requests.append(request)
            self._open.add(id(request))

    def settle(self, request: Request) -> None:
        """Write a request down; a second call changes nothing."""
        with self._changed:
            if id(request) not in self._open:
                return
            self._open.discard(id(request))
            if self._file:
                self._file.write(json.dumps(asdict(request)) + "\n")
                self._file.flush()
            self._changed.notify_all()

    def count(self, key: tuple[str, ...]) -> int:
        """How often this was asked before."""
        with self._changed:
            self._earlier[key] += 1
            return self._earlier[key] - 1

    def snapshot(self, timeout: float) -> list[Request]:
        with self._changed:
            # A client holds its answer before the mirror has noted that it was sent.
            self._changed.wait_for(lambda: not self._open, timeout)
            return [replace(request) for request in self._requests]

    def forget(self) -> None:
        with self._changed:
            self._requests.clear()
            self._earlier.clear()
            self._failed_handshakes = 0

    @contextlib.contextmanager
    def handshake(self) -> Iterator[None]:
        """Around a TLS handshake: counts it when it fails."""
        mark = object()
        with self._changed:
            self._open.add(id(mark))
        failed = True
        try:
            yield
            failed = False
        finally:
            with self._changed:
                self._failed_handshakes += failed
                self._open.discard(id(mark))
                self._changed.notify_all()

    def failed_handshakes(self, timeout: float) -> int:
        with self._changed:
            self._changed.wait_for(lambda: not self._open, timeout)
            return self._failed_handshakes

    def close(self, timeout: float = 5) -> None:
        """End the file, once those that were under way when their connections ended are in it, or the timeout (in seconds) is over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open, timeout)
            self._open.clear()
            if self._file:
                self._file.close()
                self._file = None
