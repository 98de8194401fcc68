# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expected state after the steps defaults.yml and enforced.yml."""

from __future__ import annotations

# As `go env` prints them.
SETTINGS = {
    "GOPROXY": "https://proxy.example.com|direct",
    "GOPRIVATE": "git.example.com,*.corp.example.com",
    "GOTOOLCHAIN": "local",
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=mod '-ldflags=-s -w'",
}
# Only musl's resolver, or a missing nsswitch.conf, calls for another one.
WITHOUT_NSSWITCH = ("alpine",)


def process_settings(platform: str) -> dict[str, bytes]:
    """What only a process's environment can hold."""
    resolver = b"netdns=go," if platform in WITHOUT_NSSWITCH else b""
    return {"GOMEMLIMIT": b"1GiB", "GODEBUG": resolver + b"http2client=0,gctrace=0"}
