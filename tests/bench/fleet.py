# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a row: containers of one image, and commands on them without Ansible."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import disks
from rows import Row
from support.hosts import images, runs
from support.hosts.platforms import PLATFORMS, Platform

ON_HOST = (Path(__file__).resolve().parent / 'on_host.py').read_bytes()
LIBRARY = '/usr/local/lib/gofleet-bench'
TREES, LINK, PROGRAMS = '/opt/go', '/usr/local/go', ('/usr/local/bin/go', '/usr/local/bin/gofmt')


class HostFailed(Exception):
    """A command on a host failed; the message says which and what it said."""


@dataclass(frozen=True)
class Fleet:
    platform: Platform
    names: tuple[str, ...]

    def inventory(self) -> dict[str, Any]:
        own = {'ansible_connection': 'community.docker.docker', 'ansible_python_interpreter': self.platform.python}
        return {'all': {'hosts': dict.fromkeys(self.names, own)}}

    def ask_each(self, *arguments: str) -> list[dict[str, Any]]:
        """What on_host.py says on each host, at the same time."""
        with ThreadPoolExecutor(max_workers=len(self.names)) as pool:
            return list(pool.map(lambda name: self._ask(name, arguments), self.names))

    def _ask(self, name: str, arguments: tuple[str, ...]) -> dict[str, Any]:
        command = ['docker', 'exec', '--interactive', '--env', f'PYTHONPATH={LIBRARY}', name, self.platform.python, '-', *arguments]
        answer: dict[str, Any] = json.loads(_run(command, ON_HOST))
        return answer

    def take_library(self, folder: Path) -> None:
        """What Ansible ships to a host, for work that is timed inside the host's own Python."""
        for name in self.names:
            _run(['docker', 'exec', name, 'mkdir', '-p', LIBRARY])
            _run(['docker', 'cp', f'{folder}/.', f'{name}:{LIBRARY}'])

    def remove_go(self) -> None:
        """Not the module's own removal: nothing of it is measured."""
        with ThreadPoolExecutor(max_workers=len(self.names)) as pool:
            list(pool.map(lambda name: _run(['docker', 'exec', name, 'rm', '-rf', TREES, LINK, *PROGRAMS]), self.names))

    def manifest(self, version: str) -> dict[str, Any]:
        """The first host's manifest of a version."""
        content: dict[str, Any] = json.loads(_run(['docker', 'exec', self.names[0], 'cat', f'{TREES}/.gofleet/manifests/go{version}.json']))
        return content


def _run(command: list[str], given: bytes = b'') -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors='replace').strip().splitlines()[-5:]
        raise HostFailed(f'`{" ".join(command[:6])} …` exits with {done.returncode}: {" | ".join(said)}')
    return done.stdout


@contextmanager
def started(row: Row, run: str, folder: Path) -> Iterator[Fleet]:
    """The row's hosts, which end with the block. No init: nothing is measured that needs one. folder: for their disks."""
    platform = PLATFORMS[row.platform]
    fleet = Fleet(platform, tuple(f'gofleet-{run}-{row.platform}-{number}' for number in range(row.hosts)))
    own_disks = disks.why_none() is None
    try:
        for name in fleet.names:
            image = folder / f'{name}.ext4'
            mounting: AbstractContextManager[list[str]] = disks.mounted_at('/opt', image) if own_disks else nullcontext([])
            with mounting as mount:
                # Kernel settings can be written in these hosts' own network namespace.
                options = ['--cap-add', 'NET_ADMIN', '--security-opt', 'systempaths=unconfined']
                options += ['--detach', '--name', name, '--label', f'{runs.RUN_LABEL}={run}', *mount]
                _run(['docker', 'run', *options, images.image_reference(platform), 'tail', '-f', '/dev/null'])
            image.unlink(missing_ok=True)
        yield fleet
    finally:
        runs.remove_containers(run)
