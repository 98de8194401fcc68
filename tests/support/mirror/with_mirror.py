# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command beside a mirror of real Go archives: `with_mirror.py [VERSION/ARCH …] -- COMMAND …`.

The command finds the mirror in its environment:
    GOFLEET_MIRROR_HTTP, GOFLEET_MIRROR_HTTPS   roots to which /dl, /plain, /proxy or /fault/NAME/dl is added
    GOFLEET_MIRROR_PROXY                        an HTTP proxy that leads to the mirror only
    GOFLEET_MIRROR_CA                           the certificate that the mirror's own is issued by
    GOFLEET_MIRROR_LOG                          one JSON line for each request; kept if it was set beforehand
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from support.gaps import Gaps
from support.mirror.certificates import Authority
from support.mirror.server import Mirror
from support.toolchains.real import DEFAULT_SET, Archive, ensure_each

LOOPBACK = "127.0.0.1"
ANY = "0.0.0.0"
BRIDGE = "docker0"
# ioctl(2): the IPv4 address of an interface.
SIOCGIFADDR = 0x8915
PROXY_VARIABLES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def bridge_address(interface: str = BRIDGE) -> str | None:
    """The address by which containers on Docker's default bridge reach this machine; None without such a bridge."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", interface.encode("ascii")))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def environment(mirror: Mirror, address: str, authority: Path, log: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The command's environment: what was given, and where the mirror is."""
    made = dict(given)
    made |= {
        "GOFLEET_MIRROR_HTTP": mirror.url,
        "GOFLEET_MIRROR_HTTPS": mirror.https_url,
        "GOFLEET_MIRROR_PROXY": mirror.proxy_url,
        "GOFLEET_MIRROR_CA": str(authority),
        "GOFLEET_MIRROR_LOG": str(log),
    }
    if any(given.get(name) for name in PROXY_VARIABLES):
        # A site's own proxy can't reach this machine's mirror.
        for name in ("no_proxy", "NO_PROXY"):
            made[name] = ",".join(filter(None, (given.get(name), address, "localhost")))
    return made


def serve(archives: Sequence[Archive], command: Sequence[str]) -> int:
    bridge = bridge_address()
    address = bridge or LOOPBACK
    with tempfile.TemporaryDirectory(prefix="gofleet-mirror-") as scratch:
        log = Path(os.environ.get("GOFLEET_MIRROR_LOG") or Path(scratch) / "requests.jsonl").absolute()
        log.touch()
        tls = Authority.kept().issue(Path(scratch) / "tls", sorted({address, LOOPBACK}))
        with Mirror(archives, tls, ANY if bridge else LOOPBACK, address, log) as mirror:
            print(f"mirror: {mirror.url} and {mirror.https_url}, {len(archives)} archives", file=sys.stderr, flush=True)
            return run(command, environment(mirror, address, tls.authority, log, os.environ))


def run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a command to its end, also when this process is asked to end; its exit code as a shell gives it."""
    try:
        child = subprocess.Popen(command, env=variables)
    except OSError as error:
        print(f"with_mirror: {command[0]} can't be run: {error.strerror}: give a command after --", file=sys.stderr)
        return 127

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    previous = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGHUP)}
    # The terminal sends this one to the command too.
    previous[signal.SIGINT] = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        code = child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Run a command beside a mirror of Go archives.", usage="%(prog)s [VERSION/ARCH ...] -- COMMAND ..."
    )
    parser.add_argument("specs", nargs="*", metavar="VERSION/ARCH", help=f"default: {' '.join(DEFAULT_SET)}")
    given = sys.argv[1:] if arguments is None else arguments
    if "--" not in given or given[-1] == "--":
        parser.error("a command is missing: put it after --")
    cut = given.index("--")
    chosen = parser.parse_args(given[:cut])
    archives, missing = ensure_each(chosen.specs or DEFAULT_SET)
    gaps = Gaps()
    for spec, why in missing:
        gaps.add(f"toolchain {spec}", why)
    if not archives:
        print("with_mirror: no archive at all can be had, so there is nothing to serve", file=sys.stderr)
        return 1
    return gaps.exit_code() or serve(archives, given[cut + 1 :])


if __name__ == "__main__":
    sys.exit(main())
