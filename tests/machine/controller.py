# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook as a user runs it: with the collection built and installed, over SSH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import stage
from support.hosts.machine import Machine
from support.round_trips.log import playbook_runs

HERE = Path(__file__).resolve().parent
CALLBACKS = (HERE.parent / 'support/round_trips/callback_plugins', HERE.parent / 'unit/plugins/action/callback_plugins')
PROGRAMS = Path(sys.executable).parent
PATIENCE = 300


class PlayFailed(Exception):
    """A play failed; the message holds what it said."""


@dataclass(frozen=True)
class Play:
    """What a run did. results and round_trips: by the task's action."""

    results: dict[str, dict[str, Any]]
    round_trips: dict[str, Counter[str]]

    @property
    def changed(self) -> dict[str, bool]:
        return {task: bool(result['changed']) for task, result in self.results.items()}


class Controller:
    def __init__(self, folder: Path) -> None:
        """Build and install the collection in a folder. Raises PlayFailed."""
        self._folder = folder
        self._trips, self._results = folder / 'round-trips.jsonl', folder / 'results.jsonl'
        (folder / 'ansible.cfg').touch()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith('ANSIBLE_')}
        self._environment = inherited | {
            'ANSIBLE_HOME': str(folder / 'ansible'),
            'ANSIBLE_CONFIG': str(folder / 'ansible.cfg'),
            'ANSIBLE_COLLECTIONS_PATH': str(folder / 'collections'),
            'ANSIBLE_CALLBACK_PLUGINS': os.pathsep.join(map(str, CALLBACKS)),
            'ANSIBLE_CALLBACKS_ENABLED': 'round_trips,recorded_results',
            'ANSIBLE_PIPELINING': 'true',
            'ANSIBLE_NOCOLOR': '1',
            'GOFLEET_ROUND_TRIPS_LOG': str(self._trips),
            'GOFLEET_RESULTS_LOG': str(self._results),
        }
        staged = stage.stage(folder / 'stage')
        self._run('ansible-galaxy', 'collection', 'build', str(staged), '--output-path', str(folder / 'built'))
        [archive] = (folder / 'built').glob('*.tar.gz')
        self._run('ansible-galaxy', 'collection', 'install', str(archive), '--offline', '--collections-path', str(folder / 'collections'))
        # Otherwise each play compiles it, where PYTHONDONTWRITEBYTECODE is set.
        self._run('python', '-m', 'compileall', '-q', str(folder / 'collections'))

    def _run(self, program: str, *arguments: str) -> None:
        try:
            done = subprocess.run(
                [str(PROGRAMS / program), *arguments], cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise PlayFailed(f'{program} {arguments[-1]} takes more than {PATIENCE} s: {error.output}') from error
        if done.returncode:
            raise PlayFailed(f'{program} {arguments[-1]} exits with {done.returncode}:\n{done.stdout}')

    def play(self, machine: Machine, playbook: Path, variables: dict[str, Any]) -> Play:
        """Raises PlayFailed."""
        for log in (self._trips, self._results):
            log.unlink(missing_ok=True)
        inventory = self._folder / 'inventory.json'
        inventory.write_text(json.dumps(machine.inventory()), encoding='utf-8')
        given = self._folder / 'variables.json'
        given.write_text(json.dumps(variables), encoding='utf-8')
        self._run('ansible-playbook', '--inventory', str(inventory), '--extra-vars', f'@{given}', str(playbook))
        return self._outcome()

    def _outcome(self) -> Play:
        [run] = playbook_runs(self._trips)
        lines = [json.loads(line) for line in self._results.read_text(encoding='utf-8').splitlines()]
        results = {_module(line['task']): line['result'] for line in lines}
        trips: dict[str, Counter[str]] = {task: Counter() for task in results}
        for line in run.lines:
            if line['event'] == 'operation':
                trips[_module(line['task'])][line['operation']] += 1
        return Play(results, trips)


def _module(task: str) -> str:
    """The role that a task is of: `gofleet.golang.go_env : Have …`."""
    return task.partition(' : ')[0].rpartition('.')[2]
