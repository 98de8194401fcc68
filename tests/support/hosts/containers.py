# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start containers, wait until each has booted, and become a command: `containers.py HOSTS -- COMMAND …`.

HOSTS is a JSON file: the arguments of `docker run` by the container's name; variables of the environment in them are
replaced. Molecule's own driver needs two playbooks for this, which take more processor time than the steps of a scenario.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.hosts import boot


def start(name: str, arguments: Sequence[str]) -> str:
    """What to print of a container that is up. Raises BootError."""
    command = ["docker", "run", "--detach", "--name", name, *map(os.path.expandvars, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise boot.BootError(f"{name} does not start: `{' '.join(command)}` exits with {done.returncode}: {done.stderr.strip()}")
    return f"boot: {name} is up ({boot.wait(name):.1f} s)"


def start_each(hosts: Mapping[str, Sequence[str]]) -> bool:
    """All at once; False if one of them did not boot."""
    booted = True
    with ThreadPoolExecutor(max_workers=len(hosts) or 1) as pool:
        for starting in [pool.submit(start, name, arguments) for name, arguments in hosts.items()]:
            try:
                print(starting.result(), flush=True)
            except boot.BootError as error:
                booted = False
                print(f"boot: {error}", file=sys.stderr, flush=True)
    return booted


def main(arguments: list[str]) -> int:
    if len(arguments) < 3 or arguments[1] != "--":
        print("Usage: containers.py HOSTS -- COMMAND ...", file=sys.stderr)
        return 2
    if not start_each(json.loads(Path(arguments[0]).read_text(encoding="utf-8"))):
        return 1
    # No process in between, so that a request to end reaches the command itself.
    return os.execvp(arguments[2], arguments[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
