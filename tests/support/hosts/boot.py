# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until containers have booted, and check that their own init calls the host healthy.

    boot.py CONTAINER…

The event is a line on the console, read through `docker logs --follow`: it was kept if it came before anyone
listened, so there is nothing to poll and nothing to miss.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from support.hosts.platforms import PLATFORMS

BOOT_TIMEOUT = 120
PLATFORM_LABEL = "org.gofleet.platform"
CONSOLE_TAIL_LINES = 20


class BootError(Exception):
    """A host did not come up; the message ends with what its console said."""


@dataclass(frozen=True)
class Init:
    boot_complete: re.Pattern[bytes]
    check: Callable[[str], str | None]


def container_run(container: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", "exec", container, *command], capture_output=True, text=True, check=False)


def systemd_complaint(container: str) -> str | None:
    """None when systemd calls the system running. It may still have jobs when it reaches its target."""
    waited = container_run(container, "systemctl", "is-system-running", "--wait")
    state = waited.stdout.strip()
    if not state:
        # --wait came with 240. Starting a unit that is being started waits for that same job on any version.
        jobs = container_run(container, "systemctl", "list-jobs", "--no-legend", "--no-pager").stdout.splitlines()
        units = [line.split()[1] for line in jobs if len(line.split()) >= 3]
        if units:
            container_run(container, "systemctl", "start", *units)
        state = container_run(container, "systemctl", "is-system-running").stdout.strip()
    if state == "running":
        return None
    failed = container_run(container, "systemctl", "--failed", "--no-legend", "--no-pager").stdout.strip()
    return f"systemd says '{state or waited.stderr.strip()}'; failed units: {failed or 'none'}"


def openrc_complaint(container: str) -> str | None:
    level = container_run(container, "rc-status", "--runlevel").stdout.strip()
    crashed = container_run(container, "rc-status", "--crashed").stdout.strip()
    if level == "default" and not crashed:
        return None
    return f"OpenRC is in runlevel '{level}', expected 'default'; crashed services: {crashed or 'none'}"


INITS = {
    # Colours and the unit's name stand between the words, depending on the version.
    "systemd": Init(re.compile(rb"Reached target .*Multi-User System"), systemd_complaint),
    # Written by the last line of the image's inittab.
    "openrc": Init(re.compile(rb"boot complete"), openrc_complaint),
}


def init_of(container: str) -> Init:
    template = f'{{{{index .Config.Labels "{PLATFORM_LABEL}"}}}}'
    inspected = subprocess.run(
        ["docker", "inspect", "--format", template, container], capture_output=True, text=True, check=False
    )
    platform = PLATFORMS.get(inspected.stdout.strip())
    if platform is None:
        raise BootError(f"{container} is no container of an image made here: {inspected.stderr.strip() or 'no label'}")
    return INITS[platform.init]


def follow_console(container: str, until: re.Pattern[bytes]) -> None:
    with subprocess.Popen(
        ["docker", "logs", "--follow", container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as console:
        timer = threading.Timer(BOOT_TIMEOUT, console.terminate)
        timer.start()
        try:
            assert console.stdout is not None
            seen: list[bytes] = []
            for line in console.stdout:
                if until.search(line):
                    return
                seen.append(line)
        finally:
            timer.cancel()
            console.terminate()
    said = b"".join(seen[-CONSOLE_TAIL_LINES:]).decode(errors="replace") or "nothing"
    raise BootError(f"{container} ended, or did not boot within {BOOT_TIMEOUT} s. Its console said last:\n{said}")


def wait(container: str) -> float:
    """Returns the seconds waited. Raises BootError."""
    began = time.monotonic()
    init = init_of(container)
    follow_console(container, init.boot_complete)
    complaint = init.check(container)
    if complaint:
        raise BootError(f"{container} booted, but {complaint}")
    return time.monotonic() - began


def main(containers: list[str]) -> int:
    failures = 0
    with ThreadPoolExecutor(max_workers=len(containers) or 1) as pool:
        for container, waiting in [(name, pool.submit(wait, name)) for name in containers]:
            try:
                print(f"boot: {container} is up ({waiting.result():.1f} s)")
            except BootError as error:
                failures += 1
                print(f"boot: {error}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
