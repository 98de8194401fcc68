# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks as a user runs them, and the time of one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet import Fleet
from support.round_trips.log import playbook_runs, requests_during

HERE = Path(__file__).resolve().parent
CALLBACKS = HERE.parent / 'support' / 'round_trips' / 'callback_plugins'


class PlayFailed(Exception):
    """A play failed or did something else than it is measured for; the message holds what it said."""


@dataclass(frozen=True)
class Sample:
    """One run of ansible-playbook.

    seconds: from its start to its end; cpu: seconds of it and of all its children, which are the connections' too;
    round_trips: the most that any host took; received: bytes of the mirror's bodies; requests: asked of the mirror.
    """

    seconds: float
    cpu: float
    round_trips: int
    received: int
    requests: int
    changed: frozenset[str]


class Controller:
    """ansible-playbook of a lane in a separate folder, with the collection staged there."""

    def __init__(self, folder: Path, collections: Path, mirror_log: Path) -> None:
        self._folder = folder
        self._mirror_log = mirror_log
        self._trips = folder / 'round-trips.jsonl'
        (folder / 'ansible.cfg').touch()
        # Where Python may not keep bytecode, Ansible itself is compiled at each start, which users do not do.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith('ANSIBLE_') and name != 'PYTHONDONTWRITEBYTECODE'}
        self._environment = inherited | {
            'ANSIBLE_HOME': str(folder / 'ansible'),
            'ANSIBLE_CONFIG': str(folder / 'ansible.cfg'),
            'ANSIBLE_COLLECTIONS_PATH': str(collections),
            'ANSIBLE_CALLBACK_PLUGINS': str(CALLBACKS),
            'ANSIBLE_CALLBACKS_ENABLED': 'round_trips',
            'ANSIBLE_PIPELINING': 'true',
            'ANSIBLE_NOCOLOR': '1',
            'GOFLEET_ROUND_TRIPS_LOG': str(self._trips),
        }

    def play(self, name: str, fleet: Fleet, variables: dict[str, Any]) -> Sample:
        """Runs NAME.yml over the whole fleet at once. Raises PlayFailed."""
        self._trips.unlink(missing_ok=True)
        inventory = self._folder / 'inventory.json'
        inventory.write_text(json.dumps(fleet.inventory()), encoding='utf-8')
        command = [str(Path(sys.executable).parent / 'ansible-playbook'), '--inventory', str(inventory), '--forks', str(len(fleet.names))]
        command += ['--extra-vars', json.dumps(variables), str(HERE / f'{name}.yml')]
        said = self._folder / 'output'
        began = time.monotonic()
        with said.open('wb') as output, subprocess.Popen(command, env=self._environment, stdout=output, stderr=output) as process:
            # wait4 counts only this process and its children; getrusage would add everything that runs beside it.
            dummy, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise PlayFailed(f'{name}.yml on {len(fleet.names)} {fleet.platform.name}: {said.read_text(encoding="utf-8", errors="replace")}')
        return self._sample(seconds, usage.ru_utime + usage.ru_stime, fleet)

    def _sample(self, seconds: float, cpu: float, fleet: Fleet) -> Sample:
        [run] = playbook_runs(self._trips)
        requests = requests_during(self._mirror_log, run)
        return Sample(
            seconds,
            cpu,
            max(run.operations(name).total() for name in fleet.names),
            sum(request['sent'] for request in requests),
            len(requests),
            frozenset(name for name in fleet.names if run.changed(name)),
        )
