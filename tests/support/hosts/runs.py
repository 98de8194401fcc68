# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and containers of a Molecule run on this machine, and their removal.

Everything is named after the checkout and the lane: containers and networks carry RUN_LABEL with that name, files lie
in a folder of that name, and the process that runs is recorded there.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from support.hosts import engine

CHECKOUT = Path(__file__).resolve().parents[3]
CHECKOUT_ID = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
RUN_LABEL = "org.gofleet.run"
# A volume that all runs share: what the go command compiled on the hosts.
GO_BUILD_CACHE = "gofleet-go-build"
END_TIMEOUT = 60.0


class RunBusy(Exception):
    """A run of that name is under way."""


def run_name(lane: str) -> str:
    return f"{CHECKOUT_ID}-{lane}"


def runs_directory() -> Path:
    return engine.cache_directory() / "runs"


def run_folder(name: str) -> Path:
    return runs_directory() / name


def process_record(name: str) -> Path:
    return run_folder(name) / "process.json"


def known_runs() -> list[str]:
    """This checkout's runs, those under way included."""
    return sorted(path.stem for path in runs_directory().glob(f"{CHECKOUT_ID}-*.lock"))


@contextlib.contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Prevents other processes from running or cleaning under this name. Raises RunBusy instead of waiting."""
    runs_directory().mkdir(parents=True, exist_ok=True)
    with (runs_directory() / f"{name}.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunBusy(f"run {name} of {CHECKOUT} is under way: wait for its end, or end it") from error
        yield


def docker(*arguments: str) -> list[str]:
    """The words that the docker client printed."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.split()


def remove_containers(name: str) -> int:
    label = f"label={RUN_LABEL}={name}"
    containers = docker("ps", "--all", "--quiet", "--filter", label)
    if containers:
        docker("rm", "--force", "--volumes", *containers)
    networks = docker("network", "ls", "--quiet", "--filter", label)
    if networks:
        docker("network", "rm", *networks)
    return len(containers) + len(networks)


def end_process(name: str) -> bool:
    """Ends what a run that was killed left running. False if it was there and would not end."""
    record = engine.RecordedProcess.load(process_record(name))
    return record is None or record.end(END_TIMEOUT)


def remove_remains(name: str) -> int:
    """Processes, then containers and networks (returns how many), then files. To be called within `exclusive`."""
    if not end_process(name):
        raise RunBusy(f"a process of run {name} is still there {END_TIMEOUT:.0f} s after SIGTERM: end it by hand")
    removed = remove_containers(name)
    shutil.rmtree(run_folder(name), ignore_errors=True)
    return removed
