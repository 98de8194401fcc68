# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One raw request, its answer as it came: no redirect followed, no cut body rejected."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """`whole` is false when the body ended before its declared length."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    whole: bool = True


Get = Callable[..., Answer]


def connection_to(url: str, authority: Path | None = None) -> http.client.HTTPConnection:
    """A connection to the server of a URL, opened by its first request; authority: of a server that speaks TLS."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.netloc, timeout=20, context=ssl.create_default_context(cafile=str(authority)))
    return http.client.HTTPConnection(parts.netloc, timeout=20)


def ask(url: str, method: str = "GET", authority: Path | None = None, **headers: str) -> Answer:
    """One request, no redirect followed. Header names are written with _ for -."""
    parts = urlsplit(url)
    connection = connection_to(url, authority)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        try:
            return Answer(answer.status, answer.headers, answer.read())
        except http.client.IncompleteRead as cut:
            return Answer(answer.status, answer.headers, cut.partial, whole=False)
    finally:
        connection.close()
