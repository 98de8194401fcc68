# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart containers, and wait until their own init has booted again: `restart.py CONTAINER…`."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from support.hosts import boot


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def wait(container: str) -> str | None:
    """What is wrong with the host after its restart, or None."""
    init = boot.init_of(container)
    # The console of the boots before is still in the log.
    since = docker("inspect", "--format", "{{.State.StartedAt}}", container)
    command = ["docker", "logs", "--follow", "--since", since, container]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as console:
        timer = threading.Timer(boot.BOOT_TIMEOUT, console.terminate)
        timer.start()
        try:
            assert console.stdout is not None
            if not any(init.boot_complete.search(line) for line in console.stdout):
                return f"{container} did not boot within {boot.BOOT_TIMEOUT} s"
        finally:
            timer.cancel()
            console.terminate()
    return init.check(container)


def main(containers: list[str]) -> int:
    docker("restart", *containers)
    with ThreadPoolExecutor(max_workers=len(containers)) as pool:
        complaints = [f"{name}: {said}" for name, said in zip(containers, pool.map(wait, containers), strict=True) if said]
    print("\n".join(complaints) or "all are up", file=sys.stderr if complaints else sys.stdout)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
